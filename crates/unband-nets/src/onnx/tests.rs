use std::collections::HashSet;

use super::*;
use crate::layer::conv::ConvSpec;
use crate::state::fill;
use crate::{Data, Net, StateDict, Tensor, arch};

/// Values do not matter here, and those of the large networks take long to generate.
fn zeroes(graph: &Graph) -> Weights {
    let zeroes = |stored: crate::param::StoredTensor| {
        let data = Data::F32(vec![0.0; stored.shape.iter().product()]);
        (stored.name, Tensor { shape: stored.shape, data })
    };
    Weights::bind(graph, &graph.stored().into_iter().map(zeroes).collect::<StateDict>()).unwrap()
}

fn written(graph: &Graph, size: Option<(usize, usize)>) -> proto::Model {
    let facts = [("unband.network".to_owned(), graph.name.clone())];
    let bytes = write(graph, &zeroes(graph), size, &facts).unwrap();
    proto::Model::decode(bytes.as_slice()).unwrap()
}

/// A size, where a network takes few.
fn size(graph: &Graph) -> Option<(usize, usize)> {
    match graph.size_multiple() {
        Some(_) => None,
        None => (1..=512).find(|&n| graph.shapes(n, n).is_ok()).map(|n| (n, n)),
    }
}

fn dims(info: &proto::ValueInfo) -> Vec<String> {
    let kind = info.kind.clone().and_then(|kind| kind.tensor).unwrap();
    assert_eq!(kind.elem_type, Some(proto::FLOAT));
    let text = |dim: proto::Dimension| dim.param.or(dim.value.map(|n| n.to_string())).unwrap();
    kind.shape.unwrap().dim.into_iter().map(text).collect()
}

fn named_dims(all: &[proto::ValueInfo]) -> Vec<(&str, String)> {
    all.iter().map(|info| (info.name(), dims(info).join(" "))).collect()
}

fn every_configuration() -> impl Iterator<Item = Graph> {
    let all = arch::ARCHITECTURES.iter().filter(|a| a.name != arch::deepdeband::WEIGHTED.name);
    all.flat_map(|a| std::iter::once(a.build()).chain(a.variants.iter().map(arch::Variant::build)))
        .map(Result::unwrap)
}

#[test]
fn every_value_is_made_once_and_before_it_is_read() {
    for graph in every_configuration() {
        let model = model(&graph, &zeroes(&graph), size(&graph), &[]).unwrap().graph.unwrap();
        let mut known: HashSet<&str> = HashSet::from([""]);
        let constants = model.initializer.iter().map(proto::Tensor::name);
        for name in constants.chain(model.input.iter().map(proto::ValueInfo::name)) {
            assert!(known.insert(name), "{}: {name} is there twice", graph.name);
        }
        for node in &model.node {
            for input in &node.input {
                assert!(known.contains(input.as_str()), "{}: {input} comes too late", graph.name);
            }
            for output in &node.output {
                assert!(known.insert(output), "{}: {output} is there twice", graph.name);
            }
        }
        for output in &model.output {
            assert!(known.contains(output.name()), "{}: nothing makes {}", graph.name, output.name());
        }
    }
}

#[test]
fn constants_have_names_and_shapes_of_the_state_dict() {
    for graph in every_configuration() {
        let model = model(&graph, &zeroes(&graph), size(&graph), &[]).unwrap().graph.unwrap();
        let read: HashSet<&str> = graph
            .nodes
            .iter()
            .flat_map(|node| node.op.params())
            .map(|id| graph.params[id.index()].name.as_str())
            .collect();
        let mut left = read.clone();
        for tensor in model.initializer.iter().filter(|tensor| read.contains(tensor.name())) {
            let param = graph.params.iter().find(|param| param.name == tensor.name()).unwrap();
            let shape: Vec<i64> = param.shape.iter().map(|&d| d as i64).collect();
            assert_eq!(tensor.dims, shape, "{}: {}", graph.name, param.name);
            assert_eq!(tensor.raw_data().len(), 4 * param.len(), "{}: {}", graph.name, param.name);
            left.remove(tensor.name());
        }
        assert!(left.is_empty(), "{}: {left:?}", graph.name);
    }
}

#[test]
fn numbers_are_those_of_the_state_dict() {
    let graph = arch::build("dbi").unwrap().unwrap();
    let state = fill::of(&graph);
    let weights = Weights::bind(&graph, &state).unwrap();
    let bytes = write(&graph, &weights, None, &[]).unwrap();
    let model = proto::Model::decode(bytes.as_slice()).unwrap().graph.unwrap();
    let mut compared = 0;
    for tensor in &model.initializer {
        let Some(want) = state.get(tensor.name()) else { continue };
        let got: Vec<f32> =
            tensor.raw_data().as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
        assert!(got == want.to_f32(), "{}", tensor.name());
        compared += got.len();
    }
    assert_eq!(compared, 6_617 + 96);
}

#[test]
fn an_image_of_any_size_goes_in() {
    let model = written(&arch::build("rrdbnet").unwrap().unwrap(), None);
    assert_eq!(model.ir_version, Some(IR_VERSION));
    assert_eq!(model.opset_import[0].version, Some(OPSET));
    assert_eq!(model.metadata_props[0].value(), "rrdbnet");
    let graph = model.graph.unwrap();
    assert_eq!(named_dims(&graph.input), [("image", "batch 3 height width".to_owned())]);
    let larger = "batch 3 image_height image_width".to_owned();
    assert_eq!(named_dims(&graph.output), [("image_out", larger)]);
    let graph = written(&arch::build("bdinn").unwrap().unwrap(), None).graph.unwrap();
    let same = || "batch 3 height width".to_owned();
    assert_eq!(named_dims(&graph.output), [("image_out", same()), ("banding", same())]);
    let graph = written(&arch::build("indi").unwrap().unwrap(), None).graph.unwrap();
    assert_eq!(named_dims(&graph.input), [("image", same()), ("t", "batch 1 1 1".to_owned())]);
    let graph = written(&arch::build("dbi").unwrap().unwrap(), None).graph.unwrap();
    assert_eq!(named_dims(&graph.output), [("probability", "batch 1 1 1".to_owned())]);
}

#[test]
fn a_size_that_is_asked_for_is_settled() {
    let graph = written(&arch::build("rrdbnet:x2").unwrap().unwrap(), Some((24, 40))).graph.unwrap();
    assert_eq!(named_dims(&graph.input), [("image", "1 3 24 40".to_owned())]);
    assert_eq!(named_dims(&graph.output), [("image_out", "1 3 48 80".to_owned())]);
}

#[test]
fn sizes_that_do_not_fit_are_refused_with_one_that_does() {
    let uformer = arch::build("uformer-t").unwrap().unwrap();
    let error = write(&uformer, &zeroes(&uformer), Some((100, 128)), &[]).unwrap_err();
    assert!(error.to_string().starts_with("100×128 rows and columns: uformer"), "{error}");
    assert_eq!(error.hint().unwrap(), "sides must be multiples of 128");
    let vgg = arch::build("vgg-discriminator").unwrap().unwrap();
    let error = write(&vgg, &zeroes(&vgg), None, &[]).unwrap_err();
    assert_eq!(error.hint().unwrap(), "add `--size 128x128`");
    assert!(write(&vgg, &zeroes(&vgg), Some((128, 128)), &[]).is_ok());
}

#[test]
fn outputs_that_are_inputs_or_each_other_keep_their_names() {
    let mut net = Net::new("mine");
    let image = net.input("image", 3);
    let y = net.conv("one", image, 3, ConvSpec::new(1));
    let graph = net.finish(&[("same", image), ("a", y), ("b", y)]).unwrap();
    let model = written(&graph, None).graph.unwrap();
    let names: Vec<&str> = model.output.iter().map(proto::ValueInfo::name).collect();
    assert_eq!(names, ["same", "a", "b"]);
    let made: Vec<&str> = model.node.iter().flat_map(|node| &node.output).map(String::as_str).collect();
    assert_eq!(made, ["a", "same", "b"]);
    assert_eq!(model.node[2].input, ["a"]);
}

#[test]
fn a_setting_of_zero_is_written() {
    let bytes = proto::Attribute::int("axis", 0).encode_to_vec();
    let again = proto::Attribute::decode(bytes.as_slice()).unwrap();
    assert_eq!((again.i, again.kind), (Some(0), Some(2)));
    // Field 3, a varint, of 0.
    assert!(bytes.windows(2).any(|two| two == [0x18, 0]));
}
