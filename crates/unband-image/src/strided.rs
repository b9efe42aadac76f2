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

/// The neutral value of a plane whose floating-point samples are centred on 0.
fn middle(model: Model, plane: usize) -> f32 {
    if matches!(model, Model::Yuv { .. }) && plane > 0 { 0.5 } else { 0.0 }
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
        let value = |p: usize, code: T| {
            let grid = Grid::of_bits(model, p, bits);
            (code.to_code() as f32 - grid.zero) / grid.scale
        };
        Self::from_views(planes, model, Depth::Int(bits), value)
    }

    /// As [`Image::from_planes`], for floating point: 0 is black and 1 white, colour differences are centred
    /// on 0.
    ///
    /// # Errors
    /// As [`Image::from_planes`].
    pub fn from_float_planes(planes: &[PlaneView<'_, f32>], model: Model) -> Result<Self, ImageError> {
        Self::from_views(planes, model, Depth::F32, |p, value: f32| value + middle(model, p))
    }

    fn from_views<T: Copy>(
        planes: &[PlaneView<'_, T>],
        model: Model,
        depth: Depth,
        value: impl Fn(usize, T) -> f32,
    ) -> Result<Self, ImageError> {
        let plane = |(p, view): (usize, &PlaneView<'_, T>)| {
            check(view.width, view.height, view.stride, view.samples.len())?;
            let rows = view.samples.chunks(view.stride).take(view.height).map(|row| &row[..view.width]);
            let data = rows.flatten().map(|&sample| value(p, sample)).collect();
            Ok(Plane { width: view.width, height: view.height, data })
        };
        let planes = planes.iter().enumerate().map(plane).collect::<Result<_, _>>()?;
        Ok(Self::new(planes, model, depth))
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
        let (bits, model) = (within::<T>(bits), self.color.model);
        let most = Depth::Int(bits).max_code() as f32;
        self.write_views(planes, |p, value| {
            let grid = Grid::of_bits(model, p, bits);
            T::from_code((value * grid.scale + grid.zero + 0.5).clamp(0.0, most) as u32)
        })
    }

    /// As [`Image::write_planes`], for floating point, in the values of [`Image::from_float_planes`].
    ///
    /// # Errors
    /// As [`Image::write_planes`].
    pub fn write_float_planes(&self, planes: &mut [PlaneViewMut<'_, f32>]) -> Result<(), ImageError> {
        let model = self.color.model;
        self.write_views(planes, |p, value| value - middle(model, p))
    }

    fn write_views<T>(
        &self,
        planes: &mut [PlaneViewMut<'_, T>],
        sample: impl Fn(usize, f32) -> T,
    ) -> Result<(), ImageError> {
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
            for (y, row) in view.samples.chunks_mut(view.stride).take(view.height).enumerate() {
                row.iter_mut().zip(own.row(y)).for_each(|(to, &value)| *to = sample(p, value));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
