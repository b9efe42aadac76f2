//! Frames with their times → a finished part of a video, by `ffmpeg`.
//!
//! A video is encoded in segments: what is finished is safe, whatever happens later. [`super::join()`] puts them together with
//! all else that the video has.
//!
//! Encoders get frames of one rate, the video's, whatever its timestamps: from a stream of raw frames with the video's unit of time
//! `ffmpeg` guesses a rate of one frame per unit, 1,000 or 90,000 a second, where frames are large. Levels, bit rates and
//! quality follow from that. The video's own times are put back when segments are joined.

use std::fs;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};
use std::process::ChildStdin;

use super::ffmpeg::{Args, IDLE, file_name};
use super::nut::{NutFrame, NutHeader, NutWriter};
use super::running::{Running, Said};
use super::{Encoding, Film, FrameFormat, Programs, VideoError, fragments};
use crate::{Error, Leftover};

/// A finished part of a video.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Where it is.
    pub path: PathBuf,
    /// When its frames are shown, in ticks of the video, in order.
    pub times: Vec<i64>,
    /// CRC-32 of its bytes.
    pub crc: u32,
}

impl Segment {
    /// Time of its first frame, in ticks of the video.
    pub fn first(&self) -> i64 {
        self.times.first().copied().unwrap_or(0)
    }

    /// Frames in it.
    pub fn frames(&self) -> u64 {
        self.times.len() as u64
    }

    /// Is it there with all its frames, as it was written?
    pub fn is_whole(&self) -> bool {
        let Ok(mut file) = fs::File::open(&self.path) else { return false };
        fragments::shown(&mut file).is_ok_and(|shown| shown.len() == self.times.len())
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

/// A segment that is being written. Without [`Encoder::finish`] nothing of it stays.
#[derive(Debug)]
pub struct Encoder {
    writer: Option<NutWriter<ChildStdin>>,
    running: Running,
    path: PathBuf,
    part: PathBuf,
    _leftover: Leftover,
    /// Times of the frames that it was given.
    times: Vec<i64>,
}

impl Encoder {
    /// Begins a segment at `path`. Any file there is replaced when the segment is finished.
    ///
    /// # Errors
    /// No `ffmpeg`, or whatever it refuses.
    pub fn new(
        film: &Film,
        format: &FrameFormat,
        encoding: &Encoding,
        path: &Path,
        programs: &Programs,
    ) -> Result<Self, VideoError> {
        let (rate, seconds) = film.rate();
        let header = NutHeader {
            width: format.width as u32,
            height: format.height as u32,
            aspect: film.video.sample_aspect.unwrap_or((0, 0)),
            time_base: (seconds, rate),
            format: format.pixels,
        };
        let part = path.with_extension("part");
        let mut args = Args::quiet(false);
        args.put(&["-copyts", "-f", "nut", "-i", "pipe:0", "-map", "0:0"]);
        encoding.args(film, format.pixels).into_iter().for_each(|word| args.push(word));
        args.put(&["-fps_mode", "passthrough", "-enc_time_base", "-1"]);
        args.put(&["-video_track_timescale", &film.units().0.to_string()]);
        args.put(&["-movflags", "+frag_keyframe+empty_moov+default_base_moof", "-use_editlist", "0"]);
        args.put(&["-strict", "-2", "-f", encoding.codec.part_container()]);
        args.push(file_name(&part)?);
        let leftover = Leftover::new(&part);
        let mut running = Running::start(&args.into_list(), true, false, programs)?;
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

    /// Takes a frame and its time, in ticks of the video.
    ///
    /// # Errors
    /// [`VideoError::NotWritten`] with what `ffmpeg` said.
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

    /// Waits until all is encoded, checks that all frames are there, and puts the segment in its place.
    ///
    /// # Errors
    /// As [`Encoder::write_frame`]; [`VideoError::Frames`] when `ffmpeg` has lost some.
    pub fn finish(mut self) -> Result<Segment, VideoError> {
        if let Some(writer) = self.writer.take()
            && let Err(error) = writer.finish()
        {
            return Err(self.failed(&error));
        }
        let (success, said) = self.ended()?;
        if !success {
            return Err(self.not_written(said.message()));
        }
        let io = |action, path: &Path| {
            let path = path.to_owned();
            move |source| VideoError::from(Error::Io { action, source }.in_file(&path))
        };
        if !self.part.is_file() {
            return Err(self.not_written("it ended and has written nothing".to_owned()));
        }
        let mut file =
            fs::OpenOptions::new().read(true).write(true).open(&self.part).map_err(io("read", &self.part))?;
        let found = fragments::shown(&mut file).map_err(|error| error.in_file(&self.part))?.len() as u64;
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

    /// A pipe that breaks says nothing; `ffmpeg` does.
    fn failed(&mut self, error: &Error) -> VideoError {
        drop(self.writer.take());
        // It may have stopped by itself and still be about to say why.
        let said = match self.ended() {
            Ok((_, said)) => said,
            Err(error) => return error,
        };
        if said.count == 0 { self.not_written(error.to_string()) } else { self.not_written(said.message()) }
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
