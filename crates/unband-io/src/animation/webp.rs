//! WebP's container of animations.
//!
//! Source: RFC 9649, 2.7.

use super::write::{Written, units};
use super::{Container, Delay, Disposal, FramePart, FrameParts, window};
use crate::Error;
use crate::format::webp::riff::{ALPHA, Riff, RiffChunk, chunks};

const NAME: &str = "WebP";
/// A flag of `VP8X`.
const ANIMATED: u8 = 1 << 1;
/// Longest delay, in milliseconds.
const LONGEST: u64 = (1 << 24) - 1;

pub(super) const CONTAINER: Container =
    Container { format: NAME, parts, still, head, cuts: false, only_over: false, join };

fn u24(bytes: &[u8], at: usize) -> Option<usize> {
    let three = bytes.get(at..at + 3)?;
    Some(usize::from(three[0]) | usize::from(three[1]) << 8 | usize::from(three[2]) << 16)
}

fn parts(bytes: &[u8]) -> Result<Option<FrameParts>, Error> {
    let short = || Error::Truncated { format: NAME };
    let declared = bytes.get(4..8).map_or(0, |b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]) as usize);
    let mut found: Option<FrameParts> = None;
    for RiffChunk { name, content, at } in chunks(bytes, 12) {
        match &name {
            b"VP8X" if content.first().is_some_and(|flags| flags & ANIMATED != 0) => {
                let side = |at| Ok::<_, Error>(u24(content, at).ok_or_else(short)? + 1);
                let (width, height) = (side(4)?, side(7)?);
                found = Some(FrameParts { width, height, plays: 1, all: Vec::new() });
            }
            b"ANIM" => {
                let plays = content.get(4..6).ok_or_else(short)?;
                if let Some(found) = &mut found {
                    found.plays = u16::from_le_bytes([plays[0], plays[1]]).into();
                }
            }
            b"ANMF" => {
                let Some(found) = &mut found else { return Ok(None) };
                let number = |at| u24(content, at).ok_or_else(short);
                let flags = *content.get(15).ok_or_else(short)?;
                found.all.push(FramePart {
                    // The chunks of the frame.
                    at: at.start + 8 + 16..at.start + 8 + content.len(),
                    window: window((2 * number(0)?, 2 * number(3)?), (number(6)? + 1, number(9)? + 1)),
                    delay: Delay { numerator: number(12)? as u32, denominator: 1000 },
                    disposal: if flags & 1 == 1 { Disposal::Clear } else { Disposal::Keep },
                    blends: flags & 2 == 0,
                    transparent: None,
                });
            }
            _ => {}
        }
    }
    let found = found.filter(|found| found.all.len() > 1);
    if found.is_some() && declared.saturating_add(8) > bytes.len() {
        return Err(short());
    }
    Ok(found)
}

fn still(bytes: &[u8], part: &FramePart) -> Vec<u8> {
    let mut riff = Riff::new();
    let data = bytes.get(part.at.clone()).unwrap_or_default();
    let alpha = chunks(data, 0).any(|chunk| &chunk.name == b"ALPH");
    if alpha {
        riff.extended(ALPHA, part.window.width(), part.window.height());
    }
    for RiffChunk { name, content, .. } in chunks(data, 0) {
        if matches!(&name, b"ALPH" | b"VP8 " | b"VP8L") {
            riff.put(name, &[content]);
        }
    }
    riff.finish()
}

/// The first frame with the metadata of the file, in its own size.
fn head(bytes: &[u8], parts: &FrameParts) -> Vec<u8> {
    let Some(first) = parts.all.first() else { return Vec::new() };
    let mut riff = Riff::new();
    let mut framed = false;
    for RiffChunk { name, content, .. } in chunks(bytes, 12) {
        match &name {
            b"VP8X" => {
                let data = bytes.get(first.at.clone()).unwrap_or_default();
                let alpha = if chunks(data, 0).any(|chunk| &chunk.name == b"ALPH") { ALPHA } else { 0 };
                let flags = content.first().map_or(0, |flags| flags & !(ANIMATED | ALPHA) | alpha);
                riff.extended(flags, first.window.width(), first.window.height());
            }
            b"ANMF" if framed => {}
            b"ANMF" => {
                framed = true;
                riff.put_all(bytes.get(first.at.clone()).unwrap_or_default());
            }
            b"ANIM" => {}
            _ => riff.put(name, &[content]),
        }
    }
    riff.finish()
}

fn join(written: &Written) -> Result<Vec<u8>, Error> {
    let mut riff = Riff::new();
    let Some(first) = written.frames.first() else { return Ok(Vec::new()) };
    let of_first = |wanted: &[u8; 4]| chunks(&first.still, 12).find(|chunk| &chunk.name == wanted);
    let flags = of_first(b"VP8X").and_then(|chunk| chunk.content.first().copied()).unwrap_or(0);
    let alpha = if written.alpha { ALPHA } else { 0 };
    riff.extended(flags & !ALPHA | alpha | ANIMATED, written.size.0, written.size.1);
    if let Some(icc) = of_first(b"ICCP") {
        riff.put(*b"ICCP", &[icc.content]);
    }
    let plays = u16::try_from(written.plays).unwrap_or(u16::MAX).to_le_bytes();
    riff.put(*b"ANIM", &[&[0; 4], &plays]);
    for (frame, milliseconds) in written.frames.iter().zip(units(&written.frames, 1000.0)) {
        if milliseconds > LONGEST {
            let message = format!("a frame may last up to 16,777 seconds, not {}", frame.delay.seconds());
            return Err(Error::encode(NAME, message));
        }
        let window = frame.window;
        let numbers =
            [window.x0 / 2, window.y0 / 2, window.width() - 1, window.height() - 1, milliseconds as usize];
        let mut content: Vec<u8> =
            numbers.iter().flat_map(|&n| [n as u8, (n >> 8) as u8, (n >> 16) as u8]).collect();
        // It replaces the area of the canvas and stays.
        content.push(2);
        for chunk in chunks(&frame.still, 12) {
            if matches!(&chunk.name, b"ALPH" | b"VP8 " | b"VP8L") {
                content.extend(&frame.still[chunk.at]);
            }
        }
        riff.put(*b"ANMF", &[&content]);
    }
    for name in [b"EXIF", b"XMP "] {
        if let Some(chunk) = of_first(name) {
            riff.put(*name, &[chunk.content]);
        }
    }
    Ok(riff.finish())
}
