//! Tests of the vector versions against a scalar twin, and of that against the definition.
#![allow(clippy::needless_range_loop)] // indices name outputs

use super::*;
use crate::precision::{Half, Products, nearest};
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
    // 2×2 taps are only for 32 bits.
    let two = (precision == Precision::F32).then_some(Taps::Two);
    for taps in two.into_iter().chain([Taps::Three]) {
        levels_equal_the_twin(taps, precision, within);
    }
}

/// Bands of a run.
const BANDS: u32 = 3;

fn levels_equal_the_twin(taps: Taps, precision: Precision, within: f64) {
    let side = taps.side();
    for (inputs, outputs, width, dilation) in [
        (16, 32, 48, 1),
        (5, 3, 7, 1),
        (64, 48, 61, 1),
        (33, 70, 50, 3),
        (3, 16, 1, 2),
        (20, 40, 83, 2),
        (12, 6, 9, 1),
        // More tiles than are transformed at once, and more weights than fit into a near cache.
        (16, 8, 230, 1),
        (65, 260, 190, 1),
    ] {
        let inputs = usize::next_multiple_of(inputs, precision.each());
        let out_step = outputs + width % 3;
        let shape = Shape { taps, inputs, outputs, width, out_step, dilation, precision };
        let data: Vec<Vec<f32>> = (0..BANDS * READ as u32)
            .map(|r| {
                // Errors of 16 bits are near the limit: all bands get the numbers of the first.
                let r = if precision == Precision::F32 { r } else { r % READ as u32 };
                let mut row = vec![0.0; shape.samples() * inputs + LANES];
                row[dilation * inputs..][..width * inputs].copy_from_slice(&numbers(width * inputs, r));
                row
            })
            .collect();
        // In two parts where there are enough channels: a part's channels may be a subset of its samples'.
        let (few, step) = (inputs.min(7), inputs);
        let parts: Vec<Vec<ChannelGroup<'_>>> = data
            .chunks(READ)
            .map(|rows| {
                let part = |start: usize, channels| {
                    let rows = std::array::from_fn(|y| &rows[y][start..]);
                    ChannelGroup { channels, step, rows }
                };
                let all = [part(0, few), part(few, inputs - few)];
                all.into_iter().filter(|part| part.channels > 0).collect()
            })
            .collect();
        let (w, bias) = (numbers(outputs * side * side * inputs, 7), numbers(outputs, 9));
        let weight = |o: usize, t: usize, i: usize| w[(o * side * side + t) * inputs + i];
        let run = |level: Option<Level>| {
            let mut made = vec![vec![0.0f32; width * out_step]; TILE * BANDS as usize];
            let mut lines = made.iter_mut().map(Vec::as_mut_slice);
            let band = |parts| Band { out: std::array::from_fn(|_| lines.next().unwrap()), parts };
            let mut bands: Vec<Band<'_>> = parts.iter().map(|parts| &parts[..]).map(band).collect();
            let mut scratch = vec![0.0; shape.scratch()];
            let packed = pack(level.unwrap_or(Level::Scalar), precision, taps, outputs, inputs, weight);
            if let Some(level) = level {
                four_rows(level, shape, &mut bands, &packed, &bias, &mut scratch);
            } else {
                let (scratch, bands) = (&mut scratch[..], &mut bands[..]);
                let (padded, packed, bias) = (padded(&parts[0]), &packed, &bias);
                let mut quad = Quad { shape, bands, padded, packed, bias, scratch };
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
        for y in 0..TILE * BANDS as usize {
            let rows = &data[y / TILE * READ + y % TILE..];
            for x in 0..width {
                for o in 0..out_step {
                    if o >= outputs {
                        direct.push(0.0);
                        continue;
                    }
                    let mut sum = f64::from(bias[o]);
                    for t in 0..side * side {
                        for i in 0..inputs {
                            let v = rows[t / side][(x + t % side * dilation) * inputs + i];
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
