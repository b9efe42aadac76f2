//! Training data for the detector's weights and limits, printed for `tools/fit_detector.py`.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::path::Path;

use super::hypothesis::{Conversion, Hypothesis};
use super::{ENOUGH, Flats};
use crate::coded::Coding;
use crate::lattice;
use crate::planes::{BlockSums, Channel, Codes, LazyPlane, Recipe};
use crate::{Space, inspect};
use unband_image::Context;
use unband_image::color::{Matrix, Range};
use unband_image::image::Image;
use unband_simd::Level;

/// Reads a binary pixmap of 8 bits.
fn pixmap(path: &Path) -> Image {
    let bytes = std::fs::read(path).unwrap();
    let head: Vec<&[u8]> = bytes.split(u8::is_ascii_whitespace).take(4).collect();
    let number = |i: usize| std::str::from_utf8(head[i]).unwrap().parse::<usize>().unwrap();
    assert!(head[0] == b"P6" && number(3) == 255, "{}", path.display());
    let start = head.iter().map(|word| word.len() + 1).sum::<usize>();
    Image::from_rgb8(number(1), number(2), &bytes[start..]).unwrap()
}

/// One line of a plane: name, bits, whether it is testable, levels of both kinds, features.
fn say(name: &str, file: &str, bits: u8, hypothesis: Option<(bool, [f64; 2], &[f64])>) {
    let Some((is_reliable, levels, features)) = hypothesis else {
        println!("fit {file} {name} {bits} none");
        return;
    };
    let features: Vec<String> = features.iter().map(|f| format!("{f:.5}")).collect();
    let [strict, middles] = levels;
    println!(
        "fit {file} {name} {bits} {} {strict:.4} {middles:.4} {}",
        u8::from(is_reliable),
        features.join(" ")
    );
}

fn colour_plane(name: &str, file: &str, flats: &Flats, is_reliable: impl Fn(&Hypothesis, u8) -> bool) {
    for bits in [6, 5] {
        let hypothesis = Hypothesis::new(flats, bits);
        let features = hypothesis.map(|h| h.chroma_features());
        let line = hypothesis.zip(features.as_ref());
        say(
            name,
            file,
            bits,
            line.map(|(h, f)| (is_reliable(&h, bits), [h.strict.levels, h.middles.levels], &f[..])),
        );
    }
}

/// The lines of an image. The matrix is that of its colours, as `inspect` chooses it.
fn describe(file: &str, image: &Image) {
    let level = Level::best();
    let planes = image.planes.iter();
    let planes = planes.map(|p| p.data.iter().map(|v| (v * 255.0).round() as u8).collect()).collect();
    let codes = Codes { width: image.width(), height: image.height(), planes };
    let sums = BlockSums::new(&codes, &Context::default());
    let colours = lattice::colours(&codes);
    let lattice = lattice::lattice(&colours, &codes);
    let known = lattice.found() && lattice.range == Range::Limited;
    let matrix = if known { lattice.matrix } else { Matrix::Bt601 };
    let conversion = if lattice.truncated { Conversion::Truncated } else { Conversion::Other };
    let recipe = |channel: Channel, range| Recipe::new(channel, matrix, range, channel.is_chroma());
    let gather = |channel: Channel| {
        let enough = if channel.is_chroma() { ENOUGH / 2 } else { ENOUGH };
        Flats::gather(&LazyPlane::new(&codes, &sums, recipe(channel, Range::Limited), level), channel, enough)
    };
    let luma = LazyPlane::new(&codes, &sums, recipe(Channel::Luma, Range::Full), level);
    let coding = Coding::measure(&luma);
    println!(
        "fit {file} image 0 {} {} {} {} {}",
        u8::from(known),
        u8::from(lattice.truncated),
        u8::from(coding.visible()),
        u8::from(coding.surely()),
        u8::from(lattice.found())
    );
    let found = inspect(image, &Context::default());
    let bits: Vec<String> =
        found.grids.iter().map(|g| g.bits.map_or(8, |b| if g.found { b } else { 8 }).to_string()).collect();
    let space = match found.space {
        Space::Yuv { matrix: Matrix::Bt709, .. } => "709",
        Space::Yuv { .. } => "601",
        Space::Native | Space::Rgb => "native",
    };
    println!("fit {file} found 0 {:?} {space} {}", found.cause, bits.join(" "));
    let hypothesis = Hypothesis::new(&gather(Channel::Luma), 6);
    let features = hypothesis.map(|h| h.luma_features(conversion));
    let line = hypothesis.zip(features.as_ref());
    say(
        "luma",
        file,
        6,
        line.map(|(h, f)| (h.luma_is_reliable(), [h.strict.levels, h.middles.levels], &f[..])),
    );
    for (name, channel) in [("blue", Channel::Blue), ("red", Channel::Red)] {
        colour_plane(name, file, &gather(channel), |h, _| !h.one_level());
    }
    for p in 0..codes.planes.len() {
        let flats = Flats::gather(&LazyPlane::stored(&codes, p, level), Channel::Blue, ENOUGH / 3);
        colour_plane(&format!("channel{p}"), file, &flats, Hypothesis::channel_is_reliable);
    }
}

#[test]
#[ignore = "prints the input of tools/fit_detector.py for the folders in UNBAND_PAIRS; that tool runs it"]
fn features_of_pairs() {
    let folders = std::env::var("UNBAND_PAIRS").unwrap();
    for folder in folders.split(',') {
        let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
        files.sort();
        let cause = Path::new(folder).file_name().unwrap().to_string_lossy().into_owned();
        for file in files.iter().filter(|f| f.extension().is_some_and(|e| e == "ppm")) {
            let name = file.file_stem().unwrap().to_string_lossy().into_owned();
            describe(&format!("{cause}/{name}"), &pixmap(file));
        }
    }
}
