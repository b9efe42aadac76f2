//! JSON output of `unband list`.

use serde::Serialize;
use unband::degrade::{DEGRADATIONS, Sides, Speed};
use unband::io::FORMATS;
use unband::metrics::{Domain, metrics};
use unband::networks::DEFAULT;
use unband::{Dither, ParamInfo};

use super::{Kind, against, allowed, default, dither_doc, mixes, sentences};

/// The object of `--json`.
#[derive(Serialize)]
pub struct Record {
    schema: &'static str,
    methods: Vec<MethodRecord>,
    dithers: Vec<NameRecord>,
    formats: Vec<FormatRecord>,
    measures: Vec<MeasureRecord>,
    degradations: Vec<DegradationRecord>,
    mixes: Vec<NameRecord>,
}

#[derive(Serialize)]
struct MethodRecord {
    name: &'static str,
    title: &'static str,
    source: String,
    ours: bool,
    /// Is it the default method where levels are missing?
    default: bool,
    parameters: Vec<ParameterRecord>,
}

#[derive(Serialize)]
struct ParameterRecord {
    name: &'static str,
    default: String,
    allowed: String,
    unit: &'static str,
    meaning: String,
}

#[derive(Serialize)]
struct NameRecord {
    name: &'static str,
    meaning: String,
}

#[derive(Serialize)]
struct FormatRecord {
    name: &'static str,
    extensions: &'static [&'static str],
    reads: bool,
    /// `lossless`, `lossy`, or `None` for read-only formats.
    writes: Option<&'static str>,
    depths: Vec<u8>,
}

#[derive(Serialize)]
struct MeasureRecord {
    name: &'static str,
    title: &'static str,
    unit: &'static str,
    better: &'static str,
    range: String,
    against: &'static str,
    meaning: String,
    source: String,
}

#[derive(Serialize)]
struct DegradationRecord {
    name: &'static str,
    title: &'static str,
    /// Does it change both sides of a pair?
    both_sides: bool,
    /// Does it start programs?
    slow: bool,
    source: String,
    parameters: Vec<ParameterRecord>,
}

impl Record {
    /// The requested entries of all lists, by kind and name; recipes count as degradations.
    pub fn new(wanted: &dyn Fn(Kind, &str) -> bool) -> Self {
        let methods =
            unband::methods().filter(|entry| wanted(Kind::Methods, entry.name)).map(|entry| MethodRecord {
                name: entry.name,
                title: entry.title,
                source: sentences(entry.source),
                ours: entry.ours,
                default: entry.name == DEFAULT,
                parameters: parameters(entry.params),
            });
        let dithers = Dither::ALL.iter().filter(|dither| wanted(Kind::Dithers, dither.word()));
        let formats = FORMATS.iter().filter(|format| {
            wanted(Kind::Formats, format.name)
                || format.extensions.iter().any(|end| wanted(Kind::Formats, end))
        });
        let measures = metrics(Domain::Image).filter(|metric| wanted(Kind::Measures, metric.name));
        let degradations = DEGRADATIONS.iter().filter(|entry| wanted(Kind::Degradations, entry.name));
        Self {
            schema: "unband-list/1",
            methods: methods.collect(),
            dithers: dithers
                .map(|dither| NameRecord { name: dither.word(), meaning: dither_doc(*dither).to_owned() })
                .collect(),
            formats: formats
                .map(|format| FormatRecord {
                    name: format.name,
                    extensions: format.extensions,
                    reads: format.reads,
                    writes: format
                        .writes
                        .as_ref()
                        .map(|writes| if writes.lossy.holds(false) { "lossy" } else { "lossless" }),
                    depths: format
                        .writes
                        .iter()
                        .flat_map(|writes| writes.depths)
                        .map(|depth| depth.bits())
                        .collect(),
                })
                .collect(),
            measures: measures
                .map(|metric| MeasureRecord {
                    name: metric.name,
                    title: metric.title,
                    unit: metric.unit,
                    better: metric.better.words().trim_end_matches(" is better"),
                    range: metric.range_words(),
                    against: against(metric),
                    meaning: sentences(metric.purpose),
                    source: sentences(metric.source),
                })
                .collect(),
            degradations: degradations
                .map(|entry| DegradationRecord {
                    name: entry.name,
                    title: entry.title,
                    both_sides: matches!(entry.sides, Sides::Both),
                    slow: matches!(entry.speed, Speed::Slow),
                    source: sentences(entry.source),
                    parameters: parameters(entry.params),
                })
                .collect(),
            mixes: mixes()
                .filter(|(name, _)| wanted(Kind::Degradations, name))
                .map(|(name, meaning)| NameRecord { name, meaning })
                .collect(),
        }
    }
}

/// Names of all lists.
pub fn names() -> impl Iterator<Item = &'static str> {
    unband::methods()
        .map(|entry| entry.name)
        .chain(Dither::ALL.iter().map(|dither| dither.word()))
        .chain(FORMATS.iter().flat_map(|format| format.extensions.iter().copied()))
        .chain(metrics(Domain::Image).map(|metric| metric.name))
        .chain(DEGRADATIONS.iter().map(|entry| entry.name))
        .chain(mixes().map(|(name, _)| name))
        .chain(Kind::ALL.iter().map(|(_, word)| *word))
}

fn parameters(params: &[ParamInfo]) -> Vec<ParameterRecord> {
    let record = |param: &ParamInfo| ParameterRecord {
        name: param.name,
        default: default(param),
        allowed: allowed(param),
        unit: param.unit,
        meaning: sentences(param.doc),
    };
    params.iter().map(record).collect()
}
