use super::power::tenth_root;
use super::*;

fn noise(seed: u32) -> impl FnMut() -> u32 {
    let mut state = seed;
    move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state >> 8
    }
}

/// Reference implementation of the lookup, one sample at a time.
fn model<T: Code>(around: &Around<'_, T>, places: &Places<'_>, i: usize) -> Vec<u32> {
    let at = |x: i8, y: i8, sign: isize| -> u32 {
        let by = isize::from(y) * around.stride as isize + isize::from(x);
        around.samples[((around.start + i) as isize + sign * by) as usize].into()
    };
    match *places {
        Places::Column { down } => vec![at(0, down[i], 1), at(0, down[i], -1)],
        Places::Row { across } => vec![at(across[i], 0, 1), at(across[i], 0, -1)],
        Places::Cross { across, down } => {
            vec![at(0, down[i], 1), at(0, down[i], -1), at(across[i], 0, 1), at(across[i], 0, -1)]
        }
        Places::Square { across, down } => {
            let pair = |sign| at(across[0][i], down[1][i], sign);
            let other = |sign: isize| -> u32 {
                let by = isize::from(across[1][i]) - isize::from(down[0][i]) * around.stride as isize;
                around.samples[((around.start + i) as isize + sign * by) as usize].into()
            };
            vec![pair(1), pair(-1), other(1), other(-1)]
        }
    }
}

fn all_levels_look_up_alike<T: Code>(value: fn(u32) -> T) {
    let mut next = noise(7);
    for (across, down) in [(0, 0), (1, 3), (15, 15), (16, 2), (17, 1), (32, 7), (33, 4), (127, 1)] {
        // Samples that are readable beyond those within reach.
        for margin in [0, 200] {
            for count in [0usize, 1, 7, 31, 32, 33, 64, 65, 150, 200] {
                let mut table = |reach: u32| -> Vec<i8> {
                    (0..count)
                        .map(
                            |i| if i % 37 == 3 && reach == 127 { -128 } else { (next() % (reach + 1)) as i8 },
                        )
                        .collect()
                };
                let (x0, x1, y0, y1) = (table(across), table(across), table(down), table(down));
                let (far_x, far_y) = (across.max(u32::from(across == 127) * 128) as usize, down as usize);
                let stride = count + 2 * far_x + margin + 1;
                let samples: Vec<T> =
                    (0..stride * (2 * far_y + 1) + 2 * margin + 2 * far_x).map(|_| value(next())).collect();
                let around = Around { samples: &samples, stride, start: far_y * stride + far_x + margin };
                for places in [
                    Places::Column { down: &y0 },
                    Places::Row { across: &x0 },
                    Places::Cross { across: &x0, down: &y0 },
                    Places::Square { across: [&x0, &x1], down: [&y0, &y1] },
                ] {
                    for level in Level::all() {
                        let mut refs = [0; 4].map(|_| vec![T::default(); count]);
                        pick_row(level, refs.each_mut().map(Vec::as_mut_slice), &around, &places);
                        for i in 0..count {
                            let want = model(&around, &places, i);
                            let got = refs.iter().map(|row| Into::<u32>::into(row[i])).take(want.len());
                            assert!(got.eq(want), "{level:?} {across} {down} {margin} {count} {i}");
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn all_levels_look_up_the_same_8_bit_samples() {
    all_levels_look_up_alike::<u8>(|v| v as u8);
}

#[test]
fn all_levels_look_up_the_same_16_bit_samples() {
    all_levels_look_up_alike::<u16>(|v| v as u16);
}

#[test]
fn rows_at_the_ends_of_the_samples_are_looked_up_without_margins() {
    // The distances reach exactly the first and the last sample.
    let (width, rows) = (70usize, 5usize);
    let samples: Vec<u8> = (0..width * rows).map(|i| (i * 7) as u8).collect();
    for y in 0..rows {
        let down: Vec<i8> = vec![y.min(rows - 1 - y) as i8; width];
        let across: Vec<i8> = (0..width).map(|x| x.min(width - 1 - x).min(9) as i8).collect();
        let limited: Vec<i8> = across.iter().zip(&down).map(|(&a, &d)| a.min(d)).collect();
        let around = Around { samples: &samples, stride: width, start: y * width };
        for places in [
            Places::Cross { across: &across, down: &down },
            Places::Square { across: [&limited, &limited], down: [&limited, &limited] },
        ] {
            for level in Level::all() {
                let mut refs = [0; 4].map(|_| vec![0u8; width]);
                pick_row(level, refs.each_mut().map(Vec::as_mut_slice), &around, &places);
                for i in 0..width {
                    let got = refs.iter().map(|row| u32::from(row[i]));
                    assert!(got.eq(model(&around, &places, i)), "{level:?} row {y} sample {i}");
                }
            }
        }
    }
}

#[test]
#[should_panic(expected = "out of bounds")]
fn samples_that_do_not_exist_are_refused() {
    let around = Around { samples: &[0u8; 20], stride: 8, start: 4 };
    let (mut a, mut b) = ([0; 4], [0; 4]);
    let places = Places::Column { down: &[1; 4] };
    pick_row(Level::best(), [&mut a, &mut b, &mut [], &mut []], &around, &places);
}

#[test]
#[should_panic(expected = "as many distances as samples")]
fn rows_of_unequal_length_are_refused() {
    let around = Around { samples: &[0u8; 20], stride: 8, start: 4 };
    let (mut a, mut b) = ([0; 4], [0; 4]);
    pick_row(Level::best(), [&mut a, &mut b, &mut [], &mut []], &around, &Places::Row { across: &[1; 3] });
}

/// The definition in wide integers; `None` for modes 6 and 7.
fn judged(s: i64, refs: [i64; 4], limits: &Limits) -> Option<i64> {
    let [a, b, c, d] = refs;
    let mean = |a: i64, b: i64| (a + b + 1) / 2;
    let (limit, most, middle) = (limits.mean.into(), limits.most.into(), limits.middle.into());
    let near = |limit: i64, values: &[i64]| values.iter().all(|v| (v - s).abs() < limit);
    let pair = |a, b| {
        let m = mean(a, b);
        let ok = if limits.blur { near(limit, &[m]) } else { near(limit, &[a, b]) };
        if ok { m } else { s }
    };
    Some(match limits.mode {
        Mode::Pair => pair(a, b),
        Mode::Apart => mean(pair(a, b), pair(c, d)),
        Mode::Pairs => {
            let m = mean((mean(a, b) - 1).max(0), mean(c, d));
            let ok = if limits.blur { near(limit, &[m]) } else { near(limit, &refs) };
            if ok { m } else { s }
        }
        Mode::Guarded => {
            let m = (a + b + c + d) / 4;
            let straight = (a + b - 2 * s).abs() < middle && (c + d - 2 * s).abs() < middle;
            if near(limit, &[m]) && near(most, &refs) && straight { m } else { s }
        }
        Mode::Faded => return None,
    })
}

fn all_levels_judge_alike<T: Code>(value: fn(u32) -> T, shift: u32) {
    let mut next = noise(3);
    for count in [0usize, 1, 15, 64, 333] {
        let mut row =
            |base: u32, span: u32| -> Vec<T> { (0..count).map(|_| value(base + next() % span)).collect() };
        for (base, span) in [(60, 4), (0, 256), (0, 2), (254, 2)] {
            let own = row(base, span);
            let refs = [0; 4].map(|_| row(base, span));
            let refs = refs.each_ref().map(Vec::as_slice);
            for mode in [Mode::Pair, Mode::Pairs, Mode::Apart, Mode::Guarded, Mode::Faded] {
                for blur in [false, true] {
                    for (mean, most, middle) in
                        [(256, 600, 300), (0, 0, 0), (65535, 65535, 65535), (900, 9, 0)]
                    {
                        let limits = Limits { mode, shift, blur, mean, most, middle, boost: 1.5 };
                        let even: Vec<u8> = (0..count).map(|i| (i % 3) as u8).collect();
                        let run = |level, even: &[u8]| {
                            let mut out = vec![0; count];
                            judge_row(level, &mut out, &own, refs, &limits, even);
                            out
                        };
                        for level in Level::all() {
                            let out = run(level, &even);
                            assert_eq!(out, run(Level::Scalar, &even), "{level:?} {limits:?}");
                            for i in 0..count {
                                let up = |v: T| i64::from(Into::<u32>::into(v) << shift);
                                if let Some(want) = judged(up(own[i]), refs.map(|row| up(row[i])), &limits) {
                                    assert_eq!(i64::from(out[i]), want, "{level:?} {limits:?} {i}");
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn samples_are_chosen_as_the_definition_says() {
    all_levels_judge_alike::<u8>(|v| v as u8, 8);
    all_levels_judge_alike::<u16>(|v| (v << 2) as u16, 6);
    all_levels_judge_alike::<u16>(|v| (v * 257) as u16, 0);
}

#[test]
fn fading_is_full_far_below_the_limits_and_none_above() {
    let limits =
        Limits { mode: Mode::Faded, shift: 8, blur: true, mean: 300, most: 900, middle: 900, boost: 4.0 };
    let run = |own: u8, refs: [u8; 4], even: &[u8]| {
        let mut out = [0];
        let refs = refs.map(|v| [v]);
        judge_row(Level::best(), &mut out, &[own], refs.each_ref().map(|row| &row[..]), &limits, even);
        out[0]
    };
    assert_eq!(run(50, [50; 4], &[]), 50 << 8);
    assert_eq!(run(50, [51, 50, 50, 50], &[]), (50 << 8) + 64);
    assert_eq!(run(50, [51; 4], &[]) - (50 << 8), 236, "fades");
    assert_eq!(run(50, [52; 4], &[]), 50 << 8);
    assert_eq!(run(50, [52; 4], &[1]) - (50 << 8), 512, "limits are boosted");
}

#[test]
fn tenth_roots_are_rounded_well() {
    assert_eq!(tenth_root(0.0).to_bits(), 0);
    assert_eq!(tenth_root(1.0).to_bits(), 1f32.to_bits());
    for i in 1..400_000u32 {
        let x = (f64::from(i) / 400_000.0).powi(1 + (i % 7) as i32) as f32;
        let exact = f64::from(x).powf(f64::from(0.1f32));
        let ulp = f64::from(f32::EPSILON) / 2.0;
        assert!((f64::from(tenth_root(x)) - exact).abs() <= 0.502 * ulp.max(exact * ulp), "{x}");
    }
    // Where the C libraries do not round to nearest, neither does this.
    for (x, root) in ROUNDED {
        assert_eq!(tenth_root(f32::from_bits(*x)).to_bits(), *root, "{x:x}");
    }
}

/// Bits of floats and of their tenth roots in glibc 2.36, one unit off the nearest.
const ROUNDED: &[(u32, u32)] = &[
    (0x0f80_01bf, 0x3aa8_e5dd),
    (0x0f80_0870, 0x3aa8_e6bf),
    (0x0f80_0b31, 0x3aa8_e71c),
    (0x0f80_3f33, 0x3aa8_edf7),
];

#[test]
fn arctangents_are_rounded_as_by_the_c_library() {
    // Bits of floats and of their arctangents in glibc 2.36, one unit off the nearest.
    for (x, angle) in [
        (0x3f0f_5a34, 0x3f02_ade0),
        (0x3f4f_9cc2, 0x3f2e_707a),
        (0x4001_b4a4, 0x3f8e_63dc),
        (0x403c_49bb, 0x3f9f_1f50),
        (0x40bb_fd59, 0x3fb3_7af8),
        (0x44ab_ab36, 0x3fc8_f7fe),
    ] {
        let (x, angle) = (f32::from_bits(x), f32::from_bits(angle));
        assert_eq!(angle::arctangent(x).to_bits(), angle.to_bits(), "{x}");
        assert_eq!(angle::arctangent(-x).to_bits(), (-angle).to_bits(), "-{x}");
    }
    for i in -40_000..40_000 {
        let x = (i as f32 / 10_000.0).powi(3);
        let exact = f64::from(x).atan();
        assert!((f64::from(angle::arctangent(x)) - exact).abs() <= 1.3e-7 * exact.abs(), "{x}");
    }
}

#[test]
fn directions_are_those_of_the_gradient() {
    // A plane that rises by `gx` across and falls by `gy` down: twice 4 times 20 samples.
    for (gx, gy) in [(3i32, 0i32), (3, 1), (1, 3), (-2, 5), (-2, -5), (7, -1)] {
        let width = 100usize;
        let at = |x: usize, y: i32| (30_000 + gx * x as i32 - gy * y) as u16;
        let rows: Vec<Vec<u16>> =
            [0, 20, 40].iter().map(|&y| (0..width).map(|x| at(x, y)).collect()).collect();
        let rows = [rows[0].as_slice(), &rows[1], &rows[2]];
        let want = (f64::from(gy) / f64::from(gx)).atan() / std::f64::consts::PI + 0.5;
        for level in Level::all() {
            let mut out = vec![0.0; width];
            angle_row(level, &mut out, rows, 0);
            for &angle in &out[20..80] {
                assert!((f64::from(angle) - want).abs() < 1e-6, "{level:?} {gx} {gy}: {angle}, not {want}");
            }
            let mut scalar = vec![0.0; width];
            angle_row(Level::Scalar, &mut scalar, rows, 0);
            assert!(out.iter().zip(&scalar).all(|(a, b)| a.to_bits() == b.to_bits()), "{level:?}");
        }
    }
    let mut flat = [0.0; 50];
    angle_row(Level::best(), &mut flat, [&[9u8; 50]; 3], 8);
    assert!(flat.iter().all(|&angle| angle.to_bits() == 1f32.to_bits()));
    for width in [1, 5, 40, 41] {
        let mut out = vec![0.0; width];
        angle_row(Level::best(), &mut out, [&vec![9u8; width][..]; 3], 8);
        assert!(out.iter().all(|&angle| angle.to_bits() == 1f32.to_bits()), "{width}");
    }
}

#[test]
fn even_samples_are_those_whose_neighbours_point_the_same_way() {
    let angles: Vec<f32> = (0..60).map(|i| if i % 20 < 10 { 0.5 } else { 0.7 }).collect();
    let around = Around { samples: &angles, stride: 20, start: 20 };
    let mut even = [9; 20];
    let (mut across, down) = ([0i8; 20], [1i8; 20]);
    across[5] = 5;
    even_row(&mut even, &around, &across, &down, 0.1);
    assert!(even.iter().enumerate().all(|(i, &s)| s == if i == 5 { 0 } else { 255 }));
    even_row(&mut even, &around, &across, &down, 0.3);
    assert_eq!(even, [255; 20]);
}

#[test]
fn grain_stays_inside_the_codes() {
    let values = [0u16, 5, 65535, 65530, 32768, 100];
    let grain = [-3i16, -9, 3, 9, -32768, 50];
    for level in Level::all() {
        let mut out = values;
        add_grain(level, &mut out, &grain);
        assert_eq!(out, [0, 0, 65535, 65535, 0, 150], "{level:?}");
    }
}

#[test]
fn stretching_keeps_black_and_white() {
    for level in Level::all() {
        let mut out = [0u16, 65280, 32640, 65535, 1];
        stretch_row(level, &mut out, 65535.0 / 65280.0, 0.0);
        assert_eq!(out, [0, 65535, 32768, 65535, 1], "{level:?}");
    }
}

#[test]
fn rounding_adds_the_threshold_and_keeps_the_limits() {
    let thresholds: [u16; 16] = std::array::from_fn(|i| 16 * i as u16);
    let rounding = Rounding { low: 16 << 8, high: 235 << 8, bits: 8 };
    for count in [0usize, 1, 63, 64, 65, 200] {
        let values: Vec<u16> = (0..count).map(|i| (i * 331) as u16).collect();
        for level in Level::all() {
            let mut out = vec![0u8; count];
            round_row(level, &mut out, &values, &thresholds, rounding);
            for (i, (&out, &value)) in out.iter().zip(&values).enumerate() {
                let want = (u32::from(value) + u32::from(thresholds[i % 16])).clamp(16 << 8, 235 << 8) >> 8;
                assert_eq!(u32::from(out), want, "{level:?} {i}");
            }
            let mut wide = vec![0u16; count];
            round_row(level, &mut wide, &values, &[0; 16], Rounding { low: 0, high: 65535, bits: 16 });
            assert_eq!(wide, values, "{level:?}");
        }
    }
}

/// One sample at a time.
fn diffused(values: &[u16], width: usize, rounding: Rounding) -> Vec<u16> {
    let down = 16 - u32::from(rounding.bits);
    let height = values.len() / width;
    let mut errors = vec![0u32; (width + 2) * (height + 1)];
    let mut out = Vec::new();
    for y in 0..height {
        for x in 0..width {
            let at = y * (width + 2) + x + 1;
            let sum = (u32::from(values[y * width + x]) + errors[at]).min(65535);
            let cut = sum & ((1 << down) - 1);
            errors[at + 1] += (cut * 7) >> 4;
            errors[at + width + 1] += (cut * 3) >> 4;
            errors[at + width + 2] += (cut * 5) >> 4;
            errors[at + width + 3] += cut >> 4;
            errors[y * (width + 2) + width + 1] = 0;
            errors[(y + 1) * (width + 2)] = 0;
            out.push((sum.clamp(rounding.low.into(), rounding.high.into()) >> down) as u16);
        }
    }
    out
}

#[test]
fn errors_are_diffused_as_the_definition_says_however_the_rows_come() {
    let mut next = noise(5);
    let sizes = [(1, 1), (1, 40), (3, 6), (15, 33), (16, 8), (17, 13), (30, 16), (90, 35), (131, 50)];
    for (width, height) in sizes {
        for (low, high, bits) in
            [(0, 65535, 8), (4096, 60160, 8), (0, 65535, 10), (0, 65535, 4), (0, 65535, 1), (0, 65535, 16)]
        {
            let rounding = Rounding { low, high, bits };
            let bright = next().is_multiple_of(3);
            let values: Vec<u16> = (0..width * height)
                .map(|_| if bright { 65200 + (next() % 336) as u16 } else { next() as u16 })
                .collect();
            let want = diffused(&values, width, rounding);
            for (level, rows) in
                Level::all().flat_map(|level| [1, 3, 4, 7, 16, 21, 100].map(|rows| (level, rows)))
            {
                let mut diffusion = Diffusion::new(width, rounding);
                let mut out = vec![0u16; values.len()];
                for (out, values) in out.chunks_mut(rows * width).zip(values.chunks(rows * width)) {
                    diffusion.rows(level, out, values);
                }
                assert_eq!(out, want, "{width}×{height} {rounding:?} {level:?}, {rows} rows at a time");
                if bits <= 8 {
                    let mut bytes = vec![0u8; values.len()];
                    Diffusion::new(width, rounding).rows(level, &mut bytes, &values);
                    assert!(bytes.iter().zip(&want).all(|(&a, &b)| u16::from(a) == b), "{level:?}");
                }
            }
        }
    }
    Diffusion::new(0, Rounding { low: 0, high: 65535, bits: 8 }).rows::<u8>(Level::best(), &mut [], &[]);
}

#[test]
fn jumping_ahead_is_drawing_often() {
    let mut drawn = Uniform(0x92D6_8CA2);
    for count in 0..100 {
        assert_eq!(Uniform(0x92D6_8CA2).after(count), drawn);
        drawn.draw();
    }
    assert_eq!(Uniform(7).after(3_000_000_000).after(2), Uniform(7).after(3_000_000_002));
    assert_eq!(share(0).to_bits(), (-1f64).to_bits());
    assert!(share(u32::MAX) < 1.0);
    assert_eq!([whole(0.5, 1.0), whole(-0.5, 3.0), whole(-0.5, 1.0), whole(0.49, 1.0)], [1, -2, -1, 0]);
}

#[test]
fn rows_of_random_numbers_are_those_drawn_one_by_one() {
    for count in [0usize, 1, 15, 16, 17, 100] {
        for range in [1u16, 256, 16384] {
            let mut uniform = Uniform(99);
            let want: Vec<i16> = (0..count).map(|_| whole(uniform.draw(), range.into()) as i16).collect();
            for level in Level::all() {
                let mut out = vec![0; count];
                uniform_row(level, &mut out, Uniform(99), range);
                assert_eq!(out, want, "{level:?} {count} {range}");
            }
        }
    }
}

#[test]
fn rows_of_distances_are_those_drawn_one_by_one() {
    for width in [1usize, 2, 3, 16, 33, 100, 600] {
        for (range, inside, single, chroma) in [
            (15, true, false, 0),
            (15, true, false, 1),
            (15, true, false, 2),
            (200, true, true, 4),
            (255, false, true, 2),
            (0, true, false, 1),
            (1, false, false, 0),
        ] {
            let draws = Draws { range, inside, single, chroma };
            let mut uniform = Uniform(4711);
            let (mut first, mut second) = (vec![0i8; width], vec![0i8; width]);
            let mut count = 0;
            for x in 0..width {
                let mut draw = |range: usize| {
                    count += 1;
                    whole(uniform.draw(), range as f64)
                };
                draw(9);
                let edge = if inside { x.min(width - 1 - x) } else { usize::MAX };
                let most = edge.min(range.into());
                if most > 0 {
                    first[x] = (draw(most) as i8).wrapping_abs();
                    if !single {
                        second[x] = (draw(most) as i8).wrapping_abs();
                    }
                }
                if chroma > 0 && x % chroma == 0 {
                    draw(9);
                    draw(9);
                }
            }
            assert_eq!(draws.count(width), count, "{width} {draws:?}");
            for level in Level::all() {
                let (mut a, mut b) = (vec![7i8; width], vec![7i8; width]);
                let both = (!single).then_some(&mut b[..]);
                distances_row(level, &mut a, both, Uniform(4711), &draws);
                assert!(a == first, "{level:?} {width} {draws:?}");
                assert!(single || b == second, "{level:?} {width} {draws:?}");
            }
        }
    }
}
