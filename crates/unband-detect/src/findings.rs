//! Findings that several rules make from evidence.

use super::coded::{CLEAN_STEP, Coding};
use super::evidence::{ENOUGH, Evidence};
use super::grid::Grid;
use super::jpeg::dc_step;
use super::lattice::Lattice;
use super::noisy::{self, NoisyGrid};
use super::planes::Channel;
use unband_image::With;
use unband_image::color::{Matrix, Range};
use unband_image::findings::{Cause, Findings, PlaneGrid, Space};

/// A code of chroma in limited range, in 8-bit full-scale codes: 255/224.
pub(crate) const CHROMA_CODE: f32 = 1.14;
/// Share of a codec's addition to the step of luma that it adds to that of chroma. Chosen with the steps of
/// [`Coding::step`].
const CODED_CHROMA: f32 = 0.48;
/// Least step of a plane of JPEG, in 8-bit codes: rounding hides finer grids.
const LEAST_JPEG_STEP: f32 = 1.5;

impl Evidence<'_> {
    /// Findings with the file's loss and depth.
    pub(crate) fn findings(&self, cause: Cause, space: Space, grids: Vec<PlaneGrid>) -> Findings {
        Findings::plain(0, self.effective.bits).but(|new| {
            new.cause = cause;
            new.space = space;
            new.grids = grids;
            new.lossy = self.image.origin.is_lossy();
        })
    }

    /// Samples on their container's own grid.
    pub(crate) fn plain_findings(&self) -> Findings {
        Findings::plain_step(self.image.planes.len(), self.effective.bits, self.effective.step_codes)
    }

    /// Grids of luma and half-size chroma.
    pub(crate) fn yuv_findings(
        &self,
        cause: Cause,
        matrix: Matrix,
        range: Range,
        grids: impl Into<Vec<PlaneGrid>>,
    ) -> Findings {
        let mut found = self.findings(cause, Space::Yuv { matrix, range }, grids.into());
        found.half_chroma = true;
        found
    }

    /// 8-bit `YCbCr` without a grid: coded with visible loss or not.
    pub(crate) fn video_findings(&self, lattice: &Lattice) -> Findings {
        let coding = Coding::measure(&self.luma(lattice.matrix));
        let known = self.image.origin.is_lossy();
        let luma = coding.step(known) as f32;
        let chroma = (CHROMA_CODE + (luma - CLEAN_STEP as f32) * CODED_CHROMA).max(CHROMA_CODE);
        let cause = if known || coding.visible() { Cause::Coded } else { Cause::Video };
        let grids = [luma, chroma, chroma].map(PlaneGrid::plain);
        let mut found = self.yuv_findings(cause, lattice.matrix, lattice.range, grids);
        found.lossy |= coding.visible();
        let chroma =
            [Channel::Blue, Channel::Red].map(|p| self.source(p, lattice.matrix, lattice.range, true));
        found.coded_codes = coding.trace(chroma.each_ref()) as f32;
        found
    }

    /// Grids of planes that were not coded since.
    pub(crate) fn clean_grid(&self, matrix: Matrix, range: Range, grids: &[Option<Grid>; 3]) -> Findings {
        let planes = [0, 1, 2].map(|i| {
            grids[i].map_or_else(|| PlaneGrid::plain(range.unit_codes(i > 0)), |g| g.named(range, i))
        });
        self.yuv_findings(Cause::PlaneGrid, matrix, range, planes)
    }

    /// Grids of planes that were coded with loss since.
    pub(crate) fn recoded_planes(&self, noisy: &NoisyGrid, matrix: Matrix, rest: [f32; 3]) -> Findings {
        let planes = noisy.named(rest);
        let mut found = self.yuv_findings(Cause::RecodedGrid, matrix, Range::Limited, planes);
        found.lossy = true;
        found.darkened_codes = noisy.darkened() * Range::Limited.unit_codes(false);
        found
    }

    /// Channels that were quantised to 6 or 5 bits, or to 16-bit colour, and then coded with loss.
    pub(crate) fn recoded_channels(&self, extra: f64) -> Option<Findings> {
        let (bits, confidence) = noisy::channels(&self.codes, extra, self.ctx.level)?;
        let grid = |bits: u8| PlaneGrid::found(noisy::period(bits) as f32, bits, confidence);
        let grids = bits.into_iter().take(self.codes.planes.len()).map(grid).collect();
        let mut found = self.findings(Cause::RecodedGrid, Space::Native, grids);
        found.lossy = true;
        Some(found)
    }

    /// Quantiser steps of JPEG.
    pub(crate) fn jpeg_planes(&self, steps: [Option<f32>; 3], half: bool) -> Findings {
        let planes = steps.map(|q| {
            let step = jpeg_step(q);
            PlaneGrid::plain(step).but(|new| new.found = step > LEAST_JPEG_STEP)
        });
        let mut found = self.yuv_findings(Cause::Jpeg, Matrix::Bt601, Range::Full, planes);
        found.lossy = true;
        found.half_chroma = half;
        found
    }

    /// JPEG blocks with a luma step, in a file that does not say so.
    pub(crate) fn jpeg_blocks(&self, luma: u16) -> Findings {
        let chroma = |part| {
            let source = self.source(part, Matrix::Bt601, Range::Full, false);
            dc_step(&source, true, ENOUGH).map(f32::from)
        };
        self.jpeg_planes([Some(f32::from(luma)), chroma(Channel::Blue), chroma(Channel::Red)], true)
    }
}

/// The step of block means, in 8-bit codes, for a quantiser step: an eighth.
pub(crate) fn jpeg_step(q: Option<f32>) -> f32 {
    q.map_or(LEAST_JPEG_STEP, |q| (q / 8.0).max(LEAST_JPEG_STEP))
}
