//! Scores a folder and a video, evaluates two methods, degrades an image, and opens a checkpoint:
//! `cargo run --example tour -- FOLDER VIDEO CHECKPOINT`.
#![allow(clippy::print_stdout)] // a program

use std::{fmt::Write, ops::ControlFlow, path::Path};

use unband::degrade::{DegradationRecipe, Pair, clean_rgb};
use unband::evaluate::{Data, EvaluateOptions, Recipe, RecipeRow, evaluate};
use unband::metrics::files::{images_in, score_files};
use unband::metrics::video::{VideoInput, VideoScorePlan, score_video};
use unband::metrics::{Check, Inspected, MetricsError, Scope, Scores, number, summaries};
use unband::{Context, Rng, nets::checkpoint};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let paths: Vec<_> = std::env::args_os().skip(1).collect();
    let [folder, video, weights] = &paths[..] else {
        return Err("usage: tour FOLDER VIDEO CHECKPOINT".into());
    };
    print!("{}", tour(folder.as_ref(), video.as_ref(), weights.as_ref())?);
    Ok(())
}

/// A line for each result.
///
/// # Errors
/// A folder or a file that cannot be read.
pub(crate) fn tour(
    folder: &Path,
    video: &Path,
    weights: &Path,
) -> Result<String, Box<dyn std::error::Error>> {
    let (ctx, mut out, mut all, images) = (Context::default(), String::new(), Vec::new(), images_in(folder)?);
    let (metrics, checks) =
        (Scope::IMAGE.select(Some("cambi,bband"), None)?, [Check::parse("cambi>5", &Scope::IMAGE)?]);
    let mut emit = |file: &Path, scores: Result<Scores, MetricsError>| {
        let Ok(scores) = scores else { return };
        let failed = if scores.failed.is_empty() { "" } else { "  failed" };
        let _ = writeln!(out, "{}  {}{failed}", file.display(), scores.verdict.line);
        all.push(scores);
    };
    score_files(&images, &metrics, &checks, &mut emit, &ctx);
    for (name, summary) in summaries(&all.iter(), &metrics) {
        writeln!(out, "{name}  mean {}", number(summary.mean))?;
    }
    let mut go_on = |_: &_| ControlFlow::Continue(());
    let scored =
        score_video(&VideoInput::open(video)?, &VideoScorePlan::new(&metrics), &mut go_on, &ctx)?.scores;
    writeln!(out, "{}  {} frames  {}", video.display(), scored.frames, scored.scores.verdict.line)?;
    let data = Data::Clean { folder: folder.into(), degradations: vec!["rgb-6".into()] };
    let mut recipe = Recipe::new("Two methods", &["psnr", "cambi"], data);
    recipe.method = ["smooth", "gradfun"].map(|name| RecipeRow::new(name, name)).into();
    for row in &evaluate(recipe, &EvaluateOptions::default(), &ctx)?.groups[0].rows {
        let means =
            row.cells.iter().flatten().map(|mean| mean.map_or("–".into(), |mean| number(mean.mean)));
        writeln!(out, "{}  {}", row.name, means.collect::<Vec<_>>().join("  "))?;
    }
    let mut pair = Pair::from_clean(clean_rgb(Inspected::open(&images[0], &ctx)?.image)?);
    let record = DegradationRecipe::find("rgb")?.apply(&mut pair, Rng::new(7))?;
    writeln!(out, "{} degradations, changed: {}", record.degrade.len(), pair.lq != pair.gt)?;
    let opened = checkpoint::open(weights)?;
    let network = opened.architecture().map_or("unknown", |network| network.name);
    writeln!(out, "{}  {} tensors, network {network}", weights.display(), opened.state.len())?;
    Ok(out)
}
