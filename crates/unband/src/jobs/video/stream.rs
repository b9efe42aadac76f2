//! The job on a stream of YUV4MPEG2, frame after frame, as it goes through pipes between programs.

use std::io::{Read, Write};

use unband_image::Depth;
use unband_image::cuts::Cuts;
use unband_io::video::FrameFormat;
use unband_io::{Limits, Y4mHeader, Y4mReader, Y4mWriter};

use super::frames::Frames;
use super::{begins, bits_of};
use crate::{Context, Error, Options};

/// What was done with a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StreamReport {
    /// Frames.
    pub frames: u64,
    /// Frames of which something was changed.
    pub changed: u64,
    /// Shots.
    pub shots: u64,
}

/// Takes the banding out of a stream of YUV4MPEG2. The result has ten bits, or as many as the stream where these are more,
/// unless the options ask for another depth. `progressive`: frames are whole pictures, even if the stream says that they are
/// interlaced.
///
/// # Errors
/// Streams that are damaged or cut off, depths that the format has not, and as [`crate::deband_with`].
pub fn deband_stream(
    input: impl Read,
    output: impl Write,
    (options, progressive): (&Options, bool),
    limits: &Limits,
    ctx: &Context<'_>,
) -> Result<StreamReport, Error> {
    let mut reader =
        if progressive { Y4mReader::of_any(input, limits)? } else { Y4mReader::new(input, limits)? };
    let header = Y4mHeader { interlaced: false, ..*reader.header() };
    let from = FrameFormat::of_y4m(&header)?;
    // Alpha has a tag with eight bits only: it cannot go along to more.
    let with = |depth| Y4mHeader { depth: if header.alpha { header.depth } else { depth }, ..header };
    let has = |bits| FrameFormat::of_y4m(&with(Depth::Int(bits))).is_ok();
    let header = with(Depth::Int(bits_of(header.depth, options.depth, has)?));
    let to = FrameFormat::of_y4m(&header)?;
    let mut writer = Y4mWriter::new(output, header)?;
    let mut frames = Frames::new(options, "", (from, to), ctx);
    let (mut cuts, mut codes) = (Cuts::new(), Vec::new());
    let (mut bytes, mut out) = (Vec::new(), Vec::new());
    let mut report = StreamReport::default();
    while reader.next_bytes(&mut bytes)? {
        let done = frames.next(&bytes, begins(&mut cuts, &bytes, &from, &mut codes), &mut out)?;
        writer.write_bytes(&out)?;
        report.frames += 1;
        report.changed += u64::from(done.changed);
        report.shots += u64::from(done.begins_shot);
    }
    Ok(report)
}
