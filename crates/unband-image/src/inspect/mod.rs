//! On which grid do the values of an image lie, what has it lost, and where is it banded?

mod bits;
mod coded;
mod comb;
mod deep;
mod drawn;
mod grid;
mod jpeg;
mod lattice;
mod levels;
mod map;
mod native;
mod noisy;
mod pairs;
mod palette;
mod phasor;
mod planes;
mod rgb;
mod sentence;
mod smooth_area;
mod spread;
#[cfg(test)]
mod tests;
mod tiles;
mod turn;
#[cfg(test)]
mod turned;

pub use drawn::Drawing;

use crate::color::{Matrix, Model, Range};
use crate::dither::Grid;
use crate::image::Image;
use crate::restorer::Context;
use map::Layer;
use planes::{Codes, Fine, Part, Recipe, Source, Sums};
use smooth_area::Luma;
use unband_simd::inspect_rows;

/// The space in which the planes of an image lie on grids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Space {
    /// The image's own planes (RGB, grey, or the YUV it is stored in).
    Native,
    /// Luma and two colour differences behind an RGB image.
    Yuv {
        /// Luma weights.
        matrix: Matrix,
        /// Code range.
        range: Range,
    },
}

/// What was found, the row of the decision table that fired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Samples lie on the container's own grid and nothing coarser.
    Plain,
    /// Fewer bits per RGB or grey channel than the container holds.
    Levels,
    /// A palette of few colours.
    Palette,
    /// Planes of `YCbCr` on a coarse grid, not coded again.
    PlaneGrid,
    /// Planes of `YCbCr` on a coarse grid, then coded again with loss.
    RecodedGrid,
    /// JPEG, with quantiser steps known or found.
    Jpeg,
    /// A lossy video or image codec; no grid.
    Coded,
    /// 8-bit `YCbCr` without visible coding.
    Video,
    /// Codes spread by a tone curve after they had been rounded.
    ToneCurve,
}

/// The grid of one plane of the found [`Space`].
#[derive(Clone, Debug, PartialEq)]
pub struct PlaneGrid {
    /// Distance of neighbouring values, in 8-bit full-scale codes (1/255 of full scale) of the space's plane.
    pub step_codes: f32,
    /// Where the grid starts, same unit, for luma and native planes from 0, for chroma from neutral.
    pub offset_codes: f32,
    /// Bits of the grid, where that is a thing (6 for steps of 255/63).
    pub bits: Option<u8>,
    /// Was a coarser grid than the container's found on this plane? Else `step_codes` is what `smooth` may
    /// move by, not a grid.
    pub found: bool,
    /// 0..1.
    pub confidence: f32,
    /// After a tone curve: the local step for each code of the image's own depth.
    pub steps_by_code: Option<Vec<f32>>,
}

impl PlaneGrid {
    /// A plane without a coarse grid.
    pub fn plain(step_codes: f32) -> Self {
        Self { step_codes, offset_codes: 0.0, bits: None, found: false, confidence: 1.0, steps_by_code: None }
    }
}

/// Where an image is banded: one number per square of [`BandingMap::SIDE`] luma samples.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct BandingMap {
    /// Squares across.
    pub columns: usize,
    /// Squares down.
    pub rows: usize,
    /// Share of the square's samples that lie on a false contour, 0..1, row by row.
    pub share: Vec<f32>,
}

impl BandingMap {
    /// Side of a square.
    pub const SIDE: usize = 64;
}

/// Where in an image the found grid holds: per square of [`BandingMap::SIDE`] luma samples and plane.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct GridRegions {
    /// Squares across.
    pub columns: usize,
    /// Squares down.
    pub rows: usize,
    /// Row by row; planes beyond the image's are `false`.
    pub holds: Vec<[bool; 3]>,
    /// Samples of the first square that lie before the image, across and down.
    pub origin: (usize, usize),
}

impl GridRegions {
    /// Does the grid hold for a plane around a luma sample?
    pub fn holds_at(&self, plane: usize, x: usize, y: usize) -> bool {
        let (column, row) = ((x + self.origin.0) / BandingMap::SIDE, (y + self.origin.1) / BandingMap::SIDE);
        column < self.columns
            && self.holds.get(row * self.columns + column).is_some_and(|h| h.get(plane).is_some_and(|&h| h))
    }

    /// Of `n` samples of a plane's row from `at` on, those around which the grid does not hold, counted from the first. A sample is as
    /// wide and as high as so many of luma.
    pub fn outside(
        &self,
        plane: usize,
        (x0, y): (usize, usize),
        n: usize,
        (across, down): (usize, usize),
    ) -> impl Iterator<Item = usize> {
        (0..n).filter(move |x| !self.holds_at(plane, (x0 + x) * across, y * down))
    }

    /// Does it hold in all squares for the first plane?
    pub fn everywhere(&self) -> bool {
        self.holds.iter().all(|h| h[0])
    }
}

/// What is known about an image after looking at its samples and its file.
#[derive(Clone, Debug, PartialEq)]
pub struct Findings {
    /// What happened to it.
    pub cause: Cause,
    /// In which space its grids lie.
    pub space: Space,
    /// One per plane of that space.
    pub grids: Vec<PlaneGrid>,
    /// Did it go through a lossy coding after it was banded (or instead)?
    pub lossy: bool,
    /// Chroma was stored at half size: 4:2:0 or the like.
    pub half_chroma: bool,
    /// How much too dark a second conversion to RGB by a converter that rounds down has left the image, in
    /// 8-bit codes of luma; 0 unless the levels of a luma grid tell.
    pub darkened_codes: f32,
    /// How far the traces of a codec go for [`Cause::Coded`] and [`Cause::Video`]: from 1.25 for clean 8-bit video to 6, in
    /// 8-bit codes of luma with chroma's blocks counted in; else 0, also where the samples lie on no colours of video.
    pub coded_codes: f32,
    /// Bits per sample that carry something: 8 for a 16-bit file of widened 8-bit samples.
    pub effective_bits: u8,
    /// Where the banding is.
    pub map: BandingMap,
    /// Share of the smooth area that lies within 16 samples of a step, 0..1. The smooth area is that of the measure
    /// `false-steps`, found in the image itself.
    pub banded_share: f32,
    /// Where the grid holds, when only a part of the image lies on it; elsewhere a step is one code.
    pub regions: Option<GridRegions>,
    /// Can a person see it at 8 bits? False for steps of one 8-bit code in busy or small areas, and for what a fine lossy
    /// coding leaves.
    pub visible: bool,
    /// What it was made as, if its plateaus are meant; `None` also where that cannot be known, for lossy files and for
    /// luma and chroma.
    pub drawing: Option<Drawing>,
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
            darkened_codes: 0.0,
            coded_codes: 0.0,
            effective_bits,
            map: BandingMap::default(),
            banded_share: 0.0,
            regions: None,
            visible: false,
            drawing: None,
        }
    }

    /// Was it coded with loss, and do its samples lie on no colours of video? Then what is seen is what is seen of the same
    /// samples in a file without loss.
    fn coded_on_no_grid(&self) -> bool {
        self.cause == Cause::Coded && self.coded_codes == 0.0
    }

    /// [`Findings::plain`] with another step, for samples that were shifted up instead of spread.
    fn plain_step(planes: usize, effective_bits: u8, step_codes: f32) -> Self {
        Self { grids: vec![PlaneGrid::plain(step_codes); planes], ..Self::plain(0, effective_bits) }
    }
}

/// Looks at an image: on which grid each plane lies, what has been lost, and where it is banded.
///
/// Any size, depth and model; never fails. The result depends on the image alone, not on threads or
/// vector instructions. How often it is right: `docs/results/detector.md` and `detector-pairs.md`.
pub fn inspect(image: &Image, ctx: &Context<'_>) -> Findings {
    let sound = |p: &crate::image::Plane| p.width > 0 && p.height > 0 && p.data.len() == p.width * p.height;
    if image.planes.is_empty() || !image.planes.iter().all(sound) {
        return Findings::plain(image.planes.len(), image.depth.bits());
    }
    let effective = bits::effective(image);
    let same_size = image.planes.iter().all(|p| (p.width, p.height) == (image.width(), image.height()));
    match image.color.model {
        Model::Rgb if image.planes.len() == 3 && same_size => rgb_or_grey(image, effective, ctx),
        Model::Gray if image.planes.len() == 1 => rgb_or_grey(image, effective, ctx),
        Model::Yuv { range, .. } if image.planes.len() == 3 => stored_yuv(image, range, effective, ctx),
        _ => Findings::plain(image.planes.len(), effective.bits),
    }
}

/// 8-bit codes of a plane: `value * scale + offset`.
fn codes_of(plane: &crate::image::Plane, scale: f32, offset: f32, ctx: &Context<'_>) -> Vec<u8> {
    let mut out = vec![0u8; plane.data.len()];
    inspect_rows::quantise_row(ctx.level, &mut out, &plane.data, scale, offset);
    out
}

fn rgb_or_grey(image: &Image, effective: bits::Effective, ctx: &Context<'_>) -> Findings {
    let planes = ctx.map(image.planes.len(), |p| codes_of(&image.planes[p], effective.scale, 0.0, ctx));
    let codes = Codes { width: image.width(), height: image.height(), planes };
    let sums = Sums::new(&codes, ctx);
    let picture = rgb::Picture { image, codes, sums, effective, ctx };
    let mut found = picture.decide();
    found.drawing = drawn::drawing(image, &picture.codes, &found);
    if image.planes.len() == 1 && found.grids.len() != 1 {
        // Luma behind grey is the grey itself.
        found.space = Space::Native;
        found.grids.truncate(1);
        found.half_chroma = false;
    }
    let native = |i: usize, step: f32, lossy: bool| Layer {
        source: Source::stored(&picture.codes, i, ctx.level),
        scale: (1, 1),
        step: f64::from(step),
        lossy,
    };
    let layers: Vec<Layer<'_>> = (0..found.grids.len())
        .map(|i| {
            let step = f64::from(found.grids[i].step_codes);
            match found.space {
                _ if found.coded_on_no_grid() => native(i, picture.effective.step_codes, false),
                Space::Native => native(i, found.grids[i].step_codes, found.lossy),
                Space::Yuv { matrix, range } => {
                    let part = Part::ALL[i.min(2)];
                    let half = found.half_chroma && part.is_chroma();
                    let recipe = Recipe::of(part, matrix, range, half);
                    Layer {
                        source: Source::new(&picture.codes, &picture.sums, recipe, ctx.level),
                        scale: if half { (2, 2) } else { (1, 1) },
                        step: step / f64::from(range.unit_codes(part.is_chroma())),
                        lossy: found.lossy,
                    }
                }
            }
        })
        .collect();
    if found.coded_on_no_grid() && picture.effective.step_codes < map::UNSEEN {
        return found;
    }
    let source = picture.source(Part::Luma, Matrix::Bt601, Range::Full, false);
    let luma = Luma { source: &source, unit: 1.0, zero: 0.0 };
    map::complete(&mut found, image, &layers, &luma, ctx);
    found
}

/// Side of the blocks of whose means blurred steps are looked for.
const BLOCK: u16 = 4;

fn stored_yuv(image: &Image, range: Range, effective: bits::Effective, ctx: &Context<'_>) -> Findings {
    let planes = [0, 1, 2].map(|i| {
        let plane = &image.planes[i];
        let Grid { scale, zero, .. } = Grid::of_bits(image.color.model, i, 8);
        Codes { width: plane.width, height: plane.height, planes: vec![codes_of(plane, scale, zero, ctx)] }
    });
    let deep = effective.bits > 8;
    let fine = [0, 1, 2].map(|i| {
        let Grid { scale, zero, .. } = Grid::of_bits(image.color.model, i, 8);
        if deep { Fine::of(&image.planes[i], scale, zero) } else { Fine::default() }
    });
    let sources = [0, 1, 2].map(|i| {
        if deep {
            Source::fine(&fine[i], &planes[i], ctx.level)
        } else {
            Source::stored(&planes[i], 0, ctx.level)
        }
    });
    let mut found = native::decide(image, &planes, &sources, range, effective.bits, ctx);
    let mut layers: Vec<Layer<'_>> = (0..3)
        .map(|i| Layer {
            source: sources[i],
            scale: (image.width().div_ceil(planes[i].width), image.height().div_ceil(planes[i].height)),
            step: f64::from(found.grids[i].step_codes / range.unit_codes(i > 0)),
            lossy: found.lossy,
        })
        .collect();
    // A coding in more than 8 bits blurs steps of 8 into short slopes, which are sharp in means of blocks.
    let (blocks, size) = fine[0].blocks(BLOCK);
    if deep && size.width > 0 && size.height > 0 {
        let source = Source::fine(&blocks, &size, ctx.level);
        layers.push(Layer {
            source,
            scale: (usize::from(BLOCK), usize::from(BLOCK)),
            step: 1.0,
            lossy: true,
        });
    }
    let zero = if range == Range::Limited { 16.0 } else { 0.0 };
    let luma = Luma { source: &layers[0].source, unit: range.unit_codes(false), zero };
    map::complete(&mut found, image, &layers, &luma, ctx);
    found
}
