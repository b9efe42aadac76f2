//! Joining of finished segments with the video's other streams through `ffmpeg`, without re-encoding.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Seek, SeekFrom, Write};
use std::path::Path;

use unband_image::Colorimetry;

use super::boxes;
use super::check;
use super::complaint::cause;
use super::copied::CutPlace;
use super::ffmpeg::{Args, IDLE, file_name};
use super::fragments;
use super::hdr_boxes::with_light;
use super::matroska;
use super::matroska_parts;
use super::other_streams::written;
use super::parts;
use super::time_code::TimeCode;
use super::{
    Codec, Encoding, Ffmpeg, OtherStreams, PixelFormat, Samples, Segment, VideoError, VideoFile, stills,
};
use unband_io::{Error, Leftover};

/// A range of a video, in ticks. In the output it begins at 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TickRange {
    /// Start.
    pub from: i64,
    /// End, if before the end of the video.
    pub to: Option<i64>,
}

/// Tags that Matroska stores per stream, now out of date: statistics, and alpha in packets of its own.
const STALE: [&str; 12] = [
    "alpha_mode",
    "ALPHA_MODE",
    "BPS",
    "BPS-eng",
    "DURATION-eng",
    "NUMBER_OF_FRAMES",
    "NUMBER_OF_FRAMES-eng",
    "NUMBER_OF_BYTES",
    "NUMBER_OF_BYTES-eng",
    "_STATISTICS_WRITING_APP",
    "_STATISTICS_TAGS",
    "ENCODER",
];

/// Writes the video: the frames of the segments in order, and all other streams, chapters, attachments and
/// metadata of the original. It is written to `part`, which only `ffmpeg` uses until this returns.
///
/// # Errors
/// [`VideoError::NotWritten`] with `ffmpeg`'s message, and [`VideoError::Frames`] if not all frames arrived.
pub fn join(
    input: &VideoFile,
    segments: &[Segment],
    other_streams: &OtherStreams,
    cut: Option<TickRange>,
    encoding: &Encoding,
    ffmpeg: &Ffmpeg,
    part: &Path,
) -> Result<(), VideoError> {
    let args = arguments(input, other_streams, cut, encoding, ffmpeg, part)?;
    let _leftover = Leftover::new(part);
    let mut running = args.start([true, false], &other_streams.programs)?;
    let sent = match running.input() {
        Some(mut pipe) => send(input, segments, cut, encoding, &mut pipe),
        None => Ok(()),
    };
    let not_written =
        |message| VideoError::NotWritten { path: part.to_owned(), doing: "join the video", message };
    let (success, said) = running.finish(IDLE, Some(part)).map_err(|error| not_written(error.to_string()))?;
    if !success || (other_streams.strict && said.count > 0) {
        let message = cause(&said);
        let of_video = file_name(&input.path)?;
        // Messages about the input, such as its sound, are not errors of the output.
        // FFmpeg 9 does not name the input there.
        let of_input =
            message.contains(&*of_video.to_string_lossy()) || message.contains("corrupt input packet");
        return Err(if of_input { input.damaged(&message) } else { not_written(message) });
    }
    sent?;
    if patched(input, encoding) {
        say_colours(input, encoding, part)?;
    }
    say_rate(input, other_streams, encoding, part)?;
    say_priming(input, other_streams, cut.is_some(), part)?;
    let expected = segments.iter().map(Segment::frames).sum();
    if encoding.images().is_some() {
        let found =
            stills::count(part).map_err(|source| Error::Io { action: "read", source }.in_file(part))?;
        return all_there(part, found, expected);
    }
    let times = segments.iter().flat_map(|segment| &segment.times);
    let shown = times.clone().min().copied().zip(times.max().copied());
    check::times(input, expected, shown, other_streams, cut, encoding, part)
}

/// Writes a video with unchanged frames: all streams, chapters, attachments and metadata are copied, nothing
/// is re-encoded. `part` is as in [`join`].
///
/// # Errors
/// [`VideoError::NotWritten`] with `ffmpeg`'s message, for example if a container cannot hold the video's
/// codec, and [`VideoError::Frames`].
pub fn copy(
    input: &VideoFile,
    other_streams: &OtherStreams,
    encoding: &Encoding,
    part: &Path,
) -> Result<(), VideoError> {
    let _leftover = Leftover::new(part);
    let mut args = Args::quiet(other_streams.strict);
    args.put(&["-copyts"]);
    other_streams.inputs(input, 0.0, input.timeline.lead, false, &mut args)?;
    let mut number = 0;
    for stream in &input.streams {
        if stream.index == input.video.stream {
            args.put(&["-map", &format!("0:{}", stream.index), &format!("-c:{number}"), "copy"]);
            number += 1;
        } else if other_streams.map(input, stream, number, 0, None, &mut args) {
            number += 1;
        }
    }
    other_streams.attach(input, &mut args)?;
    args.put(&["-map_metadata", "0", "-map_chapters", "0"]);
    written(encoding.container(), false, part, &mut args)?;
    let not_written =
        |message| VideoError::NotWritten { path: part.to_owned(), doing: "copy the video", message };
    let mut running = args.start([false; 2], &other_streams.programs)?;
    let (success, said) = running.finish(IDLE, Some(part)).map_err(|error| not_written(error.to_string()))?;
    if !success {
        return Err(not_written(cause(&said)));
    }
    say_rate(input, other_streams, encoding, part)?;
    say_priming(input, other_streams, false, part)?;
    let source = input.timeline.tracks.get(input.video.stream);
    let (count, shown) = source.map_or((0, None), |line| (line.count, line.shown));
    let ticks = shown.map(|(first, last)| (input.ticks(first), input.ticks(last)));
    let shift = input.timeline.shift;
    let moved = ticks.map(|(first, last)| (first + shift, last + shift));
    check::times(input, count, moved, other_streams, None, encoding, part)
}

/// # Errors
/// [`VideoError::Frames`] if not all frames arrived.
fn all_there(part: &Path, found: u64, expected: u64) -> Result<(), VideoError> {
    if found == expected {
        Ok(())
    } else {
        Err(VideoError::Frames { path: part.to_owned(), found, expected })
    }
}

/// Seconds added to all timestamps, since they cannot be negative. Frames are decoded before they are shown,
/// and videos may begin before 0.
const ADDED_SECONDS: u32 = 3600;

/// Where frames are shown for long, the first ones are decoded at this rate per second. Lower rates than this
/// are those of slides; the average that a container reports includes the first ones.
const FEWEST: i64 = 5;

/// Writes the segments as one file.
fn send(
    input: &VideoFile,
    segments: &[Segment],
    cut: Option<TickRange>,
    encoding: &Encoding,
    out: &mut dyn Write,
) -> Result<(), VideoError> {
    let open =
        |path: &Path| File::open(path).map_err(|source| Error::Io { action: "read", source }.in_file(path));
    let (in_second, in_tick, in_frame) = input.units();
    let units = |ticks: i64| ticks * in_tick + i64::from(ADDED_SECONDS) * i64::from(in_second);
    let shown: Vec<i64> =
        segments.iter().flat_map(|segment| &segment.times).map(|&ticks| units(ticks)).collect();
    // Matroska rounds timestamps, and stores a frame rate that FFmpeg derives from the timestamps it gets.
    let rounds = encoding.container().rounds;
    let even = rounds.then(|| evenly(&shown, in_frame, in_tick)).flatten();
    let last = even.is_some().then_some(in_frame);
    let mut shown = even.unwrap_or(shown).into_iter();
    let mut files = Vec::new();
    for segment in segments {
        let coded = parts::shown(&mut open(&segment.path)?).map_err(|error| error.in_file(&segment.path))?;
        let times: Vec<i64> = shown.by_ref().take(segment.times.len()).collect();
        let first = times.iter().min().copied().unwrap_or(0);
        let shown = fragments::retimed(&coded, &times).map_err(|error| error.in_file(&segment.path))?;
        files.push((first, shown));
    }
    if encoding.part_container() == "matroska" {
        let nanoseconds = |&time: &i64| (i128::from(time) * 1_000_000_000 / i128::from(in_second)) as u64;
        for (i, (segment, (_, shown))) in segments.iter().zip(&files).enumerate() {
            let times: Vec<u64> = shown.iter().map(nanoseconds).collect();
            let copied = matroska_parts::copy(&mut open(&segment.path)?, &times, i == 0, out);
            match copied {
                // FFmpeg itself reports why it closed the pipe.
                Err(Error::Io { source, .. }) if source.kind() == ErrorKind::BrokenPipe => return Ok(()),
                other => other.map_err(|error| error.in_file(&segment.path))?,
            }
        }
        return Ok(());
    }
    let last = last.unwrap_or_else(|| last_frame_lasts(input, &files, cut, units(0)));
    let times = fragments::timeline(&files, last, i64::from(in_second) / FEWEST);
    for (i, (segment, times)) in segments.iter().zip(&times).enumerate() {
        let path = &segment.path;
        let described = (i == 0).then(|| (&input.video.colorimetry, encoding.tagged(&input.video).colours()));
        match fragments::copy(&mut open(path)?, times, described, out) {
            // FFmpeg itself reports why it closed the pipe.
            Err(Error::Io { source, .. }) if source.kind() == ErrorKind::BrokenPipe => return Ok(()),
            other => other.map_err(|error| error.in_file(path))?,
        }
    }
    out.flush()
        .or_else(|error| if error.kind() == ErrorKind::BrokenPipe { Ok(()) } else { Err(error) })
        .map_err(|source: io::Error| VideoError::from(Error::Io { action: "write", source }))
}

/// Timestamps at a constant frame rate, before they were rounded to ticks. They round to the given ones.
/// `None` if there are none. All in units of the track.
fn evenly(shown: &[i64], frame: i64, tick: i64) -> Option<Vec<i64>> {
    let first = |(i, &time): (i64, &i64)| time - i * frame;
    let firsts = || (0..).zip(shown).map(first);
    let (latest, earliest) = (firsts().max()?, firsts().min()?);
    // The start implied by each frame must be less than half a tick from this one.
    let start = i64::midpoint(latest, earliest);
    let near = 2 * (latest - start).max(start - earliest) < tick;
    near.then(|| (0..).zip(shown).map(|(i, _)| start + i * frame).collect())
}

/// Duration of the last frame in units of the track: up to the end of its packet, or of the video stream
/// where packets have no durations, or of the part, if that is plausible; else that of the frame before.
/// `FFmpeg` 9 writes it as it is; earlier releases guess it.
fn last_frame_lasts(input: &VideoFile, files: &[(i64, Vec<i64>)], cut: Option<TickRange>, zero: i64) -> i64 {
    let Some((first, shown)) = files.last() else { return 1 };
    let mut sorted = shown.clone();
    sorted.sort_unstable();
    let before = if let [.., a, b] = sorted[..] { b - a } else { input.units().2 };
    let last = first + sorted.last().zip(sorted.first()).map_or(0, |(last, first)| last - first);
    let until = cut.and_then(|cut| cut.to).unwrap_or(i64::MAX);
    let lasts = |end: i64| zero + until.min(end + input.timeline.shift) * input.units().1 - last;
    let declared = input.video.start_pts.zip(input.video.duration_ticks).map(|(start, ticks)| start + ticks);
    let mut ends = [input.end_of_packets(), declared].into_iter().flatten().map(lasts);
    ends.find(|lasts| (1..=16 * before).contains(lasts)).unwrap_or(before)
}

fn arguments(
    input: &VideoFile,
    other_streams: &OtherStreams,
    cut: Option<TickRange>,
    encoding: &Encoding,
    ffmpeg: &Ffmpeg,
    part: &Path,
) -> Result<Args, VideoError> {
    let mut args = Args::quiet(other_streams.strict);
    args.put(&["-copyts"]);
    // The frames have the video's times, plus the added seconds and the start of the cut.
    let start = cut.map_or(0.0, |cut| input.seconds(cut.from));
    let lead = input.timeline.lead(cut.is_some(), encoding);
    args.put(&["-itsoffset", &format!("{:.6}", lead - f64::from(ADDED_SECONDS) - start)]);
    turned(input, ffmpeg, &mut args);
    args.put(&["-f", encoding.part_container(), "-i", "pipe:0"]);
    other_streams.inputs(input, start, lead, cut.is_some(), &mut args)?;
    if cut.is_some() {
        other_streams.inputs_to_convert(input, &mut args)?;
    }
    if let Some(output) = encoding.images() {
        std::fs::create_dir_all(part)
            .map_err(|source| Error::Io { action: "make the folder", source }.in_file(part))?;
        let samples = input.video.samples.unwrap_or(Samples::Rgb);
        let pixels = PixelFormat::planar(samples, encoding.bits, input.video.alpha);
        let missing = || VideoError::Color { path: input.path.clone(), what: input.video.pix_fmt.clone() };
        args.put(&["-map", "0:0"]);
        stills::written(input, pixels.ok_or_else(missing)?, output, part, &mut args)?;
        return Ok(args);
    }
    let length = |cut: TickRange| cut.to.map_or(f64::INFINITY, |to| input.seconds(to - cut.from));
    let later = start - input.seconds(input.timeline.shift) - lead;
    let place = cut.map(|cut| CutPlace { begin: lead, end: lead + length(cut), later });
    let mut number = 0;
    for stream in &input.streams {
        if stream.index == input.video.stream {
            args.put(&["-map", "0:0", &format!("-c:{number}"), "copy"]);
            for key in STALE {
                args.put(&[&format!("-metadata:s:{number}"), &format!("{key}=")]);
            }
            if encoding.has_separate_alpha() {
                args.put(&[&format!("-metadata:s:{number}"), "alpha_mode=1"]);
            }
            if !ffmpeg.release().orients_inputs() && input.video.rotation != 0 {
                let degrees = input.video.rotation.rem_euclid(360);
                args.put(&[&format!("-metadata:s:{number}"), &format!("rotate={degrees}")]);
            }
            if let Some(code) = cut.and_then(|cut| time_code(input, cut)) {
                args.put(&[&format!("-metadata:s:{number}"), &format!("timecode={code}")]);
                args.put(&["-metadata", &format!("timecode={code}")]);
            }
            let marked = stream.dispositions.join("+");
            args.put(&[&format!("-disposition:{number}"), if marked.is_empty() { "0" } else { &marked }]);
            args.put(&[&format!("-map_metadata:s:{number}"), &format!("1:s:{}", stream.index)]);
            if let Some(place) = &input.video.chroma_location {
                // Matroska stores it, whatever the codec reports.
                args.put(&[&format!("-chroma_sample_location:{number}"), place]);
            }
            number += 1;
        } else if other_streams.map(input, stream, number, 1, place, &mut args) {
            number += 1;
        }
    }
    other_streams.attach(input, &mut args)?;
    args.put(&["-map_metadata", "1", "-map_chapters", "1"]);
    if let Some(place) = place.filter(|place| place.end.is_finite() && other_streams.converted.is_empty()) {
        // Nothing after it is read. Frames are earlier, and what is copied is chosen by its filters.
        args.put(&["-t", &format!("{:.6}", place.end)]);
    }
    if encoding.container().times_of_tracks {
        args.put(&["-video_track_timescale", &input.time_base().1.to_string()]);
    }
    written(encoding.container(), patched(input, encoding), part, &mut args)?;
    Ok(args)
}

/// Time code of the first frame of a part.
fn time_code(input: &VideoFile, cut: TickRange) -> Option<TimeCode> {
    let rate = input.video.average_rate.or(input.video.nominal_rate)?;
    let code = TimeCode::new(input.video.time_code.as_deref()?, rate)?;
    let frames = input.shown(cut.from) * f64::from(rate.0) / f64::from(rate.1);
    Some(code.after(frames.round().max(0.0) as u64))
}

/// Whether `FFmpeg` cannot store the colours in the output: in `QuickTime` it writes them without a range,
/// which FFV1 does not store either, and only if all are specified.
fn patched(input: &VideoFile, encoding: &Encoding) -> bool {
    let video = encoding.tagged(&input.video);
    let tags = [&video.primaries, &video.transfer, &video.matrix];
    let some = tags.iter().filter(|tag| tag.is_some()).count();
    let partly = some > 0 && some < tags.len();
    let range = video.range.as_deref();
    let hidden = range == Some("pc") || (range.is_some() && encoding.codec == Codec::Ffv1);
    encoding.container().muxer == "mov" && (hidden || partly)
}

/// Writes all colours in a `QuickTime` file that ends with its `moov`.
fn say_colours(input: &VideoFile, encoding: &Encoding, part: &Path) -> Result<(), VideoError> {
    let of_part = |error: Error| VideoError::from(error.in_file(part));
    let io = |action| move |source| Error::Io { action, source };
    let file = OpenOptions::new().read(true).write(true).open(part).map_err(io("write"));
    let mut file = file.map_err(of_part)?;
    let mut change = || {
        let last = boxes::top_level(&mut file)?.into_iter().last().filter(|place| &place.kind == b"moov");
        let last = last.ok_or_else(|| boxes::damaged("it does not end with its index"))?;
        let moov = boxes::content(&mut file, &last)?;
        let new = with_light(&moov, &Colorimetry::default(), encoding.tagged(&input.video).colours())?;
        file.seek(SeekFrom::Start(last.start)).map_err(io("write"))?;
        file.write_all(&boxes::boxed(last.kind, &new)).map_err(io("write"))
    };
    change().map_err(of_part)
}

/// Declares the exact rate of a constant one in Matroska and `WebM`.
fn say_rate(
    input: &VideoFile,
    other_streams: &OtherStreams,
    encoding: &Encoding,
    part: &Path,
) -> Result<(), VideoError> {
    let Some(track) = other_streams.number(input, input.video.stream) else { return Ok(()) };
    if input.video.variable || !encoding.container().rounds {
        return Ok(());
    }
    let (frames, seconds) = input.rate();
    let nanoseconds = (1e9 * f64::from(seconds) / f64::from(frames)).round() as u64;
    let said = matroska::set_frame_duration(part, track, nanoseconds);
    said.map_err(|source| Error::Io { action: "write", source }.in_file(part).into())
}

/// Declares the priming of all audio streams in Matroska and `WebM`. `cut`: is it a part?
fn say_priming(
    input: &VideoFile,
    other_streams: &OtherStreams,
    cut: bool,
    part: &Path,
) -> Result<(), VideoError> {
    other_streams.streams(input).try_for_each(|stream| {
        let number = other_streams.number(input, stream.index);
        let Some(number) = number else { return Ok(()) };
        Ok(other_streams.say_priming(input, stream.index, number, cut, part)?)
    })
}

/// Orientation for players, where it is an option of the input.
fn turned(input: &VideoFile, ffmpeg: &Ffmpeg, args: &mut Args) {
    let video = &input.video;
    if video.rotation == 0 && !video.mirrored {
        return;
    }
    if ffmpeg.release().orients_inputs() {
        args.put(&["-display_rotation", &video.rotation.to_string()]);
        if video.mirrored {
            args.put(&["-display_hflip"]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounded_times_of_an_even_rate_are_found_again() {
        // 24 frames per second in milliseconds, in units of 1000 per frame and 24 per tick.
        let nearest: Vec<i64> = (0..50).map(|i| (i * 1000 + 12) / 24 * 24).collect();
        let below: Vec<i64> = (0..50).map(|i| (i * 1000 + 7) / 24 * 24).collect();
        for rounded in [nearest, below] {
            let Some(even) = evenly(&rounded, 1000, 24) else { panic!("not found") };
            assert!(even.windows(2).all(|pair| pair[1] - pair[0] == 1000));
            assert!(even.iter().zip(&rounded).all(|(even, rounded)| 2 * (even - rounded).abs() < 24));
        }
        assert_eq!(evenly(&[0, 1000, 1512, 3000], 1000, 24), None);
        assert_eq!(evenly(&[5, 1005, 2005], 1000, 1), Some(vec![5, 1005, 2005]));
        assert_eq!(evenly(&[], 1000, 24), None);
    }
}
