//! Decision table for intentional plateaus: the first rule that applies decides.
//!
//! Shares are relative to all places where neighbouring pixels differ.

use super::census::{self, Census};
use super::{Plateaus, data};
use unband_image::findings::{Cause, Drawing, Space};

/// `Some(None)` where the plateaus are not intentional.
type Verdict = Option<Option<Drawing>>;
type Rule = crate::rule::Rule<fn(&Plateaus<'_>) -> Verdict>;

/// Maximum number of colours that are a poster's, not a gradient's.
const FEW: usize = 24;

/// Shorthand for a row.
const fn rule(name: &'static str, when: &'static str, applies: fn(&Plateaus<'_>) -> Verdict) -> Rule {
    Rule { name, when, applies }
}

/// The table, in order. The last rule always applies.
pub(super) static RULES: &[Rule] = &[
    rule("lookup-table", "a strip, tiles or a Hald image with all entries", lookup_table),
    rule("normal-map", "colours are unit vectors", normal_map),
    rule("deep", "more than 8 bits, or no place where pixels differ", deep),
    rule("coded-blocks", "plateaus are the blocks of a codec, in its colours", coded_blocks),
    rule("resized-levels", "levels of a gradient that was resized", resized_levels),
    rule("enlarged", "every pixel is repeated", upscaled),
    rule("dots", "all changes are on the lines of a lattice", dots),
    rule("ruled", "every second line is another colour", ruled),
    rule("wedge", "plateaus from edge to edge", wedge),
    rule("skipped-colours", "neighbours have other colours of the image between them", skipped_colours),
    rule("straight-borders", "borders are straight, in several directions", straight_borders),
    rule("outlines", "lines of a third colour between plateaus", outlines),
    rule("rounded-gradient", "planes step alone, each in its own places", rounded_gradient),
    rule("straight-edges", "plateaus end in straight lines across and down", straight_edges),
    rule("blended-edges", "edges mix their two colours", blended_edges),
    rule("smoothed", "a few flat colours without steps or noise between them", smoothed),
    rule("rounded-plane", "planes step alone, on whole bits", rounded_plane),
    rule("soft-jumps", "large differences, softened by one pixel", soft_jumps),
    rule("soft-steps", "differences softened by one pixel", soft_steps),
    rule("text", "blends of two colours, without steps between them", text),
    rule("sharp-jumps", "large differences without a palette", sharp_jumps),
    rule("few-colours", "up to 24 or 40 colours", few_colours),
    rule("joint-steps", "all planes step at once", joint_steps),
    rule("background", "one colour covers most of the image", background),
    rule("colour-map", "few colours on no line, or mostly eight, without levels", colour_map),
    rule("none", "nothing else applies", |_| Some(None)),
];

/// Withdraws a verdict of flat colours: its contours have one size, and channels step in different places.
pub(super) const WITHDRAWN: crate::rule::Rule<fn(&Plateaus<'_>) -> bool> = crate::rule::Rule {
    name: "independent-contours",
    when: "channels step apart at contours of one size",
    applies: independent,
};

fn if_so(applies: bool, drawing: Drawing) -> Verdict {
    applies.then_some(Some(drawing))
}

fn lookup_table(plateaus: &Plateaus<'_>) -> Verdict {
    let codes = &plateaus.evidence.codes;
    if_so(codes.planes.len() == 3 && data::is_lookup_table(codes), Drawing::LookupTable)
}

fn normal_map(plateaus: &Plateaus<'_>) -> Verdict {
    let codes = &plateaus.evidence.codes;
    if_so(codes.planes.len() == 3 && data::is_normal_map(codes), Drawing::NormalMap)
}

fn deep(plateaus: &Plateaus<'_>) -> Verdict {
    plateaus.census().is_none().then_some(None)
}

/// Blocks of a codec are flat, straight and of few colours too.
fn coded_blocks(plateaus: &Plateaus<'_>) -> Verdict {
    plateaus.census()?.is_coded(plateaus.found.cause == Cause::Jpeg).then_some(None)
}

/// Soft contours between neighbouring levels are those of a resized gradient.
fn resized_levels(plateaus: &Plateaus<'_>) -> Verdict {
    let found = plateaus.found;
    let sure = found.grids.iter().filter(|grid| grid.found).all(|grid| grid.confidence >= 0.95);
    (found.resized && (sure || found.space != Space::Native)).then_some(None)
}

fn upscaled(plateaus: &Plateaus<'_>) -> Verdict {
    let census = plateaus.census()?;
    let factor = census.upscaled()?;
    // A few rectangles have even coordinates by chance.
    let rectangles = factor == 2 && census.is_straight();
    Some(Some(if rectangles { Drawing::FlatColours } else { Drawing::Upscaled(factor) }))
}

fn dots(plateaus: &Plateaus<'_>) -> Verdict {
    if_so(plateaus.census()?.borders().on_dots(), Drawing::FlatColours)
}

/// Scanlines: no gradient goes to and fro from line to line.
fn ruled(plateaus: &Plateaus<'_>) -> Verdict {
    if_so(plateaus.census()?.is_ruled(), Drawing::FlatColours)
}

fn wedge(plateaus: &Plateaus<'_>) -> Verdict {
    let palette = plateaus.found.cause == Cause::Palette;
    if_so(plateaus.census()?.is_wedge(palette), Drawing::FewColours)
}

/// Neighbours of a mosaic have any two of its colours; those of a gradient are next to each other.
fn skipped_colours(plateaus: &Plateaus<'_>) -> Verdict {
    let census = plateaus.census()?;
    let (direct, skipped) = (census.direct(), census.skipped());
    let palette = plateaus.found.cause == Cause::Palette && direct >= 0.5 && skipped >= 0.2;
    if_so((direct >= 0.1 && skipped >= 0.3) || palette, Drawing::FlatColours)
}

fn straight_borders(plateaus: &Plateaus<'_>) -> Verdict {
    let census = plateaus.census()?;
    if_so(2.0 * census.single() < census.direct() && census.borders().is_fan(), Drawing::FlatColours)
}

fn outlines(plateaus: &Plateaus<'_>) -> Verdict {
    let census = plateaus.census()?;
    if_so(census.outlined() >= 0.3_f64.max(3.0 * census.single()), Drawing::FlatColours)
}

/// Planes that step alone, each in its own places, are the signature of a rounded gradient.
fn is_rounded(census: &Census) -> bool {
    let single = census.single();
    single >= 0.05 && 2.0 * single >= census.jump() && single >= census.soft_jump()
}

fn rounded_gradient(plateaus: &Plateaus<'_>) -> Verdict {
    let census = plateaus.census()?;
    let rectangles = || census.is_straight() && census.steps_both_ways();
    // Cells of a few close colours differ in one channel now and then; levels do nearly everywhere.
    let few = plateaus.found.cause == Cause::Palette && census.colours() <= FEW;
    let cells = || few && census.single() < 0.6 * census.direct();
    (is_rounded(census) && census.planes_that_step() > 1 && !rectangles() && !cells()).then_some(None)
}

fn straight_edges(plateaus: &Plateaus<'_>) -> Verdict {
    if_so(plateaus.census()?.is_straight(), Drawing::FlatColours)
}

/// Anti-aliasing mixes the two colours of an edge; adjacent levels of a gradient have nothing between them to
/// mix.
fn blended_edges(plateaus: &Plateaus<'_>) -> Verdict {
    let census = plateaus.census()?;
    if_so(census.blends() >= 0.08 && 5.0 * census.blends() >= census.direct(), Drawing::FlatColours)
}

/// A few flat colours with neither steps nor noise between them: upscaled by a smooth filter, not tone-mapped
/// or coded.
fn smoothed(plateaus: &Plateaus<'_>) -> Verdict {
    let census = plateaus.census()?;
    let smoothed = census.most_common_share() >= 0.5 && census.texture() >= 0.5 && census.specks() < 0.005;
    let doubtful = matches!(plateaus.found.cause, Cause::ToneCurve | Cause::RecodedGrid);
    let few = !census.grey() && census.colours() < census::COLOURS && census.direct() < 0.03;
    if_so(doubtful && smoothed && few, Drawing::FlatColours)
}

fn rounded_plane(plateaus: &Plateaus<'_>) -> Verdict {
    let census = plateaus.census()?;
    let yuv = matches!(plateaus.found.space, Space::Yuv { .. });
    let colours = census.colours();
    let one_plane = if yuv { colours > 64 } else { colours > 16 && plateaus.on_whole_bits() };
    (is_rounded(census) && one_plane).then_some(None)
}

fn soft_jumps(plateaus: &Plateaus<'_>) -> Verdict {
    let census = plateaus.census()?;
    let sharp = census.jump() + census.soft_jump();
    let soft = census.soft_jump() >= 0.08 && sharp >= 0.5 * census.texture() && census.small() < sharp;
    if_so(soft, Drawing::FlatColours)
}

fn soft_steps(plateaus: &Plateaus<'_>) -> Verdict {
    let census = plateaus.census()?;
    let soft = census.soft_jump() + census.soft_small();
    if_so(soft >= 0.2 && soft >= 2.5 * census.direct() && census.texture() < 0.5, Drawing::FlatColours)
}

/// Smoothed text: its blends are narrow, between letters and background. In a gradient they are plateaus.
fn text(plateaus: &Plateaus<'_>) -> Verdict {
    let census = plateaus.census()?;
    let narrow = census.soft_jump() >= 0.03 && census.small() < 0.1 * census.soft_jump();
    if_so(narrow && census.are_blends(), Drawing::FlatColours)
}

/// A palette made for a gradient: many colours, and small direct steps.
fn is_palette(census: &Census) -> bool {
    (28..=256).contains(&census.colours()) && census.direct() - census.jump_16() >= 0.3
}

fn sharp_jumps(plateaus: &Plateaus<'_>) -> Verdict {
    let census = plateaus.census()?;
    let jumps = census.jump() >= 0.12 && census.jump_24() + 0.02 > 0.3 * census.texture();
    if_so(jumps && !is_palette(census), Drawing::FlatColours)
}

/// Many pixels that differ from all their neighbours.
fn is_noisy(census: &Census) -> bool {
    census.specks() >= 0.15
}

/// Even shades with plateaus next to their neighbours; those of smoothed text are next to its background.
fn is_tinted_gradient(census: &Census) -> bool {
    census.small() >= 0.1 && census.soft_jump() < 0.2 * census.small() && census.are_shades()
}

/// Colours that all have levels of luma and chroma, most next to their neighbours': no artist picks these.
fn are_levels(plateaus: &Plateaus<'_>, census: &Census) -> bool {
    let found = plateaus.found;
    let lattice = found.cause == Cause::PlaneGrid && found.grids.iter().all(|grid| grid.confidence >= 1.0);
    lattice && census.small() >= 0.9 * (census.direct() - census.jump()) && census.jump() < 0.25
}

fn few_colours(plateaus: &Plateaus<'_>) -> Verdict {
    let census = plateaus.census()?;
    if are_levels(plateaus, census) {
        return None;
    }
    let (colours, single, texture) = (census.colours(), census.single(), census.texture());
    // Noise of a grey photo leaves specks; a grey drawing has none.
    let clean = texture < 0.2 && (census.specks() < 0.005 || single < 0.3);
    let chosen = colours <= FEW && (!census.grey() || clean) && !(is_noisy(census) && single >= 0.1);
    let textured = colours <= 40 && texture >= 0.3 && single < 0.05 && !census.grey();
    if_so(chosen || (textured && !is_tinted_gradient(census)), Drawing::FewColours)
}

fn joint_steps(plateaus: &Plateaus<'_>) -> Verdict {
    let census = plateaus.census()?;
    // A gradient with equal slopes in all planes steps in all of them at once, one level at a time.
    let parallel = plateaus.found.cause == Cause::Levels
        && census.colours() > 16
        && plateaus.on_whole_bits()
        && census.small() >= 0.9 * census.direct()
        && census.jump() < 0.02;
    if_so(census.multi() >= 0.4 && !is_palette(census) && !parallel, Drawing::FewColours)
}

fn background(plateaus: &Plateaus<'_>) -> Verdict {
    let census = plateaus.census()?;
    let (sharp, single) = (census.jump() + census.soft_jump(), census.single());
    let flat = census.most_common_share() >= 0.6 && sharp >= 0.04 && single < sharp;
    // Edges of shapes on plain colours are soft; a gradient has none.
    let shapes = census.most_common_share() >= 0.8 && census.soft_jump() >= 0.1;
    if_so((flat || shapes) && !is_noisy(census), Drawing::FlatColours)
}

/// Few colours leave gaps in a histogram, as a tone curve does, and may be on a lattice of video by chance.
/// Eight cover half of a screen. Those of a false-colour map are on no line, unlike a gradient's, and its
/// steps are of all sizes, unlike those of few levels.
fn colour_map(plateaus: &Plateaus<'_>) -> Verdict {
    const SCREEN: usize = 2000;
    const MAP: usize = 640;
    let census = plateaus.census()?;
    let doubtful = matches!(plateaus.found.cause, Cause::ToneCurve | Cause::Coded | Cause::Video);
    if !doubtful || census.grey() || census.colours() >= SCREEN {
        return None;
    }
    let contours = plateaus.evidence.contours();
    let levels = || contours.density() >= 0.002 && contours.small() <= 0.05;
    let line = census.on_a_line();
    let screen = census.most_common_share() >= 0.5 && line < 0.99;
    let map = || census.colours() < MAP && line < 0.95 && !levels();
    if_so(screen || map(), Drawing::FlatColours)
}

/// Channels of a mosaic step apart at up to a third of its contours by chance; where single ones step alone
/// everywhere, others are constant.
fn independent(plateaus: &Plateaus<'_>) -> bool {
    const COLOURS: usize = 600;
    if plateaus.census().is_none_or(|census| census.colours() < COLOURS) {
        return false;
    }
    let contours = plateaus.evidence.contours();
    contours.density() >= 0.005 && contours.small() <= 0.06 && (0.4..0.97).contains(&contours.independence())
}
