//! PNG chunks around the samples: the ICC profile, within a bound, and names of those that are not kept.
//!
//! Source: Portable Network Graphics (PNG) Specification, Third Edition, 5.3 and 11.3.

use std::io::Read;

use flate2::Crc;
use flate2::read::ZlibDecoder;
use unband_image::AuxiliaryImage;

use super::super::too_long_profile;
use super::super::unread::{Unread, coded};
use crate::limits::LONGEST_PROFILE;

/// Chunks that are read, or that describe only how the samples of this file are coded.
const READ: &[&[u8; 4]] = &[
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"cHRM", b"cICP", b"gAMA", b"mDCV", b"cLLI", b"sRGB",
    b"pHYs", b"eXIf", b"tEXt", b"zTXt", b"iTXt", b"iDOT",
];

/// First bytes of a file.
pub(crate) const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// A chunk, and its range in the file with its length and checksum.
pub(crate) struct PngChunk<'a> {
    pub(crate) name: [u8; 4],
    pub(crate) content: &'a [u8],
    pub(crate) at: std::ops::Range<usize>,
}

/// The chunks of a file from an offset on, as far as they are complete.
pub(crate) fn png_chunks(bytes: &[u8], mut at: usize) -> impl Iterator<Item = PngChunk<'_>> {
    std::iter::from_fn(move || {
        let (head, rest) = bytes.get(at..)?.split_first_chunk::<8>()?;
        let [a, b, c, d, name @ ..] = *head;
        let length = u32::from_be_bytes([a, b, c, d]) as usize;
        let content = rest.get(..length)?;
        rest.get(length..length.checked_add(4)?)?;
        let start = at;
        at += length + 12;
        Some(PngChunk { name, content, at: start..at })
    })
}

/// Content of the chunks that the decoder does not return.
#[derive(Debug, Default)]
pub(super) struct Chunks {
    pub(super) icc: Option<Vec<u8>>,
    pub(super) auxiliary: Vec<AuxiliaryImage>,
    pub(super) unread: Unread,
}

impl Chunks {
    /// Walks the chunks of a file; `bits` per sample.
    pub(super) fn read(file: &[u8], bits: u8) -> Self {
        let mut chunks = Self::default();
        let mut profiles = 0;
        for PngChunk { name, content, at } in png_chunks(file, SIGNATURE.len()) {
            match &name {
                b"iCCP" => {
                    profiles += 1;
                    // Only the first one applies.
                    if profiles == 1 {
                        let sum = file[at.start..at.end].last_chunk().map(|sum| u32::from_be_bytes(*sum));
                        chunks.take_profile(content, sum);
                    } else {
                        chunks.unread.put("further ICC profile");
                    }
                }
                b"gmAP" | b"gdAT" => {
                    if chunks.auxiliary.is_empty() {
                        chunks.auxiliary.push(AuxiliaryImage::GainMap);
                    }
                }
                // As many bits as the samples have say nothing.
                b"sBIT" if content.iter().all(|&significant| significant >= bits) => {}
                name if READ.contains(&name) => {}
                name => chunks.unread.put(coded("chunk", name, content)),
            }
            if &name == b"IEND" {
                chunks.unread.put_rest(&file[at.end..]);
                break;
            }
        }
        chunks
    }

    /// Unpacks a profile: a name, the method 0, a zlib stream.
    fn take_profile(&mut self, content: &[u8], sum: Option<u32>) {
        let mut crc = Crc::new();
        crc.update(b"iCCP");
        crc.update(content);
        let packed = content.iter().position(|&b| b == 0).and_then(|end| content.get(end + 2..));
        let Some(packed) = packed.filter(|_| Some(crc.sum()) == sum) else {
            return self.unread.put("ICC profile (damaged)");
        };
        // Counted first: only a profile within the limit takes memory.
        let mut counted = ZlibDecoder::new(packed).take(LONGEST_PROFILE as u64 + 1);
        let Ok(bytes) = std::io::copy(&mut counted, &mut std::io::sink()) else {
            return self.unread.put("ICC profile (damaged)");
        };
        if bytes > LONGEST_PROFILE as u64 {
            return self.unread.put(too_long_profile());
        }
        let mut profile = Vec::with_capacity(bytes as usize);
        if ZlibDecoder::new(packed).read_to_end(&mut profile).is_err() || profile.is_empty() {
            return self.unread.put("ICC profile (damaged)");
        }
        self.icc = Some(profile);
    }
}
