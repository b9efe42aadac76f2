//! Black bars of a saved frame that levels of luma and chroma tinted: neutral chroma is between two levels of
//! 5 or 6 bits, so that black bars come back as a dark red, green or blue.

use unband_image::findings::{Cause, Findings, PlaneGrid, Space};
use unband_image::{Image, Matrix, Model};

use super::{Repair, Work};

/// Least height or width of a bar, relative to the image.
const LEAST: usize = 50;
/// Share of the first line after a bar that has other colours, at one bar or the other: a bar has a straight
/// border, unlike a dark sky.
const BORDER: f32 = 0.25;
/// Share of half a step within which black must be, so that it is in the interval of each sample.
const INSIDE: f32 = 0.998;

pub(crate) struct Bars;

impl Repair for Bars {
    fn applies(&self, findings: &Findings) -> bool {
        let cause = findings.cause == Cause::PlaneGrid && !findings.lossy;
        cause && matches!(findings.space, Space::Yuv { .. }) && findings.grids.iter().all(|grid| grid.found)
    }

    fn before(&self, work: &mut Work<'_>) {
        let (image, findings) = (&mut *work.image, work.findings);
        let Space::Yuv { matrix, .. } = findings.space else { return };
        // The bars of a frame must be those of the frames around it.
        if image.color.model != Model::Rgb || !work.still {
            return;
        }
        let rows = Lines { image, upright: false, from: 0, to: image.width() };
        let colour = rows.colour(0, 0);
        if !may_be_black(colour, &findings.grids, matrix) {
            return;
        }
        // Bars at the sides are between those above and below.
        let rows = rows.bars(colour);
        let (above, below) = rows.unwrap_or_default();
        let columns = Lines { image, upright: true, from: above, to: image.height() - below }.bars(colour);
        for (upright, bars) in [(false, rows), (true, columns)] {
            if let Some((first, last)) = bars {
                blacken(image, upright, first, last);
            }
        }
    }
}

/// Is black in the interval of a colour?
fn may_be_black(colour: [f32; 3], grids: &[PlaneGrid], matrix: Matrix) -> bool {
    let stored = matrix.to_yuv(colour);
    stored.iter().zip(grids).all(|(value, grid)| 255.0 * value.abs() <= INSIDE * 0.5 * grid.step_codes)
}

/// Rows of an image, or its columns, with their samples from one place to another.
struct Lines<'a> {
    image: &'a Image,
    upright: bool,
    from: usize,
    to: usize,
}

impl Lines<'_> {
    fn colour(&self, line: usize, at: usize) -> [f32; 3] {
        let (x, y) = if self.upright { (line, at) } else { (at, line) };
        [0, 1, 2].map(|p| self.image.planes[p].row(y)[x])
    }

    /// Number of a line's samples of another colour.
    fn others(&self, line: usize, colour: [f32; 3]) -> usize {
        let other = |at: &usize| self.colour(line, *at).map(f32::to_bits) != colour.map(f32::to_bits);
        (self.from..self.to).filter(other).count()
    }

    /// Number of lines of two bars of a colour at both ends.
    fn bars(&self, colour: [f32; 3]) -> Option<(usize, usize)> {
        let lines = if self.upright { self.image.width() } else { self.image.height() };
        let plain = |line: &usize| self.others(*line, colour) == 0;
        let first = (0..lines).take_while(plain).count();
        let last = (first..lines).rev().take_while(plain).count();
        let high = first.min(last) * LEAST >= lines && first + last < lines;
        let border = |line: usize| self.others(line, colour) as f32 >= BORDER * (self.to - self.from) as f32;
        (high && (border(first) || border(lines - last - 1))).then_some((first, last))
    }
}

fn blacken(image: &mut Image, upright: bool, first: usize, last: usize) {
    let (width, height) = (image.width(), image.height());
    for plane in &mut image.planes {
        for (y, row) in plane.data.chunks_exact_mut(width).enumerate() {
            if upright {
                row[..first].fill(0.0);
                row[width - last..].fill(0.0);
            } else if y < first || y >= height - last {
                row.fill(0.0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use unband_image::{Depth, Plane};

    /// Bars of (6, 0, 7) above and below a frame, which starts with `dark` columns of that colour.
    fn frame(dark: usize) -> Image {
        let plane = |bar: f32, content: f32| {
            let mut plane = Plane::filled(40, 100, bar / 255.0);
            for (y, row) in plane.data.chunks_exact_mut(40).enumerate() {
                if (10..88).contains(&y) {
                    row[dark..].fill((content + y as f32) / 255.0);
                }
            }
            plane
        };
        Image::new(vec![plane(6.0, 40.0), plane(0.0, 60.0), plane(7.0, 80.0)], Model::Rgb, Depth::Int(8))
    }

    #[test]
    fn bars_are_straight_and_at_both_ends() {
        let bars = |image: &Image, upright| {
            let to = if upright { image.height() } else { image.width() };
            let lines = Lines { image, upright, from: 0, to };
            lines.bars(lines.colour(0, 0))
        };
        assert_eq!(bars(&frame(0), false), Some((10, 12)));
        assert_eq!(bars(&frame(0), true), None);
        // A dark sky has no straight border.
        assert_eq!(bars(&frame(39), false), None);
    }

    #[test]
    fn bars_at_the_sides_are_between_those_above_and_below() {
        let mut image = frame(0);
        let bar = image.planes.iter().map(|plane| plane.row(0)[0]).collect::<Vec<_>>();
        for (plane, bar) in image.planes.iter_mut().zip(bar) {
            plane.data.chunks_exact_mut(40).for_each(|row| {
                row[..3].fill(bar);
                row[36..].fill(bar);
            });
        }
        let lines = Lines { image: &image, upright: true, from: 10, to: 88 };
        assert_eq!(lines.bars(lines.colour(0, 0)), Some((3, 4)));
    }

    #[test]
    fn black_is_in_the_interval_of_the_tint() {
        let grids =
            [PlaneGrid::plain(255.0 / 31.0), PlaneGrid::plain(255.0 / 31.0), PlaneGrid::plain(255.0 / 31.0)];
        let tint = [6.0, 0.0, 7.0].map(|code| code / 255.0);
        assert!(may_be_black(tint, &grids, Matrix::Bt601));
        assert!(!may_be_black([16.0 / 255.0; 3], &grids, Matrix::Bt601));
        let mut image = frame(0);
        blacken(&mut image, false, 10, 12);
        assert!(image.planes.iter().all(|plane| plane.row(9)[0] == 0.0 && plane.row(88)[39] == 0.0));
        assert!(image.planes[2].row(10)[0] > 0.3);
    }
}
