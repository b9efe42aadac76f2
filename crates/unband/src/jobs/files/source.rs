//! Reading and decoding of input images.

use std::borrow::Cow;
use std::path::Path;

use unband_image::{Context, Image, With};
use unband_io::{FormatEntry, Limits};

use crate::Error;
use crate::jobs::memory;

/// Source of an image.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Input<'a> {
    /// A file.
    File(&'a Path),
    /// The bytes of a file.
    Bytes(&'a [u8]),
}

/// Reads the bytes of a file that starts like an image.
///
/// # Errors
/// Errors of the system, content that is not an image, a file larger than the limits allow.
pub(super) fn read_bytes<'a>(
    input: Input<'a>,
    limits: &Limits,
    ctx: &Context<'_>,
) -> Result<Cow<'a, [u8]>, Error> {
    match input {
        Input::Bytes(bytes) => Ok(bytes.into()),
        Input::File(path) => {
            let loaded = unband_io::load(path, limits, ctx.cancel);
            ctx.check()?;
            Ok(loaded?.0.into())
        }
    }
}

/// Can the bytes be read again?
pub(super) fn is_file(input: Input<'_>) -> bool {
    matches!(input, Input::File(path) if std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file()))
}

/// An error with the name of the file.
pub(super) fn named(error: unband_io::Error, input: Input<'_>) -> unband_io::Error {
    match input {
        Input::File(path) => error.in_file(path),
        Input::Bytes(_) => error,
    }
}

/// The least memory of a job for an image of given size and bytes of planes, and whether the method needs the
/// whole image.
pub(super) type MinMemory<'a> = &'a dyn Fn((usize, usize), u64) -> Result<(u64, bool), Error>;

/// Decodes the image; returns it with its detected format.
///
/// # Errors
/// Not an image, a damaged one, or one larger than allowed. With `keep_going`, the part of a truncated JPEG
/// file that can be read is enough.
pub(super) fn decode(
    input: Input<'_>,
    bytes: &[u8],
    limits: &Limits,
    keep_going: bool,
    max_memory: Option<u64>,
    least: MinMemory<'_>,
) -> Result<(Image, &'static FormatEntry), Error> {
    let named = |error| named(error, input);
    if bytes.is_empty() {
        return Err(named(unband_io::Error::Empty).into());
    }
    let format = unband_io::detect(bytes).ok_or_else(|| named(unband_io::unknown(bytes)))?;
    let file = bytes.len() as u64;
    let room = max_memory.map_or(u64::MAX, |allowed| memory::planes_within(allowed, file));
    let within = (*limits).but(|new| new.max_bytes = limits.max_bytes.min(room));
    let read = match unband_io::read(bytes, &within) {
        Err(error @ (unband_io::Error::Truncated { .. } | unband_io::Error::Damaged { .. }))
            if keep_going =>
        {
            // The first error is the more precise one.
            unband_io::read_partly(bytes, &within).map_err(|_| error)
        }
        read => read,
    };
    match (read, max_memory) {
        (Ok(image), _) => Ok((image, format)),
        // Without a memory limit it would fit.
        (Err(unband_io::Error::Limit { width, height, bytes, .. }), Some(allowed))
            if bytes <= limits.max_bytes && width.saturating_mul(height) <= limits.max_pixels =>
        {
            let (job, whole) = least((width as usize, height as usize), bytes)?;
            Err(memory::error(job.max(memory::reading(bytes, file)), allowed, whole))
        }
        (Err(error), _) => Err(named(error).into()),
    }
}
