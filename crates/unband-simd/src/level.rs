//! Vector instruction levels and their detection.

use std::sync::OnceLock;

/// Vector instruction level, lowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Scalar code as compiled for every processor of the architecture.
    Scalar,
    /// NEON, which every 64-bit Arm processor has.
    Neon,
    /// AVX2 with BMI.
    Avx2,
    /// AVX-512 F, BW, VL, DQ, CD.
    Avx512,
}

impl Level {
    /// The highest level of this processor; the environment variable `UNBAND_SIMD` (`scalar`, `neon`, `avx2`,
    /// `avx512`) may lower it.
    pub fn best() -> Self {
        static BEST: OnceLock<Level> = OnceLock::new();
        *BEST.get_or_init(|| {
            let asked = match std::env::var("UNBAND_SIMD").as_deref() {
                Ok("scalar") => Self::Scalar,
                Ok("neon") => Self::Neon,
                Ok("avx2") => Self::Avx2,
                _ => Self::Avx512,
            };
            asked.supported()
        })
    }

    /// All levels that this processor can run, lowest first.
    pub fn all() -> impl Iterator<Item = Self> {
        [Self::Scalar, Self::Neon, Self::Avx2, Self::Avx512]
            .into_iter()
            .filter(|&level| level.supported() == level)
    }

    /// This level, or the processor's best if that is lower.
    #[must_use]
    pub fn supported(self) -> Self {
        match (self, Self::detected()) {
            // NEON is below AVX2 in order, but belongs to another architecture.
            (Self::Neon, best) if best != Self::Neon => Self::Scalar,
            (level, best) => level.min(best),
        }
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
    if cfg!(target_arch = "aarch64") { Level::Neon } else { Level::Scalar }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_of_another_architecture_becomes_one_that_there_is() {
        for level in [Level::Scalar, Level::Neon, Level::Avx2, Level::Avx512] {
            assert!(Level::all().any(|there| there == level.supported()), "{level:?}");
        }
        let arm = cfg!(target_arch = "aarch64");
        assert_eq!(Level::Neon.supported(), if arm { Level::Neon } else { Level::Scalar });
    }
}
