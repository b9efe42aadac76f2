//! Graphics cards, through the program `unband-gpu`: a card that fails ends that program, not this one.

mod process;
pub mod wire;

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use process::{Answer, Connection};
use unband_image::accelerator::{DeviceTensor, Pending, PortableNetwork};
use unband_image::{Accelerator, AcceleratorError};
use wire::{DeviceList, Listed, Opened, Reply};

/// Interval at which a run asks whether it should stop.
const ASK: Duration = Duration::from_millis(20);

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
    /// There is no such card, or it does not work.
    #[error("{0}")]
    Device(String),
}

impl CardError {
    /// The program could not be started.
    fn of_start(program: &Path, error: io::Error) -> Self {
        let program = program.to_owned();
        match error.kind() {
            io::ErrorKind::NotFound => Self::Missing { program },
            _ => Self::Program { program, error },
        }
    }
}

/// A graphics card.
pub struct Card {
    program: PathBuf,
    arguments: Vec<String>,
    opened: Opened,
    state: Mutex<State>,
    /// Called with a reason when the CPU takes over.
    replaced: Box<dyn Fn(&AcceleratorError) + Send + Sync>,
    /// Reasons of which it was called.
    reported: Mutex<Vec<AcceleratorError>>,
}

enum State {
    Running(Connection),
    /// Ended on purpose; the next run starts it again.
    Ended,
    Lost(String),
}

impl Card {
    /// Starts `unband-gpu` for a device: an index in the list of [`devices`], or `software`. `memory` limits
    /// the bytes of a run's values, by default to most of the device's. `replaced` is called when the CPU
    /// takes over, once with each reason.
    ///
    /// # Errors
    /// A missing program, one of another version, a missing device.
    pub fn open(
        program: &Path,
        device: &str,
        memory: Option<u64>,
        replaced: impl Fn(&AcceleratorError) + Send + Sync + 'static,
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
            reported: Mutex::default(),
        })
    }

    /// Whether it can be used.
    pub fn works(&self) -> bool {
        !matches!(*self.state.lock().unwrap_or_else(PoisonError::into_inner), State::Lost(_))
    }

    /// Ends the program; the next run starts it again.
    pub fn close(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let State::Running(_) = *state {
            *state = State::Ended;
        }
    }

    /// A connection that can take requests: a new one after one whose memory was too small.
    fn running<'a>(&self, state: &'a mut State) -> Result<&'a mut Connection, AcceleratorError> {
        let ended = match state {
            State::Running(connection) => connection.out_of_memory(),
            State::Ended => true,
            State::Lost(_) => false,
        };
        if ended {
            *state = State::Ended;
            *state = match Connection::start(&self.program, &self.arguments) {
                Ok((connection, _)) => State::Running(connection),
                Err(error) => State::Lost(error.to_string()),
            };
        }
        match state {
            State::Running(connection) => Ok(connection),
            State::Ended => Err(AcceleratorError::Stopped),
            State::Lost(reason) => Err(AcceleratorError::Lost(reason.clone())),
        }
    }

    /// Waits for an answer. The program ends if the caller asks to stop, as it cannot stop within a run.
    fn wait(&self, answer: &Receiver<Answer>, stop: &dyn Fn() -> bool) -> Answer {
        loop {
            match answer.recv_timeout(ASK) {
                Ok(answer) => return answer,
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(AcceleratorError::Lost("unband-gpu ended".to_owned()));
                }
                Err(RecvTimeoutError::Timeout) if stop() => {
                    self.close();
                    return Err(AcceleratorError::Stopped);
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    /// The tensors of an answer. A failure ends the use of the card, except for too little memory and
    /// networks that it refuses.
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
            Ok((Reply::Refused(reason), _)) => AcceleratorError::Refused(reason),
            Ok((Reply::Failed(reason), _)) => AcceleratorError::Lost(reason),
            Ok((Reply::Ready(_), _)) => AcceleratorError::Lost("unband-gpu started twice".to_owned()),
            Err(error) => error,
        };
        if let AcceleratorError::Lost(reason) = &error {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            // A run of another thread may have been stopped.
            if !matches!(*state, State::Ended) {
                *state = State::Lost(reason.clone());
            }
        }
        Err(error)
    }
}

impl Accelerator for Card {
    fn name(&self) -> &str {
        &self.opened.name
    }

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
        Ok(Box::new(move |stop| self.outputs(self.wait(&answer, stop))))
    }

    fn replaced(&self, reason: &AcceleratorError) {
        let mut reported = self.reported.lock().unwrap_or_else(PoisonError::into_inner);
        if !reported.contains(reason) {
            reported.push(reason.clone());
            (self.replaced)(reason);
        }
    }
}

/// The devices that `unband-gpu` can open.
///
/// # Errors
/// A missing program, one of another version, or one that fails.
pub fn devices(program: &Path) -> Result<Vec<Listed>, CardError> {
    let made = Command::new(program).arg("list").stdin(Stdio::null()).output();
    let made = made.map_err(|error| CardError::of_start(program, error))?;
    if !made.status.success() {
        return Err(CardError::Device(process::last_error(&made.stderr[..])));
    }
    let list = serde_json::from_slice::<DeviceList>(&made.stdout).ok();
    let same = list.filter(|list| list.version == wire::VERSION);
    same.map(|list| list.devices).ok_or_else(|| CardError::Version { program: program.to_owned() })
}
