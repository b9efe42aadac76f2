//! The networks of the debanding papers and RRDBNet, one thread: CPU milliseconds of each, or of those that are named.
//!
//! For `tools/bench_networks.py`, which runs the peers in turns with it: `--list` prints names, and rows and columns for times
//! and for memory; `--serve NAME FOLDER` runs one whenever it is told to; `--memory NAME` prints what one run takes on top of
//! what is loaded.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

mod shared;

use std::path::Path;

use shared::Case;
use unband_nets::{Graph, arch};

/// Names, and the side of the square that is timed: results of the last ones are four times as large.
const CASES: [(&str, usize); 10] = [
    ("ggdbn", 512),
    ("bdinn", 512),
    ("indi", 512),
    ("deepdeband-f", 512),
    ("uformer-t", 512),
    ("adnet", 512),
    ("brdnet", 512),
    ("bitnet", 512),
    ("rrdbnet", 256),
    ("unband-sr-lite", 256),
];

fn graph(name: &str) -> Graph {
    arch::build(name).unwrap_or_else(|| panic!("no network `{name}`")).unwrap()
}

fn square(name: &str) -> (usize, usize) {
    let side = CASES.iter().find(|case| case.0 == name).map_or(512, |case| case.1);
    (side, side)
}

/// Rows and columns of the smallest picture that holds 1920×1080, or that becomes it.
fn full_hd(name: &str, graph: &Graph) -> (usize, usize) {
    let multiple = graph.size_multiple().unwrap_or(1);
    let scale = if matches!(name, "rrdbnet" | "unband-sr-lite") { 4 } else { 1 };
    ((1080usize / scale).next_multiple_of(multiple), (1920usize / scale).next_multiple_of(multiple))
}

/// Bytes from the system's account of this process.
fn account(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() << 10
}

/// Most bytes at once of a run, less those that are there before.
fn memory(name: &str) -> u64 {
    let graph = graph(name);
    let size = full_hd(name, &graph);
    let case = Case::new(graph, size);
    // 5 forgets the peak so far.
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = account("VmRSS");
    let made = case.run();
    assert!(made.iter().all(|map| !map.data.is_empty()));
    account("VmHWM").saturating_sub(before)
}

fn list() {
    for (name, side) in CASES {
        let (rows, columns) = full_hd(name, &graph(name));
        println!("{name} {side} {side} {rows} {columns}");
    }
}

fn times(names: &[&str]) {
    for (name, _) in CASES.iter().filter(|case| names.is_empty() || names.contains(&case.0)) {
        let (graph, size) = (graph(name), square(name));
        let gigaflops = 2e-9 * graph.multiply_adds(size.0, size.1).unwrap() as f64;
        let case = Case::new(graph, size);
        let best = (0..3).map(|_| case.milliseconds()).fold(f64::MAX, f64::min);
        println!("{name:14} {best:8.1} ms CPU, {:5.1} GFLOP per CPU second", gigaflops / best * 1e3);
    }
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["--list"] => list(),
        ["--serve", name, folder] => shared::serve(graph(name), square(name), Path::new(folder)),
        ["--memory", name] => println!("{}", memory(name)),
        names => times(names),
    }
}
