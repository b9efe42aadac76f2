//! Registry entry of a degradation.

use std::any::Any;
use std::fmt;

use unband_image::params::AnyParams;
use unband_image::{ParamError, ParamInfo, Params};

use super::Degradation;
use super::palette::Coder;

/// Name of the parameter that selects the encoder, where there is a choice.
const CODER: &str = "coder";

/// Sides of a pair that a degradation changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sides {
    /// The degraded side. In the `clean` steps of a recipe the clean side gets the result too.
    Degraded,
    /// Both sides alike: the content of the image changes, not its quality.
    Both,
}

/// Cost on a patch of 128×128.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speed {
    /// In memory: microseconds to a few milliseconds.
    Quick,
    /// Starts programs: tens to hundreds of milliseconds. Meant for whole images.
    Slow,
}

/// A degradation with its parameters.
pub trait Configured: AnyParams + Degradation {
    /// A copy.
    fn duplicate(&self) -> Box<dyn Configured>;
}

impl<P: Params + Degradation + 'static> Configured for P {
    fn duplicate(&self) -> Box<dyn Configured> {
        Box::new(self.clone())
    }
}

impl fmt::Debug for dyn Configured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.texts()).finish()
    }
}

/// A degradation in the registry.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct DegradationEntry {
    /// Name in kebab-case.
    pub name: &'static str,
    /// Short title.
    pub title: &'static str,
    /// Paper, standard or program that defines it.
    pub source: &'static str,
    /// Sides that it changes.
    pub sides: Sides,
    /// Cost class.
    pub speed: Speed,
    /// Reach in samples: how far a sample of the result depends on its surroundings. A patch cut with this
    /// margin equals the same patch of the whole image. (`webp` and `palette` analyse the whole image first,
    /// so for them codes may differ.)
    pub room: usize,
    /// Its parameters.
    pub params: &'static [ParamInfo],
    /// The degradation with its defaults.
    pub defaults: fn() -> Box<dyn Configured>,
}

impl DegradationEntry {
    /// A quick entry that changes the degraded side and has a reach of 0.
    pub(crate) const fn new<P: Params + Degradation + 'static>(
        name: &'static str,
        title: &'static str,
        source: &'static str,
    ) -> Self {
        let (sides, speed) = (Sides::Degraded, Speed::Quick);
        let defaults = || Box::new(P::default()) as Box<dyn Configured>;
        Self { name, title, source, sides, speed, room: 0, params: P::INFO, defaults }
    }

    pub(crate) const fn on_both_sides(self) -> Self {
        Self { sides: Sides::Both, ..self }
    }

    pub(crate) const fn slow(self) -> Self {
        Self { speed: Speed::Slow, ..self }
    }

    pub(crate) const fn room(self, room: usize) -> Self {
        Self { room, ..self }
    }

    /// The degradation with parameters from text, in order; for parsers.
    ///
    /// # Errors
    /// The first invalid setting.
    pub fn from_texts<N: AsRef<str>, T: AsRef<str>>(
        &self,
        settings: impl IntoIterator<Item = (N, T)>,
    ) -> Result<Box<dyn Configured>, ParamError> {
        let mut degradation = (self.defaults)();
        for (name, text) in settings {
            degradation.set_text(self.name, name.as_ref(), text.as_ref())?;
        }
        Ok(degradation)
    }

    /// Whether it starts a program with these parameters.
    pub(super) fn is_slow(&self, degradation: &dyn Configured) -> bool {
        let program = |coder: &dyn Any| coder.downcast_ref() != Some(&Coder::BuiltIn);
        self.speed == Speed::Slow || degradation.value(CODER).is_some_and(program)
    }
}
