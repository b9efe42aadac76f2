//! Options shared by the commands that write images.

use std::path::PathBuf;

use clap::Args;
use unband::{Dither, OutputDepth, Precision, Wrap};

use super::{ReporterArgs, ResourceArgs, dither, precision, within, wrap};

/// Inputs, outputs, rounding and resources. Texts are those of `deband`; `upscale` replaces some.
#[derive(Clone, Debug, Args)]
#[allow(clippy::struct_excessive_bools)] // independent switches
pub(crate) struct ImageArgs {
    /// Images, videos, folders, patterns, or `-` for standard input
    #[arg(value_name = "FILE", required = true, value_hint = clap::ValueHint::AnyPath)]
    pub inputs: Vec<PathBuf>,

    /// File, folder, or `-` [default: `NAME_unband.EXT`]
    ///
    /// By default the result is written next to the input.
    /// `-` is standard output.
    /// Several inputs, or a folder, need a folder here; names and subfolders are kept.
    #[arg(short, long, value_name = "PATH", value_hint = clap::ValueHint::AnyPath, help_heading = "Output", verbatim_doc_comment)]
    pub output: Option<PathBuf>,
    /// Bit depth: 8, 10, 12, 16, 32f, keep
    ///
    /// For video, `keep` means 10 bits, or more where source and encoder allow it.
    #[arg(long, value_name = "BITS", default_value_t, help_heading = "Output", verbatim_doc_comment)]
    pub depth: OutputDepth,
    /// Format: png, tiff, … [default: the input's]
    ///
    /// Lossy inputs become PNG by default.
    /// `unband list formats` shows all extensions.
    #[arg(long, value_name = "EXT", help_heading = "Output", verbatim_doc_comment)]
    pub format: Option<String>,
    /// Quality of lossy formats, 1 to 100
    #[arg(long, value_name = "N", value_parser = within::<u8>(1..=100), help_heading = "Output")]
    pub quality: Option<u8>,
    /// Compression effort, 0 to 9 [default: 5 for PNG]
    ///
    /// For PNG, TIFF and AVIF; with `--quality` also for WebP and JPEG XL.
    /// Lossless files hold the same samples at every effort.
    /// Time per megapixel and size for PNG:
    ///   0: no time; dithered gradients up to 12 times larger
    ///   1: 30 ms; at most about twice as large as 5
    ///   5: 50 ms; about zlib's size or smaller
    ///   7: 200 ms; 0 to 8 % smaller than 5
    ///   9: 1 to 5 s
    #[arg(
        long,
        value_name = "N",
        value_parser = within::<u8>(0..=9),
        help_heading = "Output",
        hide_short_help = true,
        verbatim_doc_comment
    )]
    pub effort: Option<u8>,
    /// Text after the name of each output [default: `_unband` next to the input, none in a folder]
    #[arg(
        long,
        value_name = "TEXT",
        value_parser = suffix,
        allow_hyphen_values = true,
        help_heading = "Output",
        hide_short_help = true
    )]
    pub suffix: Option<String>,
    /// Process subfolders too
    #[arg(short, long, help_heading = "Output")]
    pub recursive: bool,
    /// Report what would be done, write nothing
    #[arg(short = 'n', long, help_heading = "Output")]
    pub dry_run: bool,
    /// Replace existing files
    #[arg(long, conflicts_with = "skip_existing", help_heading = "Output")]
    pub overwrite: bool,
    /// Skip inputs whose output exists
    #[arg(long, help_heading = "Output")]
    pub skip_existing: bool,
    /// Give outputs the file times of their inputs
    #[arg(long, help_heading = "Output", hide_short_help = true)]
    pub preserve_times: bool,

    /// Edges that meet: x (left and right), y, both, off or auto
    ///
    /// For textures and panoramas: no seam shows there.
    /// auto: x where the metadata state an equirectangular panorama.
    /// As with off: videos, and the debanding of JPEG files whose last block is cut off at such an edge.
    #[arg(long, value_name = "EDGES", default_value = "auto", value_parser = wrap, help_heading = "Method", hide_short_help = true, verbatim_doc_comment)]
    pub wrap: Wrap,

    /// Dithering method [default: blue-noise; for 8-bit video ordered]
    ///
    /// `unband list dithers` shows all. Encoders keep `ordered`.
    #[arg(long, value_name = "KIND", value_parser = dither, help_heading = "Rounding", hide_short_help = true, verbatim_doc_comment)]
    pub dither: Option<Dither>,
    /// Use the same dither in all channels
    ///
    /// Greys get no coloured specks; the noise is slightly more visible.
    #[arg(long, help_heading = "Rounding", hide_short_help = true, verbatim_doc_comment)]
    pub locked: bool,
    /// Seed of the dither
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "Rounding", hide_short_help = true)]
    pub seed: u64,

    /// Threads, memory and device.
    #[command(flatten)]
    pub resources: ResourceArgs,
    /// Arithmetic precision of networks: f32, bf16 or auto
    ///
    /// auto is f32 on every processor.
    /// bf16 has 8 significant bits and is up to 1.5 times as fast, on processors with AVX-512 BF16.
    #[arg(
        long,
        value_name = "KIND",
        default_value = "auto",
        value_parser = precision,
        help_heading = "General",
        hide_short_help = true,
        verbatim_doc_comment
    )]
    pub precision: Precision,
    /// Print one JSON object per input on standard output
    #[arg(long, help_heading = "General")]
    pub json: bool,
    /// Verbosity.
    #[command(flatten)]
    pub reporter: ReporterArgs,
}

/// A part of a file name.
fn suffix(text: &str) -> Result<String, String> {
    if text.is_empty() || text.contains(['/', '\\', '\0']) {
        return Err("must be a part of a file name, such as `_smooth`".to_owned());
    }
    Ok(text.to_owned())
}
