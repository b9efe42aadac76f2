//! The times that a player shows of a written file, by `ffprobe`, compared with those of its source.

use std::path::Path;

use super::copied::Copied;
use super::join::TickRange;
use super::packets::{Packets, Reading};
use super::probe::{Stream, StreamKind};
use super::{Encoding, OtherStreams, VideoError, VideoFile};

/// Rounding of times in the coarsest containers, in seconds.
const ROUNDED: f64 = 0.0015;
/// Longest difference that is not an error, in seconds, whatever the frame rate.
const MOST: f64 = 0.02;

/// Checks a written file before it gets its name: the number of its frames, the first and last time of its
/// frames and of each copied audio stream, and so the offset between them. `expected`: number of frames, and
/// their first and last time in ticks.
///
/// # Errors
/// [`VideoError::Frames`] and [`VideoError::Times`].
pub(super) fn times(
    file: &VideoFile,
    count: u64,
    shown: Option<(i64, i64)>,
    other_streams: &OtherStreams,
    cut: Option<TickRange>,
    encoding: &Encoding,
    part: &Path,
) -> Result<(), VideoError> {
    let written = Packets::read(part, None, Reading::default(), &other_streams.programs);
    let written = written.map_err(|error| error.in_file(part))?;
    let track = |index| other_streams.number(file, index).and_then(|number| written.tracks.get(number));
    let video = track(file.video.stream);
    let found = video.map_or(0, |track| track.count);
    if found != count {
        return Err(VideoError::Frames { path: part.to_owned(), found, expected: count });
    }
    let lead = file.timeline.lead(cut.is_some(), encoding);
    let start = cut.map_or(0.0, |cut| file.seconds(cut.from));
    let (frames, seconds) = file.rate();
    let half = (0.5 * f64::from(seconds) / f64::from(frames)).clamp(ROUNDED, MOST);
    let differs = |what: &str, is: f64, should: f64| {
        let what = format!("{what} is at {is:.3} s instead of {should:.3} s");
        Err(VideoError::Times { path: part.to_owned(), what, kept: None })
    };
    let span =
        |track: Option<&super::packets::Track>| track.and_then(|track| Some(track.spans.first()?.shown));
    if let (Some((first, last)), Some(is)) = (shown, span(video)) {
        let [first, last] = [first, last].map(|ticks| file.seconds(ticks) - start + lead);
        for (what, is, should) in [("its first frame", is.0, first), ("its last frame", is.1, last)] {
            if (is - should).abs() > half {
                return differs(what, is, should);
            }
        }
    }
    if !other_streams.strict {
        return Ok(());
    }
    let added = file.seconds(file.timeline.shift) + lead - start;
    let sounds = other_streams.streams(file).filter(|stream| stream.kind == StreamKind::Audio);
    for stream in sounds {
        let expected = expected(file, stream.index, cut.is_some());
        let (Some(expected), Some(track)) = (expected, track(stream.index)) else { continue };
        let Some(is) = track.spans.first() else { continue };
        let of = |what: &str, stream: &Stream| format!("the {what} packet of {stream}");
        // Raw samples may be divided differently.
        let [last, end] = [expected.shown.1, expected.end].map(|time| time + added);
        if (is.shown.1 - last).abs() > half && (is.stored.1 - end).abs() > half {
            return differs(&of("last", stream), is.shown.1, last);
        }
        // Containers may hide what precedes the first sample, such as the priming of an encoder.
        let first = expected.shown.0 + added;
        if track.count == expected.count() && (is.stored.0 - first).abs() > half {
            return differs(&of("first", stream), is.stored.0, first);
        }
    }
    Ok(())
}

/// The packets of a stream that a result has; `None` without any, or without times.
fn expected(file: &VideoFile, stream: usize, part: bool) -> Option<Copied> {
    let line = file.timeline.tracks.get(stream)?;
    let (first, last) = line.shown?;
    let copied = file.timeline.copied(stream, part);
    let all =
        Copied { packets: (0, line.count.checked_sub(1)?), of: line.count, shown: (first, last), end: last };
    Some(copied.unwrap_or(all)).filter(|copied| copied.count() > 0 && copied.shown.0.is_finite())
}
