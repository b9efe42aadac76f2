//! Kernels of a grid-guided network's conditioning channels.
#![allow(clippy::inline_always)] // `dispatch!` needs it

use crate::dispatch;

dispatch! {
    /// Adds `factor · (to − from)`. Equal lengths.
    pub fn add_change(level, out: &mut [f32], from: &[f32], to: &[f32], factor: f32) = change_body;
    /// Triangle waves of positions in intervals: 1 at whole numbers and −1 between two, and the same wave
    /// shifted by a quarter. Equal lengths.
    pub fn waves(level, first: &mut [f32], second: &mut [f32], places: &[f32]) = waves_body;
}

#[inline(always)]
fn change_body(out: &mut [f32], from: &[f32], to: &[f32], factor: f32) {
    for ((out, from), to) in out.iter_mut().zip(from).zip(to) {
        *out += factor * (to - from);
    }
}

#[inline(always)]
fn wave(place: f32) -> f32 {
    1.0 - 4.0 * (place - place.round_ties_even()).abs()
}

#[inline(always)]
fn waves_body(first: &mut [f32], second: &mut [f32], places: &[f32]) {
    for ((first, second), &place) in first.iter_mut().zip(second).zip(places) {
        *first = wave(place);
        *second = wave(place - 0.25);
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp)] // these numbers are exact
mod tests {
    use super::*;
    use crate::Level;
    use crate::test_numbers::scaled;

    #[test]
    fn all_levels_give_equal_bits() {
        for n in [0, 1, 15, 64, 301] {
            let (places, from) = (scaled(n, 1, 900.0), scaled(n, 2, 1.0));
            let run = |level| {
                let (mut first, mut second) = (vec![0.0; n], vec![0.0; n]);
                waves(level, &mut first, &mut second, &places);
                add_change(level, &mut first, &from, &places, 0.3);
                (first, second)
            };
            for level in Level::all() {
                assert_eq!(run(level), run(Level::Scalar), "{level:?}, {n} samples");
            }
        }
    }

    #[test]
    fn waves_are_1_at_whole_numbers() {
        let (mut first, mut second) = ([0.0; 5], [0.0; 5]);
        waves(Level::best(), &mut first, &mut second, &[0.0, 0.25, -0.5, 2.5, 7.0]);
        assert_eq!(first, [1.0, 0.0, -1.0, -1.0, 1.0]);
        assert_eq!(second, [0.0, 1.0, 0.0, 0.0, 0.0]);
    }
}
