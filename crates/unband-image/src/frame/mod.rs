//! Conversion between raw video frames and images.

mod codes;
mod pixel_format;
pub mod rows;

use std::borrow::Cow;

use crate::color::Color;
use crate::dither::Grid;
use crate::{Codec, Depth, Image, Model, Plane, Range};
pub use pixel_format::{Layout, PIXEL_FORMATS, PixelFormat, Samples};

/// Why a frame is not an image, or an image not a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// A wrong number of bytes.
    #[error("the frame has a wrong number of bytes")]
    Length,
    /// An image that does not fit the format.
    #[error("a frame differs in size or model from the first")]
    Differs,
    /// The system cannot provide enough memory.
    #[error("not enough memory for {width}×{height} samples")]
    Memory {
        /// Width.
        width: usize,
        /// Height.
        height: usize,
    },
}

/// Memory layout and colour of a video's frames. Planar formats only.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FrameFormat {
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// Pixel format, with [`Layout::Planar`].
    pub pixels: &'static PixelFormat,
    /// Colour model and siting.
    pub color: Color,
    /// Whether the source coding is lossy.
    pub lossy: bool,
}

impl FrameFormat {
    /// Bytes of a frame.
    pub fn frame_bytes(&self) -> usize {
        // Checked when the stream was opened.
        self.pixels.frame_bytes(self.width, self.height).unwrap_or(usize::MAX)
    }

    /// Whether there is only luma although the model has chroma. An image then has neutral chroma.
    fn lacks_chroma(&self) -> bool {
        self.pixels.samples == Samples::Gray && matches!(self.color.model, Model::Yuv { .. })
    }

    /// For each stored plane except alpha, the index of the image's plane: `FFmpeg` stores green, blue, red.
    fn order(&self) -> &'static [usize] {
        match self.pixels.samples {
            Samples::Gray => &[0],
            Samples::Yuv(_) => &[0, 1, 2],
            Samples::Rgb => &[1, 2, 0],
        }
    }

    /// Byte range and size of each stored plane of a frame; alpha is the last.
    pub fn planes(&self) -> Vec<(std::ops::Range<usize>, (usize, usize))> {
        let (each, mut at) = (rows::sample_bytes(self.pixels.bits), 0);
        let sizes = self.pixels.planes(self.width, self.height);
        sizes
            .map(|(width, height)| {
                let start = at;
                at += width * height * each;
                (start..at, (width, height))
            })
            .collect()
    }

    fn grid(&self, plane: usize) -> Grid {
        Grid::of_bits(self.color.model, plane, self.pixels.bits)
    }

    /// The image in a frame's bytes, without alpha: see [`FrameFormat::write`].
    ///
    /// # Errors
    /// A wrong number of bytes, and not enough memory.
    pub fn read(&self, bytes: &[u8]) -> Result<Image, FrameError> {
        self.read_into(bytes, Vec::new())
    }

    /// As [`FrameFormat::read`], reusing the memory of `spare` planes of any size.
    ///
    /// # Errors
    /// As [`FrameFormat::read`].
    pub fn read_into(&self, bytes: &[u8], spare: Vec<Plane>) -> Result<Image, FrameError> {
        if bytes.len() != self.frame_bytes() {
            return Err(FrameError::Length);
        }
        let mut planes = spare;
        planes.resize_with(self.order().len(), || Plane::filled(0, 0, 0.0));
        let mut codes = Vec::new();
        for (&to, (range, (width, height))) in self.order().iter().zip(self.planes()) {
            let plane = &mut planes[to];
            if (plane.width, plane.height) != (width, height) {
                *plane = new_plane(width, height)?;
            }
            let rows = bytes[range].chunks_exact(width * rows::sample_bytes(self.pixels.bits));
            for (row, bytes) in plane.data.chunks_exact_mut(width).zip(rows) {
                rows::read_row(row, bytes, self.pixels.bits, self.grid(to), &mut codes);
            }
        }
        if let (true, Model::Yuv { subsampling, .. }) = (self.lacks_chroma(), self.color.model) {
            let (width, height) = subsampling.chroma_size(self.width, self.height);
            planes.extend([Plane::filled(width, height, 0.5), Plane::filled(width, height, 0.5)]);
        }
        let mut image = Image::new(planes, self.color.model, Depth::Int(self.pixels.bits));
        image.color = self.color;
        image.origin.codec = if self.lossy { Codec::Lossy("video") } else { Codec::Lossless };
        Ok(image)
    }

    /// Replaces `out` with an image as a frame; samples are rounded to the nearest code. `before` is the
    /// source frame, in format `from`; its alpha is kept.
    ///
    /// # Errors
    /// Images of another size or model.
    pub fn write(
        &self,
        image: &Image,
        before: &[u8],
        from: &Self,
        out: &mut Vec<u8>,
    ) -> Result<(), FrameError> {
        self.write_planes(image, out)?;
        if self.pixels.alpha {
            from.alpha_into(before, self, out);
        }
        Ok(())
    }

    /// As [`FrameFormat::write`], with the image's own alpha; opaque without any.
    ///
    /// # Errors
    /// Images of another size or model.
    pub fn write_whole(&self, image: &Image, out: &mut Vec<u8>) -> Result<(), FrameError> {
        self.write_planes(image, out)?;
        if self.pixels.alpha {
            let opaque = || Plane::filled(self.width, self.height, 1.0);
            let alpha = image.alpha.as_ref().map_or_else(|| Cow::Owned(opaque()), Cow::Borrowed);
            if (alpha.width, alpha.height) != (self.width, self.height) {
                return Err(FrameError::Differs);
            }
            self.write_alpha(&alpha, out);
        }
        Ok(())
    }

    fn write_planes(&self, image: &Image, out: &mut Vec<u8>) -> Result<(), FrameError> {
        let layout = self.planes();
        let fits = |(&p, (_, size)): (&usize, &(_, (usize, usize)))| {
            image.planes.get(p).is_some_and(|plane| (plane.width, plane.height) == *size)
        };
        if image.color.model != self.color.model || !self.order().iter().zip(&layout).all(fits) {
            return Err(FrameError::Differs);
        }
        out.clear();
        let mut codes = Vec::new();
        for &p in self.order() {
            let plane = &image.planes[p];
            for row in plane.data.chunks_exact(plane.width) {
                rows::write_row(out, row, self.pixels.bits, self.grid(p), &mut codes);
            }
        }
        Ok(())
    }

    fn write_alpha(&self, alpha: &Plane, out: &mut Vec<u8>) {
        rows::write_row(out, &alpha.data, self.pixels.bits, self.alpha_grid(), &mut Vec::new());
    }

    /// Converts a frame to a format with at least as many bits. Limited-range codes gain zeros as low bits;
    /// full-range and RGB codes are rescaled.
    ///
    /// # Errors
    /// As [`FrameFormat::read`].
    pub fn widen(&self, bytes: &[u8], to: &Self, out: &mut Vec<u8>) -> Result<(), FrameError> {
        if self.pixels == to.pixels {
            out.clear();
            out.extend_from_slice(bytes);
            return Ok(());
        }
        let limited = matches!(self.color.model, Model::Yuv { range: Range::Limited, .. });
        let (bits, wider) = (self.pixels.bits, to.pixels.bits);
        if limited && bits == 8 && wider > 8 && !self.pixels.alpha && bytes.len() == self.frame_bytes() {
            out.resize(2 * bytes.len(), 0);
            for (out, &code) in out.as_chunks_mut::<2>().0.iter_mut().zip(bytes) {
                *out = (u16::from(code) << (wider - bits)).to_le_bytes();
            }
            return Ok(());
        }
        to.write(&self.read(bytes)?, bytes, self, out)
    }

    /// The alpha in a frame's bytes.
    pub fn alpha(&self, bytes: &[u8]) -> Option<Plane> {
        let (range, (width, height)) = self.planes().into_iter().next_back().filter(|_| self.pixels.alpha)?;
        let mut data = vec![0.0; width * height];
        rows::read_row(&mut data, bytes.get(range)?, self.pixels.bits, self.alpha_grid(), &mut Vec::new());
        Some(Plane { width, height, data })
    }

    /// Alpha uses all codes, whatever the range of the others.
    fn alpha_grid(&self) -> Grid {
        Grid::of_bits(Model::Gray, 0, self.pixels.bits)
    }

    /// Appends a frame's alpha, converted to the bits of `to`.
    fn alpha_into(&self, bytes: &[u8], to: &Self, out: &mut Vec<u8>) {
        if self.pixels.bits == to.pixels.bits {
            return out
                .extend(self.planes().last().map(|(range, _)| &bytes[range.clone()]).unwrap_or_default());
        }
        if let Some(alpha) = self.alpha(bytes) {
            to.write_alpha(&alpha, out);
        }
    }

    /// Frames of another size.
    #[must_use]
    pub fn with_size(&self, (width, height): (usize, usize)) -> Self {
        Self { width, height, ..*self }
    }

    /// The same frames with at least `bits` bits per sample, if there is such a format.
    pub fn with_bits(&self, bits: u8) -> Option<Self> {
        let pixels = PixelFormat::planar(self.pixels.samples, bits, self.pixels.alpha)?;
        Some(Self { pixels, ..*self })
    }
}

/// A plane of zeros, or an error if there is not enough memory.
///
/// # Errors
/// [`FrameError::Memory`].
pub fn new_plane(width: usize, height: usize) -> Result<Plane, FrameError> {
    let memory = FrameError::Memory { width, height };
    let len = width.checked_mul(height).ok_or(memory)?;
    Vec::<f32>::new().try_reserve_exact(len).map_err(|_| memory)?;
    // The system zeroes pages on first access, so that a truncated file costs no memory.
    Ok(Plane { width, height, data: vec![0.0; len] })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
