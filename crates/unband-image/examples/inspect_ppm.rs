//! Prints what the detector finds in binary PPM and PGM files, one line each:
//! `cargo run --release -p unband-image --example inspect_ppm -- FILE…`
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::time::Instant;
use unband_image::inspect::inspect;
use unband_image::{Context, Image};

fn main() {
    let ctx = Context { threads: 1, ..Context::default() };
    for path in std::env::args().skip(1) {
        let Some(image) = std::fs::read(&path).ok().and_then(|bytes| read(&bytes)) else {
            eprintln!("{path}: not a binary PPM or PGM of 8 bits");
            continue;
        };
        let start = Instant::now();
        let found = inspect(&image, &ctx);
        let ms = start.elapsed().as_secs_f64() * 1e3;
        let steps: Vec<String> = found
            .grids
            .iter()
            .map(|g| format!("{}{:.2}", if g.found { "*" } else { "" }, g.step_codes))
            .collect();
        println!(
            "{path}\t{:?}\t{:?}\t{}\tlossy={} bits={} banded={:.3} visible={}\t{ms:.1} ms",
            found.cause,
            found.space,
            steps.join(" "),
            found.lossy,
            found.effective_bits,
            found.banded_share,
            found.visible
        );
    }
}

fn read(bytes: &[u8]) -> Option<Image> {
    let mut at = 0;
    let mut word = || {
        let from = at + bytes[at..].iter().position(|b| !b.is_ascii_whitespace())?;
        let to = from + bytes[from..].iter().position(u8::is_ascii_whitespace)?;
        at = to + 1;
        std::str::from_utf8(&bytes[from..to]).ok()
    };
    let kind = word()?;
    let [w, h, max] = [word()?, word()?, word()?].map(str::parse::<usize>);
    let (w, h) = (w.ok()?, h.ok()?);
    let data = &bytes[at..];
    match (kind, max.ok()?) {
        ("P6", 255) => Image::from_rgb8(w, h, data).ok(),
        ("P5", 255) => Image::from_gray(w, h, data).ok(),
        _ => None,
    }
}
