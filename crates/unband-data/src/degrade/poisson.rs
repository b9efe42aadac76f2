//! Poisson noise.

use unband_image::{Depth, Matrix, Rng, params, words};

use super::{Degradation, DegradeError, Pair, check_rgb};

words! {
    /// Channels that photons are counted in.
    pub(crate) enum Counted {
        /// Each channel separately.
        Independent = "independent",
        /// Luma only; its noise is added to all channels.
        Same = "same",
    }
}

params! {
    /// Settings of `poisson`.
    pub(crate) struct Poisson {
        /// Photons at white. Fewer give more noise.
        counts in "photons": f32 = 1000.0, 10.0..=1_000_000.0;
        /// `independent` draws each channel's noise, `same` draws luma's noise for all channels.
        channels: Counted = Counted::Independent;
    }
}

/// Draws Poisson numbers from the stored values, which are rounded to 8 bits first. The result is clamped to
/// black and white.
///
/// Source: `add_Poisson_noise` of cszn/BSRGAN.
impl Degradation for Poisson {
    fn apply(&self, pair: &mut Pair, rng: Rng) -> Result<(), DegradeError> {
        check_rgb(&pair.lq)?;
        pair.lq.round_to(Depth::EIGHT);
        let width = pair.lq.width().max(1);
        let counts = f64::from(self.counts);
        let counted = |v: f32, plane: u32, i: usize| {
            let place = StreamPosition { rng, plane, x: (i % width) as u32, y: (i / width) as u32 };
            (poisson(f64::from(v) * counts, place) / counts) as f32
        };
        let planes = &mut pair.lq.planes;
        match self.channels {
            Counted::Independent => {
                for (plane, number) in planes.iter_mut().zip(0..) {
                    for (i, v) in plane.data.iter_mut().enumerate() {
                        *v = counted(*v, number, i).clamp(0.0, 1.0);
                    }
                }
            }
            Counted::Same => {
                let (kr, kb) = Matrix::Bt601.weights();
                for i in 0..planes[0].data.len() {
                    let [r, g, b] = [0, 1, 2].map(|p| planes[p].data[i]);
                    let grey = Depth::EIGHT.value(Depth::EIGHT.code(kr * r + (1.0 - kr - kb) * g + kb * b));
                    let noise = counted(grey, 0, i) - grey;
                    for plane in planes.iter_mut() {
                        plane.data[i] = (plane.data[i] + noise).clamp(0.0, 1.0);
                    }
                }
            }
        }
        pair.lq.depth = Depth::F32;
        Ok(())
    }
}

/// Position in the random stream.
#[derive(Clone, Copy)]
struct StreamPosition {
    rng: Rng,
    plane: u32,
    x: u32,
    y: u32,
}

impl StreamPosition {
    /// Uniform in the open interval (0, 1).
    fn unit(self, number: u32) -> f64 {
        (f64::from(self.rng.at(number, 0x706f + self.plane, self.x, self.y)) + 0.5) / 4_294_967_296.0
    }
}

/// A Poisson number with the given mean.
///
/// Source: below 10, summation of the probabilities; above, W. Hörmann, "The transformed rejection method for
/// generating Poisson random variables", 1993, algorithm PTRS.
fn poisson(mean: f64, at: StreamPosition) -> f64 {
    if mean < 10.0 {
        let (mut left, mut chance, mut k) = (at.unit(0), (-mean).exp(), 0.0);
        while left > chance && k < 200.0 {
            left -= chance;
            k += 1.0;
            chance *= mean / k;
        }
        return k;
    }
    let (root, log) = (mean.sqrt(), mean.ln());
    let b = 0.931 + 2.53 * root;
    let a = -0.059 + 0.02483 * b;
    let inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
    let quick = 0.9277 - 3.6224 / (b - 2.0);
    for pair in 0..500 {
        let (u, v) = (at.unit(2 * pair) - 0.5, at.unit(2 * pair + 1));
        let us = 0.5 - u.abs();
        let k = ((2.0 * a / us + b) * u + mean + 0.43).floor();
        if us >= 0.07 && v <= quick {
            return k;
        }
        if k < 0.0 || (us < 0.013 && v > us) {
            continue;
        }
        if (v * inverse_alpha / (a / (us * us) + b)).ln() <= k * log - mean - log_factorial(k) {
            return k;
        }
    }
    // Reached with a probability of 10^−200.
    mean.round()
}

/// ln k!, accurate to 1e-8.
fn log_factorial(k: f64) -> f64 {
    if k < 10.0 {
        return (2..=k as u32).map(|i| f64::from(i).ln()).sum();
    }
    let x = k + 1.0;
    let over = 1.0 / (x * x);
    (x - 0.5) * x.ln() - x
        + 0.918_938_533_204_672_7
        + (1.0 / 12.0 - over * (1.0 / 360.0 - over * (1.0 / 1260.0 - over / 1680.0))) / x
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factorials_are_those_of_the_table() {
        // ln 5!, ln 10!, ln 20!, ln 100!
        for (k, want) in [
            (5.0, 4.787_491_742_782_046),
            (10.0, 15.104_412_573_075_516),
            (20.0, 42.335_616_460_753_485),
            (100.0, 363.739_375_555_563_5),
        ] {
            assert!((log_factorial(k) - want).abs() < 1e-8, "{k}");
        }
    }

    #[test]
    fn numbers_have_poissons_mean_variance_and_skewness() {
        for mean in [0.3, 4.0, 9.9, 10.1, 60.0, 2500.0] {
            let rng = Rng::new(11);
            let n = 40_000u32;
            let made: Vec<f64> = (0..n)
                .map(|i| poisson(mean, StreamPosition { rng, plane: 0, x: i % 256, y: i / 256 }))
                .collect();
            let moment =
                |p: i32, about: f64| made.iter().map(|k| (k - about).powi(p)).sum::<f64>() / f64::from(n);
            let (got, root) = (moment(1, 0.0), f64::from(n).sqrt());
            // Five standard errors of mean, variance and skewness.
            assert!((got - mean).abs() < 5.0 * (mean.sqrt() / root), "{mean}: {got}");
            let variance = moment(2, got);
            let error = ((mean + 2.0 * mean * mean) / f64::from(n)).sqrt();
            assert!((variance - mean).abs() < 5.0 * error, "{mean}: {variance}");
            let skewness = moment(3, got) / variance.powf(1.5);
            assert!(
                (skewness - 1.0 / mean.sqrt()).abs() < 5.0 * 6f64.sqrt() / root * (1.0 + 3.0 / mean),
                "{mean}: {skewness}"
            );
        }
    }
}
