//! `RealPLKSR`: blocks with one large convolution over a quarter of the channels.

use super::{Architecture, Purpose, Settings, Use, Variant, count_numbered};
use crate::layer::activation::Activation;
use crate::layer::conv::ConvSpec;
use crate::net::{BuildError, Net};
use crate::{Graph, StateDict, Value};

/// Registry entry.
pub const ENTRY: Architecture = Architecture {
    name: "realplksr",
    title: "Partial large kernel network, for real images",
    source: "Lee et al., PLKSR, 2024 (arXiv 2404.11848); neosr-project/neosr neosr/archs/realplksr_arch.py",
    use_as: Use::for_purpose(Purpose::Upscale),
    build: |o| build(&Config::default().with(o)),
    detect: |state: &StateDict| Some(build(&Config::from_state(state)?)),
    variants: &[
        Variant {
            name: "x2",
            title: "×2 upscaling",
            build: |o| build(&Config { scale: 2, ..Config::default() }.with(o)),
        },
        Variant::small(|o| {
            build(&Config { channels: 16, large: 4, blocks: 2, kernel: 9, ..Config::default() }.with(o))
        }),
    ],
    settings: |state| Config::from_state(state).map(|config| config.settings()).unwrap_or_default(),
    assumed: "4 groups of normalisation, as in all known files",
    ..Architecture::PLAIN
};

/// Width, depth and scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Channels between blocks.
    pub channels: usize,
    /// Of them, those that pass the large convolution.
    pub large: usize,
    /// Blocks.
    pub blocks: usize,
    /// Side of the large convolution, odd.
    pub kernel: usize,
    /// Scale factor.
    pub scale: usize,
    /// Whether blocks have an attention of each sample.
    pub attention: bool,
    /// Whether blocks begin with a normalisation over channels, instead of an end with one over groups.
    pub layer_norm: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self { channels: 64, large: 16, blocks: 28, kernel: 17, scale: 4, attention: true, layer_norm: false }
    }
}

/// Largest scale factor of a file.
const MOST: usize = 16;
/// Groups of normalisation.
const GROUPS: usize = 4;

super::options::with_options!(Config: channels, large, blocks, kernel, scale, attention, layer_norm);

impl Config {
    fn settings(&self) -> Settings {
        vec![
            ("channels", self.channels.to_string()),
            ("large", self.large.to_string()),
            ("blocks", self.blocks.to_string()),
            ("kernel", self.kernel.to_string()),
            ("scale", self.scale.to_string()),
            ("attention", self.attention.to_string()),
            ("layer_norm", self.layer_norm.to_string()),
        ]
    }

    /// Derived from names and shapes; `None` for another network, also with learned positions of upsampling.
    pub fn from_state(state: &StateDict) -> Option<Self> {
        let &[channels, 3, 3, 3] = state.shape("feats.0.weight")? else { return None };
        let &[_, from, 3, 3] = state.shape("feats.1.channel_mixer.0.weight")? else { return None };
        let &[large, _, kernel, _] = state.shape("feats.1.lk.conv.weight")? else { return None };
        let last = count_numbered(state, "feats.");
        let &[out, ..] = state.shape(&format!("feats.{last}.weight"))? else { return None };
        let scale = (1..=MOST).find(|scale| 3 * scale * scale == out)?;
        let plain = from == channels && state.get("to_img.init_pos").is_none();
        plain.then_some(Self {
            channels,
            large,
            blocks: last.checked_sub(2)?,
            kernel,
            scale,
            attention: state.get("feats.1.attn.f.0.weight").is_some(),
            layer_norm: state.get("feats.1.layer_norm.weight").is_some(),
        })
    }
}

/// ×4: 7,389,680 parameters. `[3, H, W] → [3, scale·H, scale·W]`.
///
/// # Errors
/// Widths that give no valid network.
pub fn build(config: &Config) -> Result<Graph, BuildError> {
    let mut net = Net::new("realplksr");
    if !(1..=MOST).contains(&config.scale) {
        net.fault(format!("`scale` is 1 to {MOST}"));
    }
    if config.large == 0 || config.large > config.channels || config.kernel.is_multiple_of(2) {
        net.fault("`large` is 1 to `channels`, `kernel` odd".into());
    }
    let image = net.input("image", 3);
    let mut x = net.conv3x3("feats.0", image, config.channels);
    for number in 1..=config.blocks {
        x = net.scope(format!("feats.{number}"), |net| block(net, config, x));
    }
    // `feats.{blocks + 1}` drops channels in training.
    let x = net.conv3x3(format!("feats.{}", config.blocks + 2), x, 3 * config.scale * config.scale);
    let detail = net.pixel_shuffle(x, config.scale);
    let base = net.upsample_nearest(image, config.scale);
    let out = net.add(detail, base);
    net.finish(&[("image", out)])
}

fn block(net: &mut Net, config: &Config, x: Value) -> Value {
    let (channels, large) = (config.channels, config.large.min(config.channels));
    let y = if config.layer_norm { net.layer_norm("layer_norm", x, 1e-6) } else { x };
    let y = net.conv3x3("channel_mixer.0", y, 2 * channels);
    let y = net.activation(y, Activation::Mish);
    let y = net.conv3x3("channel_mixer.2", y, channels);
    let far = net.slice(y, 0, large);
    let far = net.conv("lk.conv", far, large, ConvSpec::new(config.kernel));
    let near = net.slice(y, large, channels - large);
    let mut y = net.concat(&[far, near]);
    if config.attention {
        let share = net.conv3x3("attn.f.0", y, channels);
        let share = net.activation(share, Activation::Sigmoid);
        y = net.mul(y, share);
    }
    let mut y = net.conv1x1("refine", y, channels);
    if !config.layer_norm {
        y = net.group_norm("norm", y, GROUPS, 1e-5);
    }
    net.add(y, x)
}
