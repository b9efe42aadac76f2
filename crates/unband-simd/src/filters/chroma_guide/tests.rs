use super::*;
use crate::Level;

fn rows(seed: u32, n: usize) -> [Vec<f32>; 3] {
    let mut state = seed;
    [(); 3].map(|()| {
        (0..n)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 8) as f32 / (1 << 24) as f32
            })
            .collect()
    })
}

fn slices(rows: &[Vec<f32>; 3]) -> [&[f32]; 3] {
    rows.each_ref().map(|row| &row[..])
}

/// All results of one level.
fn all(level: Level, n: usize) -> Vec<Vec<f32>> {
    let (luma, chroma) = (rows(7, n + 2), rows(8, n + 2));
    let mut sums = [(); 5].map(|()| vec![0.0; n + 2]);
    column_sums(level, sums.each_mut().map(|row| &mut row[..]), slices(&luma), slices(&chroma));
    let sums = sums.each_ref().map(|row| &row[..]);
    let mut out = vec![vec![0.0; n]; 5];
    let [correlated, slopes, offsets, means, blur] = &mut out[..] else { unreachable!() };
    correlated_slopes(level, correlated, sums, (1e-3, 1e-4));
    lines(level, slopes, offsets, sums, 1e-3);
    let [above, here, below] = slices(&luma);
    means_of_nine(level, means, above, here, below);
    blurred(level, blur, above, here, below, 0.125, 0.25);
    out
}

#[test]
fn all_levels_give_the_same() {
    for n in [1, 7, 16, 61] {
        for level in Level::all() {
            assert_eq!(all(level, n), all(Level::Scalar, n), "{n} {level:?}");
        }
    }
}

#[test]
fn statistics_are_those_of_the_nine_samples() {
    let n = 21;
    let (luma, chroma) = (rows(7, n + 2), rows(8, n + 2));
    let found = all(Level::best(), n);
    for x in 0..n {
        let nine = |rows: &[Vec<f32>; 3]| -> Vec<f64> {
            rows.iter().flat_map(|row| row[x..x + 3].iter().map(|&v| f64::from(v))).collect()
        };
        let (l, c) = (nine(&luma), nine(&chroma));
        let mean = |v: &[f64]| v.iter().sum::<f64>() / 9.0;
        let both = |a: &[f64], b: &[f64]| {
            a.iter().zip(b).map(|(x, y)| (x - mean(a)) * (y - mean(b))).sum::<f64>() / 9.0
        };
        let (of_luma, of_chroma, cross) = (both(&l, &l), both(&c, &c), both(&l, &c));
        let slope = cross / (of_luma + 1e-3);
        let correlation = cross * cross / ((of_luma + 1e-3) * (of_chroma + 1e-4));
        let weighted = (0..9).map(|i| {
            let weight = |at: usize, side: f64| if at == 1 { 1.0 - 2.0 * side } else { side };
            weight(i % 3, 0.125) * weight(i / 3, 0.25) * l[i]
        });
        let wanted =
            [slope * correlation.sqrt(), slope, mean(&c) - slope * mean(&l), mean(&l), weighted.sum::<f64>()];
        for (found, wanted) in found.iter().zip(wanted) {
            assert!((f64::from(found[x]) - wanted).abs() < 1e-4, "{x}: {} {wanted}", found[x]);
        }
    }
}
