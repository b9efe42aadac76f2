//! Traces of lossy coding: blockiness and loss of fine noise.

use unband_image::Window;

use super::jpeg::blockiness;
use super::planes::{LazyPlane, UNIT, Windows};

/// Traces of lossy coding in the flat parts of luma.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Coding {
    /// Frequency of small steps on the borders of 8×8 blocks relative to elsewhere; 1 for none.
    pub blockiness: f64,
    /// Unevenness over 12 samples relative to that over 3, in flat windows: about 2.4 in a photo, whose noise
    /// is finer than that, 3.5 to 5 after a codec, which drops the fine noise and leaves steps between its
    /// blocks, deblocked or not. `None` where too little is flat.
    pub coarseness: Option<f64>,
}

/// Step of luma in clean 8-bit video, in 8-bit codes.
pub(super) const CLEAN_STEP: f64 = 1.25;
/// Number of samples that is enough.
const ENOUGH: usize = 350_000;
/// Maximum range of a flat window, in 1/64 codes.
const FLAT: i32 = 230;
/// Spacing of the three windows in the second difference, in samples.
const APART: usize = 6;

impl Coding {
    /// Measures a plane of luma, in codes of the full range.
    pub(crate) fn measure(luma: &LazyPlane<'_>) -> Self {
        let squares = luma.squares(ENOUGH);
        Self { blockiness: blockiness(luma, &squares), coarseness: coarseness(luma, &squares) }
    }

    /// Are the traces of a lossy codec visible?
    pub(crate) fn visible(self) -> bool {
        self.blockiness >= 1.15 || self.coarseness.is_some_and(|c| c >= 3.9)
    }

    /// Are steps slightly more frequent on block borders than elsewhere, in luma or in chroma? Gradients
    /// without noise are as coarse as coded ones, but have no preferred position. `trace`: the result of
    /// [`Coding::trace`].
    pub(crate) fn favours_blocks(self, trace: f64) -> bool {
        self.blockiness >= 1.03 || trace - self.step(false) >= 0.12
    }

    /// Do both features agree that there was a codec?
    pub(crate) fn surely(self) -> bool {
        self.blockiness >= 1.15 && self.coarseness.is_none_or(|c| c >= 3.0)
    }

    /// The typical step that coding left in luma, in 8-bit codes: 1.25 for clean 8-bit video, 2 to 3 for
    /// coded.
    ///
    /// `smooth` may move samples by this step. Compared with fixed values on nine sets of codec frames.
    pub(crate) fn step(self, known_lossy: bool) -> f64 {
        let blocks = self.blockiness.clamp(1.05, 2.0) - 1.05;
        let least = if known_lossy { 1.5 } else { CLEAN_STEP };
        match self.coarseness {
            Some(c) => (CLEAN_STEP + 0.72 * (c + blocks - 2.6)).clamp(least, 3.0),
            None if self.blockiness >= 1.15 || known_lossy => 2.0,
            None => CLEAN_STEP,
        }
    }

    /// Strength of a codec's traces, in codes, for comparison with a limit: the step, plus the excess of
    /// small steps on the borders of chroma's 8×8 blocks at half size. A 4:2:0 codec smooths chroma most.
    ///
    /// The weight was fitted on frames of four codecs and on 8-bit video, both from photos kept for training.
    pub(crate) fn trace(self, chroma: [&LazyPlane<'_>; 2]) -> f64 {
        let uneven = |plane: &LazyPlane<'_>| blockiness(plane, &plane.squares(ENOUGH)).max(0.5);
        let both = (uneven(chroma[0]) * uneven(chroma[1])).sqrt();
        self.step(false) + 2.0 * (both - 1.0).clamp(0.0, 1.5)
    }
}

fn coarseness(luma: &LazyPlane<'_>, squares: &[Window]) -> Option<f64> {
    let (mut fine, mut windows_seen) = (0i64, 0i64);
    let (mut coarse, mut triples) = (0i64, 0i64);
    let most = (8 * UNIT).pow(2);
    let mut windows = Windows::default();
    for &square in squares {
        luma.windows(square, &mut windows);
        let w = windows.width;
        for (&range, &deviation) in windows.range.iter().zip(&windows.deviation) {
            let flat = i64::from(i32::from(range) < FLAT);
            fine += flat * i64::from(i32::from(deviation).pow(2));
            windows_seen += flat;
        }
        for (mean, &range) in windows.mean.iter_mut().zip(&windows.range) {
            if i32::from(range) >= FLAT {
                *mean = i16::MIN;
            }
        }
        let mut take = |a: &[i16], b: &[i16], c: &[i16]| {
            for ((&a, &b), &c) in a.iter().zip(b).zip(c) {
                let d = i32::from(a) - 2 * i32::from(b) + i32::from(c);
                let square = d.wrapping_mul(d);
                // A window that is not flat makes the difference larger than the limit.
                let counts = a.min(b).min(c) != i16::MIN && square < most;
                coarse += if counts { i64::from(square) } else { 0 };
                triples += i64::from(counts);
            }
        };
        for y in 0..windows.rows {
            let row = |y: usize| &windows.mean[y * w..][..w];
            if w > 2 * APART {
                let here = row(y);
                take(&here[..w - 2 * APART], &here[APART..w - APART], &here[2 * APART..]);
            }
            if y + 2 * APART < windows.rows {
                take(row(y), row(y + APART), row(y + 2 * APART));
            }
        }
    }
    if windows_seen < 1000 || triples < 600 {
        return None;
    }
    let rms = |sum: i64, n: i64| (sum as f64 / n as f64).sqrt();
    // The noise is bounded below: otherwise any coarse structure in a noise-free image would look coded.
    Some(rms(coarse, triples) / rms(fine, windows_seen).max(0.1 * f64::from(UNIT)))
}
