//! Input from files and pipes that cannot block the program forever.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How long a pipe may stay without a writer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Interval at which a pipe is polled.
const NAP: Duration = Duration::from_millis(10);

/// A file, or a named pipe.
pub struct Source<'a> {
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
pub fn open<'a>(path: &Path, stop: &'a AtomicBool) -> io::Result<Source<'a>> {
    if !is_pipe(path)? {
        return Ok(Source { file: File::open(path)?, pipe: None });
    }
    let pipe = Pipe { stop, since: Some(Instant::now()) };
    Ok(Source { file: open_pipe(path)?, pipe: Some(pipe) })
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

impl Source<'_> {
    pub fn is_pipe(&self) -> bool {
        self.pipe.is_some()
    }

    /// Size of a regular file in bytes; `None` for pipes and devices.
    ///
    /// # Errors
    /// Operating-system errors.
    pub fn size(&self) -> io::Result<Option<u64>> {
        let metadata = self.file.metadata()?;
        Ok(metadata.is_file().then_some(metadata.len()))
    }
}

impl Read for Source<'_> {
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
            if pipe.stop.load(Ordering::Relaxed) {
                // Not `Interrupted`: readers retry on that.
                return Err(io::Error::new(io::ErrorKind::TimedOut, "asked to stop"));
            }
            std::thread::sleep(NAP);
        }
    }
}
