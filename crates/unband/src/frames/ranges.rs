//! The shots of a video whose frames are asked for in any order.

use std::ops::Range;

use super::Shot;

/// Frames in a window at least, where no cuts are known.
const WINDOW: u64 = 48;

/// The shots of a video, as ranges of frame numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShotRanges {
    /// First frames of the shots, ascending, from 0; then the number of frames.
    bounds: Vec<u64>,
}

impl ShotRanges {
    /// Of a video of `frames` frames with known `cuts`: the first frames of its shots, in any order.
    pub fn from_cuts(frames: u64, cuts: &[u64]) -> Self {
        let inside = cuts.iter().copied().filter(|&cut| cut < frames);
        let mut bounds: Vec<u64> = inside.chain([0, frames]).collect();
        bounds.sort_unstable();
        bounds.dedup();
        Self { bounds }
    }

    /// Of a video without known cuts: windows of `length` times 48 frames, at least one.
    pub fn fixed(frames: u64, length: u64) -> Self {
        let window = WINDOW.saturating_mul(length.max(1));
        let starts = (0..frames.div_ceil(window)).map(|i| i * window);
        Self { bounds: starts.chain([frames]).collect() }
    }

    /// The shot of a frame; empty after the last one.
    pub fn at(&self, frame: u64) -> Range<u64> {
        let after = self.bounds.partition_point(|&bound| bound <= frame);
        let end = self.bounds.last().copied().unwrap_or(0);
        match (after.checked_sub(1), self.bounds.get(after)) {
            (Some(before), Some(&to)) => self.bounds[before]..to,
            _ => end..end,
        }
    }

    /// The frames of a shot to inspect: at most [`Shot::INSPECTED`], evenly spread, with the first and the
    /// last.
    pub fn inspected(&self, shot: &Range<u64>) -> impl Iterator<Item = u64> + use<> {
        let (first, last) = (shot.start, shot.end.saturating_sub(1));
        let count = (shot.end - shot.start).min(Shot::INSPECTED as u64);
        (0..count).map(move |i| first + i * (last - first) / (count - 1).max(1))
    }

    /// A frame and its neighbours in the shot: those that [`Shot::finish`] takes.
    pub fn near(&self, frame: u64, shot: &Shot) -> Range<u64> {
        self.around(frame, shot.reach() as u64)
    }

    fn around(&self, frame: u64, reach: u64) -> Range<u64> {
        let range = self.at(frame);
        frame.saturating_sub(reach).max(range.start)..(frame + reach + 1).min(range.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_frame_is_in_one_shot() {
        let cut = ShotRanges::from_cuts(100, &[60, 7, 60, 100, 400]);
        assert_eq!([cut.at(0), cut.at(6), cut.at(7), cut.at(99)], [0..7, 0..7, 7..60, 60..100]);
        assert!(cut.at(100).is_empty() && cut.at(500).is_empty());
        let fixed = ShotRanges::fixed(100, 1);
        assert_eq!([fixed.at(47), fixed.at(48), fixed.at(96)], [0..48, 48..96, 96..100]);
        assert_eq!(ShotRanges::fixed(100, 2).at(50), 0..96);
        assert!(ShotRanges::fixed(0, 0).at(0).is_empty());
    }

    #[test]
    fn few_frames_are_inspected() {
        let of = |range: Range<u64>| ShotRanges::fixed(100, 1).inspected(&range).collect::<Vec<_>>();
        assert_eq!(of(0..48), [0, 6, 13, 20, 26, 33, 40, 47]);
        assert_eq!((of(96..100), of(5..6)), (vec![96, 97, 98, 99], vec![5]));
        assert!(of(9..9).is_empty());
    }

    #[test]
    fn neighbours_end_with_the_shot() {
        let ranges = ShotRanges::from_cuts(20, &[10]);
        assert_eq!([ranges.around(0, 2), ranges.around(9, 2), ranges.around(10, 2)], [0..3, 7..10, 10..13]);
        assert_eq!(ranges.around(14, 0), 14..15);
    }
}
