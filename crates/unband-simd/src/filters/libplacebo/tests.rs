#![allow(clippy::float_cmp, clippy::float_cmp_const)] // tests check exact results
#![allow(clippy::unwrap_used)]

use super::*;
use crate::Level;

fn noise(count: usize) -> Vec<f32> {
    let mut state = 5u32;
    (0..count)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            0.5 + (state >> 20) as f32 / 200_000.0
        })
        .collect()
}

/// pcg3d by its definition, in integers.
fn pcg3d(s: [u32; 3]) -> [u32; 3] {
    let [mut x, mut y, mut z] = s.map(|v| (u64::from(v) * 1_664_525 + 1_013_904_223) as u32);
    for round in 0..2 {
        x = (u64::from(x) + u64::from(y) * u64::from(z)) as u32;
        y = (u64::from(y) + u64::from(z) * u64::from(x)) as u32;
        z = (u64::from(z) + u64::from(x) * u64::from(y)) as u32;
        if round == 0 {
            [x, y, z] = [x, y, z].map(|v| v ^ (v >> 16));
        }
    }
    [x, y, z]
}

/// The shader by its definition, one pixel at a time.
fn model(fields: &[&Field<'_>], (x, y): (usize, usize), shader: &Shader) -> Vec<f32> {
    let field = fields[0];
    let pick = |f: &Field<'_>, px: f32, py: f32| {
        let column = (px.floor() as i64 - f.first.0 as i64).clamp(0, f.size.0 as i64 - 1) as usize;
        let row = (py.floor() as i64 - f.first.1 as i64).clamp(0, f.size.1 as i64 - 1) as usize;
        f.samples[row * f.stride + column]
    };
    let mut state = [x as u32, y as u32, shader.index];
    let mut next = || {
        state = pcg3d(state);
        state.map(|v| v as f32 / 4_294_967_295.0f32)
    };
    let (px, py) = (x as f32 + 0.5, y as f32 + 0.5);
    let mut result: Vec<f32> = fields.iter().map(|f| pick(f, px, py)).collect();
    for i in 1..=shader.iterations {
        let u = next();
        let d = u[0] * (i as f32 * shader.radius);
        let (sine, cosine) = sine_cosine(u[1] * std::f32::consts::TAU);
        let (dx, dy) = (d * cosine, d * sine);
        for (result, field) in result.iter_mut().zip(fields) {
            let mut sum = pick(field, px + dx, py + dy);
            sum += pick(field, px - dx, py + dy);
            sum += pick(field, px - dx, py - dy);
            sum += pick(field, px + dx, py - dy);
            let mean = sum * 0.25;
            if (*result - mean).abs() <= shader.threshold / 1000.0 / i as f32 {
                *result = mean;
            }
        }
    }
    let u = next();
    if shader.grain > 0.0 {
        for (result, u) in result.iter_mut().zip(u) {
            *result += (*result - shader.neutral).abs().min(shader.grain / 1000.0) * (u - 0.5);
        }
    }
    assert!(field.size.0 > 0);
    result
}

const SHADERS: [Shader; 4] = [
    Shader { iterations: 1, radius: 16.0, threshold: 3.0, grain: 4.0, neutral: 0.0, index: 0 },
    Shader { iterations: 3, radius: 5.5, threshold: 9.0, grain: 0.0, neutral: 0.0, index: 7 },
    Shader { iterations: 0, radius: 16.0, threshold: 3.0, grain: 40.0, neutral: 0.505, index: 255 },
    Shader { iterations: 16, radius: 1000.0, threshold: 1000.0, grain: 0.1, neutral: 1.0, index: 1 },
];

#[test]
fn every_level_gives_what_the_definition_gives() {
    for count in [0, 1, 5, 63, 64, 65, 200] {
        let (width, height, stride) = (count + 9, 21, count + 13);
        let planes = [0, 1, 2].map(|p| noise(stride * height + p).split_off(p));
        for first in [(0, 0), (40, 3000)] {
            let fields =
                [0, 1, 2].map(|p: usize| Field { samples: &planes[p], stride, first, size: (width, height) });
            for shader in &SHADERS {
                for (left, row) in [(0, 0), (3, 11), (9, 20)] {
                    let at = (first.0 + left, first.1 + row);
                    let all = [&fields[0], &fields[1], &fields[2]];
                    let want: Vec<_> = (0..count).map(|k| model(&all, (at.0 + k, at.1), shader)).collect();
                    for level in Level::all() {
                        let what = format!("{level:?} {count} {at:?} {shader:?}");
                        let mut out = vec![9.0; count];
                        deband_row(level, &mut out, all[1], at, shader);
                        let alone: Vec<_> =
                            (0..count).map(|k| model(&all[1..2], (at.0 + k, at.1), shader)[0]).collect();
                        assert_eq!(out, alone, "{what}");
                        let mut out = [vec![9.0; count], vec![9.0; count], vec![9.0; count]];
                        let [a, b, c] = &mut out;
                        deband_row_of_three(level, [a, b, c], all, at, shader);
                        for p in 0..3 {
                            assert!(out[p].iter().eq(want.iter().map(|w| &w[p])), "{what} plane {p}");
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn not_a_number_stays_where_it_is_looked_at() {
    let mut samples = noise(40 * 40);
    samples[777] = f32::NAN;
    samples[3] = f32::INFINITY;
    let field = Field { samples: &samples, stride: 40, first: (0, 0), size: (40, 40) };
    for y in 0..40 {
        let run = |level| {
            let mut out = [0.0; 40];
            deband_row(level, &mut out, &field, (0, y), &SHADERS[0]);
            out.map(f32::to_bits)
        };
        for level in Level::all() {
            assert_eq!(run(level), run(Level::Scalar), "{level:?} {y}");
        }
    }
}

#[test]
fn sine_and_cosine_are_less_than_a_unit_in_the_last_place_off() {
    let mut worst = 0.0f64;
    for i in 0..=1_000_000u32 {
        let angle = (i as f32 / 1e6) * std::f32::consts::TAU;
        let (sine, cosine) = sine_cosine(angle);
        let (exact_sine, exact_cosine) = f64::from(angle).sin_cos();
        for (got, exact) in [(sine, exact_sine), (cosine, exact_cosine)] {
            // The unit in the last place of values of this size; below 2^-12 that of 2^-12.
            let place = exact.abs().max(1.0 / 4096.0).log2().floor().exp2() / 8_388_608.0;
            worst = worst.max((f64::from(got) - exact).abs() / place);
        }
    }
    assert!(worst < 0.9, "{worst} units in the last place");
}

#[test]
fn codes_are_rounded_down_after_the_bias_and_kept_in_range() {
    let values = [0.0, 0.5, 1.0, -3.0, 7.0, f32::NAN, 100.0 / 255.0, 100.5 / 255.0, -0.001];
    let bias = [0.999, 0.5, 0.999, 0.5, 0.5, 0.5, 0.0, 0.5, 0.0];
    for level in Level::all() {
        let mut out = [9u8; 9];
        codes_u8(level, &mut out, &values, Some(&bias), 255.0);
        assert_eq!(out, [0, 128, 255, 0, 255, 0, 100, 101, 0], "{level:?}");
        let mut rounded = values;
        round_row(level, &mut rounded, Some(&bias), 255.0, 0.0, 255.0, 219.0, 16.0);
        assert_eq!(rounded, out.map(|code| (f32::from(code) - 16.0) / 219.0), "{level:?}");
        let ties = [0.5, 1.5, 2.5, 2.51, -0.5, 254.5, 255.5, f32::NAN].map(|code| code / 256.0);
        let mut nearest = [9u8; 8];
        codes_u8(level, &mut nearest, &ties.map(|unit| unit * 256.0 / 255.0), None, 255.0);
        let mut halves = [9u16; 8];
        codes_u16(level, &mut halves, &ties, None, 256.0);
        assert_eq!(halves, [0, 2, 2, 3, 0, 254, 256, 0], "{level:?}");
        assert_eq!(nearest[3..], [3, 0, nearest[5], 255, 0], "{level:?}");
        let mut out = [9u16; 9];
        codes_u16(level, &mut out, &values, Some(&bias), 65535.0);
        assert_eq!(out[..6], [0, 32768, 65535, 0, 65535, 0], "{level:?}");
    }
}

#[test]
fn every_code_comes_back_whatever_the_bias() {
    for level in Level::all() {
        let codes: Vec<u8> = (0..=255).collect();
        for bits in 1..=8u32 {
            let highest = ((1u32 << bits) - 1) as f32;
            let codes = &codes[..1 << bits];
            let mut values = vec![0.0; codes.len()];
            units_from_u8(level, &mut values, codes, highest);
            for bias in [0.0, 0.5, 4095.0 / 4096.0] {
                let mut back = vec![0; codes.len()];
                codes_u8(level, &mut back, &values, Some(&vec![bias; codes.len()]), highest);
                assert_eq!(back, codes, "{level:?} {bits} bits, bias {bias}");
            }
        }
        let codes: Vec<u16> = (0..=u16::MAX).collect();
        let mut values = vec![0.0; codes.len()];
        units_from_u16(level, &mut values, &codes, 65535.0);
        let mut back = vec![0; codes.len()];
        codes_u16(level, &mut back, &values, None, 65535.0);
        assert_eq!(back, codes, "{level:?}");
        round_row(level, &mut values, None, 65535.0, 0.0, 65535.0, 65535.0, 0.0);
        assert!(values.iter().zip(&codes).all(|(v, &c)| v.to_bits() == (f32::from(c) / 65535.0).to_bits()));
    }
}

#[test]
fn the_first_number_is_the_shaders() {
    for level in Level::all() {
        let mut out = vec![0.0; 150];
        noise_row(level, &mut out, (31, 5), 9);
        let want = (0..150).map(|k| pcg3d([31 + k, 5, 9])[0] as f32 / 4_294_967_295.0f32);
        assert!(out.iter().copied().eq(want), "{level:?}");
    }
}

#[test]
#[should_panic(expected = "outside the field")]
fn rows_outside_the_field_are_refused() {
    let field = Field { samples: &[0.0; 100], stride: 10, first: (5, 5), size: (10, 10) };
    deband_row(Level::Scalar, &mut [0.0; 8], &field, (8, 6), &SHADERS[0]);
}
