//! Augmentation of training pairs.

use unband_image::Rng;

use crate::recipe::Augment;

/// Random augmentation of one patch.
#[derive(Clone, Copy)]
pub(crate) struct Change {
    turn: Turn,
    /// Radians.
    angle: Option<f32>,
    /// Factor and offset of sample values.
    tones: Option<(f32, f32)>,
    colors: Option<Colors>,
}

impl Change {
    /// Draws the augmentation of `sample` of a batch.
    pub fn drawn(augment: Augment, rng: Rng, sample: u32) -> Self {
        let unit = |plane| rng.unit_at(sample, plane, 0, 0);
        let around = |plane, most: f64| (2.0 * unit(plane) - 1.0) * most as f32;
        let angle = augment.rotate.map(|most| around(20, most).to_radians());
        let tones = augment.tones.filter(|tones| f64::from(unit(21)) < tones.probability);
        let tones = tones.map(|tones| (1.0 + around(22, tones.contrast), around(23, tones.brightness)));
        let colors = augment.colors.then(|| Colors::drawn(unit(24), unit(25)));
        Self { turn: Turn::drawn(augment, rng, sample), angle, tones, colors }
    }

    /// Appends planes of a square to `out`, flipped and rotated by quarter turns only, which leaves sample
    /// values unchanged.
    pub fn lay(self, patch: &[f32], side: usize, out: &mut Vec<f32>) {
        self.turn.lay(patch, side, out);
    }

    /// The same for an image with values of 0 to 1, which is also rotated by any angle and changed in
    /// brightness, contrast and colours.
    pub(crate) fn lay_image(self, patch: &[f32], side: usize, out: &mut Vec<f32>) {
        let start = out.len();
        self.turn.lay(patch, side, out);
        if let Some(angle) = self.angle {
            let turned: Vec<f32> = out[start..]
                .chunks_exact(side * side)
                .flat_map(|plane| rotated(plane, side, angle))
                .collect();
            out.truncate(start);
            out.extend(turned);
        }
        if let Some((factor, offset)) = self.tones {
            out[start..].iter_mut().for_each(|v| *v = (*v * factor + offset).clamp(0.0, 1.0));
        }
        if let Some(colors) = self.colors {
            colors.change(&mut out[start..]);
        }
    }
}

/// Order of the channels, and whether they are negatives. Samples stay on a grid of 2ⁿ levels.
#[derive(Clone, Copy)]
struct Colors {
    order: [usize; 3],
    negative: bool,
}

const ORDERS: [[usize; 3]; 6] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];

impl Colors {
    /// From two numbers of 0 to 1.
    fn drawn(order: f32, negative: f32) -> Self {
        Self { order: ORDERS[((order * 6.0) as usize).min(5)], negative: negative < 0.5 }
    }

    /// Changes an image of three planes.
    fn change(self, image: &mut [f32]) {
        let before = image.to_vec();
        let area = before.len() / 3;
        for (plane, from) in image.chunks_exact_mut(area).zip(self.order) {
            plane.copy_from_slice(&before[from * area..][..area]);
        }
        if self.negative {
            for v in image {
                *v = 1.0 - *v;
            }
        }
    }
}

/// Rotates a square about its centre with linear interpolation; outside it is mirrored without repeating the
/// border, as `OpenCV`'s `BORDER_REFLECT_101`, the default of albumentations' `Rotate`.
fn rotated(plane: &[f32], side: usize, angle: f32) -> Vec<f32> {
    let (sin, cos) = angle.sin_cos();
    let middle = (side - 1) as f32 / 2.0;
    let mirrored = |i: isize| {
        let period = 2 * (side.max(2) - 1).cast_signed();
        let i = i.rem_euclid(period);
        i.min(period - i).min(side.cast_signed() - 1) as usize
    };
    let at = |y: isize, x: isize| plane[mirrored(y) * side + mirrored(x)];
    let value = |i: usize| {
        let (y, x) = ((i / side) as f32 - middle, (i % side) as f32 - middle);
        let (y, x) = (middle + cos * y - sin * x, middle + sin * y + cos * x);
        let (top, left) = (y.floor(), x.floor());
        let (dy, dx) = (y - top, x - left);
        let (top, left) = (top as isize, left as isize);
        let row = |y| at(y, left) * (1.0 - dx) + at(y, left + 1) * dx;
        row(top) * (1.0 - dy) + row(top + 1) * dy
    };
    (0..side * side).map(value).collect()
}

/// Flips, then a transposition: with both flips, these are the eight orientations of a square.
#[derive(Clone, Copy)]
struct Turn {
    hflip: bool,
    vflip: bool,
    transpose: bool,
}

impl Turn {
    fn drawn(augment: Augment, rng: Rng, sample: u32) -> Self {
        let unit = |plane| f64::from(rng.unit_at(sample, plane, 0, 0));
        let (hflip, vflip) = (unit(1) < augment.hflip, unit(2) < augment.vflip);
        // A quarter turn is a transposition and a flip; half a turn is two flips.
        let quarters = if augment.turns { (unit(3) * 4.0) as u32 } else { 0 };
        let (half, quarter) = (quarters >= 2, quarters % 2 == 1);
        Self { hflip: hflip ^ half ^ quarter, vflip: vflip ^ half, transpose: quarter }
    }

    /// Appends planes of a square to `out`, one after the other.
    fn lay(self, patch: &[f32], side: usize, out: &mut Vec<f32>) {
        let place = |flipped: bool, i: usize| if flipped { side - 1 - i } else { i };
        for plane in patch.chunks_exact(side * side) {
            for y in 0..side {
                let start = out.len();
                let backwards = if self.transpose {
                    out.extend(plane[place(self.hflip, y)..].iter().step_by(side));
                    self.vflip
                } else {
                    out.extend_from_slice(&plane[place(self.vflip, y) * side..][..side]);
                    self.hflip
                };
                if backwards {
                    out[start..].reverse();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::Tones;

    #[test]
    fn turns_lay_a_square_in_eight_ways_and_keep_its_samples() {
        let patch: Vec<f32> = (0..27).map(|i| i as f32).collect();
        let mut seen = std::collections::HashSet::new();
        for i in 0..8 {
            let turn = Turn { hflip: i & 1 > 0, vflip: i & 2 > 0, transpose: i & 4 > 0 };
            let mut turned = Vec::new();
            turn.lay(&patch, 3, &mut turned);
            let mut sorted = turned.clone();
            sorted.sort_by(f32::total_cmp);
            assert_eq!(sorted, patch);
            // The centre of each plane stays; planes do not mix.
            assert!([turned[4], turned[13], turned[22]].map(|v| v as usize) == [4, 13, 22]);
            seen.insert(turned.iter().map(|v| v.to_bits()).collect::<Vec<_>>());
        }
        assert_eq!(seen.len(), 8);
    }

    #[test]
    fn a_quarter_turn_by_angle_is_a_quarter_turn_and_a_small_one_moves_little() {
        let side = 6;
        let plane: Vec<f32> = (0..36).map(|i| (i * i % 31) as f32).collect();
        let quarter = rotated(&plane, side, std::f32::consts::FRAC_PI_2);
        for (i, v) in quarter.iter().enumerate() {
            let (y, x) = (i / side, i % side);
            assert!((v - plane[(side - 1 - x) * side + y]).abs() < 1e-3, "{i}");
        }
        let same = rotated(&plane, side, 0.0);
        assert!(same.iter().zip(&plane).all(|(a, b)| (a - b).abs() < 1e-4));
        // A ramp has the same slope along any direction that rotates with it.
        let ramp: Vec<f32> = (0..81).map(|i| (i % 9) as f32).collect();
        let turned = rotated(&ramp, 9, 0.3);
        assert!((turned[41] - turned[40] - 0.3f32.cos()).abs() < 1e-4);
        assert!((turned[49] - turned[40] - 0.3f32.sin()).abs() < 1e-4);
    }

    #[test]
    fn colours_come_in_six_orders_and_as_negatives() {
        let augment = Augment { colors: true, ..Augment::default() };
        let mut seen = std::collections::HashSet::new();
        for sample in 0..200 {
            let mut changed = Vec::new();
            Change::drawn(augment, Rng::new(3), sample).lay_image(&[0.125, 0.25, 0.375], 1, &mut changed);
            let sum: f32 = changed.iter().sum();
            assert!([0.75, 2.25].contains(&sum), "{changed:?}");
            seen.insert(changed.iter().map(|v| v.to_bits()).collect::<Vec<_>>());
        }
        assert_eq!(seen.len(), 12);
    }

    #[test]
    fn both_images_of_a_pair_go_through_the_same() {
        let tones = Some(Tones { probability: 1.0, brightness: 0.2, contrast: 0.2 });
        let augment = Augment { rotate: Some(180.0), tones, ..Augment::default() };
        let patch = vec![0.5f32; 64];
        let laid = |sample: u32| {
            let (mut one, mut other) = (Vec::new(), Vec::new());
            let change = Change::drawn(augment, Rng::new(3), sample);
            change.lay_image(&patch, 8, &mut one);
            change.lay_image(&patch, 8, &mut other);
            assert!(one == other && one.iter().all(|v| (v - one[0]).abs() < 1e-6));
            one[0]
        };
        let values: Vec<f32> = (0..200).map(laid).collect();
        let (low, high) = values.iter().fold((1.0f32, 0.0f32), |(l, h), v| (l.min(*v), h.max(*v)));
        // 0.5 · (1 ± 0.2) ± 0.2.
        assert!((0.2..0.26).contains(&low) && (0.74..0.8001).contains(&high), "{low} {high}");
    }
}
