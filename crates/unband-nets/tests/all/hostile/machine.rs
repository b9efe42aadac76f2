//! Machine state that hostile files must not change.

use std::collections::BTreeSet;
use std::path::PathBuf;

#[derive(Debug)]
pub(super) struct Machine {
    files: BTreeSet<PathBuf>,
    peak: Option<u64>,
}

/// Names that hostile files would write to, in the test's folder.
pub(super) const BAIT: &str = "unband_was_here";

impl Machine {
    pub(super) fn now() -> Self {
        Self { files: files(), peak: peak() }
    }

    /// Asserts: the same files, no processes, hardly any memory.
    pub(super) fn unchanged(self) {
        assert_eq!(files(), self.files);
        assert_eq!(children(), [""; 0]);
        assert!(!std::env::temp_dir().join(BAIT).exists());
        if let (Some(before), Some(after)) = (self.peak, peak()) {
            const MOST: u64 = 600 << 20;
            assert!(after - before < MOST, "{} MiB", (after - before) >> 20);
        }
    }
}

fn files() -> BTreeSet<PathBuf> {
    let folder = std::fs::read_dir(".").unwrap();
    folder.map(|entry| entry.unwrap().path()).collect()
}

/// Child processes that still exist, finished or not; read from Linux's /proc.
fn children() -> Vec<String> {
    let threads = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let of = |thread: std::fs::DirEntry| std::fs::read_to_string(thread.path().join("children"));
    threads
        .filter_map(|t| of(t).ok())
        .flat_map(|t| t.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

/// Peak memory, in bytes.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? << 10)
}
