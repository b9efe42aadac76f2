//! Plateaus of a line: runs of equal values, and the boundaries between them.

/// A run of equal values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run<T> {
    /// The value.
    pub value: T,
    /// Position of its first sample.
    pub start: usize,
    /// Position after its last sample.
    pub end: usize,
}

impl<T> Run<T> {
    /// Number of samples.
    pub fn length(&self) -> usize {
        self.end - self.start
    }
}

/// The runs of a line, in order. Every sample is in one of them.
pub fn runs<T: Copy + PartialEq>(line: &[T]) -> impl Iterator<Item = Run<T>> {
    let mut start = 0;
    line.chunk_by(T::eq).map(move |run| {
        let first = start;
        start += run.len();
        Run { value: run[0], start: first, end: start }
    })
}

/// Scan of a line for neighbouring plateaus: runs of a minimum length.
#[derive(Clone, Copy, Debug)]
pub struct Plateaus<T> {
    least: usize,
    widest: usize,
    last: Option<Run<T>>,
}

impl<T: Copy + PartialEq> Plateaus<T> {
    /// `least`: minimum length of a plateau. `widest`: maximum number of samples between neighbours.
    pub fn new(least: usize, widest: usize) -> Self {
        Self { least, widest, last: None }
    }

    /// Takes the next run. Returns the plateau before it, if both are neighbours.
    pub fn before(&mut self, run: Run<T>) -> Option<Run<T>> {
        if run.length() < self.least {
            return None;
        }
        let last = self.last.replace(run)?;
        (run.start - last.end <= self.widest).then_some(last)
    }
}

/// Pairs of neighbouring plateaus of a line, as [`Plateaus`] finds them.
pub fn boundaries<T: Copy + PartialEq>(
    line: &[T],
    least: usize,
    widest: usize,
) -> impl Iterator<Item = [Run<T>; 2]> {
    let mut plateaus = Plateaus::new(least, widest);
    runs(line).filter_map(move |run| Some([plateaus.before(run)?, run]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(line: &[u8], least: usize, widest: usize) -> Vec<(u8, u8, usize)> {
        boundaries(line, least, widest).map(|[a, b]| (a.value, b.value, b.start - a.end)).collect()
    }

    #[test]
    fn runs_cover_the_line() {
        let line = [5, 5, 5, 6, 7, 7];
        let all: Vec<_> = runs(&line).collect();
        let run = |value, start, end| Run { value, start, end };
        assert_eq!(all, [run(5, 0, 3), run(6, 3, 4), run(7, 4, 6)]);
        assert_eq!(runs::<u8>(&[]).count(), 0);
    }

    #[test]
    fn plateaus_are_neighbours_up_to_a_distance() {
        let line = [1, 1, 1, 9, 2, 2, 2, 3, 3, 3, 8, 7, 4, 4, 4];
        assert_eq!(pairs(&line, 3, 2), [(1, 2, 1), (2, 3, 0), (3, 4, 2)]);
        assert_eq!(pairs(&line, 3, 1), [(1, 2, 1), (2, 3, 0)]);
        assert_eq!(pairs(&line, 3, 0), [(2, 3, 0)]);
        assert_eq!(pairs(&line, 4, 9), []);
    }

    #[test]
    fn a_plateau_too_far_away_starts_the_next_pair() {
        assert_eq!(pairs(&[1, 1, 9, 8, 2, 2, 3, 3], 2, 0), [(2, 3, 0)]);
    }
}
