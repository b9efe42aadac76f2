//! Borrowed planes with a stride, as hosts and decoders hold them.

use crate::color::Model;
use crate::depth::Depth;
use crate::dither::Grid;
use crate::image::{Image, ImageError, Plane, Sample};

/// A borrowed plane: rows of `width` samples that begin `stride` samples apart.
#[derive(Clone, Copy, Debug)]
pub struct PlaneView<'a, T> {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Samples from the start of a row to that of the next one, at least `width`.
    pub stride: usize,
    /// The rows; the last one may end after its `width` samples.
    pub samples: &'a [T],
}

/// Writable counterpart of [`PlaneView`]. Samples between the rows stay as they are.
#[derive(Debug)]
pub struct PlaneViewMut<'a, T> {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Samples from the start of a row to that of the next one, at least `width`.
    pub stride: usize,
    /// The rows; the last one may end after its `width` samples.
    pub samples: &'a mut [T],
}

/// The size is not zero and fits the buffer.
fn check(width: usize, height: usize, stride: usize, got: usize) -> Result<(), ImageError> {
    if width == 0 || height == 0 {
        return Err(ImageError::Empty { width, height });
    }
    let expected = stride.max(width).saturating_mul(height - 1).saturating_add(width);
    if stride >= width && got >= expected {
        Ok(())
    } else {
        Err(ImageError::Length { width, height, expected, got })
    }
}

/// Bits that the sample type holds.
fn within<T: Sample>(bits: u8) -> u8 {
    bits.clamp(1, T::DEPTH.bits())
}

impl Image {
    /// From borrowed planes of integer codes of `bits` bits, at most those of the type: red, green and blue,
    /// grey, or luma and chroma in the code range of the model. Jobs check that the sizes fit the model.
    ///
    /// # Errors
    /// When a side is zero, or a buffer is too short for its rows.
    pub fn from_planes<T: Sample>(
        planes: &[PlaneView<'_, T>],
        model: Model,
        bits: u8,
    ) -> Result<Self, ImageError> {
        let bits = within::<T>(bits);
        let plane = |(p, view): (usize, &PlaneView<'_, T>)| {
            check(view.width, view.height, view.stride, view.samples.len())?;
            let grid = Grid::of_bits(model, p, bits);
            let rows = view.samples.chunks(view.stride).take(view.height).map(|row| &row[..view.width]);
            let value = |code: &T| (code.to_code() as f32 - grid.zero) / grid.scale;
            Ok(Plane { width: view.width, height: view.height, data: rows.flatten().map(value).collect() })
        };
        let planes = planes.iter().enumerate().map(plane).collect::<Result<_, _>>()?;
        Ok(Self::new(planes, model, Depth::Int(bits)))
    }

    /// Writes the planes into borrowed ones as codes of `bits` bits, at most those of the type, rounded.
    /// Dither first (see [`crate::dither`]) unless the samples are on that grid already.
    ///
    /// # Errors
    /// When sizes or numbers of planes differ, or a buffer is too short for its rows.
    pub fn write_planes<T: Sample>(
        &self,
        planes: &mut [PlaneViewMut<'_, T>],
        bits: u8,
    ) -> Result<(), ImageError> {
        let bits = within::<T>(bits);
        let (expected, got) = (self.planes.len(), planes.len());
        if expected != got {
            return Err(ImageError::Length { width: self.width(), height: self.height(), expected, got });
        }
        for (p, (own, view)) in self.planes.iter().zip(planes).enumerate() {
            check(view.width, view.height, view.stride, view.samples.len())?;
            if (own.width, own.height) != (view.width, view.height) {
                let (width, height, got) = (own.width, own.height, view.width * view.height);
                return Err(ImageError::Length { width, height, expected: width * height, got });
            }
            let (grid, most) = (Grid::of_bits(self.color.model, p, bits), Depth::Int(bits).max_code() as f32);
            let code = |v: f32| T::from_code((v * grid.scale + grid.zero + 0.5).clamp(0.0, most) as u32);
            for (y, row) in view.samples.chunks_mut(view.stride).take(view.height).enumerate() {
                row.iter_mut().zip(own.row(y)).for_each(|(to, &v)| *to = code(v));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
