//! What commands that write images have in common.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;
use unband::{Dither, OutputDepth, Precision};

use super::{TalkArgs, bytes, dither, precision};

/// Images in, images out.
#[derive(Clone, Debug, Args)]
#[allow(clippy::struct_excessive_bools)] // switches that people set one by one
pub struct PictureArgs {
    /// Images (to deband also videos), folders, patterns, or `-` for standard input
    #[arg(value_name = "FILE", required = true, value_hint = clap::ValueHint::AnyPath)]
    pub inputs: Vec<PathBuf>,

    /// Write here: a file, a folder, or `-` for standard output [default: `NAME_unband.EXT` beside the input]
    ///
    /// Several inputs or a folder need a folder here; results then keep their names and their places below it.
    #[arg(short, long, value_name = "PATH", value_hint = clap::ValueHint::AnyPath, help_heading = "Output")]
    pub output: Option<PathBuf>,
    /// Go into folders inside folders
    #[arg(short, long, help_heading = "Output")]
    pub recursive: bool,
    /// Replace files that exist
    #[arg(long, conflicts_with = "skip_existing", help_heading = "Output")]
    pub overwrite: bool,
    /// Leave out images whose result exists
    #[arg(long, help_heading = "Output")]
    pub skip_existing: bool,
    /// File format, as its extension [default: the input's; PNG for lossy inputs]
    #[arg(long, value_name = "EXT", help_heading = "Output")]
    pub format: Option<String>,
    /// Quality of lossy formats, 1 to 100
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=100), help_heading = "Output")]
    pub quality: Option<u8>,
    /// Work for a small PNG, TIFF or AVIF (with `--quality` also WebP and JPEG XL), 0 to 9 [default: 5 for PNG]
    ///
    /// The samples of files without loss are the same with any. For PNG: 0 takes no time at all, and files of dithered gradients
    /// are up to twelve times as large; 1 takes 30 ms a megapixel, for files about twice as large as by 5 at most; 5 takes 50 ms, for
    /// files about as small as zlib's or smaller; 7 takes 200 ms for 0 to 8 % less; 9 takes 1 to 5 s.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(0..=9), help_heading = "Output")]
    pub effort: Option<u8>,
    /// Bits per sample: 8, 10, 12, 16, 32f or keep
    ///
    /// Of videos keep is 10, or as many as the video has where these are more and the encoder stores them.
    #[arg(long, value_name = "BITS", default_value_t, help_heading = "Output")]
    pub depth: OutputDepth,
    /// Give results the file times of their inputs
    #[arg(long, help_heading = "Output")]
    pub preserve_times: bool,
    /// Say finding, method and output name, and write nothing
    #[arg(short = 'n', long, help_heading = "Output")]
    pub dry_run: bool,

    /// How rounding hides its error [default: blue-noise; for videos in 8 bits ordered, which encoders keep]
    #[arg(long, value_name = "KIND", value_parser = dither, help_heading = "Rounding")]
    pub dither: Option<Dither>,
    /// Dither all channels alike: no coloured specks on greys, slightly more visible noise
    #[arg(long, help_heading = "Rounding")]
    pub locked: bool,
    /// Seed of the dither
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "Rounding")]
    pub seed: u64,
    /// Threads to use [default: all processors]
    #[arg(short = 'j', long, value_name = "N", help_heading = "Machine")]
    pub threads: Option<NonZeroUsize>,
    /// Numbers that networks multiply: f32, bf16 or auto, which is f32 on every processor
    ///
    /// bf16 has 8 significant bits and is up to 1.5 times as quick, on processors with AVX-512 BF16.
    #[arg(long, value_name = "KIND", default_value = "auto", value_parser = precision, help_heading = "Machine")]
    pub precision: Precision,
    /// Most memory to use, such as 800M or 2G
    #[arg(long, value_name = "SIZE", value_parser = bytes, help_heading = "Machine")]
    pub max_memory: Option<u64>,

    /// Print one JSON object per image on standard output
    #[arg(long, help_heading = "Messages")]
    pub json: bool,
    /// How much is said.
    #[command(flatten)]
    pub talk: TalkArgs,
}
