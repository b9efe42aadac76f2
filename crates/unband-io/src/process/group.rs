//! A program in a process group of its own, with everything that it starts.

use std::io;
use std::process::{Child, Command};
#[cfg(unix)]
use std::{os::unix::process::CommandExt, process::Stdio};

/// A running program and its group.
#[derive(Debug)]
pub(super) struct Group {
    /// The program.
    pub(super) child: Child,
    #[cfg(unix)]
    guard: Option<Guard>,
}

impl Group {
    /// Starts a command in a new group.
    ///
    /// # Errors
    /// Operating-system errors.
    pub(super) fn start(command: &mut Command) -> io::Result<Self> {
        #[cfg(unix)]
        {
            let guard = Guard::start();
            command.process_group(guard.as_ref().map_or(0, |guard| guard.0.id().cast_signed()));
            Ok(Self { child: command.spawn()?, guard })
        }
        #[cfg(not(unix))]
        Ok(Self { child: command.spawn()? })
    }

    /// Kills it and everything that it has started.
    pub(super) fn kill(&mut self) {
        #[cfg(unix)]
        match &self.guard {
            Some(guard) => kill_group(&guard.0),
            // After its end, its id may belong to another process.
            None if matches!(self.child.try_wait(), Ok(None)) => kill_group(&self.child),
            None => {}
        }
        let _ = self.child.kill();
    }
}

/// The leader of a group: a shell that waits for the end of this program and then kills the group. A killed
/// program can no longer clean up, and an encoder whose input simply ends continues to write for as long as
/// it likes. The shell is there before the program, so that no moment is without it.
/// (`PR_SET_PDEATHSIG` exists only on Linux, and reports the end of a thread instead of a program.)
#[cfg(unix)]
#[derive(Debug)]
struct Guard(Child);

/// Waits for the end of its input.
#[cfg(unix)]
const SCRIPT: &str = "trap '' HUP INT TERM; read -r line; kill -s KILL 0";

#[cfg(unix)]
impl Guard {
    /// `None` if it could not be started. It keeps no folder or terminal busy.
    fn start() -> Option<Self> {
        let mut command = super::command("/bin/sh", &["-c", SCRIPT]);
        command.current_dir("/").stdin(Stdio::piped()).spawn().ok().map(Self)
    }
}

/// Until then its id, and with it that of the group, belongs to no other process.
#[cfg(unix)]
impl Drop for Guard {
    fn drop(&mut self) {
        kill_group(&self.0);
        let _ = self.0.wait();
    }
}

#[cfg(unix)]
fn kill_group(leader: &Child) {
    let leader = rustix::process::Pid::from_child(leader);
    let _ = rustix::process::kill_process_group(leader, rustix::process::Signal::KILL);
}
