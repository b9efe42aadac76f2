//! Video encoding through `ffmpeg`: frames with timestamps become a finished segment.
//!
//! A video is encoded in segments, so that finished work is safe. [`super::join()`] combines them with the
//! video's other streams.
//!
//! Encoders get frames at one rate, the video's, whatever its timestamps. For raw frames with the video's own
//! time base, `ffmpeg` guesses one frame per tick if frames are large: 1,000 or 90,000 per second. Levels,
//! bit rates and quality depend on that rate. The video's own timestamps are restored when segments are
//! joined.

use std::fs;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};
use std::process::ChildStdin;

use super::complaint::cause;
use super::ffmpeg::{Args, IDLE, file_name};
use super::nut::{NutFrame, NutHeader, NutWriter};
use super::{Encoding, FrameFormat, Programs, VideoError, VideoFile, parts};
use unband_io::process::{Piped, Said};
use unband_io::{Error, Leftover};

/// A finished segment of a video.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Its file.
    pub path: PathBuf,
    /// Display times of its frames, in ticks of the video, in order.
    pub times: Vec<i64>,
    /// CRC-32 of the file.
    pub crc: u32,
}

impl Segment {
    /// Time of its first frame, in ticks of the video.
    pub fn first(&self) -> i64 {
        self.times.first().copied().unwrap_or(0)
    }

    /// Number of frames.
    pub fn frames(&self) -> u64 {
        self.times.len() as u64
    }

    /// Whether its file exists, complete and unchanged.
    pub fn is_whole(&self) -> bool {
        let Ok(mut file) = fs::File::open(&self.path) else { return false };
        parts::shown(&mut file).is_ok_and(|shown| shown.len() == self.times.len())
            && file.rewind().is_ok()
            && crc_of(&mut file).is_ok_and(|crc| crc == self.crc)
    }
}

fn crc_of(file: &mut fs::File) -> io::Result<u32> {
    let (mut hasher, mut buffer) = (flate2::Crc::new(), vec![0; 1 << 20]);
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hasher.sum()),
            count => hasher.update(&buffer[..count]),
        }
    }
}

/// A segment being written. Without [`Encoder::finish`] it is deleted.
#[derive(Debug)]
pub struct Encoder {
    writer: Option<NutWriter<ChildStdin>>,
    running: Piped,
    path: PathBuf,
    part: PathBuf,
    _leftover: Leftover,
    /// Times of the frames written so far.
    times: Vec<i64>,
}

impl Encoder {
    /// Starts a segment at `path`. An existing file is replaced when the segment is finished.
    ///
    /// # Errors
    /// No `ffmpeg`, or an error of it.
    pub fn new(
        video: &VideoFile,
        format: &FrameFormat,
        encoding: &Encoding,
        path: &Path,
        programs: &Programs,
    ) -> Result<Self, VideoError> {
        let (rate, seconds) = video.rate();
        let header = NutHeader {
            width: format.width as u32,
            height: format.height as u32,
            aspect: video.video.sample_aspect.unwrap_or((0, 0)),
            time_base: (seconds, rate),
            format: format.pixels,
        };
        let part = path.with_extension("part");
        let mut args = Args::quiet(false);
        args.put(&["-copyts", "-f", "nut", "-i", "pipe:0", "-map", "0:0"]);
        encoding.args(video, format.pixels).into_iter().for_each(|word| args.push(word));
        args.put(&["-fps_mode", "passthrough", "-enc_time_base", &format!("{seconds}/{rate}")]);
        args.put(&["-video_track_timescale", &video.units().0.to_string()]);
        args.put(&["-movflags", "+frag_keyframe+empty_moov+default_base_moof", "-use_editlist", "0"]);
        args.put(&["-strict", "-2", "-f", encoding.part_container()]);
        args.push(file_name(&part)?);
        let leftover = Leftover::new(&part);
        let mut running = args.start([true, false], programs)?;
        let input = running.input().ok_or(Error::Truncated { format: "NUT" })?;
        let writer = NutWriter::new(input, &header);
        let mut encoder = Self {
            writer: None,
            running,
            path: path.to_owned(),
            _leftover: leftover,
            part,
            times: Vec::new(),
        };
        match writer {
            Ok(writer) => encoder.writer = Some(writer),
            Err(error) => return Err(encoder.failed(&error)),
        }
        Ok(encoder)
    }

    /// Writes a frame with its time in ticks of the video.
    ///
    /// # Errors
    /// [`VideoError::NotWritten`] with `ffmpeg`'s message.
    pub fn write_frame(&mut self, ticks: i64, bytes: &[u8]) -> Result<(), VideoError> {
        let Some(writer) = &mut self.writer else { return Ok(()) };
        let pts = self.times.len() as u64;
        match writer.write_frame(NutFrame { pts, key: true }, bytes) {
            Ok(()) => {
                self.times.push(ticks);
                Ok(())
            }
            Err(error) => Err(self.failed(&error)),
        }
    }

    /// Waits for the encoder, checks that all frames were written, and moves the segment into place.
    ///
    /// # Errors
    /// As [`Encoder::write_frame`]; [`VideoError::Frames`] if `ffmpeg` has lost frames.
    pub fn finish(mut self) -> Result<Segment, VideoError> {
        if let Some(writer) = self.writer.take()
            && let Err(error) = writer.finish()
        {
            return Err(self.failed(&error));
        }
        let (success, said) = self.ended()?;
        if !success {
            return Err(self.not_written(cause(&said)));
        }
        let io = |action, path: &Path| {
            let path = path.to_owned();
            move |source| VideoError::from(Error::Io { action, source }.in_file(&path))
        };
        if !self.part.is_file() {
            return Err(self.not_written("it ended without writing anything".to_owned()));
        }
        let mut file =
            fs::OpenOptions::new().read(true).write(true).open(&self.part).map_err(io("read", &self.part))?;
        let found = parts::shown(&mut file).map_err(|error| error.in_file(&self.part))?.len() as u64;
        let expected = self.times.len() as u64;
        if found != expected {
            return Err(VideoError::Frames { path: self.path.clone(), found, expected });
        }
        let crc = file.rewind().and_then(|()| crc_of(&mut file)).map_err(io("read", &self.part))?;
        file.sync_all().map_err(io("write", &self.part))?;
        drop(file);
        fs::rename(&self.part, &self.path).map_err(io("write", &self.path))?;
        Ok(Segment { path: self.path.clone(), times: std::mem::take(&mut self.times), crc })
    }

    fn ended(&mut self) -> Result<(bool, Said), VideoError> {
        self.running.finish(IDLE, Some(&self.part)).map_err(|error| self.not_written(error.to_string()))
    }

    /// The error behind a broken pipe, from `ffmpeg`'s message.
    fn failed(&mut self, error: &Error) -> VideoError {
        drop(self.writer.take());
        // It may have ended by itself, with its message still to come.
        let said = match self.ended() {
            Ok((_, said)) => said,
            Err(error) => return error,
        };
        if said.count == 0 { self.not_written(error.to_string()) } else { self.not_written(cause(&said)) }
    }

    fn not_written(&self, message: String) -> VideoError {
        VideoError::NotWritten { path: self.path.clone(), doing: "encode", message }
    }
}

impl Drop for Encoder {
    fn drop(&mut self) {
        drop(self.writer.take());
        self.running.stop();
        let _ = fs::remove_file(&self.part);
    }
}
