//! GIF's container of animations.
//!
//! Source: the `GIF89a` Specification; loops by the application extension `NETSCAPE2.0`, as browsers read it.

use super::write::{Written, units};
use super::{Container, Delay, Disposal, FramePart, FrameParts, window};
use crate::Error;

const NAME: &str = "GIF";
/// Length of the header with the logical screen.
const SCREEN: usize = 13;
const LOOPS: [&[u8]; 2] = [b"NETSCAPE2.0", b"ANIMEXTS1.0"];

pub(super) const CONTAINER: Container =
    Container { format: NAME, parts, still, head, cuts: true, only_over: true, join };

/// A block of a file.
enum Block<'a> {
    /// Delay, disposal and transparency of the next image.
    Control(&'a [u8; 4]),
    /// An application extension with its name, and its first sub-block.
    Application(&'a [u8], &'a [u8]),
    /// Any other extension.
    Extension,
    /// An image: its descriptor, palette and data.
    Image,
    End,
}

/// Size of a palette by its flags.
fn palette(flags: u8) -> usize {
    if flags & 0x80 != 0 { 3 << ((flags & 7) + 1) } else { 0 }
}

/// Offset behind the sub-blocks that begin at an offset.
fn behind(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match usize::from(*bytes.get(at)?) {
            0 => return Some(at + 1),
            size => at += size + 1,
        }
    }
}

/// The blocks of a file with their ranges, as far as they are complete.
fn blocks(bytes: &[u8]) -> impl Iterator<Item = (Block<'_>, std::ops::Range<usize>)> {
    let mut at = SCREEN + bytes.get(10).map_or(0, |&flags| palette(flags));
    std::iter::from_fn(move || {
        // Some writers put a terminator too many.
        while *bytes.get(at)? == 0 {
            at += 1;
        }
        let (block, end) = match *bytes.get(at)? {
            0x2C => (Block::Image, behind(bytes, at + 11 + palette(*bytes.get(at + 9)?))?),
            0x21 => {
                let end = behind(bytes, at + 2)?;
                let first = bytes.get(at + 3..at + 3 + usize::from(*bytes.get(at + 2)?))?;
                let block = match (*bytes.get(at + 1)?, first.first_chunk()) {
                    (0xF9, Some(control)) => Block::Control(control),
                    (0xFF, _) => {
                        let second = at + 3 + first.len();
                        let length = usize::from(*bytes.get(second)?);
                        Block::Application(first, bytes.get(second + 1..second + 1 + length)?)
                    }
                    _ => Block::Extension,
                };
                (block, end)
            }
            0x3B => (Block::End, at + 1),
            _ => return None,
        };
        let start = at;
        at = if matches!(block, Block::End) { bytes.len() } else { end };
        Some((block, start..end))
    })
}

fn parts(bytes: &[u8]) -> Result<Option<FrameParts>, Error> {
    let short = |at: usize| {
        let pair = bytes.get(at..at + 2).ok_or(Error::Truncated { format: NAME })?;
        Ok::<_, Error>(usize::from(u16::from_le_bytes([pair[0], pair[1]])))
    };
    let mut found = FrameParts { width: short(6)?, height: short(8)?, plays: 1, all: Vec::new() };
    let mut control: Option<&[u8; 4]> = None;
    let mut end = 0;
    for (block, at) in blocks(bytes) {
        end = if matches!(block, Block::End) { bytes.len() } else { at.end };
        match block {
            Block::Control(next) => control = Some(next),
            Block::Application(name, [1, low, high]) if LOOPS.contains(&name) => {
                found.plays = match u32::from(u16::from_le_bytes([*low, *high])) {
                    0 => 0,
                    // Played once, then that many times more.
                    more => more + 1,
                };
            }
            Block::Image => {
                let [flags, low, high, index] = *control.take().unwrap_or(&[0; 4]);
                let (x, y) = (short(at.start + 1)?, short(at.start + 3)?);
                let size = (short(at.start + 5)?, short(at.start + 7)?);
                if size.0 == 0 || size.1 == 0 {
                    return Err(Error::damaged(NAME, format!("its size is {}×{}", size.0, size.1)));
                }
                let disposal = match flags >> 2 & 7 {
                    2 => Disposal::Clear,
                    3 if found.all.is_empty() => Disposal::Clear,
                    3 => Disposal::Restore,
                    _ => Disposal::Keep,
                };
                let transparent = (flags & 1 == 1).then_some(index);
                let numerator = u16::from_le_bytes([low, high]).into();
                found.all.push(FramePart {
                    at,
                    window: window((x, y), size),
                    delay: Delay { numerator, denominator: 100 },
                    disposal,
                    blends: true,
                    transparent,
                });
            }
            Block::Application(..) | Block::Extension | Block::End => {}
        }
    }
    if found.all.len() > 1 && end < bytes.len() {
        return Err(Error::Truncated { format: NAME });
    }
    if let Some(first) = found.all.first() {
        // Browsers cut later frames at the screen, which the first one may exceed.
        found.width = found.width.max(first.window.x1);
        found.height = found.height.max(first.window.y1);
    }
    Ok((found.all.len() > 1).then_some(found))
}

fn still(bytes: &[u8], part: &FramePart) -> Vec<u8> {
    let side = |side: usize| (side as u16).to_le_bytes();
    let (width, height) = (side(part.window.width()), side(part.window.height()));
    let colours = SCREEN + bytes.get(10).map_or(0, |&flags| palette(flags));
    let mut out = [b"GIF89a", &width[..], &height, bytes.get(10..colours).unwrap_or_default()].concat();
    // The shape of a pixel is that of the whole.
    out[12] = 0;
    if let Some(index) = part.transparent {
        out.extend([0x21, 0xF9, 4, 1, 0, 0, index, 0]);
    }
    let image = bytes.get(part.at.clone()).unwrap_or_default();
    out.extend([0x2C, 0, 0, 0, 0]);
    out.extend(image.get(5..).unwrap_or_default());
    out.push(0x3B);
    out
}

fn head(bytes: &[u8], parts: &FrameParts) -> Vec<u8> {
    let colours = SCREEN + bytes.get(10).map_or(0, |&flags| palette(flags));
    let mut out = bytes.get(..colours).unwrap_or_default().to_vec();
    for (block, at) in blocks(bytes) {
        match block {
            Block::Application(name, _) if LOOPS.contains(&name) => {}
            Block::Application(..) | Block::Extension | Block::End => out.extend(&bytes[at]),
            Block::Image if parts.all.first().is_some_and(|first| first.at == at) => {
                out.extend(&bytes[at]);
            }
            Block::Control(_) | Block::Image => {}
        }
    }
    out
}

fn join(written: &Written) -> Result<Vec<u8>, Error> {
    let Some(first) = written.frames.first() else { return Ok(Vec::new()) };
    let side = |side: usize| (side as u16).to_le_bytes();
    let (width, height) = (side(written.size.0), side(written.size.1));
    // Each frame has a palette of its own.
    let mut out = [b"GIF89a", &width[..], &height, &[0x70, 0, 0]].concat();
    if written.plays != 1 {
        let more = u16::try_from(written.plays.saturating_sub(1)).unwrap_or(u16::MAX);
        out.extend([0x21, 0xFF, 11]);
        out.extend(LOOPS[0]);
        out.extend([3, 1]);
        out.extend(if written.plays == 0 { 0 } else { more }.to_le_bytes());
        out.push(0);
    }
    for (block, at) in blocks(&first.still) {
        if matches!(block, Block::Extension) {
            out.extend(&first.still[at]);
        }
    }
    // Where pixels become transparent, each frame is whole, and cleared before the next.
    let disposal = if written.alpha { 2 } else { 1 };
    for (frame, hundredths) in written.frames.iter().zip(units(&written.frames, 100.0)) {
        let delay = u16::try_from(hundredths).map_err(|_| {
            let seconds = frame.delay.seconds();
            Error::encode(NAME, format!("a frame may last up to 655 seconds, not {seconds}"))
        })?;
        let mut transparent = None;
        for (block, at) in blocks(&frame.still) {
            match block {
                Block::Control(&[flags, .., index]) => transparent = (flags & 1 == 1).then_some(index),
                Block::Image => {
                    let [low, high] = delay.to_le_bytes();
                    let flags = disposal << 2 | u8::from(transparent.is_some());
                    out.extend([0x21, 0xF9, 4, flags, low, high, transparent.unwrap_or(0), 0, 0x2C]);
                    out.extend(side(frame.window.x0));
                    out.extend(side(frame.window.y0));
                    out.extend(&frame.still[at.start + 5..at.end]);
                }
                _ => {}
            }
        }
    }
    out.push(0x3B);
    Ok(out)
}
