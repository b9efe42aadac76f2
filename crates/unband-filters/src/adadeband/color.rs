//! Conversion between image planes and luma in 8-bit codes.

use unband_image::dither::Grid;
use unband_image::{Context, Depth, Image, Model};
use unband_simd::image::codes;

use crate::bband::by_rows;

/// BT.601 luma of full-range RGB between 0 and 1, in 8-bit codes of the limited range.
fn luma(rgb: [f32; 3]) -> f32 {
    16.0 + 65.481 * rgb[0] + 128.553 * rgb[1] + 24.966 * rgb[2]
}

/// Codes between the luma of black and that of white.
const SPAN: f64 = 219.0;

/// Luma of an image, rounded to 8-bit codes, and in steps of 1/256 code unless the image has 8 bits.
pub(super) fn read(image: &Image, ctx: &Context<'_>) -> (Vec<u8>, Option<Vec<u16>>) {
    let (width, height) = (image.width(), image.height());
    let deep = image.depth != Depth::EIGHT;
    let rgb = image.color.model == Model::Rgb;
    let Grid { scale, zero, .. } = Grid::of_bits(image.color.model, 0, 8);
    let (scale, zero) = if rgb { (1.0, 0.0) } else { (scale, zero) };
    let parts = by_rows(height, ctx, |rows| {
        let mut whole = vec![0; rows.len() * width];
        let mut fine = vec![0; if deep { whole.len() } else { 0 }];
        let mut joined = vec![0.0; if rgb { width } else { 0 }];
        for (i, y) in rows.enumerate() {
            let row = if let (true, [r, g, b]) = (rgb, &image.planes[..]) {
                let colors = r.row(y).iter().zip(g.row(y)).zip(b.row(y));
                joined.iter_mut().zip(colors).for_each(|(out, ((&r, &g), &b))| *out = luma([r, g, b]));
                &joined[..]
            } else {
                image.planes[0].row(y)
            };
            codes::to_codes_u8(ctx.level, &mut whole[i * width..][..width], row, scale, zero, u8::MAX);
            if deep {
                let fine = &mut fine[i * width..][..width];
                codes::to_codes_u16(ctx.level, fine, row, scale * 256.0, zero * 256.0, u16::MAX);
            }
        }
        (whole, fine)
    });
    let (whole, fine): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
    (whole.concat(), deep.then(|| fine.concat()))
}

/// Writes new luma into samples.
pub(super) struct Back<'a> {
    image: &'a Image,
    /// Code of value 0, and codes between 0 and 1, at 8 bits.
    at_eight: (f64, f64),
    /// The same, and the highest code, at the output's depth; `None` for floating point.
    output: Option<(f64, f64, f64)>,
}

impl<'a> Back<'a> {
    pub(super) fn new(image: &'a Image, output: Depth) -> Self {
        let grid = |bits| Grid::of_bits(image.color.model, 0, bits);
        let of = |grid: Grid| (f64::from(grid.zero), f64::from(grid.scale), f64::from(grid.max));
        let (zero, scale, _) = of(grid(8));
        let output = match output {
            Depth::Int(bits) => Some(of(grid(bits.clamp(1, 16)))),
            Depth::F32 => None,
        };
        Self { image, at_eight: (zero, scale), output }
    }

    /// Change of a sample of the first plane, or of RGB as a whole, in units of full scale, to get from one
    /// luma to another. `None` where the luma was not that of the sample, which is outside the range of
    /// codes.
    pub(super) fn shift(&self, i: usize, from: f64, to: f64) -> Option<f64> {
        let (zero, scale) = self.at_eight;
        let (own, unit) = match &self.image.planes[..] {
            [r, g, b] if self.image.color.model == Model::Rgb => {
                (f64::from(luma([r.data[i], g.data[i], b.data[i]])), SPAN)
            }
            planes => (f64::from(planes[0].data[i]) * scale + zero, scale),
        };
        // A little more than half a code, for the rounding of floats.
        ((own - from).abs() <= 0.501).then(|| (to - from) / unit)
    }

    /// A changed sample, on the output's grid.
    pub(super) fn moved(&self, value: f32, by: f64) -> f32 {
        let Some((zero, scale, highest)) = self.output else { return (f64::from(value) + by) as f32 };
        let code = f64::from(value) * scale + zero;
        // A 32-bit rounding error on an integer code must not decide the rounding of the channels.
        let code = if (code - code.round()).abs() < 0.01 { code.round() } else { code };
        let code = (code + by * scale + 0.5).floor().clamp(0.0, highest);
        (code as f32 - zero as f32) / scale as f32
    }

    /// A luma in 8-bit codes as a sample of the first plane, on the output's grid.
    pub(super) fn exactly(&self, luma: f64) -> f32 {
        let (zero, scale) = self.at_eight;
        let Some((out_zero, out_scale, highest)) = self.output else {
            return ((luma - zero) / scale) as f32;
        };
        let ratio = out_scale / scale;
        // At 8 bits nothing is added or removed, so ties are those of the original.
        let code = (luma * ratio + (out_zero - zero * ratio) + 0.5).floor().clamp(0.0, highest);
        (code as f32 - out_zero as f32) / out_scale as f32
    }
}
