//! Uformer (Wang et al., "Uformer: a general U-shaped transformer for image restoration", CVPR 2022).

use super::{Architecture, Purpose, Settings, Use, Variant, count_numbered, listed};
use crate::layer::activation::Activation;
use crate::layer::conv::ConvSpec;
use crate::net::{BuildError, Net};
use crate::{Graph, StateDict, Value};

/// Registry entry.
pub const ENTRY: Architecture = Architecture {
    name: "uformer-t",
    title: "U-shaped transformer with attention inside windows, smallest size",
    source: "Wang et al., CVPR 2022; ZhendongWang6/Uformer model.py",
    use_as: Use::for_purpose(Purpose::Deband),
    build: |o| build(&Config::default().with(o)),
    detect: |state: &StateDict| Some(build(&Config::from_state(state)?)),
    variants: &[
        Variant {
            name: "no-modulator",
            title: "Without modulators, the vectors that the decoder adds to its windows",
            build: |o| build(&Config { modulator: false, ..Config::default() }.with(o)),
        },
        Variant::small(|o| {
            let (depths, heads) = ([2, 2, 1, 1, 1, 1, 1, 2, 2], [1, 1, 2, 4, 8, 8, 4, 2, 1]);
            build(&Config { width: 8, depths, heads, ..Config::default() }.with(o))
        }),
    ],
    settings: |state| Config::from_state(state).map(|config| config.settings()).unwrap_or_default(),
    assumed: "built for images of 256×256; if built for 128×128, the windows of the bottleneck would not shift",
    ..Architecture::PLAIN
};

/// Side of a window, for stages larger than that.
const WINDOW: usize = 8;

/// Widths and depths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Channels of the first stage; every further one has twice as many.
    pub width: usize,
    /// Blocks of the nine stages: four of the encoder, the bottleneck, four of the decoder.
    pub depths: [usize; 9],
    /// Heads of the nine stages.
    pub heads: [usize; 9],
    /// The decoder adds a vector per position in a window.
    pub modulator: bool,
    /// Side of the images that the network was built for. It decides one thing: in a stage not larger than a
    /// window, windows do not shift. At 128, that is the bottleneck. No state dict reveals it.
    pub side: usize,
}

impl Default for Config {
    fn default() -> Self {
        let heads = [1, 2, 4, 8, 16, 16, 8, 4, 2];
        Self { width: 16, depths: [2; 9], heads, modulator: true, side: 256 }
    }
}

/// Names of the stages in a state dict.
const STAGES: [&str; 9] = [
    "encoderlayer_0",
    "encoderlayer_1",
    "encoderlayer_2",
    "encoderlayer_3",
    "conv",
    "decoderlayer_0",
    "decoderlayer_1",
    "decoderlayer_2",
    "decoderlayer_3",
];

super::options::with_options!(Config: width, depths, heads, modulator, side);

impl Config {
    /// Settings by name, for display.
    fn settings(&self) -> Settings {
        let modulator = if self.modulator { "yes" } else { "no" };
        vec![
            ("width", self.width.to_string()),
            ("depths", listed(&self.depths)),
            ("heads", listed(&self.heads)),
            ("modulator", modulator.to_owned()),
        ]
    }

    /// Derived from shapes; `None` for another network. `side` is that of the default.
    pub fn from_state(state: &StateDict) -> Option<Self> {
        let &[width, 3, 3, 3] = state.shape("input_proj.proj.0.weight")? else { return None };
        let mut config = Self {
            width,
            modulator: state.get("decoderlayer_0.blocks.0.modulator.weight").is_some(),
            ..Self::default()
        };
        for (i, stage) in STAGES.iter().enumerate() {
            config.depths[i] = count_numbered(state, &format!("{stage}.blocks."));
            let table = format!("{stage}.blocks.0.attn.relative_position_bias_table");
            let &[225, heads] = state.shape(&table)? else { return None };
            config.heads[i] = heads;
        }
        Some(config)
    }
}

/// 5,291,853 parameters, 5,230,413 without modulators; sides multiples of 128.
///
/// Differs: takes images that are not square; the original derives the side from the number of tokens.
///
/// # Errors
/// Widths not divisible by the number of heads; a side for which the bottleneck is smaller than a window.
pub fn build(config: &Config) -> Result<Graph, BuildError> {
    let mut net = Net::new("uformer");
    if config.side < 16 * WINDOW {
        net.fault(format!("a side of {} is too small for windows of {WINDOW}", config.side));
    }
    let image = net.input("image", 3);
    let x = net.scope("input_proj.proj", |net| net.conv3x3("0", image, config.width));
    let mut x = net.lrelu(x, 0.01);
    let mut skips = Vec::new();
    for s in 0..4 {
        x = stage(&mut net, config, s, x);
        skips.push(x);
        let down = ConvSpec::new(4).stride(2).padding(1);
        let twice = 2 * net.channels(x);
        x = net.conv(format!("dowsample_{s}.conv.0"), x, twice, down);
    }
    x = stage(&mut net, config, 4, x);
    for (s, &skip) in skips.iter().rev().enumerate() {
        let channels = net.channels(skip);
        let larger = net.conv_transpose(format!("upsample_{s}.deconv.0"), x, channels, (2, 2, 0), true);
        x = net.concat(&[larger, skip]);
        x = stage(&mut net, config, 5 + s, x);
    }
    let change = net.conv3x3("output_proj.proj.0", x, 3);
    let out = net.add(image, change);
    net.finish(&[("image", out)])
}

/// Stochastic depth rate of the deepest blocks during training: `drop_path_rate` of model.py.
const MOST_DROPPED: f32 = 0.1;

/// Number of halvings before each stage.
const HALVINGS: [usize; 9] = [0, 1, 2, 3, 4, 3, 2, 1, 0];

fn stage(net: &mut Net, config: &Config, s: usize, x: Value) -> Value {
    let shifts = config.side >> HALVINGS[s] > WINDOW;
    let modulator = config.modulator && s > 4;
    (0..config.depths[s]).fold(x, |x, b| {
        let shift = if shifts && b % 2 == 1 { WINDOW / 2 } else { 0 };
        let dropped = dropped(config, s, b);
        net.scope(format!("{}.blocks.{b}", STAGES[s]), |net| {
            block(net, x, config.heads[s], shift, modulator, dropped)
        })
    })
}

/// Stochastic depth rate of block `b` of a stage: increases from block to block down to the bottleneck, and
/// decreases on the way up.
fn dropped(config: &Config, s: usize, b: usize) -> f32 {
    let deepest = config.depths[..4].iter().sum::<usize>().saturating_sub(1);
    let before: usize = config.depths[..s].iter().sum::<usize>() + b;
    let deep = match s {
        0..4 => before,
        4 => deepest,
        _ => (config.depths.iter().sum::<usize>() - 1).saturating_sub(before).min(deepest),
    };
    MOST_DROPPED * deep as f32 / deepest.max(1) as f32
}

fn block(net: &mut Net, x: Value, heads: usize, shift: usize, modulator: bool, dropped: f32) -> Value {
    let y = net.layer_norm("norm1", x, 1e-5);
    let y = if modulator { net.window_add("modulator.weight", y, WINDOW, shift) } else { y };
    let y = net.scope("attn", |net| attention(net, y, heads, shift));
    let y = net.drop_path(y, dropped);
    let x = net.add(x, y);
    let y = net.layer_norm("norm2", x, 1e-5);
    let y = net.scope("mlp", |net| feed_forward(net, y));
    let y = net.drop_path(y, dropped);
    net.add(x, y)
}

fn attention(net: &mut Net, x: Value, heads: usize, shift: usize) -> Value {
    let channels = net.channels(x);
    let q = net.linear("qkv.to_q", x, channels);
    let kv = net.linear("qkv.to_kv", x, 2 * channels);
    let tokens = WINDOW * WINDOW;
    net.integer("relative_position_index", &[tokens, tokens]);
    let y = net.window_attention("relative_position_bias_table", q, kv, heads, WINDOW, shift);
    net.linear("proj", y, channels)
}

/// Linear, 3×3 depthwise, linear.
fn feed_forward(net: &mut Net, x: Value) -> Value {
    let channels = net.channels(x);
    let y = net.linear("linear1.0", x, 4 * channels);
    let y = net.activation(y, Activation::Gelu);
    let y = net.conv("dwconv.0", y, 4 * channels, ConvSpec::new(3).groups(4 * channels));
    let y = net.activation(y, Activation::Gelu);
    net.linear("linear2.0", y, channels)
}
