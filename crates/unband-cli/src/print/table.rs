//! Text tables for terminals.

use std::fmt;

use unband::metrics::{Value, number};

use crate::reporter::printable;

/// Placeholder for a value that could not be measured; the reason follows below the table.
pub(crate) const MISSING: &str = "–";

/// Rows of cells: text in the first columns, numbers in the others.
#[derive(Debug)]
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
    text_columns: usize,
    last_is_text: bool,
}

impl Table {
    /// A table whose first columns, of this number, are text.
    pub(crate) fn new(text_columns: usize) -> Self {
        Self { rows: Vec::new(), text_columns, last_is_text: false }
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().map(|cell| printable(&cell)).collect());
    }

    /// The same with text in the last column too.
    pub(crate) fn left_last(self) -> Self {
        Self { last_is_text: true, ..self }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |text: &str| text.chars().count();
        let widths: Vec<usize> = (0..columns)
            .map(|c| self.rows.iter().filter_map(|row| row.get(c)).map(|cell| width(cell)).max().unwrap_or(0))
            .collect();
        for row in &self.rows {
            let mut line = String::new();
            for (c, cell) in row.iter().enumerate() {
                let blanks = " ".repeat(widths[c] - width(cell));
                let gap = if c > 0 { "  " } else { "" };
                // Text is left-aligned, numbers right-aligned.
                let text = c < self.text_columns || (self.last_is_text && c + 1 == columns);
                let (before, after) = if text { ("", &*blanks) } else { (&*blanks, "") };
                line.extend([gap, before, cell, after]);
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

/// A value, a dash for a missing one, nothing for a blank.
pub(crate) fn cell(value: &Value) -> String {
    match value {
        Value::Number(value) => number(*value),
        Value::Missing(_) => MISSING.to_owned(),
        Value::Blank => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stands_left_and_numbers_right() {
        let mut table = Table::new(1);
        table.row([String::new(), "cambi".into()]);
        table.row(["müller.png".into(), cell(&Value::Number(1.5))]);
        table.row(["b".into(), cell(&Value::Number(123.456))]);
        assert_eq!(table.to_string(), "            cambi\nmüller.png  1.500\nb           123.5\n");
    }

    #[test]
    fn a_missing_value_is_a_dash() {
        assert_eq!(cell(&Value::Missing("too small".into())), "–");
        assert_eq!(cell(&Value::Blank), "");
    }
}
