//! The stack machine that interprets pickles.

use std::collections::HashMap;

use super::hostile::acts;
use super::value::{Id, Object, Pickle, Value};
use crate::checkpoint::Container;
use crate::checkpoint::error::CheckpointError;

/// Limit for the number of values in a pickle; a state dict needs about fifteen per tensor.
const MOST_VALUES: usize = 2_000_000;

/// Limit for the length of a class or function name, in bytes.
const LONGEST_NAME: usize = 500;

/// Reads the pickle that begins at `start`.
///
/// # Errors
/// A pickle that ends early or is malformed; more values than any checkpoint needs; the name of a function
/// that acts on the machine.
pub(in crate::checkpoint) fn run(
    bytes: &[u8],
    start: usize,
    container: Container,
) -> Result<Pickle, CheckpointError> {
    let mut machine = Machine {
        bytes,
        at: start,
        op_at: start,
        container,
        values: Vec::new(),
        stack: Vec::new(),
        marks: Vec::new(),
        memo: HashMap::new(),
    };
    loop {
        if let Some(root) = machine.step()? {
            return Ok(Pickle { values: machine.values, root, end: machine.at });
        }
    }
}

struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    op_at: usize,
    container: Container,
    values: Vec<Value>,
    stack: Vec<Id>,
    marks: Vec<usize>,
    memo: HashMap<u64, Id>,
}

type Step<T> = Result<T, CheckpointError>;

impl<'a> Machine<'a> {
    fn fault(&self, what: impl Into<String>) -> CheckpointError {
        CheckpointError::Damaged { container: self.container, offset: self.op_at as u64, what: what.into() }
    }

    /// Executes one operation; returns the result after the last one.
    #[allow(clippy::too_many_lines)] // one line for each operation
    fn step(&mut self) -> Step<Option<Id>> {
        self.op_at = self.at;
        match self.byte()? {
            // Frames and versions carry nothing of use here.
            0x80 => self.skip(1)?,
            0x95 => self.skip(8)?,
            b'.' => return self.pop().map(Some),
            b'(' => self.marks.push(self.stack.len()),
            b'0' => self.discard()?,
            b'1' => drop(self.since_mark()?),
            b'2' => {
                let top = self.top()?;
                self.stack.push(top);
            }
            b'N' => self.push(Value::None)?,
            0x88 => self.push(Value::Bool(true))?,
            0x89 => self.push(Value::Bool(false))?,
            b'I' => self.int_line()?,
            b'L' => self.long_line()?,
            b'J' => {
                let int = i32::from_le_bytes(self.array()?);
                self.push(Value::Int(int.into()))?;
            }
            b'K' => {
                let int = self.byte()?;
                self.push(Value::Int(int.into()))?;
            }
            b'M' => {
                let int = u16::from_le_bytes(self.array()?);
                self.push(Value::Int(int.into()))?;
            }
            0x8a => {
                let length = self.byte()?.into();
                self.long(length)?;
            }
            0x8b => {
                let length = i32::from_le_bytes(self.array()?);
                self.long(u64::try_from(length).map_err(|_| self.fault("a number of negative length"))?)?;
            }
            b'F' => {
                let line = self.line()?;
                let float = std::str::from_utf8(line).ok().and_then(|text| text.trim().parse().ok());
                let float = float.ok_or_else(|| self.fault("an invalid number"))?;
                self.push(Value::Float(float))?;
            }
            b'G' => {
                let float = f64::from_be_bytes(self.array()?);
                self.push(Value::Float(float))?;
            }
            // Quoted strings of Python 2.
            b'S' => {
                let line = self.line()?;
                let text = line.strip_prefix(b"'").and_then(|rest| rest.strip_suffix(b"'"));
                let text =
                    text.or_else(|| line.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")));
                let text = text.ok_or_else(|| self.fault("a string without quotes"))?;
                self.text(text)?;
            }
            b'T' | b'X' => {
                let length = u32::from_le_bytes(self.array()?).into();
                self.counted_text(length)?;
            }
            b'U' | 0x8c => {
                let length = self.byte()?.into();
                self.counted_text(length)?;
            }
            b'V' => {
                let line = self.line()?;
                self.text(line)?;
            }
            0x8d => {
                let length = u64::from_le_bytes(self.array()?);
                self.counted_text(length)?;
            }
            b'C' => {
                let length = self.byte()?.into();
                self.counted_bytes(length)?;
            }
            b'B' => {
                let length = u32::from_le_bytes(self.array()?).into();
                self.counted_bytes(length)?;
            }
            0x8e | 0x96 => {
                let length = u64::from_le_bytes(self.array()?);
                self.counted_bytes(length)?;
            }
            b']' => self.push(Value::List(Vec::new()))?,
            b')' => self.push(Value::Tuple(Box::default()))?,
            b'}' => self.push(Value::Dict(Vec::new()))?,
            0x8f => self.push(Value::Set(Vec::new()))?,
            b'a' => {
                let item = self.pop()?;
                self.extend(vec![item])?;
            }
            b'e' | 0x90 => {
                let items = self.since_mark()?;
                self.extend(items)?;
            }
            b'l' => {
                let items = self.since_mark()?;
                self.push(Value::List(items))?;
            }
            0x91 => {
                let items = self.since_mark()?;
                self.push(Value::Set(items))?;
            }
            b't' => {
                let items = self.since_mark()?;
                self.push(Value::Tuple(items.into()))?;
            }
            op @ 0x85..=0x87 => {
                let count = usize::from(op - 0x84);
                let from = self.stack.len().checked_sub(count).filter(|&from| from >= self.floor());
                let from = from.ok_or_else(|| self.fault("a tuple of more values than the stack holds"))?;
                let items = self.stack.split_off(from);
                self.push(Value::Tuple(items.into()))?;
            }
            b'd' => {
                let items = self.since_mark()?;
                let entries = self.pairs(&items)?;
                self.push(Value::Dict(entries))?;
            }
            b's' => {
                let value = self.pop()?;
                let key = self.pop()?;
                self.set(vec![(key, value)])?;
            }
            b'u' => {
                let items = self.since_mark()?;
                let entries = self.pairs(&items)?;
                self.set(entries)?;
            }
            b'c' => {
                let name = self.global_lines()?;
                self.global(name)?;
            }
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                let text = |id: Id| match self.values.get(id.0 as usize) {
                    Some(Value::Text(text)) => Some(text),
                    _ => None,
                };
                let full = text(module).zip(text(name)).map(|(module, name)| format!("{module}.{name}"));
                let full = full.ok_or_else(|| self.fault("a name that is not a string"))?;
                self.global(full)?;
            }
            // A call, and the two other ways to make an object.
            b'R' | 0x81 => {
                let (args, callee) = (self.pop()?, self.pop()?);
                self.object(callee, args)?;
            }
            0x92 => {
                self.discard()?;
                let (args, callee) = (self.pop()?, self.pop()?);
                self.object(callee, args)?;
            }
            b'i' => {
                let name = self.global_lines()?;
                let items = self.since_mark()?;
                self.global(name)?;
                let callee = self.pop()?;
                self.push(Value::Tuple(items.into()))?;
                let args = self.pop()?;
                self.object(callee, args)?;
            }
            b'o' => {
                let items = self.since_mark()?;
                let (&callee, items) =
                    items.split_first().ok_or_else(|| self.fault("an object without a class"))?;
                self.push(Value::Tuple(items.into()))?;
                let args = self.pop()?;
                self.object(callee, args)?;
            }
            b'b' => {
                let state = self.pop()?;
                let top = self.top()?;
                if let Some(Value::Object(object)) = self.values.get_mut(top.0 as usize) {
                    object.state = Some(state);
                }
            }
            b'P' => {
                let line = self.line()?;
                self.text(line)?;
                self.persistent()?;
            }
            b'Q' => self.persistent()?,
            b'g' => {
                let place = self.number_line()?;
                self.recall(place)?;
            }
            b'h' => {
                let place = self.byte()?.into();
                self.recall(place)?;
            }
            b'j' => {
                let place = u32::from_le_bytes(self.array()?).into();
                self.recall(place)?;
            }
            b'p' => {
                let place = self.number_line()?;
                self.remember(place)?;
            }
            b'q' => {
                let place = self.byte()?.into();
                self.remember(place)?;
            }
            b'r' => {
                let place = u32::from_le_bytes(self.array()?).into();
                self.remember(place)?;
            }
            0x94 => self.remember(self.memo.len() as u64)?,
            op => return Err(self.fault(format!("unknown opcode 0x{op:02x}"))),
        }
        Ok(None)
    }

    fn take(&mut self, length: u64) -> Step<&'a [u8]> {
        let end = usize::try_from(length).ok().and_then(|length| self.at.checked_add(length));
        let Some(end) = end.filter(|&end| end <= self.bytes.len()) else {
            let left = self.bytes.len() - self.at;
            return Err(self.fault(format!("{length} bytes needed, {left} left")));
        };
        let taken = &self.bytes[self.at..end];
        self.at = end;
        Ok(taken)
    }

    fn skip(&mut self, length: u64) -> Step<()> {
        self.take(length).map(drop)
    }

    fn byte(&mut self) -> Step<u8> {
        Ok(self.array::<1>()?[0])
    }

    fn array<const N: usize>(&mut self) -> Step<[u8; N]> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N as u64)?);
        Ok(array)
    }

    /// Reads up to the end of the line and skips it.
    fn line(&mut self) -> Step<&'a [u8]> {
        let length = self.bytes[self.at..].iter().position(|&b| b == b'\n');
        let length = length.ok_or_else(|| self.fault("an unterminated line"))?;
        let line = &self.bytes[self.at..self.at + length];
        self.at += length + 1;
        Ok(line)
    }

    fn number_line(&mut self) -> Step<u64> {
        let line = self.line()?;
        let number = std::str::from_utf8(line).ok().and_then(|text| text.trim().parse().ok());
        number.ok_or_else(|| self.fault("an invalid number"))
    }

    fn int_line(&mut self) -> Step<()> {
        let value = match self.line()? {
            b"00" => Some(Value::Bool(false)),
            b"01" => Some(Value::Bool(true)),
            line => std::str::from_utf8(line).ok().and_then(|text| text.trim().parse().ok()).map(Value::Int),
        };
        self.push(value.ok_or_else(|| self.fault("an invalid number"))?)
    }

    fn long_line(&mut self) -> Step<()> {
        let line = self.line()?;
        let text = std::str::from_utf8(line).unwrap_or_default().trim().trim_end_matches('L');
        let value = match text.parse() {
            Ok(int) => Some(Value::Int(int)),
            // Longer integers exist, but no checkpoint uses them.
            Err(_) => {
                text.trim_start_matches('-').bytes().all(|b| b.is_ascii_digit()).then_some(Value::Opaque)
            }
        };
        self.push(value.ok_or_else(|| self.fault("an invalid number"))?)
    }

    fn long(&mut self, length: u64) -> Step<()> {
        let bytes = self.take(length)?;
        let value = if bytes.len() > 16 {
            Value::Opaque
        } else {
            let negative = bytes.last().is_some_and(|&b| b >= 0x80);
            let mut whole = [if negative { 0xff } else { 0 }; 16];
            whole[..bytes.len()].copy_from_slice(bytes);
            Value::Int(i128::from_le_bytes(whole))
        };
        self.push(value)
    }

    fn text(&mut self, bytes: &[u8]) -> Step<()> {
        self.push(Value::Text(String::from_utf8_lossy(bytes).into()))
    }

    fn counted_text(&mut self, length: u64) -> Step<()> {
        let text = String::from_utf8_lossy(self.take(length)?).into();
        self.push(Value::Text(text))
    }

    fn counted_bytes(&mut self, length: u64) -> Step<()> {
        self.skip(length)?;
        self.push(Value::Opaque)
    }

    fn push(&mut self, value: Value) -> Step<()> {
        let id = u32::try_from(self.values.len()).unwrap_or(u32::MAX);
        if self.values.len() >= MOST_VALUES || self.stack.len() >= MOST_VALUES {
            return Err(CheckpointError::Limit { what: "values in a pickle", limit: MOST_VALUES as u64 });
        }
        self.values.push(value);
        self.stack.push(Id(id));
        Ok(())
    }

    /// Values below the last mark must not be popped.
    fn floor(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    fn pop(&mut self) -> Step<Id> {
        if self.stack.len() <= self.floor() {
            return Err(self.fault("the stack is empty"));
        }
        self.stack.pop().ok_or_else(|| self.fault("the stack is empty"))
    }

    /// POP drops a value, or the mark on top.
    fn discard(&mut self) -> Step<()> {
        if self.marks.last() == Some(&self.stack.len()) {
            self.marks.pop();
            return Ok(());
        }
        self.pop().map(drop)
    }

    fn top(&self) -> Step<Id> {
        let top = self.stack.last().filter(|_| self.stack.len() > self.floor());
        top.copied().ok_or_else(|| self.fault("the stack is empty"))
    }

    fn since_mark(&mut self) -> Step<Vec<Id>> {
        let mark = self.marks.pop().ok_or_else(|| self.fault("no mark on the stack"))?;
        Ok(self.stack.split_off(mark.min(self.stack.len())))
    }

    fn pairs(&self, items: &[Id]) -> Step<Vec<(Id, Id)>> {
        let (pairs, rest) = items.as_chunks::<2>();
        if !rest.is_empty() {
            return Err(self.fault("a key without a value"));
        }
        Ok(pairs.iter().map(|&[key, value]| (key, value)).collect())
    }

    /// Adds items to the list or set on top; other containers are of no use here.
    fn extend(&mut self, items: Vec<Id>) -> Step<()> {
        let top = self.top()?;
        if let Some(Value::List(list) | Value::Set(list)) = self.values.get_mut(top.0 as usize) {
            list.extend(items);
        }
        Ok(())
    }

    fn set(&mut self, entries: Vec<(Id, Id)>) -> Step<()> {
        let top = self.top()?;
        match self.values.get_mut(top.0 as usize) {
            Some(Value::Dict(dict)) => dict.extend(entries),
            Some(Value::Object(object)) => object.entries.extend(entries),
            _ => return Err(self.fault("entries for something that takes none")),
        }
        Ok(())
    }

    fn global_lines(&mut self) -> Step<String> {
        let module = String::from_utf8_lossy(self.line()?).into_owned();
        let name = String::from_utf8_lossy(self.line()?);
        Ok(format!("{module}.{name}"))
    }

    fn global(&mut self, name: String) -> Step<()> {
        if name.len() > LONGEST_NAME {
            return Err(self.fault(format!("a class with a name of {} bytes", name.len())));
        }
        if acts(&name) {
            let call = name.chars().take(80).collect();
            return Err(CheckpointError::Hostile { call, offset: self.op_at as u64 });
        }
        self.push(Value::Global(name.into()))
    }

    fn object(&mut self, callee: Id, args: Id) -> Step<()> {
        let at = self.op_at as u64;
        self.push(Value::Object(Box::new(Object { callee, args, state: None, entries: Vec::new(), at })))
    }

    fn persistent(&mut self) -> Step<()> {
        let what = self.pop()?;
        self.push(Value::Persistent(what))
    }

    fn recall(&mut self, place: u64) -> Step<()> {
        let id = self.memo.get(&place).copied();
        let id = id.ok_or_else(|| self.fault(format!("memo {place} is empty")))?;
        if self.stack.len() >= MOST_VALUES {
            return Err(CheckpointError::Limit { what: "values in a pickle", limit: MOST_VALUES as u64 });
        }
        self.stack.push(id);
        Ok(())
    }

    fn remember(&mut self, place: u64) -> Step<()> {
        let top = self.top()?;
        self.memo.insert(place, top);
        Ok(())
    }
}
