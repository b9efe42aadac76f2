//! Benchmark of slow motion: lag of the video job compared with single frames.

use std::fmt::Write as _;

use unband::Choice;

use crate::luma::{CleanFrame, Errors};
use crate::moving::{self, MOTIONS, Motion};
use crate::panned::{X264, alone, errors, lossless};
use crate::tools::{Decoded, encode};
use crate::{Result, Run, job};

/// Two photos of `val` with large smooth areas.
const PHOTOS: [&str; 2] = ["procedural_fog_1", "ubuntu_blissful_sky"];

/// Mean errors of frames over their smooth areas, in 8-bit codes.
#[derive(Default)]
struct Levels {
    /// Largest errors of single frames and of the job.
    alone: f64,
    clip: f64,
    /// Largest difference between both in a frame, and the signed mean of the differences: a lag has one
    /// sign.
    apart: f64,
    mean: f64,
}

impl Levels {
    fn new(clip: &[Errors], alone: &[Errors]) -> Self {
        let pairs = clip.iter().zip(alone);
        let pairs: Vec<(f64, f64)> =
            pairs.filter_map(|(a, b)| Some((a.smooth.as_ref()?.mean, b.smooth.as_ref()?.mean))).collect();
        let most =
            |of: &dyn Fn(&(f64, f64)) -> f64| pairs.iter().map(|pair| of(pair).abs()).fold(0.0, f64::max);
        Self {
            alone: most(&|pair| pair.1),
            clip: most(&|pair| pair.0),
            apart: most(&|pair| pair.0 - pair.1),
            mean: pairs.iter().map(|pair| pair.0 - pair.1).sum::<f64>() / pairs.len().max(1) as f64,
        }
    }
}

struct Row {
    name: String,
    changed: u64,
    levels: Levels,
    /// Number of frames whose low-frequency error exceeds the input's, of the job and of single frames, and
    /// the maximum excess in dB.
    worse: [(usize, f64); 2],
    /// Largest difference between the result and that of the reversed video, in codes of the result.
    mirror: u16,
}

/// Makes the page section.
pub(crate) fn page(run: &Run) -> Result<String> {
    let mut page = String::from(
        "| photo | motion | frames changed | level, alone | video | apart | mean apart | frames worse, alone | by, dB | \
         video | by, dB | reversed |\n|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n",
    );
    for name in PHOTOS.iter().filter(|name| run.selects(name)) {
        let photo = moving::photo(&run.photos.join("val").join(name).with_extension("jxl"))?;
        for motion in MOTIONS {
            let frames = motion.frames(&photo);
            let clean =
                frames.iter().map(|frame| CleanFrame::from_luma(&frame[0])).collect::<Result<Vec<_>>>()?;
            let file = |part: &str| run.folder.join(format!("{name}.{}.{part}.mkv", motion.name));
            moving::write(&frames, X264.1, &file("x264"))?;
            let row = row(&clean, motion, name, &file)?;
            let line = line(&row);
            eprintln!("{line}");
            let _ = writeln!(page, "{line}");
        }
    }
    Ok(page)
}

fn row(
    clean: &[CleanFrame],
    motion: &Motion,
    name: &str,
    file: &dyn Fn(&str) -> std::path::PathBuf,
) -> Result<Row> {
    let (source, reversed) = (file("x264"), file("reversed"));
    let (result, back) = (file("unband"), file("reversed.unband"));
    let report = job(&source, &result, Choice::Auto, &lossless())?;
    let input = Decoded::from_path(&source)?;
    // The source's codec: noise of a lossless file is part of its image.
    let lossless_x264 = ["-c:v", "libx264", "-qp", "0"];
    encode(input.frames.iter().rev().cloned(), input.format.pixels.name, &lossless_x264, &reversed)?;
    job(&reversed, &back, Choice::Auto, &lossless())?;
    let (clip, back) = (Decoded::from_path(&result)?, Decoded::from_path(&back)?);
    let alone = alone(&input, &lossless())?;
    let alone: Vec<Errors> =
        clean.iter().zip(&alone).map(|(clean, luma)| clean.errors(luma)).collect::<Result<_>>()?;
    let (before, after) = (errors(clean, &input)?, errors(clean, &clip)?);
    let mirror = clip.frames.iter().zip(back.frames.iter().rev()).map(|(a, b)| apart(a, b)).max();
    Ok(Row {
        name: format!("`{name}` | {}", motion.name),
        changed: report.changed,
        levels: Levels::new(&after, &alone),
        worse: [worse(&before, &after), worse(&before, &alone)],
        mirror: mirror.unwrap_or(0),
    })
}

/// Number of frames whose low-frequency error grew, and the maximum growth.
fn worse(before: &[Errors], after: &[Errors]) -> (usize, f64) {
    let pairs =
        before.iter().zip(after).filter_map(|(a, b)| Some((a.smooth.as_ref()?.low, b.smooth.as_ref()?.low)));
    let grown = pairs.filter(|(a, b)| b > a).map(|(a, b)| 10.0 * (b / a).log10());
    grown.fold((0, 0.0), |(count, most), db| (count + 1, most.max(db)))
}

/// Largest difference between 16-bit codes.
fn apart(a: &[u8], b: &[u8]) -> u16 {
    let code = |pair: &[u8; 2]| u16::from_le_bytes(*pair);
    let pairs = a.as_chunks::<2>().0.iter().zip(b.as_chunks::<2>().0);
    pairs.map(|(a, b)| code(a).abs_diff(code(b))).max().unwrap_or(0)
}

fn line(row: &Row) -> String {
    let ([clip, alone], levels) = (row.worse, &row.levels);
    format!(
        "| {} | {} | {:.3} | {:.3} | {:.3} | {:+.3} | {} | {:.2} | {} | {:.2} | {} |",
        row.name,
        row.changed,
        levels.alone,
        levels.clip,
        levels.apart,
        levels.mean,
        alone.0,
        alone.1,
        clip.0,
        clip.1,
        row.mirror
    )
}
