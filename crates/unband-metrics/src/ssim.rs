//! Structural similarity with the 11×11 Gaussian window.

use unband_image::Image;

use crate::field::{Field, gaussian};
use crate::psnr::studio_luma;
use crate::{Against, Better, Metric, MetricError, Score, both};

const C1: f64 = (0.01 * 255.0) * (0.01 * 255.0);
const C2: f64 = (0.03 * 255.0) * (0.03 * 255.0);

/// Mean SSIM of two fields in 8-bit codes: window 11×11 Gaussian of σ 1.5, biased covariance, only where the
/// whole window lies inside. −1..=1, 1 for equal fields.
///
/// Source: Wang et al., "Image Quality Assessment: From Error Visibility to Structural Similarity", 2004.
///
/// # Errors
/// When a side is below 11 samples.
pub fn ssim_field(a: &Field, b: &Field) -> Result<f64, MetricError> {
    if a.width < 11 || a.height < 11 {
        return Err(MetricError::TooSmall { metric: "ssim", needed: 11, width: a.width, height: a.height });
    }
    let kernel = gaussian(1.5, 5);
    let (w, valid) = (a.width, a.width - 10);
    // Means, mean squares and mean product, filtered down and then across.
    let mut down: [Vec<f64>; 5] = std::array::from_fn(|_| vec![0.0; w]);
    let mut across: [Vec<f64>; 5] = std::array::from_fn(|_| vec![0.0; valid]);
    let mut sum = 0.0;
    for y in 0..=a.height - 11 {
        for row in &mut down {
            row.fill(0.0);
        }
        for (k, &weight) in kernel.iter().enumerate() {
            add_row(&mut down, a.row(y + k), b.row(y + k), weight);
        }
        for (out, row) in across.iter_mut().zip(&down) {
            out.fill(0.0);
            for k in 0..5 {
                let pairs = row[k..][..valid].iter().zip(&row[10 - k..][..valid]);
                out.iter_mut().zip(pairs).for_each(|(o, (l, r))| *o += kernel[k] * (l + r));
            }
            out.iter_mut().zip(&row[5..]).for_each(|(o, v)| *o += kernel[5] * v);
        }
        let [ma, mb, saa, sbb, sab] = &across;
        for i in 0..valid {
            let (m1, m2) = (ma[i], mb[i]);
            let (v1, v2, cov) = (saa[i] - m1 * m1, sbb[i] - m2 * m2, sab[i] - m1 * m2);
            sum += (2.0 * m1 * m2 + C1) * (2.0 * cov + C2) / ((m1 * m1 + m2 * m2 + C1) * (v1 + v2 + C2));
        }
    }
    Ok(sum / (valid * (a.height - 10)) as f64)
}

/// Adds a weighted row of both pictures to the running means, mean squares and mean product.
fn add_row(down: &mut [Vec<f64>; 5], a: &[f64], b: &[f64], weight: f64) {
    let [ma, mb, saa, sbb, sab] = down;
    let n = a.len();
    let (ma, mb, saa, sbb, sab) = (&mut ma[..n], &mut mb[..n], &mut saa[..n], &mut sbb[..n], &mut sab[..n]);
    let b = &b[..n];
    for i in 0..n {
        let (x, y) = (weight * a[i], weight * b[i]);
        ma[i] += x;
        mb[i] += y;
        saa[i] += x * a[i];
        sbb[i] += y * b[i];
        sab[i] += x * b[i];
    }
}

/// SSIM per channel, then the mean over channels.
///
/// # Errors
/// When the pictures differ in size, are smaller than 11×11, or are not RGB or grey.
pub fn ssim(image: &Image, reference: &Image) -> Result<f64, MetricError> {
    let (image, reference) = both("ssim", "a reference", image, Some(reference))?;
    let n = image.planes.len().max(reference.planes.len());
    let mut sum = 0.0;
    for c in 0..n {
        let a = Field::plane(image, c.min(image.planes.len() - 1));
        let b = Field::plane(reference, c.min(reference.planes.len() - 1));
        sum += ssim_field(&a, &b)?;
    }
    Ok(sum / n as f64)
}

fn score(image: &Image, reference: Option<&Image>) -> Result<Score, MetricError> {
    let (image, reference) = both("ssim", "a reference", image, reference)?;
    ssim(image, reference).map(Score::of)
}

fn score_y(image: &Image, reference: Option<&Image>) -> Result<Score, MetricError> {
    let (image, reference) = both("ssim-y", "a reference", image, reference)?;
    ssim_field(&studio_luma(image, false), &studio_luma(reference, false)).map(Score::of)
}

/// RGB.
pub const ENTRY: Metric = Metric {
    name: "ssim",
    title: "Structural similarity, mean over channels",
    better: Better::Higher,
    against: Against::Reference,
    range: "-1..=1",
    unit: "",
    source: "Wang et al. 2004; KAIR `utils/utils_image.py`, calculate_ssim",
    score,
};

/// Luma (BT.601, studio range).
pub const ENTRY_Y: Metric = Metric {
    name: "ssim-y",
    title: "Structural similarity of luma",
    source: "Wang et al. 2004; BasicSR `metrics/psnr_ssim.py`, calculate_ssim with test_y_channel",
    score: score_y,
    ..ENTRY
};
