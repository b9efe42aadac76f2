//! The process of `unband-gpu`: requests to it, replies from it, and its end.

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, BufWriter, Read};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use unband_image::AcceleratorError;
use unband_image::accelerator::{DeviceTensor, PortableNetwork};

use super::CardError;
use super::wire::{self, Opened, Reply, Request};

/// Number of networks that a card keeps.
const KEPT: usize = 8;

/// Time in which the program must be ready: drivers may compile their own kernels first.
const START: Duration = Duration::from_mins(1);

/// Time for the last error of a program that ended.
const LAST_ERROR: Duration = Duration::from_secs(1);

/// The program wrote something else.
const NO_REPLY: &str = "unband-gpu wrote no reply of its own";

/// A reply, or the reason why there is none.
pub(super) type Answer = Result<(Reply, Vec<f32>), AcceleratorError>;

/// A child process that is ended with its owner.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A running `unband-gpu`.
pub(super) struct Connection {
    to: Option<BufWriter<ChildStdin>>,
    /// Networks that it keeps, the oldest first.
    loaded: VecDeque<u64>,
    shared: Arc<Shared>,
    _child: Running,
}

/// Data of its reader and its users.
#[derive(Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    out_of_memory: AtomicBool,
}

/// Users that wait for a reply, in the order of their requests.
#[derive(Default)]
struct Waiting {
    users: VecDeque<Sender<Answer>>,
    /// Reason why there are no more replies.
    ended: Option<String>,
}

impl Connection {
    /// Starts the program.
    ///
    /// # Errors
    /// A missing program or device, another version, no reply in time.
    pub(super) fn start(program: &Path, arguments: &[String]) -> Result<(Self, Opened), CardError> {
        let fault = |error| CardError::of_start(program, error);
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // Ctrl-C in a terminal is for this program, which ends the other.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = Running(command.spawn().map_err(fault)?);
        let to = child.0.stdin.take().map(BufWriter::new);
        let (Some(from), Some(errors)) = (child.0.stdout.take(), child.0.stderr.take()) else {
            return Err(fault(io::ErrorKind::BrokenPipe.into()));
        };
        let (says, said) = mpsc::channel();
        thread::spawn(move || says.send(last_error(errors)));
        let shared = Arc::new(Shared::default());
        let (ready, opened) = mpsc::channel();
        shared.wait(ready);
        let own = Arc::clone(&shared);
        thread::spawn(move || own.answer(&mut BufReader::with_capacity(1 << 20, from), &said));
        let opened = match opened.recv_timeout(START) {
            Ok(Ok((Reply::Ready(opened), _))) if opened.version == wire::VERSION => opened,
            Ok(Ok((Reply::Failed(reason), _)) | Err(AcceleratorError::Lost(reason)))
                if reason != NO_REPLY =>
            {
                return Err(CardError::Device(reason));
            }
            Err(_) => return Err(CardError::Device("unband-gpu does not answer".to_owned())),
            _ => return Err(CardError::Version { program: program.to_owned() }),
        };
        Ok((Self { to, loaded: VecDeque::new(), shared, _child: child }, opened))
    }

    /// Whether its memory was too small.
    pub(super) fn out_of_memory(&self) -> bool {
        self.shared.out_of_memory.load(Ordering::Acquire)
    }

    /// Sends a run, with the network if the card does not have it.
    ///
    /// # Errors
    /// A graph that cannot be sent.
    pub(super) fn request(
        &mut self,
        network: &dyn PortableNetwork,
        inputs: &[DeviceTensor],
    ) -> Result<Receiver<Answer>, AcceleratorError> {
        let id = network.id();
        if !self.loaded.contains(&id) {
            let graph = network.graph().map_err(AcceleratorError::Refused)?;
            let rows = network.params();
            let params = rows.iter().map(|row| row.len()).collect();
            self.send(&Request::Load { network: id, graph, params }, &rows);
            self.loaded.push_back(id);
            if self.loaded.len() > KEPT
                && let Some(network) = self.loaded.pop_front()
            {
                self.send(&Request::Drop { network }, &[]);
            }
        }
        let (user, answer) = mpsc::channel();
        self.shared.wait(user);
        let shapes = inputs.iter().map(|input| input.shape).collect();
        let samples: Vec<&[f32]> = inputs.iter().map(|input| &input.data[..]).collect();
        self.send(&Request::Run { network: id, inputs: shapes }, &samples);
        Ok(answer)
    }

    /// Sends a request. If the program ended, its reader tells those that wait for a reply.
    fn send(&mut self, request: &Request, samples: &[&[f32]]) {
        if let Some(to) = &mut self.to
            && wire::send(to, request, samples).is_err()
        {
            self.to = None;
        }
    }
}

impl Shared {
    /// Adds a user that waits for the next reply.
    fn wait(&self, user: Sender<Answer>) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        match &waiting.ended {
            None => waiting.users.push_back(user),
            Some(reason) => drop(user.send(Err(self.end(reason)))),
        }
    }

    /// Passes replies to those that wait for them, until the program ends.
    fn answer(&self, from: &mut impl Read, said: &Receiver<String>) {
        let reason = loop {
            match wire::receive::<Reply>(from) {
                Ok(Some(reply)) => {
                    if matches!(reply.0, Reply::Memory) {
                        self.out_of_memory.store(true, Ordering::Release);
                    }
                    let user = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).users.pop_front();
                    // Users that were cancelled no longer wait.
                    user.map(|user| user.send(Ok(reply)));
                }
                Ok(None) => {
                    let said = said.recv_timeout(LAST_ERROR).ok();
                    break said.unwrap_or_else(|| "unband-gpu closed its output".to_owned());
                }
                // Another program, or a driver that prints.
                Err(_) => break NO_REPLY.to_owned(),
            }
        };
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        for user in waiting.users.drain(..) {
            let _ = user.send(Err(self.end(&reason)));
        }
        waiting.ended = Some(reason);
    }

    /// The error after the last reply.
    fn end(&self, reason: &str) -> AcceleratorError {
        if self.out_of_memory.load(Ordering::Acquire) {
            return AcceleratorError::Memory;
        }
        AcceleratorError::Lost(reason.to_owned())
    }
}

/// The last error of the program; drivers write lines of their own.
pub(super) fn last_error(errors: impl Read) -> String {
    let lines = BufReader::new(errors).split(b'\n').map_while(Result::ok);
    let own =
        |line: Vec<u8>| String::from_utf8_lossy(&line).trim().strip_prefix("unband-gpu: ").map(str::to_owned);
    lines.filter_map(own).last().unwrap_or_else(|| "unband-gpu ended".to_owned())
}
