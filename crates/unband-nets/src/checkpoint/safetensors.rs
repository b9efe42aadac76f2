//! Safetensors: a header in JSON, then the numbers.

use std::borrow::Cow;

use safetensors::tensor::{Dtype as Theirs, SafeTensors, TensorView};

use super::dtype::{Dtype, Layout};
use super::error::CheckpointError;
use super::tree::{Group, Item, Storages, Stored};
use super::{Container, Contents};
use crate::{Data, StateDict};

/// A header's length in eight bytes, then the header, which begins with a brace.
pub(super) fn is_one(bytes: &[u8]) -> bool {
    bytes.get(8) == Some(&b'{') && bytes.get(6..8) == Some(&[0, 0])
}

pub(super) fn read(bytes: &[u8]) -> Result<Contents<'_>, CheckpointError> {
    let damaged = |offset: u64, what: String| CheckpointError::Damaged {
        container: Container::Safetensors,
        offset,
        what,
    };
    let (header, metadata) = SafeTensors::read_metadata(bytes).map_err(|e| damaged(8, e.to_string()))?;
    let data = bytes.get(header + 8..).unwrap_or_default();
    let mut storages = Storages::default();
    let mut root = Group::default();
    for name in metadata.offset_keys() {
        let Some(info) = metadata.info(&name) else { continue };
        let (from, to) = info.data_offsets;
        let Some(stored) = data.get(from..to) else {
            return Err(damaged((header + 8 + from) as u64, format!("the numbers of {name} are cut short")));
        };
        let shape: Vec<i64> = info.shape.iter().map(|&d| i64::try_from(d).unwrap_or(i64::MAX)).collect();
        let mut stride = vec![1i64; shape.len()];
        for d in (1..shape.len()).rev() {
            stride[d - 1] = stride[d].saturating_mul(shape[d]);
        }
        let layout = Layout { offset: 0, shape, stride };
        let dtype = kind(info.dtype).ok_or_else(|| format!("{:?}", info.dtype));
        storages.0.insert(name.clone(), Cow::Borrowed(stored));
        root.entries.push((name.clone(), Item::Tensor(Stored { storage: name, dtype, bytes: None, layout })));
    }
    let mut facts: Vec<(String, String)> =
        metadata.metadata().iter().flatten().map(|(k, v)| (k.clone(), v.clone())).collect();
    facts.sort();
    Ok(Contents { container: Container::Safetensors, facts, root, storages })
}

fn kind(theirs: Theirs) -> Option<Dtype> {
    Some(match theirs {
        Theirs::BOOL => Dtype::Bool,
        Theirs::U8 => Dtype::U8,
        Theirs::I8 => Dtype::I8,
        Theirs::I16 => Dtype::I16,
        Theirs::U16 => Dtype::U16,
        Theirs::F16 => Dtype::F16,
        Theirs::BF16 => Dtype::Bf16,
        Theirs::I32 => Dtype::I32,
        Theirs::U32 => Dtype::U32,
        Theirs::F32 => Dtype::F32,
        Theirs::F64 => Dtype::F64,
        Theirs::I64 => Dtype::I64,
        _ => return None,
    })
}

/// The bytes of a safetensors file with these tensors. `facts` go into its header.
///
/// # Errors
/// A tensor whose shape is not that of its elements.
pub fn write(state: &StateDict, facts: &[(String, String)]) -> Result<Vec<u8>, CheckpointError> {
    let bytes: Vec<(String, Theirs, Vec<usize>, Vec<u8>)> = state
        .iter()
        .map(|(name, tensor)| {
            let (kind, bytes) = match &tensor.data {
                Data::F32(v) => (Theirs::F32, v.iter().flat_map(|x| x.to_le_bytes()).collect()),
                Data::F64(v) => (Theirs::F64, v.iter().flat_map(|x| x.to_le_bytes()).collect()),
                Data::I64(v) => (Theirs::I64, v.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>()),
            };
            (name.to_owned(), kind, tensor.shape.clone(), bytes)
        })
        .collect();
    let wrong = |what: String| CheckpointError::Unsupported { container: Container::Safetensors, what };
    let mut views = Vec::with_capacity(bytes.len());
    for (name, kind, shape, bytes) in &bytes {
        let view = TensorView::new(*kind, shape.clone(), bytes).map_err(|e| wrong(format!("{name}: {e}")))?;
        views.push((name, view));
    }
    let facts = (!facts.is_empty()).then(|| facts.iter().cloned().collect());
    safetensors::serialize(views, facts).map_err(|e| wrong(e.to_string()))
}
