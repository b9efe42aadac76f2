//! ADNet (Tian et al., "Attention-guided CNN for image denoising", Neural Networks 124, 2020).

use super::{Architecture, Purpose, Use, Variant, outputs_of};
use crate::layer::activation::Activation;
use crate::layer::conv::ConvSpec;
use crate::net::{BuildError, Net};
use crate::{Graph, StateDict};

/// Registry entry.
pub const ENTRY: Architecture = Architecture {
    name: "adnet",
    title: "Attention-guided denoising network, a baseline of the debanding papers",
    source: "Tian et al., Neural Networks 124 (2020); hellloxiaotian/ADNet color/models.py",
    use_as: Use::for_purpose(Purpose::Deband),
    build: |o| build(o.get("width", 64)),
    detect: |state: &StateDict| match state.shape("conv1_16.weight")? {
        &[3, width, 3, 3] if state.shape("conv3.weight")? == [3, 6, 1, 1] => Some(build(width)),
        _ => None,
    },
    variants: &[Variant::small(|o| build(o.get("width", 24)))],
    settings: |state| outputs_of(state, "width", "conv1_1.0.weight"),
    assumed: "red, green, blue; blue, green, red for the authors' published files (`order`)",
    ..Architecture::PLAIN
};

/// Dilated layers: taps two samples apart.
const DILATED: [usize; 4] = [2, 5, 9, 12];

/// 521,493 parameters for a width of 64; takes any image size.
fn build(width: usize) -> Result<Graph, BuildError> {
    let mut net = Net::new("adnet");
    let image = net.input("image", 3);
    let mut x = image;
    for n in 1..=15 {
        let dilation = if DILATED.contains(&n) { 2 } else { 1 };
        x = net.scope(format!("conv1_{n}"), |net| {
            let y = net.conv("0", x, width, ConvSpec::new(3).dilation(dilation).no_bias());
            let y = net.batch_norm("1", y, 1e-5);
            net.relu(y)
        });
    }
    let x1 = net.conv("conv1_16", x, 3, ConvSpec::new(3).no_bias());
    let both = net.concat(&[image, x1]);
    let both = net.activation(both, Activation::Tanh);
    let attention = net.conv1x1("conv3", both, 3);
    let noise = net.mul(attention, x1);
    let out = net.sub(image, noise);
    net.finish(&[("image", out)])
}
