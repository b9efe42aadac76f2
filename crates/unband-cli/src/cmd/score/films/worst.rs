//! Selection of the worst frames, from different times or shots.

use std::sync::Arc;

use super::summary::Place;

/// Frames within this time, in seconds, look alike: only the worst of them is kept.
const TOGETHER: f64 = 1.0;

/// One of them.
#[derive(Clone)]
pub struct Spot {
    /// Frame number and value.
    pub place: Place,
    /// Its group, from which only one frame is kept: a time or a shot.
    group: i64,
    /// The decoded frame.
    pub bytes: Arc<Vec<u8>>,
}

/// The frames with the highest values, the worst first, one per group.
pub struct Worst {
    most: usize,
    spots: Vec<Spot>,
}

/// The group of frames of about the same time.
pub fn about(seconds: f64) -> i64 {
    (seconds / TOGETHER).floor() as i64
}

impl Worst {
    /// Keeps at most this number of frames.
    pub fn new(most: usize) -> Self {
        Self { most, spots: Vec::new() }
    }

    /// Adds a frame if it is among the worst so far. Frames come in order of time.
    pub fn put(&mut self, group: i64, place: Place, bytes: &Arc<Vec<u8>>) {
        let value = place.value;
        if self.spots.iter().any(|spot| spot.group == group && spot.place.value >= value) {
            return;
        }
        self.spots.retain(|spot| spot.group != group);
        let at = self.spots.partition_point(|spot| spot.place.value >= value);
        if at < self.most {
            self.spots.insert(at, Spot { place, group, bytes: Arc::clone(bytes) });
            self.spots.truncate(self.most);
        }
    }

    /// The frames, the worst first.
    pub fn spots(&self) -> &[Spot] {
        &self.spots
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(worst: &mut Worst, frame: usize, seconds: f64, value: f64) {
        worst.put(about(seconds), Place { frame, seconds, value }, &Arc::default());
    }

    #[test]
    fn values_that_rise_all_along_leave_more_than_the_last() {
        let mut worst = Worst::new(3);
        (0..40u16).for_each(|i| put(&mut worst, i.into(), f64::from(i) * 0.1, f64::from(i)));
        let kept: Vec<usize> = worst.spots().iter().map(|spot| spot.place.frame).collect();
        assert_eq!(kept, [39, 29, 19]);
    }

    #[test]
    fn the_worst_frame_of_each_place_is_kept_once() {
        let mut worst = Worst::new(2);
        for (frame, value) in [1.0, 5.0, 4.0, 0.0, 0.0, 0.0, 3.0, 0.0, 0.0, 7.0].into_iter().enumerate() {
            put(&mut worst, frame, frame as f64 * 0.5, value);
        }
        let kept: Vec<(usize, f64)> =
            worst.spots().iter().map(|spot| (spot.place.frame, spot.place.value)).collect();
        assert_eq!(kept, [(9, 7.0), (1, 5.0)]);
    }
}
