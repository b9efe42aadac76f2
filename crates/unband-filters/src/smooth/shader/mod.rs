//! `smooth` as a GLSL shader for video players: mpv's `.hook` syntax, as libplacebo reads it.
//!
//! The same surface as on the processor, from the same constants, in passes that each write one texture. The
//! quantisation step is counted on the graphics card, in a buffer that lives from frame to frame. Templates
//! of the passes are in `glsl/`; a pass states its macros before their text.
//!
//! Syntax: haasn/libplacebo, docs/custom-shaders.md.

mod pass;
mod passes;
mod statistic;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use self::pass::float;
use super::gate::Gate;

/// The text of a file of templates.
macro_rules! glsl {
    ($name:literal) => {
        include_str!(concat!("glsl/", $name, ".glsl"))
    };
}
use glsl;

/// Kinds of shader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShaderVariant {
    /// All sweeps.
    Full,
    /// Fewer sweeps of the two finest levels.
    Fast,
    /// All sweeps for 8-bit video, without parameters, storage and compute shaders.
    Compat,
}

/// Settings of [`text`].
#[derive(Clone, Copy, Debug)]
pub struct ShaderSettings {
    /// The kind of shader.
    pub variant: ShaderVariant,
    /// Strength of the correction at the start, 0 to 4; that of [`ShaderVariant::Compat`] for good.
    pub strength: f32,
    /// Bits per sample, 4 to 10; `None` finds them, or means coded 8-bit video for [`ShaderVariant::Compat`].
    pub bits: Option<u8>,
    /// Number of pyramid levels, 1 to 6.
    pub levels: usize,
}

impl ShaderSettings {
    /// Default settings of a variant.
    pub fn new(variant: ShaderVariant) -> Self {
        Self { variant, strength: 1.0, bits: None, levels: super::surface::LEVELS }
    }
}

/// Texture of the gate's table.
const GATE: &str = "UNBAND_GATE";
/// Side of that table, [`Gate::raster`].
const GATE_SIDE: usize = 64;
/// Largest factor of the gate, which is white in its texture.
const GATE_MOST: f32 = 1.5;

/// The shader's text.
pub fn text(settings: &ShaderSettings) -> String {
    let mut out = String::from(HEAD);
    if settings.variant != ShaderVariant::Compat {
        parameters(&mut out, settings);
        out.push_str(BUFFER);
    }
    let _ =
        write!(out, "//!TEXTURE {GATE}\n//!SIZE {GATE_SIDE} {GATE_SIDE}\n//!FORMAT r8\n//!FILTER LINEAR\n");
    for factor in Gate::new(1.0).raster() {
        let _ = write!(out, "{:02x}", (factor / GATE_MOST * 255.0).round() as u8);
    }
    out.push_str("\n\n");
    for pass in passes::passes(settings) {
        pass.write(&mut out);
    }
    out
}

const HEAD: &str = "\
// unband smooth: removes banding by the smoothest surface inside the quantisation intervals.
// Written by `unband shader smooth`; docs/guide/players.md explains the settings. MIT or Apache-2.0.

";

/// State from frame to frame, of luma (or RGB) and of both chroma channels.
const BUFFER: &str = "\
//!BUFFER UNBAND_STATE
//!VAR uint unband_codes[6144]
//!VAR uint unband_seen[16]
//!VAR float unband_means[6144]
//!VAR float unband_kept[32]
//!STORAGE

";

fn parameters(out: &mut String, settings: &ShaderSettings) {
    let strength = float(settings.strength);
    let mut add = |name: &str, title: &str, kind: &str, range: [u8; 2], value: String| {
        let [least, most] = range;
        let _ = write!(
            out,
            "//!PARAM {name}\n//!DESC {title}\n//!TYPE {kind}\n//!MINIMUM {least}\n//!MAXIMUM {most}\n\
             {value}\n\n"
        );
    };
    add("strength", "Strength of the correction", "float", [0, 4], strength);
    add(
        "bits",
        "Bits per sample, 4 to 10; 0 finds them",
        "int",
        [0, 10],
        settings.bits.unwrap_or(0).to_string(),
    );
    add("levels", "Levels of the pyramid", "int", [1, 6], settings.levels.to_string());
    add("show", "1 shows the correction, 2 the gate", "int", [0, 2], "0".to_owned());
}
