//! TIFF header checks before decoding, and patches for values that the decoder would mishandle.
//!
//! Source: TIFF 6.0; `BigTIFF` design.

use std::io::{self, Cursor, Read, Seek, SeekFrom};

use tiff::decoder::Decoder;
use tiff::{TiffError, TiffFormatError};

use super::directory::{Directory, Entry};
use crate::Error;

pub(super) const NAME: &str = "TIFF";

/// The decoder of a patched file.
pub(super) type TiffDecoder<'a> = Decoder<Patched<'a>>;

const LZW: u64 = 5;

/// A value in the first directory and its position.
#[derive(Clone, Copy)]
pub(super) struct TagValue {
    pub(super) value: u64,
    pub(super) place: u64,
    pub(super) bytes: usize,
}

/// Values of the first directory needed before decoding, in classic TIFF and `BigTIFF`.
pub(super) struct Head {
    pub(super) big_endian: bool,
    pub(super) photometric: Option<u16>,
    pub(super) meaning: Option<TagValue>,
    pub(super) width: Option<TagValue>,
    pub(super) height: Option<TagValue>,
    /// Width and height of a tile.
    pub(super) tile: (Option<u64>, Option<u64>),
    pub(super) coding: Option<u64>,
    /// Whether the bits of all coded bytes are in reversed order.
    pub(super) reversed: bool,
}

impl Head {
    /// # Errors
    /// Values larger than the file, of any tag: the decoder would allocate memory for them first.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Error> {
        let directory = Directory::from_bytes(bytes);
        let mut found: [Option<TagValue>; 7] = [None; 7];
        for entry in directory.entries() {
            let Entry { tag, kind, count: Some(values), place, .. } = entry else { break };
            if values.saturating_mul(entry.unit() as u64) > bytes.len() as u64 {
                return Err(Error::Truncated { format: NAME });
            }
            let slot = [262, 256, 257, 259, 266, 322, 323].iter().position(|wanted| *wanted == tag);
            let bytes = match kind {
                4 => 4,
                16 => 8,
                _ => 2,
            };
            if let Some(slot) = slot
                && found[slot].is_none()
            {
                found[slot] = directory.number(place, bytes).map(|value| TagValue {
                    value,
                    place: place as u64,
                    bytes,
                });
            }
        }
        let [meaning, width, height, coding, order, across, down] = found;
        let value = |stored: Option<TagValue>| stored.map(|stored| stored.value);
        Ok(Self {
            big_endian: directory.big_endian,
            photometric: value(meaning).map(|value| value as u16),
            meaning,
            width,
            height,
            tile: (value(across), value(down)),
            coding: value(coding),
            reversed: value(order) == Some(2),
        })
    }

    /// Replacements for values in the file: every image is declared grey, and the size of one in LZW tiles is
    /// rounded up to whole tiles. If the decoder skipped the padding of rows, it would stop inside a code and
    /// lose synchronisation.
    pub(super) fn patches(&self) -> Vec<(u64, Vec<u8>)> {
        let mut patches = Vec::new();
        let mut put = |stored: Option<TagValue>, value: u64| {
            let Some(TagValue { place, bytes, .. }) = stored else { return };
            let (big, little) = (value.to_be_bytes(), value.to_le_bytes());
            // Values shorter than 8 bytes are at the beginning of their field in either order.
            patches.push((
                place,
                if self.big_endian { big[8 - bytes..].to_vec() } else { little[..bytes].to_vec() },
            ));
        };
        put(self.meaning.map(|meaning| TagValue { bytes: 2, ..meaning }), 1);
        for (side, tile) in [(self.width, self.tile.0), (self.height, self.tile.1)] {
            let whole = side.zip(tile).and_then(|(side, tile)| {
                let whole = side.value.checked_next_multiple_of(tile)?;
                (self.coding == Some(LZW) && whole >> (8 * side.bytes.min(4)) == 0).then_some(whole)
            });
            if let Some(whole) = whole {
                put(side, whole);
            }
        }
        patches
    }
}

/// The file with some values replaced.
pub(super) struct Patched<'a> {
    pub(super) bytes: Cursor<&'a [u8]>,
    /// Offset and replacement bytes.
    pub(super) patches: Vec<(u64, Vec<u8>)>,
}

impl Read for Patched<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let start = self.bytes.position();
        let got = self.bytes.read(buffer)?;
        for (place, bytes) in &self.patches {
            for (at, byte) in (*place..).zip(bytes) {
                if let Some(to) = at.checked_sub(start).and_then(|i| buffer[..got].get_mut(i as usize)) {
                    *to = *byte;
                }
            }
        }
        Ok(got)
    }
}

impl Seek for Patched<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.bytes.seek(to)
    }
}

/// An error of the decoder.
pub(super) fn wrong(error: TiffError) -> Error {
    match error {
        TiffError::IoError(e) if e.kind() == io::ErrorKind::UnexpectedEof => {
            Error::Truncated { format: NAME }
        }
        TiffError::UnsupportedError(what) => Error::unsupported(NAME, what.to_string()),
        TiffError::FormatError(TiffFormatError::InvalidDimensions(w, h)) => {
            Error::damaged(NAME, format!("its size is {w}×{h}"))
        }
        other => Error::damaged(NAME, other),
    }
}
