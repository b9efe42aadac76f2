//! Single frames of a video, to look at before the video is worked on.

use unband_image::Image;
use unband_io::video::{DecodeOptions, Film, FrameFormat};

use super::FilmOptions;
use super::frames::Frames;
use super::plan::{bits_of_film, cut, with_bits};
use crate::{Context, Error};

/// A frame, before and after.
#[derive(Clone, Debug)]
pub struct Alone {
    /// As it was decoded.
    pub before: Image,
    /// As it would be encoded.
    pub after: Image,
    /// Is any sample another one?
    pub changed: bool,
}

/// Can the video be worked on? What [`deband_film`](super::deband_film) asks first.
///
/// # Errors
/// Interlaced videos, and those that would lose dynamic HDR.
pub fn check_film(film: &Film, options: &FilmOptions) -> Result<(), Error> {
    if !options.progressive {
        film.check_progressive()?;
    }
    film.check_dynamic_hdr(options.drop_dynamic_hdr)?;
    Ok(())
}

/// How the part of the video is decoded that the options name.
///
/// # Errors
/// [`Error::Option`]: times that make no sense.
pub fn decode_options(film: &Film, options: &FilmOptions) -> Result<DecodeOptions, Error> {
    let cut = cut(film, options)?;
    Ok(DecodeOptions {
        from: cut.map(|cut| cut.from),
        to: cut.and_then(|cut| cut.to),
        keep_going: options.keep_going,
        ..DecodeOptions::default()
    })
}

/// Takes the banding out of one frame of a video as if it were a shot. In the video the whole shot is looked at, and where nothing moves the
/// result is a mean over time: there it is smoother still.
///
/// # Errors
/// As [`deband_film`](super::deband_film), for one frame.
pub fn deband_alone(
    film: &Film,
    (format, bytes): (&FrameFormat, &[u8]),
    options: &FilmOptions,
    ctx: &Context<'_>,
) -> Result<Alone, Error> {
    let bits = bits_of_film(film, options)?;
    let to = with_bits(format, bits)?;
    let mut out = Vec::new();
    let mut frames = Frames::new(&options.options, (*format, to), ctx);
    frames.push((), bytes.to_vec(), true, None)?;
    let finished = frames.pop(true, &mut out)?;
    let wrong = |error: unband_io::Error| Error::Image(error.to_string());
    let (before, after) = (format.read(bytes).map_err(wrong)?, to.read(&out).map_err(wrong)?);
    Ok(Alone { before, after, changed: finished.is_some_and(|one| one.done.changed) })
}
