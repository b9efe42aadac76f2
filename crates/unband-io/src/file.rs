//! File input and atomic file output.

use std::fs;
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use unband_image::Image;

use crate::{
    Access, Dropped, Error, FormatEntry, Leftover, Limits, WriteOptions, check_name, foreign, source, stale,
};

/// Reads an image. Returns it with its format, which is detected from the content, and the file's
/// permissions.
///
/// # Errors
/// As [`read`](crate::read), and operating-system errors; all with the path.
pub fn read_file(path: &Path, limits: &Limits) -> Result<(Image, &'static FormatEntry), Error> {
    let (bytes, format) = load(path, limits, &AtomicBool::new(false))?;
    let mut image = crate::format::read(format, &bytes, limits).map_err(|error| error.in_file(path))?;
    image.metadata.mode = fs::metadata(path).ok().as_ref().and_then(Access::mode_of);
    Ok((image, format))
}

/// Bytes needed to recognise any format by its magic.
const BEGINNING: u64 = 64;
/// Size limit of recipes, lists and other hand-written text.
const TEXT: u64 = 16 << 20;

/// The bytes of an image file and the format detected from its beginning. Of other files only the beginning
/// is read, however large they are. Reads pipes too; `stop` ends the wait for their writer.
///
/// # Errors
/// Operating-system errors, an empty file, unknown content, more bytes than an image within the limits can
/// have; all with the path.
pub fn load(
    path: &Path,
    limits: &Limits,
    stop: &AtomicBool,
) -> Result<(Vec<u8>, &'static FormatEntry), Error> {
    let read = || {
        let mut file = source::open(path, stop).map_err(reading)?;
        if file.is_pipe() && crate::promises_video(path) {
            let what = "this is a pipe; videos can only be read from files";
            return Err(reading(io::Error::new(io::ErrorKind::InvalidInput, what)));
        }
        let size = file.size().map_err(reading)?;
        load_within(&mut file, Vec::new(), size, limits)
    };
    read().map_err(|error| error.in_file(path))
}

/// As [`load`], from a reader; `begins` holds the bytes already read from it.
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
    let format = crate::detect(&bytes).ok_or_else(|| foreign::unknown(&bytes))?;
    // No format needs more bytes than its decoded planes, metadata excepted.
    let most = limits.max_bytes.saturating_add(1 << 30);
    let most = match size {
        Some(_) => most,
        None => most.min(likely(source, &mut bytes)?),
    };
    let refused = |size: u64| Error::FileSize { mebibytes: size.div_ceil(1 << 20), most: most >> 20 };
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

/// Maximum number of bytes from a pipe or device whose image declares its size: its rest may be endless.
/// Metadata and layers included. Reads the beginning to find the size.
fn likely(source: &mut dyn Read, bytes: &mut Vec<u8>) -> Result<u64, Error> {
    const HEAD: u64 = 1 << 18;
    const PER_PIXEL: u64 = 64;
    const METADATA: u64 = 128 << 20;
    let missing = HEAD.saturating_sub(bytes.len() as u64);
    source.take(missing).read_to_end(bytes).map_err(reading)?;
    Ok(match crate::declared::of_head(bytes) {
        Ok((width, height)) => {
            width.saturating_mul(height).saturating_mul(PER_PIXEL).saturating_add(METADATA)
        }
        // Too far into the file.
        Err(_) => u64::MAX,
    })
}

/// The text of a small file, such as a recipe or a list: at most 16 MiB.
///
/// # Errors
/// Operating-system errors, longer files, and text that is not UTF-8.
pub fn read_text(path: &Path) -> io::Result<String> {
    let mut text = Vec::new();
    fs::File::open(path)?.take(TEXT + 1).read_to_end(&mut text)?;
    if text.len() as u64 > TEXT {
        let what = format!("more than {} MiB, too large for a text of this kind", TEXT >> 20);
        return Err(io::Error::new(io::ErrorKind::InvalidData, what));
    }
    String::from_utf8(text).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "not UTF-8"))
}

fn reading(source: io::Error) -> Error {
    Error::Io { action: "read", source }
}

/// How an output file is put in place. A plain `true` overwrites an existing file; a plain `false` does not.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Saving<'a> {
    /// Whether an existing file is replaced.
    pub overwrite: bool,
    /// Permissions that the result may have at most: those of its inputs.
    pub access: Access,
    /// Once this is set, no output file is put in place.
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

/// Writes an image to a file atomically: to a temporary file in the same folder, flushed to disk, then
/// renamed. An existing file is refused unless overwriting is allowed. The result has no more permissions
/// than the file that the image was read from.
///
/// # Errors
/// As [`write`](crate::write), [`Error::Exists`], [`Error::Stopped`], and operating-system errors; all with
/// the path. No partial file remains.
pub fn write_file<'a>(
    image: &Image,
    path: &Path,
    format: &'static FormatEntry,
    options: &WriteOptions,
    saving: impl Into<Saving<'a>>,
) -> Result<Vec<Dropped>, Error> {
    let fill = |out: &mut dyn Write| crate::write(image, format, options, out);
    let saving = saving.into();
    let saving = Saving { access: saving.access.within(image.metadata.mode), ..saving };
    in_place(path, &saving, fill).map_err(|e| e.in_file(path))
}

/// Writes bytes as they are, as atomically as [`write_file`].
///
/// # Errors
/// [`Error::Exists`], and operating-system errors; all with the path. No partial file remains.
pub fn write_bytes<'a>(bytes: &[u8], path: &Path, saving: impl Into<Saving<'a>>) -> Result<(), Error> {
    let fill =
        |out: &mut dyn Write| out.write_all(bytes).map_err(|source| Error::Io { action: "write", source });
    in_place(path, &saving.into(), fill).map_err(|e| e.in_file(path))
}

/// As [`write_bytes`], for data too large to hold in memory.
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

/// The output of an encoder, until the operation is cancelled.
struct Stoppable<'a, W> {
    out: W,
    saving: &'a Saving<'a>,
}

impl<W: Write> Write for Stoppable<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Not `Interrupted`: writers retry on that.
        self.saving.go_on().map_err(io::Error::other)?;
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// The system's error without the name of the temporary file, which means nothing to the user.
fn without_path(error: &io::Error, folder: &Path) -> io::Error {
    let mut inner: Option<&(dyn std::error::Error + 'static)> = error.get_ref().map(|inner| inner as _);
    while let Some(some) = inner {
        if let Some(code) = some.downcast_ref::<io::Error>().and_then(io::Error::raw_os_error) {
            return io::Error::from_raw_os_error(code);
        }
        inner = some.source();
    }
    // An error of the folder is more precise; from other errors only the kind remains.
    let code = error.raw_os_error().map(io::Error::from_raw_os_error);
    code.or_else(|| fs::metadata(folder).err()).unwrap_or_else(|| error.kind().into())
}

fn in_place<T>(
    path: &Path,
    saving: &Saving<'_>,
    fill: impl FnOnce(&mut dyn Write) -> Result<T, Error>,
) -> Result<T, Error> {
    let io = |action| move |source: io::Error| Error::Io { action, source };
    check_name(path)?;
    // Links are followed, so that the target is replaced and not the link.
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
            // Renaming cannot replace a device or a pipe.
            let filled = source::open_to(&target, saving.cancel).map_err(io("write")).and_then(|file| {
                let mut out = BufWriter::new(file);
                fill(&mut out).and_then(|done| out.flush().map_err(io("write")).map(|()| done))
            });
            saving.go_on()?;
            return filled;
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
    // Until it is finished, only its owner can open it.
    builder.prefix(stale::PREFIX).suffix(stale::SUFFIX);
    stale::remove(folder);
    let mut temporary = loop {
        let made = builder.tempfile_in(folder).map_err(|error| io("write")(without_path(&error, folder)))?;
        if stale::hold(made.as_file(), made.path()) {
            break made;
        }
    };
    let _leftover = Leftover::new(temporary.path());
    let filled = {
        let out = BufWriter::with_capacity(1 << 18, temporary.as_file_mut());
        let mut out = Stoppable { out, saving };
        fill(&mut out).and_then(|done| out.flush().map_err(io("write")).map(|()| done))
    };
    // The encoder reports a cancelled write as an error of its own.
    saving.go_on()?;
    let done = filled?;
    let replaced = existing.map(|existing| existing.permissions());
    saving.access.widen(temporary.as_file(), folder, replaced.as_ref());
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
