//! The streams of a video besides its frames: selection, format and timing in the output container.

use std::path::Path;

use super::complaint::cause;
use super::container::Container;
use super::covers::Covers;
use super::ffmpeg::{Args, FFPROBE, file_name};
use super::probe::{Stream, StreamKind};
use super::timeline::CLOCK;
use super::{Encoding, Programs, StreamChoice, VideoError, VideoFile};
use crate::Error;
use crate::process::Room;

/// The non-video streams to copy, and how.
#[derive(Clone, Debug, Default)]
pub struct OtherStreams {
    container: &'static str,
    /// Indices of the streams that are copied.
    copied: Vec<usize>,
    /// Selected streams that cannot be copied.
    pub(super) left: Vec<Stream>,
    /// Streams that `FFmpeg` would write too early, and by how many seconds: when copying, some of its
    /// versions ignore that the first Opus samples in Matroska must not be played.
    early: Vec<(usize, f64)>,
    /// What `FFmpeg` calls a second in time stamps of these streams, where they must be changed.
    units: Vec<(usize, f64)>,
    /// Covers that are attached instead.
    covers: Covers,
    /// Whether damage to the video is an error.
    pub(super) strict: bool,
    /// The job's programs, to which the copying `ffmpeg` is added so that another thread can kill it.
    pub(super) programs: Programs,
}

/// Duration that is copied as a trial, from the start of the last audio stream.
const TRIAL_SECONDS: f64 = 2.0;
/// Audio that begins more than this many seconds after the first is not waited for.
const MOST_SECONDS: f64 = 60.0;
/// Ample time to copy the trial.
const MOST: std::time::Duration = std::time::Duration::from_mins(2);
/// Number of packets from which the start time of a stream is determined.
const PACKETS: &str = "%+#24";
/// Seconds by which a trial moves time stamps to find their unit.
const LATER: f64 = 1000.0;
/// Rounding of timestamps, in seconds, in the coarsest container.
const TICK: f64 = 0.0011;

impl OtherStreams {
    /// Tries whether all selected streams can be written to the container, before hours are spent on the
    /// frames. With `keep_going`, unreadable parts of a damaged video are skipped, now and later.
    ///
    /// # Errors
    /// [`VideoError::NoStream`] for a selection that is not in the video, [`VideoError::NotHeld`] with the
    /// streams that the container cannot hold.
    pub fn check(
        video: &VideoFile,
        encoding: &Encoding,
        choice: &StreamChoice,
        output: &Path,
        keep_going: bool,
        programs: &Programs,
    ) -> Result<Self, VideoError> {
        choice.check(video)?;
        let container = encoding.container();
        let rest = video.streams.iter().filter(|stream| stream.index != video.video.stream);
        let chosen = rest.filter(|stream| !stream.regenerated && choice.takes(video, stream));
        let (copied, left): (Vec<&Stream>, Vec<&Stream>) =
            chosen.partition(|stream| goes(stream, container.muxer));
        let mut other_streams = Self {
            container: container.muxer,
            left: left.into_iter().cloned().collect(),
            copied: copied.iter().map(|stream| stream.index).collect(),
            early: Vec::new(),
            units: Vec::new(),
            covers: Covers::default(),
            strict: !keep_going,
            programs: programs.clone(),
        };
        if copied.is_empty() {
            return Ok(other_streams);
        }
        let of_video = |error: Error| error.in_file(&video.path);
        if container.muxer == "matroska" {
            other_streams.covers = Covers::extract(video, &copied, programs).map_err(of_video)?;
        }
        // Covers are not tracks of the result.
        let copied: Vec<&Stream> =
            copied.into_iter().filter(|stream| !other_streams.covers.has(stream.index)).collect();
        if copied.is_empty() {
            return Ok(other_streams);
        }
        let sounds = copied.iter().enumerate().filter(|(_, stream)| stream.kind == StreamKind::Audio);
        let mut were = Vec::new();
        for (number, stream) in sounds {
            let times = packet_times(&video.path, stream.index, programs).map_err(of_video)?;
            were.push((number, stream.index, times));
        }
        // A recording may begin at any time of day, and its sound seconds after its frames.
        let begins = video.video.start_pts.map(|ticks| video.seconds(ticks));
        let begin = were.iter().filter_map(|(_, _, times)| times.first().copied());
        let last = begin.clone().fold(f64::NEG_INFINITY, f64::max);
        let first = begin.chain(begins).fold(f64::INFINITY, f64::min);
        let seconds = TRIAL_SECONDS + (last - first).clamp(0.0, MOST_SECONDS);
        let room = Room::new().map_err(of_video)?;
        let trial = room.path("trial");
        if let Some(message) = other_streams.trial(video, container, (&copied, seconds), &trial)? {
            let mut separate = Vec::new();
            for &stream in &copied {
                if other_streams.trial(video, container, (&[stream], seconds), &trial)?.is_some() {
                    separate.push(stream.clone());
                }
            }
            return Err(VideoError::NotHeld {
                path: output.to_owned(),
                container: container.muxer,
                streams: separate,
                message,
            });
        }
        let early = were.iter().filter_map(|(number, index, was)| {
            // If the trial has no packets of it, its shift is unknown.
            let is = packet_times(&trial, *number, programs).unwrap_or_default();
            Some((*index, shift(was, &is, video.seconds(video.timeline.shift) + video.timeline.lead)?))
        });
        other_streams.early = early.collect();
        if video.timeline.jumps() {
            other_streams.units = other_streams.find_units(video, container, (&copied, seconds), &trial)?;
        }
        Ok(other_streams)
    }

    /// Finds the unit of time stamps by another trial, in which all are much later.
    fn find_units(
        &self,
        video: &VideoFile,
        container: &Container,
        what: (&[&Stream], f64),
        path: &Path,
    ) -> Result<Vec<(usize, f64)>, VideoError> {
        let first = |number| packet_times(path, number, &self.programs).unwrap_or_default().first().copied();
        let before: Vec<_> = (0..what.0.len()).map(first).collect();
        let later = Self { units: what.0.iter().map(|stream| (stream.index, 0.0)).collect(), ..self.clone() };
        if later.trial(video, container, what, path)?.is_some() {
            return Ok(Vec::new());
        }
        let units = what.0.iter().zip(before).enumerate().map(|(number, (stream, before))| {
            let moved = first(number).zip(before).map(|(after, before)| after - before);
            // The trial rounds its times; ticks are a whole number per second.
            let unit = moved.map(|moved| CLOCK / (CLOCK * LATER / moved).round());
            (stream.index, unit.filter(|&unit| unit > 0.0 && unit.is_finite()).unwrap_or(1.0))
        });
        Ok(units.collect())
    }

    /// The index of a stream in the result; attachments follow all others there.
    pub(super) fn number(&self, video: &VideoFile, index: usize) -> Option<usize> {
        let mapped = |stream: &&Stream| {
            (stream.index == video.video.stream || self.copied.contains(&stream.index))
                && stream.kind != StreamKind::Attachment
                && !self.covers.has(stream.index)
        };
        video.streams.iter().filter(mapped).position(|stream| stream.index == index)
    }

    /// The streams that are copied.
    pub fn streams<'f>(&self, video: &'f VideoFile) -> impl Iterator<Item = &'f Stream> {
        video.streams.iter().filter(|stream| self.copied.contains(&stream.index))
    }

    /// Copies some seconds of these streams to a file; returns `ffmpeg`'s message if that fails.
    fn trial(
        &self,
        video: &VideoFile,
        container: &Container,
        (streams, seconds): (&[&Stream], f64),
        path: &Path,
    ) -> Result<Option<String>, VideoError> {
        let mut args = Args::quiet(false);
        // As an input option, `-t` counts from the video's start; as an output option from 0.
        args.put(&["-copyts", "-t", &format!("{seconds:.3}")]);
        self.inputs(video, (0.0, video.timeline.lead), None, &mut args)?;
        for (number, stream) in streams.iter().enumerate() {
            self.map(video, stream, (number, 0), &mut args);
        }
        written(container, false, path, &mut args)?;
        let (success, said) = args.start([false; 2], &self.programs)?.finish(MOST, None)?;
        Ok((!success).then(|| cause(&said)))
    }

    /// Adds the video as the next input, for a time range in seconds, and once more for each stream that
    /// would be early. `lead`: seconds before the first time in the file.
    pub(super) fn inputs(
        &self,
        video: &VideoFile,
        (from, lead): (f64, f64),
        to: Option<f64>,
        args: &mut Args,
    ) -> Result<(), Error> {
        let shift = video.seconds(video.timeline.shift);
        for early in std::iter::once(0.0).chain(self.early.iter().map(|&(_, early)| early)) {
            let offset = early + shift + lead - from;
            if offset != 0.0 {
                args.put(&["-itsoffset", &format!("{offset:.6}")]);
            }
            if from > 0.0 {
                args.put(&["-ss", &format!("{:.6}", from - shift)]);
            }
            if let Some(to) = to {
                args.put(&["-to", &format!("{:.6}", to - shift)]);
            }
            args.video(&video.path, video.images.as_ref())?;
        }
        Ok(())
    }

    /// Attaches the covers, after all mapped streams.
    pub(super) fn attach(&self, video: &VideoFile, args: &mut Args) -> Result<(), Error> {
        self.covers
            .attach(self.streams(video).filter(|stream| stream.kind == StreamKind::Attachment).count(), args)
    }

    /// Whether all streams of the video are copied.
    pub fn all(&self, video: &VideoFile) -> bool {
        video
            .streams
            .iter()
            .all(|stream| stream.index == video.video.stream || self.copied.contains(&stream.index))
    }

    /// Maps a stream to index `number` of the output if it was selected and can be copied. `first` is the
    /// index of the video among the inputs. Returns whether it was mapped.
    pub(super) fn map(
        &self,
        video: &VideoFile,
        stream: &Stream,
        (number, first): (usize, usize),
        args: &mut Args,
    ) -> bool {
        if !self.copied.contains(&stream.index) || self.covers.has(stream.index) {
            return false;
        }
        let again = self.early.iter().position(|&(index, _)| index == stream.index);
        let input = first + again.map_or(0, |at| at + 1);
        args.put(&["-map", &format!("{input}:{}", stream.index)]);
        args.put(&[&format!("-c:{number}"), subtitles(stream, self.container).unwrap_or("copy")]);
        // FFmpeg 5.1 calls FLAC in MP4 an experiment, and every release TrueHD.
        if self.container == "mp4" && matches!(stream.codec.as_deref(), Some("flac" | "truehd")) {
            args.put(&["-strict", "-2"]);
        }
        let unit = self.units.iter().find(|&&(index, _)| index == stream.index).map(|&(_, unit)| unit);
        let filter = match unit {
            Some(0.0) => Some(format!("setts=pts=PTS+{LATER}/TB:dts=DTS+{LATER}/TB")),
            Some(unit) => video.timeline.bitstream_filter(stream.index, unit),
            None => None,
        };
        if let Some(filter) = filter {
            args.put(&[&format!("-bsf:{number}"), &filter]);
        }
        args.put(&[&format!("-map_metadata:s:{number}"), &format!("{first}:s:{}", stream.index)]);
        true
    }
}

/// Whether a stream can be copied at all. `FFmpeg` cannot write a codec without a name, and it silently drops
/// attachments in `WebM`.
fn goes(stream: &Stream, muxer: &str) -> bool {
    match stream.kind {
        _ if muxer == "image2" => false,
        StreamKind::Data => stream.codec.is_some(),
        StreamKind::Attachment => muxer != "webm",
        _ => true,
    }
}

/// The output file, last of all arguments. `index_last`: the index may be at the end of the file.
pub(super) fn written(
    container: &Container,
    index_last: bool,
    path: &Path,
    args: &mut Args,
) -> Result<(), Error> {
    if container.times_of_tracks && !index_last {
        args.put(&["-movflags", "+faststart"]);
    } else if !container.times_of_tracks {
        args.put(&["-avoid_negative_ts", "disabled"]);
    }
    if container.muxer == "mpegts" {
        // Otherwise FFmpeg adds the time that a buffer takes to fill, to video and audio alike.
        args.put(&["-mpegts_copyts", "1"]);
    }
    args.put(&["-max_interleave_delta", "0", "-f", container.muxer]);
    args.push(file_name(path)?);
    Ok(())
}

/// Codec to which text subtitles are converted in a container that cannot hold them as they are.
fn subtitles(stream: &Stream, muxer: &str) -> Option<&'static str> {
    let text = ["subrip", "srt", "ass", "ssa", "webvtt", "mov_text", "text"];
    let codec = stream
        .codec
        .as_deref()
        .filter(|codec| stream.kind == StreamKind::Subtitle && text.contains(codec))?;
    match muxer {
        "matroska" if codec == "mov_text" => Some("subrip"),
        "mp4" | "mov" if codec != "mov_text" => Some("mov_text"),
        "webm" if codec != "webvtt" => Some("webvtt"),
        _ => None,
    }
}

/// Seconds by which a stream's packets are early in the trial, where it is more than rounding.
fn shift(was: &[f64], is: &[f64], added: f64) -> Option<f64> {
    let mut early: Vec<f64> = was.iter().zip(is).map(|(was, is)| was + added - is).collect();
    early.sort_by(f64::total_cmp);
    // The first packet may be cut at the beginning of the file, so the median applies.
    early.get(early.len() / 2).copied().filter(|seconds| seconds.abs() > TICK)
}

/// Start times of the first packets of a stream, in seconds.
fn packet_times(path: &Path, stream: usize, programs: &Programs) -> Result<Vec<f64>, Error> {
    let mut args = Args::default();
    args.put(&["-v", "error", "-select_streams", &stream.to_string(), "-read_intervals", PACKETS]);
    args.put(&["-show_entries", "packet=pts_time", "-of", "csv=p=0"]);
    args.input(path)?;
    let answer = FFPROBE.ask(&Room::new()?, &args.into_list(), 1 << 16, MOST, programs)?;
    let text = String::from_utf8_lossy(&answer);
    Ok(text.lines().filter_map(|line| line.trim().trim_end_matches(',').parse().ok()).collect())
}
