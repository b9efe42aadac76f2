//! Block motion compensation between two thumbnails, and the remaining difference.

use super::thumbnail::{CorrelationSums, Thumbnail};

/// Largest global displacement per frame, in columns and rows of the thumbnail: an eighth of the width.
/// Faster pans are blurred.
const FAR: (isize, isize) = (12, 6);
/// Largest displacement of a block relative to the global one.
const NEAR: isize = 2;
/// Blocks per row and per column.
const BLOCKS: usize = 6;

/// A part of the new thumbnail.
#[derive(Clone, Copy)]
struct Area {
    x: (usize, usize),
    y: (usize, usize),
}

impl Area {
    /// The samples that have a counterpart in the displaced old thumbnail.
    fn overlap(self, size: (usize, usize), (dx, dy): (isize, isize)) -> Self {
        let part = |(from, to): (usize, usize), most: usize, by: isize| {
            let from = from.max((-by).max(0) as usize);
            (from, to.min(most.saturating_sub(by.max(0) as usize)).max(from))
        };
        Self { x: part(self.x, size.0, dx), y: part(self.y, size.1, dy) }
    }

    fn count(self) -> usize {
        (self.x.1 - self.x.0) * (self.y.1 - self.y.0)
    }
}

/// Every `every`-th row of an area in the new thumbnail, with its counterpart in the old one.
fn rows<'a>(
    old: &'a Thumbnail,
    new: &'a Thumbnail,
    area: Area,
    (dx, dy): (isize, isize),
    every: usize,
) -> impl Iterator<Item = (&'a [f32], &'a [f32])> {
    let length = area.x.1 - area.x.0;
    (area.y.0..area.y.1).step_by(every).map(move |y| {
        let source = (y.saturating_add_signed(dy)) * old.width + area.x.0.saturating_add_signed(dx);
        (&old.means[source..][..length], &new.means[y * new.width + area.x.0..][..length])
    })
}

/// The displacement around `centre` with the smallest mean difference. More than half of the area must have a
/// counterpart.
fn best(
    old: &Thumbnail,
    new: &Thumbnail,
    area: Area,
    centre: (isize, isize),
    reach: (isize, isize),
    every: usize,
) -> (isize, isize) {
    let size = (new.width, new.height);
    let mut found = (f32::INFINITY, (0, 0));
    for dy in centre.1 - reach.1..=centre.1 + reach.1 {
        for dx in centre.0 - reach.0..=centre.0 + reach.0 {
            let part = area.overlap(size, (dx, dy));
            if 2 * part.count() <= area.count() {
                continue;
            }
            let (mut sum, mut count) = (0.0, 0);
            for (a, b) in rows(old, new, part, (dx, dy), every) {
                sum += a.iter().zip(b).map(|(a, b)| (a - b).abs()).sum::<f32>();
                count += a.len();
            }
            let mean = sum / count as f32;
            if mean < found.0 {
                found = (mean, (dx, dy));
            }
        }
    }
    found.1
}

/// [`CorrelationSums::unexplained`] of the new thumbnail's blocks, each against its best match in the old
/// one.
pub(super) fn follow(old: &Thumbnail, new: &Thumbnail) -> f32 {
    let size = (new.width, new.height);
    let whole = Area { x: (0, size.0), y: (0, size.1) };
    let reach = (FAR.0.min(size.0.cast_signed() / 4), FAR.1.min(size.1.cast_signed() / 4));
    let centre = best(old, new, whole, (0, 0), reach, 3);
    let mut sums = CorrelationSums::default();
    let edges = |length: usize| (0..BLOCKS).map(move |i| (i * length / BLOCKS, (i + 1) * length / BLOCKS));
    for y in edges(size.1) {
        for x in edges(size.0) {
            let area = Area { x, y };
            if area.count() == 0 {
                continue;
            }
            let shift = best(old, new, area, centre, (NEAR, NEAR), 1);
            for (a, b) in rows(old, new, area.overlap(size, shift), shift, 1) {
                sums.add(a, b);
            }
        }
    }
    sums.unexplained()
}
