//! What was done to one image.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use unband_image::{Depth, ParamKind, Rng, Window};

use super::entry::{Built, CODER, Speed};
use super::program::Coder;
use super::{DegradeError, Pair, to_depth};

/// Everything that was drawn for an image. Applied to the same clean image it gives the same pair, with equal
/// versions of the programs that run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Names of the steps and groups that were drawn.
    pub names: Vec<String>,
    /// Done to both sides, in order.
    pub clean: Vec<Applied>,
    /// Done to the degraded side, in order.
    pub degrade: Vec<Applied>,
    /// Bits that the degraded side is rounded to in the end.
    pub depth: u8,
    /// How many times smaller the degraded side becomes. Above 1 both sides lose what is too much for a multiple of it on the right
    /// and below, before anything is done.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub scale: u32,
}

fn one() -> u32 {
    1
}

#[allow(clippy::trivially_copy_pass_by_ref)] // as serde calls it
fn is_one(scale: &u32) -> bool {
    *scale == 1
}

/// One step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Applied {
    /// The degradation.
    #[serde(rename = "use")]
    pub name: String,
    /// Seed of its noise.
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
    /// From the text of a parameter of that kind.
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
    /// A step with all its settings spelled out.
    ///
    /// # Errors
    /// An unknown name or a setting that cannot be used.
    pub fn new(name: &str, seed: u32, settings: &[(String, String)]) -> Result<Self, DegradeError> {
        let entry = crate::degradation(name).ok_or_else(|| DegradeError::Unknown(name.to_owned()))?;
        let all = entry.build(settings)?.settings;
        let settings = all
            .iter()
            .zip(entry.params)
            .map(|((name, text), info)| ((*name).to_owned(), Setting::of(info.kind, text)));
        Ok(Self { name: name.to_owned(), seed, settings: settings.collect() })
    }

    /// Does it start a program?
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

    /// Does it to a pair.
    ///
    /// # Errors
    /// As [`super::Degradation::apply`]; names and settings that there are not.
    pub fn apply(&self, pair: &mut Pair) -> Result<(), DegradeError> {
        self.build()?.degradation.apply(pair, self.rng())
    }
}

impl Record {
    /// Does it all to a pair of twice the same clean image.
    ///
    /// # Errors
    /// As [`super::Degradation::apply`]; names and settings that there are not.
    pub fn apply(&self, pair: &mut Pair) -> Result<(), DegradeError> {
        self.start(pair);
        for number in 0.. {
            let Some(step) = self.step(number) else { break };
            step.apply(pair)?;
            self.follow(number, pair);
        }
        self.finish(pair)
    }

    /// What is due before all steps: sides that are multiples of the scale. An image with less than that on a side stays as it is.
    pub(super) fn start(&self, pair: &mut Pair) {
        let scale = self.scale.max(1) as usize;
        let (width, height) = (pair.lq.width(), pair.lq.height());
        let (x1, y1) = (width / scale * scale, height / scale * scale);
        if (x1, y1) != (width, height) && x1 > 0 && y1 > 0 {
            let window = Window { x0: 0, y0: 0, x1, y1 };
            *pair = Pair { lq: pair.lq.cut(window), gt: pair.gt.cut(window) };
        }
    }

    /// The steps of both lists, one after the other.
    pub(super) fn step(&self, number: usize) -> Option<&Applied> {
        self.clean.iter().chain(&self.degrade).nth(number)
    }

    /// What is due after a step: the clean side gets what was done to it.
    pub(super) fn follow(&self, number: usize, pair: &mut Pair) {
        if number < self.clean.len() {
            pair.gt = pair.lq.clone();
        }
    }

    /// What is due in the end.
    ///
    /// # Errors
    /// When the degraded side has another size than the scale says.
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
