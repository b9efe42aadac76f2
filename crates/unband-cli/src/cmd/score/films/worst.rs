//! The worst frames of a film, from different places.

/// Frames of one such time, in seconds, look alike: only the worst of them is kept.
const TOGETHER: f64 = 1.0;

/// One of them.
pub struct Spot {
    /// Its number, from 0.
    pub frame: usize,
    /// Its time.
    pub seconds: f64,
    /// Its value.
    pub value: f64,
    /// The frame as it was decoded.
    pub bytes: Vec<u8>,
}

/// So many of the highest value, the worst first.
pub struct Worst {
    most: usize,
    spots: Vec<Spot>,
}

impl Worst {
    /// Keeps so many at most.
    pub fn new(most: usize) -> Self {
        Self { most, spots: Vec::new() }
    }

    /// Takes a frame if it is among the worst so far. Frames come in order of time.
    pub fn put(&mut self, frame: usize, seconds: f64, value: f64, bytes: Vec<u8>) {
        let place = |seconds: f64| (seconds / TOGETHER).floor() as i64;
        let near = |spot: &Spot| place(spot.seconds) == place(seconds);
        if self.spots.iter().any(|spot| near(spot) && spot.value >= value) {
            return;
        }
        self.spots.retain(|spot| !near(spot));
        let at = self.spots.partition_point(|spot| spot.value >= value);
        if at < self.most {
            self.spots.insert(at, Spot { frame, seconds, value, bytes });
            self.spots.truncate(self.most);
        }
    }

    /// The worst first.
    pub fn spots(&self) -> &[Spot] {
        &self.spots
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_rise_all_along_leave_more_than_the_last() {
        let mut worst = Worst::new(3);
        (0..40u16).for_each(|i| worst.put(i.into(), f64::from(i) * 0.1, f64::from(i), Vec::new()));
        let kept: Vec<usize> = worst.spots().iter().map(|spot| spot.frame).collect();
        assert_eq!(kept, [39, 29, 19]);
    }

    #[test]
    fn the_worst_frame_of_each_place_is_kept_once() {
        let mut worst = Worst::new(2);
        for (frame, value) in [1.0, 5.0, 4.0, 0.0, 0.0, 0.0, 3.0, 0.0, 0.0, 7.0].into_iter().enumerate() {
            worst.put(frame, frame as f64 * 0.5, value, Vec::new());
        }
        let kept: Vec<(usize, f64)> = worst.spots().iter().map(|spot| (spot.frame, spot.value)).collect();
        assert_eq!(kept, [(9, 7.0), (1, 5.0)]);
    }
}
