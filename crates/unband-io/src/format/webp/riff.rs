//! Chunks of a WebP file, read and written.
//!
//! Source: RFC 9649, 2.3 and 2.7.

use std::ops::Range;

/// Flag of an extended file: it has transparency.
pub(crate) const ALPHA: u8 = 1 << 4;

/// A chunk, and its range in the file with its header and padding.
pub(crate) struct RiffChunk<'a> {
    pub(crate) name: [u8; 4],
    pub(crate) content: &'a [u8],
    pub(crate) at: Range<usize>,
}

/// The chunks from an offset on, as far as they are complete.
pub(crate) fn chunks(bytes: &[u8], mut at: usize) -> impl Iterator<Item = RiffChunk<'_>> {
    std::iter::from_fn(move || {
        let (head, rest) = bytes.get(at..)?.split_first_chunk::<8>()?;
        let [name @ .., a, b, c, d] = *head;
        let length = u32::from_le_bytes([a, b, c, d]) as usize;
        let content = rest.get(..length)?;
        let start = at;
        at += 8 + length + length % 2;
        Some(RiffChunk { name, content, at: start..at.min(bytes.len()) })
    })
}

/// A file of chunks, with sizes filled in.
pub(crate) struct Riff(Vec<u8>);

impl Riff {
    pub(crate) fn new() -> Self {
        Self(b"RIFF\0\0\0\0WEBP".to_vec())
    }

    pub(crate) fn put(&mut self, name: [u8; 4], content: &[&[u8]]) {
        let length: usize = content.iter().map(|part| part.len()).sum();
        self.0.extend(name);
        self.0.extend((length as u32).to_le_bytes());
        for part in content {
            self.0.extend(*part);
        }
        self.0.extend(&[0u8][..length % 2]);
    }

    /// Whole chunks.
    pub(crate) fn put_all(&mut self, chunks: &[u8]) {
        self.0.extend(chunks);
    }

    /// The header of an extended file.
    pub(crate) fn extended(&mut self, flags: u8, width: usize, height: usize) {
        let side = |side: usize| (side as u32 - 1).to_le_bytes();
        self.put(*b"VP8X", &[&[flags, 0, 0, 0], &side(width)[..3], &side(height)[..3]]);
    }

    pub(crate) fn finish(mut self) -> Vec<u8> {
        let size = (self.0.len() - 8) as u32;
        self.0[4..8].copy_from_slice(&size.to_le_bytes());
        self.0
    }
}
