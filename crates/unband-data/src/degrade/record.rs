//! Record of the degradations applied to one image.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use unband_image::{Depth, ParamKind, Rng, Window};

use super::entry::{Built, CODER, Speed};
use super::palette::Coder;
use super::{DegradeError, Pair, to_depth};

/// All random draws for an image. Applied to the same clean image it gives the same pair, given equal
/// versions of the programs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Names of the steps and groups that were drawn.
    pub names: Vec<String>,
    /// Steps applied to both sides, in order.
    pub clean: Vec<Applied>,
    /// Steps applied to the degraded side, in order.
    pub degrade: Vec<Applied>,
    /// Final bit depth of the degraded side.
    pub depth: u8,
    /// Ratio of the clean side's size to the degraded side's. Above 1, both sides are first cropped on the
    /// right and at the bottom to a multiple of it.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub scale: u32,
}

fn one() -> u32 {
    1
}

#[allow(clippy::trivially_copy_pass_by_ref)] // the signature that serde needs
fn is_one(scale: &u32) -> bool {
    *scale == 1
}

/// One step with all its settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Applied {
    /// Name of the degradation.
    #[serde(rename = "use")]
    pub name: String,
    /// Random seed.
    pub seed: u32,
    /// All its settings.
    pub settings: BTreeMap<String, Setting>,
}

/// The value of a parameter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Setting {
    /// A switch.
    Switch(bool),
    /// A whole number.
    Whole(i64),
    /// A number.
    Number(f64),
    /// A word.
    Word(String),
}

impl Setting {
    /// Parses the text of a parameter of this kind.
    fn of(kind: ParamKind, text: &str) -> Self {
        let read = match kind {
            ParamKind::Switch => text.parse().ok().map(Self::Switch),
            ParamKind::Whole => text.parse().ok().map(Self::Whole),
            ParamKind::Number => text.parse().ok().map(Self::Number),
            ParamKind::Word(_) | ParamKind::File => None,
        };
        read.unwrap_or_else(|| Self::Word(text.to_owned()))
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Switch(value) => value.fmt(f),
            Self::Whole(value) => value.fmt(f),
            Self::Number(value) => value.fmt(f),
            Self::Word(value) => value.fmt(f),
        }
    }
}

impl Applied {
    /// A step with all settings, defaults included.
    ///
    /// # Errors
    /// An unknown name or an invalid setting.
    pub fn new(name: &str, seed: u32, settings: &[(String, String)]) -> Result<Self, DegradeError> {
        let entry = crate::degradation(name).ok_or_else(|| DegradeError::Unknown(name.to_owned()))?;
        let all = entry.build(settings)?.settings;
        let settings = all
            .iter()
            .zip(entry.params)
            .map(|((name, text), info)| ((*name).to_owned(), Setting::of(info.kind, text)));
        Ok(Self { name: name.to_owned(), seed, settings: settings.collect() })
    }

    /// Whether it starts a program.
    pub(super) fn is_slow(&self) -> bool {
        let built_in = Setting::Word(Coder::BuiltIn.word().to_owned());
        crate::degradation(&self.name).is_some_and(|entry| entry.speed == Speed::Slow)
            || self.settings.get(CODER).is_some_and(|coder| *coder != built_in)
    }

    pub(super) fn rng(&self) -> Rng {
        Rng::new(u64::from(self.seed))
    }

    pub(super) fn build(&self) -> Result<Built, DegradeError> {
        let entry = crate::degradation(&self.name).ok_or_else(|| DegradeError::Unknown(self.name.clone()))?;
        let settings: Vec<(String, String)> =
            self.settings.iter().map(|(name, value)| (name.clone(), value.to_string())).collect();
        Ok(entry.build(&settings)?)
    }

    /// Applies the step to a pair.
    ///
    /// # Errors
    /// As [`super::Degradation::apply`]; unknown names and settings.
    pub fn apply(&self, pair: &mut Pair) -> Result<(), DegradeError> {
        self.build()?.degradation.apply(pair, self.rng())
    }
}

impl Record {
    /// Applies all steps to a pair whose sides are the same clean image.
    ///
    /// # Errors
    /// As [`super::Degradation::apply`]; unknown names and settings.
    pub fn apply(&self, pair: &mut Pair) -> Result<(), DegradeError> {
        self.start(pair);
        for number in 0.. {
            let Some(step) = self.step(number) else { break };
            step.apply(pair)?;
            self.follow(number, pair);
        }
        self.finish(pair)
    }

    /// Before all steps: crops both sides to multiples of the scale. An image with a side below the scale is
    /// not cropped.
    pub(super) fn start(&self, pair: &mut Pair) {
        let scale = self.scale.max(1) as usize;
        let (width, height) = (pair.lq.width(), pair.lq.height());
        let (x1, y1) = (width / scale * scale, height / scale * scale);
        if (x1, y1) != (width, height) && x1 > 0 && y1 > 0 {
            let window = Window { x0: 0, y0: 0, x1, y1 };
            *pair = Pair { lq: pair.lq.cut(window), gt: pair.gt.cut(window) };
        }
    }

    /// The steps of both lists in sequence.
    pub(super) fn step(&self, number: usize) -> Option<&Applied> {
        self.clean.iter().chain(&self.degrade).nth(number)
    }

    /// After a step: copies the result of a `clean` step to the clean side.
    pub(super) fn follow(&self, number: usize, pair: &mut Pair) {
        if number < self.clean.len() {
            pair.gt = pair.lq.clone();
        }
    }

    /// After all steps: rounds the degraded side and checks its size.
    ///
    /// # Errors
    /// When the size of the degraded side does not match the scale.
    pub(super) fn finish(&self, pair: &mut Pair) -> Result<(), DegradeError> {
        to_depth(&mut pair.lq, Depth::Int(self.depth.clamp(1, 16)), |v| v);
        let (width, height) = (pair.lq.width(), pair.lq.height());
        let scale = self.scale.max(1) as usize;
        let (gt_width, gt_height) = (pair.gt.width(), pair.gt.height());
        if (width * scale, height * scale) == (gt_width, gt_height) {
            return Ok(());
        }
        Err(DegradeError::Scale { width, height, gt_width, gt_height, scale: self.scale })
    }
}
