//! Program `unband-gpu`: runs networks on a graphics card, for `unband --device gpu`.

mod memory;
mod server;

use std::io::{self, BufReader, BufWriter, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use unband_infer::card::wire::Listed;
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
    // A signal for all programs of a terminal ends unband, whose end closes the pipe.
    let _ = ctrlc::set_handler(|| {});
    let done = match Arguments::parse().command {
        Command::List => list(),
        Command::Serve { device, memory } => {
            let from = BufReader::with_capacity(BUFFER, io::stdin());
            server::serve(&device, memory, from, BufWriter::with_capacity(BUFFER, io::stdout()))
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

fn list() -> io::Result<()> {
    let listed = |found: FoundDevice| Listed {
        memory: memory::limits(&found.name).map(|limits| limits.memory),
        name: found.name,
        kind: found.kind.to_owned(),
    };
    let all: Vec<Listed> = devices::found().into_iter().map(listed).collect();
    serde_json::to_writer(io::stdout().lock(), &all)?;
    Ok(())
}
