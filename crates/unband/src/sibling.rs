//! Programs that belong to unband.

use std::path::PathBuf;

/// A program of that name next to this one; the name alone, for the system to look along `PATH`, if there is
/// none.
pub fn sibling(name: &str) -> PathBuf {
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    let next = std::env::current_exe().ok().map(|own| own.with_file_name(&file));
    next.filter(|path| path.is_file()).unwrap_or_else(|| PathBuf::from(file))
}
