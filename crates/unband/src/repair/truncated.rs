//! Centres of intervals for truncated samples: `v & 0xF8` stands for the values from `v` to `v + 7`.

use unband_image::findings::{Cause, Findings, PlaneGrid, Space};
use unband_image::{Context, Image, is_transparent};
use unband_simd::jobs::faithful::nearest_level;

use super::black_white::{BlackWhiteRange, End};
use super::{Repair, Work};

/// Distance from the edge of a black or white area, in samples, from which it stays exact.
const INSIDE: u8 = 4;

/// Greatest distance from the centre, in steps.
const MOST: f32 = 0.499;

pub(crate) struct Truncated;

impl Repair for Truncated {
    fn applies(&self, findings: &Findings) -> bool {
        let levels = findings.cause == Cause::Levels && !findings.lossy;
        levels && findings.space == Space::Native && findings.grids.iter().any(is_truncated)
    }

    fn before(&self, work: &mut Work<'_>) {
        work.centred = CentredCodes::move_to(work.image, work.findings, work.ends.as_ref(), work.ctx);
    }
}

/// The effect of [`CentredCodes::move_to`], for the report.
pub(crate) struct CentredCodes {
    /// Mean shift of each plane, in 8-bit codes.
    pub mean_codes: Vec<f32>,
    /// Largest shift, in 8-bit codes.
    pub most_codes: f32,
}

impl CentredCodes {
    /// Moves the samples of truncated planes to the centres of their intervals; `None` in YUV images.
    ///
    /// Areas on the lowest level in all planes stay black, those on the highest become white. Invisible
    /// samples stay.
    fn move_to(
        image: &mut Image,
        findings: &Findings,
        ends: Option<&BlackWhiteRange>,
        ctx: &Context<'_>,
    ) -> Option<Self> {
        if image.is_yuv() || findings.grids.len() != image.planes.len() {
            return None;
        }
        let (width, alpha) = (image.width(), image.alpha.as_ref());
        let mut effect = Self { mean_codes: Vec::new(), most_codes: 0.0 };
        for (p, (plane, grid)) in image.planes.iter_mut().zip(&findings.grids).enumerate() {
            if !is_truncated(grid) {
                effect.mean_codes.push(0.0);
                continue;
            }
            let (step, offset) = (grid.step_codes / 255.0, grid.offset_codes / 255.0);
            let rows: Vec<&mut [f32]> = plane.data.chunks_exact_mut(width).collect();
            let moved = ctx.map_parts(rows, |y, row| {
                let (mut sum, mut most) = (0.0f64, 0.0f32);
                for (x, value) in row.iter_mut().enumerate() {
                    let unseen = alpha.is_some_and(|alpha| is_transparent(alpha.row(y)[x]));
                    let outside = findings.regions.as_ref().is_some_and(|regions| !regions.holds_at(p, x, y));
                    if unseen || outside {
                        continue;
                    }
                    let centre = nearest_level(*value, step, offset) * step + offset;
                    let target = match ends.and_then(|ends| ends.inside(x, y, INSIDE)) {
                        Some(End::Black) => (centre - MOST * step).max(0.0),
                        Some(End::White) => (centre + MOST * step).min(1.0),
                        None => centre,
                    };
                    sum += f64::from(target - *value);
                    most = most.max((target - *value).abs());
                    *value = target;
                }
                (sum, most)
            });
            let sum: f64 = moved.iter().map(|part| part.0).sum();
            effect.mean_codes.push((255.0 * sum / plane.data.len() as f64) as f32);
            effect.most_codes = moved.iter().fold(effect.most_codes, |most, part| most.max(255.0 * part.1));
        }
        Some(effect)
    }
}

fn is_truncated(grid: &PlaneGrid) -> bool {
    grid.found && grid.truncated && grid.step_codes > 0.0
}
