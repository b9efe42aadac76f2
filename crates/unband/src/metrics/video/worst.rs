//! Selection of the worst frames, from different times or shots.

use std::sync::Arc;

use super::FrameValue;

/// Frames within this time, in seconds, look alike: only the worst of them is kept.
const TOGETHER: f64 = 1.0;

/// One of the worst frames.
#[derive(Clone, Debug)]
pub struct WorstFrame {
    /// Frame number and value.
    pub place: FrameValue,
    /// Its group, from which only one frame is kept: a time or a shot.
    group: i64,
    /// The decoded frame.
    pub bytes: Arc<Vec<u8>>,
}

/// The frames with the highest values, the worst first, one per group.
#[derive(Clone, Debug)]
pub struct WorstFrames {
    most: usize,
    frames: Vec<WorstFrame>,
}

/// The group of frames of about the same time, in seconds.
pub fn moment(seconds: f64) -> i64 {
    (seconds / TOGETHER).floor() as i64
}

impl WorstFrames {
    /// Keeps at most this number of frames.
    pub fn new(most: usize) -> Self {
        Self { most, frames: Vec::new() }
    }

    /// Adds a frame if it is among the worst so far. Frames come in order of time.
    pub fn put(&mut self, group: i64, place: FrameValue, bytes: &Arc<Vec<u8>>) {
        let value = place.value;
        if self.frames.iter().any(|frame| frame.group == group && frame.place.value >= value) {
            return;
        }
        self.frames.retain(|frame| frame.group != group);
        let at = self.frames.partition_point(|frame| frame.place.value >= value);
        if at < self.most {
            self.frames.insert(at, WorstFrame { place, group, bytes: Arc::clone(bytes) });
            self.frames.truncate(self.most);
        }
    }

    /// The frames, the worst first.
    pub fn frames(&self) -> &[WorstFrame] {
        &self.frames
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(worst: &mut WorstFrames, frame: usize, seconds: f64, value: f64) {
        worst.put(moment(seconds), FrameValue { frame, seconds, value }, &Arc::default());
    }

    #[test]
    fn values_that_rise_all_along_leave_more_than_the_last() {
        let mut worst = WorstFrames::new(3);
        (0..40u16).for_each(|i| put(&mut worst, i.into(), f64::from(i) * 0.1, f64::from(i)));
        let kept: Vec<usize> = worst.frames().iter().map(|frame| frame.place.frame).collect();
        assert_eq!(kept, [39, 29, 19]);
    }

    #[test]
    fn the_worst_frame_of_each_place_is_kept_once() {
        let mut worst = WorstFrames::new(2);
        for (frame, value) in [1.0, 5.0, 4.0, 0.0, 0.0, 0.0, 3.0, 0.0, 0.0, 7.0].into_iter().enumerate() {
            put(&mut worst, frame, frame as f64 * 0.5, value);
        }
        let kept: Vec<(usize, f64)> =
            worst.frames().iter().map(|frame| (frame.place.frame, frame.place.value)).collect();
        assert_eq!(kept, [(9, 7.0), (1, 5.0)]);
    }
}
