//! Free disk space.

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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

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
