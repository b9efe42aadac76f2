use super::*;

fn noise(count: usize, below: u32) -> Vec<u16> {
    let mut state = 11u32;
    (0..count)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ((state >> 8) % below) as u16
        })
        .collect()
}

/// Reference implementation: the definition, one sample at a time.
fn model(plane: &[u16], (w, h): (usize, usize), shape: Shape) -> Vec<u16> {
    let (r, bits) = (shape.radius, i64::from(shape.bits));
    if w.min(h) <= 2 * r {
        return plane.to_vec();
    }
    let block = |k: usize, c: usize| {
        let at = |y: usize, x: usize| i64::from(plane[y * w + x]);
        at(2 * k, 2 * c) + at(2 * k, 2 * c + 1) + at(2 * k + 1, 2 * c) + at(2 * k + 1, 2 * c + 1)
    };
    let rows: Vec<usize> = (r..h).step_by(2).take_while(|y| y + 1 < h - r).collect();
    let mut out = Vec::new();
    for y in 0..h {
        // The last of these rows at or above `y`; a plane of 2r + 1 rows has none.
        let middle = rows.iter().rev().find(|&&row| row <= y).or(rows.first());
        let k = middle.map_or(r - 1, |middle| (middle + r) / 2);
        for x in 0..w {
            let c = (x / 2 + r / 2).max(r).min(w / 2 - 1);
            let columns = |k: usize, c: usize| (k + 1 - r..=k).map(|k| block(k, c)).sum::<i64>();
            let area = (r * r) as i64;
            let sum = || (c + 1 - r..=c).map(|c| columns(k, c)).sum::<i64>();
            let mean = match (middle, bits) {
                (None, 8) => (x / 2).checked_sub(r / 2).map_or(0, |c| columns(k, c)),
                (_, 8) => (sum() * ((1 << 21) / area)) >> 16,
                _ => sum() * 32 / area,
            };
            let own = i64::from(plane[y * w + x]) << 7;
            let apart = mean - own;
            let weight = (127 - ((apart.abs() * i64::from(shape.threshold)) >> (8 + bits))).max(0);
            let sum = own + ((weight * weight * apart) >> 14) + i64::from(DITHER[y & 7][x & 7]);
            out.push((sum >> 7).clamp(0, (1 << bits) - 1) as u16);
        }
    }
    out
}

#[test]
fn every_size_depth_and_level_gives_what_the_definition_gives() {
    for (w, h) in [(1, 1), (40, 8), (9, 9), (10, 9), (9, 40), (70, 33), (71, 34), (33, 35), (96, 50)] {
        for (radius, strength) in [(4, 1.2), (5, 8.0), (16, 30.0)] {
            for bits in [1u8, 7, 8, 10, 16] {
                let shape = Shape::new(strength, radius, bits, (1, 1));
                // Low noise on a high level, where the box mean matters.
                let span = (1u32 << bits).min(1 << (bits.max(4) - 4));
                let floor = ((1u32 << bits) - span) as u16 / 2;
                let plane: Vec<u16> = noise(w * h, span).iter().map(|v| v + floor).collect();
                let want = model(&plane, (w, h), shape);
                let small: Vec<u8> = plane.iter().map(|&v| v as u8).collect();
                for level in Level::all() {
                    let got: Vec<u16> = if bits == 8 {
                        let mut out = vec![0; w * h];
                        gradfun_plane(level, &mut out, &small, w, h, shape).unwrap();
                        out.into_iter().map(u16::from).collect()
                    } else {
                        let mut out = vec![0; w * h];
                        gradfun_plane(level, &mut out, &plane, w, h, shape).unwrap();
                        out
                    };
                    assert!(got == want, "{level:?} {w}×{h} {shape:?}");
                }
            }
        }
    }
}

#[test]
fn rows_alone_are_those_of_the_plane() {
    let (w, h, shape) = (60, 90, Shape::new(4.0, 8, 10, (1, 1)));
    let plane = noise(w * h, 1024);
    let mut whole = vec![0; w * h];
    gradfun_plane(Level::best(), &mut whole, &plane, w, h, shape).unwrap();
    for rows in [0usize..1, 0..90, 7..8, 30..61, 88..90, 5..5] {
        let top = rows.start.saturating_sub(shape.reach());
        let bottom = (rows.end + shape.reach()).min(h);
        let window = Window { x0: 0, y0: top, x1: w, y1: bottom };
        let view = View::part(&plane[top * w..bottom * w], window, w, h).unwrap();
        let mut out = vec![0; w * rows.len()];
        gradfun_rows(Level::best(), &mut out, &view, rows.clone(), shape).unwrap();
        assert!(out == whole[rows.start * w..rows.end * w], "{rows:?}");
    }
}

#[test]
fn radius_and_strength_are_brought_into_range_as_in_ffmpeg() {
    let radius = |radius, scale| Shape::new(1.2, radius, 8, scale).radius;
    assert_eq!([4, 5, 16, 31, 32, 99].map(|r| radius(r, (1, 1))), [4, 6, 16, 32, 32, 32]);
    assert_eq!([4, 16, 18, 32].map(|r| radius(r, (2, 2))), [4, 8, 10, 16]);
    assert_eq!(radius(16, (2, 1)), 12);
    assert_eq!(radius(16, (4, 1)), 10);
    let threshold = |strength| Shape::new(strength, 16, 8, (1, 1)).threshold;
    assert_eq!([1.2, 64.0, 99.0, 0.1, f32::NAN].map(threshold), [27306, 512, 512, 64250, 64250]);
}

#[test]
fn wrong_sizes_and_types_are_errors() {
    let (level, shape) = (Level::best(), Shape::new(1.2, 16, 8, (1, 1)));
    assert!(matches!(
        gradfun_plane(level, &mut [0u8; 4], &[0; 5], 2, 2, shape),
        Err(PlaneError::Length { .. })
    ));
    assert!(matches!(
        gradfun_plane(level, &mut [0u8; 5], &[0; 4], 2, 2, shape),
        Err(PlaneError::Length { .. })
    ));
    assert_eq!(
        gradfun_plane(level, &mut [0u16; 4], &[0; 4], 2, 2, shape),
        Err(PlaneError::Depth { bits: 8 })
    );
    assert_eq!(gradfun_plane::<u8>(level, &mut [], &[], 0, 7, shape), Ok(()));
    let window = Window { x0: 0, y0: 30, x1: 50, y1: 60 };
    let view = View::part(&[0u8; 1500], window, 50, 90).unwrap();
    assert_eq!(gradfun_rows(level, &mut [0; 1500], &view, 30..60, shape), Err(PlaneError::Window));
}
