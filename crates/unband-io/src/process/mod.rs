//! Running external programs, grouped by job.
//!
//! Another thread can kill the programs of a job. None outlives this program, however it ends.

mod answers;
mod group;
mod piped;
mod program;

use std::ffi::OsStr;
use std::io;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::sleep;
use std::time::{Duration, Instant};

pub use answers::Answer;
use answers::Answers;
use group::Group;
pub use piped::{Piped, Said, Watch};
pub use program::Program;
pub use program::Room;

use crate::leftovers;

/// The external programs of one job. Another thread can kill them: a hung program never ends by itself.
/// Whoever waits for its output then gets an error.
#[derive(Clone, Debug, Default)]
pub struct Programs {
    list: Arc<Mutex<List>>,
    answers: Arc<Answers>,
}

#[derive(Debug, Default)]
struct List {
    ended: bool,
    groups: Vec<Weak<Mutex<Group>>>,
}

/// The programs of all jobs.
static ALL: Mutex<List> = Mutex::new(List { ended: false, groups: Vec::new() });

/// A command in its own process group: Ctrl-C reaches all programs of a terminal, and `ffmpeg` would then
/// finish its file as if it were complete. This program decides when it stops. Its pipes are closed.
fn command<A: AsRef<OsStr>>(name: &str, args: &[A]) -> Command {
    let mut command = Command::new(name);
    command.args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command
}

impl Programs {
    /// Kills all running programs and their children, and any that are started later as soon as they start.
    pub fn end(&self) {
        lock(&self.list).end();
    }

    /// Starts a [`command`].
    ///
    /// # Errors
    /// Operating-system errors.
    fn start(&self, command: &mut Command) -> io::Result<Running> {
        // Held until the child is in the list, so that a concurrent `end` cannot miss it.
        let mut all = lock(&ALL);
        let group = Arc::new(Mutex::new(Group::start(command)?));
        all.add(&group);
        drop(all);
        lock(&self.list).add(&group);
        Ok(Running(group))
    }
}

/// A running program. Killed and reaped when this is dropped.
#[derive(Debug)]
struct Running(Arc<Mutex<Group>>);

impl Running {
    /// Its process handle. It is locked only briefly, so that others can kill it between two polls.
    fn group(&self) -> MutexGuard<'_, Group> {
        lock(&self.0)
    }

    /// Kills it and everything it has started.
    fn kill(&self) {
        let mut group = self.group();
        group.kill();
        let _ = group.child.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

impl List {
    fn end(&mut self) -> Vec<Arc<Mutex<Group>>> {
        self.ended = true;
        let running: Vec<_> = self.groups.drain(..).filter_map(|group| group.upgrade()).collect();
        for group in &running {
            lock(group).kill();
        }
        running
    }

    fn add(&mut self, group: &Arc<Mutex<Group>>) {
        if self.ended {
            lock(group).kill();
        }
        self.groups.retain(|group| group.strong_count() > 0);
        self.groups.push(Arc::downgrade(group));
    }
}

/// Kills all running programs and removes unfinished files, before this program exits in the middle of its
/// work.
pub fn leave_nothing() {
    let start = Instant::now();
    for group in lock(&ALL).end() {
        // A dead process writes nothing more. The system may take a moment.
        while matches!(lock(&group).child.try_wait(), Ok(None)) && start.elapsed() < MOST {
            sleep(Duration::from_millis(1));
        }
    }
    leftovers::remove();
}

/// Maximum wait for killed programs to disappear.
const MOST: Duration = Duration::from_secs(2);

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(all(test, unix))]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn shell(script: &str, programs: &Programs) -> Running {
        programs.start(&mut command("/bin/sh", &["-c", script])).unwrap()
    }

    fn runs(id: &str) -> bool {
        command("kill", &["-0", id]).status().unwrap().success()
    }

    #[test]
    fn another_thread_ends_what_runs_and_what_is_started_later() {
        let programs = Programs::default();
        let first = shell("exec sleep 600", &programs);
        programs.end();
        assert!(first.group().child.wait().unwrap().code().is_none());
        assert!(shell("exec sleep 600", &programs).group().child.wait().unwrap().code().is_none());
    }

    #[test]
    fn what_a_program_has_started_ends_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("id");
        let script = format!("sleep 600 & echo $! > '{0}.new'; mv '{0}.new' '{0}'; wait", path.display());
        let running = shell(&script, &Programs::default());
        let start = Instant::now();
        while !path.exists() {
            assert!(start.elapsed() < Duration::from_mins(1));
            std::thread::sleep(Duration::from_millis(2));
        }
        let id = std::fs::read_to_string(&path).unwrap();
        assert!(runs(id.trim()));
        drop(running);
        while runs(id.trim()) {
            assert!(start.elapsed() < Duration::from_mins(1), "{id} runs on");
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}
