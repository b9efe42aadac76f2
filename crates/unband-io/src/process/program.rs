//! External programs, for work without a Rust implementation.
//!
//! Each runs in a temporary folder of its own, with a time limit, or between two pipes. Where possible its
//! files are named here, not by the user.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{BufReader, ErrorKind, Read, Write};
use std::process::{ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::{Piped, Programs, Running, command};
use crate::Error;
use crate::leftovers::Leftover;

/// An optional external program.
#[derive(Debug)]
pub struct Program {
    /// Its possible names; the first one found is used.
    pub names: &'static [&'static str],
    /// Its purpose ("lossy JPEG XL").
    pub purpose: &'static str,
    /// How to install it ("install libjxl-tools (`apt install libjxl-tools`, `brew install jpeg-xl`)").
    pub install: &'static str,
}

/// A temporary folder in which a program runs; deleted on drop.
#[derive(Debug)]
pub struct Room {
    folder: TempDir,
    _leftover: Leftover,
}

/// File for the program's standard error.
const SAID: &str = "said.txt";
/// How much of it is read.
const SAID_BYTES: u64 = 1 << 16;
/// File for the program's standard output.
const ANSWER: &str = "answer.txt";

impl Program {
    /// Runs it with `input` on its standard input, and returns its standard output.
    ///
    /// # Errors
    /// [`Error::NoProgram`] if it is not installed, [`Error::Program`] if it fails, and errors of the pipes.
    pub fn pass(&self, args: &[&str], input: &[u8]) -> Result<Vec<u8>, Error> {
        let io = |source| Error::Io { action: "read the output of a program", source };
        let mut piped = Piped::start(self, args, [true; 2], None, &Programs::default())?;
        let (stdin, stdout) = (piped.input(), piped.output());
        let output = std::thread::scope(|scope| {
            // A program may stop reading early; its error message is more useful than the broken pipe.
            scope.spawn(move || stdin.map(|mut stdin| stdin.write_all(input)));
            let mut output = Vec::new();
            stdout.map(|mut stdout| stdout.read_to_end(&mut output)).transpose().map(|_| output)
        });
        match piped.finish(MOST, None)? {
            (true, _) => output.map_err(io),
            (false, said) => Err(Error::Program { program: self.names[0], message: said.message() }),
        }
    }

    /// Runs it in a room, where it finds its input and leaves its output under the names in `args`. Its
    /// standard input and output are closed.
    ///
    /// # Errors
    /// [`Error::NoProgram`] if it is not installed, [`Error::Program`] if it fails or runs for longer than
    /// `most`.
    pub fn run(&self, room: &Room, args: &[&str], most: Duration) -> Result<(), Error> {
        self.finish(room, args, None, most, &Programs::default())
    }

    /// Runs it in a room like [`Program::run`], and returns its standard output. Paths in `args` must be
    /// absolute. It is added to `programs`, so that another thread can kill it.
    ///
    /// # Errors
    /// As [`Program::run`], and answers of more than `bytes`.
    pub fn ask<A: AsRef<OsStr>>(
        &self,
        room: &Room,
        args: &[A],
        bytes: u64,
        most: Duration,
        programs: &Programs,
    ) -> Result<Vec<u8>, Error> {
        self.finish(room, args, Some(ANSWER), most, programs)?;
        Ok(room.read(ANSWER, bytes)?.unwrap_or_default())
    }

    /// Runs it like [`Program::ask`], and returns its standard output for reading line by line.
    ///
    /// # Errors
    /// As [`Program::run`].
    pub fn ask_for_lines<A: AsRef<OsStr>>(
        &self,
        room: &Room,
        args: &[A],
        most: Duration,
        programs: &Programs,
    ) -> Result<BufReader<File>, Error> {
        self.finish(room, args, Some(ANSWER), most, programs)?;
        let io = |source| Error::Io { action: "read a temporary file", source };
        File::open(room.path(ANSWER)).map(BufReader::new).map_err(io)
    }

    fn finish<A: AsRef<OsStr>>(
        &self,
        room: &Room,
        args: &[A],
        output: Option<&str>,
        most: Duration,
        programs: &Programs,
    ) -> Result<(), Error> {
        let (name, running) = self.start(room, args, output, programs)?.ok_or(self.missing())?;
        let failed = |message: String| Error::Program { program: name, message };
        match wait(&running, most) {
            Ok(Some(status)) if status.success() => Ok(()),
            Ok(Some(_)) => Err(failed(room.last_words())),
            Ok(None) => Err(failed(format!("not finished after {} s", most.as_secs()))),
            Err(error) => Err(failed(error.to_string())),
        }
    }

    pub(super) fn missing(&self) -> Error {
        Error::NoProgram { program: self.names[0], purpose: self.purpose.into(), install: self.install }
    }

    /// The error for a version without features that are needed.
    pub fn too_old(&self, needed: &'static str, version: String) -> Error {
        let (program, purpose, install) = (self.names[0], self.purpose, self.install);
        Error::OldProgram { program, purpose, needed, version, install }
    }

    fn start<A: AsRef<OsStr>>(
        &self,
        room: &Room,
        args: &[A],
        output: Option<&str>,
        programs: &Programs,
    ) -> Result<Option<(&'static str, Running)>, Error> {
        for &name in self.names {
            let said = room.create(SAID)?;
            let answer = output.map(|output| room.create(output)).transpose()?;
            let mut command = command(name, args);
            command.current_dir(room.folder.path()).stderr(said);
            command.stdout(answer.map_or_else(Stdio::null, Stdio::from));
            match programs.start(&mut command) {
                Ok(running) => return Ok(Some((name, running))),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(Error::Program { program: name, message: error.to_string() }),
            }
        }
        Ok(None)
    }
}

/// Time after its last output within which a program must end.
const MOST: Duration = Duration::from_mins(1);

/// Interval at which a program is polled for its end.
pub(super) const LONGEST_PAUSE: Duration = Duration::from_millis(10);

/// The exit status, or `None` if the process had to be killed.
fn wait(running: &Running, most: Duration) -> std::io::Result<Option<ExitStatus>> {
    let start = Instant::now();
    let mut pause = Duration::from_millis(1);
    loop {
        if let Some(status) = running.group().child.try_wait()? {
            return Ok(Some(status));
        }
        if start.elapsed() >= most {
            running.kill();
            return Ok(None);
        }
        sleep(pause);
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

impl Room {
    /// Creates an empty one in the system's temporary folder, private to this user.
    ///
    /// # Errors
    /// Operating-system errors.
    pub fn new() -> Result<Self, Error> {
        let mut builder = tempfile::Builder::new();
        builder.prefix("unband-");
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        let folder =
            builder.tempdir().map_err(|source| Error::Io { action: "make a temporary folder", source })?;
        Ok(Self { _leftover: Leftover::new(folder.path()), folder })
    }

    /// The path of a file in it.
    pub fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    /// Creates a file in it for writing.
    ///
    /// # Errors
    /// Operating-system errors.
    pub fn create(&self, name: &str) -> Result<File, Error> {
        let mut options = File::options();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(self.folder.path().join(name));
        file.map_err(|source| Error::Io { action: "write a temporary file", source })
    }

    /// Reads a file that a program left; `None` if there is no such file.
    ///
    /// # Errors
    /// Files over `most` bytes, and operating-system errors.
    pub fn read(&self, name: &str, most: u64) -> Result<Option<Vec<u8>>, Error> {
        let io = |source| Error::Io { action: "read a temporary file", source };
        let path = self.folder.path().join(name);
        let size = match fs::metadata(&path) {
            Ok(metadata) => metadata.len(),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(io(error)),
        };
        if size > most {
            return Err(Error::FileSize { mebibytes: size >> 20, most: most >> 20 });
        }
        fs::read(&path).map(Some).map_err(io)
    }

    /// The program's whole standard error.
    pub fn said(&self) -> String {
        let mut text = Vec::new();
        if let Ok(file) = File::open(self.folder.path().join(SAID)) {
            let _ = file.take(SAID_BYTES).read_to_end(&mut text);
        }
        String::from_utf8_lossy(&text).into_owned()
    }

    /// The last lines of standard error, joined into one.
    fn last_words(&self) -> String {
        let text = self.said();
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        match lines.as_slice() {
            [] => "it failed without a message".to_owned(),
            lines => lines[lines.len().saturating_sub(2)..].join("; "),
        }
    }
}

#[cfg(all(test, unix))]
#[allow(clippy::unwrap_used)]
mod tests;
