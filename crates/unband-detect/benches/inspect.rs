//! Benchmark of the detector on full-HD images, one thread: `cargo bench -p unband-detect --bench inspect`.
//!
//! Images are synthetic, one for each common path through the decision. Arguments select images by name
//! prefix. Processor time is measured; on a busy machine the minimum of many runs is close to it.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::time::Instant;

use unband_detect::inspect;
use unband_image::{Context, Image, Matrix, Range, Rng, With};

const WIDTH: usize = 1920;
const HEIGHT: usize = 1080;
const RUNS: u32 = 40;

fn main() {
    let ctx = Context::with(|new| new.threads = 1);
    let scene = scene();
    let eight: Vec<u8> = scene.iter().map(|v| v.round().clamp(0.0, 255.0) as u8).collect();
    let six: Vec<u8> =
        scene.iter().map(|v| ((v * 63.0 / 255.0).round() * 255.0 / 63.0).round() as u8).collect();
    let video = through_video(&eight, |c| c);
    let plane = through_video(&eight, |c| ((c as f32 * 63.0 / 255.0).round() * 255.0 / 63.0).round() as u8);
    let luma: Vec<u8> = eight.iter().copied().step_by(3).collect();
    let half: Vec<u8> =
        luma.chunks(2 * WIDTH).flat_map(|rows| rows[..WIDTH].iter().copied().step_by(2)).collect();
    let yuv = Image::from_yuv420(WIDTH, HEIGHT, [&luma, &half, &half], Matrix::Bt709, Range::Limited);
    let mut cases: Vec<(String, Image)> =
        [("8 bits", eight), ("6 bits", six), ("8-bit video", video), ("luma of 6 bits", plane)]
            .into_iter()
            .filter_map(|(name, data)| Some((name.to_owned(), Image::from_rgb8(WIDTH, HEIGHT, &data).ok()?)))
            .collect();
    cases.extend(yuv.ok().map(|image| ("stored 4:2:0".to_owned(), image)));
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    cases.retain(|(name, _)| wanted.is_empty() || wanted.iter().any(|word| name.starts_with(word)));
    for (name, image) in &cases {
        let found = inspect(image, &ctx);
        let start = Clock::start();
        for _ in 0..RUNS {
            std::hint::black_box(inspect(image, &ctx));
        }
        let each = start.ms() / f64::from(RUNS);
        println!("{name:16} {each:6.2} ms  {}", found.sentence());
    }
}

/// A smooth sky with grain over a textured ground, RGB in 8-bit codes.
fn scene() -> Vec<f32> {
    let rng = Rng::new(7);
    let mut out = Vec::with_capacity(WIDTH * HEIGHT * 3);
    for y in 0..HEIGHT {
        for x in 0..WIDTH {
            let (u, v) = (x as f32 / WIDTH as f32, y as f32 / HEIGHT as f32);
            let sky = 60.0 + 120.0 * v + 20.0 * (3.0 * u).sin();
            let ground = 70.0 + 40.0 * ((x as f32 * 0.37).sin() * (y as f32 * 0.23).cos());
            let base = if v < 0.6 { sky } else { ground };
            for (c, tint) in [0.9f32, 1.0, 1.12].into_iter().enumerate() {
                let grain = (rng.unit_at(0, c as u32, x as u32, y as u32) - 0.5) * 3.0;
                out.push((base * tint + grain).clamp(0.0, 255.0));
            }
        }
    }
    out
}

/// RGB to BT.601 limited with chroma at full size, luma changed, and back.
fn through_video(rgb: &[u8], luma: impl Fn(u8) -> u8) -> Vec<u8> {
    let code = |v: f32, scale: f32, zero: f32| (v * scale + zero).round().clamp(0.0, 255.0) as u8;
    rgb.chunks_exact(3)
        .flat_map(|p| {
            let [y, u, v] = Matrix::Bt601.to_yuv([p[0], p[1], p[2]].map(|c| f32::from(c) / 255.0));
            let y = luma(code(y, 219.0, 16.0));
            let (u, v) = (code(u, 224.0, 128.0), code(v, 224.0, 128.0));
            let yuv = [
                (f32::from(y) - 16.0) / 219.0,
                (f32::from(u) - 128.0) / 224.0,
                (f32::from(v) - 128.0) / 224.0,
            ];
            Matrix::Bt601.to_rgb(yuv).map(|c| (c * 255.0).round().clamp(0.0, 255.0) as u8)
        })
        .collect()
}

/// Processor time of this thread where the system reports it, else wall-clock time.
enum Clock {
    Processor(u64),
    Wall(Instant),
}

impl Clock {
    fn start() -> Self {
        Self::on_processor().map_or_else(|| Self::Wall(Instant::now()), Self::Processor)
    }

    fn on_processor() -> Option<u64> {
        std::fs::read_to_string("/proc/thread-self/schedstat").ok()?.split(' ').next()?.parse().ok()
    }

    fn ms(&self) -> f64 {
        match self {
            Self::Processor(start) => Self::on_processor().map_or(f64::NAN, |now| (now - start) as f64 / 1e6),
            Self::Wall(start) => start.elapsed().as_secs_f64() * 1e3,
        }
    }
}
