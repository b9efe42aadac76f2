//! All that a video has beside its images: what of it goes into a container, as what, and at which time.

use std::path::Path;

use super::codec::Container;
use super::ffmpeg::{Args, FFPROBE, file_name};
use super::probe::{Stream, StreamKind};
use super::running::Running;
use super::{Encoding, Film, Programs, StreamChoice, VideoError};
use crate::Error;
use crate::program::Room;

/// What goes along with the images of a video.
#[derive(Clone, Debug, Default)]
pub struct Others {
    container: &'static str,
    /// Numbers of the streams that go along.
    copied: Vec<usize>,
    /// Those that would have to and cannot.
    pub(super) left: Vec<Stream>,
    /// Streams that `FFmpeg` would write too early, and by how many seconds: some of its versions forget that the first
    /// samples of Opus in Matroska are not to be heard when they copy.
    early: Vec<(usize, f64)>,
    /// Does damage to the video end it?
    pub(super) strict: bool,
    /// Among these is what copies them, for others to end.
    pub(super) programs: Programs,
}

/// As much of the video is copied to see whether it can be, from where its last sound begins.
const TRIAL_SECONDS: f64 = 2.0;
/// Sound that begins later than so many seconds after the first is not waited for.
const MOST_SECONDS: f64 = 60.0;
/// More than enough to copy that.
const MOST: std::time::Duration = std::time::Duration::from_mins(2);
/// The first so many packets tell when a stream is played.
const PACKETS: &str = "%+#24";
/// Times of streams are rounded to so many seconds in the coarsest container.
const TICK: f64 = 0.0011;

impl Others {
    /// Tries whether all of it that is chosen can be written to the container, before hours are spent on the images. `keep_going`:
    /// what cannot be had of a damaged video is left out, then and later.
    ///
    /// # Errors
    /// [`VideoError::NoStream`] for a choice that names what the video has not, [`VideoError::NotHeld`] with the streams that the
    /// container does not hold.
    pub fn check(
        film: &Film,
        encoding: &Encoding,
        choice: &StreamChoice,
        (output, keep_going): (&Path, bool),
        programs: &Programs,
    ) -> Result<Self, VideoError> {
        choice.check(film)?;
        let container = encoding.container();
        let beside = film.streams.iter().filter(|stream| stream.index != film.video.stream);
        let chosen = beside.filter(|stream| !stream.made_anew && choice.takes(film, stream));
        let (copied, left): (Vec<&Stream>, Vec<&Stream>) =
            chosen.partition(|stream| goes(stream, container.muxer));
        let mut others = Self {
            container: container.muxer,
            left: left.into_iter().cloned().collect(),
            copied: copied.iter().map(|stream| stream.index).collect(),
            early: Vec::new(),
            strict: !keep_going,
            programs: programs.clone(),
        };
        if copied.is_empty() {
            return Ok(others);
        }
        let of_film = |error: Error| error.in_file(&film.path);
        let sounds = copied.iter().enumerate().filter(|(_, stream)| stream.kind == StreamKind::Audio);
        let mut were = Vec::new();
        for (number, stream) in sounds {
            let times = packet_times(&film.path, stream.index, programs).map_err(of_film)?;
            were.push((number, stream.index, times));
        }
        // A recording may begin at any time of day, and its sound seconds after its images.
        let begins = film.video.start_pts.map(|ticks| film.seconds(ticks));
        let begin = were.iter().filter_map(|(_, _, times)| times.first().copied());
        let last = begin.clone().fold(f64::NEG_INFINITY, f64::max);
        let first = begin.chain(begins).fold(f64::INFINITY, f64::min);
        let seconds = TRIAL_SECONDS + (last - first).clamp(0.0, MOST_SECONDS);
        let room = Room::new().map_err(of_film)?;
        let trial = room.path("trial");
        if let Some(message) = others.trial(film, container, (&copied, seconds), &trial)? {
            let mut alone = Vec::new();
            for &stream in &copied {
                if others.trial(film, container, (&[stream], seconds), &trial)?.is_some() {
                    alone.push(stream.clone());
                }
            }
            return Err(VideoError::NotHeld {
                path: output.to_owned(),
                container: container.muxer,
                streams: alone,
                message,
            });
        }
        for (number, index, was) in were {
            // Where nothing of it is in the trial, nothing is known.
            let is = packet_times(&trial, number, programs).unwrap_or_default();
            let mut early: Vec<f64> = was.iter().zip(&is).map(|(was, is)| was - is).collect();
            early.sort_by(f64::total_cmp);
            // The first packet may be cut at the beginning of the file.
            match early.get(early.len() / 2) {
                Some(&seconds) if seconds.abs() > TICK => others.early.push((index, seconds)),
                _ => {}
            }
        }
        Ok(others)
    }

    /// The streams that go along.
    pub fn streams<'f>(&self, film: &'f Film) -> impl Iterator<Item = &'f Stream> {
        film.streams.iter().filter(|stream| self.copied.contains(&stream.index))
    }

    /// Copies some seconds of these streams into a file; gives what `ffmpeg` said where it fails.
    fn trial(
        &self,
        film: &Film,
        container: &Container,
        (streams, seconds): (&[&Stream], f64),
        path: &Path,
    ) -> Result<Option<String>, VideoError> {
        let mut args = Args::quiet(false);
        // Before the input it counts from where the video begins, behind it from 0.
        args.put(&["-copyts", "-t", &format!("{seconds:.3}")]);
        self.inputs(film, 0.0, None, &mut args)?;
        for (number, stream) in streams.iter().enumerate() {
            self.map(stream, number, 0, &mut args);
        }
        written(container, false, path, &mut args)?;
        let (success, said) =
            Running::start(&args.into_list(), false, false, &self.programs)?.finish(MOST, None)?;
        Ok((!success).then(|| said.message()))
    }

    /// Puts the video in as the next input, from and up to a time in seconds, and once more for each stream that would be early.
    pub(super) fn inputs(
        &self,
        film: &Film,
        from: f64,
        to: Option<f64>,
        args: &mut Args,
    ) -> Result<(), Error> {
        for early in std::iter::once(0.0).chain(self.early.iter().map(|&(_, early)| early)) {
            if early - from != 0.0 {
                args.put(&["-itsoffset", &format!("{:.6}", early - from)]);
            }
            if from > 0.0 {
                args.put(&["-ss", &format!("{from:.6}")]);
            }
            if let Some(to) = to {
                args.put(&["-to", &format!("{to:.6}")]);
            }
            args.film(&film.path, film.images.as_ref())?;
        }
        Ok(())
    }

    /// Does all that the video has go along?
    pub fn all(&self, film: &Film) -> bool {
        film.streams
            .iter()
            .all(|stream| stream.index == film.video.stream || self.copied.contains(&stream.index))
    }

    /// Lets a stream go along as that number of the output, if it was chosen and can; `first` is the number of the video among the
    /// inputs. Says whether it does.
    pub(super) fn map(&self, stream: &Stream, number: usize, first: usize, args: &mut Args) -> bool {
        if !self.copied.contains(&stream.index) {
            return false;
        }
        let again = self.early.iter().position(|&(index, _)| index == stream.index);
        let input = first + again.map_or(0, |at| at + 1);
        args.put(&["-map", &format!("{input}:{}", stream.index)]);
        args.put(&[&format!("-c:{number}"), subtitles(stream, self.container).unwrap_or("copy")]);
        args.put(&[&format!("-map_metadata:s:{number}"), &format!("{first}:s:{}", stream.index)]);
        true
    }
}

/// Can it go along at all? What `FFmpeg` has no name for, it cannot write, and files beside the video it leaves out of `WebM` without
/// a word.
fn goes(stream: &Stream, muxer: &str) -> bool {
    match stream.kind {
        _ if muxer == "image2" => false,
        StreamKind::Data => stream.codec.is_some(),
        StreamKind::Attachment => muxer != "webm",
        _ => true,
    }
}

/// The file to write, last of all. `index_last`: what says where all is may stand at its end.
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
    args.put(&["-max_interleave_delta", "0", "-f", container.muxer]);
    args.push(file_name(path)?);
    Ok(())
}

/// What subtitles of text are written as in a container that does not hold them as they are.
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

/// When the first packets of a stream are played, in seconds.
fn packet_times(path: &Path, stream: usize, programs: &Programs) -> Result<Vec<f64>, Error> {
    let mut args = Args::default();
    args.put(&["-v", "error", "-select_streams", &stream.to_string(), "-read_intervals", PACKETS]);
    args.put(&["-show_entries", "packet=pts_time", "-of", "csv=p=0"]);
    args.input(path)?;
    let answer = FFPROBE.ask(&Room::new()?, &args.into_list(), 1 << 16, MOST, programs)?;
    let text = String::from_utf8_lossy(&answer);
    Ok(text.lines().filter_map(|line| line.trim().trim_end_matches(',').parse().ok()).collect())
}
