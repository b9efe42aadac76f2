//! Registry entry of a degradation.

use unband_image::{ParamError, ParamInfo, Params};

use super::Degradation;

/// Name of the parameter that selects the encoder, where there is a choice.
pub(super) const CODER: &str = "coder";

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

/// A degradation with its settings, ready to be applied.
pub struct Built {
    /// All settings, defaults included.
    pub settings: Vec<(&'static str, String)>,
    /// The degradation.
    pub degradation: Box<dyn Degradation>,
}

/// Builds a degradation from its name (for messages) and its settings.
type Make = fn(&'static str, &[(String, String)]) -> Result<Built, ParamError>;

/// A degradation in the registry.
#[derive(Clone, Copy)]
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
    make: Make,
}

impl DegradationEntry {
    /// A quick entry that changes the degraded side and has a reach of 0.
    pub(crate) const fn new<P: Params + Degradation + 'static>(
        name: &'static str,
        title: &'static str,
        source: &'static str,
    ) -> Self {
        let (sides, speed) = (Sides::Degraded, Speed::Quick);
        Self { name, title, source, sides, speed, room: 0, params: P::INFO, make: make::<P> }
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

    /// Builds the degradation from settings; missing ones get their defaults.
    ///
    /// # Errors
    /// The first invalid setting.
    pub fn build(&self, settings: &[(String, String)]) -> Result<Built, ParamError> {
        (self.make)(self.name, settings)
    }
}

fn make<P: Params + Degradation + 'static>(
    name: &'static str,
    settings: &[(String, String)],
) -> Result<Built, ParamError> {
    let params = P::from_settings(name, settings)?;
    Ok(Built { settings: params.settings(), degradation: Box::new(params) })
}
