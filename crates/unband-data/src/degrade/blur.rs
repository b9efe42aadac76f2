//! Gaussian blur of one plane, for grain and sharpening.

/// Blurs a plane of `width` columns in place, edges repeated. Returns the share of white noise's variance
/// that remains. A standard deviation below 0.1 samples changes nothing.
pub(super) fn gaussian(data: &mut [f32], width: usize, sigma_px: f32) -> f32 {
    if sigma_px < 0.1 || width == 0 {
        return 1.0;
    }
    let reach = (3.0 * sigma_px).ceil() as usize;
    let mut taps: Vec<f32> =
        (0..=2 * reach).map(|i| (-0.5 * ((i as f32 - reach as f32) / sigma_px).powi(2)).exp()).collect();
    let sum: f32 = taps.iter().sum();
    for tap in &mut taps {
        *tap /= sum;
    }
    let mut line = Vec::new();
    for row in data.chunks_exact_mut(width) {
        extended(row, reach, &mut line);
        for (x, v) in row.iter_mut().enumerate() {
            *v = taps.iter().zip(&line[x..]).map(|(t, l)| t * l).sum();
        }
    }
    down(data, width, &taps);
    let one = taps.iter().map(|t| t * t).sum::<f32>();
    one * one
}

/// The vertical pass, one row of sums at a time.
fn down(data: &mut [f32], width: usize, taps: &[f32]) {
    let (height, reach) = (data.len() / width, taps.len() / 2);
    let source = data.to_vec();
    for (y, row) in data.chunks_exact_mut(width).enumerate() {
        row.fill(0.0);
        for (i, tap) in taps.iter().enumerate() {
            let from = (y + i).saturating_sub(reach).min(height - 1);
            for (v, s) in row.iter_mut().zip(&source[from * width..(from + 1) * width]) {
                *v += tap * s;
            }
        }
    }
}

/// A row padded with its end samples.
fn extended(row: &[f32], reach: usize, line: &mut Vec<f32>) {
    line.clear();
    line.extend(std::iter::repeat_n(row[0], reach));
    line.extend_from_slice(row);
    line.extend(std::iter::repeat_n(row[row.len() - 1], reach));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flat_plane_stays_and_a_point_spreads_evenly() {
        let mut flat = vec![0.25; 9 * 7];
        gaussian(&mut flat, 9, 1.3);
        assert!(flat.iter().all(|v| (v - 0.25).abs() < 1e-6));
        let mut point = vec![0.0; 31 * 31];
        point[15 * 31 + 15] = 1.0;
        let left = gaussian(&mut point, 31, 2.0);
        assert!((point.iter().sum::<f32>() - 1.0).abs() < 1e-4);
        assert!((point[15 * 31 + 11] - point[11 * 31 + 15]).abs() < 1e-7);
        // The sum of squares of the blurred point is the remaining share of white noise: 1/(4πσ²) for wide
        // blurs.
        assert!((point.iter().map(|v| v * v).sum::<f32>() - left).abs() < 1e-6);
        assert!((left - 1.0 / (16.0 * std::f32::consts::PI)).abs() < 2e-4, "{left}");
    }
}
