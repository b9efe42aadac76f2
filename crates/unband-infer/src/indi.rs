//! Iterative inference: inversion by direct iteration.

use std::num::NonZeroU32;

use num_traits::Float;

/// Moves from a degraded image to a clean one in `steps` steps of equal length.
///
/// `run` takes an image and a time `t` from 1 (degraded) down and returns the network's estimate of the clean
/// image. At time t, a step of δ = 1 / steps covers δ / t of the distance to it: x ← δ/t · run(x, t) + (1 −
/// δ/t) · x. The last step covers all of the distance. One step is one run at t = 1.
///
/// Source: Delbracio & Milanfar, "Inversion by Direct Iteration", arXiv 2303.11435; ksasso1028/indi-debanding
/// `utils/indi.py`. Differs: the times are exact; the original rounds them to 32 bits.
///
/// # Errors
/// The error of `run`.
pub fn sample<T: Float, E>(
    image: Vec<T>,
    steps: NonZeroU32,
    run: impl FnMut(&[T], T) -> Result<Vec<T>, E>,
) -> Result<Vec<T>, E> {
    let number = |n: u32| T::from(n).unwrap_or_else(T::one);
    let step = |left: u32| (number(left) / number(steps.get()), T::one() / number(left));
    follow(image, (1..=steps.get()).rev().map(step), run)
}

/// [`sample`] with custom times, each with the share of the distance to the estimate that the step covers.
///
/// # Errors
/// The error of `run`.
pub fn follow<T: Float, E>(
    mut image: Vec<T>,
    steps: impl IntoIterator<Item = (T, T)>,
    mut run: impl FnMut(&[T], T) -> Result<Vec<T>, E>,
) -> Result<Vec<T>, E> {
    for (t, share) in steps {
        let estimate = run(&image, t)?;
        for (x, estimate) in image.iter_mut().zip(estimate) {
            *x = if share == T::one() { estimate } else { share * estimate + (T::one() - share) * *x };
        }
    }
    Ok(image)
}
