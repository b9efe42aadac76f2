//! `unband models export`: ONNX export.

use std::fmt;
use std::path::{Path, PathBuf};
use unband_image::Hint;

use unband_io::{Access, Saving};
use unband_nets::arch::{self, ARCHITECTURES, Architecture, Passes};
use unband_nets::checkpoint;
use unband_nets::state::{Weights, fill};
use unband_nets::{Graph, onnx};

use super::{ExportArgs, failure, unread};
use crate::extras;
use crate::outcome::Outcome;
use crate::talk::{Failure, Talk, grouped};
use crate::weights;

/// The network to export.
#[derive(Clone, Debug)]
pub enum Source {
    /// A network by its name, `NAME` or `NAME:VARIANT`.
    Network(String),
    /// A checkpoint, which determines its network.
    File(PathBuf),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Network(name) => f.write_str(name),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

/// Reads NAME or FILE; names have priority.
///
/// # Errors
/// A variant that the network does not have.
pub fn source(text: &str) -> Result<Source, String> {
    let base = text.split_once(':').map_or(text, |(base, _)| base);
    let Some(architecture) = arch::find(base) else { return Ok(Source::File(text.into())) };
    if let Some(built) = arch::build(text) {
        return built.map(|_| Source::Network(text.to_owned())).map_err(|error| error.to_string());
    }
    let variants: Vec<&str> = architecture.variants.iter().map(|variant| variant.name).collect();
    let known = if variants.is_empty() { "none".to_owned() } else { variants.join(", ") };
    Err(format!("variants of {base}: {known}"))
}

/// The allowed NAMEs, for `--help`.
pub fn names() -> String {
    let of = |a: &Architecture| {
        let variants = a.variants.iter().map(|variant| format!(", {}:{}", a.name, variant.name));
        format!("{}{}", a.name, variants.collect::<String>())
    };
    let all: Vec<String> = ARCHITECTURES.iter().map(of).collect();
    format!("A checkpoint, or the name of a network: {}", all.join(", "))
}

/// Reads rows and columns, `512x768`.
///
/// # Errors
/// Anything but two whole numbers above 0.
pub fn size(text: &str) -> Result<(usize, usize), String> {
    let number = |text: &str| text.parse().ok().filter(|&n| n > 0);
    let two = text.split_once(['x', '×']).and_then(|(rows, columns)| Some((number(rows)?, number(columns)?)));
    two.ok_or_else(|| "give height and width as two numbers, such as 512x768".to_owned())
}

/// A network with its weights.
struct Chosen {
    architecture: &'static Architecture,
    /// With the variant's name.
    name: String,
    graph: Graph,
    weights: Weights,
    /// Origin of the weights.
    from: String,
}

pub fn run(args: &ExportArgs, talk: &Talk<'_>) -> Outcome {
    match export(args, talk) {
        Ok(()) => Outcome::Done,
        Err((outcome, failure)) => {
            talk.failure(&failure);
            outcome
        }
    }
}

fn export(args: &ExportArgs, talk: &Talk<'_>) -> Result<(), (Outcome, Failure)> {
    let files = [args.weights.as_ref(), if let Source::File(file) = &args.what { Some(file) } else { None }];
    let files: Vec<&PathBuf> = files.into_iter().flatten().collect();
    extras::Inputs::of(&files).keep_from(&args.onnx).map_err(|failure| (Outcome::Usage, failure))?;
    let chosen = match (&args.what, &args.weights) {
        (Source::Network(name), None) => {
            talk.note(&"the weights are random, useful only to test speed; `--weights FILE` sets real ones");
            made_up(name)
        }
        (Source::Network(name), Some(file)) => of_checkpoint(file, Some(name)),
        (Source::File(file), None) => of_checkpoint(file, None),
        (Source::File(_), Some(_)) => {
            let hint = "drop one, or name the network that `--weights` is for";
            return Err((
                Outcome::Usage,
                Failure::usage("two checkpoints, but only one can be exported", hint),
            ));
        }
    };
    let chosen = chosen.map_err(|failure| (Outcome::SomeFailed, failure))?;
    let bytes = onnx::write(&chosen.graph, &chosen.weights, args.size, &facts(&chosen))
        .map_err(|e| (Outcome::Usage, failure(&args.onnx, &e, e.hint())))?;
    let saving = Saving { access: Access::of(files), ..args.overwrite.into() };
    unband_io::write_bytes(&bytes, &args.onnx, saving)
        .map_err(|e| (Outcome::SomeFailed, failure(&args.onnx, &e, e.hint())))?;
    talk.line(&format_args!(
        "{} → {}  {}, {} parameters, {}, opset {}",
        args.what,
        args.onnx.display(),
        chosen.name,
        grouped(chosen.graph.parameter_count() as u64),
        sizes(args.size, chosen.graph.size_multiple()),
        onnx::OPSET
    ));
    Ok(())
}

fn sizes(size: Option<(usize, usize)>, multiple: Option<usize>) -> String {
    match (size, multiple) {
        (Some((height, width)), _) => format!("{width}×{height}"),
        (None, Some(multiple)) if multiple > 1 => format!("sides that are multiples of {multiple}"),
        (None, _) => "any size".to_owned(),
    }
}

/// The network of NAME or FILE, without weights.
///
/// # Errors
/// Unreadable files and files without a network.
pub fn graph(what: &Source) -> Result<Graph, Failure> {
    match what {
        Source::Network(name) => Ok(named(name)?.1),
        Source::File(file) => Ok(of_checkpoint(file, None)?.graph),
    }
}

fn made_up(name: &str) -> Result<Chosen, Failure> {
    let (architecture, graph) = named(name)?;
    let weights = Weights::bind(&graph, &fill::of(&graph)).map_err(|e| of_program(name, &e))?;
    Ok(Chosen { architecture, name: name.to_owned(), graph, weights, from: "random".to_owned() })
}

fn named(name: &str) -> Result<(&'static Architecture, Graph), Failure> {
    let base = name.split_once(':').map_or(name, |(base, _)| base);
    match (arch::find(base), arch::build(name)) {
        (Some(architecture), Some(graph)) => Ok((architecture, graph.map_err(|e| of_program(name, &e))?)),
        _ => Err(of_program(name, &"no such network")),
    }
}

/// Built-in configurations are valid; the tests build all of them.
fn of_program(name: &str, what: &dyn fmt::Display) -> Failure {
    let hint = "this is a bug in unband; please report it";
    Failure::at(name.to_owned(), what.to_string(), Some(hint.to_owned()))
}

/// The weights of a checkpoint, loaded into the requested network.
fn of_checkpoint(file: &Path, asked: Option<&str>) -> Result<Chosen, Failure> {
    // If it is neither a file nor a model, the error is that of a missing file.
    let file = &weights::file_named(file).unwrap_or_else(|_| file.to_path_buf());
    let read = checkpoint::open(file).map_err(|e| match unread(file, &e) {
        failure if asked.is_none() && !file.exists() => {
            let names: Vec<&str> = ARCHITECTURES.iter().map(|a| a.name).collect();
            Failure { hint: Some(format!("the networks are {}", names.join(", "))), ..failure }
        }
        failure => failure,
    })?;
    let network = read.network().map_err(|e| failure(file, &e, e.hint()))?;
    let from = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let Some(name) = asked else {
        let (architecture, graph, weights) = (network.architecture, network.graph, network.weights);
        // With the options that it was trained with.
        let name =
            read.trained_as().filter(|name| name.contains('=')).unwrap_or(architecture.name).to_owned();
        return Ok(Chosen { architecture, name, graph, weights, from });
    };
    let (architecture, graph) = named(name)?;
    if !network.architecture.shares_files_with(architecture) {
        let message = format!("holds the network {}, not {}", network.architecture.name, architecture.name);
        return Err(failure(file, &message, Some("drop the network's name".to_owned())));
    }
    let (graph, weights) = if name == architecture.name {
        (network.graph, network.weights)
    } else {
        let state = architecture.own_tensors(read.state);
        let weights = Weights::bind(&graph, &state).map_err(|e| failure(file, &e, None))?;
        (graph, weights)
    };
    Ok(Chosen { architecture, name: name.to_owned(), graph, weights, from })
}

/// Facts that the file stores besides the network.
fn facts(chosen: &Chosen) -> Vec<(String, String)> {
    let (black, white) = chosen.architecture.use_as.range;
    let mut facts = vec![
        ("unband.network", chosen.name.clone()),
        ("unband.title", chosen.architecture.title.to_owned()),
        ("unband.source", chosen.architecture.source.to_owned()),
        ("unband.weights", chosen.from.clone()),
        ("unband.range", format!("{black} {white}")),
    ];
    if let Some(multiple) = chosen.graph.size_multiple() {
        facts.push(("unband.size_multiple", multiple.to_string()));
    }
    if chosen.architecture.use_as.passes == Passes::Steps {
        facts.push(("unband.passes", "steps over t from 1 to 0".to_owned()));
    }
    facts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_two_numbers() {
        assert_eq!(size("512x768"), Ok((512, 768)));
        assert_eq!(size("1×2"), Ok((1, 2)));
        for wrong in ["", "512", "0x5", "5x0", "x", "5x5x5", "-5x5", "5.0x5", "99999999999999999999x1"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn names_come_before_files() {
        assert!(matches!(source("bdinn:inverse"), Ok(Source::Network(name)) if name == "bdinn:inverse"));
        assert!(matches!(source("./adnet"), Ok(Source::File(_))));
        assert!(matches!(source("C:\\mine.pth"), Ok(Source::File(_))));
        assert!(source("bdinn:nothing").is_err_and(|e| e.contains("inverse, unet")));
        assert!(source("adnet:x").is_err_and(|e| e == "variants of adnet: none"));
    }
}
