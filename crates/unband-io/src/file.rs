//! Files: read whole, written under a temporary name that becomes the real one when all is well.

use std::fs;
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use unband_image::Image;

use crate::{Dropped, Error, FormatEntry, Leftover, Limits, WriteOptions, source};

/// Reads an image and says which format it was in, by content.
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

/// The bytes of an image's file and the format that it begins as; of any other file only the beginning is read, however large
/// it is. A pipe that somebody writes an image into will do; `stop` ends waiting for that.
///
/// # Errors
/// Whatever the system refuses, an empty file, unknown content, more bytes than an image within the limits can have; all with
/// the path.
pub fn load(
    path: &Path,
    limits: &Limits,
    stop: &AtomicBool,
) -> Result<(Vec<u8>, &'static FormatEntry), Error> {
    let read = || {
        let mut file = source::open(path, stop).map_err(reading)?;
        if file.is_pipe() && crate::video::promises_film(path) {
            let what = "a pipe, and videos are read from files";
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

/// How a file takes its place. `true` alone: it replaces what is there; `false`: it does not.
#[derive(Clone, Copy, Debug, Default)]
pub struct Saving<'a> {
    /// Replace an existing file?
    pub overwrite: bool,
    /// Who may not read this file may not read the result of it.
    pub made_of: Option<&'a Path>,
    /// Once this is set nothing takes its place any more.
    pub cancel: Option<&'a AtomicBool>,
}

impl From<bool> for Saving<'_> {
    fn from(overwrite: bool) -> Self {
        Self { overwrite, ..Self::default() }
    }
}

impl Saving<'_> {
    fn go_on(&self) -> Result<(), Error> {
        if self.cancel.is_some_and(|cancel| cancel.load(Ordering::Relaxed)) {
            return Err(Error::Stopped);
        }
        Ok(())
    }
}

/// Writes an image to a file that appears complete or not at all: a temporary file in the same folder,
/// flushed to disk, then renamed. An existing file is refused unless it may be replaced.
///
/// # Errors
/// As [`write`](crate::write), [`Error::Exists`], [`Error::Stopped`], and whatever the operating system refuses; all
/// with the path. Nothing is left behind.
pub fn write_file<'a>(
    image: &Image,
    path: &Path,
    format: &'static FormatEntry,
    options: &WriteOptions,
    saving: impl Into<Saving<'a>>,
) -> Result<Vec<Dropped>, Error> {
    let fill = |out: &mut dyn Write| crate::write(image, format, options, out);
    in_place(path, &saving.into(), fill).map_err(|e| e.in_file(path))
}

/// Writes bytes as they are, with [`write_file`]'s promises.
///
/// # Errors
/// [`Error::Exists`], and whatever the operating system refuses; all with the path. Nothing is left behind.
pub fn write_bytes<'a>(bytes: &[u8], path: &Path, saving: impl Into<Saving<'a>>) -> Result<(), Error> {
    let fill =
        |out: &mut dyn Write| out.write_all(bytes).map_err(|source| Error::Io { action: "write", source });
    in_place(path, &saving.into(), fill).map_err(|e| e.in_file(path))
}

/// As [`write_bytes`], for what is too much to be in memory at once.
///
/// # Errors
/// As [`write_bytes`].
pub fn write_from<'a>(
    source: &mut dyn Read,
    path: &Path,
    saving: impl Into<Saving<'a>>,
) -> Result<(), Error> {
    let fill = |mut out: &mut dyn Write| {
        io::copy(source, &mut out).map(drop).map_err(|source| Error::Io { action: "write", source })
    };
    in_place(path, &saving.into(), fill).map_err(|e| e.in_file(path))
}

/// What an encoder writes, until people ask to stop.
struct Stoppable<'a, W> {
    out: W,
    saving: &'a Saving<'a>,
}

impl<W: Write> Write for Stoppable<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Not `Interrupted`: whoever writes tries again then.
        self.saving.go_on().map_err(io::Error::other)?;
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// The system's own error from one that also names a temporary file, which nobody knows.
fn without_path(error: &io::Error, folder: &Path) -> io::Error {
    let mut inner: Option<&(dyn std::error::Error + 'static)> = error.get_ref().map(|inner| inner as _);
    while let Some(some) = inner {
        if let Some(code) = some.downcast_ref::<io::Error>().and_then(io::Error::raw_os_error) {
            return io::Error::from_raw_os_error(code);
        }
        inner = some.source();
    }
    // What is wrong with the folder says it best; the kind is all that is left of the rest.
    let code = error.raw_os_error().map(io::Error::from_raw_os_error);
    code.or_else(|| fs::metadata(folder).err()).unwrap_or_else(|| error.kind().into())
}

fn in_place<T>(
    path: &Path,
    saving: &Saving<'_>,
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
        if !saving.overwrite {
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
    let mut temporary =
        builder.tempfile_in(folder).map_err(|error| io("write")(without_path(&error, folder)))?;
    let _leftover = Leftover::new(temporary.path());
    if let Some(existing) = &existing {
        // Fails on file systems without permissions, which then have none to keep.
        let _ = temporary.as_file().set_permissions(existing.permissions());
    }
    if let Some(made_of) = saving.made_of {
        narrow(temporary.as_file(), made_of).map_err(io("write"))?;
    }
    let filled = {
        let out = BufWriter::with_capacity(1 << 18, temporary.as_file_mut());
        let mut out = Stoppable { out, saving };
        fill(&mut out).and_then(|done| out.flush().map_err(io("write")).map(|()| done))
    };
    // An encoder that could not go on says so in its own way.
    saving.go_on()?;
    let done = filled?;
    temporary.as_file().sync_all().map_err(io("write"))?;
    saving.go_on()?;
    let renamed =
        if saving.overwrite { temporary.persist(&target) } else { temporary.persist_noclobber(&target) };
    match renamed {
        Ok(_) => Ok(done),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Err(Error::Exists),
        Err(error) => Err(io("rename")(error.error)),
    }
}

/// Takes from a file all permissions that another one has not, from which it was made.
///
/// # Errors
/// Whatever the operating system refuses.
#[cfg(unix)]
pub fn narrow(file: &fs::File, made_of: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    // One that is gone is not of concern any more.
    let Ok(original) = fs::metadata(made_of) else { return Ok(()) };
    let own = file.metadata()?.permissions().mode();
    // Its owner needs it, even of what he may only read.
    let narrowed = own & (original.permissions().mode() | 0o700);
    if narrowed == own {
        return Ok(());
    }
    match file.set_permissions(fs::Permissions::from_mode(narrowed)) {
        // A file system without permissions.
        Err(error) if error.kind() == io::ErrorKind::Unsupported => Ok(()),
        done => done,
    }
}

#[cfg(not(unix))]
#[allow(missing_docs, clippy::missing_errors_doc, clippy::unnecessary_wraps)] // as above
pub fn narrow(_: &fs::File, _: &Path) -> io::Result<()> {
    Ok(())
}
