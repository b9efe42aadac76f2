//! NUT with one raw video stream, for frames and timestamps in pipes from and to `FFmpeg`.
//!
//! YUV4MPEG2 has a single frame rate. In NUT each frame has its own timestamp, so variable rates are
//! preserved.
//!
//! A stream is a file id, then packets and frames. A packet has a start code of 8 bytes that begins with `N`,
//! its length, fields, room for fields of later versions, and a checksum. A frame begins with one byte, its
//! frame code: an index into a table in the main header. Values that the table entry does not define follow
//! as integers.
//!
//! Source: "NUT Open Container Format", as implemented in `FFmpeg`'s `libavformat/nutenc.c` and `nutdec.c`.

mod crc;
mod header;
mod input;
mod output;
mod read;
#[cfg(test)]
mod tests;
mod write;

use super::PixelFormat;

pub use read::NutReader;
pub use write::NutWriter;

const NAME: &str = "NUT";
const FILE_ID: &[u8; 25] = b"nut/multimedia container\0";

const MAIN: u64 = 0x4E4D_7A56_1F5F_04AD;
const STREAM: u64 = 0x4E53_1140_5BF2_F9DB;
const SYNCPOINT: u64 = 0x4E4B_E4AD_EECA_4569;

/// Larger packets have a checksum of their header too, and larger frames have no elision header.
const SMALL: u64 = 4096;
/// Limit on timestamps and packet lengths, so that sums of two do not overflow.
const LATEST: u64 = 1 << 62;

/// Flags of frame headers and frame codes.
mod flag {
    /// Decoding can begin here.
    pub(super) const KEY: u64 = 1;
    /// End of relevance: the stream shows nothing from here on.
    pub(super) const END: u64 = 1 << 1;
    pub(super) const CODED_PTS: u64 = 1 << 3;
    pub(super) const STREAM: u64 = 1 << 4;
    pub(super) const SIZE: u64 = 1 << 5;
    pub(super) const CHECKSUM: u64 = 1 << 6;
    pub(super) const RESERVED: u64 = 1 << 7;
    /// Side data and metadata precede the frame's bytes.
    pub(super) const SIDE_DATA: u64 = 1 << 8;
    pub(super) const ELISION: u64 = 1 << 10;
    pub(super) const MATCH_TIME: u64 = 1 << 11;
    /// Flags to invert follow.
    pub(super) const CODED: u64 = 1 << 12;
    pub(super) const INVALID: u64 = 1 << 13;
}

/// Properties of all frames of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NutHeader {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Width to height of a pixel; 0:0 if unknown.
    pub aspect: (u32, u32),
    /// Seconds per tick, as numerator and denominator.
    pub time_base: (u32, u32),
    /// Memory layout of a frame.
    pub format: &'static PixelFormat,
}

impl NutHeader {
    /// Bytes of a frame; `None` on overflow.
    pub fn frame_bytes(&self) -> Option<usize> {
        self.format.frame_bytes(self.width as usize, self.height as usize)
    }
}

/// Header of one frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NutFrame {
    /// Display time, in ticks of the header's time base.
    pub pts: u64,
    /// Whether decoding can begin here; always true for raw video.
    pub key: bool,
}
