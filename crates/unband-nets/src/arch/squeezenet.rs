//! The convolutions of SqueezeNet 1.1 (Iandola et al., 2016).

use super::{Architecture, Purpose, Use};
use crate::layer::conv::ConvSpec;
use crate::layer::pool::MaxPool;
use crate::net::{BuildError, Net};
use crate::{Graph, StateDict, Value};

/// For LPIPS: seven values, each after its rectifier.
pub const ENTRY: Architecture = Architecture {
    name: "squeezenet",
    title: "Features of SqueezeNet 1.1, for LPIPS",
    source: "Iandola et al., arXiv 1602.07360; torchvision squeezenet1_1, features",
    use_as: Use::of(Purpose::Features),
    build,
    detect: |state: &StateDict| {
        (state.shape("features.0.weight")? == [64, 3, 3, 3]
            && state.get("features.12.expand3x3.weight").is_some())
        .then(build)
    },
    variants: &[],
};

/// Numbers in torchvision's list of the blocks, channels squeezed to, and half of those that come out.
const BLOCKS: [(usize, usize, usize); 8] = [
    (3, 16, 64),
    (4, 16, 64),
    (6, 32, 128),
    (7, 32, 128),
    (9, 48, 192),
    (10, 48, 192),
    (11, 64, 256),
    (12, 64, 256),
];

/// Numbers whose results are outputs.
const TAPS: [usize; 7] = [1, 4, 7, 9, 10, 11, 12];

/// 722,496 parameters. `[3, H, W]`, values of 0 to 1.
fn build() -> Result<Graph, BuildError> {
    let smaller = MaxPool { kernel: 3, stride: 2, ceil: true };
    let mut net = Net::new("squeezenet");
    let image = net.input("image", 3);
    let y = super::vgg::imagenet(&mut net, image);
    let y = net.conv("features.0", y, 64, ConvSpec::new(3).stride(2).padding(0));
    let mut y = net.relu(y);
    let mut outputs = vec![("features.1".to_owned(), y)];
    for (place, squeezed, half) in BLOCKS {
        // The numbers between blocks are the places of the pools.
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

/// Fewer channels, then two convolutions of those side by side.
fn fire(net: &mut Net, x: Value, squeezed: usize, half: usize) -> Value {
    let y = net.conv1x1("squeeze", x, squeezed);
    let y = net.relu(y);
    let near = net.conv1x1("expand1x1", y, half);
    let wide = net.conv3x3("expand3x3", y, half);
    let (near, wide) = (net.relu(near), net.relu(wide));
    net.concat(&[near, wide])
}
