//! Tests of drawing detection: edges from anti-aliasing and smooth filters, and gradients without edges.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::inspect;
use unband_image::Context;
use unband_image::image::Image;
use unband_image::rng::Rng;

const W: usize = 320;
const H: usize = 240;

fn look(color: impl Fn(usize, usize) -> [u8; 3]) -> Findings {
    let data: Vec<u8> = (0..W * H).flat_map(|i| color(i % W, i / W)).collect();
    inspect(&Image::from_rgb8(W, H, &data).unwrap(), &Context::default())
}

/// Means over 3×3 positions in every pixel.
fn smooth_edges(color: impl Fn(f32, f32) -> [f32; 3]) -> impl Fn(usize, usize) -> [u8; 3] {
    move |x, y| {
        let mut sum = [0.0; 3];
        for i in 0..9 {
            let at = |v: usize, part: usize| v as f32 + (part as f32 + 0.5) / 3.0;
            let one = color(at(x, i % 3), at(y, i / 3));
            sum.iter_mut().zip(one).for_each(|(s, v)| *s += v / 9.0);
        }
        sum.map(|v| v.round() as u8)
    }
}

/// Rings of `count` near colours.
fn rings(count: f32) -> impl Fn(f32, f32) -> [f32; 3] {
    move |x, y| {
        let far = ((x - 210.0).hypot(y - 90.0) / 280.0).min(0.999);
        let t = (far * count).floor() / (count - 1.0);
        [135.0 + 90.0 * t, 38.0 - 22.0 * t, 220.0 - 45.0 * t].map(f32::round)
    }
}

#[test]
fn near_colours_with_smooth_edges_are_drawn() {
    for count in [26.0, 30.0, 36.0] {
        let found = look(smooth_edges(rings(count)));
        assert_eq!(found.drawing, Some(Drawing::FlatColours), "{count} rings, {:?}", found.cause);
    }
}

#[test]
fn smoothed_letters_of_two_colours_are_drawn() {
    // Letters `e`: a ring with a bar, each at its own fraction of a pixel. `shades`: levels of coverage.
    let letter = |shades: f32, wide: usize, x: usize, y: usize| {
        let (column, row) = (x / wide, y / wide);
        let at =
            |v: usize, cell: usize| (v % wide) as f32 - 0.5 * wide as f32 + 0.37 * (cell % 7) as f32 / 7.0;
        let (dx, dy) = (at(x, column + 3 * row), at(y, 2 * column + row));
        let size = 0.36 * wide as f32;
        let ring = 0.09 * wide as f32 - (dx.hypot(dy) - size).abs();
        let bar = if dx.abs() < size { 0.08 * wide as f32 - dy.abs() } else { -1.0 };
        let covered = (ring.max(bar) + 0.5).clamp(0.0, 1.0);
        let covered = (covered * (shades - 1.0)).round() / (shades - 1.0);
        [[20.0, 200.0], [40.0, 220.0], [60.0, 235.0]].map(|[a, b]| (a + covered * (b - a)).round() as u8)
    };
    for (shades, wide) in [(45.0, 6), (65.0, 6), (65.0, 10)] {
        let found = look(|x, y| letter(shades, wide, x, y));
        assert!(found.drawing.is_some(), "{shades} {wide} {:?}", found.cause);
    }
}

#[test]
fn a_gradient_of_a_palette_is_not() {
    for count in [32.0, 48.0, 64.0] {
        let rings = rings(count);
        let found = look(|x, y| rings(x as f32 + 0.5, y as f32 + 0.5).map(|v| v as u8));
        assert_eq!(found.drawing, None, "{count} rings, {:?}", found.cause);
    }
}

/// A striped sky, a hill and a house in a few colours.
fn scene(x: usize, y: usize) -> [f32; 3] {
    let hill = 34 + (x * 5 % 11) / 4 + (x / 7) % 5;
    if (20..30).contains(&x) && (26..44).contains(&y) {
        return if (x + y).is_multiple_of(5) { [90.0, 60.0, 50.0] } else { [120.0, 76.0, 58.0] };
    }
    if y < hill {
        let k = (y / 9) as f32;
        return [90.0 + 7.0 * k, 110.0 + 6.0 * k, 170.0 + 5.0 * k];
    }
    if y < hill + 3 { [46.0, 104.0, 60.0] } else { [40.0, 96.0, 52.0] }
}

#[test]
fn pixels_upscaled_by_a_smooth_filter_are_drawn_or_plain() {
    for factor in [3, 4, 6] {
        let found = look(|x, y| {
            let place = |v: usize| ((v as f32 + 0.5) / factor as f32 - 0.5).max(0.0);
            let (u, v) = (place(x), place(y));
            let (x0, y0) = (u as usize, v as usize);
            let (s, t) = (u.fract(), v.fract());
            let row = |y: usize| {
                let (a, b) = (scene(x0, y), scene(x0 + 1, y));
                [0, 1, 2].map(|c| a[c] + (b[c] - a[c]) * s)
            };
            let (a, b) = (row(y0), row(y0 + 1));
            [0, 1, 2].map(|c| (a[c] + (b[c] - a[c]) * t).round() as u8)
        });
        let stays = found.drawing.is_some() || found.cause == Cause::Plain;
        assert!(stays, "repeated {factor} times: {:?} {}", found.cause, found.visible);
    }
}

#[test]
fn noise_between_few_levels_is_no_drawing() {
    // The dark corner of a grey photo on four bits: five levels, and specks everywhere.
    let noise = Rng::new(5);
    let found = look(|x, y| {
        let speck = match noise.unit_at(0, 0, x as u32, y as u32) {
            low if low < 0.005 => -17.0,
            high if high > 0.995 => 17.0,
            _ => 0.0,
        };
        let v = 20.0 + 45.0 * x as f32 / W as f32;
        [((v / 17.0).round() * 17.0 + speck) as u8; 3]
    });
    assert_eq!(found.cause, Cause::Levels);
    assert_eq!(found.drawing, None);
}

/// A palette of `count` close colours.
fn close(count: usize, i: usize) -> [u8; 3] {
    let t = (i % count) as f32 / count as f32;
    [60.0 + 90.0 * t, 80.0 + 70.0 * t, 120.0 + 60.0 * t].map(|v| v as u8)
}

/// A number that looks random, for the place of a cell.
fn scattered(x: usize, y: usize) -> usize {
    (x * 7919 + y * 104_729 + x * y * 31) % 997
}

/// Whole codes of luma and chroma in 8×8 blocks with a ramp of `slope` codes per pixel, as JPEG leaves them,
/// cut off before `from`.
fn blocks(slope: f32, from: (usize, usize)) -> impl Fn(usize, usize) -> [u8; 3] {
    use unband_image::color::Matrix;
    move |x, y| {
        let (x, y) = (x + from.0, y + from.1);
        let (i, j) = ((x / 8) as f32, (y / 8) as f32);
        let luma = 60.0 + ((1.7 * i + 2.3 * j) / 6.0).round() * 6.0 + (slope * (x % 8) as f32).round();
        let yuv = [luma, ((i - 20.0) / 5.0).round() * 4.0, ((14.0 - j) / 4.0).round() * 5.0];
        Matrix::Bt601.to_rgb(yuv).map(|v| v.round().clamp(0.0, 255.0) as u8)
    }
}

#[test]
fn blocks_of_a_codec_are_no_drawing() {
    for slope in [0.0, 0.3] {
        for from in [(0, 0), (3, 5)] {
            let found = look(blocks(slope, from));
            assert_eq!(found.drawing, None, "{slope} {from:?}: {:?}", found.cause);
        }
    }
}

#[test]
fn pixel_art_of_eight_pixels_is_drawn() {
    for factor in [4, 8, 16] {
        let found = look(|x, y| close(41, scattered(x / factor, y / factor)));
        assert!(found.drawing.is_some(), "{factor} times: {:?}", found.cause);
        for greys in [4, 8, 16] {
            let found =
                look(|x, y| [(scattered(x / factor, y / factor) % greys * 255 / (greys - 1)) as u8; 3]);
            assert!(found.drawing.is_some(), "{greys} greys, {factor} times: {:?}", found.cause);
        }
    }
}

#[test]
fn grey_cards_are_drawn_and_not_called_a_jpeg() {
    let found = look(|x, y| {
        let edge = x.min(y).min(W - 1 - x).min(H - 1 - y);
        [180 + 4 * (edge / 11).min(7) as u8; 3]
    });
    assert!(found.drawing.is_some());
    assert_ne!(found.cause, Cause::Jpeg);
}

#[test]
fn mosaics_of_close_colours_are_drawn() {
    // Without a gap, with grout, and with bevels; hexagon-like cells have neither rows nor columns.
    let plain = |x: usize, y: usize| close(40, scattered((x + 2 * y) / 13, (3 * y).abs_diff(x) / 17));
    let grout = |x: usize, y: usize| {
        let (i, j) = (x / 12, y / 12);
        if [x % 12, y % 12].contains(&0) { [30, 34, 38] } else { close(40, i + j) }
    };
    let bevels = |x: usize, y: usize| {
        let (i, j) = (x / 12, y / 12);
        let by = if [x % 12, y % 12].contains(&0) { 14 } else { 0 };
        let by = if x % 12 == 11 || y % 12 == 11 { -14i16 } else { by };
        close(40, i + j).map(|v| (i16::from(v) + by) as u8)
    };
    for (name, found) in [("plain", look(plain)), ("grout", look(grout)), ("bevels", look(bevels))] {
        assert!(found.drawing.is_some() || !found.visible, "{name}: {:?}", found.cause);
    }
}

#[test]
fn sectors_of_close_colours_are_drawn_and_a_turning_gradient_is_not() {
    let turn = |x: usize, y: usize| (y as f32 - 120.3).atan2(x as f32 - 160.7) / std::f32::consts::TAU + 0.5;
    let found = look(|x, y| close(36, (turn(x, y) * 35.99) as usize));
    assert!(found.drawing.is_some(), "{:?}", found.cause);
    let found = look(|x, y| {
        let t = (2.0 * turn(x, y) - 1.0).abs();
        [20.0 + 200.0 * t, 60.0 + 120.0 * t, 190.0 - 90.0 * t].map(|v| ((v / 8.226).round() * 8.226) as u8)
    });
    assert_eq!((found.cause, found.drawing), (Cause::Levels, None));
}

#[test]
fn wedges_of_uneven_widths_are_drawn_and_a_palette_of_a_gradient_is_not() {
    // Widths chosen by hand, and widths that follow from the colours.
    let mut ends = vec![0];
    while ends.last().is_some_and(|&end| end < W) {
        ends.push(ends[ends.len() - 1] + [5, 11, 7, 16, 9, 6, 14][ends.len() % 7]);
    }
    let step = |x: usize| ends.partition_point(|&end| end <= x);
    let found = look(|x, _| close(45, step(x)));
    assert!(found.drawing.is_some(), "{:?}", found.cause);
    let found = look(|x, _| {
        let middle = (ends[step(x) - 1] + ends[step(x)]) as f32 / 2.0;
        [20.0 + 0.6 * middle, 60.0 + 0.4 * middle, 190.0 - 0.4 * middle].map(|v| v as u8)
    });
    assert_eq!((found.cause, found.drawing), (Cause::Palette, None));
}

#[test]
fn pixels_with_scanlines_or_dots_are_drawn() {
    let art = |x: usize, y: usize| close(38, scattered(x / 8, y / 8) / 5 + y / 4);
    let scanlines = look(|x, y| art(x / 3, y / 3).map(|v| if y % 3 == 2 { v / 4 * 3 } else { v }));
    let dots = look(|x, y| if x % 4 == 3 || y % 4 == 3 { [20; 3] } else { art(x / 4, y / 4) });
    for found in [scanlines, dots] {
        assert!(found.drawing.is_some() || !found.visible, "{:?}", found.cause);
    }
}

#[test]
fn contour_lines_are_drawn() {
    let height = |x: usize, y: usize| {
        let (u, v) = (x as f32 / 60.0, y as f32 / 55.0);
        (0.5 + 0.25 * u.sin() * v.cos() + 0.2 * (0.7 * u - v).sin()) * 33.0
    };
    let found = look(|x, y| {
        let here = height(x, y) as usize;
        let line = here != height(x + 1, y) as usize || here != height(x, y + 1) as usize;
        if line { [40, 44, 52] } else { close(36, here) }
    });
    assert!(found.drawing.is_some() || !found.visible, "{:?}", found.cause);
}

#[test]
fn every_second_line_darker_is_drawn() {
    let layers = |x: usize, y: usize| (12.0 + 8.0 * (x as f32 / 40.0).sin() + y as f32 / 14.0) as usize;
    let found = look(|x, y| close(38, layers(x, y)).map(|v| if y % 2 == 1 { v / 4 * 3 } else { v }));
    assert_eq!(found.drawing, Some(Drawing::FlatColours), "{:?}", found.cause);
    // A steep ramp changes from line to line too, but does not come back.
    let ramp = look(|_, y| [(8 + y) as u8 / 4 * 4, (8 + y) as u8, (8 + y) as u8]);
    assert_eq!(ramp.drawing, None, "{:?}", ramp.cause);
}

#[test]
fn honeycombs_of_a_few_close_colours_are_drawn() {
    // The nearest centre of a lattice of hexagons.
    let cell = |x: usize, y: usize| {
        let all = (0..H / 18 + 2).flat_map(|j| (0..W / 20 + 2).map(move |i| (i, j)));
        let far = |&(i, j): &(usize, usize)| {
            (20 * i + 10 * (j % 2)).abs_diff(x).pow(2) + (18 * j).abs_diff(y).pow(2)
        };
        all.min_by_key(far).unwrap()
    };
    let found = look(|x, y| {
        let (i, j) = cell(x, y);
        let t = (i / 2 + j / 2 + scattered(i, j) % 5) % 19;
        let red = 90 + [0, 5, 11, 16, 24, 29, 35][t.div_ceil(3)];
        let green = 120 + [0, 7, 12, 20, 25, 33, 38][(t + 1) / 3];
        [red, green, 70 + [0, 4, 11, 15, 22, 26, 34][t / 3]]
    });
    assert_eq!(found.drawing, Some(Drawing::FewColours), "{:?}", found.cause);
}
