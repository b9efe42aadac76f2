//! NUT with one stream of raw video: the form in which frames and their times go from and to `FFmpeg` through pipes.
//!
//! YUV4MPEG2 knows one frame rate only; here each frame brings its own time, so variable rates survive.
//!
//! A stream is a file id, then packets and frames. A packet has a start code of 8 bytes that begins with `N`, its length,
//! fields, room for fields of later versions, and a checksum. A frame begins with one byte, its frame code, which stands for
//! a row of a table in the main header; what the row leaves open follows as numbers.
//!
//! Source: "NUT Open Container Format", with what `FFmpeg`'s `libavformat/nutenc.c` and `nutdec.c` make of it.

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

/// Packets of more bytes have a checksum of their length too, and no larger frame begins with shared bytes.
const SMALL: u64 = 4096;
/// No time is as late and no packet as long: sums of two stay numbers.
const LATEST: u64 = 1 << 62;

/// What a frame's header brings, or its code says of it.
mod flag {
    /// Decoding can begin here.
    pub(super) const KEY: u64 = 1;
    /// The stream has nothing to show from here on.
    pub(super) const END: u64 = 1 << 1;
    pub(super) const CODED_PTS: u64 = 1 << 3;
    pub(super) const STREAM: u64 = 1 << 4;
    pub(super) const SIZE: u64 = 1 << 5;
    pub(super) const CHECKSUM: u64 = 1 << 6;
    pub(super) const RESERVED: u64 = 1 << 7;
    /// Side data and metadata lie before the frame's bytes.
    pub(super) const SIDE_DATA: u64 = 1 << 8;
    pub(super) const ELISION: u64 = 1 << 10;
    pub(super) const MATCH_TIME: u64 = 1 << 11;
    /// Flags to turn around follow.
    pub(super) const CODED: u64 = 1 << 12;
    pub(super) const INVALID: u64 = 1 << 13;
}

/// What holds for all frames of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NutHeader {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Width to height of a pixel; 0:0 when unknown.
    pub aspect: (u32, u32),
    /// Seconds of a tick, as numerator and denominator.
    pub time_base: (u32, u32),
    /// How the samples of a frame lie.
    pub format: &'static PixelFormat,
}

impl NutHeader {
    /// Bytes of a frame; nothing when no machine could count them.
    pub fn frame_bytes(&self) -> Option<usize> {
        self.format.frame_bytes(self.width as usize, self.height as usize)
    }
}

/// What a stream says of one frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NutFrame {
    /// When it is shown, in ticks of the header's time base.
    pub pts: u64,
    /// Can decoding begin here? Of raw video always.
    pub key: bool,
}
