//! Evidence on an RGB or grey image, each part computed on first use.

use std::sync::OnceLock;

use super::bits::Effective;
use super::comb::Combs;
use super::contours::Contours;
use super::flat_runs::{self, FlatRuns};
use super::grid::{self, Grid, flat_histogram, plane_grid};
use super::lattice::{self, Colours, Lattice};
use super::levels::Levels;
use super::noisy::{self, Conversion, NoisyGrid};
use super::planes::{BlockSums, Channel, Codes, LazyPlane, Recipe};
use super::tiles::TileHistograms;
use super::{Nature, codes_of, deep, palette};
use crate::coded::Coding;
use unband_image::Cicp;
use unband_image::Context;
use unband_image::color::{Matrix, Range};
use unband_image::depth::Depth;
use unband_image::findings::Findings;
use unband_image::image::Image;
use unband_image::origin::Codec;

/// Number of samples that is enough for a histogram of flat windows.
pub(crate) const ENOUGH: usize = 500_000;

/// Image, its 8-bit codes (three channels, or one that replaces all three), and the parts computed so far.
pub(crate) struct Evidence<'a> {
    pub image: &'a Image,
    pub codes: Codes,
    pub sums: BlockSums,
    pub effective: Effective,
    pub nature: Nature,
    pub ctx: &'a Context<'a>,
    tiles: OnceLock<TileHistograms>,
    flat_runs: OnceLock<FlatRuns>,
    histograms: OnceLock<Vec<Vec<u32>>>,
    partial: OnceLock<Option<Vec<Option<Levels>>>>,
    colours: OnceLock<Colours>,
    lattice: OnceLock<Lattice>,
    combs: OnceLock<Combs>,
    contours: OnceLock<Contours>,
    palette: OnceLock<Option<Findings>>,
    resized: OnceLock<Option<(Findings, bool)>>,
}

impl<'a> Evidence<'a> {
    pub(crate) fn new(image: &'a Image, effective: Effective, codes: Codes, ctx: &'a Context<'a>) -> Self {
        Self {
            sums: BlockSums::new(&codes, ctx),
            image,
            codes,
            effective,
            nature: Nature::Unknown,
            ctx,
            tiles: OnceLock::new(),
            flat_runs: OnceLock::new(),
            histograms: OnceLock::new(),
            partial: OnceLock::new(),
            colours: OnceLock::new(),
            lattice: OnceLock::new(),
            combs: OnceLock::new(),
            contours: OnceLock::new(),
            palette: OnceLock::new(),
            resized: OnceLock::new(),
        }
    }

    /// Of an image's own planes.
    pub(crate) fn from_image(image: &'a Image, effective: Effective, ctx: &'a Context<'a>) -> Self {
        let codes = |p: usize| codes_of(&image.planes[p], effective.scale, 0.0, ctx);
        let planes = ctx.map(image.planes.len(), codes);
        Self::new(image, effective, Codes { width: image.width(), height: image.height(), planes }, ctx)
    }

    /// Histograms of squares.
    pub(crate) fn tiles(&self) -> &TileHistograms {
        self.tiles.get_or_init(|| TileHistograms::new(&self.codes))
    }

    /// Flat windows.
    pub(crate) fn flat_runs(&self) -> &FlatRuns {
        self.flat_runs.get_or_init(|| FlatRuns::new(&self.codes))
    }

    /// Histogram of each channel's codes.
    pub(crate) fn histograms(&self) -> &[Vec<u32>] {
        let whole = || (0..self.codes.planes.len()).map(|c| self.tiles().whole(c)).collect();
        self.histograms.get_or_init(whole)
    }

    /// Levels that a part of the squares has.
    pub(crate) fn partial_levels(&self) -> Option<&[Option<Levels>]> {
        self.partial.get_or_init(|| self.tiles().partial_levels()).as_deref()
    }

    /// Distinct colours.
    pub(crate) fn colours(&self) -> &Colours {
        self.colours.get_or_init(|| lattice::colours(&self.codes))
    }

    /// Fewer than 300 colours.
    pub(crate) fn few_colours(&self) -> bool {
        self.colours().list.len() < 300
    }

    /// Few colours, all nearly grey.
    pub(crate) fn grey(&self) -> bool {
        self.few_colours() && self.colours().spread < 16
    }

    /// The lattice of colours that 8-bit `YCbCr` can represent.
    pub(crate) fn lattice(&self) -> &Lattice {
        self.lattice.get_or_init(|| lattice::lattice(self.colours(), &self.codes))
    }

    /// Histogram combs of a tone curve.
    pub(crate) fn combs(&self) -> &Combs {
        self.combs.get_or_init(|| {
            if self.effective.eight() { Combs::new(self.histograms()) } else { deep::combs(self.image) }
        })
    }

    /// Contours between flat samples of three channels.
    pub(crate) fn contours(&self) -> &Contours {
        self.contours.get_or_init(|| Contours::count(&self.codes, Matrix::Bt709))
    }

    /// Findings of a palette that the file does not declare.
    pub(crate) fn palette(&self) -> Option<&Findings> {
        self.palette.get_or_init(|| palette::findings(self, false)).as_ref()
    }

    /// Findings of channels that were resized after they lost levels, and whether these are sure.
    pub(crate) fn resized(&self) -> Option<&(Findings, bool)> {
        self.resized.get_or_init(|| flat_runs::of_channels(self)).as_ref()
    }

    /// Gaps of expanded limited range among few colours: a ninth of a step, which resembles a fine JPEG grid.
    pub(crate) fn limited_gaps(&self) -> bool {
        self.few_colours() && self.histograms().iter().any(|h| lattice::limited_gaps(h))
    }

    /// Added to the limits of grids below a codec where another cause is likely too.
    pub(crate) fn guard(&self) -> f64 {
        let comb = if self.combs().found() { 0.5 } else { 0.0 };
        comb + if self.palette().is_some() { 2.0 } else { 0.0 }
    }

    /// Name and value of the parts computed so far.
    pub(crate) fn computed(&self) -> Vec<(&'static str, String)> {
        let mut parts = vec![("bits per sample", self.effective.bits.to_string())];
        if let Some(colours) = self.colours.get() {
            let more = if colours.complete { "" } else { " or more" };
            parts.push(("colours", format!("{}{more}", colours.all)));
            parts.push(("greys among them", colours.greys.to_string()));
            parts.push(("saturation, codes", colours.spread.to_string()));
        }
        if let Some(lattice) = self.lattice.get() {
            let kind = format!("{} {}, {:.2}", lattice.matrix.name(), lattice.range.name(), lattice.strength);
            parts.push(("YCbCr lattice, strength", kind));
        }
        if let Some(combs) = self.combs.get() {
            parts.push(("histogram comb", if combs.found() { "found" } else { "none" }.to_owned()));
        }
        if let Some(contours) = self.contours.get() {
            let steps = contours.mean_steps()[0].unwrap_or(0.0);
            parts.push(("contours per 1,000 samples", format!("{:.1}", 1000.0 * contours.density())));
            parts.push(("their mean step, codes", format!("{steps:.1}")));
            parts.push(("share with small steps", format!("{:.2}", contours.small())));
            parts.push(("share where channels step apart", format!("{:.2}", contours.independence())));
        }
        if let Some(palette) = self.palette.get() {
            parts.push(("palette", if palette.is_some() { "found" } else { "none" }.to_owned()));
        }
        parts
    }

    /// Is the image known to be a photo?
    pub(crate) fn is_photo(&self) -> bool {
        self.nature == Nature::Photo
    }

    /// Was the file coded with loss?
    pub(crate) fn lossy(&self) -> bool {
        self.image.origin.is_lossy()
    }

    /// Is a palette declared by the file?
    pub(crate) fn declares_palette(&self) -> bool {
        matches!(self.image.origin.codec, Codec::Palette(_))
    }

    /// A plane behind the channels.
    pub(crate) fn source(&self, channel: Channel, matrix: Matrix, range: Range, half: bool) -> LazyPlane<'_> {
        LazyPlane::new(&self.codes, &self.sums, Recipe::new(channel, matrix, range, half), self.ctx.level)
    }

    /// Luma in full range.
    pub(crate) fn luma(&self, matrix: Matrix) -> LazyPlane<'_> {
        self.source(Channel::Luma, matrix, Range::Full, false)
    }

    /// Floating point of more than 8 bits in a file that declares linear light, or declares nothing.
    pub(crate) fn is_linear(&self) -> bool {
        let said = self.image.color.cicp.is_none_or(Cicp::is_linear);
        self.image.depth == Depth::F32 && !self.effective.eight() && said
    }

    /// 8-bit full-scale codes per code of `self.codes`.
    pub(crate) fn unit(&self) -> f64 {
        255.0 / f64::from(self.effective.scale)
    }

    /// Are nearly all 8×8 blocks of one value, with blocks counted from either end?
    pub(crate) fn flat_blocks(&self) -> bool {
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

    /// Flat samples of luma or a colour difference.
    fn flats(&self, channel: Channel, matrix: Matrix, range: Range) -> Vec<f64> {
        let source = self.source(channel, matrix, range, false);
        let limit = 1.2 / f64::from(range.unit_codes(channel.is_chroma()));
        flat_histogram(&source, limit, ENOUGH)
    }

    /// Sharp grids of luma and colour differences.
    pub(crate) fn plane_grids(
        &self,
        matrix: Matrix,
        range: Range,
        shift: f64,
        strict: bool,
    ) -> [Option<Grid>; 3] {
        let grids = self.ctx.map(Channel::ALL.len(), |i| {
            let channel = Channel::ALL[i];
            let shift = if channel.is_chroma() { 0.0 } else { shift };
            plane_grid(&self.flats(channel, matrix, range), shift, strict)
        });
        [0, 1, 2].map(|i| grids[i])
    }

    /// Closeness of a plane's flat samples to the levels of `bits` bits, at most 1.
    pub(crate) fn fit(&self, channel: Channel, matrix: Matrix, range: Range, bits: u8) -> f64 {
        grid::fit(&self.flats(channel, matrix, range), noisy::period(bits))
    }

    /// Blurred grids for the matrix of the lattice, or for both when there is no lattice.
    pub(crate) fn noisy(&self, lattice: Lattice, grey: bool, extra: f64) -> Option<(NoisyGrid, Matrix)> {
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
}
