//! Pairing of references, inputs and results by name or list.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use unband_image::Hint;

use crate::inputs::{Gather, Input, InputError, InputFault, SUFFIX, readable};

/// Images of one scene.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pair {
    /// Name in tables.
    pub name: String,
    /// The clean image.
    pub reference: Input,
    /// The result, or the input of methods.
    pub second: Input,
    /// The image before its repair.
    pub input: Option<Input>,
}

/// All pairs, and images without a partner.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Pairs {
    /// Pairs in the order of their names or of the list.
    pub pairs: Vec<Pair>,
    /// Images without a partner, and unreadable files.
    pub failures: Vec<InputError>,
}

fn is_readable(path: &Path) -> Input {
    Input {
        path: path.to_path_buf(),
        below: path.file_name().map_or_else(|| path.to_path_buf(), PathBuf::from),
    }
}

/// A file was given with a folder.
#[derive(Debug, thiserror::Error)]
#[error("{} is {}, {} is {}", first.display(), kind(first), second.display(), kind(second))]
#[non_exhaustive]
pub struct FileWithFolder {
    /// The reference.
    pub first: PathBuf,
    /// The second argument.
    pub second: PathBuf,
}

fn kind(path: &Path) -> &'static str {
    if path.is_dir() { "a folder" } else { "a file" }
}

impl Hint for FileWithFolder {
    fn hint(&self) -> Option<String> {
        Some("name two files, two folders, or a list with `--pairs`".to_owned())
    }
}

/// Pairs two files, or the files of two folders by name.
///
/// # Errors
/// A folder with a file.
pub fn of_paths(
    reference: &Path,
    second: &Path,
    input: Option<&Path>,
    recursive: bool,
) -> Result<Pairs, FileWithFolder> {
    let folders = reference.is_dir();
    for path in std::iter::once(second).chain(input) {
        if path.is_dir() != folders {
            return Err(FileWithFolder { first: reference.to_owned(), second: path.to_owned() });
        }
    }
    if folders {
        return Ok(of_folders(reference, second, input, recursive));
    }
    let second = is_readable(second);
    let pair = Pair {
        name: second.shown(),
        reference: is_readable(reference),
        second,
        input: input.map(is_readable),
    };
    Ok(Pairs { pairs: vec![pair], failures: Vec::new() })
}

/// Images of a folder by their file name without extension.
type Named = BTreeMap<String, Input>;

fn of_folders(reference: &Path, second: &Path, input: Option<&Path>, recursive: bool) -> Pairs {
    let mut out = Pairs::default();
    let mut references = named(reference, recursive, &mut out.failures);
    let mut seconds = named(second, recursive, &mut out.failures);
    let mut inputs = input.map(|folder| named(folder, recursive, &mut out.failures));
    for (name, reference) in std::mem::take(&mut references) {
        let Some(second_image) = take(&mut seconds, &name) else {
            out.failures.push(alone(&reference, second));
            continue;
        };
        let before = inputs.as_mut().and_then(|inputs| take(inputs, &name));
        if let (None, Some(folder)) = (&before, input) {
            out.failures.push(alone(&reference, folder));
        }
        out.pairs.push(Pair { name, reference, second: second_image, input: before });
    }
    out.failures.extend(seconds.values().map(|left| alone(left, reference)));
    out.failures.extend(inputs.iter().flat_map(BTreeMap::values).map(|left| alone(left, reference)));
    out
}

/// The image of this name; results are also found by their suffix.
fn take(images: &mut Named, name: &str) -> Option<Input> {
    images.remove(name).or_else(|| images.remove(&format!("{name}{SUFFIX}")))
}

fn alone(input: &Input, other: &Path) -> InputError {
    InputFault::NoPartner { folder: other.to_owned() }.of(input.shown())
}

fn named(folder: &Path, recursive: bool, failures: &mut Vec<InputError>) -> Named {
    let gather =
        Gather { recursive, output_folder: None, results_too: true, suffix: None, readable: &readable };
    let found = gather.run(&[folder.to_path_buf()]);
    failures.extend(found.failures);
    let mut named = Named::new();
    for input in found.inputs {
        let name = input.below.with_extension("").to_string_lossy().replace('\\', "/");
        if let Some(twin) = named.get(&name) {
            failures.push(InputFault::Twin { other: twin.shown() }.of(input.shown()));
        } else {
            named.insert(name, input);
        }
    }
    named
}

/// Reads pairs from a list: reference, second image and optionally the image before its repair. A first line
/// `reference,result` (or `reference,input`) is a header. Paths are relative to the folders, else to the
/// list's folder.
///
/// # Errors
/// An unreadable list, or a line without two or three names.
pub fn of_list(list: &Path, folders: Option<(&Path, &Path)>) -> Result<Pairs, InputError> {
    let bad = |what: String| InputFault::List { what }.of(list.display().to_string());
    let own = list.parent().unwrap_or(Path::new(""));
    let (first, second) = folders.unwrap_or((own, own));
    let text = unband_io::read_text(list).map_err(|error| bad(unband_io::reason(&error)))?;
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let mut out = Pairs::default();
    for (i, record) in reader.records().enumerate() {
        let record = record.map_err(|error| bad(error.to_string()))?;
        let cells: Vec<&str> = record.iter().collect();
        if i == 0 && cells.first().is_some_and(|cell| cell.eq_ignore_ascii_case("reference")) {
            continue;
        }
        let (reference, result, input) = match cells[..] {
            [reference, result] => (reference, result, None),
            [reference, result, input] => (reference, result, Some(input).filter(|input| !input.is_empty())),
            _ => return Err(bad(format!("line {} has {} columns", i + 1, cells.len()))),
        };
        if reference.is_empty() || result.is_empty() {
            return Err(bad(format!("line {} has an empty name", i + 1)));
        }
        out.pairs.push(Pair {
            name: result.to_owned(),
            reference: is_readable(&first.join(reference)),
            second: is_readable(&second.join(result)),
            input: input.map(|input| is_readable(&second.join(input))),
        });
    }
    if out.pairs.is_empty() {
        return Err(bad("this list has no pairs".to_owned()));
    }
    Ok(out)
}
