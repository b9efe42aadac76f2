//! Studio-range luma codes of an image, as input of CAMBI.

use unband_image::dither::Grid;
use unband_image::{Depth, Image, Model, Range};
use unband_simd::Level;
use unband_simd::metrics::cambi::luma8_row;

use super::NAME;
use crate::{MetricError, finite};

/// An image's luma in studio range.
pub(super) enum Owned {
    Eight(Vec<u8>),
    Deep { bits: u8, codes: Vec<u16> },
}

/// Luma of any image by the rules of [`score_image`](super::score_image).
pub(super) fn studio_luma(image: &Image, level: Level) -> Result<Owned, MetricError> {
    if let Some(codes) = of_bytes(image, level) {
        return Ok(Owned::Eight(codes));
    }
    for plane in &image.planes[..if image.is_yuv() { 1 } else { image.planes.len() }] {
        finite(NAME, plane)?;
    }
    Ok(deep(image))
}

/// `None` unless all samples are 8-bit codes.
fn of_bytes(image: &Image, level: Level) -> Option<Vec<u8>> {
    let (width, height) = (image.width(), image.height());
    let mut out = vec![0; width * height];
    if let Model::Yuv { range, .. } = image.color.model {
        if image.depth != Depth::EIGHT {
            return None;
        }
        let Grid { scale, zero, .. } = Grid::of_bits(image.color.model, 0, 8);
        let studio = |code: f32| if range == Range::Full { code * (219.0 / 255.0) + 16.0 } else { code };
        let mut finite = true;
        for (out, &v) in out.iter_mut().zip(&image.planes[0].data) {
            finite &= v.is_finite();
            let code = (v * scale + zero + 0.5).floor().clamp(0.0, 255.0);
            *out = (studio(code) + 0.5) as u8;
        }
        return finite.then_some(out);
    }
    let planes = [0, 1, 2].map(|i| &image.planes[i.min(image.planes.len() - 1)]);
    for (y, out) in out.chunks_exact_mut(width).enumerate() {
        let [r, g, b] = planes.map(|plane| plane.row(y));
        if !luma8_row(level, out, r, g, b) {
            return None;
        }
    }
    Some(out)
}

fn deep(image: &Image) -> Owned {
    let Model::Yuv { range, .. } = image.color.model else {
        let planes = [0, 1, 2].map(|i| &image.planes[i.min(image.planes.len() - 1)].data);
        let luma = |i: usize| {
            let [r, g, b] = planes.map(|data| data[i].clamp(0.0, 1.0));
            64.5 + (47.0 * r + 157.0 * g + 16.0 * b) * (876.0 / 220.0)
        };
        let codes = (0..planes[0].len()).map(|i| luma(i) as u16).collect();
        return Owned::Deep { bits: 10, codes };
    };
    // Floating point has no codes of its own.
    let bits = if let Depth::Int(bits) = image.depth { bits } else { 10 };
    let bits = if range == Range::Full { bits.max(10) } else { bits };
    let unit = (f32::from(bits) - 8.0).exp2();
    let top = Depth::Int(bits).max_code() as f32;
    let code = |v: &f32| (v * (219.0 * unit) + 16.0 * unit + 0.5).clamp(0.0, top) as u16;
    Owned::Deep { bits, codes: image.planes[0].data.iter().map(code).collect() }
}
