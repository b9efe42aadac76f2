//! Answers of programs that are asked once in a job, such as the version of `ffmpeg`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::{Program, Programs, Room, lock};
use crate::Error;

/// An answer: standard output, and the start of standard error.
#[derive(Debug)]
pub struct Answer {
    /// Standard output.
    pub output: String,
    /// The start of standard error.
    pub said: String,
}

/// The answers of a job so far, by program and arguments.
#[derive(Debug, Default)]
pub(super) struct Answers(Mutex<BTreeMap<Vec<String>, Arc<Answer>>>);

impl Programs {
    /// Asks a program of the job as [`Program::ask`] does, or returns its answer of before.
    ///
    /// # Errors
    /// As [`Program::ask`]; then it is asked again next time.
    pub fn ask_once(
        &self,
        program: &Program,
        args: &[&str],
        bytes: u64,
        most: Duration,
    ) -> Result<Arc<Answer>, Error> {
        let key: Vec<String> = [program.names[0]].iter().chain(args).map(ToString::to_string).collect();
        // Held while the program runs: other threads wait, those with the same question for this answer.
        let mut answers = lock(&self.answers.0);
        if let Some(answer) = answers.get(&key) {
            return Ok(answer.clone());
        }
        let room = Room::new()?;
        let output = program.ask(&room, args, bytes, most, self)?;
        let output = String::from_utf8_lossy(&output).into_owned();
        let answer = Arc::new(Answer { output, said: room.said() });
        answers.insert(key, answer.clone());
        Ok(answer)
    }
}

#[cfg(all(test, unix))]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_program_answers_once_in_each_job() {
        const SHELL: Program = Program { names: &["sh"], purpose: "testing", install: "install nothing" };
        let folder = tempfile::tempdir().unwrap();
        let mark = folder.path().join("asked");
        let script = format!("echo x >> '{0}'; cat '{0}'; echo said >&2", mark.display());
        let asked = |programs: &Programs| {
            let answer = programs.ask_once(&SHELL, &["-c", &script], 100, Duration::from_mins(1)).unwrap();
            (answer.output.clone(), answer.said.clone())
        };
        let first = Programs::default();
        let expected = |output: &str| (output.to_owned(), "said\n".to_owned());
        assert_eq!([asked(&first), asked(&first.clone())], [expected("x\n"), expected("x\n")]);
        assert_eq!(asked(&Programs::default()), expected("x\nx\n"));
        let fails = |programs: &Programs| {
            programs.ask_once(&SHELL, &["-c", "exit 3"], 100, Duration::from_mins(1)).is_err()
        };
        assert!(fails(&first) && fails(&first));
    }
}
