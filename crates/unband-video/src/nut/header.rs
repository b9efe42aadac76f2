//! NUT headers: the main header and the header of each stream.

use std::io::Read;

use super::input::Input;
use super::{FILE_ID, LATEST, MAIN, NAME, NutHeader, STREAM, flag};
use crate::PixelFormat;
use unband_io::{Error, Limits};

/// Limit on streams and time bases; no real file has as many, and both are kept in memory.
const MOST_STREAMS: u64 = 256;
const MOST_TIME_BASES: u64 = 1024;
/// Limit on fractions and sides, which players store as 32-bit integers.
const MOST: u64 = i32::MAX as u64;

/// Meaning of a frame's first byte.
#[derive(Clone, Copy, Debug)]
pub(super) struct FrameCode {
    pub(super) flags: u64,
    pub(super) stream: u64,
    pub(super) pts_delta: i64,
    pub(super) size_mul: u64,
    pub(super) size: u64,
    pub(super) reserved: u64,
    /// Index of the elision header.
    pub(super) elision: u64,
}

impl FrameCode {
    const INVALID: Self =
        Self { flags: flag::INVALID, stream: 0, pts_delta: 0, size_mul: 1, size: 0, reserved: 0, elision: 0 };
}

/// Everything needed to read frames.
#[derive(Debug)]
pub(super) struct Headers {
    pub(super) streams: u64,
    /// Time bases: seconds per tick, as numerator and denominator.
    pub(super) time_bases: Vec<(u32, u32)>,
    pub(super) codes: [FrameCode; 256],
    /// Elision headers: byte sequences that frames share and do not repeat; the first is empty.
    pub(super) elisions: Vec<Vec<u8>>,
    /// Index of the requested stream.
    pub(super) wanted: u64,
    /// Number of low bits in a short timestamp, for times close to the previous one.
    pub(super) pts_bits: u32,
    pub(super) video: NutHeader,
}

/// Reads up to the header of the last stream.
///
/// # Errors
/// Streams that end early or violate the format, that have no raw video in a known pixel format, or frames
/// over the limits.
pub(super) fn read<R: Read>(input: &mut Input<R>, limits: &Limits) -> Result<Headers, Error> {
    for &expected in FILE_ID {
        if input.byte()? != expected {
            return Err(input.damaged("it does not begin with `nut/multimedia container`"));
        }
    }
    if next_start_code(input)? != MAIN {
        return Err(input.damaged("the main header does not come first"));
    }
    let main = read_main(input)?;
    let mut seen = vec![false; main.streams as usize];
    let mut video: Option<Video> = None;
    while seen.contains(&false) {
        if next_start_code(input)? != STREAM {
            input.open_packet()?;
            input.close_packet("a packet")?;
            continue;
        }
        input.open_packet()?;
        let id = input.number_in("a stream's number", 0..=main.streams - 1)?;
        if std::mem::replace(&mut seen[id as usize], true) {
            return Err(input.damaged(format_args!("stream {id} has two headers")));
        }
        let found = read_stream(input, id, &main.time_bases)?;
        input.close_packet("a stream's header")?;
        video = match (video, found) {
            (Some(first), Some(second)) if second.id > first.id => Some(first),
            (first, second) => second.or(first),
        };
    }
    let video = video.ok_or_else(|| Error::unsupported(NAME, "no video stream"))?;
    let header = video.header()?;
    limits.check(header.width.into(), header.height.into(), header.format.channels() as u64)?;
    let Main { streams, time_bases, codes, elisions } = main;
    Ok(Headers {
        streams,
        time_bases,
        codes,
        elisions,
        wanted: video.id,
        pts_bits: video.pts_bits,
        video: header,
    })
}

fn next_start_code<R: Read>(input: &mut Input<R>) -> Result<u64, Error> {
    input.begin();
    if input.byte()? == b'N' {
        return input.start_code();
    }
    Err(input.damaged("a frame comes before the headers of all streams"))
}

struct Main {
    streams: u64,
    time_bases: Vec<(u32, u32)>,
    codes: [FrameCode; 256],
    elisions: Vec<Vec<u8>>,
}

fn read_main<R: Read>(input: &mut Input<R>) -> Result<Main, Error> {
    input.open_packet()?;
    if input.number_in("the version", 2..=4)? > 3 {
        let _minor = input.number()?;
    }
    let streams = input.number_in("the number of streams", 1..=MOST_STREAMS)?;
    let _max_distance = input.number()?;
    let count = input.number_in("the number of time bases", 1..=MOST_TIME_BASES)?;
    let mut time_bases = Vec::new();
    for _ in 0..count {
        let numerator = input.number_in("a time base's numerator", 1..=MOST)?;
        let denominator = input.number_in("a time base's denominator", 1..=MOST)?;
        time_bases.push((numerator as u32, denominator as u32));
    }
    let codes = read_codes(input, streams)?;
    let elisions = if input.has_fields() { read_elisions(input)? } else { vec![Vec::new()] };
    // The flags that follow in version 4 announce how syncpoints are written; that is detected there.
    input.close_packet("the main header")?;
    Ok(Main { streams, time_bases, codes, elisions })
}

/// The frame code table: runs of entries that differ in size only. The code `N` is reserved for packets and
/// skipped.
fn read_codes<R: Read>(input: &mut Input<R>, streams: u64) -> Result<[FrameCode; 256], Error> {
    const PACKET: usize = b'N' as usize;
    let mut codes = [FrameCode::INVALID; 256];
    let mut row = FrameCode::INVALID;
    let mut next = 0;
    while next < codes.len() {
        let count = read_run(input, &mut row)?;
        let room = (codes.len() - next - usize::from(next <= PACKET)) as u64;
        if count == 0 || count > room {
            return Err(input.damaged(format_args!("{count} frame codes follow, there is room for {room}")));
        }
        if row.stream >= streams {
            return Err(
                input.damaged(format_args!("a frame code refers to stream {} of {streams}", row.stream))
            );
        }
        let mut left = count;
        while left > 0 {
            if next != PACKET {
                codes[next] = row;
                row.size = row.size.wrapping_add(1);
                left -= 1;
            }
            next += 1;
        }
        if next == PACKET {
            next += 1;
        }
    }
    Ok(codes)
}

/// Reads the next run: its length and its first entry. Omitted fields are as in the previous run.
fn read_run<R: Read>(input: &mut Input<R>, row: &mut FrameCode) -> Result<u64, Error> {
    row.flags = input.number()?;
    let fields = input.number()?;
    if fields > 0 {
        row.pts_delta = input.signed()?;
    }
    if fields > 1 {
        row.size_mul = input.number()?;
    }
    if fields > 2 {
        row.stream = input.number()?;
    }
    row.size = if fields > 3 { input.number()? } else { 0 };
    row.reserved = if fields > 4 { input.number()? } else { 0 };
    let count = if fields > 5 { input.number()? } else { row.size_mul.saturating_sub(row.size) };
    if fields > 6 {
        let _match_time = input.signed()?;
    }
    if fields > 7 {
        row.elision = input.number()?;
    }
    for _ in 8..fields {
        input.number()?;
    }
    Ok(count)
}

fn read_elisions<R: Read>(input: &mut Input<R>) -> Result<Vec<Vec<u8>>, Error> {
    let count = input.number_in("the number of elision headers", 0..=127)?;
    let mut elisions = vec![Vec::new()];
    for _ in 0..count {
        let length = input.number_in("the length of an elision header", 1..=255)?;
        let bytes: Result<_, Error> = (0..length).map(|_| input.byte()).collect();
        elisions.push(bytes?);
    }
    Ok(elisions)
}

/// A video stream, which may be unsupported.
struct Video {
    id: u64,
    fourcc: Vec<u8>,
    pts_bits: u32,
    time_base: (u32, u32),
    size: (u32, u32),
    aspect: (u32, u32),
}

impl Video {
    fn header(&self) -> Result<NutHeader, Error> {
        let code = <[u8; 4]>::try_from(self.fourcc.as_slice()).ok();
        let format = code.and_then(PixelFormat::by_fourcc).ok_or_else(|| {
            Error::unsupported(NAME, format!("video with code `{}`", self.fourcc.escape_ascii()))
        })?;
        let ((width, height), aspect, time_base) = (self.size, self.aspect, self.time_base);
        Ok(NutHeader { width, height, aspect, time_base, format })
    }
}

/// The fields of a stream header up to the last one needed; `None` if it is not video.
fn read_stream<R: Read>(
    input: &mut Input<R>,
    id: u64,
    time_bases: &[(u32, u32)],
) -> Result<Option<Video>, Error> {
    if input.number()? != 0 {
        return Ok(None);
    }
    let length = input.number_in("the length of a stream's code", 1..=16)?;
    let fourcc: Result<Vec<u8>, Error> = (0..length).map(|_| input.byte()).collect();
    let time_base = input.number_in("a stream's time base", 0..=time_bases.len() as u64 - 1)?;
    let pts_bits = input.number_in("the bits of a short time", 0..=15)? as u32;
    let _max_pts_distance = input.number()?;
    let _decode_delay = input.number()?;
    let _flags = input.number()?;
    let extra = input.number_in("the length of a codec's data", 0..=LATEST)?;
    for _ in 0..extra {
        input.byte()?;
    }
    let width = input.number_in("the width", 1..=MOST)? as u32;
    let height = input.number_in("the height", 1..=MOST)? as u32;
    let across = input.number_in("a pixel's width", 0..=MOST)? as u32;
    let down = input.number_in("a pixel's height", 0..=MOST)? as u32;
    if (across == 0) != (down == 0) {
        return Err(input.damaged(format_args!("the pixel aspect ratio is {across}:{down}")));
    }
    let time_base = time_bases[time_base as usize];
    Ok(Some(Video {
        id,
        fourcc: fourcc?,
        pts_bits,
        time_base,
        size: (width, height),
        aspect: (across, down),
    }))
}
