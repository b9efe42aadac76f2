//! Gains on dithered images: `cargo run --release --example dithered -- FOLDER [--odd | --even] [--only NAME]
//! [--write OUT] [-m METHOD]`.
//!
//! FOLDER holds clean images; each gives a window of 512×448, halved first where it is large. Computed skies are
//! added. Every window is quantised with every dither of `generate.rs`, restored at 16 bits and compared with the
//! clean one. Windows with even numbers are for choices, those with odd numbers for reports. The columns: mean
//! PSNR of the input, mean and least gain in dB, images found to be dithered, samples outside their intervals.
#![allow(clippy::print_stdout, clippy::expect_used)] // a program

mod generate;

use std::path::{Path, PathBuf};

use generate::{CASES, Case, dithered};
use unband::faithful::Faithful;
use unband::findings::Dithering;
use unband::io::{Limits, WriteOptions, read_file, write_file};
use unband::{Choice, Context, Image, Model, Options, OutputDepth, Plane, Rng, With, deband_with, prove};

const SIZE: (usize, usize) = (512, 448);
const SKIES: u32 = 8;

type Failed = Box<dyn std::error::Error>;

struct Arguments {
    folder: PathBuf,
    /// Parity of the windows' numbers.
    rest: Option<usize>,
    only: Option<String>,
    write: Option<PathBuf>,
    options: Options,
}

fn main() -> Result<(), Failed> {
    let arguments = arguments()?;
    let photos = photos(&arguments.folder)?;
    let skies: Vec<(String, Image)> = (0..SKIES).map(|n| (format!("sky {n}"), sky(n))).collect();
    for (title, scenes) in [("skies", skies), ("photos", photos)] {
        println!("{title}: {} windows", scenes.len());
        let chosen = |name: &str| arguments.only.as_ref().is_none_or(|only| name.contains(only.as_str()));
        for case in CASES.iter().filter(|case| chosen(case.name)) {
            table_row(case, &scenes, &arguments)?;
        }
    }
    Ok(())
}

fn arguments() -> Result<Arguments, Failed> {
    let mut words = std::env::args().skip(1);
    let folder = PathBuf::from(words.next().ok_or("a folder of clean images is needed")?);
    let mut found = Arguments {
        folder,
        rest: None,
        only: None,
        write: None,
        options: Options::with(|new| new.depth = OutputDepth::Bits(16)),
    };
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("{word} needs a value"));
        match word.as_str() {
            "--even" => found.rest = Some(0),
            "--odd" => found.rest = Some(1),
            "--only" => found.only = Some(value()?),
            "--write" => found.write = Some(value()?.into()),
            "-m" => found.options.method = Choice::Named(unband::parse_method(&value()?)?),
            _ => return Err(format!("unknown option {word}").into()),
        }
    }
    Ok(found)
}

/// Restores all windows with one dither, and prints the figures.
fn table_row(case: &Case, scenes: &[(String, Image)], arguments: &Arguments) -> Result<(), Failed> {
    let ctx = Context::default();
    let (mut before, mut gains, mut found, mut outside) = (Vec::new(), Vec::new(), 0, 0);
    let mut worst = (f64::INFINITY, "");
    let mut names: Vec<(String, usize)> = Vec::new();
    for (number, (name, clean)) in scenes.iter().enumerate() {
        if arguments.rest.is_some_and(|rest| number % 2 != rest) {
            continue;
        }
        let source = dithered(clean, case, number as u64);
        let (result, report) = deband_with(source.clone(), &arguments.options, &ctx)?;
        let proof = prove(&source, &result, &report.findings, Faithful::File);
        let input = psnr(clean, &source);
        let gain = psnr(clean, &result) - input;
        before.push(input);
        gains.push(gain);
        if gain < worst.0 {
            worst = (gain, name);
        }
        found += usize::from(report.findings.dither.is_some());
        outside += proof.outside;
        let words = report.findings.dither.as_ref().map_or_else(|| "none".to_owned(), Dithering::words);
        match names.iter_mut().find(|(known, _)| *known == words) {
            Some((_, count)) => *count += 1,
            None => names.push((words, 1)),
        }
        if let Some(folder) = &arguments.write {
            save(folder, case, name, [("in", &source), ("out", &result)])?;
        }
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
    let words: Vec<String> = names.iter().map(|(words, count)| format!("{words} {count}")).collect();
    println!(
        "{:36} {:6.2} {:+6.2} {:+6.2}  {found:3}/{:<3} {outside:4}  {} (least: {})",
        case.name,
        mean(&before),
        mean(&gains),
        worst.0,
        gains.len(),
        words.join(", "),
        worst.1
    );
    Ok(())
}

fn save(folder: &Path, case: &Case, name: &str, images: [(&str, &Image); 2]) -> Result<(), Failed> {
    std::fs::create_dir_all(folder)?;
    for (kind, image) in images {
        let file = format!("{} {name} {kind}.png", case.name).replace([' ', ','], "_");
        let format = unband::io::by_name("png").ok_or("no PNG")?;
        write_file(image, &folder.join(file), format, &WriteOptions::default(), true)?;
    }
    Ok(())
}

/// PSNR over all channels, in dB.
fn psnr(a: &Image, b: &Image) -> f64 {
    let (mut sum, mut count) = (0.0, 0);
    for (a, b) in a.planes.iter().zip(&b.planes) {
        sum += a.data.iter().zip(&b.data).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>();
        count += a.data.len();
    }
    -10.0 * (sum / f64::from(count as u32)).max(1e-20).log10()
}

/// Windows of the images of a folder.
fn photos(folder: &Path) -> Result<Vec<(String, Image)>, Failed> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    files.sort();
    let mut found = Vec::new();
    for file in files.iter().filter(|file| file.is_file()) {
        let (image, _) = read_file(file, &Limits::default())?;
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if let Some(window) = window(&image) {
            found.push((name, window));
        }
    }
    Ok(found)
}

/// The middle of an image, in red, green and blue; images of 1,000 rows and more are halved.
fn window(image: &Image) -> Option<Image> {
    let half = 1 + usize::from(image.width().min(image.height()) >= 1000);
    let (width, height) = (image.width() / half, image.height() / half);
    let (w, h) = (SIZE.0.min(width), SIZE.1.min(height));
    let (x0, y0) = ((width - w) / 2, (height - h) / 2);
    let plane = |p: usize| {
        let source = image.planes.get(p).or(image.planes.first())?;
        let value = |x: usize, y: usize| {
            let mut sum = 0.0;
            for i in 0..half * half {
                sum += source.row(half * (y0 + y) + i / half)[half * (x0 + x) + i % half];
            }
            sum / (half * half) as f32
        };
        let data = (0..w * h).map(|i| value(i % w, i / w)).collect();
        Some(Plane { width: w, height: h, data })
    };
    let planes = (0..3).map(plane).collect::<Option<Vec<Plane>>>()?;
    Some(Image::new(planes, Model::Rgb, unband::Depth::F32))
}

/// A smooth sky with a glow, drawn from a seed.
fn sky(seed: u32) -> Image {
    let rng = Rng::new(u64::from(seed) + 100);
    let draw = |key: u32, low: f32, high: f32| low + (high - low) * rng.unit_at(0, 0, key, 0);
    let (w, h) = SIZE;
    let (sun, wide) = ((draw(1, 0.1, 0.9), draw(2, 0.3, 0.8)), draw(3, 3.0, 12.0));
    let planes = (0..3u32).map(|c| {
        let key = 10 * (c + 1);
        let (base, down, across) = (draw(key, 0.15, 0.5), draw(key + 1, 0.1, 0.4), draw(key + 2, -0.1, 0.1));
        let glow = draw(key + 3, 0.0, 0.2);
        let value = |i: usize| {
            let (x, y) = ((i % w) as f32 / h as f32, (i / w) as f32 / h as f32);
            let sun = ((x - sun.0).powi(2) + (y - sun.1).powi(2)) * wide;
            let sky = base + down * y + across * x + glow * (-sun).exp();
            sky.clamp(0.0, 1.0)
        };
        Plane { width: w, height: h, data: (0..w * h).map(value).collect() }
    });
    Image::new(planes.collect(), Model::Rgb, unband::Depth::F32)
}
