//! Where pictures come from.

use std::borrow::Cow;
use std::fs;
use std::path::Path;

use unband_image::Image;
use unband_io::{FormatEntry, Limits};

use crate::Error;

/// Where a picture comes from.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// A file.
    File(&'a Path),
    /// The bytes of one.
    Bytes(&'a [u8]),
}

/// The bytes of a file.
///
/// # Errors
/// Whatever the system says.
pub(super) fn read_bytes(input: Input<'_>) -> Result<Cow<'_, [u8]>, Error> {
    match input {
        Input::Bytes(bytes) => Ok(bytes.into()),
        Input::File(path) => match fs::read(path) {
            Ok(bytes) => Ok(bytes.into()),
            Err(source) => {
                let error = unband_io::Error::Io { action: "read", source };
                Err(error.in_file(path).into())
            }
        },
    }
}

/// The picture in them, and the format that they turned out to be.
///
/// # Errors
/// No picture, a damaged one, or one that is larger than allowed.
pub(super) fn decode(
    input: Input<'_>,
    bytes: &[u8],
    limits: &Limits,
    max_memory: Option<u64>,
) -> Result<(Image, &'static FormatEntry), Error> {
    let read = || {
        if bytes.is_empty() {
            return Err(unband_io::Error::Empty);
        }
        let format = unband_io::detect(bytes).ok_or(unband_io::Error::UnknownContent)?;
        let mut limits = *limits;
        limits.max_bytes = limits.max_bytes.min(max_memory.unwrap_or(u64::MAX));
        Ok((unband_io::read(bytes, &limits)?, format))
    };
    Ok(read().map_err(|error| named(error, input))?)
}

fn named(error: unband_io::Error, input: Input<'_>) -> unband_io::Error {
    match input {
        Input::File(path) => error.in_file(path),
        Input::Bytes(_) => error,
    }
}
