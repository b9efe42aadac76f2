//! Statistics of plateaus and the transitions between them, along some rows and columns of an image.

use std::collections::HashMap;

use super::borders::Borders;
use super::codec;
use super::colour_line;
use super::wedge;
use crate::planes::Codes;
use crate::shades;
use crate::{Cause, Findings, Space};
use unband_image::plateaus::{Plateaus, Run, runs};

/// Pixels read in each direction.
const PIXELS: usize = 1 << 16;
/// Neighbouring lines that are read together.
const GROUP: usize = 4;
/// Minimum run of equal pixels that is a plateau.
const PLATEAU: usize = 3;
/// Maximum number of pixels between two plateaus that may be the soft edge of a shape or a thin line.
const EDGE: usize = 4;
/// Minimum width at which plateaus with a soft edge between them are shapes, and not a steep gradient.
const SHAPE: usize = 8;
/// Maximum number of colours that are counted individually.
pub(super) const COLOURS: usize = 4096;
/// Minimum contrast of a line on a plateau, in codes.
const LINE: i32 = 32;

/// Mapping from pixels to the quantised planes, and the planes' steps, in 8-bit full-scale codes.
pub(super) struct Scale {
    /// Luma coefficients of red and blue behind an RGB image.
    weights: Option<(f32, f32)>,
    steps: [f32; 3],
    /// Are the colours a palette, on no known grid?
    palette: bool,
    /// Smaller differences are rounding.
    slack: f32,
}

impl Scale {
    pub(super) fn from_findings(found: &Findings) -> Self {
        let weights = match found.space {
            Space::Yuv { matrix, .. } => Some(matrix.weights()),
            Space::Native | Space::Rgb => None,
        };
        let step = |i: usize| match found.cause {
            Cause::Palette => 8.0,
            Cause::ToneCurve => 2.0,
            _ => found.grids.get(i).or(found.grids.first()).map_or(1.0, |grid| grid.step_codes.max(1.0)),
        };
        let slack = if weights.is_some() { 1.2 } else { 0.5 };
        Self { weights, steps: [step(0), step(1), step(2)], palette: found.cause == Cause::Palette, slack }
    }

    /// Difference of two pixels by plane.
    fn difference(&self, a: u32, b: u32) -> [f32; 3] {
        if is_grey(a) && is_grey(b) {
            return [channels(a, b)[0] as f32, 0.0, 0.0];
        }
        let [r, g, b] = channels(a, b).map(|d| d as f32);
        let Some((kr, kb)) = self.weights else { return [r, g, b] };
        let luma = kr * r + (1.0 - kr - kb) * g + kb * b;
        [luma, (b - luma) / (2.0 - 2.0 * kb), (r - luma) / (2.0 - 2.0 * kr)].map(f32::abs)
    }

    /// Is that at most `steps` steps in each plane?
    fn small(&self, difference: [f32; 3], steps: usize) -> bool {
        let within = |(d, s): (f32, f32)| d.abs() <= 1.4 * s * steps as f32 + self.slack;
        difference.into_iter().zip(self.steps).all(within)
    }

    /// The only channel that differs, by a step that the detected cause does not predict: a 4-bit gradient
    /// has few colours and may be taken for a palette.
    fn single(&self, a: u32, b: u32) -> Option<usize> {
        let differences = channels(a, b).map(i32::abs);
        let mut differing = (0..3).filter(|&c| differences[c] > 0);
        let (only, next) = (differing.next()?, differing.next());
        (self.palette && next.is_none() && (4..=LINE).contains(&differences[only])).then_some(only)
    }

    /// Is a pixel between two plateaus outside the range of their colours by more than a step?
    fn is_outline(&self, from: u32, to: u32, between: &[u32]) -> bool {
        let step = self.steps.into_iter().fold(1.0, f32::max);
        let out = |&color: &u32| {
            let (a, b) = (channels(from, color), channels(to, color));
            (0..3).any(|c| a[c].signum() == b[c].signum() && a[c].abs().min(b[c].abs()) as f32 > 1.4 * step)
        };
        between.iter().any(out)
    }

    /// Which planes differ by about a step or more?
    fn stepped(&self, difference: [f32; 3]) -> [bool; 3] {
        [0, 1, 2].map(|i| difference[i].abs() > self.slack.max(0.5 * self.steps[i]))
    }
}

/// Signed differences of two pixels by channel.
pub(super) fn channels(a: u32, b: u32) -> [i32; 3] {
    let part = |v: u32, shift: u32| (v >> shift & 255).cast_signed();
    [16, 8, 0].map(|shift| part(b, shift) - part(a, shift))
}

/// Is a colour on the line between two others, at the same share of it in all channels?
///
/// In a gradient each plane steps at its own position, so intermediate colours are off that line.
fn is_blend(from: u32, to: u32, color: u32) -> bool {
    let (whole, part) = (channels(from, to), channels(from, color));
    let Some(most) = (0..3).max_by_key(|&c| whole[c].abs()) else { return false };
    let share = part[most] as f32 / whole[most] as f32;
    let alike = |c: usize| (part[c] as f32 - share * whole[c] as f32).abs() <= 1.0;
    share > 0.0 && share < 1.0 && (0..3).all(alike)
}

fn is_grey(color: u32) -> bool {
    let [r, g, b] = channels(0, color);
    r == g && g == b
}

/// Largest difference of two pixels in any channel, in codes.
fn largest(a: u32, b: u32) -> i32 {
    channels(a, b).into_iter().map(i32::abs).max().unwrap_or(0)
}

/// Statistics of one direction.
#[derive(Clone, Debug, Default, PartialEq)]
struct Direction {
    /// Neighbouring pixels, and how many of them differ.
    pairs: u64,
    unequal: u64,
    /// Pixels that differ from both neighbours, which are equal.
    alternating: u64,
    /// Differing neighbours within a transition between two plateaus.
    explained: u64,
    /// Adjacent plateaus, by difference: a single plane one step apart (by plane); no plane by a whole step;
    /// several planes; further apart.
    single: [u64; 3],
    none: u64,
    multi: u64,
    jump: u64,
    /// Adjacent plateaus that differ by more than 16 and 24 codes.
    jump_16: u64,
    jump_24: u64,
    /// A few pixels between two plateaus: near colours, far ones, or a line on one plateau.
    soft_small: u64,
    soft_jump: u64,
    /// Those among the near ones that blend one colour into the other, as anti-aliasing does.
    blends: u64,
    /// Differing neighbours in lines of a third colour between two near plateaus.
    outlined: u64,
    /// A few pixels that differ little from the same plateau on both sides: noise.
    specks: u64,
    /// Direct steps on lines that follow a line of their group, and those at the same place as on that line.
    followed: u64,
    aligned: u64,
    /// Greatest common divisor of the distances between places where pixels differ.
    pitch: usize,
    first: Option<usize>,
    /// Plateaus of the first line that consists of plateaus only.
    plateaus: Vec<Run<u32>>,
}

impl Direction {
    fn direct(&self) -> u64 {
        self.single.iter().sum::<u64>() + self.none + self.multi + self.jump
    }
}

/// The counts of both directions.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Census {
    directions: [Direction; 2],
    colours: HashMap<u32, u32>,
    borders: Borders,
    grey: bool,
    pixels: f64,
    unequal: f64,
}

impl Census {
    /// Takes the statistics; `None` for images of one colour and for those that are texture everywhere.
    pub(super) fn take(codes: &Codes, scale: &Scale) -> Option<Self> {
        let mut census = Self { grey: true, ..Self::default() };
        let (w, h) = (codes.width, codes.height);
        let pixel = |x: usize, y: usize| {
            let at = y * w + x;
            let code = |p: usize| u32::from(codes.planes[p.min(codes.planes.len() - 1)][at]);
            code(0) << 16 | code(1) << 8 | code(2)
        };
        let mut lines = vec![Vec::new(); GROUP];
        for first in groups(h, w) {
            for (line, y) in lines.iter_mut().zip(first..h) {
                line.clear();
                let rows = [0, 1, 2].map(|p| codes.row(p, y));
                let row = rows[0].iter().zip(rows[1]).zip(rows[2]);
                line.extend(row.map(|((&r, &g), &b)| u32::from(r) << 16 | u32::from(g) << 8 | u32::from(b)));
            }
            census.group(0, first, &lines[..GROUP.min(h - first)], scale);
        }
        let across = &census.directions[0];
        let texture = across.unequal.saturating_sub(across.explained);
        let many = census.colours.len() >= COLOURS / 4 && census.most_common_share() < 0.5;
        if many && 20 * texture > 19 * across.unequal {
            return None;
        }
        for first in groups(w, h) {
            let count = GROUP.min(w - first);
            lines.iter_mut().for_each(Vec::clear);
            for y in 0..h {
                for (i, line) in lines[..count].iter_mut().enumerate() {
                    line.push(pixel(first + i, y));
                }
            }
            census.group(1, first, &lines[..count], scale);
        }
        census.unequal = census.directions.iter().map(|d| d.unequal).sum::<u64>() as f64;
        census.grey &= census.colours.len() < COLOURS;
        (census.unequal > 0.0).then_some(census)
    }

    /// Adds neighbouring lines from number `first` on.
    fn group(&mut self, direction: usize, first: usize, lines: &[Vec<u32>], scale: &Scale) {
        let mut before: Option<Vec<usize>> = None;
        for (line, number) in lines.iter().zip(first..) {
            let steps = self.line(direction, number, line, scale);
            if let Some(before) = before {
                let same = steps.iter().filter(|at| before.binary_search(at).is_ok()).count();
                self.directions[direction].followed += steps.len() as u64;
                self.directions[direction].aligned += same as u64;
            }
            before = Some(steps);
        }
    }

    /// Adds a line and returns the positions of its direct steps.
    fn line(&mut self, direction: usize, number: usize, line: &[u32], scale: &Scale) -> Vec<usize> {
        let (mut steps, mut flat) = (Vec::new(), Vec::new());
        let mut plateaus = Plateaus::new(PLATEAU, EDGE);
        // Runs since the last plateau.
        let mut between = 0;
        for run in runs(line) {
            let Run { value: color, start, .. } = run;
            self.count_color(color, run.length());
            let counts = &mut self.directions[direction];
            if start > 0 {
                self.borders.changes[direction].add(start);
                counts.unequal += 1;
                match counts.first {
                    Some(first) if counts.pitch != 1 => {
                        counts.pitch = divisor(counts.pitch, start.abs_diff(first));
                    }
                    Some(_) => {}
                    None => counts.first = Some(start),
                }
            }
            if run.length() < PLATEAU {
                between += 1;
                continue;
            }
            if let Some(last) = plateaus.before(run) {
                counts.explained += between + 1;
                if start == last.end {
                    counts.step(last.value, color, scale);
                    steps.push(start);
                    self.borders.step(direction, number, start, last.value, color);
                } else {
                    let width = last.length().min(run.length());
                    counts.edge(last.value, color, &line[last.end..start], width, scale);
                }
            }
            flat.push(run);
            between = 0;
        }
        let counts = &mut self.directions[direction];
        counts.pairs += line.len().saturating_sub(1) as u64;
        counts.alternating += line.windows(3).filter(|p| p[0] == p[2] && p[0] != p[1]).count() as u64;
        if counts.plateaus.is_empty() && flat.iter().map(Run::length).sum::<usize>() == line.len() {
            counts.plateaus = flat;
        }
        steps
    }

    fn count_color(&mut self, color: u32, pixels: usize) {
        self.pixels += pixels as f64;
        let pixels = u32::try_from(pixels).unwrap_or(u32::MAX);
        if let Some(count) = self.colours.get_mut(&color) {
            *count = count.saturating_add(pixels);
        } else if self.colours.len() < COLOURS {
            self.colours.insert(color, pixels);
            self.grey &= is_grey(color);
        }
    }

    fn share(&self, count: impl Fn(&Direction) -> u64) -> f64 {
        self.directions.iter().map(count).sum::<u64>() as f64 / self.unequal.max(1.0)
    }

    /// Number of colours; at most [`COLOURS`].
    pub(super) fn colours(&self) -> usize {
        self.colours.len()
    }

    /// Is every colour a grey?
    pub(super) fn grey(&self) -> bool {
        self.grey
    }

    /// Are the colours even shades of one hue, those of a tinted grey image?
    pub(super) fn are_shades(&self) -> bool {
        shades::step(self.rgb()).is_some()
    }

    /// Are all colours blends of two of them?
    pub(super) fn are_blends(&self) -> bool {
        shades::are_blends(self.rgb())
    }

    fn rgb(&self) -> impl Iterator<Item = [u8; 3]> {
        self.colours.keys().map(|color| channels(0, *color).map(|code| code as u8))
    }

    /// Share of the pixels that have one of the eight most common colours.
    pub(super) fn most_common_share(&self) -> f64 {
        let mut counts: Vec<u32> = self.colours.values().copied().collect();
        counts.sort_unstable_by(|a, b| b.cmp(a));
        let most: f64 = counts.iter().take(8).map(|&n| f64::from(n)).sum();
        most / self.pixels.max(1.0)
    }

    /// Share of the variance of colours along their longest axis.
    pub(super) fn on_a_line(&self) -> f64 {
        colour_line::line_share(self.colours.iter().map(|(&colour, &count)| (colour, count)))
    }

    /// Share of direct steps of one plane. Like all shares below, relative to all differing neighbours.
    pub(super) fn single(&self) -> f64 {
        self.share(|d| d.single.iter().sum())
    }

    /// Share of direct steps of several planes at once.
    pub(super) fn multi(&self) -> f64 {
        self.share(|d| d.multi)
    }

    /// Share of direct steps of at most one grid step.
    pub(super) fn small(&self) -> f64 {
        self.share(|d| d.direct() - d.jump)
    }

    /// Share of direct steps of any size.
    pub(super) fn direct(&self) -> f64 {
        self.share(Direction::direct)
    }

    /// Share of direct steps larger than a grid step.
    pub(super) fn jump(&self) -> f64 {
        self.share(|d| d.jump)
    }

    /// Share of direct steps of more than 16 codes.
    pub(super) fn jump_16(&self) -> f64 {
        self.share(|d| d.jump_16)
    }

    /// Share of direct steps of more than 24 codes.
    pub(super) fn jump_24(&self) -> f64 {
        self.share(|d| d.jump_24)
    }

    /// Share of soft edges between colours that a few grid steps could connect.
    pub(super) fn soft_small(&self) -> f64 {
        self.share(|d| d.soft_small)
    }

    /// Share of soft edges between far colours, and of thin lines.
    pub(super) fn soft_jump(&self) -> f64 {
        self.share(|d| d.soft_jump)
    }

    /// Share of soft edges between near colours that blend one into the other.
    pub(super) fn blends(&self) -> f64 {
        self.share(|d| d.blends)
    }

    /// Share of lines of a third colour between near plateaus.
    pub(super) fn outlined(&self) -> f64 {
        self.share(|d| d.outlined)
    }

    /// Borders between plateaus.
    pub(super) fn borders(&self) -> &Borders {
        &self.borders
    }

    /// Share of the direct steps that skip a colour of the image between their two.
    pub(super) fn skipped(&self) -> f64 {
        self.borders.skipped(&self.colours)
    }

    /// Are the plateaus the blocks of a codec, in its colours?
    ///
    /// Greys have no chroma: they need the steps of a JPEG, mostly one at a time, as pixel art has not.
    pub(super) fn is_coded(&self, jpeg: bool) -> bool {
        let greys = || jpeg && self.colours() >= 12 && self.small() >= 0.6 * self.direct();
        let colours = || codec::has_codec_colours(self.colours.keys().copied());
        self.borders.on_blocks() && (if self.grey { greys() } else { colours() })
    }

    /// Share of noise specks on plateaus.
    pub(super) fn specks(&self) -> f64 {
        self.share(|d| d.specks)
    }

    /// Share of differing neighbours outside transitions between plateaus.
    pub(super) fn texture(&self) -> f64 {
        self.share(|d| d.unequal.saturating_sub(d.explained))
    }

    /// Number of planes that step alone in at least a twelfth of such steps.
    pub(super) fn planes_that_step(&self) -> usize {
        let of = |p: usize| self.directions.iter().map(|d| d.single[p]).sum::<u64>();
        let all = of(0) + of(1) + of(2);
        if self.grey { 1 } else { (0..3).filter(|&p| of(p) > 0 && 12 * of(p) >= all).count() }
    }

    /// Do planes step alone both across and down?
    pub(super) fn steps_both_ways(&self) -> bool {
        let [across, down] = [0, 1].map(|i| self.directions[i].single.iter().sum::<u64>());
        10 * across.min(down) >= across.max(down)
    }

    /// Are nearly all direct steps on long straight lines, across and down?
    pub(super) fn is_straight(&self) -> bool {
        let straight = |d: &Direction| d.followed >= 8 && 100 * d.aligned >= 93 * d.followed;
        let enough = |d: &Direction| 50.0 * d.direct() as f64 >= self.unequal;
        self.directions.iter().all(|d| straight(d) && enough(d))
    }

    /// Do lines of one direction alternate with their neighbours, but hardly change along themselves?
    pub(super) fn is_ruled(&self) -> bool {
        let alternates = |d: &Direction| 10 * d.alternating >= 6 * d.pairs;
        let even = |d: &Direction| 4 * d.unequal <= d.pairs;
        let [across, down] = &self.directions;
        (alternates(across) && even(down)) || (alternates(down) && even(across))
    }

    /// The factor by which every pixel was repeated.
    pub(super) fn upscaled(&self) -> Option<u16> {
        let factor = divisor(self.directions[0].pitch, self.directions[1].pitch);
        let enough = self.directions.iter().all(|d| d.pitch > 0);
        u16::try_from(factor).ok().filter(|&factor| enough && factor >= 2)
    }

    /// Plateaus from edge to edge, and nothing else: a step wedge.
    ///
    /// A palette made for a gradient has plateaus of equal width too: for palettes only grey wedges are
    /// accepted, and those of uneven widths.
    pub(super) fn is_wedge(&self, palette: bool) -> bool {
        let [across, down] = &self.directions;
        let steps = match (across.unequal, down.unequal) {
            (_, 0) => &across.plateaus,
            (0, _) => &down.plateaus,
            _ => return false,
        };
        ((self.grey || !palette) && wedge::is_even(steps)) || wedge::is_uneven(steps)
    }
}

impl Direction {
    /// Records two adjacent plateaus.
    fn step(&mut self, from: u32, to: u32, scale: &Scale) {
        let difference = scale.difference(from, to);
        let stepped = scale.stepped(difference);
        if let Some(plane) = scale.single(from, to) {
            self.single[plane] += 1;
            self.jump_16 += u64::from(largest(from, to) > 16);
            return;
        }
        match (scale.small(difference, 1), stepped.iter().filter(|&&s| s).count()) {
            (false, _) => self.jump += 1,
            (true, 0) => self.none += 1,
            (true, 1) => self.single.iter_mut().zip(stepped).for_each(|(n, s)| *n += u64::from(s)),
            (true, _) => self.multi += 1,
        }
        let largest = largest(from, to);
        self.jump_16 += u64::from(largest > 16);
        self.jump_24 += u64::from(largest > 24);
    }

    /// Records two plateaus with a few pixels between them; `width` is that of the narrower plateau.
    fn edge(&mut self, from: u32, to: u32, between: &[u32], width: usize, scale: &Scale) {
        if from == to {
            let out = between.iter().map(|&c| largest(from, c)).max().unwrap_or(0);
            self.soft_jump += u64::from(out > LINE);
            self.specks += u64::from(out <= LINE);
        } else if scale.small(scale.difference(from, to), between.len() + 1) {
            self.outlined += if scale.is_outline(from, to, between) { between.len() as u64 + 1 } else { 0 };
            self.soft_small += u64::from(width >= SHAPE);
            self.blends += u64::from(width >= SHAPE && between.iter().all(|&c| is_blend(from, to, c)));
        } else {
            self.soft_jump += 1;
        }
    }
}

/// First lines of groups spread evenly over `count` lines of `length` pixels.
fn groups(count: usize, length: usize) -> impl Iterator<Item = usize> {
    let wanted = (PIXELS / (GROUP * length.max(1))).max(1);
    let every = count.div_ceil(wanted).max(GROUP);
    (0..count).step_by(every)
}

/// Greatest common divisor; that of 0 and a number is the number.
fn divisor(a: usize, b: usize) -> usize {
    if b == 0 { a } else { divisor(b, a % b) }
}
