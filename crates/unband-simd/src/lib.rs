//! SIMD kernels on slices. The only crate of unband with `unsafe`, behind safe functions.
//!
//! Every function has one scalar body as its reference. Vector versions give the same bits for integers and
//! for everything with a fixed order of operations; the tests verify this.
//!
//! Unchecked loops rely on checks before them. Sizes come from untrusted callers, so the checks saturate: a
//! size too large for `usize` exceeds any slice, and never wraps to a small one.

/// Sources and licences of constants in the kernels.
pub const NOTICE: &str = include_str!("../NOTICE.txt");

mod bound;
pub mod detect;
pub mod filters;
mod fused;
pub mod image;
pub mod infer;
pub mod io;
pub mod jobs;
mod lanes;
mod level;
pub mod metrics;
mod precision;
#[cfg(test)]
mod test_numbers;
pub mod train;

pub use bound::Bound;
pub use level::Level;
pub use precision::Precision;

/// Compiles one body for each level and selects one at run time.
///
/// The body is an ordinary `#[inline(always)]` function; the compiler vectorises it for each instruction set.
/// As Rust neither reorders nor fuses floating-point operations, all versions give equal bits.
///
/// ```
/// #[inline(always)]
/// fn double_body(out: &mut [f32], a: &[f32]) {
///     out.iter_mut().zip(a).for_each(|(o, a)| *o = 2.0 * a);
/// }
///
/// unband_simd::dispatch! {
///     /// Doc of the public function; the first argument is always the level.
///     pub fn double(level, out: &mut [f32], a: &[f32]) = double_body;
/// }
///
/// let mut out = [0.0; 3];
/// double(unband_simd::Level::best(), &mut out, &[1.0, 2.0, 3.0]);
/// assert_eq!(out, [2.0, 4.0, 6.0]);
/// ```
#[macro_export]
#[doc(hidden)]
macro_rules! dispatch {
    ($( $(#[$meta:meta])* $visible:vis fn $name:ident(level
        $(, $arg:ident : $ty:ty)* $(,)?) $(-> $ret:ty)? = $body:path; )*) => {$(
        $(#[$meta])*
        #[allow(clippy::too_many_arguments)]
        $visible fn $name(level: $crate::Level $(, $arg: $ty)*) $(-> $ret)? {
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512cd,avx2,bmi1,bmi2")]
                fn avx512($($arg: $ty),*) $(-> $ret)? { $body($($arg),*) }
                #[target_feature(enable = "avx2,bmi1,bmi2")]
                fn avx2($($arg: $ty),*) $(-> $ret)? { $body($($arg),*) }
                match level.supported() {
                    // SAFETY: `supported` never exceeds the detected features of the processor.
                    $crate::Level::Avx512 => return unsafe { avx512($($arg),*) },
                    // SAFETY: as above.
                    $crate::Level::Avx2 => return unsafe { avx2($($arg),*) },
                    $crate::Level::Scalar | $crate::Level::Neon => {}
                }
            }
            // On 64-bit Arm this is NEON: it is part of the baseline.
            let _ = level;
            $body($($arg),*)
        }
    )*};
}

/// As [`dispatch!`], for bodies `f::<FUSED>(…)` with fused multiply-add, by the instruction where `FUSED` is
/// set. All versions give equal bits.
#[macro_export]
#[doc(hidden)]
macro_rules! dispatch_fused {
    ($( $(#[$meta:meta])* pub fn $name:ident(level
        $(, $arg:ident : $ty:ty)* $(,)?) $(-> $ret:ty)? = $body:ident; )*) => {$(
        $(#[$meta])*
        pub fn $name(level: $crate::Level $(, $arg: $ty)*) $(-> $ret)? {
            #[cfg(target_arch = "x86_64")]
            if $crate::infer::conv::fused(level) {
                #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512cd,avx2,bmi1,bmi2,fma")]
                fn avx512($($arg: $ty),*) $(-> $ret)? { $body::<true>($($arg),*) }
                #[target_feature(enable = "avx2,bmi1,bmi2,fma")]
                fn avx2($($arg: $ty),*) $(-> $ret)? { $body::<true>($($arg),*) }
                return if level.supported() == $crate::Level::Avx512 {
                    // SAFETY: `supported` never exceeds the detected features of the processor, `fused` found
                    // FMA.
                    unsafe { avx512($($arg),*) }
                } else {
                    // SAFETY: as above; `fused` levels have AVX2.
                    unsafe { avx2($($arg),*) }
                };
            }
            #[cfg(target_arch = "aarch64")]
            if $crate::infer::conv::fused(level) {
                return $body::<true>($($arg),*);
            }
            let _ = level;
            $body::<false>($($arg),*)
        }
    )*};
}
