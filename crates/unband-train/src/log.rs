//! Training curve: a CSV table, and events for `TensorBoard`.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::TrainError;

const HEAD: &str = "step,loss,rate,psnr_db,input_psnr_db";

/// Log entry of a step; with PSNR if it was validated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct LogEntry {
    pub step: u64,
    pub loss: f32,
    pub rate: f64,
    pub psnr: Option<(f64, f64)>,
}

/// `curve.csv` and `events.out.tfevents.…` in the run's folder.
pub(crate) struct Log {
    path: PathBuf,
    table: File,
    events: File,
}

impl Log {
    /// Resumes after `step`. Later rows, written by a run that was killed, are removed, as they will be
    /// written again.
    pub fn open(folder: &Path, step: u64) -> Result<Self, TrainError> {
        let path = folder.join("curve.csv");
        let before = std::fs::read_to_string(&path).unwrap_or_default();
        let early =
            |line: &&str| line.split(',').next().and_then(|s| s.parse().ok()).is_some_and(|s: u64| s <= step);
        let kept = before.lines().filter(|line| early(line) && line.split(',').count() == 5);
        let text: String = std::iter::once(HEAD).chain(kept).flat_map(|line| [line, "\n"]).collect();
        unband_io::write_bytes(text.as_bytes(), &path, true)?;
        let open = |path: &Path| {
            let file = OpenOptions::new().append(true).create(true).open(path);
            file.map_err(|source| TrainError::File { path: path.to_owned(), action: "open", source })
        };
        let table = open(&path)?;
        let seconds = now();
        let events = folder.join(format!("events.out.tfevents.{seconds:.6}.unband"));
        let mut log = Self { path: path.clone(), table, events: open(&events)? };
        log.event(0, &field(3, b"brain.Event:2"))?;
        // Marks later steps of an earlier run as void: SessionLog { status: START }.
        log.event(step, &field(7, &[8, 1]))?;
        Ok(log)
    }

    pub fn note(&mut self, row: &LogEntry, images_per_second: f64) -> Result<(), TrainError> {
        let decibels = row.psnr.map_or(",".to_owned(), |(psnr, input)| format!("{psnr},{input}"));
        // Numbers have as many digits as needed to distinguish them.
        let line = format!("{},{},{},{decibels}\n", row.step, row.loss, row.rate);
        let path = self.path.clone();
        self.table.write_all(line.as_bytes()).map_err(|source| TrainError::File {
            path,
            action: "write",
            source,
        })?;
        let mut scalars = vec![
            ("loss", row.loss),
            ("rate", row.rate as f32),
            ("images_per_second", images_per_second as f32),
        ];
        if let Some((psnr, input)) = row.psnr {
            scalars.extend([("psnr_db", psnr as f32), ("input_psnr_db", input as f32)]);
        }
        let summary: Vec<u8> =
            scalars.iter().flat_map(|(tag, value)| field(1, &scalar(tag, *value))).collect();
        self.event(row.step, &field(5, &summary))
    }

    /// One event with its step, framed as a TensorFlow record: length, checksum, bytes, checksum.
    fn event(&mut self, step: u64, what: &[u8]) -> Result<(), TrainError> {
        let mut event = vec![0x09];
        event.extend(now().to_le_bytes());
        event.push(0x10);
        event.extend(varint(step));
        event.extend(what);
        let length = (event.len() as u64).to_le_bytes();
        let mut record = length.to_vec();
        record.extend(masked(&length));
        record.extend(&event);
        record.extend(masked(&event));
        let path = self.path.clone();
        self.events.write_all(&record).map_err(|source| TrainError::File {
            path,
            action: "write events next to",
            source,
        })
    }
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |d| d.as_secs_f64())
}

/// `Summary.Value { tag, simple_value }` of TensorFlow's `summary.proto`.
fn scalar(tag: &str, value: f32) -> Vec<u8> {
    let mut out = field(1, tag.as_bytes());
    out.push(0x15);
    out.extend(value.to_le_bytes());
    out
}

/// A bytes field of a protocol buffer.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![number << 3 | 2];
    out.extend(varint(bytes.len() as u64));
    out.extend(bytes);
    out
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while value >= 128 {
        out.push(value as u8 | 128);
        value >>= 7;
    }
    out.push(value as u8);
    out
}

/// TensorFlow's masked CRC-32C.
fn masked(bytes: &[u8]) -> [u8; 4] {
    crc32c::crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8).to_le_bytes()
}
