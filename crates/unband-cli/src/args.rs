//! What the command line may say. Help, completions and the manual page come from these definitions.

mod pictures;

use std::path::PathBuf;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser, Subcommand, ValueEnum};
use unband::{Dither, Precision, TreatAs};
use unband_image::ParamValue;
use unband_io::video::{Purpose, StreamSpec};

use crate::cmd;

pub use pictures::PictureArgs;

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default())
    .error(AnsiColor::Red.on_default().bold());

/// Takes the banding (false contours) out of images.
///
/// Finds out how an image lost its shades, rebuilds what the stored values allow, by a light network that is part of
/// the program where levels are missing and by the smoothest surface elsewhere, and writes it beside the input with
/// everything else the file said. Edges and texture stay as they are.
#[derive(Debug, Parser)]
#[command(
    name = "unband",
    version,
    styles = STYLES,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    max_term_width = 100,
    override_usage = "unband [OPTIONS] <FILE>...\n       unband <COMMAND> …",
    after_help = "`unband FILE…` is short for `unband deband FILE…`.",
    after_long_help = AFTER
)]
pub struct Cli {
    /// The command; without one the images are debanded.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Print the licences of the program and of all that is in it
    #[arg(long, exclusive = true)]
    pub licences: bool,
    /// What `deband` takes.
    #[command(flatten)]
    pub deband: DebandArgs,
}

const AFTER: &str = "\
Examples:
  unband sky.png                         sky.png → sky_unband.png
  unband photos -o smooth --recursive    a folder and those below, mirrored under smooth/
  unband sky.jpg --depth 16              16 bits: the smoothest that a file can show
  unband *.png --dry-run                 say what would be done
  unband sky.png --method gradfun:radius=20
  unband - < in.png > out.png            from standard input to standard output
  unband film.mkv                        film.mkv → film_unband.mkv, sound and subtitles untouched
  unband film.mp4 -o out.mkv --lossless  without loss, to edit or keep
  unband film.mkv --preview 6            the most banded frames before and after, in one PNG

Exit codes:
  0    done, also when an image had no banding
  1    some input failed, the rest was done
  2    wrong usage, nothing was started
  3    `--prove` found a sample outside its cell
  130  interrupted

`unband FILE…` is short for `unband deband FILE…`.";

/// One file in `cmd/` each.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Take the banding out of images
    #[command(after_long_help = AFTER)]
    Deband(Box<DebandArgs>),
    /// Say what banding images have, and from what
    Inspect(cmd::inspect::InspectArgs),
    /// Measure how banded images are
    Score(Box<cmd::score::ScoreArgs>),
    /// Measure images against others: results against references, methods against each other
    Compare(Box<cmd::compare::CompareArgs>),
    /// Let people grade images, and score their grades
    Study(Box<cmd::study::StudyArgs>),
    /// Make a table of methods and images by a recipe, as papers print it
    Eval(cmd::eval::EvalArgs),
    /// List methods, dithers, formats, measures, degradations and recipes, or tell all about one
    List(cmd::list::ListArgs),
    /// Read, list and import checkpoints of networks
    Models(cmd::models::ModelsArgs),
    /// Make images larger
    Upscale(Box<cmd::upscale::UpscaleArgs>),
    /// Degrade clean images by a mix of degradations, and say what was drawn
    Degrade(cmd::degrade::DegradeArgs),
    /// Make folders of pairs for training and tests, and check them
    Dataset(cmd::dataset::DatasetArgs),
    /// Train a network by a recipe, with the program unband-train
    Train(cmd::train::TrainArgs),
    /// Print completions for a shell
    Completions(cmd::completions::CompletionsArgs),
    /// Print the manual page
    Man(cmd::man::ManArgs),
}

/// How much is said.
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct TalkArgs {
    /// Say nothing but errors
    #[arg(short, long, conflicts_with = "verbose", help_heading = "Messages")]
    pub quiet: bool,
    /// Say what was found and decided
    #[arg(short, long, help_heading = "Messages")]
    pub verbose: bool,
}

/// `on` or `off`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// Yes.
    On,
    /// No.
    Off,
}

/// What `unband deband` takes.
#[derive(Clone, Debug, Args)]
#[allow(clippy::struct_excessive_bools)] // switches that people set one by one
pub struct DebandArgs {
    /// What is asked about any images.
    #[command(flatten)]
    pub pictures: PictureArgs,

    /// Write nothing for images without banding, instead of a copy; videos with nothing to repair are not written
    #[arg(long, help_heading = "Output")]
    pub only_banded: bool,
    /// Show each repaired image before and after, on a page that needs nothing else
    #[arg(long, value_name = "FILE.html", value_hint = clap::ValueHint::FilePath, help_heading = "Output")]
    pub report: Option<PathBuf>,
    /// Write what a network makes beside its image into a PNG too: grad=FILE.png (ggdbn), banding=FILE.png (bdinn)
    ///
    /// The PNG has 16 bits. Its values may be negative: 0 becomes mid-grey, -0.5 black and 0.5 white.
    #[arg(long, value_name = "NAME=FILE.png", value_parser = named_file, value_hint = clap::ValueHint::FilePath, help_heading = "Output")]
    pub save_output: Option<(String, PathBuf)>,
    /// Method with settings, NAME or NAME:KEY=VALUE,…; `unband list` shows them [default: unband-lite where levels are missing, smooth elsewhere]
    ///
    /// Recipes of other programs are understood: `deband=1thr=0.03:range=24`, `gradfun=1.2:16`.
    #[arg(short, long, value_name = "METHOD", help_heading = "Method")]
    pub method: Option<String>,
    /// Weights of a network: a file, or the name of an imported model; without `--method` the file says which network runs
    #[arg(short, long, value_name = "FILE|NAME", value_hint = clap::ValueHint::FilePath, help_heading = "Method")]
    pub weights: Option<PathBuf>,
    /// How much, 0 to 4, for our own methods; 1 is recommended, 0 changes nothing, above 1 smooth runs instead of the network [default: 1]
    #[arg(short, long, value_name = "N", value_parser = strength, allow_negative_numbers = true, help_heading = "Method")]
    pub strength: Option<f32>,
    /// Keep each sample inside the cell its stored value stands for [default: on for our own methods]
    #[arg(long, value_name = "ON|OFF", help_heading = "Method")]
    pub faithful: Option<Switch>,
    /// Check on the written file that no sample left its cell; exit 3 if one did
    #[arg(long, help_heading = "Method")]
    pub prove: bool,
    /// Work also where nothing needs repair
    #[arg(long, help_heading = "Method")]
    pub everywhere: bool,
    /// What images are taken for: photo, drawing, data or auto
    ///
    /// auto leaves what looks drawn on purpose, and data such as normal maps and colour tables; photo repairs whatever was
    /// found; drawing and data change no sample.
    #[arg(long, value_name = "KIND", default_value = "auto", value_parser = treat_as, help_heading = "Method")]
    pub treat_as: TreatAs,

    /// What is asked for videos.
    #[command(flatten)]
    pub film: FilmArgs,
}

/// What `unband deband` takes for videos.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Films")]
#[allow(clippy::struct_excessive_bools)] // switches that people set one by one
pub struct FilmArgs {
    /// What the video is for: web, archive or player [default: player]
    ///
    /// player: x265, 10 bits, CRF 16 (AV1 in .webm); web: AV1, smaller; archive: FFV1, without loss.
    #[arg(long = "for", value_name = "PURPOSE", value_parser = purpose)]
    pub purpose: Option<Purpose>,
    /// Encode without loss (FFV1, into .mkv or .mov); the same as `--for archive`
    #[arg(long, conflicts_with = "purpose")]
    pub lossless: bool,
    /// Arguments for ffmpeg's encoder, such as "-c:v libx264 -crf 14"
    #[arg(long, value_name = "ARGS", allow_hyphen_values = true)]
    pub ffmpeg_args: Option<String>,
    /// Drop Dolby Vision and HDR10+ metadata, which describe each frame as it was
    #[arg(long)]
    pub drop_dynamic_hdr: bool,
    /// Copy only these streams beside the images: numbers and kinds such as 2, a, s:1 (all by default)
    ///
    /// As ffmpeg's `-map` takes them, with commas between: a number, or a kind (a: sound, s: subtitles, d: data, t:
    /// attachments, v: images), of it one with `:1`, counted from 0. With `?` behind it may be missing.
    #[arg(long, value_name = "SPEC", value_delimiter = ',', action = clap::ArgAction::Append)]
    pub streams: Option<Vec<StreamSpec>>,
    /// Copy all streams but these, named as for `--streams`
    #[arg(long, value_name = "SPEC", value_delimiter = ',', action = clap::ArgAction::Append)]
    pub drop_stream: Vec<StreamSpec>,
    /// Frames per second of numbered images that become a video: 24, 23.976 or 24000/1001 [default: 24]
    #[arg(long, value_name = "RATE", value_parser = rate)]
    pub fps: Option<(u32, u32)>,
    /// The frames are whole images, even if the video says that they are interlaced (`PsF`)
    #[arg(long)]
    pub progressive: bool,
    /// Take of a damaged video what can be decoded
    #[arg(long)]
    pub keep_going: bool,
    /// Go on with the unfinished work of an earlier run; `--overwrite` without it begins anew
    #[arg(long)]
    pub resume: bool,
    /// Only show what would be done: the N most banded frames before and after, in one PNG [default file: `NAME_unband_preview.png`]
    ///
    /// Each frame is restored by itself, as if a shot began with it, and shown as it is before it is encoded.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=12), conflicts_with = "resume")]
    pub preview: Option<u8>,
    /// Show with `--preview` what comes out of the encoder: each frame is encoded with those around it, and decoded again
    #[arg(long, requires = "preview")]
    pub encoded: bool,
    /// Only from this time on: seconds, or H:MM:SS
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub from: Option<f64>,
    /// Only up to this time: seconds, or H:MM:SS
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub to: Option<f64>,
}

impl FilmArgs {
    /// Options that were given and say nothing about images.
    pub fn named(&self) -> Vec<&'static str> {
        let all = [
            ("--for", self.purpose.is_some()),
            ("--lossless", self.lossless),
            ("--ffmpeg-args", self.ffmpeg_args.is_some()),
            ("--drop-dynamic-hdr", self.drop_dynamic_hdr),
            ("--streams", self.streams.is_some()),
            ("--drop-stream", !self.drop_stream.is_empty()),
            ("--fps", self.fps.is_some()),
            ("--progressive", self.progressive),
            ("--keep-going", self.keep_going),
            ("--resume", self.resume),
            ("--from", self.from.is_some()),
            ("--to", self.to.is_some()),
        ];
        all.into_iter().filter_map(|(option, given)| given.then_some(option)).collect()
    }
}

/// A number; the library says which ones it takes.
fn strength(text: &str) -> Result<f32, String> {
    text.trim().parse().map_err(|_| "a strength is a number from 0 to 4".to_owned())
}

fn purpose(text: &str) -> Result<Purpose, String> {
    let words: Vec<_> = Purpose::ALL.iter().map(|purpose| purpose.word()).collect();
    let found = Purpose::ALL.into_iter().find(|purpose| purpose.word() == text);
    found.ok_or_else(|| format!("videos are for {}", words.join(", ")))
}

/// A rate as a fraction from "24", "24000/1001" or "23.976", which stands for that.
fn rate(text: &str) -> Result<(u32, u32), String> {
    let wrong = || format!("`{text}` is no rate from 0.001 to 1000; write 24, 23.976 or 24000/1001");
    let (frames, seconds) = if let Some((frames, seconds)) = text.split_once('/') {
        (frames.parse().map_err(|_| wrong())?, seconds.parse().map_err(|_| wrong())?)
    } else {
        let rate: f64 = text.parse().map_err(|_| wrong())?;
        // Those of NTSC are written with two or three digits.
        let whole = rate.ceil();
        let ntsc = rate.fract() > 0.0 && (whole / 1.001 - rate).abs() < 0.0045;
        if ntsc { (whole as u32 * 1000, 1001) } else { ((rate * 1000.0).round() as u32, 1000) }
    };
    let ratio = f64::from(frames) / f64::from(seconds);
    if !(0.001..=1000.0).contains(&ratio) {
        return Err(wrong());
    }
    let (mut common, mut rest) = (frames, seconds);
    while rest > 0 {
        (common, rest) = (rest, common % rest);
    }
    Ok((frames / common, seconds / common))
}

/// Seconds from "83.5", "1:23.5" or "0:01:23.5".
fn time(text: &str) -> Result<f64, String> {
    let parts =
        text.split(':').map(|part| part.parse::<f64>().ok().filter(|part| *part >= 0.0 && part.is_finite()));
    let seconds = parts.clone().try_fold(0.0, |sum, part| Some(sum * 60.0 + part?));
    seconds
        .filter(|_| parts.count() <= 3)
        .ok_or_else(|| format!("`{text}` is no time; write 83.5 or 0:01:23.5"))
}

/// The dither of that name.
pub fn dither(text: &str) -> Result<Dither, String> {
    word("dithers", text)
}

/// The precision of that name.
pub fn precision(text: &str) -> Result<Precision, String> {
    word("precisions", text)
}

/// What images are taken for.
fn treat_as(text: &str) -> Result<TreatAs, String> {
    word("kinds", text)
}

/// One of the words of a kind of value.
fn word<T: ParamValue>(all: &str, text: &str) -> Result<T, String> {
    T::parse(text).ok_or_else(|| format!("the {all} are {}", T::KIND))
}

fn named_file(text: &str) -> Result<(String, PathBuf), String> {
    let (name, file) = text
        .split_once('=')
        .filter(|(name, file)| !name.is_empty() && !file.is_empty())
        .ok_or("write the output's name and a file, such as grad=sky_grad.png")?;
    Ok((name.to_owned(), png_file(file)?))
}

/// The name of a file that is written as PNG.
pub fn png_file(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    let png = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("png"));
    if png { Ok(path) } else { Err("the file is a PNG: give it that extension".to_owned()) }
}

/// Bytes from text such as `800M`, `1.5G` or `64000000`; a letter counts in 1024s.
pub fn bytes(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is no size; write 800M or 2G");
    let number = text.trim().trim_end_matches(['B', 'b']).trim_end_matches('i');
    let (digits, factor) = match number.char_indices().next_back() {
        Some((at, 'k' | 'K')) => (&number[..at], 1u64 << 10),
        Some((at, 'm' | 'M')) => (&number[..at], 1 << 20),
        Some((at, 'g' | 'G')) => (&number[..at], 1 << 30),
        _ => (number, 1),
    };
    let value: f64 = digits.trim().parse().map_err(|_| wrong())?;
    if !value.is_finite() || value <= 0.0 {
        return Err(wrong());
    }
    Ok((value * factor as f64) as u64)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definitions_agree_with_each_other() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_bare_file_is_debanded_like_with_the_command() {
        let bare = Cli::try_parse_from(["unband", "a.png", "--depth", "16"]).unwrap();
        assert!(bare.command.is_none());
        assert_eq!(bare.deband.pictures.inputs, [PathBuf::from("a.png")]);
        assert_eq!(bare.deband.pictures.depth, unband::OutputDepth::Bits(16));
        let named = Cli::try_parse_from(["unband", "deband", "a.png", "--depth", "16"]).unwrap();
        let Some(Command::Deband(args)) = named.command else { panic!("{named:?}") };
        assert_eq!(args.pictures.inputs, bare.deband.pictures.inputs);
    }

    #[test]
    fn a_file_called_like_a_command_can_follow_another() {
        let cli = Cli::try_parse_from(["unband", "a.png", "list"]).unwrap();
        assert_eq!(cli.deband.pictures.inputs.len(), 2);
    }

    #[test]
    fn times_read_as_players_show_them() {
        assert_eq!([time("83.5"), time("1:23.5"), time("0:01:23.5")], [Ok(83.5), Ok(83.5), Ok(83.5)]);
        for wrong in ["", "-1", "1:2:3:4", "1m", "nan"] {
            assert!(time(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn sizes_of_memory_read_as_people_write_them() {
        assert_eq!(bytes("800M"), Ok(800 << 20));
        assert_eq!(bytes("1.5GiB"), Ok(3 << 29));
        assert_eq!(bytes("64000000"), Ok(64_000_000));
        for wrong in ["", "M", "much", "-1G", "0", "nan", "infG", "é"] {
            assert!(bytes(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn rates_are_fractions() {
        let cases = [
            ("24", (24, 1)),
            ("23.976", (24000, 1001)),
            ("23.98", (24000, 1001)),
            ("59.94", (60000, 1001)),
            ("30000/1001", (30000, 1001)),
            ("12.5", (25, 2)),
            ("4000000000/2000000000", (2, 1)),
        ];
        for (text, wanted) in cases {
            assert_eq!(rate(text), Ok(wanted), "{text}");
        }
        for text in ["", "0", "-24", "24/0", "fast", "1e9", "nan", "0/0"] {
            assert!(rate(text).is_err(), "{text}");
        }
    }
}
