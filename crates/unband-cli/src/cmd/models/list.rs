//! `unband models list`: imported models and published checkpoints.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use serde::Serialize;
use unband::models::{self, Imported, Shelf, is_network};
use unband::nets::zoo::{self, PUBLISHED, Published};

use super::ListArgs;
use crate::outcome::Outcome;
use crate::reporter::{Reporter, grouped};
use crate::result::{print_json, print_text};

pub(super) fn run(args: &ListArgs, reporter: &Reporter<'_>) -> Outcome {
    let folder = models::folder();
    let shelf = folder.as_deref().map(Shelf::open).unwrap_or_default();
    if args.json {
        return print_json(&ModelsRecord::new(folder.as_deref(), &shelf));
    }
    if folder.is_none() {
        reporter.note(&"the system has no folder for application data; set UNBAND_MODELS");
    }
    print_text(&text(folder.as_deref(), &shelf))
}

fn text(folder: Option<&Path>, shelf: &Shelf) -> String {
    let mut text = String::new();
    if !shelf.models.is_empty() {
        text += "Imported, for `--weights NAME`\n";
        for model in &shelf.models {
            let _ = writeln!(text, "\n  {}  {}", model.name, network(model, shelf));
            if let Some(from) = model.facts.get("unband.from") {
                let sum = model.facts.get("unband.from_sha256").map_or("", String::as_str);
                let sum = sum.get(..8).map_or_else(String::new, |sum| format!(", SHA-256 {sum}…"));
                let _ = writeln!(text, "      from {from}{sum}");
            }
        }
        text.push('\n');
    }
    text += "Checkpoints that were published. None is part of unband and none is fetched: get a file from its\n\
             publisher, then `unband models import FILE`.\n";
    for published in PUBLISHED {
        let here = if is_here(published, shelf) { "  (here)" } else { "" };
        let _ = writeln!(text, "\n  {}{here}", published.name);
        let size = published.bytes.map_or_else(String::new, |bytes| format!(", {} bytes", grouped(bytes)));
        let _ = writeln!(
            text,
            "      {} of {}, network {}{size}",
            published.file, published.author, published.architecture
        );
        let _ = writeln!(text, "      at {}", published.place);
        let _ = writeln!(text, "      licence: {}", published.licence);
        let sum = match published.sha256.len() {
            0 => "unknown".to_owned(),
            64 => published.sha256.to_owned(),
            _ => format!("{}…", published.sha256),
        };
        let _ = writeln!(text, "      SHA-256: {sum}");
    }
    if let Some(folder) = folder {
        let _ = writeln!(text, "\nFolder: {}", folder.display());
    }
    // Names and facts come from files.
    text.chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect()
}

/// Its network, and whether it is the default there.
fn network(model: &Imported, shelf: &Shelf) -> String {
    let Some(network) = &model.network else { return "unknown network".to_owned() };
    if shelf.is_default(model) && is_network(network) {
        return format!("network {network}: default of `--method {network}`");
    }
    format!("network {network}")
}

/// Is it imported? Where the publisher's hash is unknown, a model of this name and network qualifies.
fn is_here(published: &Published, shelf: &Shelf) -> bool {
    shelf.models.iter().any(|model| match model.facts.get(models::PUBLISHED) {
        Some(name) => name == published.name,
        None => {
            published.sha256.is_empty()
                && model.name == published.name
                && model.network.as_deref() == Some(published.architecture)
        }
    })
}

/// The object of `--json`.
#[derive(Serialize)]
struct ModelsRecord<'a> {
    schema: &'static str,
    folder: Option<String>,
    /// Imported models.
    models: Vec<ModelRecord<'a>>,
    published: Vec<PublishedRecord>,
    /// Names of models that are not named like published ones.
    others: Vec<&'a str>,
}

#[derive(Serialize)]
struct ModelRecord<'a> {
    name: &'a str,
    network: Option<&'a str>,
    /// Does `--method NETWORK` run it?
    default: bool,
    facts: &'a BTreeMap<String, String>,
}

#[derive(Serialize)]
struct PublishedRecord {
    name: &'static str,
    network: &'static str,
    file: &'static str,
    author: &'static str,
    licence: &'static str,
    place: &'static str,
    bytes: Option<u64>,
    /// All 64 digits, or the first eight.
    sha256: Option<&'static str>,
    present: bool,
}

impl<'a> ModelsRecord<'a> {
    fn new(folder: Option<&Path>, shelf: &'a Shelf) -> Self {
        let record = |published: &Published| PublishedRecord {
            name: published.name,
            network: published.architecture,
            file: published.file,
            author: published.author,
            licence: published.licence,
            place: published.place,
            bytes: published.bytes,
            sha256: (!published.sha256.is_empty()).then_some(published.sha256),
            present: is_here(published, shelf),
        };
        let names = shelf.models.iter().map(|model| model.name.as_str());
        Self {
            schema: "unband-models/1",
            folder: folder.map(|folder| folder.display().to_string()),
            models: shelf.models.iter().map(|model| ModelRecord::new(model, shelf)).collect(),
            published: PUBLISHED.iter().map(record).collect(),
            others: names.filter(|name| zoo::find(name).is_none()).collect(),
        }
    }
}

impl<'a> ModelRecord<'a> {
    fn new(model: &'a Imported, shelf: &Shelf) -> Self {
        Self {
            name: &model.name,
            network: model.network.as_deref(),
            default: model.network.as_deref().is_some_and(is_network) && shelf.is_default(model),
            facts: &model.facts,
        }
    }
}
