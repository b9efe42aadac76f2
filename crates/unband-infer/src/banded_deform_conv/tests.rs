//! The layer against its definition, and its gradients against slopes.

use super::*;
use unband_image::With;

fn numbers(n: usize, seed: usize, size: f32) -> Vec<f32> {
    (0..n).map(|i| (((i * 7919 + seed * 104_729) % 2003) as f32 / 1001.0 - 1.0) * size).collect()
}

/// Definition: a sum over taps and channels of bilinear samples.
fn defined(shape: &BandedShape, image: &[f32], geometry: &[f32], weight: &[f32]) -> Vec<f64> {
    let BandedShape { images, input, output, groups, kernel, height, width } = *shape;
    let (inputs, outputs, taps) = (input / groups, output / groups, kernel.0 * kernel.1);
    let mut all = Vec::new();
    for (n, o, p) in (0..images)
        .flat_map(|n| (0..output).map(move |o| (n, o)))
        .flat_map(|(n, o)| (0..height * width).map(move |p| (n, o, p)))
    {
        let map = |m: usize| f64::from(geometry[(n * MAPS + m) * height * width + p]);
        let (sine, cosine, stretch, whole) = (map(0), map(1), map(2), map(3));
        let mut sum = 0.0;
        for t in 0..taps {
            let u = whole * stretch * ((t / kernel.1) as f64 - (kernel.0 / 2) as f64);
            let v = whole * ((t % kernel.1) as f64 - (kernel.1 / 2) as f64);
            let row = (p / width) as f64 + cosine * u + sine * v;
            let column = (p % width) as f64 + cosine * v - sine * u;
            for i in 0..inputs {
                let plane = (n * input + o / outputs * inputs + i) * height * width;
                let value = |y: f64, x: f64| {
                    let inside = y >= 0.0 && x >= 0.0 && y < height as f64 && x < width as f64;
                    if inside { f64::from(image[plane + y as usize * width + x as usize]) } else { 0.0 }
                };
                let (top, left) = (row.floor(), column.floor());
                let (down, across) = (row - top, column - left);
                let sample = value(top, left) * (1.0 - down) * (1.0 - across)
                    + value(top, left + 1.0) * (1.0 - down) * across
                    + value(top + 1.0, left) * down * (1.0 - across)
                    + value(top + 1.0, left + 1.0) * down * across;
                sum += sample * f64::from(weight[(o * inputs + i) * taps + t]);
            }
        }
        all.push(sum);
    }
    all
}

const SHAPES: [BandedShape; 3] = [
    BandedShape { images: 2, input: 6, output: 4, groups: 1, kernel: (3, 3), height: 9, width: 13 },
    BandedShape { images: 1, input: 4, output: 6, groups: 2, kernel: (3, 5), height: 17, width: 5 },
    BandedShape { images: 3, input: 1, output: 37, groups: 1, kernel: (1, 3), height: 3, width: 40 },
];

fn inputs(shape: &BandedShape) -> [Vec<f32>; 4] {
    let [image, geometry, weight, out] = shape.lengths().unwrap_or_default();
    let mut maps = numbers(geometry, 2, 0.3);
    let places = shape.places();
    for (i, value) in maps.iter_mut().enumerate() {
        *value += [0.6, 0.7, 1.4, 1.2][i / places % MAPS];
    }
    [numbers(image, 1, 1.0), maps, numbers(weight, 3, 0.5), numbers(out, 4, 1.0)]
}

#[test]
fn forward_is_the_definition_and_gradients_are_its_slopes() {
    let ctx = Context::default();
    for shape in SHAPES {
        let [image, geometry, weight, gradient] = inputs(&shape);
        let layer = Banded::new(shape, &image, &geometry, &weight, &ctx);
        let (out, want) = (layer.forward(&ctx), defined(&shape, &image, &geometry, &weight));
        for (i, (out, want)) in out.iter().zip(&want).enumerate() {
            assert!((f64::from(*out) - want).abs() < 1e-4, "{shape:?} {i}: {out} {want}");
        }
        let made = layer.backward(&gradient, &ctx);
        let sum = |all: [&[f32]; 3]| -> f64 {
            let out = defined(&shape, all[0], all[1], all[2]);
            out.iter().zip(&gradient).map(|(out, by)| out * f64::from(*by)).sum()
        };
        let found = [&made.image, &made.geometry, &made.weight];
        for (which, (found, step)) in found.into_iter().zip([0.5, 1e-4, 0.5]).enumerate() {
            for i in (0..found.len()).step_by(found.len() / 11 + 1) {
                let moved = |by: f32| {
                    let mut all = [image.clone(), geometry.clone(), weight.clone()];
                    all[which][i] += by;
                    sum([&all[0], &all[1], &all[2]])
                };
                let slope = (moved(step) - moved(-step)) / (2.0 * f64::from(step));
                let near = 0.02 * slope.abs().max(1.0) * if which == 1 { 1.0 } else { 0.01 };
                assert!(
                    (f64::from(found[i]) - slope).abs() < near,
                    "{shape:?} {which} {i}: {} {slope}",
                    found[i]
                );
            }
        }
    }
}

#[test]
fn one_thread_gives_what_many_give() {
    for shape in SHAPES {
        let [image, geometry, weight, gradient] = inputs(&shape);
        let run = |threads| {
            let ctx = Context::with(|new| new.threads = threads);
            let layer = Banded::new(shape, &image, &geometry, &weight, &ctx);
            (layer.forward(&ctx), layer.backward(&gradient, &ctx))
        };
        assert!(run(1) == run(4));
    }
}
