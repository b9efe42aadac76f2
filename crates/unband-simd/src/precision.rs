//! Arithmetic precision of products: 32 bits, or pairs of 16-bit values (bfloat16) accumulated in 32 bits.
#![allow(clippy::inline_always)] // bodies must be compiled into the functions that have the instructions

use crate::Level;
use crate::lanes::Lanes;

/// Precision of the factors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Precision {
    /// 24 significant bits.
    #[default]
    F32,
    /// Eight significant bits: twice as many products per instruction.
    Bf16,
}

impl Precision {
    /// Whether the processor has the instructions for it at this level.
    pub fn supported(self, level: Level) -> bool {
        match self {
            Self::F32 => true,
            #[cfg(target_arch = "x86_64")]
            Self::Bf16 => level.supported() == Level::Avx512 && is_x86_feature_detected!("avx512bf16"),
            #[cfg(not(target_arch = "x86_64"))]
            Self::Bf16 => {
                let _ = level;
                false
            }
        }
    }

    /// Values per 32 bits.
    pub(crate) fn each(self) -> usize {
        match self {
            Self::F32 => 1,
            Self::Bf16 => 2,
        }
    }

    /// Stores a value as number `at` of those that share 32 bits.
    pub(crate) fn put(self, to: &mut f32, at: usize, v: f32) {
        match self {
            Self::F32 => *to = v,
            Self::Bf16 => *to = f32::from_bits(to.to_bits() | u32::from(nearest(v)) << (16 * at)),
        }
    }
}

/// The nearest bfloat16 of a finite value, ties to even.
pub(crate) fn nearest(v: f32) -> u16 {
    let bits = v.to_bits();
    (bits.wrapping_add(0x7fff + (bits >> 16 & 1)) >> 16) as u16
}

/// Storage and multiplication of values in vectors.
pub(crate) trait Products<V: Lanes> {
    /// A stored value.
    type Number;
    /// Values that are multiplied and added up in one lane.
    const EACH: usize;
    /// # Safety
    /// The pointer must be valid for `V::LEN` values; the processor must have the instructions.
    unsafe fn keep(v: V, to: *mut Self::Number);
    /// The same `EACH` values in every lane.
    /// # Safety
    /// The pointer must be valid for `EACH` values; the processor must have the instructions.
    unsafe fn repeat(from: *const Self::Number) -> V;
    /// sum + Σ a · b.
    /// # Safety
    /// The processor must have the instructions.
    unsafe fn dot(a: V, b: V, sum: V) -> V;
}

/// One 32-bit value per lane.
pub(crate) struct Single;

impl<V: Lanes> Products<V> for Single {
    type Number = f32;
    const EACH: usize = 1;
    #[inline(always)]
    unsafe fn keep(v: V, to: *mut f32) {
        // SAFETY: the caller has the instructions, the pointer is valid for `V::LEN` values.
        unsafe { v.store(to) }
    }
    #[inline(always)]
    unsafe fn repeat(from: *const f32) -> V {
        // SAFETY: the caller has the instructions, the pointer is valid for a value.
        unsafe { V::splat(*from) }
    }
    #[inline(always)]
    unsafe fn dot(a: V, b: V, sum: V) -> V {
        // SAFETY: the caller has the instructions.
        unsafe { a.mul_add(b, sum) }
    }
}

/// Two 16-bit values per lane.
#[cfg(any(target_arch = "x86_64", test))]
pub(crate) struct Half;

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{
        __m256bh, __m256i, __m512, __m512bh, __m512i, _mm256_storeu_si256, _mm512_castps_si512,
        _mm512_castsi512_ps, _mm512_cvtneps_pbh, _mm512_dpbf16_ps, _mm512_set1_epi32,
    };
    use std::mem::transmute;

    use super::{Half, Products};

    impl Products<__m512> for Half {
        type Number = u16;
        const EACH: usize = 2;
        #[inline(always)]
        unsafe fn keep(v: __m512, to: *mut u16) {
            // SAFETY: the caller has the instructions; both types have 256 bits.
            let kept = unsafe { transmute::<__m256bh, __m256i>(_mm512_cvtneps_pbh(v)) };
            // SAFETY: the pointer is valid for 16 values of 16 bits.
            unsafe { _mm256_storeu_si256(to.cast(), kept) }
        }
        #[inline(always)]
        unsafe fn repeat(from: *const u16) -> __m512 {
            // SAFETY: the caller has the instructions, the pointer is valid for two values of 16 bits.
            unsafe { _mm512_castsi512_ps(_mm512_set1_epi32(from.cast::<i32>().read_unaligned())) }
        }
        #[inline(always)]
        unsafe fn dot(a: __m512, b: __m512, sum: __m512) -> __m512 {
            // SAFETY: the caller has the instructions; both types have 512 bits.
            let bits = |v| unsafe { transmute::<__m512i, __m512bh>(_mm512_castps_si512(v)) };
            // SAFETY: the caller has the instructions.
            unsafe { _mm512_dpbf16_ps(sum, bits(a), bits(b)) }
        }
    }
}
