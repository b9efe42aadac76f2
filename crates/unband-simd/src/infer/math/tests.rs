use super::*;
use crate::Level;

type Kernel = fn(Level, &mut [f32]);
/// Name, function, reference, power of two whose last place applies to smaller results, and maximum error
/// in units.
type Case = (&'static str, Kernel, fn(f64) -> f64, i32, f64);

/// Floats of both signs and every size: every 8209th of all of them.
fn all_sizes() -> Vec<f32> {
    (0..u32::MAX / 8209).map(|i| f32::from_bits(i * 8209)).filter(|v| !v.is_nan()).collect()
}

/// The largest error, in units in the last place of the true value, or of 2^least where it is smaller.
fn worst(level: Level, kernel: Kernel, truth: fn(f64) -> f64, least: i32, arguments: &[f32]) -> (f64, f32) {
    let mut row = arguments.to_vec();
    kernel(level, &mut row);
    let mut worst = (0.0, 0.0);
    for (&x, &got) in arguments.iter().zip(&row) {
        let want = truth(f64::from(x));
        if want.abs() > f64::from(f32::MAX) || want.is_nan() {
            // An overflowing result is infinite, except in the last place before that.
            let near = want.abs() < f64::from(f32::MAX) * (1.0 + 1e-6);
            assert!(
                near || f64::from(got) == want as f32 as f64 || got.is_nan() && want.is_nan(),
                "{x}: {got}, {want}"
            );
            continue;
        }
        let exponent = ((want.abs().to_bits() >> 52) as i32 - 1023).max(least);
        let off = (f64::from(got) - want).abs() / 2f64.powi(exponent - 23);
        if off.is_nan() || off > worst.0 {
            worst = (off, x);
        }
    }
    worst
}

/// The complementary error function to about 1e-13: a series near 0, a continued fraction far from it.
fn erfc(z: f64) -> f64 {
    if z < 0.0 {
        return 2.0 - erfc(-z);
    }
    if z < 2.0 {
        let (mut term, mut sum) = (z, z);
        for n in 1..80 {
            term *= -z * z / f64::from(n);
            sum += term / f64::from(2 * n + 1);
        }
        return 1.0 - sum * std::f64::consts::FRAC_2_SQRT_PI;
    }
    let fraction = (1..200).rev().fold(z, |below, n| z + f64::from(n) / 2.0 / below);
    (-z * z).exp() / fraction * std::f64::consts::FRAC_2_SQRT_PI / 2.0
}

#[test]
fn results_are_near_the_truth_for_arguments_of_every_size() {
    let mut arguments = all_sizes();
    arguments.extend((-40_000..40_000).map(|i| i as f32 * 0.003));
    arguments.extend((0..4000).map(|i| i as f32 * std::f32::consts::FRAC_PI_2));
    let sigmoid_truth = |x: f64| 1.0 / (1.0 + (-x).exp());
    let kinds: [Case; 7] = [
        ("exp", exp, f64::exp, -126, 2.0),
        ("tanh", tanh, f64::tanh, -126, 2.0),
        ("sigmoid", sigmoid, sigmoid_truth, -126, 2.0),
        ("sin", sin, f64::sin, -126, 1.0),
        ("silu", silu, |x| x / (1.0 + (-x).exp()), -118, 4.0),
        ("mish", mish, |x| x * x.exp().ln_1p().tanh(), -118, 4.0),
        ("gelu", gelu, |x| 0.5 * x * erfc(-x / std::f64::consts::SQRT_2), -118, 7.0),
    ];
    for (name, kernel, truth, least, most) in kinds {
        for level in [Level::Scalar, Level::best()] {
            let (off, at) = worst(level, kernel, truth, least, &arguments);

            assert!(off <= most, "{name}: {off} units at {at}");
        }
    }
}

#[test]
fn ends_of_the_range_come_out_as_the_formulas_say() {
    let of = |kernel: Kernel, x: f32| {
        let mut row = [x];
        kernel(Level::best(), &mut row);
        row[0]
    };
    let (top, none) = (f32::INFINITY, f32::NEG_INFINITY);
    assert!([of(exp, top), of(exp, none), of(exp, 0.0)] == [top, 0.0, 1.0]);
    assert!([of(tanh, top), of(tanh, none)] == [1.0, -1.0]);
    assert!([of(sigmoid, top), of(sigmoid, none), of(sigmoid, 0.0)] == [1.0, 0.0, 0.5]);
    assert!([of(silu, top), of(mish, top), of(gelu, top), of(gelu, 0.0)] == [top, top, top, 0.0]);
    for kernel in [exp, tanh, sigmoid, silu, mish, gelu, sin] {
        assert!(of(kernel, f32::NAN).is_nan());
    }
    assert!(of(sin, top).is_nan() && of(silu, none).is_nan() && of(gelu, none).is_nan());
}

#[test]
fn levels_give_equal_bits() {
    let mut arguments: Vec<f32> = all_sizes().into_iter().step_by(37).collect();
    arguments.extend([f32::NAN, 0.5, -0.5]);
    for kernel in [exp, tanh, sigmoid, silu, mish, gelu, sin] {
        let of = |level| {
            let mut row = arguments.clone();
            kernel(level, &mut row);
            row.into_iter().map(|v| if v.is_nan() { u32::MAX } else { v.to_bits() }).collect::<Vec<_>>()
        };
        let all: Vec<_> = Level::all().map(of).collect();
        assert!(all.windows(2).all(|pair| pair[0] == pair[1]));
    }
}
