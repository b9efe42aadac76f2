//! Checkpoints of the repository, compared with PyTorch's results.

use std::fs;

use serde_json::Value;
use unband_nets::checkpoint;

use crate::stage::{Samples, root};

/// A file of `golden/checkpoints`.
pub(crate) fn checkpoint(name: &str) -> String {
    root().join("golden/checkpoints").join(name).to_str().unwrap().to_owned()
}

/// The image that was PyTorch's input.
pub(crate) fn paint(x: usize, y: usize, c: usize) -> u8 {
    ((7 * y + 13 * x + 31 * c + (x * y) % 17) % 256) as u8
}

/// PyTorch's output, one result of `golden/checkpoints/expected.json`.
pub(crate) struct Given {
    pub width: usize,
    pub height: usize,
    /// Width of the result over that of the input.
    pub scale: usize,
    /// Every `step`-th sample, channel by channel, black 0 and white 1.
    samples: Vec<f32>,
    step: usize,
    /// Maximum distance of PyTorch's own 32-bit samples from these, white 1.
    pub single: f64,
}

pub(crate) fn given(file: &str) -> Given {
    let expected: Value = serde_json::from_slice(&fs::read(checkpoint("expected.json")).unwrap()).unwrap();
    let name = expected["files"][file]["result"].as_str().unwrap();
    let about = &expected["results"][name];
    let number = |value: &Value| value.as_u64().unwrap() as usize;
    let black = about["span"][0].as_f64().unwrap() as f32;
    let results = checkpoint::open(checkpoint("expected.safetensors")).unwrap().state;
    let samples = results.get(&format!("{name}.0")).unwrap().to_f32();
    Given {
        width: number(&about["input"][2]),
        height: number(&about["input"][1]),
        scale: number(&about["shapes"][0][2]) / number(&about["input"][2]).max(1),
        samples: samples.iter().map(|v| (v - black) / (1.0 - black)).collect(),
        step: number(&about["step"]),
        single: about["single"].as_f64().unwrap() / f64::from(1.0 - black),
    }
}

/// Largest difference in codes of an image.
pub(crate) fn codes_apart(made: &Samples, given: &Given) -> f32 {
    let (width, height) = (given.scale * given.width, given.scale * given.height);
    assert_eq!((made.width as usize, made.height as usize), (width, height));
    let white = f32::from(u16::MAX >> (16 - made.bits));
    let area = width * height;
    let mut worst = 0.0f32;
    for (i, want) in given.samples.iter().enumerate() {
        let at = i * given.step;
        let (channel, place) = (at / area, at % area);
        let got = f32::from(made.data[3 * place + channel]);
        worst = worst.max((got - (want.clamp(0.0, 1.0) * white).round()).abs());
    }
    worst
}
