//! A coarse grid below a fine JPEG: means of flat blocks are on its levels.
//!
//! A block inside a band has one value, and its mean survives the coding within an eighth of a step.

use super::Rule;
use crate::evidence::{ENOUGH, Evidence};
use crate::grid::{Grid, occupied, plane_grid, strongest};
use crate::jpeg::block_means;
use crate::levels::{LevelRounding, Levels, agreed, level_grids};
use crate::noisy::period;
use crate::phasor::BINS;
use crate::planes::{Channel, LazyPlane};
use unband_image::With;
use unband_image::color::{Matrix, Range};
use unband_image::findings::{Cause, Findings, Space};
use unband_image::origin::Codec;

pub(super) const RULE: Rule =
    Rule { name: "jpeg-grid", when: "means of a fine JPEG's flat blocks are on a coarse grid", applies };

/// DC step of luma up to which the means are precise enough.
const FINE: u16 = 15;
/// Widest range of a flat block, in codes.
const FLAT: i32 = 5;
/// Levels that must be occupied in luma or a channel.
const LEVELS: usize = 8;
/// The same in chroma, whose range is narrow.
const CHROMA_LEVELS: usize = 5;
/// Sure grids have this strength.
const STRONG: f64 = 0.62;
/// A channel that decides alone has this strength and this number of levels.
const SURE: f64 = 0.8;
const SURE_LEVELS: usize = 12;
/// Samples of a first look, which excludes most planes.
const PART: usize = 100_000;
/// Grids of all blocks that are sure have this strength in a part of them.
const PROMISING: f64 = 0.35;
/// Middle samples of a block.
const MIDDLE: f64 = 16.0;
/// Middle samples of the flat blocks of a first look: with fewer, the plane is texture.
const FEW: f64 = 12.0 * MIDDLE;
/// The same: with more, a weak grid is excluded.
const MANY: f64 = 60.0 * MIDDLE;

fn applies(evidence: &Evidence<'_>) -> Option<Findings> {
    let Codec::Jpeg(jpeg) = &evidence.image.origin.codec else { return None };
    let fine = jpeg.luma.is_some_and(|table| table[0] <= FINE);
    let lead = jpeg.coefficients.as_ref().and_then(|stored| Some(stored.planes.first()?.lead));
    let start = lead.map(|(x, y)| ((8 - x % 8) % 8, (8 - y % 8) % 8))?;
    if !fine {
        return None;
    }
    channels(evidence, start).or_else(|| in_yuv(evidence, start))
}

/// Evidence of one plane.
enum PlaneLook {
    /// The means of its flat blocks are on a grid, on that many of its levels.
    OnGrid(Grid, usize),
    /// They are near one, or few.
    Doubtful,
    /// They are on none, or there are no flat blocks.
    Excluded,
}

impl PlaneLook {
    /// A part of the blocks is enough to exclude most planes.
    fn new(source: &LazyPlane<'_>, side: usize, start: (usize, usize)) -> Self {
        let histogram = |enough| histogram(source, side, start, enough);
        let part = histogram(PART);
        let flat = part.iter().sum::<f64>();
        if flat < FEW || (flat >= MANY && strongest(&part) < PROMISING) {
            return Self::Excluded;
        }
        let histogram = histogram(4 * ENOUGH);
        match plane_grid(&histogram, 0.0, true) {
            Some(grid) if grid.bits <= 6 && grid.strength >= STRONG => {
                Self::OnGrid(grid, occupied(&histogram, grid))
            }
            _ => Self::Doubtful,
        }
    }

    /// The grid, if at least `levels` of its levels are occupied.
    fn grid(&self, levels: usize) -> Option<Grid> {
        match self {
            Self::OnGrid(grid, occupied) if *occupied >= levels => Some(*grid),
            _ => None,
        }
    }

    /// Is the plane evidence enough without the others?
    fn is_sure(&self) -> bool {
        self.grid(SURE_LEVELS).is_some_and(|grid| grid.strength >= SURE)
    }
}

/// Histogram of the means of flat blocks in 1/8 codes. A block has the weight of its middle samples.
fn histogram(source: &LazyPlane<'_>, side: usize, start: (usize, usize), enough: usize) -> Vec<f64> {
    let means = block_means(source, side, start, FLAT, &source.squares(enough));
    let mut histogram = vec![0.0; 257 * BINS];
    let last = histogram.len() - 1;
    for (i, &n) in means.iter().enumerate() {
        histogram[((i + 2) / 4).min(last)] += MIDDLE * f64::from(n);
    }
    histogram
}

fn channels(evidence: &Evidence<'_>, start: (usize, usize)) -> Option<Findings> {
    let look = |p| PlaneLook::new(&LazyPlane::stored(&evidence.codes, p, evidence.ctx.level), 8, start);
    let looks = evidence.ctx.map(evidence.codes.planes.len(), look);
    let levels = |look: &PlaneLook| {
        let Grid { bits, period: step, offset, .. } = look.grid(LEVELS)?;
        Some(Levels { bits, step, offset, stored: LevelRounding::Nearest })
    };
    let each: Vec<Option<Levels>> = looks.iter().map(levels).collect();
    // A channel with one value, or with finer levels, says nothing against another.
    let sure = || looks.iter().any(PlaneLook::is_sure);
    let doubtful = || !looks.iter().any(|look| matches!(look, PlaneLook::Excluded));
    if !(agreed(&each) || sure() && doubtful()) {
        return None;
    }
    let each = with_green(each);
    let grids = level_grids(&each, evidence.unit(), 0.8);
    Some(evidence.findings(Cause::RecodedGrid, Space::Native, grids).but(|new| new.lossy = true))
}

/// Five bits of red and blue go with six of green, which the codec hides.
fn with_green(each: Vec<Option<Levels>>) -> Vec<Option<Levels>> {
    let five = |channel: &Option<Levels>| channel.as_ref().is_none_or(|levels| levels.bits == 5);
    match &each[..] {
        [red, None, blue] if five(red) && five(blue) => {
            let spread = |bits: u8| {
                Some(Levels { bits, step: period(bits), offset: 0.0, stored: LevelRounding::Nearest })
            };
            [5, 6, 5].map(spread).to_vec()
        }
        _ => each,
    }
}

fn in_yuv(evidence: &Evidence<'_>, start: (usize, usize)) -> Option<Findings> {
    const KINDS: [(Matrix, Range); 3] =
        [(Matrix::Bt601, Range::Limited), (Matrix::Bt709, Range::Limited), (Matrix::Bt601, Range::Full)];
    if evidence.codes.planes.len() < 3 {
        return None;
    }
    let planes = |&(matrix, range): &(Matrix, Range)| {
        let source = |channel, half| evidence.source(channel, matrix, range, half);
        let luma = PlaneLook::new(&source(Channel::Luma, false), 8, start).grid(LEVELS);
        let chroma = |channel| PlaneLook::new(&source(channel, false), 16, start).grid(CHROMA_LEVELS);
        let blue = chroma(Channel::Blue);
        // Without luma, both are needed: the plane that decides nothing is not read.
        let red = if luma.is_some() || blue.is_some() { chroma(Channel::Red) } else { None };
        let found = luma.is_some() || (blue.is_some() && red.is_some());
        let strength = [&luma, &blue, &red].into_iter().flatten().map(|grid| grid.strength).sum::<f64>();
        found.then_some((strength, matrix, range, [luma, blue, red]))
    };
    let (_, matrix, range, grids) = KINDS.iter().filter_map(planes).max_by(|a, b| a.0.total_cmp(&b.0))?;
    let mut found = evidence.clean_grid(matrix, range, &grids);
    (found.cause, found.lossy) = (Cause::RecodedGrid, true);
    Some(found)
}
