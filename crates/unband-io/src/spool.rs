//! Private copies of piped videos: `FFmpeg` needs to seek, and restoration reads a video twice.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::process::Room;
use crate::{Error, free_bytes};

/// Bytes that stay free on the disk.
const RESERVE: u64 = 64 << 20;
/// Free space is checked after this many bytes.
const STEP: u64 = 16 << 20;
/// Name of the file in its folder.
const NAME: &str = "standard input";

/// A copy in a folder of its own that only this user may enter; deleted on drop and by signals that end the
/// program.
#[derive(Debug)]
pub struct Spool {
    path: PathBuf,
    _room: Room,
}

impl Spool {
    /// Copies what a pipe still has behind the bytes already read. `expected`: their number, if known.
    ///
    /// # Errors
    /// [`Error::NoSpace`] before the disk of temporary files is full, and read and write errors.
    pub fn fill(begins: &[u8], input: &mut dyn Read, expected: Option<u64>) -> Result<Self, Error> {
        let io = |action| move |source| Error::Io { action, source };
        let room = Room::new()?;
        let path = room.path(NAME);
        check(&path, expected.unwrap_or(0))?;
        let mut file = room.create(NAME)?;
        file.write_all(begins).map_err(io("write"))?;
        loop {
            let copied = copy(&mut input.take(STEP), &mut file)?;
            if copied < STEP {
                break;
            }
            check(&path, STEP)?;
        }
        file.flush().map_err(io("write"))?;
        Ok(Self { path, _room: room })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// As [`io::copy`], with read and write errors that can be distinguished.
fn copy(input: &mut dyn Read, file: &mut File) -> Result<u64, Error> {
    let (mut buffer, mut copied) = (vec![0; 1 << 18], 0);
    loop {
        let count = match input.read(&mut buffer) {
            Ok(0) => return Ok(copied),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(source) => return Err(Error::Io { action: "read", source }),
        };
        file.write_all(&buffer[..count]).map_err(|source| Error::Io { action: "write", source })?;
        copied += count as u64;
    }
}

/// Checks that this many more bytes have space.
fn check(path: &Path, more: u64) -> Result<(), Error> {
    match free_bytes(path) {
        Some(free) if free < more.saturating_add(RESERVE) => {
            let folder = path.ancestors().nth(2).unwrap_or(path).to_owned();
            Err(Error::NoSpace { folder, needed: more.saturating_add(RESERVE), free })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_whole_and_private_and_goes_with_its_owner() {
        let bytes: Vec<u8> = (0..1_000_000u32).map(|i| (i % 251) as u8).collect();
        let spool = Spool::fill(&bytes[..9], &mut &bytes[9..], Some(999_991)).unwrap();
        let path = spool.path().to_owned();
        assert!(std::fs::read(&path).unwrap() == bytes);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        }
        drop(spool);
        assert!(!path.parent().unwrap().exists());
    }

    #[cfg(unix)]
    #[test]
    fn a_video_larger_than_the_disk_is_refused_before_it_is_read() {
        let mut input = io::empty();
        let error = Spool::fill(b"begins", &mut input, Some(u64::MAX / 2)).unwrap_err();
        assert!(matches!(error, Error::NoSpace { .. }), "{error}");
    }
}
