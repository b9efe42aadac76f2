//! Visibility of band edge points.

use unband_image::resize::gaussian;
use unband_image::{Context, RestoreError};
use unband_simd::filters::bband;

use super::bits::by_rows;
use super::classes::{Gradients, magnitude};
use super::{Edges, LEAST_POINTS, Luma, Point, Visible};

/// Radius of the mean windows.
const REACH: usize = 4;

/// Taps of the Gaussian, and its variance in squared samples.
const TAPS: usize = 2 * REACH + 1;
const VARIANCE: f64 = 1.5 * 1.5;

/// Points with the length of the last edge through them, row by row.
fn lengths(edges: &Edges) -> Vec<(Point, u32)> {
    let mut points = Vec::new();
    for edge in edges.iter().filter(|edge| edge.len() >= LEAST_POINTS) {
        points.extend(edge.iter().map(|&point| (point, edge.len() as u32)));
    }
    points.sort_by_key(|(p, _)| (p.y, p.x));
    points.dedup_by(|later, kept| {
        let same = later.0 == kept.0;
        if same {
            kept.1 = later.1;
        }
        same
    });
    points
}

/// Means, and contrasts relative to them, of some rows.
struct Rows {
    first: usize,
    width: usize,
    means: Vec<f64>,
    contrasts: Vec<f64>,
}

impl Rows {
    fn new(luma: &Luma<'_>, rows: std::ops::Range<usize>, ctx: &Context<'_>) -> Self {
        let (width, height) = (luma.width, luma.height);
        let taps = gaussian(TAPS, VARIANCE);
        let weights: [f64; TAPS] = std::array::from_fn(|i| taps[i]);
        let (mut means, mut contrasts) = (vec![0.0; rows.len() * width], vec![0.0; rows.len() * width]);
        let mut lines: [Vec<f32>; 9] = std::array::from_fn(|_| vec![0.0; width + 2 * REACH]);
        let (mut sums, mut squares) = (vec![0.0; width + 2 * REACH], vec![0.0; width + 2 * REACH]);
        let mut square = vec![0.0; width];
        let above = |y: usize| y.saturating_sub(REACH).min(height - 1);
        for (k, line) in lines.iter_mut().enumerate().skip(1) {
            luma.padded_row(above(rows.start + k - 1), REACH, line);
        }
        let first = rows.start;
        let pieces = means.chunks_exact_mut(width).zip(contrasts.chunks_exact_mut(width));
        for (y, (mean, contrast)) in rows.zip(pieces) {
            lines.rotate_left(1);
            luma.padded_row(above(y + 2 * REACH), REACH, &mut lines[8]);
            let borrowed: [&[f32]; 9] = std::array::from_fn(|k| &lines[k][..]);
            bband::weigh_down(ctx.level, &mut sums, &mut squares, &borrowed, &weights);
            bband::weigh_along(ctx.level, mean, &sums, &weights);
            bband::weigh_along(ctx.level, &mut square, &squares, &weights);
            bband::contrast_row(ctx.level, contrast, &lines[4][REACH..], mean, &square);
        }
        Self { first, width, means, contrasts }
    }

    fn mean(&self, point: Point) -> f64 {
        self.means[(point.y as usize - self.first) * self.width + point.x as usize]
    }

    /// Mean contrast of the window around a point; rows and columns past the border repeat it.
    fn texture(&self, point: Point, height: usize) -> f64 {
        let (x, y) = (point.x as usize, point.y as usize);
        let clamped = |at: usize, below: usize| at.saturating_sub(REACH).min(below - 1);
        let mut sum = 0.0;
        for dy in 0..9 {
            let row = &self.contrasts[(clamped(y + dy, height) - self.first) * self.width..][..self.width];
            if x >= REACH && x + REACH < self.width {
                sum += row[x - REACH..=x + REACH].iter().sum::<f64>();
            } else {
                sum += (0..9).map(|dx| row[clamped(x + dx, self.width)]).sum::<f64>();
            }
        }
        sum / 81.0
    }
}

pub(super) fn visibility(
    luma: &Luma<'_>,
    edges: &Edges,
    ctx: &Context<'_>,
) -> Result<Vec<Visible>, RestoreError> {
    let (width, height) = (luma.width, luma.height);
    if (edges.width, edges.height) != (width, height) {
        return Err(super::refused("needs the edges of the same image".to_owned()));
    }
    let points = lengths(edges);
    let side = (width as f64 * height as f64).sqrt();
    let parts = by_rows(height, ctx, |rows| {
        let here = |y: usize| points.partition_point(|(p, _)| (p.y as usize) < y);
        let points = &points[here(rows.start)..here(rows.end)];
        if points.is_empty() || ctx.check().is_err() {
            return Vec::new();
        }
        let means = Rows::new(luma, rows.start.saturating_sub(REACH)..(rows.end + REACH).min(height), ctx);
        let mut gradients = Gradients::new(luma, ctx);
        let mut at = None;
        let visible = points.iter().map(|&(point, length)| {
            if at != Some(point.y) {
                gradients.go_to(point.y as usize);
                at = Some(point.y);
            }
            let x = point.x as usize;
            let contrast = magnitude(gradients.gx[x], gradients.gy[x]);
            let masks = by_luma(means.mean(point)) * by_texture(means.texture(point, height));
            Visible { point, visibility: contrast * masks * (f64::from(length) / side).sqrt() }
        });
        visible.filter(|v| v.visibility > 0.0).collect()
    });
    ctx.check()?;
    Ok(parts.concat())
}

/// Luminance masking: bright surroundings hide bands.
fn by_luma(mean: f64) -> f64 {
    if mean <= 0.0 || mean > 255.0 {
        0.0
    } else if mean <= 81.0 {
        1.0
    } else {
        1.0 - 1.6e-5 * (mean - 81.0).powi(2)
    }
}

/// Texture masking.
fn by_texture(contrast: f64) -> f64 {
    if contrast <= 0.15 { 1.0 } else { (1.0 + contrast - 0.15).powi(5).recip() }
}
