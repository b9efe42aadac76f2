//! Values built by a pickle.

/// Index of a value in [`Pickle::values`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::checkpoint) struct Id(pub(super) u32);

/// A value. Parts are referenced by index, so nothing is nested in memory and any value may refer to itself.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::checkpoint) enum Value {
    None,
    Bool(bool),
    Int(i128),
    Float(f64),
    Text(Box<str>),
    /// `module.name`, a class or a function.
    Global(Box<str>),
    Tuple(Box<[Id]>),
    List(Vec<Id>),
    Dict(Vec<(Id, Id)>),
    Set(Vec<Id>),
    /// A persistent object outside the pickle: a storage.
    Persistent(Id),
    /// The result that a call would have had.
    Object(Box<Object>),
    /// Bytes, and integers too long to be of use.
    Opaque,
}

/// A call that was not made, with the operations on its result.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::checkpoint) struct Object {
    /// Class or function.
    pub callee: Id,
    pub args: Id,
    /// Argument of BUILD.
    pub state: Option<Id>,
    /// Items of SETITEMS.
    pub entries: Vec<(Id, Id)>,
    /// Byte offset of the call.
    pub at: u64,
}

/// An interpreted pickle.
#[derive(Debug)]
pub(in crate::checkpoint) struct Pickle {
    pub(super) values: Vec<Value>,
    pub root: Id,
    /// Offset of the byte after it.
    pub end: usize,
}

impl Pickle {
    pub(crate) fn get(&self, id: Id) -> &Value {
        self.values.get(id.0 as usize).unwrap_or(&Value::Opaque)
    }

    pub(crate) fn text(&self, id: Id) -> Option<&str> {
        match self.get(id) {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn int(&self, id: Id) -> Option<i64> {
        match self.get(id) {
            Value::Int(int) => i64::try_from(*int).ok(),
            _ => None,
        }
    }

    pub(crate) fn global(&self, id: Id) -> Option<&str> {
        match self.get(id) {
            Value::Global(name) => Some(name),
            _ => None,
        }
    }

    pub(crate) fn tuple(&self, id: Id) -> Option<&[Id]> {
        match self.get(id) {
            Value::Tuple(parts) => Some(parts),
            _ => None,
        }
    }

    /// Items of a tuple or list.
    pub(crate) fn sequence(&self, id: Id) -> Option<&[Id]> {
        match self.get(id) {
            Value::Tuple(parts) => Some(parts),
            Value::List(parts) => Some(parts),
            _ => None,
        }
    }

    pub(crate) fn dict(&self, id: Id) -> Option<&[(Id, Id)]> {
        match self.get(id) {
            Value::Dict(entries) => Some(entries),
            _ => None,
        }
    }

    /// The value of a string key.
    pub(crate) fn entry(&self, entries: &[(Id, Id)], key: &str) -> Option<Id> {
        entries.iter().rev().find(|(k, _)| self.text(*k) == Some(key)).map(|&(_, value)| value)
    }
}
