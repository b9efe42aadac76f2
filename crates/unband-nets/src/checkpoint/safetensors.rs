//! Reader and writer for safetensors: a JSON header, then the tensor data.

use std::borrow::Cow;

use half::f16;
use safetensors::tensor::{Dtype as Theirs, SafeTensors};

use super::dtype::{Dtype, Layout};
use super::error::CheckpointError;
use super::tree::{Group, Item, LazyTensor, Storages};
use super::{Container, Contents};
use crate::{Data, StateDict};

/// The header's length in eight bytes, then the header, which starts with a brace.
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
            return Err(damaged((header + 8 + from) as u64, format!("the data of {name} is cut short")));
        };
        let shape: Vec<i64> = info.shape.iter().map(|&d| i64::try_from(d).unwrap_or(i64::MAX)).collect();
        let mut stride = vec![1i64; shape.len()];
        for d in (1..shape.len()).rev() {
            stride[d - 1] = stride[d].saturating_mul(shape[d]);
        }
        let layout = Layout { offset: 0, shape, stride };
        let dtype = kind(info.dtype).ok_or_else(|| format!("{:?}", info.dtype));
        storages.0.insert(name.clone(), Cow::Borrowed(stored));
        root.entries
            .push((name.clone(), Item::Tensor(LazyTensor { storage: name, dtype, bytes: None, layout })));
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

/// The bytes of a safetensors file with these tensors; deterministic. `facts` are written to its header.
///
/// Wider elements come first, so that all are aligned; otherwise the order is kept.
///
/// Differs: the format's crate sorts by name, and writes metadata in a varying order.
pub fn write(state: &StateDict, facts: &[(String, String)]) -> Vec<u8> {
    write_as(state, facts, false)
}

/// As [`write()`], with 32-bit floats rounded to 16 bits: half the size, 11 significant bits.
///
/// # Errors
/// The name of a tensor with a value too large for 16 bits.
pub fn write_halved(state: &StateDict, facts: &[(String, String)]) -> Result<Vec<u8>, String> {
    let large = |v: &f32| v.is_finite() && f16::from_f32(*v).is_infinite();
    let too_large = |data: &Data| matches!(data, Data::F32(v) if v.iter().any(large));
    match state.iter().find(|(_, tensor)| too_large(&tensor.data)) {
        Some((name, _)) => Err(name.to_owned()),
        None => Ok(write_as(state, facts, true)),
    }
}

fn write_as(state: &StateDict, facts: &[(String, String)], half: bool) -> Vec<u8> {
    let size = |data: &Data| match (data, half) {
        (Data::F32(_), true) => 2,
        (Data::F32(_), false) => 4,
        _ => 8,
    };
    let mut tensors: Vec<_> = state.iter().collect();
    tensors.sort_by_key(|(_, tensor)| std::cmp::Reverse(size(&tensor.data)));
    let mut entries = Vec::with_capacity(tensors.len() + 1);
    if !facts.is_empty() {
        let facts: Vec<String> = facts.iter().map(|(k, v)| format!("{}:{}", quoted(k), quoted(v))).collect();
        entries.push(format!("\"__metadata__\":{{{}}}", facts.join(",")));
    }
    let mut at = 0;
    for (name, tensor) in &tensors {
        let kind = match &tensor.data {
            Data::F32(_) if half => "F16",
            Data::F32(_) => "F32",
            Data::F64(_) => "F64",
            Data::I64(_) => "I64",
        };
        let to = at + tensor.data.len() * size(&tensor.data);
        let (name, shape) = (quoted(name), &tensor.shape);
        entries.push(format!(
            "{name}:{{\"dtype\":\"{kind}\",\"shape\":{shape:?},\"data_offsets\":[{at},{to}]}}"
        ));
        at = to;
    }
    let mut header = format!("{{{}}}", entries.join(","));
    // Tensor data begins at a multiple of eight bytes.
    header.extend(std::iter::repeat_n(' ', header.len().next_multiple_of(8) - header.len()));
    let mut out = Vec::with_capacity(8 + header.len() + at);
    out.extend((header.len() as u64).to_le_bytes());
    out.extend(header.into_bytes());
    for (_, tensor) in tensors {
        match &tensor.data {
            Data::F32(v) if half => out.extend(v.iter().flat_map(|&x| f16::from_f32(x).to_le_bytes())),
            Data::F32(v) => out.extend(v.iter().flat_map(|x| x.to_le_bytes())),
            Data::F64(v) => out.extend(v.iter().flat_map(|x| x.to_le_bytes())),
            Data::I64(v) => out.extend(v.iter().flat_map(|x| x.to_le_bytes())),
        }
    }
    out
}

/// A JSON string.
fn quoted(text: &str) -> String {
    use std::fmt::Write;
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c < ' ' => drop(write!(out, "\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
