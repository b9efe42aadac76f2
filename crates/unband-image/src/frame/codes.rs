//! Restoration of raw frames by methods that work on integer codes, without conversion to images.

use crate::{CodePlane, Codes, CodesMut, Context, Depth, RestoreError, Restorer};
use bytemuck::{try_cast_slice, try_cast_slice_mut};

use super::FrameFormat;

impl FrameFormat {
    /// Restores a frame to a frame of another format, which replaces the content of `out`; alpha is kept.
    /// Reuse the same buffer: it is then not cleared. Returns `false` and does nothing if the frame must be
    /// converted to an image ([`FrameFormat::read`], [`FrameFormat::write`]). This is so for methods that do
    /// not work on codes or do not return codes of the other format, and on machines whose word layout does
    /// not fit.
    ///
    /// The result is the same as through an image, except for codes above the maximum: they are not clamped
    /// first.
    ///
    /// # Errors
    /// As [`CodeRestorer::restore_codes`](crate::CodeRestorer::restore_codes).
    pub fn restore_codes(
        &self,
        frame: &[u8],
        to: &Self,
        out: &mut Vec<u8>,
        restorer: &dyn Restorer,
        ctx: &Context<'_>,
    ) -> Result<bool, RestoreError> {
        let Some(method) = restorer.as_codes() else { return Ok(false) };
        let bits = restorer.rounds_to().map_or(self.pixels.bits, Depth::bits);
        if bits != to.pixels.bits || to.order() != self.order() || to.pixels.alpha != self.pixels.alpha {
            return Ok(false);
        }
        let Some(input) = self.codes(frame) else { return Ok(false) };
        out.resize(to.frame_bytes(), 0);
        let Some(mut output) = to.codes_mut(out) else { return Ok(false) };
        method.restore_codes(&input, &mut output, ctx)?;
        if self.pixels.alpha {
            let colors: usize = to.planes()[..to.order().len()].iter().map(|(range, _)| range.len()).sum();
            out.truncate(colors);
            self.alpha_into(frame, to, out);
        }
        Ok(true)
    }

    /// The colour planes in the order of an image; `None` if an image has others, or the bytes cannot be used
    /// as words.
    fn codes<'a>(&self, frame: &'a [u8]) -> Option<Vec<CodePlane<'a>>> {
        if !self.has_codes(frame) {
            return None;
        }
        let mut planes = vec![None; self.order().len()];
        for (&place, (range, size)) in self.order().iter().zip(self.planes()) {
            let bytes = &frame[range];
            let codes = if self.pixels.sample_bytes() == 1 {
                Codes::Bytes(bytes)
            } else {
                Codes::Words(try_cast_slice(bytes).ok()?)
            };
            planes[place] = Some(CodePlane { size, codes });
        }
        planes.into_iter().collect()
    }

    /// As [`FrameFormat::codes`], for writing.
    fn codes_mut<'a>(&self, frame: &'a mut [u8]) -> Option<Vec<CodesMut<'a>>> {
        if !self.has_codes(frame) {
            return None;
        }
        let mut planes: Vec<_> = self.order().iter().map(|_| None).collect();
        let mut rest = frame;
        for (&place, (range, _)) in self.order().iter().zip(self.planes()) {
            let (bytes, behind) = rest.split_at_mut(range.len());
            rest = behind;
            planes[place] = Some(if self.pixels.sample_bytes() == 1 {
                CodesMut::Bytes(bytes)
            } else {
                CodesMut::Words(try_cast_slice_mut(bytes).ok()?)
            });
        }
        planes.into_iter().collect()
    }

    fn has_codes(&self, frame: &[u8]) -> bool {
        let words = self.pixels.sample_bytes() == 2;
        frame.len() == self.frame_bytes() && !self.lacks_chroma() && !(words && cfg!(target_endian = "big"))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
