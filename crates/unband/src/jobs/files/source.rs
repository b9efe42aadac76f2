//! Where images come from.

use std::borrow::Cow;
use std::path::Path;

use unband_image::{Context, Image};
use unband_io::{FormatEntry, Limits};

use crate::Error;
use crate::jobs::memory;

/// Where an image comes from.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// A file.
    File(&'a Path),
    /// The bytes of one.
    Bytes(&'a [u8]),
}

/// The bytes of a file that begins like an image.
///
/// # Errors
/// Whatever the system says, content that is no image, more bytes than one within the limits has.
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

/// Can its bytes be had again?
pub(super) fn is_file(input: Input<'_>) -> bool {
    matches!(input, Input::File(path) if std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file()))
}

/// The least that a job takes for an image of so many columns, rows and bytes of planes, and whether it takes it as a whole.
pub(super) type Least<'a> = &'a dyn Fn((usize, usize), u64) -> Result<(u64, bool), Error>;

/// The image in them, and the format that they turned out to be.
///
/// # Errors
/// No image, a damaged one, or one that is larger than allowed.
pub(super) fn decode(
    input: Input<'_>,
    bytes: &[u8],
    limits: &Limits,
    max_memory: Option<u64>,
    least: Least<'_>,
) -> Result<(Image, &'static FormatEntry), Error> {
    let named = |error: unband_io::Error| match input {
        Input::File(path) => error.in_file(path),
        Input::Bytes(_) => error,
    };
    if bytes.is_empty() {
        return Err(named(unband_io::Error::Empty).into());
    }
    let format = unband_io::detect(bytes).ok_or_else(|| named(unband_io::Error::UnknownContent))?;
    let file = bytes.len() as u64;
    let room = max_memory.map_or(u64::MAX, |allowed| memory::planes_within(allowed, file));
    let within = Limits { max_bytes: limits.max_bytes.min(room), ..*limits };
    match (unband_io::read(bytes, &within), max_memory) {
        (Ok(image), _) => Ok((image, format)),
        // It would do without a bound on memory.
        (Err(unband_io::Error::Limit { width, height, bytes, .. }), Some(allowed))
            if bytes <= limits.max_bytes && width.saturating_mul(height) <= limits.max_pixels =>
        {
            let (job, whole) = least((width as usize, height as usize), bytes)?;
            Err(memory::error(job.max(memory::reading(bytes, file)), allowed, whole))
        }
        (Err(error), _) => Err(named(error).into()),
    }
}
