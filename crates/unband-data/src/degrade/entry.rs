//! One line of the registry of degradations.

use unband_image::{ParamError, ParamInfo, Params};

use super::Degradation;

/// The parameter that says whose encoder runs, where there is a choice.
pub(super) const CODER: &str = "coder";

/// Which sides of a pair a degradation changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sides {
    /// The degraded one. Among the `clean` steps of a mix the clean side gets the result too.
    Degraded,
    /// Both alike: it changes what the image is, not how well it is kept.
    Both,
}

/// How long it takes, on a patch of 128×128.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speed {
    /// Microseconds to a few milliseconds, in memory.
    Quick,
    /// Starts programs: tens to hundreds of milliseconds. Meant for whole images.
    Slow,
}

/// A degradation with its settings, ready to be applied.
pub struct Built {
    /// All settings, also those left at their defaults.
    pub settings: Vec<(&'static str, String)>,
    /// What it does.
    pub degradation: Box<dyn Degradation>,
}

/// From a name for messages and settings to work.
type Make = fn(&'static str, &[(String, String)]) -> Result<Built, ParamError>;

/// One line of the registry.
#[derive(Clone, Copy)]
pub struct DegradationEntry {
    /// Kebab-case.
    pub name: &'static str,
    /// A few words.
    pub title: &'static str,
    /// Paper, standard or program.
    pub source: &'static str,
    /// What it changes.
    pub sides: Sides,
    /// How long it takes.
    pub speed: Speed,
    /// How far a sample of the result depends on those around it, in samples: a patch cut from inside by that much is one of
    /// the whole image. (`webp` and `palette` look at the whole image first, so that this does not hold for them to the code.)
    pub room: usize,
    /// Its parameters.
    pub params: &'static [ParamInfo],
    make: Make,
}

impl DegradationEntry {
    /// A quick one that changes the degraded side and looks at no neighbours.
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

    /// From settings to work; what is not given has its default.
    ///
    /// # Errors
    /// The first setting that cannot be used.
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
