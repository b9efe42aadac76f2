//! The decision for pictures of three channels of equal size, and for those of one.

use super::bits::Effective;
use super::comb::Combs;
use super::grid::{Grid, flat_histogram, plane_grid};
use super::jpeg::{blockiness, dc_step};
use super::lattice::{self, Colours, Lattice};
use super::levels::{Levels, levels};
use super::noisy::{self, NoisyGrid};
use super::planes::{Codes, Part, Recipe, Source, Sums, strips};
use super::{Cause, Findings, PlaneGrid, Space};
use crate::color::{Matrix, Range, Subsampling};
use crate::image::Image;
use crate::origin::{Codec, JpegOrigin};
use crate::restorer::Context;

/// Samples that are enough for a histogram of flat windows.
const ENOUGH: usize = 700_000;

/// What the decision looks at.
pub(super) struct Picture<'a> {
    pub image: &'a Image,
    pub codes: Codes,
    pub sums: Sums,
    pub effective: Effective,
    pub ctx: &'a Context<'a>,
}

impl Picture<'_> {
    pub fn source(&self, part: Part, matrix: Matrix, range: Range, half: bool) -> Source<'_> {
        Source::new(&self.codes, &self.sums, Recipe::of(part, matrix, range, half), self.ctx.level)
    }

    /// Cause and grids; the first row of the table that fires.
    pub fn decide(&self) -> Findings {
        let hists = self.histograms();
        if let Some(found) = self.by_levels(&hists) {
            return found;
        }
        let jpeg = match &self.image.origin.codec {
            Codec::Jpeg(jpeg) => Some(jpeg),
            _ => None,
        };
        if let Some(found) = jpeg.and_then(|jpeg| self.by_tables(jpeg)) {
            return found;
        }
        let colours = lattice::colours(&self.codes);
        let lattice = lattice::lattice(&colours, &self.codes);
        if (lattice.strength >= 0.2 || lattice.truncated)
            && let Some(found) = self.by_lattice(&lattice, &colours)
        {
            return found;
        }
        let combs = Combs::new(&hists, self.effective);
        if let Some(noisy) =
            self.noisy(&[Matrix::Bt601, Matrix::Bt709], 0.0, if combs.found() { 0.5 } else { 0.0 })
        {
            return self.recoded(&noisy, [2.0, 1.14, 1.14]);
        }
        let luma = self.source(Part::Luma, Matrix::Bt601, Range::Full, false);
        if let Some(q) = dc_step(&luma, false, ENOUGH).filter(|&q| q >= 8) {
            return self.by_blocks(q);
        }
        if colours.list.len() < 300 {
            for matrix in [Matrix::Bt601, Matrix::Bt709] {
                let grids = self.plane_grids(matrix, Range::Limited, true);
                if grids.iter().any(Option::is_some) {
                    return self.clean_grid(matrix, Range::Limited, &grids);
                }
            }
        }
        if combs.found() {
            return self.base(Cause::ToneCurve, Space::Native, combs.grids());
        }
        if self.image.origin.is_lossy() {
            return self.coded(&lattice);
        }
        Findings::plain(self.image.planes.len(), self.effective.bits)
    }

    fn base(&self, cause: Cause, space: Space, grids: Vec<PlaneGrid>) -> Findings {
        Findings {
            cause,
            space,
            grids,
            lossy: self.image.origin.is_lossy(),
            ..Findings::plain(0, self.effective.bits)
        }
    }

    fn in_yuv(&self, cause: Cause, matrix: Matrix, range: Range, steps: [PlaneGrid; 3]) -> Findings {
        let mut found = self.base(cause, Space::Yuv { matrix, range }, steps.to_vec());
        found.half_chroma = true;
        found
    }

    /// Histogram of each channel at 8 bits, from every so many rows.
    fn histograms(&self) -> Vec<Vec<u32>> {
        let every = (self.codes.len() / 500_000).clamp(1, 16);
        (0..self.codes.planes.len())
            .map(|p| {
                let mut parts = [[0u32; 256]; 4];
                for y in (0..self.codes.height).step_by(every) {
                    let row = self.codes.row(p, y);
                    let quads = row.chunks_exact(4);
                    quads.remainder().iter().for_each(|&c| parts[0][usize::from(c)] += 1);
                    for q in quads {
                        for (part, &c) in parts.iter_mut().zip(q) {
                            part[usize::from(c)] += 1;
                        }
                    }
                }
                (0..256).map(|c| parts.iter().map(|p| p[c]).sum()).collect()
            })
            .collect()
    }

    fn by_levels(&self, hists: &[Vec<u32>]) -> Option<Findings> {
        let each: Vec<Option<Levels>> = hists.iter().map(|h| levels(h, 4..=7)).collect();
        let agreeing = each.iter().flatten().count();
        if agreeing == 0 || agreeing * 3 < each.len() * 2 {
            return None;
        }
        let grids = each
            .iter()
            .map(|level| match level {
                Some(l) => PlaneGrid {
                    step_codes: l.step as f32,
                    offset_codes: l.offset as f32,
                    bits: Some(l.bits),
                    found: true,
                    confidence: 1.0,
                    steps_by_code: None,
                },
                None => PlaneGrid::plain(1.0),
            })
            .collect();
        let mut found = self.base(Cause::Levels, Space::Native, grids);
        found.effective_bits = each.iter().flatten().map(|l| l.bits).max().unwrap_or(8);
        Some(found)
    }

    fn plane_grids(&self, matrix: Matrix, range: Range, strict: bool) -> [Option<Grid>; 3] {
        Part::ALL.map(|part| {
            let source = self.source(part, matrix, range, false);
            let limit = 1.2 / f64::from(range.unit_codes(part.is_chroma()));
            plane_grid(&flat_histogram(&source, limit, ENOUGH), strict)
        })
    }

    fn by_lattice(&self, lattice: &Lattice, colours: &Colours) -> Option<Findings> {
        let (matrix, range) = (lattice.matrix, lattice.range);
        if (matrix, range) == (Matrix::Bt601, Range::Full) {
            let luma = self.source(Part::Luma, matrix, range, false);
            if let Some(q) = dc_step(&luma, false, ENOUGH) {
                return Some(self.by_blocks(q));
            }
        }
        let grids = self.plane_grids(matrix, range, false);
        if grids.iter().any(Option::is_some) {
            return Some(self.clean_grid(matrix, range, &grids));
        }
        if colours.complete && colours.list.len() < 500 {
            return None;
        }
        let both = [Matrix::Bt601, Matrix::Bt709];
        let tried: &[Matrix] =
            if range == Range::Limited { std::slice::from_ref(&lattice.matrix) } else { &both };
        let luma = self.source(Part::Luma, matrix, Range::Full, false);
        let rows = strips(self.codes.width, self.codes.height, ENOUGH);
        let coded = blockiness(&luma, &rows) >= 1.15 || self.image.origin.is_lossy();
        let rest = if coded { [2.0, 1.5, 1.5] } else { [1.25, 1.14, 1.14] };
        if let Some(noisy) = self.noisy(tried, 1.0, 0.0) {
            return Some(self.recoded(&noisy, rest));
        }
        let cause = if coded { Cause::Coded } else { Cause::Video };
        let mut found = self.in_yuv(cause, matrix, range, rest.map(PlaneGrid::plain));
        found.lossy |= coded;
        Some(found)
    }

    fn clean_grid(&self, matrix: Matrix, range: Range, grids: &[Option<Grid>; 3]) -> Findings {
        let planes = [0, 1, 2].map(|i| {
            let unit = range.unit_codes(i > 0);
            match &grids[i] {
                None => PlaneGrid::plain(unit),
                Some(g) => {
                    let zero = match (i, range) {
                        (0, Range::Limited) => 16.0,
                        (0, Range::Full) => 0.0,
                        _ => 128.0,
                    };
                    PlaneGrid {
                        step_codes: g.period as f32 * unit,
                        offset_codes: (g.offset - zero).rem_euclid(g.period) as f32 * unit,
                        bits: Some(g.bits),
                        found: true,
                        confidence: g.strength.clamp(0.0, 1.0) as f32,
                        steps_by_code: None,
                    }
                }
            }
        });
        self.in_yuv(Cause::PlaneGrid, matrix, range, planes)
    }

    fn noisy(&self, matrices: &[Matrix], extra: f64, tone: f64) -> Option<NoisyGrid> {
        let mut best: Option<NoisyGrid> = None;
        for &matrix in matrices {
            let look = noisy::look(&self.codes, &self.sums, matrix, ENOUGH, self.ctx.level);
            if let Some(found) = noisy::decide(&look, matrix, extra, tone)
                && best.is_none_or(|b| b.margin < found.margin)
            {
                best = Some(found);
            }
        }
        best
    }

    fn recoded(&self, noisy: &NoisyGrid, rest: [f32; 3]) -> Findings {
        let confidence = (1.0 / (1.0 + (-noisy.margin).exp())) as f32;
        let planes = [0, 1, 2].map(|i| {
            let unit = Range::Limited.unit_codes(i > 0);
            let Some(bits) = noisy.bits[i] else { return PlaneGrid::plain(rest[i]) };
            let period = 255.0 / f64::from((1u32 << bits) - 1);
            let zero = if i == 0 { 16.0 - noisy.luma_shift } else { 128.0 };
            PlaneGrid {
                step_codes: period as f32 * unit,
                offset_codes: (-zero).rem_euclid(period) as f32 * unit,
                bits: Some(bits),
                found: true,
                confidence,
                steps_by_code: None,
            }
        });
        let mut found = self.in_yuv(Cause::RecodedGrid, noisy.matrix, Range::Limited, planes);
        found.lossy = true;
        found
    }

    fn jpeg_planes(&self, steps: [Option<f32>; 3], half: bool) -> Findings {
        let planes = steps.map(|q| {
            let step = q.map_or(1.5, |q| (q / 8.0).max(1.5));
            PlaneGrid { found: q.is_some_and(|q| q > 12.0), ..PlaneGrid::plain(step) }
        });
        let mut found = self.in_yuv(Cause::Jpeg, Matrix::Bt601, Range::Full, planes);
        found.lossy = true;
        found.half_chroma = half;
        found
    }

    fn by_tables(&self, jpeg: &JpegOrigin) -> Option<Findings> {
        let luma = f32::from(jpeg.luma?[0]);
        let chroma = jpeg.chroma.map(|t| f32::from(t[0]));
        if luma < 16.0
            && let Some(noisy) = self.noisy(&[Matrix::Bt601, Matrix::Bt709], 1.0, 0.0)
        {
            return Some(self.recoded(&noisy, [2.0, 1.5, 1.5]));
        }
        let half = jpeg.subsampling.is_none_or(|s| s != Subsampling::NONE);
        Some(self.jpeg_planes([Some(luma), chroma, chroma], half))
    }

    fn by_blocks(&self, luma: u16) -> Findings {
        let chroma = |part| {
            let source = self.source(part, Matrix::Bt601, Range::Full, false);
            dc_step(&source, true, ENOUGH).map(f32::from)
        };
        self.jpeg_planes([Some(f32::from(luma)), chroma(Part::Blue), chroma(Part::Red)], true)
    }

    fn coded(&self, lattice: &Lattice) -> Findings {
        let mut found =
            self.in_yuv(Cause::Coded, lattice.matrix, lattice.range, [2.0, 1.5, 1.5].map(PlaneGrid::plain));
        found.lossy = true;
        found
    }
}
