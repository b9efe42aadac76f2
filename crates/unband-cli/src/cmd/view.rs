//! `unband view [FILE…]`: the page in the browser, with this program as its engine.

mod calls;
mod door;
mod http;
mod library;
mod message;
mod server;

use std::path::PathBuf;
use std::process::{Command, Stdio};

use clap::Args;
use unband::With;
use unband::io::video::promises_video;

use crate::args::{ReporterArgs, ResourceArgs};
use crate::bar::Bar;
use crate::inputs::{Gather, failure, readable, reason};
use crate::interrupt;
use crate::outcome::Outcome;
use crate::reporter::{Failure, Reporter};
use crate::result::print_text;

use library::Library;
use server::Server;

const AFTER: &str = "\
The page is at an address with a secret word, which the program prints and opens. Only this computer reaches it, and \
no other page. Images in the list are repaired when they are selected; nothing is written but what you save. Ctrl-C \
ends it.

Examples:
  unband view photos            a folder
  unband view film.mkv          the most banded frame of each shot
  unband view                   an empty page: drop images there";

/// Arguments of `unband view`.
#[derive(Debug, Args)]
#[command(after_help = AFTER, mut_arg("max_memory", |arg| arg.help("Memory limit of one image, such as 800M or 2G")))]
pub(crate) struct ViewArgs {
    /// Images, videos, folders or patterns
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::AnyPath)]
    pub inputs: Vec<PathBuf>,
    /// List subfolders too
    #[arg(short, long)]
    pub recursive: bool,
    /// Print the address, open nothing
    #[arg(long)]
    pub no_open: bool,
    /// Port [default: a free one]
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub port: u16,
    /// Threads, memory and device.
    #[command(flatten)]
    pub resources: ResourceArgs,
    /// Verbosity.
    #[command(flatten)]
    pub reporter: ReporterArgs,
}

/// Serves the page until the program is ended.
pub(crate) fn run(args: &ViewArgs) -> Outcome {
    let bar = Bar::none();
    let reporter = Reporter { loudness: args.reporter.loudness(), bar: &bar };
    let gather = Gather::new(&|path| readable(path) || promises_video(path)).but(|new| {
        new.recursive = args.recursive;
        new.results_too = true;
    });
    let mut gathered = gather.run(&args.inputs);
    for error in &gathered.failures {
        reporter.failure(&failure(error));
    }
    gathered.inputs.retain(|input| match input.file().map(std::fs::metadata) {
        Some(Err(error)) => {
            reporter.failure(&Failure::at(input.shown(), reason(&error), None));
            false
        }
        there => there.is_some(),
    });
    if gathered.inputs.is_empty() && !args.inputs.is_empty() {
        return Outcome::Usage;
    }
    let ctx = interrupt::context(args.resources.threads.count());
    let server = match Server::start(args.port, Library::new(&gathered.inputs), args.resources.max_memory) {
        Ok(server) => server,
        Err(failure) => {
            reporter.failure(&failure);
            return Outcome::SomeFailed;
        }
    };
    let printed = print_text(&format!("{}\n", server.door().address()));
    if printed != Outcome::Done {
        return printed;
    }
    if !args.no_open && !open(&server.door().address_once()) {
        reporter.note(&"no browser could be started; open the address above");
    }
    server.run(&ctx);
    Outcome::Interrupted
}

/// Opens an address in the browser of the system.
fn open(address: &str) -> bool {
    let (program, arguments): (&str, &[&str]) = if cfg!(target_os = "macos") {
        ("open", &[])
    } else if cfg!(windows) {
        ("rundll32", &["url.dll,FileProtocolHandler"])
    } else {
        ("xdg-open", &[])
    };
    let mut command = Command::new(program);
    command.args(arguments).arg(address);
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    // Some systems' program ends at once, others run the browser.
    child.map(|mut child| std::thread::spawn(move || child.wait())).is_ok()
}
