//! Reader for sorted string tables, the file format of `LevelDB`: blocks of key-value pairs, then an index of
//! the blocks.
//!
//! Source: google/leveldb `doc/table_format.md`; tensorflow/tensorflow `tensorflow/core/lib/io/`, which reads
//! the same.

use prost::encoding::decode_varint;

use super::error::CheckpointError;
use super::tensor_bundle::{damaged, masked_crc};

/// The last eight bytes.
const MAGIC: [u8; 8] = 0xdb47_7524_8b80_fb57_u64.to_le_bytes();

/// Handles of two blocks, padding, and the magic number.
const FOOTER: usize = 48;

/// A block is followed by its compression type and its checksum.
const TRAILER: usize = 5;

/// Longest name. Each name may repeat the start of the previous one, so short files could hold long names.
const LONGEST: usize = 1024;

/// Whether the bytes end like a table.
pub(super) fn is_one(bytes: &[u8]) -> bool {
    bytes.len() >= FOOTER && bytes.ends_with(&MAGIC)
}

/// Calls a function with all names, their values and the offsets of their blocks, in order. Time is linear in
/// the table's size.
pub(super) fn each<'a>(
    table: &'a [u8],
    mut visit: impl FnMut(&[u8], &'a [u8], u64) -> Result<(), CheckpointError>,
) -> Result<(), CheckpointError> {
    if !is_one(table) {
        return Err(damaged(table.len() as u64, "its index has an invalid end"));
    }
    let footer = table.len() - FOOTER;
    let mut places = &table[footer..];
    let places = (handle(&mut places), handle(&mut places));
    let (Some(about), Some(index)) = places else {
        return Err(damaged(footer as u64, "no handle of the block index"));
    };
    // The block has no useful entries, but its checksum shows whether the file is intact.
    entries(table, about, |_, _, _| Ok(()))?;
    let mut last: Vec<u8> = Vec::new();
    // Blocks are consecutive: no byte is read twice.
    let (mut first, mut end) = (true, 0);
    entries(table, index, |_, mut value, offset| {
        let place = handle(&mut value).filter(|place| place.0 >= end);
        let place = place.ok_or_else(|| damaged(offset, "blocks out of order"))?;
        end = place.0.saturating_add(place.1);
        entries(table, place, |name, value, offset| {
            if !first && name <= last.as_slice() {
                return Err(damaged(offset, "names out of order"));
            }
            first = false;
            last.clear();
            last.extend_from_slice(name);
            visit(name, value, offset)
        })
    })
}

/// Offset and size of a block.
fn handle(rest: &mut &[u8]) -> Option<(u64, u64)> {
    Some((decode_varint(rest).ok()?, decode_varint(rest).ok()?))
}

/// The entries of a block.
fn entries<'a>(
    table: &'a [u8],
    place: (u64, u64),
    mut visit: impl FnMut(&[u8], &'a [u8], u64) -> Result<(), CheckpointError>,
) -> Result<(), CheckpointError> {
    let offset = place.0;
    let mut rest = block(table, place)?;
    let mut name: Vec<u8> = Vec::new();
    while !rest.is_empty() {
        let (shared, new, value) =
            entry(&mut rest).ok_or_else(|| damaged(offset, "an entry is cut short"))?;
        if shared > name.len() {
            return Err(damaged(offset, "a shared prefix longer than the name before"));
        }
        name.truncate(shared);
        name.extend_from_slice(new);
        if name.len() > LONGEST {
            return Err(CheckpointError::Limit { what: "bytes in a name", limit: LONGEST as u64 });
        }
        visit(&name, value, offset)?;
    }
    Ok(())
}

/// Length of the prefix shared with the previous name, the rest of the name, and the value.
fn entry<'a>(rest: &mut &'a [u8]) -> Option<(usize, &'a [u8], &'a [u8])> {
    let mut length = || usize::try_from(decode_varint(rest).ok()?).ok();
    let (shared, new, value) = (length()?, length()?, length()?);
    let mut take = |length| {
        let (taken, after) = rest.split_at_checked(length)?;
        *rest = after;
        Some(taken)
    };
    Some((shared, take(new)?, take(value)?))
}

/// The bytes of a block's entries, without the list of restart points, which only searches need.
fn block(table: &[u8], (offset, size): (u64, u64)) -> Result<&[u8], CheckpointError> {
    let outside = || damaged(offset, "a block outside the file");
    let from = usize::try_from(offset).map_err(|_| outside())?;
    let size = usize::try_from(size).map_err(|_| outside())?;
    let to = from.checked_add(size).ok_or_else(outside)?;
    let end = to.checked_add(TRAILER).filter(|&end| end <= table.len()).ok_or_else(outside)?;
    let [compression, sum @ ..] = &table[to..end] else { return Err(outside()) };
    if sum != masked_crc(&table[from..=to]).to_le_bytes() {
        return Err(damaged(offset, "checksum mismatch in a block"));
    }
    if *compression != 0 {
        return Err(CheckpointError::Unsupported {
            container: super::Container::TensorBundle,
            what: "a compressed index".to_owned(),
        });
    }
    let bytes = &table[from..to];
    let entries = bytes.split_last_chunk::<4>().and_then(|(before, count)| {
        let starts = usize::try_from(u32::from_le_bytes(*count)).ok()?.checked_mul(4)?;
        before.get(..before.len().checked_sub(starts)?)
    });
    entries.ok_or_else(|| damaged(offset, "a block is cut short"))
}
