//! Conversion of arguments into the library's options, with all checks that need no image.

use std::io::Read;
use std::path::Path;

use unband::files::{ExtraOutputFile, FileOptions, Naming};
use unband::io::FormatEntry;
use unband::io::video::container_of;
use unband::networks::{self, WEIGHTS};
use unband::{Alpha, Bands, Choice, Error, Hint, Method, Options, OutputDepth, Weights, With, models};

use crate::args::{DebandArgs, ImageArgs, Switch};
use crate::inputs::{Input, STDIO};
use crate::outputs::check_folder_of;
use crate::reporter::Failure;

/// The options of all commands that write images; the format is checked by the command.
pub(crate) fn of_images(args: &ImageArgs) -> FileOptions {
    let options = Options::with(|new| {
        new.depth = args.depth;
        new.dither = args.dither.unwrap_or_default();
        new.locked = args.locked;
        new.seed = args.seed;
        new.precision = args.precision;
        new.wrap = args.wrap;
        new.max_memory = args.resources.max_memory;
    });
    FileOptions::with(|new| {
        new.options = options;
        new.quality = args.quality;
        new.effort = args.effort;
        new.overwrite = args.overwrite;
        new.preserve_times = args.preserve_times;
    })
}

/// The library's options.
pub(crate) fn file_options(args: &DebandArgs) -> Result<FileOptions, Failure> {
    let folder = models::folder();
    let mut method = match (&args.method, &args.weights) {
        (Some(text), _) => choice(text)?,
        // The file determines the network.
        (None, Some(file)) => {
            let file = models::file_named(file, folder.as_deref())?;
            Choice::Named(Method::new(models::method_of(&file)?))
        }
        (None, None) => Choice::Auto,
    };
    if let Choice::Named(method) = &mut method {
        if let Some(file) = &args.weights {
            if !method.takes(WEIGHTS) {
                let hint = "`unband list methods` shows which methods take weights";
                return Err(Failure::usage(format!("{} takes no `--weights`", method.name()), hint));
            }
            method.set(WEIGHTS, &Weights::File(file.clone()))?;
        }
        models::resolve(method, folder.as_deref())?;
    }
    let options = of_images(&args.images).options.but(|new| {
        new.method = method;
        new.strength = args.strength.unwrap_or(1.0);
        new.faithful = args.faithful.map(|switch| switch == Switch::On);
        new.everywhere = args.everywhere;
        new.truncated = args.truncated;
        new.bands = args.bits.map(Bands::Bits).or(args.band_step);
        new.alpha = if args.alpha { Alpha::Repair } else { Alpha::Keep };
        new.treat_as = args.treat_as;
    });
    let named = options.method.named();
    let usage = |error: Error| {
        let hint = match &error {
            Error::Setting(error) => networks::setting_hint(error),
            other => other.hint(),
        };
        Failure { subject: None, message: error.to_string(), hint }
    };
    if args.strength.is_some()
        && let Some(method) = named.filter(|method| !method.entry().ours)
    {
        let name = method.name();
        let hint =
            format!("set its own parameters, `--method {name}:key=value`; `unband list methods` shows all");
        return Err(Failure::usage(format!("{name} does not support `--strength`"), hint));
    }
    unband::check(&options).map_err(usage)?;
    let extra_output = args.save_output.clone().map(|(name, path)| ExtraOutputFile::new(name, path));
    if let Some(file) = &extra_output {
        let default = Method::new(&unband::SMOOTH);
        networks::check_extra_output(named.unwrap_or(&default), &file.name).map_err(usage)?;
    }
    let format = args.images.format.as_deref().map(format_named).transpose()?;
    let options = of_images(&args.images).but(|new| {
        new.options = options;
        new.format = format;
        new.only_banded = args.only_banded;
        new.prove = args.prove;
        new.keep_going = args.video.keep_going;
        new.extra_output = extra_output;
    });
    if let Some(format) = format {
        check_depth(format, args.images.depth, None)?;
    }
    Ok(options)
}

/// Checks the file of the extra output against the inputs and results.
///
/// # Errors
/// Several inputs, a file that is one of them, a missing folder.
pub(crate) fn check_extra_output(
    extra_output: Option<&ExtraOutputFile>,
    inputs: &[Input],
    output: Option<&Path>,
) -> Result<(), Failure> {
    let Some(ExtraOutputFile { path, .. }) = extra_output else { return Ok(()) };
    let fault = |message: &str, hint: &str| {
        Err(Failure::at(path.display().to_string(), message.to_owned(), Some(hint.to_owned())))
    };
    if inputs.len() > 1 {
        let message = "`--save-output` writes one image, several were named";
        return Err(Failure::usage(message, "run unband once for each"));
    }
    let same = |other: &Path| {
        path == other || path.canonicalize().is_ok_and(|path| other.canonicalize().is_ok_and(|o| o == path))
    };
    if inputs.iter().any(|input| same(&input.path)) || output.is_some_and(same) {
        return fault("two outputs have this name", "write to another name");
    }
    check_folder_of(path)
}

/// Parses a method with its settings, or another program's filter string.
fn choice(text: &str) -> Result<Choice, Failure> {
    Ok(Choice::Named(models::parse_method(text, models::folder().as_deref())?))
}

/// Finds a format by its extension or name, with or without a dot.
pub(crate) fn format_named(text: &str) -> Result<&'static FormatEntry, Failure> {
    let word = text.trim_start_matches('.');
    let extension =
        |format: &&'static FormatEntry| format.extensions.iter().any(|e| e.eq_ignore_ascii_case(word));
    let found = unband::io::FORMATS.iter().find(extension).or_else(|| unband::io::by_name(word));
    let error = match found {
        Some(format) if format.writes.is_some() => return Ok(format),
        Some(format) => unband::io::Error::ReadOnly { format: format.name },
        None => unband::io::Error::UnknownExtension { extension: word.to_owned() },
    };
    Err(Failure::from(error))
}

/// Checks a single output: a known extension, and a format that can hold the requested data.
pub(crate) fn check_output(path: &Path, naming: Naming, inputs: &[Input]) -> Result<(), Failure> {
    if path.as_os_str() == STDIO {
        return Ok(());
    }
    let shown = path.display().to_string();
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.exists());
    if let Some(folder) = folder {
        let message = format!("the folder {} does not exist", folder.display());
        let hint = format!("check its spelling, or create it: `mkdir -p {}`", folder.display());
        return Err(Failure::at(shown, message, Some(hint)));
    }
    if let Some(format) = naming.format {
        return unband::files::check_agreement(format, path).map_err(|_| {
            let extension = format.extensions.first().copied().unwrap_or_default();
            let hint = format!("drop `--format`, or write `-o {}`", path.with_extension(extension).display());
            Failure::usage(format!("`--format {extension}` and `-o {shown}` disagree"), hint)
        });
    }
    match unband::io::by_extension(path) {
        Some(format) if format.writes.is_none() => {
            let error = unband::io::Error::ReadOnly { format: format.name };
            Err(Failure::from_error(shown, &error))
        }
        Some(format) => check_depth(format, naming.depth, Some(path)),
        None => {
            let extension = path.extension().unwrap_or_default().to_string_lossy().into_owned();
            let (message, hint) = if container_of(path).is_some() {
                not_a_video(inputs)
            } else if extension.is_empty() {
                (
                    "no file extension, so no format".to_owned(),
                    format!("`{shown}/` is a folder, `{shown}.png` a file"),
                )
            } else {
                let error = unband::io::Error::UnknownExtension { extension };
                (error.to_string(), error.hint().unwrap_or_default())
            };
            Err(Failure::at(shown, message, Some(hint)))
        }
    }
}

/// Why the result of these inputs is not a video, and what to do.
fn not_a_video(inputs: &[Input]) -> (String, String) {
    let head = |input: &Input| {
        let mut head = Vec::new();
        let file = std::fs::File::open(input.file()?).ok()?;
        file.take(1 << 16).read_to_end(&mut head).ok().map(|_| head)
    };
    let [only] = inputs else {
        let message = "a video's name, but the inputs are images".to_owned();
        return (message, "for an image sequence name its folder or pattern".to_owned());
    };
    let (name, head) = (only.shown(), head(only).unwrap_or_default());
    let format = unband::io::detect(&head).map(|format| format.name);
    // YUV4MPEG2 with one frame, or with a damaged header.
    let format = format.filter(|_| !head.starts_with(b"YUV4MPEG2"));
    match format {
        Some(_) => (
            format!("a video's name, but {name} is an image"),
            "use an image extension such as .png; for an image sequence name its folder or pattern"
                .to_owned(),
        ),
        None => (
            format!("a video's name, but {name} is not recognised as a video"),
            "check that it is intact, with `ffprobe FILE`".to_owned(),
        ),
    }
}

/// Checks that the format can hold the requested depth.
pub(crate) fn check_depth(
    format: &'static FormatEntry,
    asked: OutputDepth,
    path: Option<&Path>,
) -> Result<(), Failure> {
    let depth = asked.resolve(unband::Depth::Int(1));
    let Err(error) = unband::io::check_can_hold(depth, false, format) else { return Ok(()) };
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

/// Does this format have a quality setting?
pub(crate) fn takes_quality(format: &FormatEntry) -> bool {
    format.writes.as_ref().is_some_and(|writes| writes.lossy.holds(true))
}

/// Does this format have an effort setting, with or without a given quality?
pub(crate) fn takes_effort(format: &FormatEntry, quality: bool) -> bool {
    format.writes.as_ref().is_some_and(|writes| writes.effort.holds(quality))
}
