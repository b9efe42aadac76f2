//! Connected components of equal code.

use unband_image::Context;
use unband_simd::filters::bband;

use crate::bband::{Bits, by_rows};

/// Flag on the root of a numbered component.
const NUMBERED: u32 = 1 << 31;

/// All four-connected components of equal code, as runs of equal code in rows.
///
/// The open samples of a component are its morphological opening by a plus: samples whose four neighbours
/// have their code, and these neighbours.
pub(super) struct Segments {
    /// Starts of runs.
    begins: Bits,
    /// Samples whose four neighbours exist and have their code.
    inner: Bits,
    /// These, with their neighbours.
    open: Bits,
    /// Number of runs in the rows before each row.
    before: Vec<u32>,
    /// Union-find parent of each run: another run of its component, a number, or itself.
    parents: Vec<u32>,
}

/// The part of [`Segments`] from some rows.
pub(super) struct SegmentRows {
    /// Starts of runs.
    begins: Vec<u64>,
    /// Samples that differ from the one above.
    changes: Vec<u64>,
    /// Number of runs in each row.
    runs: Vec<u32>,
    /// As [`Segments::parents`], counted from the part's first run.
    parents: Vec<u32>,
}

/// Finds the runs of some rows and joins them.
pub(super) fn part(
    codes: &[u8],
    width: usize,
    rows: std::ops::Range<usize>,
    ctx: &Context<'_>,
) -> SegmentRows {
    let words = width.div_ceil(64);
    let mut begins = vec![0; rows.len() * words];
    let mut changes = vec![0; rows.len() * words];
    let (mut runs, mut parents): (Vec<u32>, Vec<u32>) = (Vec::with_capacity(rows.len()), Vec::new());
    let mut shifted = vec![0; width];
    for (i, y) in rows.enumerate() {
        let row = &codes[y * width..][..width];
        let begin = &mut begins[i * words..][..words];
        shifted[1..].copy_from_slice(&row[..width - 1]);
        bband::differs_row(ctx.level, begin, row, &shifted);
        begin[0] |= 1;
        let change = &mut changes[i * words..][..words];
        if y > 0 {
            bband::differs_row(ctx.level, change, row, &codes[(y - 1) * width..][..width]);
        } else {
            change.fill(u64::MAX);
        }
        let first = parents.len() as u32;
        let count = begin.iter().map(|word| word.count_ones()).sum::<u32>();
        parents.extend(first..first + count);
        if i > 0 {
            let (above, here) = begins.split_at(i * words);
            let above = &above[(i - 1) * words..];
            let base = first - runs.last().copied().unwrap_or(0);
            contacts([&here[..words], above], change, width, |a, b| {
                join(&mut parents, first + a, base + b);
            });
        }
        runs.push(count);
    }
    for run in 0..parents.len() {
        parents[run] = parents[parents[run] as usize];
    }
    SegmentRows { begins, changes, runs, parents }
}

/// Calls back with the numbers, in their rows, of touching runs of equal code.
fn contacts(begins: [&[u64]; 2], changes: &[u64], width: usize, mut touch: impl FnMut(u32, u32)) {
    let mut counts = [0; 2];
    let mut differed = 1;
    for (i, &change) in changes.iter().enumerate() {
        let words = begins.map(|row| row[i]);
        // The first sample of each contact.
        let mut rest = !change & (words[0] | words[1] | change << 1 | differed);
        differed = change >> 63;
        if width - 64 * i < 64 {
            rest &= (1 << (width - 64 * i)) - 1;
        }
        while rest != 0 {
            let upto = rest ^ (rest - 1);
            rest &= rest - 1;
            let [a, b] = [0, 1].map(|r| counts[r] + (words[r] & upto).count_ones());
            touch(a - 1, b - 1);
        }
        for (count, word) in counts.iter_mut().zip(words) {
            *count += word.count_ones();
        }
    }
}

fn root(parents: &mut [u32], mut run: u32) -> u32 {
    loop {
        let parent = parents[run as usize];
        if parent == run {
            return run;
        }
        let next = parents[parent as usize];
        parents[run as usize] = next;
        run = next;
    }
}

/// Merges the components of two runs; the root is the first run.
fn join(parents: &mut [u32], a: u32, b: u32) {
    let (a, b) = (root(parents, a), root(parents, b));
    parents[a.max(b) as usize] = a.min(b);
}

impl Segments {
    /// Joins the parts of an image, in order.
    pub(super) fn new(width: usize, height: usize, parts: Vec<SegmentRows>) -> Self {
        let mut before = vec![0];
        let mut parents = Vec::with_capacity(parts.iter().map(|part| part.parents.len()).sum());
        for part in &parts {
            let first = parents.len() as u32;
            parents.extend(part.parents.iter().map(|parent| first + parent));
            let mut sum = first;
            before.extend(part.runs.iter().map(|runs| {
                sum += runs;
                sum
            }));
        }
        let row_counts: Vec<usize> = parts.iter().map(|part| part.runs.len()).collect();
        let (begins, changes): (Vec<_>, Vec<_>) =
            parts.into_iter().map(|part| (part.begins, part.changes)).unzip();
        let begins = Bits::from_parts(width, height, &begins);
        let changes = Bits::from_parts(width, height, &changes);
        let mut seam = 0;
        for rows in &row_counts[..row_counts.len().saturating_sub(1)] {
            seam += rows;
            let (first, base) = (before[seam], before[seam - 1]);
            contacts([begins.row(seam), begins.row(seam - 1)], changes.row(seam), width, |a, b| {
                join(&mut parents, first + a, base + b);
            });
        }
        let [mut inner, mut open] = [(); 2].map(|()| Bits::new(width, height));
        inner.for_rows(|y, row| {
            if y == 0 || y + 1 == height {
                return;
            }
            let (begin, change, below) = (begins.around(y)[1], changes.row(y), changes.row(y + 1));
            for (i, bits) in row.iter_mut().enumerate() {
                let mut after = begin[i + 1] >> 1 | begin[i + 2] << 63;
                if i + 1 == begins.words {
                    // The last sample has no equal one after it.
                    after |= 1 << ((width - 1) % 64);
                }
                *bits = !(begin[i + 1] | after | change[i] | below[i]) & begins.valid(i);
            }
        });
        open.for_rows(|y, row| {
            let [above, here, below] = inner.around(y);
            for (i, bits) in row.iter_mut().enumerate() {
                let sides = here[i + 1] << 1 | here[i] >> 63 | here[i + 1] >> 1 | here[i + 2] << 63;
                *bits = here[i + 1] | above[i + 1] | below[i + 1] | sides;
            }
        });
        Self { begins, inner, open, before, parents }
    }

    /// Numbers components: those of the given samples, with equal numbers for the same component.
    pub(super) fn number(&mut self, samples: impl Iterator<Item = (usize, usize)>) -> (Vec<u32>, usize) {
        let mut count = 0;
        let mut numbers = Vec::new();
        for (x, y) in samples {
            let mut run = self.run_at(x, y);
            let number = loop {
                let parent = self.parents[run as usize];
                if parent & NUMBERED != 0 {
                    break parent & !NUMBERED;
                }
                if parent == run {
                    self.parents[run as usize] = NUMBERED | count;
                    count += 1;
                    break count - 1;
                }
                run = parent;
            };
            numbers.push(number);
        }
        (numbers, count as usize)
    }

    /// The run of a sample.
    fn run_at(&self, x: usize, y: usize) -> u32 {
        let row = self.begins.row(y);
        let whole: u32 = row[..x / 64].iter().map(|word| word.count_ones()).sum();
        let part = (row[x / 64] << (63 - x % 64)).count_ones();
        self.before[y] + whole + part - 1
    }

    /// The number of a run's component, if it has one.
    fn number_of(&self, mut run: u32) -> Option<usize> {
        loop {
            let parent = self.parents[run as usize];
            if parent & NUMBERED != 0 {
                return Some((parent & !NUMBERED) as usize);
            }
            if parent == run {
                return None;
            }
            run = parent;
        }
    }

    /// Calls back with each part of a run in some columns, which start at multiples of 64, that has open
    /// samples: the number of its component, first column and one past the last.
    pub(super) fn runs(
        &self,
        y: usize,
        columns: std::ops::Range<usize>,
        mut call: impl FnMut(usize, usize, usize),
    ) {
        if columns.is_empty() {
            return;
        }
        let (begins, open) = (self.begins.row(y), self.open.row(y));
        let mut run = self.run_at(columns.start, y);
        let mut from = columns.start;
        let mut seen = false;
        for i in columns.start / 64..columns.end.div_ceil(64) {
            let mut begin = begins[i];
            let mut rest = open[i];
            if 64 * i == columns.start {
                begin &= !1;
            }
            while begin != 0 {
                let x = begin.trailing_zeros();
                begin &= begin - 1;
                let below = rest & ((1 << x) - 1);
                rest &= !below;
                let to = 64 * i + x as usize;
                if (seen || below != 0)
                    && let Some(number) = self.number_of(run)
                {
                    call(number, from, to);
                }
                (from, run, seen) = (to, run + 1, false);
            }
            seen |= rest != 0;
        }
        if seen && let Some(number) = self.number_of(run) {
            call(number, from, columns.end);
        }
    }

    /// Number of open samples of the numbered components, or 0 where hardly any are inside.
    pub(super) fn areas(&self, count: usize, ctx: &Context<'_>) -> Vec<usize> {
        let (width, height) = (self.begins.width, self.begins.height);
        let parts = by_rows(height, ctx, |rows| {
            let mut sums = vec![[0u32; 2]; count];
            for y in rows {
                self.runs(y, 0..width, |number, from, to| {
                    let [inner, open] =
                        [&self.inner, &self.open].map(|bits| ones_between(bits.row(y), from, to));
                    sums[number][0] += inner;
                    sums[number][1] += open;
                });
            }
            sums
        });
        let least = 0.00001 * height as f64 * width as f64;
        let area = |number: usize| {
            let add = |[a, b]: [usize; 2], part: &Vec<[u32; 2]>| {
                [a + part[number][0] as usize, b + part[number][1] as usize]
            };
            let [inner, open] = parts.iter().fold([0; 2], add);
            if (inner as f64) < least { 0 } else { open }
        };
        (0..count).map(area).collect()
    }

    /// Open samples of the selected components.
    pub(super) fn mask(&self, wanted: impl Fn(usize) -> bool + Sync, ctx: &Context<'_>) -> Bits {
        let (width, height) = (self.begins.width, self.begins.height);
        let words = self.begins.words;
        let parts = by_rows(height, ctx, |rows| {
            let mut mask = vec![0; rows.len() * words];
            for (row, y) in mask.chunks_exact_mut(words).zip(rows) {
                let open = self.open.row(y);
                self.runs(y, 0..width, |number, from, to| {
                    if wanted(number) {
                        for i in from / 64..to.div_ceil(64) {
                            row[i] |= open[i] & between(i, from, to);
                        }
                    }
                });
            }
            mask
        });
        Bits::from_parts(width, height, &parts)
    }
}

/// The bits of word `i` for the columns from `from` up to `to`.
fn between(i: usize, from: usize, to: usize) -> u64 {
    let low = if from > 64 * i { u64::MAX << (from - 64 * i).min(63) } else { u64::MAX };
    let high = if to < 64 * i + 64 { (1 << (to - 64 * i)) - 1 } else { u64::MAX };
    low & high
}

fn ones_between(row: &[u64], from: usize, to: usize) -> u32 {
    (from / 64..to.div_ceil(64)).map(|i| (row[i] & between(i, from, to)).count_ones()).sum()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
