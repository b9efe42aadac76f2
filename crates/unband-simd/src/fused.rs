//! Fused multiply-add for processors without an instruction for it: the same bits, in several steps.
//!
//! WebAssembly has none, and the steps take ten times as long as a product and a sum, which it gets instead:
//! results of networks differ from those elsewhere by rounding.
#![allow(clippy::inline_always)] // bodies must be compiled into the functions that have the instructions

/// `a · b + c` with a single rounding.
///
/// The product of two `f32` is exact in `f64`. Their sum is rounded to odd there, so that rounding it again
/// gives the nearest `f32`. Source: Boldo & Melquiond, "Emulation of a FMA and Correctly Rounded Sums", IEEE
/// Transactions on Computers 57(4), 2008.
#[inline(always)]
pub(crate) fn mul_add(a: f32, b: f32, c: f32) -> f32 {
    if cfg!(any(target_arch = "aarch64", target_feature = "fma")) {
        return a.mul_add(b, c);
    }
    if cfg!(target_arch = "wasm32") {
        return a * b + c;
    }
    let (product, c) = (f64::from(a) * f64::from(b), f64::from(c));
    let sum = product + c;
    let back = sum - product;
    // Rounding error of the sum; NaN where the sum is not finite.
    let error = (product - (sum - back)) + (c - back);
    let bits = sum.to_bits();
    let toward = 1 - 2 * ((bits ^ error.to_bits()) >> 63).cast_signed();
    let even = error.abs() > 0.0 && bits & 1 == 0;
    f64::from_bits(bits.wrapping_add_signed(toward * i64::from(even))) as f32
}

/// `a · b + c` with a single rounding, by the instruction where `FUSED` is set.
#[inline(always)]
pub(crate) fn mul_add_by<const FUSED: bool>(a: f32, b: f32, c: f32) -> f32 {
    if FUSED { a.mul_add(b, c) } else { mul_add(a, b, c) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_numbers::random as numbers;

    #[test]
    fn sums_have_the_bits_of_the_instruction() {
        let mut random = 1u64;
        let mut next = move || {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            f32::from_bits((random >> 32) as u32)
        };
        let same = |a: f32, b: f32, c: f32| {
            let (got, want) = (mul_add(a, b, c), a.mul_add(b, c));
            let equal = got.to_bits() == want.to_bits() || (got.is_nan() && want.is_nan());
            assert!(equal, "{a:e} · {b:e} + {c:e}: {got:e} instead of {want:e}");
        };
        for _ in 0..200_000 {
            let (a, b, c) = (next(), next(), next());
            same(a, b, c);
            // Near halves of the last bit, where a second rounding would go wrong.
            let product = (f64::from(a) * f64::from(b)) as f32;
            same(a, b, -product);
            same(a, b, product * 16_777_216.0);
            same(a, b, f32::from_bits(product.to_bits() ^ 0x8c00_0000));
        }
        let (a, b, c) = (numbers(100_000, 1), numbers(100_000, 2), numbers(100_000, 3));
        a.iter().zip(&b).zip(&c).for_each(|((&a, &b), &c)| same(a, b, c));
        let edges = [0.0, -0.0, 1.0, f32::MAX, f32::MIN_POSITIVE, 1e-45, f32::INFINITY, f32::NAN, -1.5];
        for a in edges {
            for b in edges {
                for c in edges {
                    same(a, b, c);
                }
            }
        }
    }
}
