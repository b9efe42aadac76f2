//! Convolutional part of SqueezeNet 1.1 (Iandola et al., 2016).

use super::{Architecture, Purpose, Use, outputs_of};
use crate::layer::conv::ConvSpec;
use crate::layer::pool::MaxPool;
use crate::net::{BuildError, Net};
use crate::{Graph, StateDict, Value};

/// For LPIPS: seven outputs, each after its rectifier.
pub const ENTRY: Architecture = Architecture {
    name: "squeezenet",
    title: "Features of SqueezeNet 1.1, for LPIPS",
    source: "Iandola et al., arXiv 1602.07360; torchvision squeezenet1_1, features",
    use_as: Use::for_purpose(Purpose::Features),
    build: |o| build(&Config::default().with(o)),
    detect: |state: &StateDict| Some(build(&Config::from_state(state)?)),
    settings: |state| outputs_of(state, "width", "features.0.weight"),
    ..Architecture::PLAIN
};

/// Indices of the blocks in torchvision's layer list.
const BLOCKS: [usize; 8] = [3, 4, 6, 7, 9, 10, 11, 12];

/// Widths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Config {
    /// Channels of the first convolution.
    first: usize,
    /// For each block: squeezed channels, and half of its output channels.
    blocks: [(usize, usize); 8],
}

impl Default for Config {
    fn default() -> Self {
        let [a, b, c, d] = [(16, 64), (32, 128), (48, 192), (64, 256)];
        Self { first: 64, blocks: [a, a, b, b, c, c, d, d] }
    }
}

super::options::with_options!(Config: first, blocks);

impl Config {
    /// Derived from shapes; `None` for another network.
    fn from_state(state: &StateDict) -> Option<Self> {
        let &[first, 3, 3, 3] = state.shape("features.0.weight")? else { return None };
        let mut blocks = [(0, 0); 8];
        for (block, place) in blocks.iter_mut().zip(BLOCKS) {
            let &[half, squeezed, 3, 3] = state.shape(&format!("features.{place}.expand3x3.weight"))? else {
                return None;
            };
            *block = (squeezed, half);
        }
        Some(Self { first, blocks })
    }
}

/// Indices of the blocks whose results are outputs.
const TAPS: [usize; 7] = [1, 4, 7, 9, 10, 11, 12];

/// 722,496 parameters for torchvision's widths. Input `[3, H, W]`, values of 0 to 1.
fn build(config: &Config) -> Result<Graph, BuildError> {
    let smaller = MaxPool { kernel: 3, stride: 2, ceil: true };
    let mut net = Net::new("squeezenet");
    let image = net.input("image", 3);
    let y = super::vgg::imagenet(&mut net, image);
    let y = net.conv("features.0", y, config.first, ConvSpec::new(3).stride(2).padding(0));
    let mut y = net.relu(y);
    let mut outputs = vec![("features.1".to_owned(), y)];
    for (place, (squeezed, half)) in BLOCKS.into_iter().zip(config.blocks) {
        // Gaps between the indices of blocks are the pooling layers.
        if [3, 6, 9].contains(&place) {
            y = net.max_pool(y, smaller);
        }
        y = net.scope(format!("features.{place}"), |net| fire(net, y, squeezed, half));
        if TAPS.contains(&place) {
            outputs.push((format!("features.{place}"), y));
        }
    }
    let outputs: Vec<_> = outputs.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    net.finish(&outputs)
}

/// Squeezes the channels, then applies two convolutions in parallel.
fn fire(net: &mut Net, x: Value, squeezed: usize, half: usize) -> Value {
    let y = net.conv1x1("squeeze", x, squeezed);
    let y = net.relu(y);
    let near = net.conv1x1("expand1x1", y, half);
    let wide = net.conv3x3("expand3x3", y, half);
    let (near, wide) = (net.relu(near), net.relu(wide));
    net.concat(&[near, wide])
}
