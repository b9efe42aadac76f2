//! Command line definitions: the source of help, completions and the manual page.

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Parser, Subcommand};

use crate::args::{DebandArgs, ImageArgs, MetricArgs, ReporterArgs};
use crate::card::DeviceArgs;
use crate::cmd;

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default())
    .error(AnsiColor::Red.on_default().bold());

/// Removes banding (false contours) from images and videos.
#[derive(Debug, Parser)]
#[command(
    name = "unband",
    version,
    styles = STYLES,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    max_term_width = 100,
    override_usage = "unband [OPTIONS] <FILE>...\n       unband <COMMAND> …",
    long_about = ABOUT,
    after_long_help = AFTER
)]
pub(crate) struct Cli {
    /// The command; by default `deband`.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Print the licences of unband and everything in it
    #[arg(long, exclusive = true, hide_short_help = true)]
    pub licences: bool,
    /// The arguments of `deband`.
    #[command(flatten)]
    pub deband: DebandArgs,
}

impl Cli {
    /// The device for networks and the verbosity, of commands that run networks.
    pub(crate) fn device(&self) -> Option<(DeviceArgs, ReporterArgs)> {
        let images = |images: &ImageArgs| (images.resources.device, images.reporter);
        let measure = |measure: &MetricArgs| (measure.resources.device, measure.reporter);
        match &self.command {
            None => Some(images(&self.deband.images)),
            Some(Command::Deband(args)) => Some(images(&args.images)),
            Some(Command::Upscale(args)) => Some(images(args.images())),
            Some(Command::Score(args)) => Some(measure(&args.measure)),
            Some(Command::Compare(args)) => Some(measure(&args.measure)),
            Some(Command::Eval(args)) => Some((args.device, args.reporter)),
            Some(Command::View(args)) => Some((args.resources.device, args.reporter)),
            _ => None,
        }
    }
}

/// What a first reader needs, before the list of all options.
const ABOUT: &str = "\
Removes banding (false contours) from images and videos.

Detects how gradients were damaged and rebuilds them within the limits that the stored values set. The built-in \
networks do this where levels are missing (unband-lite) and in JPEG files (unband-jpeg), the filter `smooth` \
elsewhere. Edges and texture stay. \
The result is written next to the input, metadata included.

Used most (`unband -h` is a short list of options, those below are all):
  -n, --dry-run          report only, write nothing
  -o, --output PATH      another file or folder
      --depth 16         16 bits per channel: the smoothest result
      --report PAGE.html a page with each image before and after
      --preview 6        the most banded frames of a video, before and after
      --for web          a video for browsers and sites
  -v, --verbose          findings and decisions

Examples:
  unband sky.png                         sky.png → sky_unband.png
  unband photos -o smooth --recursive    a folder and its subfolders, mirrored under smooth/
  unband sky.png -o smooth.tiff          another name and format
  unband sky.jpg --depth 16              16 bits per channel: the smoothest result
  unband *.png --dry-run                 report only, write nothing
  unband sky.png --method gradfun:radius=20
  unband - < in.png > out.png            standard input to standard output
  unband film.mkv                        film.mkv → film_unband.mkv, audio and subtitles copied
  unband film.mp4 -o out.mkv --lossless  lossless, for editing or archiving
  unband film.mkv --preview 6            the 6 most banded frames before and after, in one PNG";

const AFTER: &str = "\
Exit codes:
  0    done, also when no banding was found
  1    some inputs failed, the others are done
  2    wrong usage, nothing was started
  3    `--prove` found a sample outside its interval
  130  interrupted

`unband FILE…` is short for `unband deband FILE…`.";

/// The commands, by how often they are used; one file in `cmd/` each.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Remove banding from images and videos (the default command)
    #[command(long_about = ABOUT, after_long_help = AFTER)]
    Deband(Box<DebandArgs>),
    /// Upscale images
    Upscale(Box<cmd::upscale::UpscaleArgs>),
    /// Report banding and its cause
    Inspect(cmd::inspect::InspectArgs),
    /// Look at images and videos in the browser, before and after
    View(cmd::view::ViewArgs),
    /// Measure how banded images and videos are
    Score(Box<cmd::score::ScoreArgs>),
    /// Compare results with references, or methods with each other
    Compare(Box<cmd::compare::CompareArgs>),
    /// Degrade clean images with a random recipe and log every setting
    Degrade(cmd::degrade::DegradeArgs),
    /// Build and verify datasets of degraded and clean image pairs
    Dataset(cmd::dataset::DatasetArgs),
    /// List the graphics cards that can run networks (needs the program unband-gpu)
    Devices(cmd::devices::DevicesArgs),
    /// Train a network from a recipe (needs the program unband-train)
    Train(cmd::train::TrainArgs),
    /// Benchmark methods on image pairs and write a results table
    Eval(cmd::eval::EvalArgs),
    /// Build a viewing test and evaluate the ratings
    Study(Box<cmd::study::StudyArgs>),
    /// Inspect, import and export network checkpoints
    Models(cmd::models::ModelsArgs),
    /// Print a shader for video players
    Shader(cmd::shader::ShaderArgs),
    /// List methods, formats, metrics and recipes, or show one in detail
    List(cmd::list::ListArgs),
    /// Print shell completions
    Completions(cmd::completions::CompletionsArgs),
    /// Print the manual page
    Man(cmd::man::ManArgs),
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use clap::CommandFactory;
    use std::path::PathBuf;

    #[test]
    fn the_definitions_agree_with_each_other() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_bare_file_is_debanded_like_with_the_command() {
        let bare = Cli::try_parse_from(["unband", "a.png", "--depth", "16"]).unwrap();
        assert!(bare.command.is_none());
        assert_eq!(bare.deband.images.inputs, [PathBuf::from("a.png")]);
        assert_eq!(bare.deband.images.depth, unband::OutputDepth::Bits(16));
        let named = Cli::try_parse_from(["unband", "deband", "a.png", "--depth", "16"]).unwrap();
        let Some(Command::Deband(args)) = named.command else { panic!("{named:?}") };
        assert_eq!(args.images.inputs, bare.deband.images.inputs);
    }

    #[test]
    fn a_file_called_like_a_command_can_follow_another() {
        let cli = Cli::try_parse_from(["unband", "a.png", "list"]).unwrap();
        assert_eq!(cli.deband.images.inputs.len(), 2);
    }

    #[test]
    fn a_number_outside_its_range_is_refused_with_the_range() {
        let error = Cli::try_parse_from(["unband", "a.png", "--quality", "101"]).unwrap_err().to_string();
        assert!(error.contains("'101'") && error.contains("a whole number from 1 to 100"), "{error}");
        assert!(!error.contains("..="), "{error}");
        for quality in ["0", "x", "-1", "50.5", "300"] {
            assert!(Cli::try_parse_from(["unband", "a.png", &format!("--quality={quality}")]).is_err());
        }
        assert!(Cli::try_parse_from(["unband", "a.png", "--quality", "100"]).is_ok());
    }
}
