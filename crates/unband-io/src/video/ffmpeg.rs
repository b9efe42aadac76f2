//! The program `ffmpeg`: found, asked what it can do, and run as one end of a pipe.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio};
use std::thread::JoinHandle;
use std::time::Duration;

use super::probe::INSTALL;
use crate::Error;
use crate::program::{Program, Room};

pub(super) const FFMPEG: Program = Program { names: &["ffmpeg"], purpose: "video", install: INSTALL };

pub(super) const FFPROBE: Program = Program { names: &["ffprobe"], ..FFMPEG };

/// More than enough to list encoders.
const MOST: Duration = Duration::from_secs(30);
const ANSWER_BYTES: u64 = 4 << 20;
/// As many of the last lines that it says are kept.
const LINES: usize = 12;
/// A line is cut here.
const LINE_BYTES: usize = 500;

/// What an installed `ffmpeg` can do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ffmpeg {
    /// Major version of its `libavformat`: 59 for 5.x, 60 for 6.x.
    pub libavformat: u32,
    /// Its encoders of pictures, by name.
    encoders: BTreeSet<String>,
}

impl Ffmpeg {
    /// Asks the installed one.
    ///
    /// # Errors
    /// None is installed, or it does not answer.
    pub fn find() -> Result<Self, Error> {
        let room = Room::new()?;
        let ask = |args: &[&str]| FFMPEG.ask(&room, args, ANSWER_BYTES, MOST);
        let version = String::from_utf8_lossy(&ask(&["-hide_banner", "-version"])?).into_owned();
        let encoders = String::from_utf8_lossy(&ask(&["-hide_banner", "-encoders"])?).into_owned();
        Ok(Self { libavformat: libavformat(&version), encoders: names_of_encoders(&encoders) })
    }

    /// Has it an encoder of that name?
    pub fn encodes(&self, name: &str) -> bool {
        self.encoders.contains(name)
    }
}

/// From a line such as "libavformat    59. 27.100 / 59. 27.100".
fn libavformat(version: &str) -> u32 {
    let line = version.lines().find_map(|line| line.trim().strip_prefix("libavformat"));
    line.and_then(|line| line.split('.').next()?.trim().parse().ok()).unwrap_or(0)
}

/// From lines such as " V....D libx265   libx265 H.265 / HEVC", which follow one of dashes.
fn names_of_encoders(list: &str) -> BTreeSet<String> {
    let lines = list.lines().skip_while(|line| !line.trim().starts_with("---")).skip(1);
    let words = lines.map(|line| line.split_whitespace());
    words
        .filter_map(|mut words| {
            words.next()?.starts_with('V').then(|| words.next().map(str::to_owned)).flatten()
        })
        .collect()
}

/// The name of a file as `ffmpeg` takes it: never as an address, whatever it begins with.
pub(super) fn file_name(path: &Path) -> Result<OsString, Error> {
    let absolute =
        std::path::absolute(path).map_err(|source| Error::Io { action: "find", source }.in_file(path))?;
    let mut name = OsString::from("file:");
    name.push(absolute);
    Ok(name)
}

/// Arguments of a program, in order.
#[derive(Debug, Default)]
pub(super) struct Args(Vec<OsString>);

impl Args {
    /// With the options before all others: no questions, and only what went wrong is said. `strict`: damage ends it.
    pub(super) fn quiet(strict: bool) -> Self {
        let mut args = Self::default();
        args.put(&["-nostdin", "-hide_banner", "-v", "error", "-y"]);
        if strict {
            args.put(&["-xerror"]);
        }
        args
    }

    /// Appends words.
    pub(super) fn put(&mut self, words: &[&str]) {
        self.0.extend(words.iter().map(OsString::from));
    }

    /// Appends a name or address.
    pub(super) fn push(&mut self, word: OsString) {
        self.0.push(word);
    }

    /// Before an input: files only, even where a playlist wants more.
    pub(super) fn files_only(&mut self) {
        self.put(&["-protocol_whitelist", "file,crypto,data,pipe,fd"]);
    }

    pub(super) fn into_list(self) -> Vec<OsString> {
        self.0
    }
}

/// An `ffmpeg` at work. Ended and reaped when this is dropped.
#[derive(Debug)]
pub(super) struct Running {
    child: Child,
    said: Option<JoinHandle<Said>>,
}

/// What a program said on its standard error.
#[derive(Clone, Debug, Default)]
pub(super) struct Said {
    /// The last lines.
    pub(super) lines: Vec<String>,
    /// How many there were.
    pub(super) count: usize,
}

impl Said {
    /// In one line; what encoders say of themselves is left out.
    pub(super) fn message(&self) -> String {
        let last = self.lines.iter().rev().take(2).rev();
        let text: Vec<&str> = last.map(String::as_str).collect();
        if text.is_empty() { "it failed without a word".to_owned() } else { text.join("; ") }
    }
}

impl Running {
    /// Starts it. Its standard input and output are pipes where asked for, else closed.
    ///
    /// # Errors
    /// It is not installed, or the system refuses.
    pub(super) fn start(args: &[OsString], input: bool, output: bool) -> Result<Self, Error> {
        let pipe = |wanted| if wanted { Stdio::piped() } else { Stdio::null() };
        let mut command = Command::new(FFMPEG.names[0]);
        command.args(args).stdin(pipe(input)).stdout(pipe(output)).stderr(Stdio::piped());
        own_group(&mut command);
        let mut child = command.spawn().map_err(|error| match error.kind() {
            ErrorKind::NotFound => Error::NoProgram {
                program: FFMPEG.names[0],
                purpose: FFMPEG.purpose,
                install: FFMPEG.install,
            },
            _ => Error::Program { program: FFMPEG.names[0], message: error.to_string() },
        })?;
        let said = child.stderr.take().map(|stderr| std::thread::spawn(move || listen(stderr)));
        Ok(Self { child, said })
    }

    /// Its standard input, once.
    pub(super) fn input(&mut self) -> Option<ChildStdin> {
        self.child.stdin.take()
    }

    /// Its standard output, once.
    pub(super) fn output(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// Waits for it to end by itself: did it succeed, and what did it say?
    pub(super) fn finish(&mut self) -> Result<(bool, Said), Error> {
        drop(self.child.stdin.take());
        let said = self.said.take().and_then(|thread| thread.join().ok()).unwrap_or_default();
        let status = self.child.wait().map_err(|source| Error::Io { action: "wait for `ffmpeg`", source })?;
        Ok((status.success(), said))
    }

    /// Ends it, and says what it said until then.
    pub(super) fn stop(&mut self) -> Said {
        let _ = self.child.kill();
        self.finish().map(|(_, said)| said).unwrap_or_default()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Ctrl-C goes to all programs of a terminal: `ffmpeg` would end what it writes as if that were all. It is this program's
/// to stop it.
#[cfg(unix)]
fn own_group(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
}

#[cfg(not(unix))]
fn own_group(_: &mut Command) {}

/// Keeps the last lines.
fn listen(stderr: ChildStderr) -> Said {
    let (mut said, mut input, mut line) = (Said::default(), BufReader::new(stderr), Vec::new());
    loop {
        line.clear();
        // What is read at a time is bounded: not everything that programs say has lines.
        match input.by_ref().take(LINE_BYTES as u64).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return said,
            Ok(_) => {}
        }
        let text = String::from_utf8_lossy(&line).trim().to_owned();
        if text.is_empty() || text.starts_with("Svt[info]") || text.starts_with("x265 [info]") {
            continue;
        }
        said.count += 1;
        if said.lines.len() == LINES {
            said.lines.remove(0);
        }
        said.lines.push(without_address(&text));
    }
}

/// "[matroska,webm @ 0x55ab] File ended" → "File ended": addresses mean nothing to people.
fn without_address(line: &str) -> String {
    match line.strip_prefix('[').and_then(|rest| rest.split_once("] ")) {
        Some((inside, text)) if inside.contains(" @ 0x") => text.to_owned(),
        _ => line.to_owned(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn versions_and_encoders_are_read_as_ffmpeg_prints_them() {
        let version = "ffmpeg version 5.1.9\nlibavcodec     59. 37.100 / 59. 37.100\nlibavformat    59. 27.100 / 59. 27.100";
        assert_eq!(libavformat(version), 59);
        assert_eq!(libavformat("nothing"), 0);
        let list = "Encoders:\n V..... = Video\n ------\n V....D libx265  H.265\n A....D aac  AAC\n VF...D ffv1  FFmpeg 1";
        assert_eq!(names_of_encoders(list).into_iter().collect::<Vec<_>>(), ["ffv1", "libx265"]);
    }

    #[test]
    fn addresses_are_left_out_of_what_is_said() {
        assert_eq!(without_address("[matroska,webm @ 0x55ab] File ended"), "File ended");
        assert_eq!(without_address("[error] this stays"), "[error] this stays");
    }
}
