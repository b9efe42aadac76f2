//! Decision table for RGB and grey images; the first row that fires wins.

use super::bits::Effective;
use super::coded::Coding;
use super::comb::Combs;
use super::grid::{Grid, flat_histogram, plane_grid};
use super::jpeg::{blockiness, dc_step};
use super::lattice::{self, Colours, Lattice};
use super::levels::Levels;
use super::noisy::{self, Conversion, NoisyGrid};
use super::planes::{Codes, Part, Recipe, Source, Sums};
use super::tiles::TileHistograms;
use super::{Cause, Findings, PlaneGrid, Space, deep, linear, palette};
use unband_image::Context;
use unband_image::color::{Matrix, Range, Subsampling};
use unband_image::depth::Depth;
use unband_image::image::Image;
use unband_image::origin::{Codec, JpegOrigin};

/// Number of samples that is enough for a histogram of flat windows.
const ENOUGH: usize = 500_000;

/// Mean distance of muted colours, in codes, above which they come from a palette.
const APART: f64 = 1.6;
/// Mean distance of colours above which they come from a palette regardless of any grid.
const FAR_APART: f64 = 2.5;

/// Shift of luma levels by one truncating conversion, in codes.
const TRUNCATED_SHIFT: f64 = -1.1;

/// Input of the decision: 8-bit codes of three channels, or of one that replaces all three.
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

    /// Detected cause and grids.
    pub fn decide(&self) -> Findings {
        let tiles = TileHistograms::new(&self.codes);
        let hists: Vec<Vec<u32>> = (0..self.codes.planes.len()).map(|c| tiles.whole(c)).collect();
        // No lossy codec preserves RGB levels, so any apparent ones are chance.
        if !self.image.origin.is_lossy()
            && let Some(found) = self.by_levels(&tiles, &hists)
        {
            return found;
        }
        // Grids of luma and chroma, blocks and palettes are steps of encoded values; linear light was never
        // coded that way.
        if self.is_linear() {
            let combs = deep::combs(self.image);
            return if combs.found() {
                let linear_light = linear::of_eight_bits(self.image);
                Findings { linear_light, ..self.base(Cause::ToneCurve, Space::Native, combs.grids()) }
            } else {
                Findings::plain_step(self.image.planes.len(), self.effective.bits, self.effective.step_codes)
            };
        }
        if let Codec::Jpeg(jpeg) = &self.image.origin.codec
            && let Some(found) = self.by_tables(jpeg)
        {
            return found;
        }
        let colours = lattice::colours(&self.codes);
        if let Some(found) = self.by_palette(&colours, true) {
            return found;
        }
        if !self.image.origin.is_lossy()
            && let Some(found) = self.by_even_levels(&hists)
        {
            return found;
        }
        let lattice = lattice::lattice(&colours, &self.codes);
        if lattice.found()
            && let Some(found) = self.by_lattice(&lattice, &colours)
        {
            return found;
        }
        if let Some(found) = self.by_partial_levels(&tiles) {
            return found;
        }
        let few = colours.list.len() < 300;
        let grey = few && colours.spread < 16;
        let combs = if self.effective.eight() { Combs::new(&hists) } else { deep::combs(self.image) };
        let palette = self.by_palette(&colours, false);
        if let Some(found) = palette.as_ref().filter(|p| p.cause == Cause::Palette)
            && colours.apart() >= FAR_APART
        {
            return found.clone();
        }
        let extra = if combs.found() { 0.5 } else { 0.0 } + if palette.is_some() { 2.0 } else { 0.0 };
        if let Some((noisy, matrix)) = self.noisy(Lattice::none(), grey, extra) {
            return self.recoded(&noisy, matrix, [2.0, 1.14, 1.14]);
        }
        // Only for greys: colours without traces of a codec are quantised in a part of the image at most.
        if grey && let Some(found) = self.by_channels(extra + noisy::limits::GREY) {
            return found;
        }
        // Expanded limited range leaves gaps of a ninth of a step, which resemble a fine JPEG grid.
        let limited = few && hists.iter().any(|h| lattice::limited_gaps(h));
        let luma = self.source(Part::Luma, Matrix::Bt601, Range::Full, false);
        // A palette's few colours change anywhere, a JPEG's at its blocks.
        let palette_like = colours.complete && colours.all <= 256 && colours.all > 2 * colours.greys;
        let blocks = || self.flat_blocks() || blockiness(&luma, &luma.squares(ENOUGH)) >= 1.15;
        if few && !limited && (!palette_like || blocks()) {
            // A quantiser step of 8 is one code, as in any flat 8-bit image.
            if let Some(q) = dc_step(&luma, false, ENOUGH).filter(|&q| q >= 10) {
                return self.by_blocks(q);
            }
        }
        if few {
            for matrix in [Matrix::Bt601, Matrix::Bt709] {
                let grids = self.plane_grids(matrix, Range::Limited, 0.0, true);
                if grids.iter().any(Option::is_some) {
                    return self.clean_grid(matrix, Range::Limited, &grids);
                }
            }
        }
        if let Some(found) = palette {
            return found;
        }
        if limited {
            return self.video(&Lattice::none());
        }
        // No lossy codec preserves the gaps of a curve either.
        if combs.found() && !self.image.origin.is_lossy() {
            return self.base(Cause::ToneCurve, Space::Native, combs.grids());
        }
        if self.image.origin.is_lossy() {
            return Findings { coded_codes: 0.0, ..self.video(&lattice) };
        }
        Findings::plain_step(self.image.planes.len(), self.effective.bits, self.effective.step_codes)
    }

    /// Floating point of more than 8 bits in a file that declares linear light, or declares nothing.
    fn is_linear(&self) -> bool {
        const LINEAR: u8 = 8;
        let said = self.image.color.cicp.is_none_or(|cicp| cicp.transfer == LINEAR);
        self.image.depth == Depth::F32 && !self.effective.eight() && said
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

    fn in_yuv(
        &self,
        cause: Cause,
        matrix: Matrix,
        range: Range,
        steps: impl Into<Vec<PlaneGrid>>,
    ) -> Findings {
        let mut found = self.base(cause, Space::Yuv { matrix, range }, steps.into());
        found.half_chroma = true;
        found
    }

    fn by_levels(&self, tiles: &TileHistograms, hists: &[Vec<u32>]) -> Option<Findings> {
        let each: Vec<Option<Levels>> = if self.effective.eight() {
            hists.iter().map(|h| super::levels::levels(h, 4..=7)).collect()
        } else {
            deep::levels(self.image)
        };
        if !agreed(&each) {
            return None;
        }
        let mut found = self.base(Cause::Levels, Space::Native, level_grids(&each, self.unit(), 1.0));
        found.effective_bits = each.iter().flatten().map(|l| l.bits).max().unwrap_or(8);
        if self.effective.eight() {
            found.regions = Some(tiles.regions(&each)).filter(|r| !r.everywhere());
        }
        Some(found)
    }

    /// Levels of any step, unless they are the flat blocks of a coarse JPEG.
    fn by_even_levels(&self, hists: &[Vec<u32>]) -> Option<Findings> {
        if !self.effective.eight() {
            return None;
        }
        let each: Vec<Option<Levels>> = hists.iter().map(|h| super::levels::even_levels(h)).collect();
        if !agreed(&each) || self.flat_blocks() {
            return None;
        }
        Some(self.base(Cause::Levels, Space::Native, level_grids(&each, self.unit(), 1.0)))
    }

    /// Are nearly all 8×8 blocks of one value, with blocks counted from either end?
    fn flat_blocks(&self) -> bool {
        const SIDE: usize = 8;
        let (w, h) = (self.codes.width, self.codes.height);
        let flat_from = |x0: usize, y0: usize| {
            let (mut flat, mut all) = (0u32, 0u32);
            for top in (y0..h.saturating_sub(SIDE - 1)).step_by(SIDE) {
                let rows: Vec<&[u8]> = (top..top + SIDE).map(|y| self.codes.row(0, y)).collect();
                for left in (x0..w.saturating_sub(SIDE - 1)).step_by(SIDE) {
                    let first = rows[0][left];
                    let block = |row: &&[u8]| row[left..left + SIDE].iter().all(|&c| c == first);
                    all += 1;
                    flat += u32::from(rows.iter().all(block));
                }
            }
            all > 0 && f64::from(flat) > 0.98 * f64::from(all)
        };
        let (x, y) = (w % SIDE, h % SIDE);
        [(0, 0), (x, 0), (0, y), (x, y)].into_iter().any(|(x, y)| flat_from(x, y))
    }

    fn by_partial_levels(&self, tiles: &TileHistograms) -> Option<Findings> {
        let each = tiles.partial_levels()?;
        let mut found = self.base(Cause::Levels, Space::Native, level_grids(&each, self.unit(), 0.8));
        found.regions = Some(tiles.regions(&each));
        Some(found)
    }

    /// 8-bit full-scale codes per code of `self.codes`.
    fn unit(&self) -> f64 {
        255.0 / f64::from(self.effective.scale)
    }

    /// Few colours: declared by the file, or found in colourful samples.
    fn by_palette(&self, colours: &Colours, declared: bool) -> Option<Findings> {
        let said = matches!(self.image.origin.codec, Codec::Palette(_));
        if !(8..=256).contains(&colours.all) || colours.all <= 2 * colours.greys {
            return None;
        }
        let colourful = colours.spread >= 48;
        let seen = || colourful || (colours.spread >= 12 && colours.apart() >= APART);
        if !(if declared { said } else { self.codes.len() > 4096 && seen() }) {
            return None;
        }
        let look = palette::look(&self.codes);
        if look.dithered {
            // No bands, and texture that must be preserved: treated as plain.
            return (declared || colourful).then(|| Findings::plain(self.codes.planes.len(), 8));
        }
        let mut found = self.base(Cause::Palette, Space::Native, Vec::new());
        found.grids = look.grids();
        Some(found)
    }

    fn plane_grids(&self, matrix: Matrix, range: Range, shift: f64, strict: bool) -> [Option<Grid>; 3] {
        let grids = self.ctx.map(Part::ALL.len(), |i| {
            let part = Part::ALL[i];
            let source = self.source(part, matrix, range, false);
            let limit = 1.2 / f64::from(range.unit_codes(part.is_chroma()));
            let shift = if part.is_chroma() { 0.0 } else { shift };
            plane_grid(&flat_histogram(&source, limit, ENOUGH), shift, strict)
        });
        [0, 1, 2].map(|i| grids[i])
    }

    fn by_lattice(&self, lattice: &Lattice, colours: &Colours) -> Option<Findings> {
        let (matrix, range) = (lattice.matrix, lattice.range);
        if (matrix, range) == (Matrix::Bt601, Range::Full) {
            let luma = self.source(Part::Luma, matrix, range, false);
            if let Some(q) = dc_step(&luma, false, ENOUGH) {
                return Some(self.by_blocks(q));
            }
        }
        let shift = if lattice.truncated { TRUNCATED_SHIFT } else { 0.0 };
        let mut grids = self.plane_grids(matrix, range, shift, false);
        if colours.complete && colours.list.len() < 500 && grids.iter().all(Option::is_none) {
            return None;
        }
        let noisy = self.noisy(*lattice, false, 0.0);
        // Re-encoding blurs levels; a chroma grid alone survives better than luma's.
        let sharp = |grid: &Option<Grid>| grid.is_some_and(|g| g.strength >= 0.6);
        let fresh = sharp(&grids[0]) || noisy.is_none_or(|(n, _)| n.bits[0].is_none());
        if fresh && grids.iter().any(Option::is_some) {
            if let Some((n, _)) = noisy.filter(|(_, at)| *at == matrix && range == Range::Limited) {
                for (grid, bits) in grids.iter_mut().zip(n.bits).skip(1) {
                    let strength = 0.5;
                    *grid = grid.or(bits.map(|bits| Grid {
                        period: noisy::period(bits),
                        offset: 0.0,
                        bits,
                        strength,
                    }));
                }
            }
            let mut found = self.clean_grid(matrix, range, &grids);
            if !sharp(&grids[0]) && Coding::measure(&self.luma(matrix)).surely() {
                found.cause = Cause::RecodedGrid;
                found.lossy = true;
            }
            return Some(found);
        }
        let plain = self.video(lattice);
        let Some((noisy, at)) = noisy else { return Some(self.by_channels(0.0).unwrap_or(plain)) };
        let rest = [0, 1, 2].map(|i| plain.grids[i].step_codes);
        let mut found = self.recoded(&noisy, at, rest);
        // One truncating conversion and no trace of a codec: quantised, but not coded since.
        let twice = noisy.bits[0].is_some() && (noisy.luma_shift - TRUNCATED_SHIFT).abs() > 0.5;
        if lattice.truncated && !twice && !Coding::measure(&self.luma(at)).surely() {
            found.cause = Cause::PlaneGrid;
            found.lossy = self.image.origin.is_lossy();
        }
        Some(found)
    }

    fn luma(&self, matrix: Matrix) -> Source<'_> {
        self.source(Part::Luma, matrix, Range::Full, false)
    }

    /// 8-bit `YCbCr` without a grid: coded with visible loss or not.
    fn video(&self, lattice: &Lattice) -> Findings {
        let coding = Coding::measure(&self.luma(lattice.matrix));
        let known = self.image.origin.is_lossy();
        let luma = coding.step(known) as f32;
        let chroma = (1.14 + (luma - 1.25) * 0.48).max(1.14);
        let cause = if known || coding.visible() { Cause::Coded } else { Cause::Video };
        let steps = [luma, chroma, chroma].map(PlaneGrid::plain);
        let mut found = self.in_yuv(cause, lattice.matrix, lattice.range, steps);
        found.lossy |= coding.visible();
        let chroma = [Part::Blue, Part::Red].map(|p| self.source(p, lattice.matrix, lattice.range, true));
        found.coded_codes = coding.trace(chroma.each_ref()) as f32;
        found
    }

    fn clean_grid(&self, matrix: Matrix, range: Range, grids: &[Option<Grid>; 3]) -> Findings {
        let planes = [0, 1, 2].map(|i| {
            grids[i].map_or_else(|| PlaneGrid::plain(range.unit_codes(i > 0)), |g| g.named(range, i))
        });
        self.in_yuv(Cause::PlaneGrid, matrix, range, planes)
    }

    /// Blurred grids for the matrix of the lattice, or for both when there is no lattice.
    fn noisy(&self, lattice: Lattice, grey: bool, extra: f64) -> Option<(NoisyGrid, Matrix)> {
        let conversion = if lattice.truncated { Conversion::Truncated } else { Conversion::Other };
        let known = lattice.found() && lattice.range == Range::Limited;
        let both = [(Matrix::Bt601, 0.0), (Matrix::Bt709, 2.5)];
        let one = [(if known { lattice.matrix } else { Matrix::Bt601 }, 0.0)];
        let tried: &[(Matrix, f64)] = if known || grey { &one } else { &both };
        let mut best: Option<(NoisyGrid, Matrix)> = None;
        for &(matrix, guard) in tried {
            // The unlikely matrix gets half the samples.
            let enough = if guard > 0.0 { noisy::ENOUGH / 2 } else { noisy::ENOUGH };
            let scores = noisy::look(&self.codes, &self.sums, matrix, conversion, grey, enough, self.ctx);
            let coded = || lattice.truncated && Coding::measure(&self.luma(matrix)).visible();
            if let Some(found) = noisy::decide(&scores, extra + guard, coded)
                && best.is_none_or(|(b, _)| b.margin < found.margin)
            {
                best = Some((found, matrix));
            }
        }
        best
    }

    fn recoded(&self, noisy: &NoisyGrid, matrix: Matrix, rest: [f32; 3]) -> Findings {
        let planes = noisy.named(rest);
        let mut found = self.in_yuv(Cause::RecodedGrid, matrix, Range::Limited, planes);
        found.lossy = true;
        found.darkened_codes = noisy.darkened() * Range::Limited.unit_codes(false);
        found
    }

    /// Channels that were quantised to 6 or 5 bits and then coded with loss.
    fn by_channels(&self, extra: f64) -> Option<Findings> {
        let (bits, confidence) = noisy::channels(&self.codes, extra, self.ctx.level)?;
        let step = noisy::period(bits) as f32;
        let grid = PlaneGrid { bits: Some(bits), found: true, confidence, ..PlaneGrid::plain(step) };
        let mut found = self.base(Cause::RecodedGrid, Space::Native, vec![grid; self.codes.planes.len()]);
        found.lossy = true;
        Some(found)
    }

    fn jpeg_planes(&self, steps: [Option<f32>; 3], half: bool) -> Findings {
        let planes = steps.map(jpeg_plane);
        let mut found = self.in_yuv(Cause::Jpeg, Matrix::Bt601, Range::Full, planes);
        found.lossy = true;
        found.half_chroma = half;
        found
    }

    fn by_tables(&self, jpeg: &JpegOrigin) -> Option<Findings> {
        let luma = f32::from(jpeg.luma?[0]);
        let chroma = jpeg.chroma.map(|t| f32::from(t[0]));
        // A fine JPEG preserves the grid of its input.
        if luma < 16.0
            && let Some((noisy, matrix)) = self.noisy(Lattice::none(), self.codes.planes.len() == 1, 0.0)
        {
            let step = |q: f32| (q / 8.0).max(1.5);
            let chroma = chroma.map_or(1.5, step);
            return Some(self.recoded(&noisy, matrix, [step(luma), chroma, chroma]));
        }
        if luma < 16.0
            && let Some(found) = self.by_channels(0.0)
        {
            return Some(found);
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
}

/// The step of block means for a quantiser step: an eighth.
pub(super) fn jpeg_plane(q: Option<f32>) -> PlaneGrid {
    let step = q.map_or(1.5, |q| (q / 8.0).max(1.5));
    PlaneGrid { found: q.is_some_and(|q| q > 12.0), ..PlaneGrid::plain(step) }
}

/// Do two of three channels have levels, or the only one?
fn agreed(each: &[Option<Levels>]) -> bool {
    let found = each.iter().flatten().count();
    found > 0 && found * 3 >= each.len() * 2
}

/// Level sets as grids; `unit` is the number of 8-bit codes per code of the levels.
pub(super) fn level_grids(each: &[Option<Levels>], unit: f64, confidence: f32) -> Vec<PlaneGrid> {
    let grid = |level: &Option<Levels>| match level {
        None => PlaneGrid::plain(unit as f32),
        Some(l) => PlaneGrid {
            step_codes: (l.step * unit) as f32,
            offset_codes: (l.offset * unit) as f32,
            bits: Some(l.bits),
            found: true,
            confidence,
            steps_by_code: None,
        },
    };
    each.iter().map(grid).collect()
}
