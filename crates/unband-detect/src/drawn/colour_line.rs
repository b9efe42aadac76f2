//! Share of the variance of colours along one line.

/// Share of the variance of colours that is along their longest axis, 0.33 to 1: a tinted gradient has nearly
/// all. `colours`: packed red, green and blue, with their numbers of pixels. 1 for one colour.
pub(super) fn line_share(colours: impl Iterator<Item = (u32, u32)>) -> f64 {
    // Whole numbers: the order of colours does not matter.
    let (mut pixels, mut sums, mut products) = (0u64, [0u64; 3], [[0u64; 3]; 3]);
    for (colour, count) in colours {
        let (code, count) = ([16, 8, 0].map(|shift| u64::from(colour >> shift & 255)), u64::from(count));
        pixels += count;
        for i in 0..3 {
            sums[i] += count * code[i];
            (0..3).for_each(|j| products[i][j] += count * code[i] * code[j]);
        }
    }
    let n = pixels.max(1) as f64;
    let mean = sums.map(|sum| sum as f64 / n);
    let spread: [[f64; 3]; 3] =
        std::array::from_fn(|i| std::array::from_fn(|j| products[i][j] as f64 / n - mean[i] * mean[j]));
    let all = spread[0][0] + spread[1][1] + spread[2][2];
    if all < 1e-6 {
        return 1.0;
    }
    // The largest eigenvalue, by powers from the channel that varies most.
    let most = (0..3).max_by(|&a, &b| spread[a][a].total_cmp(&spread[b][b])).unwrap_or(0);
    let (mut axis, mut length) = (spread[most], 0.0);
    for _ in 0..32 {
        length = axis.iter().map(|v| v * v).sum::<f64>().sqrt();
        let unit = axis.map(|v| v / length);
        axis = std::array::from_fn(|i| (0..3).map(|j| spread[i][j] * unit[j]).sum());
    }
    length / all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tint_is_a_line_and_a_rainbow_is_none() {
        let tint = (0..200u32).map(|v| (v * 0x1_0000 + v / 2 * 0x100 + v / 4, 1 + v % 3));
        assert!(line_share(tint) > 0.999);
        let rainbow = (0..256u32).map(|v| (v * 0x1_0000 + (255 - v) * 0x100 + v.abs_diff(128) * 2 % 256, 1));
        assert!((0.6..0.9).contains(&line_share(rainbow)));
        let corners = [0xff_0000, 0xff00, 0xff].map(|colour| (colour, 7));
        assert!((line_share(corners.into_iter()) - 0.5).abs() < 1e-3);
        assert!((line_share([(0x12_3456, 9)].into_iter()) - 1.0).abs() < 1e-9);
    }
}
