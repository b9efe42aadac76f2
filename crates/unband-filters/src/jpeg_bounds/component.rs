//! One component of a JPEG image: block layout, decoding, and coefficient bounds.

use std::sync::Arc;

use unband_image::{Image, JpegPlane, Plane, Window};
use unband_simd::Level;
use unband_simd::filters::jpeg_bounds::keep_near_coefficients;
use unband_simd::{filters::smooth as rows, io::jpeg_dct};

use crate::area::{Area, add_means};

/// Half a quantisation step, less a margin for `f32` rounding.
const HALF: f32 = 0.499;

/// Maximum change of coefficients by noise averaging, in steps: the mean of a block, the three next to it,
/// all others; in blocks with no coefficient except the mean, with fewer than five, with more.
///
/// The true value is closer to the centre of the interval than to the end that a smooth surface prefers,
/// except for means of flat blocks.
const MOST: [[f32; 3]; 3] = [[HALF, 0.4, 0.3], [0.4, 0.4, 0.3], [0.35, 0.3, 0.3]];

/// Variance of the error of rounding to integers, for values distributed as `exp(−|x|/b)` of which a `share`
/// is not rounded to 0. Ranges from the values' own variance (share 0) to 1/12 (share 1).
fn rounding_variance(share: f64) -> f64 {
    // Half a step in units of b.
    let h = -share.clamp(1e-9, 1.0).ln();
    if h < 0.02 {
        return 1.0 / 12.0;
    }
    let b = 0.5 / h;
    let fall = (-h).exp();
    let (far, near) = (0.25 + b + 2.0 * b * b, 0.25 - b + 2.0 * b * b);
    let zeros = 2.0 * b * b - fall * far;
    // Relative to the centre of an interval away from 0.
    let others = (near - fall * fall * far) / (1.0 - fall * fall);
    (zeros + share * others).max(0.0)
}

/// A rectangle of blocks, half open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Blocks {
    pub x0: usize,
    pub y0: usize,
    pub x1: usize,
    pub y1: usize,
}

impl Blocks {
    pub(super) fn width(self) -> usize {
        self.x1 - self.x0
    }

    pub(super) fn height(self) -> usize {
        self.y1 - self.y0
    }
}

/// One component, and the image's size in its samples.
pub(super) struct Component {
    coefficients: Arc<Vec<i16>>,
    across: usize,
    down: usize,
    lead: (usize, usize),
    scale: (usize, usize),
    /// Size of the image in samples of this component, and in pixels.
    pub(super) size: (usize, usize),
    pixels: (usize, usize),
    steps: [f32; 64],
}

impl Component {
    /// `None` where the blocks do not cover an image of `size` pixels.
    pub(super) fn new(plane: &JpegPlane, size: (usize, usize)) -> Option<Self> {
        let (sx, sy) = plane.scale;
        if sx == 0 || sy == 0 || plane.lead.0 > 7 || plane.lead.1 > 7 {
            return None;
        }
        let own = (size.0.div_ceil(sx), size.1.div_ceil(sy));
        let covers = |blocks: usize, lead: usize, size: usize| {
            blocks.checked_mul(8).is_some_and(|samples| samples >= lead + size)
        };
        let all = plane.blocks_across.checked_mul(plane.blocks_down)?.checked_mul(64)?;
        let fits = covers(plane.blocks_across, plane.lead.0, own.0)
            && covers(plane.blocks_down, plane.lead.1, own.1)
            && plane.coefficients.len() == all;
        fits.then(|| Self {
            coefficients: Arc::clone(&plane.coefficients),
            across: plane.blocks_across,
            down: plane.blocks_down,
            lead: plane.lead,
            scale: plane.scale,
            size: own,
            pixels: size,
            steps: plane.steps.map(f32::from),
        })
    }

    pub(super) fn scale(&self) -> (usize, usize) {
        self.scale
    }

    /// Number of blocks per row.
    pub(super) fn across(&self) -> usize {
        self.across
    }

    /// Number of block rows.
    pub(super) fn down(&self) -> usize {
        self.down
    }

    /// Lowest and highest possible value of each coefficient of a block before quantisation.
    pub(super) fn interval(&self, (column, row): (usize, usize)) -> impl Fn(usize) -> (f64, f64) {
        let coefficients = &self.coefficients[64 * (row * self.across + column)..][..64];
        move |i| {
            let (number, step) = (f64::from(coefficients[i]), f64::from(self.steps[i]));
            ((number - 0.5) * step, (number + 0.5) * step)
        }
    }

    /// Width and height of the image.
    pub(super) fn pixels(&self) -> (usize, usize) {
        self.pixels
    }

    pub(super) fn lead(&self) -> (usize, usize) {
        self.lead
    }

    /// Root mean square quantisation error of each coefficient in codes, estimated from the share of zeros in
    /// this image: coefficients are distributed as `exp(−|x|/b)`.
    pub(super) fn noise(&self) -> [f32; 64] {
        let mut occupied = [0u32; 64];
        for block in self.coefficients.as_chunks::<64>().0 {
            for (n, &k) in occupied.iter_mut().zip(block) {
                *n += u32::from(k != 0);
            }
        }
        let blocks = (self.coefficients.len() / 64) as f64;
        std::array::from_fn(|i| {
            let step = f64::from(self.steps[i]);
            // A block's mean is uniform.
            let share = if i == 0 { 1.0 } else { (f64::from(occupied[i]) + 0.5) / (blocks + 1.0) };
            (step * rounding_variance(share).sqrt()) as f32
        })
    }

    /// Radius around a pixel's own sample that its value depends on.
    pub(super) fn blur(&self) -> usize {
        if self.scale == (1, 1) { 0 } else { 3 }
    }

    /// The blocks that a window of the image depends on.
    pub(super) fn blocks_over(&self, core: Window) -> Blocks {
        let (own, blur) = (core.on_plane(self.scale.0, self.scale.1), self.blur());
        let own = own.grown(blur, self.size.0, self.size.1);
        Blocks {
            x0: (own.x0 + self.lead.0) / 8,
            y0: (own.y0 + self.lead.1) / 8,
            x1: (own.x1 + self.lead.0).div_ceil(8),
            y1: (own.y1 + self.lead.1).div_ceil(8),
        }
    }

    /// A margin of the given number of blocks on each side, clipped to the component.
    pub(super) fn grown(&self, blocks: Blocks, by: usize) -> Blocks {
        Blocks {
            x0: blocks.x0.saturating_sub(by),
            y0: blocks.y0.saturating_sub(by),
            x1: (blocks.x1 + by).min(self.across),
            y1: (blocks.y1 + by).min(self.down),
        }
    }

    /// The pixels of blocks, clipped to the image.
    pub(super) fn pixels_under(&self, blocks: Blocks) -> Window {
        let at = |block: usize, lead: usize, scale: usize, end: usize| {
            ((8 * block).saturating_sub(lead) * scale).min(end)
        };
        let ((lx, ly), (sx, sy), (width, height)) = (self.lead, self.scale, self.pixels);
        Window {
            x0: at(blocks.x0, lx, sx, width),
            y0: at(blocks.y0, ly, sy, height),
            x1: at(blocks.x1, lx, sx, width),
            y1: at(blocks.y1, ly, sy, height),
        }
    }

    fn coefficients(&self, blocks: Blocks, row: usize) -> &[i16] {
        &self.coefficients[64 * (row * self.across + blocks.x0)..][..64 * blocks.width()]
    }

    /// The samples of blocks, in codes relative to 0.
    pub(super) fn decode(&self, level: Level, blocks: Blocks, out: &mut Area) {
        out.reshape(8 * blocks.x0, 8 * blocks.y0, 8 * blocks.width(), 8 * blocks.height());
        let stride = out.width;
        for row in blocks.y0..blocks.y1 {
            let at = 8 * (row - blocks.y0) * stride;
            let target = &mut out.data[at..at + 8 * stride];
            jpeg_dct::blocks_to_rows(level, target, stride, self.coefficients(blocks, row), &self.steps, 0.0);
        }
    }

    /// Adds the change of a window of the image, reduced to the component's size as an encoder does: means
    /// over the pixels of a sample. Samples beyond the image change like the nearest one inside.
    pub(super) fn add_change(
        &self,
        level: Level,
        samples: &mut Area,
        change: &[Plane],
        window: Window,
        weights: [f32; 3],
        row: &mut Vec<f32>,
    ) {
        let (sx, sy) = self.scale;
        let own = window.on_plane(sx, sy);
        // The part of `own` that the area needs, and its position in the area.
        let (left, top) = (own.x0 + self.lead.0, own.y0 + self.lead.1);
        let columns = own.width();
        let mut line = vec![0.0f32; columns];
        let mut last = usize::MAX;
        for y in 0..samples.height {
            let wanted = (samples.y0 + y).saturating_sub(top).min(own.height() - 1);
            if wanted != last {
                last = wanted;
                line.fill(0.0);
                let lines = (wanted * sy)..((wanted + 1) * sy).min(window.height());
                let n = lines.len();
                for at in lines {
                    row.resize(window.width(), 0.0);
                    if let [r, g, b] = change {
                        rows::mix_row(level, row, r.row(at), g.row(at), b.row(at), weights);
                    } else {
                        let factor = weights[0];
                        row.iter_mut().zip(change[0].row(at)).for_each(|(row, d)| *row = d * factor);
                    }
                    add_means(&mut line, row, sx);
                }
                if n > 1 {
                    for v in &mut line {
                        *v /= n as f32;
                    }
                }
            }
            let x0 = samples.x0;
            let out = samples.row_mut(y);
            // Left of the image, inside, right of it.
            let before = left.saturating_sub(x0).min(out.len());
            let skip = x0.saturating_sub(left);
            let inside = columns.saturating_sub(skip).min(out.len() - before);
            out[..before].iter_mut().for_each(|v| *v += line[0]);
            out[before..before + inside].iter_mut().zip(&line[skip..]).for_each(|(v, d)| *v += d);
            out[before + inside..].iter_mut().for_each(|v| *v += line[columns - 1]);
        }
    }

    /// Clamps every coefficient of the blocks to its interval.
    pub(super) fn keep(&self, level: Level, blocks: Blocks, samples: &mut Area, careful: bool) {
        let reach = MOST.map(|[mean, near, others]| {
            let mut reach = [if careful { others } else { HALF }; 64];
            if careful {
                (reach[0], reach[1], reach[8], reach[9]) = (mean, near, near, near);
            }
            reach
        });
        let mut classes = vec![0; blocks.width()];
        let stride = samples.width;
        for row in blocks.y0..blocks.y1 {
            let at = 8 * (row - blocks.y0) * stride;
            let target = &mut samples.data[at..at + 8 * stride];
            let coefficients = self.coefficients(blocks, row);
            for (class, coefficients) in classes.iter_mut().zip(coefficients.as_chunks::<64>().0) {
                *class = match coefficients[1..].iter().filter(|&&k| k != 0).count() {
                    0 => 0,
                    1..5 => 1,
                    _ => 2,
                };
            }
            keep_near_coefficients(level, target, stride, coefficients, &self.steps, &reach, &classes);
        }
    }

    /// Do the image's samples match the decoded ones of this full-size component within one code? Checks some
    /// sixty blocks.
    pub(super) fn matches(&self, image: &Image, weights: &[f32; 3], max: f32) -> bool {
        if self.scale != (1, 1) {
            return false;
        }
        let (mut sum, mut n) = (0.0f64, 0u32);
        let step = |blocks: usize| (blocks / 8).max(1);
        let mut area = Area::default();
        // Grey and luma are stored minus half the scale.
        let middle = 0.5 * (max + 1.0);
        for by in (0..self.down).step_by(step(self.down)) {
            for bx in (0..self.across).step_by(step(self.across)) {
                let block = Blocks { x0: bx, y0: by, x1: bx + 1, y1: by + 1 };
                self.decode(Level::Scalar, block, &mut area);
                for y in 0..8 {
                    for x in 0..8 {
                        let at =
                            ((8 * bx + x).checked_sub(self.lead.0), (8 * by + y).checked_sub(self.lead.1));
                        let (Some(px), Some(py)) = at else { continue };
                        if px >= self.size.0 || py >= self.size.1 {
                            continue;
                        }
                        let value = |(plane, weight): (&Plane, &f32)| plane.row(py)[px] * weight;
                        let seen: f32 = image.planes.iter().zip(weights).map(value).sum::<f32>() * max;
                        let own = area.row(y)[x] + middle;
                        // Some decoders clip at black and white.
                        let off = (seen.clamp(0.0, max) - own.clamp(0.0, max)).abs();
                        sum += f64::from(off.min(16.0));
                        n += 1;
                    }
                }
            }
        }
        n > 0 && sum <= f64::from(n)
    }
}
