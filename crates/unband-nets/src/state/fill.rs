//! Deterministic weights without a file, for tests and for trying out a network.

use super::{Data, StateDict, Tensor};
use crate::Graph;
use crate::param::StoredTensor;

/// A state dict with which the network's values stay in a useful range: [`golden`], or a [`tenth`] of it.
pub fn of(graph: &Graph) -> StateDict {
    let state = golden(&graph.stored());
    if graph.name.starts_with("bdinn") { tenth(&state) } else { state }
}

/// A number in [0, 1) from the index of a tensor and the index of an element. The golden files of the
/// debanding networks use it.
pub fn uniform(tensor: usize, element: usize) -> f64 {
    let mixed = (element as u64).wrapping_mul(2_654_435_761).wrapping_add(tensor as u64 * 40503 + 12345);
    let mut h = mixed as u32;
    h ^= h >> 15;
    h = h.wrapping_mul(2_246_822_519);
    h ^= h >> 13;
    f64::from(h) / 4_294_967_296.0
}

/// A state dict of the golden rule: scaled by fan-in, small biases, running variances near 1. Tensors are
/// numbered in the given order; integers are included in the numbering, and are 0.
pub fn golden(tensors: &[StoredTensor]) -> StateDict {
    tensors.iter().enumerate().map(|(t, stored)| (stored.name.clone(), tensor(t, stored))).collect()
}

fn tensor(t: usize, stored: &StoredTensor) -> Tensor {
    let len: usize = stored.shape.iter().product();
    if stored.integer {
        return Tensor { shape: stored.shape.clone(), data: Data::I64(vec![0; len]) };
    }
    let last = stored.name.rsplit('.').next().unwrap_or(&stored.name);
    let fan = stored.shape.iter().skip(1).product::<usize>().max(1) as f64;
    let rule = |u: f64| {
        let s = 2.0 * u - 1.0;
        match last {
            "running_var" => 1.0 + 0.5 * u,
            "running_mean" => 0.1 * s,
            "weight_g" => 1.0 + 0.1 * s,
            _ if stored.shape.len() >= 2 => s * (3.0 / fan).sqrt(),
            "weight" if len == 1 => 0.25 + 0.05 * s,
            "weight" => 1.0 + 0.1 * s,
            _ => 0.1 * s,
        }
    };
    let data = (0..len).map(|i| rule(uniform(t, i)) as f32).collect();
    Tensor { shape: stored.shape.clone(), data: Data::F32(data) }
}

/// A number in [0, 1) from the index of a tensor and the index of an element: Wellons' `lowbias32`. The
/// golden files of BSRGAN's networks and of the feature networks use it.
pub fn mixed(tensor: usize, element: usize) -> f64 {
    let place = (element as u32).wrapping_add(0x9E37_79B9_u32.wrapping_mul((tensor as u32).wrapping_add(1)));
    let mut h = place;
    h = (h ^ (h >> 16)).wrapping_mul(0x7feb_352d);
    h = (h ^ (h >> 15)).wrapping_mul(0x846c_a68b);
    f64::from(h ^ (h >> 16)) / 4_294_967_296.0
}

/// A state dict of that second rule: weights scaled by fan-in and `gain`, small biases, vectors of spectral
/// norms of length 1. Tensors are numbered in the given order.
pub fn scaled(tensors: &[StoredTensor], gain: f64) -> StateDict {
    let tensor = |(t, stored): (usize, &StoredTensor)| {
        let len: usize = stored.shape.iter().product();
        let fan = stored.shape.iter().skip(1).product::<usize>().max(1) as f64;
        let signed = |i: usize| 2.0 * mixed(t, i) - 1.0;
        let factor = if stored.shape.len() >= 2 {
            (3.0 * gain / fan).sqrt()
        } else if stored.name.ends_with("weight_u") || stored.name.ends_with("weight_v") {
            1.0 / (0..len).map(|i| signed(i).powi(2)).sum::<f64>().sqrt()
        } else {
            0.05
        };
        let data = Data::F32((0..len).map(|i| (signed(i) * factor) as f32).collect());
        (stored.name.clone(), Tensor { shape: stored.shape.clone(), data })
    };
    tensors.iter().enumerate().map(tensor).collect()
}

/// The image of the second rule, channel by channel: values of 0 to 1.
pub fn second_image(channels: usize, height: usize, width: usize) -> Vec<f64> {
    let at = |k: usize, y: usize, x: usize| ((7 * x + 13 * y + 29 * k + (x * y) % 31) % 256) as f64 / 255.0;
    let row = |k: usize, y: usize| (0..width).map(move |x| at(k, y, x));
    (0..channels).flat_map(|k| (0..height).flat_map(move |y| row(k, y))).collect()
}

/// A tenth of the weights of a rule, and banded kernels that are hardly rotated. For BDINN, whose factors
/// otherwise grow out of range.
#[must_use]
pub fn tenth(state: &StateDict) -> StateDict {
    let change = |(name, tensor): (&str, &Tensor)| {
        let Data::F32(values) = &tensor.data else { return (name.to_owned(), tensor.clone()) };
        let mut values: Vec<f32> = values.iter().map(|x| x * 0.1).collect();
        if let [_, cosine] = values.as_mut_slice()
            && name.ends_with("conv_rotation.bias")
        {
            *cosine += 1.0;
        }
        (name.to_owned(), Tensor { shape: tensor.shape.clone(), data: Data::F32(values) })
    };
    state.iter().map(change).collect()
}

/// The image of the golden rule, channel by channel: values of 0 to 1.
pub fn test_image(channels: usize, height: usize, width: usize) -> Vec<f64> {
    let at = |k: usize, y: usize, x: usize| ((7 * y + 13 * x + 31 * k + (x * y) % 17) % 256) as f64 / 255.0;
    let row = |k: usize, y: usize| (0..width).map(move |x| at(k, y, x));
    (0..channels).flat_map(|k| (0..height).flat_map(move |y| row(k, y))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_numbers_are_those_of_the_rule() {
        let first = [0.029_149_997_048_079_967, 0.966_656_288_132_071_5, 0.590_246_671_112_254_3];
        for (i, want) in first.into_iter().enumerate() {
            assert!((uniform(0, i) - want).abs() < 1e-15, "{i}");
        }
        assert!((uniform(3, 1) - 0.037_728_809_285_909_18).abs() < 1e-15);
        let row: Vec<f64> =
            test_image(3, 2, 4).chunks(4).skip(1).step_by(2).flat_map(<[f64]>::to_vec).collect();
        let bytes: Vec<u8> = row.iter().map(|v| (v * 255.0).round() as u8).collect();
        assert_eq!(bytes, [7, 21, 35, 49, 38, 52, 66, 80, 69, 83, 97, 111]);
    }
}
