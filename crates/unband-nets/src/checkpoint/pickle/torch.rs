//! PyTorch objects in a pickle: tensors, dictionaries, modules.

use std::collections::HashMap;

use super::value::{Id, Object, Pickle, Value};
use crate::checkpoint::Container;
use crate::checkpoint::dtype::{Dtype, Layout, MOST_DIMS};
use crate::checkpoint::error::CheckpointError;
use crate::checkpoint::tree::{Group, Item, LazyTensor};

/// Nesting limit of groups. Nested modules reach about ten levels.
const DEEPEST: usize = 48;

/// Limit for the number of visited objects; a shared object is visited once per path to it.
const MOST_STEPS: usize = 500_000;

/// Limit for the length of a name part or storage name, in bytes.
const LONGEST_NAME: usize = 300;

/// Limit for the number of numbers and strings kept as metadata.
const LONGEST_FACT: usize = 100;

/// Limit for the length of a list; longer ones are not networks.
const LONGEST_LIST: usize = 64;

/// Contents of a pickle.
///
/// # Errors
/// Malformed tensors; deeper nesting or more objects than any checkpoint needs.
pub(in crate::checkpoint) fn item(pickle: &Pickle, container: Container) -> Result<Item, CheckpointError> {
    Reader { pickle, container, steps: 0 }.item(pickle.root, 0)
}

/// Bytes per element of each storage named in the pickle; `None` if the pickle does not state their type.
pub(in crate::checkpoint) fn storage_sizes(pickle: &Pickle) -> HashMap<String, Option<usize>> {
    let storages = pickle.values.iter().filter_map(|value| match value {
        Value::Persistent(id) => storage(pickle, *id),
        _ => None,
    });
    storages.map(|s| (s.key.to_owned(), element(s.kind).ok().map(Dtype::size))).collect()
}

struct Reader<'p> {
    pickle: &'p Pickle,
    container: Container,
    steps: usize,
}

/// A persistent id.
struct Storage<'p> {
    /// `torch.FloatStorage`.
    kind: &'p str,
    key: &'p str,
    count: u64,
    /// Start of the storage's view, in elements.
    first: i64,
}

/// `("storage", type, key, location, count)`, before 1.6 also a view: `None` or `(key, first, count)`.
fn storage(pickle: &Pickle, id: Id) -> Option<Storage<'_>> {
    let parts = pickle.tuple(id)?;
    let &[tag, kind, key, _, count, ref view @ ..] = parts else { return None };
    if pickle.text(tag) != Some("storage") {
        return None;
    }
    let first = view.first().and_then(|&view| pickle.int(*pickle.tuple(view)?.get(1)?)).unwrap_or(0);
    Some(Storage {
        kind: pickle.global(kind)?,
        key: pickle.text(key).filter(|key| key.len() <= LONGEST_NAME)?,
        count: u64::try_from(pickle.int(count)?).ok()?,
        first,
    })
}

/// Element type of a storage class or `torch.dtype`.
fn element(kind: &str) -> Result<Dtype, String> {
    let name = kind.strip_prefix("torch.").unwrap_or(kind);
    let name = name.strip_prefix("cuda.").unwrap_or(name);
    Ok(match name {
        "FloatStorage" | "float32" | "float" => Dtype::F32,
        "DoubleStorage" | "float64" | "double" => Dtype::F64,
        "HalfStorage" | "float16" | "half" => Dtype::F16,
        "BFloat16Storage" | "bfloat16" => Dtype::Bf16,
        "LongStorage" | "int64" | "long" => Dtype::I64,
        "IntStorage" | "int32" | "int" => Dtype::I32,
        "ShortStorage" | "int16" | "short" => Dtype::I16,
        "CharStorage" | "int8" => Dtype::I8,
        "ByteStorage" | "uint8" => Dtype::U8,
        "BoolStorage" | "bool" => Dtype::Bool,
        "uint16" => Dtype::U16,
        "uint32" => Dtype::U32,
        _ => return Err(name.chars().take(60).collect()),
    })
}

impl<'p> Reader<'p> {
    /// Counts every visit, so that an object shared a thousand times cannot take a thousand times as long.
    fn count(&mut self, steps: usize) -> Result<(), CheckpointError> {
        self.steps = self.steps.saturating_add(steps);
        if self.steps > MOST_STEPS {
            return Err(CheckpointError::Limit { what: "objects in a pickle", limit: MOST_STEPS as u64 });
        }
        Ok(())
    }

    fn item(&mut self, id: Id, depth: usize) -> Result<Item, CheckpointError> {
        self.count(1)?;
        if depth > DEEPEST {
            return Err(CheckpointError::Limit { what: "nested groups", limit: DEEPEST as u64 });
        }
        let pickle = self.pickle;
        Ok(match pickle.get(id) {
            Value::Dict(entries) => Item::Group(self.group(entries, depth)?),
            Value::List(parts) if parts.len() <= LONGEST_LIST => self.numbered(parts, depth)?,
            Value::Tuple(parts) if parts.len() <= LONGEST_LIST => self.numbered(parts, depth)?,
            Value::Object(object) => self.object(object, depth)?,
            Value::Bool(yes) => Item::Fact(yes.to_string()),
            Value::Int(int) => Item::Fact(int.to_string()),
            Value::Float(float) => Item::Fact(float.to_string()),
            Value::Text(text) if text.len() <= LONGEST_FACT => Item::Fact(text.to_string()),
            _ => Item::Other,
        })
    }

    fn group(&mut self, entries: &[(Id, Id)], depth: usize) -> Result<Group, CheckpointError> {
        self.count(entries.len())?;
        let mut group = Group::default();
        for &(key, value) in entries {
            let name = match self.pickle.get(key) {
                Value::Text(text) if text.len() <= LONGEST_NAME => text.to_string(),
                Value::Text(_) => {
                    return Err(CheckpointError::Limit {
                        what: "bytes in a name",
                        limit: LONGEST_NAME as u64,
                    });
                }
                Value::Int(int) => int.to_string(),
                _ => continue,
            };
            group.entries.push((name, self.item(value, depth + 1)?));
        }
        Ok(group)
    }

    fn numbered(&mut self, parts: &[Id], depth: usize) -> Result<Item, CheckpointError> {
        let mut group = Group::default();
        for (number, &part) in parts.iter().enumerate() {
            group.entries.push((number.to_string(), self.item(part, depth + 1)?));
        }
        Ok(Item::Group(group))
    }

    fn object(&mut self, object: &'p Object, depth: usize) -> Result<Item, CheckpointError> {
        let pickle = self.pickle;
        let Some(callee) = pickle.global(object.callee) else { return Ok(Item::Other) };
        match callee {
            "collections.OrderedDict" | "collections.defaultdict" | "builtins.dict" | "__builtin__.dict" => {
                let mut group = Group::default();
                // Python 2 stores the entries as a list of pairs.
                let listed = pickle.tuple(object.args).and_then(|args| pickle.sequence(*args.first()?));
                self.count(listed.map_or(0, <[Id]>::len))?;
                let pair = |&id: &Id| pickle.sequence(id).and_then(|p| Some((*p.first()?, *p.get(1)?)));
                let listed: Vec<(Id, Id)> = listed.unwrap_or_default().iter().filter_map(pair).collect();
                group.entries.extend(self.group(&listed, depth)?.entries);
                group.entries.extend(self.group(&object.entries, depth)?.entries);
                Ok(Item::Group(group))
            }
            name if name.starts_with("torch._utils._rebuild_")
                || name == "torch._tensor._rebuild_from_type_v2" =>
            {
                self.rebuilt(name, object.args, object.at)
            }
            name => match object.state.and_then(|state| pickle.dict(state)) {
                Some(state) if self.count(state.len()).is_err() => {
                    Err(CheckpointError::Limit { what: "objects in a pickle", limit: MOST_STEPS as u64 })
                }
                Some(state) if pickle.entry(state, "_modules").is_some() => self.module(state, depth),
                // A scripted module's attributes are its parameters, buffers and submodules.
                Some(state) if self.container == Container::TorchScript && name.starts_with("__torch__.") => {
                    let group = self.group(state, depth)?;
                    Ok(Item::Group(Group { module: true, ..group }))
                }
                _ => Ok(Item::Other),
            },
        }
    }

    /// A module that was saved whole: its attributes include dictionaries of parameters, buffers and
    /// submodules.
    fn module(&mut self, state: &'p [(Id, Id)], depth: usize) -> Result<Item, CheckpointError> {
        let pickle = self.pickle;
        let entries = |name: &str| match pickle.get(pickle.entry(state, name)?) {
            Value::Dict(entries) => Some(entries.as_slice()),
            Value::Object(object) => Some(object.entries.as_slice()),
            _ => None,
        };
        let left_out: Vec<&str> =
            match pickle.entry(state, "_non_persistent_buffers_set").map(|id| pickle.get(id)) {
                Some(Value::Set(names)) => names.iter().filter_map(|&id| pickle.text(id)).collect(),
                Some(Value::Object(object)) => pickle
                    .tuple(object.args)
                    .and_then(|args| pickle.sequence(*args.first()?))
                    .unwrap_or_default()
                    .iter()
                    .filter_map(|&id| pickle.text(id))
                    .collect(),
                _ => Vec::new(),
            };
        let mut group = Group { module: true, entries: Vec::new() };
        for part in ["_parameters", "_buffers", "_modules"] {
            let mut more = self.group(entries(part).unwrap_or_default(), depth)?.entries;
            if part == "_buffers" {
                self.count(left_out.len().saturating_mul(more.len()))?;
                more.retain(|(name, _)| !left_out.contains(&name.as_str()));
            }
            group.entries.extend(more);
        }
        Ok(Item::Group(group))
    }

    /// A tensor, from the call that would have rebuilt it.
    fn rebuilt(&self, name: &'p str, args: Id, at: u64) -> Result<Item, CheckpointError> {
        /// A parameter of a tensor subclass.
        const MOST_LAYERS: usize = 6;
        let pickle = self.pickle;
        let wrong = |what: &str| {
            let what = format!("a tensor {what}");
            CheckpointError::Damaged { container: self.container, offset: at, what }
        };
        let (mut name, mut args) = (name, args);
        for _ in 0..MOST_LAYERS {
            let parts = pickle.tuple(args).ok_or_else(|| wrong("without arguments"))?;
            match name.rsplit('.').next().unwrap_or(name) {
                "_rebuild_parameter" | "_rebuild_parameter_with_state" => {
                    let data = parts.first().map(|&id| pickle.get(id));
                    let Some(Value::Object(inner)) = data else { return Err(wrong("without data")) };
                    name = pickle.global(inner.callee).ok_or_else(|| wrong("without data"))?;
                    args = inner.args;
                }
                "_rebuild_from_type_v2" => {
                    let &[function, _, inner, ..] = parts else { return Err(wrong("without data")) };
                    name = pickle.global(function).ok_or_else(|| wrong("without data"))?;
                    args = inner;
                }
                "_rebuild_tensor" | "_rebuild_tensor_v2" => return self.tensor(parts, None, &wrong),
                "_rebuild_tensor_v3" => {
                    let dtype = parts.get(6).and_then(|&id| pickle.global(id));
                    return self.tensor(parts, Some(dtype.ok_or_else(|| wrong("without a type"))?), &wrong);
                }
                // Sparse, quantised and other tensors.
                other => {
                    let layout = Layout { offset: 0, shape: Vec::new(), stride: Vec::new() };
                    let dtype = Err(other.trim_start_matches("_rebuild_").chars().take(60).collect());
                    return Ok(Item::Tensor(LazyTensor {
                        storage: String::new(),
                        dtype,
                        bytes: None,
                        layout,
                    }));
                }
            }
        }
        Err(wrong("with too many wrappers"))
    }

    fn tensor(
        &self,
        parts: &[Id],
        dtype: Option<&str>,
        wrong: &dyn Fn(&str) -> CheckpointError,
    ) -> Result<Item, CheckpointError> {
        let pickle = self.pickle;
        let &[data, offset, shape, stride, ..] = parts else { return Err(wrong("without sizes")) };
        let Value::Persistent(id) = *pickle.get(data) else { return Err(wrong("without a storage")) };
        let storage = storage(pickle, id).ok_or_else(|| wrong("of an unknown storage"))?;
        let ints = |id: Id| {
            let parts = pickle.sequence(id).filter(|parts| parts.len() <= MOST_DIMS)?;
            parts.iter().map(|&id| pickle.int(id)).collect::<Option<Vec<i64>>>()
        };
        let offset = pickle.int(offset).and_then(|offset| offset.checked_add(storage.first));
        let offset = offset.ok_or_else(|| wrong("without a first element"))?;
        let shape = ints(shape).ok_or_else(|| wrong("without sizes"))?;
        let stride = ints(stride).ok_or_else(|| wrong("without strides"))?;
        // Untyped storages count in bytes.
        let size = element(storage.kind).map_or(1, |d| d.size() as u64);
        let dtype = element(dtype.unwrap_or(storage.kind));
        Ok(Item::Tensor(LazyTensor {
            storage: storage.key.to_owned(),
            dtype,
            bytes: Some(storage.count.saturating_mul(size)),
            layout: Layout { offset, shape, stride },
        }))
    }
}
