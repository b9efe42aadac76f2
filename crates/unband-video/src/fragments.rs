//! Retiming and joining of fragmented single-track MP4 and `QuickTime` files.
//!
//! A fragment stores the decoding time of its first frame. For each frame it stores the time until the next
//! one is decoded, and the delay until it is shown. `FFmpeg` starts every file at 0. Here each file is moved
//! to its place in the video. Decoding times are those of a single encoder that never stopped: each frame is
//! decoded as many frames ahead as that encoder holds back. So times never go backwards where two files meet,
//! even at a variable rate.
//!
//! Source: ISO/IEC 14496-12, 8.8 (`moof`, `traf`, `tfhd`, `tfdt`, `trun`).

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::{Read, Seek, SeekFrom, Write};

use unband_image::Colorimetry;

use super::boxes::{
    BoxPosition, BoxType, NAME, boxed, content, damaged, inside, io, number, top_level, with,
};
use super::hdr_boxes::{Colours, with_light};
use unband_io::Error;

/// Flags of a track's `tfhd`.
mod track {
    pub(super) const BASE: u64 = 0x1;
    pub(super) const DESCRIPTION: u64 = 0x2;
    pub(super) const DURATION: u64 = 0x8;
    pub(super) const SIZE: u64 = 0x10;
    pub(super) const FLAGS: u64 = 0x20;
    pub(super) const BASE_IS_MOOF: u64 = 0x2_0000;
}

/// Flags of a `trun`.
mod run {
    pub(super) const OFFSET: u64 = 0x1;
    pub(super) const FIRST_FLAGS: u64 = 0x4;
    pub(super) const DURATION: u64 = 0x100;
    pub(super) const SIZE: u64 = 0x200;
    pub(super) const FLAGS: u64 = 0x400;
    pub(super) const LATER: u64 = 0x800;
}

/// Limits far above any real time or frame count, so that sums and differences do not overflow.
const LATEST: i64 = 1 << 50;
const MOST_FRAMES: u64 = 1 << 20;

/// A frame as described in a fragment.
#[derive(Clone, Copy, Default)]
struct Sample {
    duration: u32,
    size: u32,
    flags: u32,
    /// Delay from decoding to display.
    later: i64,
}

/// Some frames with their bytes.
struct Fragment {
    number: u64,
    track: u64,
    decoded: i64,
    samples: Vec<Sample>,
    bytes: BoxPosition,
}

/// Decoding and display time of a frame, in units of the track, and the time until the next one is decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Time {
    decoded: i64,
    shown: i64,
    lasts: i64,
}

/// Display times of a file's frames, in decoding order; the file may begin at any time.
///
/// # Errors
/// Contradictory boxes, and read errors.
pub(super) fn shown<F: Read + Seek>(file: &mut F) -> Result<Vec<i64>, Error> {
    let mut times = Vec::new();
    for fragment in fragments(file)? {
        let mut decoded = fragment.decoded;
        for sample in &fragment.samples {
            times.push(decoded + sample.later);
            decoded += i64::from(sample.duration);
        }
    }
    Ok(times)
}

/// New display times for frames with the display times of [`shown`]: the first frame shown gets the first
/// time, and so on.
///
/// # Errors
/// If the numbers of times and frames differ.
pub(super) fn retimed(shown: &[i64], times: &[i64]) -> Result<Vec<i64>, Error> {
    if shown.len() != times.len() {
        return Err(damaged("the number of frames has changed"));
    }
    let mut order: Vec<usize> = (0..shown.len()).collect();
    order.sort_by_key(|&i| shown[i]);
    let mut out = vec![0; shown.len()];
    order.into_iter().zip(times).for_each(|(i, &time)| out[i] = time);
    Ok(out)
}

/// Times of all frames of several files in sequence. Each file is given by the time of its first frame and
/// the result of [`shown`]. `last` is the duration of the last frame. Frames are decoded at most `most` apart
/// before the first one is shown.
pub(super) fn timeline(files: &[(i64, Vec<i64>)], last: i64, most: i64) -> Vec<Vec<Time>> {
    let mut moved = Vec::new();
    for (first, shown) in files {
        let earliest = shown.iter().min().copied().unwrap_or(0);
        moved.push(shown.iter().map(|&time| time - earliest + first).collect::<Vec<i64>>());
    }
    let delay = moved.iter().map(|shown| held_back(shown)).max().unwrap_or(0);
    let (mut waiting, mut decoded) = (BinaryHeap::new(), Vec::new());
    let all: Vec<i64> = moved.iter().flatten().copied().collect();
    let start = all.iter().min().copied().unwrap_or(0);
    // Before the first display time, frames are decoded at the initial frame rate.
    let step = second_least(&all).map_or(1, |second| (second - start).clamp(1, most.max(1)));
    for (i, &time) in all.iter().enumerate() {
        waiting.push(Reverse(time));
        let ahead = delay.saturating_sub(i).cast_signed() as i64;
        decoded.push(if waiting.len() > delay {
            waiting.pop().map_or(time, |Reverse(time)| time)
        } else {
            start - ahead * step
        });
    }
    let mut times = all.iter().enumerate().map(|(i, &shown)| {
        let lasts = decoded.get(i + 1).map_or(last.max(1), |next| next - decoded[i]);
        Time { decoded: decoded[i], shown, lasts }
    });
    moved.iter().map(|file| times.by_ref().take(file.len()).collect()).collect()
}

/// The maximum number of frames that are decoded before a frame and shown after it.
fn held_back(shown: &[i64]) -> usize {
    // Such frames are close together: 64 frames back are enough.
    let late = |(i, time): (usize, &i64)| {
        shown[i.saturating_sub(64)..i].iter().filter(|&before| before > time).count()
    };
    shown.iter().enumerate().map(late).max().unwrap_or(0)
}

fn second_least(times: &[i64]) -> Option<i64> {
    let mut first: Vec<i64> = times.iter().take(64).copied().collect();
    first.sort_unstable();
    first.get(1).copied()
}

/// Copies a file with other times; of all files but the first, only the fragments. `said` is for the first:
/// the video's light metadata and colours.
///
/// # Errors
/// As [`shown`]; if the numbers of times and frames differ.
pub(super) fn copy<F: Read + Seek>(
    file: &mut F,
    times: &[Time],
    said: Option<(&Colorimetry, Option<Colours>)>,
    out: &mut dyn Write,
) -> Result<(), Error> {
    if let Some((light, colours)) = said {
        let head = top_level(file)?.into_iter().take_while(|place| &place.kind != b"moof");
        for place in head.collect::<Vec<_>>() {
            if &place.kind == b"moov" {
                let moov = with_light(&content(file, &place)?, light, colours)?;
                out.write_all(&boxed(place.kind, &moov)).map_err(io("write"))?;
            } else {
                copy_bytes(file, place.start, place.size, out)?;
            }
        }
    }
    let mut times = times.iter();
    for fragment in fragments(file)? {
        let mine: Vec<Time> = times.by_ref().take(fragment.samples.len()).copied().collect();
        if mine.len() != fragment.samples.len() {
            return Err(damaged("there are more frames than expected"));
        }
        out.write_all(&fragment.described(&mine)?).map_err(io("write"))?;
        copy_bytes(file, fragment.bytes.start, fragment.bytes.size, out)?;
    }
    Ok(())
}

fn copy_bytes<F: Read + Seek>(file: &mut F, start: u64, size: u64, out: &mut dyn Write) -> Result<(), Error> {
    file.seek(SeekFrom::Start(start)).map_err(io("read"))?;
    let copied = std::io::copy(&mut file.by_ref().take(size), out).map_err(io("write"))?;
    if copied == size { Ok(()) } else { Err(Error::Truncated { format: NAME }) }
}

/// All fragments of a file, in order.
fn fragments<F: Read + Seek>(file: &mut F) -> Result<Vec<Fragment>, Error> {
    let places = top_level(file)?;
    let mut found = Vec::new();
    for (i, place) in places.iter().enumerate().filter(|(_, place)| &place.kind == b"moof") {
        let bytes = places[i + 1..].iter().find(|place| &place.kind == b"mdat").copied();
        let bytes = bytes.ok_or_else(|| damaged("a fragment has no data"))?;
        let fragment = Fragment::parse(&content(file, place)?, bytes)?;
        let sum: u64 = fragment.samples.iter().map(|sample| u64::from(sample.size)).sum();
        if sum != bytes.size - bytes.head {
            return Err(damaged("the frames of a fragment do not match its size"));
        }
        found.push(fragment);
    }
    Ok(found)
}

impl Fragment {
    fn parse(moof: &[u8], bytes: BoxPosition) -> Result<Self, Error> {
        let find = |range, kind: &BoxType, what: &str| {
            let found = inside(moof, range)?.into_iter().find(|(k, _)| k == kind);
            found.map(|(_, range)| range).ok_or_else(|| damaged(what))
        };
        let head = find(0..moof.len(), b"mfhd", "a fragment without a number")?;
        let traf = find(0..moof.len(), b"traf", "a fragment without a track")?;
        let track = find(traf.clone(), b"tfhd", "a track without a header")?;
        let time = find(traf.clone(), b"tfdt", "a fragment has no decoding time")?;
        let (default, number_of_track) = defaults(&moof[track])?;
        let wide = moof.get(time.start) == Some(&1);
        let decoded = number(&moof[time], 4, if wide { 8 } else { 4 })?;
        let decoded = i64::try_from(decoded).ok().filter(|&time| time < LATEST);
        let decoded = decoded.ok_or_else(|| damaged("a time is too late"))?;
        let mut samples = Vec::new();
        for (_, range) in inside(moof, traf)?.into_iter().filter(|(kind, _)| kind == b"trun") {
            samples_of(&moof[range], default, &mut samples)?;
        }
        Ok(Self { number: number(&moof[head], 4, 4)?, track: number_of_track, decoded, samples, bytes })
    }

    /// The `moof` box for new times.
    fn described(&self, times: &[Time]) -> Result<Vec<u8>, Error> {
        let mut runs = Vec::new();
        for (sample, time) in self.samples.iter().zip(times) {
            let late = || damaged("a frame is shown too long after it is decoded");
            let lasts = u32::try_from(time.lasts).map_err(|_| late())?;
            let later = i32::try_from(time.shown - time.decoded).map_err(|_| late())?;
            for field in [lasts, sample.size, sample.flags, later.cast_unsigned()] {
                runs.extend(field.to_be_bytes());
            }
        }
        let start = times.first().map_or(0, |time| time.decoded);
        let start = u64::try_from(start).map_err(|_| damaged("a time is too early"))?;
        let flags = run::OFFSET | run::DURATION | run::SIZE | run::FLAGS | run::LATER;
        let moof = |offset: u64| {
            let track = [with(&[track::BASE_IS_MOOF, self.track], 4), Vec::new()].concat();
            let time = [with(&[1 << 24], 4), with(&[start], 8)].concat();
            let trun = [with(&[1 << 24 | flags, times.len() as u64, offset], 4), runs.clone()].concat();
            let traf = [boxed(*b"tfhd", &track), boxed(*b"tfdt", &time), boxed(*b"trun", &trun)].concat();
            boxed(*b"moof", &[boxed(*b"mfhd", &with(&[0, self.number], 4)), boxed(*b"traf", &traf)].concat())
        };
        // The frames start after the header of the next box. The `moof` has the same length for any offset.
        let length = moof(0).len() as u64;
        Ok(moof(length + self.bytes.head))
    }
}

/// Default values for frames without their own, and the track id.
fn defaults(tfhd: &[u8]) -> Result<(Sample, u64), Error> {
    let flags = number(tfhd, 0, 4)? & 0xFF_FFFF;
    let mut at = 8;
    if flags & track::BASE != 0 {
        at += 8;
    }
    if flags & track::DESCRIPTION != 0 {
        at += 4;
    }
    let mut field = |flag| {
        if flags & flag == 0 {
            return Ok(0);
        }
        at += 4;
        number(tfhd, at - 4, 4).map(|value| value as u32)
    };
    let (duration, size) = (field(track::DURATION)?, field(track::SIZE)?);
    Ok((Sample { duration, size, flags: field(track::FLAGS)?, later: 0 }, number(tfhd, 4, 4)?))
}

fn samples_of(trun: &[u8], default: Sample, samples: &mut Vec<Sample>) -> Result<(), Error> {
    let flags = number(trun, 0, 4)? & 0xFF_FFFF;
    let count = number(trun, 4, 4)?;
    // Frames without fields of their own take no bytes.
    if samples.len() as u64 + count > MOST_FRAMES {
        return Err(damaged("a fragment has too many frames"));
    }
    let mut at = 8;
    let mut field = |flag| {
        if flags & flag == 0 {
            return Ok(None);
        }
        at += 4;
        number(trun, at - 4, 4).map(|value| Some(value as u32))
    };
    field(run::OFFSET)?;
    let mut first_flags = field(run::FIRST_FLAGS)?;
    for _ in 0..count {
        let duration = field(run::DURATION)?.unwrap_or(default.duration);
        let size = field(run::SIZE)?.unwrap_or(default.size);
        let own = field(run::FLAGS)?;
        // Unsigned in version 0, but FFmpeg writes signed values there too.
        let later = i64::from(field(run::LATER)?.unwrap_or(0).cast_signed());
        let flags = first_flags.take().or(own).unwrap_or(default.flags);
        samples.push(Sample { duration, size, flags, later });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
