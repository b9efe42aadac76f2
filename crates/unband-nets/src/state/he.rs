//! Weight initialisation after He et al., with starts of single layers, so that networks learn in few steps.

use serde::{Deserialize, Serialize};

/// Normal of standard deviation √(2 / fan-in), biases 0 (He et al. 2015): signals keep their size from layer
/// to layer. Where the first layers see differences alone, that is the size of the errors, and one rate suits
/// all layers.
///
/// Layers are named by their paths; `*` at the start matches any path.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct He {
    /// Layers whose kernels have mean 0 over the window of each channel.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<String>,
    /// Layers whose weights start at 0.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub zero: Vec<String>,
    /// The first and the last layer of a path that starts as the identity, with a rectifier f between them
    /// (`ReLU`, `SiLU`): f(x) − f(−x) = x. It takes the first channels of the path, two per input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<[String; 2]>,
    /// Factor of the last of these layers; default 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gain: Option<f64>,
    /// Layers that start linear although rectifiers follow them: channels come in pairs of opposite signs,
    /// and each layer subtracts them (Balduzzi et al. 2017, §4). Signals pass any number of such layers
    /// unchanged (Zagoruyko & Komodakis 2017).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub linear: Vec<String>,
    /// Layers whose outputs multiply a signal: their biases start at 1, so that it passes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gates: Vec<String>,
    /// Convolutions of stride 2 that start as pixel-unshuffle, and transposed ones that start as
    /// pixel-shuffle.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shuffles: Vec<String>,
}

impl He {
    /// Start of a bias.
    pub(super) fn bias(&self, name: &str) -> f64 {
        let open = name.rsplit_once('.').is_some_and(|(layer, _)| is_among(&self.gates, layer));
        if open { 1.0 } else { 0.0 }
    }

    /// Changes drawn weights `[outputs, inputs, …]` of a layer to its start.
    pub(super) fn arrange(&self, layer: &str, weight: &mut [f64], shape: &[usize]) {
        if is_among(&self.zero, layer) {
            weight.fill(0.0);
        }
        if is_among(&self.linear, layer) {
            opposite(weight, shape);
        }
        if is_among(&self.differences, layer) {
            differences(weight, shape, 1.0);
        }
        if is_among(&self.shuffles, layer) {
            shuffle(weight, shape);
        }
        match &self.identity {
            Some([first, _]) if layer == first => split(weight, shape),
            Some([_, last]) if layer == last => join(weight, shape, self.gain.unwrap_or(1.0)),
            _ => {}
        }
    }
}

/// Whether it is one of these layers.
pub(super) fn is_among(layers: &[String], layer: &str) -> bool {
    layers.iter().any(|named| names(named, layer))
}

/// Whether a name in a rule means this layer: its path, or its end after `*`.
pub fn names(named: &str, layer: &str) -> bool {
    named.strip_prefix('*').map_or(named == layer, |end| layer.ends_with(end))
}

/// Makes pairs of outputs opposite. Unless the inputs are the image's, they are pairs too: the output pair
/// continues that of its number, and where there is none, its kernels stay.
fn opposite(weight: &mut [f64], shape: &[usize]) {
    let (inputs, area) = (shape[1], shape[2..].iter().product::<usize>());
    for (pair, rows) in weight.chunks_exact_mut(2 * inputs * area).enumerate() {
        let (first, second) = rows.split_at_mut(inputs * area);
        if inputs.is_multiple_of(2) && 2 * pair < inputs {
            first.fill(0.0);
            first[2 * pair * area + area / 2] = 1.0;
            first[(2 * pair + 1) * area + area / 2] = -1.0;
        }
        second.iter_mut().zip(first).for_each(|(s, f)| *s = -*f);
    }
}

/// Gives kernels a mean of 0 over the window of each channel.
pub(super) fn differences(weight: &mut [f64], shape: &[usize], gain: f64) {
    for window in weight.chunks_mut(shape.iter().skip(2).product()) {
        let mean = window.iter().sum::<f64>() / window.len() as f64;
        for v in window {
            *v = gain * (*v - mean);
        }
    }
}

/// Reads the four samples of a square into four channels, or writes them back. `[4n, n, k, k]`, k even; the
/// square is at the centre of a kernel.
fn shuffle(weight: &mut [f64], shape: &[usize]) {
    let (channels, (rows, columns)) = (shape[1], (shape[2], shape[3]));
    weight.fill(0.0);
    for (o, kernels) in weight.chunks_exact_mut(channels * rows * columns).take(4 * channels).enumerate() {
        let (y, x) = ((rows - 1) / 2 + o % 4 / 2, (columns - 1) / 2 + o % 2);
        if let Some(v) = kernels.get_mut((o / 4 * rows + y) * columns + x) {
            *v = 1.0;
        }
    }
}

/// Passes each input through two channels of the first layer, the second time as its negative.
fn split(weight: &mut [f64], shape: &[usize]) {
    let (inputs, area) = (shape[1], shape[2..].iter().product::<usize>());
    for (row, kernels) in weight.chunks_exact_mut(inputs * area).take(2 * inputs).enumerate() {
        kernels.fill(0.0);
        kernels[row / 2 * area + area / 2] = if row % 2 == 0 { 1.0 } else { -1.0 };
    }
}

/// Joins the two channels of each output again, and reads no others.
fn join(weight: &mut [f64], shape: &[usize], gain: f64) {
    let (inputs, area) = (shape[1], shape[2..].iter().product::<usize>());
    for (output, kernels) in weight.chunks_exact_mut(inputs * area).enumerate() {
        kernels.fill(0.0);
        kernels[2 * output * area + area / 2] = gain;
        kernels[(2 * output + 1) * area + area / 2] = -gain;
    }
}
