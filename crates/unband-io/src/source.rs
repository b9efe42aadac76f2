//! Input from files and pipes, and output to pipes, that cannot block the program forever.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How long a pipe may stay without a writer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Interval at which a pipe is polled.
const NAP: Duration = Duration::from_millis(10);

/// A file, or a named pipe.
pub(crate) struct FileOrPipe<'a> {
    file: File,
    /// A pipe is read in non-blocking mode, so that `stop` takes effect.
    pipe: Option<Pipe<'a>>,
}

struct Pipe<'a> {
    stop: &'a AtomicBool,
    /// When it was opened, until its first byte arrives.
    since: Option<Instant>,
}

/// Opens a file.
///
/// # Errors
/// Operating-system errors.
pub(crate) fn open<'a>(path: &Path, stop: &'a AtomicBool) -> io::Result<FileOrPipe<'a>> {
    if !is_pipe(path)? {
        return Ok(FileOrPipe { file: File::open(path)?, pipe: None });
    }
    let pipe = Pipe { stop, since: Some(Instant::now()) };
    Ok(FileOrPipe { file: open_pipe(path)?, pipe: Some(pipe) })
}

/// Whether a path is a named pipe, whose other end may be a while in coming.
pub fn is_named_pipe(path: &Path) -> bool {
    is_pipe(path).unwrap_or(false)
}

#[cfg(unix)]
fn is_pipe(path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::FileTypeExt;
    Ok(std::fs::metadata(path)?.file_type().is_fifo())
}

#[cfg(not(unix))]
fn is_pipe(_path: &Path) -> io::Result<bool> {
    Ok(false)
}

#[cfg(target_os = "linux")]
fn open_pipe(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    File::options().read(true).custom_flags(flags).open(path)
}

#[cfg(not(target_os = "linux"))]
fn open_pipe(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// A device, or a named pipe, to write to.
pub(crate) struct Sink<'a> {
    file: File,
    stop: Option<&'a AtomicBool>,
}

/// Opens a device or a pipe for writing. A pipe without a reader is waited for, until `stop`.
///
/// # Errors
/// Operating-system errors.
#[cfg(target_os = "linux")]
pub(crate) fn open_to<'a>(path: &Path, stop: Option<&'a AtomicBool>) -> io::Result<Sink<'a>> {
    use std::os::unix::fs::OpenOptionsExt;
    if !is_pipe(path)? {
        return Ok(Sink { file: File::options().write(true).open(path)?, stop });
    }
    let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    loop {
        match File::options().write(true).custom_flags(flags).open(path) {
            // No reader yet.
            Err(error) if error.raw_os_error() == Some(rustix::io::Errno::NXIO.raw_os_error()) => {}
            opened => return Ok(Sink { file: opened?, stop }),
        }
        nap(stop)?;
    }
}

/// Opens a device or a pipe for writing.
///
/// # Errors
/// Operating-system errors.
#[cfg(not(target_os = "linux"))]
pub(crate) fn open_to<'a>(path: &Path, stop: Option<&'a AtomicBool>) -> io::Result<Sink<'a>> {
    Ok(Sink { file: File::options().write(true).open(path)?, stop })
}

/// Waits a moment, unless asked to stop.
fn nap(stop: Option<&AtomicBool>) -> io::Result<()> {
    if stop.is_some_and(|stop| stop.load(Ordering::Relaxed)) {
        // Not `Interrupted`: readers and writers retry on that.
        return Err(io::Error::new(io::ErrorKind::TimedOut, "asked to stop"));
    }
    std::thread::sleep(NAP);
    Ok(())
}

impl Write for Sink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match self.file.write(bytes) {
                // The pipe is full.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => nap(self.stop)?,
                done => return done,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl FileOrPipe<'_> {
    pub(crate) fn is_pipe(&self) -> bool {
        self.pipe.is_some()
    }

    /// Size of a regular file in bytes; `None` for pipes and devices.
    ///
    /// # Errors
    /// Operating-system errors.
    pub(crate) fn size(&self) -> io::Result<Option<u64>> {
        let metadata = self.file.metadata()?;
        Ok(metadata.is_file().then_some(metadata.len()))
    }
}

impl Read for FileOrPipe<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(pipe) = &mut self.pipe else { return self.file.read(buffer) };
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            match (self.file.read(buffer), pipe.since) {
                // No writer yet, or all writers have closed the pipe.
                (Ok(0), Some(since)) if since.elapsed() > PATIENCE => {
                    return Err(io::Error::new(io::ErrorKind::TimedOut, "this pipe has no writer"));
                }
                (Ok(0), Some(_)) => {}
                (Err(error), _) if error.kind() == io::ErrorKind::WouldBlock => pipe.since = None,
                (Ok(read), _) => {
                    pipe.since = None;
                    return Ok(read);
                }
                (Err(error), _) => return Err(error),
            }
            nap(Some(pipe.stop))?;
        }
    }
}
