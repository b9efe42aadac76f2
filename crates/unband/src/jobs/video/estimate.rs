//! Expected size and time of a result, from short samples that are restored and encoded as in the job.

use std::path::{Path, PathBuf};
use std::time::Instant;

use unband_image::With;
use unband_image::context::NoProgress;
use unband_io::Leftover;
use unband_video::{Segment, VideoError};

use super::folder::io;
use super::plan::Plan;
use super::shots::Shots;
use super::source::{Span, source};
use super::tally::Tally;
use super::unfinished::Segments;
use crate::{Context, Error};

/// Frames of a sample.
const SAMPLE: f64 = 24.0;
/// Frames that a sample is encoded with as well: the difference has no start of programs and no key frame.
const HEAD: f64 = 4.0;
/// Samples of frames of a kind.
const SAMPLES: i64 = 3;
/// Key frames of encoders are at most this many frames apart, by default.
const KEY_FRAMES: f64 = 250.0;

/// Expected size and time of a result.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Estimate {
    /// Size in bytes, other streams included.
    pub bytes: u64,
    /// Size if all frames were as the smallest sample, and as the largest.
    pub range: (u64, u64),
    /// Seconds on this machine, inspection included.
    pub seconds: f64,
    /// Frames that were encoded for it; 0 where the video is copied.
    pub measured: u64,
}

/// Frames of one kind: repaired, or encoded with their samples.
#[derive(Default)]
struct SampledFrames {
    /// Their ranges of time, in ticks; the ends are exclusive.
    ranges: Vec<(i64, i64)>,
    frames: f64,
}

/// Costs of a frame, by a sample.
#[derive(Clone, Copy, Debug, Default)]
struct Costs {
    bytes: f64,
    /// More bytes of a key frame.
    key: f64,
    seconds: f64,
}

impl Plan<'_> {
    /// Expected size and time. `inspected`: seconds of the inspection. `None` where that cannot be measured:
    /// numbered images, and videos of unknown length.
    ///
    /// # Errors
    /// As [`super::deband_video`], for the samples.
    pub(super) fn estimate(
        &self,
        shots: &Shots,
        inspected: f64,
        ctx: &Context<'_>,
    ) -> Result<Option<Estimate>, Error> {
        if shots.leave_all() && self.may_stay() {
            let bytes =
                if self.options.only_banded { 0 } else { self.file.state().map_or(0, |state| state.0) };
            return Ok(Some(Estimate { bytes, range: (bytes, bytes), seconds: inspected, measured: 0 }));
        }
        if self.encoding.muxer() == "image2" || self.seconds().is_none() {
            return Ok(None);
        }
        let ctx = &(*ctx).but(|new| new.progress = &NoProgress);
        let folder = tempfile::tempdir()
            .map_err(|source| unband_io::Error::Io { action: "make a temporary folder for", source })?;
        let _leftover = Leftover::new(folder.path());
        let other = self.other_bytes();
        let of_all = self.expected_frames() as f64;
        if of_all <= SAMPLE * SAMPLES as f64 {
            let (parts, seconds) = self.sample(shots, folder.path(), Span::default(), ctx)?;
            let bytes = other + parts.bytes;
            let seconds = inspected + seconds;
            return Ok(Some(Estimate { bytes, range: (bytes, bytes), seconds, measured: parts.frames }));
        }
        let (mut sum, mut least, mut most) = (Costs::default(), 0.0, 0.0);
        let (mut measured, mut known) = (0, false);
        for kind in self.kinds(shots) {
            let samples = self.samples(shots, &kind, folder.path(), &mut measured, ctx)?;
            let count = samples.len() as f64;
            if samples.is_empty() {
                continue;
            }
            known = true;
            let each = |of: fn(&Costs) -> f64| samples.iter().map(of);
            let key_frames = (kind.frames / KEY_FRAMES).max(kind.ranges.len() as f64);
            let key = key_frames * each(|costs| costs.key).sum::<f64>() / count;
            sum.bytes += key + kind.frames * each(|costs| costs.bytes).sum::<f64>() / count;
            sum.seconds += kind.frames * each(|costs| costs.seconds).sum::<f64>() / count;
            least += key + kind.frames * each(|costs| costs.bytes).fold(f64::INFINITY, f64::min);
            most += key + kind.frames * each(|costs| costs.bytes).fold(0.0, f64::max);
        }
        let bytes = |video: f64| other + video as u64;
        let (bytes, range) = (bytes(sum.bytes), (bytes(least), bytes(most)));
        Ok(known.then_some(Estimate { bytes, range, seconds: inspected + sum.seconds, measured }))
    }

    /// Bytes of the copied streams.
    fn other_bytes(&self) -> u64 {
        let all: u64 = self.other_streams.streams(&self.file).map(|s| self.file.stream_bytes(s.index)).sum();
        let part = match (self.seconds(), self.file.duration) {
            (Some(part), Some(whole)) if whole > 0.0 => (part / whole).min(1.0),
            _ => 1.0,
        };
        (all as f64 * part) as u64
    }

    /// The frames by kind, repaired ones first.
    fn kinds(&self, shots: &Shots) -> [SampledFrames; 2] {
        let begin = self.cut.map_or_else(|| self.file.ticks(self.file.zero()), |cut| cut.from);
        let end = begin + self.file.ticks(self.seconds().unwrap_or(0.0));
        let all = self.expected_frames() as f64;
        let mut kinds = [SampledFrames::default(), SampledFrames::default()];
        let mut put = |range: (i64, i64), repaired: bool| {
            let kind = &mut kinds[usize::from(!repaired)];
            if range.1 > range.0 {
                kind.frames += all * (range.1 - range.0) as f64 / (end - begin).max(1) as f64;
                kind.ranges.push(range);
            }
        };
        let unknown = [(begin, end, true)];
        let starts = shots.0.iter().enumerate().map(|(n, timed)| {
            let next = shots.0.get(n + 1).map_or(end.max(timed.last), |next| next.first);
            (timed.first, next, !timed.shot.leaves())
        });
        let known: Vec<_> = starts.collect();
        for &(first, next, repaired) in if known.is_empty() { &unknown[..] } else { &known } {
            for (range, inside) in self.zones.parts(first, next) {
                put(range, repaired && inside);
            }
        }
        kinds
    }

    /// The costs of samples that are spread over frames of a kind.
    fn samples(
        &self,
        shots: &Shots,
        kind: &SampledFrames,
        folder: &Path,
        measured: &mut u64,
        ctx: &Context<'_>,
    ) -> Result<Vec<Costs>, Error> {
        let (rate, of_seconds) = self.file.rate();
        let ticks = |frames: f64| self.file.ticks(frames * f64::from(of_seconds) / f64::from(rate)).max(1);
        let total: i64 = kind.ranges.iter().map(|range| range.1 - range.0).sum();
        let mut all = Vec::new();
        for n in 0..SAMPLES.min((kind.frames / SAMPLE).ceil() as i64) {
            let middle = total * (2 * n + 1) / (2 * SAMPLES);
            let from = kind.at(middle, ticks(SAMPLE));
            let span = |frames| Span { from: Some(from), to: Some(from + ticks(frames)) };
            let (whole, seconds) = self.sample(shots, folder, span(SAMPLE), ctx)?;
            let (head, of_head) = self.sample(shots, folder, span(HEAD), ctx)?;
            *measured += whole.frames;
            let more = whole.frames.saturating_sub(head.frames) as f64;
            if more < 1.0 {
                continue;
            }
            // Never less than a share of the whole sample: machines have other work.
            let frames = whole.frames as f64;
            let bytes = whole.bytes.saturating_sub(head.bytes) as f64 / more;
            let key = (head.bytes as f64 - head.frames as f64 * bytes).max(0.0);
            let seconds = ((seconds - of_head) / more).max(0.3 * seconds / frames);
            all.push(Costs { bytes, key, seconds });
        }
        Ok(all)
    }

    /// Restores and encodes the frames of a span; returns their size and the seconds taken.
    fn sample(
        &self,
        shots: &Shots,
        folder: &Path,
        span: Span,
        ctx: &Context<'_>,
    ) -> Result<(Measured, f64), Error> {
        let start = Instant::now();
        let mut parts = Measured { path: folder.join("sample.segment"), ..Measured::default() };
        let source = source(&self.file, self.options, span, self.programs)?;
        self.encode(&mut parts, source, shots, &mut 0, ctx)?;
        ctx.check()?;
        Ok((parts, start.elapsed().as_secs_f64()))
    }
}

impl SampledFrames {
    /// The time at a place in its ranges, put one behind the other, where a sample of this length fits if it
    /// can.
    fn at(&self, place: i64, length: i64) -> i64 {
        let mut left = place;
        for &(from, to) in &self.ranges {
            if left < to - from {
                return (from + left).min(to - length).max(from);
            }
            left -= to - from;
        }
        self.ranges.last().map_or(0, |&(from, to)| (to - length).max(from))
    }
}

/// Counts segments and deletes them.
#[derive(Default)]
struct Measured {
    path: PathBuf,
    frames: u64,
    bytes: u64,
}

impl Segments for Measured {
    fn next_path(&self, open: usize) -> PathBuf {
        self.path.with_extension(format!("{open}.segment"))
    }

    fn add(&mut self, segment: Segment, _tally: &Tally, _next: Option<i64>) -> Result<(), VideoError> {
        let size = std::fs::metadata(&segment.path).map_err(|error| io("read", &segment.path, error))?.len();
        std::fs::remove_file(&segment.path).map_err(|error| io("remove", &segment.path, error))?;
        self.frames += segment.frames();
        self.bytes += size;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_within_the_frames_of_their_kind() {
        let kind = SampledFrames { ranges: vec![(100, 200), (500, 510), (700, 1000)], frames: 410.0 };
        for (place, from) in [(0, 100), (70, 70 + 100), (95, 176), (104, 500), (120, 710), (409, 976)] {
            assert_eq!(kind.at(place, 24), from, "{place}");
        }
        assert_eq!(SampledFrames::default().at(5, 24), 0);
    }
}
