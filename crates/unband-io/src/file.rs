//! Files: read whole, written under a temporary name that becomes the real one when all is well.

use std::fs;
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;
use std::sync::atomic::AtomicBool;

use unband_image::Image;

use crate::{Dropped, Error, FormatEntry, Limits, WriteOptions, source};

/// Reads a picture and says which format it was in, by content.
///
/// # Errors
/// As [`read`](crate::read), and whatever the operating system refuses; all with the path.
pub fn read_file(path: &Path, limits: &Limits) -> Result<(Image, &'static FormatEntry), Error> {
    let (bytes, format) = load(path, limits, &AtomicBool::new(false))?;
    let image = crate::format::read(format, &bytes, limits).map_err(|error| error.in_file(path))?;
    Ok((image, format))
}

/// As many bytes as the magic of any format needs.
const BEGINNING: u64 = 64;
/// Recipes, lists and other text that people write have less.
const TEXT: u64 = 16 << 20;

/// The bytes of a picture's file and the format that it begins as; of any other file only the beginning is read, however large
/// it is. A pipe that somebody writes a picture into will do; `stop` ends waiting for that.
///
/// # Errors
/// Whatever the system refuses, an empty file, unknown content, more bytes than a picture within the limits can have; all with
/// the path.
pub fn load(
    path: &Path,
    limits: &Limits,
    stop: &AtomicBool,
) -> Result<(Vec<u8>, &'static FormatEntry), Error> {
    let read = || {
        let mut file = source::open(path, stop).map_err(reading)?;
        if file.is_pipe() && crate::video::promises_film(path) {
            let what = "a pipe, and films are read from files";
            return Err(reading(io::Error::new(io::ErrorKind::InvalidInput, what)));
        }
        let size = file.size().map_err(reading)?;
        load_within(&mut file, Vec::new(), size, limits)
    };
    read().map_err(|error| error.in_file(path))
}

/// As [`load`], of bytes that come one after the other; `begins`: what was read of them already.
///
/// # Errors
/// As [`load`], without a path.
pub fn load_from(
    source: &mut dyn Read,
    begins: Vec<u8>,
    limits: &Limits,
) -> Result<(Vec<u8>, &'static FormatEntry), Error> {
    load_within(source, begins, None, limits)
}

fn load_within(
    source: &mut dyn Read,
    mut bytes: Vec<u8>,
    size: Option<u64>,
    limits: &Limits,
) -> Result<(Vec<u8>, &'static FormatEntry), Error> {
    let missing = BEGINNING.saturating_sub(bytes.len() as u64);
    source.take(missing).read_to_end(&mut bytes).map_err(reading)?;
    if bytes.is_empty() {
        return Err(Error::Empty);
    }
    let format = crate::detect(&bytes).ok_or(Error::UnknownContent)?;
    // No format takes more bytes than the planes it becomes, but for what it says beside them.
    let most = limits.max_bytes.saturating_add(1 << 30);
    let refused = |size: u64| Error::FileSize { mebibytes: size >> 20, most: most >> 20 };
    if let Some(size) = size {
        if size > most {
            return Err(refused(size));
        }
        let rest = size.saturating_sub(bytes.len() as u64);
        bytes.try_reserve_exact(rest as usize).map_err(|error| reading(error.into()))?;
    }
    let room = most.saturating_sub(bytes.len() as u64);
    let rest = source.take(room.saturating_add(1)).read_to_end(&mut bytes).map_err(reading)?;
    if rest as u64 > room {
        return Err(refused(bytes.len() as u64));
    }
    Ok((bytes, format))
}

/// The text of a small file: a recipe, a list. No more than 16 MiB are read.
///
/// # Errors
/// Whatever the system refuses, longer files, and what is no UTF-8.
pub fn read_text(path: &Path) -> io::Result<String> {
    let mut text = Vec::new();
    fs::File::open(path)?.take(TEXT + 1).read_to_end(&mut text)?;
    if text.len() as u64 > TEXT {
        let what = format!("more than {} MiB, which no text of this kind has", TEXT >> 20);
        return Err(io::Error::new(io::ErrorKind::InvalidData, what));
    }
    String::from_utf8(text).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "not UTF-8"))
}

fn reading(source: io::Error) -> Error {
    Error::Io { action: "read", source }
}

/// Writes a picture to a file that appears complete or not at all: a temporary file in the same folder,
/// flushed to disk, then renamed. An existing file is refused unless `overwrite`.
///
/// # Errors
/// As [`write`](crate::write), [`Error::Exists`], and whatever the operating system refuses; all with the
/// path. Nothing is left behind.
pub fn write_file(
    image: &Image,
    path: &Path,
    format: &'static FormatEntry,
    options: &WriteOptions,
    overwrite: bool,
) -> Result<Vec<Dropped>, Error> {
    in_place(path, overwrite, |out| crate::write(image, format, options, out)).map_err(|e| e.in_file(path))
}

/// Writes bytes as they are, with [`write_file`]'s promises.
///
/// # Errors
/// [`Error::Exists`], and whatever the operating system refuses; all with the path. Nothing is left behind.
pub fn write_bytes(bytes: &[u8], path: &Path, overwrite: bool) -> Result<(), Error> {
    let fill =
        |out: &mut dyn Write| out.write_all(bytes).map_err(|source| Error::Io { action: "write", source });
    in_place(path, overwrite, fill).map_err(|e| e.in_file(path))
}

/// As [`write_bytes`], for what is too much to be in memory at once.
///
/// # Errors
/// As [`write_bytes`].
pub fn write_from(source: &mut dyn Read, path: &Path, overwrite: bool) -> Result<(), Error> {
    let fill = |mut out: &mut dyn Write| {
        io::copy(source, &mut out).map(drop).map_err(|source| Error::Io { action: "write", source })
    };
    in_place(path, overwrite, fill).map_err(|e| e.in_file(path))
}

/// The system's own error from one that also names a temporary file, which nobody knows.
fn without_path(error: io::Error) -> io::Error {
    let mut inner: Option<&(dyn std::error::Error + 'static)> = error.get_ref().map(|inner| inner as _);
    while let Some(some) = inner {
        if let Some(code) = some.downcast_ref::<io::Error>().and_then(io::Error::raw_os_error) {
            return io::Error::from_raw_os_error(code);
        }
        inner = some.source();
    }
    if error.raw_os_error().is_some() { error } else { error.kind().into() }
}

fn in_place<T>(
    path: &Path,
    overwrite: bool,
    fill: impl FnOnce(&mut dyn Write) -> Result<T, Error>,
) -> Result<T, Error> {
    let io = |action| move |source: io::Error| Error::Io { action, source };
    // A link is followed, so that the file behind it is replaced and not the link.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let existing = fs::metadata(&target).ok();
    if let Some(existing) = &existing {
        if existing.is_dir() {
            return Err(io("write")(io::ErrorKind::IsADirectory.into()));
        }
        if !overwrite {
            return Err(Error::Exists);
        }
        if !existing.is_file() {
            // A device or a pipe cannot be replaced by renaming.
            let file = fs::OpenOptions::new().write(true).open(&target).map_err(io("write"))?;
            let mut out = BufWriter::new(file);
            let done = fill(&mut out)?;
            out.flush().map_err(io("write"))?;
            return Ok(done);
        }
    }
    let folder = match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    if !folder.exists() {
        return Err(Error::NoFolder { folder: folder.to_owned() });
    }
    let mut builder = tempfile::Builder::new();
    builder.prefix(".unband-").suffix(".tmp");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let mut temporary = builder.tempfile_in(folder).map_err(|error| io("write")(without_path(error)))?;
    let done = {
        let mut out = BufWriter::with_capacity(1 << 18, temporary.as_file_mut());
        let done = fill(&mut out)?;
        out.flush().map_err(io("write"))?;
        done
    };
    temporary.as_file().sync_all().map_err(io("write"))?;
    if let Some(existing) = &existing {
        // Fails on file systems without permissions, which then have none to keep.
        let _ = temporary.as_file().set_permissions(existing.permissions());
    }
    let renamed = if overwrite { temporary.persist(&target) } else { temporary.persist_noclobber(&target) };
    match renamed {
        Ok(_) => Ok(done),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Err(Error::Exists),
        Err(error) => Err(io("rename")(error.error)),
    }
}
