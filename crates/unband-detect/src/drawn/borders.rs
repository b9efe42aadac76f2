//! Borders between plateaus: pairs of colours, straight lines, positions on a lattice.

use std::collections::HashMap;

/// Maximum number of pairs of colours that are followed.
const PAIRS: usize = 2048;
/// Maximum number of plateau colours of a hand-picked set.
const SET: usize = 256;
/// Minimum number of pixels of a plateau colour.
const PLATEAU_PIXELS: u32 = 12;

/// Points of the border between two colours: their number and moments.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Border {
    count: u64,
    sum: [f64; 2],
    squares: [f64; 3],
}

impl Border {
    fn add(&mut self, x: f64, y: f64) {
        self.count += 1;
        self.sum = [self.sum[0] + x, self.sum[1] + y];
        let [xx, xy, yy] = self.squares;
        self.squares = [xx + x * x, xy + x * y, yy + y * y];
    }

    /// The course of the border.
    fn line(&self) -> BorderCourse {
        let n = self.count.max(1) as f64;
        let [x, y] = self.sum.map(|s| s / n);
        let [xx, xy, yy] = self.squares.map(|s| s / n);
        let (a, b, c) = (xx - x * x, xy - x * y, yy - y * y);
        let root = (0.25 * (a - c).powi(2) + b * b).sqrt();
        // Variances along and across the line through the points.
        let (along, across) = (f64::midpoint(a, c) + root, f64::midpoint(a, c) - root);
        match self.count >= 8 && along >= 16.0 {
            false => BorderCourse::Short,
            true if across < 0.5 => BorderCourse::Straight(0.5 * (2.0 * b).atan2(a - c)),
            true => BorderCourse::Curved,
        }
    }
}

/// The course of a border.
enum BorderCourse {
    /// Too few points.
    Short,
    /// Not on one line.
    Curved,
    /// Straight, in a direction in radians.
    Straight(f64),
}

/// Numbers of places by their position across or down.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Positions(Vec<u32>);

impl Positions {
    pub(super) fn add(&mut self, at: usize) {
        if at >= self.0.len() {
            self.0.resize(at + 1, 0);
        }
        self.0[at] += 1;
    }

    fn all(&self) -> u64 {
        self.0.iter().map(|&n| u64::from(n)).sum()
    }

    /// Largest number of places on `wide` neighbouring positions of each `period`.
    fn on_lattice(&self, period: usize, wide: usize) -> u64 {
        let mut phases = vec![0u64; period];
        self.0.iter().enumerate().for_each(|(at, &n)| phases[at % period] += u64::from(n));
        let from = |start: usize| (start..start + wide).map(|at| phases[at % period]).sum();
        (0..period).map(from).max().unwrap_or(0)
    }
}

/// Borders of all pairs of colours, and positions of all changes and of direct steps, across and down.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Borders {
    pairs: HashMap<(u32, u32), Border>,
    pub changes: [Positions; 2],
    steps: [Positions; 2],
}

impl Borders {
    /// Adds a direct step from one plateau to another at a position of a row or column.
    pub(super) fn step(&mut self, way: usize, line: usize, at: usize, from: u32, to: u32) {
        self.steps[way].add(at);
        let border = (at as f64 - 0.5, line as f64);
        let (x, y) = if way == 0 { border } else { (border.1, border.0) };
        let key = (from.min(to), from.max(to));
        if self.pairs.len() < PAIRS {
            self.pairs.entry(key).or_default().add(x, y);
        } else if let Some(border) = self.pairs.get_mut(&key) {
            border.add(x, y);
        }
    }

    /// Share of the direct steps that skip a plateau colour between their two.
    ///
    /// Neighbours in a gradient of a palette have no other colour of the palette between them.
    pub(super) fn skipped(&self, colours: &HashMap<u32, u32>) -> f64 {
        let flat = |(&color, &pixels): (&u32, &u32)| (pixels >= PLATEAU_PIXELS).then_some(color);
        let set: Vec<u32> = colours.iter().filter_map(flat).collect();
        if set.len() > SET || self.pairs.len() >= PAIRS {
            return 0.0;
        }
        let between = |a: u32, b: u32| {
            let whole = squared(a, b);
            set.iter().any(|&c| c != a && c != b && 2 * squared(a, c).max(squared(c, b)) < whole)
        };
        let all: u64 = self.pairs.values().map(|border| border.count).sum();
        let skipping = self.pairs.iter().filter(|((a, b), _)| between(*a, *b));
        skipping.map(|(_, border)| border.count).sum::<u64>() as f64 / all.max(1) as f64
    }

    /// Are the borders straight lines of several directions? Those of a gradient are curved or parallel.
    pub(super) fn is_fan(&self) -> bool {
        // In the order of the colours, so that sums are the same in each run.
        let mut pairs: Vec<_> = self.pairs.iter().collect();
        pairs.sort_unstable_by_key(|(colours, _)| **colours);
        let (mut long, mut straight, mut turned) = (0.0, 0.0, [0.0; 2]);
        for (_, border) in pairs {
            let count = border.count as f64;
            match border.line() {
                BorderCourse::Short => continue,
                BorderCourse::Curved => {}
                BorderCourse::Straight(direction) => {
                    straight += count;
                    let (s, c) = (2.0 * direction).sin_cos();
                    turned = [turned[0] + c * count, turned[1] + s * count];
                }
            }
            long += count;
        }
        let many = straight >= 64.0 && straight >= 0.6 * long;
        self.pairs.len() < PAIRS && many && turned[0].hypot(turned[1]) < 0.35 * straight
    }

    /// Is every change at one or two neighbouring positions of a lattice of dots, across and down?
    pub(super) fn on_dots(&self) -> bool {
        const PERIODS: std::ops::RangeInclusive<usize> = 3..=24;
        self.changes.iter().all(|changes| {
            let all = changes.all();
            let dots = |period| 1000 * changes.on_lattice(period, 2) >= 995 * all;
            all >= 64 && PERIODS.into_iter().any(dots)
        })
    }

    /// Are most direct steps on the borders of 8×8 blocks, in each direction that has any?
    pub(super) fn on_blocks(&self) -> bool {
        let on = |steps: &Positions| (steps.all(), steps.on_lattice(8, 1));
        let (all, blocks) =
            self.steps.each_ref().map(on).iter().fold((0, 0), |sum, n| (sum.0 + n.0, sum.1 + n.1));
        all >= 32 && 10 * blocks >= 6 * all
    }
}

/// Squared distance of two colours.
fn squared(a: u32, b: u32) -> u32 {
    [16, 8, 0].iter().map(|shift| (a >> shift & 255).abs_diff(b >> shift & 255).pow(2)).sum()
}
