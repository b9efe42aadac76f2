//! Detection of images with intentional plateaus: flat artwork, repeated pixels, lookup tables, normal maps.
//!
//! A photo or a gradient that lost levels has plateaus too, but a different structure: neighbouring plateaus
//! differ by one step of one plane, planes step in different places, and noise breaks the outlines. Rules and
//! limits were chosen on seeds 0 to 29 of `tools/make_drawings.py` and on photos kept for such choices;
//! rates: `docs/drawings.md`.

mod census;
mod data;
#[cfg(test)]
mod tests;

use super::planes::Codes;
use super::{Cause, Drawing, Findings, Space};
use census::{Census, Scale};
use unband_image::image::Image;

/// Looks for a drawing in an RGB or grey image from a lossless file.
pub(super) fn drawing(image: &Image, codes: &Codes, found: &Findings) -> Option<Drawing> {
    if image.origin.is_lossy() || codes.len() < 64 {
        return None;
    }
    if codes.planes.len() == 3 {
        if data::is_lookup_table(codes) {
            return Some(Drawing::LookupTable);
        }
        if data::is_normal_map(codes) {
            return Some(Drawing::NormalMap);
        }
    }
    if found.effective_bits > 8 {
        return None;
    }
    let scale = Scale::of(found);
    decide(&Census::take(codes, &scale)?, found)
}

/// Are the levels those of a whole number of bits, spread or shifted?
fn on_whole_bits(found: &Findings) -> bool {
    let whole = |step: f32| {
        (1..=8).any(|bits| {
            let levels = (1u32 << bits) as f32;
            (step - 255.0 / (levels - 1.0)).abs() < 0.03 || (step - 256.0 / levels).abs() < 0.03
        })
    };
    found.cause != Cause::Palette && found.grids.iter().all(|grid| whole(grid.step_codes))
}

/// The rules. Shares are relative to all places where neighbouring pixels differ.
fn decide(census: &Census, found: &Findings) -> Option<Drawing> {
    let few = census.colours();
    let (single, small) = (census.single(), census.small());
    let (jump, soft_jump, soft_small) = (census.jump(), census.soft_jump(), census.soft_small());
    let texture = census.texture();
    let sharp = jump + soft_jump;
    let straight = census.is_straight();
    if let Some(factor) = census.enlarged() {
        // A few rectangles have even coordinates by chance.
        return Some(if straight && factor == 2 { Drawing::FlatColours } else { Drawing::Enlarged(factor) });
    }
    if census.is_wedge(found.cause == Cause::Palette) {
        return Some(Drawing::FewColours);
    }
    // Planes that step alone, each in its own places, are the signature of a rounded gradient.
    let rounded = single >= 0.05 && 2.0 * single >= jump && single >= soft_jump;
    if rounded && census.planes_that_step() > 1 && !(straight && census.steps_both_ways()) {
        return None;
    }
    if straight {
        return Some(Drawing::FlatColours);
    }
    // Anti-aliasing mixes the two colours of an edge; adjacent levels of a gradient have nothing between them
    // to mix.
    if census.blends() >= 0.08 && 5.0 * census.blends() >= census.direct() {
        return Some(Drawing::FlatColours);
    }
    // A few flat colours with neither steps nor noise between them: upscaled by a smooth filter, not
    // tone-mapped or coded.
    let smoothed = census.most_common_share() >= 0.5 && texture >= 0.5 && census.specks() < 0.005;
    let doubtful = matches!(found.cause, Cause::ToneCurve | Cause::RecodedGrid);
    if doubtful && smoothed && !census.grey() && few < census::COLOURS && census.direct() < 0.03 {
        return Some(Drawing::FlatColours);
    }
    let yuv = matches!(found.space, Space::Yuv { .. });
    let one_plane = if yuv { few > 64 } else { few > 16 && on_whole_bits(found) };
    if rounded && one_plane {
        return None;
    }
    // A palette made for a gradient: many colours, and small direct steps.
    let palette = (28..=256).contains(&few) && census.direct() - census.jump_16() >= 0.3;
    if soft_jump >= 0.08 && sharp >= 0.5 * texture && small < sharp {
        return Some(Drawing::FlatColours);
    }
    if soft_jump + soft_small >= 0.2 && soft_jump + soft_small >= 2.5 * census.direct() && texture < 0.5 {
        return Some(Drawing::FlatColours);
    }
    if jump >= 0.12 && !palette && census.jump_24() + 0.02 > 0.3 * texture {
        return Some(Drawing::FlatColours);
    }
    // Noise of a grey photo leaves specks; a grey drawing has none.
    let clean = texture < 0.2 && (census.specks() < 0.005 || single < 0.3);
    let noisy = census.specks() >= 0.15;
    let chosen = few <= 24 && (!census.grey() || clean) && !(noisy && single >= 0.1);
    let textured = few <= 40 && texture >= 0.3 && single < 0.05 && !census.grey();
    // A gradient with equal slopes in all planes steps in all of them at once, one level at a time.
    let parallel = found.cause == Cause::Levels
        && few > 16
        && on_whole_bits(found)
        && small >= 0.9 * census.direct()
        && jump < 0.02;
    let stepped = census.multi() >= 0.4 && !palette && !parallel;
    if chosen || textured || stepped {
        return Some(Drawing::FewColours);
    }
    let flat = !noisy && census.most_common_share() >= 0.6 && sharp >= 0.04 && single < sharp;
    flat.then_some(Drawing::FlatColours)
}
