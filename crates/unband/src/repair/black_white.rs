//! Areas of exact black and white: there, values beyond were clipped, so that a surface that continues into
//! the interval would lift black and lower white.

use unband_image::findings::Findings;
use unband_image::{Context, Depth, Image, Model};

use super::distances::distances;
use super::{Repair, Work};

/// Distance, in samples, from which an area is exact after rounding to few levels.
const REACH: u8 = 24;
/// The same after a lossy codec: it does not round to black and white, so exact ones were clipped.
const CODED_REACH: u8 = 4;
/// Least share of the image: 1 of 2,000 pixels.
const RARE: usize = 2000;

pub(crate) struct BlackWhite;

impl Repair for BlackWhite {
    fn applies(&self, findings: &Findings) -> bool {
        // Dithered black and white are not clipped: the dither reaches into them.
        findings.dither.is_none()
    }

    fn before(&self, work: &mut Work<'_>) {
        let reach = if work.findings.lossy { CODED_REACH } else { REACH };
        work.ends = BlackWhiteRange::find(work.image, &end_steps(work.image, work.findings), reach, work.ctx);
    }
}

/// For each plane, the distance from white within which a sample is on the highest level.
fn end_steps(image: &Image, findings: &Findings) -> Vec<f32> {
    let own = 0.5 * image.depth.step();
    let step = |p: usize| match findings.grids.get(p) {
        Some(grid) if grid.found && grid.truncated => (grid.step_codes - 0.1) / 255.0,
        _ => own,
    };
    (0..image.planes.len()).map(step).collect()
}

/// The black and white areas of an image.
pub(crate) struct BlackWhiteRange {
    width: usize,
    /// Distance, in samples, from which an area is exact.
    reach: u8,
    /// For each pixel its distance from the end of a black area, at most `reach`, or 0.
    black: Vec<u8>,
    /// The same for white.
    white: Vec<u8>,
}

impl BlackWhiteRange {
    /// `None` for YUV planes, floating point, and where hardly any pixel is black or white. `steps`: for each
    /// plane the distance from white within which a sample is on the highest level.
    fn find(image: &Image, steps: &[f32], reach: u8, ctx: &Context<'_>) -> Option<Self> {
        if matches!(image.color.model, Model::Yuv { .. }) || image.depth == Depth::F32 {
            return None;
        }
        let (width, height) = (image.width(), image.height());
        let black =
            distances(width, height, reach, ctx, |y, row| mark(image, y, row, |_, value| value <= 0.0));
        let white = |p: usize, value: f32| value > 1.0 - steps[p];
        let white = distances(width, height, reach, ctx, |y, row| mark(image, y, row, white));
        let pixels = [&black, &white].map(|all| all.iter().filter(|&&d| d > 0).count());
        (pixels[0] + pixels[1] > width * height / RARE).then_some(Self { width, reach, black, white })
    }

    /// Is a pixel that far inside a black area, or a white one?
    pub(super) fn inside(&self, x: usize, y: usize, distance: u8) -> Option<End> {
        let at = y * self.width + x;
        match () {
            () if self.black[at] >= distance => Some(End::Black),
            () if self.white[at] >= distance => Some(End::White),
            () => None,
        }
    }

    /// Limits a row of each plane to `halves` of intervals at the edge of an area, and to black or white
    /// inside. Values move towards their source, so that they stay inside their intervals; `together`: all
    /// planes by the same share.
    pub(crate) fn keep(
        &self,
        x: usize,
        y: usize,
        rows: &mut [&mut [f32]],
        sources: &[&[f32]],
        halves: &[f32],
        together: bool,
    ) {
        let at = y * self.width + x;
        for i in 0..rows.first().map_or(0, |row| row.len()) {
            let (black, white) = (self.black[at + i], self.white[at + i]);
            if black == 0 && white == 0 {
                continue;
            }
            let room =
                |distance: u8, p: usize| halves[p] * (1.0 - f32::from(distance) / f32::from(self.reach));
            let share = |p: usize, value: f32| {
                let source = sources[p][i];
                let limit = if black > 0 {
                    value.min(room(black, p).max(source))
                } else {
                    value.max((1.0 - room(white, p)).min(source))
                };
                if limit.to_bits() == value.to_bits() { 1.0 } else { (limit - source) / (value - source) }
            };
            let shares = rows.iter().enumerate().map(|(p, row)| share(p, row[i]));
            let least = if together { shares.fold(1.0, f32::min) } else { 1.0 };
            for (p, row) in rows.iter_mut().enumerate() {
                let share = if together { least } else { share(p, row[i]) };
                if share < 1.0 {
                    row[i] = sources[p][i] + share * (row[i] - sources[p][i]);
                }
            }
        }
    }
}

/// Marks the pixels of a row whose samples in all planes pass `test` (plane, value).
fn mark(image: &Image, y: usize, row: &mut [u8], test: impl Fn(usize, f32) -> bool) {
    row.fill(1);
    for (p, plane) in image.planes.iter().enumerate() {
        row.iter_mut().zip(plane.row(y)).for_each(|(mark, &value)| *mark &= u8::from(test(p, value)));
    }
}

/// An end of the scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Black,
    White,
}

#[cfg(test)]
mod tests {
    use super::*;
    use unband_image::Plane;

    #[test]
    fn white_is_exact_sooner_after_a_codec() {
        let mut plane = Plane::filled(64, 80, 1.0);
        plane.data.iter_mut().enumerate().filter(|(at, _)| at % 64 < 16).for_each(|(_, v)| *v = 0.9);
        let image = Image::new(vec![plane; 3], Model::Rgb, Depth::Int(8));
        let ctx = Context::default();
        for (reach, exact) in [(CODED_REACH, 16 + 4), (REACH, 16 + 24)] {
            let ends = BlackWhiteRange::find(&image, &[1e-3; 3], reach, &ctx).unwrap();
            let source = image.planes[0].row(40).to_vec();
            let mut rows = [0.99; 3].map(|value| vec![value; 64]);
            let [r, g, b] = &mut rows;
            ends.keep(0, 40, &mut [r.as_mut_slice(), g, b], &[source.as_slice(); 3], &[0.02; 3], false);
            let first = rows[0].iter().position(|&v| v > 0.9999);
            assert_eq!(first, Some(exact - 1));
        }
    }
}
