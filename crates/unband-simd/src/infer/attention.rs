//! Softmax exponentials of attention scores.
#![allow(clippy::inline_always)] // `dispatch_fused!` needs it

use crate::dispatch_fused;
use crate::infer::math::exp_of;

/// Values per step; rows of scores are a multiple of it long.
pub const LANES: usize = 16;

#[inline(always)]
fn folded(mut lanes: [f32; LANES], f: impl Fn(f32, f32) -> f32) -> f32 {
    let mut half = LANES / 2;
    while half > 0 {
        for i in 0..half {
            lanes[i] = f(lanes[i], lanes[i + half]);
        }
        half /= 2;
    }
    lanes[0]
}

#[inline(always)]
fn raise_body<const FUSED: bool>(scores: &mut [f32], bias: &[f32], step: usize, sums: &mut [f32]) {
    for ((scores, bias), sum) in scores.chunks_exact_mut(step).zip(bias.chunks_exact(step)).zip(sums) {
        let mut most = [f32::NEG_INFINITY; LANES];
        for (scores, bias) in scores.chunks_exact_mut(LANES).zip(bias.chunks_exact(LANES)) {
            for ((score, bias), most) in scores.iter_mut().zip(bias).zip(&mut most) {
                *score += bias;
                *most = if *score > *most { *score } else { *most };
            }
        }
        let most = folded(most, |a, b| if b > a { b } else { a });
        let mut parts = [0.0f32; LANES];
        for scores in scores.chunks_exact_mut(LANES) {
            for (score, part) in scores.iter_mut().zip(&mut parts) {
                *score = exp_of::<FUSED>(*score - most);
                *part += *score;
            }
        }
        *sum = folded(parts, |a, b| a + b);
    }
}

dispatch_fused! {
    /// Per row of `step` scores, a multiple of [`LANES`]: adds the bias and replaces each score by e^(score −
    /// largest); `sums` gets the sum of each row. A bias of −∞ makes padding scores 0.
    pub fn raise(level, scores: &mut [f32], bias: &[f32], step: usize, sums: &mut [f32]) = raise_body;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Level;
    use crate::test_numbers::scaled as numbers;

    #[test]
    fn weights_are_those_of_the_definition_at_every_level() {
        let (rows, step) = (5, 48);
        let mut bias = numbers(rows * step, 1, 3.0);
        bias.iter_mut().skip(40).step_by(step).for_each(|v| *v = f32::NEG_INFINITY);
        let scores = numbers(rows * step, 2, 60.0);
        let run = |level| {
            let (mut raised, mut sums) = (scores.clone(), vec![0.0; rows]);
            raise(level, &mut raised, &bias, step, &mut sums);
            (raised, sums)
        };
        let all: Vec<_> = Level::all().map(run).collect();
        assert!(all.windows(2).all(|pair| pair[0] == pair[1]));
        for (raised, sums) in all {
            for row in 0..rows {
                let all = |i: usize| f64::from(scores[row * step + i] + bias[row * step + i]);
                let sum: f64 = (0..step).map(|i| all(i).exp()).sum();
                for i in 0..step {
                    let got = f64::from(raised[row * step + i] / sums[row]);
                    assert!((got - all(i).exp() / sum).abs() < 1e-6, "{row} {i}");
                }
            }
        }
    }
}
