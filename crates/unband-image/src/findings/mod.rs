//! Findings of the detector: cause, quantisation grids, map of false contours.

mod cause;
mod describe;
mod dithering;
mod drawing;
mod turn;

pub use cause::Cause;
pub use dithering::{DitherTile, Dithering, GradientNoise};
pub use drawing::Drawing;

use crate::color::{Matrix, Range};
use crate::depth::Depth;
use crate::float_codes::FloatCodes;
use crate::origin::{Codec, JpegOrigin, Origin};

/// The colour space of the quantisation grids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Space {
    /// The image's own planes (RGB, grey, or the YUV it is stored in).
    Native,
    /// Luma and two colour differences from which an RGB image was converted.
    Yuv {
        /// Luma coefficients.
        matrix: Matrix,
        /// Code range.
        range: Range,
    },
    /// Red, green and blue from which the luma and chroma of a video frame were converted.
    Rgb,
}

/// The quantisation grid of one plane of the found [`Space`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct PlaneGrid {
    /// Step between neighbouring values, in 8-bit full-scale codes (1/255 of full scale) of the space's
    /// plane.
    pub step_codes: f32,
    /// Offset of the grid, same unit: for luma and native planes from 0, for chroma from neutral.
    pub offset_codes: f32,
    /// Bits of the grid, where applicable (6 for steps of 255/63).
    pub bits: Option<u8>,
    /// Was a coarser grid than the container's found on this plane? Otherwise `step_codes` is the distance
    /// that `smooth` may move a sample, not a grid.
    pub found: bool,
    /// 0..1.
    pub confidence: f32,
    /// Were samples rounded down? Then they are below the levels of this grid, which are the centres of the
    /// intervals.
    pub truncated: bool,
    /// After a tone curve: the local step for each code of the image's own depth.
    pub steps_by_code: Option<Vec<f32>>,
}

impl PlaneGrid {
    /// A plane without a coarse grid.
    pub fn plain(step_codes: f32) -> Self {
        Self {
            step_codes,
            offset_codes: 0.0,
            bits: None,
            found: false,
            confidence: 1.0,
            truncated: false,
            steps_by_code: None,
        }
    }

    /// A plane whose samples are on a grid of `bits`. `step_codes`: its step, in 8-bit codes of full scale;
    /// `confidence`: 0 to 1.
    pub fn found(step_codes: f32, bits: u8, confidence: f32) -> Self {
        Self { bits: Some(bits), found: true, confidence, ..Self::plain(step_codes) }
    }
}

/// Map of false contours: one value per square of [`BandingMap::SIDE`] luma samples.
#[derive(Clone, Debug, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct BandingMap {
    /// Squares across.
    pub columns: usize,
    /// Squares down.
    pub rows: usize,
    /// Share of the square's samples on a false contour, 0..1, row by row.
    pub share: Vec<f32>,
}

impl BandingMap {
    /// Side of a square.
    pub const SIDE: usize = 64;
}

/// The part of an image where the found grid holds: per square of [`BandingMap::SIDE`] luma samples and
/// plane.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct GridRegions {
    /// Squares across.
    pub columns: usize,
    /// Squares down.
    pub rows: usize,
    /// Row by row; planes beyond the image's are `false`.
    pub holds: Vec<[bool; 3]>,
    /// Offset of the image's corner within the first square, across and down, in samples.
    pub origin: (usize, usize),
}

impl GridRegions {
    /// Does the grid hold for a plane around a luma sample?
    pub fn holds_at(&self, plane: usize, x: usize, y: usize) -> bool {
        let (column, row) = ((x + self.origin.0) / BandingMap::SIDE, (y + self.origin.1) / BandingMap::SIDE);
        column < self.columns
            && self.holds.get(row * self.columns + column).is_some_and(|h| h.get(plane).is_some_and(|&h| h))
    }

    /// Indices, counted from `x0`, of those among `n` samples of a plane's row around which the grid does not
    /// hold. `scale`: the subsampling factors of the plane, across and down.
    pub fn outside(
        &self,
        plane: usize,
        x0: usize,
        y: usize,
        n: usize,
        scale: (usize, usize),
    ) -> impl Iterator<Item = usize> {
        (0..n).filter(move |x| !self.holds_at(plane, (x0 + x) * scale.0, y * scale.1))
    }

    /// Does it hold in all squares for the first plane?
    pub fn everywhere(&self) -> bool {
        self.holds.iter().all(|h| h[0])
    }
}

/// Result of the detector, from the samples and the file.
#[derive(Clone, Debug, PartialEq)]
#[allow(clippy::struct_excessive_bools)] // independent facts
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Findings {
    /// The detected cause.
    pub cause: Cause,
    /// The space of its grids.
    pub space: Space,
    /// One per plane of that space.
    pub grids: Vec<PlaneGrid>,
    /// Was it coded with loss after quantisation, or instead of it?
    pub lossy: bool,
    /// Chroma was stored at half size: 4:2:0 or the like.
    pub half_chroma: bool,
    /// Are the planes stored luma and chroma, as in a video?
    pub stored_yuv: bool,
    /// Was the image resized after it had these grids? Flat areas are still on them, contours are soft.
    pub resized: bool,
    /// Loss of luma through a second conversion to RGB by a converter that rounds down, in 8-bit codes; 0
    /// unless the levels of a luma grid reveal it.
    pub darkened_codes: f32,
    /// Strength of a codec's traces for [`Cause::Coded`] and [`Cause::Video`]: from 1.25 for clean 8-bit
    /// video to 6, in 8-bit codes of luma, chroma's blocks included. Otherwise 0, also where the colours are
    /// not on a video lattice.
    pub coded_codes: f32,
    /// Effective bits per sample: 8 for a 16-bit file of widened 8-bit samples.
    pub effective_bits: u8,
    /// Map of the banding.
    pub map: BandingMap,
    /// Share of the smooth area within 16 samples of a step, 0..1. The smooth area is that of the metric
    /// `false-steps`, computed from the image itself.
    pub banded_share: f32,
    /// Where the grid holds, when it covers only a part of the image; elsewhere a step is one code.
    pub regions: Option<GridRegions>,
    /// Is the banding visible at 8 bits? False for steps of one 8-bit code in busy or small areas, and for
    /// the residue of a fine lossy coding.
    pub visible: bool,
    /// The kind of drawing or data, if the plateaus are intentional. `None` also where that cannot be known:
    /// for lossy files and for luma and chroma.
    pub drawing: Option<Drawing>,
    /// The dither that the samples of this grid were quantised with, if any.
    pub dither: Option<Dithering>,
    /// Number of colours of the palette behind a dithered image.
    pub colours: Option<u16>,
    /// The codes behind floating point. The other findings describe these codes.
    pub float_codes: Option<FloatCodes>,
    /// The grid of the alpha channel, in codes from 0, if it has fewer levels than 8 bits and they show as
    /// bands.
    pub alpha: Option<PlaneGrid>,
}

impl Findings {
    /// Findings for samples on their container's own grid.
    pub fn plain(planes: usize, effective_bits: u8) -> Self {
        let step = if effective_bits > 16 { 0.0 } else { 255.0 / ((1u32 << effective_bits) - 1) as f32 };
        Self {
            cause: Cause::Plain,
            space: Space::Native,
            grids: vec![PlaneGrid::plain(step); planes],
            lossy: false,
            half_chroma: false,
            stored_yuv: false,
            resized: false,
            darkened_codes: 0.0,
            coded_codes: 0.0,
            effective_bits,
            map: BandingMap::default(),
            banded_share: 0.0,
            regions: None,
            visible: false,
            drawing: None,
            dither: None,
            colours: None,
            float_codes: None,
            alpha: None,
        }
    }

    /// The same grids with truncated samples instead of rounded ones, for an image of this depth: a level is
    /// the lowest of its interval's 2^s values. Only for grids of red, green, blue or grey with known bits.
    #[must_use]
    pub fn truncated(mut self, depth: Depth) -> Self {
        if self.cause != Cause::Levels || self.space != Space::Native {
            return self;
        }
        let own = 255.0 * depth.step();
        for grid in self.grids.iter_mut().filter(|grid| grid.found) {
            let Some(bits) = grid.bits.filter(|&bits| bits < depth.bits()) else { continue };
            let step = 255.0 / f32::from(bits).exp2() + own / f32::from(bits).exp2();
            *grid = PlaneGrid {
                step_codes: step,
                offset_codes: 0.5 * (step - own),
                truncated: true,
                ..grid.clone()
            };
        }
        self
    }

    /// Bands that the user has stated, in place of all that was found about grids. `steps`: their width in
    /// each plane, in 8-bit codes of full scale. A codec's errors come on top where one was found.
    #[must_use]
    pub fn declared(self, steps: &[f32], bits: Option<u8>) -> Self {
        let lossy = self.lossy || matches!(self.cause, Cause::Jpeg | Cause::Coded | Cause::RecodedGrid);
        let grid = |&step_codes: &f32| PlaneGrid { found: true, bits, ..PlaneGrid::plain(step_codes) };
        Self {
            cause: Cause::Declared,
            grids: steps.iter().map(grid).collect(),
            lossy,
            visible: true,
            stored_yuv: self.stored_yuv,
            map: self.map,
            banded_share: self.banded_share,
            alpha: self.alpha,
            ..Self::plain(steps.len(), self.effective_bits)
        }
    }

    /// Is a grid coarser than the steps of the image's JPEG file? Then the bands were there before the file
    /// was coded, and its coefficients describe them as part of the image.
    pub fn coarser_than_file(&self, origin: &Origin) -> bool {
        if self.cause == Cause::Declared {
            return true;
        }
        let Codec::Jpeg(JpegOrigin { luma: Some(table), .. }) = &origin.codec else { return false };
        let own = f32::from(table[0]) / 8.0;
        match self.cause {
            Cause::RecodedGrid => self.grids.iter().any(|grid| grid.found),
            Cause::Jpeg => self.grids.first().is_some_and(|grid| grid.found && grid.step_codes > 1.4 * own),
            _ => false,
        }
    }

    /// Share of the smooth area in bands that show, 0..1: [`Findings::banded_share`], or 0 if none is
    /// visible.
    pub fn visible_share(&self) -> f32 {
        if self.visible { self.banded_share } else { 0.0 }
    }

    /// Is it coded with loss, with samples off every video lattice? Contours are then judged as those of the
    /// same samples in a lossless file.
    pub fn coded_on_no_grid(&self) -> bool {
        self.cause == Cause::Coded && self.coded_codes == 0.0
    }

    /// [`Findings::plain`] with another step, for samples that were shifted up instead of spread.
    pub fn plain_step(planes: usize, effective_bits: u8, step_codes: f32) -> Self {
        Self { grids: vec![PlaneGrid::plain(step_codes); planes], ..Self::plain(0, effective_bits) }
    }
}
