//! Debands one file: `cargo run --example deband_file -- INPUT OUTPUT`.
//!
//! Shows options, progress, the report, and the check that no sample left its quantisation interval.
#![allow(clippy::print_stderr)] // a program

use std::path::PathBuf;

use unband::files::{FileOptions, Input, Output, run_file};
use unband::{Context, Options, OutputDepth, Progress, With};

struct Dots;

impl Progress for Dots {
    fn advance(&self, done: usize, total: usize) {
        eprint!("\r{done}/{total}");
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(input), Some(output)) = (arguments.next(), arguments.next()) else {
        return Err("usage: deband_file INPUT OUTPUT".into());
    };
    let options = FileOptions::with(|new| {
        new.options = Options::with(|new| {
            new.depth = OutputDepth::Keep;
            new.strength = 1.2;
        });
        new.prove = true;
    });
    let context = Context::with(|new| new.progress = &Dots);
    let done = run_file(Input::File(&input), Output::File(&output), &options, &context)?;
    if let Some(repair) = &done.plan.repair {
        eprintln!("\n{}: {}", repair.method, repair.findings.sentence());
    }
    if let Some(proof) = done.proof {
        eprintln!("{} of {} samples outside their intervals", proof.outside, proof.samples);
    }
    Ok(())
}
