//! GGDBN: gradient-guided dual-branch network with a self-guiding pyramid shared by both branches.

use super::{Architecture, Purpose, Settings, Use, Variant, listed};
use crate::layer::activation::Activation;
use crate::layer::conv::ConvSpec;
use crate::layer::pool::Reduce;
use crate::net::{BuildError, Net};
use crate::{Graph, StateDict, Value};

/// Registry entry.
pub const ENTRY: Architecture = Architecture {
    name: "ggdbn",
    title: "Gradient-guided dual-branch debanding network",
    source: "SCUT-SuFM/GGDBN model.py, commit 932fc14",
    use_as: Use::for_purpose(Purpose::Deband),
    build: |o| build(&Config::default().with(o)),
    detect: |state: &StateDict| Some(build(&Config::from_state(state)?)),
    variants: &[Variant::small(|o| {
        build(&Config { width: 16, pyramid: [32; 3], attention: 4, fusion: 16 }.with(o))
    })],
    settings: |state| Config::from_state(state).map(|config| config.settings()).unwrap_or_default(),
    ..Architecture::PLAIN
};

/// Widths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Channels of both branches.
    pub width: usize,
    /// Channels of the pyramid at 1/8, 1/4 and 1/2 of the size.
    pub pyramid: [usize; 3],
    /// Channels inside the channel attention.
    pub attention: usize,
    /// Channels of the fusion part.
    pub fusion: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self { width: 32, pyramid: [256, 128, 64], attention: 4, fusion: 64 }
    }
}

super::options::with_options!(Config: width, pyramid, attention, fusion);

impl Config {
    /// Settings by name, for display.
    fn settings(&self) -> Settings {
        vec![
            ("width", self.width.to_string()),
            ("pyramid", listed(&self.pyramid)),
            ("attention", self.attention.to_string()),
            ("fusion", self.fusion.to_string()),
        ]
    }

    /// Derived from shapes; `None` for another network.
    pub fn from_state(state: &StateDict) -> Option<Self> {
        let outputs = |name: &str| state.shape(name)?.first().copied();
        Some(Self {
            width: outputs("model.main1.conv.weight")?,
            pyramid: [
                outputs("model.base.top1.conv.weight")?,
                outputs("model.base.mid1.conv.weight")?,
                outputs("model.base.bot1.conv.weight")?,
            ],
            attention: outputs("model.guide3.1.mlp.0.weight")?,
            fusion: outputs("fusion.detail.0.weight")?,
        })
    }
}

/// Signed edge filters in four directions; zero padding.
const EDGES: [[f32; 9]; 4] = [
    [1.0, 0.0, -1.0, 2.0, 0.0, -2.0, 1.0, 0.0, -1.0],
    [1.0, 2.0, 1.0, 0.0, 0.0, 0.0, -1.0, -2.0, -1.0],
    [2.0, 1.0, 0.0, 1.0, 0.0, -1.0, 0.0, -1.0, -2.0],
    [0.0, 1.0, 2.0, -1.0, 0.0, 1.0, -2.0, -1.0, 0.0],
];

/// 4,789,239 parameters in 169 tensors. `[3, H, W] → [3, H, W]`, plus the auxiliary output `grad`, `[1, H,
/// W]`: the predicted gradient magnitude of the clean image's luma. Sides are multiples of 8.
///
/// # Errors
/// Widths that give no valid network.
pub fn build(config: &Config) -> Result<Graph, BuildError> {
    let mut net = Net::new("ggdbn");
    let image = net.input("image", 3);
    let edges = net.scope("edges", |net| edges(net, image));
    let (detail, gradient) = net.scope("model", |net| branches(net, image, edges, config));
    let gradient = net.conv3x3("grad_gen", gradient, 1);
    let residual = net.scope("fusion", |net| fusion(net, image, detail, gradient, config.fusion));
    let out = net.add(residual, image);
    net.finish(&[("image", out), ("grad", gradient)])
}

/// ITU-R BT.601 luma with the authors' rounded coefficients, then its edges.
fn edges(net: &mut Net, image: Value) -> Value {
    let [red, green, blue] = [0, 1, 2].map(|c| net.slice(image, c, 1));
    let gray = net.affine(red, 0.2989, 0.0);
    let gray = net.add_scaled(green, 0.587, gray);
    let gray = net.add_scaled(blue, 0.114, gray);
    net.fixed_conv("kernels", gray, [4, 1, 3, 3], EDGES.concat())
}

/// Results of the image branch and the gradient branch, 3 channels each.
fn branches(net: &mut Net, image: Value, edges: Value, config: &Config) -> (Value, Value) {
    let width = config.width;
    let base = net.scope("base", |net| pyramid(net, image, config.pyramid));
    let guide = net.scope("guide1", |net| {
        let x = layer(net, "0", edges, width);
        dense_residual(net, "1", x)
    });
    let guide = net.concat(&[guide, base]);
    let guide = layer(net, "guide2", guide, width);
    let guide1 = attended(net, "guide3", guide, config.attention);
    let guide2 = attended(net, "guide4", guide1, config.attention);
    let gradient = layer(net, "guide5", guide2, 3);

    let x = layer(net, "main1", image, width);
    let x = net.concat(&[x, base]);
    let x = layer(net, "main2", x, width);
    let x = net.scope("adj1", |net| modulated(net, x, guide1));
    let x = dense_residual(net, "main3", x);
    let x = net.scope("adj2", |net| modulated(net, x, guide2));
    let x = dense_residual(net, "main4", x);
    (layer(net, "main5", x, 3), gradient)
}

/// Pyramid from coarse to fine; each level reads the image at its own size. `[3, H, W] → [bottom / 4, H, W]`.
fn pyramid(net: &mut Net, image: Value, [top, middle, bottom]: [usize; 3]) -> Value {
    let x = net.pixel_unshuffle(image, 8);
    let x = layer(net, "top1", x, top);
    let x = dense_residual(net, "top2", x);
    let x = layer(net, "top3", x, top);
    let coarse = net.pixel_shuffle(x, 2);

    let x = net.pixel_unshuffle(image, 4);
    let x = layer(net, "mid1", x, middle);
    let x = net.concat(&[x, coarse]);
    let x = layer(net, "mid2", x, middle);
    let x = dense_residual(net, "mid3", x);
    let x = layer(net, "mid4", x, middle);
    let coarse = net.pixel_shuffle(x, 2);

    let x = net.pixel_unshuffle(image, 2);
    let x = layer(net, "bot1", x, bottom);
    let x = net.concat(&[x, coarse]);
    let x = layer(net, "bot2", x, bottom);
    let x = dense_residual(net, "bot3", x);
    let x = layer(net, "bot4", x, bottom);
    net.pixel_shuffle(x, 2)
}

/// 3×3 convolution, then a rectifier with one learned slope.
fn layer(net: &mut Net, name: &str, x: Value, output: usize) -> Value {
    net.scope(name, |net| {
        let y = net.conv3x3("conv", x, output);
        net.prelu("act", y, 1)
    })
}

/// `[n, H, W] → [n, H, W]`.
fn dense_residual(net: &mut Net, name: &str, x: Value) -> Value {
    net.scope(name, |net| {
        let n = net.channels(x);
        let a = layer(net, "conv1", x, n / 2);
        let seen = net.concat(&[x, a]);
        let b = layer(net, "conv2", seen, n / 2);
        let seen = net.concat(&[seen, b]);
        let y = layer(net, "conv3", seen, n);
        net.add(y, x)
    })
}

/// x plus a dense block of x, weighted by channel attention.
fn attended(net: &mut Net, name: &str, x: Value, inner: usize) -> Value {
    net.scope(name, |net| {
        let y = dense_residual(net, "0", x);
        let y = net.scope("1.mlp", |net| {
            let [largest, mean] = [Reduce::Max, Reduce::Mean].map(|reduce| {
                let pooled = net.reduce(y, reduce);
                let inside = net.conv("0", pooled, inner, ConvSpec::new(1).no_bias());
                let inside = net.prelu("1", inside, 1);
                let channels = net.channels(y);
                net.conv("2", inside, channels, ConvSpec::new(1).no_bias())
            });
            let both = net.add(largest, mean);
            let weights = net.activation(both, Activation::Sigmoid);
            net.mul(y, weights)
        });
        net.add(y, x)
    })
}

/// gamma(condition) · x + beta(condition).
fn modulated(net: &mut Net, x: Value, condition: Value) -> Value {
    let channels = net.channels(x);
    let gamma = net.scope("gamma", |net| conv_twice(net, condition, channels));
    let beta = net.scope("beta", |net| conv_twice(net, condition, channels));
    let y = net.mul(gamma, x);
    net.add(y, beta)
}

fn conv_twice(net: &mut Net, x: Value, output: usize) -> Value {
    let y = net.conv3x3("0", x, output);
    let y = net.prelu("1", y, 1);
    net.conv3x3("2", y, output)
}

/// The image's residual, from both branches.
fn fusion(net: &mut Net, image: Value, detail: Value, gradient: Value, width: usize) -> Value {
    let point = ConvSpec::new(1).no_bias();
    let detail = net.conv("detail.0", detail, width, point);
    let input = net.conv("input.0", image, width, point);
    let condition = net.scope("cond", |net| {
        let x = net.conv("0", gradient, width, point);
        let x = net.prelu("1", x, 1);
        let x = net.conv("2", x, width, ConvSpec::new(7));
        let x = net.prelu("3", x, 1);
        let x = net.conv3x3("4", x, width);
        net.prelu("5", x, 1)
    });
    let x = modulated(net, input, condition);
    let x = net.scope("refine", |net| conv_twice(net, x, width));
    let x = net.add(x, detail);
    net.conv1x1("final.0", x, 3)
}
