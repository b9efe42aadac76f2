//! Conditioning inputs of networks for JPEG files ([`Sees::Blocks`](unband_nets::arch::Sees)).

use unband_image::{Image, JpegCoefficients, Plane, Window};
use unband_nets::arch::unband_jpeg::{BLOCK_PLANES, MEAN, STEP_INPUTS};
use unband_simd::Level;
use unband_simd::filters::smooth::add_scaled_row;

use crate::conditioning::{Conditioning, SurfaceWindow};
use crate::window::reflected;

/// Rows and columns on each side of a sample in the square of its mean.
const MARGIN: usize = MEAN / 2;

/// The quantiser of a JPEG file, as conditioning input of a network.
#[derive(Clone, Debug, PartialEq)]
pub struct Blocks {
    scalars: [f32; STEP_INPUTS],
}

impl Blocks {
    /// For grey, or luma and chroma, of 8 bits; `None` for others, and where the first block is cut: a turned
    /// image whose sides are not multiples of 8.
    pub fn new(stored: &JpegCoefficients) -> Option<Self> {
        let luma = stored.planes.first()?;
        let chroma = stored.planes.get(1).unwrap_or(luma);
        let known = (stored.ycc || stored.planes.len() == 1) && stored.bits == 8;
        let whole = stored.planes.iter().all(|plane| plane.lead == (0, 0));
        (known && whole).then(|| {
            let (luma, chroma) = (steps(&luma.steps), steps(&chroma.steps));
            Self { scalars: std::array::from_fn(|i| if i < 3 { luma[i] } else { chroma[i - 3] }) }
        })
    }

    /// Surface minus its local mean in a window, row by row; beyond the image, the surface is mirrored.
    fn details(
        image: &Image,
        surface: &SurfaceWindow<'_>,
        c: usize,
        window: Window,
        level: Level,
    ) -> Vec<f32> {
        let (width, height) = (image.width(), image.height());
        let wide = window.grown(MARGIN, width, height);
        let mut out = Vec::with_capacity(window.width() * window.height());
        let (mut column, mut mean) = (vec![0.0f32; wide.width()], vec![0.0f32; window.width()]);
        let mut around = vec![0.0f32; window.width() + 2 * MARGIN];
        for y in window.y0..window.y1 {
            column.fill(0.0);
            for dy in 0..MEAN {
                let row = surface.row(c, reflected(y + dy, MARGIN, height), wide);
                add_scaled_row(level, &mut column, row, 1.0);
            }
            for (i, v) in around.iter_mut().enumerate() {
                *v = column[reflected(window.x0 + i, MARGIN, width) - wide.x0];
            }
            mean.fill(0.0);
            for dx in 0..MEAN {
                add_scaled_row(level, &mut mean, &around[dx..dx + window.width()], 1.0);
            }
            let own = surface.row(c, y, window);
            out.extend(own.iter().zip(&mean).map(|(v, sum)| v - sum / (MEAN * MEAN) as f32));
        }
        out
    }
}

/// A third of the natural logarithm of the mean step of low, middle and high frequencies: the first 3, the
/// next 12 and the last 49 in zigzag order, which goes from diagonal to diagonal.
fn steps(steps: &[u16; 64]) -> [f32; 3] {
    let mut sums = [(0u32, 0u32); 3];
    for (i, &step) in steps.iter().enumerate() {
        let (sum, count) = match i / 8 + i % 8 {
            0..2 => &mut sums[0],
            2..5 => &mut sums[1],
            _ => &mut sums[2],
        };
        *sum += u32::from(step);
        *count += 1;
    }
    sums.map(|(sum, count)| (f64::from(sum.max(1)) / f64::from(count)).ln() as f32 / 3.0)
}

/// 1 in the first half of a block, −1 in the second.
fn half(at: usize) -> f32 {
    if at % 8 < 4 { 1.0 } else { -1.0 }
}

impl Conditioning for Blocks {
    fn channels(&self) -> usize {
        BLOCK_PLANES
    }

    fn scalars(&self) -> Vec<f32> {
        self.scalars.to_vec()
    }

    fn margin(&self) -> usize {
        MARGIN
    }

    fn planes(&self, image: &Image, surface: &SurfaceWindow<'_>, window: Window, level: Level) -> Vec<f32> {
        let mut out = Vec::with_capacity(BLOCK_PLANES * window.width() * window.height());
        for c in 0..3 {
            let plane: &Plane = &image.planes[c.min(image.planes.len() - 1)];
            for y in window.y0..window.y1 {
                let decoded = &plane.row(y)[window.x0..window.x1];
                out.extend(surface.row(c, y, window).iter().zip(decoded).map(|(to, from)| to - from));
            }
        }
        for c in 0..3 {
            out.extend(Self::details(image, surface, c, window, level));
        }
        for _ in window.y0..window.y1 {
            out.extend((window.x0..window.x1).map(half));
        }
        for y in window.y0..window.y1 {
            out.extend(std::iter::repeat_n(half(y), window.width()));
        }
        out
    }
}

#[cfg(test)]
mod tests;
