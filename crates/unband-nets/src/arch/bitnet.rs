//! BitNet (Byun, Shim, Kim, "BitNet: learning-based bit-depth expansion", ACCV 2018), rebuilt from its
//! abstract.

use super::{Architecture, Purpose, Use, Variant, outputs_of};
use crate::layer::activation::Activation;
use crate::layer::conv::ConvSpec;
use crate::layer::pool::Reduce;
use crate::net::{BuildError, Net};
use crate::{Graph, StateDict, Value};

/// Registry entry.
pub const ENTRY: Architecture = Architecture {
    name: "bitnet",
    title: "Bit-depth expansion by an encoder and decoder with dilated convolutions",
    source: "Byun, Shim, Kim, ACCV 2018, arXiv 1910.04397; layers and widths are unband's, as no code was published",
    use_as: Use::for_purpose(Purpose::Deband),
    build: |o| build(o.get("width", 64), o.get("gate", 16)),
    detect: |state: &StateDict| {
        let &[gate, inputs, 1, 1] = state.shape("gate_down.weight")? else { return None };
        let &[width] = state.shape("head2.act.weight")? else { return None };
        (inputs == 4 * width).then(|| build(width, gate))
    },
    variants: &[Variant::small(|o| build(o.get("width", 24), o.get("gate", 8)))],
    settings: |state| outputs_of(state, "width", "head.weight"),
    ..Architecture::PLAIN
};

/// 953,299 parameters (the paper's table: 0.954 M) for a width of 64 and a gate of 16; takes any image size.
fn build(width: usize, gate: usize) -> Result<Graph, BuildError> {
    let plain = ConvSpec::new(3);
    let mut net = Net::new("bitnet");
    let image = net.input("image", 3);
    let head = net.conv3x3("head", image, width);
    let head = net.prelu("head_act", head, width);
    let mut x = block(&mut net, "head2", head, plain);
    let full = x;
    let mut features = Vec::new();
    for level in 0..3 {
        let y = block(&mut net, &format!("enc.{level}.0"), x, plain);
        let y = block(&mut net, &format!("enc.{level}.1"), y, plain.dilation(2));
        features.push(y);
        x = block(&mut net, &format!("enc.{level}.2"), y, plain.stride(2));
    }
    for n in 0..4 {
        x = block(&mut net, &format!("mid.{n}"), x, plain.dilation(1 << n));
    }
    let mut scales = vec![x];
    for (level, &feature) in features.iter().enumerate().rev() {
        let y = net.bilinear_like(x, feature);
        let y = block(&mut net, &format!("dec.{level}.0"), y, plain);
        let y = net.add(y, feature);
        let y = block(&mut net, &format!("dec.{level}.1"), y, plain.dilation(2));
        x = block(&mut net, &format!("dec.{level}.2"), y, plain);
        scales.push(x);
    }
    let scales: Vec<Value> = scales.into_iter().map(|s| net.bilinear_like(s, full)).collect();
    let all = net.concat(&scales);
    let weights = net.reduce(all, Reduce::Mean);
    let weights = net.conv1x1("gate_down", weights, gate);
    let weights = net.relu(weights);
    let weights = net.conv1x1("gate_up", weights, 4 * width);
    let weights = net.activation(weights, Activation::Sigmoid);
    let gated = net.mul(all, weights);
    let mixed = net.conv1x1("mix", gated, width);
    let tail = block(&mut net, "tail1", mixed, plain);
    let tail = block(&mut net, "tail2", tail, plain);
    let change = net.conv3x3("tail", tail, 3);
    let out = net.add(image, change);
    net.finish(&[("image", out)])
}

/// Convolution and rectifier with one slope per channel.
fn block(net: &mut Net, name: &str, x: Value, spec: ConvSpec) -> Value {
    net.scope(name, |net| {
        let width = net.channels(x);
        let y = net.conv("conv", x, width, spec);
        net.prelu("act", y, width)
    })
}
