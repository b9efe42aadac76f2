//! Decision table for RGB and grey images: the first rule that applies decides.
//!
//! A rule is one file with a `RULE`, and its line in [`RULES`]. Rules read [`Evidence`], which computes each
//! part on first use.

mod coded;
mod colour_levels;
mod comb;
mod declared_palette;
mod dithered;
mod even_levels;
mod grey_channels;
mod jpeg_blocks;
mod jpeg_grid;
mod jpeg_noisy;
mod jpeg_tables;
mod jpeg_twice;
mod levels;
mod limited_grid;
mod limited_range;
mod linear;
mod noisy_grid;
pub(crate) mod palette;
mod partial_levels;
mod plain;
pub(crate) mod resized;
mod resized_channels;
mod separated_palette;
mod shades;
mod video_lattice;

use crate::evidence::Evidence;
use crate::rule;
use unband_image::findings::Findings;

/// Findings where the rule applies.
pub(crate) type Rule = crate::rule::Rule<fn(&Evidence<'_>) -> Option<Findings>>;

/// The table, in order. The last rule always applies.
pub(crate) static RULES: &[Rule] = &[
    dithered::RULE,
    levels::RULE,
    linear::RULE,
    jpeg_twice::RULE,
    jpeg_grid::RULE,
    jpeg_noisy::RULE,
    jpeg_tables::RULE,
    declared_palette::RULE,
    colour_levels::RULE,
    shades::RULE,
    even_levels::RULE,
    resized_channels::RULE,
    video_lattice::RULE,
    partial_levels::RULE,
    resized::RULE,
    separated_palette::RULE,
    noisy_grid::RULE,
    grey_channels::RULE,
    jpeg_blocks::RULE,
    limited_grid::RULE,
    palette::RULE,
    limited_range::RULE,
    comb::RULE,
    coded::RULE,
    plain::RULE,
];

/// The rule that decides, and its findings.
pub(crate) fn decide<'t>(table: &'t [Rule], evidence: &Evidence<'_>) -> (&'t Rule, Findings) {
    // A table without its last rule.
    let otherwise = || (&plain::RULE, evidence.plain_findings());
    rule::first(table, |applies| applies(evidence)).unwrap_or_else(otherwise)
}

#[cfg(test)]
mod tests;
