//! Files that are opened to be read, pipes among them, which must not hold the program up for ever.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Time in which somebody must begin to write into a pipe.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between two looks at a pipe.
const NAP: Duration = Duration::from_millis(10);

/// A file, or a pipe in the folders of files.
pub struct Source<'a> {
    file: File,
    /// A pipe is read without waiting, so that `stop` is heard.
    pipe: Option<Pipe<'a>>,
}

struct Pipe<'a> {
    stop: &'a AtomicBool,
    /// When it was opened, until its first byte.
    since: Option<Instant>,
}

/// Opens a file.
///
/// # Errors
/// Whatever the system refuses.
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

    /// Bytes of a file; nothing of what says so only when it ends.
    ///
    /// # Errors
    /// Whatever the system refuses.
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
                // Nobody writes yet; or they all have ended.
                (Ok(0), Some(since)) if since.elapsed() > PATIENCE => {
                    return Err(io::Error::new(io::ErrorKind::TimedOut, "nobody writes into this pipe"));
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
                // Not `Interrupted`, which readers take for a reason to try again.
                return Err(io::Error::new(io::ErrorKind::TimedOut, "asked to stop"));
            }
            std::thread::sleep(NAP);
        }
    }
}
