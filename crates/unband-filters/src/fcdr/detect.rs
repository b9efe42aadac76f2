//! Detection of false contours.

use unband_image::Window;
use unband_simd::Level;
use unband_simd::filters::fcdr::{self, Limits, REACH};

use super::FcdrParams;
use crate::PlaneError;
use crate::grid::View;

/// Radius of the neighbourhood that decides whether a pixel is on a contour.
pub(super) const DETECTION_REACH: usize = REACH + 1;

/// Rows per step.
const ROWS: usize = 64;

/// Thresholds in codes of one depth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thresholds(Limits);

impl Thresholds {
    /// For planes of which `codes_per_8_bit_code` codes make one 8-bit code: 1 at 8 bits, 257 at 16.
    pub fn new(params: &FcdrParams, codes_per_8_bit_code: f64) -> Self {
        /// Two pixels are alike when their sums differ by less than this, in 8-bit codes.
        const ALIKE: f32 = 2.0;
        // An integer is below a threshold exactly if it is below the threshold rounded up.
        let codes = |threshold: f32| (f64::from(threshold) * codes_per_8_bit_code).ceil() as u16;
        let [fullest, emptiest] = [params.th4, params.th5].map(|count| count.min(99) as u16);
        let (step, edge, texture) = (codes(params.th1), codes(params.th2), codes(params.th3));
        Self(Limits { step, edge, texture, alike: codes(ALIKE), fullest, emptiest })
    }
}

/// FCDR's three maps of a window: bits 0, 1, 2 of each pixel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Maps(Vec<u8>);

/// Number of pixels in each map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MapCounts {
    /// On a step.
    pub steps: usize,
    /// On a step that is neither texture nor a sharp edge.
    pub candidates: usize,
    /// On a false contour.
    pub contours: usize,
}

impl Maps {
    /// Number of pixels in each map.
    pub fn counts(&self) -> MapCounts {
        let [steps, candidates, contours] =
            [1, 2, 4].map(|bit| self.0.iter().filter(|&&map| map & bit != 0).count());
        MapCounts { steps, candidates, contours }
    }

    /// Whether each pixel is on a false contour, row by row.
    pub fn contours(&self) -> impl Iterator<Item = bool> {
        self.0.iter().map(|map| map & 4 != 0)
    }
}

/// FCDR's maps of a plane of `width * height` codes, row by row without padding.
///
/// Exact to the original at 8 bits. One thread.
///
/// # Errors
/// When the plane has another length.
pub fn detect_plane(
    level: Level,
    plane: &[u16],
    width: usize,
    height: usize,
    thresholds: &Thresholds,
) -> Result<Maps, PlaneError> {
    let view =
        View::whole(plane, width, height).ok_or(PlaneError::Length { width, height, got: plane.len() })?;
    detect_window(level, &view, view.window(), thresholds)
}

/// The maps of a window of a plane. The view must include [`DETECTION_REACH`] samples around it, as far as
/// the plane has them.
pub(super) fn detect_window(
    level: Level,
    view: &View<'_, u16>,
    core: Window,
    thresholds: &Thresholds,
) -> Result<Maps, PlaneError> {
    if !view.covers(core, (DETECTION_REACH, DETECTION_REACH)) {
        return Err(PlaneError::Window);
    }
    let width = core.width();
    let mut maps = vec![0; width * core.height()];
    if maps.is_empty() {
        return Ok(Maps(maps));
    }
    let mut sums = DifferenceSums::default();
    for (part, y0) in maps.chunks_mut(ROWS * width).zip((core.y0..).step_by(ROWS)) {
        let rows = part.len() / width;
        sums.fill(level, view, Window { y0, y1: y0 + rows, ..core }, &thresholds.0);
        for (i, row) in part.chunks_exact_mut(width).enumerate() {
            let start = (i + REACH) * sums.stride + REACH;
            let own = sums.planes.each_ref().map(|plane| &plane[start..start + width]);
            fcdr::candidates_row(level, row, own, &thresholds.0);
            let all = sums.planes.each_ref().map(Vec::as_slice);
            fcdr::contours_row(level, row, all, sums.stride, start, &thresholds.0);
        }
    }
    Ok(Maps(maps))
}

/// Sums of differences around some rows, with [`REACH`] extra on each side; the plane's border samples
/// repeat.
#[derive(Default)]
struct DifferenceSums {
    planes: [Vec<u16>; 4],
    stride: usize,
}

impl DifferenceSums {
    fn fill(&mut self, level: Level, view: &View<'_, u16>, core: Window, limits: &Limits) {
        let (width, height) = (view.width(), view.height());
        let inside = core.grown(REACH, width, height);
        let before = inside.x0 + REACH - core.x0;
        self.stride = core.width() + 2 * REACH;
        let stride = self.stride;
        self.planes.iter_mut().for_each(|plane| plane.resize(stride * (core.height() + 2 * REACH), 0));
        // Three rows of samples, one extra on both sides.
        let mut padded = [(); 3].map(|()| vec![0; inside.width() + 2]);
        for i in 0..core.height() + 2 * REACH {
            let y = (core.y0 + i).saturating_sub(REACH).min(height - 1);
            for (row, dy) in padded.iter_mut().zip(0..) {
                let samples = view.row((y + dy).saturating_sub(1).min(height - 1));
                let left = view.window().x0;
                let last = inside.width() + 1;
                row[1..last].copy_from_slice(&samples[inside.x0 - left..inside.x1 - left]);
                row[0] = samples[inside.x0.saturating_sub(1).max(left) - left];
                row[last] = samples[inside.x1.min(width - 1) - left];
            }
            let rows = padded.each_ref().map(Vec::as_slice);
            let line = i * stride..(i + 1) * stride;
            let [a, b, c, d] = self.planes.each_mut().map(|plane| &mut plane[line.clone()]);
            let part = before..before + inside.width();
            let out =
                [&mut a[part.clone()], &mut b[part.clone()], &mut c[part.clone()], &mut d[part.clone()]];
            fcdr::sums_row(level, out, rows, limits);
            for row in [a, b, c, d] {
                let (first, last) = (row[part.start], row[part.end - 1]);
                row[..part.start].fill(first);
                row[part.end..].fill(last);
            }
        }
    }
}
