//! Tree of a file's contents, before a state dict is selected.

use std::borrow::Cow;
use std::collections::HashMap;

use super::dtype::{Dtype, Layout, take};
use super::error::TensorFault;
use crate::Tensor;

/// A named entry.
#[derive(Debug)]
pub(super) enum Item {
    Tensor(LazyTensor),
    Group(Group),
    /// A number or a short string, for display.
    Fact(String),
    Other,
}

/// Named entries in order.
#[derive(Debug, Default)]
pub(super) struct Group {
    /// Whether it is a module with parameters, buffers and submodules rather than a dictionary.
    pub module: bool,
    pub entries: Vec<(String, Item)>,
}

/// A tensor not yet read from its storage.
#[derive(Clone, Debug)]
pub(super) struct LazyTensor {
    pub storage: String,
    /// Element type, or the name of an unsupported type.
    pub dtype: Result<Dtype, String>,
    /// Expected bytes of the storage, if the file states them.
    pub bytes: Option<u64>,
    pub layout: Layout,
}

/// Bytes by name.
#[derive(Debug, Default)]
pub(super) struct Storages<'a>(pub HashMap<String, Cow<'a, [u8]>>);

impl Storages<'_> {
    /// Total bytes.
    pub(super) fn bytes(&self) -> u64 {
        self.0.values().map(|bytes| bytes.len() as u64).sum()
    }

    /// Bytes that the tensor will take.
    pub(super) fn cost(stored: &LazyTensor) -> u64 {
        let held = stored.dtype.as_ref().map_or(0, |d| d.held() as u64);
        stored.layout.len().unwrap_or(0).saturating_mul(held)
    }

    pub(super) fn take(&self, stored: &LazyTensor) -> Result<Tensor, TensorFault> {
        let dtype = stored.dtype.clone().map_err(TensorFault::Type)?;
        let key = || stored.storage.clone();
        let bytes = self.0.get(&stored.storage).ok_or_else(|| TensorFault::Missing(key()))?;
        match stored.bytes {
            Some(wanted) if wanted != bytes.len() as u64 => {
                Err(TensorFault::Storage { key: key(), bytes: bytes.len() as u64, wanted })
            }
            _ => take(bytes, dtype, &stored.layout),
        }
    }
}

impl Item {
    /// Number of tensors below.
    pub(super) fn tensors(&self) -> usize {
        match self {
            Self::Tensor(_) => 1,
            Self::Group(group) => group.tensors(),
            Self::Fact(_) | Self::Other => 0,
        }
    }
}

impl Group {
    /// Number of tensors below.
    pub(super) fn tensors(&self) -> usize {
        self.entries.iter().map(|(_, item)| item.tensors()).sum()
    }

    /// Tensors below, by path. The readers limit the nesting of groups.
    pub(super) fn flat(&self) -> Vec<(String, &LazyTensor)> {
        let mut out = Vec::new();
        self.flatten("", &mut out);
        out
    }

    fn flatten<'a>(&'a self, path: &str, out: &mut Vec<(String, &'a LazyTensor)>) {
        for (name, item) in &self.entries {
            let name = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            match item {
                Item::Tensor(stored) => out.push((name, stored)),
                Item::Group(group) => group.flatten(&name, out),
                Item::Fact(_) | Item::Other => {}
            }
        }
    }
}
