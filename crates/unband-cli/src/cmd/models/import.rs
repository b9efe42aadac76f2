//! `unband models import`.

use std::path::{Path, PathBuf};

use unband_infer::models;
use unband_metrics::nrqm;
use unband_nets::StateDict;
use unband_nets::checkpoint::{self, Container};
use unband_nets::zoo::{self, PUBLISHED, Published};

use super::name::name;
use super::{ImportArgs, failure, unread};
use crate::Outcome;
use crate::inputs::reason;
use crate::talk::{Failure, Talk};

pub fn run(args: &ImportArgs, talk: &Talk<'_>) -> Outcome {
    if args.name.is_some() && args.files.len() > 1 {
        let hint = "import them one after the other";
        talk.failure(&Failure::usage("several files cannot have one name", hint));
        return Outcome::Usage;
    }
    let Some(folder) = models::folder() else {
        let hint = "set UNBAND_MODELS to a folder";
        talk.failure(&Failure::usage("the system names no folder for data of programs", hint));
        return Outcome::Usage;
    };
    let mut outcome = Outcome::Done;
    for path in &args.files {
        match import(path, args, &folder) {
            Ok((to, what)) => talk.line(&format_args!("{} → {}  {what}", path.display(), to.display())),
            Err(failure) => {
                talk.failure(&failure);
                outcome = Outcome::SomeFailed;
            }
        }
    }
    outcome
}

/// The file that was written, and what it is.
fn import(path: &Path, args: &ImportArgs, folder: &Path) -> Result<(PathBuf, String), Failure> {
    let source = checkpoint::load(path).map_err(|e| unread(path, &e))?;
    let sha256 = source.sha256();
    let mut read = source.read().map_err(|e| unread(path, &e))?;
    drop(source);
    if let Some(model) = nrqm::Model::recognised(&read.state) {
        let model = model.map_err(|what| failure(path, &format!("no whole model of NRQM: {what}"), None))?;
        return import_forests(path, args, folder, &model, read.container, &sha256);
    }
    let published = zoo::with_sha256(&sha256);
    let name = match (&args.name, published) {
        (Some(name), _) => name.clone(),
        (None, Some(published)) => published.name.to_owned(),
        (None, None) => named_by_file(path)?,
    };
    let network = read.network().map_err(|e| failure(path, &e, e.hint()))?;
    // Generators that are fed differently have the same tensors; the list knows which is which.
    let kind = published.map_or(network.architecture.name, |published| published.architecture);
    let what = match published {
        Some(published) => format!("{kind}, the published {}", published.name),
        None => format!("{kind}, SHA-256 {}… not compared with a publisher's", &sha256[..8]),
    };
    read.state = network.architecture.own_tensors(read.state);
    let facts = facts(path, read.container, published, &sha256, kind);
    let content = content(path, args, &read.state, &facts)?;
    let to = models::file(folder, &name);
    write(&to, folder, &content, args.overwrite)?;
    Ok((to, what))
}

/// The forests of NRQM, which are no network. The publisher's sum is not known: they are called so whatever the file is called.
fn import_forests(
    path: &Path,
    args: &ImportArgs,
    folder: &Path,
    model: &nrqm::Model,
    container: Container,
    sha256: &str,
) -> Result<(PathBuf, String), Failure> {
    let to = models::file(folder, args.name.as_deref().unwrap_or(nrqm::MODEL));
    let facts = facts(path, container, None, sha256, zoo::FORESTS);
    let content = content(path, args, &model.state(), &facts)?;
    write(&to, folder, &content, args.overwrite)?;
    let [local, global, spatial] = model.trees();
    let what = format!(
        "regression forests of NRQM, {local} + {global} + {spatial} trees, SHA-256 {}… not compared with a publisher's",
        &sha256[..8]
    );
    Ok((to, what))
}

/// A name for a file that is no published one, from its own; a published one's name would be a lie.
fn named_by_file(path: &Path) -> Result<String, Failure> {
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let mut called: Vec<&Published> = PUBLISHED.iter().filter(|p| p.file == file).collect();
    if let [published] = called[..]
        && published.sha256.is_empty()
    {
        return Ok(published.name.to_owned());
    }
    called.retain(|published| !published.sha256.is_empty());
    if let Some(published) = called.first() {
        let message = format!("called like the published {}, but of another SHA-256", published.name);
        let hint = "get it again from its publisher; if it is another model, name it with `--as NAME`";
        return Err(failure(path, &message, Some(hint.to_owned())));
    }
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().replace(' ', "_");
    let hint = || Some("name it with `--as NAME`".to_owned());
    let own = name(&stem).map_err(|message| failure(path, &message, hint()))?;
    if zoo::find(&own).is_some() {
        let message =
            format!("`{own}` is the name of a published model, and this file is not known to be that");
        return Err(failure(path, &message, hint()));
    }
    Ok(own)
}

/// What the copy says of itself.
fn facts(
    path: &Path,
    container: Container,
    published: Option<&Published>,
    sha256: &str,
    network: &str,
) -> Vec<(String, String)> {
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let mut facts = vec![
        ("unband.network", network),
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
        let message = format!("a number of `{name}` is too large for 16 bits");
        failure(path, &message, Some("import it without `--half`".to_owned()))
    })
}

/// A model is there whole or not at all.
fn write(to: &Path, folder: &Path, content: &[u8], overwrite: bool) -> Result<(), Failure> {
    std::fs::create_dir_all(folder).map_err(|e| {
        let hint = "set UNBAND_MODELS to a folder that can be written";
        failure(folder, &reason(&e), Some(hint.to_owned()))
    })?;
    unband_io::write_bytes(content, to, overwrite).map_err(|e| failure(to, &e, e.hint()))
}
