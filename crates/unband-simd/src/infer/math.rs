//! Elementary functions of single samples, as short polynomials that the compiler vectorises.
//!
//! Products and sums are fused, so all levels give equal bits (see [`dispatch_fused!`]). Results are within
//! two units in the last place of the true value, those of `silu` and `mish` within four and of `gelu` within
//! seven (below 2⁻¹¹⁸ of that size); a test verifies it over all sizes of arguments. Coefficients have the
//! least maximum relative error, found by iteratively reweighted least squares. Infinities and NaN give the
//! results of the formulas.
#![allow(clippy::inline_always)] // `dispatch_fused!` needs it

use std::f32::consts::LOG2_E;
use std::f64::consts::FRAC_2_PI;

use crate::dispatch_fused;
use crate::fused::mul_add_by as mul_add;

/// `c[0] + x · (c[1] + x · (…))`.
#[inline(always)]
fn polynomial<const FUSED: bool, const N: usize>(x: f32, c: [f32; N]) -> f32 {
    c[..N - 1].iter().rev().fold(c[N - 1], |sum, &c| mul_add::<FUSED>(sum, x, c))
}

/// ln 2 in two parts: the first has so few bits that whole multiples of it are exact.
const LN_2: [f32; 2] = [0.693_145_75, 1.428_606_8e-6];

/// Adding it rounds to an integer in the lowest bits.
const ROUND: f32 = 12_582_912.0;

/// e^(x + rest); `rest` is much smaller than 1.
#[inline(always)]
fn exp_of_sum<const FUSED: bool>(x: f32, rest: f32) -> f32 {
    // Beyond these the result is infinite or zero; comparisons let NaN pass.
    let x = if x > 89.0 { 89.0 } else { x };
    let x = if x < -104.0 { -104.0 } else { x };
    let shifted = mul_add::<FUSED>(x, LOG2_E, ROUND);
    let whole = shifted - ROUND;
    let power = shifted.to_bits().wrapping_sub(ROUND.to_bits()).cast_signed();
    let x = mul_add::<FUSED>(-whole, LN_2[0], x) + mul_add::<FUSED>(-whole, LN_2[1], rest);
    let tail = [0.499_999_94, 0.166_665_21, 0.041_668_39, 0.008_368_735, 0.001_381_456];
    let near = 1.0 + mul_add::<FUSED>(x * x, polynomial::<FUSED, 5>(x, tail), x);
    // In two steps, as 2^power may exceed the float range where the result does not.
    let half = power >> 1;
    near * two_to(half) * two_to(power.wrapping_sub(half))
}

/// 2^power within the range of normal floats.
#[inline(always)]
fn two_to(power: i32) -> f32 {
    f32::from_bits((power.wrapping_add(127) << 23).cast_unsigned())
}

#[inline(always)]
pub(crate) fn exp_of<const FUSED: bool>(x: f32) -> f32 {
    exp_of_sum::<FUSED>(x, 0.0)
}

#[inline(always)]
pub(crate) fn tanh_of<const FUSED: bool>(x: f32) -> f32 {
    let square = x * x;
    let tail = [-0.333_332_8, 0.133_314_42, -0.053_739_72, 0.020_639_097, -0.005_704_996];
    let near = mul_add::<FUSED>(x * square, polynomial::<FUSED, 5>(square, tail), x);
    let far = (1.0 - 2.0 / (exp_of::<FUSED>(2.0 * x.abs()) + 1.0)).copysign(x);
    if x.abs() < 0.625 { near } else { far }
}

/// Computed from e^−|x|, which does not overflow.
#[inline(always)]
fn sigmoid_of<const FUSED: bool>(x: f32) -> f32 {
    let small = exp_of::<FUSED>(-x.abs());
    let above = if x < 0.0 { small } else { 1.0 };
    above / (1.0 + small)
}

/// The normal distribution function below x: erfc(|x| / √2) / 2 is e^(−x² / 2) times a polynomial in 1 / (1 +
/// 0.35 |x|).
#[inline(always)]
fn normal_share<const FUSED: bool>(x: f32) -> f32 {
    const TAIL: [f32; 9] = [
        0.139_621_3,
        0.139_863_54,
        0.119_821_146,
        0.105_553_11,
        -0.023_213_914,
        0.159_322_11,
        -0.255_841_26,
        0.144_032_06,
        -0.029_158_132,
    ];
    // Further out it is zero or one.
    let far = if x.abs() > 14.5 { 14.5 } else { x.abs() };
    let t = 1.0 / mul_add::<FUSED>(far, 0.35, 1.0);
    // The square in two parts: its error would be multiplied by x² / 2.
    let square = far * far;
    let rest = mul_add::<FUSED>(far, far, -square);
    let outside = exp_of_sum::<FUSED>(-0.5 * square, -0.5 * rest) * (t * polynomial::<FUSED, 9>(t, TAIL));
    if x < 0.0 { outside } else { 1.0 - outside }
}

/// π / 2 in two parts; integer multiples of the first are exact as long as arguments are.
const HALF_PI: [f64; 2] = [1.570_796_325_802_803, 9.920_935_796_805_404e-10];

/// Larger arguments fall back to the standard library.
const LARGE: f32 = 8_388_608.0;

#[inline(always)]
fn sin_of(x: f32) -> f32 {
    const ROUND: f64 = 6_755_399_441_055_744.0;
    // A function call where the processor has no instruction.
    let mul_add = f64::mul_add;
    let x = f64::from(x);
    let shifted = mul_add(x, FRAC_2_PI, ROUND);
    let (quarters, whole) = (shifted.to_bits(), shifted - ROUND);
    let x = mul_add(-whole, HALF_PI[1], mul_add(-whole, HALF_PI[0], x));
    let square = x * x;
    let sine = mul_add(square, -0.000_195_152_147_094_126_02, 0.008_332_160_316_812_784);
    let sine = mul_add(square, sine, -0.166_666_546_027_735_45);
    let sine = mul_add(x * square, sine, x);
    let cosine = mul_add(square, 2.443_308_251_681_174_8e-5, -0.001_388_731_561_418_404_6);
    let cosine = mul_add(square, cosine, 0.041_666_645_670_098_056);
    let cosine = mul_add(square, mul_add(square, cosine, -0.5), 1.0);
    let value = if quarters & 1 == 0 { sine } else { cosine };
    (if quarters & 2 == 0 { value } else { -value }) as f32
}

#[inline(always)]
fn exp_body<const FUSED: bool>(row: &mut [f32]) {
    for v in row {
        *v = exp_of::<FUSED>(*v);
    }
}

#[inline(always)]
fn tanh_body<const FUSED: bool>(row: &mut [f32]) {
    for v in row {
        *v = tanh_of::<FUSED>(*v);
    }
}

#[inline(always)]
fn sigmoid_body<const FUSED: bool>(row: &mut [f32]) {
    for v in row {
        *v = sigmoid_of::<FUSED>(*v);
    }
}

#[inline(always)]
fn silu_body<const FUSED: bool>(row: &mut [f32]) {
    for v in row {
        *v *= sigmoid_of::<FUSED>(*v);
    }
}

/// With n = eˣ (eˣ + 2), tanh(ln(1 + eˣ)) is n / (n + 2): 1 in 32 bits from x = 20 on.
#[inline(always)]
fn mish_body<const FUSED: bool>(row: &mut [f32]) {
    for v in row {
        let e = exp_of::<FUSED>(v.min(20.0));
        let n = mul_add::<FUSED>(e, e, e + e);
        *v *= n / (n + 2.0);
    }
}

#[inline(always)]
fn gelu_body<const FUSED: bool>(row: &mut [f32]) {
    for v in row {
        *v *= normal_share::<FUSED>(*v);
    }
}

#[inline(always)]
fn sin_body<const FUSED: bool>(row: &mut [f32]) {
    for few in row.chunks_mut(64) {
        if few.iter().fold(true, |small, v| small & (v.abs() <= LARGE)) {
            for v in few {
                *v = sin_of(*v);
            }
        } else {
            for v in few {
                *v = if v.abs() <= LARGE { sin_of(*v) } else { v.sin() };
            }
        }
    }
}

dispatch_fused! {
    /// e^v.
    pub fn exp(level, row: &mut [f32]) = exp_body;
    /// Hyperbolic tangent.
    pub fn tanh(level, row: &mut [f32]) = tanh_body;
    /// 1 / (1 + e^−v).
    pub fn sigmoid(level, row: &mut [f32]) = sigmoid_body;
    /// v / (1 + e^−v).
    pub fn silu(level, row: &mut [f32]) = silu_body;
    /// v · tanh(ln(1 + e^v)).
    pub fn mish(level, row: &mut [f32]) = mish_body;
    /// v · (1 + erf(v / √2)) / 2.
    pub fn gelu(level, row: &mut [f32]) = gelu_body;
    /// Sine of radians.
    pub fn sin(level, row: &mut [f32]) = sin_body;
}

#[cfg(test)]
#[allow(clippy::float_cmp)] // these numbers are exact
mod tests;
