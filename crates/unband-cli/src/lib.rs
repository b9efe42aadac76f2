//! The program `unband` as a function: arguments in, exit code out.
//!
//! The program itself and the Python package call it.
#![forbid(unsafe_code)]

mod args;
mod bar;
mod budget;
mod card;
mod cli;
mod cmd;
mod extras;
mod images;
mod inputs;
mod interrupt;
mod licences;
mod media;
mod memory;
mod metric_images;
mod mistaken;
mod outcome;
mod outputs;
mod piped;
mod print;
mod record;
mod reporter;
mod result;
mod runner;
mod settings;
#[cfg(test)]
mod shown;
mod streams;
mod summary;
mod videos;

use std::ffi::OsString;

use clap::{CommandFactory, Parser};

use crate::args::DebandArgs;
use crate::cli::{Cli, Command};
use crate::outcome::Outcome;
use crate::reporter::Failure;

pub use crate::interrupt::stop;
pub use crate::memory::on_frames;
pub use crate::streams::Streams;

#[cfg(test)]
mod tests;

/// Runs the program with arguments, the first of which is its name. Returns the exit code: 0 done, 1 some
/// inputs failed, 2 wrong usage, 3 a check failed, 130 interrupted.
///
/// It prints, installs a handler for Ctrl-C and a hook for panics, and may turn off large memory pages. Call
/// it in a process that does nothing else; [`run_hosted`] is for others.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    // Panic messages of decoders on damaged files are not useful; the error names the file.
    let speak = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !unband::io::is_decoding() {
            speak(panic);
        }
    }));
    parsed(arguments)
}

/// The same for a host with a process of its own: streams in place of the standard ones, no handlers of
/// signals or panics, and the process never ends. [`stop`] takes the place of Ctrl-C. One run at a time;
/// others wait.
pub fn run_hosted(arguments: impl IntoIterator<Item = OsString>, streams: Streams) -> u8 {
    streams::lend(streams, || {
        interrupt::forget();
        parsed(arguments)
    })
}

fn parsed(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    if let Some(failure) = mistaken::cluster(&arguments) {
        return refused(&failure) as u8;
    }
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) => {
            if let Some(failure) = mistaken::option(&error, &arguments, &Cli::command()) {
                return refused(&failure) as u8;
            }
            // Help and version are errors in clap; a closed pipe is not.
            match (streams::lent(), error.use_stderr()) {
                (false, _) => drop(error.print()),
                (true, true) => streams::error(&error.render().to_string()),
                (true, false) => drop(result::print_data(error.render().to_string().as_bytes())),
            }
            return u8::try_from(error.exit_code()).unwrap_or(2);
        }
    };
    if let Some(failure) = images::cramped() {
        failure.print();
        return Outcome::SomeFailed as u8;
    }
    if !streams::lent() && matches!(cli.command, None | Some(Command::Deband(_) | Command::Upscale(_))) {
        take_small_pages();
    }
    act(&cli) as u8
}

/// Runs the command.
fn act(cli: &Cli) -> Outcome {
    if let Some((device, reporter)) = cli.device()
        && let Err(failure) = card::choose(device.device, reporter.loudness())
    {
        return refused(&failure);
    }
    match &cli.command {
        None if cli.licences => licences::run(),
        None => match mistaken::default_command(&cli.deband.images, &Cli::command()) {
            Some(failure) => refused(&failure),
            None => cmd::deband::run(&cli.deband),
        },
        Some(Command::Deband(args)) => deband(args),
        Some(Command::Inspect(args)) => cmd::inspect::run(args),
        Some(Command::Score(args)) => cmd::score::run(args),
        Some(Command::Compare(args)) => cmd::compare::run(args),
        Some(Command::Study(args)) => cmd::study::run(args),
        Some(Command::Eval(args)) => cmd::eval::run(args),
        Some(Command::View(args)) => cmd::view::run(args),
        Some(Command::Shader(args)) => cmd::shader::run(args),
        Some(Command::List(args)) => cmd::list::run(args),
        Some(Command::Models(args)) => cmd::models::run(args),
        Some(Command::Upscale(args)) => match mistaken::quality(args.images()) {
            Some(failure) => refused(&failure),
            None => cmd::upscale::run(args),
        },
        Some(Command::Degrade(args)) => cmd::degrade::run(args),
        Some(Command::Dataset(args)) => cmd::dataset::run(args),
        Some(Command::Devices(args)) => cmd::devices::run(args),
        Some(Command::Train(args)) => cmd::train::run(args),
        Some(Command::Completions(args)) => cmd::completions::run(args, Cli::command()),
        Some(Command::Man(args)) => cmd::man::run(args, Cli::command()),
    }
}

fn deband(args: &DebandArgs) -> Outcome {
    match mistaken::quality(&args.images) {
        Some(failure) => refused(&failure),
        None => cmd::deband::run(args),
    }
}

/// Reports a fault of the command line.
fn refused(failure: &Failure) -> Outcome {
    failure.print();
    Outcome::Usage
}

/// Turns off transparent huge pages. They hold more memory than is used, and jobs that write images have a
/// memory limit. The other commands keep them: inspecting a large image is a third faster with them.
fn take_small_pages() {
    // A system without this call has pages of one size.
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(true);
}
