//! Choice between a degradation with fixed settings and a recipe.

use std::fmt;
use std::sync::Arc;

use unband_image::Rng;

use super::fixed::{self, FixedDegradation};
use super::recipe::{DegradationRecipe, DegradationRecipeError};
use super::record::DegradationRecord;
use super::{DegradeError, Pair};

/// A degradation with fixed settings, or a recipe.
#[derive(Clone)]
pub enum Degrader {
    /// A degradation with fixed settings.
    Fixed(&'static FixedDegradation),
    /// A recipe, which draws new settings for each image.
    Recipe(Arc<DegradationRecipe>),
}

/// Margin in samples for degradations that make a video of the image.
const VIDEO_ROOM: usize = 64;

impl Degrader {
    /// The degradation with this name, or else the recipe with this name or in this file, with sides of one
    /// size.
    ///
    /// # Errors
    /// Neither a name nor a readable file; mistakes in the file; a recipe with a scale.
    pub fn find(name_or_path: &str) -> Result<Self, DegradationRecipeError> {
        Self::find_with(name_or_path, DegradationRecipe::find_unscaled)
    }

    /// As [`Self::find`], recipes with a scale included.
    ///
    /// # Errors
    /// Neither a name nor a readable file; mistakes in the file.
    pub fn find_any(name_or_path: &str) -> Result<Self, DegradationRecipeError> {
        Self::find_with(name_or_path, DegradationRecipe::find)
    }

    fn find_with(
        name: &str,
        recipe: fn(&str) -> Result<DegradationRecipe, DegradationRecipeError>,
    ) -> Result<Self, DegradationRecipeError> {
        match fixed::find(name) {
            Some(fixed) => Ok(Self::Fixed(fixed)),
            None => Ok(Self::Recipe(Arc::new(recipe(name)?))),
        }
    }

    /// Samples of the image needed around a patch, or cropped from it.
    pub fn room(&self) -> usize {
        match self {
            Self::Fixed(fixed) if fixed.needs_room => VIDEO_ROOM,
            Self::Fixed(_) => 0,
            Self::Recipe(recipe) => recipe.room(),
        }
    }

    /// Ratio of the clean side's size to the degraded side's.
    pub fn scale(&self) -> usize {
        match self {
            Self::Fixed(_) => 1,
            Self::Recipe(recipe) => recipe.scale(),
        }
    }

    /// Degrades a pair whose sides are the same clean image. Returns the record of a recipe.
    ///
    /// # Errors
    /// As [`super::Degradation::apply`].
    pub fn apply(&self, pair: &mut Pair, rng: Rng) -> Result<Option<DegradationRecord>, DegradeError> {
        match self {
            Self::Fixed(fixed) => fixed.degradation.apply(pair, rng).map(|()| None),
            Self::Recipe(recipe) => recipe.apply(pair, rng).map(Some),
        }
    }
}

/// The degradation's name or the recipe's title.
impl fmt::Display for Degrader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fixed(fixed) => fixed.name,
            Self::Recipe(recipe) => recipe.title(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FIXED_DEGRADATIONS;
    use unband_recipes::{DEGRADATION_RECIPES, find};

    #[test]
    fn no_recipe_has_the_name_of_a_fixed_degradation() {
        for fixed in FIXED_DEGRADATIONS {
            assert!(find(DEGRADATION_RECIPES, fixed.name).is_none(), "{}", fixed.name);
            assert!(
                matches!(Degrader::find(fixed.name), Ok(Degrader::Fixed(found)) if found.name == fixed.name)
            );
        }
        for shipped in DEGRADATION_RECIPES {
            match (DegradationRecipe::find(shipped.name), Degrader::find(shipped.name)) {
                (Ok(recipe), Ok(Degrader::Recipe(_))) => assert_eq!(recipe.scale(), 1, "{}", shipped.name),
                (Ok(recipe), Err(DegradationRecipeError::Scaled { scale, .. })) => {
                    assert_eq!(recipe.scale(), scale);
                }
                _ => panic!("{}", shipped.name),
            }
        }
        assert!(matches!(Degrader::find("none-such"), Err(DegradationRecipeError::Unknown { .. })));
    }
}
