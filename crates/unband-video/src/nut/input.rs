//! NUT input: bytes and integers of a stream, with position and running checksum.

use std::io::{BufRead, BufReader, ErrorKind, Read};

use super::crc::crc;
use super::{LATEST, NAME, SMALL};
use unband_io::Error;

/// Capacity of a pipe; larger reads bypass the buffer.
const BUFFER: usize = 1 << 16;
/// Minimum step in which memory for a frame grows while it is read.
const STEP: usize = 1 << 20;

/// A stream and its position.
#[derive(Debug)]
pub(super) struct Input<R> {
    inner: BufReader<R>,
    /// Bytes read so far.
    at: u64,
    /// Position where fields must end.
    end: u64,
    /// Checksum of all fields since [`Input::begin`].
    crc: u32,
    /// Frames returned so far, for the message if the stream is truncated.
    pub(super) frames: u64,
}

impl<R: Read> Input<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { inner: BufReader::with_capacity(BUFFER, inner), at: 0, end: u64::MAX, crc: 0, frames: 0 }
    }

    /// Bytes read so far.
    pub(super) fn at(&self) -> u64 {
        self.at
    }

    /// Resets the checksum.
    pub(super) fn begin(&mut self) {
        self.crc = 0;
    }

    pub(super) fn damaged(&self, message: impl std::fmt::Display) -> Error {
        Error::damaged(NAME, format!("at byte {}: {message}", self.at))
    }

    fn cut(&self) -> Error {
        Error::Cut { format: NAME, byte: self.at, frames: self.frames }
    }

    /// The buffered bytes, empty at the end of the stream.
    fn ahead(&mut self) -> Result<&[u8], Error> {
        loop {
            match self.inner.fill_buf() {
                Ok(_) => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(source) => return Err(Error::Io { action: "read", source }),
            }
        }
        Ok(self.inner.buffer())
    }

    /// The next byte, `None` at the end of the stream.
    pub(super) fn byte_or_end(&mut self) -> Result<Option<u8>, Error> {
        let Some(&byte) = self.ahead()?.first() else { return Ok(None) };
        self.inner.consume(1);
        self.at += 1;
        self.crc = crc(self.crc, &[byte]);
        Ok(Some(byte))
    }

    pub(super) fn byte(&mut self) -> Result<u8, Error> {
        if self.at >= self.end {
            return Err(self.damaged("a field extends past the end of its packet"));
        }
        self.byte_or_end()?.ok_or_else(|| self.cut())
    }

    /// The next bytes of a field.
    pub(super) fn bytes<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let mut bytes = [0; N];
        for byte in &mut bytes {
            *byte = self.byte()?;
        }
        Ok(bytes)
    }

    /// An integer in groups of seven bits, the highest first; the eighth bit is set in all but the last.
    pub(super) fn number(&mut self) -> Result<u64, Error> {
        let mut value = 0u64;
        loop {
            let byte = self.byte()?;
            if value >> 57 != 0 {
                return Err(self.damaged("a number has more than 64 bits"));
            }
            value = (value << 7) | u64::from(byte & 0x7F);
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
    }

    /// A signed integer: 0, 1, -1, 2, -2 are stored as 0, 1, 2, 3, 4.
    pub(super) fn signed(&mut self) -> Result<i64, Error> {
        let value = self.number()?;
        let size = ((value >> 1) + (value & 1)).cast_signed();
        Ok(if value & 1 == 1 { size } else { -size })
    }

    /// An integer within a range.
    pub(super) fn number_in(
        &mut self,
        what: &str,
        range: std::ops::RangeInclusive<u64>,
    ) -> Result<u64, Error> {
        let value = self.number()?;
        if range.contains(&value) {
            return Ok(value);
        }
        let (least, most) = range.into_inner();
        Err(self.damaged(format_args!("{what} is {value}, it must be in {least}..={most}")))
    }

    /// Skips bytes, which are included in the checksum.
    pub(super) fn skip(&mut self, count: u64) -> Result<(), Error> {
        let mut left = count;
        while left > 0 {
            let ahead = self.ahead()?;
            let some = ahead.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            if some == 0 {
                return Err(self.cut());
            }
            let sum = crc(self.crc, &self.inner.buffer()[..some]);
            self.crc = sum;
            self.inner.consume(some);
            self.at += some as u64;
            left -= some as u64;
        }
        Ok(())
    }

    /// Reads a frame's bytes into a buffer after its first `from` bytes, up to length `total`. They are not
    /// included in the checksum. Memory grows with the bytes that arrive; a buffer of the right size is used
    /// as it is.
    pub(super) fn fill(&mut self, buffer: &mut Vec<u8>, from: usize, total: usize) -> Result<(), Error> {
        if buffer.len() != total {
            buffer.truncate(from);
        }
        let mut filled = from;
        while filled < total {
            let to = if buffer.len() == total { total } else { total.min(filled + filled.max(STEP)) };
            buffer.resize(to, 0);
            self.exact(&mut buffer[filled..])?;
            filled = to;
        }
        Ok(())
    }

    fn exact(&mut self, mut room: &mut [u8]) -> Result<(), Error> {
        while !room.is_empty() {
            match self.inner.read(room) {
                Ok(0) => return Err(self.cut()),
                Ok(some) => {
                    self.at += some as u64;
                    room = &mut room[some..];
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(source) => return Err(Error::Io { action: "read", source }),
            }
        }
        Ok(())
    }

    /// Reads four bytes, with which the checksum since [`Input::begin`] must be 0.
    pub(super) fn checksum(&mut self, what: &str) -> Result<(), Error> {
        self.bytes::<4>()?;
        if self.crc == 0 {
            Ok(())
        } else {
            Err(self.damaged(format_args!("the checksum of {what} is wrong")))
        }
    }

    /// The rest of a start code after its `N`.
    pub(super) fn start_code(&mut self) -> Result<u64, Error> {
        let rest: [u8; 7] = self.bytes()?;
        Ok(rest.iter().fold(u64::from(b'N'), |code, &byte| (code << 8) | u64::from(byte)))
    }

    /// Reads the packet header after a start code, up to the packet's fields.
    pub(super) fn open_packet(&mut self) -> Result<(), Error> {
        let length = self.number_in("a packet's length", 4..=LATEST)?;
        if length > SMALL {
            self.checksum("a packet's length")?;
        }
        self.begin();
        self.end = self.at + length - 4;
        Ok(())
    }

    /// Skips the remaining fields, including those of later versions, and checks the packet's checksum.
    pub(super) fn close_packet(&mut self, what: &str) -> Result<(), Error> {
        self.skip(self.end - self.at)?;
        self.end = u64::MAX;
        self.checksum(what)
    }

    /// Limits fields to the end of a frame. [`Input::unbound`] removes the limit.
    pub(super) fn bound(&mut self, end: u64) {
        self.end = end;
    }

    pub(super) fn unbound(&mut self) {
        self.end = u64::MAX;
    }

    /// Whether this packet has more fields.
    pub(super) fn has_fields(&self) -> bool {
        self.at < self.end
    }
}
