//! The deband shader on planes of integer codes, and on parts of a plane.

use unband_image::{Depth, Window};
use unband_simd::Level;
use unband_simd::filters::libplacebo::{self, Field, MOST_SIDE, Shader};

use super::dither::Bias;
use crate::PlaneError;

/// Columns and rows per block: with their margin they should fit the cache.
const BLOCK: (usize, usize) = (256, 128);

/// Sample types of [`deband_plane`]: `u8` and `u16`.
pub trait Code: sealed::Codes {}
impl Code for u8 {}
impl Code for u16 {}

mod sealed {
    use super::{Level, libplacebo};

    pub trait Codes: Copy {
        const BITS: u8;
        fn units(level: Level, out: &mut [f32], codes: &[Self], highest: f32);
        fn codes(level: Level, out: &mut [Self], units: &[f32], bias: Option<&[f32]>, highest: f32);
    }

    impl Codes for u8 {
        const BITS: u8 = 8;
        fn units(level: Level, out: &mut [f32], codes: &[Self], highest: f32) {
            libplacebo::units_from_u8(level, out, codes, highest);
        }
        fn codes(level: Level, out: &mut [Self], units: &[f32], bias: Option<&[f32]>, highest: f32) {
            libplacebo::codes_u8(level, out, units, bias, highest);
        }
    }

    impl Codes for u16 {
        const BITS: u8 = 16;
        fn units(level: Level, out: &mut [f32], codes: &[Self], highest: f32) {
            libplacebo::units_from_u16(level, out, codes, highest);
        }
        fn codes(level: Level, out: &mut [Self], units: &[f32], bias: Option<&[f32]>, highest: f32) {
            libplacebo::codes_u16(level, out, units, bias, highest);
        }
    }
}

/// libplacebo's deband shader on one plane of `width * height` codes of `bits` bits, row by row without
/// padding, into `out`: codes are divided by the highest code, processed, and converted back with `bias`.
///
/// One thread.
///
/// # Errors
/// When a buffer has another length, the type is too small for `bits`, or a side is 16 million samples or
/// more.
pub fn deband_plane<T: Code>(
    level: Level,
    out: &mut [T],
    plane: &[T],
    (width, height): (usize, usize),
    bits: u8,
    shader: &Shader,
    bias: &Bias,
) -> Result<(), PlaneError> {
    if let Some(got) =
        [plane.len(), out.len()].into_iter().find(|&len| width.checked_mul(height) != Some(len))
    {
        return Err(PlaneError::Length { width, height, got });
    }
    if !(1..=T::BITS).contains(&bits) {
        return Err(PlaneError::Depth { bits });
    }
    if width.max(height) >= MOST_SIDE {
        return Err(PlaneError::Window);
    }
    let highest = Depth::Int(bits).max_code() as f32;
    let whole = Window { x0: 0, y0: 0, x1: width, y1: height };
    let (mut surroundings, mut biases) = (Surroundings::default(), [0.0; BLOCK.0]);
    let mut row = [0.0; BLOCK.0];
    for core in blocks(whole) {
        let fill = |y: usize, x: std::ops::Range<usize>, out: &mut [f32]| {
            T::units(level, out, &plane[y * width..][x], highest);
        };
        let outer = core.grown(shader.reach(), width, height);
        let field = surroundings.fill(outer, fill);
        for y in core.y0..core.y1 {
            let (row, biases) = (&mut row[..core.width()], &mut biases[..core.width()]);
            libplacebo::deband_row(level, row, &field, (core.x0, y), shader);
            let biases = bias.row(level, biases, (core.x0, y));
            T::codes(level, &mut out[y * width + core.x0..][..core.width()], row, biases, highest);
        }
    }
    Ok(())
}

/// A window, block by block.
pub(super) fn blocks(window: Window) -> impl Iterator<Item = Window> {
    let Window { x0, y0, x1, y1 } = window;
    (y0..y1).step_by(BLOCK.1).flat_map(move |y| {
        (x0..x1).step_by(BLOCK.0).map(move |x| Window {
            x0: x,
            y0: y,
            x1: (x + BLOCK.0).min(x1),
            y1: (y + BLOCK.1).min(y1),
        })
    })
}

/// A block with the shader's margin, between 0 and 1.
#[derive(Default)]
pub(super) struct Surroundings(Vec<f32>);

impl Surroundings {
    /// Fills a window row by row: `fill(y, columns, out)`.
    pub(super) fn fill(
        &mut self,
        outer: Window,
        mut fill: impl FnMut(usize, std::ops::Range<usize>, &mut [f32]),
    ) -> Field<'_> {
        let (width, height) = (outer.width(), outer.height());
        // Rows a power of two apart would share the same cache lines.
        let stride = width.next_multiple_of(16) + 16;
        if self.0.len() < stride * height {
            self.0.resize(stride * height, 0.0);
        }
        for (row, y) in self.0.chunks_exact_mut(stride).zip(outer.y0..outer.y1) {
            fill(y, outer.x0..outer.x1, &mut row[..width]);
        }
        Field {
            samples: &self.0[..stride * height],
            stride,
            first: (outer.x0, outer.y0),
            size: (width, height),
        }
    }
}
