//! Values of images as CSV.

use unband::inputs::printable;
use unband::metrics::{Metric, Scores, Value, missing};
use unband::verdict::Verdict;

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
    table.write_record(header(names, metrics))?;
    for (cells, scores) in rows {
        let mut cells: Vec<String> = cells.into_iter().map(name_cell).collect();
        cells.extend(score_cells(Some(&scores.verdict), &scores.values, metrics));
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

/// The header of `names`, and of [`score_cells`].
pub(crate) fn header<'a>(names: &'a [&'a str], metrics: &'a [Metric]) -> impl Iterator<Item = &'a str> {
    let head = names.iter().copied().chain(["banding", "share", "cause"]);
    head.chain(metrics.iter().map(Metric::name)).chain(["missing"])
}

/// Grade, share and cause of the banding, the values of the metrics, and the reasons of missing ones. Cells
/// without a value are empty.
pub(crate) fn score_cells(verdict: Option<&Verdict>, values: &[Value], metrics: &[Metric]) -> Vec<String> {
    let mut cells = vec![
        verdict.map_or_else(String::new, |verdict| verdict.grade.to_string()),
        verdict.map_or_else(String::new, |verdict| verdict.share.to_string()),
        verdict.and_then(|verdict| verdict.cause).unwrap_or_default().to_owned(),
    ];
    let cell = |value: &Value| value.number().map_or_else(String::new, |number| number.to_string());
    cells.extend(values.iter().map(cell));
    let reasons = missing(values, metrics).map(|(name, reason)| format!("{name}: {reason}"));
    cells.push(reasons.collect::<Vec<_>>().join("; "));
    cells
}
