//! Options of several commands, and their parsers.

mod general;
mod images;
mod metrics;
mod times;
mod videos;

use std::fmt::Display;
use std::num::NonZeroUsize;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum};
use unband::{Bands, Dither, ParamValue, Precision, TreatAs, Wrap};

pub(crate) use general::{ReporterArgs, ResourceArgs, ThreadArgs};
pub(crate) use images::ImageArgs;
pub(crate) use metrics::{MetricArgs, failure};
pub(crate) use videos::{FrameArgs, VideoArgs};

/// `on` or `off`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Switch {
    /// Yes.
    On,
    /// No.
    Off,
}

/// Arguments of `unband deband`, in the order of the help: often used ones first.
#[derive(Clone, Debug, Args)]
#[allow(clippy::struct_excessive_bools)] // independent switches
pub(crate) struct DebandArgs {
    /// Method: NAME or NAME:KEY=VALUE,… (see `unband list`)
    ///
    /// Filter strings of ffmpeg work too: `deband=1thr=0.03:range=24`, `gradfun=1.2:16`.
    /// [default: unband-lite where levels are missing, unband-jpeg for JPEG files, smooth elsewhere]
    #[arg(short, long, value_name = "METHOD", help_heading = "Method", verbatim_doc_comment)]
    pub method: Option<String>,
    /// Strength, 0 to 4 [default: 1]
    ///
    /// 1 is recommended, 0 changes nothing.
    /// Above 1, `smooth` replaces the networks unband-lite and unband-jpeg.
    /// Only for unband's own methods; the others have their own parameters.
    #[arg(short, long, value_name = "N", value_parser = strength, allow_negative_numbers = true, help_heading = "Method", verbatim_doc_comment)]
    pub strength: Option<f32>,
    /// Network weights: a file or an imported model
    ///
    /// Without `--method`, the weights determine the network.
    #[arg(short, long, value_name = "FILE", value_hint = clap::ValueHint::FilePath, help_heading = "Method", verbatim_doc_comment)]
    pub weights: Option<PathBuf>,
    /// Treat as photo, drawing, data or auto
    ///
    /// auto: leave drawings and data (normal maps, colour tables) unchanged
    /// photo: repair whatever was found
    /// drawing, data: change no sample
    #[arg(long, value_name = "KIND", default_value = "auto", value_parser = treat_as, help_heading = "Method", verbatim_doc_comment)]
    pub treat_as: TreatAs,
    /// Process images even if no banding was found
    #[arg(long, help_heading = "Method", hide_short_help = true)]
    pub everywhere: bool,
    /// Keep each sample within its quantisation interval
    ///
    /// The interval holds all values that would be stored as the same code.
    /// [default: on for unband's own methods]
    #[arg(
        long,
        value_name = "ON|OFF",
        help_heading = "Method",
        hide_short_help = true,
        verbatim_doc_comment
    )]
    pub faithful: Option<Switch>,
    /// Few levels were rounded down, not to the nearest
    ///
    /// For colours that were truncated to few bits and then expanded (565 by bit shifts).
    /// Masked samples (`v & 0xF8`) are detected without it.
    #[arg(long, help_heading = "Method", hide_short_help = true, verbatim_doc_comment)]
    pub truncated: bool,
    /// Repair bands of N codes that you see, whatever is found
    ///
    /// One number of 8-bit codes for all channels, or three: 4,2,4.
    /// Each value stays within half a band of its own. Drawings are repaired too.
    #[arg(
        long,
        value_name = "N",
        conflicts_with = "bits",
        help_heading = "Method",
        hide_short_help = true,
        verbatim_doc_comment
    )]
    pub band_step: Option<Bands>,
    /// As --band-step, for an image that had N bits per channel
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=12), help_heading = "Method", hide_short_help = true)]
    pub bits: Option<u8>,
    /// Repair a banded alpha channel too
    ///
    /// For soft shadows and glows stored with 4 to 7 bits.
    /// Fully transparent and fully opaque samples stay exact.
    #[arg(long, help_heading = "Method", hide_short_help = true, verbatim_doc_comment)]
    pub alpha: bool,
    /// Check that no sample of the output left its interval
    ///
    /// The written file is read again.
    /// Exit code 3 if a sample is outside.
    #[arg(long, help_heading = "Method", verbatim_doc_comment)]
    pub prove: bool,

    /// Options of all commands that write images.
    #[command(flatten)]
    pub images: ImageArgs,

    /// Write nothing for inputs without banding, instead of a copy
    ///
    /// The default for folders and patterns without `-o`.
    #[arg(long, help_heading = "Output", hide_short_help = true, verbatim_doc_comment)]
    pub only_banded: bool,
    /// Write a self-contained HTML page, before and after
    #[arg(long, value_name = "FILE.html", value_hint = clap::ValueHint::FilePath, help_heading = "Output")]
    pub report: Option<PathBuf>,
    /// Also write a network's extra output as PNG
    ///
    /// grad=FILE.png (ggdbn) or banding=FILE.png (bdinn).
    /// The PNG has 16 bits: 0 is mid-grey, -0.5 black, 0.5 white.
    #[arg(
        long,
        value_name = "NAME=FILE.png",
        value_parser = named_file,
        value_hint = clap::ValueHint::FilePath,
        help_heading = "Output",
        hide_short_help = true,
        verbatim_doc_comment
    )]
    pub save_output: Option<(String, PathBuf)>,

    /// Options for videos.
    #[command(flatten)]
    pub video: VideoArgs,
    /// Options for their frames.
    #[command(flatten)]
    pub frames: FrameArgs,
}

/// A number; the library checks its range.
pub(crate) fn strength(text: &str) -> Result<f32, String> {
    text.trim().parse().map_err(|_| "a strength is a number from 0 to 4".to_owned())
}

/// Parses the name of a dither.
pub(crate) fn dither(text: &str) -> Result<Dither, String> {
    word("dithers", text)
}

/// Parses the name of a precision.
pub(crate) fn precision(text: &str) -> Result<Precision, String> {
    word("precisions", text)
}

/// Parses edges that meet.
fn wrap(text: &str) -> Result<Wrap, String> {
    word("edges", text)
}

/// Parses an image type.
pub(crate) fn treat_as(text: &str) -> Result<TreatAs, String> {
    word("kinds", text)
}

/// Parses one of the words of an enumeration; `all` names its values in the error.
fn word<T: ParamValue>(all: &str, text: &str) -> Result<T, String> {
    T::parse(text).ok_or_else(|| format!("the {all} are {}", T::KIND))
}

fn named_file(text: &str) -> Result<(String, PathBuf), String> {
    let (name, file) = text
        .split_once('=')
        .filter(|(name, file)| !name.is_empty() && !file.is_empty())
        .ok_or("give the output's name and a file, such as grad=sky_grad.png")?;
    Ok((name.to_owned(), png_file(file)?))
}

/// Parses a whole number within a range.
pub(crate) fn within<T>(range: RangeInclusive<T>) -> impl Fn(&str) -> Result<T, String> + Clone
where
    T: FromStr + PartialOrd + Copy + Display,
{
    move |text: &str| {
        let number = text.trim().parse::<T>().ok().filter(|number| range.contains(number));
        number.ok_or_else(|| format!("write a whole number from {} to {}", range.start(), range.end()))
    }
}

/// Parses the name of a file that is written as PNG.
pub(crate) fn png_file(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    let png = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("png"));
    if png { Ok(path) } else { Err("the file is a PNG: give it that extension".to_owned()) }
}

/// Parses a size in bytes such as `800M`, `1.5G` or `64000000`; K, M and G are powers of 1024.
pub(crate) fn bytes(text: &str) -> Result<u64, String> {
    unband::io::parse_amount(text).ok_or_else(|| format!("`{text}` is not a size; write 800M or 2G"))
}

/// Parses a memory limit, as [`bytes`].
pub(crate) fn memory(text: &str) -> Result<u64, String> {
    let least = |bytes: &u64| *bytes >= 1 << 20;
    bytes(text).and_then(|size| {
        Some(size).filter(least).ok_or_else(|| format!("nothing works in {text}; write 800M or 2G"))
    })
}

/// Parses a number of threads.
pub(crate) fn threads(text: &str) -> Result<NonZeroUsize, String> {
    text.trim().parse().map_err(|_| "write a whole number from 1".to_owned())
}
