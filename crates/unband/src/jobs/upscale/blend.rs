//! Blend of a network's result and interpolation, by evidence in the image.
//!
//! An upscaling network takes texture for noise, and sharpens defocus, where nothing is damaged. Noise and
//! compression show in the image: by its high frequencies, how even they are, and blocks of 8×8. Where they
//! are missing, and the network changes much, or contradicts the image when its result is made smaller again,
//! interpolation is nearer to the original. A small network (`gate.rs`) learned the shares.

use std::ops::Range;

use unband_image::resize::{Axis, Beyond};
use unband_image::{Context, Plane, Resampling};

use super::gate::Gate;
use super::mode::Evidence;
use super::rows::{self, ROWS};

/// Half the side of the neighbourhood of a feature, in samples of the image.
const AROUND: isize = 3;
/// Half the side of the neighbourhood in which the result's deviation from the image is averaged.
const CLOSE: isize = 1;
/// Rows around a part: neighbourhoods of high frequencies, and of interpolated shares.
const MARGIN: usize = 2 + AROUND as usize;
/// Levels from which an image is degraded as a whole, at the first not at all and at the second fully: the
/// floor of high frequencies, and the part of them that the network removes. Undamaged photos with such a
/// floor are at −2.4 of the latter, images of BSRGAN's degradation at 0.2.
const FLOOR: (f32, f32) = (1.0, 1.6);
const REMOVED: (f32, f32) = (-0.4, -0.1);
/// Energy, in squared codes, up to which a neighbourhood is constant.
const CONSTANT: f32 = 1e-3;

/// Replaces a network's result by its blend with cubic interpolation of the image. Returns the network's mean
/// share, 0 to 1.
pub(super) fn blend(
    gate: &Gate,
    image: &[Plane],
    made: &mut [Plane],
    scale: usize,
    evidence: &mut Evidence,
    ctx: &Context<'_>,
) -> f32 {
    let differences = Differences::new(image, made, scale, ctx);
    let whole = evidence.features(|| Whole::new(image, &differences));
    let parts = rows::parts(image[0].height);
    let mut slices: Vec<Vec<&mut [f32]>> = parts.iter().map(|_| Vec::with_capacity(image.len())).collect();
    for plane in made {
        let rows = plane.data.chunks_mut(plane.width * scale * ROWS);
        slices.iter_mut().zip(rows).for_each(|(slices, rows)| slices.push(rows));
    }
    let sums = ctx.map_parts(slices, |part, slices| {
        let part = Strip::new(image, &differences, &parts[part]);
        let shares = part.shares(gate, &whole);
        part.mix(slices, &shares, scale)
    });
    sums.iter().sum::<f32>() / image[0].data.len() as f32
}

/// Features of the whole image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Whole {
    /// Level of high frequencies that a tenth of the neighbourhoods stay below, and of diagonal ones.
    pub(super) floors: [f32; 2],
    /// Steps between blocks of 8×8, in octaves above the usual ones.
    pub(super) blocks: f32,
    /// Degradation of the whole image, 0 to 1: high frequencies are nowhere low, and the network removes
    /// them.
    pub(super) degraded: f32,
}

impl Whole {
    fn new(image: &[Plane], differences: &Differences) -> Self {
        let high = mean(&energy(image, high), AROUND).data;
        let floors = [floor(&high), floor(&mean(&energy(image, diagonal), AROUND).data)];
        let off = mean(&differences.energies[1], AROUND).data;
        let mut removed: Vec<f32> =
            off.iter().zip(&high).map(|(&off, &high)| level(off) - level(high)).collect();
        let middle = removed.len() / 2;
        let removed = *removed.select_nth_unstable_by(middle, f32::total_cmp).1;
        let share = |value: f32, (none, full): (f32, f32)| ((value - none) / (full - none)).clamp(0.0, 1.0);
        let degraded = share(floors[0], FLOOR) * share(removed, REMOVED);
        Self { floors, blocks: blockiness(image), degraded }
    }

    /// These features, moved towards others by a share of the difference.
    pub(super) fn towards(&self, other: &Self, share: f32) -> Self {
        let between = |a: f32, b: f32| a + share * (b - a);
        Self {
            floors: [0, 1].map(|i| between(self.floors[i], other.floors[i])),
            blocks: between(self.blocks, other.blocks),
            degraded: between(self.degraded, other.degraded),
        }
    }
}

/// Differences between the network's result, interpolation and the image, one per sample of the image.
struct Differences {
    /// Energies in squared 8-bit codes, mean over planes: result from interpolation; the deviations of both
    /// from the image, made smaller again.
    energies: [Plane; 3],
    /// The image minus the network's result made smaller, per plane.
    missing: Vec<Plane>,
}

impl Differences {
    fn new(image: &[Plane], made: &[Plane], scale: usize, ctx: &Context<'_>) -> Self {
        let (width, height) = (image[0].width, image[0].height);
        let parts = rows::parts(height);
        let found = ctx.map(parts.len(), |part| {
            let mut energies = [(); 3].map(|()| vec![0.0; parts[part].len() * width]);
            let pairs = image.iter().zip(made);
            let missing =
                pairs.map(|(plane, made)| differences(plane, made, &parts[part], scale, &mut energies));
            let missing: Vec<Vec<f32>> = missing.collect();
            (energies, missing)
        });
        let plane = |data: Vec<f32>| Plane { width, height, data };
        let codes = 255.0 * 255.0 / image.len() as f32;
        let energy =
            |i: usize| found.iter().flat_map(|(energies, _)| &energies[i]).map(|&e| e * codes).collect();
        let missing = |p: usize| found.iter().flat_map(|(_, missing)| &missing[p]).copied().collect();
        Self {
            energies: [0, 1, 2].map(|i| plane(energy(i))),
            missing: (0..image.len()).map(|p| plane(missing(p))).collect(),
        }
    }
}

/// Rows of an image with those around them.
struct Strip {
    /// The rows, counted from the first one around them.
    rows: Range<usize>,
    planes: Vec<Plane>,
    energies: [Plane; 3],
    missing: Vec<Plane>,
}

impl Strip {
    fn new(image: &[Plane], differences: &Differences, rows: &Range<usize>) -> Self {
        let window = rows::around(&image[0], rows, MARGIN);
        let cut = |planes: &[Plane]| planes.iter().map(|plane| plane.cut(window)).collect();
        Self {
            rows: rows.start - window.y0..rows.end - window.y0,
            planes: cut(image),
            energies: differences.energies.each_ref().map(|plane| plane.cut(window)),
            missing: cut(&differences.missing),
        }
    }

    /// Shares of the network's difference from interpolation, and of its own deviation from the image.
    fn shares(&self, gate: &Gate, whole: &Whole) -> [Plane; 2] {
        let [high, diagonal] = [high, diagonal].map(|of| energy(&self.planes, of));
        let [changed, off, off_cubic] = &self.energies;
        let features = [&high, changed, off, off_cubic, &diagonal].map(|plane| mean(plane, AROUND));
        let Whole { floors, blocks, degraded } = *whole;
        let mut shares = [high, diagonal];
        for i in 0..shares[0].data.len() {
            let [high, changed, off, off_cubic, diagonal] =
                features.each_ref().map(|plane| level(plane.data[i]));
            let found = gate.shares([high, changed, off, off_cubic, diagonal, floors[0], blocks, floors[1]]);
            for ((plane, share), alone) in shares.iter_mut().zip(found).zip([1.0, 0.0]) {
                plane.data[i] = share + degraded * (alone - share);
            }
        }
        shares
    }

    /// Blends the rows of each plane of the result. Returns the sum of the network's shares.
    fn mix(&self, made: Vec<&mut [f32]>, shares: &[Plane; 2], scale: usize) -> f32 {
        let linear = |plane: &Plane| scaled_rows(plane, &self.rows, scale, Resampling::Bilinear);
        let [own, back] = shares.each_ref().map(linear);
        for ((made, plane), missing) in made.into_iter().zip(&self.planes).zip(&self.missing) {
            let (cubic, missing) = (cubic(plane, &self.rows, scale), linear(&mean(missing, CLOSE)));
            let shares = own.iter().zip(&back);
            for (((value, cubic), missing), (own, back)) in
                made.iter_mut().zip(cubic).zip(missing).zip(shares)
            {
                *value = cubic + own * (*value - cubic) + back * missing;
            }
        }
        let width = shares[0].width;
        shares[0].data[self.rows.start * width..self.rows.end * width]
            .iter()
            .map(|share| share.min(1.0))
            .sum()
    }
}

/// Half the binary logarithm of an energy: octaves of its root.
fn level(energy: f32) -> f32 {
    0.5 * energy.max(1.0 / 1024.0).log2()
}

/// The mean around each sample.
fn mean(plane: &Plane, radius: isize) -> Plane {
    let share = 1.0 / (2 * radius + 1) as f64;
    let axis = |side: usize| {
        Axis::new(side, side, Beyond::Repeat, |o, taps| {
            let o = o.cast_signed();
            taps.extend((o - radius..=o + radius).map(|i| (i, share)));
        })
    };
    plane.mapped(&axis(plane.width), &axis(plane.height))
}

/// Some rows of a plane in another scale.
fn scaled_rows(plane: &Plane, rows: &Range<usize>, scale: usize, method: Resampling) -> Vec<f32> {
    let row = plane.width * scale;
    let mut large = plane.resized(row, plane.height * scale, method);
    large.data.truncate(rows.end * scale * row);
    large.data.split_off(rows.start * scale * row)
}

/// Some rows interpolated, within 0 to 1, or the plane's own range where that is wider.
fn cubic(plane: &Plane, rows: &Range<usize>, scale: usize) -> Vec<f32> {
    let mut found = scaled_rows(plane, rows, scale, Resampling::BicubicAntialiased);
    let (low, high) = plane.data.iter().fold((0.0f32, 1.0f32), |(low, high), &v| (low.min(v), high.max(v)));
    for value in &mut found {
        *value = value.clamp(low, high);
    }
    found
}

/// A sample with its neighbours above, below, left and right, and the one below right.
type Cross = [f32; 6];

fn high([here, above, below, left, right, _]: Cross) -> f32 {
    here - (above + below + left + right) / 4.0
}

fn diagonal([here, _, below, _, right, across]: Cross) -> f32 {
    0.5 * (here - below - right + across)
}

/// Energy of a difference, in squared 8-bit codes: mean over planes.
fn energy(image: &[Plane], difference: fn(Cross) -> f32) -> Plane {
    let (width, height) = (image[0].width, image[0].height);
    let mut found = Plane::filled(width, height, 0.0);
    let codes = 255.0 * 255.0 / image.len() as f32;
    for plane in image {
        for y in 0..height {
            let (above, here) = (plane.row(y.saturating_sub(1)), plane.row(y));
            let below = plane.row((y + 1).min(height - 1));
            for (x, energy) in found.row_mut(y).iter_mut().enumerate() {
                let (left, right) = (x.saturating_sub(1), (x + 1).min(width - 1));
                let cross = [here[x], above[x], below[x], here[left], here[right], below[right]];
                *energy += codes * difference(cross).powi(2);
            }
        }
    }
    found
}

/// Adds the energies of differences between result, interpolation and image in some rows; returns the image
/// minus the result made smaller.
fn differences(
    plane: &Plane,
    made: &Plane,
    rows: &Range<usize>,
    scale: usize,
    energies: &mut [Vec<f32>; 3],
) -> Vec<f32> {
    let window = rows::around(plane, rows, MARGIN);
    let inner = rows.start - window.y0..rows.end - window.y0;
    let interpolated = cubic(&plane.cut(window), &inner, scale);
    let width = plane.width;
    let share = 1.0 / (scale * scale) as f32;
    let mut missing = Vec::with_capacity(rows.len() * width);
    for y in rows.clone() {
        let mut sums = vec![[0.0f32; 3]; width];
        for line in y * scale..(y + 1) * scale {
            let cubic = &interpolated[(line - rows.start * scale) * made.width..][..made.width];
            let pairs = made.row(line).chunks_exact(scale).zip(cubic.chunks_exact(scale));
            for ([made, cubic, changed], (of_network, of_cubic)) in
                sums.iter_mut().map(<[f32; 3]>::each_mut).zip(pairs)
            {
                for (&a, &b) in of_network.iter().zip(of_cubic) {
                    *made += a;
                    *cubic += b;
                    *changed += (a - b) * (a - b);
                }
            }
        }
        for (x, (&value, [made, cubic, changed])) in plane.row(y).iter().zip(sums).enumerate() {
            let i = (y - rows.start) * width + x;
            let (off, off_cubic) = (value - made * share, value - cubic * share);
            energies[0][i] += changed * share;
            energies[1][i] += off * off;
            energies[2][i] += off_cubic * off_cubic;
            missing.push(off);
        }
    }
    missing
}

/// The level that a tenth of the neighbourhoods stay below, without constant ones; 0 where nearly all are.
fn floor(energies: &[f32]) -> f32 {
    let mut some: Vec<f32> = energies.iter().copied().filter(|&energy| energy > CONSTANT).collect();
    if some.len() < 16 || some.len() * 50 < energies.len() {
        return 0.0;
    }
    let at = (some.len() - 1) / 10;
    level(*some.select_nth_unstable_by(at, f32::total_cmp).1)
}

/// How far the steps at one of eight positions exceed the usual ones, in octaves: blocks of JPEG.
fn blockiness(image: &[Plane]) -> f32 {
    let (width, height) = (image[0].width, image[0].height);
    let (mut across, mut down) = (vec![0.0f64; width - 1], vec![0.0f64; height - 1]);
    let mut above = vec![0.0; width];
    let mut here = vec![0.0; width];
    for y in 0..height {
        for (x, sum) in here.iter_mut().enumerate() {
            *sum = image.iter().map(|plane| plane.row(y)[x]).sum::<f32>();
        }
        for (sum, pair) in across.iter_mut().zip(here.windows(2)) {
            *sum += f64::from((pair[1] - pair[0]).abs());
        }
        if y > 0 {
            down[y - 1] = here.iter().zip(&above).map(|(a, b)| f64::from((a - b).abs())).sum();
        }
        std::mem::swap(&mut above, &mut here);
    }
    // In codes per sample.
    let codes = 255.0 / image.len() as f64;
    let excess = |steps: &[f64], samples: usize| {
        let of = |phase: usize| {
            let steps = steps.iter().skip(phase).step_by(8);
            (steps.len() >= 2).then(|| steps.clone().sum::<f64>() / steps.len() as f64)
        };
        let mut found: Vec<f64> = (0..8).filter_map(of).collect();
        if found.len() < 8 {
            return 0.0;
        }
        found.sort_by(f64::total_cmp);
        let usual = f64::midpoint(found[3], found[4]);
        let visible = usual * codes / samples as f64 > 1e-3;
        if visible { (found[7] / usual).log2().clamp(0.0, 2.0) as f32 } else { 0.0 }
    };
    f32::midpoint(excess(&across, height), excess(&down, width))
}

#[cfg(test)]
mod tests {
    use unband_image::With;

    use super::*;

    /// Three planes of pseudo-random samples up to a value, higher than a part.
    fn image(most: f32) -> Vec<Plane> {
        let (width, height) = (21, ROWS + 15);
        let sample = |i: usize| (i.wrapping_mul(2_654_435_761) >> 7 & 0xff) as f32 / 255.0 * most;
        let plane = |p: usize| Plane {
            width,
            height,
            data: (0..width * height).map(|i| sample(i + 7919 * p)).collect(),
        };
        (0..3).map(plane).collect()
    }

    fn cubic_of(image: &[Plane], scale: usize) -> Vec<Plane> {
        let cubic = |plane: &Plane| {
            let mut cubic =
                plane.resized(plane.width * scale, plane.height * scale, Resampling::BicubicAntialiased);
            cubic.data.iter_mut().for_each(|value| *value = value.clamp(0.0, 1.0));
            cubic
        };
        image.iter().map(cubic).collect()
    }

    fn apart(a: &[Plane], b: &[Plane]) -> f32 {
        let pairs = a.iter().zip(b).flat_map(|(a, b)| a.data.iter().zip(&b.data));
        pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
    }

    #[test]
    fn shares_lead_from_interpolation_to_the_network() {
        let image = image(0.01);
        for scale in [2, 4] {
            let cubic = cubic_of(&image, scale);
            // A network that adds 0.1.
            let network: Vec<Plane> = cubic
                .iter()
                .map(|plane| Plane { data: plane.data.iter().map(|v| v + 0.1).collect(), ..plane.clone() })
                .collect();
            for (full, share, added) in [(false, 0.0, 0.0), (true, 1.0, 1.1 * 0.1)] {
                let mut made = network.clone();
                let gate = Gate::constant([full, false]);
                let found =
                    blend(&gate, &image, &mut made, scale, &mut Evidence::default(), &Context::default());
                assert!((found - share).abs() < 1e-5, "×{scale}: {found}");
                let expected: Vec<Plane> = cubic
                    .iter()
                    .map(|plane| Plane {
                        data: plane.data.iter().map(|v| v + added).collect(),
                        ..plane.clone()
                    })
                    .collect();
                assert!(apart(&made, &expected) < 1e-5, "×{scale}, {full}: {}", apart(&made, &expected));
            }
        }
    }

    #[test]
    fn a_degraded_image_is_left_to_the_network() {
        // It removes all noise.
        let (image, flat) = (image(1.0), Plane::filled(42, 2 * (ROWS + 15), 0.5));
        let mut made = vec![flat; 3];
        let expected = made.clone();
        assert!(
            blend(
                &Gate::constant([false, true]),
                &image,
                &mut made,
                2,
                &mut Evidence::default(),
                &Context::default()
            ) > 0.999
        );
        assert!(apart(&made, &expected) < 1e-5);
    }

    #[test]
    fn the_deviation_from_the_image_is_taken_back() {
        let flat = |value: f32, side: usize| Plane::filled(side, side, value);
        let (image, mut made) = (vec![flat(0.5, 80)], vec![flat(0.7, 160)]);
        blend(
            &Gate::constant([true, true]),
            &image,
            &mut made,
            2,
            &mut Evidence::default(),
            &Context::default(),
        );
        // 0.5 + 1.1 · 0.2 − 0.2
        assert!(apart(&made, &[flat(0.52, 160)]) < 1e-5);
    }

    #[test]
    fn values_above_one_stay() {
        let (image, mut made) = (vec![Plane::filled(16, 16, 3.0)], vec![Plane::filled(32, 32, 3.0)]);
        blend(
            &Gate::constant([false, false]),
            &image,
            &mut made,
            2,
            &mut Evidence::default(),
            &Context::default(),
        );
        assert!(apart(&made, &[Plane::filled(32, 32, 3.0)]) < 1e-5);
    }

    #[test]
    fn threads_do_not_matter() {
        let image = image(1.0);
        let gate = Gate::constant([true, false]);
        let of = |threads: usize| {
            let mut made = cubic_of(&image, 2);
            blend(
                &gate,
                &image,
                &mut made,
                2,
                &mut Evidence::default(),
                &Context::with(|new| new.threads = threads),
            );
            made
        };
        assert_eq!(of(1), of(3));
    }

    #[test]
    fn blocks_are_seen() {
        let steps = |every: usize| {
            let value =
                |i: usize| (i % 64 / every + i / 64 / every) as f32 * 0.02 + (i * 37 % 11) as f32 * 0.0004;
            vec![Plane { width: 64, height: 64, data: (0..64 * 64).map(value).collect() }]
        };
        assert!(blockiness(&steps(8)) > 1.0);
        assert!(blockiness(&steps(1)) < 0.3);
    }
}
