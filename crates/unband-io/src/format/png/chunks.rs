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
        let mut rest = file.get(8..).unwrap_or_default();
        let mut profiles = 0;
        while let Some((head, after)) = rest.split_first_chunk::<8>() {
            let [a, b, c, d, name @ ..] = *head;
            let length = u32::from_be_bytes([a, b, c, d]) as usize;
            let Some((content, after)) = after.split_at_checked(length) else { break };
            let Some((sum, after)) = after.split_first_chunk::<4>() else { break };
            match &name {
                b"iCCP" => {
                    profiles += 1;
                    // Only the first one applies.
                    if profiles == 1 {
                        chunks.take_profile(content, u32::from_be_bytes(*sum));
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
            rest = after;
            if &name == b"IEND" {
                chunks.unread.put_rest(rest);
                break;
            }
        }
        chunks
    }

    /// Unpacks a profile: a name, the method 0, a zlib stream.
    fn take_profile(&mut self, content: &[u8], sum: u32) {
        let mut crc = Crc::new();
        crc.update(b"iCCP");
        crc.update(content);
        let packed = content.iter().position(|&b| b == 0).and_then(|end| content.get(end + 2..));
        let Some(packed) = packed.filter(|_| crc.sum() == sum) else {
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
