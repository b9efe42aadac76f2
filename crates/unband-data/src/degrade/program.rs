//! External encoder processes.

use unband_image::words;

use std::io::{ErrorKind, Read, Write};
use std::process::{Command, Stdio};

use super::DegradeError;

words! {
    /// Choice of encoder and decoder.
    pub enum Coder {
        /// Built in; no program is started.
        BuiltIn = "built-in",
        /// The original program.
        Program = "program",
    }
}

/// Runs a program with `input` on its standard input and returns its output.
///
/// # Errors
/// When it is not installed, cannot be reached through its pipes, or fails.
pub fn run(program: &'static str, args: &[&str], input: &[u8]) -> Result<Vec<u8>, DegradeError> {
    let pipe = |source| DegradeError::Pipe { program, source };
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|source| match source.kind() {
        ErrorKind::NotFound => DegradeError::Missing(program),
        _ => DegradeError::Pipe { program, source },
    })?;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (Some(mut stdin), Some(mut stdout), Some(mut stderr)) = (stdin, stdout, stderr) else {
        return Err(pipe(ErrorKind::BrokenPipe.into()));
    };
    let (output, said) = std::thread::scope(|scope| {
        // A program may stop reading early; its error message is more useful than the broken pipe.
        scope.spawn(move || stdin.write_all(input).ok());
        let said = scope.spawn(move || {
            let mut said = Vec::new();
            stderr.read_to_end(&mut said).ok();
            said
        });
        let mut output = Vec::new();
        let result = stdout.read_to_end(&mut output).map(|_| output);
        (result, said.join().unwrap_or_default())
    });
    let status = child.wait().map_err(pipe)?;
    let output = output.map_err(pipe)?;
    if status.success() {
        return Ok(output);
    }
    let said = String::from_utf8_lossy(&said);
    let lines: Vec<&str> = said.lines().filter(|l| !l.trim().is_empty()).collect();
    let message = lines[lines.len().saturating_sub(3)..].join("; ");
    Err(DegradeError::Program { program, message })
}

/// Runs ffmpeg with only error messages, overwriting without a question.
///
/// # Errors
/// As [`run`].
pub fn ffmpeg(args: &[&str], input: &[u8]) -> Result<Vec<u8>, DegradeError> {
    let quiet = ["-hide_banner", "-loglevel", "error", "-y"];
    run("ffmpeg", &[&quiet[..], args].concat(), input)
}
