//! Choice between a degradation with fixed settings and a recipe.

use std::fmt;
use std::sync::Arc;

use unband_image::Rng;

use super::causes::{self, Cause};
use super::mix::{Mix, MixError};
use super::record::Record;
use super::{DegradeError, Pair};

/// A degradation with fixed settings, or a recipe.
#[derive(Clone)]
pub enum Way {
    /// A degradation with fixed settings.
    Cause(&'static Cause),
    /// A recipe, which draws new settings for each image.
    Mix(Arc<Mix>),
}

/// Margin in samples for degradations that make a video of the image.
const FILM_ROOM: usize = 64;

impl Way {
    /// The degradation with this name, or else the recipe with this name or in this file, with sides of one
    /// size.
    ///
    /// # Errors
    /// Neither a name nor a readable file; mistakes in the file; a recipe with a scale.
    pub fn find(name_or_path: &str) -> Result<Self, MixError> {
        Self::find_with(name_or_path, Mix::find_unscaled)
    }

    /// As [`Self::find`], recipes with a scale included.
    ///
    /// # Errors
    /// Neither a name nor a readable file; mistakes in the file.
    pub fn find_any(name_or_path: &str) -> Result<Self, MixError> {
        Self::find_with(name_or_path, Mix::find)
    }

    fn find_with(name: &str, mix: fn(&str) -> Result<Mix, MixError>) -> Result<Self, MixError> {
        match causes::find(name) {
            Some(cause) => Ok(Self::Cause(cause)),
            None => Ok(Self::Mix(Arc::new(mix(name)?))),
        }
    }

    /// Samples of the image needed around a patch, or cropped from it.
    pub fn room(&self) -> usize {
        match self {
            Self::Cause(cause) if cause.wants_room => FILM_ROOM,
            Self::Cause(_) => 0,
            Self::Mix(mix) => mix.room(),
        }
    }

    /// Ratio of the clean side's size to the degraded side's.
    pub fn scale(&self) -> usize {
        match self {
            Self::Cause(_) => 1,
            Self::Mix(mix) => mix.scale(),
        }
    }

    /// Degrades a pair whose sides are the same clean image. Returns the record of a recipe.
    ///
    /// # Errors
    /// As [`super::Degradation::apply`].
    pub fn apply(&self, pair: &mut Pair, rng: Rng) -> Result<Option<Record>, DegradeError> {
        match self {
            Self::Cause(cause) => cause.degradation.apply(pair, rng).map(|()| None),
            Self::Mix(mix) => mix.apply(pair, rng).map(Some),
        }
    }
}

/// The degradation's name or the recipe's title.
impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cause(cause) => cause.name,
            Self::Mix(mix) => mix.title(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CAUSES;
    use unband_recipes::{DEGRADATION_RECIPES, find};

    #[test]
    fn no_mix_hides_behind_a_cause() {
        for cause in CAUSES {
            assert!(find(DEGRADATION_RECIPES, cause.name).is_none(), "{}", cause.name);
            assert!(matches!(Way::find(cause.name), Ok(Way::Cause(found)) if found.name == cause.name));
        }
        for shipped in DEGRADATION_RECIPES {
            match (Mix::find(shipped.name), Way::find(shipped.name)) {
                (Ok(mix), Ok(Way::Mix(_))) => assert_eq!(mix.scale(), 1, "{}", shipped.name),
                (Ok(mix), Err(MixError::Scaled { scale, .. })) => assert_eq!(mix.scale(), scale),
                _ => panic!("{}", shipped.name),
            }
        }
        assert!(matches!(Way::find("none-such"), Err(MixError::Unknown { .. })));
    }
}
