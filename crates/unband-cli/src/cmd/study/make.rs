//! Study page and its key.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use unband::io::{Access, Limits, Saving};
use unband::{Context, Image, With};
use unband_report::study::{Fit, Study};

use super::{KEY_SCHEMA, Key, KeyMethod, StudyArgs};
use crate::extras;
use crate::inputs::{Gather, failure, readable};
use crate::outcome::Outcome;
use crate::reporter::{Failure, Reporter};

/// Name of the hidden reference.
pub(super) const REFERENCE: &str = "reference";

pub(super) fn run(args: &StudyArgs, reporter: &Reporter<'_>) -> Outcome {
    match page(args, reporter) {
        Ok(()) => Outcome::Done,
        Err((failure, outcome)) => {
            reporter.failure(&failure);
            outcome
        }
    }
}

type Fault = (Failure, Outcome);

fn usage(message: impl Into<String>, hint: impl Into<String>) -> Fault {
    (Failure::usage(message, hint), Outcome::Usage)
}

fn input(failure: Failure) -> Fault {
    (failure, Outcome::SomeFailed)
}

fn page(args: &StudyArgs, reporter: &Reporter<'_>) -> Result<(), Fault> {
    let (reference, methods) = match (&args.reference, args.paths.split_first()) {
        (Some(reference), _) => (reference, args.paths.as_slice()),
        (None, Some((first, rest))) => (first, rest),
        (None, None) => return Err(usage("no folder was named", "name the folder of references first")),
    };
    if methods.is_empty() {
        let hint = "name one folder per method after the folder of references";
        return Err(usage("a study needs at least one method besides the reference", hint));
    }
    let key_path = args.output.with_extension("json");
    if key_path == args.output {
        let message = format!("{}: page and key would be the same file", args.output.display());
        return Err(usage(message, "give the page the extension .html"));
    }
    for path in [&args.output, &key_path] {
        if path.exists() && !args.overwrite {
            let message = format!("{}: exists already", path.display());
            return Err(input(Failure::usage(message, "choose another name, or add `--overwrite`")));
        }
    }
    let references = folder(reference)?;
    let results = methods.iter().map(|path| folder(path)).collect::<Result<Vec<_>, _>>()?;
    let sources =
        extras::Inputs::from_paths(references.values().chain(results.iter().flat_map(BTreeMap::values)));
    for path in [&args.output, &key_path] {
        sources.keep_from(path).map_err(|failure| (failure, Outcome::Usage))?;
    }
    let names = methods.iter().map(|path| name(path)).collect::<Result<Vec<_>, _>>()?;
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    for (method, results) in names.iter().zip(&results) {
        let without = results.keys().filter(|stem| !references.contains_key(*stem)).count();
        if without > 0 {
            reporter.note(&format!("{method}: {without} without a reference, skipped"));
        }
    }
    let mut study =
        Study::new(&args.title, REFERENCE, &names).map_err(|error| (Failure::from(error), Outcome::Usage))?;
    let fit = match (args.crop, args.max_side) {
        (Some(crop), _) => crop,
        (None, Some(side)) => Fit::Longest(side as usize),
        (None, None) => Fit::Whole,
    };
    for (done, (stem, path)) in references.iter().enumerate() {
        let clean = load(path)?;
        let images = methods.iter().zip(&results).map(|(folder, files)| result_of(stem, folder, files));
        let images = images.collect::<Result<Vec<Image>, Fault>>()?;
        let images: Vec<&Image> = images.iter().collect();
        let added = study.add(stem, &clean, &images, fit, &Context::default());
        added.map_err(|error| input(error.into()))?;
        reporter.detail(&format!("{stem}: {}", size(study.bytes() as u64)));
        if study.bytes() as u64 > args.max_size {
            let message = format!(
                "{} of {} images already take {} on the page, `--max-size` allows {}",
                done + 1,
                references.len(),
                size(study.bytes() as u64),
                size(args.max_size)
            );
            let hint = "crop with `--crop 640x480`, reduce with `--max-side 1280`, or use fewer images";
            return Err(input(Failure::usage(message, hint)));
        }
    }
    let html = study.html();
    let access = Access::from_paths(references.values().chain(results.iter().flat_map(BTreeMap::values)));
    let saving = Saving::from(args.overwrite).but(|new| new.access = access);
    write(html.as_bytes(), &args.output, saving)?;
    write(&key(&study), &key_path, saving)?;
    reporter.line(&format!(
        "{} images × ({} methods + hidden reference) = {} pairs, {} → {}, key {}",
        references.len(),
        names.len(),
        study.presentations(),
        size(html.len() as u64),
        args.output.display(),
        key_path.display()
    ));
    Ok(())
}

fn result_of(stem: &str, folder: &Path, files: &BTreeMap<String, PathBuf>) -> Result<Image, Fault> {
    let path = files.get(stem).ok_or_else(|| {
        let message = format!("there is no result of `{stem}`");
        let hint = "each method needs a result of each image, with the same name; the extension may differ";
        input(Failure::at(folder.display().to_string(), message, Some(hint.to_owned())))
    })?;
    load(path)
}

/// The images of a folder by their names without extension.
fn folder(path: &Path) -> Result<BTreeMap<String, PathBuf>, Fault> {
    if !path.is_dir() {
        let hint = "`unband study REFERENCES METHOD…` takes folders; `--score` takes files of ratings";
        return Err(usage(format!("{}: not a folder", path.display()), hint));
    }
    let gather = Gather::new(&readable).but(|new| {
        new.results_too = true;
    });
    let found = gather.run(&[path.to_path_buf()]);
    if let Some(error) = found.failures.first() {
        return Err(input(failure(error)));
    }
    let mut files: BTreeMap<String, PathBuf> = BTreeMap::new();
    for file in found.inputs {
        let stem = file.path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if let Some(other) = files.insert(stem.clone(), file.path.clone()) {
            let message = format!("two images have the name `{stem}`, the other is {}", other.display());
            let hint = "names without extension must differ".to_owned();
            return Err(input(Failure::at(file.shown(), message, Some(hint))));
        }
    }
    Ok(files)
}

fn name(path: &Path) -> Result<String, Fault> {
    let full = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    // The folder as typed, unless that has no name: `.`, `..`.
    let name = path.file_name().or(full.file_name());
    name.map(|name| name.to_string_lossy().into_owned()).ok_or_else(|| {
        usage(
            format!("{}: a method is named after its folder, but this path has no name", path.display()),
            "name another folder",
        )
    })
}

fn load(path: &Path) -> Result<Image, Fault> {
    unband::io::read_file(path, &Limits::default())
        .map(|(image, _)| image)
        .map_err(|error| input(Failure::from_error(path.display().to_string(), &error)))
}

fn write(bytes: &[u8], path: &Path, saving: Saving<'_>) -> Result<(), Fault> {
    unband::io::write_bytes(bytes, path, saving)
        .map_err(|error| input(Failure::from_error(path.display().to_string(), &error)))
}

fn key(study: &Study) -> Vec<u8> {
    let methods = study.key().into_iter().map(|(id, name)| KeyMethod { id, name }).collect();
    let key =
        Key { schema: KEY_SCHEMA.to_owned(), study: study.id(), reference: REFERENCE.to_owned(), methods };
    // Text fields always serialise.
    let mut bytes = serde_json::to_vec_pretty(&key).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

fn size(bytes: u64) -> String {
    match bytes {
        0..0x10_0000 => format!("{} KiB", bytes.div_ceil(1 << 10)),
        _ => format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20)),
    }
}
