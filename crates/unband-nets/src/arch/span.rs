//! SPAN: attention without parameters, from the symmetric sigmoid of each block's own result.

use super::{Architecture, DIV2K_MEAN, Purpose, Settings, Use, Variant};
use crate::layer::activation::Activation;
use crate::net::{BuildError, Net};
use crate::{Graph, StateDict, Value};

/// Registry entry.
pub const ENTRY: Architecture = Architecture {
    name: "span",
    title: "Swift parameter-free attention network",
    source: "Wan et al., SPAN, CVPRW 2024 (arXiv 2311.12770); hongyuanyu/SPAN basicsr/archs/span_arch.py",
    use_as: Use::for_purpose(Purpose::Upscale),
    build: |o| build(&Config::default().with(o)),
    detect: |state: &StateDict| Some(build(&Config::from_state(state)?)),
    variants: &[
        Variant {
            name: "x2",
            title: "×2 upscaling",
            build: |o| build(&Config { scale: 2, ..Config::default() }.with(o)),
        },
        Variant::small(|o| build(&Config { channels: 12, ..Config::default() }.with(o))),
    ],
    settings: |state| Config::from_state(state).map(|config| config.settings()).unwrap_or_default(),
    assumed: "values of 0 to 1, minus the mean colour of DIV2K, times 255, unless the file has `no_norm`",
    ..Architecture::PLAIN
};

/// Width, scale and range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Channels between layers.
    pub channels: usize,
    /// Scale factor.
    pub scale: usize,
    /// Whether the mean colour is subtracted, and values go to 255.
    pub normalised: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self { channels: 48, scale: 4, normalised: true }
    }
}

/// Largest scale factor of a file.
const MOST: usize = 16;

super::options::with_options!(Config: channels, scale, normalised);

impl Config {
    fn settings(&self) -> Settings {
        vec![
            ("channels", self.channels.to_string()),
            ("scale", self.scale.to_string()),
            ("normalised", self.normalised.to_string()),
        ]
    }

    /// Derived from names and shapes; `None` for another network.
    pub fn from_state(state: &StateDict) -> Option<Self> {
        let &[channels, 3, 3, 3] = state.shape("conv_1.eval_conv.weight")? else { return None };
        let &[out, from, 3, 3] = state.shape("upsampler.0.weight")? else { return None };
        let scale = (1..=MOST).find(|scale| 3 * scale * scale == out)?;
        let normalised = state.get("no_norm").is_none();
        (from == channels).then_some(Self { channels, scale, normalised })
    }
}

/// ×4: 426,288 parameters, of the layers that run: a file has those of training, which are folded when it is
/// read. `[3, H, W] → [3, scale·H, scale·W]`.
///
/// # Errors
/// Widths that give no valid network.
pub fn build(config: &Config) -> Result<Graph, BuildError> {
    let mut net = Net::new("span");
    if !(1..=MOST).contains(&config.scale) {
        net.fault(format!("`scale` is 1 to {MOST}"));
    }
    let image = net.input("image", 3);
    let x = if config.normalised {
        net.normalise(image, &DIV2K_MEAN, &[1.0 / 255.0; 3])
    } else {
        net.buffer("no_norm", &[1]);
        image
    };
    let first = net.conv3x3("conv_1.eval_conv", x, config.channels);
    let (mut y, mut inside) = (first, first);
    let mut after = Vec::new();
    for number in 1..=6 {
        (y, inside) = net.scope(format!("block_{number}"), |net| block(net, y));
        after.push(y);
    }
    let last = net.conv3x3("conv_2.eval_conv", y, config.channels);
    let joined = net.concat(&[first, last, after[0], inside]);
    let y = net.conv1x1("conv_cat", joined, config.channels);
    let y = net.conv3x3("upsampler.0", y, 3 * config.scale * config.scale);
    let out = net.pixel_shuffle(y, config.scale);
    net.finish(&[("image", out)])
}

/// Its result, and that of its first layer, with the activation: the original's works in place.
fn block(net: &mut Net, x: Value) -> (Value, Value) {
    let channels = net.channels(x);
    let first = net.conv3x3("c1_r.eval_conv", x, channels);
    let first = net.activation(first, Activation::Silu);
    let y = net.conv3x3("c2_r.eval_conv", first, channels);
    let y = net.activation(y, Activation::Silu);
    let y = net.conv3x3("c3_r.eval_conv", y, channels);
    let attention = net.activation(y, Activation::Sigmoid);
    let attention = net.affine(attention, 1.0, -0.5);
    let sum = net.add(y, x);
    (net.mul(sum, attention), first)
}
