//! `unband shader`: a method as a shader for video players.

use clap::{Args, ValueEnum};
use unband::shader::{ShaderSettings, ShaderVariant, text};

use crate::args;
use crate::outcome::Outcome;
use crate::result::print_data;

/// Arguments of `unband shader`.
#[derive(Debug, Args)]
pub(crate) struct ShaderArgs {
    /// Method
    pub method: ShaderMethod,
    /// Kind of shader
    #[arg(long, value_enum, default_value_t = ShaderKind::Full)]
    pub variant: ShaderKind,
    /// Strength, 0 to 4
    #[arg(
        short,
        long,
        value_name = "N",
        default_value = "1",
        value_parser = strength,
        allow_negative_numbers = true
    )]
    pub strength: f32,
    /// Bits per sample that the video had, 4 to 10 [default: found, or coded 8 bits for compat]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(4..=10))]
    pub bits: Option<u8>,
    /// Levels of the pyramid, 1 to 6: at 6 its coarsest samples cover 32 of the video
    #[arg(long, value_name = "N", default_value_t = 6, value_parser = clap::value_parser!(u8).range(1..=6))]
    pub levels: u8,
}

/// Methods that exist as a shader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ShaderMethod {
    /// The smoothest surface inside the quantisation intervals
    Smooth,
}

/// Kinds of shader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ShaderKind {
    /// Finds the step of each scene: mpv with gpu-next, libplacebo
    Full,
    /// The same with fewer sweeps, for weak graphics cards
    Fast,
    /// For 8-bit video, without parameters and storage: IINA, older players
    Compat,
}

/// A strength that players accept as the start of the parameter.
fn strength(text: &str) -> Result<f32, String> {
    let inside = |strength: &f32| (0.0..=4.0).contains(strength);
    args::strength(text).ok().filter(inside).ok_or_else(|| "write a number from 0 to 4".to_owned())
}

/// Prints the shader: `unband shader smooth > unband-smooth.glsl`.
pub(crate) fn run(args: &ShaderArgs) -> Outcome {
    let ShaderMethod::Smooth = args.method;
    let variant = match args.variant {
        ShaderKind::Full => ShaderVariant::Full,
        ShaderKind::Fast => ShaderVariant::Fast,
        ShaderKind::Compat => ShaderVariant::Compat,
    };
    let levels = usize::from(args.levels);
    let settings = ShaderSettings { variant, strength: args.strength, bits: args.bits, levels };
    print_data(text(&settings).as_bytes())
}
