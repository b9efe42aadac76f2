//! Ringing of a codec at the contours of levels that were lost before.
//!
//! A contour between two levels of luma is a small edge, which a codec surrounds by ringing. Such samples are
//! on neither level. Left alone they keep their distance from the smooth surface, and draw the contour again.
//! They are part of the surface of their neighbours: where these are on at most two levels, a sample between
//! levels gets the median luma around it before the restorer sees it.
//!
//! Chosen on validation photos with luma, or all planes, at 6 bits before MPEG-4: PSNR of luma in smooth
//! areas +0.02 and +0.04 dB, false steps −2 %, PSNR +0.00 dB. Squares of 5×5 lose 0.01 dB.

use unband_image::findings::{Findings, PlaneGrid, Space};
use unband_image::{Context, Image, Matrix, Model};
use unband_simd::filters::smooth::mix_row;
use unband_simd::jobs::ringing::from_medians;

use super::earlier::EarlierCompressionImage;
use super::{Repair, Work};
use crate::networks;

/// Range of luma in the median's square, in steps, up to which its samples belong to two neighbouring levels.
const RANGE: f32 = 1.6;
/// Distance from the nearest level, in steps, from which a sample is between levels.
const OFF: f32 = 0.1;

pub(crate) struct Ringing;

impl Repair for Ringing {
    fn applies(&self, findings: &Findings) -> bool {
        luma(findings).is_some()
    }

    fn before(&self, work: &mut Work<'_>) {
        // Averaged coefficients have no ringing; and what changes there would stay in the network's result.
        let averaged = networks::averages_blocks(&work.choices.method, work.image, work.findings);
        if work.earlier.is_some() || averaged {
            return;
        }
        let image = removed(work.image, work.findings, work.ctx);
        let findings = work.findings;
        work.earlier =
            image.map(|image| EarlierCompressionImage { image, findings: findings.clone(), shares: None });
    }
}

/// The matrix and grid of luma with even levels below a lossy coding.
fn luma(findings: &Findings) -> Option<(Matrix, &PlaneGrid)> {
    let Space::Yuv { matrix, .. } = findings.space else { return None };
    let even = |grid: &&PlaneGrid| grid.found && grid.steps_by_code.is_none() && grid.step_codes > 0.0;
    Some((matrix, findings.grids.first().filter(even).filter(|_| findings.lossy)?))
}

/// The image without ringing at contours; `None` where no luma grid was found below a lossy coding. Each
/// channel of a pixel moves by the same amount.
fn removed(image: &Image, findings: &Findings, ctx: &Context<'_>) -> Option<Image> {
    let (matrix, grid) = luma(findings)?;
    if image.color.model != Model::Rgb {
        return None;
    }
    let (width, height) = (image.width(), image.height());
    let (scale, offset) = (255.0 / grid.step_codes, grid.offset_codes / grid.step_codes);
    let weights = matrix.weights_of(0).map(|weight| weight * scale);
    // One sample more at each end, equal to its neighbour.
    let luma: Vec<Vec<f32>> = ctx.map(height, |y| {
        let mut row = vec![0.0; width + 2];
        let source = |p: usize| image.planes[p].row(y);
        mix_row(ctx.level, &mut row[1..=width], source(0), source(1), source(2), weights);
        (row[0], row[width + 1]) = (row[1], row[width]);
        row
    });
    let changes: Vec<Vec<f32>> = ctx.map(height, |y| {
        let [above, here, below] = [y.saturating_sub(1), y, (y + 1).min(height - 1)].map(|y| &luma[y][..]);
        let mut row = vec![0.0; width];
        from_medians(ctx.level, &mut row, above, here, below, offset, OFF, RANGE);
        for change in &mut row {
            *change /= scale;
        }
        row
    });
    let mut made = image.clone();
    for plane in &mut made.planes {
        for (row, changes) in plane.data.chunks_exact_mut(width).zip(&changes) {
            row.iter_mut().zip(changes).for_each(|(value, change)| *value += change);
        }
    }
    Some(made)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use unband_image::Range;
    use unband_image::With;

    const STEP: f32 = 255.0 / 63.0;

    /// Levels of luma, 16 columns each, with ringing of half a step next to their contours: dark and bright
    /// samples in turn.
    fn ringing(steps_of_edges: f32) -> (Image, Findings, Vec<usize>) {
        let (width, height) = (96, 24);
        let mut image = Image::from_rgb8(width, height, &vec![0; 3 * width * height]).unwrap();
        let mut specks = Vec::new();
        for y in 0..height {
            for x in 0..width {
                let at = y * width + x;
                let speck = x > 16 && x % 16 == 0 && y % 6 == 3;
                if speck {
                    specks.push(at);
                }
                let level = 20.0 + steps_of_edges * (x / 16) as f32;
                let value = (level + if speck { 0.5 } else { 0.0 }) * STEP / 255.0;
                image.planes.iter_mut().for_each(|plane| plane.data[at] = value);
            }
        }
        let mut findings = Findings::plain(3, 8);
        findings.space = Space::Yuv { matrix: Matrix::Bt601, range: Range::Full };
        findings.lossy = true;
        findings.grids[0] = PlaneGrid::plain(STEP).but(|new| new.found = true);
        (image, findings, specks)
    }

    #[test]
    fn samples_between_two_levels_join_their_neighbours() {
        let (image, findings, specks) = ringing(1.0);
        let made = removed(&image, &findings, &Context::default()).unwrap();
        for (at, (before, after)) in image.planes[1].data.iter().zip(&made.planes[1].data).enumerate() {
            let moved = (after - before) * 255.0 / STEP;
            let wanted = if specks.contains(&at) { -0.5 } else { 0.0 };
            assert!((moved - wanted).abs() < 0.01, "sample {at}: {moved}");
        }
    }

    #[test]
    fn edges_keep_their_samples() {
        let (image, findings, _) = ringing(3.0);
        let made = removed(&image, &findings, &Context::default()).unwrap();
        assert!(made.planes == image.planes);
    }

    #[test]
    fn only_below_a_lossy_coding() {
        let (image, findings, _) = ringing(1.0);
        let lossless = findings.clone().but(|new| new.lossy = false);
        assert!(removed(&image, &lossless, &Context::default()).is_none());
        let native = findings.but(|new| new.space = Space::Native);
        assert!(removed(&image, &native, &Context::default()).is_none());
    }
}
