//! Debanding of YUV4MPEG2 streams in pipes.

use std::io::{Read, Write};
use std::path::Path;

use unband_image::{Depth, Model, With};
use unband_io::{Y4mHeader, Y4mReader, Y4mWriter};
use unband_video::{FrameFormat, Samples, VideoError, VideoFile};

use super::VideoOptions;
use super::in_order::{Placed, deband_all};
use super::plan::{bits_of, check_video, no_depth, opened, with_bits};
use super::source::{FrameSource, Span, source};
use super::stop::with_programs;
use super::upscaling::{self, LastStep, options_for};
use super::zones::Zones;
use crate::frames::FrameProcessor;
use crate::jobs::upscale::Upscale;
use crate::{Context, Error, OutputDepth};

/// Report on a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamReport {
    /// Frames.
    pub frames: u64,
    /// Changed frames.
    pub changed: u64,
    /// Shots.
    pub shots: u64,
}

/// Debands a YUV4MPEG2 stream; its frames are treated as progressive. The result has 10 bits, or the stream's
/// depth where it is higher, unless the options select another. A stream with alpha keeps its 8 bits.
///
/// # Errors
/// Streams that are damaged or truncated, depths that the format lacks, and as [`crate::deband_with`].
pub fn deband_stream(
    reader: Y4mReader<impl Read + Send>,
    output: impl Write,
    options: &VideoOptions,
    ctx: &Context<'_>,
) -> Result<StreamReport, Error> {
    let header = (*reader.header()).but(|new| new.interlaced = false);
    // The format has an alpha tag for eight bits only.
    let own = OutputDepth::Bits(header.depth.bits());
    let depth = match options.options.depth {
        OutputDepth::Keep if header.alpha => own,
        asked if header.alpha && asked != own => return Err(no_depth("8 with alpha", &asked)),
        asked => asked,
    };
    let header = in_depth(header, depth)?;
    let source = FrameSource::of_stream(reader).map_err(of_stream)?;
    let size = (header.width, header.height);
    let header = in_size(header, upscaling::of_frames(size, false, options));
    let writer = Y4mWriter::new(output, header)?;
    let zones = Zones::new(options, |seconds| source.ticks(seconds))?;
    run(source, writer, &header, &zones, options, ctx).map_err(of_stream)
}

/// Debands a video and writes its frames as a YUV4MPEG2 stream at the video's frame rate.
///
/// Time stamps, alpha and all non-video streams are dropped. The depth is that of [`deband_stream`].
///
/// # Errors
/// As [`super::deband_video`]; RGB videos and others without a tag in the format.
pub fn deband_to_stream(
    input: &Path,
    mut output: impl Write + Send,
    options: &VideoOptions,
    ctx: &Context<'_>,
) -> Result<(VideoFile, StreamReport), Error> {
    with_programs(ctx, |programs| {
        let file = opened(input, options, programs)?;
        check_video(&file, options)?;
        let zones = Zones::of_video(&file, options)?;
        let source = source(&file, options, Span::default(), programs)?;
        let from = *source.format();
        let of_video = |error: unband_io::Error| Error::from(error.in_file(input));
        if from.color.model == Model::Rgb {
            return Err(of_video(unband_io::Error::Model { format: "YUV4MPEG2", model: Model::Rgb }));
        }
        let header = Y4mHeader::new(from.width, from.height, from.color, file.video.depth).but(|new| {
            new.rate = file.rate();
            new.aspect = file.video.sample_aspect.unwrap_or((0, 0));
            new.mono = from.pixels.samples == Samples::Gray;
        });
        let header = in_depth(header, options.options.depth)?;
        let header = in_size(header, upscaling::of_video(&file, options));
        let writer = Y4mWriter::new(&mut output, header).map_err(of_video)?;
        let report = run(source, writer, &header, &zones, options, ctx)?;
        Ok((file, report))
    })
}

/// The header of the result.
fn in_depth(header: Y4mHeader, asked: OutputDepth) -> Result<Y4mHeader, Error> {
    let with = |depth| header.but(|new| new.depth = depth);
    let has = |bits| with(Depth::Int(bits)).frame_format().is_ok();
    Ok(with(Depth::Int(bits_of(header.depth, asked, has)?)))
}

fn in_size(header: Y4mHeader, work: Option<Upscale>) -> Y4mHeader {
    work.map_or(header, |work| header.with_size((work.width, work.height)))
}

/// An error of a stream, which is not of a video.
fn of_stream(error: impl Into<Error>) -> Error {
    match error.into() {
        Error::Video(VideoError::File(error)) => error.into(),
        other => other,
    }
}

/// Debands all frames into a stream with this header.
fn run(
    mut source: FrameSource<'_>,
    mut writer: Y4mWriter<impl Write>,
    header: &Y4mHeader,
    zones: &Zones,
    options: &VideoOptions,
    ctx: &Context<'_>,
) -> Result<StreamReport, Error> {
    let from = *source.format();
    let to = with_bits(&from, header.depth.bits())?.with_size((header.width, header.height));
    let to = FrameFormat { color: header.color, ..to };
    let colors = header.frame_bytes().unwrap_or(usize::MAX);
    let mut report = StreamReport::default();
    let mut last = LastStep::new(options, &from, to);
    let processor = FrameProcessor::new(options_for(options, to.pixels.bits, &from), ctx);
    deband_all(&mut source, processor, None, zones, &|_| None, &mut |mut finished: Placed, frames| {
        last.run(&mut finished, false, &mut |frame| frames.recycle(frame), ctx)?;
        report.frames += 1;
        report.changed += u64::from(finished.done.changed);
        report.shots += u64::from(finished.done.begins_shot);
        // Alpha is the last plane: a stream without it has none.
        let bytes = &finished.frame.bytes;
        writer.write_bytes(&bytes[..colors.min(bytes.len())])?;
        last.recycle(finished.frame, &mut |frame| frames.recycle(frame));
        Ok(true)
    })?;
    Ok(report)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::Options;
    use unband_io::Limits;

    #[test]
    fn a_stream_with_alpha_keeps_its_depth() {
        let mut stream = b"YUV4MPEG2 W16 H16 F25:1 Ip A1:1 C444alpha XCOLORRANGE=FULL\nFRAME\n".to_vec();
        stream.extend([128; 4 * 16 * 16]);
        let run = |depth| {
            let options = VideoOptions::with(|new| new.options = Options::with(|new| new.depth = depth));
            let reader = Y4mReader::new(stream.as_slice(), &Limits::default()).unwrap();
            let mut made = Vec::new();
            deband_stream(reader, &mut made, &options, &Context::default()).map(|_| made)
        };
        for depth in [OutputDepth::Keep, OutputDepth::Bits(8)] {
            assert!(run(depth).unwrap().starts_with(b"YUV4MPEG2 W16 H16 F25:1 Ip A1:1 C444alpha"));
        }
        let refused = run(OutputDepth::Bits(10)).unwrap_err().to_string();
        assert!(refused.contains("8 with alpha"), "{refused}");
    }
}
