//! From what stands on the command line to the images it means.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use unband::Image;
use unband_io::{FormatEntry, Limits};
use walkdir::WalkDir;

use crate::talk::Failure;

/// Ending that results get by default, and by which earlier results are known again.
pub const SUFFIX: &str = "_unband";

/// The name for standard input and standard output.
pub const STDIO: &str = "-";

/// One image to work on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// Where it is; [`STDIO`] for standard input.
    pub path: PathBuf,
    /// Its place under an output folder: the file's name, or its path below the folder that was named.
    pub below: PathBuf,
}

impl Input {
    /// Is it standard input?
    pub fn is_stdin(&self) -> bool {
        self.path.as_os_str() == STDIO
    }

    /// Its name in messages.
    pub fn shown(&self) -> String {
        if self.is_stdin() { "standard input".to_owned() } else { exact(&self.path) }
    }

    /// The image in it, and its format.
    ///
    /// # Errors
    /// What cannot be read, by its name.
    pub fn read(&self) -> Result<(Image, &'static FormatEntry), Failure> {
        self.read_behind(Vec::new())
    }

    /// The same, where so much of standard input was read already.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_behind(&self, begins: Vec<u8>) -> Result<(Image, &'static FormatEntry), Failure> {
        let limits = Limits::default();
        let read = || {
            if !self.is_stdin() {
                return unband_io::read_file(&self.path, &limits);
            }
            let (bytes, format) = unband_io::load_from(&mut std::io::stdin(), begins, &limits)?;
            Ok((unband_io::read(&bytes, &limits)?, format))
        };
        read().map_err(|error| Failure::at(self.shown(), error.to_string(), error.hint()))
    }
}

/// The images, and what is to be said about the rest.
#[derive(Debug, Default)]
pub struct Gathered {
    /// In the order they were named; folders in the order of their names.
    pub inputs: Vec<Input>,
    /// What was named and cannot be had.
    pub failures: Vec<Failure>,
    /// What was left out, and why.
    pub notes: Vec<String>,
    /// Was a folder or a pattern named?
    pub several: bool,
    /// Files of the folders that are no images, by their names.
    pub others: Vec<PathBuf>,
}

/// How to gather.
pub struct Gather<'a> {
    /// Go into folders inside folders.
    pub recursive: bool,
    /// Results go here; never an input, even inside a folder that was named.
    pub output_folder: Option<&'a Path>,
    /// Take the results of earlier runs too.
    pub results_too: bool,
    /// Does a file inside a folder look like an image that can be read?
    pub readable: &'a dyn Fn(&Path) -> bool,
}

impl Gather<'_> {
    /// Turns arguments into images: files as they are, folders into the images in them, patterns into what
    /// they match (for shells that leave them as they are).
    pub fn run(&self, arguments: &[PathBuf]) -> Gathered {
        let mut found = Gathered::default();
        let mut results = 0;
        for argument in arguments {
            if argument.as_os_str() == STDIO {
                found.inputs.push(Input { path: argument.clone(), below: PathBuf::from("stdin") });
            } else if argument.is_dir() {
                found.several = true;
                self.folder(argument, &mut found, &mut results);
            } else if let Some(error) = unband_io::video::not_opened(argument) {
                found.failures.push(Failure::at(exact(argument), error.to_string(), error.hint()));
            } else if argument.exists() || !is_pattern(argument) {
                found.inputs.push(named(argument));
            } else {
                found.several = true;
                self.pattern(argument, &mut found, &mut results);
            }
        }
        if !self.results_too {
            results += leave_out_results_beside_their_source(&mut found.inputs);
        }
        drop_repeated(&mut found.inputs);
        if results > 0 {
            let (files, them) = if results == 1 { ("file", "it") } else { ("files", "them") };
            found.notes.push(format!(
                "left out {results} {files} named *{SUFFIX}, the result of an earlier run; name {them} alone to process {them} again"
            ));
        }
        found
    }

    fn folder(&self, folder: &Path, found: &mut Gathered, results: &mut usize) {
        let depth = if self.recursive { usize::MAX } else { 1 };
        let avoid = self.output_folder.and_then(|path| path.canonicalize().ok());
        let root = folder.canonicalize().ok();
        let (mut pictures, mut deeper) = (0, false);
        let walk = WalkDir::new(folder).follow_links(true).min_depth(1).max_depth(depth).sort_by_file_name();
        let entries = walk.into_iter().filter_entry(|entry| {
            let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
            // The folder itself may be the output folder: then results lie beside their sources.
            let output = entry.file_type().is_dir()
                && avoid.is_some()
                && avoid != root
                && entry.path().canonicalize().ok() == avoid;
            !hidden && !output
        });
        for entry in entries {
            match entry {
                Ok(entry) if entry.file_type().is_dir() => deeper = true,
                // Pipes and devices may give nothing, or never end.
                Ok(entry) if entry.file_type().is_file() && (self.readable)(entry.path()) => {
                    pictures += 1;
                    if let Some(text) = film_of_text(entry.path()) {
                        found.notes.push(format!("left out {}: {text}, not a video", exact(entry.path())));
                        continue;
                    }
                    if !self.results_too && is_result(entry.path()) {
                        *results += 1;
                        continue;
                    }
                    let below = entry.path().strip_prefix(folder).unwrap_or(entry.path()).to_path_buf();
                    found.inputs.push(Input { path: entry.path().to_path_buf(), below });
                }
                Ok(entry) => found.others.push(entry.path().to_path_buf()),
                Err(error) => found.failures.push(Failure::at(
                    error.path().unwrap_or(folder).display().to_string(),
                    error.io_error().map_or_else(|| error.to_string(), reason),
                    Some("check that you may read the folder and that its links lead somewhere".into()),
                )),
            }
        }
        if pictures == 0 && found.failures.is_empty() {
            let hint = if deeper && !self.recursive {
                "add `--recursive` to look into its folders too"
            } else {
                "`unband list` names the formats that can be read"
            };
            let subject = folder.display().to_string();
            found.failures.push(Failure::at(subject, "no images in this folder".into(), Some(hint.into())));
        }
    }

    fn pattern(&self, argument: &Path, found: &mut Gathered, results: &mut usize) {
        let mut fail = |message: String, hint: &str| {
            found.failures.push(Failure::at(argument.display().to_string(), message, Some(hint.into())));
        };
        let Some(text) = argument.to_str() else {
            return fail(
                "this pattern is not Unicode text".into(),
                "let the shell expand it, or name the files",
            );
        };
        let paths = match glob::glob(text) {
            Ok(paths) => paths,
            Err(error) => {
                return fail(
                    format!("not a pattern: {}", error.msg),
                    "put `[` in brackets, `[[]`, to mean the character",
                );
            }
        };
        let files: Vec<PathBuf> = paths.filter_map(Result::ok).filter(|path| path.is_file()).collect();
        if files.is_empty() {
            return fail(
                "no file matches this pattern".into(),
                "check the spelling and the folder you are in",
            );
        }
        for path in files {
            if !self.results_too && is_result(&path) {
                *results += 1;
            } else {
                found.inputs.push(named(&path));
            }
        }
    }
}

/// A name as text from which it can be had again. One that is no UTF-8 has its bytes that are none as `\xff` and every
/// backslash twice, and so has one that seems to be such a name; all others are what they are.
pub fn exact(path: &Path) -> String {
    #[cfg(unix)]
    {
        use std::fmt::Write;
        use std::os::unix::ffi::OsStrExt;
        let bytes = path.as_os_str().as_bytes();
        let plain = std::str::from_utf8(bytes).is_ok_and(|text| !text.contains("\\x"));
        if !plain {
            let mut text = String::new();
            for chunk in bytes.utf8_chunks() {
                text.push_str(&chunk.valid().replace('\\', "\\\\"));
                for byte in chunk.invalid() {
                    let _ = write!(text, "\\x{byte:02x}");
                }
            }
            return text;
        }
    }
    path.display().to_string()
}

/// Does its extension promise an image that can be read?
pub fn readable(path: &Path) -> bool {
    unband_io::by_extension(path).is_some_and(|format| format.reads)
}

/// Which text a file is that is called a video: a playlist, say.
fn film_of_text(path: &Path) -> Option<&'static str> {
    unband_io::video::promises_film(path).then(|| unband_io::video::text_kind(path)).flatten()
}

fn named(path: &Path) -> Input {
    Input {
        path: path.to_path_buf(),
        below: path.file_name().map_or_else(|| path.to_path_buf(), PathBuf::from),
    }
}

fn is_pattern(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().iter().any(|b| b"*?[".contains(b))
}

/// Is this the name of a result: `sky_unband.png`?
pub fn is_result(path: &Path) -> bool {
    path.file_stem().is_some_and(|stem| {
        let stem = stem.as_encoded_bytes();
        stem.len() > SUFFIX.len() && stem.ends_with(SUFFIX.as_bytes())
    })
}

/// A shell turns `*.png` into names, `sky.png` and `sky_unband.png` among them, and a second run would then
/// take the first one's results for images. So a result is left out when its source is named too; named
/// alone it is an image like any other. Returns how many were left out.
fn leave_out_results_beside_their_source(inputs: &mut Vec<Input>) -> usize {
    // Of `a.jpg` beside `a.png` one result has the whole name: `a.jpg_unband.png`.
    let names = |input: &Input| [input.path.with_extension(""), input.path.clone()];
    let sources: HashSet<PathBuf> = inputs.iter().flat_map(names).collect();
    let before = inputs.len();
    inputs.retain(|input| {
        let Some(stem) = input.path.file_stem().and_then(|stem| stem.to_str()) else { return true };
        stem.strip_suffix(SUFFIX)
            .is_none_or(|source| source.is_empty() || !sources.contains(&input.path.with_file_name(source)))
    });
    before - inputs.len()
}

/// The same file named twice is done once.
fn drop_repeated(inputs: &mut Vec<Input>) {
    let mut seen = HashSet::new();
    inputs.retain(|input| seen.insert(input.path.canonicalize().unwrap_or_else(|_| input.path.clone())));
}

/// What the system said, without its error number.
pub fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::fs;

    fn pictures(path: &Path) -> bool {
        path.extension().is_some_and(|e| e == "png" || e == "jpg")
    }

    fn gather(arguments: &[PathBuf], recursive: bool, output_folder: Option<&Path>) -> Gathered {
        Gather { recursive, output_folder, results_too: false, readable: &pictures }.run(arguments)
    }

    fn tree(names: &[&str]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for name in names {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, b"x").unwrap();
        }
        dir
    }

    fn below(found: &Gathered) -> Vec<String> {
        found.inputs.iter().map(|i| i.below.to_string_lossy().replace('\\', "/")).collect()
    }

    #[test]
    fn a_folder_gives_its_pictures_and_with_recursive_those_below() {
        let dir = tree(&["b.png", "a.jpg", "notes.txt", ".hidden.png", "trip/c.png", "trip/far/d.png"]);
        let arguments = [dir.path().to_path_buf()];
        assert_eq!(below(&gather(&arguments, false, None)), ["a.jpg", "b.png"]);
        assert_eq!(
            below(&gather(&arguments, true, None)),
            ["a.jpg", "b.png", "trip/c.png", "trip/far/d.png"]
        );
    }

    #[cfg(unix)]
    #[test]
    fn names_that_are_no_text_differ_as_text() {
        use std::os::unix::ffi::OsStrExt;
        let shown = |bytes: &[u8]| exact(Path::new(std::ffi::OsStr::from_bytes(bytes)));
        assert_eq!(shown("häuser/\u{fffd}.png".as_bytes()), "häuser/\u{fffd}.png");
        assert_eq!(shown(br"a\b.png"), r"a\b.png");
        assert_eq!(shown(b"a\xff\\b.png"), r"a\xff\\b.png");
        assert_eq!(shown(br"a\xff.png"), r"a\\xff.png");
        assert_ne!(shown(b"a\xfe.png"), shown(b"a\xff.png"));
    }

    #[test]
    fn results_of_an_earlier_run_are_left_out_and_said() {
        let dir = tree(&["a.png", "a_unband.png", "out/a.png"]);
        let out = dir.path().join("out");
        let found = gather(&[dir.path().to_path_buf()], true, Some(&out));
        assert_eq!(below(&found), ["a.png"]);
        assert!(found.notes[0].starts_with("left out 1 file named *_unband"), "{:?}", found.notes);
    }

    #[test]
    fn a_result_named_alone_is_a_picture_beside_its_source_it_is_not() {
        let dir = tree(&["a.jpg", "a_unband.png"]);
        let (source, result) = (dir.path().join("a.jpg"), dir.path().join("a_unband.png"));
        assert_eq!(below(&gather(std::slice::from_ref(&result), false, None)), ["a_unband.png"]);
        assert_eq!(below(&gather(&[result, source], false, None)), ["a.jpg"]);
    }

    #[test]
    fn a_pattern_that_the_shell_left_alone_is_expanded() {
        let dir = tree(&["a.png", "b.png", "b_unband.png", "c.jpg"]);
        assert_eq!(below(&gather(&[dir.path().join("*.png")], false, None)), ["a.png", "b.png"]);
        let none = gather(&[dir.path().join("*.tiff")], false, None);
        assert_eq!(none.failures[0].message, "no file matches this pattern");
        // A file may really be called so.
        let odd = tree(&["odd[1].png"]);
        assert_eq!(below(&gather(&[odd.path().join("odd[1].png")], false, None)), ["odd[1].png"]);
    }

    #[test]
    fn the_same_file_named_twice_is_done_once() {
        let dir = tree(&["a.png"]);
        let twice = [dir.path().join("a.png"), dir.path().join(".").join("a.png"), dir.path().to_path_buf()];
        assert_eq!(gather(&twice, false, None).inputs.len(), 1);
    }

    #[test]
    fn an_empty_folder_says_what_to_do() {
        let dir = tree(&["trip/c.png"]);
        let found = gather(&[dir.path().to_path_buf()], false, None);
        assert!(found.failures[0].hint.as_ref().unwrap().contains("--recursive"));
    }
}
