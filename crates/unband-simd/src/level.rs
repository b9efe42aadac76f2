//! Which vector instructions to use.

use std::sync::OnceLock;

/// Vector instructions, from none to most. Elsewhere than on x86-64 the compiler's baseline (which includes
/// NEON on 64-bit Arm) is called `Scalar` too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// What every processor of the architecture has.
    Scalar,
    /// AVX2 with BMI.
    Avx2,
    /// AVX-512 F, BW, VL, DQ, CD.
    Avx512,
}

impl Level {
    /// The most that this processor has; the variable `UNBAND_SIMD` (`scalar`, `avx2`, `avx512`) may lower it.
    pub fn best() -> Self {
        static BEST: OnceLock<Level> = OnceLock::new();
        *BEST.get_or_init(|| {
            let asked = match std::env::var("UNBAND_SIMD").as_deref() {
                Ok("scalar") => Self::Scalar,
                Ok("avx2") => Self::Avx2,
                _ => Self::Avx512,
            };
            asked.min(Self::detected())
        })
    }

    /// All levels that this processor can run, lowest first.
    pub fn all() -> impl Iterator<Item = Self> {
        [Self::Scalar, Self::Avx2, Self::Avx512].into_iter().filter(|&level| level <= Self::detected())
    }

    /// This level, or the processor's best if that is lower.
    #[must_use]
    pub fn supported(self) -> Self {
        self.min(Self::detected())
    }

    fn detected() -> Self {
        static DETECTED: OnceLock<Level> = OnceLock::new();
        *DETECTED.get_or_init(detect)
    }
}

#[cfg(target_arch = "x86_64")]
fn detect() -> Level {
    let avx2 = is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("bmi1")
        && is_x86_feature_detected!("bmi2");
    let avx512 = is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512cd");
    match (avx2, avx512) {
        (true, true) => Level::Avx512,
        (true, false) => Level::Avx2,
        _ => Level::Scalar,
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn detect() -> Level {
    Level::Scalar
}
