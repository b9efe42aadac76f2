//! `unband models info`: contents of checkpoint files.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use serde::{Serialize, Serializer};
use unband::metrics::nrqm;
use unband::models;
use unband::nets::arch::{self, Architecture, Purpose};
use unband::nets::checkpoint::{self, Checkpoint, CheckpointError, NetworkError};
use unband::nets::{Convention, Graph, zoo};

use super::{InfoArgs, unread};
use crate::outcome::Outcome;
use crate::reporter::{Reporter, counted, grouped};
use crate::result::{print_json, print_text};

/// Number of names that are shown; `--json` has all.
const SHOWN: usize = 6;

pub(super) fn run(args: &InfoArgs, reporter: &Reporter<'_>) -> Outcome {
    let mut outcome = Outcome::Done;
    for named in &args.files {
        // If it is neither a file nor a model, the error is that of a missing file.
        let path = &models::file_named(named, models::folder().as_deref()).unwrap_or_else(|_| named.clone());
        let done = match Info::from_path(path) {
            Ok(info) if args.json => print_json(&info),
            Ok(info) => print_text(&info.text()),
            Err(error) => {
                reporter.failure(&unread(path, error));
                Outcome::SomeFailed
            }
        };
        outcome = outcome.max(done);
    }
    outcome
}

/// The object of `--json`.
#[derive(Serialize)]
struct Info {
    schema: &'static str,
    file: String,
    bytes: u64,
    sha256: String,
    container: &'static str,
    #[serde(skip)]
    container_title: String,
    /// The published checkpoint with this SHA-256.
    published: Option<&'static str>,
    facts: BTreeMap<String, String>,
    wrapper: Vec<String>,
    alternatives: Vec<String>,
    prefix: String,
    spellings: Vec<String>,
    tensors: usize,
    numbers: u64,
    network: Option<NetworkInfo>,
    /// The family of a network that is recognised and not supported.
    family: Option<&'static str>,
    /// How images are passed to the network.
    #[serde(skip)]
    convention: Convention,
    /// Description of files without a network.
    #[serde(skip)]
    other: Option<&'static str>,
}

#[derive(Serialize)]
struct NetworkInfo {
    name: &'static str,
    title: &'static str,
    source: &'static str,
    purpose: &'static str,
    #[serde(serialize_with = "as_object")]
    settings: arch::Settings,
    /// Settings that no tensor reveals.
    assumed: Option<&'static str>,
    scale: Option<f64>,
    parameters: Option<u64>,
    inputs: Vec<String>,
    /// All tensors are there, and no others.
    complete: bool,
    fault: Option<String>,
    missing: Vec<String>,
    extra: Vec<String>,
    misshaped: Vec<Misshaped>,
    /// Tensors of the file that the network does not use.
    unread: Vec<String>,
}

fn as_object<S: Serializer>(settings: &[(&'static str, String)], to: S) -> Result<S::Ok, S::Error> {
    to.collect_map(settings.iter().map(|(name, value)| (name, value)))
}

#[derive(Serialize)]
struct Misshaped {
    name: String,
    wanted: Vec<usize>,
    got: Vec<usize>,
}

impl Info {
    fn from_path(path: &Path) -> Result<Self, CheckpointError> {
        let source = checkpoint::load(path)?;
        let read = source.read()?;
        let sha256 = source.sha256();
        let network = NetworkInfo::from_checkpoint(&read);
        let training = read.is_training();
        let family = read.family();
        let numbers = read.state.iter().map(|(_, tensor)| tensor.data.len() as u64).sum();
        Ok(Self {
            schema: "unband-models-info/1",
            file: path.display().to_string(),
            bytes: source.bytes(),
            container: read.container.as_str(),
            container_title: read.container.to_string(),
            published: zoo::with_sha256(&sha256).map(|published| published.name),
            sha256,
            convention: Convention::of_file(&source, &read.facts),
            facts: read.facts.iter().cloned().collect(),
            wrapper: read.wrapper,
            alternatives: read.alternatives,
            prefix: read.prefix,
            spellings: read.spellings.iter().map(ToString::to_string).collect(),
            tensors: read.state.len(),
            numbers,
            network,
            family,
            other: match nrqm::Model::recognised(&read.state) {
                Some(Ok(_)) => Some("none: regression forests of NRQM"),
                Some(Err(_)) => Some("none: regression forests of NRQM, incomplete"),
                None => {
                    training.then_some("a training checkpoint; best.safetensors next to it has its weights")
                }
            },
        })
    }

    /// The contents of a file without a network that is supported.
    fn unsupported(&self) -> String {
        let names = || arch::names(&[Purpose::Deband, Purpose::Upscale]);
        match (self.other, self.family) {
            (Some(other), _) => other.to_owned(),
            (None, Some(family)) => format!("{family}: not supported; supported are {}", names()),
            (None, None) => format!("unknown; supported are {}", names()),
        }
    }

    fn text(&self) -> String {
        let mut text = format!(
            "{}  {}, {} bytes, {}, {} parameters\n",
            self.file,
            self.container_title,
            grouped(self.bytes),
            counted(self.tensors as u64, "tensor"),
            grouped(self.numbers)
        );
        let mut row = |name: &str, value: String| {
            let _ = writeln!(text, "  {name:10}  {value}");
        };
        match &self.network {
            None => row("network", self.unsupported()),
            Some(network) => network.rows(&mut row),
        }
        if let Some(published) = self.published.and_then(zoo::find) {
            row("published", format!("{}, by {}; {}", published.name, published.author, published.place));
            row("licence", published.licence.to_owned());
        }
        if !self.convention.is_plain() {
            let order = if self.convention.bgr { "blue, green, red" } else { "red, green, blue" };
            row("channels", format!("{order}, values × {}", self.convention.scale));
        }
        if let Some(steps) = self.convention.steps {
            row("steps", steps.to_string());
        }
        if !self.wrapper.is_empty() {
            let preferred = if self.alternatives.is_empty() {
                String::new()
            } else {
                format!(", preferred to {}", self.alternatives.join(", "))
            };
            row("state dict", format!("{}{preferred}", self.wrapper.join(" → ")));
        }
        if !self.prefix.is_empty() {
            row("prefix", format!("prefix `{}` removed from all names", self.prefix));
        }
        if !self.spellings.is_empty() {
            row("names", format!("{}, converted", self.spellings.join(", ")));
        }
        if !self.facts.is_empty() {
            let facts: Vec<String> =
                self.facts.iter().map(|(name, value)| format!("{name} {}", first_line(value))).collect();
            row("metadata", facts.join(", "));
        }
        row("sha256", self.sha256.clone());
        // Names come from the file.
        text.chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect()
    }
}

impl NetworkInfo {
    fn from_checkpoint(read: &Checkpoint) -> Option<Self> {
        let architecture = read.architecture()?;
        let mut info = Self {
            name: architecture.name,
            title: architecture.title,
            source: architecture.source,
            purpose: purpose(architecture),
            settings: (architecture.settings)(&read.state),
            assumed: Some(architecture.assumed).filter(|text| !text.is_empty()),
            scale: None,
            parameters: None,
            inputs: Vec::new(),
            complete: false,
            fault: None,
            missing: Vec::new(),
            extra: Vec::new(),
            misshaped: Vec::new(),
            unread: Vec::new(),
        };
        if let Some((_, Ok(graph))) = read.detected() {
            info.unread = read.unread(architecture, &graph).into_iter().collect();
            info.unread.sort_unstable();
            let gives_an_image = matches!(architecture.use_as.purpose, Purpose::Deband | Purpose::Upscale);
            info.scale = gives_an_image.then(|| scale(&graph)).flatten();
            info.parameters = Some(graph.parameter_count() as u64);
            info.inputs = graph.inputs.iter().map(|input| input.name.clone()).collect();
        }
        match read.network() {
            Ok(_) => info.complete = true,
            Err(NetworkError::Bind(error)) => {
                let misshaped = error.misshaped.into_iter();
                info.misshaped =
                    misshaped.map(|m| Misshaped { name: m.name, wanted: m.wanted, got: m.got }).collect();
                info.missing = error.missing;
                info.extra = error.extra;
            }
            Err(error) => info.fault = Some(error.to_string()),
        }
        Some(info)
    }

    fn rows(&self, row: &mut dyn FnMut(&str, String)) {
        let mut network = format!("{}: {}", self.name, self.title);
        if let Some(scale) = self.scale.filter(|&scale| (scale - 1.0).abs() > 1e-9) {
            let _ = write!(network, "; ×{scale}");
        }
        if let Some(parameters) = self.parameters {
            let _ = write!(network, "; {} parameters", grouped(parameters));
        }
        row("network", network);
        if !self.settings.is_empty() {
            let settings: Vec<String> =
                self.settings.iter().map(|(name, value)| format!("{name} {value}")).collect();
            row("settings", settings.join(", "));
        }
        if let Some(assumed) = self.assumed {
            row("assumed", assumed.to_owned());
        }
        if let Some(fault) = &self.fault {
            row("fault", fault.clone());
        }
        let mut list = |title: &str, names: &[String]| {
            if !names.is_empty() {
                let rest = names.len().saturating_sub(SHOWN);
                let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
                row(title, format!("{}{more}", names[..names.len() - rest].join(", ")));
            }
        };
        list("missing", &self.missing);
        list("extra", &self.extra);
        let shapes: Vec<String> = self
            .misshaped
            .iter()
            .map(|m| format!("{} {:?} instead of {:?}", m.name, m.got, m.wanted))
            .collect();
        list("misshaped", &shapes);
        list("unused", &self.unread);
    }
}

/// A fact may be a whole recipe; `--json` has it in full.
fn first_line(value: &str) -> String {
    match value.trim().split_once('\n') {
        Some((first, _)) => format!("{} …", first.trim_end()),
        None => value.to_owned(),
    }
}

fn purpose(architecture: &Architecture) -> &'static str {
    match architecture.use_as.purpose {
        Purpose::Deband => "deband",
        Purpose::Upscale => "upscale",
        Purpose::Discriminate => "discriminate",
        Purpose::Features => "features",
        Purpose::Classify => "classify",
    }
}

/// Size of the result over that of the image.
fn scale(graph: &Graph) -> Option<f64> {
    let side = graph.size_multiple()? * 8;
    let shapes = graph.shapes(side, side).ok()?;
    let (_, output) = graph.outputs.first()?;
    Some(shapes.get(output.index())?.height as f64 / side as f64)
}
