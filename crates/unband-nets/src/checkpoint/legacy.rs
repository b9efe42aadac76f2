//! Reader for `torch.save` files from before PyTorch 1.6.
//!
//! They hold a magic number, a version, facts about the machine, the object and the names of its storages,
//! each as a pickle. The storages follow.

use std::borrow::Cow;

use super::error::CheckpointError;
use super::pickle::{self, Value};
use super::tree::{Group, Item, Storages};
use super::{Container, Contents};

/// Value of the first pickle.
const MAGIC: i128 = 0x1950_a86a_20f9_469c_fc6c;

/// The only version in existence.
const VERSION: i128 = 1001;

/// First byte of pickles of protocol 2 and later.
pub(super) fn is_one(bytes: &[u8]) -> bool {
    bytes.first() == Some(&0x80) && bytes.get(1).is_some_and(|protocol| (2..=5).contains(protocol))
}

pub(super) fn read(bytes: &[u8]) -> Result<Contents<'_>, CheckpointError> {
    let container = Container::TorchLegacy;
    let damaged =
        |offset: usize, what: String| CheckpointError::Damaged { container, offset: offset as u64, what };
    let first = pickle::run(bytes, 0, container)?;
    if *first.get(first.root) != Value::Int(MAGIC) {
        return Err(CheckpointError::Other { looks: "the file is a pickle, but not one that PyTorch wrote" });
    }
    let version = pickle::run(bytes, first.end, container)?;
    if *version.get(version.root) != Value::Int(VERSION) {
        return Err(CheckpointError::Unsupported { container, what: "an unknown version".to_owned() });
    }
    let machine = pickle::run(bytes, version.end, container)?;
    let order = machine.dict(machine.root).and_then(|facts| machine.entry(facts, "little_endian"));
    if order.is_some_and(|order| *machine.get(order) == Value::Bool(false)) {
        return Err(CheckpointError::Unsupported { container, what: "big-endian data".to_owned() });
    }
    let object = pickle::run(bytes, machine.end, container)?;
    let keys = pickle::run(bytes, object.end, container)?;
    let names =
        keys.sequence(keys.root).ok_or_else(|| damaged(object.end, "no list of storages".to_owned()))?;
    let sizes = pickle::storage_sizes(&object);
    let mut storages = Storages::default();
    let mut at = keys.end;
    for &name in names {
        let key =
            keys.text(name).ok_or_else(|| damaged(object.end, "a storage without a name".to_owned()))?;
        let size = sizes.get(key).copied().flatten();
        let size = size.ok_or_else(|| damaged(at, format!("the type of storage `{key}` is missing")))?;
        let cut = || damaged(at, format!("storage `{key}` is cut short"));
        let count = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>).ok_or_else(cut)?;
        let length = usize::try_from(i64::from_le_bytes(*count)).ok().and_then(|n| n.checked_mul(size));
        let from = at + 8;
        let to = length.and_then(|length| from.checked_add(length)).ok_or_else(cut)?;
        let stored = bytes.get(from..to).ok_or_else(cut)?;
        storages.0.insert(key.to_owned(), Cow::Borrowed(stored));
        at = to;
    }
    let root = match pickle::item(&object, container)? {
        Item::Group(group) => group,
        single @ Item::Tensor(_) => Group { module: false, entries: vec![("tensor".to_owned(), single)] },
        _ => Group::default(),
    };
    Ok(Contents { container, facts: Vec::new(), root, storages })
}
