//! The copy of some seconds of the other streams, before any work: does the container hold them, and at their
//! times?

use std::path::Path;

use super::complaint::cause;
use super::container::{CONTAINERS, Container};
use super::ffmpeg::{Args, FFPROBE};
use super::other_streams::written;
use super::packets::{KeptTimes, Packets, Reading, Track};
use super::probe::{Stream, StreamKind};
use super::timeline::CLOCK;
use super::{OtherStreams, VideoError, VideoFile};
use unband_io::process::Room;

/// Duration that is copied, from the start of the last audio stream.
const SECONDS: f64 = 2.0;
/// Audio that begins more than this many seconds after the first is not waited for.
const MOST_SECONDS: f64 = 60.0;
/// Ample time to copy it.
const MOST: std::time::Duration = std::time::Duration::from_mins(2);
/// Seconds by which a trial moves time stamps to find their unit.
const LATER: f64 = 1000.0;
/// Rounding of timestamps, in seconds, in the coarsest container.
const TICK: f64 = 0.0011;
/// Differences of the duration of packets that are not rounding, in seconds.
const REPACKED: f64 = 0.002;

/// Words of `FFmpeg` about time stamps that a container does not take.
const TIMES: [&str; 2] = ["onotonous", "onotonic"];

/// A bitstream filter that moves time stamps far away.
pub(super) fn later() -> String {
    format!("setts=pts=PTS+{LATER}/TB:dts=DTS+{LATER}/TB")
}

impl OtherStreams {
    /// Copies some seconds of streams, and learns from them how `FFmpeg` writes their times.
    ///
    /// # Errors
    /// [`VideoError::NotHeld`].
    pub(super) fn try_out(
        &mut self,
        video: &VideoFile,
        container: &'static Container,
        copied: &[&Stream],
        output: &Path,
    ) -> Result<(), VideoError> {
        let room = Room::new().map_err(|error| error.in_file(&video.path))?;
        let trial = room.path("trial");
        let mut found = self.trial(video, container, copied, &trial)?;
        if let Ok(tracks) = &found
            && container.rounds
        {
            // Decoders of Opus need the samples before the first one that is played, wherever it begins.
            let primed = copied.iter().zip(tracks).filter(|(s, _)| s.codec.as_deref() != Some("opus"));
            let primed = primed.filter_map(|(stream, track)| {
                let seconds = f64::from(track.skipped[0]) / f64::from(stream.sample_rate?);
                (seconds > 0.0).then_some((stream.index, seconds))
            });
            self.primed = primed.collect();
            if copied.iter().any(|stream| self.priming(video, stream.index, false).is_some()) {
                found = self.trial(video, container, copied, &trial)?;
            }
        }
        if let Ok(tracks) = &found {
            let early = copied.iter().zip(tracks).filter(|(stream, _)| stream.kind == StreamKind::Audio);
            let early = early.filter_map(|(stream, track)| {
                Some((stream.index, shift(video, stream, track).filter(|seconds| seconds.abs() > TICK)?))
            });
            self.early = early.collect();
            if !self.early.is_empty() {
                found = self.trial(video, container, copied, &trial)?;
            }
        }
        let tracks = match found.and_then(|tracks| self.in_time(video, copied, &tracks).map(|()| tracks)) {
            Ok(tracks) => tracks,
            Err(message) => {
                return Err(self.not_held(video, container, copied, output, message, &trial)?);
            }
        };
        self.audible = copied.iter().zip(&tracks).filter_map(|(s, track)| audible(video, s, track)).collect();
        if video.timeline.jumps() {
            self.units = self.find_units(video, container, copied, &tracks, &trial)?;
        }
        Ok(())
    }

    /// Copies some seconds of these streams to a file, and reads its packets. The inner error: they are not
    /// held, with `ffmpeg`'s message or another reason.
    fn trial(
        &self,
        video: &VideoFile,
        container: &Container,
        streams: &[&Stream],
        path: &Path,
    ) -> Result<Result<Vec<Track>, String>, VideoError> {
        // The jumps of a clock are straightened once its unit is known.
        let strict = self.strict && !video.timeline.jumps();
        let mut message = self.copy_seconds(video, container, streams, path, strict)?;
        // All other complaints are about damage of the source, which its decoder reports.
        if strict && message.as_ref().is_some_and(|said| !TIMES.iter().any(|word| said.contains(word))) {
            message = self.copy_seconds(video, container, streams, path, false)?;
        }
        if let Some(message) = message {
            return Ok(Err(message));
        }
        for (number, stream) in streams.iter().enumerate() {
            self.say_priming(video, stream.index, number, false, path)?;
        }
        let known = known(path, &self.programs)?;
        let lost = |(number, stream): (usize, &&Stream)| {
            let timed = matches!(stream.kind, StreamKind::Audio | StreamKind::Subtitle | StreamKind::Video);
            timed && known.get(number) != Some(&true)
        };
        if streams.iter().enumerate().any(lost) {
            return Ok(Err("players would not know its codec there".to_owned()));
        }
        // A file of attachments alone is none that FFmpeg reads.
        let mut tracks =
            Packets::read(path, None, Reading { jumps: false, times: KeptTimes::All }, &self.programs)
                .unwrap_or_default()
                .tracks;
        tracks.resize_with(streams.len(), Track::default);
        Ok(Ok(tracks))
    }

    /// Copies some seconds of these streams to a file; returns `ffmpeg`'s message if that fails.
    fn copy_seconds(
        &self,
        video: &VideoFile,
        container: &Container,
        streams: &[&Stream],
        path: &Path,
        strict: bool,
    ) -> Result<Option<String>, VideoError> {
        let lead = video.timeline.lead;
        let mut args = Args::quiet(strict);
        args.put(&["-copyts"]);
        self.inputs(video, 0.0, lead, false, &mut args)?;
        for (number, stream) in streams.iter().enumerate() {
            self.map(video, stream, number, 0, None, &mut args);
        }
        args.put(&["-t", &format!("{:.3}", video.zero().max(0.0) + lead + self.seconds(video))]);
        written(container, false, path, &mut args)?;
        let (success, said) = args.start([false; 2], &self.programs)?.finish(MOST, None)?;
        Ok((!success || (strict && said.count > 0)).then(|| cause(&said)))
    }

    /// Seconds of a trial: a recording may begin at any time of day, and its sound seconds after its frames.
    fn seconds(&self, video: &VideoFile) -> f64 {
        let copied = self.streams(video).filter(|stream| stream.kind == StreamKind::Audio);
        let begin = copied.filter_map(|stream| Some(video.timeline.tracks.get(stream.index)?.shown?.0));
        let last = begin.fold(f64::NEG_INFINITY, f64::max) + video.seconds(video.timeline.shift);
        SECONDS + (last - video.zero()).clamp(0.0, MOST_SECONDS)
    }

    /// Whether audio is at its times in a trial; if not, the reason.
    fn in_time(&self, video: &VideoFile, copied: &[&Stream], tracks: &[Track]) -> Result<(), String> {
        for (stream, track) in
            copied.iter().zip(tracks).filter(|(stream, _)| stream.kind == StreamKind::Audio)
        {
            match shift(video, stream, track) {
                Some(early) if self.strict && early.abs() > LATE => {
                    let word = if early > 0.0 { "early" } else { "late" };
                    return Err(format!("it would be played {:.3} s {word}", early.abs()));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The error for streams that a container does not hold: those that it does not hold by themselves, and a
    /// container that holds all.
    fn not_held(
        &self,
        video: &VideoFile,
        container: &'static Container,
        copied: &[&Stream],
        output: &Path,
        message: String,
        trial: &Path,
    ) -> Result<VideoError, VideoError> {
        let holds = |container: &Container, streams: &[&Stream]| -> Result<bool, VideoError> {
            let of = Self { container: container.muxer, primed: Vec::new(), ..self.clone() };
            let tracks = of.trial(video, container, streams, trial)?;
            Ok(tracks.is_ok_and(|tracks| of.in_time(video, streams, &tracks).is_ok()))
        };
        let mut separate = Vec::new();
        for &stream in copied {
            if !holds(container, &[stream])? {
                separate.push(stream.clone());
            }
        }
        let mut instead = None;
        for other in CONTAINERS.iter().filter(|other| other.muxer != container.muxer) {
            if holds(other, copied)? {
                instead = Some(other);
                break;
            }
        }
        let path = output.to_owned();
        Ok(VideoError::NotHeld { path, container, streams: separate, message, instead })
    }

    /// Finds the unit of time stamps by another trial, in which all are much later.
    fn find_units(
        &self,
        video: &VideoFile,
        container: &Container,
        copied: &[&Stream],
        before: &[Track],
        path: &Path,
    ) -> Result<Vec<(usize, f64)>, VideoError> {
        let later = Self { units: copied.iter().map(|stream| (stream.index, 0.0)).collect(), ..self.clone() };
        let Ok(after) = later.trial(video, container, copied, path)? else { return Ok(Vec::new()) };
        let first = |track: &Track| track.times.first().map(|&(time, _)| time);
        let units = copied.iter().zip(before).zip(&after).map(|((stream, before), after)| {
            let moved = first(after).zip(first(before)).map(|(after, before)| after - before);
            (stream.index, moved.and_then(unit).unwrap_or(1.0))
        });
        Ok(units.collect())
    }
}

/// The unit, from the seconds by which a time stamp moved. The trial rounds its times; ticks are a whole
/// number per second.
fn unit(moved: f64) -> Option<f64> {
    let unit = CLOCK / (CLOCK * LATER / moved).round();
    Some(unit).filter(|&unit| unit > 0.0 && unit.is_finite())
}

/// Longest difference that is not an error, in seconds.
const LATE: f64 = 0.005;

/// Seconds by which a stream's packets are early in a trial; `None` if that is unknown.
fn shift(video: &VideoFile, stream: &Stream, track: &Track) -> Option<f64> {
    let was = &video.timeline.tracks.get(stream.index)?.head;
    let added = video.seconds(video.timeline.shift) + video.timeline.lead;
    let mut pairs = was.iter().zip(&track.times);
    let repacked = pairs.clone().next().is_some_and(|(was, is)| (was.1 - is.1).abs() > REPACKED);
    if repacked {
        return pairs.next().map(|(was, is)| was.0 + added - is.0);
    }
    let mut early: Vec<f64> = pairs.map(|(was, is)| was.0 + added - is.0).collect();
    early.sort_by(f64::total_cmp);
    // The first packet may be cut at the beginning of the file, so the median applies.
    early.get(early.len() / 2).copied().filter(|seconds| seconds.is_finite())
}

/// A note on samples that players of the source skip, and those of the result do not.
fn audible(video: &VideoFile, stream: &Stream, track: &Track) -> Option<String> {
    let line = video.timeline.tracks.get(stream.index).filter(|_| stream.kind == StreamKind::Audio)?;
    let added = video.seconds(video.timeline.shift) + video.timeline.lead;
    let stored = track.times.iter().map(|&(time, _)| time).fold(f64::INFINITY, f64::min) - added;
    let priming = (line.shown?.0.max(0.0) - stored).max(0.0);
    let mut parts = Vec::new();
    // Matroska declares the priming of Opus for the whole track.
    let opus = stream.codec.as_deref() == Some("opus");
    let hidden = line.skipped[0] > 0 || (opus && line.shown?.0 < 0.0);
    let hides = track.skipped[0] > 0 || (opus && video.timeline.keeps_padding);
    if hidden && !hides && priming > TICK {
        parts.push(format!("the first {:.0} ms (priming)", 1000.0 * priming));
    }
    if line.skipped[1] > track.skipped[1] && !video.timeline.keeps_padding {
        parts.push(format!("the last {} samples (padding)", line.skipped[1]));
    }
    let what = parts.join(" and ");
    (!parts.is_empty()).then(|| format!("{stream} is longer in the result: {what} of its encoder, which players of the source skip, are played"))
}

/// Whether players know the codec of a stream, for all streams of a file.
fn known(path: &Path, programs: &super::Programs) -> Result<Vec<bool>, VideoError> {
    let mut args = Args::default();
    args.put(&["-v", "quiet", "-show_entries", "stream=codec_name,codec_type", "-of", "csv=p=0"]);
    args.input(path)?;
    let room = Room::new().map_err(|error| error.in_file(path))?;
    let answer = FFPROBE.ask(&room, &args.into_list(), 1 << 16, MOST, programs).unwrap_or_default();
    let text = String::from_utf8_lossy(&answer);
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    Ok(lines.map(|line| !["unknown", "none", "bin_data"].iter().any(|name| line.starts_with(name))).collect())
}
