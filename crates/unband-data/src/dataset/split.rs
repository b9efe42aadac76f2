//! Split into training, validation and test images.

use std::fmt;

use serde::{Deserialize, Serialize};
use unband_image::Rng;

/// A part of a dataset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Split {
    /// Training data.
    Train,
    /// Validation data, evaluated during training.
    Val,
    /// Test data, for results tables.
    Test,
}

impl Split {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Train, Self::Val, Self::Test];

    /// Name of its folder.
    pub fn folder(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Val => "val",
            Self::Test => "test",
        }
    }
}

impl fmt::Display for Split {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.folder())
    }
}

/// Percentages of training, validation and test; they sum to 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Shares([u8; 3]);

impl Shares {
    /// 60, 20 and 20, as in deepDeband, GGDBN and BDINN.
    pub const PUBLISHED: Self = Self([60, 20, 20]);
    /// 85 and 15, as in INDI.
    pub const INDI: Self = Self([85, 15, 0]);

    /// `None` unless they sum to 100.
    pub fn new(percent: [u8; 3]) -> Option<Self> {
        (percent.iter().map(|&p| u32::from(p)).sum::<u32>() == 100).then_some(Self(percent))
    }
}

/// Numbers `0..count` in an order that depends only on the seed (Fisher and Yates).
pub(crate) fn shuffled(count: usize, seed: u64) -> Vec<usize> {
    let rng = Rng::new(seed);
    let mut order: Vec<usize> = (0..count).collect();
    for last in (1..count).rev() {
        let other = (u64::from(rng.at(0, 20, last as u32, 0)) * (last as u64 + 1)) >> 32;
        order.swap(last, other as usize);
    }
    order
}

/// Assigns each group of images to a part. Groups in shuffled order go to training until their weights reach
/// its share, then to validation, the rest to the test. Shares of validation and test are rounded down.
///
/// With one image per group and weights of 1 this is a split by image. With the number of patches as weights
/// it is GGDBN's split (`data/data_prepare.py`). GGDBN's order depends on Python's generator and the
/// directory order, and is lost.
pub(crate) fn fill(weights: &[usize], shares: Shares, seed: u64) -> Vec<Split> {
    let total: usize = weights.iter().sum();
    let part = |percent: u8| total * usize::from(percent) / 100;
    let val = part(shares.0[1]);
    let train = total - val - part(shares.0[2]);
    let (mut trained, mut validated) = (0, 0);
    let mut splits = vec![Split::Test; weights.len()];
    for group in shuffled(weights.len(), seed) {
        let (split, filled) = if trained < train {
            (Split::Train, &mut trained)
        } else if validated < val {
            (Split::Val, &mut validated)
        } else {
            continue;
        };
        splits[group] = split;
        *filled += weights[group];
    }
    splits
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn sizes(splits: &[Split]) -> [usize; 3] {
        Split::ALL.map(|split| splits.iter().filter(|&&s| s == split).count())
    }

    #[test]
    fn the_published_set_splits_as_the_papers_say() {
        assert_eq!(sizes(&fill(&[1; 1440], Shares::PUBLISHED, 3407)), [864, 288, 288]);
        assert_eq!(sizes(&fill(&[1; 1440], Shares::INDI, 196_588)), [1224, 216, 0]);
        assert_eq!(sizes(&fill(&[1; 1], Shares::PUBLISHED, 0)), [1, 0, 0]);
        assert_eq!(sizes(&fill(&[], Shares::PUBLISHED, 0)), [0, 0, 0]);
    }

    #[test]
    fn with_patches_as_weights_parts_hold_their_shares_of_patches() {
        let weights: Vec<usize> = (0..300).map(|i| i * i % 98).collect();
        let (splits, total) = (fill(&weights, Shares::PUBLISHED, 3407), weights.iter().sum::<usize>());
        let patches = Split::ALL.map(|split| {
            splits.iter().zip(&weights).filter(|(s, _)| **s == split).map(|(_, w)| w).sum::<usize>()
        });
        // Each part takes whole images, so its excess is below the patches of one image.
        assert!((0..97).contains(&(patches[0] - (total - 2 * (total / 5)))), "{patches:?} of {total}");
        assert!((0..97).contains(&(patches[1] - total / 5)), "{patches:?} of {total}");
    }

    #[test]
    fn orders_hold_each_number_once_and_seeds_differ() {
        let mut order = shuffled(500, 1);
        assert!(order != shuffled(500, 2) && order == shuffled(500, 1));
        // In a random order the mean displacement is a third of the length.
        let moved: usize = order.iter().enumerate().map(|(i, &at)| i.abs_diff(at)).sum();
        assert!((140..200).contains(&(moved / 500)), "{}", moved / 500);
        order.sort_unstable();
        assert!(order == (0..500).collect::<Vec<_>>());
    }

    #[test]
    fn shares_are_a_hundred_together() {
        assert_eq!(Shares::new([60, 20, 20]), Some(Shares::PUBLISHED));
        assert_eq!(Shares::new([60, 20, 21]), None);
        assert_eq!(Shares::new([200, 100, 56]), None);
    }
}
