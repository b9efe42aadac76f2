//! The network that decides by local and global evidence how far an upscaling network is trusted.

use unband_nets::StateDict;
use unband_nets::checkpoint;

/// Number of features at each sample.
const FEATURES: usize = 8;

/// Shares of two corrections of interpolation, from the features of a sample: one hidden layer.
pub(crate) struct Gate {
    mean: [f32; FEATURES],
    deviation: [f32; FEATURES],
    /// Weights, bias, and weights of both outputs of each hidden unit.
    hidden: Vec<([f32; FEATURES], f32, [f32; 2])>,
    bias: [f32; 2],
}

/// Largest shares.
const MOST: [f32; 2] = [1.1, 1.0];

impl Gate {
    /// From a safetensors file: `mean`, `deviation`, and the layers `hidden` and `out`.
    ///
    /// # Errors
    /// Missing tensors, or other shapes: a fault of the build, as text for display.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, String> {
        let state = checkpoint::read(bytes).map_err(|error| error.to_string())?.state;
        let units = state.shape("hidden.bias").and_then(|shape| shape.first().copied()).unwrap_or(0);
        let weights = values(&state, "hidden.weight", units * FEATURES)?;
        let biases = values(&state, "hidden.bias", units)?;
        let out = values(&state, "out.weight", 2 * units)?;
        let row = |unit: usize| {
            let mut row = [0.0; FEATURES];
            row.copy_from_slice(&weights[unit * FEATURES..][..FEATURES]);
            (row, biases[unit], [out[unit], out[units + unit]])
        };
        Ok(Self {
            mean: array(&state, "mean")?,
            deviation: array(&state, "deviation")?,
            hidden: (0..units).map(row).collect(),
            bias: array(&state, "out.bias")?,
        })
    }

    /// Shares of the network's difference from interpolation, and of its own deviation from the image.
    pub(super) fn shares(&self, features: [f32; FEATURES]) -> [f32; 2] {
        let mut input = features;
        for (value, (mean, deviation)) in input.iter_mut().zip(self.mean.iter().zip(&self.deviation)) {
            *value = (*value - mean) / deviation;
        }
        let mut sums = self.bias;
        for (weights, bias, out) in &self.hidden {
            let sum: f32 = weights.iter().zip(&input).map(|(weight, value)| weight * value).sum();
            let active = (sum + bias).max(0.0);
            sums[0] += active * out[0];
            sums[1] += active * out[1];
        }
        [0, 1].map(|i| MOST[i] / (1.0 + (-sums[i]).exp()))
    }
}

fn values(state: &StateDict, name: &str, count: usize) -> Result<Vec<f32>, String> {
    let tensor = state.get(name).ok_or_else(|| format!("no tensor {name}"))?;
    let values = tensor.to_f32();
    (values.len() == count).then_some(values).ok_or_else(|| format!("another shape of {name}"))
}

fn array<const N: usize>(state: &StateDict, name: &str) -> Result<[f32; N], String> {
    values(state, name, N)?.try_into().map_err(|_| format!("another shape of {name}"))
}

#[cfg(test)]
impl Gate {
    /// Shares 0 or nearly their largest everywhere.
    pub(super) fn constant(shares: [bool; 2]) -> Self {
        let bias = shares.map(|full| if full { 90.0 } else { -90.0 });
        Self { mean: [0.0; FEATURES], deviation: [1.0; FEATURES], hidden: Vec::new(), bias }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_those_of_the_formula() {
        let mut gate = Gate::constant([false, false]);
        gate.bias = [0.5, -1.0];
        gate.mean = [1.0; FEATURES];
        gate.deviation = [2.0; FEATURES];
        let row = |weight: f32| [weight; FEATURES];
        gate.hidden = vec![(row(0.25), 0.0, [1.0, -2.0]), (row(-0.25), 0.0, [7.0, 7.0])];
        // Each input is (3 − 1) / 2 = 1: units 8 · 0.25 = 2 and 0; sums 2.5 and −5.
        let [own, back] = gate.shares([3.0; FEATURES]);
        assert!((own - 1.1 / (1.0 + (-2.5f32).exp())).abs() < 1e-6);
        assert!((back - 1.0 / (1.0 + 5.0f32.exp())).abs() < 1e-6);
    }

    #[test]
    fn other_files_are_refused() {
        assert!(Gate::read(b"no weights").is_err());
        assert!(Gate::read(unband_weights::DEBANDER.bytes().unwrap()).is_err());
    }
}
