//! Values of images as CSV.

use unband::inputs::printable;
use unband::metrics::Metric;
use unband::metrics::{Scores, Value, missing};

/// A table of all images. `names` is the header of the first columns, which come with each image. Infinity is
/// `inf`; the last column has the reasons of missing values.
///
/// # Errors
/// Never in practice: writes go to memory.
pub(crate) fn csv<'a>(
    names: &[&str],
    rows: impl Iterator<Item = (Vec<String>, &'a Scores)>,
    metrics: &'a [Metric],
) -> Result<Vec<u8>, csv::Error> {
    let mut table = csv::Writer::from_writer(Vec::new());
    let head = names.iter().copied().chain(["banding", "share", "cause"]);
    table.write_record(head.chain(metrics.iter().map(Metric::name)).chain(["missing"]))?;
    for (cells, scores) in rows {
        let mut cells: Vec<String> = cells.into_iter().map(name_cell).collect();
        let verdict = &scores.verdict;
        cells.extend([
            verdict.grade.to_string(),
            verdict.share.to_string(),
            verdict.cause.unwrap_or_default().to_owned(),
        ]);
        cells.extend(scores.values.iter().map(value_cell));
        cells.push(missing_cell(&scores.values, metrics));
        table.write_record(&cells)?;
    }
    table.into_inner().map_err(|error| error.into_error().into())
}

/// A name in a table. Spreadsheets evaluate text that begins like a formula, so such a file name gets a
/// folder prefix and still names the same file.
pub(crate) fn name_cell(name: String) -> String {
    if name.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("./{name}") } else { name }
}

/// Text in a table that is not a file's name; an apostrophe keeps spreadsheets from evaluating it.
pub(crate) fn text_cell(text: &str) -> String {
    let text = printable(text);
    if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text }
}

/// A value in a table; empty if it is missing.
pub(crate) fn value_cell(value: &Value) -> String {
    value.number().map_or_else(String::new, |number| number.to_string())
}

/// The reasons of missing values, in one cell.
pub(crate) fn missing_cell(values: &[Value], metrics: &[Metric]) -> String {
    let reasons = missing(values, metrics).map(|(name, reason)| format!("{name}: {reason}"));
    reasons.collect::<Vec<_>>().join("; ")
}
