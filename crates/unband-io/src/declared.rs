//! Image size as declared in the file header, read without decoding.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use crate::{Error, Limits};

/// Bytes read to find the size: the first attempt, and the second if that was not enough.
const HEADS: [u64; 2] = [1 << 12, 1 << 18];
/// Limit on the segments of a JPEG file before its image, and on the entries of a TIFF directory. No real
/// file has more.
const MOST: usize = 1 << 16;

/// Width and height as the file's header declares them, before orientation is applied. Reads at most 256 KiB,
/// plus the segments of JPEG files and the first directory of TIFF files wherever they are. Decodes nothing.
/// Pipes and devices are not opened.
///
/// # Errors
/// As [`read_file`](crate::read_file), also for files without a size in the part that is read.
pub fn declared_size(path: &Path) -> Result<(u64, u64), Error> {
    let size = || {
        if !fs::metadata(path).map_err(reading)?.is_file() {
            return Err(reading(io::Error::new(io::ErrorKind::InvalidInput, "not a file")));
        }
        let mut file = File::open(path).map_err(reading)?;
        let [first, all] = HEADS;
        within(&mut file, first)
            .or_else(|_| within(&mut file, all))
            .or_else(|error| further(&mut file, error))
    };
    size().map_err(|error| error.in_file(path))
}

fn reading(source: io::Error) -> Error {
    Error::Io { action: "read", source }
}

fn within(file: &mut File, most: u64) -> Result<(u64, u64), Error> {
    let mut head = Vec::new();
    file.rewind().and_then(|()| file.take(most).read_to_end(&mut head)).map_err(reading)?;
    of_head(&head)
}

/// The size that the beginning of a file declares.
///
/// # Errors
/// A beginning without it.
pub(crate) fn of_head(head: &[u8]) -> Result<(u64, u64), Error> {
    // Readers check the declared size against the limits before they do anything but read their directories.
    match crate::read(head, &Limits { max_pixels: 0, max_bytes: 1 << 20 }) {
        Err(Error::Limit { width, height, .. }) => Ok((width, height)),
        Err(error) => Err(error),
        Ok(image) => Ok((image.width() as u64, image.height() as u64)),
    }
}

/// Formats that store the size after other data, or at the end of the file.
fn further(file: &mut File, error: Error) -> Result<(u64, u64), Error> {
    let mut magic = [0; 4];
    let known = file.rewind().and_then(|()| file.read_exact(&mut magic)).map_err(reading);
    let size = match magic {
        [0xff, 0xd8, 0xff, _] => known.and_then(|()| of_jpeg(file).map_err(reading)),
        [b'I', b'I', 42 | 43, 0] | [b'M', b'M', 0, 42 | 43] => {
            let endian = if magic[0] == b'I' { u64::from_le_bytes } else { u64::from_be_bytes };
            let tiff = Tiff { little: magic[0] == b'I', number: endian };
            known.and_then(|()| tiff.size(file).map_err(reading))
        }
        _ => return Err(error),
    };
    size?.ok_or(error)
}

/// Walks the segments up to the first frame header.
fn of_jpeg(file: &mut File) -> io::Result<Option<(u64, u64)>> {
    file.seek(SeekFrom::Start(2))?;
    for _ in 0..MOST {
        let mut marker = [0; 2];
        file.read_exact(&mut marker)?;
        while marker[1] == 0xff {
            file.read_exact(&mut marker[1..])?;
        }
        let [0xff, code] = marker else { return Ok(None) };
        if matches!(code, 0x01 | 0xd0..=0xd8) {
            continue;
        }
        let mut length = [0; 2];
        file.read_exact(&mut length)?;
        if matches!(code, 0xc0..=0xcf) && !matches!(code, 0xc4 | 0xc8 | 0xcc) {
            let mut frame = [0; 5];
            file.read_exact(&mut frame)?;
            let [_, h1, h0, w1, w0] = frame;
            let side = |high, low| u64::from(u16::from_be_bytes([high, low]));
            return Ok(Some((side(w1, w0), side(h1, h0))));
        }
        if matches!(code, 0xd9 | 0xda) {
            return Ok(None);
        }
        file.seek_relative(i64::from(u16::from_be_bytes(length)) - 2)?;
    }
    Ok(None)
}

/// Reader of integers in a TIFF file's byte order.
struct Tiff {
    little: bool,
    number: fn([u8; 8]) -> u64,
}

impl Tiff {
    /// The next `bytes` bytes as an integer.
    fn read(&self, file: &mut File, bytes: usize) -> io::Result<u64> {
        let mut all = [0; 8];
        let part = if self.little { &mut all[..bytes] } else { &mut all[8 - bytes..] };
        file.read_exact(part)?;
        Ok((self.number)(all))
    }

    /// Width and height from the first directory.
    fn size(&self, file: &mut File) -> io::Result<Option<(u64, u64)>> {
        file.seek(SeekFrom::Start(2))?;
        let big = self.read(file, 2)? == 43;
        if big {
            file.seek(SeekFrom::Start(8))?;
        }
        let start = self.read(file, if big { 8 } else { 4 })?;
        file.seek(SeekFrom::Start(start))?;
        let entries = self.read(file, if big { 8 } else { 2 })?;
        let (mut width, mut height) = (None, None);
        for _ in 0..entries.min(MOST as u64) {
            let (tag, kind) = (self.read(file, 2)?, self.read(file, 2)?);
            let _count = self.read(file, if big { 8 } else { 4 })?;
            let room = if big { 8 } else { 4 };
            // A single value is stored at the start of the entry's value field.
            let bytes = match kind {
                3 => 2,
                4 => 4,
                16 if big => 8,
                _ => 0,
            };
            let value = (bytes > 0).then(|| self.read(file, bytes)).transpose()?;
            file.seek_relative(room - bytes.cast_signed() as i64)?;
            match tag {
                256 => width = value,
                257 => height = value,
                _ => {}
            }
        }
        Ok(width.zip(height))
    }
}
