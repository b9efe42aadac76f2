use super::*;

fn noise(seed: u32, count: usize, below: u32) -> Vec<u32> {
    let mut state = seed;
    (0..count)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) % below
        })
        .collect()
}

const DITHER: [u8; 8] = [0x00, 0x60, 0x18, 0x78, 0x06, 0x66, 0x1E, 0x7E];

#[test]
fn sums_slide_alike_at_every_level() {
    for width in [0usize, 1, 2, 63, 64, 65, 130, 257] {
        let rows: Vec<Vec<u16>> =
            (0..4).map(|i| noise(i, width + 1, 65536).iter().map(|&v| v as u16).collect()).collect();
        let small: Vec<Vec<u8>> = rows.iter().map(|r| r.iter().map(|&v| v as u8).collect()).collect();
        for level in Level::all() {
            // From the second sample on: unaligned rows.
            let (mut sums, mut large) = (vec![5u16; width / 2], vec![5u32; width / 2]);
            slide_u8(level, &mut sums, [&small[0][1..], &small[1][1..]], None);
            slide_u8(
                level,
                &mut sums,
                [&small[2][1..], &small[3][1..]],
                Some([&small[0][1..], &small[1][1..]]),
            );
            slide_u16(level, &mut large, [&rows[0][1..], &rows[1][1..]], None);
            slide_u16(
                level,
                &mut large,
                [&rows[2][1..], &rows[3][1..]],
                Some([&rows[0][1..], &rows[1][1..]]),
            );
            for c in 0..width / 2 {
                let of = |row: &[u16]| u32::from(row[2 * c + 1]) + u32::from(row[2 * c + 2]);
                assert_eq!(large[c], 5 + of(&rows[2]) + of(&rows[3]), "{level:?} {width} {c}");
                let of = |row: &[u8]| u16::from(row[2 * c + 1]) + u16::from(row[2 * c + 2]);
                assert_eq!(sums[c], 5 + of(&small[2]) + of(&small[3]), "{level:?} {width} {c}");
            }
        }
    }
}

#[test]
fn means_are_those_of_the_box_around_each_sample() {
    let mut scratch = Scratch::default();
    for radius in (2usize..=32).step_by(2) {
        for width in [2 * radius, 2 * radius + 1, 2 * radius + 2, 2 * radius + 3, 200, 201] {
            let columns = width / 2;
            let sums: Vec<u16> =
                noise(3, columns, (radius * 4 * 255 + 1) as u32).iter().map(|&v| v as u16).collect();
            let large: Vec<u32> = noise(4, columns, (radius * 4 * 65535 + 1) as u32);
            for level in Level::all() {
                let (mut means, mut wide) = (vec![1u16; width], vec![1u32; width]);
                means_u8(level, &mut means, &sums, radius, &mut scratch);
                means_u16(level, &mut wide, &large, radius, &mut scratch);
                for x in 0..width {
                    let c = (x / 2 + radius / 2).max(radius).min(columns - 1);
                    let sum: u32 = sums[c + 1 - radius..=c].iter().map(|&s| u32::from(s)).sum();
                    let area = (radius * radius) as u32;
                    assert_eq!(
                        u32::from(means[x]),
                        (sum * ((1 << 21) / area)) >> 16,
                        "{level:?} {radius} {width} {x}"
                    );
                    let sum: u64 = large[c + 1 - radius..=c].iter().map(|&s| u64::from(s)).sum();
                    assert_eq!(
                        u64::from(wide[x]),
                        sum * 32 / u64::from(area),
                        "{level:?} {radius} {width} {x}"
                    );
                }
            }
        }
    }
}

#[test]
fn rows_too_narrow_for_the_box_are_left_alone() {
    for level in Level::all() {
        for (columns, width, radius) in
            [(0, 0, 4), (3, 6, 4), (5, 12, 4), (9, 18, 0), (9, 18, 3), (99, 198, 34)]
        {
            let mut means = vec![77u16; width];
            means_u8(level, &mut means, &vec![9; columns], radius, &mut Scratch::default());
            assert!(means.iter().all(|&m| m == 77), "{columns} {width} {radius}");
        }
    }
}

/// The original's formula in 64-bit integers.
fn blend_model(own: u32, mean: u32, threshold: u16, dither: u8, bits: u32) -> i64 {
    let own = i64::from(own) << 7;
    let apart = i64::from(mean) - own;
    let weight = (127 - ((apart.abs() * i64::from(threshold)) >> (8 + bits))).max(0);
    let pull = (weight * weight * apart) >> 14;
    ((own + pull + i64::from(dither)) >> 7).clamp(0, (1 << bits) - 1)
}

#[test]
fn every_8_bit_sample_blends_as_the_formula_says() {
    let means: Vec<u16> = (0..=255 * 128).step_by(7).chain([255 * 128]).map(|v| v as u16).collect();
    for threshold in [512u16, 2048, 27306, 64250] {
        for own in (0..=255u8).step_by(5) {
            let row = vec![own; means.len()];
            for level in Level::all() {
                let mut out = vec![0; means.len()];
                blend_u8(level, &mut out, &row, &means, threshold, &DITHER);
                for (i, (&out, &mean)) in out.iter().zip(&means).enumerate() {
                    let want = blend_model(own.into(), mean.into(), threshold, DITHER[i % 8], 8);
                    assert_eq!(i64::from(out), want, "{level:?} {threshold} {own} {mean}");
                }
            }
        }
    }
}

#[test]
fn samples_of_every_depth_blend_as_the_formula_says() {
    for bits in 1..=16u8 {
        for threshold in [512u16, 27306, 64250] {
            for count in [0usize, 1, 9, 3001] {
                let near = noise(8, count, 600);
                let row: Vec<u16> = noise(9, count, 1 << bits).iter().map(|&v| v as u16).collect();
                let means: Vec<u32> = noise(10, count, ((1 << bits) - 1) * 128 + 1)
                    .iter()
                    .enumerate()
                    // Half of them close to the sample, where the weight is not 0.
                    .map(
                        |(i, &m)| {
                            if i % 2 == 0 { m } else { (u32::from(row[i]) * 128).saturating_sub(near[i]) }
                        },
                    )
                    .collect();
                for level in Level::all() {
                    let mut out = vec![0; count];
                    blend_u16(level, &mut out, &row, &means, threshold, &DITHER, bits);
                    for i in 0..count {
                        let want =
                            blend_model(row[i].into(), means[i], threshold, DITHER[i % 8], bits.into());
                        assert_eq!(i64::from(out[i]), want, "{level:?} {bits} {threshold} {i}");
                    }
                }
            }
        }
    }
}
