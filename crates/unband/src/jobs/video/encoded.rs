//! Encoded single frames of a video, for previews of the encoder.

use std::path::Path;

use unband_image::{Color, Image, Model, With};
use unband_io::{Leftover, Limits};
use unband_video::{
    DecodeOptions, Decoder, Encoder, Encoding, Ffmpeg, FrameFormat, PixelFormat, Programs, VideoError,
    VideoFile,
};

use super::VideoOptions;
use super::in_order::{Placed, deband_all};
use super::plan::{encoding, with_bits};
use super::source::FrameSource;
use super::upscaling::options_for;
use super::zones::Zones;
use crate::frames::FrameProcessor;
use crate::{Context, Error};

/// Frames encoded before and after the requested one: an encoder's result for a frame depends on both.
const AROUND: f64 = 8.0;

/// The encoder of a video's result, for trials on parts.
#[derive(Debug)]
pub struct EncoderTrial<'a> {
    file: &'a VideoFile,
    options: &'a VideoOptions,
    encoding: Encoding,
    stored: &'static PixelFormat,
    programs: &'a Programs,
}

impl<'a> EncoderTrial<'a> {
    /// Fixes the encoder settings for a result named `output`, which is not written.
    ///
    /// # Errors
    /// As [`deband_video`](super::deband_video) before the first frame.
    pub fn new(
        file: &'a VideoFile,
        output: &Path,
        options: &'a VideoOptions,
        programs: &'a Programs,
    ) -> Result<Self, Error> {
        let ffmpeg = Ffmpeg::find(programs).map_err(|error| error.in_file(&file.path))?;
        let (encoding, stored) = encoding(file, output, options, &ffmpeg, programs)?;
        encoding.refusal().map_or(Ok(()), Err)?;
        Ok(Self { file, options, encoding, stored, programs })
    }

    /// A short name of the encoder: "x265 10 bits CRF 16".
    pub fn words(&self) -> String {
        self.encoding.words(self.stored)
    }

    /// The frame at a time, in ticks of the video: restored and encoded together with its neighbours, and
    /// decoded again.
    ///
    /// # Errors
    /// As [`deband_video`](super::deband_video); no frame at that time.
    pub fn frame(&self, ticks: i64, ctx: &Context<'_>) -> Result<Image, Error> {
        let (frames, seconds) = self.file.rate();
        let around = self.file.ticks((AROUND + 0.5) * f64::from(seconds) / f64::from(frames)).max(1);
        let part = DecodeOptions::with(|new| {
            new.from = Some(ticks.saturating_sub(around));
            new.to = Some(ticks.saturating_add(around));
            new.keep_going = self.options.keep_going;
            new.key_frames_only = false;
            new.programs = self.programs.clone();
        });
        let mut source = FrameSource::of_video(self.file, &part)?;
        let to = with_bits(source.format(), self.encoding.bits)?;
        let folder = tempfile::tempdir()
            .map_err(|source| unband_io::Error::Io { action: "make a temporary folder for", source })?;
        let _leftover = Leftover::new(folder.path());
        let segment = folder.path().join("segment");
        let mut encoder = Encoder::new(self.file, &to, &self.encoding, &segment, self.programs)?;
        let (mut number, mut wanted) = (0, None);
        let processor = FrameProcessor::new(options_for(self.options, to.pixels.bits, source.format()), ctx);
        let zones = Zones::of_video(self.file, self.options)?;
        deband_all(&mut source, processor, None, &zones, &|_| None, &mut |finished: Placed, frames| {
            encoder.write_frame(finished.tag.ticks, &finished.frame.bytes)?;
            frames.recycle(finished.frame);
            if finished.tag.ticks == ticks {
                wanted = Some(number);
            }
            number += 1;
            Ok(true)
        })?;
        let segment = encoder.finish()?;
        let nothing = || {
            let from = self.file.shown(ticks);
            VideoError::EmptyPart { path: self.file.path.clone(), from, to: format!("{from} s") }
        };
        decoded(&segment.path, wanted.ok_or_else(nothing)?, &to, self.programs)?
            .ok_or_else(|| nothing().into())
    }
}

/// Frame number `number` of an encoded part, in the colours of its source frames.
fn decoded(
    path: &Path,
    number: usize,
    as_given: &FrameFormat,
    programs: &Programs,
) -> Result<Option<Image>, Error> {
    let file = unband_video::probe(path, programs)?;
    let options = DecodeOptions::with(|new| new.programs = programs.clone());
    let mut decoder = Decoder::open(&file, &options, &Limits::default())?;
    let (mut bytes, mut format) = (Vec::new(), *decoder.format());
    // Parts without the container's colour tags have fewer of them than the video.
    let model = match (as_given.color.model, format.color.model) {
        (Model::Yuv { matrix, range, .. }, Model::Yuv { subsampling, .. }) => {
            Some(Model::Yuv { matrix, range, subsampling })
        }
        (given, now) => (given == now).then_some(given),
    };
    if let Some(model) = model {
        format.color = Color { model, ..as_given.color };
    }
    for _ in 0..=number {
        if decoder.next_frame(&mut bytes)?.is_none() {
            return Ok(None);
        }
    }
    Ok(Some(format.read(&bytes).map_err(|error| Error::Image(error.to_string()))?))
}
