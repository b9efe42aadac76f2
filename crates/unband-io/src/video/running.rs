//! Running `ffmpeg` at one end of a pipe: start, messages, exit status, cleanup.

use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::path::Path;
use std::process::{ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::thread::{JoinHandle, sleep};
use std::time::{Duration, Instant, SystemTime};

use super::ffmpeg::FFMPEG;
use super::watched::{Change, Watch};
use crate::Error;
use crate::program::LONGEST_PAUSE;
use crate::programs::{self, Programs};

/// Number of its last lines that are kept.
const LINES: usize = 12;
/// Maximum length of a line.
const LINE_BYTES: usize = 500;
/// After its end, its messages are complete, unless a child of it still runs. This is how long to wait for
/// them.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// A running `ffmpeg`. Killed and reaped on drop.
#[derive(Debug)]
pub(super) struct Running {
    program: programs::Running,
    said: Option<JoinHandle<Said>>,
    /// What changes in the middle of the frames, where that is watched.
    change: Change,
}

/// Messages of a program on its standard error.
#[derive(Clone, Debug, Default)]
pub(super) struct Said {
    /// The last lines.
    pub(super) lines: Vec<String>,
    /// Total number of lines.
    pub(super) count: usize,
}

impl Said {
    /// All in one line; encoders' banners are omitted.
    pub(super) fn message(&self) -> String {
        let last = self.lines.iter().rev().take(2).rev();
        let text: Vec<&str> = last.map(String::as_str).collect();
        if text.is_empty() { "it failed without a message".to_owned() } else { text.join("; ") }
    }
}

impl Running {
    /// Starts it. Standard input and output are pipes if requested, else closed.
    ///
    /// # Errors
    /// It is not installed, or an operating-system error.
    pub(super) fn start(
        args: &[OsString],
        input: bool,
        output: bool,
        programs: &Programs,
    ) -> Result<Self, Error> {
        let mut command = Command::new(FFMPEG.names[0]);
        command.args(args);
        Self::begin(command, (input, output), false, programs)
    }

    /// As [`Running::start`] with its standard output; its log has levels, and frames are watched in it.
    pub(super) fn watch(args: &[OsString], programs: &Programs) -> Result<Self, Error> {
        let mut command = Command::new(FFMPEG.names[0]);
        command.args(args);
        Self::begin(command, (false, true), true, programs)
    }

    /// The first change in the middle of its frames so far.
    pub(super) fn change(&self) -> Option<&str> {
        self.change.found()
    }

    fn begin(
        mut command: Command,
        (input, output): (bool, bool),
        watched: bool,
        programs: &Programs,
    ) -> Result<Self, Error> {
        let pipe = |wanted| if wanted { Stdio::piped() } else { Stdio::null() };
        command.stdin(pipe(input)).stdout(pipe(output)).stderr(Stdio::piped());
        let program = programs.start(&mut command).map_err(|error| match error.kind() {
            ErrorKind::NotFound => Error::NoProgram {
                program: FFMPEG.names[0],
                purpose: FFMPEG.purpose,
                install: FFMPEG.install,
            },
            _ => Error::Program { program: FFMPEG.names[0], message: error.to_string() },
        })?;
        let stderr = program.child().stderr.take();
        let change = Change::default();
        let watch = watched.then(|| Watch::new(&change));
        let said = stderr.map(|stderr| std::thread::spawn(move || listen(stderr, watch)));
        Ok(Self { program, said, change })
    }

    /// Its standard input; `None` after the first call.
    pub(super) fn input(&mut self) -> Option<ChildStdin> {
        self.program.child().stdin.take().inspect(widen)
    }

    /// Its standard output; `None` after the first call.
    pub(super) fn output(&mut self) -> Option<ChildStdout> {
        self.program.child().stdout.take().inspect(widen)
    }

    /// Waits for its end and returns whether it succeeded, with its messages. It may run as long as the file
    /// that it `writes` changes. It is killed after `most` without progress.
    ///
    /// # Errors
    /// [`Error::Program`] if it had to be killed, or something else has killed it.
    pub(super) fn finish(&mut self, most: Duration, writes: Option<&Path>) -> Result<(bool, Said), Error> {
        drop(self.program.child().stdin.take());
        let status = self.wait(most, writes)?;
        let said = self.last_words();
        let failed = |message| Err(Error::Program { program: FFMPEG.names[0], message });
        match status {
            None => failed(format!("it made no progress for {} s and was killed", most.as_secs())),
            Some(status) if status.code().is_none() => failed(format!("it was killed by {status}")),
            Some(status) => Ok((status.success(), said)),
        }
    }

    /// The exit status; `None` if it had to be killed.
    fn wait(&mut self, most: Duration, writes: Option<&Path>) -> Result<Option<ExitStatus>, Error> {
        let failed = |source| Error::Io { action: "wait for `ffmpeg`", source };
        let (mut since, mut pause, mut state) = (Instant::now(), Duration::from_millis(1), None);
        loop {
            // The lock is released between polls, so that others can kill it.
            if let Some(status) = self.program.child().try_wait().map_err(failed)? {
                return Ok(Some(status));
            }
            let now = writes.and_then(state_of);
            if now != state {
                (since, state) = (Instant::now(), now);
            }
            if since.elapsed() >= most {
                self.program.kill();
                return Ok(None);
            }
            sleep(pause);
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    fn last_words(&mut self) -> Said {
        let Some(said) = self.said.take() else { return Said::default() };
        let start = Instant::now();
        while !said.is_finished() {
            if start.elapsed() >= LAST_WORDS {
                return Said::default();
            }
            sleep(Duration::from_millis(1));
        }
        said.join().unwrap_or_default()
    }

    /// Kills it and returns its messages until then.
    pub(super) fn stop(&mut self) -> Said {
        self.program.kill();
        self.last_words()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Grows the pipe to the maximum for unprivileged users: a frame passes in a few parts instead of fifty,
/// each of which wakes the other end. If that fails, the pipe stays as it is.
#[cfg(target_os = "linux")]
fn widen(pipe: &impl std::os::fd::AsFd) {
    let _ = rustix::pipe::fcntl_setpipe_size(pipe, 1 << 20);
}

#[cfg(not(target_os = "linux"))]
fn widen<T>(_: &T) {}

/// Properties of a file that change while it is written.
fn state_of(path: &Path) -> Option<(u64, Option<SystemTime>)> {
    fs::metadata(path).ok().map(|metadata| (metadata.len(), metadata.modified().ok()))
}

/// Collects the last lines.
fn listen(stderr: ChildStderr, mut watch: Option<Watch>) -> Said {
    let (mut said, mut input, mut line) = (Said::default(), BufReader::new(stderr), Vec::new());
    loop {
        line.clear();
        // Reads are bounded: not all output has line ends.
        match input.by_ref().take(LINE_BYTES as u64).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return said,
            Ok(_) => {}
        }
        let text = String::from_utf8_lossy(&line).trim().to_owned();
        if text.is_empty() || text.starts_with("Svt[info]") || text.starts_with("x265 [info]") {
            continue;
        }
        let text = match &mut watch {
            Some(watch) => match watch.read(&text) {
                Some(text) => text,
                None => continue,
            },
            None => text,
        };
        said.count += 1;
        if said.lines.len() == LINES {
            said.lines.remove(0);
        }
        said.lines.push(without_address(&text));
    }
}

/// "[matroska,webm @ 0x55ab] File ended" → "File ended": addresses mean nothing to users.
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
    fn addresses_are_left_out_of_what_is_said() {
        assert_eq!(without_address("[matroska,webm @ 0x55ab] File ended"), "File ended");
        assert_eq!(without_address("[error] this stays"), "[error] this stays");
    }

    #[cfg(unix)]
    fn shell(script: &str, programs: &Programs) -> Running {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        Running::begin(command, (true, false), false, programs).unwrap()
    }

    #[cfg(unix)]
    #[test]
    fn a_program_that_does_nothing_more_is_ended_one_that_writes_has_time() {
        // Far more than a busy machine takes from one line to the next.
        let most = Duration::from_secs(2);
        let mut hangs = shell("echo nearly done >&2; exec sleep 600", &Programs::default());
        let error = hangs.finish(most, None).unwrap_err();
        assert!(error.to_string().contains("was killed"), "{error}");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("part");
        let script = format!(
            "i=0; while [ $i -lt 12 ]; do echo $i >> '{}'; sleep 0.25; i=$((i+1)); done",
            path.display()
        );
        let (success, said) = shell(&script, &Programs::default()).finish(most, Some(&path)).unwrap();
        assert!(success && said.count == 0);
        assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 12);
    }
}
