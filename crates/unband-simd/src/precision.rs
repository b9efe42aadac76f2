//! How products are made: in 32 bits, or in pairs of numbers of 16 bits (bfloat16) that are added up in 32.
#![allow(clippy::inline_always)] // bodies must be compiled into the functions that have the instructions

use crate::Level;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64", test))]
use crate::lanes::Lanes;

/// The numbers of which products are made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Precision {
    /// 24 significant bits.
    #[default]
    F32,
    /// Eight significant bits: twice as many products at a time.
    Bf16,
}

impl Precision {
    /// Whether the processor has instructions for it that are of the level.
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

    /// Numbers in 32 bits.
    pub(crate) fn each(self) -> usize {
        match self {
            Self::F32 => 1,
            Self::Bf16 => 2,
        }
    }

    /// Puts a number to those that are in the 32 bits already, as the so many-th.
    pub(crate) fn put(self, to: &mut f32, at: usize, v: f32) {
        match self {
            Self::F32 => *to = v,
            Self::Bf16 => *to = f32::from_bits(to.to_bits() | u32::from(nearest(v)) << (16 * at)),
        }
    }
}

/// The bfloat16 that is nearest, the even one of two, of finite numbers.
pub(crate) fn nearest(v: f32) -> u16 {
    let bits = v.to_bits();
    (bits.wrapping_add(0x7fff + (bits >> 16 & 1)) >> 16) as u16
}

/// How numbers are kept and multiplied in vectors.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64", test))]
pub(crate) trait Products<V: Lanes> {
    /// A number as it is kept.
    type Number;
    /// Numbers that are multiplied and added up in one lane.
    const EACH: usize;
    /// # Safety
    /// The pointer must lead to `V::LEN` numbers; the processor must have the instructions.
    unsafe fn keep(v: V, to: *mut Self::Number);
    /// The same `EACH` numbers in every lane.
    /// # Safety
    /// The pointer must lead to `EACH` numbers; the processor must have the instructions.
    unsafe fn repeat(from: *const Self::Number) -> V;
    /// sum + Σ a · b.
    /// # Safety
    /// The processor must have the instructions.
    unsafe fn dot(a: V, b: V, sum: V) -> V;
}

/// One number of 32 bits per lane.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64", test))]
pub(crate) struct Single;

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64", test))]
// SAFETY: the caller has the instructions, pointers lead to as many numbers as the trait says.
impl<V: Lanes> Products<V> for Single {
    type Number = f32;
    const EACH: usize = 1;
    #[inline(always)]
    unsafe fn keep(v: V, to: *mut f32) {
        unsafe { v.store(to) }
    }
    #[inline(always)]
    unsafe fn repeat(from: *const f32) -> V {
        unsafe { V::splat(*from) }
    }
    #[inline(always)]
    unsafe fn dot(a: V, b: V, sum: V) -> V {
        unsafe { a.mul_add(b, sum) }
    }
}

/// Two numbers of 16 bits per lane.
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

    // SAFETY: as of `Single`; vectors of 512 bits are of 512 bits.
    impl Products<__m512> for Half {
        type Number = u16;
        const EACH: usize = 2;
        #[inline(always)]
        unsafe fn keep(v: __m512, to: *mut u16) {
            let kept = unsafe { transmute::<__m256bh, __m256i>(_mm512_cvtneps_pbh(v)) };
            unsafe { _mm256_storeu_si256(to.cast(), kept) }
        }
        #[inline(always)]
        unsafe fn repeat(from: *const u16) -> __m512 {
            unsafe { _mm512_castsi512_ps(_mm512_set1_epi32(from.cast::<i32>().read_unaligned())) }
        }
        #[inline(always)]
        unsafe fn dot(a: __m512, b: __m512, sum: __m512) -> __m512 {
            let bits = |v| unsafe { transmute::<__m512i, __m512bh>(_mm512_castps_si512(v)) };
            unsafe { _mm512_dpbf16_ps(sum, bits(a), bits(b)) }
        }
    }
}
