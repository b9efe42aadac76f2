//! Program `unband-gpu`: runs networks on a graphics card, for `unband --device gpu`.

mod memory;
mod server;

use std::io::{self, BufReader, BufWriter, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use unband_infer::card::wire::{self, DeviceList, Listed};
use unband_train::devices::{self, FoundDevice};

/// Bytes that are read and written at a time.
const BUFFER: usize = 1 << 20;

/// Runs networks on a graphics card. `unband --device gpu` starts it.
#[derive(Debug, Parser)]
#[command(name = "unband-gpu", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print the devices as JSON
    List,
    /// Run networks: requests on standard input, replies on standard output
    Serve {
        /// Index in the list, or `software`
        #[arg(long, default_value = "0")]
        device: String,
        /// Maximum bytes for values [default: the card's memory]
        #[arg(long)]
        memory: Option<u64>,
    },
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::List => list(),
        Command::Serve { device, memory } => {
            let from = BufReader::with_capacity(BUFFER, io::stdin());
            replies()
                .and_then(|to| server::serve(&device, memory, from, BufWriter::with_capacity(BUFFER, to)))
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "unband-gpu: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The stream of replies. What drivers print goes to standard error from here on.
#[cfg(unix)]
fn replies() -> io::Result<impl Write + Send + 'static> {
    use std::os::fd::AsFd;
    let own = io::stdout().as_fd().try_clone_to_owned()?;
    rustix::stdio::dup2_stdout(io::stderr())?;
    Ok(std::fs::File::from(own))
}

#[cfg(not(unix))]
fn replies() -> io::Result<impl Write + Send + 'static> {
    Ok(io::stdout())
}

fn list() -> io::Result<()> {
    let listed = |found: FoundDevice| Listed {
        memory: memory::limits(&found.name).map(|limits| limits.memory),
        name: found.name,
        kind: found.kind.to_owned(),
    };
    let devices = devices::found().into_iter().map(listed).collect();
    let list = DeviceList { version: wire::VERSION, devices };
    serde_json::to_writer(io::stdout().lock(), &list)?;
    Ok(())
}
