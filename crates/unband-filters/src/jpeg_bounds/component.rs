//! One component of a JPEG picture: where its blocks lie, what they decode to, and how far they may move.

use std::sync::Arc;

use unband_image::{Image, JpegPlane, Plane, Window};
use unband_simd::Level;
use unband_simd::block_rows::keep_near_numbers;
use unband_simd::{dct_rows, smooth_rows as rows};

use super::Area;

/// Half a step, less what rounding of `f32` may take.
const HALF: f32 = 0.499;

/// How far coefficients move at most when noise is averaged out, in steps: the mean of a block, and its others. The true
/// value lies nearer to the middle of the interval than to the end that a smooth surface wants.
const MOST: (f32, f32) = (0.35, 0.3);

/// A rectangle of blocks, half open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blocks {
    pub x0: usize,
    pub y0: usize,
    pub x1: usize,
    pub y1: usize,
}

impl Blocks {
    pub fn width(self) -> usize {
        self.x1 - self.x0
    }

    pub fn height(self) -> usize {
        self.y1 - self.y0
    }
}

/// One component, and the picture's size in its samples.
pub struct Component {
    numbers: Arc<Vec<i16>>,
    across: usize,
    down: usize,
    lead: (usize, usize),
    scale: (usize, usize),
    /// The picture in samples of this component, and in pixels.
    pub(super) size: (usize, usize),
    pixels: (usize, usize),
    steps: [f32; 64],
}

impl Component {
    /// `None` where the blocks do not cover a picture of `size` pixels.
    pub fn new(plane: &JpegPlane, size: (usize, usize)) -> Option<Self> {
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
            && plane.numbers.len() == all;
        fits.then(|| Self {
            numbers: Arc::clone(&plane.numbers),
            across: plane.blocks_across,
            down: plane.blocks_down,
            lead: plane.lead,
            scale: plane.scale,
            size: own,
            pixels: size,
            steps: plane.steps.map(f32::from),
        })
    }

    pub fn scale(&self) -> (usize, usize) {
        self.scale
    }

    /// Width and height of the picture.
    pub fn pixels(&self) -> (usize, usize) {
        self.pixels
    }

    pub fn lead(&self) -> (usize, usize) {
        self.lead
    }

    pub fn steps(&self) -> &[f32; 64] {
        &self.steps
    }

    /// Samples around a pixel's own that its value depends on.
    pub fn blur(&self) -> usize {
        if self.scale == (1, 1) { 0 } else { 3 }
    }

    /// The blocks that a window of the picture depends on.
    pub fn blocks_over(&self, core: Window) -> Blocks {
        let (own, blur) = (core.on_plane(self.scale.0, self.scale.1), self.blur());
        let own = own.grown(blur, self.size.0, self.size.1);
        Blocks {
            x0: (own.x0 + self.lead.0) / 8,
            y0: (own.y0 + self.lead.1) / 8,
            x1: (own.x1 + self.lead.0).div_ceil(8),
            y1: (own.y1 + self.lead.1).div_ceil(8),
        }
    }

    /// So many blocks more on each side, as far as there are any.
    pub fn grown(&self, blocks: Blocks, by: usize) -> Blocks {
        Blocks {
            x0: blocks.x0.saturating_sub(by),
            y0: blocks.y0.saturating_sub(by),
            x1: (blocks.x1 + by).min(self.across),
            y1: (blocks.y1 + by).min(self.down),
        }
    }

    fn numbers(&self, blocks: Blocks, row: usize) -> &[i16] {
        &self.numbers[64 * (row * self.across + blocks.x0)..][..64 * blocks.width()]
    }

    /// The samples of blocks, in codes around 0.
    pub fn decode(&self, level: Level, blocks: Blocks, out: &mut Area) {
        out.reshape(8 * blocks.x0, 8 * blocks.y0, 8 * blocks.width(), 8 * blocks.height());
        let stride = out.width;
        for row in blocks.y0..blocks.y1 {
            let at = 8 * (row - blocks.y0) * stride;
            let target = &mut out.data[at..at + 8 * stride];
            dct_rows::blocks_to_rows(level, target, stride, self.numbers(blocks, row), &self.steps, 0.0);
        }
    }

    /// Adds the change of a window of the picture, brought to the size of the component as the encoder does: means over
    /// the pixels of a sample. Samples beyond the picture change as the nearest one inside.
    pub fn add_change(
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
        // What of `own` the area needs, and how it lies in there.
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
                    if sx == 1 {
                        line.iter_mut().zip(row.iter()).for_each(|(line, row)| *line += row);
                    } else {
                        for (line, part) in line.iter_mut().zip(row.chunks(sx)) {
                            *line += part.iter().sum::<f32>() / part.len() as f32;
                        }
                    }
                }
                if n > 1 {
                    line.iter_mut().for_each(|v| *v /= n as f32);
                }
            }
            let x0 = samples.x0;
            let out = samples.row_mut(y);
            // Left of the picture, inside, right of it.
            let before = left.saturating_sub(x0).min(out.len());
            let skip = x0.saturating_sub(left);
            let inside = columns.saturating_sub(skip).min(out.len() - before);
            out[..before].iter_mut().for_each(|v| *v += line[0]);
            out[before..before + inside].iter_mut().zip(&line[skip..]).for_each(|(v, d)| *v += d);
            out[before + inside..].iter_mut().for_each(|v| *v += line[columns - 1]);
        }
    }

    /// Keeps every coefficient of the blocks inside its interval.
    pub fn keep(&self, level: Level, blocks: Blocks, samples: &mut Area, careful: bool) {
        let mut reach = [[HALF; 64]];
        if careful {
            reach[0] = [MOST.1; 64];
            reach[0][0] = MOST.0;
        }
        let classes = vec![0; blocks.width()];
        let stride = samples.width;
        for row in blocks.y0..blocks.y1 {
            let at = 8 * (row - blocks.y0) * stride;
            let target = &mut samples.data[at..at + 8 * stride];
            let numbers = self.numbers(blocks, row);
            keep_near_numbers(level, target, stride, numbers, &self.steps, &reach, &classes);
        }
    }

    /// Are the picture's samples what this full-size component decodes to, give or take a code? Looks at some sixty
    /// blocks.
    pub fn matches(&self, image: &Image, weights: &[f32; 3], max: f32) -> bool {
        if self.scale != (1, 1) {
            return false;
        }
        let (mut sum, mut n) = (0.0f64, 0u32);
        let step = |blocks: usize| (blocks / 8).max(1);
        let mut area = Area::default();
        // Grey and luma are stored less the middle of the scale.
        let middle = (max + 1.0) / 2.0;
        for by in (0..self.down).step_by(step(self.down)) {
            for bx in (0..self.across).step_by(step(self.across)) {
                let block = Blocks { x0: bx, y0: by, x1: bx + 1, y1: by + 1 };
                self.decode(Level::Scalar, block, &mut area);
                for y in 0..8 {
                    for x in 0..8 {
                        let at = ((8 * bx + x).checked_sub(self.lead.0), (8 * by + y).checked_sub(self.lead.1));
                        let (Some(px), Some(py)) = at else { continue };
                        if px >= self.size.0 || py >= self.size.1 {
                            continue;
                        }
                        let value = |(plane, weight): (&Plane, &f32)| plane.row(py)[px] * weight;
                        let seen: f32 = image.planes.iter().zip(weights).map(value).sum::<f32>() * max;
                        let own = area.row(y)[x] + middle;
                        // Some readers cut at black and white.
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
