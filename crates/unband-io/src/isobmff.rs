//! Boxes of ISO base media files, with which JPEG XL, HEIC, AVIF, MP4 and `QuickTime` are built.
//!
//! Source: ISO/IEC 14496-12, 4.2 and 4.3.

use crate::Error;

/// Four-character code of a box.
pub type BoxType = [u8; 4];

/// Kind of the box whose beginning is in `bytes`, bytes of its header, and of the whole box; the container
/// has `left` bytes from there on.
///
/// # Errors
/// [`Error::Truncated`], and sizes below that of the header.
pub fn header(format: &'static str, bytes: &[u8], left: u64) -> Result<(BoxType, u64, u64), Error> {
    let kind = bytes.get(4..8).and_then(|kind| kind.try_into().ok());
    let kind = kind.ok_or(Error::Truncated { format })?;
    let (head, size) = match number(format, bytes, 0, 4)? {
        0 => (8, left),
        1 => (16, number(format, bytes, 8, 8)?),
        size => (8, size),
    };
    if size < head {
        return Err(Error::damaged(format, "a box has an invalid size"));
    }
    Ok((kind, head, size))
}

/// An integer of `count` bytes, big-endian.
///
/// # Errors
/// [`Error::Truncated`].
pub fn number(format: &'static str, bytes: &[u8], at: usize, count: usize) -> Result<u64, Error> {
    let part = bytes.get(at..at + count).ok_or(Error::Truncated { format })?;
    Ok(part.iter().fold(0, |sum, &byte| sum << 8 | u64::from(byte)))
}

/// Kind and content of the first box, and the bytes after it.
///
/// # Errors
/// As [`header`].
pub fn first<'a>(format: &'static str, bytes: &'a [u8]) -> Result<(BoxType, &'a [u8], &'a [u8]), Error> {
    let (kind, head, size) = header(format, bytes, bytes.len() as u64)?;
    let parts = usize::try_from(size).ok().and_then(|size| bytes.split_at_checked(size));
    let (whole, next) = parts.ok_or(Error::Truncated { format })?;
    Ok((kind, &whole[head as usize..], next))
}

/// The content of the first box of that kind; `None` if there is none before the first invalid one.
pub fn child(mut bytes: &[u8], wanted: BoxType) -> Option<&[u8]> {
    loop {
        let (kind, content, next) = first("", bytes).ok()?;
        if kind == wanted {
            return Some(content);
        }
        bytes = next;
    }
}

/// The major brand of a file, and all of its brands.
pub(crate) fn brands(bytes: &[u8]) -> Option<(&[u8], impl Iterator<Item = &[u8]>)> {
    if bytes.get(4..8)? != b"ftyp" {
        return None;
    }
    let size = u32::from_be_bytes(bytes.get(..4)?.try_into().ok()?) as usize;
    let content = bytes.get(8..size.min(bytes.len()))?;
    let major = content.get(..4)?;
    Some((major, std::iter::once(major).chain(content.get(8..).unwrap_or(&[]).chunks_exact(4))))
}

/// A box with this content.
pub fn boxed(kind: BoxType, content: &[u8]) -> Vec<u8> {
    [&(content.len() as u32 + 8).to_be_bytes(), kind.as_slice(), content].concat()
}
