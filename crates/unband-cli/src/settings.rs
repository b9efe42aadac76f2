//! From arguments to the library's options, with everything checked that can be checked before a picture
//! is read.

use std::path::{Path, PathBuf};

use unband::files::{AsideFile, FileOptions, Naming};
use unband::networks::{self, WEIGHTS, takes_weights};
use unband::{Choice, Error, Findings, Image, Options, OutputDepth};
use unband_io::FormatEntry;
use unband_io::video::container_of;

use unband_infer::models;
use unband_nets::zoo::PUBLISHED;

use crate::args::{DebandArgs, Switch};
use crate::inputs::{Input, STDIO};
use crate::talk::Failure;

/// The library's options from the arguments.
pub fn file_options(args: &DebandArgs) -> Result<FileOptions, Failure> {
    let mut method = args.method.as_deref().map_or(Ok(Choice::Auto), choice)?;
    if let (Some(file), Choice::Named { name, settings }) = (&args.weights, &mut method) {
        if !takes_file(name) {
            let hint = "`unband list methods` shows which methods have `weights`";
            return Err(Failure::usage(format!("{name} takes no `--weights`"), hint));
        }
        settings.push((WEIGHTS.to_owned(), path_text(file)?));
    }
    if let Choice::Named { name, settings } = &mut method {
        add_imported(name, settings)?;
    }
    let options = Options {
        method,
        strength: args.strength.unwrap_or(1.0),
        depth: args.pictures.depth,
        dither: args.pictures.dither,
        locked: args.pictures.locked,
        seed: args.pictures.seed,
        precision: args.pictures.precision,
        faithful: args.faithful.map(|switch| switch == Switch::On),
        everywhere: args.everywhere,
        max_memory: args.pictures.max_memory,
        ..Options::default()
    };
    // Method, settings and ranges are the same for every picture, so a tiny one finds their faults.
    let usage = |error: Error| Failure { subject: None, message: error.to_string(), hint: error.hint() };
    let tiny = Image::from_gray::<u8>(1, 1, &[0]).map_err(|error| Failure::usage(error.to_string(), ""))?;
    let choices = unband::choose(&tiny, &Findings::plain(1, 8), &options).map_err(usage)?;
    if args.strength.is_some() && !choices.entry.ours {
        let name = choices.entry.name;
        let hint =
            format!("set its own parameters, `--method {name}:key=value`; `unband list methods` shows them");
        return Err(Failure::usage(format!("{name} has no common strength"), hint));
    }
    let aside = args.save_output.clone().map(|(name, path)| AsideFile { name, path });
    if let Some(file) = &aside {
        networks::check_aside(choices.entry.name, &choices.settings, &file.name).map_err(usage)?;
    }
    let format = args.pictures.format.as_deref().map(format_named).transpose()?;
    let options = FileOptions {
        options,
        format,
        quality: args.pictures.quality,
        overwrite: args.pictures.overwrite,
        only_banded: args.only_banded,
        preserve_times: args.pictures.preserve_times,
        prove: args.prove,
        aside,
        ..FileOptions::default()
    };
    if let Some(format) = format {
        check_depth(format, args.pictures.depth, None)?;
    }
    Ok(options)
}

/// Adds the imported checkpoint of a network for which none is given.
///
/// # Errors
/// When several were imported.
pub fn add_imported(method: &str, settings: &mut Vec<(String, String)>) -> Result<(), Failure> {
    if let Some(file) = imported(method, settings)? {
        settings.push((WEIGHTS.to_owned(), path_text(&file)?));
    }
    Ok(())
}

/// Can the further output go to its file, beside these pictures and their results?
///
/// # Errors
/// Several pictures, a file that is one of them, a folder that does not exist.
pub fn check_aside(
    aside: Option<&AsideFile>,
    inputs: &[Input],
    output: Option<&Path>,
) -> Result<(), Failure> {
    let Some(AsideFile { path, .. }) = aside else { return Ok(()) };
    let fault = |message: &str, hint: &str| {
        Err(Failure::at(path.display().to_string(), message.to_owned(), Some(hint.to_owned())))
    };
    if inputs.len() > 1 {
        let message = "`--save-output` writes one picture, several were named";
        return Err(Failure::usage(message, "run the program once for each"));
    }
    let same = |other: &Path| {
        path == other || path.canonicalize().is_ok_and(|path| other.canonicalize().is_ok_and(|o| o == path))
    };
    if inputs.iter().any(|input| same(&input.path)) || output.is_some_and(same) {
        return fault("two pictures have this name", "write to another name");
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if folder.is_some_and(|folder| !folder.is_dir()) {
        return fault("its folder does not exist", "make the folder first, or check its spelling");
    }
    Ok(())
}

/// The file of a checkpoint: the one of that name, or of an imported model called so.
///
/// # Errors
/// Neither a file nor a model.
pub fn weights_file(named: &Path) -> Result<PathBuf, Failure> {
    if named.exists() {
        return Ok(named.to_path_buf());
    }
    let folder = models::folder();
    let imported = named.to_str().and_then(|name| Some(models::file(folder.as_deref()?, name)));
    if let Some(file) = imported.filter(|file| file.is_file()) {
        return Ok(file);
    }
    let names = folder.map(|folder| models::names(&folder)).unwrap_or_default();
    let hint = if names.is_empty() {
        "name a file, or a model that `unband models import FILE` has imported".to_owned()
    } else {
        format!("name a file, or an imported model: {}", names.join(", "))
    };
    Err(Failure::at(
        named.display().to_string(),
        "there is no such file, and no such model".into(),
        Some(hint),
    ))
}

/// Is it a network?
pub fn takes_file(method: &str) -> bool {
    unband::method(method).is_some_and(|entry| takes_weights(entry.params))
}

fn imported(method: &str, settings: &[(String, String)]) -> Result<Option<PathBuf>, Failure> {
    // The program's own numbers are not taken for others unless somebody says so.
    if !takes_file(method)
        || networks::built_in(method).is_some()
        || settings.iter().any(|(name, _)| name == WEIGHTS)
    {
        return Ok(None);
    }
    let Some(folder) = models::folder() else { return Ok(None) };
    let published = PUBLISHED.iter().filter(|p| p.architecture == method).map(|p| p.name);
    let names = published.filter(|&name| name != method).chain([method]);
    let file = |name| models::file(&folder, name);
    let mut found: Vec<PathBuf> = names.map(file).filter(|file| file.is_file()).collect();
    if found.len() > 1 {
        let all: Vec<String> = found.iter().map(|file| file.display().to_string()).collect();
        let hint = format!("choose one with `--weights`: {}", all.join(", "));
        return Err(Failure::usage(format!("several checkpoints of {method} were imported"), hint));
    }
    Ok(found.pop())
}

/// A path as a setting holds it.
fn path_text(path: &Path) -> Result<String, Failure> {
    path.to_str().map(str::to_owned).ok_or_else(|| {
        let hint = "rename the file";
        Failure::usage(format!("the name of {} is no Unicode text", path.display()), hint)
    })
}

/// A method with its settings, or another program's recipe.
fn choice(text: &str) -> Result<Choice, Failure> {
    let (name, settings) = unband_filters::parse_method(text, unband::methods())
        .map_err(|error| Failure { subject: None, message: error.to_string(), hint: error.hint() })?;
    Ok(Choice::Named { name: name.to_owned(), settings })
}

/// A format by its extension or its name, with or without a dot.
pub fn format_named(text: &str) -> Result<&'static FormatEntry, Failure> {
    let word = text.trim_start_matches('.');
    let error = match unband_io::by_extension(&Path::new("x").with_extension(word))
        .or_else(|| unband_io::by_name(word))
    {
        Some(format) if format.writes.is_some() => return Ok(format),
        Some(format) => unband_io::Error::ReadOnly { format: format.name },
        None => unband_io::Error::UnknownExtension { extension: word.to_owned() },
    };
    Err(Failure { subject: None, message: error.to_string(), hint: error.hint() })
}

/// A single output: is its extension known, and can it hold what was asked for?
pub fn check_output(path: &Path, naming: Naming) -> Result<(), Failure> {
    if path.as_os_str() == STDIO || naming.format.is_some() {
        return Ok(());
    }
    let shown = path.display().to_string();
    match unband_io::by_extension(path) {
        Some(format) if format.writes.is_none() => {
            let error = unband_io::Error::ReadOnly { format: format.name };
            Err(Failure::at(shown, error.to_string(), error.hint()))
        }
        Some(format) => check_depth(format, naming.depth, Some(path)),
        None => {
            let extension = path.extension().unwrap_or_default().to_string_lossy().into_owned();
            let (message, hint) = if container_of(path).is_some() {
                (
                    "a film's name, but what is to be written there is no film".to_owned(),
                    "give a picture's extension such as .png; if a film was meant, see that it is whole"
                        .to_owned(),
                )
            } else if extension.is_empty() {
                (
                    "no extension says which format to write".to_owned(),
                    format!("`{shown}/` is a folder, `{shown}.png` a file"),
                )
            } else {
                let error = unband_io::Error::UnknownExtension { extension };
                (error.to_string(), error.hint().unwrap_or_default())
            };
            Err(Failure::at(shown, message, Some(hint)))
        }
    }
}

/// Can the format hold the depth that was asked for?
pub fn check_depth(
    format: &'static FormatEntry,
    asked: OutputDepth,
    path: Option<&Path>,
) -> Result<(), Failure> {
    let depth = asked.resolve(unband::Depth::Int(1));
    let Err(error) = unband_io::check_can_hold(depth, false, format) else { return Ok(()) };
    let stem = path.map_or_else(|| "sky".to_owned(), |path| path.with_extension("").display().to_string());
    let better = if depth == unband::Depth::F32 {
        format!("{stem}.tiff")
    } else {
        format!("{stem}.png or {stem}.tiff")
    };
    let way = if path.is_some() { format!("write {better}") } else { "choose another `--format`".to_owned() };
    let hint = format!("{way}, or drop `--depth {asked}` to dither to 8 bits");
    Err(Failure {
        subject: path.map(|path| path.display().to_string()),
        message: error.to_string(),
        hint: Some(hint),
    })
}

/// Does a quality mean something to this format?
pub fn takes_quality(format: &FormatEntry) -> bool {
    // WebP has both ways; a quality asks for the lossy one.
    format.name == "WebP" || format.writes.as_ref().is_some_and(|writes| writes.lossy)
}
