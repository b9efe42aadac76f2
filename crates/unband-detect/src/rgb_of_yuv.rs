//! Levels of red, green and blue from which the luma and chroma of a video frame were converted.
//!
//! A frame of 16-bit colour that became a video has no levels in its own planes. Converted back, its flat
//! areas are near the levels, as far as rounding and a codec left them.

use super::bits;
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
/// Longest contour between two flat areas, in samples: it includes the pixel on each side that has another
/// colour next to it.
const CONTOUR: usize = 6;
/// Share of such contours that must be one level of one channel or two.
const SINGLE: f64 = 0.6;
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
    let evidence = Evidence::from_image(&image, bits::effective(&image), ctx);
    let found = exact(&evidence).or_else(|| match blurred {
        Blurred::Too => evidence.recoded_channels(0.0),
        Blurred::No => None,
    })?;
    Some(mapped(found, &evidence, ctx).but(|new| (new.space, new.stored_yuv) = (Space::Rgb, true)))
}

/// Levels that no codec has blurred: those of the colours of flat areas.
fn exact(evidence: &Evidence<'_>) -> Option<Findings> {
    let (colours, steps) = flat_colours(&evidence.codes);
    let [Some(r), Some(g), Some(b)] = [0, 1, 2].map(|channel| channel_levels(&colours, channel)) else {
        return None;
    };
    let grids = vec![r, g, b];
    // Flat colours of a page or a cartoon have any distance from their neighbours, or shades of one hue; in a
    // gradient, channels step by one level, each in its own places.
    let (mut single, mut all) = (0u32, 0u32);
    for [from, to] in steps {
        let levels = [from, to].map(|colour| on_levels(colour, &grids));
        if let [Some(from), Some(to)] = levels
            && from != to
        {
            all += 1;
            let apart = [0, 1, 2].map(|c| from[c].abs_diff(to[c]));
            single += u32::from(apart.contains(&0) && apart.iter().all(|&levels| levels <= 1));
        }
    }
    if all == 0 || f64::from(single) < SINGLE * f64::from(all) {
        return None;
    }
    let mut found = evidence.findings(Cause::RecodedGrid, Space::Native, grids);
    found.lossy = true;
    Some(found)
}

/// The level of each channel; `None` between levels, as where chroma was mixed at an edge.
fn on_levels(colour: [u8; 3], grids: &[PlaneGrid]) -> Option<[u8; 3]> {
    const NEAR: f32 = 0.2;
    let at = [0, 1, 2].map(|c| f32::from(colour[c]) / grids[c].step_codes);
    at.iter().all(|at| (at - at.round()).abs() <= NEAR).then(|| at.map(|at| at.round() as u8))
}

/// Distinct colours of pixels that equal their neighbours on all sides, and pairs of colours that follow each
/// other across or down, with a contour of at most [`CONTOUR`] samples between them.
fn flat_colours(codes: &Codes) -> (Vec<[u8; 3]>, Vec<[[u8; 3]; 2]>) {
    let (width, height) = (codes.width, codes.height);
    let inner = |n: usize| 1..n.saturating_sub(1);
    let every = stride(width, height, PIXELS).pow(2);
    let planes = [0, 1, 2].map(|p| &codes.planes[p]);
    let (mut colours, mut steps) = (Vec::new(), Vec::new());
    let mut along = |starts: &mut dyn Iterator<Item = usize>, next: usize, count: usize| {
        for start in starts {
            let mut last: Option<(usize, [u8; 3])> = None;
            for i in inner(count) {
                let at = start + i * next;
                let sides = [at - 1, at + 1, at - width, at + width];
                if planes.iter().any(|plane| sides.iter().any(|&side| plane[side] != plane[at])) {
                    continue;
                }
                let colour = planes.map(|plane| plane[at]);
                if last.is_none_or(|(_, before)| before != colour) {
                    colours.push(colour);
                    if let Some((_, before)) = last.filter(|(at, _)| i - at <= CONTOUR) {
                        steps.push([before, colour]);
                    }
                }
                last = Some((i, colour));
            }
        }
    };
    along(&mut places(height, every).filter(|y| inner(height).contains(y)).map(|y| y * width), 1, width);
    along(&mut places(width, every).filter(|x| inner(width).contains(x)), width, height);
    colours.sort_unstable();
    colours.dedup();
    colours.retain(|colour| colour.iter().all(|code| (1..255).contains(code)));
    (colours, steps)
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
    Some(PlaneGrid::found(period(bits) as f32, bits, real.clamp(0.0, 1.0) as f32))
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

    /// Rectangles of a few colours on levels of 4 bits are a page: random ones, and shades of one hue.
    #[test]
    fn flat_colours_of_a_page_are_no_levels_of_a_gradient() {
        let ctx = Context::default();
        for shades in [false, true] {
            let colour = |k: usize| -> [u8; 3] {
                let base = [k / 4 * 5 % 9 + 2, k / 4 * 7 % 9 + 2, k / 4 * 4 % 9 + 2];
                let random = [k * 7 % 13 + 1, k * 11 % 13 + 1, k * 5 % 13 + 1];
                if shades { base.map(|c| 17 * (c + k % 4) as u8) } else { random.map(|c| 17 * c as u8) }
            };
            let pixel = |i: usize| colour((i / 320 / 30 * 8 + i % 320 / 40) % 28);
            let codes: Vec<u8> = (0..320 * 240).flat_map(pixel).collect();
            let page = Image::from_rgb8(320, 240, &codes).unwrap();
            assert_eq!(levels(&page, Blurred::No, &ctx), None, "shades: {shades}");
        }
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
