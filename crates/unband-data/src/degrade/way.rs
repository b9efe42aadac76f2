//! What is done to images: one cause of banding, or what a mix draws.

use std::fmt;
use std::sync::Arc;

use unband_image::Rng;

use super::causes::{self, Cause};
use super::mix::{Mix, MixError};
use super::record::Record;
use super::{DegradeError, Pair};

/// One way of degrading images.
#[derive(Clone)]
pub enum Way {
    /// A cause of banding.
    Cause(&'static Cause),
    /// A mix, which draws anew for each image.
    Mix(Arc<Mix>),
}

/// Samples around an image for causes that make a video of it.
const FILM_ROOM: usize = 64;

impl Way {
    /// The cause of that name, else the mix of that name or in that file, whose sides have one size.
    ///
    /// # Errors
    /// Neither a name nor a file that can be read; mistakes in the file; a mix with a scale.
    pub fn find(name_or_path: &str) -> Result<Self, MixError> {
        Self::find_with(name_or_path, Mix::find_unscaled)
    }

    /// As [`Self::find`], mixes with a scale too.
    ///
    /// # Errors
    /// Neither a name nor a file that can be read; mistakes in the file.
    pub fn find_any(name_or_path: &str) -> Result<Self, MixError> {
        Self::find_with(name_or_path, Mix::find)
    }

    fn find_with(name: &str, mix: fn(&str) -> Result<Mix, MixError>) -> Result<Self, MixError> {
        match causes::find(name) {
            Some(cause) => Ok(Self::Cause(cause)),
            None => Ok(Self::Mix(Arc::new(mix(name)?))),
        }
    }

    /// Samples of the image that it wants around a patch, or takes away.
    pub fn room(&self) -> usize {
        match self {
            Self::Cause(cause) if cause.wants_room => FILM_ROOM,
            Self::Cause(_) => 0,
            Self::Mix(mix) => mix.room(),
        }
    }

    /// How many times smaller the degraded side becomes.
    pub fn scale(&self) -> usize {
        match self {
            Self::Cause(_) => 1,
            Self::Mix(mix) => mix.scale(),
        }
    }

    /// Does it to a pair of twice the same clean image; what a mix drew.
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

/// The cause's name or the mix's title.
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
    use crate::{CAUSES, Shipped};

    #[test]
    fn no_mix_hides_behind_a_cause() {
        for cause in CAUSES {
            assert!(Shipped::find(cause.name).is_none(), "{}", cause.name);
            assert!(matches!(Way::find(cause.name), Ok(Way::Cause(found)) if found.name == cause.name));
        }
        for shipped in Shipped::ALL {
            match (Mix::find(shipped.name), Way::find(shipped.name)) {
                (Ok(mix), Ok(Way::Mix(_))) => assert_eq!(mix.scale(), 1, "{}", shipped.name),
                (Ok(mix), Err(MixError::Scaled { scale, .. })) => assert_eq!(mix.scale(), scale),
                _ => panic!("{}", shipped.name),
            }
        }
        assert!(matches!(Way::find("none-such"), Err(MixError::Unknown { .. })));
    }
}
