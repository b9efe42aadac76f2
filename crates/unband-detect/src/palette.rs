//! Palette images: steps between adjacent colours of their gradients.

use std::collections::HashSet;

use super::evidence::Evidence;
use super::planes::Codes;
use super::spread::{parts, places};
use unband_image::depth::Depth;
use unband_image::findings::{Cause, Findings, PlaneGrid, Space};
use unband_image::{Plane, With};

/// Wider steps, in codes, are edges of objects, not of bands.
const WIDEST: i32 = 32;

/// Mean distance of muted colours, in codes, above which they come from a palette.
const APART: f64 = 1.6;

/// Side of the squares that are tested for banding.
const SIDE: usize = 56;

/// Statistics of neighbouring pixels in a palette image.
pub(super) struct PaletteLook {
    /// Per channel, per code: the usual step to the next colour in a gradient.
    steps: Vec<Vec<f32>>,
    means: Vec<f32>,
    /// Do single pixels differ from both neighbours nearly everywhere? Then the image is dithered or
    /// textured, without bands.
    pub dithered: bool,
}

/// Accumulated statistics of neighbours across and down.
struct Neighbours<'a> {
    codes: &'a Codes,
    /// Sums of steps and their number, by channel and code.
    sums: Vec<[(u32, u32); 256]>,
    /// Small changes, and those where the pixel differs from both neighbours, by square.
    squares: Vec<(u32, u32)>,
    columns: Vec<usize>,
    /// Index of the first square in each pixel row's row of squares.
    rows: Vec<usize>,
}

impl Neighbours<'_> {
    /// Widest step of any channel between two pixels.
    fn step(&self, a: (usize, usize), b: (usize, usize)) -> i32 {
        let planes = &self.codes.planes;
        let at = |plane: &[u8], (x, y): (usize, usize)| i32::from(plane[y * self.codes.width + x]);
        planes.iter().map(|p| (at(p, a) - at(p, b)).abs()).max().unwrap_or(0)
    }

    /// Adds a pixel between two others: either step may be a gradient's, with a flat on the other side.
    fn add(&mut self, before: (usize, usize), here: (usize, usize), after: (usize, usize)) {
        let steps = [self.step(before, here), self.step(here, after)];
        let small = |step: i32| step > 0 && step <= WIDEST;
        let square = self.rows[here.1] + self.columns[here.0];
        for (step, beyond, other) in [(steps[0], steps[1], before), (steps[1], steps[0], after)] {
            if !small(step) {
                continue;
            }
            self.squares[square].0 += 1;
            self.squares[square].1 += u32::from(small(beyond));
            if beyond > 0 {
                continue;
            }
            for (plane, sums) in self.codes.planes.iter().zip(&mut self.sums) {
                let at = |(x, y): (usize, usize)| plane[y * self.codes.width + x];
                let (a, b) = (at(other), at(here));
                let d = u32::from(a.abs_diff(b));
                if d > 0 {
                    for code in [a, b] {
                        let sum = &mut sums[usize::from(code)];
                        sum.0 += d;
                        sum.1 += 1;
                    }
                }
            }
        }
    }
}

pub(super) fn look(codes: &Codes) -> PaletteLook {
    let (w, h) = (codes.width, codes.height);
    let channels = codes.planes.len();
    let ((columns, across), (rows, down)) = (parts(w, SIDE), parts(h, SIDE));
    let rows = rows.into_iter().map(|row| row * across).collect();
    let squares = vec![(0u32, 0u32); across * down];
    let mut near = Neighbours { codes, sums: vec![[(0u32, 0u32); 256]; channels], squares, columns, rows };
    let every = (codes.len() / 500_000).max(1);
    for y in places(h, every) {
        for x in 1..w.saturating_sub(1) {
            near.add((x - 1, y), (x, y), (x + 1, y));
        }
    }
    let columns: Vec<usize> = places(w, every).collect();
    for y in 1..h.saturating_sub(1) {
        for &x in &columns {
            near.add((x, y - 1), (x, y), (x, y + 1));
        }
    }
    let Neighbours { sums, squares, .. } = near;
    let mut steps = Vec::with_capacity(channels);
    let mut means = Vec::with_capacity(channels);
    for sums in &sums {
        let (total, count) =
            sums.iter().fold((0u64, 0u64), |(t, n), s| (t + u64::from(s.0), n + u64::from(s.1)));
        let mean = if count > 0 { total as f32 / count as f32 } else { 1.0 };
        // A code with little evidence is pulled towards the channel's mean.
        steps.push(sums.iter().map(|s| (s.0 as f32 + 8.0 * mean) / (s.1 as f32 + 8.0)).collect());
        means.push(mean);
    }
    let counted = squares.iter().filter(|s| s.0 >= 60).count();
    let banded = squares.iter().filter(|s| s.0 >= 60 && f64::from(s.1) < 0.52 * f64::from(s.0)).count();
    // One square among many may be chance.
    let chance = if counted < 8 { 0 } else { 1.max(counted / 20) };
    PaletteLook { steps, means, dithered: banded <= chance }
}

impl PaletteLook {
    pub(crate) fn grids(self) -> Vec<PlaneGrid> {
        let each = self.steps.into_iter().zip(self.means);
        each.map(|(steps, mean)| {
            PlaneGrid::plain(1.0).but(|new| {
                new.step_codes = mean;
                new.found = mean > 1.3;
                new.confidence = 0.8;
                new.steps_by_code = Some(steps);
            })
        })
        .collect()
    }
}

/// Has a plane at most as many values as a palette has colours?
fn has_few_values(plane: &Plane) -> bool {
    let mut values = HashSet::new();
    plane.data.iter().all(|value| {
        values.insert(value.to_bits());
        values.len() <= 256
    })
}

/// Are there 9 to 256 colours (of a photo 3 and more), by a palette of the file or by distances between them?
pub(super) fn has_few_colours(evidence: &Evidence<'_>) -> bool {
    let colours = evidence.colours();
    // Up to eight are art of few colours.
    let least = if evidence.is_photo() { 3 } else { 9 };
    let few = (least..=256).contains(&colours.all);
    few && (evidence.declares_palette() || colours.spread >= 12 && colours.apart() >= APART)
}

/// Few colours: declared by the file, or found in colourful samples.
pub(super) fn findings(evidence: &Evidence<'_>, declared: bool) -> Option<Findings> {
    // Colours are counted after rounding to 8 bits: a palette has at most 256 values.
    if !evidence.effective.eight() && !evidence.image.planes.iter().all(has_few_values) {
        return None;
    }
    let colours = evidence.colours();
    if !(8..=256).contains(&colours.all) || colours.all <= 2 * colours.greys {
        return None;
    }
    let colourful = colours.spread >= 48;
    let seen = || colourful || (colours.spread >= 12 && colours.apart() >= APART);
    if !(if declared { evidence.declares_palette() } else { evidence.codes.len() > 4096 && seen() }) {
        return None;
    }
    let look = look(&evidence.codes);
    if look.dithered {
        // No bands, and texture that must be preserved: treated as plain.
        return (declared || colourful).then(|| Findings::plain(evidence.codes.planes.len(), 8));
    }
    Some(with_steps(evidence, look))
}

/// Findings of a palette, with its steps by channel and code.
pub(super) fn with_steps(evidence: &Evidence<'_>, look: PaletteLook) -> Findings {
    let mut found = evidence.findings(Cause::Palette, Space::Native, Vec::new());
    found.grids = look.grids();
    found.grids.iter_mut().for_each(|grid| at_own_depth(grid, evidence));
    found
}

/// Steps by the codes of a deeper container, from those by 8-bit codes.
fn at_own_depth(grid: &mut PlaneGrid, evidence: &Evidence<'_>) {
    let depth = evidence.image.depth;
    if let (Depth::Int(9..), Some(steps)) = (depth, &mut grid.steps_by_code) {
        let near = |code: u32| (depth.value(code) * evidence.effective.scale).round().min(255.0) as usize;
        *steps = (0..=depth.max_code()).map(|code| steps[near(code)]).collect();
    }
}
