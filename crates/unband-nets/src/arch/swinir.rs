//! `SwinIR`: residual groups of Swin transformer blocks between convolutions.

use super::{Architecture, DIV2K_MEAN, Purpose, Settings, Use, Variant, count_numbered, listed};
use crate::layer::activation::Activation;
use crate::net::{BuildError, Net};
use crate::{Graph, StateDict, Value};

/// Registry entry.
pub const ENTRY: Architecture = Architecture {
    name: "swinir",
    title: "Swin transformer for upscaling: classical, lightweight, real-world",
    source: "Liang et al., SwinIR, ICCVW 2021; JingyunLiang/SwinIR models/network_swinir.py",
    use_as: Use::for_purpose(Purpose::Upscale),
    build: |o| build(&Config::default().with(o)),
    detect: |state: &StateDict| Some(build(&Config::from_state(state)?)),
    variants: &[
        Variant {
            name: "lightweight",
            title: "Lightweight, ×2",
            build: |o| build(&Config::lightweight().with(o)),
        },
        Variant::small(|o| {
            build(&Config { channels: 12, depths: vec![2; 2], heads: 2, ..Config::lightweight() }.with(o))
        }),
    ],
    settings: |state| Config::from_state(state).map(|config| config.settings()).unwrap_or_default(),
    assumed: "values of 0 to 1, minus the mean colour of DIV2K",
    ..Architecture::PLAIN
};

/// Path from features to the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upsampler {
    /// Doublings (or one tripling) by pixel shuffle: classical.
    PixelShuffle,
    /// One convolution and one pixel shuffle: lightweight.
    Direct,
    /// Repeated samples and convolutions: real-world.
    Nearest,
}

/// Widths, depths and scale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Channels of tokens.
    pub channels: usize,
    /// Blocks of each group.
    pub depths: Vec<usize>,
    /// Attention heads.
    pub heads: usize,
    /// Side of a window, a power of two.
    pub window: usize,
    /// Channels inside the perceptrons.
    pub hidden: usize,
    /// Scale factor.
    pub scale: usize,
    /// Path from features to the image.
    pub upsampler: Upsampler,
    /// Channels along that path; [`Upsampler::Direct`] has none.
    pub width: usize,
    /// Three convolutions after each group and after all, instead of one.
    pub three: bool,
    /// Windows of the image that the stored masks are for; 0 without masks.
    pub masks: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            channels: 180,
            depths: vec![6; 6],
            heads: 6,
            window: 8,
            hidden: 360,
            scale: 4,
            upsampler: Upsampler::PixelShuffle,
            width: 64,
            three: false,
            masks: 64,
        }
    }
}

/// Added to variances.
const EPS: f64 = 1e-5;

impl Config {
    fn lightweight() -> Self {
        Self {
            channels: 60,
            depths: vec![6; 4],
            hidden: 120,
            scale: 2,
            upsampler: Upsampler::Direct,
            ..Self::default()
        }
    }

    fn with(self, options: &super::Options) -> Self {
        Self {
            channels: options.get("channels", self.channels),
            depths: options.get("depths", self.depths),
            heads: options.get("heads", self.heads),
            hidden: options.get("hidden", self.hidden),
            scale: options.get("scale", self.scale),
            ..self
        }
    }

    fn settings(&self) -> Settings {
        vec![
            ("channels", self.channels.to_string()),
            ("depths", listed(&self.depths)),
            ("heads", self.heads.to_string()),
            ("window", self.window.to_string()),
            ("scale", self.scale.to_string()),
        ]
    }

    /// Derived from names and shapes; `None` for another network.
    pub fn from_state(state: &StateDict) -> Option<Self> {
        let first = |name: &str| state.shape(name)?.first().copied();
        let group = |i: usize| format!("layers.{i}.residual_group.blocks.");
        let &[channels, 3, 3, 3] = state.shape("conv_first.weight")? else { return None };
        let &[table, heads] = state.shape(&format!("{}0.attn.relative_position_bias_table", group(0)))?
        else {
            return None;
        };
        let window = (1..=64).find(|window| (2 * window - 1) * (2 * window - 1) == table)?;
        let hidden = first(&format!("{}0.mlp.fc1.bias", group(0)))?;
        let depths =
            (0..count_numbered(state, "layers.")).map(|i| count_numbered(state, &group(i))).collect();
        let third = |outputs: usize, of: usize| (1..=8).find(|scale| of * scale * scale == outputs);
        let (upsampler, width, scale) = if let Some(width) = first("conv_up1.weight") {
            let doublings = 1 + (2..=3).filter(|i| first(&format!("conv_up{i}.weight")).is_some()).count();
            (Upsampler::Nearest, width, 1 << doublings)
        } else if let Some(width) = first("conv_before_upsample.0.weight") {
            let steps = (0..4).filter_map(|i| third(first(&format!("upsample.{}.weight", 2 * i))?, width));
            (Upsampler::PixelShuffle, width, steps.product())
        } else {
            (Upsampler::Direct, 0, third(first("upsample.0.weight")?, 3)?)
        };
        let three = state.get("conv_after_body.0.weight").is_some();
        let masks = first(&format!("{}1.attn_mask", group(0))).unwrap_or(0);
        Some(Self { channels, depths, heads, window, hidden, scale, upsampler, width, three, masks })
    }
}

/// Classical ×4: 11,900,199 parameters. `[3, H, W] → [3, scale·H, scale·W]`, sides multiples of the window.
///
/// # Errors
/// Widths not divisible by the number of heads; scales other than 2, 3, 4 and 8.
pub fn build(config: &Config) -> Result<Graph, BuildError> {
    let mut net = Net::new("swinir");
    let doublings = config.scale.trailing_zeros() as usize;
    let possible =
        config.scale.is_power_of_two() || config.upsampler != Upsampler::Nearest && config.scale == 3;
    if !possible || !(2..=8).contains(&config.scale) || !config.window.is_power_of_two() {
        net.fault(format!("a scale of {} with windows of {}", config.scale, config.window));
    }
    let image = net.input("image", 3);
    let x = net.normalise(image, &DIV2K_MEAN, &[1.0; 3]);
    let shallow = net.conv3x3("conv_first", x, config.channels);
    let mut x = net.layer_norm("patch_embed.norm", shallow, EPS);
    for (i, &depth) in config.depths.iter().enumerate() {
        x = net.scope(format!("layers.{i}"), |net| group(net, config, depth, x));
    }
    let x = net.layer_norm("norm", x, EPS);
    let x = convolved(&mut net, config, "conv_after_body", x);
    let mut x = net.add(x, shallow);
    if config.upsampler != Upsampler::Direct {
        let y = net.conv3x3("conv_before_upsample.0", x, config.width);
        x = net.lrelu(y, 0.01);
    }
    match config.upsampler {
        Upsampler::Direct => {
            let y = net.conv3x3("upsample.0", x, 3 * config.scale * config.scale);
            x = net.pixel_shuffle(y, config.scale);
        }
        Upsampler::PixelShuffle => {
            let steps = if config.scale == 3 { vec![3] } else { vec![2; doublings] };
            for (i, step) in steps.into_iter().enumerate() {
                let y = net.conv3x3(format!("upsample.{}", 2 * i), x, config.width * step * step);
                x = net.pixel_shuffle(y, step);
            }
            x = net.conv3x3("conv_last", x, 3);
        }
        Upsampler::Nearest => {
            for i in 1..=doublings {
                let larger = net.upsample_nearest(x, 2);
                let y = net.conv3x3(format!("conv_up{i}"), larger, config.width);
                x = net.lrelu(y, 0.2);
            }
            let y = net.conv3x3("conv_hr", x, config.width);
            let y = net.lrelu(y, 0.2);
            x = net.conv3x3("conv_last", y, 3);
        }
    }
    let out = net.scope("mean", |net| net.normalise(x, &DIV2K_MEAN.map(|mean| -mean), &[1.0; 3]));
    net.finish(&[("image", out)])
}

fn group(net: &mut Net, config: &Config, depth: usize, x: Value) -> Value {
    let y = (0..depth).fold(x, |y, b| {
        let shift = if b % 2 == 1 { config.window / 2 } else { 0 };
        net.scope(format!("residual_group.blocks.{b}"), |net| block(net, config, y, shift))
    });
    let y = convolved(net, config, "conv", y);
    net.add(y, x)
}

fn block(net: &mut Net, config: &Config, x: Value, shift: usize) -> Value {
    let channels = config.channels;
    if shift > 0 && config.masks > 0 {
        // Of images of another size: computed here.
        let tokens = config.window * config.window;
        net.integer("attn_mask", &[config.masks, tokens, tokens]);
    }
    let y = net.layer_norm("norm1", x, EPS);
    let y = net.scope("attn", |net| {
        let tokens = config.window * config.window;
        net.integer("relative_position_index", &[tokens, tokens]);
        let qkv = net.linear("qkv", y, 3 * channels);
        let (q, kv) = (net.slice(qkv, 0, channels), net.slice(qkv, channels, 2 * channels));
        let bias = "relative_position_bias_table";
        let y = net.window_attention(bias, q, kv, config.heads, config.window, shift);
        net.linear("proj", y, channels)
    });
    let x = net.add(x, y);
    let y = net.layer_norm("norm2", x, EPS);
    let y = net.linear("mlp.fc1", y, config.hidden);
    let y = net.activation(y, Activation::Gelu);
    let y = net.linear("mlp.fc2", y, channels);
    net.add(x, y)
}

/// One convolution, or three around a quarter of the channels.
fn convolved(net: &mut Net, config: &Config, name: &str, x: Value) -> Value {
    if !config.three {
        return net.conv3x3(name, x, config.channels);
    }
    net.scope(name, |net| {
        let y = net.conv3x3("0", x, config.channels / 4);
        let y = net.lrelu(y, 0.2);
        let y = net.conv1x1("2", y, config.channels / 4);
        let y = net.lrelu(y, 0.2);
        net.conv3x3("4", y, config.channels)
    })
}
