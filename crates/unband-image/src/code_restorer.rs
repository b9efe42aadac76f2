//! Restoration of whole code values without conversion to `f32`.

use crate::context::{Context, RestoreError};

/// Codes of a plane, row by row without padding: up to 8 bits in bytes, 9 to 16 in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codes<'a> {
    /// Up to 8 bits.
    Bytes(&'a [u8]),
    /// 9 to 16 bits.
    Words(&'a [u16]),
}

/// Writable counterpart of [`Codes`].
#[derive(Debug, PartialEq, Eq)]
pub enum CodesMut<'a> {
    /// Up to 8 bits.
    Bytes(&'a mut [u8]),
    /// 9 to 16 bits.
    Words(&'a mut [u16]),
}

/// A plane of an image: columns, rows, codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodePlane<'a> {
    /// Columns and rows.
    pub size: (usize, usize),
    /// `columns * rows` codes.
    pub codes: Codes<'a>,
}

/// Maps the codes of whole images to better ones without a detour through `f32`. Video frames, which come and
/// go as bytes, need no unpacking and repacking.
///
/// Returns exactly the codes of [`Restorer::restore`](crate::Restorer::restore) for an image on its own grid.
/// Once prepared for an image it works on every image of the same size, depth and colour model. Whatever
/// changes from frame to frame follows [`Context::frame`].
pub trait CodeRestorer: Send + Sync {
    /// Writes the restored planes of an image: one result per input plane, same order. Their depth is
    /// [`Restorer::rounds_to`](crate::Restorer::rounds_to) if given, else that of the image. Runs on the
    /// context's threads; the codes do not depend on their number.
    ///
    /// # Errors
    /// When cancelled, or when planes differ in size or depth from those it was prepared for. The output is
    /// then unspecified.
    fn restore_codes(
        &self,
        input: &[CodePlane<'_>],
        output: &mut [CodesMut<'_>],
        ctx: &Context<'_>,
    ) -> Result<(), RestoreError>;
}
