//! Video decoding through `ffmpeg`: frames with timestamps.

use std::fs::File;
use std::process::ChildStdout;
use std::time::Duration;

use super::FrameFormat;
use super::complaint::cause;
use super::ffmpeg::Args;
use super::nut::NutReader;
use super::watched::{self, Change, Watch};
use super::working_format::{frame_format, working_format};
use super::{Ffmpeg, Programs, VideoError, VideoFile};
use unband_io::process::{self, Piped};
use unband_io::{Error, Limits, Y4mReader};

/// Range and mode of decoding.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct DecodeOptions {
    /// Start, in ticks of the video's time base; by default the beginning.
    pub from: Option<i64>,
    /// End (exclusive), in the same ticks.
    pub to: Option<i64>,
    /// Continue past damage, with all frames that can be decoded.
    pub keep_going: bool,
    /// Only key frames: a quick look at a long video.
    pub key_frames_only: bool,
    /// The job's programs, to which the decoder is added so that another thread can kill it.
    pub programs: Programs,
}

/// Decoding starts this many seconds before the first requested frame: some frames that follow a key frame in
/// the file precede it in time, and need earlier frames to be decoded.
const RUN_UP_SECONDS: f64 = 12.0;

/// How long a program may take to end after its last frame.
const END: Duration = Duration::from_mins(1);

/// A video being decoded. Its `ffmpeg` is killed on drop.
#[derive(Debug)]
pub struct Decoder {
    reader: NutReader<ChildStdout>,
    running: Piped,
    /// What changes in the middle of the frames, where that is watched.
    change: Change,
    video: VideoFile,
    options: DecodeOptions,
    limits: Limits,
    format: FrameFormat,
    clock: Clock,
    done: bool,
}

/// Conversion from stream timestamps to ticks of the video.
#[derive(Clone, Copy, Debug)]
struct Clock {
    /// Time bases of the stream and of the video, in seconds.
    stream: (u32, u32),
    video: (u32, u32),
    /// Ticks that were added, as the stream has no negative times, without those of the time line.
    added: i64,
}

impl Clock {
    /// Ticks of the video, rounded to the nearest.
    fn ticks(self, pts: u64) -> i64 {
        let up = i128::from(pts) * i128::from(self.stream.0) * i128::from(self.video.1);
        let down = i128::from(self.stream.1) * i128::from(self.video.0);
        // Both are positive.
        ((2 * up + down) / (2 * down)) as i64 - self.added
    }
}

impl Decoder {
    /// Starts decoding the main video stream.
    ///
    /// # Errors
    /// No `ffmpeg`, frames without a planar format or over the limits, and videos that cannot be decoded.
    pub fn open(video: &VideoFile, options: &DecodeOptions, limits: &Limits) -> Result<Self, VideoError> {
        let watched = !options.keep_going && video.images.is_none();
        Self::start(video, options, limits, watched)
    }

    /// Starts `ffmpeg`. `watched`: with a log of the frames, in which changes are found.
    fn start(
        video: &VideoFile,
        options: &DecodeOptions,
        limits: &Limits,
        watched: bool,
    ) -> Result<Self, VideoError> {
        let (pixels, native) = working_format(video)?;
        let known;
        let video = if video.may_jump() && !video.timeline.is_known() {
            known = video.clone().with_own_times(&options.programs);
            &known
        } else {
            video
        };
        let time_base = video.time_base();
        let added = ticks_to_add(video);
        if video.container == "yuv4mpegpipe" && !options.keep_going {
            whole(video, limits)?;
        }
        if watched && !options.key_frames_only {
            check_shape(video, options)?;
        }
        // With `strict`, ffmpeg ends at the first damage it notices.
        let mut args = if watched { Args::watched(true) } else { Args::quiet(!options.keep_going) };
        args.put(&["-noautorotate", "-copyts"]);
        if options.key_frames_only {
            args.put(&["-skip_frame", "nokey"]);
        }
        let straight = video.timeline.filter(video.video.stream);
        // Where the clock jumps, a time does not name a place in the file.
        if let Some(from) = options.from.filter(|_| !video.timeline.jumps()) {
            // FFmpeg counts from the start of the file.
            let time = video.seconds(from - video.timeline.shift) - video.start;
            let seconds = (time - RUN_UP_SECONDS).max(0.0);
            args.put(&["-noaccurate_seek", "-ss", &format!("{seconds:.6}")]);
        }
        if let Some(decoder) = video.video.decoder {
            args.put(&[&format!("-c:{}", video.video.stream), decoder]);
        }
        args.video(&video.path, video.images.as_ref())?;
        args.put(&["-map", &format!("0:{}", video.video.stream)]);
        // By default ffmpeg silently scales frames of another size to that of the first.
        args.put(&["-noautoscale", "-fps_mode", "passthrough"]);
        args.put(&["-enc_time_base", &format!("{}/{}", time_base.0, time_base.1), "-c:v", "rawvideo"]);
        let filters: Vec<String> =
            straight.into_iter().chain(watched.then(|| watched::FILTER.to_owned())).collect();
        if !filters.is_empty() {
            args.put(&["-vf", &filters.join(",")]);
        }
        if !native {
            args.put(&["-pix_fmt", pixels.name]);
        }
        if added > 0 {
            args.put(&["-output_ts_offset", &video.seconds(added).to_string()]);
        }
        args.put(&["-f", "nut", "pipe:1"]);
        let change = Change::default();
        let watch = watched
            .then(|| Watch::new(&change))
            .map(|mut watch| -> process::Watch { Box::new(move |line| watch.read(line)) });
        let mut running = args
            .start_watched([false, true], watch, &options.programs)
            .map_err(|error| error.in_file(&video.path))?;
        let failed = |running: &mut Piped, error: Error| {
            let said = running.stop();
            if said.count == 0 { error.in_file(&video.path).into() } else { video.undecodable(&cause(&said)) }
        };
        let Some(output) = running.output() else {
            return Err(failed(&mut running, Error::Truncated { format: "NUT" }));
        };
        let reader = NutReader::new(output, limits).map_err(|error| failed(&mut running, error))?;
        let color = video.color()?;
        let format = frame_format(reader.header(), color, video.video.is_lossy(), limits)
            .map_err(|error| error.in_file(&video.path))?;
        let added = added - video.timeline.shift;
        let clock = Clock { stream: reader.header().time_base, video: time_base, added };
        let (video, options) = (video.clone(), options.clone());
        Ok(Self { reader, running, change, video, options, limits: *limits, format, clock, done: false })
    }

    /// Memory layout of the frames.
    pub fn format(&self) -> &FrameFormat {
        &self.format
    }

    /// Reads the next frame into a buffer and returns its time in ticks of the video, `None` at the end.
    /// Reuse the same buffer.
    ///
    /// # Errors
    /// [`VideoError::Damaged`] if `ffmpeg` fails or reports damage, unless decoding is to keep going.
    /// [`VideoError::Changes`] if frames change their size or format.
    pub fn next_frame(&mut self, buffer: &mut Vec<u8>) -> Result<Option<i64>, VideoError> {
        while !self.done {
            let frame = match self.reader.next_frame(buffer) {
                Ok(frame) => frame,
                Err(error) => return Err(self.broken(&error)),
            };
            self.check_change()?;
            let Some(frame) = frame else {
                self.done = true;
                self.check_end()?;
                break;
            };
            let ticks = self.clock.ticks(frame.pts);
            if self.options.from.is_some_and(|from| ticks < from) {
                continue;
            }
            if self.options.to.is_some_and(|to| ticks >= to) {
                // Frames arrive in display order.
                self.done = true;
                self.running.stop();
                break;
            }
            return Ok(Some(ticks));
        }
        Ok(None)
    }

    /// Checks `ffmpeg`'s exit status: a stream that breaks off between two frames looks complete.
    fn check_end(&mut self) -> Result<(), VideoError> {
        let (success, said) =
            self.running.finish(END, None).map_err(|error| error.in_file(&self.video.path))?;
        self.check_change()?;
        if self.options.keep_going {
            Ok(())
        } else if !success || said.count > 0 {
            Err(self.video.damaged(&cause(&said)))
        } else if self.change.was_interrupted() {
            self.check_again()
        } else {
            Ok(())
        }
    }

    /// Decodes once more with a log of errors alone, in which none can lose its level.
    fn check_again(&self) -> Result<(), VideoError> {
        let mut again = Self::start(&self.video, &self.options, &self.limits, false)?;
        let mut buffer = Vec::new();
        while again.next_frame(&mut buffer)?.is_some() {}
        Ok(())
    }

    /// Checks that the frames do not change in the middle.
    fn check_change(&mut self) -> Result<(), VideoError> {
        let Some(what) = self.change.found().map(str::to_owned) else { return Ok(()) };
        self.done = true;
        self.running.stop();
        Err(VideoError::Changes { path: self.video.path.clone(), what })
    }

    /// The error for a stream that broke off or has unexpected content.
    fn broken(&mut self, error: &Error) -> VideoError {
        self.done = true;
        let message = error.to_string();
        // If the program was terminated, its message may explain why.
        let said = match error.fault() {
            Error::Cut { .. } | Error::Truncated { .. } => match self.running.finish(END, None) {
                Ok((_, said)) => said,
                Err(killed) => return killed.in_file(&self.video.path).into(),
            },
            _ => self.running.stop(),
        };
        if let Some(what) = self.change.found().map(str::to_owned) {
            return VideoError::Changes { path: self.video.path.clone(), what };
        }
        match error.fault() {
            _ if self.reader.met_other_size() => {
                VideoError::Changes { path: self.video.path.clone(), what: message }
            }
            _ if said.count > 0 => self.video.damaged(&cause(&said)),
            _ => self.video.damaged(&message),
        }
    }
}

/// Checks that the pixel shape stays, where the filters of this `FFmpeg` hide a change.
fn check_shape(video: &VideoFile, options: &DecodeOptions) -> Result<(), VideoError> {
    let ffmpeg = Ffmpeg::find(&options.programs).map_err(|error| error.in_file(&video.path))?;
    if !ffmpeg.release().hides_shapes() {
        return Ok(());
    }
    match watched::change_of_shape(video, options.from, options.to, &options.programs)? {
        Some(what) => Err(VideoError::Changes { path: video.path.clone(), what }),
        None => Ok(()),
    }
}

/// Checks the last frame of a YUV4MPEG2 file: `FFmpeg` takes a truncated one for the end.
fn whole(video: &VideoFile, limits: &Limits) -> Result<(), VideoError> {
    let file = File::open(&video.path).map_err(|source| Error::Io { action: "read", source });
    let checked = file.and_then(|file| Y4mReader::of_any(file, limits)).and_then(Y4mReader::check_whole);
    checked.map_err(|error| match error {
        Error::Io { .. } => error.in_file(&video.path).into(),
        other => video.damaged(&other.to_string()),
    })
}

/// Ticks that move the first frame to 0 or later: a multiple of the time base's denominator, which is a whole
/// number of seconds.
fn ticks_to_add(video: &VideoFile) -> i64 {
    let denominator = i64::from(video.time_base().1);
    let below = video.video.start_pts.unwrap_or(0).min(0).saturating_neg();
    below.saturating_add(denominator - 1) / denominator * denominator
}
