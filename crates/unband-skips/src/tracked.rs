//! Tracked files of the repository: what a test may expect in a clone.
//!
//! A clone also holds results, notes and unfinished work, which tests ignore.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The repository's folder.
///
/// # Panics
/// If this crate is outside `crates/`.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("a crate of the workspace")
}

/// Tracked files of a folder of the repository, without those of its subfolders, sorted.
///
/// # Panics
/// If there is none.
pub fn tracked_in(folder: &str) -> Vec<PathBuf> {
    let mut files = tracked_below(folder);
    files.retain(|file| file.parent() == Some(&folder_of(folder)));
    assert!(!files.is_empty(), "{folder} has no tracked file");
    files
}

/// Tracked files of a folder of the repository and its subfolders, sorted. None of a folder that is missing.
pub fn tracked_below(folder: &str) -> Vec<PathBuf> {
    static ALL: OnceLock<BTreeSet<PathBuf>> = OnceLock::new();
    let all = ALL.get_or_init(|| listed(root()).unwrap_or_else(|| everything(root())));
    // A file may be deleted and not yet committed.
    all.iter().filter(|file| file.starts_with(folder_of(folder)) && file.is_file()).cloned().collect()
}

/// The path of a folder of the repository; the name of the repository itself is empty.
fn folder_of(folder: &str) -> PathBuf {
    root().components().chain(Path::new(folder).components()).collect()
}

/// The list of git, in a clone.
fn listed(root: &Path) -> Option<BTreeSet<PathBuf>> {
    let mut git = Command::new("git");
    // Inside a hook these name another index, and the owner of a clone may be another user.
    for variable in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
        git.env_remove(variable);
    }
    let output = git.arg("-C").arg(root).args(["-c", "safe.directory=*", "ls-files", "-z"]).output().ok()?;
    let names = String::from_utf8(output.stdout).ok()?;
    let files: BTreeSet<PathBuf> =
        names.split('\0').filter(|name| !name.is_empty()).map(|name| root.join(name)).collect();
    files.contains(&root.join("Cargo.toml")).then_some(files)
}

/// All files of a source archive, without built and hidden folders.
fn everything(root: &Path) -> BTreeSet<PathBuf> {
    let (mut folders, mut files) = (vec![root.to_owned()], BTreeSet::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let (path, name) = (entry.path(), entry.file_name());
            if !path.is_dir() {
                files.insert(path);
            } else if name != "target" && !name.to_string_lossy().starts_with('.') {
                folders.push(path);
            }
        }
    }
    files
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_and_its_subfolders_are_listed() {
        assert!(tracked_in("").contains(&root().join("Cargo.toml")));
        let below = tracked_below("crates/unband-skips");
        assert!(below.contains(&root().join("crates/unband-skips/src/tracked.rs")), "{below:?}");
        let alone = tracked_in("crates/unband-skips/");
        assert!(alone.contains(&root().join("crates/unband-skips/Cargo.toml")), "{alone:?}");
        assert!(!alone.contains(&root().join("crates/unband-skips/src/tracked.rs")), "{alone:?}");
        assert!(tracked_below("no such folder").is_empty());
    }

    #[test]
    fn a_file_that_is_not_tracked_is_not_listed() {
        let folder = std::env::temp_dir().join(format!("unband-tracked-{}", std::process::id()));
        let file = |name: &str| folder.join(name);
        std::fs::create_dir_all(file("target")).unwrap();
        for name in ["Cargo.toml", "own.png", "target/built"] {
            std::fs::write(file(name), "").unwrap();
        }
        assert_eq!(listed(&folder), None);
        assert_eq!(everything(&folder), BTreeSet::from([file("Cargo.toml"), file("own.png")]));
        let git = |words: &[&str]| Command::new("git").arg("-C").arg(&folder).args(words).output();
        if git(&["init", "--quiet"]).is_ok_and(|ran| ran.status.success()) {
            git(&["add", "Cargo.toml"]).unwrap();
            assert_eq!(listed(&folder), Some(BTreeSet::from([file("Cargo.toml")])));
        } else {
            crate::program("git");
        }
        std::fs::remove_dir_all(folder).unwrap();
    }
}
