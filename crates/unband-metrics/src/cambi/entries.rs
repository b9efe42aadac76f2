//! Registry entries of CAMBI: alone, for coarser steps, of a reference, and against one.

use std::any::Any;

use unband_image::{Context, Image, Params};

use super::{LEAST_SIDE, NAME, Options, score_image, worse_by};
use crate::{Better, ComparedWith, Domain, Fault, Metric, MetricError, MinSize, Score, Tuning};

/// Whether this is one of the metrics of this module. They use luma as stored in a video; others use RGB or
/// grey.
pub fn is_one(metric: &Metric) -> bool {
    [&ENTRY, &ENTRY_COARSE, &ENTRY_REFERENCE, &ENTRY_FULL_REFERENCE]
        .iter()
        .any(|one| one.name == metric.base())
}

fn entry_score(image: &Image, options: &Options, ctx: &Context<'_>) -> Result<Score, MetricError> {
    let report = score_image(image, options, ctx)?;
    let masked = report.scales[0].masked as f64;
    let details = vec![
        ("window", report.window as f64),
        ("flat_share", masked / (report.scales[0].width * report.scales[0].height) as f64),
        ("scale_1", report.scales[0].score),
        ("scale_2", report.scales[1].score),
        ("scale_4", report.scales[2].score),
        ("scale_8", report.scales[3].score),
        ("scale_16", report.scales[4].score),
    ];
    Ok(Score { value: report.score, details })
}

fn of_reference(
    reference: Option<&Image>,
    options: &Options,
    ctx: &Context<'_>,
) -> Result<Score, MetricError> {
    let reference = reference.ok_or(Fault::Missing("a reference").of(NAME))?;
    let size = Options { enc_width: options.src_width, enc_height: options.src_height, ..options.clone() };
    entry_score(reference, &size, ctx)
}

fn full_reference(
    image: &Image,
    reference: Option<&Image>,
    options: &Options,
    ctx: &Context<'_>,
) -> Result<Score, MetricError> {
    let source = of_reference(reference, options, ctx)?.value;
    let encoded = entry_score(image, options, ctx)?.value;
    Ok(Score { value: worse_by(encoded, source), details: vec![("encoded", encoded), ("source", source)] })
}

/// The options among checked parameters.
fn options(set: &dyn Any) -> Options {
    set.downcast_ref().cloned().unwrap_or_default()
}

const TUNING: Tuning = Tuning {
    params: Options::INFO,
    defaults: || Box::new(Options::default()),
    score: |set, image, _, ctx| entry_score(image, &options(set), ctx),
    set: None,
};

/// Registry entry.
pub const ENTRY: Metric = Metric {
    name: NAME,
    title: "Contrast-aware multiscale banding index",
    purpose: "Banding without a reference, as streaming services measure it; about 5 starts to annoy. It detects steps of one 8-bit code only, and noise of one code hides bands from it.",
    better: Better::Lower,
    compared_with: ComparedWith::Nothing,
    range: "0 and more, 24 is very bad",
    min_size: MinSize::OneSide(LEAST_SIDE),
    source: "Tandon, Afonso, Sole, Krasula, PCS 2021; Netflix/vmaf `libvmaf/src/feature/cambi.c`",
    tuning: Some(TUNING),
    score: |image, _, ctx| entry_score(image, &Options::default(), ctx),
    ..Metric::PLAIN
};

/// Steps of up to eight 8-bit codes.
pub const ENTRY_COARSE: Metric = Metric {
    name: "cambi-coarse",
    title: "CAMBI for steps of up to eight 8-bit codes (max_log_contrast 5)",
    purpose: "The same for coarser steps, which `cambi` does not detect.",
    tuning: Some(Tuning { defaults: || Box::new(Options::coarse()), ..TUNING }),
    score: |image, _, ctx| entry_score(image, &Options::coarse(), ctx),
    ..ENTRY
};

/// Score of the reference, for video tables.
pub const ENTRY_REFERENCE: Metric = Metric {
    name: "cambi-reference",
    title: "CAMBI of the reference",
    purpose: "Banding of the source before it was encoded or repaired.",
    domain: Domain::Video,
    compared_with: ComparedWith::Reference,
    tuning: Some(Tuning {
        score: |set, _, reference, ctx| of_reference(reference, &options(set), ctx),
        ..TUNING
    }),
    score: |_, reference, ctx| of_reference(reference, &Options::default(), ctx),
    ..ENTRY
};

/// Against a reference that may have banding.
pub const ENTRY_FULL_REFERENCE: Metric = Metric {
    name: "cambi-full-reference",
    title: "CAMBI increase over the reference",
    purpose: "Banding added by encoding or repair; 0 if the reference is equally banded.",
    domain: Domain::Video,
    compared_with: ComparedWith::Reference,
    tuning: Some(Tuning {
        score: |set, image, reference, ctx| full_reference(image, reference, &options(set), ctx),
        ..TUNING
    }),
    score: |image, reference, ctx| full_reference(image, reference, &Options::default(), ctx),
    ..ENTRY
};
