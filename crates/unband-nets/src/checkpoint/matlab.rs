//! Reader for MATLAB files of level 5: a sequence of variables, each a tree of elements, often compressed.
//!
//! Numeric arrays of structs and cell arrays are read: `s.a` of a struct, `c.1` of a cell array (indexed from
//! 1), `s.2.a` of an array of structs. Strings, sparse and complex arrays, objects and functions are skipped.
//!
//! Source: `MathWorks`, "MAT-File Format", level 5.

use std::borrow::Cow;
use std::io::Read;
use std::ops::Range;

use flate2::read::ZlibDecoder;

use super::dtype::{Dtype, Layout};
use super::error::CheckpointError;
use super::tree::{Group, Item, LazyTensor, MOST_TENSORS, Storages};
use super::{Container, Contents};

/// Text, then version and byte order.
const HEADER: usize = 128;

/// Limit for the total size of all variables: this many times the file size, plus a constant for small files.
/// Tables of trees are mostly zeros.
const MOST_INFLATED: u64 = 32;

/// Nesting limit of structs and cell arrays.
const DEEPEST: usize = 8;

const MATRIX: u32 = 14;
const COMPRESSED: u32 = 15;

pub(super) fn is_one(bytes: &[u8]) -> bool {
    bytes.starts_with(b"MATLAB ") && matches!(bytes.get(126..HEADER), Some(b"IM" | b"MI"))
}

pub(super) fn read(bytes: &[u8]) -> Result<Contents<'_>, CheckpointError> {
    let unsupported =
        |what: &str| CheckpointError::Unsupported { container: Container::Matlab, what: what.to_owned() };
    match bytes.get(124..HEADER) {
        Some([0, 1, b'I', b'M']) => {}
        Some([_, _, b'M', b'I']) => return Err(unsupported("big-endian data")),
        Some([0, 2, ..]) => return Err(unsupported("the layout of version 7.3 (HDF5)")),
        _ => return Err(unsupported("an unknown version")),
    }
    let mut left = (bytes.len() as u64).saturating_mul(MOST_INFLATED).saturating_add(1 << 20);
    let (mut root, mut storages) = (Group::default(), Storages::default());
    let (mut at, mut items) = (HEADER, 0);
    let file = Variable { bytes, storage: "", begin: 0 };
    while at < bytes.len() {
        let (kind, range, next) = file.element(at, bytes.len())?;
        let storage = format!("variable {}", storages.0.len() + 1);
        let (content, begin): (Cow<'_, [u8]>, usize) = if kind == COMPRESSED {
            // Compressed elements are not padded.
            at = range.end;
            let limit = left;
            let mut out = Vec::new();
            let read = ZlibDecoder::new(&bytes[range.clone()]).take(limit + 1).read_to_end(&mut out);
            read.map_err(|error| damaged(range.start, &error.to_string()))?;
            left = limit
                .checked_sub(out.len() as u64)
                .ok_or(CheckpointError::Limit { what: "bytes in compressed variables", limit })?;
            (out.into(), 0)
        } else {
            let begin = at;
            at = next;
            (bytes[begin..range.end].into(), begin)
        };
        let variable = Variable { bytes: &content, storage: &storage, begin };
        let (kind, range, _) = variable.element(0, content.len())?;
        if kind != MATRIX {
            return Err(damaged(begin, "a variable is not an array"));
        }
        let (name, item) = variable.array(range, DEEPEST, &mut items)?;
        // Data that functions and objects refer to has no name.
        if !name.is_empty() {
            root.entries.push((name, item));
        }
        storages.0.insert(storage, content);
    }
    Ok(Contents { container: Container::Matlab, facts: Vec::new(), root, storages })
}

fn damaged(offset: usize, what: &str) -> CheckpointError {
    CheckpointError::Damaged { container: Container::Matlab, offset: offset as u64, what: what.to_owned() }
}

/// The bytes of a variable.
struct Variable<'v> {
    bytes: &'v [u8],
    /// Their name.
    storage: &'v str,
    /// Where they begin in the file; 0 for compressed ones.
    begin: usize,
}

impl Variable<'_> {
    fn damaged(&self, at: usize, what: &str) -> CheckpointError {
        damaged(self.begin + at, what)
    }

    fn u32(&self, at: usize, end: usize) -> Result<u32, CheckpointError> {
        let four = at.checked_add(4).filter(|&to| to <= end).and_then(|to| self.bytes.get(at..to));
        let four = four.and_then(|four| four.try_into().ok());
        four.map(u32::from_le_bytes).ok_or_else(|| self.damaged(at, "an element is cut short"))
    }

    /// Type and content range of the element at an offset before `end`, and the offset of the next one.
    fn element(&self, at: usize, end: usize) -> Result<(u32, Range<usize>, usize), CheckpointError> {
        let word = self.u32(at, end)?;
        let (kind, from, length, next) = if word >> 16 == 0 {
            let length = self.u32(at + 4, end)? as usize;
            (word, at + 8, length, (at + 8).saturating_add(length.saturating_add(7) & !7))
        } else {
            // Small elements hold up to four bytes directly after type and length.
            (word & 0xffff, at + 4, (word >> 16) as usize, at + 8)
        };
        let to = from.checked_add(length).filter(|&to| to <= end && length <= next - from);
        let to = to.ok_or_else(|| self.damaged(at, "an element is longer than its parent"))?;
        Ok((kind, from..to, next.min(end)))
    }

    /// Name and content of an array; `depth` further levels may be nested, `items` counts the arrays read so
    /// far.
    fn array(
        &self,
        range: Range<usize>,
        depth: usize,
        items: &mut usize,
    ) -> Result<(String, Item), CheckpointError> {
        *items += 1;
        if *items > MOST_TENSORS {
            return Err(CheckpointError::Limit { what: "arrays", limit: MOST_TENSORS as u64 });
        }
        // An empty cell array.
        if range.is_empty() {
            return Ok((String::new(), Item::Other));
        }
        let end = range.end;
        let (_, flags, at) = self.element(range.start, end)?;
        let flags = self.u32(flags.start, flags.end)?;
        let (_, sizes, at) = self.element(at, end)?;
        let (_, name, at) = self.element(at, end)?;
        let name = text(&self.bytes[name]);
        let sizes = self.bytes[sizes].as_chunks::<4>().0.iter().map(|&size| i32::from_le_bytes(size).into());
        let shape: Vec<i64> = sizes.collect();
        let count = shape.iter().try_fold(1u64, |count, &size| count.checked_mul(size.try_into().ok()?));
        let count = count.ok_or_else(|| self.damaged(range.start, "an array has invalid sizes"))?;
        let complex = flags & 0x800 != 0;
        let item = match flags & 0xff {
            1 | 2 if depth == 0 => {
                return Err(CheckpointError::Limit { what: "nested arrays", limit: DEEPEST as u64 });
            }
            1 => Item::Group(self.cell(at..end, count, depth - 1, items)?),
            2 => Item::Group(self.structs(at..end, count, depth - 1, items)?),
            6..=15 if !complex => self.numeric_array(at..end, shape, count)?,
            _ => Item::Other,
        };
        Ok((name, item))
    }

    /// The arrays of a cell array.
    fn cell(
        &self,
        range: Range<usize>,
        count: u64,
        depth: usize,
        items: &mut usize,
    ) -> Result<Group, CheckpointError> {
        let (mut at, mut group) = (range.start, Group::default());
        for i in 1..=count {
            let (item, next) = self.inner(at, range.end, depth, items)?;
            group.entries.push((i.to_string(), item));
            at = next;
        }
        Ok(group)
    }

    /// The fields of a struct, or of each of several.
    fn structs(
        &self,
        range: Range<usize>,
        count: u64,
        depth: usize,
        items: &mut usize,
    ) -> Result<Group, CheckpointError> {
        let end = range.end;
        let (_, length, at) = self.element(range.start, end)?;
        let length = self.u32(length.start, length.end)? as usize;
        let (_, names, mut at) = self.element(at, end)?;
        let names: Vec<String> = self.bytes[names].chunks(length.max(1)).map(text).collect();
        let mut group = Group::default();
        // Structs without fields take no bytes, whatever their number.
        for i in (1..=count).take_while(|_| !names.is_empty()) {
            let mut fields = Group::default();
            for name in &names {
                let (item, next) = self.inner(at, end, depth, items)?;
                fields.entries.push((name.clone(), item));
                at = next;
            }
            match count {
                1 => group = fields,
                _ => group.entries.push((i.to_string(), Item::Group(fields))),
            }
        }
        Ok(group)
    }

    /// A nested array, and the offset of the next one.
    fn inner(
        &self,
        at: usize,
        end: usize,
        depth: usize,
        items: &mut usize,
    ) -> Result<(Item, usize), CheckpointError> {
        let (kind, range, next) = self.element(at, end)?;
        if kind != MATRIX {
            return Err(self.damaged(at, "a part of an array is not an array"));
        }
        Ok((self.array(range, depth, items)?.1, next))
    }

    /// Elements in column-major order; their stored type may be smaller than that of the array.
    fn numeric_array(
        &self,
        range: Range<usize>,
        shape: Vec<i64>,
        count: u64,
    ) -> Result<Item, CheckpointError> {
        let (kind, data, _) = self.element(range.start, range.end)?;
        let dtype = match kind {
            1 => Dtype::I8,
            2 => Dtype::U8,
            3 => Dtype::I16,
            4 => Dtype::U16,
            5 => Dtype::I32,
            6 => Dtype::U32,
            7 => Dtype::F32,
            9 => Dtype::F64,
            12 => Dtype::I64,
            _ => return Ok(Item::Other),
        };
        let size = dtype.size();
        if count.checked_mul(size as u64) != Some(data.len() as u64) || data.start % size != 0 {
            return Err(self.damaged(range.start, "an array has more or fewer elements than its sizes"));
        }
        let offset = (data.start / size).cast_signed() as i64;
        let mut step = 1;
        let stride = shape.iter().map(|&size| {
            let own = step;
            step *= size.max(1);
            own
        });
        let layout = Layout { offset, stride: stride.collect(), shape };
        Ok(Item::Tensor(LazyTensor {
            storage: self.storage.to_owned(),
            dtype: Ok(dtype),
            bytes: None,
            layout,
        }))
    }
}

/// A name, which may be padded with zeros.
fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|&b| b == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}
