//! What a result lacks of its video, or has otherwise, for people to know.

use super::pixel_format::Samples;
use super::probe::StreamKind;
use super::{Encoding, Film, Others, PixelFormat, Programs};
use crate::Error;

/// In a line each; none where all is as it was.
///
/// # Errors
/// No `ffmpeg`, which is asked what an encoder takes.
pub fn notes(
    film: &Film,
    encoding: &Encoding,
    others: &Others,
    programs: &Programs,
) -> Result<Vec<String>, Error> {
    let (video, mut notes) = (&film.video, Vec::new());
    for stream in &others.left {
        let why = if encoding.pictures().is_some() {
            "images hold none".to_owned()
        } else if stream.kind == StreamKind::Data {
            "FFmpeg has no name for what is in it".to_owned()
        } else {
            format!("{} holds none", encoding.container().muxer)
        };
        notes.push(format!("{stream} is not in the result: {why}"));
    }
    let light = &video.colorimetry;
    if (light.mastering.is_some() || light.content_light.is_some()) && !encoding.keeps_light() {
        notes.push("mastering display and light levels are not in the result: neither its codec nor its container holds them".to_owned());
    }
    if video.alpha && !encoding.keeps_alpha(programs)? {
        let codec = encoding.codec.name();
        notes.push(format!("alpha is not in the result: {codec} has none here; `--lossless` keeps it"));
    } else if video.alpha_beside && !video.alpha {
        notes.push("alpha is not in the result: FFmpeg decodes this video without".to_owned());
    }
    if video.captions {
        notes.push("closed captions inside the images (A/53) are not in the result; `ffmpeg -f lavfi -i 'movie=FILE[out0+subcc]' -map s OUT.srt` takes them out of the video".to_owned());
    }
    if video.grain {
        notes.push(
            "the video's grain (AV1 video grain) was put on by the decoder and is encoded as image"
                .to_owned(),
        );
    }
    if let Some(chroma) = chroma_of_eight(video.samples).filter(|_| encoding.bits == 8 && !video.alpha) {
        notes.push(format!("the result has 8 bits: {chroma} chroma has no format of ten"));
    }
    Ok(notes)
}

/// The name of chroma that has formats of 8 bits only.
fn chroma_of_eight(samples: Option<Samples>) -> Option<String> {
    let samples @ Some(Samples::Yuv(subsampling)) = samples else { return None };
    let eight = PixelFormat::planar(samples?, 10, false).is_none();
    let name = match (subsampling.x, subsampling.y) {
        (4, 1) => "4:1:1",
        (4, 4) => "4:1:0",
        (1, 2) => "4:4:0",
        _ => "such",
    };
    eight.then(|| name.to_owned())
}
