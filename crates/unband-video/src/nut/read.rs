//! NUT reader, frame by frame.

use std::io::Read;

use super::header::{self, Headers};
use super::input::Input;
use super::{LATEST, NutFrame, NutHeader, SMALL, SYNCPOINT, flag};
use unband_io::{Error, Limits};

/// Reads the frames of the first video stream; other streams are skipped. Needs a buffer of 64 KiB, plus the
/// caller's buffer for a frame.
#[derive(Debug)]
pub struct NutReader<R> {
    input: Input<R>,
    headers: Headers,
    frame_bytes: u64,
    /// The previous timestamp, in ticks.
    last_pts: u64,
    /// Did a frame have another size?
    other_size: bool,
}

/// Header of a frame.
struct Head {
    stream: u64,
    flags: u64,
    pts: u64,
    /// Number of bytes that follow, side data included.
    size: u64,
    /// Index of the elision header, whose bytes do not follow.
    elision: usize,
}

impl<R: Read> NutReader<R> {
    /// Reads the headers. No memory is allocated for frames, but sizes over the limits are already refused.
    ///
    /// # Errors
    /// [`Error::Damaged`] and [`Error::Cut`] with the byte position, [`Error::Unsupported`] for video that is
    /// not raw or whose format has no unique code, [`Error::Limit`], and read errors.
    pub fn new(input: R, limits: &Limits) -> Result<Self, Error> {
        let mut input = Input::new(input);
        let headers = header::read(&mut input, limits)?;
        let NutHeader { width, height, .. } = headers.video;
        let memory = Error::Memory { width: width.into(), height: height.into() };
        let frame_bytes = headers.video.frame_bytes().ok_or(memory)? as u64;
        Ok(Self { input, headers, frame_bytes, last_pts: 0, other_size: false })
    }

    /// The header of the stream.
    pub fn header(&self) -> &NutHeader {
        &self.headers.video
    }

    /// Reads the next frame into a buffer, which then has exactly its bytes; `None` at the end of the stream,
    /// if it ends between frames. Reuse the same buffer: it is then not cleared.
    ///
    /// # Errors
    /// As [`NutReader::new`]. Afterwards neither the buffer's content nor the rest of the stream can be used.
    pub fn next_frame(&mut self, buffer: &mut Vec<u8>) -> Result<Option<NutFrame>, Error> {
        while let Some(head) = self.next_head()? {
            if head.stream != self.headers.wanted {
                self.input.skip(head.size)?;
            } else if head.flags & flag::END != 0 && head.size == 0 {
                self.last_pts = head.pts;
            } else {
                self.read_bytes(&head, buffer)?;
                self.last_pts = head.pts;
                self.input.frames += 1;
                return Ok(Some(NutFrame { pts: head.pts, key: head.flags & flag::KEY != 0 }));
            }
        }
        Ok(None)
    }

    /// Skips packets up to the next frame.
    fn next_head(&mut self) -> Result<Option<Head>, Error> {
        let mut promised = false;
        loop {
            self.input.begin();
            match self.input.byte_or_end()? {
                // A frame must follow a syncpoint.
                None if promised => return self.input.byte().map(|_| None),
                None => return Ok(None),
                Some(b'N') => promised = self.packet()?,
                Some(code) => return self.head(code).map(Some),
            }
        }
    }

    /// Skips a packet; returns whether it was a syncpoint.
    fn packet(&mut self) -> Result<bool, Error> {
        let code = self.input.start_code()?;
        self.input.open_packet()?;
        if code != SYNCPOINT {
            self.input.close_packet("a packet")?;
            return Ok(false);
        }
        let time = self.input.number()?;
        self.input.close_packet("a syncpoint")?;
        let count = self.headers.time_bases.len() as u64;
        let (from, to) = (self.headers.time_bases[(time % count) as usize], self.headers.video.time_base);
        let seconds = u128::from(time / count) * u128::from(from.0) * u128::from(to.1);
        let ticks = seconds / (u128::from(from.1) * u128::from(to.0));
        let late = || self.input.damaged("a syncpoint is too late");
        self.last_pts = u64::try_from(ticks).ok().filter(|&t| t < LATEST).ok_or_else(late)?;
        Ok(true)
    }

    fn head(&mut self, code: u8) -> Result<Head, Error> {
        let input = &mut self.input;
        let row = self.headers.codes[usize::from(code)];
        if row.flags & flag::INVALID != 0 {
            return Err(input.damaged(format_args!("{code} is not a frame code of this stream")));
        }
        let mut flags = row.flags;
        if flags & flag::CODED != 0 {
            flags ^= input.number()?;
        }
        let stream = if flags & flag::STREAM == 0 {
            row.stream
        } else {
            input.number_in("a frame's stream", 0..=self.headers.streams - 1)?
        };
        let coded = if flags & flag::CODED_PTS == 0 { None } else { Some(input.number()?) };
        let mut size = Some(row.size);
        if flags & flag::SIZE != 0 {
            let high = input.number()?.checked_mul(row.size_mul);
            size = high.and_then(|high| high.checked_add(row.size));
        }
        if flags & flag::MATCH_TIME != 0 {
            let _match_time = input.signed()?;
        }
        let elision = if flags & flag::ELISION == 0 { row.elision } else { input.number()? };
        let reserved = if flags & flag::RESERVED == 0 { row.reserved } else { input.number()? };
        for _ in 0..reserved {
            input.number()?;
        }
        if flags & flag::CHECKSUM != 0 {
            input.checksum("a frame's header")?;
        }
        let size = size.filter(|&size| size < LATEST);
        let size = size.ok_or_else(|| input.damaged("a frame's size is too large"))?;
        let (size, elision) = self.without_beginning(size, elision)?;
        let pts = if stream == self.headers.wanted { self.pts(coded, row.pts_delta)? } else { 0 };
        Ok(Head { stream, flags, pts, size, elision })
    }

    /// Bytes of a frame that are stored, without its elision header, and the index of that header.
    fn without_beginning(&self, size: u64, elision: u64) -> Result<(u64, usize), Error> {
        let elisions = &self.headers.elisions;
        let found = usize::try_from(elision).ok().filter(|&i| i < elisions.len());
        let Some(found) = found else {
            let message = format!("a frame uses elision header {elision} of {}", elisions.len());
            return Err(self.input.damaged(message));
        };
        let found = if size > SMALL { 0 } else { found };
        let rest = size.checked_sub(elisions[found].len() as u64);
        let rest = rest.ok_or_else(|| self.input.damaged("a frame is smaller than its elision header"))?;
        Ok((rest, found))
    }

    /// A frame's timestamp from its coded value, or relative to the previous timestamp.
    fn pts(&self, coded: Option<u64>, delta: i64) -> Result<u64, Error> {
        let last = self.last_pts.cast_signed();
        let short = 1i64 << self.headers.pts_bits;
        let pts = match coded.map(u64::cast_signed) {
            None => last.checked_add(delta),
            // The time nearest to the previous one that ends in these bits.
            Some(low @ 0..) if low < short => {
                let least = last - (short - 1) / 2;
                Some(((low - least) & (short - 1)) + least)
            }
            Some(full) => full.checked_sub(short),
        };
        let pts = pts.and_then(|pts| u64::try_from(pts).ok()).filter(|&pts| pts < LATEST);
        pts.ok_or_else(|| self.input.damaged("a frame's time is negative or too late"))
    }

    /// Whether the error was a frame of another size.
    pub(crate) fn met_other_size(&self) -> bool {
        self.other_size
    }

    fn read_bytes(&mut self, head: &Head, buffer: &mut Vec<u8>) -> Result<(), Error> {
        let end = self.input.at() + head.size;
        if head.flags & flag::SIDE_DATA != 0 {
            self.input.bound(end);
            // Side data, then metadata.
            self.skip_items()?;
            self.skip_items()?;
            self.input.unbound();
        }
        let beginning = &self.headers.elisions[head.elision];
        let size = beginning.len() as u64 + (end - self.input.at());
        if size != self.frame_bytes {
            self.other_size = true;
            let NutHeader { width, height, format, .. } = self.headers.video;
            return Err(self.input.damaged(format_args!(
                "a frame has {size} bytes, {width}×{height} pixels of {} have {}",
                format.name, self.frame_bytes
            )));
        }
        if buffer.len() < beginning.len() {
            buffer.resize(beginning.len(), 0);
        }
        buffer[..beginning.len()].copy_from_slice(beginning);
        self.input.fill(buffer, beginning.len(), size as usize)
    }

    /// Skips a list of named values.
    fn skip_items(&mut self) -> Result<(), Error> {
        let input = &mut self.input;
        for _ in 0..input.number()? {
            skip_string(input)?;
            match input.signed()? {
                // Text.
                -1 => skip_string(input)?,
                // Bytes of a named type.
                -2 => {
                    skip_string(input)?;
                    skip_string(input)?;
                }
                // Integers, timestamps, and fractions with one more term.
                ..=-3 => drop(input.number()?),
                _ => {}
            }
        }
        Ok(())
    }
}

/// Skips a length and as many bytes, within the current limit.
fn skip_string<R: Read>(input: &mut Input<R>) -> Result<(), Error> {
    for _ in 0..input.number()? {
        input.byte()?;
    }
    Ok(())
}
