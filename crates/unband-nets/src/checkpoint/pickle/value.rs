//! What a pickle builds.

/// Place of a value in [`Pickle::values`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::checkpoint) struct Id(pub(super) u32);

/// A value; parts are referred to by place, so that nothing is nested in memory and anything may refer to itself.
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
    /// Something kept outside the pickle: a storage.
    Persistent(Id),
    /// What a call would have given.
    Object(Box<Object>),
    /// Bytes, and numbers too long for anything here.
    Opaque,
}

/// A call that was not made, and what would have been done with its result.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::checkpoint) struct Object {
    /// Class or function.
    pub callee: Id,
    pub args: Id,
    /// Given by BUILD.
    pub state: Option<Id>,
    /// Given by SETITEMS.
    pub entries: Vec<(Id, Id)>,
    /// Byte of the call.
    pub at: u64,
}

/// A pickle that was read.
#[derive(Debug)]
pub(in crate::checkpoint) struct Pickle {
    pub(super) values: Vec<Value>,
    pub root: Id,
    /// Byte behind it.
    pub end: usize,
}

impl Pickle {
    pub fn get(&self, id: Id) -> &Value {
        self.values.get(id.0 as usize).unwrap_or(&Value::Opaque)
    }

    pub fn text(&self, id: Id) -> Option<&str> {
        match self.get(id) {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn int(&self, id: Id) -> Option<i64> {
        match self.get(id) {
            Value::Int(int) => i64::try_from(*int).ok(),
            _ => None,
        }
    }

    pub fn global(&self, id: Id) -> Option<&str> {
        match self.get(id) {
            Value::Global(name) => Some(name),
            _ => None,
        }
    }

    pub fn tuple(&self, id: Id) -> Option<&[Id]> {
        match self.get(id) {
            Value::Tuple(parts) => Some(parts),
            _ => None,
        }
    }

    /// Tuple or list.
    pub fn sequence(&self, id: Id) -> Option<&[Id]> {
        match self.get(id) {
            Value::Tuple(parts) => Some(parts),
            Value::List(parts) => Some(parts),
            _ => None,
        }
    }

    pub fn dict(&self, id: Id) -> Option<&[(Id, Id)]> {
        match self.get(id) {
            Value::Dict(entries) => Some(entries),
            _ => None,
        }
    }

    /// The value of a text key.
    pub fn entry(&self, entries: &[(Id, Id)], key: &str) -> Option<Id> {
        entries.iter().rev().find(|(k, _)| self.text(*k) == Some(key)).map(|&(_, value)| value)
    }
}
