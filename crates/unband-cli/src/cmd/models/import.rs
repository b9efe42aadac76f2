//! `unband models import`: import of checkpoints as named models.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use unband::io::{Access, Saving};
use unband::metrics::nrqm;
use unband::models::{self, NETWORK, Shelf};
use unband::nets::arch::Passes;
use unband::nets::checkpoint::{self, Container};
use unband::nets::zoo::{self, PUBLISHED, Published};
use unband::nets::{Convention, StateDict};
use unband::{Hint, With, networks};

use super::{Channels, ImportArgs, failure, name, unread};
use crate::inputs::reason;
use crate::outcome::Outcome;
use crate::reporter::{Failure, Reporter};

pub(super) fn run(args: &ImportArgs, reporter: &Reporter<'_>) -> Outcome {
    if args.name.is_some() && args.files.len() > 1 {
        let hint = "import them one after the other";
        reporter.failure(&Failure::usage("several files cannot have the same name", hint));
        return Outcome::Usage;
    }
    let Some(folder) = models::folder() else {
        let hint = "set UNBAND_MODELS to a folder";
        reporter.failure(&Failure::usage("the system has no folder for application data", hint));
        return Outcome::Usage;
    };
    let mut outcome = Outcome::Done;
    let mut all = Vec::new();
    for (path, name) in args.files.iter().zip(names(args)) {
        match import(path, name.as_deref(), args, &folder) {
            Ok(imported) => {
                reporter.line(&format_args!(
                    "{} → {}  {}",
                    path.display(),
                    imported.to.display(),
                    imported.what
                ));
                imported.note.iter().for_each(|note| reporter.note(note));
                all.push(imported);
            }
            Err(failure) => {
                reporter.failure(&failure);
                outcome = Outcome::SomeFailed;
            }
        }
    }
    // Of several models of a network, the one with its name is the default.
    all.sort_by_key(|imported| imported.name != imported.network);
    let new: Vec<String> = all.iter().map(|imported| imported.name.clone()).collect();
    let mut seen = HashSet::new();
    for imported in all {
        let known = if seen.insert(imported.network) { &new[..] } else { &[] };
        match set_default(&imported, args.default, known, &folder) {
            Ok(note) => note.iter().for_each(|note| reporter.note(note)),
            Err(failure) => {
                reporter.failure(&failure);
                outcome = Outcome::SomeFailed;
            }
        }
    }
    outcome
}

/// The requested name of each file: `--as`; of several files, those of the files, if they are distinct.
fn names(args: &ImportArgs) -> Vec<Option<String>> {
    if args.files.len() == 1 {
        return vec![args.name.clone()];
    }
    let stem = |path: &PathBuf| name::name(path.file_stem()?.to_str()?).ok();
    let names: Vec<Option<String>> = args.files.iter().map(stem).collect();
    let distinct: HashSet<&str> = names.iter().flatten().map(String::as_str).collect();
    if distinct.len() == names.len() { names } else { vec![None; names.len()] }
}

/// The result of an import.
struct Imported {
    /// The file that was written.
    to: PathBuf,
    /// Description of the model.
    what: String,
    /// Its name.
    name: String,
    /// Its network.
    network: &'static str,
    /// A caveat for the user.
    note: Option<String>,
}

fn import(path: &Path, name: Option<&str>, args: &ImportArgs, folder: &Path) -> Result<Imported, Failure> {
    let source = checkpoint::load(path).map_err(|e| unread(path, e))?;
    let sha256 = source.sha256();
    let mut read = source.read().map_err(|e| unread(path, e))?;
    let mut convention = Convention::of_file(&source, &read.facts);
    drop(source);
    convention.bgr = args.order.map_or(convention.bgr, |order| order == Channels::Bgr);
    convention.scale = args.scale.unwrap_or(convention.scale);
    convention.steps = args.steps.or(convention.steps);
    if let Some(model) = nrqm::Model::recognised(&read.state) {
        let model =
            model.map_err(|what| failure(path, &format!("incomplete model of NRQM: {what}"), None))?;
        return import_forests(path, args, folder, &model, read.container, &sha256);
    }
    let published = zoo::with_sha256(&sha256);
    let network = read.network().map_err(|e| failure(path, &e, e.hint()))?;
    if args.steps.is_some() && network.architecture.use_as.passes != Passes::Steps {
        let message = format!("{} runs in one step", network.architecture.name);
        return Err(failure(path, &message, Some("drop `--steps`".to_owned())));
    }
    // Some networks have the same tensors but different inputs; the list tells them apart.
    let kind = published.map_or(network.architecture.name, |published| published.architecture);
    // Tensors decide, not the file name: many files are called best.pth.
    let name = match (&args.name, published) {
        (Some(name), _) => name,
        (None, Some(published)) => published.name,
        (None, None) => name.unwrap_or(kind),
    };
    let what = match published {
        Some(published) => format!("{kind}, published as {}", published.name),
        None => format!("{kind}, SHA-256 {}… not published, so not verified", &sha256[..8]),
    };
    read.state = network.architecture.own_tensors(read.state);
    let mut facts = facts(path, read.container, published, &sha256, kind);
    facts.extend(convention.facts());
    // Its training recipe and its scores are kept.
    facts.extend(read.facts.into_iter().filter(|(name, _)| !name.starts_with("unband.")));
    let content = content(path, args, &read.state, &facts)?;
    let to = models::file(folder, name);
    let saving = Saving::from(args.overwrite).but(|new| new.access = Access::from_paths([path]));
    write(&to, folder, &content, saving)?;
    let note = if published.is_none() { called_like_another(path) } else { None };
    Ok(Imported { to, what, name: name.to_owned(), network: kind, note })
}

/// Makes a model the default of its network if that was asked for or there is none besides the `known` ones;
/// else reports how to use it.
fn set_default(
    imported: &Imported,
    asked: bool,
    known: &[String],
    folder: &Path,
) -> Result<Option<String>, Failure> {
    let (name, network) = (imported.name.as_str(), imported.network);
    if !models::is_network(network) || networks::built_in(network).is_some() {
        return Ok(None);
    }
    let mut shelf = Shelf::open(folder);
    let own = |model: &&models::Imported| model.network.as_deref() == Some(network);
    let other = |model: &&models::Imported| model.name != name && !known.contains(&model.name);
    let other_models = shelf.models.iter().filter(own).filter(other).count();
    if asked || other_models == 0 {
        shelf.make_default(network, name)?;
        return Ok(None);
    }
    if shelf.named(name).is_some_and(|model| shelf.is_default(model)) {
        return Ok(None);
    }
    Ok(Some(format!(
        "`--weights {name}` runs it; `unband models default {name}` makes it the default of `--method {network}`"
    )))
}

/// The forests of NRQM, which are not a network. The publisher's hash is unknown, so any file name gets this
/// name.
fn import_forests(
    path: &Path,
    args: &ImportArgs,
    folder: &Path,
    model: &nrqm::Model,
    container: Container,
    sha256: &str,
) -> Result<Imported, Failure> {
    let name = args.name.as_deref().unwrap_or(nrqm::MODEL);
    let to = models::file(folder, name);
    let facts = facts(path, container, None, sha256, zoo::FORESTS);
    let content = content(path, args, &model.state(), &facts)?;
    let saving = Saving::from(args.overwrite).but(|new| new.access = Access::from_paths([path]));
    write(&to, folder, &content, saving)?;
    let [local, global, spatial] = model.trees();
    let what = format!(
        "regression forests of NRQM, {local} + {global} + {spatial} trees, SHA-256 {}… not published, so not verified",
        &sha256[..8]
    );
    Ok(Imported { to, what, name: name.to_owned(), network: zoo::FORESTS, note: None })
}

/// A note on a file that has the name of a published one but other contents.
fn called_like_another(path: &Path) -> Option<String> {
    let file = path.file_name()?.to_string_lossy();
    let mut called = PUBLISHED.iter().filter(|published| published.file == file);
    let published = called.find(|published| !published.sha256.is_empty())?;
    Some(format!(
        "{} has the file name of the published {} but a different SHA-256: another model, or an incomplete download",
        path.display(),
        published.name
    ))
}

/// Facts stored in the copy.
fn facts(
    path: &Path,
    container: Container,
    published: Option<&Published>,
    sha256: &str,
    network: &str,
) -> Vec<(String, String)> {
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let mut facts = vec![
        (NETWORK, network),
        ("unband.from", &file),
        ("unband.from_kind", container.as_str()),
        ("unband.from_sha256", sha256),
    ];
    if let Some(published) = published {
        facts.push((models::PUBLISHED, published.name));
        facts.push(("unband.author", published.author));
        facts.push(("unband.licence", published.licence));
        facts.push(("unband.place", published.place));
    }
    facts.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// The bytes of the copy.
fn content(
    path: &Path,
    args: &ImportArgs,
    state: &StateDict,
    facts: &[(String, String)],
) -> Result<Vec<u8>, Failure> {
    if !args.half {
        return Ok(checkpoint::write_safetensors(state, facts));
    }
    checkpoint::write_halved_safetensors(state, facts).map_err(|name| {
        let message = format!("a weight of `{name}` is too large for 16 bits");
        failure(path, &message, Some("import it without `--half`".to_owned()))
    })
}

/// Writes the model atomically.
fn write(to: &Path, folder: &Path, content: &[u8], saving: Saving<'_>) -> Result<(), Failure> {
    std::fs::create_dir_all(folder).map_err(|e| {
        let hint = "set UNBAND_MODELS to a writable folder";
        failure(folder, &reason(&e), Some(hint.to_owned()))
    })?;
    unband::io::write_bytes(content, to, saving).map_err(|e| match e.fault() {
        unband::io::Error::Exists => {
            let hint = "`--as NAME` keeps both, `--overwrite` replaces it";
            failure(to, &"exists already", Some(hint.to_owned()))
        }
        _ => failure(to, &e, e.hint()),
    })
}
