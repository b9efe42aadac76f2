//! Sorted string tables, `LevelDB`'s format of files: blocks of names with values, and an index of blocks at the end.
//!
//! Source: google/leveldb `doc/table_format.md`; tensorflow/tensorflow `tensorflow/core/lib/io/`, which reads the same.

use super::error::CheckpointError;
use super::tensor_bundle::{damaged, masked_crc};
use super::wire::{take, varint};

/// The last eight bytes.
const MAGIC: [u8; 8] = 0xdb47_7524_8b80_fb57_u64.to_le_bytes();

/// Places of two blocks, room, and the magic number.
const FOOTER: usize = 48;

/// A block is followed by its compression and its check sum.
const TRAILER: usize = 5;

/// Longest name; every name may repeat the beginning of the one before, so that short files could hold long ones.
const LONGEST: usize = 1024;

/// Does it end like one?
pub(super) fn is_one(bytes: &[u8]) -> bool {
    bytes.len() >= FOOTER && bytes.ends_with(&MAGIC)
}

/// Tells all names with their values and the places of their blocks, in order. Takes time by the size of the table.
pub(super) fn each<'a>(
    table: &'a [u8],
    mut tell: impl FnMut(&[u8], &'a [u8], u64) -> Result<(), CheckpointError>,
) -> Result<(), CheckpointError> {
    if !is_one(table) {
        return Err(damaged(table.len() as u64, "its index does not end as it should"));
    }
    let footer = table.len() - FOOTER;
    let mut places = &table[footer..];
    let places = (handle(&mut places), handle(&mut places));
    let (Some(about), Some(index)) = places else {
        return Err(damaged(footer as u64, "no place of an index of blocks"));
    };
    // Nothing in it is of use, but its check sum says whether the file is whole.
    entries(table, about, |_, _, _| Ok(()))?;
    let mut last: Vec<u8> = Vec::new();
    // Blocks lie one after the other: no byte is read twice.
    let (mut first, mut end) = (true, 0);
    entries(table, index, |_, mut value, offset| {
        let place = handle(&mut value).filter(|place| place.0 >= end);
        let place = place.ok_or_else(|| damaged(offset, "a block that is not behind the one before"))?;
        end = place.0.saturating_add(place.1);
        entries(table, place, |name, value, offset| {
            if !first && name <= last.as_slice() {
                return Err(damaged(offset, "names out of order"));
            }
            first = false;
            last.clear();
            last.extend_from_slice(name);
            tell(name, value, offset)
        })
    })
}

/// Offset and size of a block.
fn handle(rest: &mut &[u8]) -> Option<(u64, u64)> {
    Some((varint(rest)?, varint(rest)?))
}

/// The entries of a block.
fn entries<'a>(
    table: &'a [u8],
    place: (u64, u64),
    mut tell: impl FnMut(&[u8], &'a [u8], u64) -> Result<(), CheckpointError>,
) -> Result<(), CheckpointError> {
    let offset = place.0;
    let mut rest = block(table, place)?;
    let mut name: Vec<u8> = Vec::new();
    while !rest.is_empty() {
        let (shared, new, value) =
            entry(&mut rest).ok_or_else(|| damaged(offset, "an entry is cut short"))?;
        if shared > name.len() {
            return Err(damaged(offset, "a name that repeats more than there is"));
        }
        name.truncate(shared);
        name.extend_from_slice(new);
        if name.len() > LONGEST {
            return Err(CheckpointError::Limit { what: "bytes in a name", limit: LONGEST as u64 });
        }
        tell(&name, value, offset)?;
    }
    Ok(())
}

/// How much of the name before is repeated, what follows it, and the value.
fn entry<'a>(rest: &mut &'a [u8]) -> Option<(usize, &'a [u8], &'a [u8])> {
    let mut length = || usize::try_from(varint(rest)?).ok();
    let (shared, new, value) = (length()?, length()?, length()?);
    Some((shared, take(rest, new)?, take(rest, value)?))
}

/// The entries' bytes of a block, without the list of places to begin at, which only searches need.
fn block(table: &[u8], (offset, size): (u64, u64)) -> Result<&[u8], CheckpointError> {
    let outside = || damaged(offset, "a block outside the file");
    let from = usize::try_from(offset).map_err(|_| outside())?;
    let size = usize::try_from(size).map_err(|_| outside())?;
    let to = from.checked_add(size).ok_or_else(outside)?;
    let end = to.checked_add(TRAILER).filter(|&end| end <= table.len()).ok_or_else(outside)?;
    let [compression, sum @ ..] = &table[to..end] else { return Err(outside()) };
    if sum != masked_crc(&table[from..=to]).to_le_bytes() {
        return Err(damaged(offset, "a block does not have its check sum"));
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
