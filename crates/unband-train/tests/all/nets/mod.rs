//! Networks that cover all operations, images for them, and a way to run them elsewhere.
#![allow(dead_code)]

pub mod golden;

use burn::tensor::{Device, Tensor, TensorData};
use unband_infer::Map;
use unband_nets::layer::activation::Activation;
use unband_nets::layer::banded_deform_conv::BandedDeformSpec;
use unband_nets::layer::conv::ConvSpec;
use unband_nets::layer::pool::{MaxPool, Reduce};
use unband_nets::{Form, Graph, Net, Shape};

/// Convolutions of all kinds, norms, arithmetic, varying sizes. Takes images of any size from 5×3 on, and a
/// point input.
pub fn convolutions() -> Graph {
    let mut net = Net::new("convolutions");
    let image = net.input("image", 3);
    let time = net.point_input("t", 2);
    let x = net.conv("a", image, 10, ConvSpec::new(5).stride(2));
    let x = net.prelu("p", x, 10);
    let x = net.conv("deep", x, 10, ConvSpec::new(3).groups(10));
    let x = net.batch_norm("bn", x, 1e-5);
    let x = net.activation(x, Activation::Sin);
    let (a, b) = net.halves(x);
    let b2 = net.conv("b", b, 5, ConvSpec::new(3).dilation(2));
    let b2 = net.lrelu(b2, 0.1);
    let shift = net.linear("emb", time, 5);
    let shift = net.activation(shift, Activation::Silu);
    let a2 = net.add(shift, a);
    let joined = net.concat(&[a2, b2, b]);
    let x = net.conv("c", joined, 16, ConvSpec::new(1).form(Form::WeightNorm));
    let gate = net.reduce(x, Reduce::Mean);
    let gate = net.activation(gate, Activation::Sigmoid);
    let x = net.mul(x, gate);
    let peak = net.reduce(x, Reduce::Max);
    let peak = net.activation(peak, Activation::Tanh);
    let x = net.sub(x, peak);
    let up = net.upsample_nearest(x, 2);
    let up = net.conv("up", up, 8, ConvSpec::new(3).form(Form::SpectralNorm));
    let up = net.crop_like(up, image);
    let down = net.conv_transpose("t4", x, 8, (4, 2, 1), true);
    let down = net.crop_like(down, image);
    let two = net.conv_transpose("t2", x, 8, (2, 2, 0), false);
    let two = net.crop_like(two, image);
    let y = net.sub(up, down);
    let y = net.add_scaled(y, 0.3, two);
    let y = net.affine(y, -0.5, 0.25);
    let y = net.layer_norm("ln", y, 1e-5);
    let y = net.activation(y, Activation::Gelu);
    let y = net.group_norm("gn", y, 4, 1e-5);
    let y = net.activation(y, Activation::Mish);
    let pooled = net.max_pool(y, MaxPool { kernel: 3, stride: 2, ceil: true });
    let back = net.bilinear_like(pooled, y);
    let y = net.add(y, back);
    let y = net.prelu("q", y, 1);
    let y = net.dropout(y, 0.0);
    let y = net.unit_channels(y, 1e-10);
    let out = net.conv3x3("out", y, 3);
    let out = net.normalise(out, &[0.4, 0.5, 0.6], &[0.2, 0.3, 0.4]);
    let out = net.add(out, image);
    net.finish(&[("image", out), ("pooled", pooled)]).unwrap()
}

/// Window attention, deformable convolutions, rearrangement. Takes multiples of 8.
pub fn windows() -> Graph {
    let mut net = Net::new("windows");
    let image = net.input("image", 3);
    let x = net.pixel_unshuffle(image, 2);
    let x = net.conv3x3("a", x, 16);
    let x = net.relu(x);
    let x = net.window_add("modulator", x, 4, 1);
    let q = net.conv1x1("q", x, 16);
    let kv = net.conv1x1("kv", x, 32);
    let y = net.window_attention("table", q, kv, 2, 4, 0);
    let x = net.add(x, y);
    let q = net.conv1x1("q2", x, 16);
    let kv = net.conv1x1("kv2", x, 32);
    let y = net.window_attention("table2", q, kv, 4, 4, 2);
    let x = net.add(x, y);
    let s = net.slice(x, 3, 12);
    let s = net.pixel_shuffle(s, 2);
    let bent = net.banded_deform_conv("bend", s, 4, BandedDeformSpec::default());
    let free = BandedDeformSpec { limits: None, rescale: false, ..BandedDeformSpec::default() };
    let free = net.banded_deform_conv("free", bent, 4, BandedDeformSpec { groups: 2, ..free });
    let plain = net.deform_conv("deform", free, 3, (3, 3));
    let small = net.affine(plain, 0.1, 0.0);
    let small = net.activation(small, Activation::Exp);
    let out = net.add(small, image);
    net.finish(&[("image", out), ("bent", bent)]).unwrap()
}

/// Images of the golden rule, for the reference.
pub fn maps(graph: &Graph, height: usize, width: usize) -> Vec<Map<f32>> {
    let one = |input: &unband_nets::Input| {
        let (h, w) = if input.point { (1, 1) } else { (height, width) };
        let painted = unband_nets::state::fill::test_image(input.channels, h, w);
        let data = painted.into_iter().map(|v| v as f32).collect();
        Map::new(Shape::new(input.channels, h, w), data).unwrap()
    };
    graph.inputs.iter().map(one).collect()
}

/// One image for Burn.
pub fn tensor(map: &Map<f32>, device: &Device) -> Tensor<4> {
    let dims = [1, map.shape.channels, map.shape.height, map.shape.width];
    Tensor::from_data(TensorData::new(map.data.clone(), dims), device)
}

/// Largest difference over the largest magnitude.
pub fn apart(got: &[f32], want: &[f32]) -> f32 {
    assert_eq!(got.len(), want.len());
    let largest = want.iter().fold(1e-3f32, |m, v| m.max(v.abs()));
    got.iter().zip(want).fold(0.0f32, |m, (a, b)| m.max((a - b).abs())) / largest
}
