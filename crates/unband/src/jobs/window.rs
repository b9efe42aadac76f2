//! A window of an image's result, for views that follow a slider.

use std::sync::Arc;

use unband_image::findings::Findings;
use unband_image::{Codec, Context, Image, JpegCoefficients, JpegPlane, Window};

use super::image::deband_found;
use crate::{Error, Options};

/// Samples around a window that its result depends on, nearly always.
const HALO: usize = 48;
/// Windows start at multiples of it: the dither's pattern and most tiles of others repeat there.
const STEP: usize = 64;

/// The result of [`deband_found`] within a window, from the window and its surroundings alone; `findings` are
/// those of the whole image. Takes as long as an image of that size.
///
/// Estimates from the whole image, as of dark bars and of the noise in a JPEG file's coefficients, are then
/// those of the window.
///
/// # Errors
/// As [`deband_found`], and a window outside the image.
pub fn deband_window(
    image: &Image,
    findings: &Findings,
    window: Window,
    options: &Options,
    ctx: &Context<'_>,
) -> Result<Image, Error> {
    let (width, height) = (image.width(), image.height());
    if window.x0 >= window.x1 || window.y0 >= window.y1 || window.x1 > width || window.y1 > height {
        return Err(Error::Image(format!("a window must be inside the image of {width}×{height}")));
    }
    let outer = window.grown(HALO, width, height).aligned(STEP, width, height);
    let mut part = image.cut(outer);
    part.origin = image.origin.clone();
    if let Codec::Jpeg(jpeg) = &mut part.origin.codec {
        jpeg.coefficients = jpeg.coefficients.as_deref().map(|all| Arc::new(cut(all, outer)));
    }
    let mut findings = findings.clone();
    if let Some(regions) = &mut findings.regions {
        regions.origin.0 += outer.x0;
        regions.origin.1 += outer.y0;
    }
    let (made, _) = deband_found(part, findings, options, ctx)?;
    Ok(made.cut(window.inside(outer)))
}

/// The coefficients of the blocks that a window touches.
fn cut(all: &JpegCoefficients, window: Window) -> JpegCoefficients {
    let planes = all.planes.iter().map(|plane| cut_plane(plane, window)).collect();
    JpegCoefficients { planes, ..*all }
}

fn cut_plane(plane: &JpegPlane, window: Window) -> JpegPlane {
    let Window { x0, y0, x1, y1 } = window.on_plane(plane.scale.0, plane.scale.1);
    let blocks = |from: usize, to: usize, lead: usize, all: usize| {
        (((from + lead) / 8).min(all), (to + lead).div_ceil(8).min(all), (from + lead) % 8)
    };
    let (left, right, lead_x) = blocks(x0, x1, plane.lead.0, plane.blocks_across);
    let (top, bottom, lead_y) = blocks(y0, y1, plane.lead.1, plane.blocks_down);
    let row = |row: usize| {
        let at = row * plane.blocks_across;
        plane.coefficients[64 * (at + left)..64 * (at + right)].iter().copied()
    };
    JpegPlane {
        blocks_across: right - left,
        blocks_down: bottom - top,
        lead: (lead_x, lead_y),
        coefficients: Arc::new((top..bottom).flat_map(row).collect()),
        ..*plane
    }
}

#[cfg(all(test, feature = "codecs"))]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use unband_image::With;

    use crate::io::{Limits, read};

    /// Mean and largest difference of windows from the result of the whole image, in codes of 8 bits.
    fn differences(name: &str) -> (f32, f32) {
        let bytes = std::fs::read(format!("{}/../../examples/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        let (image, ctx) = (read(&bytes, &Limits::default()).unwrap(), Context::default());
        let options = Options::with(|new| new.depth = crate::OutputDepth::Bits(16));
        let findings = crate::find(&image, &options, &ctx);
        let whole = deband_found(image.clone(), findings.clone(), &options, &ctx).unwrap().0;
        let (width, height) = (image.width(), image.height());
        let (mut sum, mut most, mut count) = (0.0, 0.0_f32, 0);
        for (x0, y0) in [(0, 0), (width / 3, height / 4), (width - 151, height - 101)] {
            let window = Window { x0, y0, x1: x0 + 151, y1: y0 + 101 };
            let part = deband_window(&image, &findings, window, &options, &ctx).unwrap();
            for (part, whole) in part.planes.iter().zip(&whole.cut(window).planes) {
                count += part.data.len();
                for (a, b) in part.data.iter().zip(&whole.data) {
                    sum += 255.0 * (a - b).abs();
                    most = most.max(255.0 * (a - b).abs());
                }
            }
        }
        (sum / count as f32, most)
    }

    #[test]
    fn windows_are_parts_of_the_result() {
        // Another canonical orientation of the part changes rounding, and the network's small asymmetries.
        // The noise of a JPEG file's coefficients is estimated from those of the part, which matters at
        // single edges.
        for (name, mean, most) in [("sunset.png", 0.02, 0.3), ("dusk.jpg", 0.2, 12.0)] {
            let got = differences(name);
            assert!(got.0 <= mean && got.1 <= most, "{name}: {got:?}");
        }
    }

    #[test]
    fn windows_outside_the_image_are_refused() {
        let image = Image::from_gray(8, 8, &[0_u8; 64]).unwrap();
        let window = Window { x0: 4, y0: 0, x1: 9, y1: 4 };
        let found = crate::inspect(&image, &Context::default());
        assert!(deband_window(&image, &found, window, &Options::default(), &Context::default()).is_err());
    }
}
