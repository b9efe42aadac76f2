//! BRDNet (Tian, Xu, Zuo, "Image denoising using deep CNN with batch renormalization", Neural Networks 121,
//! 2020).

use super::{Architecture, Purpose, Use, Variant, outputs_of};
use crate::layer::conv::ConvSpec;
use crate::net::{BuildError, Net};
use crate::{Graph, StateDict, Value};

/// Registry entry.
pub const ENTRY: Architecture = Architecture {
    name: "brdnet",
    title: "Two-branch denoising network with batch renormalisation, a baseline of the debanding papers",
    source: "Tian et al., Neural Networks 121 (2020); hellloxiaotian/BRDNet colorimage/models.py",
    use_as: Use::for_purpose(Purpose::Deband),
    build: |o| build(o.get("width", 64)),
    detect: |state: &StateDict| match state.shape("low.15.conv.weight")? {
        &[width, _, 3, 3] if state.shape("fuse.weight")? == [3, 6, 3, 3] => Some(build(width)),
        _ => None,
    },
    variants: &[Variant::small(|o| build(o.get("width", 20)))],
    settings: |state| outputs_of(state, "width", "up.0.conv.weight"),
    ..Architecture::PLAIN
};

/// Layers of the lower branch with normalisation; the others are dilated by 2.
const NORMALISED: [usize; 3] = [0, 8, 15];

/// 1,116,267 parameters for a width of 64; takes any image size.
///
/// Differs: the 19 convolutions before a normalisation have no bias, which gives the published count. The
/// Keras code has those biases.
fn build(width: usize) -> Result<Graph, BuildError> {
    let mut net = Net::new("brdnet");
    let image = net.input("image", 3);
    let upper = (0..16).fold(image, |x, n| net.scope(format!("up.{n}"), |net| normalised(net, x, width)));
    let upper = net.conv3x3("up_out", upper, 3);
    let lower = (0..16).fold(image, |x, n| {
        net.scope(format!("low.{n}"), |net| {
            if NORMALISED.contains(&n) {
                return normalised(net, x, width);
            }
            let y = net.conv("conv", x, width, ConvSpec::new(3).dilation(2));
            net.relu(y)
        })
    });
    let lower = net.conv3x3("low_out", lower, 3);
    let (a, b) = (net.sub(image, upper), net.sub(image, lower));
    let both = net.concat(&[a, b]);
    let noise = net.conv3x3("fuse", both, 3);
    let out = net.sub(image, noise);
    net.finish(&[("image", out)])
}

fn normalised(net: &mut Net, x: Value, width: usize) -> Value {
    let y = net.conv("conv", x, width, ConvSpec::new(3).no_bias());
    let y = net.batch_renorm("bn", y, 1e-3);
    net.relu(y)
}
