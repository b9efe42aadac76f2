//! Frames per second of the library in one thread, for `tools/bench_hosts.py`:
//! `FILE WIDTH HEIGHT SECONDS WORK…`.
//!
//! The file is a frame of 8-bit 4:2:0. Work is `cambi`, `bband` or a method.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use unband::frames::{FrameFormat, FrameOptions, PackedFrame, PixelFormat, Restored, Shot, Temporal};
use unband::{Choice, Color, Context, Matrix, Model, Options, Range, Subsampling, With};
use unband_metrics::bband::bband;
use unband_metrics::cambi;

/// Time of this thread on a processor, in seconds; other programs do not count.
fn busy() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split(' ').next().unwrap().parse::<f64>().unwrap() * 1e-9
}

/// Frames per second of work that takes the number of a frame.
fn rate(seconds: f64, mut work: impl FnMut(u32)) -> f64 {
    (0..4).for_each(&mut work);
    let (start, began, limit) = (busy(), Instant::now(), Duration::from_secs_f64(seconds));
    let mut frames = 0;
    while began.elapsed() < limit {
        frames += 1;
        work(frames + 3);
    }
    f64::from(frames) / (busy() - start)
}

/// A method on the frames of a shot, in order.
fn filter(frame: &PackedFrame, text: &str, seconds: f64, ctx: &Context<'_>) -> f64 {
    let (method, temporal) = text.split_once('@').unwrap_or((text, "motion"));
    let temporal = *Temporal::ALL.iter().find(|known| known.as_str() == temporal).unwrap();
    let mut options = Options::default();
    options.method = Choice::Named(unband::parse_method(method).unwrap());
    let by_findings = options.method.is_ours();
    let how = Arc::new(FrameOptions::new(options, temporal));
    let looked = vec![frame; if by_findings { Shot::INSPECTED } else { 1 }];
    let mut shot = Shot::inspect(&looked, &how, ctx).unwrap();
    assert!(!shot.leaves(), "{text} changes nothing");
    let reach = shot.reach();
    let mut run: VecDeque<Restored<PackedFrame>> = VecDeque::new();
    rate(seconds, |n| {
        // Without known cuts, a host has a shot of 48 frames.
        if by_findings && n % 48 == 47 {
            shot = Shot::inspect(&looked, &how, ctx).unwrap();
        }
        run.push_back(shot.restore(frame.clone(), n, ctx).unwrap());
        if run.len() > 2 * reach + 1 {
            run.pop_front();
        }
        if run.len() > reach {
            let run: Vec<_> = run.iter().collect();
            shot.finish(&run, run.len() - 1 - reach, ctx).unwrap();
        }
    })
}

fn main() {
    // `cargo bench` adds `--bench`.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|text| text != "--bench").collect();
    let [file, width, height, seconds, work @ ..] = &arguments[..] else {
        println!("FILE WIDTH HEIGHT SECONDS WORK...");
        return;
    };
    let (width, height): (usize, usize) = (width.parse().unwrap(), height.parse().unwrap());
    let subsampling = Subsampling::HALF;
    let model = Model::Yuv { matrix: Matrix::Bt709, range: Range::Limited, subsampling };
    let pixels = PixelFormat::by_name("yuv420p").unwrap();
    let format = FrameFormat { width, height, pixels, color: Color::new(model), lossy: true };
    let frame = PackedFrame { format, bytes: std::fs::read(file).unwrap() };
    let ctx = &Context::with(|new| new.threads = 1);
    let seconds: f64 = seconds.parse().unwrap();
    for name in work {
        let rate = match name.as_str() {
            "cambi" => {
                let luma = cambi::Luma::new(&frame.bytes[..width * height], 8, width, height).unwrap();
                let options = cambi::Options::default();
                rate(seconds, |_| {
                    std::hint::black_box(cambi::score(&luma, &options, ctx).unwrap());
                })
            }
            "bband" => rate(seconds, |_| {
                std::hint::black_box(bband(&frame.to_image().unwrap(), ctx).unwrap());
            }),
            method => filter(&frame, method, seconds, ctx),
        };
        println!("{name} {rate}");
    }
}
