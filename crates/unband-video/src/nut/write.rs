//! NUT writer for raw frames.

use std::io::{self, Write};

use super::crc::crc;
use super::output::{number, numbers, packet};
use super::{FILE_ID, LATEST, MAIN, NAME, NutFrame, NutHeader, STREAM, SYNCPOINT, flag};
use unband_io::Error;
use unband_io::common_divisor;

/// Readers take only frames close after a syncpoint as intact. Raw frames are usually larger than this
/// distance, so each gets its own syncpoint of about 20 bytes.
const MAX_DISTANCE: u64 = 1 << 15;
/// The only frame code used: time, size and checksum follow.
const CODE: u8 = 1;
const FLAGS: u64 = flag::CODED_PTS | flag::SIZE | flag::CHECKSUM;

/// Writes frames to an output that need not support seeking.
#[derive(Debug)]
pub struct NutWriter<W> {
    out: W,
    frame_bytes: usize,
    /// Bytes written so far.
    at: u64,
    last_syncpoint: Option<u64>,
    last_pts: u64,
    /// The bytes before a frame.
    bytes: Vec<u8>,
}

impl<W: Write> NutWriter<W> {
    /// Writes the headers.
    ///
    /// # Errors
    /// Sizes and time bases of 0 or above 2³¹ − 1, frames of as many bytes, and errors of `out`.
    pub fn new(mut out: W, header: &NutHeader) -> Result<Self, Error> {
        let most = i32::MAX as u32;
        let NutHeader { width, height, time_base, .. } = *header;
        for (what, value) in
            [("width", width), ("height", height), ("time base", time_base.0), ("time base", time_base.1)]
        {
            if value == 0 || value > most {
                return Err(Error::encode(NAME, format!("the {what} {value} must be in 1..={most}")));
            }
        }
        let frame_bytes = header.frame_bytes().filter(|&bytes| bytes <= most as usize);
        let frame_bytes = frame_bytes.ok_or_else(|| {
            Error::encode(NAME, format!("a frame of {width}×{height} pixels has more than {most} bytes"))
        })?;
        let mut bytes = FILE_ID.to_vec();
        packet(&mut bytes, MAIN, &main_fields(time_base));
        packet(&mut bytes, STREAM, &stream_fields(header));
        out.write_all(&bytes).map_err(not_written)?;
        let at = bytes.len() as u64;
        Ok(Self { out, frame_bytes, at, last_syncpoint: None, last_pts: 0, bytes })
    }

    /// Writes a frame: its timestamp, and its samples in the header's format.
    ///
    /// # Errors
    /// A frame of the wrong size or earlier than the previous one, and write errors.
    pub fn write_frame(&mut self, frame: NutFrame, samples: &[u8]) -> Result<(), Error> {
        if samples.len() != self.frame_bytes {
            let (has, needs) = (samples.len(), self.frame_bytes);
            return Err(Error::encode(NAME, format!("a frame has {has} bytes instead of {needs}")));
        }
        let (pts, last) = (frame.pts, self.last_pts);
        if pts < last || pts >= LATEST {
            return Err(Error::encode(NAME, format!("a frame at tick {pts} follows one at tick {last}")));
        }
        self.bytes.clear();
        self.put_syncpoint(pts);
        self.put_head(frame);
        self.out.write_all(&self.bytes).map_err(not_written)?;
        self.out.write_all(samples).map_err(not_written)?;
        self.at += (self.bytes.len() + samples.len()) as u64;
        self.last_pts = pts;
        Ok(())
    }

    /// A syncpoint: the time, and the distance back to a syncpoint from which a frame at or before this time
    /// can be decoded, here the previous one.
    fn put_syncpoint(&mut self, pts: u64) {
        let back = self.last_syncpoint.map_or(0, |last| (self.at - last) / 16);
        let mut fields = Vec::with_capacity(20);
        numbers(&mut fields, &[pts, back]);
        packet(&mut self.bytes, SYNCPOINT, &fields);
        self.last_syncpoint = Some(self.at);
    }

    fn put_head(&mut self, frame: NutFrame) {
        let start = self.bytes.len();
        self.bytes.push(CODE);
        let turned = if frame.key { flag::KEY } else { 0 };
        // Timestamps are always long: with no short bits, the stored value is one more than the time.
        numbers(&mut self.bytes, &[turned, frame.pts + 1, self.frame_bytes as u64]);
        let sum = crc(0, &self.bytes[start..]);
        self.bytes.extend(sum.to_be_bytes());
    }

    /// Flushes everything and returns the output.
    ///
    /// # Errors
    /// Write errors.
    pub fn finish(mut self) -> Result<W, Error> {
        self.out.flush().map_err(not_written)?;
        Ok(self.out)
    }
}

fn main_fields(time_base: (u32, u32)) -> Vec<u8> {
    let common = common_divisor(time_base.0, time_base.1);
    let mut fields = Vec::new();
    // Version, streams, maximum distance, time bases.
    numbers(&mut fields, &[3, 1, MAX_DISTANCE, 1]);
    numbers(&mut fields, &[u64::from(time_base.0 / common), u64::from(time_base.1 / common)]);
    // Runs of frame codes, each with six fields after its flags: time, size factor, stream, size, reserved,
    // codes.
    numbers(&mut fields, &[flag::INVALID, 6, 0, 1, 0, 0, 0, 1]);
    numbers(&mut fields, &[flag::CODED | FLAGS, 6, 0, 1, 0, 0, 0, 1]);
    // `N` is not included in the number of codes.
    numbers(&mut fields, &[flag::INVALID, 6, 0, 1, 0, 0, 0, 253]);
    // No elision headers.
    number(&mut fields, 0);
    fields
}

fn stream_fields(header: &NutHeader) -> Vec<u8> {
    let NutHeader { width, height, aspect: (across, down), format, .. } = *header;
    let (across, down) = if across == 0 || down == 0 { (0, 0) } else { (across, down) };
    let mut fields = Vec::new();
    // Stream 0 of class video.
    numbers(&mut fields, &[0, 0, 4]);
    fields.extend(format.fourcc);
    // Time base 0, no short timestamps, checksum at every time step, no delay, no flags, no codec data.
    numbers(&mut fields, &[0, 0, 0, 0, 0, 0]);
    // Last the colour space: FFmpeg gets it through options.
    numbers(&mut fields, &[width.into(), height.into(), across.into(), down.into(), 0]);
    fields
}

fn not_written(source: io::Error) -> Error {
    Error::Io { action: "write", source }
}
