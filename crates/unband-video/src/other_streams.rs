//! The streams of a video besides its frames: selection, format and timing in the output container.

use std::path::Path;

use super::container::Container;
use super::copied::{self, CutPlace};
use super::covers::Covers;
use super::ffmpeg::{Args, file_name};
use super::matroska;
use super::probe::{Stream, StreamKind};
use super::trial::later;
use super::{Encoding, Ffmpeg, Programs, StreamChoice, VideoError, VideoFile};
use unband_io::Error;

/// The non-video streams to copy, and how.
#[derive(Clone, Debug, Default)]
pub struct OtherStreams {
    pub(super) container: &'static str,
    /// Indices of the streams that are copied.
    pub(super) copied: Vec<usize>,
    /// Selected streams that cannot be copied.
    pub(super) left: Vec<Stream>,
    /// Streams that `FFmpeg` would write too early, and by how many seconds: when copying, some of its
    /// versions ignore that the first Opus samples in Matroska must not be played.
    pub(super) early: Vec<(usize, f64)>,
    /// Audio streams of which a result in Matroska declares these seconds as priming. `FFmpeg` 9 takes them
    /// from the source, whichever packets are copied.
    pub(super) primed: Vec<(usize, f64)>,
    /// What `FFmpeg` calls a second in time stamps of these streams, where they must be changed.
    pub(super) units: Vec<(usize, f64)>,
    /// Subtitles that are converted.
    pub(super) converted: Vec<usize>,
    /// Notes on samples of encoders that players of the source skip, and those of the result do not.
    pub(super) audible: Vec<String>,
    /// Covers that are attached instead.
    pub(super) covers: Covers,
    /// Whether damage to the video is an error.
    pub(super) strict: bool,
    /// The job's programs, to which the copying `ffmpeg` is added so that another thread can kill it.
    pub(super) programs: Programs,
}

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
        ffmpeg: &Ffmpeg,
        programs: &Programs,
    ) -> Result<Self, VideoError> {
        choice.check(video)?;
        let container = encoding.container();
        let rest = video.streams.iter().filter(|stream| stream.index != video.video.stream);
        let chosen = rest.filter(|stream| !stream.regenerated && choice.takes(video, stream));
        // Of subtitles that FFmpeg before 6 converts it filters the first one alone.
        let uncut = video.timeline.is_part() && !ffmpeg.release().orients_inputs();
        let uncut = |stream: &Stream| uncut && subtitles(stream, container.muxer).is_some();
        let (copied, left): (Vec<&Stream>, Vec<&Stream>) =
            chosen.partition(|stream| goes(stream, container.muxer) && !uncut(stream));
        let mut other_streams = Self {
            container: container.muxer,
            left: left.into_iter().cloned().collect(),
            copied: copied.iter().map(|stream| stream.index).collect(),
            early: Vec::new(),
            primed: Vec::new(),
            units: Vec::new(),
            converted: Vec::new(),
            audible: Vec::new(),
            covers: Covers::default(),
            strict: !keep_going,
            programs: programs.clone(),
        };
        if copied.is_empty() {
            return Ok(other_streams);
        }
        if container.muxer == "matroska" {
            let covers = Covers::extract(video, &copied, programs);
            other_streams.covers = covers.map_err(|error| error.in_file(&video.path))?;
        }
        // Covers are not tracks of the result.
        let copied: Vec<&Stream> =
            copied.into_iter().filter(|stream| !other_streams.covers.has(stream.index)).collect();
        let converted = copied.iter().filter(|stream| subtitles(stream, container.muxer).is_some());
        other_streams.converted = converted.map(|stream| stream.index).collect();
        if !copied.is_empty() {
            other_streams.try_out(video, container, &copied, output)?;
        }
        Ok(other_streams)
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

    /// Seconds of a stream that players skip in a result in Matroska, where `FFmpeg` declares more of them,
    /// and the seconds that it declares. Of a whole stream they end where players of the source begin.
    pub(super) fn priming(&self, video: &VideoFile, index: usize, part: bool) -> Option<(f64, f64)> {
        let (_, declared) = *self.primed.iter().find(|&&(stream, _)| stream == index)?;
        let copied = video.timeline.copied(index, part).filter(|copied| copied.packets.0 > 0)?;
        let begins = video.timeline.tracks.get(index)?.shown?.0;
        let priming = if part { 0.0 } else { (begins - copied.shown.0).clamp(0.0, declared) };
        (declared - priming > LONGER).then_some((priming, declared))
    }

    /// Declares the priming of a stream in a result, where `FFmpeg` declares too much. The stream was written
    /// as much earlier. `number`: its index there.
    ///
    /// # Errors
    /// Read and write errors.
    pub(super) fn say_priming(
        &self,
        video: &VideoFile,
        index: usize,
        number: usize,
        part: bool,
        path: &Path,
    ) -> Result<(), Error> {
        let Some((priming, _)) = self.priming(video, index, part) else { return Ok(()) };
        let said = matroska::set_priming(path, number, (1e9 * priming).round() as u64);
        said.map_err(|source| Error::Io { action: "write", source }.in_file(path))
    }

    /// Streams that are read from inputs of their own, and the seconds by which they would be early.
    fn moved(&self, video: &VideoFile, part: bool) -> Vec<(usize, f64)> {
        let early = |index| self.early.iter().find(|&&(stream, _)| stream == index).map(|&(_, early)| early);
        let priming = |index| self.priming(video, index, part).map(|(priming, declared)| priming - declared);
        let moved = self.copied.iter().filter_map(|&index| match (early(index), priming(index)) {
            (None, None) => None,
            (early, priming) => Some((index, early.unwrap_or(0.0) + priming.unwrap_or(0.0))),
        });
        moved.collect()
    }

    /// Adds the video as the next input, and once more for each stream that would be early. `from`: the
    /// second at which the result begins; `lead`: seconds before the first time in the file; `part`: is only
    /// a part copied?
    pub(super) fn inputs(
        &self,
        video: &VideoFile,
        from: f64,
        lead: f64,
        part: bool,
        args: &mut Args,
    ) -> Result<(), Error> {
        let shift = video.seconds(video.timeline.shift);
        for (_, early) in std::iter::once((0, 0.0)).chain(self.moved(video, part)) {
            let offset = early + shift + lead - from;
            if offset != 0.0 {
                args.put(&["-itsoffset", &format!("{offset:.6}")]);
            }
            args.video(&video.path, video.images.as_ref())?;
        }
        Ok(())
    }

    /// Adds the video once more for each stream of subtitles that is converted, with its own times: `FFmpeg`
    /// converts none that begin before 0.
    pub(super) fn inputs_to_convert(&self, video: &VideoFile, args: &mut Args) -> Result<(), Error> {
        self.converted.iter().try_for_each(|_| args.video(&video.path, video.images.as_ref()))
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
    /// index of the video among the inputs. `part`: its place, if only a part is copied. Returns whether it
    /// was mapped.
    pub(super) fn map(
        &self,
        video: &VideoFile,
        stream: &Stream,
        number: usize,
        first: usize,
        part: Option<CutPlace>,
        args: &mut Args,
    ) -> bool {
        if !self.copied.contains(&stream.index) || self.covers.has(stream.index) {
            return false;
        }
        let moved = self.moved(video, part.is_some());
        let again = moved.iter().position(|&(index, _)| index == stream.index);
        let converted = part.and_then(|_| self.converted.iter().position(|&index| index == stream.index));
        let converted = converted.map(|at| at + moved.len());
        let input = first + again.or(converted).map_or(0, |at| at + 1);
        args.put(&["-map", &format!("{input}:{}", stream.index)]);
        args.put(&[&format!("-c:{number}"), subtitles(stream, self.container).unwrap_or("copy")]);
        // FFmpeg 5.1 calls FLAC in MP4 an experiment, and every release TrueHD.
        if self.container == "mp4" && matches!(stream.codec.as_deref(), Some("flac" | "truehd")) {
            args.put(&["-strict", "-2"]);
        }
        let unit = self.units.iter().find(|&&(index, _)| index == stream.index).map(|&(_, unit)| unit);
        let filter = match (unit, part) {
            (Some(0.0), _) => Some(later()),
            (_, Some(place)) if stream.kind == StreamKind::Subtitle => {
                let later = if converted.is_some() { place.later } else { 0.0 };
                Some(copied::of_subtitles(place, later))
            }
            (Some(unit), _) => video.timeline.bitstream_filter(stream.index, unit),
            (None, _) => video.timeline.chosen(stream.index, part.is_some()),
        };
        if let Some(filter) = filter {
            // Else packets before the first key packet are not counted.
            args.put(&[&format!("-copyinkf:{number}")]);
            args.put(&[&format!("-bsf:{number}"), &filter]);
        }
        args.put(&[&format!("-map_metadata:s:{number}"), &format!("{first}:s:{}", stream.index)]);
        if let Some(title) = stream.title.as_ref().filter(|_| HANDLED.contains(&self.container)) {
            // FFmpeg before 8 has no other place for it there, and players show this one.
            args.put(&[&format!("-metadata:s:{number}"), &format!("handler_name={title}")]);
        }
        true
    }
}

/// Priming that is declared for this many seconds too long is rounding, or audible to no one.
const LONGER: f64 = 0.002;

/// Containers that name the handler of a track.
const HANDLED: [&str; 2] = ["mp4", "mov"];

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
        args.put(&["-mpegts_m2ts_mode", if container.blu_ray { "1" } else { "0" }]);
    }
    args.put(&["-max_interleave_delta", "0", "-f", container.muxer]);
    args.push(file_name(path)?);
    Ok(())
}

/// Codec to which text subtitles are converted in a container that cannot hold them as they are.
pub(super) fn subtitles(stream: &Stream, muxer: &str) -> Option<&'static str> {
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
