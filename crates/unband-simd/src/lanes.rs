//! Abstraction over float vectors of several lengths, for kernels written once.
#![allow(clippy::inline_always)] // bodies must be compiled into the functions that have the instructions

use crate::fused;

/// A vector of floats.
pub(crate) trait Lanes: Copy {
    /// Number of floats.
    const LEN: usize;
    /// # Safety
    /// The pointer must be valid for `LEN` floats; the processor must have the instructions.
    unsafe fn load(from: *const f32) -> Self;
    /// # Safety
    /// As `load`.
    unsafe fn store(self, to: *mut f32);
    /// Stores the first floats: as many as requested, but at most `LEN`.
    /// # Safety
    /// The pointer must be valid for that many.
    #[cfg(any(target_arch = "aarch64", target_arch = "x86_64", target_feature = "simd128"))]
    #[inline(always)]
    unsafe fn store_first(self, to: *mut f32, floats: usize) {
        // SAFETY: no vector is longer, and the caller's pointer is valid for the floats written.
        unsafe {
            if floats >= Self::LEN {
                return self.store(to);
            }
            let mut all = [0.0f32; 16];
            self.store(all.as_mut_ptr());
            to.copy_from_nonoverlapping(all.as_ptr(), floats);
        }
    }
    /// # Safety
    /// The processor must have the instructions; the same applies to all below.
    unsafe fn splat(v: f32) -> Self;
    /// self · b + c, with a single rounding.
    /// # Safety
    /// As above.
    unsafe fn mul_add(self, b: Self, c: Self) -> Self;
    /// # Safety
    /// As above.
    unsafe fn add(self, b: Self) -> Self;
    /// # Safety
    /// As above.
    unsafe fn sub(self, b: Self) -> Self;
    /// Prefetches an address, which need not exist.
    /// # Safety
    /// As above.
    unsafe fn prefetch(_: *const f32) {}
}

/// Eight floats, one after the other, for processors without vectors. Needs no instructions.
#[derive(Clone, Copy)]
pub(crate) struct Eight(pub [f32; 8]);

impl Lanes for Eight {
    const LEN: usize = 8;
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller's pointer is valid for 8 floats, and arrays have the alignment of their
        // elements.
        Self(unsafe { from.cast::<[f32; 8]>().read() })
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: as above.
        unsafe { to.cast::<[f32; 8]>().write(self.0) }
    }
    #[inline(always)]
    unsafe fn splat(v: f32) -> Self {
        Self([v; 8])
    }
    #[inline(always)]
    unsafe fn mul_add(self, b: Self, c: Self) -> Self {
        Self(std::array::from_fn(|i| fused::mul_add(self.0[i], b.0[i], c.0[i])))
    }
    #[inline(always)]
    unsafe fn add(self, b: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] + b.0[i]))
    }
    #[inline(always)]
    unsafe fn sub(self, b: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] - b.0[i]))
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{
        __m256, __m512, _MM_HINT_T0, _mm_prefetch, _mm256_add_ps, _mm256_fmadd_ps, _mm256_loadu_ps,
        _mm256_set1_ps, _mm256_storeu_ps, _mm256_sub_ps, _mm512_add_ps, _mm512_fmadd_ps, _mm512_loadu_ps,
        _mm512_mask_storeu_ps, _mm512_set1_ps, _mm512_storeu_ps, _mm512_sub_ps,
    };

    use super::Lanes;

    macro_rules! lanes {
        ($vector:ty, $len:expr, $load:ident, $store:ident, $splat:ident, $fma:ident, $add:ident,
            $sub:ident $(, $more:item)?) => {
            impl Lanes for $vector {
                const LEN: usize = $len;
                #[inline(always)]
                unsafe fn load(from: *const f32) -> Self {
                    // SAFETY: the caller has the instructions, the pointer is valid for `LEN` floats.
                    unsafe { $load(from) }
                }
                #[inline(always)]
                unsafe fn store(self, to: *mut f32) {
                    // SAFETY: the caller has the instructions, the pointer is valid for `LEN` floats.
                    unsafe { $store(to, self) }
                }
                $($more)?
                #[inline(always)]
                unsafe fn splat(v: f32) -> Self {
                    // SAFETY: the caller has the instructions.
                    unsafe { $splat(v) }
                }
                #[inline(always)]
                unsafe fn mul_add(self, b: Self, c: Self) -> Self {
                    // SAFETY: the caller has the instructions.
                    unsafe { $fma(self, b, c) }
                }
                #[inline(always)]
                unsafe fn add(self, b: Self) -> Self {
                    // SAFETY: the caller has the instructions.
                    unsafe { $add(self, b) }
                }
                #[inline(always)]
                unsafe fn sub(self, b: Self) -> Self {
                    // SAFETY: the caller has the instructions.
                    unsafe { $sub(self, b) }
                }
                #[inline(always)]
                unsafe fn prefetch(from: *const f32) {
                    // SAFETY: the caller has the instructions; prefetching reads nothing.
                    unsafe { _mm_prefetch::<_MM_HINT_T0>(from.cast()) }
                }
            }
        };
    }

    lanes!(
        __m512,
        16,
        _mm512_loadu_ps,
        _mm512_storeu_ps,
        _mm512_set1_ps,
        _mm512_fmadd_ps,
        _mm512_add_ps,
        _mm512_sub_ps,
        #[inline(always)]
        unsafe fn store_first(self, to: *mut f32, floats: usize) {
            let mask = ((1u32 << floats.min(16)) - 1) as u16;
            // SAFETY: the caller has the instructions, the pointer is valid for the floats of the mask.
            unsafe { _mm512_mask_storeu_ps(to, mask, self) }
        }
    );
    lanes!(
        __m256,
        8,
        _mm256_loadu_ps,
        _mm256_storeu_ps,
        _mm256_set1_ps,
        _mm256_fmadd_ps,
        _mm256_add_ps,
        _mm256_sub_ps
    );
}

/// Vector of the kernels on 64-bit Arm: its 32 registers of 4 floats hold as much as AVX2's 16 of 8, so the
/// same blocks fit.
#[cfg(target_arch = "aarch64")]
pub(crate) type Pair = [std::arch::aarch64::float32x4_t; 2];

/// Vector of the kernels in WebAssembly, as long as AVX2's, so that its blocks of weights fit.
#[cfg(target_feature = "simd128")]
pub(crate) type Pair = [std::arch::wasm32::v128; 2];

#[cfg(target_feature = "simd128")]
mod wasm {
    use std::arch::wasm32::{f32x4_add, f32x4_mul, f32x4_splat, f32x4_sub, v128, v128_load, v128_store};

    use super::Lanes;

    impl Lanes for v128 {
        const LEN: usize = 4;
        #[inline(always)]
        unsafe fn load(from: *const f32) -> Self {
            // SAFETY: the pointer is valid for `LEN` floats.
            unsafe { v128_load(from.cast()) }
        }
        #[inline(always)]
        unsafe fn store(self, to: *mut f32) {
            // SAFETY: the pointer is valid for `LEN` floats.
            unsafe { v128_store(to.cast(), self) }
        }
        #[inline(always)]
        unsafe fn splat(v: f32) -> Self {
            f32x4_splat(v)
        }
        /// Rounded twice, as in [`crate::fused`].
        #[inline(always)]
        unsafe fn mul_add(self, b: Self, c: Self) -> Self {
            f32x4_add(f32x4_mul(self, b), c)
        }
        #[inline(always)]
        unsafe fn add(self, b: Self) -> Self {
            f32x4_add(self, b)
        }
        #[inline(always)]
        unsafe fn sub(self, b: Self) -> Self {
            f32x4_sub(self, b)
        }
    }
}

#[cfg(target_arch = "aarch64")]
mod arm {
    use std::arch::aarch64::{
        float32x4_t, vaddq_f32, vdupq_n_f32, vfmaq_f32, vld1q_f32, vst1q_f32, vsubq_f32,
    };

    use super::Lanes;

    impl Lanes for float32x4_t {
        const LEN: usize = 4;
        #[inline(always)]
        unsafe fn load(from: *const f32) -> Self {
            // SAFETY: every processor has the instructions, the pointer is valid for `LEN` floats.
            unsafe { vld1q_f32(from) }
        }
        #[inline(always)]
        unsafe fn store(self, to: *mut f32) {
            // SAFETY: every processor has the instructions, the pointer is valid for `LEN` floats.
            unsafe { vst1q_f32(to, self) }
        }
        #[inline(always)]
        unsafe fn splat(v: f32) -> Self {
            // SAFETY: every processor has the instructions.
            unsafe { vdupq_n_f32(v) }
        }
        #[inline(always)]
        unsafe fn mul_add(self, b: Self, c: Self) -> Self {
            // SAFETY: every processor has the instructions.
            unsafe { vfmaq_f32(c, self, b) }
        }
        #[inline(always)]
        unsafe fn add(self, b: Self) -> Self {
            // SAFETY: every processor has the instructions.
            unsafe { vaddq_f32(self, b) }
        }
        #[inline(always)]
        unsafe fn sub(self, b: Self) -> Self {
            // SAFETY: every processor has the instructions.
            unsafe { vsubq_f32(self, b) }
        }
    }
}

#[cfg(any(target_arch = "aarch64", target_feature = "simd128"))]
impl<V: Lanes> Lanes for [V; 2] {
    const LEN: usize = 2 * V::LEN;
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller has the instructions, the pointer is valid for `LEN` floats.
        unsafe { [V::load(from), V::load(from.add(V::LEN))] }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller has the instructions, the pointer is valid for `LEN` floats.
        unsafe {
            self[0].store(to);
            self[1].store(to.add(V::LEN));
        }
    }
    #[inline(always)]
    unsafe fn splat(v: f32) -> Self {
        // SAFETY: the caller has the instructions.
        unsafe { [V::splat(v); 2] }
    }
    #[inline(always)]
    unsafe fn mul_add(self, b: Self, c: Self) -> Self {
        // SAFETY: the caller has the instructions.
        unsafe { [self[0].mul_add(b[0], c[0]), self[1].mul_add(b[1], c[1])] }
    }
    #[inline(always)]
    unsafe fn add(self, b: Self) -> Self {
        // SAFETY: the caller has the instructions.
        unsafe { [self[0].add(b[0]), self[1].add(b[1])] }
    }
    #[inline(always)]
    unsafe fn sub(self, b: Self) -> Self {
        // SAFETY: the caller has the instructions.
        unsafe { [self[0].sub(b[0]), self[1].sub(b[1])] }
    }
}
