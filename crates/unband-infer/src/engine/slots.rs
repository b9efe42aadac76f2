//! Memory planning for results: results that are never needed at the same time share a slot.

use std::ops::RangeInclusive;

/// Lifetime of a stored result.
#[derive(Clone, Debug)]
pub(super) struct Life {
    /// Size.
    pub floats: usize,
    /// Turns in which it is written or read.
    pub turns: RangeInclusive<usize>,
}

/// A set of slots.
pub(super) type Memory = Vec<Vec<f32>>;

/// Assignment of slots to results.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Slots {
    /// Floats of each slot.
    pub floats: Vec<usize>,
    /// Slot of each result; meaningless for a result without floats.
    pub of: Vec<usize>,
}

impl Slots {
    /// Assigns the largest results first, each to the smallest slot that is free for its lifetime, or to a
    /// new one.
    pub(super) fn plan(lives: &[Life]) -> Self {
        let mut order: Vec<usize> = (0..lives.len()).filter(|&i| lives[i].floats > 0).collect();
        order.sort_by_key(|&i| std::cmp::Reverse(lives[i].floats));
        let mut slots = Self { floats: Vec::new(), of: vec![0; lives.len()] };
        let mut tenants: Vec<Vec<usize>> = Vec::new();
        for i in order {
            let meets = |&other: &usize| {
                let (a, b) = (&lives[i].turns, &lives[other].turns);
                a.start() <= b.end() && b.start() <= a.end()
            };
            // Slots are created from large to small.
            let slot = (0..tenants.len()).rev().find(|&slot| !tenants[slot].iter().any(meets));
            let slot = slot.unwrap_or_else(|| {
                slots.floats.push(lives[i].floats);
                tenants.push(Vec::new());
                tenants.len() - 1
            });
            slots.of[i] = slot;
            tenants[slot].push(i);
        }
        slots
    }

    /// Memory for a run.
    pub(super) fn memory(&self) -> Memory {
        self.floats.iter().map(|&floats| vec![0.0; floats]).collect()
    }

    /// Total floats.
    pub(super) fn total(&self) -> usize {
        self.floats.iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_share_memory_when_they_never_meet() {
        let life = |floats, turns| Life { floats, turns };
        // A chain, in which only neighbours overlap; one that lives all the time; one that is never stored.
        let lives =
            [life(5, 0..=1), life(9, 1..=2), life(7, 2..=3), life(4, 3..=9), life(3, 0..=9), life(0, 0..=9)];
        let slots = Slots::plan(&lives);
        assert_eq!(slots.floats, [9, 7, 3]);
        assert_eq!(slots.of[..5], [1, 0, 1, 0, 2]);
        for (i, a) in lives.iter().enumerate().take(5) {
            assert!(slots.floats[slots.of[i]] >= a.floats);
        }
        assert_eq!(Slots::plan(&[]).total(), 0);
    }
}
