//! Shades of one hue: colours at even distances on a line, those of a tinted grey image.

/// Fewer colours are hand-picked.
const FEWEST: usize = 16;
/// Minimum step, in codes of the channel with the largest steps: below, each code is a shade.
const MIN_STEP: f64 = 1.7;
/// Minimum share of the shades between the darkest and the lightest that occur.
const OCCUPIED: f64 = 0.6;
/// Maximum distance from the line, in codes: that of a rounded colour and of rounded ends.
const FROM_LINE: f64 = 1.01;
/// Maximum mean square of the distances to the shades, in steps; colours anywhere on the line have 0.083.
const FROM_SHADE: f64 = 0.022;

/// The places of colours between the darkest (0) and the lightest one (1), and the largest difference of
/// these two in a channel, in codes; `None` if a colour is not on their line.
fn along(colours: &[[f64; 3]]) -> Option<(Vec<f64>, f64)> {
    let light = |c: &&[f64; 3]| c[0] + c[1] + c[2];
    let by_light = |a: &&[f64; 3], b: &&[f64; 3]| light(a).total_cmp(&light(b));
    let (dark, bright) = (colours.iter().min_by(by_light)?, colours.iter().max_by(by_light)?);
    let line: [f64; 3] = std::array::from_fn(|c| bright[c] - dark[c]);
    let longest = line.into_iter().fold(0.0, |most: f64, d| most.max(d.abs()));
    let square: f64 = line.iter().map(|d| d * d).sum();
    let place = |colour: &[f64; 3]| {
        let from: [f64; 3] = std::array::from_fn(|c| colour[c] - dark[c]);
        let at = (0..3).map(|c| from[c] * line[c]).sum::<f64>() / square.max(1.0);
        (0..3).all(|c| (from[c] - at * line[c]).abs() <= FROM_LINE).then_some(at)
    };
    Some((colours.iter().map(place).collect::<Option<_>>()?, longest))
}

fn listed(colours: impl Iterator<Item = [u8; 3]>) -> Option<Vec<[f64; 3]>> {
    let colours: Vec<[f64; 3]> = colours.map(|colour| colour.map(f64::from)).collect();
    (FEWEST..=256).contains(&colours.len()).then_some(colours)
}

/// Are there 16 to 256 colours, all blends of two of them?
pub(crate) fn are_blends(colours: impl Iterator<Item = [u8; 3]>) -> bool {
    listed(colours).is_some_and(|colours| along(&colours).is_some())
}

/// The step of the shades, in codes of the channel that changes most; `None` for other colours.
pub(crate) fn step(colours: impl Iterator<Item = [u8; 3]>) -> Option<f64> {
    let colours = listed(colours)?;
    let (along, longest) = along(&colours)?;
    let most = ((colours.len() - 1) as f64 / OCCUPIED).min(longest / MIN_STEP) as usize;
    let even = |steps: &usize| {
        let off = |at: &f64| (at * *steps as f64 - (at * *steps as f64).round()).powi(2);
        along.iter().map(off).sum::<f64>() <= FROM_SHADE * along.len() as f64
    };
    (colours.len() - 1..=most).find(even).map(|steps| longest / steps as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every `every`-th grey of `levels` levels, times a tint.
    fn tinted(levels: u32, every: usize, tint: [f64; 3]) -> Vec<[u8; 3]> {
        let grey = |i: u32| f64::from(i) * 255.0 / f64::from(levels - 1);
        (1..levels).step_by(every).map(|i| tint.map(|t| (grey(i) * t).round() as u8)).collect()
    }

    #[test]
    fn tinted_greys_of_few_bits_are_shades() {
        for tint in [[0.99, 0.81, 0.62], [0.57, 0.6, 0.95], [0.7, 0.7, 0.6]] {
            for levels in [32, 64] {
                let found = step(tinted(levels, 1, tint).into_iter()).expect("shades");
                let most = tint.into_iter().fold(0.0, f64::max) * 255.0 / f64::from(levels - 1);
                assert!((found / most - 1.0).abs() < 0.02, "{found} {most}");
            }
        }
    }

    #[test]
    fn tinted_greys_of_eight_bits_and_other_colours_are_none() {
        let tint = [0.99, 0.81, 0.62];
        assert_eq!(step(tinted(256, 1, tint).into_iter()), None);
        assert_eq!(step(tinted(64, 5, tint).into_iter()), None, "too few");
        let curved = (1..40u8).map(|i| [i * 3, i * 4, (u32::from(i) * u32::from(i) / 8) as u8]);
        assert_eq!(step(curved), None);
        let uneven =
            (1..40u32).map(|i| [i * i * 255 / 1600; 3].map(|v| v as u8)).map(|[r, g, b]| [r, g / 2, b / 3]);
        assert_eq!(step(uneven), None);
    }
}
