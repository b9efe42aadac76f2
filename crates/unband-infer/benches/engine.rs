//! Benchmark of the debanding papers' networks, upscaling networks and a light network: milliseconds of each,
//! or of the named ones.
//!
//! Driven by `tools/bench_engine.py`, which alternates it with the peers. `--list` prints names, rows and
//! columns for times and for memory, and multiply-adds of the former. `--serve NAME FOLDER` runs one network
//! on request, on the requested number of threads. `--memory NAME` prints the memory that one run adds to the
//! loaded network. These options may precede: `--bf16` for 16-bit products, `--level NAME` to limit the
//! instruction set.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

mod shared;

use std::path::Path;

use shared::{Case, Products, light_networks};
use unband_nets::{Graph, arch};
use unband_simd::{Level, Precision};

// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Rows and columns that are timed.
type Size = (usize, usize);

const FULL_HD: Size = (1080, 1920);

/// Names, and timed sizes: results of the last ones are four times as large.
const CASES: [(&str, Size); 15] = [
    ("light", FULL_HD),
    ("ggdbn", (512, 512)),
    ("bdinn", (512, 512)),
    ("indi", (512, 512)),
    ("deepdeband-f", (512, 512)),
    ("uformer-t", (512, 512)),
    ("adnet", (512, 512)),
    ("brdnet", (512, 512)),
    ("bitnet", (512, 512)),
    ("rrdbnet", (256, 256)),
    ("unband-sr-lite", (256, 256)),
    ("compact", (256, 256)),
    ("span", (256, 256)),
    ("realplksr", (256, 256)),
    ("swinir", (128, 128)),
];

fn graph(name: &str) -> Graph {
    if name == "light" {
        return light_networks::light();
    }
    arch::build(name).unwrap_or_else(|| panic!("no network `{name}`")).unwrap()
}

fn size(name: &str) -> Size {
    CASES.iter().find(|case| case.0 == name).map_or((512, 512), |case| case.1)
}

/// Rows and columns of the smallest image that contains 1920×1080, or that is upscaled to it.
fn full_hd(graph: &Graph) -> Size {
    let multiple = graph.size_multiple().unwrap_or(1);
    let scale = graph.scale().unwrap_or(1);
    ((FULL_HD.0 / scale).next_multiple_of(multiple), (FULL_HD.1 / scale).next_multiple_of(multiple))
}

/// Bytes from the system's statistics of this process.
fn account(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() << 10
}

/// Peak bytes of a run, minus those allocated before.
fn memory(name: &str, products: Products) -> u64 {
    let graph = graph(name);
    let size = full_hd(&graph);
    let case = Case::new(graph, size, products);
    // 5 resets the peak.
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = account("VmRSS");
    let made = case.run(1);
    assert!(made.iter().all(|map| !map.data.is_empty()));
    account("VmHWM").saturating_sub(before)
}

fn list() {
    for (name, size) in CASES {
        let graph = graph(name);
        let (rows, columns) = full_hd(&graph);
        let adds = graph.multiply_adds(size.0, size.1).unwrap();
        println!("{name} {} {} {rows} {columns} {adds}", size.0, size.1);
    }
}

fn times(names: &[&str], products: Products) {
    for (name, size) in CASES.iter().filter(|case| names.is_empty() || names.contains(&case.0)) {
        let graph = graph(name);
        let gigaflops = 2e-9 * graph.multiply_adds(size.0, size.1).unwrap() as f64;
        let case = Case::new(graph, *size, products);
        let best = |threads: usize| {
            let all = (0..3).map(|_| case.milliseconds(threads));
            all.fold((f64::MAX, f64::MAX), |least, now| (least.0.min(now.0), least.1.min(now.1)))
        };
        let (one, two) = (best(1), best(2));
        println!(
            "{name:14} {:8.1} ms CPU, {:5.1} GFLOP per CPU second; two threads {:8.1} ms, {:.2} times as quick",
            one.0,
            gigaflops / one.0 * 1e3,
            two.1,
            one.1 / two.1
        );
    }
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let mut args: Vec<&str> = args.iter().map(String::as_str).collect();
    let (mut level, mut precision) = (Level::best(), Precision::F32);
    if let ["--bf16", ..] = args[..] {
        precision = Precision::Bf16;
        args.remove(0);
    }
    if let ["--level", name, ..] = args[..] {
        level = Level::all().find(|level| format!("{level:?}").eq_ignore_ascii_case(name)).unwrap();
        args.drain(..2);
    }
    let products = (level, precision);
    match args.as_slice() {
        ["--list"] => list(),
        ["--serve", name, folder] => shared::serve(&graph(name), size(name), products, Path::new(folder)),
        ["--memory", name] => println!("{}", memory(name, products)),
        names => times(names, products),
    }
}
