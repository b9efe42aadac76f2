use super::*;

/// Reference implementation by coordinates, with checked reads: result, mean, and whether it was close.
fn model<T: Code>(
    around: &Around<'_, T>,
    offsets: &Offsets,
    at: (usize, usize),
    count: usize,
    close: Closeness<T>,
) -> Vec<(u32, u32, bool)> {
    let below: u32 = close.below.into();
    (0..count)
        .map(|i| {
            let (dx, dy) = match offsets.row((at.0 + i, at.1), 1) {
                TableRow::Halves(both) => (both[0] & 15, both[0] >> 4),
                TableRow::Bytes(across, down) => (across[0], down[0]),
            };
            let (dx, dy) = (dx as isize, dy as isize);
            let pick = |sx: isize, sy: isize| -> u32 {
                let place = (around.start + i) as isize + sy * dy * around.stride as isize + sx * dx;
                around.samples[place as usize].into()
            };
            let refs = [pick(1, 1), pick(1, -1), pick(-1, -1), pick(-1, 1)];
            let own: u32 = around.samples[around.start + i].into();
            let mean = refs.iter().sum::<u32>() / 4;
            let ok = if close.each {
                refs.iter().all(|r| r.abs_diff(own) < below)
            } else {
                mean.abs_diff(own) < below
            };
            (if ok { mean } else { own }, mean, ok)
        })
        .collect()
}

fn noise(seed: u32) -> impl FnMut() -> u32 {
    let mut state = seed;
    move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state >> 8
    }
}

fn all_levels_agree<T: Code>(value: fn(u32) -> T, below: &[T]) {
    let mut next = noise(7);
    // Reach, margins around the rows (0: only those required by the reach), row lengths.
    for (rx, ry) in [(0, 0), (1, 3), (15, 13), (16, 2), (17, 1), (32, 5), (33, 4), (200, 1)] {
        for margin in [0, 200] {
            for count in [0usize, 1, 7, 31, 32, 33, 64, 65, 150] {
                let width = count + 3;
                let table = |reach: u32, next: &mut dyn FnMut() -> u32| -> Vec<u8> {
                    (0..width * 2).map(|_| (next() % (reach + 1)) as u8).collect()
                };
                let (across, down) = (table(rx, &mut next), table(ry, &mut next));
                let offsets = Offsets::new(width, across, down);
                let (rx, ry) = offsets.reach();
                let stride = count + 2 * rx + margin + 1;
                let samples: Vec<T> =
                    (0..stride * (2 * ry + 1) + 2 * margin + 2 * rx).map(|_| value(next())).collect();
                let around = Around { samples: &samples, stride, start: ry * stride + rx + margin };
                for &below in below {
                    for each in [false, true] {
                        let close = Closeness { below, each };
                        let want = model(&around, &offsets, (2, 1), count, close);
                        for level in Level::all() {
                            let mut out = vec![T::default(); count];
                            deband_row(level, &mut out, &around, &offsets, (2, 1), close);
                            let got = out.iter().map(|&v| v.into());
                            assert!(got.eq(want.iter().map(|w| w.0)), "{level:?} {rx} {ry} {margin} {count}");
                            let mut pass: Vec<u8> =
                                (0..count).map(|i| if i % 3 == 0 { 0 } else { 255 }).collect();
                            deband_row_coupled(level, &mut out, &mut pass, &around, &offsets, (2, 1), close);
                            let got = out.iter().map(|&v| v.into());
                            assert!(got.eq(want.iter().map(|w| w.1)), "{level:?} mean");
                            let expected =
                                want.iter().enumerate().map(|(i, w)| if i % 3 != 0 && w.2 { 255 } else { 0 });
                            assert!(pass.iter().copied().eq(expected), "{level:?} pass");
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn all_levels_give_the_same_8_bit_row() {
    all_levels_agree::<u8>(|v| v as u8, &[0, 40, 255]);
    all_levels_agree::<u8>(|v| (v % 9) as u8 + 200, &[3]);
}

#[test]
fn all_levels_give_the_same_16_bit_row() {
    all_levels_agree::<u16>(|v| v as u16, &[0, 9000, 65535]);
    all_levels_agree::<u16>(|v| (v % 999) as u16 + 64000, &[300]);
}

#[test]
#[should_panic(expected = "within 2 across and 1 down")]
fn too_few_samples_around_are_refused() {
    let offsets = Offsets::new(4, vec![2; 4], vec![1; 4]);
    let around = Around { samples: &[0u8; 20], stride: 8, start: 10 };
    deband_row(Level::Scalar, &mut [0; 4], &around, &offsets, (0, 0), Closeness { below: 1, each: false });
}

#[test]
fn tables_hold_what_was_put_in() {
    for most in [15u8, 16, 255] {
        let (across, down): (Vec<u8>, Vec<u8>) = (0..=most).map(|d| (d, most - d)).unzip();
        let width = across.len();
        let offsets = Offsets::new(width, across.clone(), down.clone());
        assert_eq!(offsets.reach(), (most.into(), most.into()));
        let held: Vec<(u8, u8)> = (0..width)
            .map(|x| match offsets.row((x, 0), 1) {
                TableRow::Halves(both) => (both[0] & 15, both[0] >> 4),
                TableRow::Bytes(across, down) => (across[0], down[0]),
            })
            .collect();
        assert!(held.into_iter().eq(across.into_iter().zip(down)), "{most}");
    }
}

#[test]
fn tables_of_unequal_length_are_cut_to_whole_rows() {
    let offsets = Offsets::new(3, vec![1; 8], vec![2; 7]);
    assert_eq!((offsets.width(), offsets.height(), offsets.reach()), (3, 2, (1, 2)));
    assert_eq!(Offsets::new(0, vec![1], vec![1]).height(), 0);
}
