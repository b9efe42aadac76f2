//! BBAND: band edges, their visibility, and a banding score.
//!
//! [`find_edges`] detects the edges, [`visibility`] weights their points, [`pool`] computes a score from
//! them, and [`score`] does all three. [`adadeband`](crate::adadeband) needs only the edges.

mod bits;
mod classes;
mod gaps;
mod link;
mod thin;
mod visibility;

use unband_image::{Context, RestoreError};
use unband_simd::filters::bband;

pub(crate) use bits::{Bits, by_rows, ones, piece};

use classes::{Gradients, magnitude};

/// Edges of fewer points are invisible.
pub const LEAST_POINTS: usize = 10;

/// Samples of luma, row by row without padding.
#[derive(Clone, Copy, Debug)]
pub enum Samples<'a> {
    /// 8-bit codes, for which the index is defined.
    Codes(&'a [u8]),
    /// Steps of 1/256 of an 8-bit code.
    Fine(&'a [u16]),
}

/// A luma plane in 8-bit codes, 0..=255.
#[derive(Clone, Copy, Debug)]
pub struct Luma<'a> {
    samples: Samples<'a>,
    width: usize,
    height: usize,
}

impl<'a> Luma<'a> {
    /// A plane of `width * height` samples; `None` when the length differs, is 0, or exceeds 2³¹.
    pub fn new(samples: Samples<'a>, width: usize, height: usize) -> Option<Self> {
        let got = match samples {
            Samples::Codes(codes) => codes.len(),
            Samples::Fine(steps) => steps.len(),
        };
        let fits = width.checked_mul(height) == Some(got) && (1..1 << 31).contains(&got);
        fits.then_some(Self { samples, width, height })
    }

    /// Number of columns.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Number of rows.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Row `y` in 8-bit codes with its ends repeated `pad` times on each side.
    fn padded_row(&self, y: usize, pad: usize, out: &mut [f32]) {
        let inner = pad..pad + self.width;
        let (from, row) = (y * self.width, &mut out[inner.clone()]);
        match self.samples {
            Samples::Codes(codes) => {
                row.iter_mut().zip(&codes[from..]).for_each(|(out, &code)| *out = f32::from(code));
            }
            Samples::Fine(steps) => {
                row.iter_mut().zip(&steps[from..]).for_each(|(out, &step)| *out = f32::from(step) / 256.0);
            }
        }
        let (first, last) = (out[inner.start], out[inner.end - 1]);
        out[..inner.start].fill(first);
        out[inner.end..].fill(last);
    }

    /// Sobel gradient at a point of the image: magnitude in 8-bit codes, not normalised (a vertical step of 1
    /// code has 4), and direction in degrees from -180 to 180, 0 to the right and 90 upwards.
    pub fn gradient(&self, point: Point) -> Gradient {
        let at = |dx: usize, dy: usize| {
            let x = (point.x as usize + dx).saturating_sub(1).min(self.width - 1);
            let y = (point.y as usize + dy).saturating_sub(1).min(self.height - 1);
            match self.samples {
                Samples::Codes(codes) => f32::from(codes[y * self.width + x]),
                Samples::Fine(steps) => f32::from(steps[y * self.width + x]) / 256.0,
            }
        };
        let side = |x: usize| at(x, 0) + 2.0 * at(x, 1) + at(x, 2);
        let line = |y: usize| at(0, y) + 2.0 * at(1, y) + at(2, y);
        let (gx, gy) = (side(2) - side(0), line(2) - line(0));
        let direction = f64::from(-gy).atan2(f64::from(gx)) * 180.0 / std::f64::consts::PI;
        Gradient { magnitude: magnitude(gx, gy), direction }
    }
}

/// Luma gradient at a point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gradient {
    /// Magnitude of the Sobel operator without normalisation, in 8-bit codes.
    pub magnitude: f64,
    /// Direction towards the brighter side, in degrees from -180 to 180; 0 is to the right, 90 upwards.
    pub direction: f64,
}

/// Thresholds of gradient magnitude, in 8-bit codes of the Sobel operator without normalisation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Thresholds {
    /// Below it is flat.
    pub flat: f32,
    /// Above it is texture.
    pub texture: f32,
}

impl Default for Thresholds {
    /// The authors' 2 and 12.
    fn default() -> Self {
        Self { flat: 2.0, texture: 12.0 }
    }
}

/// Position of a sample, from the upper left one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Point {
    /// Column.
    pub x: u32,
    /// Row.
    pub y: u32,
}

/// Edges, each a list of neighbouring points.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edges {
    width: usize,
    height: usize,
    points: Vec<Point>,
    /// End of each edge in `points`.
    ends: Vec<usize>,
}

impl Edges {
    /// Number of edges, short ones included.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Are there none?
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The edges, in order of detection. A closed edge repeats its first point at the end.
    pub fn iter(&self) -> impl Iterator<Item = &[Point]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, &end)| &self.points[start..end])
    }
}

/// Visibility of a band edge at a point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Visible {
    /// The position.
    pub point: Point,
    /// Above 0; a few codes at most.
    pub visibility: f64,
}

/// Finds band edges: crests of weak gradients away from texture, traced from end to end.
///
/// Edges come in the original's order, short ones included. Cost: some 10 ns per sample; 2 bytes per sample
/// besides the plane. The result does not depend on threads or instruction set.
///
/// Source: Z. Tu, J. Lin, Y. Wang, B. Adsumilli, A. C. Bovik, "BBAND index: a no-reference banding artifact
/// predictor", ICASSP 2020; google/bband-adaband, `src/BBAD_I.m` (Apache-2.0), with P. Kovesi's edge
/// functions.
/// Differs: the original has a parameter for prior smoothing, which a misspelt name disables; it does not
/// exist here. The original rounds luma to 8 bits; here the caller decides.
///
/// # Errors
/// When cancelled.
pub fn find_edges(luma: &Luma<'_>, thresholds: Thresholds, ctx: &Context<'_>) -> Result<Edges, RestoreError> {
    Ok(link::link(find_lines(luma, thresholds, ctx)?, ctx))
}

/// Lines after gap closing, ready for [`link_lines`].
pub(crate) fn find_lines(
    luma: &Luma<'_>,
    thresholds: Thresholds,
    ctx: &Context<'_>,
) -> Result<Bits, RestoreError> {
    let candidates = classes::candidates(luma, thresholds, ctx)?;
    ctx.check()?;
    let crests = classes::crests(luma, &candidates, ctx);
    ctx.check()?;
    let crests = thin::thin(crests, ctx);
    ctx.check()?;
    let lines = gaps::fill(crests, ctx);
    ctx.check()?;
    Ok(lines)
}

/// Links lines of one sample's width.
pub(crate) fn link_lines(lines: Bits, ctx: &Context<'_>) -> Edges {
    link::link(lines, ctx)
}

/// Visibility of each edge point: its gradient, reduced by bright surroundings, texture and short edges. Row
/// by row, each point once; points of visibility 0 are skipped.
///
/// # Errors
/// When cancelled, or when the edges belong to an image of another size.
pub fn visibility(luma: &Luma<'_>, edges: &Edges, ctx: &Context<'_>) -> Result<Vec<Visible>, RestoreError> {
    visibility::visibility(luma, edges, ctx)
}

/// Spatial information: the standard deviation of the gradient magnitude, in 8-bit codes; 0 for a single
/// sample.
///
/// # Errors
/// When cancelled.
pub fn spatial_information(luma: &Luma<'_>, ctx: &Context<'_>) -> Result<f64, RestoreError> {
    let parts = by_rows(luma.height, ctx, |rows| {
        let mut gradients = Gradients::new(luma, ctx);
        let sums = rows.map(|y| {
            gradients.go_to(y);
            bband::magnitude_sums(ctx.level, &gradients.gx, &gradients.gy)
        });
        sums.collect::<Vec<_>>()
    });
    ctx.check()?;
    let add = |[a, b]: [f64; 2], [c, d]: &[f64; 2]| [a + c, b + d];
    let [sum, square] = parts.iter().flatten().fold([0.0; 2], add);
    let count = luma.width as f64 * luma.height as f64;
    if count < 2.0 {
        return Ok(0.0);
    }
    Ok(((square - sum * sum / count).max(0.0) / (count - 1.0)).sqrt())
}

/// The score of an image: the mean of all visibilities above their 20th percentile, reduced where the image
/// is busy (`si`, of [`spatial_information`]). 0 and up, rarely above 3; higher is more banding; 0 without
/// points.
///
/// Differs: the original gives NaN where all edges are too short to be visible, and where all visibilities
/// are equal.
pub fn pool(visibilities: impl IntoIterator<Item = f64>, si: f64) -> f64 {
    let mut sorted: Vec<f64> = visibilities.into_iter().collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let least = percentile(&sorted, 20.0);
    let above = &sorted[sorted.partition_point(|&v| v <= least)..];
    // With a single value, or all equal, no value is above.
    let mean = if above.is_empty() { least } else { above.iter().sum::<f64>() / above.len() as f64 };
    mean * (-(si / 100.0).powi(3)).exp()
}

/// As MATLAB's `prctile`: value `i` of `n` (from 1) is at `100 (i - 0.5) / n`, with linear interpolation.
fn percentile(sorted: &[f64], percent: f64) -> f64 {
    let at = (sorted.len() as f64 * percent / 100.0 - 0.5).max(0.0);
    let (below, share) = (at.floor() as usize, at - at.floor());
    match (sorted.get(below), sorted.get(below + 1)) {
        (Some(a), Some(b)) => a + share * (b - a),
        (Some(a), None) => *a,
        _ => sorted.last().copied().unwrap_or(0.0),
    }
}

/// The index of an image: [`find_edges`], [`visibility`] and [`pool`].
///
/// # Errors
/// When cancelled.
pub fn score(luma: &Luma<'_>, thresholds: Thresholds, ctx: &Context<'_>) -> Result<f64, RestoreError> {
    let edges = find_edges(luma, thresholds, ctx)?;
    let visible = visibility(luma, &edges, ctx)?;
    let si = spatial_information(luma, ctx)?;
    Ok(pool(visible.iter().map(|v| v.visibility), si))
}

fn refused(what: String) -> RestoreError {
    RestoreError::Unsupported { method: "bband", what }
}
