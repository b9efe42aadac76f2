//! Scores a folder and a video, and compares two images:
//! `cargo run --example metrics -- FOLDER VIDEO REFERENCE RESULT`.
#![allow(clippy::print_stdout)] // a program

use std::fmt::Write;
use std::ops::ControlFlow;
use std::path::Path;

use unband::Context;
use unband::metrics::files::{images_in, score_files};
use unband::metrics::video::{VideoInput, VideoPlan, score_video};
use unband::metrics::{Check, Inspected, MetricsError, Scope, Scores, Subject, number, score, summaries};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let paths: Vec<_> = std::env::args_os().skip(1).collect();
    let [folder, video, reference, result] = &paths[..] else {
        return Err("usage: metrics FOLDER VIDEO REFERENCE RESULT".into());
    };
    print!("{}", table(folder.as_ref(), video.as_ref(), [reference.as_ref(), result.as_ref()])?);
    Ok(())
}

/// A line for each image of the folder, their means, the video and the pair.
///
/// # Errors
/// A folder or a file that cannot be read.
pub fn table(folder: &Path, video: &Path, pair: [&Path; 2]) -> Result<String, Box<dyn std::error::Error>> {
    let (ctx, mut out, mut all) = (Context::default(), String::new(), Vec::new());
    let metrics = Scope::IMAGE.select(Some("cambi,bband"), None)?;
    let checks = [Check::parse("cambi>5", &Scope::IMAGE)?];
    let mut emit = |file: &Path, scores: Result<Scores, MetricsError>| {
        let Ok(scores) = scores else { return };
        let failed = if scores.failed.is_empty() { "" } else { "  failed" };
        let _ = writeln!(out, "{}  {}{failed}", file.display(), scores.verdict.line);
        all.push(scores);
    };
    score_files(&images_in(folder)?, &metrics, &checks, &mut emit, &ctx);
    for (name, summary) in summaries(&all.iter(), &metrics) {
        writeln!(out, "{name}  mean {}", number(summary.mean))?;
    }
    let mut go_on = |_: &_| ControlFlow::Continue(());
    let scored = score_video(&VideoInput::open(video)?, &VideoPlan::new(&metrics), &mut go_on, &ctx)?.scores;
    writeln!(out, "{}  {} frames  {}", video.display(), scored.frames, scored.scores.verdict.line)?;
    let [reference, result] = [Inspected::open(pair[0], &ctx)?, Inspected::open(pair[1], &ctx)?];
    let metrics = Scope::PAIR.select(Some("psnr,ssim-gauss11-rgb"), None)?;
    let values = score(&[Subject::against(&result, &reference)], &metrics, usize::MAX, &ctx).concat();
    for (metric, value) in metrics.iter().zip(values) {
        writeln!(out, "{}  {}", metric.name, value.number().map_or("–".into(), number))?;
    }
    Ok(out)
}
