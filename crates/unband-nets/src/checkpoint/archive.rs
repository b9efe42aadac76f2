//! Reader for PyTorch's zip archives: `torch.save` since 1.6, and TorchScript.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{Cursor, Read};

use zip::read::{ArchiveOffset, Config};
use zip::{CompressionMethod, ZipArchive};

use super::error::CheckpointError;
use super::tree::{Group, Item, Storages};
use super::{Container, Contents, pickle};

pub(super) fn is_one(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06")
}

/// Limit for the total size of decompressed entries: this many times the file size, plus a constant for small
/// files.
const MOST_INFLATED: u64 = 16;

pub(super) fn read(bytes: &[u8]) -> Result<Contents<'_>, CheckpointError> {
    let mut entries = entries(bytes)?;
    let names = |end: &str| entries.keys().filter(|name| name.ends_with(end)).cloned().collect::<Vec<_>>();
    let folders: Vec<String> = names("data.pkl")
        .iter()
        .filter_map(|name| name.strip_suffix("data.pkl"))
        .filter(|folder| folder.is_empty() || (folder.ends_with('/') && folder.matches('/').count() == 1))
        .map(str::to_owned)
        .collect();
    let [folder] = &folders[..] else {
        return Err(match folders.len() {
            0 if !names(".npy").is_empty() => CheckpointError::Other { looks: "the file is a NumPy archive" },
            0 if !names("model.json").is_empty() => CheckpointError::Unsupported {
                container: Container::TorchScript,
                what: "the layout from before PyTorch 1.4".to_owned(),
            },
            0 => CheckpointError::Other { looks: "the file is a zip archive without `data.pkl`" },
            _ => CheckpointError::Other { looks: "the file is a zip archive with several `data.pkl`" },
        });
    };
    let scripted = entries.contains_key(&format!("{folder}constants.pkl"));
    let container = if scripted { Container::TorchScript } else { Container::TorchZip };
    let text = |name: &str| {
        let entry = entries.get(&format!("{folder}{name}"))?;
        Some(String::from_utf8_lossy(&entry[..entry.len().min(40)]).trim().to_owned())
    };
    if text("byteorder").is_some_and(|order| order != "little") {
        return Err(CheckpointError::Unsupported { container, what: "big-endian data".to_owned() });
    }
    let facts = text("version").map(|version| ("archive version".to_owned(), version)).into_iter().collect();
    let data = entries.remove(&format!("{folder}data.pkl")).unwrap_or_default();
    let root = match pickle::item(&pickle::run(&data, 0, container)?, container)? {
        Item::Group(group) => group,
        single @ Item::Tensor(_) => Group { module: false, entries: vec![("tensor".to_owned(), single)] },
        _ => Group::default(),
    };
    let folder = format!("{folder}data/");
    let own = |(name, bytes): (String, _)| Some((name.strip_prefix(&folder)?.to_owned(), bytes));
    let storages = Storages(entries.into_iter().filter_map(own).collect());
    Ok(Contents { container, facts, root, storages })
}

/// All entries by name; only compressed ones are copied.
fn entries(bytes: &[u8]) -> Result<HashMap<String, Cow<'_, [u8]>>, CheckpointError> {
    let damaged =
        |offset: u64, what: String| CheckpointError::Damaged { container: Container::TorchZip, offset, what };
    // The archive is the whole file. Searching for its start can fail on the records that PyTorch appends,
    // for a folder name of 21 letters.
    let config = Config { archive_offset: ArchiveOffset::Known(0) };
    let mut archive =
        ZipArchive::with_config(config, Cursor::new(bytes)).map_err(|e| damaged(0, e.to_string()))?;
    let mut places: Vec<(u64, u64)> = Vec::new();
    let mut found = Vec::new();
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index).map_err(|e| damaged(0, format!("entry {index}: {e}")))?;
        let name = entry.name().map_err(|e| damaged(0, format!("entry {index}: {e}")))?.into_owned();
        if name.ends_with('/') {
            continue;
        }
        let from = entry.data_start().ok_or_else(|| damaged(0, format!("{name} has no data offset")))?;
        let to = from.checked_add(entry.compressed_size()).filter(|&to| to <= bytes.len() as u64);
        let to = to.ok_or_else(|| damaged(from, format!("{name} is cut short")))?;
        if entry.encrypted() {
            let what = "encrypted entries".to_owned();
            return Err(CheckpointError::Unsupported { container: Container::TorchZip, what });
        }
        places.push((from, to));
        found.push((index, name, from, to, entry.compression(), entry.size(), entry.crc32()));
    }
    places.sort_unstable();
    if let Some(pair) = places.windows(2).find(|pair| pair[0].1 > pair[1].0) {
        return Err(damaged(pair[1].0, "two entries share bytes".to_owned()));
    }
    let mut left = (bytes.len() as u64).saturating_mul(MOST_INFLATED).saturating_add(1 << 20);
    let mut all = HashMap::new();
    for (index, name, from, to, method, size, sum) in found {
        let content = match method {
            CompressionMethod::Stored => {
                let content = &bytes[from as usize..to as usize];
                if size != to - from {
                    return Err(damaged(from, format!("{name} has {} bytes instead of {size}", to - from)));
                }
                Cow::Borrowed(content)
            }
            CompressionMethod::Deflated => {
                if size > left {
                    return Err(CheckpointError::Limit { what: "bytes in compressed entries", limit: left });
                }
                left -= size;
                let mut entry = archive.by_index(index).map_err(|e| damaged(from, format!("{name}: {e}")))?;
                // Decompressed bytes are counted, as the size stated by the entry may be false.
                let mut content = Vec::new();
                let read = (&mut entry).take(size + 1).read_to_end(&mut content);
                read.map_err(|e| damaged(from, format!("{name}: {e}")))?;
                if content.len() as u64 != size {
                    return Err(damaged(from, format!("{name} does not decompress to {size} bytes")));
                }
                Cow::Owned(content)
            }
            other => {
                let what = format!("entries compressed by {other}");
                return Err(CheckpointError::Unsupported { container: Container::TorchZip, what });
            }
        };
        // PyTorch can skip the checksums; it then writes 0.
        if sum != 0 && crc32fast::hash(&content) != sum {
            return Err(damaged(from, format!("checksum mismatch in {name}")));
        }
        all.insert(name, content);
    }
    Ok(all)
}
