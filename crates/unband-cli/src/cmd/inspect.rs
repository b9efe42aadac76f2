//! `unband inspect FILE…`: detected banding and its cause.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use unband::findings::{BandingMap, PlaneGrid};
use unband::io::{Access, Saving, WriteOptions};
use unband::records::{InspectRecord, plane_names};
use unband::{Context, Depth, Findings, Image, Model, Plane, Reason, With};

use crate::args::{ReporterArgs, ThreadArgs, memory, png_file};
use crate::bar::Bar;
use crate::budget::Budget;
use crate::extras;
use crate::inputs::{Gather, Input, failure, readable};
use crate::outcome::Outcome;
use crate::reporter::{Failure, Reporter, printable};
use crate::result::print_json;

/// Arguments of `unband inspect`.
#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools)] // independent switches
pub(crate) struct InspectArgs {
    /// Images (not videos: `unband score`), folders, patterns, or `-` for standard input
    #[arg(value_name = "FILE", required = true, value_hint = clap::ValueHint::AnyPath)]
    pub inputs: Vec<PathBuf>,
    /// Draw a map of the banding into this PNG: image in grey, bands in orange
    #[arg(long, visible_alias = "save-map", value_name = "FILE.png", value_parser = png_file, value_hint = clap::ValueHint::FilePath)]
    pub map: Option<PathBuf>,
    /// Replace an existing map
    #[arg(long)]
    pub overwrite: bool,
    /// Name the rule that decided, and its evidence
    #[arg(long)]
    pub explain: bool,
    /// Process subfolders too
    #[arg(short, long)]
    pub recursive: bool,
    /// Print one JSON object per image
    #[arg(long)]
    pub json: bool,
    /// Threads.
    #[command(flatten)]
    pub threads: ThreadArgs,
    /// Memory limit, such as 800M or 2G
    #[arg(long, value_name = "SIZE", value_parser = memory, help_heading = "General", hide_short_help = true)]
    pub max_memory: Option<u64>,
    /// Verbosity.
    #[command(flatten)]
    pub reporter: ReporterArgs,
}

/// Inspects images and prints the findings on standard output.
pub(crate) fn run(args: &InspectArgs) -> Outcome {
    let bar = Bar::none();
    let reporter = Reporter { loudness: args.reporter.loudness(), bar: &bar };
    let gather = Gather::new(&readable).but(|new| {
        new.recursive = args.recursive;
        new.results_too = true;
    });
    let gathered = gather.run(&args.inputs);
    if args.map.is_some() && gathered.inputs.len() > 1 {
        reporter.failure(&Failure::usage("`--map` draws one image, several were named", "name one image"));
        return Outcome::Usage;
    }
    if let Some(path) =
        args.map.as_deref().filter(|path| unband::io::by_extension(path).is_none_or(|f| f.name != "PNG"))
    {
        let message = format!("`--map` writes PNG, but {} has another extension", path.display());
        let hint = format!("name it {}", path.with_extension("png").display());
        reporter.failure(&Failure::usage(message, hint));
        return Outcome::Usage;
    }
    if let Some(path) = &args.map
        && let Err(failure) =
            extras::Inputs::from_paths(gathered.inputs.iter().map(|input| &input.path)).keep_from(path)
    {
        reporter.failure(&failure);
        return Outcome::Usage;
    }
    let mut outcome = Outcome::Done;
    for error in &gathered.failures {
        reporter.failure(&failure(error));
        outcome = Outcome::SomeFailed;
    }
    for input in &gathered.inputs {
        let printed = one(input, args, &reporter).unwrap_or_else(|failure| {
            reporter.failure(&failure);
            Outcome::SomeFailed
        });
        outcome = outcome.max(printed);
    }
    outcome
}

fn one(input: &Input, args: &InspectArgs, reporter: &Reporter<'_>) -> Result<Outcome, Failure> {
    let budget = Budget::new(args.max_memory, 1, Budget::INSPECT);
    let (image, format) = budget.read(input, Vec::new())?;
    let ctx = Context::with(|new| new.threads = args.threads.count());
    let (findings, explanation) = if args.explain {
        let (findings, explanation) = unband::explain(&image, &ctx);
        (findings, Some(explanation))
    } else {
        (unband::inspect(&image, &ctx), None)
    };
    if let Some(path) = &args.map {
        let access = Access::from_paths(input.file());
        draw(&image, &findings.map, path, Saving::from(args.overwrite).but(|new| new.access = access))?;
    }
    Ok(if args.json {
        let record = InspectRecord::new(input.shown(), format, &image, &findings);
        print_json(&match explanation {
            Some(explanation) => record.explained(explanation),
            None => record,
        })
    } else {
        let mut text = text(input, format, &image, &findings, args.reporter.verbose);
        let explained = explanation.map_or_else(String::new, |explanation| explanation.to_string());
        for line in explained.lines() {
            let _ = writeln!(text, "  {line}");
        }
        reporter.values(&text)
    })
}

fn text(input: &Input, format: &str, image: &Image, findings: &Findings, verbose: bool) -> String {
    let mut text = format!("{}  {}\n", printable(&input.shown()), about(image, format));
    let _ = writeln!(text, "  {}", findings.sentence());
    if let Some(reason) = unband::left(image, findings).filter(|reason| *reason != Reason::NothingFound) {
        let _ = writeln!(text, "  {}", reason.sentence());
    }
    if verbose {
        let visible = if findings.visible { "visible" } else { "not visible" };
        let _ = writeln!(
            text,
            "  {visible} at 8 bits; {:.0} % of the smooth area is within 16 samples of a step",
            findings.banded_share * 100.0
        );
    }
    if verbose || findings.grids.iter().any(|grid| grid.found) {
        for (name, grid) in plane_names(image, findings).into_iter().zip(&findings.grids) {
            let _ = writeln!(text, "  {name}: {}", grid_words(grid));
        }
    }
    if Depth::Int(findings.effective_bits) != image.depth && image.depth != Depth::F32 {
        let _ =
            writeln!(text, "  effective depth: {} of {} bits", findings.effective_bits, image.depth.bits());
    }
    text
}

/// Size, depth and format in a few words.
pub(crate) fn about(image: &Image, format: &str) -> String {
    let lossy = if image.origin.is_lossy() { " (lossy)" } else { "" };
    format!("{}×{} {} {format}{lossy}", image.width(), image.height(), image.depth)
}

fn grid_words(grid: &PlaneGrid) -> String {
    if grid.steps_by_code.is_some() {
        return format!("steps that vary with the value, confidence {:.0} %", grid.confidence * 100.0);
    }
    if !grid.found {
        return "no coarse grid".to_owned();
    }
    let bits = grid.bits.map_or_else(String::new, |bits| format!("{bits} bits, "));
    format!("{bits}steps of {:.2} codes, confidence {:.0} %", grid.step_codes, grid.confidence * 100.0)
}

/// The image in grey, darkened where nothing was found, orange by the share of false contours.
fn draw(image: &Image, map: &BandingMap, path: &Path, saving: Saving<'_>) -> Result<(), Failure> {
    const ORANGE: [f32; 3] = [1.0, 0.45, 0.0];
    // A tenth of a square's samples on false contours is a lot: bands ten samples wide.
    const FULL: f32 = 0.1;
    let fail = |error: unband::io::Error| Failure::from_error(path.display().to_string(), &error);
    let png = unband::io::by_name("PNG").ok_or_else(|| fail(unband::io::Error::UnknownContent))?;
    let (width, height) = (image.width(), image.height());
    let first = &image.planes[0];
    // Green approximates the brightness of RGB images; luma and grey are channel 0.
    let light = if image.color.model == Model::Rgb { &image.planes[1] } else { first };
    let mut planes = vec![Plane::filled(width, height, 0.0); 3];
    for (p, tint) in ORANGE.into_iter().enumerate() {
        for y in 0..height {
            let row = light.row(y);
            for (x, out) in planes[p].row_mut(y).iter_mut().enumerate() {
                let square = (y / BandingMap::SIDE) * map.columns + x / BandingMap::SIDE;
                let share = map.share.get(square).copied().unwrap_or(0.0);
                let weight = (share / FULL).clamp(0.0, 1.0) * 0.8;
                let grey = 0.15 + 0.55 * row[x].clamp(0.0, 1.0);
                let value = grey + weight * (tint - grey);
                *out = Depth::EIGHT.value(Depth::EIGHT.code(value));
            }
        }
    }
    let drawing = Image::new(planes, Model::Rgb, Depth::EIGHT);
    unband::io::write_file(&drawing, path, png, &WriteOptions::default(), saving).map(|_| ()).map_err(fail)
}
