//! Record of the degradations applied to one image.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use unband_image::{Depth, ParamKind, Rng, Window};

use super::entry::{Configured, DegradationEntry};
use super::{DegradeError, Pair};

/// All random draws for an image. Applied to the same clean image it gives the same pair, given equal
/// versions of the programs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct DegradationRecord {
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

/// One step with its parameters.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "StepRecord", into = "StepRecord")]
pub struct Applied {
    entry: &'static DegradationEntry,
    seed: u32,
    degradation: Arc<dyn Configured>,
}

/// A step in JSON.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StepRecord {
    /// Name of the degradation.
    #[serde(rename = "use")]
    name: String,
    /// Random seed.
    seed: u32,
    /// All its settings.
    settings: BTreeMap<String, Setting>,
}

impl From<Applied> for StepRecord {
    fn from(step: Applied) -> Self {
        Self { name: step.name().to_owned(), seed: step.seed, settings: step.settings() }
    }
}

impl TryFrom<StepRecord> for Applied {
    type Error = DegradeError;

    fn try_from(stored: StepRecord) -> Result<Self, DegradeError> {
        let texts = stored.settings.iter().map(|(name, value)| (name, value.to_string()));
        Self::from_texts(&stored.name, stored.seed, texts)
    }
}

impl PartialEq for Applied {
    fn eq(&self, other: &Self) -> bool {
        let same = self.seed == other.seed && self.name() == other.name();
        same && self.degradation.texts() == other.degradation.texts()
    }
}

/// The value of a parameter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
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
    fn new(kind: ParamKind, text: &str) -> Self {
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
    /// A step.
    pub fn new(entry: &'static DegradationEntry, seed: u32, degradation: Box<dyn Configured>) -> Self {
        Self { entry, seed, degradation: degradation.into() }
    }

    /// A step with settings from text, in order; for parsers.
    ///
    /// # Errors
    /// An unknown name or an invalid setting.
    pub fn from_texts<N: AsRef<str>, T: AsRef<str>>(
        name: &str,
        seed: u32,
        settings: impl IntoIterator<Item = (N, T)>,
    ) -> Result<Self, DegradeError> {
        let entry = crate::degradation(name).ok_or_else(|| DegradeError::Unknown(name.to_owned()))?;
        Ok(Self::new(entry, seed, entry.from_texts(settings)?))
    }

    /// Name of the degradation.
    pub fn name(&self) -> &'static str {
        self.entry.name
    }

    /// All its settings, defaults included.
    pub fn settings(&self) -> BTreeMap<String, Setting> {
        let texts = self.degradation.texts().into_iter().zip(self.entry.params);
        texts.map(|((name, text), info)| (name.to_owned(), Setting::new(info.kind, &text))).collect()
    }

    /// Applies the step to a pair.
    ///
    /// # Errors
    /// As [`Degradation::apply`](super::Degradation::apply).
    pub fn apply(&self, pair: &mut Pair) -> Result<(), DegradeError> {
        self.degradation.apply(pair, Rng::new(u64::from(self.seed)))
    }
}

impl DegradationRecord {
    /// These steps on the degraded side, at 8 bits and the size of the clean side.
    pub fn from_applied(degrade: Vec<Applied>) -> Self {
        Self { names: Vec::new(), clean: Vec::new(), degrade, depth: 8, scale: 1 }
    }

    /// Applies all steps to a pair whose sides are the same clean image.
    ///
    /// # Errors
    /// As [`Degradation::apply`](super::Degradation::apply).
    pub fn apply(&self, pair: &mut Pair) -> Result<(), DegradeError> {
        self.crop(pair);
        for step in &self.clean {
            step.apply(pair)?;
            pair.gt = pair.lq.clone();
        }
        self.degrade.iter().try_for_each(|step| step.apply(pair))?;
        self.finish(pair)
    }

    /// Before all steps: crops both sides to multiples of the scale. An image with a side below the scale is
    /// not cropped.
    fn crop(&self, pair: &mut Pair) {
        let scale = self.scale.max(1) as usize;
        let (width, height) = (pair.lq.width(), pair.lq.height());
        let (x1, y1) = (width / scale * scale, height / scale * scale);
        if (x1, y1) != (width, height) && x1 > 0 && y1 > 0 {
            let window = Window { x0: 0, y0: 0, x1, y1 };
            *pair = Pair { lq: pair.lq.cut(window), gt: pair.gt.cut(window) };
        }
    }

    /// After all steps: rounds the degraded side and checks its size.
    ///
    /// # Errors
    /// When the size of the degraded side does not match the scale.
    fn finish(&self, pair: &mut Pair) -> Result<(), DegradeError> {
        pair.lq.round_to(Depth::Int(self.depth.clamp(1, 16)));
        let (width, height) = (pair.lq.width(), pair.lq.height());
        let scale = self.scale.max(1) as usize;
        let (gt_width, gt_height) = (pair.gt.width(), pair.gt.height());
        if (width * scale, height * scale) == (gt_width, gt_height) {
            return Ok(());
        }
        Err(DegradeError::Scale { width, height, gt_width, gt_height, scale: self.scale })
    }
}
