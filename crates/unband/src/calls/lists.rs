//! Lists of methods and metrics as JSON.

use super::error::camel;
use super::json;
use crate::metrics::Scope;
use crate::records::MetricRecord;
use crate::{ParamInfo, ParamKind, spoken};
use serde::Serialize;

#[derive(Serialize)]
struct MethodRecord {
    name: &'static str,
    title: &'static str,
    source: &'static str,
    own: bool,
    params: Vec<ParamRecord>,
}

#[derive(Serialize)]
struct ParamRecord {
    name: String,
    doc: &'static str,
    kind: &'static str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    words: &'static [&'static str],
    default: String,
    range: String,
    unit: &'static str,
}

impl ParamRecord {
    fn new(info: &ParamInfo) -> Self {
        let (kind, words): (&str, &[&str]) = match info.kind {
            ParamKind::Whole => ("whole", &[]),
            ParamKind::Switch => ("switch", &[]),
            ParamKind::Word(words) => ("word", words),
            _ => ("number", &[]),
        };
        Self {
            name: camel(info.name),
            doc: info.doc,
            kind,
            words,
            default: info.default.to_string(),
            range: spoken(info.range),
            unit: info.unit,
        }
    }
}

/// Methods that need no weights file, as JSON.
pub fn methods() -> String {
    let files = |params: &[ParamInfo]| params.iter().any(|param| param.kind == ParamKind::File);
    let usable = |name: &str, params: &[ParamInfo]| !files(params) || crate::networks::is_built_in(name);
    let all = crate::methods().filter(|entry| usable(entry.name, entry.params));
    let record = |entry: &crate::Entry| MethodRecord {
        name: entry.name,
        title: entry.title,
        source: entry.source,
        own: entry.ours,
        params: entry
            .params
            .iter()
            .filter(|param| param.kind != ParamKind::File)
            .map(ParamRecord::new)
            .collect(),
    };
    json(&all.map(record).collect::<Vec<_>>())
}

/// Metrics of an image, or of a result with its reference and the image before its repair, as JSON.
pub fn metrics(reference: bool, input: bool) -> String {
    let scope = match (reference, input) {
        (false, _) => Scope::IMAGE,
        (true, false) => Scope::PAIR,
        (true, true) => Scope::RESTORED,
    };
    let all: Vec<_> = scope.all().filter(|metric| metric.ready(None).is_ok()).cloned().collect();
    json(&MetricRecord::all(&all))
}
