//! Benchmark of quantisation intervals and dither: 1080p RGB, one thread, every level of vector instructions.
//!
//! Run by `scripts/bench dither`. Prints the minimum of several repeats in milliseconds, for all three
//! planes.
#![allow(clippy::print_stdout)]

use std::time::Instant;

use unband_image::dither::{Diffusion, Dither, Quantizer};
use unband_image::{Context, Depth, Model, With};
use unband_simd::Level;
use unband_simd::jobs::faithful::{keep_near_levels, keep_within, keep_within_yuv};

const SIZE: (usize, usize) = (1920, 1080);
const REPEATS: usize = 9;

type Planes = [Vec<f32>; 3];

/// Source codes and restored samples near them.
fn image() -> (Planes, Planes) {
    let source = [3usize, 5, 7].map(|k| {
        let code = |i: usize| ((i % SIZE.0) / (8 * k) + i / SIZE.0 / 9) % 256;
        (0..SIZE.0 * SIZE.1).map(|i| code(i) as f32 / 255.0).collect::<Vec<f32>>()
    });
    let mut restored = source.clone();
    for plane in &mut restored {
        for (i, v) in plane.iter_mut().enumerate() {
            *v += ((i * 37) % 101) as f32 / 101.0 * 0.004 - 0.002;
        }
    }
    (source, restored)
}

/// The minimum time of `work` on fresh samples, in milliseconds.
fn time(restored: &Planes, mut work: impl FnMut(&mut Planes)) -> f64 {
    (0..REPEATS)
        .map(|_| {
            let mut planes = restored.clone();
            let start = Instant::now();
            work(&mut planes);
            let spent = start.elapsed().as_secs_f64() * 1e3;
            std::hint::black_box(&planes);
            spent
        })
        .fold(f64::INFINITY, f64::min)
}

fn main() {
    let (source, restored) = image();
    let (width, height) = SIZE;
    println!("{width}×{height} RGB, one thread, ms");
    for level in Level::all() {
        let ctx = Context::with(|new| new.level = level);
        println!("{level:?}");
        for dither in Dither::ALL.iter().copied() {
            let quantizer = Quantizer::new(dither, Model::Rgb, Depth::EIGHT, false, &ctx);
            let spent = time(&restored, |planes| {
                let mut diffusion = Diffusion::new(quantizer, &[width; 3]);
                for (p, plane) in planes.iter_mut().enumerate() {
                    for (y, row) in plane.chunks_mut(width).enumerate() {
                        let source = &source[p][y * width..][..width];
                        if quantizer.diffuses() {
                            diffusion.row(p, y, row, source);
                        } else {
                            quantizer.row(p, (0, y), row, source, None);
                        }
                    }
                }
            });
            println!("  dither {:<16} {spent:7.2}", dither.as_str());
        }
        let rows = |planes: &mut Planes, keep: &dyn Fn(&mut [f32], &[f32])| {
            for (p, plane) in planes.iter_mut().enumerate() {
                for (row, source) in plane.chunks_mut(width).zip(source[p].chunks(width)) {
                    keep(row, source);
                }
            }
        };
        let spent = time(&restored, |planes| rows(planes, &|v, s| keep_within(level, v, s, 0.001, 0.0, 1.0)));
        println!("  interval of a sample    {spent:7.2}");
        let step = 1.0 / 63.0;
        let near =
            |v: &mut [f32], s: &[f32]| keep_near_levels(level, v, s, step, 0.0, 0.4995 * step, 0.0, 1.0);
        let spent = time(&restored, |planes| rows(planes, &near));
        println!("  interval of a level     {spent:7.2}");
        let spent = time(&restored, |planes| {
            let [r, g, b] = planes;
            let rows = r.chunks_mut(width).zip(g.chunks_mut(width)).zip(b.chunks_mut(width));
            for (y, ((r, g), b)) in rows.enumerate() {
                let source = [0, 1, 2].map(|p: usize| &source[p][y * width..][..width]);
                keep_within_yuv(level, [r, g, b], source, (0.299, 0.114), [0.002, 0.001, 0.003], 0.0, 1.0);
            }
        });
        println!("  intervals of Y, U and V {spent:7.2}");
    }
}
