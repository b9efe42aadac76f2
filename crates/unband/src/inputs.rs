//! Expansion of arguments (files, folders, patterns, `-`) into inputs.

use std::collections::HashSet;
use std::io::Read;
use std::path::{Path, PathBuf};

use unband_image::{Hint, Image};
use unband_io::{FormatEntry, Limits, reason};
use walkdir::WalkDir;

/// Suffix of default result names, by which earlier results are recognised.
pub const SUFFIX: &str = "_unband";

/// The name for standard input and standard output.
pub const STDIO: &str = "-";

/// One input.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Input {
    /// Its path; [`STDIO`] for standard input.
    pub path: PathBuf,
    /// Its path below an output folder: the file's name, or the path relative to the named folder.
    pub below: PathBuf,
}

impl Input {
    /// A file, and the path of its result below an output folder.
    pub fn new(path: impl Into<PathBuf>, below: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), below: below.into() }
    }

    /// Is it standard input?
    pub fn is_stdin(&self) -> bool {
        self.path.as_os_str() == STDIO
    }

    /// Its file, unless it is standard input.
    pub fn file(&self) -> Option<&Path> {
        (!self.is_stdin()).then_some(&*self.path)
    }

    /// Its name in messages.
    pub fn shown(&self) -> String {
        if self.is_stdin() { "standard input".to_owned() } else { exact(&self.path) }
    }

    /// Decodes the image; returns it with its format.
    ///
    /// # Errors
    /// Unreadable files.
    pub fn read(&self) -> Result<(Image, &'static FormatEntry), unband_io::Error> {
        self.read_within(Vec::new(), &mut std::io::stdin(), &Limits::default())
    }

    /// The same within limits, with standard input and the bytes already read from it.
    ///
    /// # Errors
    /// As [`read`](Self::read), and a larger image.
    pub fn read_within(
        &self,
        begins: Vec<u8>,
        stdin: &mut dyn Read,
        limits: &Limits,
    ) -> Result<(Image, &'static FormatEntry), unband_io::Error> {
        if self.is_stdin() {
            let (bytes, format) = unband_io::load_from(stdin, begins, limits)?;
            return Ok((unband_io::read(&bytes, limits)?, format));
        }
        // Before its bytes are read.
        if let (true, Ok((width, height))) =
            (*limits != Limits::default(), unband_io::declared_size(&self.path))
        {
            limits.check(width, height, 1).map_err(|error| error.in_file(&self.path))?;
        }
        unband_io::read_file(&self.path, limits)
    }
}

/// Why an argument is not an input, or not a pair.
#[derive(Debug, thiserror::Error)]
#[error("{}", about(name, fault))]
#[non_exhaustive]
pub struct InputError {
    /// The file, folder or pattern.
    pub name: String,
    /// The fault.
    pub fault: InputFault,
}

/// A fault of an argument.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InputFault {
    /// A file or a folder that cannot be read.
    #[error("{what}")]
    Unread {
        /// The reason.
        what: String,
    },
    /// A folder without images.
    #[error("no images in this folder")]
    NoImages {
        /// Its subfolders were not searched.
        deeper: bool,
    },
    /// A playlist, or a form of video that is not supported.
    #[cfg(feature = "video")]
    #[error(transparent)]
    Video(unband_video::VideoError),
    /// A pattern that is not text.
    #[error("this pattern is not Unicode")]
    PatternNotUnicode,
    /// An invalid pattern.
    #[error("not a pattern: {what}")]
    Pattern {
        /// The reason.
        what: &'static str,
    },
    /// A pattern without files.
    #[error("no file matches this pattern")]
    NoMatch,
    /// An image without a partner.
    #[error("no image with this name in {}", folder.display())]
    NoPartner {
        /// The searched folder.
        folder: PathBuf,
    },
    /// Two images of a folder have the same name.
    #[error("has the same name as {other}")]
    Twin {
        /// The first one.
        other: String,
    },
    /// A list of pairs that cannot be used.
    #[error("{what}")]
    List {
        /// The reason.
        what: String,
    },
}

impl InputFault {
    pub(crate) fn of(self, name: impl Into<String>) -> InputError {
        InputError { name: name.into(), fault: self }
    }
}

impl Hint for InputError {
    fn hint(&self) -> Option<String> {
        let hint = match &self.fault {
            InputFault::Unread { .. } => "check the folder's permissions and links",
            InputFault::NoImages { deeper: true } => "add `--recursive` to include subfolders",
            InputFault::NoImages { deeper: false } => "`unband list formats` shows all readable formats",
            #[cfg(feature = "video")]
            InputFault::Video(error) => return error.hint(),
            InputFault::PatternNotUnicode => "let the shell expand it, or name the files",
            InputFault::Pattern { .. } => "write `[[]` for the character `[`",
            InputFault::NoMatch => "check the spelling and the current folder",
            InputFault::NoPartner { .. } => {
                "pairs need the same name (extensions may differ), or a list: `--pairs FILE.csv`"
            }
            InputFault::Twin { .. } => "list the pairs in a file: `--pairs FILE.csv`",
            InputFault::List { .. } => {
                "two columns, reference and result, and optionally the image before its repair"
            }
        };
        Some(hint.to_owned())
    }
}

/// A message without the system's error numbers.
pub(crate) fn plain(text: &str) -> String {
    match text.split_once(" (os error ") {
        Some((before, after)) => format!("{before}{}", after.split_once(')').map_or("", |(_, rest)| rest)),
        None => text.to_owned(),
    }
}

/// A fault with its file, once.
pub(crate) fn about(name: &str, fault: &dyn std::fmt::Display) -> String {
    let text = plain(&fault.to_string());
    if text.starts_with(name) { text } else { format!("{name}: {text}") }
}

/// The inputs, and messages about the other arguments.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Gathered {
    /// In the order of the arguments; files of folders by name.
    pub inputs: Vec<Input>,
    /// Arguments that could not be expanded.
    pub failures: Vec<InputError>,
    /// Skipped files, with reasons.
    pub notes: Vec<String>,
    /// Is a folder or a pattern among the arguments?
    pub several: bool,
    /// Files of the folders that are not images.
    pub others: Vec<PathBuf>,
}

/// Options of the expansion.
#[non_exhaustive]
pub struct Gather<'a> {
    /// Include subfolders.
    pub recursive: bool,
    /// Output folder; never an input, even inside a named folder.
    pub output_folder: Option<&'a Path>,
    /// Include results of earlier runs.
    pub results_too: bool,
    /// Text after the names of results, besides `_unband`: such files are skipped next to their source.
    pub suffix: Option<&'a str>,
    /// Does a file in a folder have a readable format?
    pub readable: &'a dyn Fn(&Path) -> bool,
}

impl<'a> Gather<'a> {
    /// All files that `readable` accepts, without subfolders and results.
    pub fn new(readable: &'a dyn Fn(&Path) -> bool) -> Self {
        Self { recursive: false, output_folder: None, results_too: false, suffix: None, readable }
    }

    /// Expands arguments into inputs: files as they are, folders into their images, patterns into their
    /// matches (for shells that do not expand them).
    pub fn run(&self, arguments: &[PathBuf]) -> Gathered {
        let mut found = Gathered::default();
        let mut results = 0;
        for argument in arguments {
            if argument.as_os_str() == STDIO {
                found.inputs.push(Input { path: argument.clone(), below: PathBuf::from("stdin") });
            } else if argument.is_dir() {
                found.several = true;
                self.folder(argument, &mut found, &mut results);
            } else if let Some(fault) = not_opened(argument) {
                found.failures.push(fault.of(exact(argument)));
            } else if argument.exists() || !is_pattern(argument) {
                found.inputs.push(named(argument));
            } else {
                found.several = true;
                self.pattern(argument, &mut found, &mut results);
            }
        }
        if !self.results_too {
            for suffix in [Some(SUFFIX), self.suffix].into_iter().flatten() {
                results += skip_results_next_to_their_source(&mut found.inputs, suffix);
            }
        }
        drop_repeated(&mut found.inputs);
        if results > 0 {
            let suffix = self.suffix.unwrap_or(SUFFIX);
            let (files, them) = if results == 1 { ("file", "it") } else { ("files", "them") };
            found.notes.push(format!(
                "skipped {results} {files} named *{suffix}, written by an earlier run; to process {them} too, name {them} alone"
            ));
        }
        found
    }

    fn folder(&self, folder: &Path, found: &mut Gathered, results: &mut usize) {
        let depth = if self.recursive { usize::MAX } else { 1 };
        let avoid = self.output_folder.and_then(|path| path.canonicalize().ok());
        let root = folder.canonicalize().ok();
        let (mut images, mut deeper) = (0, false);
        let walk = WalkDir::new(folder).follow_links(true).min_depth(1).max_depth(depth).sort_by_file_name();
        let entries = walk.into_iter().filter_entry(|entry| {
            let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
            // If the folder itself is the output folder, results are next to their sources.
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
                    images += 1;
                    if let Some(text) = video_of_text(entry.path()) {
                        found.notes.push(format!("skipped {}: {text}, not a video", exact(entry.path())));
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
                Err(error) => {
                    let what = error.io_error().map_or_else(|| error.to_string(), reason);
                    let path = error.path().unwrap_or(folder).display().to_string();
                    found.failures.push(InputFault::Unread { what }.of(path));
                }
            }
        }
        if images == 0 && found.failures.is_empty() {
            let deeper = deeper && !self.recursive;
            found.failures.push(InputFault::NoImages { deeper }.of(folder.display().to_string()));
        }
    }

    fn pattern(&self, argument: &Path, found: &mut Gathered, results: &mut usize) {
        let mut fail = |fault: InputFault| found.failures.push(fault.of(argument.display().to_string()));
        let Some(text) = argument.to_str() else { return fail(InputFault::PatternNotUnicode) };
        let paths = match glob::glob(text) {
            Ok(paths) => paths,
            Err(error) => return fail(InputFault::Pattern { what: error.msg }),
        };
        let files: Vec<PathBuf> = paths.filter_map(Result::ok).filter(|path| path.is_file()).collect();
        if files.is_empty() {
            return fail(InputFault::NoMatch);
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

/// A path as text from which it can be restored. In a path that is not UTF-8, invalid bytes become `\xff` and
/// backslashes are doubled; the same holds for names that look escaped. All others stay as they are.
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

/// Does its extension belong to a readable image format?
pub fn readable(path: &Path) -> bool {
    unband_io::by_extension(path).is_some_and(|format| format.reads)
}

/// The fault of a playlist, or of a form of video that is not supported.
#[cfg(feature = "video")]
fn not_opened(path: &Path) -> Option<InputFault> {
    unband_video::not_opened(path).map(InputFault::Video)
}

#[cfg(not(feature = "video"))]
fn not_opened(_: &Path) -> Option<InputFault> {
    None
}

/// The kind of text in a file with a video's name, such as a playlist.
#[cfg(feature = "video")]
fn video_of_text(path: &Path) -> Option<&'static str> {
    unband_video::promises_video(path).then(|| unband_video::text_kind(path)).flatten()
}

#[cfg(not(feature = "video"))]
fn video_of_text(_: &Path) -> Option<&'static str> {
    None
}

fn named(path: &Path) -> Input {
    Input {
        path: path.to_path_buf(),
        below: path.file_name().map_or_else(|| path.to_path_buf(), PathBuf::from),
    }
}

/// Is it a control character, or one that changes the direction of writing?
pub fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2066}'..='\u{2069}')
}

/// Replaces characters in text from files that could affect a terminal or forge lines, or that show a name
/// backwards.
pub fn printable(text: &str) -> String {
    text.chars().map(|c| if steers(c) { '\u{fffd}' } else { c }).collect()
}

/// Is this a pattern for several files?
pub fn is_pattern(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().iter().any(|b| b"*?[".contains(b))
}

/// Is this the name of a result: `sky_unband.png`?
pub fn is_result(path: &Path) -> bool {
    path.file_stem().is_some_and(|stem| {
        let stem = stem.as_encoded_bytes();
        stem.len() > SUFFIX.len() && stem.ends_with(SUFFIX.as_bytes())
    })
}

/// Removes results whose source is also named. A shell expands `*.png` to `sky.png` and `sky_unband.png`;
/// without this, a second run would process the first one's results. A result named alone is an input.
/// Returns the number of removed inputs.
fn skip_results_next_to_their_source(inputs: &mut Vec<Input>, suffix: &str) -> usize {
    // The result of `a.jpg` next to `a.png` contains the whole name: `a.jpg_unband.png`.
    let names = |input: &Input| [input.path.with_extension(""), input.path.clone()];
    let sources: HashSet<PathBuf> = inputs.iter().flat_map(names).collect();
    let before = inputs.len();
    inputs.retain(|input| {
        let Some(stem) = input.path.file_stem().and_then(|stem| stem.to_str()) else { return true };
        stem.strip_suffix(suffix)
            .is_none_or(|source| source.is_empty() || !sources.contains(&input.path.with_file_name(source)))
    });
    before - inputs.len()
}

/// Removes repeated files.
fn drop_repeated(inputs: &mut Vec<Input>) {
    let mut seen = HashSet::new();
    inputs.retain(|input| seen.insert(input.path.canonicalize().unwrap_or_else(|_| input.path.clone())));
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::fs;

    fn images(path: &Path) -> bool {
        path.extension().is_some_and(|e| e == "png" || e == "jpg")
    }

    fn gather(arguments: &[PathBuf], recursive: bool, output_folder: Option<&Path>) -> Gathered {
        Gather { recursive, output_folder, results_too: false, suffix: None, readable: &images }
            .run(arguments)
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
    fn a_folder_gives_its_images_and_with_recursive_those_below() {
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
        assert!(found.notes[0].starts_with("skipped 1 file named *_unband"), "{:?}", found.notes);
    }

    #[test]
    fn a_result_is_an_input_unless_it_is_next_to_its_source() {
        let dir = tree(&["a.jpg", "a_unband.png"]);
        let (source, result) = (dir.path().join("a.jpg"), dir.path().join("a_unband.png"));
        assert_eq!(below(&gather(std::slice::from_ref(&result), false, None)), ["a_unband.png"]);
        assert_eq!(below(&gather(&[result, source], false, None)), ["a.jpg"]);
    }

    #[test]
    fn an_unexpanded_pattern_is_expanded() {
        let dir = tree(&["a.png", "b.png", "b_unband.png", "c.jpg"]);
        assert_eq!(below(&gather(&[dir.path().join("*.png")], false, None)), ["a.png", "b.png"]);
        let none = gather(&[dir.path().join("*.tiff")], false, None);
        assert_eq!(none.failures[0].fault.to_string(), "no file matches this pattern");
        // A file with this very name is possible.
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
        assert!(found.failures[0].hint().unwrap().contains("--recursive"));
    }
}
