//! JSON and CSV output of `compare`.

use std::collections::BTreeMap;

use serde::Serialize;
use unband::metrics::Metric;

use super::{Compared, MeasuredImage, scores_of};
use unband::records::{FailureRecord, MetricRecord, SummaryRecord, ValuesRecord};

/// The object of `--json`.
#[derive(Serialize)]
pub(super) struct CompareRecord<'a> {
    schema: &'static str,
    metrics: Vec<MetricRecord>,
    pairs: Vec<PairRecord<'a>>,
    failures: Vec<FailureRecord>,
    summary: Vec<RoleRecord<'a>>,
}

#[derive(Serialize)]
struct PairRecord<'a> {
    name: &'a str,
    notes: &'a [String],
    rows: Vec<RowRecord<'a>>,
}

#[derive(Serialize)]
struct RowRecord<'a> {
    role: &'a str,
    file: Option<&'a str>,
    depth: u8,
    #[serde(flatten)]
    values: ValuesRecord,
}

#[derive(Serialize)]
struct RoleRecord<'a> {
    role: &'a str,
    pairs: usize,
    metrics: BTreeMap<String, SummaryRecord>,
}

impl<'a> CompareRecord<'a> {
    /// Means over all pairs; `roles` in the order of the tables.
    pub(super) fn new(
        all: &'a [Compared],
        roles: &[&'a str],
        failures: Vec<FailureRecord>,
        metrics: &[Metric],
    ) -> Self {
        let row = |row: &'a MeasuredImage| RowRecord {
            role: &row.role,
            file: row.file.as_deref(),
            depth: row.depth.bits(),
            values: ValuesRecord::new(&row.scores, metrics),
        };
        let of_role = |role: &'a str| {
            let scores = scores_of(all, role);
            let metrics = SummaryRecord::all(&scores.iter().copied(), metrics);
            RoleRecord { role, pairs: scores.len(), metrics }
        };
        Self {
            schema: "unband-compare/1",
            metrics: MetricRecord::all(metrics),
            pairs: all
                .iter()
                .map(|pair| PairRecord {
                    name: &pair.name,
                    notes: &pair.notes,
                    rows: pair.rows.iter().map(row).collect(),
                })
                .collect(),
            failures,
            summary: roles.iter().map(|role| of_role(role)).collect(),
        }
    }
}
