//! Notes for the user on what a result lacks compared with its video.

use super::probe::{Stream, StreamKind};
use super::{Encoding, Ffmpeg, OtherStreams, PixelFormat, Programs, Samples, VideoFile};
use unband_io::Error;

/// One line per note; empty if nothing was lost.
///
/// # Errors
/// No `ffmpeg`, which reports the capabilities of an encoder.
pub fn notes(
    file: &VideoFile,
    encoding: &Encoding,
    other_streams: &OtherStreams,
    ffmpeg: &Ffmpeg,
    programs: &Programs,
) -> Result<Vec<String>, Error> {
    let (video, mut notes) = (&file.video, other_streams.notes(encoding));
    let turned = video.rotation != 0 || video.mirrored;
    let container = encoding.container();
    let keeps = container.times_of_tracks || encoding.images().is_some();
    if turned && !keeps && !(container.rounds && ffmpeg.turns_matroska(programs)?) {
        let muxer = encoding.muxer();
        notes.push(format!(
            "the rotation is not in the result: this FFmpeg cannot write it in {muxer}; .mp4 and .mov files keep it"
        ));
    }
    let light = &video.colorimetry;
    if (light.mastering.is_some() || light.content_light.is_some()) && !encoding.keeps_light() {
        notes.push("mastering display and light levels are not in the result: neither its codec nor its container can store them".to_owned());
    }
    if video.alpha && !encoding.keeps_alpha(programs)? {
        let (codec, muxer) = (encoding.codec.as_str(), encoding.container().muxer);
        notes.push(format!(
            "alpha is not in the result: {codec} stores none in {muxer}; .mov, .webm and .mkv files keep it"
        ));
    } else if video.separate_alpha && !video.alpha {
        notes.push(
            "alpha is not in the result: this FFmpeg lacks the decoder `libvpx`, which reads it".to_owned(),
        );
    }
    if let (Some(Samples::Yuv(_)), Some(Samples::Rgb)) = (encoding.converted(), video.samples) {
        notes.push(
            "colours are stored as luma and chroma, as players need; `--lossless` keeps RGB".to_owned(),
        );
    }
    if video.captions {
        notes.push("closed captions inside the images (A/53) are not in the result; `ffmpeg -f lavfi -i 'movie=FILE[out0+subcc]' -map s OUT.srt` extracts them".to_owned());
    }
    if video.cropped {
        notes.push("the cropping that the Matroska file asks of players (PixelCrop) is not in the result: it shows whole frames; `mkvpropedit` copies it".to_owned());
    }
    if video.spherical {
        notes.push("the spherical projection (360°) is not in the result; `mkvpropedit` or Google's spatial media tool adds it".to_owned());
    }
    if let Some(place) =
        video.chroma_location.as_deref().filter(|&place| place != "left" && encoding.hides_siting())
    {
        notes.push(format!("the chroma siting `{place}` is not in the result: neither its codec nor its container can store it"));
    }
    notes.extend(encoding.few_players(video));
    if video.grain {
        let codec = video.codec.to_uppercase();
        notes.push(format!(
            "the video's synthetic grain ({codec}) was added by the decoder and is encoded as part of the frames"
        ));
    }
    if let Some(chroma) = chroma_of_eight(video.samples).filter(|_| encoding.bits == 8 && !video.alpha) {
        notes.push(format!("the result has 8 bits: {chroma} chroma has no 10-bit format"));
    }
    Ok(notes)
}

impl OtherStreams {
    /// One line for each selected stream that is not copied.
    pub fn notes(&self, encoding: &Encoding) -> Vec<String> {
        let note = |stream: &Stream| {
            let why = if encoding.images().is_some() {
                "images cannot hold it".to_owned()
            } else if stream.kind == StreamKind::Subtitle {
                let muxer = encoding.muxer();
                format!(
                    "FFmpeg before 6 cannot cut subtitles that it converts for {muxer}; the source's container holds them as they are"
                )
            } else if stream.kind == StreamKind::Data {
                "FFmpeg has no name for its codec".to_owned()
            } else {
                format!("{} holds none", encoding.container().muxer)
            };
            format!("{stream} is not in the result: {why}")
        };
        self.left.iter().map(note).chain(self.audible.iter().cloned()).collect()
    }
}

/// Name of a chroma subsampling that has formats of 8 bits only.
pub(super) fn chroma_of_eight(samples: Option<Samples>) -> Option<String> {
    let samples @ Some(Samples::Yuv(subsampling)) = samples else { return None };
    let eight = PixelFormat::planar(samples?, 10, false).is_none();
    eight.then(|| subsampling.to_string())
}
