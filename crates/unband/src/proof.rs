//! Check that no sample left its quantisation interval.

use unband_filters::jpeg_bounds::inside;
use unband_image::dither::Grid;
use unband_image::findings::Findings;
use unband_image::{Codec, Context, Depth, Image, JpegOrigin, With};

use crate::faithful::{Faithful, Pair, cells};

/// Counts of [`prove`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Proof {
    /// Checked samples; coefficients, where a JPEG file defines their intervals.
    pub samples: u64,
    /// Samples outside their interval by one code of the written file or more (floating point: at all).
    pub outside: u64,
    /// Distance of the worst sample from its interval, in codes of the written file (8-bit codes for floating
    /// point); 0 when all are inside. Infinite when the images have different sizes or models.
    pub worst_codes: f64,
}

impl Proof {
    /// Is every sample inside?
    pub fn holds(&self) -> bool {
        self.outside == 0
    }
}

/// Margin for the rounding of `f32` sums over a block, in codes.
const ROUNDING_CODES: f64 = 0.002;

/// Codes from black to white of the image's source JPEG.
fn jpeg_codes(image: &Image) -> Option<f64> {
    let Codec::Jpeg(JpegOrigin { coefficients: Some(stored), .. }) = &image.origin.codec else { return None };
    Some(((1u32 << stored.bits.min(16)) - 1).into())
}

/// Source and result with 0 for infinite and NaN samples of the source; in the result where they are the
/// same, or where integers cannot hold them. `None` without any.
fn without_not_finite(source: &Image, result: &Image) -> Option<(Image, Image)> {
    let all = || source.planes.iter().flat_map(|plane| &plane.data);
    if source.depth != Depth::F32 || all().all(|value| value.is_finite()) {
        return None;
    }
    let (mut before, mut after) = (source.clone(), result.clone());
    for (before, after) in before.planes.iter_mut().zip(&mut after.planes) {
        for (before, after) in before.data.iter_mut().zip(&mut after.data) {
            if !before.is_finite() {
                let kept = before.to_bits() == after.to_bits() || result.depth != Depth::F32;
                (*before, *after) = (0.0, if kept { 0.0 } else { f32::NAN });
            }
        }
    }
    Some((before, after))
}

/// A result of integers as floating point, with its samples moved towards those of its source by up to a code
/// of its depth.
fn nearer_by_a_code(source: &Image, result: &Image) -> Image {
    let code = result.depth.step();
    let mut nearer = result.clone();
    nearer.depth = Depth::F32;
    for (plane, source) in nearer.planes.iter_mut().zip(&source.planes) {
        for (value, &before) in plane.data.iter_mut().zip(&source.data) {
            let off = *value - before;
            *value = if off.abs() > code { *value - code.copysign(off) } else { before };
        }
    }
    nearer
}

/// Counts the samples of `written` that left the quantisation intervals of `original` by a code of the
/// written file or more.
///
/// Where `original` is still what its JPEG file decodes to, counts coefficients instead, unless the intervals
/// are those of a coarser grid ([`Faithful::Grid`]): those outside the stored intervals by more than a shift
/// of one code in every sample explains.
pub fn prove(original: &Image, written: &Image, findings: &Findings, faithful: Faithful) -> Proof {
    let samples: u64 = written.planes.iter().map(|plane| plane.data.len() as u64).sum();
    let same = original.planes.len() == written.planes.len()
        && original.color.model == written.color.model
        && original
            .planes
            .iter()
            .zip(&written.planes)
            .all(|(a, b)| (a.width, a.height, a.data.len()) == (b.width, b.height, b.data.len()));
    if !same {
        return Proof { samples, outside: samples, worst_codes: f64::INFINITY };
    }
    if let Some((original, written)) = without_not_finite(original, written) {
        return prove(&original, &written, findings, faithful);
    }
    if let Some(codes) = findings.float_codes {
        if written.depth == Depth::F32 || codes.light().is_some() {
            let findings = findings.clone().but(|new| new.float_codes = None);
            let integers = written.depth != Depth::F32;
            let nearer = integers.then(|| nearer_by_a_code(original, written));
            let (original, written) = codes.both_coded(original, nearer.as_ref().unwrap_or(written));
            return prove(&original, &written, &findings, faithful);
        }
        // Not restored.
        return prove(original, written, &Findings::plain(1, original.depth.bits()), faithful);
    }
    let model = written.color.model;
    let codes = Grid::new(model, 0, written.depth).map(|grid| f64::from(grid.scale));
    // Dither moves a sample by less than a code of the written depth.
    if let (Some(own), true) = (jpeg_codes(original), faithful != Faithful::Grid) {
        let room = codes.map_or(ROUNDING_CODES, |codes| own / codes);
        if let Some(found) = inside(original, written, room, codes.is_some()) {
            let worst_codes = found.worst / own * codes.unwrap_or(255.0);
            return Proof { samples: found.counted, outside: found.outside, worst_codes };
        }
    }
    let cells = cells(original, findings, &Context::default());
    let (mut outside, mut worst) = (0, 0.0f64);
    let mut count = |excess: f64, grid: Option<Grid>| {
        let codes = excess * grid.map_or(255.0, |grid| f64::from(grid.scale));
        worst = worst.max(codes);
        // NaN is outside.
        let inside = if grid.is_some() { codes < 1.0 } else { codes <= 0.0 };
        outside += u64::from(!inside);
    };
    if cells.joint() {
        let grid = Grid::new(model, 0, written.depth);
        let width = original.width();
        let all = cells.rows(0, original.height());
        let all = all.flat_map(|rows| cells.columns(0, width).map(move |columns| (rows.clone(), columns)));
        for (rows, columns) in all {
            let pixel = |image: &Image, at: usize| [0, 1, 2].map(|p: usize| image.planes[p].data[at]);
            let places = rows.clone().flat_map(|y| columns.clone().map(move |x| y * width + x));
            let block: Vec<Pair> = places.map(|at| (pixel(original, at), pixel(written, at))).collect();
            cells.excess((columns.start, rows.start), &block, |excess| count(excess, grid));
        }
    } else {
        for (p, (before, after)) in original.planes.iter().zip(&written.planes).enumerate() {
            let grid = Grid::new(model, p, written.depth);
            let limits = grid.map_or((f64::NEG_INFINITY, f64::INFINITY), |grid| {
                let (low, high) = grid.limits();
                (f64::from(low), f64::from(high))
            });
            let width = before.width.max(1);
            for (i, (&source, &value)) in before.data.iter().zip(&after.data).enumerate() {
                let (low, high) = cells.bounds(p, (i % width, i / width), source);
                // No code can hold values beyond the limits, so they cannot be kept.
                let (low, high) = (low.min(limits.1), high.max(limits.0));
                count((low - f64::from(value)).max(f64::from(value) - high), grid);
            }
        }
    }
    Proof { samples, outside, worst_codes: worst }
}
