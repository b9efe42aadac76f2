//! Reader for TensorFlow's tensor bundles: an index of names, shapes and offsets in a sorted table, and data
//! files next to it.
//!
//! Source: tensorflow/tensorflow `tensorflow/core/protobuf/tensor_bundle.proto` and
//! `core/util/tensor_bundle/`.

use std::borrow::Cow;

use prost::Message;

use super::dtype::{Dtype, Layout};
use super::error::CheckpointError;
use super::sorted_table;
use super::tree::{Group, Item, LazyTensor, MOST_TENSORS, Storages};
use super::{Container, Contents};

/// Suffix of a variable's path in Keras checkpoints.
const VALUE: &str = "/.ATTRIBUTES/VARIABLE_VALUE";

/// Variables that are not part of the network: an optimizer's, a trainer's.
const SKIPPED: [&str; 3] = ["optimizer/", "keras_api/", "save_counter"];

/// Limit for the number of data files.
const MOST_SHARDS: u64 = 1000;

pub(super) fn damaged(offset: u64, what: impl Into<String>) -> CheckpointError {
    CheckpointError::Damaged { container: Container::TensorBundle, offset, what: what.into() }
}

fn unsupported(what: impl Into<String>) -> CheckpointError {
    CheckpointError::Unsupported { container: Container::TensorBundle, what: what.into() }
}

/// Checksums of the format are masked (rotated and shifted), so that the checksum of a checksum differs from
/// it.
pub(super) fn masked_crc(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8)
}

/// Number of data files.
pub(super) fn shards(index: &[u8]) -> Result<u64, CheckpointError> {
    let mut header = None;
    sorted_table::each(index, |key, value, offset| {
        // The header has the empty name and comes first.
        if header.is_none() {
            header = Some(if key.is_empty() { header_of(value, offset)? } else { Header::default() });
        }
        Ok(())
    })?;
    let shards = header.unwrap_or_default().shards;
    if (1..=MOST_SHARDS).contains(&shards) {
        return Ok(shards);
    }
    Err(damaged(0, format!("data in {shards} files")))
}

/// `files` are the data files, in order.
pub(super) fn read<'a>(index: &'a [u8], files: &'a [Vec<u8>]) -> Result<Contents<'a>, CheckpointError> {
    let (mut root, mut storages) = (Group::default(), Storages::default());
    sorted_table::each(index, |key, value, offset| {
        if key.is_empty() {
            return header_of(value, offset).map(drop);
        }
        let Some(name) = std::str::from_utf8(key).ok().and_then(own_name) else { return Ok(()) };
        if root.entries.len() >= MOST_TENSORS {
            return Err(CheckpointError::Limit { what: "tensors", limit: MOST_TENSORS as u64 });
        }
        let entry = Entry::read(value, offset)?;
        let bytes = entry.stored(&name, files, offset)?;
        let shape = entry.shape.as_ref().map_or(Some(Vec::new()), Shape::sizes);
        let shape = shape.ok_or_else(|| damaged(offset, "a tensor without a shape"))?;
        let dtype = kind(entry.dtype).ok_or_else(|| format!("{} of TensorFlow", entry.dtype));
        let stored = LazyTensor { storage: name.clone(), dtype, bytes: None, layout: layout(&name, shape) };
        storages.0.insert(name.clone(), Cow::Borrowed(bytes));
        root.entries.push((name, Item::Tensor(stored)));
        Ok(())
    })?;
    Ok(Contents { container: Container::TensorBundle, facts: Vec::new(), root, storages })
}

/// The path of a network's variable with dots, with Keras' parameter names replaced by PyTorch's.
fn own_name(key: &str) -> Option<String> {
    let path = key.strip_suffix(VALUE)?;
    if SKIPPED.iter().any(|skipped| path.starts_with(skipped)) || path.contains("/.OPTIMIZER_SLOT/") {
        return None;
    }
    let (layer, parameter) = path.rsplit_once('/').unwrap_or(("", path));
    let parameter = match parameter {
        "kernel" | "gamma" => "weight",
        "beta" => "bias",
        "moving_mean" => "running_mean",
        "moving_variance" => "running_var",
        other => other,
    };
    let layer = layer.replace('/', ".");
    Some(if layer.is_empty() { parameter.to_owned() } else { format!("{layer}.{parameter}") })
}

/// Elements in PyTorch's order. Kernels are stored by row, column, input and output, dense layers by input
/// and output.
fn layout(name: &str, shape: Vec<i64>) -> Layout {
    let mut stride = vec![1i64; shape.len()];
    for d in (1..shape.len()).rev() {
        stride[d - 1] = stride[d].saturating_mul(shape[d]);
    }
    let order: &[usize] = match shape.len() {
        4 if name.ends_with("weight") => &[3, 2, 0, 1],
        2 if name.ends_with("weight") => &[1, 0],
        _ => return Layout { offset: 0, shape, stride },
    };
    let turned = |sizes: &[i64]| order.iter().map(|&d| sizes[d]).collect();
    Layout { offset: 0, shape: turned(&shape), stride: turned(&stride) }
}

/// `BundleHeaderProto`.
#[derive(Message)]
struct Header {
    #[prost(uint64, tag = "1")]
    shards: u64,
    #[prost(uint64, tag = "2")]
    big_endian: u64,
}

fn header_of(bytes: &[u8], offset: u64) -> Result<Header, CheckpointError> {
    let header = Header::decode(bytes).map_err(|_| damaged(offset, "its header is cut short"))?;
    if header.big_endian == 1 { Err(unsupported("big-endian data")) } else { Ok(header) }
}

/// `BundleEntryProto`: one tensor.
#[derive(Message)]
struct Entry {
    #[prost(uint64, tag = "1")]
    dtype: u64,
    #[prost(message, tag = "2")]
    shape: Option<Shape>,
    #[prost(uint64, tag = "3")]
    file: u64,
    #[prost(uint64, tag = "4")]
    from: u64,
    #[prost(uint64, tag = "5")]
    size: u64,
    #[prost(fixed32, optional, tag = "6")]
    sum: Option<u32>,
    #[prost(bytes = "vec", repeated, tag = "7")]
    slices: Vec<Vec<u8>>,
}

/// `TensorShapeProto`.
#[derive(Message)]
struct Shape {
    #[prost(message, repeated, tag = "2")]
    dimensions: Vec<Dimension>,
    #[prost(bool, tag = "3")]
    unknown: bool,
}

#[derive(Message)]
struct Dimension {
    #[prost(int64, tag = "1")]
    size: i64,
}

impl Entry {
    fn read(bytes: &[u8], offset: u64) -> Result<Self, CheckpointError> {
        let entry =
            Self::decode(bytes).map_err(|_| damaged(offset, "the description of a tensor is cut short"))?;
        if entry.slices.is_empty() {
            Ok(entry)
        } else {
            Err(unsupported("a tensor that was stored in slices"))
        }
    }

    /// The bytes of its elements.
    fn stored<'a>(&self, name: &str, files: &'a [Vec<u8>], offset: u64) -> Result<&'a [u8], CheckpointError> {
        let outside = || damaged(offset, format!("{name} is outside the files with the weights"));
        let place = |at: u64| usize::try_from(at).map_err(|_| outside());
        let file = files.get(place(self.file)?).ok_or_else(outside)?;
        let end = self.from.checked_add(self.size).ok_or_else(outside)?;
        let stored = file.get(place(self.from)?..place(end)?).ok_or_else(outside)?;
        if self.sum.is_some_and(|sum| sum != masked_crc(stored)) {
            return Err(damaged(offset, format!("checksum mismatch in {name}")));
        }
        Ok(stored)
    }
}

impl Shape {
    /// All sizes; `None` if not all are stated.
    fn sizes(&self) -> Option<Vec<i64>> {
        let sizes = self.dimensions.iter().map(|dimension| dimension.size);
        let known = !self.unknown && sizes.clone().all(|size| size >= 0);
        known.then(|| sizes.collect())
    }
}

/// `DataType` of `types.proto`.
fn kind(dtype: u64) -> Option<Dtype> {
    Some(match dtype {
        1 => Dtype::F32,
        2 => Dtype::F64,
        3 => Dtype::I32,
        4 => Dtype::U8,
        5 => Dtype::I16,
        6 => Dtype::I8,
        9 => Dtype::I64,
        10 => Dtype::Bool,
        14 => Dtype::Bf16,
        17 => Dtype::U16,
        19 => Dtype::F16,
        22 => Dtype::U32,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_of_the_network_get_names_and_the_rest_none() {
        let name = |path: &str| own_name(&format!("{path}{VALUE}"));
        assert_eq!(name("layer_with_weights-0/kernel").as_deref(), Some("layer_with_weights-0.weight"));
        assert_eq!(name("a/b/moving_variance").as_deref(), Some("a.b.running_var"));
        assert_eq!(name("bias").as_deref(), Some("bias"));
        for skipped in ["optimizer/iter", "keras_api/metrics/0/total", "save_counter"] {
            assert_eq!(name(skipped), None);
        }
        assert_eq!(name("layer/bias/.OPTIMIZER_SLOT/optimizer/m"), None);
        assert_eq!(own_name("_CHECKPOINTABLE_OBJECT_GRAPH"), None);
    }

    #[test]
    fn kernels_and_dense_layers_are_turned() {
        let kernel = layout("a.weight", vec![5, 4, 3, 8]);
        assert_eq!((kernel.shape, kernel.stride), (vec![8, 3, 5, 4], vec![1, 8, 96, 24]));
        let dense = layout("a.weight", vec![32, 8]);
        assert_eq!((dense.shape, dense.stride), (vec![8, 32], vec![1, 8]));
        let other = layout("a.bias", vec![2, 3]);
        assert_eq!((other.shape, other.stride), (vec![2, 3], vec![3, 1]));
    }

    #[test]
    fn a_shape_says_all_its_sizes_or_is_none() {
        // Two dimensions of 5 and 300; one without a size, which is 0; one that is negative; an unknown rank.
        let sizes = |bytes: &[u8]| Shape::decode(bytes).ok().and_then(|shape| shape.sizes());
        assert_eq!(sizes(&[0x12, 2, 8, 5, 0x12, 3, 8, 0xac, 2]), Some(vec![5, 300]));
        assert_eq!(sizes(&[0x12, 0]), Some(vec![0]));
        assert_eq!(sizes(&[0x12, 11, 8, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1]), None);
        assert_eq!(sizes(&[0x18, 1]), None);
        assert_eq!(sizes(&[0x12, 9, 8]), None);
    }
}
