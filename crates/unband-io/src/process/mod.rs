//! Running external programs, grouped by job.
//!
//! Another thread can kill the programs of a job. None outlives this program, however it ends.

mod piped;
mod program;

use std::ffi::OsStr;
use std::io;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::sleep;
use std::time::{Duration, Instant};

pub(crate) use piped::{Piped, Said, Watch};
pub use program::Program;
pub(crate) use program::Room;

use crate::leftovers;

/// The external programs of one job. Another thread can kill them: a hung program never ends by itself.
/// Whoever waits for its output then gets an error.
#[derive(Clone, Debug, Default)]
pub struct Programs(Arc<Mutex<List>>);

#[derive(Debug, Default)]
struct List {
    ended: bool,
    children: Vec<Weak<Mutex<Child>>>,
}

/// The programs of all jobs.
static ALL: Mutex<List> = Mutex::new(List { ended: false, children: Vec::new() });

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
        lock(&self.0).end();
    }

    /// Starts a [`command`].
    ///
    /// # Errors
    /// Operating-system errors.
    fn start(&self, command: &mut Command) -> io::Result<Running> {
        // Held until the child is in the list, so that a concurrent `end` cannot miss it.
        let mut all = lock(&ALL);
        let child = command.spawn()?;
        let id = child.id();
        let child = Arc::new(Mutex::new(child));
        #[cfg(unix)]
        guard::watch(id);
        all.add(&child);
        drop(all);
        lock(&self.0).add(&child);
        Ok(Running { child, id })
    }
}

/// A running program. Killed and reaped when this is dropped.
#[derive(Debug)]
struct Running {
    child: Arc<Mutex<Child>>,
    id: u32,
}

impl Running {
    /// Its process handle. It is locked only briefly, so that others can kill it between two polls.
    fn child(&self) -> MutexGuard<'_, Child> {
        lock(&self.child)
    }

    /// Kills it and everything it has started.
    fn kill(&self) {
        let mut child = self.child();
        kill(&mut child);
        let _ = child.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
        #[cfg(unix)]
        guard::forget(self.id);
        #[cfg(not(unix))]
        let _ = self.id;
    }
}

impl List {
    fn end(&mut self) -> Vec<Arc<Mutex<Child>>> {
        self.ended = true;
        let running: Vec<_> = self.children.drain(..).filter_map(|child| child.upgrade()).collect();
        for child in &running {
            kill(&mut lock(child));
        }
        running
    }

    fn add(&mut self, child: &Arc<Mutex<Child>>) {
        if self.ended {
            kill(&mut lock(child));
        }
        self.children.retain(|child| child.strong_count() > 0);
        self.children.push(Arc::downgrade(child));
    }
}

/// Kills all running programs and removes unfinished files, before this program exits in the middle of its
/// work.
pub fn leave_nothing() {
    let start = Instant::now();
    for child in lock(&ALL).end() {
        // A dead process writes nothing more. The system may take a moment.
        while matches!(lock(&child).try_wait(), Ok(None)) && start.elapsed() < MOST {
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

/// Kills it and its process group. After its end, its id may belong to another process.
fn kill(child: &mut Child) {
    if !matches!(child.try_wait(), Ok(None)) {
        return;
    }
    #[cfg(unix)]
    {
        let _ = rustix::process::kill_process_group(
            rustix::process::Pid::from_child(child),
            rustix::process::Signal::KILL,
        );
    }
    let _ = child.kill();
}

/// A shell that waits for the end of this program and then kills its remaining programs. A killed program can
/// no longer clean up, and an encoder whose input simply ends continues to write for as long as it likes.
/// (`PR_SET_PDEATHSIG` exists only on Linux, and reports the end of a thread instead of a program.)
#[cfg(unix)]
mod guard {
    use std::io::Write;
    use std::process::{Child, Stdio};
    use std::sync::Mutex;

    use super::{command, lock};

    /// Reads `+GROUP` and `-GROUP`; at the end of its input it kills the remaining groups.
    const SCRIPT: &str = "trap '' HUP INT TERM; groups=\n\
        while read -r line; do\n\
        id=${line#?}; rest=\n\
        for group in $groups; do [ \"$group\" = \"$id\" ] || rest=\"$rest $group\"; done\n\
        case $line in +*) groups=\"$rest $id\" ;; *) groups=$rest ;; esac\n\
        done\n\
        for group in $groups; do kill -s KILL -- \"-$group\"; done";

    /// State of the guard shell.
    enum Guard {
        /// Not started yet; it starts with the first program.
        Waiting,
        Running(Child),
        /// It could not be started, or has ended.
        Gone,
    }

    static GUARD: Mutex<Guard> = Mutex::new(Guard::Waiting);

    pub(super) fn watch(group: u32) {
        say('+', group);
    }

    pub(super) fn forget(group: u32) {
        say('-', group);
    }

    fn say(sign: char, group: u32) {
        let mut guard = lock(&GUARD);
        if matches!(*guard, Guard::Waiting) {
            *guard = start().map_or(Guard::Gone, Guard::Running);
        }
        let Guard::Running(child) = &mut *guard else { return };
        let sent = child.stdin.as_mut().is_some_and(|input| writeln!(input, "{sign}{group}").is_ok());
        if !sent {
            *guard = Guard::Gone;
        }
    }

    /// Starts the shell so that it is not killed with this program's group and keeps no folder or terminal
    /// busy.
    fn start() -> Option<Child> {
        command("/bin/sh", &["-c", SCRIPT]).current_dir("/").stdin(Stdio::piped()).spawn().ok()
    }
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
        assert!(first.child().wait().unwrap().code().is_none());
        assert!(shell("exec sleep 600", &programs).child().wait().unwrap().code().is_none());
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
