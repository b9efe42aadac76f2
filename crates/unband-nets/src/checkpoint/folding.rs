//! SPAN's layers in training, folded to the convolution that runs.
//!
//! Source: hongyuanyu/SPAN `basicsr/archs/span_arch.py`, `Conv3XC.update_params`.

use crate::{Data, StateDict, Tensor};

/// Names of the parts of a layer that are read here; `eval_conv` is computed again, as the original does
/// before it runs.
const PARTS: [&str; 5] = ["sk", "conv.0", "conv.1", "conv.2", "eval_conv"];

/// Replaces `L.sk` and `L.conv.0` to `L.conv.2` of each layer by `L.eval_conv`: 1×1, 3×3 and 1×1 convolutions
/// in series, plus one of 1×1. Layers without all of them, or with shapes that do not fit, stay as they are.
pub(super) fn folded(state: StateDict) -> StateDict {
    let layers: Vec<String> =
        state.names().filter_map(|name| name.strip_suffix(".sk.weight")).map(str::to_owned).collect();
    let made: Vec<(String, [Tensor; 2])> =
        layers.into_iter().filter_map(|layer| Some((layer.clone(), layer_folded(&state, &layer)?))).collect();
    let mut state = state.renamed(|name| {
        let part = made.iter().find_map(|(layer, _)| name.strip_prefix(&format!("{layer}.")));
        let read = part.and_then(|part| part.rsplit_once('.')).is_some_and(|(part, _)| PARTS.contains(&part));
        (!read).then(|| name.to_owned())
    });
    for (layer, [weight, bias]) in made {
        state.insert(format!("{layer}.eval_conv.weight"), weight);
        state.insert(format!("{layer}.eval_conv.bias"), bias);
    }
    state
}

fn layer_folded(state: &StateDict, layer: &str) -> Option<[Tensor; 2]> {
    let part = |part: &str, kernel: usize| {
        let weight = state.get(&format!("{layer}.{part}.weight"))?;
        let &[to, from, height, width] = &weight.shape[..] else { return None };
        let bias = state.get(&format!("{layer}.{part}.bias"))?;
        let fits = [height, width] == [kernel; 2] && bias.shape == [to];
        let wide = |tensor: &Tensor| tensor.to_f32().iter().map(|&v| f64::from(v)).collect::<Vec<_>>();
        fits.then(|| (to, from, wide(weight), wide(bias)))
    };
    let (to, from, skip, skip_bias) = part("sk", 1)?;
    let (first, first_from, w1, b1) = part("conv.0", 1)?;
    let (second, second_from, w2, b2) = part("conv.1", 3)?;
    let (last, last_from, w3, b3) = part("conv.2", 1)?;
    if [first_from, second_from, last_from, last] != [from, first, second, to] {
        return None;
    }
    let tensor = |shape: Vec<usize>, values: Vec<f64>| Tensor {
        shape,
        data: Data::F32(values.into_iter().map(|v| v as f32).collect()),
    };
    // Names and shapes alone, on trial.
    if w2.is_empty() {
        return Some([tensor(vec![to, from, 3, 3], Vec::new()), tensor(vec![to], Vec::new())]);
    }
    // The second after the first: [second, from, 9].
    let mut two = vec![0.0; second * from * 9];
    let mut two_bias = b2;
    for (s, bias) in two_bias.iter_mut().enumerate() {
        for f in 0..first {
            let kernel = &w2[(s * first + f) * 9..][..9];
            *bias += kernel.iter().sum::<f64>() * b1[f];
            for i in 0..from {
                let factor = w1[f * from + i];
                let out = &mut two[(s * from + i) * 9..][..9];
                out.iter_mut().zip(kernel).for_each(|(out, k)| *out += factor * k);
            }
        }
    }
    let mut weight = vec![0.0; to * from * 9];
    let mut bias: Vec<f64> = b3.iter().zip(&skip_bias).map(|(a, b)| a + b).collect();
    for (o, row) in weight.chunks_exact_mut(from * 9).enumerate() {
        for s in 0..second {
            let factor = w3[o * second + s];
            bias[o] += factor * two_bias[s];
            row.iter_mut().zip(&two[s * from * 9..]).for_each(|(out, v)| *out += factor * v);
        }
        // The middle of each kernel.
        for i in 0..from {
            row[i * 9 + 4] += skip[o * from + i];
        }
    }
    Some([tensor(vec![to, from, 3, 3], weight), tensor(vec![to], bias)])
}
