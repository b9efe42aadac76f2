//! Files: read whole, written under a temporary name that becomes the real one when all is well.

use std::fs;
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;

use unband_image::Image;

use crate::{Dropped, Error, FormatEntry, Limits, WriteOptions};

/// Reads a picture and says which format it was in, by content.
///
/// # Errors
/// As [`read`](crate::read), and whatever the operating system refuses; all with the path.
pub fn read_file(path: &Path, limits: &Limits) -> Result<(Image, &'static FormatEntry), Error> {
    let read = || {
        let mut bytes = Vec::new();
        let format = load(path, limits, &mut bytes)?;
        Ok((crate::format::read(format, &bytes, limits)?, format))
    };
    read().map_err(|error: Error| error.in_file(path))
}

/// How much of a file is read for its size alone: at first, and where that does not say it.
const HEADS: [u64; 2] = [1 << 12, 1 << 18];

/// Width and height as the file's header declares them, before any turn that its orientation asks for. Reads 256 KiB at most
/// and decodes nothing.
///
/// # Errors
/// As [`read_file`], for files whose beginning does not say their size, too.
pub fn declared_size(path: &Path) -> Result<(u64, u64), Error> {
    let [first, all] = HEADS;
    declared_within(path, first).or_else(|_| declared_within(path, all)).map_err(|error| error.in_file(path))
}

fn declared_within(path: &Path, most: u64) -> Result<(u64, u64), Error> {
    let io = |source| Error::Io { action: "read", source };
    let mut head = Vec::new();
    fs::File::open(path).map_err(io)?.take(most).read_to_end(&mut head).map_err(io)?;
    // Readers check the declared size against the limits before they do anything else but read their directories.
    match crate::read(&head, &Limits { max_pixels: 0, max_bytes: 1 << 20 }) {
        Err(Error::Limit { width, height, .. }) => Ok((width, height)),
        Err(error) => Err(error),
        Ok(image) => Ok((image.width() as u64, image.height() as u64)),
    }
}

/// As many bytes as the magic of any format needs.
const BEGINNING: u64 = 64;

/// Loads a file that begins like a picture; of any other only the beginning is read, however large it is.
fn load(path: &Path, limits: &Limits, bytes: &mut Vec<u8>) -> Result<&'static FormatEntry, Error> {
    let io = |source| Error::Io { action: "read", source };
    let mut file = fs::File::open(path).map_err(io)?;
    Read::by_ref(&mut file).take(BEGINNING).read_to_end(bytes).map_err(io)?;
    if bytes.is_empty() {
        return Err(Error::Empty);
    }
    let format = crate::detect(bytes).ok_or(Error::UnknownContent)?;
    let size = file.metadata().map_err(io)?.len();
    // No format takes more bytes than the planes it becomes, but for what it says beside them.
    let most = limits.max_bytes.saturating_add(1 << 30);
    if size > most {
        return Err(Error::FileSize { mebibytes: size >> 20, most: most >> 20 });
    }
    bytes.try_reserve_exact(size as usize).map_err(|error| io(error.into()))?;
    file.take(most).read_to_end(bytes).map_err(io)?;
    Ok(format)
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
