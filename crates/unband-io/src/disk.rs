//! Free disk space, and sizes as text.

use std::path::Path;

/// Bytes that can still be written in the folder of a file; `None` if the system does not report it.
#[cfg(all(unix, feature = "files"))]
pub fn free_bytes(path: &Path) -> Option<u64> {
    let absolute = std::path::absolute(path).ok()?;
    let folder = absolute.ancestors().skip(1).find(|folder| folder.is_dir())?;
    let disk = rustix::fs::statvfs(folder).ok()?;
    disk.f_bavail.checked_mul(disk.f_frsize)
}

/// Bytes that can still be written in the folder of a file; `None` if the system does not report it.
#[cfg(not(all(unix, feature = "files")))]
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

/// Bytes of text such as `800M`, `1.5G` or `64000000`; K, M and G are powers of 1024.
pub fn parse_amount(text: &str) -> Option<u64> {
    let number = text.trim().trim_end_matches(['B', 'b']).trim_end_matches('i');
    let (digits, factor) = match number.char_indices().next_back() {
        Some((at, 'k' | 'K')) => (&number[..at], 1u64 << 10),
        Some((at, 'm' | 'M')) => (&number[..at], 1 << 20),
        Some((at, 'g' | 'G')) => (&number[..at], 1 << 30),
        _ => (number, 1),
    };
    let value: f64 = digits.trim().parse().ok()?;
    (value.is_finite() && value > 0.0).then_some((value * factor as f64) as u64)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_as_people_write_them() {
        assert_eq!(parse_amount("800M"), Some(800 << 20));
        assert_eq!(parse_amount("1.5GiB"), Some(3 << 29));
        assert_eq!(parse_amount("64000000"), Some(64_000_000));
        for wrong in ["", "M", "much", "-1G", "0", "nan", "infG", "é"] {
            assert_eq!(parse_amount(wrong), None, "{wrong}");
        }
    }

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
