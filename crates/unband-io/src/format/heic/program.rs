//! HEIC through libheif's program, for what [`super::hevc`] does not decode.
//!
//! Source: ISO/IEC 14496-12 (boxes), 23008-12 (HEIF), 14496-15, 8.3.3.1 (`hvcC`).

use std::io::Write;
use std::time::Duration;

use unband_image::{Codec, Depth, Image};

use super::NAME;
use crate::format::{auxiliary, heif, png};
use crate::isobmff::{self, child};
use crate::process::{Program, Room};
use crate::{Error, Limits, orient};

const LIBHEIF: Program = Program {
    names: &["heif-dec", "heif-convert"],
    purpose: "reading HEIC",
    install: "install libheif's tools (`apt install libheif-examples`, `brew install libheif`), or convert the image \
              to PNG first",
};

/// Properties needed before the file is passed to another program.
#[derive(Debug, Default, PartialEq, Eq)]
struct Properties {
    /// Size of the largest image in it.
    width: u64,
    height: u64,
    /// Bits of luma, 8 to 16.
    bits: u8,
}

impl Properties {
    fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let meta = child(bytes, *b"meta").ok_or(Error::Truncated { format: NAME })?;
        let properties = meta.get(4..).and_then(|meta| child(child(meta, *b"iprp")?, *b"ipco"));
        let mut rest = properties.ok_or_else(|| Error::damaged(NAME, "it declares no size"))?;
        let mut found = Self { bits: 8, ..Self::default() };
        while let Ok((kind, content, next)) = isobmff::first(NAME, rest) {
            match (&kind, content) {
                (b"ispe", [_, _, _, _, sides @ ..]) if sides.len() >= 8 => {
                    let side = |i: usize| {
                        u64::from(u32::from_be_bytes([sides[i], sides[i + 1], sides[i + 2], sides[i + 3]]))
                    };
                    if side(0) * side(4) >= found.width * found.height {
                        (found.width, found.height) = (side(0), side(4));
                    }
                }
                (b"hvcC", _) => {
                    found.bits = found.bits.max(content.get(17).map_or(8, |bits| 8 + (bits & 7)));
                }
                _ => {}
            }
            rest = next;
        }
        match found.width.min(found.height) {
            0 => Err(Error::damaged(NAME, "it declares no size")),
            _ => Ok(found),
        }
    }
}

/// Reads the file; `with` is the feature that makes it necessary.
pub(super) fn read(bytes: &[u8], limits: &Limits, with: &str) -> Result<Image, Error> {
    const INPUT: &str = "in.heic";
    const OUTPUT: &str = "out.png";
    let properties = Properties::from_bytes(bytes)?;
    limits.check(properties.width, properties.height, 4)?;
    let room = Room::new()?;
    let io = |source| Error::Io { action: "write a temporary file", source };
    room.create(INPUT)?.write_all(bytes).map_err(io)?;
    let pixels = properties.width * properties.height;
    let decoded = LIBHEIF.run(&room, &[INPUT, OUTPUT], Duration::from_secs(9 + pixels / 1_000_000));
    decoded.map_err(|error| match error {
        Error::Program { program, message } => Error::damaged(NAME, format!("`{program}`: {message}")),
        Error::NoProgram { program, purpose, install } => {
            Error::NoProgram { program, purpose: format!("{purpose}{with}").into(), install }
        }
        other => other,
    })?;
    let Some(decoded) = room.read(OUTPUT, limits.max_bytes.saturating_add(1 << 26))? else {
        // With several images, each output name has a number.
        return Err(match room.read("out-1.png", u64::MAX)? {
            Some(_) => Error::Several { format: NAME, what: "images" },
            None => Error::damaged(NAME, "it contains no image"),
        });
    };
    drop(room);
    let mut image = (png::ENTRY.read)(&decoded, limits)?;
    drop(decoded);
    // More than eight bits are stored in the upper bits of sixteen.
    if let (Depth::SIXTEEN, bits @ 9..=15) = (image.depth, properties.bits) {
        let depth = Depth::Int(bits);
        for value in image.planes.iter_mut().chain(&mut image.alpha).flat_map(|plane| &mut plane.data) {
            *value = depth.value(Depth::SIXTEEN.code(*value) >> (16 - bits));
        }
        image.depth = depth;
    }
    // Those of the intermediate file are of no interest, except a profile that was too large.
    image.metadata.unread.extend(heif::names(bytes));
    image.metadata.auxiliary = child(bytes, *b"meta").map(auxiliary::in_meta).unwrap_or_default();
    image.origin.codec = Codec::Lossy(NAME);
    // The file's own rotation has been applied; the copy in Exif does not apply.
    orient::reset_tags(&mut image.metadata, 1);
    Ok(image)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::isobmff::boxed;

    fn file(width: u32, height: u32) -> Vec<u8> {
        let size =
            |w: u32, h: u32| boxed(*b"ispe", &[&[0; 4], &w.to_be_bytes()[..], &h.to_be_bytes()].concat());
        let mut codec = [0; 23];
        codec[17] = 0xF8 | 2;
        let properties = [size(512, 512), boxed(*b"hvcC", &codec), size(width, height)].concat();
        let properties = boxed(*b"iprp", &boxed(*b"ipco", &properties));
        let meta = boxed(*b"meta", &[&[0; 4], &boxed(*b"hdlr", &[0; 20])[..], &properties].concat());
        [boxed(*b"ftyp", b"mif1\0\0\0\0mif1heic"), meta].concat()
    }

    #[test]
    fn size_and_bits_are_known_before_anything_runs() {
        let bytes = file(4032, 3024);
        assert_eq!(
            Properties::from_bytes(&bytes).unwrap(),
            Properties { width: 4032, height: 3024, bits: 10 }
        );
        let error = read(&file(65_535, 65_535), &Limits::default(), "").unwrap_err();
        assert!(matches!(error, Error::Limit { .. }), "{error}");
        for end in 0..bytes.len() {
            assert!(Properties::from_bytes(&bytes[..end]).is_err(), "{end}");
        }
    }
}
