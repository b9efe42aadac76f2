//! Output paths of all inputs, determined before anything is written.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use unband::files::{Naming, Output, possible_outputs};
use unband::io::video::promises_video;

use crate::inputs::{Input, STDIO};
use crate::reporter::Failure;
use crate::streams;

/// The output of one input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// Exactly this file.
    File(PathBuf),
    /// This path with the extension of the result's format.
    Stem(PathBuf),
    /// Standard output.
    Stdout,
}

impl Target {
    /// The library's form of it; `sink` receives standard output.
    pub(crate) fn output<'a>(&'a self, sink: &'a mut Vec<u8>) -> Output<'a> {
        match self {
            Self::File(path) => Output::File(path),
            Self::Stem(path) => Output::Stem(path),
            Self::Stdout => Output::Sink(sink),
        }
    }

    /// All paths that it may become.
    pub(crate) fn possible(&self, input: &Input, naming: Naming) -> Vec<PathBuf> {
        possible_outputs(&input.path, &self.output(&mut Vec::new()), naming)
    }

    /// The folder that must already exist.
    pub(crate) fn folder(&self) -> Option<&Path> {
        match self {
            Self::Stem(path) => path.parent().filter(|folder| !folder.as_os_str().is_empty()),
            // A folder misspelt in a full file name must not be created.
            Self::File(_) | Self::Stdout => None,
        }
    }
}

/// Checks that the folder of an output file exists.
///
/// # Errors
/// A missing folder.
pub(crate) fn check_folder_of(path: &Path) -> Result<(), Failure> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if folder.is_none_or(Path::is_dir) {
        return Ok(());
    }
    let hint = "create the folder first, or check its spelling".to_owned();
    Err(Failure::at(path.display().to_string(), "its folder does not exist".to_owned(), Some(hint)))
}

/// The output folder, if `-o` names one.
pub(crate) fn folder_of<'a>(output: Option<&'a Path>, inputs: &[PathBuf]) -> Option<&'a Path> {
    let path = output.filter(|path| path.as_os_str() != STDIO)?;
    let several = inputs.len() > 1 || inputs.iter().any(|input| input.is_dir());
    let slash = path
        .as_os_str()
        .as_encoded_bytes()
        .last()
        .is_some_and(|&b| b == b'/' || (cfg!(windows) && b == b'\\'));
    // With several images, only an image's or video's extension makes it a file, so that the mistake is
    // noticed.
    let bare = unband::io::by_extension(path).is_none() && !promises_video(path) && !path.exists();
    (path.is_dir() || slash || (several && bare)).then_some(path)
}

/// Gives every input its target; `stem` is the default result name of an input, `suffix` is appended to names
/// in a folder.
///
/// # Errors
/// Several images into one file, a suffix for one, image bytes to a terminal.
pub(crate) fn targets(
    inputs: &[Input],
    output: Option<&Path>,
    folder: Option<&Path>,
    stem: &dyn Fn(&Path) -> PathBuf,
    suffix: Option<&str>,
) -> Result<Vec<Target>, Failure> {
    let stdin = inputs.iter().any(Input::is_stdin);
    if stdin && inputs.len() > 1 {
        return Err(Failure::usage("standard input and files cannot be mixed", "run unband once for each"));
    }
    let to_stdout = output.map_or(stdin, |path| path.as_os_str() == STDIO);
    if let (2.., None, Some(output)) = (inputs.len(), folder, output) {
        let message = format!("{} images cannot be written to one file, {}", inputs.len(), output.display());
        let hint = format!("name a folder, `-o {}/`", output.with_extension("").display());
        return Err(Failure::usage(message, hint));
    }
    if let (Some(path), None, Some(suffix)) = (output, folder, suffix) {
        let message = format!("`--suffix {suffix}` names files in a folder, and `-o` is {}", path.display());
        return Err(Failure::usage(message, "name a folder with `-o`, or drop `--suffix`"));
    }
    if to_stdout {
        if streams::Output::is_terminal() {
            let hint = "add `-o FILE`, or redirect with `>` or `|`";
            return Err(Failure::usage("image data is not written to a terminal", hint));
        }
        return Ok(vec![Target::Stdout; inputs.len()]);
    }
    Ok(inputs
        .iter()
        .map(|input| match (folder, output) {
            (Some(folder), _) => {
                Target::Stem(suffixed(&folder.join(&input.below), suffix.unwrap_or_default()))
            }
            (None, Some(path)) => Target::File(path.to_path_buf()),
            (None, None) => Target::Stem(stem(&input.path)),
        })
        .collect())
}

/// The path without its extension, and with a suffix.
pub(crate) fn suffixed(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(suffix);
    path.with_file_name(name)
}

/// Resolves name clashes between results, such as those of `a.jpg` and `a.png`: the whole input name becomes
/// part of the result's, `a.jpg_unband.png`. A lossless format keeps the short name before a lossy one.
/// Returns a note for each.
pub(crate) fn distinguish(
    inputs: &[Input],
    targets: &mut [Target],
    naming: Naming,
    stem: &dyn Fn(&Path) -> PathBuf,
) -> Vec<String> {
    let kept = |input: &Input| {
        let format = unband::io::by_extension(&input.path);
        format.and_then(|format| format.writes.as_ref()).is_some_and(|writes| !writes.lossy.holds(false))
    };
    let mut order: Vec<usize> = (0..inputs.len()).collect();
    order.sort_by_key(|&i| !kept(&inputs[i]));
    let mut taken: HashMap<PathBuf, usize> = HashMap::new();
    let mut notes = Vec::new();
    for i in order {
        let input = &inputs[i];
        let places = |target: &Target| -> Vec<PathBuf> {
            target.possible(input, naming).iter().map(|path| place(path)).collect()
        };
        let first = places(&targets[i]).iter().find_map(|place| taken.get(place).copied());
        // Files of the same name in different folders cannot be resolved this way.
        if let (Some(first), Target::Stem(path)) = (first, &targets[i])
            && inputs[first].path.file_name() != input.path.file_name()
        {
            let name = input.path.file_name().unwrap_or_default().to_string_lossy();
            let is_default = stem(&input.path) == *path;
            let whole = if is_default {
                stem(&input.path.with_file_name(format!("{name}.x")))
            } else {
                path.with_file_name(&*name)
            };
            let shown = whole.file_name().unwrap_or_default().to_string_lossy().into_owned();
            notes.push(format!(
                "{} and {} have the same name: the result of {name} becomes {shown}.*",
                inputs[first].shown(),
                input.shown()
            ));
            targets[i] = Target::Stem(whole);
        }
        for place in places(&targets[i]) {
            taken.entry(place).or_insert(i);
        }
    }
    notes
}

/// Finds two inputs that may write the same file, and results that would replace an input.
///
/// # Errors
/// The first such pair.
pub(crate) fn check(
    inputs: &[Input],
    targets: &[Target],
    naming: Naming,
    overwrite: bool,
) -> Result<(), Failure> {
    let sources: HashMap<PathBuf, usize> = inputs
        .iter()
        .enumerate()
        .filter(|(_, input)| !input.is_stdin())
        .map(|(i, input)| (place(&input.path), i))
        .collect();
    let mut taken: HashMap<PathBuf, usize> = HashMap::new();
    for (i, (input, target)) in inputs.iter().zip(targets).enumerate() {
        for path in target.possible(input, naming) {
            let place = place(&path);
            if let Some(&source) = sources.get(&place) {
                if source != i {
                    let message = format!(
                        "the result of {} would replace {}, which is also an input",
                        input.shown(),
                        inputs[source].shown()
                    );
                    return Err(Failure::usage(message, "choose another output folder"));
                }
                if !overwrite {
                    let message = format!("the result of {} would replace it", input.shown());
                    return Err(Failure::usage(
                        message,
                        "choose another name or folder, or add `--overwrite`",
                    ));
                }
            }
            if let Some(first) = taken.insert(place, i).filter(|&first| first != i) {
                let message = format!(
                    "{} and {} may both be written to {}",
                    inputs[first].shown(),
                    input.shown(),
                    path.display()
                );
                let hint = "run them separately with different `-o`, or rename one of them";
                return Err(Failure::usage(message, hint));
            }
        }
    }
    Ok(())
}

/// A canonical path for existing and missing files. Links are resolved, since their target is what would be
/// replaced.
pub(crate) fn place(path: &Path) -> PathBuf {
    let linked = path.canonicalize();
    let path = linked.as_deref().unwrap_or(path);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = folder
        .canonicalize()
        .or_else(|_| std::path::absolute(folder))
        .unwrap_or_else(|_| folder.to_path_buf());
    let place = match path.file_name() {
        Some(name) => folder.join(name),
        None => path.to_path_buf(),
    };
    if cfg!(any(windows, target_os = "macos")) {
        // Names that differ only in case are the same file there.
        return PathBuf::from(place.to_string_lossy().to_lowercase());
    }
    place
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use unband::files::output_stem;

    #[test]
    fn an_output_is_a_folder_when_it_looks_like_one_or_must_be_one() {
        let dir = tempfile::tempdir().unwrap();
        let one = [PathBuf::from("a.png")];
        let two = [PathBuf::from("a.png"), PathBuf::from("b.png")];
        assert!(folder_of(Some(dir.path()), &one).is_some());
        assert!(folder_of(Some(Path::new("new/")), &one).is_some());
        assert!(folder_of(Some(Path::new("new.png")), &one).is_none());
        assert!(folder_of(Some(Path::new("new")), &one).is_none());
        assert!(folder_of(Some(Path::new("new")), &two).is_some());
        assert!(folder_of(Some(Path::new("2024.05")), &two).is_some());
        assert!(folder_of(Some(Path::new("new.png")), &two).is_none());
        assert!(folder_of(Some(Path::new("-")), &two).is_none());
        assert!(folder_of(None, &two).is_none());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_another_input_is_no_place_for_a_result() {
        let dir = tempfile::tempdir().unwrap();
        let input = |name: &str| {
            std::fs::write(dir.path().join(name), b"x").unwrap();
            Input::new(dir.path().join(name), name)
        };
        let inputs = [input("a.png"), input("b.png")];
        std::fs::create_dir(dir.path().join("out")).unwrap();
        std::os::unix::fs::symlink("../b.png", dir.path().join("out/a.png")).unwrap();
        let targets = ["a", "b"].map(|name| Target::Stem(dir.path().join("out").join(name)));
        let failure = check(&inputs, &targets, Naming::default(), true).unwrap_err();
        assert!(
            failure.message.contains("would replace") && failure.message.contains("b.png"),
            "{failure:?}"
        );
    }

    #[test]
    fn dots_in_a_name_are_no_extensions_of_the_result() {
        let input = Input::new("in/v1.2 final.jpg", "v1.2 final.jpg");
        let targets =
            targets(std::slice::from_ref(&input), None, Some(Path::new("out")), &output_stem, None).unwrap();
        assert_eq!(targets, [Target::Stem("out/v1.2 final".into())]);
        let possible = targets[0].possible(&input, Naming::default());
        assert!(possible.contains(&PathBuf::from("out/v1.2 final.png")), "{possible:?}");
    }
}
