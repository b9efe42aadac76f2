//! `unband models`: inspection, import and ONNX export of network checkpoints.

mod default;
mod export;
mod import;
mod info;
mod list;
mod name;
mod remove;
mod show;

use std::fmt;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use unband::Hint;
use unband::models::{ModelsError, NetworkSource, Shelf, network_names};
use unband::nets::checkpoint::CheckpointError;

use crate::args::ReporterArgs;
use crate::bar::Bar;
use crate::outcome::Outcome;
use crate::reporter::{Failure, Reporter};

/// Arguments of `unband models`.
#[derive(Debug, Args)]
pub(crate) struct ModelsArgs {
    /// The subcommand.
    #[command(subcommand)]
    what: ModelsCommand,
}

#[derive(Debug, Subcommand)]
enum ModelsCommand {
    /// Show the contents of checkpoints: kind of file, network, settings, missing tensors
    ///
    /// Nothing in the files is executed.
    Info(InfoArgs),
    /// List imported models and published checkpoints
    List(ListArgs),
    /// Import checkpoints: check them and copy them as safetensors
    ///
    /// A published checkpoint gets its name in `unband models list`, any other the name of its network. The
    /// first model of a network becomes its default: `--method NETWORK` runs it without `--weights`.
    Import(ImportArgs),
    /// Remove imported models
    Remove(RemoveArgs),
    /// Choose the default model of a network, used without `--weights`
    Default(DefaultArgs),
    /// Print the layers of a network: outputs, parameters, multiply-adds, receptive field, memory
    Show(ShowArgs),
    /// Export a network as an ONNX file, for other runtimes
    ///
    /// Inputs and outputs are 32-bit floats of batch, channels, height, width. The metadata key
    /// `unband.range` holds the values of black and white. Batch normalisation uses running statistics, and
    /// dropout is off, also in deepDeband, whose authors keep it on. For multi-step networks the file holds
    /// one step, with its time `t` as an input.
    Export(ExportArgs),
}

/// Arguments of `unband models info`.
#[derive(Debug, Args)]
pub(crate) struct InfoArgs {
    /// Checkpoints, or names of imported models
    ///
    /// Formats: safetensors; PyTorch's .pth, .pt and .ckpt; TorchScript archives; MATLAB's .mat; folders of
    /// TensorFlow models.
    #[arg(value_name = "FILE", required = true, value_hint = clap::ValueHint::AnyPath)]
    files: Vec<PathBuf>,
    /// Print one JSON object per file
    #[arg(long)]
    json: bool,
    /// Verbosity.
    #[command(flatten)]
    reporter: ReporterArgs,
}

/// Arguments of `unband models list`.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Arguments of `unband models import`.
#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// Checkpoints as published: files, or folders of TensorFlow models
    #[arg(value_name = "FILE", required = true, value_hint = clap::ValueHint::AnyPath)]
    files: Vec<PathBuf>,
    /// Model name, for `--weights NAME` [default: the published one, or the network's]
    ///
    /// Of several files, that of the file.
    #[arg(long = "as", value_name = "NAME", value_parser = name::name)]
    name: Option<String>,
    /// Round weights to 16 bits: half the size
    #[arg(long)]
    half: bool,
    /// Order of channels that its training used [default: that of the file, else rgb]
    #[arg(long, value_enum, value_name = "ORDER")]
    order: Option<Channels>,
    /// Factor of its values: 1/255 if its training divided bytes by 255 twice [default: 1]
    #[arg(long, value_name = "N", value_parser = scale)]
    scale: Option<f32>,
    /// Steps of a multi-step network [default: those of the file, else 30]
    #[arg(long, value_name = "N")]
    steps: Option<NonZeroU32>,
    /// Make it the default of its network
    #[arg(long)]
    default: bool,
    /// Replace a model of the same name
    #[arg(long)]
    overwrite: bool,
    /// Verbosity.
    #[command(flatten)]
    reporter: ReporterArgs,
}

/// Order of channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Channels {
    /// Red, green, blue
    Rgb,
    /// Blue, green, red, the order of images read by `OpenCV`
    Bgr,
}

/// The allowed NAMEs, for `--help`.
fn names() -> String {
    format!("A checkpoint, or the name of a network: {}", network_names().join(", "))
}

/// A failure about a file.
fn failure(path: &Path, message: &dyn fmt::Display, hint: Option<String>) -> Failure {
    Failure::at(path.display().to_string(), message.to_string(), hint)
}

/// A failure to read a file.
fn unread(path: &Path, error: CheckpointError) -> Failure {
    let hint = error.hint();
    Failure { hint, ..Failure::from(ModelsError::Read { path: path.to_path_buf(), error }) }
}

fn scale(text: &str) -> Result<f32, String> {
    unband::nets::convention::parse_scale(text)
        .ok_or_else(|| "expected a number above 0, or a fraction such as 1/255".to_owned())
}

/// Arguments of `unband models default`.
#[derive(Debug, Args)]
pub(crate) struct DefaultArgs {
    /// Name of an imported model (`unband models list`)
    #[arg(value_name = "NAME")]
    name: String,
    /// Verbosity.
    #[command(flatten)]
    reporter: ReporterArgs,
}

/// Arguments of `unband models remove`.
#[derive(Debug, Args)]
pub(crate) struct RemoveArgs {
    /// Names of imported models (`unband models list`)
    #[arg(value_name = "NAME", required = true)]
    names: Vec<String>,
    /// Verbosity.
    #[command(flatten)]
    reporter: ReporterArgs,
}

/// The failure for a name that no imported model has.
fn not_imported(name: &str, shelf: &Shelf) -> Failure {
    let names: Vec<&str> = shelf.models.iter().map(|model| model.name.as_str()).collect();
    let hint = match names.as_slice() {
        [] => "`unband models import FILE` imports one".to_owned(),
        names => format!("imported models: {}", names.join(", ")),
    };
    Failure::usage(format!("there is no imported model `{name}`"), hint)
}

/// Arguments of `unband models show`.
#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// Checkpoint, or name of a network (see `--help`)
    #[arg(value_name = "NAME|FILE", value_parser = NetworkSource::parse, long_help = names())]
    what: NetworkSource,
    /// Height and width of the image [default: 512x512, or the nearest valid size]
    #[arg(long, value_name = "HxW", value_parser = export::size)]
    size: Option<(usize, usize)>,
    /// Verbosity.
    #[command(flatten)]
    reporter: ReporterArgs,
}

/// Arguments of `unband models export`.
#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// Checkpoint, or name of a network (see `--help`)
    #[arg(value_name = "NAME|FILE", value_parser = NetworkSource::parse, long_help = names())]
    what: NetworkSource,
    /// Weights for the named network [default: random values]
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::AnyPath)]
    weights: Option<PathBuf>,
    /// Output file
    #[arg(long, value_name = "OUT.onnx", required = true, value_hint = clap::ValueHint::FilePath)]
    onnx: PathBuf,
    /// Height and width of the images [default: any valid size]
    #[arg(long, value_name = "HxW", value_parser = export::size)]
    size: Option<(usize, usize)>,
    /// Replace an existing file
    #[arg(long)]
    overwrite: bool,
    /// Verbosity.
    #[command(flatten)]
    reporter: ReporterArgs,
}

/// Runs the subcommand.
pub(crate) fn run(args: &ModelsArgs) -> Outcome {
    let bar = Bar::none();
    let speak = |reporter: ReporterArgs| Reporter { loudness: reporter.loudness(), bar: &bar };
    match &args.what {
        ModelsCommand::Info(args) => info::run(args, &speak(args.reporter)),
        ModelsCommand::List(args) => list::run(args, &speak(ReporterArgs::default())),
        ModelsCommand::Import(args) => import::run(args, &speak(args.reporter)),
        ModelsCommand::Remove(args) => remove::run(args, &speak(args.reporter)),
        ModelsCommand::Default(args) => default::run(args, &speak(args.reporter)),
        ModelsCommand::Show(args) => show::run(args, &speak(args.reporter)),
        ModelsCommand::Export(args) => export::run(args, &speak(args.reporter)),
    }
}
