//! Metric tables of a page.

use std::fmt::Write;
pub use unband::metrics::Direction;

use super::fill::escape;
use unband::metrics::Value;

/// A column of values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column(
    /// Its heading: "input", "result", "result against reference".
    pub String,
);

/// A row of the table.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricRow {
    /// Name as in `--metrics`: "cambi".
    pub name: String,
    /// Unit, as text; may be empty.
    pub unit: String,
    /// Direction of improvement.
    pub better: Direction,
    /// Meaning, as a short sentence.
    pub meaning: String,
    /// One value per column.
    pub values: Vec<Value>,
}

/// Label of the reference column, which does not compete with the others.
const REFERENCE: &str = "reference";

/// The best of a row's values, if several columns compete.
fn best(row: &MetricRow, columns: &[Column]) -> Option<f64> {
    let competing = columns.iter().zip(&row.values).filter(|(column, _)| column.0 != REFERENCE);
    let values: Vec<f64> = competing
        .filter_map(|(_, value)| match value {
            Value::Number(value) if !value.is_nan() => Some(*value),
            _ => None,
        })
        .collect();
    if values.len() < 2 || values.iter().all(|value| value.total_cmp(&values[0]).is_eq()) {
        return None;
    }
    match row.better {
        Direction::Higher => values.into_iter().reduce(f64::max),
        Direction::Lower => values.into_iter().reduce(f64::min),
        Direction::Neither => None,
    }
}

/// The values of one image, as HTML.
pub(super) fn metric_table(metrics: &[MetricRow], columns: &[Column]) -> String {
    if metrics.is_empty() {
        return String::new();
    }
    let mut out = "<h3>Metrics</h3>\n<table><thead><tr><th scope=\"col\">metric</th>".to_owned();
    for column in columns {
        let _ = write!(out, "<th scope=\"col\" class=\"number\">{}</th>", escape(&column.0));
    }
    out.push_str("<th scope=\"col\">better</th><th scope=\"col\">meaning</th></tr></thead>\n<tbody>\n");
    for row in metrics {
        let unit = if row.unit.is_empty() {
            String::new()
        } else {
            format!(" <small>{}</small>", escape(&row.unit))
        };
        let _ = write!(out, "<tr><th scope=\"row\">{}{unit}</th>", escape(&row.name));
        let blank = Value::Blank;
        let best = best(row, columns);
        for (i, column) in columns.iter().enumerate() {
            let label = escape(&column.0);
            let (class, text) = match row.values.get(i).unwrap_or(&blank) {
                Value::Number(value) if best == Some(*value) && column.0 != REFERENCE => {
                    ("number", format!("<b>{}</b>", number(*value)))
                }
                Value::Number(value) => ("number", number(*value)),
                Value::Missing(reason) => ("missing", escape(reason)),
                Value::Blank => ("number blank", "–".to_owned()),
            };
            let _ = write!(out, "<td class=\"{class}\" data-label=\"{label}\">{text}</td>");
        }
        let better = arrow(row.better);
        let meaning = escape(&row.meaning);
        let _ =
            writeln!(out, "<td data-label=\"better\">{better}</td><td class=\"says\">{meaning}</td></tr>");
    }
    out.push_str("</tbody></table>\n");
    out
}

/// The same with a row per image, for many images.
pub(super) fn metric_table_by_image(metrics: &[MetricRow], columns: &[Column]) -> String {
    let mut out =
        "<h3>Metrics</h3>\n<div class=\"wider\"><table><thead><tr><th scope=\"col\">image</th>".to_owned();
    for row in metrics {
        let arrow = arrow(row.better).split(' ').next().unwrap_or_default();
        let _ = write!(out, "<th scope=\"col\" class=\"number\">{} {arrow}</th>", escape(&row.name));
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for (i, column) in columns.iter().enumerate() {
        let _ = write!(out, "<tr><th scope=\"row\">{}</th>", escape(&column.0));
        for row in metrics {
            let text = match row.values.get(i) {
                Some(Value::Number(value)) => number(*value),
                _ => "–".to_owned(),
            };
            let label = escape(&row.name);
            let _ = write!(out, "<td class=\"number\" data-label=\"{label}\">{text}</td>");
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table></div>\n");
    let mut reasons: Vec<&str> = Vec::new();
    for value in metrics.iter().flat_map(|row| &row.values) {
        if let Value::Missing(reason) = value
            && !reasons.contains(&reason.as_str())
        {
            reasons.push(reason);
            let _ = writeln!(out, "<p class=\"note\">– {}</p>", escape(reason));
        }
    }
    out
}

fn arrow(better: Direction) -> &'static str {
    match better {
        Direction::Higher => "↑ higher",
        Direction::Lower => "↓ lower",
        Direction::Neither => "–",
    }
}

/// A separate table: methods and their means, for example.
#[derive(Clone, Debug, PartialEq)]
pub struct Listing {
    /// Heading, unique on the page.
    pub title: String,
    /// Notes for readers, a sentence or two each.
    pub notes: Vec<String>,
    /// Column names; the first is that of the row labels.
    pub head: Vec<String>,
    /// Rows, from top to bottom.
    pub rows: Vec<ListingRow>,
}

/// A row of a [`Listing`].
#[derive(Clone, Debug, PartialEq)]
pub enum ListingRow {
    /// Measured values, one per column after the first.
    Measured {
        /// First column.
        name: String,
        /// The other columns.
        cells: Vec<ListingCell>,
    },
    /// Published values from elsewhere.
    Printed {
        /// First column.
        name: String,
        /// The other columns.
        cells: Vec<ListingCell>,
    },
    /// A row without values.
    Nothing {
        /// First column.
        name: String,
        /// The reason; spans the other columns.
        why: String,
    },
}

/// A table cell of a [`Listing`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListingCell {
    /// A value or a word; may be empty.
    pub text: String,
    /// Confidence interval of a mean; may be empty.
    pub interval: String,
    /// Is it the best of its column?
    pub best: bool,
}

/// A table as a section of a page.
pub(super) fn listing(table: &Listing, id: &str) -> String {
    let mut out = format!(
        "<section id=\"{id}\" aria-labelledby=\"{id}-title\">\n<h2 id=\"{id}-title\">{}</h2>\n<div class=\"wider\"><table><thead><tr>",
        escape(&table.title)
    );
    for (i, name) in table.head.iter().enumerate() {
        let class = if i > 0 { " class=\"number\"" } else { "" };
        let _ = write!(out, "<th scope=\"col\"{class}>{}</th>", escape(name));
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for row in &table.rows {
        let (name, class, cells) = match row {
            ListingRow::Measured { name, cells } => (name, "", cells),
            ListingRow::Printed { name, cells } => (name, " class=\"printed\"", cells),
            ListingRow::Nothing { name, why } => {
                let columns = table.head.len().saturating_sub(1).max(1);
                let (name, why) = (escape(name), escape(why));
                let _ = writeln!(
                    out,
                    "<tr><th scope=\"row\">{name}</th><td class=\"missing\" colspan=\"{columns}\">{why}</td></tr>"
                );
                continue;
            }
        };
        let _ = write!(out, "<tr{class}><th scope=\"row\">{}</th>", escape(name));
        for (cell, head) in cells.iter().zip(table.head.iter().skip(1)) {
            let (text, label) = (escape(&cell.text), escape(head));
            let text = if cell.best { format!("<b>{text}</b>") } else { text };
            let interval = escape(&cell.interval);
            let blank = if matches!(cell.text.as_str(), "" | "–") { " blank" } else { "" };
            let _ = write!(
                out,
                "<td class=\"number{blank}\" data-label=\"{label}\">{text} <small>{interval}</small></td>"
            );
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table></div>\n");
    for note in &table.notes {
        let _ = writeln!(out, "<p class=\"note\">{}</p>", escape(note));
    }
    out.push_str("</section>\n");
    out
}

/// Four significant digits, more before the decimal point.
fn number(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "∞" } else { "−∞" }.to_owned();
    }
    let before = value.abs().max(1e-9).log10().floor() as i32 + 1;
    let text = format!("{value:.*}", (4 - before.max(0)).clamp(0, 4) as usize);
    match text.strip_prefix('-') {
        Some(rest) if rest.chars().any(|c| c.is_ascii_digit() && c != '0') => format!("−{rest}"),
        Some(rest) => rest.to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_of_those_that_compete_is_bold() {
        let columns = ["reference", "input", "smooth", "gradfun"].map(|name| Column(name.to_owned()));
        let row = |better, values: [f64; 4]| MetricRow {
            name: "m".to_owned(),
            unit: String::new(),
            better,
            meaning: String::new(),
            values: values.map(Value::Number).to_vec(),
        };
        let bold = |row: MetricRow| {
            let html = metric_table(&[row], &columns);
            html.split("<b>")
                .skip(1)
                .map(|rest| rest.split('<').next().unwrap_or_default().to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(bold(row(Direction::Higher, [99.0, 40.0, 42.0, 41.0])), ["42.00"]);
        assert_eq!(bold(row(Direction::Lower, [0.0, 4.0, 2.0, 2.0])), ["2.000", "2.000"]);
        assert!(bold(row(Direction::Neither, [1.0, 2.0, 3.0, 4.0])).is_empty());
        assert!(bold(row(Direction::Lower, [0.0, 4.0, 4.0, 4.0])).is_empty());
    }

    #[test]
    fn numbers_have_four_digits_that_count() {
        let all = [0.0, 0.987_654, 6.3, 41.23456, 123_456.7, -0.5, -0.00001, f64::INFINITY];
        let written = ["0.0000", "0.9877", "6.300", "41.23", "123457", "−0.5000", "0.0000", "∞"];
        assert_eq!(all.map(number), written);
    }
}
