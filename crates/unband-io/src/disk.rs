//! Free disk space, and sizes as text.

use std::path::Path;

/// Bytes that can still be written in the folder of a file; `None` if the system does not report it.
#[cfg(unix)]
pub fn free_bytes(path: &Path) -> Option<u64> {
    let absolute = std::path::absolute(path).ok()?;
    let folder = absolute.ancestors().skip(1).find(|folder| folder.is_dir())?;
    let disk = rustix::fs::statvfs(folder).ok()?;
    disk.f_bavail.checked_mul(disk.f_frsize)
}

/// Bytes that can still be written in the folder of a file; `None` if the system does not report it.
#[cfg(not(unix))]
pub fn free_bytes(_: &Path) -> Option<u64> {
    None
}

/// A number of bytes: "340 KB", "12.3 MB", "1.5 GB".
pub fn amount(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{} KB", bytes.div_ceil(1000)),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_written_for_people() {
        let texts = [0, 999, 28_001, 12_345_678, 3_210_000_000].map(amount);
        assert_eq!(texts, ["0 KB", "1 KB", "29 KB", "12.3 MB", "3.2 GB"]);
    }

    #[cfg(unix)]
    #[test]
    fn folders_that_are_still_to_be_made_lie_on_the_disk_of_those_above() {
        let folder = tempfile::tempdir().unwrap();
        assert!(free_bytes(&folder.path().join("film.mkv")).unwrap() > 0);
        assert!(free_bytes(&folder.path().join("new/below/film.mkv")).unwrap() > 0);
        assert!(free_bytes(Path::new("film.mkv")).is_some());
        assert!(free_bytes(Path::new("/")).is_none(), "no file can be there");
    }
}
