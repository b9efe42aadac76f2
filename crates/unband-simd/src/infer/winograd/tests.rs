//! Tests of the vector versions against a scalar twin, and of that against the definition.

use super::*;
use crate::precision::{Half, Single, nearest};
use crate::test_numbers::random as numbers;

// SAFETY: nothing is needed.
impl Products<Eight> for Half {
    type Number = u16;
    const EACH: usize = 2;
    unsafe fn keep(v: Eight, to: *mut u16) {
        // SAFETY: the caller's pointer is valid for 8 values.
        (0..8).for_each(|i| unsafe { *to.add(i) = nearest(v.0[i]) });
    }
    unsafe fn repeat(from: *const u16) -> Eight {
        // SAFETY: the caller's pointer is valid for 2 values.
        let two = unsafe { [*from, *from.add(1)] };
        Eight([f32::from_bits(u32::from(two[0]) | u32::from(two[1]) << 16); 8])
    }
    unsafe fn dot(a: Eight, b: Eight, sum: Eight) -> Eight {
        let two = |v: f32| [v.to_bits() << 16, v.to_bits() & 0xffff_0000].map(f32::from_bits);
        Eight(std::array::from_fn(|i| {
            let (a, b) = (two(a.0[i]), two(b.0[i]));
            a[0].mul_add(b[0], a[1].mul_add(b[1], sum.0[i]))
        }))
    }
}

#[test]
fn all_levels_equal_the_twin_and_are_near_the_direct_sums() {
    all_levels_equal_the_twin(Precision::F32, 2e-6);
}

#[test]
fn so_do_products_of_16_bits() {
    // A single value may be off by 2⁻⁹, and the inverse transform multiplies this several times.
    all_levels_equal_the_twin(Precision::Bf16, 2e-2);
}

fn all_levels_equal_the_twin(precision: Precision, within: f64) {
    for (inputs, outputs, width, dilation) in [
        (16, 32, 48, 1),
        (5, 3, 7, 1),
        (64, 48, 61, 1),
        (33, 70, 50, 3),
        (3, 16, 1, 2),
        (20, 40, 83, 2),
        (12, 6, 9, 1),
    ] {
        let inputs = usize::next_multiple_of(inputs, precision.each());
        let shape = Shape { inputs, outputs, width, dilation, precision };
        let data: Vec<Vec<f32>> = (0..6)
            .map(|r| {
                let mut row = vec![0.0; shape.samples() * inputs + LANES];
                row[dilation * inputs..][..width * inputs].copy_from_slice(&numbers(width * inputs, r));
                row
            })
            .collect();
        let rows: [&[f32]; READ] = std::array::from_fn(|y| &data[y][..]);
        // In two parts where there are enough channels: a part's channels may be a subset of its samples'.
        let (few, step) = (inputs.min(7), inputs);
        let part =
            |start: usize, channels| ChannelGroup { channels, step, rows: rows.map(|row| &row[start..]) };
        let parts = [part(0, few), part(few, inputs - few)];
        let parts = if few < inputs { &parts[..] } else { &parts[..1] };
        let (w, bias) = (numbers(outputs * 9 * inputs, 7), numbers(outputs, 9));
        let weight = |o: usize, t: usize, i: usize| w[(o * 9 + t) * inputs + i];
        let run = |level: Option<Level>| {
            let mut made: [Vec<f32>; TILE] = std::array::from_fn(|_| vec![f32::NAN; width * outputs]);
            let out = made.each_mut().map(Vec::as_mut_slice);
            let mut scratch = vec![0.0; shape.scratch()];
            let packed = pack(level.unwrap_or(Level::Scalar), precision, outputs, inputs, weight);
            if let Some(level) = level {
                four_rows(level, shape, out, parts, &packed, &bias, &mut scratch);
            } else {
                let scratch = &mut scratch;
                let (padded, packed, bias) = (padded(parts), &packed, &bias);
                let mut quad = Quad { shape, out, parts, padded, packed, bias, scratch };
                // SAFETY: no instructions are needed, and the slices are as above.
                unsafe {
                    match precision {
                        Precision::F32 => all::<Eight, Single, 6, 4, 2>(&mut quad),
                        Precision::Bf16 => all::<Eight, Half, 6, 4, 2>(&mut quad),
                    }
                }
            }
            made.concat()
        };
        let want = run(None);
        let mut direct = Vec::new();
        for y in 0..TILE {
            for x in 0..width {
                for o in 0..outputs {
                    let mut sum = f64::from(bias[o]);
                    for t in 0..9 {
                        for i in 0..inputs {
                            let v = rows[y + t / 3][(x + t % 3 * dilation) * inputs + i];
                            sum += f64::from(v) * f64::from(weight(o, t, i));
                        }
                    }
                    direct.push(sum);
                }
            }
        }
        let scale = direct.iter().fold(1.0f64, |m, v| m.max(v.abs()));
        for (a, b) in want.iter().zip(&direct) {
            assert!((f64::from(*a) - b).abs() < within * scale, "{shape:?}: {a} instead of {b}");
        }
        for level in Level::all().filter(|&level| has(level, precision)) {
            let got = run(Some(level));
            let equal = got.iter().zip(&want).all(|(a, b)| a.to_bits() == b.to_bits());
            assert!(equal, "{level:?} {shape:?}");
        }
    }
}
