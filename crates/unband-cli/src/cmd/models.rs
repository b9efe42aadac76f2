//! `unband models`: checkpoints of networks: what a file is, which were published, copies that methods can find, and files
//! for other runtimes.

mod default;
pub mod export;
mod import;
mod info;
mod list;
mod name;
mod show;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use unband_nets::checkpoint::CheckpointError;

use crate::Outcome;
use crate::args::TalkArgs;
use crate::bar::Bar;
use crate::inputs::reason;
use crate::talk::{Failure, Loudness, Talk};

/// What it takes.
#[derive(Debug, Args)]
pub struct ModelsArgs {
    /// What to do.
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Say what checkpoints are: kind of file, network, settings, what is missing; nothing in them is executed
    Info(InfoArgs),
    /// List models that were imported, and checkpoints that were published and where
    List(ListArgs),
    /// Copy checkpoints to where the program finds them, checked and as safetensors
    ///
    /// A published checkpoint gets the name of `unband models list`, any other that of its network. The first model of a network is
    /// its default: what `--method NETWORK` runs without `--weights`.
    Import(ImportArgs),
    /// Choose which of several models of a network runs where `--weights` names none
    Default(DefaultArgs),
    /// Print a network layer by layer: results, parameters, multiply-adds, how far it looks, memory
    Show(ShowArgs),
    /// Write a network as an ONNX file, for other runtimes
    ///
    /// Inputs and outputs are 32-bit floats of batch, channels, height, width; the file's metadata says which values are black
    /// and white (`unband.range`). Batch normalisation takes running statistics and dropout keeps everything, also in deepDeband,
    /// whose authors run it otherwise; of networks that run in steps the file holds one step, with its time `t` as an input.
    Export(ExportArgs),
}

/// What `unband models info` takes.
#[derive(Debug, Args)]
pub struct InfoArgs {
    /// Checkpoints, or names of imported models: safetensors, PyTorch's .pth, .pt and .ckpt, TorchScript archives, MATLAB's .mat, folders of TensorFlow models
    #[arg(value_name = "FILE", required = true, value_hint = clap::ValueHint::AnyPath)]
    files: Vec<PathBuf>,
    /// Print one JSON object per file
    #[arg(long)]
    json: bool,
    /// How much is said.
    #[command(flatten)]
    talk: TalkArgs,
}

/// What `unband models list` takes.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// What `unband models import` takes.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// Checkpoints, as their publishers have them: files, or folders of TensorFlow models
    #[arg(value_name = "FILE", required = true, value_hint = clap::ValueHint::AnyPath)]
    files: Vec<PathBuf>,
    /// Call it so, and use it by `--weights NAME`
    #[arg(long = "as", value_name = "NAME", value_parser = name::name)]
    name: Option<String>,
    /// Round numbers to 16 bits: half the size
    #[arg(long)]
    half: bool,
    /// Make it the default of its network
    #[arg(long)]
    default: bool,
    /// Replace a model of that name
    #[arg(long)]
    overwrite: bool,
    /// How much is said.
    #[command(flatten)]
    talk: TalkArgs,
}

/// What `unband models default` takes.
#[derive(Debug, Args)]
pub struct DefaultArgs {
    /// The name of an imported model; `unband models list` shows them
    #[arg(value_name = "NAME")]
    name: String,
    /// How much is said.
    #[command(flatten)]
    talk: TalkArgs,
}

/// What `unband models show` takes.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// A checkpoint, or the name of a network, which `--help` lists
    #[arg(value_name = "NAME|FILE", value_parser = export::source, long_help = export::names())]
    what: export::Source,
    /// Height and width of the image; without it 512x512, or the nearest that the network takes
    #[arg(long, value_name = "HxW", value_parser = export::size)]
    size: Option<(usize, usize)>,
    /// How much is said.
    #[command(flatten)]
    talk: TalkArgs,
}

/// What `unband models export` takes.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// A checkpoint, or the name of a network, which `--help` lists
    #[arg(value_name = "NAME|FILE", value_parser = export::source, long_help = export::names())]
    what: export::Source,
    /// Numbers for the network that is named; without them they are made up
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::AnyPath)]
    weights: Option<PathBuf>,
    /// Write it here
    #[arg(long, value_name = "OUT.onnx", required = true, value_hint = clap::ValueHint::FilePath)]
    onnx: PathBuf,
    /// Height and width of the images; without it, any that the network takes
    #[arg(long, value_name = "HxW", value_parser = export::size)]
    size: Option<(usize, usize)>,
    /// Replace a file of that name
    #[arg(long)]
    overwrite: bool,
    /// How much is said.
    #[command(flatten)]
    talk: TalkArgs,
}

/// Says, lists, copies or writes.
pub fn run(args: &ModelsArgs) -> Outcome {
    let bar = Bar::none();
    let speak = |talk: TalkArgs| Talk { loudness: Loudness::new(talk.quiet, talk.verbose), bar: &bar };
    match &args.what {
        What::Info(args) => info::run(args, &speak(args.talk)),
        What::List(args) => list::run(args, &speak(TalkArgs::default())),
        What::Import(args) => import::run(args, &speak(args.talk)),
        What::Default(args) => default::run(args, &speak(args.talk)),
        What::Show(args) => show::run(args, &speak(args.talk)),
        What::Export(args) => export::run(args, &speak(args.talk)),
    }
}

/// A fault of a file.
fn failure(path: &std::path::Path, message: &dyn std::fmt::Display, hint: Option<String>) -> Failure {
    Failure::at(path.display().to_string(), message.to_string(), hint)
}

/// A file that could not be read.
fn unread(path: &std::path::Path, error: &CheckpointError) -> Failure {
    match error {
        // One of a folder's files has a name of its own.
        CheckpointError::Io { path, source } => failure(path, &reason(source), None),
        _ => failure(path, error, error.hint()),
    }
}
