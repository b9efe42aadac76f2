//! Tests of drawing detection: edges from anti-aliasing and smooth filters, and gradients without edges.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::inspect;
use unband_image::Context;
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
fn pixels_enlarged_by_a_smooth_filter_are_drawn_or_plain() {
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
