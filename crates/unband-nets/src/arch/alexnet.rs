//! The convolutions of AlexNet (Krizhevsky, "One weird trick for parallelizing convolutional neural networks", 2014).

use super::{Architecture, Purpose, Use};
use crate::layer::conv::ConvSpec;
use crate::layer::pool::MaxPool;
use crate::net::{BuildError, Net};
use crate::{Graph, StateDict};

/// For LPIPS: five values, each after its rectifier.
pub const ENTRY: Architecture = Architecture {
    name: "alexnet",
    title: "Features of AlexNet, for LPIPS",
    source: "Krizhevsky, arXiv 1404.5997; torchvision alexnet, features",
    use_as: Use::of(Purpose::Features),
    build,
    detect: |state: &StateDict| {
        (state.shape("features.0.weight")? == [64, 3, 11, 11] && state.get("features.10.weight").is_some())
            .then(build)
    },
    variants: &[],
};

/// Numbers in torchvision's list, channels and kernels of the convolutions.
const LAYERS: [(usize, usize, usize); 5] = [(0, 64, 11), (3, 192, 5), (6, 384, 3), (8, 256, 3), (10, 256, 3)];

/// 2,469,696 parameters. `[3, H, W]`, values of 0 to 1.
fn build() -> Result<Graph, BuildError> {
    let mut net = Net::new("alexnet");
    let image = net.input("image", 3);
    let mut y = super::vgg::imagenet(&mut net, image);
    let mut outputs = Vec::new();
    for (place, channels, kernel) in LAYERS {
        let spec = ConvSpec::new(kernel);
        let spec = if place == 0 { spec.stride(4).padding(2) } else { spec };
        y = net.conv(format!("features.{place}"), y, channels, spec);
        y = net.relu(y);
        outputs.push((format!("features.{}", place + 1), y));
        if place < 6 {
            y = net.max_pool(y, MaxPool { kernel: 3, stride: 2, ceil: false });
        }
    }
    let outputs: Vec<_> = outputs.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    net.finish(&outputs)
}
