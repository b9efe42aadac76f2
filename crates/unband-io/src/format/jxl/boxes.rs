//! JPEG XL container: boxes with the codestream, Exif and XMP.
//!
//! Source: ISO/IEC 18181-2, 4 to 9.

use std::borrow::Cow;
use std::io::Read;

use brotli_decompressor::Decompressor;

use super::super::unread::{Unread, coded};
use super::NAME;
use crate::limits::LONGEST_PROFILE;
use crate::{Error, isobmff};

const SIGNATURE: &[u8] = b"\0\0\0\x0CJXL \r\n\x87\n";
/// Limit on uncompressed Exif or XMP, in bytes.
const LONGEST: u64 = LONGEST_PROFILE as u64;
const BUFFER: usize = 4096;

/// Content of a file.
#[derive(Debug)]
pub(super) struct Contents<'a> {
    pub(super) codestream: Cow<'a, [u8]>,
    /// The required conformance level: 5 or 10.
    pub(super) level: u8,
    /// From its TIFF header on.
    pub(super) exif: Option<Vec<u8>>,
    pub(super) xmp: Option<Vec<u8>>,
    /// Whether there is an HDR gain map.
    pub(super) gain_map: bool,
    /// Names of the boxes that are not kept.
    pub(super) unread: Unread,
}

/// Whether a file begins as JPEG XL, bare or in its container.
pub(super) fn is(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\xFF\x0A") || bytes.starts_with(SIGNATURE)
}

/// Parses a file.
///
/// # Errors
/// Boxes that extend past the end of the file, parts of the codestream out of order, or no codestream.
pub(super) fn read(bytes: &[u8]) -> Result<Contents<'_>, Error> {
    let mut contents = Contents {
        codestream: bytes.into(),
        level: 5,
        exif: None,
        xmp: None,
        gain_map: false,
        unread: Unread::default(),
    };
    if !bytes.starts_with(SIGNATURE) {
        return Ok(contents);
    }
    contents.codestream = Cow::default();
    let mut rest = &bytes[SIGNATURE.len()..];
    let mut parts = 0u32;
    let mut complete = false;
    while !rest.is_empty() {
        let (kind, content, next) = match isobmff::first(NAME, rest) {
            // Bytes of another program after the image.
            Err(_) if complete => {
                contents.unread.put_rest(rest);
                break;
            }
            first => first?,
        };
        match &kind {
            b"jxlc" if parts == 0 && !complete => {
                contents.codestream = content.into();
                complete = true;
            }
            b"jxlp" if !complete => {
                let (head, part) = content.split_at_checked(4).ok_or(Error::Truncated { format: NAME })?;
                let index = u32::from_be_bytes([head[0], head[1], head[2], head[3]]);
                if index & 0x7FFF_FFFF != parts {
                    return Err(Error::damaged(NAME, "parts of its codestream are out of order"));
                }
                parts += 1;
                contents.codestream.to_mut().extend_from_slice(part);
                complete = index >> 31 == 1;
            }
            b"jxll" => contents.level = content.first().copied().unwrap_or(contents.level),
            b"Exif" if contents.exif.is_none() => contents.exif = exif_of(content),
            b"xml " if contents.xmp.is_none() => contents.xmp = Some(content.to_vec()),
            b"jhgm" => contents.gain_map = true,
            b"brob" => match content.split_at_checked(4) {
                Some((b"Exif", packed)) if contents.exif.is_none() => match unpacked(packed)? {
                    Some(block) => contents.exif = exif_of(&block),
                    None => contents.unread.put(too_long("Exif")),
                },
                Some((b"xml ", packed)) if contents.xmp.is_none() => {
                    contents.xmp = unpacked(packed)?;
                    if contents.xmp.is_none() {
                        contents.unread.put(too_long("XMP"));
                    }
                }
                Some((b"jhgm", _)) => contents.gain_map = true,
                Some((name, _)) => contents.unread.put(coded("compressed box", name, &[])),
                None => {}
            },
            // The brand, the codestream again, and an index of its frames.
            b"ftyp" | b"jxlc" | b"jxlp" | b"jxli" => {}
            name => contents.unread.put(coded("box", name, content)),
        }
        rest = next;
    }
    if complete { Ok(contents) } else { Err(Error::Truncated { format: NAME }) }
}

/// An Exif box starts with the offset of its TIFF header.
fn exif_of(content: &[u8]) -> Option<Vec<u8>> {
    let (offset, block) = content.split_first_chunk::<4>()?;
    let block = block.get(u32::from_be_bytes(*offset) as usize..)?;
    crate::exif::block(block).map(<[u8]>::to_vec)
}

/// The content of a compressed box; `None` if it is too long.
fn unpacked(packed: &[u8]) -> Result<Option<Vec<u8>>, Error> {
    let mut out = Vec::new();
    let unpacking = Decompressor::new(packed, BUFFER).take(LONGEST + 1).read_to_end(&mut out);
    unpacking.map_err(|error| Error::damaged(NAME, format!("compressed metadata: {error}")))?;
    Ok((out.len() as u64 <= LONGEST).then_some(out))
}

fn too_long(what: &str) -> String {
    format!("{what} (more than {} MiB)", LONGEST >> 20)
}

/// Wraps a codestream and its metadata in a container.
pub(super) fn write(codestream: &[u8], level: u8, exif: Option<&[u8]>, xmp: Option<&[u8]>) -> Vec<u8> {
    let mut out = SIGNATURE.to_vec();
    let mut put = |kind: &[u8; 4], parts: &[&[u8]]| {
        let size = 8 + parts.iter().map(|part| part.len()).sum::<usize>();
        if let Ok(size) = u32::try_from(size) {
            out.extend(size.to_be_bytes());
            out.extend(kind);
        } else {
            out.extend(1u32.to_be_bytes());
            out.extend(kind);
            out.extend((size as u64 + 8).to_be_bytes());
        }
        for part in parts {
            out.extend_from_slice(part);
        }
    };
    put(b"ftyp", &[b"jxl \0\0\0\0jxl "]);
    if level != 5 {
        put(b"jxll", &[&[level]]);
    }
    if let Some(exif) = exif {
        put(b"Exif", &[&[0; 4], exif]);
    }
    if let Some(xmp) = xmp {
        put(b"xml ", &[xmp]);
    }
    put(b"jxlc", &[codestream]);
    out
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_into_a_container_comes_out_of_it() {
        let exif = b"II*\0\x08\0\0\0\0\0\0\0\0\0";
        let file = write(b"\xFF\x0Astream", 10, Some(exif), Some(b"<x/>"));
        assert!(is(&file));
        let contents = read(&file).unwrap();
        assert_eq!(&*contents.codestream, b"\xFF\x0Astream");
        assert_eq!(contents.exif.unwrap(), exif);
        assert_eq!(contents.xmp.unwrap(), b"<x/>");
        for end in SIGNATURE.len()..file.len() {
            assert!(matches!(read(&file[..end]), Err(Error::Truncated { .. })), "{end}");
        }
    }

    #[test]
    fn parts_of_a_codestream_are_joined_in_order_only() {
        let part =
            |index: u32, bytes: &[u8]| isobmff::boxed(*b"jxlp", &[&index.to_be_bytes(), bytes].concat());
        let file = [SIGNATURE, &part(0, b"ab"), &part(0x8000_0001, b"cd")].concat();
        assert_eq!(&*read(&file).unwrap().codestream, b"abcd");
        let file = [SIGNATURE, &part(1, b"ab"), &part(0x8000_0000, b"cd")].concat();
        assert!(matches!(read(&file), Err(Error::Damaged { .. })));
    }
}
