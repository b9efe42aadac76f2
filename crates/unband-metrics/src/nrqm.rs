//! NRQM (Ma's score): learned no-reference quality of upscaled images.
//!
//! Higher is better, about 0 to 10. The forests are its authors' and must be imported.

mod forest;
mod frequency;
mod global;
mod model;
mod pyramid;
mod shape;
mod spatial;

use unband_image::resize::{Axis, Beyond, gaussian};
use unband_image::{Context, Depth, Image};

use crate::field::Field;
use crate::{Better, ComparedWith, Fault, Metric, MetricError, MinSize, Score, at_least, check};

pub(crate) use model::imported;
pub use model::{MODEL, Model, Quality};

const NAME: &str = "nrqm";

/// Number of sizes at which local frequencies and spatial discontinuity are computed; each is half the
/// previous.
const SIZES: usize = 3;

/// Minimum side of an image: a quarter of it still has 5×5 blocks of 5×5 samples.
///
/// Differs: the authors' code also takes images as narrow as 45 samples if the other side is long enough.
pub(crate) const LEAST_SIDE: usize = 84;

const _: () = assert!(LEAST_SIDE >= global::LEAST_SIDE);

/// Number of features of each group.
const GROUPS: [usize; 3] = [SIZES * frequency::COUNT, global::COUNT, SIZES * spatial::COUNT];

/// Features of an image before any learned part.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Features {
    /// Local frequencies, 6 at each of three sizes.
    pub local: [f64; GROUPS[0]],
    /// Global frequencies.
    pub global: [f64; GROUPS[1]],
    /// Spatial discontinuity, 25 at each of three sizes.
    pub spatial: [f64; GROUPS[2]],
}

/// The features of an image's grey, 0.299 R + 0.587 G + 0.114 B. It is rounded like MATLAB's `rgb2gray`: to
/// integer codes of at least 8 bits; floating point is not rounded.
///
/// Memory: about 220 bytes per sample. Cost: about two seconds per megapixel on one core.
///
/// Source: C. Ma, C.-Y. Yang, X. Yang, M.-H. Yang, "Learning a no-reference quality metric for single-image
/// super-resolution", Computer Vision and Image Understanding 158, 2017; chaoma99/sr-metric `feature_all.m`.
///
/// # Errors
/// When a side is below 84 samples, the image is not RGB or grey, a sample is not finite, or when
/// cancelled.
pub fn features(image: &Image, ctx: &Context<'_>) -> Result<Features, MetricError> {
    check(NAME, image)?;
    of_grey(&grey(image), ctx)
}

/// The learned quality of an image: [`features`], then [`Model::quality`].
///
/// # Errors
/// As [`features`].
pub fn nrqm(image: &Image, model: &Model, ctx: &Context<'_>) -> Result<Quality, MetricError> {
    Ok(model.quality(&features(image, ctx)?))
}

/// MATLAB's weights: a row of the inverse of the matrix from YIQ to RGB.
const GREY: [f64; 3] = [0.298_936_021_293_775_4, 0.587_043_074_451_121_4, 0.114_020_904_255_103_36];

fn grey(image: &Image) -> Field {
    if image.planes.len() < 3 {
        return Field::plane(image, 0);
    }
    let mut out = Field::weighted(image, GREY, 0.0);
    if let Depth::Int(bits) = image.depth {
        let per_code = f64::from(Depth::Int(bits.max(8)).max_code()) / 255.0;
        out.data.iter_mut().for_each(|v| *v = (*v * per_code).round() / per_code);
    }
    out
}

/// The features of a field in 8-bit codes.
pub(crate) fn of_grey(grey: &Field, ctx: &Context<'_>) -> Result<Features, MetricError> {
    at_least(NAME, LEAST_SIDE, grey.width, grey.height)?;
    let shapes = shape::Shapes::new();
    let mut features = Features {
        local: [0.0; GROUPS[0]],
        global: global::features(grey, &shapes, ctx)?,
        spatial: [0.0; GROUPS[2]],
    };
    let mut field = Field { data: grey.data.iter().map(|v| v / 255.0).collect(), ..*grey };
    let sizes = features.local.chunks_exact_mut(frequency::COUNT);
    for (size, (local, spatial)) in sizes.zip(features.spatial.chunks_exact_mut(spatial::COUNT)).enumerate() {
        if ctx.check().is_err() {
            return Err(MetricError::from(Fault::Cancelled));
        }
        if size > 0 {
            field = halved(&field);
        }
        local.copy_from_slice(&frequency::features(&field, &shapes, ctx));
        spatial.copy_from_slice(&spatial::features(&field));
    }
    Ok(features)
}

/// Every other sample, starting with the second, after a Gaussian window of 3×3 samples and standard
/// deviation 0.5. The field is padded with black.
fn halved(field: &Field) -> Field {
    let window = gaussian(3, 0.5 * 0.5);
    let axis = |len: usize| {
        Axis::new(len, len / 2, Beyond::Repeat, |o, taps| {
            let near = (2 * o..).zip(&window).filter(|(i, _)| *i < len);
            taps.extend(near.map(|(i, weight)| (i.cast_signed(), *weight)));
        })
    };
    let half = |field: &Field| {
        let down = axis(field.height);
        let data = down.apply_f64(&field.data, field.width);
        Field { width: field.width, height: down.to(), data }.transposed()
    };
    half(&half(field))
}

fn score(image: &Image, _: Option<&Image>, ctx: &Context<'_>) -> Result<Score, MetricError> {
    check(NAME, image)?;
    at_least(NAME, LEAST_SIDE, image.width(), image.height())?;
    let model = imported(NAME, ctx)?;
    let Quality { value, groups } = nrqm(image, &model, ctx)?;
    let names = ["local_frequency", "global_frequency", "spatial_discontinuity"];
    Ok(Score { value, details: names.into_iter().zip(groups).collect() })
}

/// Registry entry.
pub const ENTRY: Metric = Metric {
    name: NAME,
    title: "Learned perceptual quality of upscaled images",
    purpose: "Upscaled images without a reference, as papers on super-resolution report it (Ma's score). Its authors' model must be imported. It does not always agree with people, least of all on degradations outside its training data.",
    better: Better::Higher,
    compared_with: ComparedWith::Nothing,
    range: "about 0 to 10",
    min_size: MinSize::Sides(LEAST_SIDE),
    network: Some(MODEL),
    source: "Ma, Yang, Yang, Yang, CVIU 158, 2017; chaoma99/sr-metric `quality_predict.m`",
    score,
    ..Metric::PLAIN
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_side_is_the_least_that_gives_all_features() {
        let blocks = |side: usize| (side / 2 / 2).div_ceil(5).pow(2);
        assert_eq!((blocks(LEAST_SIDE), blocks(LEAST_SIDE - 1)), (25, 16));
    }

    #[test]
    fn halving_keeps_every_other_sample_under_its_window() {
        let field = Field { width: 5, height: 4, data: (0..20).map(|i| f64::from(i * i)).collect() };
        let half = halved(&field);
        assert_eq!((half.width, half.height), (2, 2));
        let w = gaussian(3, 0.5 * 0.5);
        let mut want = 0.0;
        for y in 0..3 {
            for x in 0..3 {
                want += w[y] * w[x] * field.row(y)[x + 2];
            }
        }
        assert!((half.row(0)[1] - want).abs() < 1e-12);
        // The last row has no row below.
        assert!(half.row(1)[0] < field.row(3)[1]);
    }
}
