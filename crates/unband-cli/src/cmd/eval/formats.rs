//! Table output: Markdown, LaTeX, CSV and terminal text.

use std::fmt::Write;

use unband::evaluate::{Column, CostColumn, Group, Row, Runs, Table as Results, UNTRAINED};
use unband::inputs::printable;
use unband::metrics::Value;
use unband_report::{Listing, ListingCell, ListingRow};

use crate::print::csv::{name_cell, text_cell};
use crate::print::table::Table;

/// A table with its heading and its note.
pub(super) fn markdown(table: &Listing) -> String {
    let mut out = format!("## {}\n\n", escaped(&table.title));
    let line =
        |cells: &mut dyn Iterator<Item = String>| format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "));
    out += &line(&mut table.head.iter().map(|cell| escaped(cell)));
    out += &line(
        &mut table.head.iter().enumerate().map(|(i, _)| if i == 0 { "---" } else { "---:" }.to_owned()),
    );
    let columns = table.head.len() - 1;
    for row in &table.rows {
        let (name, cells): (_, Vec<String>) = match row {
            ListingRow::Measured { name, cells } => (escaped(name), cells.iter().map(cell).collect()),
            ListingRow::Printed { name, cells } => {
                (format!("*{}*", escaped(name)), cells.iter().map(printed).collect())
            }
            ListingRow::Nothing { name, why } => {
                let rest = std::iter::repeat_n(String::new(), columns.saturating_sub(1));
                (escaped(name), std::iter::once(escaped(why)).chain(rest).collect())
            }
        };
        out += &line(&mut std::iter::once(name).chain(cells));
    }
    out.push('\n');
    for note in &table.notes {
        let _ = writeln!(out, "- {}", escaped(note));
    }
    out
}

fn cell(cell: &ListingCell) -> String {
    let text = if cell.best { format!("**{}**", cell.text) } else { cell.text.clone() };
    if cell.interval.is_empty() { text } else { format!("{text} ({})", cell.interval) }
}

fn printed(cell: &ListingCell) -> String {
    if cell.text.is_empty() { String::new() } else { format!("*{}*", cell.text) }
}

/// Text on one line, without characters that steer a terminal.
fn one_line(text: &str) -> String {
    printable(&text.replace(['\n', '\r'], " "))
}

/// Escapes text for a cell of a Markdown table.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in one_line(text).chars() {
        match c {
            '|' | '*' | '_' | '`' | '<' | '[' | ']' | '\\' => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}

/// A floating table for the package booktabs, without intervals.
pub(super) fn latex(table: &Listing) -> String {
    let columns = table.head.len() - 1;
    let mut out = format!(
        "\\begin{{table}}[t]\n\\centering\n\\caption{{{}.}}\n\\begin{{tabular}}{{l{}}}\n\\toprule\n",
        tex(&table.title),
        "r".repeat(columns)
    );
    let head: Vec<String> = table.head.iter().map(|cell| tex(cell)).collect();
    let _ = writeln!(out, "{} \\\\\n\\midrule", head.join(" & "));
    for row in &table.rows {
        let (name, cells): (_, Vec<String>) = match row {
            ListingRow::Measured { name, cells } => {
                let bold = |cell: &ListingCell| {
                    if cell.best { format!("\\textbf{{{}}}", tex(&cell.text)) } else { tex(&cell.text) }
                };
                (tex(name), cells.iter().map(bold).collect())
            }
            ListingRow::Printed { name, cells } => {
                let italic = |cell: &ListingCell| {
                    if cell.text.is_empty() {
                        String::new()
                    } else {
                        format!("\\textit{{{}}}", tex(&cell.text))
                    }
                };
                (format!("\\textit{{{}}}", tex(name)), cells.iter().map(italic).collect())
            }
            // The reason is a sentence and does not fit a numeric column.
            ListingRow::Nothing { name, .. } => {
                (tex(name), vec![format!("\\multicolumn{{{columns}}}{{l}}{{not run}}")])
            }
        };
        let cells: Vec<String> = std::iter::once(name).chain(cells).collect();
        let _ = writeln!(out, "{} \\\\", cells.join(" & "));
    }
    let notes: Vec<String> = table.notes.iter().map(|note| tex(note)).collect();
    let notes = notes.join(" ");
    let _ = writeln!(
        out,
        "\\bottomrule\n\\end{{tabular}}\n\\par\\smallskip{{\\footnotesize {notes}\\par}}\n\\end{{table}}"
    );
    out
}

/// Escapes text for LaTeX.
fn tex(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in one_line(text).chars() {
        match c {
            '&' | '%' | '$' | '#' | '_' | '{' | '}' => out.extend(['\\', c]),
            '\\' => out.push_str("\\textbackslash{}"),
            '~' => out.push_str("\\textasciitilde{}"),
            '^' => out.push_str("\\textasciicircum{}"),
            '<' => out.push_str("\\textless{}"),
            '>' => out.push_str("\\textgreater{}"),
            '|' => out.push_str("\\textbar{}"),
            '"' => out.push_str("''"),
            '↑' => out.push_str("$\\uparrow$"),
            '↓' => out.push_str("$\\downarrow$"),
            '∞' => out.push_str("$\\infty$"),
            '×' => out.push_str("$\\times$"),
            'Δ' => out.push_str("$\\Delta$"),
            '–' => out.push_str("--"),
            c => out.push(c),
        }
    }
    out
}

/// The table for a terminal.
pub(super) fn text(table: &Listing) -> String {
    let mut out = Table::new(1);
    out.row(table.head.iter().cloned());
    let mut reasons = String::new();
    for row in &table.rows {
        match row {
            ListingRow::Measured { name, cells } | ListingRow::Printed { name, cells } => {
                out.row(std::iter::once(name.clone()).chain(cells.iter().map(|cell| cell.text.clone())));
            }
            ListingRow::Nothing { name, why } => {
                let _ = writeln!(reasons, "– {name}: {why}");
            }
        }
    }
    format!("{}\n{out}{reasons}", table.title)
}

/// Means of all groups, a line per row; `kind` is `measured`, `untrained`, `published` or `not run`.
///
/// # Errors
/// Never in practice: writes go to memory.
pub(super) fn means_csv(columns: &[Column], groups: &[Group]) -> Result<Vec<u8>, csv::Error> {
    let mut table = csv::Writer::from_writer(Vec::new());
    let heads = columns.iter().flat_map(|column| {
        let name = column.name();
        [name.to_owned(), format!("{name} low"), format!("{name} high"), format!("{name} images")]
    });
    let first = ["cause", "method", "kind", "setting", "why"].map(str::to_owned);
    table.write_record(first.into_iter().chain(heads))?;
    for group in groups {
        let cause = group.cause.as_deref().unwrap_or("all");
        for row in &group.rows {
            let lead = |kind: &str, why: &str| {
                [cause, &row.name, kind, &row.setting, why].map(text_cell).into_iter()
            };
            match &row.cells {
                Ok(cells) => {
                    let four = cells.iter().flat_map(|cell| match cell {
                        Some(s) => {
                            [s.mean.to_string(), s.low.to_string(), s.high.to_string(), s.count.to_string()]
                        }
                        None => std::array::from_fn(|_| String::new()),
                    });
                    let kind = if row.untrained { UNTRAINED } else { "measured" };
                    table.write_record(lead(kind, "").chain(four))?;
                }
                Err(why) if !why.is_empty() => {
                    let blank =
                        columns.iter().flat_map(|_| std::array::from_fn::<_, 4, _>(|_| String::new()));
                    table.write_record(lead("not run", why).chain(blank))?;
                }
                Err(_) => {}
            }
            if row.published.iter().any(Option::is_some) {
                let four = row.published.iter().flat_map(|value| {
                    [
                        value.map_or_else(String::new, |v| v.to_string()),
                        String::new(),
                        String::new(),
                        String::new(),
                    ]
                });
                table.write_record(lead("published", "").chain(four))?;
            }
        }
    }
    table.into_inner().map_err(|error| error.into_error().into())
}

/// Values of every image by every method with every setting.
///
/// # Errors
/// As [`means_csv`].
pub(super) fn images_csv(rows: &[Row], results: &Results) -> Result<Vec<u8>, csv::Error> {
    let mut table = csv::Writer::from_writer(Vec::new());
    let own: Vec<&Column> = results
        .columns
        .iter()
        .filter(|column| matches!(column, Column::Metric(_) | Column::Cost(CostColumn::Seconds)))
        .collect();
    let first = ["image", "cause", "method", "setting"].into_iter();
    table.write_record(first.chain(own.iter().map(|column| column.name())).chain(["missing"]))?;
    for pair in &results.pairs {
        for (row, cells) in rows.iter().zip(&pair.cells) {
            for (s, record) in cells.iter().enumerate() {
                let setting = match &row.runs {
                    Runs::Settings(settings) => settings[s].text.as_str(),
                    _ => "",
                };
                let texts = [&pair.cause, &row.recipe.name, setting].map(text_cell);
                let mut line = vec![name_cell(pair.name.clone())];
                line.extend(texts);
                let mut missing: Vec<String> = record.as_ref().err().into_iter().cloned().collect();
                for column in &own {
                    line.push(match (record, column) {
                        (Err(_), _) => String::new(),
                        (Ok(_), Column::Cost(_)) if matches!(row.runs, Runs::Input) => String::new(),
                        (Ok(record), Column::Cost(_)) => record.seconds.to_string(),
                        (Ok(record), Column::Metric(metric)) => match record.value(metric) {
                            Value::Number(number) => number.to_string(),
                            Value::Missing(why) => {
                                missing.push(format!("{}: {why}", metric.name()));
                                String::new()
                            }
                            Value::Blank => String::new(),
                        },
                    });
                }
                line.push(text_cell(&missing.join("; ")));
                table.write_record(&line)?;
            }
        }
    }
    table.into_inner().map_err(|error| error.into_error().into())
}

#[cfg(test)]
mod tests;
