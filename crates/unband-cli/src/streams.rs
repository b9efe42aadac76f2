//! Standard input, output and errors of a run: those of the process, or of a host.

#[cfg(unix)]
use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
#[cfg(unix)]
use std::sync::OnceLock;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The streams that a host lends to a run.
pub struct Streams {
    /// In place of standard input.
    pub input: Box<dyn Read + Send>,
    /// In place of standard output.
    pub output: Box<dyn Write + Send>,
    /// In place of standard error; text without colours.
    pub errors: Box<dyn Write + Send>,
}

static INPUT: Mutex<Option<Box<dyn Read + Send>>> = Mutex::new(None);
static OUTPUT: Mutex<Option<Box<dyn Write + Send>>> = Mutex::new(None);
static ERRORS: Mutex<Option<Box<dyn Write + Send>>> = Mutex::new(None);

fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs with streams of a host, one run after the other.
pub(crate) fn lend<T>(streams: Streams, run: impl FnOnce() -> T) -> T {
    static TURN: Mutex<()> = Mutex::new(());
    /// Returns the streams, also after a panic.
    struct Lent;
    impl Drop for Lent {
        fn drop(&mut self) {
            drop((lock(&INPUT).take(), lock(&OUTPUT).take(), lock(&ERRORS).take()));
        }
    }
    let _turn = lock(&TURN);
    let _lent = Lent;
    *lock(&INPUT) = Some(streams.input);
    *lock(&OUTPUT) = Some(streams.output);
    *lock(&ERRORS) = Some(streams.errors);
    run()
}

/// Does a host own the process?
pub(crate) fn lent() -> bool {
    lock(&OUTPUT).is_some()
}

/// Standard input.
pub(crate) struct Input;

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut *lock(&INPUT) {
            Some(input) => input.read(buffer),
            None => io::stdin().read(buffer),
        }
    }
}

/// Size of the file at standard input; `None` for pipes.
#[cfg(unix)]
pub(crate) fn input_bytes() -> Option<u64> {
    use std::os::fd::AsFd;
    if lock(&INPUT).is_some() {
        return None;
    }
    let file = File::from(io::stdin().as_fd().try_clone_to_owned().ok()?);
    file.metadata().ok().filter(std::fs::Metadata::is_file).map(|metadata| metadata.len())
}

/// Size of the file at standard input; `None` for pipes, and where the system has no such files.
#[cfg(not(unix))]
pub fn input_bytes() -> Option<u64> {
    None
}

/// Standard output.
pub(crate) struct Output;

impl Output {
    /// Is it a terminal?
    pub(crate) fn is_terminal() -> bool {
        !lent() && io::stdout().is_terminal()
    }
}

impl Write for Output {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        match &mut *lock(&OUTPUT) {
            Some(output) => output.write(data),
            None if data.len() >= LARGE => write_large(data),
            None => io::stdout().write(data),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut *lock(&OUTPUT) {
            Some(output) => output.flush(),
            None => io::stdout().flush(),
        }
    }
}

/// Bytes of a frame or an image, not of a text.
const LARGE: usize = 1 << 16;

/// Writes to the file itself: `io::stdout` looks for the last line break, and keeps all bytes after it.
fn write_large(data: &[u8]) -> io::Result<usize> {
    let mut buffered = io::stdout();
    #[cfg(unix)]
    {
        use std::os::fd::AsFd;
        static FILE: OnceLock<Option<File>> = OnceLock::new();
        let file = || buffered.as_fd().try_clone_to_owned().ok().map(File::from);
        if let Some(mut file) = FILE.get_or_init(file).as_ref() {
            buffered.flush()?;
            return file.write(data);
        }
    }
    buffered.write(data)
}

/// Is standard error a terminal?
pub(crate) fn errors_on_terminal() -> bool {
    !lent() && io::stderr().is_terminal()
}

/// Writes text to standard error, without colours where they do not belong. It may be closed; then there is
/// no one to report it to.
pub(crate) fn error(text: &str) {
    let _ = match &mut *lock(&ERRORS) {
        Some(errors) => errors.write_all(anstream::adapter::strip_str(text).to_string().as_bytes()),
        None => anstream::stderr().write_all(text.as_bytes()),
    };
}
