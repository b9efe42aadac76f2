//! Entries of networks: sizes, operations and known weights.

use unband::nets::Graph;
use unband::nets::arch::{ARCHITECTURES, Architecture, Purpose};
use unband::nets::zoo::PUBLISHED;

use super::ListKind;
use super::model::{List, ListEntry, Record};
use super::params::sentences;
use crate::reporter::grouped;

/// Columns of the Markdown table.
const COLUMNS: [&str; 7] = [
    "network",
    "task",
    "parameters",
    "multiply-adds per pixel",
    "receptive field",
    "sides",
    "published weights, licence",
];

/// Side of the image that operations are counted for: a multiple of every network's.
const SIDE: usize = 256;

/// All networks with images as results.
pub(super) fn list() -> List {
    List {
        kind: ListKind::Networks,
        one: Some("Network"),
        key: Some("networks"),
        short: "Networks (`unband models show NAME` prints the layers)",
        heading: "Networks (with their published depth and width)",
        note: "",
        columns: &COLUMNS,
        items: ARCHITECTURES.iter().filter_map(network).collect(),
    }
}

fn network(architecture: &'static Architecture) -> Option<ListEntry> {
    let graph = architecture.build().ok()?;
    let task = match architecture.use_as.purpose {
        Purpose::Deband => "debanding".to_owned(),
        Purpose::Upscale => format!("upscaling ×{}", graph.scale()?),
        Purpose::Discriminate | Purpose::Features | Purpose::Classify => return None,
    };
    let parameters = graph.parameter_count() as u64;
    let multiply_adds = per_pixel(&graph);
    let adds = multiply_adds.map_or_else(|| "–".to_owned(), grouped);
    let reach = match graph.receptive_radius() {
        Some(radius) => format!("{} samples to each side", grouped(radius as u64)),
        None => "the whole image".to_owned(),
    };
    let sides = match graph.size_multiple() {
        Some(1) => "any".to_owned(),
        Some(multiple) => format!("padded to multiples of {multiple}"),
        None => "few".to_owned(),
    };
    let source = sentences(architecture.source);
    let licences = licences(architecture.name);
    let published = if licences.is_empty() { "–".to_owned() } else { licences.join("; ") };
    let lines = vec![
        format!("{task}; {} parameters; {adds} multiply-adds per pixel", grouped(parameters)),
        format!("receptive field: {reach}; sides: {sides}"),
        format!("published weights: {published}"),
        format!("Source: {source}"),
    ];
    let name = format!("`{}`", architecture.name);
    Some(ListEntry {
        name: architecture.name,
        title: architecture.title.to_owned(),
        cells: vec![name, task.clone(), grouped(parameters), adds, reach, sides, published],
        section: format!("{} Source: {source}", sentences(architecture.title)),
        lines: Some(lines),
        record: Some(Record::Network {
            name: architecture.name,
            title: architecture.title,
            task,
            parameters,
            multiply_adds,
            source,
        }),
        ..ListEntry::default()
    })
}

/// Multiply-adds of one run for each pixel of the image.
fn per_pixel(graph: &Graph) -> Option<u64> {
    let adds = graph.multiply_adds(SIDE, SIDE).ok()?;
    Some(adds / (SIDE * SIDE) as u64)
}

/// Names of the published weights by licence.
fn licences(network: &str) -> Vec<String> {
    let mut found: Vec<(&str, Vec<&str>)> = Vec::new();
    for published in PUBLISHED.iter().filter(|published| published.architecture == network) {
        match found.iter_mut().find(|(licence, _)| *licence == published.licence) {
            Some((_, names)) => names.push(published.name),
            None => found.push((published.licence, vec![published.name])),
        }
    }
    found.iter().map(|(licence, names)| format!("{}: {licence}", names.join(", "))).collect()
}
