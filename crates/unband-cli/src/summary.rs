//! The summary of all images, as the last line.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// Category of an image in the summary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Became {
    /// Upscaled.
    Upscaled,
    /// Repaired.
    Repaired,
    /// Copied, or left unchanged.
    Unchanged,
    /// Planned only.
    Planned,
    /// Failed.
    Failed,
    /// Skipped: its result exists, or no decoder reads it.
    Skipped,
}

impl Became {
    fn as_str(self) -> &'static str {
        match self {
            Self::Upscaled => "upscaled",
            Self::Repaired => "repaired",
            Self::Unchanged => "unchanged",
            Self::Planned => "planned",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

/// Number of files that the summary names; the rest is counted.
const NAMED: usize = 5;

/// "15 repaired, 5 unchanged, 2 failed, 3 skipped (not supported: a.dng, notes.txt)". `skipped`: files of
/// other kinds.
pub(crate) fn summary(counts: &BTreeMap<Became, usize>, skipped: &[PathBuf]) -> String {
    let mut counts = counts.clone();
    if !skipped.is_empty() {
        *counts.entry(Became::Skipped).or_default() += skipped.len();
    }
    let parts: Vec<String> =
        counts.iter().map(|(became, count)| format!("{count} {}", became.as_str())).collect();
    let name = |path: &PathBuf| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut names: Vec<String> = skipped.iter().take(NAMED).map(name).collect();
    if skipped.len() > NAMED {
        names.push(format!("{} more", skipped.len() - NAMED));
    }
    let named =
        if names.is_empty() { String::new() } else { format!(" (not supported: {})", names.join(", ")) };
    format!("{}{named}", parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_of_all_names_what_is_no_image() {
        let counts = BTreeMap::from([(Became::Failed, 2), (Became::Repaired, 15), (Became::Unchanged, 5)]);
        assert_eq!(summary(&counts, &[]), "15 repaired, 5 unchanged, 2 failed");
        let skipped: Vec<PathBuf> = (0..7).map(|i| PathBuf::from(format!("in/{i}.dng"))).collect();
        assert_eq!(
            summary(&counts, &skipped),
            "15 repaired, 5 unchanged, 2 failed, 7 skipped (not supported: 0.dng, 1.dng, 2.dng, 3.dng, 4.dng, 2 more)"
        );
    }
}
