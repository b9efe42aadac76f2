use super::*;

fn noise(count: usize) -> Vec<u16> {
    let mut state = 5u32;
    (0..count)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) as u16
        })
        .collect()
}

/// Reference implementation: the definition, one sample at a time.
fn model(plane: &[u16], (w, h): (usize, usize), stride: usize, range: i32, rule: Rule) -> Vec<u16> {
    let mut out = Vec::new();
    for y in 0..h {
        let (mut across, mut down) = (vec![0; stride], vec![0; stride]);
        spiral_row(Level::Scalar, &mut across, &mut down, y, range, std::f32::consts::TAU);
        for x in 0..w {
            let at = |sx: i64, sy: i64| {
                let xx = (x as i64 + sx * i64::from(across[x])).clamp(0, w as i64 - 1);
                let yy = (y as i64 + sy * i64::from(down[x])).clamp(0, h as i64 - 1);
                u32::from(plane[yy as usize * w + xx as usize])
            };
            let (own, refs) = (at(0, 0), [at(1, 1), at(1, -1), at(-1, -1), at(-1, 1)]);
            let mean = refs.iter().sum::<u32>() / 4;
            let close = if rule.blur {
                own.abs_diff(mean) < rule.below
            } else {
                refs.iter().all(|r| own.abs_diff(*r) < rule.below)
            };
            out.push(if close { mean } else { own } as u16);
        }
    }
    out
}

#[test]
fn every_size_range_and_level_gives_what_the_definition_gives() {
    let ctx = Context::default();
    for (w, h) in [(1, 1), (3, 1), (1, 200), (70, 45), (64, 130), (131, 33), (400, 3)] {
        for range in [0, 1, 16, 17, 40, -9, -300, 1000, i32::MIN] {
            let (tw, th) = (w + 5, h + 2);
            let table = Table::new(tw, th, range, std::f32::consts::TAU, &ctx);
            let plane = noise(w * h);
            let small: Vec<u8> = plane.iter().map(|&v| (v >> 8) as u8).collect();
            let wide: Vec<u16> = small.iter().map(|&v| v.into()).collect();
            for blur in [true, false] {
                let rule = Rule { below: 9000, blur };
                let want = model(&plane, (w, h), tw, range, rule);
                let small_rule = Rule { below: 40, blur };
                let small_want = model(&wide, (w, h), tw, range, small_rule);
                for level in Level::all() {
                    let mut out = vec![0; w * h];
                    deband_plane(level, &mut out, &plane, w, h, &table, rule).unwrap();
                    assert!(out == want, "{level:?} {w}×{h} range {range} blur {blur}");
                    let mut out = vec![0u8; w * h];
                    deband_plane(level, &mut out, &small, w, h, &table, small_rule).unwrap();
                    assert!(
                        out.iter().map(|&v| u16::from(v)).eq(small_want.iter().copied()),
                        "{level:?} {w}×{h} {range}"
                    );
                }
            }
        }
    }
}

#[test]
fn windows_are_parts_of_the_plane() {
    let (w, h) = (5000, 40);
    let plane = noise(w * h);
    for range in [16, 300] {
        let table = Table::new(w, h, range, std::f32::consts::TAU, &Context::default());
        let rule = Rule { below: 20000, blur: true };
        let mut whole = vec![0; w * h];
        deband_plane(Level::best(), &mut whole, &plane, w, h, &table, rule).unwrap();
        let (rx, ry) = table.reach();
        for (x0, y0, x1, y1) in
            [(0, 0, 5000, 40), (0, 7, 4500, 9), (4997, 0, 5000, 40), (20, 39, 21, 40), (3, 3, 3, 9)]
        {
            let core = Window { x0, y0, x1, y1 };
            let outer = Window {
                x0: x0.saturating_sub(rx),
                y0: y0.saturating_sub(ry),
                x1: (x1 + rx).min(w),
                y1: (y1 + ry).min(h),
            };
            let cut = |plane: &[u16], window: Window| -> Vec<u16> {
                (window.y0..window.y1)
                    .flat_map(|y| plane[y * w + window.x0..y * w + window.x1].to_vec())
                    .collect()
            };
            let samples = cut(&plane, outer);
            let view = View::part(&samples, outer, w, h).unwrap();
            let mut out = vec![0; core.width() * core.height()];
            deband_window(Level::best(), &mut out, &view, core, &table, rule).unwrap();
            assert!(out == cut(&whole, core), "range {range} {core:?}");
        }
    }
}

#[test]
fn wrong_sizes_are_errors() {
    let ctx = Context::default();
    let table = Table::new(4, 4, 16, std::f32::consts::TAU, &ctx);
    let rule = Rule::new(8, 0.02, true);
    let level = Level::best();
    let run = |out: usize, plane: usize, (width, height)| {
        deband_plane(level, &mut vec![0u8; out], &vec![0; plane], width, height, &table, rule)
    };
    assert_eq!(run(16, 16, (4, 4)), Ok(()));
    assert_eq!(run(0, 0, (0, 4)), Ok(()));
    assert_eq!(run(16, 15, (4, 4)).unwrap_err().to_string(), "4×4 needs 16 samples, the buffer holds 15");
    assert!(matches!(run(15, 16, (4, 4)), Err(PlaneError::Length { .. })));
    assert_eq!(run(20, 20, (5, 4)), Err(PlaneError::Table { width: 5, height: 4 }));
    let part = Window { x0: 1, y0: 0, x1: 4, y1: 4 };
    let view = View::part(&[0u8; 12], part, 4, 4).unwrap();
    assert_eq!(deband_window(level, &mut [0; 12], &view, part, &table, rule), Err(PlaneError::Window));
}
