//! Levels of red, green and blue from which the luma and chroma of a video frame were converted.
//!
//! A frame of 16-bit colour that became a video has no levels in its own planes. Converted back, its flat
//! areas are near the levels, as far as rounding and a codec left them.

use super::bits;
use super::codes_of;
use super::evidence::Evidence;
use super::mapped;
use super::noisy::period;
use super::phasor::{BINS, control, phasor};
use super::planes::Codes;
use super::spread::{places, stride};
use unband_image::findings::{Cause, Findings, PlaneGrid, Space};
use unband_image::image::Image;
use unband_image::{Context, With};

/// Flat pixels that are read.
const PIXELS: usize = 400_000;
/// For 4, 5 and 6 bits, the least phasor of the codes of distinct flat colours, and the least number of
/// these: rounding to luma and chroma moves a channel by 0.6 codes on average, and 6 bits have steps of 4.
const STRENGTH: [(u8, f64, usize); 3] = [(4, 0.8, 10), (5, 0.75, 16), (6, 0.5, 24)];
/// Least distance to the phasor of other periods.
const MARGIN: f64 = 0.3;

/// Are levels searched that a codec has blurred?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Blurred {
    /// Those of flat colours alone.
    No,
    /// Both.
    Too,
}

/// The findings of a frame's red, green and blue, if these had levels.
pub(super) fn levels(frame: &Image, blurred: Blurred, ctx: &Context<'_>) -> Option<Findings> {
    let image = frame.clone().into_rgb(ctx).ok()?;
    let planes = ctx.map(image.planes.len(), |p| codes_of(&image.planes[p], 255.0, 0.0, ctx));
    let codes = Codes { width: image.width(), height: image.height(), planes };
    let evidence = Evidence::new(&image, bits::effective(&image), codes, ctx);
    let found = exact(&evidence).or_else(|| match blurred {
        Blurred::Too => evidence.recoded_channels(0.0),
        Blurred::No => None,
    })?;
    Some(mapped(found, &evidence, ctx).but(|new| (new.space, new.stored_yuv) = (Space::Rgb, true)))
}

/// Levels that no codec has blurred: those of the colours of flat areas.
fn exact(evidence: &Evidence<'_>) -> Option<Findings> {
    let colours = flat_colours(&evidence.codes);
    let grids = [0, 1, 2].map(|channel| channel_levels(&colours, channel));
    let all = grids.iter().flatten().count() == grids.len();
    all.then(|| {
        let mut found =
            evidence.base(Cause::RecodedGrid, Space::Native, grids.into_iter().flatten().collect());
        found.lossy = true;
        found
    })
}

/// Distinct colours of pixels that equal their neighbours on all sides.
fn flat_colours(codes: &Codes) -> Vec<[u8; 3]> {
    let (width, height) = (codes.width, codes.height);
    let every = stride(width, height, PIXELS);
    let mut colours = Vec::new();
    for y in places(height, every).filter(|y| (1..height.saturating_sub(1)).contains(y)) {
        let rows = [0, 1, 2].map(|p| [y - 1, y, y + 1].map(|y| codes.row(p, y)));
        for x in places(width, every).filter(|x| (1..width.saturating_sub(1)).contains(x)) {
            let flat = rows.iter().all(|[above, row, below]| {
                [above[x], below[x], row[x - 1], row[x + 1]].iter().all(|code| *code == row[x])
            });
            if flat {
                colours.push([rows[0][1][x], rows[1][1][x], rows[2][1][x]]);
            }
        }
    }
    colours.sort_unstable();
    colours.dedup();
    colours.retain(|colour| colour.iter().all(|code| (1..255).contains(code)));
    colours
}

/// The coarsest grid of a channel.
fn channel_levels(colours: &[[u8; 3]], channel: usize) -> Option<PlaneGrid> {
    let mut histogram = vec![0.0; 256 * BINS];
    for colour in colours {
        histogram[usize::from(colour[channel]) * BINS] += 1.0 / colours.len() as f64;
    }
    let strength = |bits: u8| {
        let period = period(bits);
        let (real, _) = phasor(&histogram, period, 0.0, BINS as f64);
        (real, real - control(&histogram, period, 0.0, BINS as f64))
    };
    let enough = STRENGTH.into_iter().filter(|&(_, _, least)| colours.len() >= least);
    let mut found = enough.filter_map(|(bits, least, _)| {
        let (real, margin) = strength(bits);
        (real >= least && margin >= MARGIN).then_some((bits, real))
    });
    let (bits, real) = found.next()?;
    Some(PlaneGrid::plain(period(bits) as f32).but(|new| {
        (new.bits, new.found, new.confidence) = (Some(bits), true, real.clamp(0.0, 1.0) as f32);
    }))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::tests::{W, scene};
    use crate::{inspect, inspect_frame};
    use unband_image::color::{Matrix, Range};

    /// A frame in 4:2:0 of a scene, with these bits of red, green and blue.
    fn frame(bits: [u8; 3], matrix: Matrix, range: Range) -> Image {
        let pixels = scene(0.0, 3);
        let height = pixels.len() / W;
        let unit = [false, true].map(|chroma| range.unit_codes(chroma));
        let black = if range == Range::Limited { 16.0 } else { 0.0 };
        let yuv: Vec<[f32; 3]> = pixels
            .iter()
            .map(|pixel| {
                let level = |c: usize| {
                    let step = period(bits[c]) as f32;
                    (pixel[c] / step).round() * step
                };
                matrix.to_yuv([level(0), level(1), level(2)])
            })
            .collect();
        let luma: Vec<u8> = yuv.iter().map(|yuv| (black + yuv[0] / unit[0]).round() as u8).collect();
        let chroma = |p: usize| -> Vec<u8> {
            let mean = |i: usize| {
                let (x, y) = (i % (W / 2) * 2, i / (W / 2) * 2);
                [0, 1, W, W + 1].iter().map(|next| yuv[y * W + x + next][p]).sum::<f32>() / 4.0
            };
            (0..W / 2 * (height / 2)).map(|i| (128.0 + mean(i) / unit[1]).round() as u8).collect()
        };
        Image::from_yuv420(W, height, [&luma, &chroma(1), &chroma(2)], matrix, range).unwrap()
    }

    #[test]
    fn levels_of_red_green_and_blue_are_found_behind_a_frame() {
        let ctx = Context::default();
        for bits in [[5, 6, 5], [4; 3], [5; 3]] {
            for (matrix, range) in [(Matrix::Bt601, Range::Full), (Matrix::Bt709, Range::Limited)] {
                let frame = frame(bits, matrix, range);
                assert_ne!(inspect(&frame, &ctx).space, Space::Rgb);
                let found = inspect_frame(&frame, &ctx);
                let levels: Vec<_> = found.grids.iter().map(|grid| grid.bits.unwrap_or(8)).collect();
                assert_eq!((found.space, levels), (Space::Rgb, bits.to_vec()), "{matrix:?}, {range:?}");
                assert!(found.banded_share > 0.3 && found.stored_yuv);
            }
        }
        assert_ne!(inspect_frame(&frame([8; 3], Matrix::Bt709, Range::Limited), &ctx).space, Space::Rgb);
    }
}
