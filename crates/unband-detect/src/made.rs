//! Synthetic test images, for this crate, `smooth` and `unband`.

use super::Rng;

/// Direction of a gradient: the position along it, 0 to 1.
pub(super) const RUNS: [fn(f32, f32) -> f32; 6] = [
    |x, _| x,
    |x, _| 1.0 - x,
    |_, y| y,
    |_, y| 1.0 - y,
    |x, y| 0.5 * (x + y),
    |x, y| 1.2 * (x - 0.5).hypot(y - 0.45),
];

/// A gradient in 8-bit codes between three colours, with grain (peak, in codes).
pub(crate) fn gradient(w: usize, h: usize, run: usize, grain: f32, seed: u64) -> Vec<[f32; 3]> {
    let rng = Rng::new(seed);
    let stops = [[24.0, 40.0, 96.0], [150.0, 110.0, 140.0], [250.0, 190.0, 110.0]];
    (0..w * h)
        .map(|i| {
            let (x, y) = (i % w, i / w);
            let t = RUNS[run](x as f32 / (w - 1) as f32, y as f32 / (h - 1) as f32).clamp(0.0, 1.0);
            let (from, part) = if t < 0.55 { (0, t / 0.55) } else { (1, (t - 0.55) / 0.45) };
            [0, 1, 2].map(|c| {
                let noise = (rng.unit_at(0, c as u32, x as u32, y as u32) - 0.5) * 2.0 * grain;
                stops[from][c] + (stops[from + 1][c] - stops[from][c]) * part + noise
            })
        })
        .collect()
}

/// A palette by median cut: the box with the longest side is split at the median of its colours. Colours are
/// weighted equally or by pixels.
pub(crate) fn median_cut(pixels: &[[u8; 3]], colours: usize, by_pixels: bool) -> Vec<[u8; 3]> {
    let mut all: Vec<[u8; 3]> = pixels.to_vec();
    all.sort_unstable();
    if !by_pixels {
        all.dedup();
    }
    let longest = |part: &[[u8; 3]]| {
        let side = |c: usize| {
            let values = part.iter().map(|p| p[c]);
            values.clone().max().unwrap_or(0) - values.min().unwrap_or(0)
        };
        (0..3).map(|c| (side(c), c)).max().unwrap()
    };
    let mut boxes = vec![all];
    while boxes.len() < colours {
        let Some(widest) = (0..boxes.len()).max_by_key(|&i| (longest(&boxes[i]).0, i)) else { break };
        let (side, channel) = longest(&boxes[widest]);
        if side == 0 {
            break;
        }
        let mut part = boxes.swap_remove(widest);
        part.sort_unstable_by_key(|p| (p[channel], *p));
        let middle = part[part.len() / 2][channel];
        let at = part.partition_point(|p| p[channel] < middle);
        let at = if at == 0 { part.partition_point(|p| p[channel] <= middle) } else { at };
        let rest = part.split_off(at);
        boxes.extend([part, rest]);
    }
    let mean = |part: &Vec<[u8; 3]>| {
        [0, 1, 2].map(|c| {
            (part.iter().map(|p| u64::from(p[c])).sum::<u64>() as f64 / part.len() as f64).round() as u8
        })
    };
    boxes.iter().map(mean).collect()
}

/// Nearest palette colours; before that, `dither` adds an ordered pattern of that many codes.
pub(crate) fn on_palette(w: usize, pixels: &[[f32; 3]], palette: &[[u8; 3]], dither: f32) -> Vec<[u8; 3]> {
    const BAYER: [f32; 16] =
        [0.0, 8.0, 2.0, 10.0, 12.0, 4.0, 14.0, 6.0, 3.0, 11.0, 1.0, 9.0, 15.0, 7.0, 13.0, 5.0];
    let nearest = |(i, p): (usize, &[f32; 3])| {
        let threshold = (BAYER[i % w % 4 * 4 + i / w % 4] - 7.5) / 16.0 * dither;
        let distance =
            |q: &[u8; 3]| (0..3).map(|c| (p[c] + threshold - f32::from(q[c])).powi(2)).sum::<f32>();
        *palette.iter().min_by(|a, b| distance(a).total_cmp(&distance(b))).unwrap()
    };
    pixels.iter().enumerate().map(nearest).collect()
}
