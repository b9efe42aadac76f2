//! Banding detector: quantisation grids, lost levels and false contours of an image.
#![forbid(unsafe_code)]

mod alpha;
mod bits;
mod coded;
mod comb;
mod contours;
mod deep;
mod dithered;
mod drawn;
mod evidence;
mod explain;
mod findings;
mod flat_runs;
mod grid;
mod jpeg;
mod lattice;
mod levels;
mod local_steps;
mod map;
mod noisy;
mod palette;
mod phasor;
mod planes;
mod repeated_chroma;
mod rgb_of_yuv;
mod rule;
mod rules;
mod shades;
mod smooth_area;
mod spread;
mod stored;
#[cfg(test)]
mod tests;
mod tiles;
#[cfg(test)]
mod turned;

use bits::Effective;
use evidence::Evidence;
pub use explain::{Explanation, Fired};
use map::Layer;
use planes::{Channel, Codes, Fine, LazyPlane, Recipe};
use rgb_of_yuv::Blurred;
use smooth_area::Luma;

use unband_image::color::{Matrix, Model, Range};
use unband_image::depth::Depth;
use unband_image::dither::Grid;
use unband_image::findings::{BandingMap, Cause, Findings, GridRegions, PlaneGrid, Space};
use unband_image::image::Image;
use unband_image::{Context, FloatCodes, LightCodes, With};
use unband_simd::detect::inspect;

/// Detects the quantisation grid of each plane, the cause of the lost levels, and the false contours of an
/// image.
///
/// Any size, depth and model; never fails. The result depends on the image alone, not on threads or vector
/// instructions. Accuracy: `docs/results/detector.md` and `detector-pairs.md`.
pub fn inspect(image: &Image, ctx: &Context<'_>) -> Findings {
    look(image, Nature::Unknown, ctx, None)
}

/// As [`inspect()`], for an image that is known to be a photo: patterns of two levels, or of up to eight
/// colours, are its dither, not art.
pub fn inspect_photo(image: &Image, ctx: &Context<'_>) -> Findings {
    look(image, Nature::Photo, ctx, None)
}

/// As [`inspect()`], for a video frame: where its own planes have no levels, those of the red, green and blue
/// behind them are searched.
pub fn inspect_frame(image: &Image, ctx: &Context<'_>) -> Findings {
    let found = inspect(image, ctx);
    if !found.stored_yuv || found.effective_bits > 8 {
        return found;
    }
    let of_rgb = match found.cause {
        Cause::Coded | Cause::Video => rgb_of_yuv::levels(image, Blurred::Too, ctx),
        // Blurred levels of luma and chroma are less certain than sharp ones of other colours.
        Cause::RecodedGrid => rgb_of_yuv::levels(image, Blurred::No, ctx),
        _ => None,
    };
    of_rgb.unwrap_or(found)
}

/// Is it known what an image shows?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Nature {
    Unknown,
    Photo,
}

/// As [`inspect()`], with the rules that decided and the evidence that was needed for it.
pub fn explain(image: &Image, ctx: &Context<'_>) -> (Findings, Explanation) {
    let mut explanation = Explanation::default();
    (look(image, Nature::Unknown, ctx, Some(&mut explanation)), explanation)
}

fn look(image: &Image, nature: Nature, ctx: &Context<'_>, explanation: Option<&mut Explanation>) -> Findings {
    let mut own = Explanation::default();
    let mut of = |codes: Option<FloatCodes>| {
        own = Explanation::default();
        let coded = codes.map(|codes| codes.coded(image));
        let found = of_colours(coded.as_ref().unwrap_or(image), nature, ctx, Some(&mut own));
        found.but(|new| new.float_codes = codes)
    };
    let light = |codes| Some(FloatCodes::Light(codes));
    let known = FloatCodes::find(image);
    let own_eight = || bits::effective(image).eight();
    let values = LightCodes::values(image).filter(|_| known.is_none() && !own_eight());
    let mut found = of(known.or(values.and_then(light)));
    let mut values = values;
    if values.is_some() && !found.cause.is_coarse_grid() && found.cause != Cause::ToneCurve {
        // No levels of coded values.
        (found, values) = (of(None), None);
    }
    let irregular = found.grids.iter().any(|grid| grid.steps_by_code.is_some());
    let steps = known.is_some_and(|codes| codes.steps().is_some());
    if image.depth == Depth::F32 && irregular && !steps {
        let curve = known.as_ref().and_then(FloatCodes::light).copied().or(values);
        let sixteen = LightCodes::of_sixteen_bits(curve);
        let drawing = of_colours(&in_eight_bits(sixteen, image), nature, ctx, None).drawing;
        found = of(light(sixteen));
        if drawing.is_some() || !found.visible || !spread::few_values(image) {
            // Coordinates, mattes, codes of more bits. Steps by the code have no effect on floating point.
            found = of(None).but(|new| new.drawing = new.drawing.or(drawing));
        }
    }
    found.alpha = alpha::grid(image);
    if let Some(explanation) = explanation {
        *explanation = own;
    }
    found
}

/// The coded values of an image, rounded to 8 bits, as drawings and data are looked for.
fn in_eight_bits(codes: LightCodes, image: &Image) -> Image {
    let mut eight = FloatCodes::Light(codes).coded(image);
    eight.round_to(Depth::EIGHT);
    eight
}

fn of_colours(
    image: &Image,
    nature: Nature,
    ctx: &Context<'_>,
    explanation: Option<&mut Explanation>,
) -> Findings {
    let sound =
        |p: &unband_image::image::Plane| p.width > 0 && p.height > 0 && p.data.len() == p.width * p.height;
    if image.planes.is_empty() || !image.planes.iter().all(sound) {
        return Findings::plain(image.planes.len(), image.depth.bits());
    }
    let effective = bits::effective(image);
    let same_size = image.planes.iter().all(|p| (p.width, p.height) == (image.width(), image.height()));
    match image.color.model {
        Model::Rgb if image.planes.len() == 3 && same_size => {
            rgb_or_grey(image, (nature, effective), ctx, explanation)
        }
        Model::Gray if image.planes.len() == 1 => rgb_or_grey(image, (nature, effective), ctx, explanation),
        Model::Yuv { range, .. } if image.planes.len() == 3 => {
            stored_yuv(image, range, effective, ctx, explanation)
        }
        _ => Findings::plain(image.planes.len(), effective.bits),
    }
}

/// 8-bit codes of a plane: `value * scale + offset`.
fn codes_of(plane: &unband_image::image::Plane, scale: f32, offset: f32, ctx: &Context<'_>) -> Vec<u8> {
    let mut out = vec![0u8; plane.data.len()];
    inspect::quantise_row(ctx.level, &mut out, &plane.data, scale, offset);
    out
}

fn rgb_or_grey(
    image: &Image,
    (nature, effective): (Nature, Effective),
    ctx: &Context<'_>,
    explanation: Option<&mut Explanation>,
) -> Findings {
    let evidence = Evidence::from_image(image, effective, ctx).but(|new| new.nature = nature);
    let (rule, mut found) = rules::decide(rules::RULES, &evidence);
    if found.dither.is_some() {
        // Neither bands nor plateaus.
        if let Some(explanation) = explanation {
            explanation.rule = Some(Fired::from_rule(rule));
            explanation.evidence = evidence.computed();
        }
        return found;
    }
    let drawing = drawn::decide(&evidence, &found);
    found.drawing = drawing.as_ref().and_then(|(_, drawing)| *drawing);
    if found.drawing.is_some() && found.cause == Cause::Jpeg {
        // Its plateaus are not the blocks of a JPEG: their steps are the artist's.
        found = evidence.plain_findings().but(|new| new.drawing = found.drawing);
    }
    let mut rule = Fired::from_rule(rule);
    if found.drawing.is_none()
        && let Some(steps) = (local_steps::RULE.applies)(&evidence, &found)
    {
        (rule, found) = (Fired::from_rule(&local_steps::RULE), steps);
    }
    if let Some(explanation) = explanation {
        explanation.rule = Some(rule);
        explanation.drawing = drawing.map(|(rule, _)| rule);
        explanation.evidence = evidence.computed();
    }
    mapped(found, &evidence, ctx)
}

/// Findings with their map and visibility.
fn mapped(mut found: Findings, evidence: &Evidence<'_>, ctx: &Context<'_>) -> Findings {
    let image = evidence.image;
    if image.planes.len() == 1 && found.grids.len() != 1 {
        // Luma of a grey image is the grey itself.
        found.space = Space::Native;
        found.grids.truncate(1);
        found.half_chroma = false;
    }
    let native = |i: usize, step: f32, lossy: bool| Layer {
        source: LazyPlane::stored(&evidence.codes, i, ctx.level),
        scale: (1, 1),
        step: f64::from(step),
        lossy,
    };
    let layers: Vec<Layer<'_>> = (0..found.grids.len())
        .map(|i| {
            let step = f64::from(found.grids[i].step_codes);
            match found.space {
                _ if found.coded_on_no_grid() => native(i, evidence.effective.step_codes, false),
                Space::Native | Space::Rgb => native(i, found.grids[i].step_codes, found.lossy),
                Space::Yuv { matrix, range } => {
                    let channel = Channel::ALL[i.min(2)];
                    let half = found.half_chroma && channel.is_chroma();
                    let recipe = Recipe::new(channel, matrix, range, half);
                    Layer {
                        source: LazyPlane::new(&evidence.codes, &evidence.sums, recipe, ctx.level),
                        scale: if half { (2, 2) } else { (1, 1) },
                        step: step / f64::from(range.unit_codes(channel.is_chroma())),
                        lossy: found.lossy,
                    }
                }
            }
        })
        .collect();
    if found.coded_on_no_grid() && evidence.effective.step_codes < map::UNSEEN {
        return found;
    }
    let source = evidence.source(Channel::Luma, Matrix::Bt601, Range::Full, false);
    let luma = Luma { source: &source, unit: 1.0, zero: 0.0 };
    map::complete(&mut found, image, &layers, &luma, ctx);
    found
}

/// Side of the blocks whose means are searched for blurred steps.
const BLOCK: u16 = 4;

fn stored_yuv(
    image: &Image,
    range: Range,
    effective: Effective,
    ctx: &Context<'_>,
    explanation: Option<&mut Explanation>,
) -> Findings {
    let planes = [0, 1, 2].map(|i| {
        let plane = &image.planes[i];
        let Grid { scale, zero, .. } = Grid::of_bits(image.color.model, i, 8);
        Codes { width: plane.width, height: plane.height, planes: vec![codes_of(plane, scale, zero, ctx)] }
    });
    let deep = effective.bits > 8;
    let fine = [0, 1, 2].map(|i| {
        let Grid { scale, zero, .. } = Grid::of_bits(image.color.model, i, 8);
        if deep { Fine::new(&image.planes[i], scale, zero) } else { Fine::default() }
    });
    let sources = [0, 1, 2].map(|i| {
        if deep {
            LazyPlane::fine(&fine[i], &planes[i], ctx.level)
        } else {
            LazyPlane::stored(&planes[i], 0, ctx.level)
        }
    });
    let evidence = stored::Evidence::new(image, &planes, &sources, range, effective.bits, ctx);
    let (rule, mut found) = stored::decide(&evidence);
    found.stored_yuv = true;
    if let Some(explanation) = explanation {
        explanation.rule = Some(Fired::from_rule(rule));
        explanation.evidence = evidence.computed();
    }
    let mut layers: Vec<Layer<'_>> = (0..3)
        .map(|i| Layer {
            source: sources[i],
            scale: (image.width().div_ceil(planes[i].width), image.height().div_ceil(planes[i].height)),
            step: f64::from(found.grids[i].step_codes / range.unit_codes(i > 0)),
            lossy: found.lossy,
        })
        .collect();
    // Coding in more than 8 bits blurs 8-bit steps into short slopes, which are sharp in means of blocks.
    let (blocks, size) = fine[0].blocks(BLOCK);
    if deep && size.width > 0 && size.height > 0 {
        let source = LazyPlane::fine(&blocks, &size, ctx.level);
        layers.push(Layer {
            source,
            scale: (usize::from(BLOCK), usize::from(BLOCK)),
            step: 1.0,
            lossy: true,
        });
    }
    let zero = if range == Range::Limited { 16.0 } else { 0.0 };
    let luma = Luma { source: &layers[0].source, unit: range.unit_codes(false), zero };
    map::complete(&mut found, image, &layers, &luma, ctx);
    found
}
