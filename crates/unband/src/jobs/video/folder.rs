//! Folder of unfinished work next to a result.

use std::fs;
use std::path::{Path, PathBuf};

use unband_video::VideoError;

/// Suffix of the folder's name.
const UNFINISHED: &str = ".unfinished";
/// Maximum length of a file name on common file systems, in bytes.
const LONGEST_NAME: usize = 255;

/// Folder of unfinished work for a result.
pub(super) fn folder_of(output: &Path) -> PathBuf {
    let name = output.file_name().unwrap_or_default();
    let mut folder = name.to_os_string();
    folder.push(UNFINISHED);
    if folder.len() > LONGEST_NAME {
        // The start of the name is for people, the hash makes it unique.
        let all: String = name.to_string_lossy().into_owned();
        let begins: String = all.chars().take(LONGEST_NAME / 8).collect();
        let number = name.as_encoded_bytes().iter().fold(0xcbf2_9ce4_8422_2325u64, |hash, &byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        folder = format!("{begins}~{number:016x}{UNFINISHED}").into();
    }
    output.with_file_name(folder)
}

/// Creates a folder that only the user can read: it holds images of a video that may be private.
pub(super) fn make(folder: &Path) -> std::io::Result<()> {
    if let Some(parent) = folder.parent() {
        fs::create_dir_all(parent)?;
    }
    #[cfg(unix)]
    let builder = {
        use std::os::unix::fs::DirBuilderExt;
        let mut builder = fs::DirBuilder::new();
        builder.mode(0o700);
        builder
    };
    #[cfg(not(unix))]
    let builder = fs::DirBuilder::new();
    builder.create(folder)
}

/// The error of an operation on a path there.
pub(super) fn io(action: &'static str, path: &Path, source: std::io::Error) -> VideoError {
    unband_io::Error::Io { action, source }.in_file(path).into()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_long_names_are_short_and_differ() {
        let of = |name: &str| folder_of(&Path::new("out").join(name));
        assert_eq!(of("film.mkv"), Path::new("out/film.mkv.unfinished"));
        let names: Vec<PathBuf> = ["a", "b"].map(|end| of(&format!("{}{end}.mkv", "ä".repeat(118)))).to_vec();
        assert_ne!(names[0], names[1]);
        for name in &names {
            assert_eq!(name.parent(), Some(Path::new("out")));
            let name = name.file_name().unwrap().to_str().unwrap();
            assert!(
                name.len() <= LONGEST_NAME && name.starts_with("ää") && name.ends_with(UNFINISHED),
                "{name}"
            );
        }
        let folder = tempfile::tempdir().unwrap();
        make(&folder_of(&folder.path().join(format!("{}.mkv", "x".repeat(240))))).unwrap();
    }
}
