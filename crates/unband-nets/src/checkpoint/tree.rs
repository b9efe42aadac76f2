//! Tree of a file's contents, before a state dict is selected.

use std::borrow::Cow;
use std::collections::HashMap;

use super::dtype::{Dtype, Layout, take};
use super::error::{CheckpointError, TensorFault};
use crate::{StateDict, Tensor};

/// Limit for the number of tensors; the largest supported network has 1,100.
pub(super) const MOST_TENSORS: usize = 50_000;

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

    /// Numbers and short strings of this group: versions, epochs, best values.
    pub(super) fn facts(&self) -> Vec<(String, String)> {
        const MOST: usize = 24;
        let fact = |(name, item): &(String, Item)| match item {
            Item::Fact(value) => Some((short(name), value.clone())),
            _ => None,
        };
        self.entries.iter().filter_map(fact).take(MOST).collect()
    }

    /// The tensors below by path, read from their storages into at most `most` bytes.
    pub(super) fn state_dict(
        &self,
        storages: &Storages<'_>,
        most: u64,
    ) -> Result<StateDict, CheckpointError> {
        if self.tensors() > MOST_TENSORS {
            return Err(CheckpointError::Limit { what: "tensors", limit: MOST_TENSORS as u64 });
        }
        let flat = self.flat();
        let total = flat.iter().fold(0u64, |sum, (_, stored)| sum.saturating_add(Storages::cost(stored)));
        let mut state = StateDict::new();
        for (name, stored) in flat {
            // An invalid layout is reported before the total size.
            let oversized = total > most && stored.layout.len().is_some();
            if oversized {
                return Err(CheckpointError::Limit {
                    what: "bytes of tensors for a file of its size",
                    limit: most,
                });
            }
            let tensor = storages
                .take(stored)
                .map_err(|fault| CheckpointError::Tensor { name: short(&name), fault })?;
            state.insert(name, tensor);
        }
        Ok(state)
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

/// Names come from files and may be of any length.
pub(super) fn short(name: &str) -> String {
    const LONGEST: usize = 60;
    if name.chars().count() <= LONGEST {
        name.to_owned()
    } else {
        name.chars().take(LONGEST).collect::<String>() + "…"
    }
}
