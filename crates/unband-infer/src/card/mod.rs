//! Graphics cards, through the program `unband-gpu`: a card that fails ends that program, not this one.

pub mod wire;

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, BufWriter, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use unband_image::accelerator::{DeviceTensor, Pending, PortableNetwork};
use unband_image::{Accelerator, AcceleratorError};
use wire::{Listed, Opened, Reply, Request};

/// Number of networks that a card keeps.
const KEPT: usize = 8;

/// Reason why a card cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CardError {
    /// The program is missing.
    #[error("{} not found next to unband or on PATH", program.display())]
    Missing {
        /// The program.
        program: PathBuf,
    },
    /// The program cannot be started.
    #[error("{}: {error}", program.display())]
    Program {
        /// The program.
        program: PathBuf,
        /// The system's error.
        error: io::Error,
    },
    /// The program has other messages.
    #[error("{} is of another version than unband", program.display())]
    Version {
        /// The program.
        program: PathBuf,
    },
    /// There is no such card.
    #[error("{0}")]
    Device(String),
}

impl CardError {
    /// The program could not be started.
    fn of_start(program: &Path, error: io::Error) -> Self {
        let program = program.to_owned();
        if error.kind() == io::ErrorKind::NotFound {
            Self::Missing { program }
        } else {
            Self::Program { program, error }
        }
    }
}

/// A graphics card.
pub struct Card {
    program: PathBuf,
    arguments: Vec<String>,
    opened: Opened,
    state: Mutex<State>,
    /// Called once, with the reason, when the CPU takes over.
    replaced: Box<dyn Fn(&str) + Send + Sync>,
    reported: AtomicBool,
}

enum State {
    Running(Connection),
    Lost(String),
}

/// A reply, or the reason why there is none.
type Answer = Result<(Reply, Vec<f32>), AcceleratorError>;

/// A running `unband-gpu`.
struct Connection {
    child: Child,
    to: Option<BufWriter<ChildStdin>>,
    /// Networks that it keeps, the oldest first.
    loaded: VecDeque<u64>,
    shared: Arc<Shared>,
}

/// What its reader and its users share.
#[derive(Default)]
struct Shared {
    /// Users that wait for a reply, in the order of their requests; `None` after the last reply.
    waiting: Mutex<Waiting>,
    out_of_memory: AtomicBool,
}

#[derive(Default)]
struct Waiting {
    users: VecDeque<Sender<Answer>>,
    ended: Option<String>,
}

impl Card {
    /// Starts `unband-gpu` for a device: an index in the list of [`devices`], or `software`. `memory` limits
    /// the bytes of a run's values, by default to most of the device's. `replaced` is called once, with the
    /// reason, when the CPU has to take over.
    ///
    /// # Errors
    /// A missing program, one of another version, a missing device.
    pub fn open(
        program: &Path,
        device: &str,
        memory: Option<u64>,
        replaced: impl Fn(&str) + Send + Sync + 'static,
    ) -> Result<Self, CardError> {
        let mut arguments = vec!["serve".to_owned(), "--device".to_owned(), device.to_owned()];
        arguments.extend(memory.map(|bytes| format!("--memory={bytes}")));
        let (connection, opened) = Connection::start(program, &arguments)?;
        Ok(Self {
            program: program.to_owned(),
            arguments,
            opened,
            state: Mutex::new(State::Running(connection)),
            replaced: Box::new(replaced),
            reported: AtomicBool::new(false),
        })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.opened.name
    }

    /// A connection that can take requests: a new one after one whose memory was too small.
    fn running<'a>(&self, state: &'a mut State) -> Result<&'a mut Connection, AcceleratorError> {
        if let State::Running(connection) = state
            && connection.shared.out_of_memory.load(Ordering::Acquire)
        {
            *state = match Connection::start(&self.program, &self.arguments) {
                Ok((connection, _)) => State::Running(connection),
                Err(error) => State::Lost(error.to_string()),
            };
        }
        match state {
            State::Running(connection) => Ok(connection),
            State::Lost(reason) => Err(AcceleratorError::Lost(reason.clone())),
        }
    }

    /// The tensors of an answer. A failure ends the use of the card, except for too little memory.
    fn outputs(&self, answer: Answer) -> Result<Vec<DeviceTensor>, AcceleratorError> {
        let error = match answer {
            Ok((Reply::Outputs(shapes), samples)) => {
                let lengths: Vec<usize> = shapes.iter().map(|shape| shape.iter().product()).collect();
                match wire::divided(samples, &lengths) {
                    Some(parts) => {
                        let tensor = |(shape, data)| DeviceTensor { shape, data };
                        return Ok(shapes.into_iter().zip(parts).map(tensor).collect());
                    }
                    None => AcceleratorError::Lost("unband-gpu returned a damaged result".to_owned()),
                }
            }
            Ok((Reply::Memory, _)) => AcceleratorError::Memory,
            Ok((Reply::Failed(reason), _)) => AcceleratorError::Lost(reason),
            Ok((Reply::Ready(_), _)) => AcceleratorError::Lost("unband-gpu started twice".to_owned()),
            Err(error) => error,
        };
        if let AcceleratorError::Lost(reason) = &error {
            *self.state.lock().unwrap_or_else(PoisonError::into_inner) = State::Lost(reason.clone());
        }
        Err(error)
    }
}

impl Accelerator for Card {
    fn memory(&self) -> u64 {
        self.opened.memory
    }

    fn largest(&self) -> u64 {
        self.opened.largest
    }

    fn start(
        &self,
        network: &dyn PortableNetwork,
        inputs: Vec<DeviceTensor>,
    ) -> Result<Pending<'_>, AcceleratorError> {
        let answer = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            self.running(&mut state)?.request(network, &inputs)?
        };
        Ok(Box::new(move || {
            let ended = Err(AcceleratorError::Lost("unband-gpu ended".to_owned()));
            self.outputs(answer.recv().unwrap_or(ended))
        }))
    }

    fn replaced(&self, reason: &AcceleratorError) {
        if !self.reported.swap(true, Ordering::Relaxed) {
            (self.replaced)(&reason.to_string());
        }
    }
}

impl Connection {
    fn start(program: &Path, arguments: &[String]) -> Result<(Self, Opened), CardError> {
        let fault = |error| CardError::of_start(program, error);
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(fault)?;
        let to = child.stdin.take().map(BufWriter::new);
        let (Some(from), Some(errors)) = (child.stdout.take(), child.stderr.take()) else {
            return Err(fault(io::ErrorKind::BrokenPipe.into()));
        };
        let said = thread::spawn(move || last_error(errors));
        let mut from = BufReader::with_capacity(1 << 20, from);
        let opened = match wire::receive::<Reply>(&mut from) {
            Ok(Some((Reply::Ready(opened), _))) if opened.version == wire::VERSION => opened,
            Ok(Some((Reply::Failed(reason), _))) => return Err(CardError::Device(reason)),
            Ok(None) => return Err(CardError::Device(said.join().unwrap_or_default())),
            _ => return Err(CardError::Version { program: program.to_owned() }),
        };
        let shared = Arc::new(Shared::default());
        let own = Arc::clone(&shared);
        thread::spawn(move || own.answer(&mut from, said));
        Ok((Self { child, to, loaded: VecDeque::new(), shared }, opened))
    }

    /// Sends a run, with the network if the card does not have it.
    fn request(
        &mut self,
        network: &dyn PortableNetwork,
        inputs: &[DeviceTensor],
    ) -> Result<Receiver<Answer>, AcceleratorError> {
        let id = network.id();
        if !self.loaded.contains(&id) {
            let graph = network.graph().map_err(AcceleratorError::Lost)?;
            let rows = network.params();
            let load =
                Request::Load { network: id, graph, params: rows.iter().map(|row| row.len()).collect() };
            self.send(&load, &rows);
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

impl Drop for Connection {
    fn drop(&mut self) {
        // At the end of its input the program ends; one that hangs is ended.
        self.to = None;
        let _ = self.child.kill();
        let _ = self.child.wait();
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
    fn answer(&self, from: &mut impl Read, said: thread::JoinHandle<String>) {
        while let Ok(Some(reply)) = wire::receive::<Reply>(from) {
            if matches!(reply.0, Reply::Memory) {
                self.out_of_memory.store(true, Ordering::Release);
            }
            let user = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).users.pop_front();
            // Users that were cancelled no longer wait.
            user.map(|user| user.send(Ok(reply)));
        }
        let reason = said.join().unwrap_or_default();
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
fn last_error(errors: impl Read) -> String {
    let lines = BufReader::new(errors).split(b'\n').map_while(Result::ok);
    let own =
        |line: Vec<u8>| String::from_utf8_lossy(&line).trim().strip_prefix("unband-gpu: ").map(str::to_owned);
    lines.filter_map(own).last().unwrap_or_else(|| "unband-gpu ended".to_owned())
}

/// The devices that `unband-gpu` can open.
///
/// # Errors
/// A missing program, or one of another version.
pub fn devices(program: &Path) -> Result<Vec<Listed>, CardError> {
    let made = Command::new(program).arg("list").stdin(Stdio::null()).output();
    let made = made.map_err(|error| CardError::of_start(program, error))?;
    serde_json::from_slice(&made.stdout).map_err(|_| CardError::Version { program: program.to_owned() })
}
