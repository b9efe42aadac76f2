//! A running program at one or both ends of a pipe: start, messages, exit status, cleanup.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::path::Path;
use std::process::{ChildStderr, ChildStdin, ChildStdout, ExitStatus, Stdio};
use std::thread::{JoinHandle, sleep};
use std::time::{Duration, Instant, SystemTime};

use super::program::LONGEST_PAUSE;
use super::{Program, Programs, Running, command};
use crate::Error;

/// Number of its last lines that are kept.
const LINES: usize = 24;
/// Maximum length of a line.
const LINE_BYTES: usize = 500;
/// After its end, its messages are complete, unless a child of it still runs. This is how long to wait for
/// them.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// A running program. Killed and reaped on drop.
#[derive(Debug)]
pub struct Piped {
    name: &'static str,
    running: Running,
    said: Option<JoinHandle<Said>>,
}

/// Reads the lines of a log and returns those that are messages.
pub type Watch = Box<dyn FnMut(&str) -> Option<String> + Send>;

/// Messages of a program on its standard error.
#[derive(Clone, Debug, Default)]
pub struct Said {
    /// The last lines.
    pub lines: Vec<String>,
    /// Total number of lines.
    pub count: usize,
}

impl Said {
    /// All in one line; encoders' banners are omitted.
    pub fn message(&self) -> String {
        let last = self.lines.iter().rev().take(2).rev();
        let text: Vec<&str> = last.map(String::as_str).collect();
        if text.is_empty() { "it failed without a message".to_owned() } else { text.join("; ") }
    }
}

impl Piped {
    /// Starts it. Standard `input` and `output` are pipes if requested, else closed. Each line of its
    /// standard error passes through `watch`.
    ///
    /// # Errors
    /// It is not installed, or an operating-system error.
    pub fn start<A: AsRef<OsStr>>(
        program: &Program,
        args: &[A],
        [input, output]: [bool; 2],
        watch: Option<Watch>,
        programs: &Programs,
    ) -> Result<Self, Error> {
        let pipe = |wanted| if wanted { Stdio::piped() } else { Stdio::null() };
        let name = program.names[0];
        let mut command = command(name, args);
        command.stdin(pipe(input)).stdout(pipe(output)).stderr(Stdio::piped());
        let running = programs.start(&mut command).map_err(|error| match error.kind() {
            ErrorKind::NotFound => program.missing(),
            _ => Error::Program { program: name, message: error.to_string() },
        })?;
        let stderr = running.group().child.stderr.take();
        let said = stderr.map(|stderr| std::thread::spawn(move || listen(stderr, watch)));
        Ok(Self { name, running, said })
    }

    /// Its standard input; `None` after the first call.
    pub fn input(&mut self) -> Option<ChildStdin> {
        self.running.group().child.stdin.take().inspect(widen)
    }

    /// Its standard output; `None` after the first call.
    pub fn output(&mut self) -> Option<ChildStdout> {
        self.running.group().child.stdout.take().inspect(widen)
    }

    /// Waits for its end and returns whether it succeeded, with its messages. It may run as long as the file
    /// that it `writes` changes. It is killed after `most` without progress.
    ///
    /// # Errors
    /// [`Error::Program`] if it had to be killed, or something else has killed it.
    pub fn finish(&mut self, most: Duration, writes: Option<&Path>) -> Result<(bool, Said), Error> {
        drop(self.running.group().child.stdin.take());
        let status = self.wait(most, writes)?;
        let said = self.last_words();
        let failed = |message| Err(Error::Program { program: self.name, message });
        match status {
            None => failed(format!("it made no progress for {} s and was killed", most.as_secs())),
            Some(status) if status.code().is_none() => failed(format!("it was killed by {status}")),
            Some(status) => Ok((status.success(), said)),
        }
    }

    /// The exit status; `None` if it had to be killed.
    fn wait(&mut self, most: Duration, writes: Option<&Path>) -> Result<Option<ExitStatus>, Error> {
        let failed = |source| Error::Io { action: "wait for a program", source };
        let (mut since, mut pause, mut state) = (Instant::now(), Duration::from_millis(1), None);
        loop {
            // The lock is released between polls, so that others can kill it.
            if let Some(status) = self.running.group().child.try_wait().map_err(failed)? {
                return Ok(Some(status));
            }
            let now = writes.and_then(state_of);
            if now != state {
                (since, state) = (Instant::now(), now);
            }
            if since.elapsed() >= most {
                self.running.kill();
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
    pub fn stop(&mut self) -> Said {
        self.running.kill();
        self.last_words()
    }
}

impl Drop for Piped {
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
        let message = match &mut watch {
            Some(watch) => watch(&text),
            None => Some(text),
        };
        let Some(text) = message else { continue };
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
        // FFmpeg 9 has several.
        Some((inside, text)) if inside.contains(" @ 0x") => without_address(text),
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
        assert_eq!(without_address("[vost#0:0/libx265 @ 0x5] [enc:libx265 @ 0x6] Error"), "Error");
        assert_eq!(without_address("[error] this stays"), "[error] this stays");
    }

    #[cfg(unix)]
    const SHELL: Program = Program { names: &["sh"], purpose: "testing", install: "install nothing" };

    #[cfg(unix)]
    fn shell(script: &str) -> Piped {
        Piped::start(&SHELL, &["-c", script], [true, false], None, &Programs::default()).unwrap()
    }

    #[cfg(unix)]
    #[test]
    fn a_program_that_does_nothing_more_is_ended_one_that_writes_has_time() {
        // Far more than a busy machine takes from one line to the next.
        let most = Duration::from_secs(2);
        let mut hangs = shell("echo nearly done >&2; exec sleep 600");
        let error = hangs.finish(most, None).unwrap_err();
        assert!(error.to_string().contains("was killed"), "{error}");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("part");
        let script = format!(
            "i=0; while [ $i -lt 12 ]; do echo $i >> '{}'; sleep 0.25; i=$((i+1)); done",
            path.display()
        );
        let (success, said) = shell(&script).finish(most, Some(&path)).unwrap();
        assert!(success && said.count == 0);
        assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 12);
    }

    #[cfg(unix)]
    #[test]
    fn bytes_pass_through_a_program_and_failures_have_its_message() {
        let input = vec![7; 1 << 20];
        assert!(SHELL.pass(&["-c", "cat"], &input).unwrap() == input);
        let error = SHELL.pass(&["-c", "echo too early >&2; exit 3"], &input).unwrap_err();
        assert_eq!(error.to_string(), "`sh` failed: too early");
    }
}
