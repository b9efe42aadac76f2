//! Names and sizes of ONNX inputs and outputs.

use super::OnnxError;
use super::proto::{Dimension, FLOAT, TensorKind, TensorShape, TypeProto, ValueInfo};
use crate::{Graph, Shape};

/// Name of an output in a file; inputs and outputs share one namespace there.
pub(super) fn output_name(graph: &Graph, name: &str) -> String {
    let taken = graph.inputs.iter().any(|input| input.name == name);
    if taken { format!("{name}_out") } else { name.to_owned() }
}

/// Inputs and outputs of a file for one size, or for any.
pub(super) fn of(
    graph: &Graph,
    size: Option<(usize, usize)>,
) -> Result<(Vec<ValueInfo>, Vec<ValueInfo>), OnnxError> {
    match size {
        Some((height, width)) => fixed(graph, height, width),
        None => free(graph),
    }
}

fn fixed(graph: &Graph, height: usize, width: usize) -> Result<(Vec<ValueInfo>, Vec<ValueInfo>), OnnxError> {
    let fault = |source| OnnxError::Size { height, width, source, multiple: graph.size_multiple() };
    let shapes = graph.shapes(height, width).map_err(fault)?;
    let number = |n: usize| Dimension { value: Some(n as i64), param: None };
    let info = |name: &str, shape: Shape| {
        value(name, [1, shape.channels, shape.height, shape.width].map(number).to_vec())
    };
    let inputs = graph.inputs.iter().map(|input| {
        let point = Shape::new(input.channels, 1, 1);
        info(&input.name, if input.point { point } else { Shape::new(input.channels, height, width) })
    });
    let outputs = graph.outputs.iter().map(|(name, v)| info(&output_name(graph, name), shapes[v.index()]));
    Ok((inputs.collect(), outputs.collect()))
}

fn free(graph: &Graph) -> Result<(Vec<ValueInfo>, Vec<ValueInfo>), OnnxError> {
    let few = || OnnxError::AnySize {
        net: graph.name.clone(),
        smallest: (1..=1024).find(|&n| graph.shapes(n, n).is_ok()),
    };
    let multiple = graph.size_multiple().ok_or_else(few)?;
    let large = 256usize.div_ceil(multiple);
    // Two sizes far apart show which dimensions are constant and which equal the image's.
    let sizes = [(1, 3), (7, 5)].map(|(a, b)| (multiple * large * a, multiple * large * b));
    let mut shapes = Vec::with_capacity(sizes.len());
    for (height, width) in sizes {
        shapes.push((height, width, graph.shapes(height, width).map_err(|_| few())?));
    }
    let output = |(name, at): &(String, crate::Value)| {
        let seen: Vec<(Shape, Shape)> =
            shapes.iter().map(|(h, w, all)| (all[at.index()], Shape::new(0, *h, *w))).collect();
        let side = |of: fn(Shape) -> usize, word: &str| {
            if seen.iter().all(|&(out, image)| of(out) == of(image)) {
                named(word)
            } else if seen.windows(2).all(|two| of(two[0].0) == of(two[1].0)) {
                Dimension { value: Some(of(seen[0].0) as i64), param: None }
            } else {
                named(&format!("{name}_{word}"))
            }
        };
        let channels = Dimension { value: Some(seen[0].0.channels as i64), param: None };
        let dims = vec![named("batch"), channels, side(|s| s.height, "height"), side(|s| s.width, "width")];
        value(&output_name(graph, name), dims)
    };
    let outputs = graph.outputs.iter().map(output).collect();
    Ok((graph.inputs.iter().map(free_input).collect(), outputs))
}

fn free_input(input: &crate::Input) -> ValueInfo {
    let number = |n: usize| Dimension { value: Some(n as i64), param: None };
    let [height, width] = ["height", "width"].map(|word| if input.point { number(1) } else { named(word) });
    value(&input.name, vec![named("batch"), number(input.channels), height, width])
}

fn named(word: &str) -> Dimension {
    Dimension { value: None, param: Some(word.to_owned()) }
}

fn value(name: &str, dim: Vec<Dimension>) -> ValueInfo {
    let tensor = TensorKind { elem_type: Some(FLOAT), shape: Some(TensorShape { dim }) };
    ValueInfo { name: Some(name.to_owned()), kind: Some(TypeProto { tensor: Some(tensor) }) }
}
