//! The door for methods whose arithmetic is on whole codes: planes of codes in, planes of codes out.

use crate::restorer::{Context, RestoreError};

/// Codes of a plane, row by row without padding: up to 8 bits in bytes, 9 to 16 in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codes<'a> {
    /// Up to 8 bits.
    Bytes(&'a [u8]),
    /// 9 to 16 bits.
    Words(&'a [u16]),
}

/// As [`Codes`], to write.
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
    /// `columns * rows` of them.
    pub codes: Codes<'a>,
}

/// Maps the codes of whole images to better ones, without the way through `f32`: frames of a video, that come and go as
/// bytes, are not taken apart and put together again.
///
/// Gives the very codes that [`Restorer::restore`](crate::Restorer::restore) gives for an image that lies on its grid.
/// Prepared for one image it works on all of its size, depth and colour model; what moves from frame to frame follows
/// [`Context::frame`].
pub trait CodeRestorer: Send + Sync {
    /// Writes the restored planes of an image: the same planes as its image has, in the same order, and as many results.
    /// They have the depth that [`Restorer::rounds_to`](crate::Restorer::rounds_to) says, else that of the image. Works on
    /// the context's threads; the codes are the same for any number of them.
    ///
    /// # Errors
    /// When cancelled, or when planes are not such as it was prepared for. What has been written then is of no use.
    fn restore_codes(
        &self,
        input: &[CodePlane<'_>],
        output: &mut [CodesMut<'_>],
        ctx: &Context<'_>,
    ) -> Result<(), RestoreError>;
}
