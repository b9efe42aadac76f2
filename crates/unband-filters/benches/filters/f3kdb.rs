//! Benchmark of `f3kdb` compared with the original: speed, and equality of codes.
//!
//! The original runs in a driver, whose path is an option: a program around the original's `f3kdb_core_t`,
//! called as `DRIVER FILE WIDTH HEIGHT SSW SSH PLANES BITS REPEATS OPT [NAME=VALUE …] [out=FILE]`. It reads
//! raw planar frames (8 bits in bytes, else 16-bit little endian; chroma halved SSW and SSH times) until FILE
//! ends. It processes all their planes REPEATS times with the code path OPT (as the original's `opt`: 0 C++,
//! 1 SSE4.1, -1 the best), and prints the minimum CPU nanoseconds per frame, without building tables.
//! NAME=VALUE are the original's settings, and `frames`, the length of the clip. The last results are written
//! to `out` in the same format.

use std::path::{Path, PathBuf};
use std::process::Command;

use unband_filters::f3kdb::{F3kdbParams, Rule, Tables, f3kdb_plane};
use unband_filters::grid::Sample;
use unband_image::{Context, Method, With};
use unband_simd::Level;

use super::ffmpeg::children_time;
use super::{Clip, REPEATS, Row, line, option, thread_time};

type Settings = Vec<(String, String)>;

fn settings(text: &str) -> Settings {
    let pairs = text.split(',').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn params(settings: impl IntoIterator<Item = (String, String)>) -> F3kdbParams {
    F3kdbParams::from_method(&Method::from_texts(&unband_filters::f3kdb::ENTRY, settings).unwrap()).unwrap()
}

fn row<'a, T: Sample>(clip: &'a Clip<T>, bits: u8, level: Level, name: &str, text: &str) -> Row<'a, T> {
    let params = params(settings(text));
    let tables = Tables::new(&params, clip.size, (1, 1), &Context::default()).unwrap();
    let rules = [0, 1, 2].map(|p| Rule::new(&params, p, (bits, bits)));
    let (w, h) = clip.size;
    Row::new(format!("f3kdb {name} {w}×{h} {bits}-bit {level:?}"), clip, move |out, plane, size, p| {
        f3kdb_plane(level, out, plane, size, &tables, &rules[p], 0).unwrap();
    })
}

/// A driver running on a file of 4:2:0 frames: seconds per frame.
fn original(driver: &Path, file: &Path, size: (usize, usize), bits: u8, text: &str) -> Option<f64> {
    let mut command = Command::new(driver);
    command.arg(file).args([size.0, size.1, 1, 1, 3, bits.into(), 3].map(|n| n.to_string())).arg("-1");
    command.args(text.split(',').filter(|pair| !pair.is_empty()));
    let output = command.output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.split_whitespace().next()?.parse::<f64>().ok().map(|nanos| nanos / 1e9)
}

/// A measurement: name, settings, and the required speed relative to the original.
const RUNS: &[(&str, &str, f64)] = &[
    ("ordered", "dither_algo=2", 1.5),
    ("diffused", "dither_algo=3", 1.1),
    ("cut off", "dither_algo=1", 0.0),
    ("mode 1 ordered", "sample_mode=1,dither_algo=2", 0.0),
    ("mode 3 ordered", "sample_mode=3,dither_algo=2", 0.0),
    ("mode 4 ordered", "sample_mode=4,dither_algo=2", 0.0),
    ("mode 5 ordered", "sample_mode=5,y=320,cb=320,cr=320,dither_algo=2", 0.0),
    ("mode 6 ordered", "sample_mode=6,y=320,cb=320,cr=320,dither_algo=2", 0.0),
    ("mode 7 ordered", "sample_mode=7,y=320,cb=320,cr=320,dither_algo=2", 0.0),
];

pub(super) fn run(levels: &[Level], best: Level, driver: Option<&Path>) {
    let (eight, ten) = (Clip::<u8>::new((1920, 1080), 8), Clip::<u16>::new((1920, 1080), 10));
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("unband-bench-f3kdb.yuv");
    eight.write(&file).unwrap();
    let mut runs: Vec<_> = RUNS
        .iter()
        .map(|&(name, text, bar)| {
            let rows: Vec<_> = levels
                .iter()
                .filter(|&&level| bar > 0.0 || level == best)
                .map(|&level| row(&eight, 8, level, name, text))
                .collect();
            (rows, name, text, bar, f64::INFINITY)
        })
        .collect();
    let mut wides =
        [row(&ten, 10, best, "ordered", "dither_algo=2"), row(&ten, 10, best, "diffused", "dither_algo=3")];
    for _ in 0..REPEATS {
        for (rows, _, text, _, theirs) in &mut runs {
            if let Some(seconds) = driver.and_then(|path| original(path, &file, eight.size, 8, text)) {
                *theirs = theirs.min(seconds);
            }
            rows.iter_mut().for_each(Row::measure);
        }
        wides.iter_mut().for_each(Row::measure);
    }
    let _ = std::fs::remove_file(&file);
    if driver.is_none() {
        println!("skipped: the original f3kdb (give its driver's path as --f3kdb PATH)");
    }
    for (rows, name, _, bar, theirs) in &runs {
        let theirs = theirs.is_finite().then_some(*theirs);
        if let Some(theirs) = theirs {
            let rate = (1920 * 1080) as f64 / theirs / 1e6;
            println!("{:44} {:9.3} {rate:9.0} {:7.2}×", format!("the original, {name}"), theirs * 1e3, 1.0);
        }
        for row in rows {
            line(row, theirs);
        }
        if let (Some(theirs), Some(row), true) = (theirs, rows.last(), *bar > 0.0) {
            let reached = theirs / row.least >= *bar;
            println!("  asked for: {bar}× — {}", if reached { "reached" } else { "NOT reached" });
        }
    }
    for row in &wides {
        line(row, None);
    }
    tables(best);
}

/// Building the tables.
fn tables(level: Level) {
    let ctx = Context::with(|new| {
        new.threads = 1;
        new.level = level;
    });
    for (name, text) in [("uniform", ""), ("Gaussian", "random_algo_ref=2,random_algo_grain=2")] {
        let params = params(settings(text));
        let mut least = f64::INFINITY;
        for _ in 0..3 {
            let start = thread_time();
            std::hint::black_box(Tables::new(&params, (1920, 1080), (1, 1), &ctx).unwrap());
            least = least.min(thread_time().saturating_sub(start).as_secs_f64());
        }
        let name = format!("f3kdb tables, {name} 1920×1080 {level:?}");
        println!("{name:44} {:9.3}", least * 1e3);
    }
}

/// Compares unband with the driver on random settings and images: number of differing codes.
pub(super) fn compare(driver: &Path, runs: usize) {
    let before = children_time();
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let (input, output) = (folder.join("unband-compare-in.yuv"), folder.join("unband-compare-out.yuv"));
    let mut random = Random(option("--seed").and_then(|seed| seed.parse().ok()).unwrap_or(12345));
    // By mode: runs, samples, differing samples, differing runs.
    let mut counts = [[0usize; 4]; 8];
    for run in 0..runs {
        let case = Case::random(&mut random);
        std::fs::write(&input, case.bytes()).unwrap();
        let opt = if case.number("sample_mode") <= 5 { "1" } else { "0" };
        let (w, h) = case.size;
        let mut command = Command::new(driver);
        command.arg(&input).args(
            [w, h, case.halved.0 as usize, case.halved.1 as usize, case.planes, case.bits.into(), 1]
                .map(|n| n.to_string()),
        );
        command.arg(opt).args(case.settings.iter().map(|(name, value)| format!("{name}={value}")));
        let status = command.arg(format!("out={}", output.display())).output().unwrap().status;
        assert!(status.success(), "the driver failed: {command:?}");
        let theirs = std::fs::read(&output).unwrap();
        let ours = case.ours();
        assert_eq!(ours.len(), theirs.len(), "{case:?}");
        let size = if case.number("output_depth") <= 8 { 1 } else { 2 };
        let differing = ours.chunks(size).zip(theirs.chunks(size)).filter(|(a, b)| a != b).count();
        let count = &mut counts[case.number("sample_mode")];
        count[0] += 1;
        count[1] += ours.len() / size;
        count[2] += differing;
        count[3] += usize::from(differing > 0);
        if differing > 0 {
            println!(
                "run {run}: {differing} of {} differ: {}×{} {:?} {} planes {} bits {:?}",
                ours.len() / size,
                w,
                h,
                case.halved,
                case.planes,
                case.bits,
                case.settings
            );
        }
    }
    for (mode, [runs, samples, differing, bad]) in counts.iter().enumerate().skip(1) {
        println!("mode {mode}: {runs} runs, {samples} samples, {differing} differ in {bad} runs");
    }
    println!("the driver took {:.1} s", children_time().saturating_sub(before).as_secs_f64());
    let _ = (std::fs::remove_file(&input), std::fs::remove_file(&output));
}

struct Random(u64);

impl Random {
    fn below(&mut self, count: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % count
    }

    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }
}

#[derive(Debug)]
struct Case {
    size: (usize, usize),
    halved: (u32, u32),
    planes: usize,
    bits: u8,
    settings: Settings,
    frames: Vec<Vec<Vec<u16>>>,
}

impl Case {
    fn random(random: &mut Random) -> Self {
        let planes = random.of(&[1, 3, 3]);
        let halved = if planes == 1 { (0, 0) } else { random.of(&[(0, 0), (1, 1), (1, 0), (2, 0), (2, 2)]) };
        let size = (
            (16 + random.below(180)).next_multiple_of(1 << halved.0),
            (16 + random.below(120)).next_multiple_of(1 << halved.1),
        );
        let bits = random.of(&[8, 8, 8, 9, 10, 12, 14, 15, 16]);
        let any = 8 + random.below(9) as u8;
        let output = random.of(&[bits, bits, 8, 10, 16, any]);
        let scale = random.below(4) == 0;
        let mut settings = Settings::new();
        let mut set = |name: &str, value: String| settings.push((name.to_owned(), value));
        set("output_depth", output.to_string());
        set("scale", scale.to_string());
        set("sample_mode", (1 + random.below(7)).to_string());
        let range = if random.below(4) == 0 { random.below(256) } else { random.below(32) };
        set("range", range.to_string());
        for name in ["y", "cb", "cr", "y_1", "cb_1", "cr_1", "y_2", "cb_2", "cr_2"] {
            let value = match (random.below(6), scale) {
                (0, _) => 0,
                (1, true) => random.below(65536),
                (_, true) => random.below(2000),
                (_, false) => random.below(512),
            };
            if !name.contains('_') || random.below(2) == 0 {
                set(name, value.to_string());
            }
        }
        for name in ["grainy", "grainc"] {
            let most = random.of(&[1, 100, 4097]);
            set(name, random.below(most).to_string());
        }
        set("seed", (random.below(100_000) as f64 - 50_000.0).to_string());
        for name in ["blur_first", "dynamic_grain", "keep_tv_range"] {
            set(name, (random.below(2) == 0).to_string());
        }
        set("dither_algo", (1 + random.below(3)).to_string());
        let frames = 1 + random.below(3);
        set("frames", frames.to_string());
        if random.below(2) == 0 {
            set("random_algo_ref", random.below(3).to_string());
            set("random_algo_grain", random.below(3).to_string());
            set("random_param_ref", random.of(&["0.3", "1", "2.7"]).to_owned());
            set("random_param_grain", random.of(&["0.25", "1.1", "4"]).to_owned());
        }
        set("angle_boost", random.of(&["0", "0.5", "1.5", "3.25"]).to_owned());
        set("max_angle", random.of(&["0", "0.05", "0.15", "1"]).to_owned());
        let rough = random.of(&[0usize, 1, 3, 40]);
        let (slope, wide) = (random.below(7) + 1, random.below(40) + 1);
        let mut frame = || {
            (0..planes)
                .map(|p| {
                    let (w, h) = if p == 0 { size } else { (size.0 >> halved.0, size.1 >> halved.1) };
                    let mut plane = Vec::new();
                    for i in 0..w * h {
                        let (x, y) = (i % w, i / w);
                        let noise = random.below(2 * rough + 1);
                        let ends = if (x / 40 + y / 30) % 5 == 4 { 200 } else { 0 };
                        let code = (x * slope + y * 5) * 4 / wide + noise + ends + 7 * p;
                        // In quarters of 8-bit codes, from black to white and back to black.
                        let quarters = (code % 1024) as u32;
                        let code = if bits <= 10 { quarters >> (10 - bits) } else { quarters << (bits - 10) };
                        let fine = if bits > 10 { random.below(1 << (bits - 10)) as u32 } else { 0 };
                        plane.push((code + fine).min((1 << bits) - 1) as u16);
                    }
                    plane
                })
                .collect()
        };
        let frames = (0..frames).map(|_| frame()).collect();
        Self { size, halved, planes, bits, settings, frames }
    }

    fn number(&self, name: &str) -> usize {
        self.settings.iter().find(|(n, _)| n == name).unwrap().1.parse().unwrap()
    }

    fn bytes(&self) -> Vec<u8> {
        let codes = self.frames.iter().flatten().flatten();
        if self.bits == 8 {
            codes.map(|&code| code as u8).collect()
        } else {
            codes.flat_map(|code| code.to_le_bytes()).collect()
        }
    }

    fn ours(&self) -> Vec<u8> {
        let params = params(self.settings.iter().cloned());
        let output = self.number("output_depth") as u8;
        let mut all = Vec::new();
        let tables = Tables::new(&params, self.size, self.halved, &Context::default()).unwrap();
        for (i, frame) in (0..).zip(&self.frames) {
            for (p, codes) in frame.iter().enumerate() {
                let rule = Rule::new(&params, p, (self.bits, output));
                let (w, h) = self.size;
                let size = if p == 0 { (w, h) } else { (w >> self.halved.0, h >> self.halved.1) };
                let eight = || codes.iter().map(|&code| code as u8).collect::<Vec<_>>();
                match (self.bits, output) {
                    (8, 8) => all.extend(plane::<u8, u8>(&eight(), size, &tables, &rule, i)),
                    (8, _) => all.extend(wide(plane::<u8, u16>(&eight(), size, &tables, &rule, i))),
                    (_, 8) => all.extend(plane::<u16, u8>(codes, size, &tables, &rule, i)),
                    _ => all.extend(wide(plane::<u16, u16>(codes, size, &tables, &rule, i))),
                }
            }
        }
        all
    }
}

fn plane<T: Sample, U: Sample>(
    codes: &[T],
    size: (usize, usize),
    tables: &Tables,
    rule: &Rule,
    frame: u32,
) -> Vec<U> {
    let mut out = vec![U::default(); codes.len()];
    f3kdb_plane(Level::best(), &mut out, codes, size, tables, rule, frame).unwrap();
    out
}

fn wide(codes: Vec<u16>) -> Vec<u8> {
    codes.into_iter().flat_map(u16::to_le_bytes).collect()
}
