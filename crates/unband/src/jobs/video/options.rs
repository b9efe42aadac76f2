//! What people say of a film, and what they are told of its result.

use std::path::PathBuf;

use unband_io::video::{Film, Images, Purpose, StreamChoice};

use crate::Options;

/// How a film is to be treated.
#[derive(Clone, Debug, Default)]
#[allow(clippy::struct_excessive_bools)] // switches that people set one by one
pub struct FilmOptions {
    /// As for pictures. [`crate::OutputDepth::Keep`] is ten bits here, or as many as the film has if these are more.
    pub options: Options,
    /// What the film is for: decides on codec and quality.
    pub purpose: Purpose,
    /// Arguments for `ffmpeg`'s encoder.
    pub ffmpeg_args: Vec<String>,
    /// Drop Dolby Vision and HDR10+ metadata, which fit the frames as they were.
    pub drop_dynamic_hdr: bool,
    /// The input is these numbered pictures.
    pub images: Option<Images>,
    /// Frames are whole pictures, even if the film says that they are interlaced.
    pub progressive: bool,
    /// Which streams beside the pictures go along.
    pub streams: StreamChoice,
    /// Take of a damaged film what can be decoded.
    pub keep_going: bool,
    /// Go on with unfinished work.
    pub resume: bool,
    /// Replace a file that exists.
    pub overwrite: bool,
    /// Only from this time on, in seconds.
    pub from: Option<f64>,
    /// Only up to this time, in seconds.
    pub to: Option<f64>,
}

/// What was done with a film.
#[derive(Clone, Debug, PartialEq)]
pub struct FilmReport {
    /// What it is.
    pub film: Film,
    /// Where the result is.
    pub output: PathBuf,
    /// How it is encoded.
    pub encoding: String,
    /// Bits per sample of the result.
    pub bits: u8,
    /// Frames in it.
    pub frames: u64,
    /// Frames of which something was changed, of those that this run has worked on.
    pub changed: u64,
    /// Frames that this run has worked on.
    pub worked: u64,
    /// Shots that this run has seen.
    pub shots: u64,
    /// What it lacks of the film, or has otherwise; in a line each.
    pub notes: Vec<String>,
    /// Time taken.
    pub seconds: f64,
}
