//! PNG's container of animations (APNG).
//!
//! Source: Portable Network Graphics (PNG) Specification, Third Edition, 11.3.6.

use flate2::Crc;

use super::write::Written;
use super::{Container, Delay, Disposal, FramePart, FrameParts, window};
use crate::Error;
use crate::format::png::chunks::{PngChunk, SIGNATURE, png_chunks as chunks};

const NAME: &str = "PNG";
/// Offset of the first chunk after `IHDR`.
const BEHIND_HEADER: usize = 8 + 12 + 13;

pub(super) const CONTAINER: Container =
    Container { format: NAME, parts, still, head, cuts: false, only_over: false, join };

fn parts(bytes: &[u8]) -> Result<Option<FrameParts>, Error> {
    let mut found: Option<FrameParts> = None;
    let mut size = (0, 0);
    let mut control: Option<FramePart> = None;
    let mut end = bytes.len();
    for PngChunk { name, content, at } in chunks(bytes, SIGNATURE.len()) {
        let u32_at = |at: usize| content.get(at..)?.first_chunk().map(|b| u32::from_be_bytes(*b));
        match &name {
            b"IHDR" => size = (u32_at(0).unwrap_or(0) as usize, u32_at(4).unwrap_or(0) as usize),
            b"acTL" if found.is_none() => {
                let (width, height) = size;
                found = Some(FrameParts { width, height, plays: u32_at(4).unwrap_or(0), all: Vec::new() });
            }
            // An image before the first control is not shown.
            b"IDAT" if found.is_none() => return Ok(None),
            b"fcTL" => {
                let Some(found) = &mut found else { return Ok(None) };
                finish(&mut control, at.start, found);
                control = Some(part(content, at.end)?);
            }
            b"IEND" => end = at.start,
            _ => {}
        }
    }
    let Some(mut found) = found else { return Ok(None) };
    finish(&mut control, end, &mut found);
    if end == bytes.len() {
        return Err(Error::Truncated { format: NAME });
    }
    // A single frame is a still.
    Ok((found.all.len() > 1).then_some(found))
}

/// Ends a part at an offset.
fn finish(control: &mut Option<FramePart>, end: usize, found: &mut FrameParts) {
    if let Some(mut part) = control.take() {
        part.at.end = end;
        if found.all.is_empty() && part.disposal == Disposal::Restore {
            // Before the first frame there is nothing.
            part.disposal = Disposal::Clear;
        }
        found.all.push(part);
    }
}

/// A part from its frame control; its data begin at `at`.
fn part(control: &[u8], at: usize) -> Result<FramePart, Error> {
    let wrong = || Error::damaged(NAME, "a frame control is not valid");
    let control: &[u8; 26] = control.try_into().map_err(|_| wrong())?;
    let long = |at: usize| u32::from_be_bytes([0, 1, 2, 3].map(|i| control[at + i])) as usize;
    let short = |at: usize| u32::from(u16::from_be_bytes([control[at], control[at + 1]]));
    let (width, height) = (long(4), long(8));
    if width == 0 || height == 0 {
        return Err(wrong());
    }
    let denominator = match short(22) {
        0 => 100,
        denominator => denominator,
    };
    let disposal = match control[24] {
        0 => Disposal::Keep,
        1 => Disposal::Clear,
        2 => Disposal::Restore,
        _ => return Err(wrong()),
    };
    Ok(FramePart {
        at: at..at,
        window: window((long(12), long(16)), (width, height)),
        delay: Delay { numerator: short(20), denominator },
        disposal,
        blends: control[25] == 1,
        transparent: None,
    })
}

/// Appends a chunk.
fn put(out: &mut Vec<u8>, name: [u8; 4], content: &[&[u8]]) {
    let length: usize = content.iter().map(|part| part.len()).sum();
    out.extend((length as u32).to_be_bytes());
    let mut crc = Crc::new();
    crc.update(&name);
    out.extend(name);
    for part in content {
        crc.update(part);
        out.extend(*part);
    }
    out.extend(crc.sum().to_be_bytes());
}

fn still(bytes: &[u8], part: &FramePart) -> Vec<u8> {
    let mut out = SIGNATURE.to_vec();
    for PngChunk { name, content, at } in chunks(bytes, SIGNATURE.len()) {
        match &name {
            b"IHDR" => {
                let side = |side: usize| (side as u32).to_be_bytes();
                let (width, height) = (side(part.window.width()), side(part.window.height()));
                put(&mut out, name, &[&width, &height, content.get(8..).unwrap_or_default()]);
            }
            b"PLTE" | b"tRNS" => out.extend(&bytes[at]),
            b"fcTL" | b"IDAT" => break,
            _ => {}
        }
    }
    let data = bytes.get(..part.at.end).unwrap_or_default();
    for PngChunk { name, content, at } in chunks(data, part.at.start) {
        match (&name, content) {
            (b"IDAT", _) => out.extend(&bytes[at]),
            // Numbered.
            (b"fdAT", [_, _, _, _, content @ ..]) => put(&mut out, *b"IDAT", &[content]),
            _ => {}
        }
    }
    put(&mut out, *b"IEND", &[]);
    out
}

fn head(bytes: &[u8], _: &FrameParts) -> Vec<u8> {
    let mut out = SIGNATURE.to_vec();
    for PngChunk { name, at, .. } in chunks(bytes, SIGNATURE.len()) {
        if !matches!(&name, b"acTL" | b"fcTL" | b"fdAT") {
            out.extend(&bytes[at]);
        }
    }
    out
}

fn join(written: &Written) -> Result<Vec<u8>, Error> {
    let Some((first, rest)) = written.frames.split_first() else { return Ok(Vec::new()) };
    let mut out = first.still[..BEHIND_HEADER].to_vec();
    let count = (written.frames.len() as u32).to_be_bytes();
    put(&mut out, *b"acTL", &[&count, &written.plays.to_be_bytes()]);
    let mut numbers = 0u32..;
    let mut next = || numbers.next().unwrap_or_default().to_be_bytes();
    let controls = written.frames.iter().map(|frame| control(frame.window, frame.delay));
    let mut controls = controls.collect::<Result<Vec<_>, _>>()?.into_iter();
    let mut control = |out: &mut Vec<u8>, number: [u8; 4]| {
        put(out, *b"fcTL", &[&number, &controls.next().unwrap_or_default()]);
    };
    let mut data = false;
    for PngChunk { name, at, .. } in chunks(&first.still, BEHIND_HEADER) {
        if &name == b"IDAT" && !std::mem::replace(&mut data, true) {
            control(&mut out, next());
        }
        if &name != b"IDAT" && data {
            break;
        }
        out.extend(&first.still[at]);
    }
    for frame in rest {
        control(&mut out, next());
        for PngChunk { content, .. } in chunks(&frame.still, BEHIND_HEADER).filter(|c| &c.name == b"IDAT") {
            put(&mut out, *b"fdAT", &[&next(), content]);
        }
    }
    // Text and Exif behind the samples, and the end.
    let behind = chunks(&first.still, BEHIND_HEADER).skip_while(|c| &c.name != b"IDAT");
    behind.filter(|chunk| &chunk.name != b"IDAT").for_each(|chunk| out.extend(&first.still[chunk.at]));
    Ok(out)
}

/// A frame control without its number. The area replaces that of the canvas and stays.
fn control(window: unband_image::Window, delay: Delay) -> Result<Vec<u8>, Error> {
    let sides = [window.width(), window.height(), window.x0, window.y0];
    let mut out: Vec<u8> = sides.iter().flat_map(|&side| (side as u32).to_be_bytes()).collect();
    let Delay { numerator, denominator } = delay;
    let exact = u16::try_from(numerator).ok().zip(u16::try_from(denominator).ok());
    let milliseconds = || u16::try_from((delay.seconds() * 1000.0).round() as u64).ok().map(|ms| (ms, 1000));
    let seconds = || u16::try_from(delay.seconds().round() as u64).ok().map(|s| (s, 1));
    let (numerator, denominator) = exact.or_else(milliseconds).or_else(seconds).ok_or_else(|| {
        Error::encode(NAME, format!("a frame may last up to 65,535 seconds, not {}", delay.seconds()))
    })?;
    out.extend(numerator.to_be_bytes());
    out.extend(denominator.to_be_bytes());
    out.extend([0, 0]);
    Ok(out)
}
