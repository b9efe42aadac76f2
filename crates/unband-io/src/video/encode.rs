//! Frames with their times → a finished part of a film, by `ffmpeg`.
//!
//! A film is encoded in segments: what is finished is safe, whatever happens later. [`super::join()`] puts them together with
//! all else that the film has.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ChildStdin;

use super::ffmpeg::{Args, IDLE, file_name};
use super::nut::{NutFrame, NutHeader, NutWriter};
use super::running::{Running, Said};
use super::{Encoding, Film, FrameFormat, Programs, VideoError, fragments};
use crate::{Error, Leftover};

/// A finished part of a film.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Where it is.
    pub path: PathBuf,
    /// Time of its first frame, in ticks of the film.
    pub first: i64,
    /// Frames in it.
    pub frames: u64,
}

impl Segment {
    /// Is it there with all its frames? Their bytes are not looked at.
    pub fn is_whole(&self) -> bool {
        let shown = fs::File::open(&self.path).ok().and_then(|mut file| fragments::shown(&mut file).ok());
        shown.is_some_and(|shown| shown.len() as u64 == self.frames)
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
    /// Ticks that are added, as the stream has none below 0.
    added: i64,
    first: Option<i64>,
    frames: u64,
}

impl Encoder {
    /// Begins a segment at `path`; `first` is the time of its first frame, in ticks of the film. Any file there is replaced
    /// when the segment is finished.
    ///
    /// # Errors
    /// No `ffmpeg`, or whatever it refuses.
    pub fn new(
        film: &Film,
        format: &FrameFormat,
        encoding: &Encoding,
        first: i64,
        path: &Path,
        programs: &Programs,
    ) -> Result<Self, VideoError> {
        let time_base = film.time_base();
        let header = NutHeader {
            width: format.width as u32,
            height: format.height as u32,
            aspect: film.video.sample_aspect.unwrap_or((0, 0)),
            time_base,
            format: format.pixels,
        };
        let part = path.with_extension("part");
        let mut args = Args::quiet(false);
        args.put(&["-copyts", "-f", "nut", "-i", "pipe:0", "-map", "0:0"]);
        encoding.args(film, format.pixels).into_iter().for_each(|word| args.push(word));
        args.put(&["-fps_mode", "passthrough", "-enc_time_base", "-1"]);
        args.put(&["-video_track_timescale", &time_base.1.to_string()]);
        args.put(&["-movflags", "+frag_keyframe+empty_moov+default_base_moof", "-use_editlist", "0"]);
        args.put(&["-strict", "-2", "-f", encoding.codec.part_container()]);
        args.push(file_name(&part)?);
        let leftover = Leftover::new(&part);
        let mut running = Running::start(&args.into_list(), true, false, programs)?;
        let input = running.input().ok_or(Error::Truncated { format: "NUT" })?;
        let writer = NutWriter::new(input, &header);
        let added = first.min(0).saturating_neg();
        let mut encoder = Self {
            writer: None,
            running,
            path: path.to_owned(),
            _leftover: leftover,
            part,
            added,
            first: None,
            frames: 0,
        };
        match writer {
            Ok(writer) => encoder.writer = Some(writer),
            Err(error) => return Err(encoder.failed(&error)),
        }
        Ok(encoder)
    }

    /// Takes a frame and its time, in ticks of the film.
    ///
    /// # Errors
    /// [`VideoError::NotWritten`] with what `ffmpeg` said.
    pub fn write_frame(&mut self, ticks: i64, bytes: &[u8]) -> Result<(), VideoError> {
        let Some(writer) = &mut self.writer else { return Ok(()) };
        let pts = u64::try_from(ticks.saturating_add(self.added)).unwrap_or(0);
        match writer.write_frame(NutFrame { pts, key: true }, bytes) {
            Ok(()) => {
                self.first.get_or_insert(ticks);
                self.frames += 1;
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
        let first = self.first.unwrap_or(0);
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
        if found != self.frames {
            return Err(VideoError::Frames { path: self.path.clone(), found, expected: self.frames });
        }
        file.sync_all().map_err(io("write", &self.part))?;
        drop(file);
        fs::rename(&self.part, &self.path).map_err(io("write", &self.path))?;
        Ok(Segment { path: self.path.clone(), first, frames: self.frames })
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
