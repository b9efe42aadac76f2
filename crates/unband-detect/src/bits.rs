//! Effective bit depth of an image's samples.

use unband_image::depth::Depth;
use unband_image::image::Image;

/// Effective bit depth, and the conversion of samples to 8-bit codes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Effective {
    /// Effective bits per sample; 32 for floating point off every grid.
    pub bits: u8,
    /// Factor from samples to 8-bit codes.
    pub scale: f32,
    /// Step between neighbouring values in 8-bit full-scale codes; 0 for floating point off every grid.
    pub step_codes: f32,
}

impl Effective {
    /// All samples are 8-bit codes (or fewer bits), whatever the container.
    pub(crate) fn eight(self) -> bool {
        self.bits <= 8
    }
}

/// A way to store `bits` bits in a deeper container.
#[derive(Clone, Copy)]
struct Packing {
    bits: u8,
    /// Highest code, in the container's codes: `max` when spread, `(2^bits − 1)·2^s` when shifted.
    top: f64,
    /// Allowed rounding, in the container's codes.
    slack: f64,
}

impl Packing {
    fn holds(&self, code: f64) -> bool {
        let steps = f64::from((1u32 << self.bits) - 1);
        let k = (code * steps / self.top).round();
        (code - k * self.top / steps).abs() <= self.slack
    }
}

/// Reads every sample until all packings except the full depth are ruled out.
pub(super) fn effective(image: &Image) -> Effective {
    let plain = |bits: u8, step_codes: f32| Effective { bits, scale: 255.0, step_codes };
    let (depth, max, packings) = match image.depth {
        Depth::Int(bits) if bits <= 8 => {
            return plain(bits, 255.0 * image.depth.step());
        }
        Depth::Int(bits) => {
            let max = f64::from(image.depth.max_code());
            let mut packings = Vec::new();
            for b in 8..bits {
                // Widening by bit replication differs from an exact spread by one code at most. Half as many
                // levels, spread, are within half a code of every code around the middle.
                let slack = match bits - b {
                    1 => 0.26,
                    2 | 3 => 0.51,
                    _ => 1.01,
                };
                packings.push(Packing { bits: b, top: max, slack });
                let top = f64::from(((1u32 << b) - 1) << (bits - b));
                packings.push(Packing { bits: b, top, slack: 0.01 });
            }
            (bits, max, packings)
        }
        Depth::F32 => {
            // 16-bit values are multiples of 1/65535; the precision of `f32` near 1 is a hundredth of that.
            let packings = [8, 10, 12, 16].map(|bits| Packing { bits, top: 65535.0, slack: 0.02 }).to_vec();
            (32, 65535.0, packings)
        }
    };
    let packing = consistent(image, max, packings);
    match packing {
        None if depth == 32 => Effective { bits: 32, scale: 255.0, step_codes: 0.0 },
        None => plain(depth, 255.0 * image.depth.step()),
        Some(packing) => {
            let steps = f64::from((1u32 << packing.bits) - 1);
            let step_codes = (packing.top / max / steps * 255.0) as f32;
            let scale = if packing.bits == 8 { (steps * max / packing.top) as f32 } else { 255.0 };
            Effective { bits: packing.bits, scale, step_codes }
        }
    }
}

/// The packing with the fewest bits that is consistent with all samples of all planes.
fn consistent(image: &Image, max: f64, mut packings: Vec<Packing>) -> Option<Packing> {
    if image.is_yuv() {
        // Samples of limited range are not multiples of one code of full scale; only the declared depth is
        // known.
        return None;
    }
    for plane in &image.planes {
        for chunk in plane.data.chunks(4096) {
            packings
                .retain(|packing| chunk.iter().all(|&v| !v.is_finite() || packing.holds(f64::from(v) * max)));
            if packings.is_empty() {
                return None;
            }
        }
    }
    packings.first().copied()
}
