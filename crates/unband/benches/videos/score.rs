//! Scores of videos compared with their clean clips.

use std::fmt;
use std::path::Path;

use unband::Context;
use unband_image::Image;
use unband_image::resize::Beyond;
use unband_metrics::{Clean, Fault, Field, MetricError, false_steps, flat_psnr, psnr};

use crate::Result;
use crate::tools::Decoded;

/// Every n-th frame is scored; flicker needs the one before too.
pub(crate) const EVERY: usize = 4;
/// A sample whose clean value changes by this many 8-bit codes per frame is not static.
const STILL: f32 = 0.3;

/// Means over a video.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Scores {
    psnr: f64,
    flat: f64,
    /// As `flat`, for the 5×5 means of the error.
    low: f64,
    steps: f64,
    /// Only for videos with static areas.
    flicker: Option<f64>,
}

impl Scores {
    /// Means over several videos.
    pub(crate) fn mean(all: &[Self]) -> Self {
        let mean = |of: &dyn Fn(&Self) -> f64| all.iter().map(of).sum::<f64>() / all.len() as f64;
        let flicker: Vec<f64> = all.iter().filter_map(|scores| scores.flicker).collect();
        Self {
            psnr: mean(&|s| s.psnr),
            flat: mean(&|s| s.flat),
            low: mean(&|s| s.low),
            steps: mean(&|s| s.steps),
            flicker: (!flicker.is_empty()).then(|| flicker.iter().sum::<f64>() / flicker.len() as f64),
        }
    }
}

impl fmt::Display for Scores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2} | {:.2} | {:.2} | {:.1} | ", self.psnr, self.flat, self.low, self.steps)?;
        match self.flicker {
            Some(flicker) => write!(f, "{flicker:.3}"),
            None => write!(f, "–"),
        }
    }
}

/// A clean clip.
pub(crate) struct Reference {
    frames: Vec<(Image, Clean)>,
}

impl Reference {
    pub(crate) fn from_path(path: &Path) -> Result<Self> {
        let prepare = |image: Image| {
            Ok::<_, MetricError>((Clean::new(&image)?, image)).map(|(clean, image)| (image, clean))
        };
        let frames = frames(path)?.into_iter().map(prepare).collect::<std::result::Result<_, _>>()?;
        Ok(Self { frames })
    }

    pub(crate) fn score(&self, path: &Path) -> Result<Scores> {
        let file = frames(path)?;
        if file.len() != self.frames.len() {
            return Err(format!("{} frames instead of {}", file.len(), self.frames.len()).into());
        }
        let mut all = Vec::new();
        for (image, (clean, mask)) in file.iter().zip(&self.frames).step_by(EVERY) {
            let smooth = |result: std::result::Result<f64, MetricError>| match result {
                Ok(value) => Ok(Some(value)),
                Err(MetricError { fault: Fault::TooFew { .. }, .. }) => Ok(None),
                Err(error) => Err(error),
            };
            all.push((
                psnr::ENTRY.score(image, Some(clean), &Context::default())?.value.min(100.0),
                smooth(flat_psnr::flat_psnr(image, mask))?.map(|db| db.min(100.0)),
                smooth(false_steps::false_steps(image, mask).map(|steps| steps.per_thousand))?,
                low(image, clean, mask),
            ));
        }
        let mean = |values: Vec<f64>| values.iter().sum::<f64>() / values.len().max(1) as f64;
        Ok(Scores {
            psnr: mean(all.iter().map(|one| one.0).collect()),
            flat: mean(all.iter().filter_map(|one| one.1).collect()),
            steps: mean(all.iter().filter_map(|one| one.2).collect()),
            low: mean(all.iter().filter_map(|one| one.3).collect()),
            flicker: self.flicker(&file),
        })
    }

    /// Mean frame-to-frame change of the error where the clean video is smooth and static, in 8-bit codes of
    /// green, which is most of luma.
    fn flicker(&self, file: &[Image]) -> Option<f64> {
        let (mut sum, mut count) = (0.0, 0u64);
        for (pair, clean) in file.windows(2).zip(self.frames.windows(2)) {
            let plane = |image: &Image, i: usize| image.planes[1].data[i];
            for (i, _) in clean[1].1.mask().iter().enumerate().filter(|&(_, &smooth)| smooth) {
                let (before, after) = (plane(&clean[0].0, i), plane(&clean[1].0, i));
                if 255.0 * (after - before).abs() < STILL {
                    let change = (plane(&pair[1], i) - after) - (plane(&pair[0], i) - before);
                    sum += 255.0 * f64::from(change.abs());
                    count += 1;
                }
            }
        }
        (count > 100_000).then(|| sum / count as f64)
    }
}

/// PSNR of the 5×5 mean of the luma error where the clean frame is smooth: the level error of smooth areas.
fn low(image: &Image, clean: &Image, mask: &Clean) -> Option<f64> {
    let (mut error, before) = (Field::luma(image), Field::luma(clean));
    error.data.iter_mut().zip(&before.data).for_each(|(a, b)| *a -= b);
    let error = error.box_mean(-2..=2, -2..=2, Beyond::Mirror);
    let smooth = error.data.iter().zip(mask.mask()).filter(|(_, smooth)| **smooth);
    let sum: f64 = smooth.map(|(v, _)| v * v).sum();
    let enough = mask.smooth_samples() > flat_psnr::LEAST_SAMPLES;
    enough.then(|| psnr::from_mse(sum / mask.smooth_samples() as f64).min(100.0))
}

/// All frames as RGB.
fn frames(path: &Path) -> Result<Vec<Image>> {
    let file = Decoded::from_path(path)?;
    let read = |bytes: &Vec<u8>| Ok(file.format.read(bytes)?.into_rgb(&Context::default())?);
    file.frames.iter().map(read).collect()
}
