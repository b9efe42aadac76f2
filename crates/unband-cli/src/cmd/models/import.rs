//! `unband models import`: import of checkpoints as named models.

use std::path::{Path, PathBuf};

use unband::io::{Access, Saving};
use unband::metrics::nrqm;
use unband::models::{self, NETWORK, Shelf};
use unband::nets::checkpoint::{self, Container};
use unband::nets::zoo::{self, PUBLISHED, Published};
use unband::nets::{Convention, StateDict};
use unband::{Hint, networks};

use super::{Channels, ImportArgs, failure, unread};
use crate::inputs::reason;
use crate::outcome::Outcome;
use crate::reporter::{Failure, Reporter};

pub fn run(args: &ImportArgs, reporter: &Reporter<'_>) -> Outcome {
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
    for path in &args.files {
        match import(path, args, &folder) {
            Ok(imported) => {
                reporter.line(&format_args!(
                    "{} → {}  {}",
                    path.display(),
                    imported.to.display(),
                    imported.what
                ));
                imported.notes.iter().for_each(|note| reporter.note(note));
            }
            Err(failure) => {
                reporter.failure(&failure);
                outcome = Outcome::SomeFailed;
            }
        }
    }
    outcome
}

/// The result of an import.
struct Imported {
    /// The file that was written.
    to: PathBuf,
    /// Description of the model.
    what: String,
    /// Caveats for the user.
    notes: Vec<String>,
}

fn import(path: &Path, args: &ImportArgs, folder: &Path) -> Result<Imported, Failure> {
    let source = checkpoint::load(path).map_err(|e| unread(path, e))?;
    let sha256 = source.sha256();
    let mut read = source.read().map_err(|e| unread(path, e))?;
    let mut convention = Convention::of_file(&source, &read.facts);
    drop(source);
    convention.bgr = args.order.map_or(convention.bgr, |order| order == Channels::Bgr);
    convention.scale = args.scale.unwrap_or(convention.scale);
    if let Some(model) = nrqm::Model::recognised(&read.state) {
        let model =
            model.map_err(|what| failure(path, &format!("incomplete model of NRQM: {what}"), None))?;
        return import_forests(path, args, folder, &model, read.container, &sha256);
    }
    let published = zoo::with_sha256(&sha256);
    let network = read.network().map_err(|e| failure(path, &e, e.hint()))?;
    // Some networks have the same tensors but different inputs; the list tells them apart.
    let kind = published.map_or(network.architecture.name, |published| published.architecture);
    // Tensors decide, not the file name: many files are called best.pth.
    let name = match (&args.name, published) {
        (Some(name), _) => name,
        (None, Some(published)) => published.name,
        (None, None) => kind,
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
    let saving = Saving { access: Access::of([path]), ..args.overwrite.into() };
    write(&to, folder, &content, saving)?;
    let mut notes = Vec::new();
    if published.is_none() {
        notes.extend(called_like_another(path));
    }
    notes.extend(set_default(name, kind, args.default, folder)?);
    Ok(Imported { to, what, notes })
}

/// Makes a model the default of its network if that was asked for or it is the first one; else reports how to
/// use it.
fn set_default(name: &str, network: &str, asked: bool, folder: &Path) -> Result<Option<String>, Failure> {
    if !models::is_network(network) || networks::built_in(network).is_some() {
        return Ok(None);
    }
    let mut shelf = Shelf::open(folder);
    let own = |model: &&models::Imported| model.network.as_deref() == Some(network);
    let other_models = shelf.models.iter().filter(own).filter(|model| model.name != name).count();
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
    let to = models::file(folder, args.name.as_deref().unwrap_or(nrqm::MODEL));
    let facts = facts(path, container, None, sha256, zoo::FORESTS);
    let content = content(path, args, &model.state(), &facts)?;
    let saving = Saving { access: Access::of([path]), ..args.overwrite.into() };
    write(&to, folder, &content, saving)?;
    let [local, global, spatial] = model.trees();
    let what = format!(
        "regression forests of NRQM, {local} + {global} + {spatial} trees, SHA-256 {}… not published, so not verified",
        &sha256[..8]
    );
    Ok(Imported { to, what, notes: Vec::new() })
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
        ("unband.from_kind", container.word()),
        ("unband.from_sha256", sha256),
    ];
    if let Some(published) = published {
        facts.push(("unband.published", published.name));
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
