//! Integer code grids of planes.

use unband_image::{
    Codes, CodesMut, Depth, Image, Model, Plane, RestoreError, TileIn, TileOut, Window, dither,
};
use unband_simd::{Level, filters::f3kdb, filters::ffmpeg_deband, filters::gradfun, image::codes};

/// Integer samples that the exact filters work on: `u8` and `u16`.
pub trait Sample: ffmpeg_deband::Code + gradfun::Code + f3kdb::Code {
    /// Converts values between 0 and 1 to codes of a grid.
    fn read(level: Level, out: &mut [Self], values: &[f32], grid: &Grid);
    /// Converts changed codes to values between 0 and 1; other values stay unchanged.
    fn write(level: Level, out: &mut [f32], before: &[Self], after: &[Self], grid: &Grid);
    /// From a code, saturating.
    fn saturated(code: u32) -> Self;
    /// The codes, if they are of this type.
    fn of(codes: Codes<'_>) -> Option<&[Self]>;
    /// As [`Sample::of`], mutable.
    fn of_mut<'a>(codes: &'a mut CodesMut<'_>) -> Option<&'a mut [Self]>;
}

impl Sample for u8 {
    fn read(level: Level, out: &mut [Self], values: &[f32], grid: &Grid) {
        codes::to_codes_u8(level, out, values, grid.scale, grid.zero, Self::saturated(grid.highest()));
    }
    fn write(level: Level, out: &mut [f32], before: &[Self], after: &[Self], grid: &Grid) {
        codes::write_changed_u8(level, out, before, after, grid.scale, grid.zero);
    }
    fn saturated(code: u32) -> Self {
        Self::try_from(code).unwrap_or(Self::MAX)
    }
    fn of(codes: Codes<'_>) -> Option<&[Self]> {
        if let Codes::Bytes(codes) = codes { Some(codes) } else { None }
    }
    fn of_mut<'a>(codes: &'a mut CodesMut<'_>) -> Option<&'a mut [Self]> {
        if let CodesMut::Bytes(codes) = codes { Some(codes) } else { None }
    }
}

impl Sample for u16 {
    fn read(level: Level, out: &mut [Self], values: &[f32], grid: &Grid) {
        codes::to_codes_u16(level, out, values, grid.scale, grid.zero, Self::saturated(grid.highest()));
    }
    fn write(level: Level, out: &mut [f32], before: &[Self], after: &[Self], grid: &Grid) {
        codes::write_changed_u16(level, out, before, after, grid.scale, grid.zero);
    }
    fn saturated(code: u32) -> Self {
        Self::try_from(code).unwrap_or(Self::MAX)
    }
    fn of(codes: Codes<'_>) -> Option<&[Self]> {
        if let Codes::Words(codes) = codes { Some(codes) } else { None }
    }
    fn of_mut<'a>(codes: &'a mut CodesMut<'_>) -> Option<&'a mut [Self]> {
        if let CodesMut::Words(codes) = codes { Some(codes) } else { None }
    }
}

/// The code grid of one plane: `code = value * scale + zero`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grid {
    /// Codes between value 0 and value 1.
    pub scale: f32,
    /// The code of value 0 (half a code off for full-range chroma, whose neutral is a whole code).
    pub zero: f32,
    /// Bits per sample, 1 to 16.
    pub bits: u8,
}

impl Grid {
    /// The grid of a plane of an image; floating-point images use 16 bits.
    pub fn new(image: &Image, plane: usize) -> Self {
        let bits = match image.depth {
            Depth::Int(bits) => bits.clamp(1, 16),
            Depth::F32 => 16,
        };
        let dither::Grid { scale, zero, .. } = dither::Grid::of_bits(image.color.model, plane, bits);
        Self { scale, zero, bits }
    }

    /// The highest code.
    pub fn highest(self) -> u32 {
        Depth::Int(self.bits).max_code()
    }
}

/// A rectangle of a plane's codes: the readable area of a filter.
#[derive(Clone, Copy, Debug)]
pub struct View<'a, T> {
    samples: &'a [T],
    window: Window,
    width: usize,
    height: usize,
}

impl<'a, T: Copy> View<'a, T> {
    /// The whole plane of `width * height` samples; `None` when `samples` has another length.
    pub fn whole(samples: &'a [T], width: usize, height: usize) -> Option<Self> {
        let window = Window { x0: 0, y0: 0, x1: width, y1: height };
        Self::part(samples, window, width, height)
    }

    /// A window of a plane of `width * height` samples; `None` when the window is not inside the plane or
    /// `samples` does not fill it.
    pub fn part(samples: &'a [T], window: Window, width: usize, height: usize) -> Option<Self> {
        let Window { x0, y0, x1, y1 } = window;
        let inside = x0 <= x1 && x1 <= width && y0 <= y1 && y1 <= height;
        let fills = inside && (x1 - x0).checked_mul(y1 - y0) == Some(samples.len());
        fills.then_some(Self { samples, window, width, height })
    }

    /// Width of the plane.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Height of the plane.
    pub fn height(&self) -> usize {
        self.height
    }

    /// The readable window.
    pub fn window(&self) -> Window {
        self.window
    }

    /// A readable row, starting at the window's first column.
    pub(crate) fn row(&self, y: usize) -> &'a [T] {
        let width = self.window.width();
        &self.samples[(y - self.window.y0) * width..][..width]
    }

    /// The readable window around a row of a view of whole rows.
    pub(crate) fn around(&self, y: usize) -> f3kdb::Around<'a, T> {
        let stride = self.window.width();
        f3kdb::Around { samples: self.samples, stride, start: (y - self.window.y0) * stride }
    }

    /// Is everything within `reach` of `core` readable, as far as the plane has it?
    pub(crate) fn covers(&self, core: Window, reach: (usize, usize)) -> bool {
        let w = self.window;
        core.x0 <= core.x1
            && core.y0 <= core.y1
            && core.x1 <= self.width
            && core.y1 <= self.height
            && w.x0 <= core.x0.saturating_sub(reach.0)
            && w.y0 <= core.y0.saturating_sub(reach.1)
            && w.x1 >= core.x1.saturating_add(reach.0).min(self.width)
            && w.y1 >= core.y1.saturating_add(reach.1).min(self.height)
    }
}

/// The codes of a tile's plane, its halo included.
pub(crate) fn read_tile<T: Sample>(level: Level, input: &TileIn<'_>, plane: usize, grid: &Grid) -> Vec<T> {
    let outer = input.outer_on(plane);
    let mut out = vec![T::default(); outer.width() * outer.height()];
    if outer.width() > 0 {
        for (row, y) in out.chunks_exact_mut(outer.width()).zip(outer.y0..) {
            T::read(level, row, input.row(plane, y), grid);
        }
    }
    out
}

/// Writes the changed codes of a plane's core back to the tile.
pub(crate) fn write_tile<T: Sample>(
    level: Level,
    input: &TileIn<'_>,
    output: &mut TileOut,
    plane: usize,
    before: &[T],
    after: &[T],
    grid: &Grid,
) {
    let (core, outer) = (input.core_on(plane), input.outer_on(plane));
    let Some(target) = output.planes.get_mut(plane) else { return };
    for (i, y) in (core.y0..core.y1).enumerate() {
        let from = (y - outer.y0) * outer.width() + core.x0 - outer.x0;
        let before = &before[from..from + core.width()];
        T::write(level, target.row_mut(i), before, &after[i * core.width()..][..core.width()], grid);
    }
}

/// An error unless every plane has samples, as many as its size requires.
pub(crate) fn check_sound(image: &Image, method: &'static str) -> Result<(), RestoreError> {
    let whole = |p: &Plane| p.width > 0 && p.height > 0 && p.data.len() == p.width * p.height;
    if !image.planes.is_empty() && image.planes.iter().all(whole) {
        return Ok(());
    }
    Err(RestoreError::unsupported(method, "needs an image whose planes have all their samples"))
}

/// Samples of the first plane per sample of the smallest one, along the side where they are more.
pub(crate) fn coarsest(image: &Image, method: &'static str) -> Result<usize, RestoreError> {
    check_sound(image, method)?;
    let (width, height) = (image.width(), image.height());
    if image.planes.iter().any(|p| p.width > width || p.height > height) {
        return Err(RestoreError::unsupported(
            method,
            "needs a first plane that is not smaller than the others",
        ));
    }
    let scales = image.planes.iter().map(|p| width.div_ceil(p.width).max(height.div_ceil(p.height)));
    Ok(scales.max().unwrap_or(1))
}

/// An error for RGB unless it has three planes of one size.
pub(crate) fn check_equal_rgb(image: &Image, method: &'static str) -> Result<(), RestoreError> {
    let size = (image.width(), image.height());
    let equal = image.planes.len() == 3 && image.planes.iter().all(|p| (p.width, p.height) == size);
    if image.color.model != Model::Rgb || equal {
        return Ok(());
    }
    Err(RestoreError::unsupported(method, "needs three RGB planes of one size"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::cast_possible_wrap)]
mod tests {
    use super::*;
    use unband_image::{Matrix, Plane, Subsampling};
    use unband_image::{Model, Range};

    #[test]
    fn eight_bit_yuv_codes_are_those_of_the_image() {
        let codes: Vec<u8> = (0..=255).collect();
        for range in [Range::Limited, Range::Full] {
            let image =
                Image::from_yuv420(32, 8, [&codes, &codes[..64], &codes[192..]], Matrix::Bt709, range)
                    .unwrap();
            for (plane, want) in [(0, &codes[..]), (1, &codes[..64]), (2, &codes[192..])] {
                let grid = Grid::new(&image, plane);
                let mut back = vec![0u8; want.len()];
                u8::read(Level::best(), &mut back, &image.planes[plane].data, &grid);
                assert_eq!(back, want);
                let mut values = vec![0.0; want.len()];
                let other: Vec<u8> = want.iter().map(|&c| c ^ 1).collect();
                u8::write(Level::best(), &mut values, &other, want, &grid);
                assert_eq!(values, image.planes[plane].data);
            }
        }
    }

    #[test]
    fn neutral_chroma_is_a_whole_code_at_every_depth() {
        for range in [Range::Limited, Range::Full] {
            for bits in 1..=16 {
                let model = Model::Yuv { matrix: Matrix::Bt709, range, subsampling: Subsampling::NONE };
                let image = Image::new(vec![Plane::filled(1, 1, 0.5); 3], model, Depth::Int(bits));
                let grid = Grid::new(&image, 1);
                let neutral = 0.5 * grid.scale + grid.zero;
                assert_eq!(neutral.to_bits(), (f32::from(bits).exp2() / 2.0).to_bits(), "{range:?} {bits}");
            }
        }
    }

    #[test]
    fn views_of_a_wrong_size_are_refused() {
        assert!(View::whole(&[0u8; 6], 3, 2).is_some());
        assert!(View::whole(&[0u8; 5], 3, 2).is_none());
        let outside = Window { x0: 1, y0: 0, x1: 4, y1: 2 };
        assert!(View::part(&[0u8; 6], outside, 3, 2).is_none());
    }
}
