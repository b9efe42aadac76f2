//! Convolutional parts of VGG-16 and VGG-19 (Simonyan and Zisserman, ICLR 2015), with torchvision's indices.

use super::{Architecture, Purpose, Use, outputs_of};
use crate::layer::pool::MaxPool;
use crate::net::{BuildError, Net};
use crate::{Graph, StateDict, Value};

/// For LPIPS: five outputs, each after its rectifier.
pub(crate) const VGG16: Architecture = Architecture {
    name: "vgg16",
    title: "Features of VGG-16, for LPIPS",
    source: "Simonyan and Zisserman, ICLR 2015; torchvision vgg16, features",
    use_as: Use::for_purpose(Purpose::Features),
    build: |o| vgg16(o.get("width", 64)),
    detect: |state: &StateDict| Some(vgg16(width(state, 28)?)),
    settings: |state| outputs_of(state, "width", "features.0.weight"),
    ..Architecture::PLAIN
};

/// For the perceptual loss of ESRGAN and BSRGAN: five outputs, each before its rectifier.
pub(crate) const VGG19: Architecture = Architecture {
    name: "vgg19",
    title: "Features of VGG-19, for a perceptual loss",
    source: "Simonyan and Zisserman, ICLR 2015; torchvision vgg19, features",
    use_as: Use::for_purpose(Purpose::Features),
    build: |o| vgg19(o.get("width", 64)),
    detect: |state: &StateDict| Some(vgg19(width(state, 34)?)),
    settings: |state| outputs_of(state, "width", "features.0.weight"),
    ..Architecture::PLAIN
};

/// Means and standard deviations of `ImageNet`'s images, values of 0 to 1.
///
/// LPIPS states the same normalisation for values of −1 to 1: means −0.030, −0.088, −0.188, deviations 0.458,
/// 0.448, 0.450.
const IMAGENET: ([f32; 3], [f32; 3]) = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]);

/// Normalises an image of 0 to 1 for networks trained on `ImageNet`.
pub(super) fn imagenet(net: &mut Net, image: Value) -> Value {
    net.normalise(image, &IMAGENET.0, &IMAGENET.1)
}

/// Channels of the first convolution, for a state dict with these first layers and this index of the last
/// convolution.
fn width(state: &StateDict, last: usize) -> Option<usize> {
    let &[width, again, 3, 3] = state.shape("features.2.weight")? else { return None };
    let convolution = |n: &usize| state.shape(&format!("features.{n}.weight")).is_some_and(|s| s.len() == 4);
    (width == again && (0..64).filter(convolution).max() == Some(last)).then_some(width)
}

/// 14,714,688 parameters for a width of 64. `[3, H, W]`, values of 0 to 1.
fn vgg16(width: usize) -> Result<Graph, BuildError> {
    build("vgg16", width, &[2, 2, 3, 3, 3], &[3, 8, 15, 22, 29])
}

/// 20,024,384 parameters for a width of 64. `[3, H, W]`, values of 0 to 1.
fn vgg19(width: usize) -> Result<Graph, BuildError> {
    build("vgg19", width, &[2, 2, 4, 4, 4], &[2, 7, 16, 25, 34])
}

/// `stages`: convolutions before each halving. `taps`: indices of the operations whose results are outputs.
fn build(name: &str, width: usize, stages: &[usize], taps: &[usize]) -> Result<Graph, BuildError> {
    let mut net = Net::new(name);
    let image = net.input("image", 3);
    let mut y = imagenet(&mut net, image);
    let (mut place, mut outputs) = (0, Vec::new());
    let last = taps.iter().max().copied().unwrap_or_default();
    net.scope("features", |net| {
        let mut step = |y: Value| {
            if taps.contains(&place) {
                outputs.push((format!("features.{place}"), y));
            }
            place += 1;
            place
        };
        let mut next = 0;
        for (stage, &convolutions) in stages.iter().enumerate() {
            for _ in 0..convolutions {
                y = net.conv3x3(next.to_string(), y, width << stage.min(3));
                next = step(y);
                if next > last {
                    return;
                }
                y = net.relu(y);
                next = step(y);
            }
            y = net.max_pool(y, MaxPool { kernel: 2, stride: 2, ceil: false });
            next = step(y);
        }
    });
    let outputs: Vec<(&str, Value)> = outputs.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    net.finish(&outputs)
}
