//! Image and pair counts of a dataset.

use std::path::Path;

use serde::Serialize;
use unband::degrade::dataset::{Entry, Expected, Failed, Split};

use crate::reporter::grouped;

/// File names that a note about missing partners lists.
const NAMED: usize = 5;

/// Contents of a folder, present or planned.
#[derive(Debug, Default)]
pub(super) struct Summary {
    parts: [SplitCounts; 3],
    dropped: usize,
    /// Sources without a pair.
    pub failed: Vec<Failed>,
}

#[derive(Clone, Copy, Debug, Default, Serialize)]
struct SplitCounts {
    images: usize,
    /// Missing until the images are decoded whose sizes determine it.
    pairs: Option<usize>,
}

#[derive(Serialize)]
pub(super) struct SummaryRecord<'a> {
    schema: &'static str,
    output: String,
    train: SplitCounts,
    val: SplitCounts,
    test: SplitCounts,
    windows_without_banding: usize,
    unpaired: &'a [String],
    failed: &'a [Failed],
}

impl Summary {
    /// Adds a finished image.
    pub(super) fn add(&mut self, entry: &Entry) {
        let part = &mut self.parts[entry.split as usize];
        part.images += 1;
        part.pairs = Some(part.pairs.unwrap_or(0) + entry.pairs.len());
        self.dropped += entry.dropped;
        self.failed.extend(entry.failed.clone());
    }

    /// Sets the planned contents of a part.
    pub(super) fn expect(&mut self, split: Split, expected: Expected) {
        self.parts[split as usize] = SplitCounts { images: expected.images, pairs: expected.pairs };
        self.dropped += expected.dropped;
    }

    /// The number of source images.
    pub(super) fn images(&self) -> usize {
        self.parts.iter().map(|part| part.images).sum()
    }

    /// A sentence.
    pub(super) fn text(&self) -> String {
        let part = |split: Split| {
            let SplitCounts { images, pairs } = self.parts[split as usize];
            // Parts without images have none of either.
            let pairs = if images == 0 { Some(0) } else { pairs };
            pairs.map_or_else(
                || format!("{split} {} images", grouped(images as u64)),
                |pairs| format!("{split} {} pairs", grouped(pairs as u64)),
            )
        };
        let mut words =
            vec![format!("{} images: {}", grouped(self.images() as u64), Split::ALL.map(part).join(", "))];
        if self.dropped > 0 {
            words.push(format!("{} windows without banding skipped", grouped(self.dropped as u64)));
        }
        if !self.failed.is_empty() {
            words.push(format!("{} failed", grouped(self.failed.len() as u64)));
        }
        words.join("; ")
    }

    /// JSON object.
    pub(super) fn record<'a>(&'a self, output: &Path, unpaired: &'a [String]) -> SummaryRecord<'a> {
        let [train, val, test] = self.parts;
        SummaryRecord {
            schema: "unband-dataset-summary/1",
            output: output.display().to_string(),
            train,
            val,
            test,
            windows_without_banding: self.dropped,
            unpaired,
            failed: &self.failed,
        }
    }
}

/// A note about files without partners.
pub(super) fn unpaired(files: &[String]) -> String {
    let named = files.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = files.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {} more", grouped(more as u64)) } else { String::new() };
    let (have, them) = if files.len() == 1 { ("file has", "it is") } else { ("files have", "they are") };
    format!("{} {have} no partner, {them} skipped: {named}{more}", grouped(files.len() as u64))
}
