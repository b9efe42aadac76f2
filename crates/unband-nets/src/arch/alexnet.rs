//! Convolutional part of AlexNet (Krizhevsky, "One weird trick for parallelizing convolutional neural
//! networks", 2014).

use super::{Architecture, Purpose, Use, listed};
use crate::layer::conv::ConvSpec;
use crate::layer::pool::MaxPool;
use crate::net::{BuildError, Net};
use crate::{Graph, StateDict};

/// For LPIPS: five outputs, each after its rectifier.
pub const ENTRY: Architecture = Architecture {
    name: "alexnet",
    title: "Features of AlexNet, for LPIPS",
    source: "Krizhevsky, arXiv 1404.5997; torchvision alexnet, features",
    use_as: Use::for_purpose(Purpose::Features),
    build: |o| build(o.get("widths", [64, 192, 384, 256, 256])),
    detect: |state: &StateDict| Some(build(widths(state)?)),
    settings: |state| widths(state).map(|widths| ("widths", listed(&widths))).into_iter().collect(),
    ..Architecture::PLAIN
};

/// Indices in torchvision's layer list and kernel sizes of the convolutions.
const LAYERS: [(usize, usize); 5] = [(0, 11), (3, 5), (6, 3), (8, 3), (10, 3)];

/// Channels of the convolutions; `None` unless the state dict has all of them.
fn widths(state: &StateDict) -> Option<[usize; 5]> {
    let mut widths = [0; 5];
    for (width, (place, kernel)) in widths.iter_mut().zip(LAYERS) {
        let &[outputs, _, rows, columns] = state.shape(&format!("features.{place}.weight"))? else {
            return None;
        };
        *width = ([rows, columns] == [kernel; 2]).then_some(outputs)?;
    }
    Some(widths)
}

/// 2,469,696 parameters for torchvision's widths. Input `[3, H, W]`, values of 0 to 1.
fn build(widths: [usize; 5]) -> Result<Graph, BuildError> {
    let mut net = Net::new("alexnet");
    let image = net.input("image", 3);
    let mut y = super::vgg::imagenet(&mut net, image);
    let mut outputs = Vec::new();
    for ((place, kernel), channels) in LAYERS.into_iter().zip(widths) {
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
