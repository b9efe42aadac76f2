//! BBAND index: position, visibility and overall score of band edges.
//!
//! [`unband_filters::bband`] finds and weights the edges; this module handles images, scores and maps.

use unband_filters::bband::{self, Edges, Luma, Samples, Thresholds};
use unband_image::{Context, Depth, Image, Model, Range};

use crate::field::{Field, exact};
use crate::{Better, ComparedWith, Fault, Metric, MetricError, Score, check, finite, psnr, whole};

const NAME: &str = "bband";

/// The index and its components.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bband {
    /// 0 and more, rarely above 3; higher means more banding.
    pub score: f64,
    /// Number of visible edge points.
    pub points: usize,
    /// Number of edges, including those too short to be visible.
    pub edges: usize,
    /// Sum of the visibilities of all points.
    pub visibility_sum: f64,
    /// Largest visibility.
    pub visibility_max: f64,
    /// Activity of the image: the standard deviation of its Sobel gradient, in 8-bit codes.
    pub spatial_information: f64,
}

/// The BBAND index of an image. Cost: about 0.1 µs per sample. Independent of the number of threads and the
/// instruction set.
///
/// RGB and grey images are converted to BT.601 luma in studio range, rounded to 8 bits if all samples are
/// 8-bit codes. For YUV images the luma plane is used as stored; luma of full range or of more than 8 bits is
/// converted to studio range.
///
/// Source: Z. Tu, J. Lin, Y. Wang, B. Adsumilli, A. C. Bovik, "BBAND index: a no-reference banding artifact
/// predictor", ICASSP 2020; google/bband-adaband, `src/BBAD_I.m`.
/// Differs: luma between the 8-bit codes is kept to 1/256 of a code. The original supports only 8 bits, and
/// rounding would add bands that the image does not have.
///
/// # Errors
/// When a sample is not finite, the image has more than 2³¹ samples, or when cancelled.
pub fn bband(image: &Image, ctx: &Context<'_>) -> Result<Bband, MetricError> {
    Ok(bband_with_points(image, ctx)?.0)
}

/// As [`bband()`], with the visibility of each point of a band edge, row by row.
///
/// # Errors
/// As [`bband()`].
pub fn bband_with_points(
    image: &Image,
    ctx: &Context<'_>,
) -> Result<(Bband, Vec<bband::Visible>), MetricError> {
    let owned = luma(image)?;
    let (width, height) = (image.width(), image.height());
    let samples = match &owned {
        Owned::Codes(codes) => Samples::Codes(codes),
        Owned::Fine(steps) => Samples::Fine(steps),
    };
    let luma = Luma::new(samples, width, height)
        .ok_or(Fault::Samples { got: image.planes[0].data.len(), size: (width, height) }.of(NAME))?;
    // The edges come from this image, so cancellation is the only possible error.
    let stopped = |_| MetricError::from(Fault::Cancelled);
    let edges: Edges = bband::find_edges(&luma, Thresholds::default(), ctx).map_err(stopped)?;
    let points = bband::visibility(&luma, &edges, ctx).map_err(stopped)?;
    let spatial_information = bband::spatial_information(&luma, ctx).map_err(stopped)?;
    let values = || points.iter().map(|v| v.visibility);
    let found = Bband {
        score: bband::pool(values(), spatial_information),
        points: points.len(),
        edges: edges.len(),
        visibility_sum: values().sum(),
        visibility_max: values().fold(0.0, f64::max),
        spatial_information,
    };
    Ok((found, points))
}

enum Owned {
    Codes(Vec<u8>),
    Fine(Vec<u16>),
}

/// Luma in studio range.
#[allow(clippy::float_cmp)] // codes are exact
fn luma(image: &Image) -> Result<Owned, MetricError> {
    let fine = |codes: &Field| {
        let steps = codes.data.iter().map(|v| (v * 256.0 + 0.5).clamp(0.0, 65_280.0) as u16);
        Owned::Fine(steps.collect())
    };
    let Model::Yuv { range, .. } = image.color.model else {
        check(NAME, image)?;
        let whole = |v: &f32| {
            let code = (v * 255.0 + 0.5).clamp(0.0, 255.0) as u8;
            f32::from(code) / 255.0 == *v
        };
        if image.planes.iter().all(|plane| plane.data.iter().all(whole)) {
            let codes = psnr::studio_luma(image, true).data.iter().map(|&v| v as u8).collect();
            return Ok(Owned::Codes(codes));
        }
        return Ok(fine(&psnr::studio_luma(image, false)));
    };
    whole(NAME, image)?;
    let plane = &image.planes[0];
    finite(NAME, plane)?;
    if (range, image.depth) == (Range::Limited, Depth::EIGHT) {
        let code = |v: &f32| (v * 219.0 + 16.5).clamp(0.0, 255.0) as u8;
        return Ok(Owned::Codes(plane.data.iter().map(code).collect()));
    }
    let code = exact(Depth::F32);
    let data = plane.data.iter().map(|v| code(v) * (219.0 / 255.0) + 16.0).collect();
    Ok(fine(&Field { width: plane.width, height: plane.height, data }))
}

fn score(image: &Image, _: Option<&Image>, ctx: &Context<'_>) -> Result<Score, MetricError> {
    let found = bband(image, ctx)?;
    let details = vec![
        ("edge_points", found.points as f64),
        ("edges", found.edges as f64),
        ("visibility_sum", found.visibility_sum),
        ("visibility_max", found.visibility_max),
        ("spatial_information", found.spatial_information),
    ];
    Ok(Score { value: found.score, details })
}

/// Registry entry.
pub const ENTRY: Metric = Metric {
    name: NAME,
    title: "Visibility of band edges",
    purpose: "Banding without a reference, from the visibility of band edges.",
    better: Better::Lower,
    compared_with: ComparedWith::Nothing,
    range: "0 and more, rarely above 3",
    source: "Tu, Lin, Wang, Adsumilli, Bovik, ICASSP 2020; google/bband-adaband `src/BBAD_I.m`",
    score,
    ..Metric::PLAIN
};
