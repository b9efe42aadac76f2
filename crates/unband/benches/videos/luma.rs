//! Errors of stored luma relative to clean luma.

use unband_image::resize::Beyond;
use unband_image::{Depth, Image, Model, Plane};
use unband_metrics::clean::smooth_mask;
use unband_metrics::{Clean, Field, false_steps, psnr};
use unband_video::FrameFormat;

use crate::Result;

/// Frames with fewer smooth samples are not included in the results for smooth areas.
const LEAST_SMOOTH: usize = 2000;

/// Stored luma of a frame, in 8-bit codes.
pub(crate) fn of_frame(format: &FrameFormat, bytes: &[u8]) -> Result<Field> {
    let (range, (width, height)) = format.planes().into_iter().next().ok_or("a frame without planes")?;
    let bytes = &bytes[range];
    let unit = f64::from(1u32 << (format.pixels.bits - 8));
    let data = if format.pixels.sample_bytes() == 1 {
        bytes.iter().map(|&code| f64::from(code)).collect()
    } else {
        bytes.as_chunks::<2>().0.iter().map(|pair| f64::from(u16::from_le_bytes(*pair)) / unit).collect()
    };
    Ok(Field { width, height, data })
}

/// Stored luma of a frame that was read as an image.
pub(crate) fn of_image(image: &Image) -> Field {
    let plane = &image.planes[0];
    let data = plane.data.iter().map(|&v| 16.0 + 219.0 * f64::from(v)).collect();
    Field { width: plane.width, height: plane.height, data }
}

/// Limited-range luma as a grey image, for image metrics.
fn grey(luma: &Field) -> Image {
    let data = luma.data.iter().map(|v| ((v - 16.0) / 219.0) as f32).collect();
    let plane = Plane { width: luma.width, height: luma.height, data };
    Image::new(vec![plane], Model::Gray, Depth::F32)
}

/// A clean frame.
pub(crate) struct CleanFrame {
    luma: Field,
    mask: Vec<bool>,
    clean: Clean,
}

/// Mean squared errors of a frame, in 8-bit codes; those of smooth areas where there are any.
pub(crate) struct Errors {
    pub all: f64,
    pub smooth: Option<Smooth>,
}

/// Over the smooth mask of the clean frame.
pub(crate) struct Smooth {
    /// Signed mean error.
    pub mean: f64,
    pub flat: f64,
    /// Of the 5×5 means of the error.
    pub low: f64,
    /// False steps per 1,000 samples.
    pub steps: f64,
}

impl CleanFrame {
    pub(crate) fn from_luma(luma: &Field) -> Result<Self> {
        let grey_image = grey(luma);
        let mut whole = luma.clone();
        whole.data.iter_mut().for_each(|v| *v = (*v - 16.0) * 255.0 / 219.0);
        Ok(Self { luma: luma.clone(), mask: smooth_mask(&whole), clean: Clean::new(&grey_image)? })
    }

    pub(crate) fn errors(&self, luma: &Field) -> Result<Errors> {
        let mut error = luma.clone();
        error.data.iter_mut().zip(&self.luma.data).for_each(|(a, b)| *a -= b);
        let square =
            |values: &Field| values.data.iter().map(|v| v * v).sum::<f64>() / values.data.len() as f64;
        let count = self.mask.iter().filter(|&&smooth| smooth).count();
        let over = |values: &Field, of: &dyn Fn(f64) -> f64| {
            let smooth = values.data.iter().zip(&self.mask).filter(|(_, smooth)| **smooth);
            smooth.map(|(&v, _)| of(v)).sum::<f64>() / count as f64
        };
        let smooth = if count > LEAST_SMOOTH {
            let low = error.box_mean(-2..=2, -2..=2, Beyond::Mirror);
            Some(Smooth {
                mean: over(&error, &|v| v),
                flat: over(&error, &|v| v * v),
                low: over(&low, &|v| v * v),
                steps: false_steps::false_steps(&grey(luma), &self.clean)?.per_thousand,
            })
        } else {
            None
        };
        Ok(Errors { all: square(&error), smooth })
    }
}

/// Results of a video: decibels of the mean squared errors of its frames, peak 255.
#[derive(Clone, Copy)]
pub(crate) struct Totals {
    pub psnr: f64,
    pub flat: f64,
    pub low: f64,
    pub steps: f64,
}

impl Totals {
    pub(crate) fn from_frames(frames: &[Errors]) -> Self {
        let smooth: Vec<&Smooth> = frames.iter().filter_map(|frame| frame.smooth.as_ref()).collect();
        let mean =
            |of: &dyn Fn(&Smooth) -> f64| smooth.iter().map(|one| of(one)).sum::<f64>() / smooth.len() as f64;
        Self {
            psnr: psnr::from_mse(frames.iter().map(|one| one.all).sum::<f64>() / frames.len() as f64),
            flat: psnr::from_mse(mean(&|one| one.flat)),
            low: psnr::from_mse(mean(&|one| one.low)),
            steps: mean(&|one| one.steps),
        }
    }

    /// Means of several videos.
    pub(crate) fn mean(all: &[Self]) -> Self {
        let mean = |of: &dyn Fn(&Self) -> f64| all.iter().map(of).sum::<f64>() / all.len() as f64;
        Self {
            psnr: mean(&|one| one.psnr),
            flat: mean(&|one| one.flat),
            low: mean(&|one| one.low),
            steps: mean(&|one| one.steps),
        }
    }
}
