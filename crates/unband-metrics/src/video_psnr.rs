//! PSNR of video frames in their stored planes, as reported by encoders and `FFmpeg`.
//!
//! Unlike [`psnr`](crate::psnr), it compares luma and chroma as stored, in codes of the reference's depth.
//! The peak is the largest code: 255, 1023 and so on, also for limited range. A video has two such values,
//! [`Global`] and the mean of its frames.

use unband_image::dither::Grid;
use unband_image::{Context, Depth, Image};

use crate::{Better, ComparedWith, Domain, Fault, Metric, MetricError, Score, finite, same_size};

/// Differences between the planes of two frames.
#[derive(Clone, Debug, PartialEq)]
pub struct Errors {
    /// Sum of squared differences in codes of the reference, and number of samples, per plane.
    planes: Vec<(f64, usize)>,
    peak: f64,
}

impl Errors {
    /// Compares the first `count` planes. Samples of another depth or range are first scaled to the codes of
    /// the reference, without rounding.
    ///
    /// # Errors
    /// When the colour models, sizes or chroma samplings differ, or samples are not finite.
    pub fn new(image: &Image, reference: &Image, count: usize) -> Result<Self, MetricError> {
        let (model, other) = (image.color.model, reference.color.model);
        if std::mem::discriminant(&model) != std::mem::discriminant(&other) {
            return Err(Fault::Models(model, other).of(NAME));
        }
        let bits = reference.depth.bits().min(16);
        let mut planes = Vec::new();
        for (p, (a, b)) in image.planes.iter().zip(&reference.planes).take(count).enumerate() {
            same_size(NAME, (a.width, a.height), (b.width, b.height))?;
            finite(NAME, a)?;
            finite(NAME, b)?;
            let (from, to) = (Codes::new(image, p), Codes::new(reference, p));
            // Converts a code of the image to codes of the reference.
            let factor = to.scale / from.scale;
            let differences = a.data.iter().zip(&b.data).map(|(&a, &b)| {
                let apart = from.steps(a) * factor - to.steps(b);
                apart * apart
            });
            planes.push((differences.sum(), a.data.len()));
        }
        Ok(Self { planes, peak: f64::from(Depth::Int(bits).max_code()) })
    }

    /// PSNR of one plane in dB; infinite for equal planes, `None` for a missing plane.
    pub fn plane(&self, plane: usize) -> Option<f64> {
        self.planes.get(plane).map(|&(sum, count)| self.psnr(sum, count))
    }

    /// PSNR over all samples in dB: large planes have more weight.
    pub fn all(&self) -> f64 {
        let (sum, count) =
            self.planes.iter().fold((0.0, 0), |(sum, count), plane| (sum + plane.0, count + plane.1));
        self.psnr(sum, count)
    }

    fn psnr(&self, sum: f64, count: usize) -> f64 {
        10.0 * (self.peak * self.peak * count as f64 / sum).log10()
    }
}

/// Conversion of a plane's samples to codes above its zero, rounded for integer depths: `f32` stores them
/// with a rounding error.
struct Codes {
    scale: f64,
    zero: f64,
    whole: bool,
}

impl Codes {
    fn new(image: &Image, plane: usize) -> Self {
        let grid = Grid::of_bits(image.color.model, plane, image.depth.bits().min(16));
        let whole = matches!(image.depth, Depth::Int(_));
        Self { scale: f64::from(grid.scale), zero: f64::from(grid.zero), whole }
    }

    fn steps(&self, sample: f32) -> f64 {
        let code = f64::from(sample) * self.scale + self.zero;
        (if self.whole { code.round() } else { code }) - self.zero
    }
}

/// PSNR in dB of the mean squared error of frames, from their PSNRs: x264's "global", the "average" of
/// `FFmpeg`'s filter `psnr`. Equal frames have an error of 0; without frames there is no value.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Global {
    error: f64,
    frames: usize,
}

impl Global {
    /// Adds a frame by its PSNR.
    pub fn put(&mut self, psnr: f64) {
        self.error += 10f64.powf(-psnr / 10.0);
        self.frames += 1;
    }

    /// The value in dB; infinite where all frames are equal.
    pub fn psnr(&self) -> Option<f64> {
        (self.frames > 0).then(|| -10.0 * (self.error / self.frames as f64).log10())
    }
}

/// Whether this is one of the metrics of this module, whose frames are combined by [`Global`].
pub fn is_one(metric: &Metric) -> bool {
    metric.source == ALL.source
}

/// The value of one of these metrics from known errors.
pub fn value(metric: &Metric, errors: &Errors) -> Option<f64> {
    match [Y, U, V, R, G, B].iter().position(|plane| plane.name == metric.name) {
        Some(plane) => errors.plane(plane % 3),
        None => Some(errors.all()),
    }
}

const NAME: &str = "video-psnr";

fn score(image: &Image, reference: Option<&Image>, _: &Context<'_>) -> Result<Score, MetricError> {
    errors(image, reference).map(|errors| Score::from_value(errors.all()))
}

fn score_plane<const PLANE: usize>(
    image: &Image,
    reference: Option<&Image>,
    _: &Context<'_>,
) -> Result<Score, MetricError> {
    let got = image.planes.len();
    let missing = Fault::Planes { model: image.color.model, needed: PLANE + 1, got }.of(NAME);
    errors(image, reference)?.plane(PLANE).map(Score::from_value).ok_or(missing)
}

fn errors(image: &Image, reference: Option<&Image>) -> Result<Errors, MetricError> {
    let reference = reference.ok_or(Fault::Missing("a reference").of(NAME))?;
    Errors::new(image, reference, usize::MAX)
}

/// All planes together.
pub const ALL: Metric = Metric {
    name: NAME,
    title: "PSNR of video frames over all planes as stored",
    purpose: "PSNR as reported by encoders; for a video the PSNR of the mean error of all frames, as in FFmpeg's filter psnr.",
    better: Better::Higher,
    domain: Domain::Video,
    compared_with: ComparedWith::Reference,
    range: "0 and more, infinite for equal frames",
    unit: "dB",
    source: "FFmpeg `libavfilter/vf_psnr.c`",
    score,
    ..Metric::PLAIN
};

const fn plane(name: &'static str, title: &'static str, score: crate::ScoreFn) -> Metric {
    Metric { name, title, purpose: "The same for one plane alone.", score, ..ALL }
}

/// All metrics of this module.
pub(crate) const ENTRIES: &[Metric] = &[ALL, Y, U, V, R, G, B];

const Y: Metric = plane("video-psnr-y", "PSNR of a video's luma", score_plane::<0>);
const U: Metric = plane("video-psnr-u", "PSNR of a video's blue difference", score_plane::<1>);
const V: Metric = plane("video-psnr-v", "PSNR of a video's red difference", score_plane::<2>);
const R: Metric = plane("video-psnr-r", "PSNR of a video's red", score_plane::<0>);
const G: Metric = plane("video-psnr-g", "PSNR of a video's green", score_plane::<1>);
const B: Metric = plane("video-psnr-b", "PSNR of a video's blue", score_plane::<2>);

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
