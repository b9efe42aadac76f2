//! `SRVGGNetCompact`: convolutions with `PReLU` and one pixel shuffle, added to the repeated image.

use super::{Architecture, Purpose, Settings, Use, Variant, count_numbered};
use crate::net::{BuildError, Net};
use crate::{Graph, StateDict};

/// Registry entry.
pub const ENTRY: Architecture = Architecture {
    name: "compact",
    title: "Compact network of Real-ESRGAN: realesr-animevideov3, realesr-general-x4v3",
    source: "Wang et al., Real-ESRGAN, ICCVW 2021; xinntao/Real-ESRGAN realesrgan/archs/srvgg_arch.py",
    use_as: Use::for_purpose(Purpose::Upscale),
    build: |o| build(&Config::default().with(o)),
    detect: |state: &StateDict| Some(build(&Config::from_state(state)?)),
    variants: &[
        Variant {
            name: "anime",
            title: "realesr-animevideov3, with half the layers",
            build: |o| build(&Config { layers: 16, ..Config::default() }.with(o)),
        },
        Variant::small(|o| build(&Config { channels: 16, layers: 4, ..Config::default() }.with(o))),
    ],
    settings: |state| Config::from_state(state).map(|config| config.settings()).unwrap_or_default(),
    ..Architecture::PLAIN
};

/// Width, depth and scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Channels between layers.
    pub channels: usize,
    /// Convolutions between the first and the last one.
    pub layers: usize,
    /// Scale factor.
    pub scale: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self { channels: 64, layers: 32, scale: 4 }
    }
}

/// Largest scale factor of a file.
const MOST: usize = 16;

super::options::with_options!(Config: channels, layers, scale);

impl Config {
    fn settings(&self) -> Settings {
        vec![
            ("channels", self.channels.to_string()),
            ("layers", self.layers.to_string()),
            ("scale", self.scale.to_string()),
        ]
    }

    /// Derived from shapes; `None` for another network, also with activations without weights.
    pub fn from_state(state: &StateDict) -> Option<Self> {
        let &[channels, 3, 3, 3] = state.shape("body.0.weight")? else { return None };
        let &[_] = state.shape("body.1.weight")? else { return None };
        let layers = (count_numbered(state, "body.").checked_sub(3)?) / 2;
        let &[out, from, 3, 3] = state.shape(&format!("body.{}.weight", 2 * layers + 2))? else {
            return None;
        };
        let scale = (1..=MOST).find(|scale| 3 * scale * scale == out)?;
        (from == channels).then_some(Self { channels, layers, scale })
    }
}

/// ×4: 1,213,296 parameters (32 layers), 621,424 (16 layers). `[3, H, W] → [3, scale·H, scale·W]`.
///
/// # Errors
/// Widths that give no valid network.
pub fn build(config: &Config) -> Result<Graph, BuildError> {
    let mut net = Net::new("compact");
    if !(1..=MOST).contains(&config.scale) {
        net.fault(format!("`scale` is 1 to {MOST}"));
    }
    let image = net.input("image", 3);
    let mut x = image;
    for layer in 0..=config.layers {
        x = net.conv3x3(format!("body.{}", 2 * layer), x, config.channels);
        x = net.prelu(format!("body.{}", 2 * layer + 1), x, config.channels);
    }
    let last = format!("body.{}", 2 * config.layers + 2);
    let x = net.conv3x3(last, x, 3 * config.scale * config.scale);
    let detail = net.pixel_shuffle(x, config.scale);
    let base = net.upsample_nearest(image, config.scale);
    let out = net.add(base, detail);
    net.finish(&[("image", out)])
}
