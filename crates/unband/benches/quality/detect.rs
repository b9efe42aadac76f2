//! Benchmark of `inspect` on images with a known history.

use std::collections::BTreeMap;

use unband::{Context, Findings, With, inspect};
use unband_data::FixedDegradation;
use unband_image::findings::Space;

use crate::Result;
use crate::corpus::{Corpus, Photo};

/// Known quantisation of an image.
enum Truth {
    /// No grid coarser than 8 bits.
    Fine,
    /// RGB with this many bits.
    Levels(u8),
    /// Bits of Y, U and V; 8 for an unchanged plane.
    Planes([u8; 3]),
    /// Steps of a quantiser, palette or tone curve: only the name of the degradation can be right.
    Other,
}

fn truth(cause: &str) -> Truth {
    match cause {
        "rgb-7" => Truth::Levels(7),
        "rgb-6" => Truth::Levels(6),
        "rgb-5" => Truth::Levels(5),
        "luma-6" | "fhd-luma-6" => Truth::Planes([6, 8, 8]),
        "u-5" => Truth::Planes([8, 5, 8]),
        "chroma-6" => Truth::Planes([8, 6, 6]),
        "fhd-chroma-6" => Truth::Planes([6, 6, 6]),
        "fhd-chroma-5" => Truth::Planes([6, 5, 5]),
        "tone-curve" | "palette-256" | "palette-64" | "rgb-6-jpeg" => Truth::Other,
        _ => Truth::Fine,
    }
}

/// Bits of the three planes where a grid of known bits was found, 8 elsewhere; and whether they are YUV
/// planes.
fn found(findings: &Findings) -> ([u8; 3], bool) {
    let mut bits = [8; 3];
    for (bits, grid) in bits.iter_mut().zip(&findings.grids) {
        if let (true, Some(b)) = (grid.found, grid.bits) {
            *bits = b;
        }
    }
    (bits, matches!(findings.space, Space::Yuv { .. }))
}

#[derive(Default)]
struct Counts {
    photos: usize,
    any: usize,
    only_right: usize,
    all_right: usize,
    called: BTreeMap<String, usize>,
}

/// The table header.
pub(crate) const HEAD: &str = "\
| images | degradation | photos | coarse grid found | only right planes and bits | all right | called |
|---|---|---|---|---|---|---|";

/// One line per degradation.
pub(crate) fn line(
    corpus: &Corpus,
    set: &str,
    photos: &[&Photo],
    cause: &FixedDegradation,
    each: bool,
) -> Result<String> {
    let ctx = Context::default();
    let all = ctx.map(photos.len(), |i| {
        let one = Context::with(|new| new.threads = 1);
        let pair = corpus.pair(photos[i], cause).map_err(|e| e.to_string())?;
        Ok::<_, String>(pair.map(|pair| inspect(&pair.lq, &one)))
    });
    let mut counts = Counts::default();
    for (photo, findings) in photos.iter().zip(all) {
        let Some(findings) = findings? else {
            return Ok(format!("| {set} | {} | skipped: a program it needs is not installed |", cause.name));
        };
        counts.photos += 1;
        *counts.called.entry(format!("{:?}", findings.cause)).or_default() += 1;
        let (bits, yuv) = found(&findings);
        let any = bits != [8; 3];
        counts.any += usize::from(any);
        let (want, want_yuv) = match truth(cause.name) {
            Truth::Fine | Truth::Other => ([8; 3], yuv),
            Truth::Levels(b) => ([b; 3], false),
            Truth::Planes(bits) => (bits, true),
        };
        let fits = yuv == want_yuv && (0..3).all(|p| bits[p] == 8 || bits[p] == want[p]);
        counts.only_right += usize::from(any && fits);
        counts.all_right += usize::from(bits == want && fits);
        if each {
            eprintln!("    {:<48} {:?} {:?} {bits:?}", photo.name, findings.cause, findings.space);
        }
    }
    let called: Vec<String> = counts.called.iter().map(|(name, n)| format!("{name} {n}")).collect();
    let (only, right) = match truth(cause.name) {
        Truth::Other => ("–".to_owned(), "–".to_owned()),
        Truth::Fine => ("–".to_owned(), counts.all_right.to_string()),
        _ => (counts.only_right.to_string(), counts.all_right.to_string()),
    };
    Ok(format!(
        "| {set} | {:<12} | {} | {} | {only} | {right} | {} |",
        cause.name,
        counts.photos,
        counts.any,
        called.join(", ")
    ))
}
