//! `unband models list`.

use std::fmt::Write;
use std::path::Path;

use serde::Serialize;
use unband_infer::models;
use unband_nets::zoo::{self, PUBLISHED, Published};

use super::ListArgs;
use crate::Outcome;
use crate::result::{print_data, print_json};
use crate::talk::{Talk, grouped};

pub fn run(args: &ListArgs, talk: &Talk<'_>) -> Outcome {
    let folder = models::folder();
    let present = folder.as_deref().map(models::names).unwrap_or_default();
    if args.json {
        return print_json(&Record::new(folder.as_deref(), &present));
    }
    if folder.is_none() {
        talk.note(&"the system names no folder for data of programs; set UNBAND_MODELS");
    }
    print_data(text(folder.as_deref(), &present).as_bytes())
}

fn text(folder: Option<&Path>, present: &[String]) -> String {
    let mut text =
        "Checkpoints that were published. None is part of unband and none is fetched: get a file from its\n\
                    publisher, then `unband models import FILE`.\n"
            .to_owned();
    for published in PUBLISHED {
        let here = if is_here(published, present) { "  (here)" } else { "" };
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
            0 => "not known".to_owned(),
            64 => published.sha256.to_owned(),
            _ => format!("{}…", published.sha256),
        };
        let _ = writeln!(text, "      SHA-256: {sum}");
    }
    let own: Vec<&String> = present.iter().filter(|name| zoo::find(name).is_none()).collect();
    if !own.is_empty() {
        text += "\nOthers that are here\n";
        for name in own {
            let _ = writeln!(text, "\n  {name}");
        }
    }
    if let Some(folder) = folder {
        let _ = writeln!(text, "\nFolder: {}", folder.display());
    }
    text
}

fn is_here(published: &Published, present: &[String]) -> bool {
    present.iter().any(|name| name == published.name)
}

/// The object of `--json`.
#[derive(Serialize)]
struct Record<'a> {
    schema: &'static str,
    folder: Option<String>,
    published: Vec<PublishedRecord>,
    /// Models that are here and were not published.
    others: Vec<&'a str>,
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

impl<'a> Record<'a> {
    fn new(folder: Option<&Path>, present: &'a [String]) -> Self {
        let record = |published: &Published| PublishedRecord {
            name: published.name,
            network: published.architecture,
            file: published.file,
            author: published.author,
            licence: published.licence,
            place: published.place,
            bytes: published.bytes,
            sha256: (!published.sha256.is_empty()).then_some(published.sha256),
            present: is_here(published, present),
        };
        Self {
            schema: "unband-models/1",
            folder: folder.map(|folder| folder.display().to_string()),
            published: PUBLISHED.iter().map(record).collect(),
            others: present.iter().map(String::as_str).filter(|name| zoo::find(name).is_none()).collect(),
        }
    }
}
