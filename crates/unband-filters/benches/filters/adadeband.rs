//! Benchmark of `adadeband` and its detector on its authors' two frames.

use unband_filters::adadeband::{AdaDebandParams, adadeband_plane};
use unband_filters::bband::{Luma, Samples, Thresholds, find_edges, score};
use unband_image::{Context, With};
use unband_simd::Level;

use super::{REPEATS, thread_time};

const SIZE: (usize, usize) = (1920, 1080);

/// The authors' time for a frame in C++, in seconds, and the target.
const PUBLISHED: f64 = 4.5;
const ASKED: f64 = 0.6;

fn read(name: &str) -> Vec<u8> {
    let path = format!("{}/../../golden/bband/{name}.png", env!("CARGO_MANIFEST_DIR"));
    let file = std::io::BufReader::new(std::fs::File::open(path).unwrap());
    let mut reader = png::Decoder::new(file).read_info().unwrap();
    let mut data = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut data).unwrap();
    data
}

fn least(mut work: impl FnMut()) -> f64 {
    let seconds = (0..REPEATS).map(|_| {
        let before = thread_time();
        work();
        thread_time().saturating_sub(before).as_secs_f64()
    });
    seconds.fold(f64::INFINITY, f64::min)
}

/// Prints the table.
pub(super) fn run(levels: &[Level], best: Level) {
    println!("{:44} {:>9} {:>9} {:>8}", "adadeband, 1920×1080 luma", "ms/frame", "MPix/s", "ratio");
    let params = AdaDebandParams::default();
    for name in ["sky2", "plant1"] {
        let codes = read(name);
        let luma = Luma::new(Samples::Codes(&codes), SIZE.0, SIZE.1).unwrap();
        let mut out = codes.clone();
        let pixels = codes.len() as f64 / 1e6;
        let line = |what: &str, seconds: f64, ratio: f64| {
            println!(
                "{:44} {:9.3} {:9.0} {ratio:7.2}×",
                format!("{name} {what}"),
                seconds * 1e3,
                pixels / seconds
            );
        };
        for &level in levels {
            let ctx = Context::with(|new| {
                new.threads = 1;
                new.level = level;
            });
            let edges = least(|| _ = find_edges(&luma, Thresholds::default(), &ctx).unwrap());
            line(&format!("edges {level:?}"), edges, PUBLISHED / edges);
            let all = least(|| _ = score(&luma, Thresholds::default(), &ctx).unwrap());
            line(&format!("score {level:?}"), all, PUBLISHED / all);
            let filter =
                least(|| _ = adadeband_plane(&mut out, &codes, SIZE.0, SIZE.1, &params, &ctx).unwrap());
            line(&format!("filter {level:?}"), filter, PUBLISHED / filter);
            if level == best {
                let verdict = if filter <= ASKED { "reached" } else { "NOT reached" };
                println!("  asked for: {ASKED} s — {verdict}");
            }
        }
    }
}
