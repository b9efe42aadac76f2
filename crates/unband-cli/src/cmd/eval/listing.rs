//! Format-independent tables of means.

use unband::evaluate::{Column, Group, Table, TableRow, UNTRAINED};
use unband::metrics::{Summary, number};
use unband_report::{Direction, Listing, ListingCell, ListingRow};

/// The table of a group of pairs. Notes and rows without values appear only in the table of all pairs.
pub(super) fn listing(table: &Table, group: &Group) -> Listing {
    let (title, columns) = (&table.title, &table.columns);
    let head = std::iter::once("method".to_owned()).chain(columns.iter().map(heading));
    let best: Vec<Vec<usize>> = columns.iter().enumerate().map(|(c, column)| group.best(c, column)).collect();
    let rows = group.rows.iter().enumerate().flat_map(|(r, row)| rows(r, row, &best));
    let images = if group.pairs == 1 { "1 image".to_owned() } else { format!("{} images", group.pairs) };
    let mut all = vec![format!("Means over {images}, with the 95 % interval of the mean in brackets.")];
    let head = head.collect();
    if let Some(cause) = &group.cause {
        let rows = rows.filter(|row| !matches!(row, ListingRow::Nothing { .. })).collect();
        return Listing { title: format!("{title}: {cause}"), notes: all, head, rows };
    }
    let how = "Intervals: percentile bootstrap over source images, not over their degraded variants.";
    all.push(how.to_owned());
    all.extend(group.rows.iter().filter_map(setting));
    all.extend(units(columns));
    all.extend(table.notes.iter().cloned());
    Listing { title: title.clone(), notes: all, head, rows: rows.collect() }
}

/// The setting of a row.
fn setting(row: &TableRow) -> Option<String> {
    let text = Some(&row.setting).filter(|text| !text.is_empty())?;
    let best = row
        .best_of
        .as_ref()
        .map_or(String::new(), |(count, name)| format!(", the best of {count} by {name}"));
    Some(format!("{}: {text}{best}.", row.name))
}

/// Units of several words do not fit above a column.
fn units(columns: &[Column]) -> impl Iterator<Item = String> {
    let long = columns.iter().filter(|column| column.unit().contains(' '));
    long.map(|column| format!("{}: {}.", column.name(), column.unit()))
}

fn heading(column: &Column) -> String {
    let arrow = match column.better() {
        Direction::Higher => " ↑",
        Direction::Lower => " ↓",
        Direction::Neither => "",
    };
    let unit = Some(column.unit()).filter(|unit| !unit.is_empty() && !unit.contains(' '));
    let unit = unit.map_or(String::new(), |unit| format!(" {unit}"));
    format!("{}{unit}{arrow}", column.name())
}

/// A row, followed by its published values.
fn rows(r: usize, row: &TableRow, best: &[Vec<usize>]) -> Vec<ListingRow> {
    let name = if row.untrained { format!("{}, {UNTRAINED}", row.name) } else { row.name.clone() };
    let mut rows = Vec::new();
    match &row.cells {
        Ok(cells) => {
            let cells =
                cells.iter().zip(best).map(|(summary, best)| cell(summary.as_ref(), best.contains(&r)));
            rows.push(ListingRow::Measured { name, cells: cells.collect() });
        }
        Err(why) if !why.is_empty() => rows.push(ListingRow::Nothing { name, why: why.clone() }),
        Err(_) => {}
    }
    if row.published.iter().any(Option::is_some) {
        let printed = |value: &Option<f64>| ListingCell {
            text: value.map_or_else(String::new, |value| value.to_string()),
            ..ListingCell::default()
        };
        let name = format!("{}, published", row.name);
        rows.push(ListingRow::Printed { name, cells: row.published.iter().map(printed).collect() });
    }
    rows
}

fn cell(summary: Option<&Summary>, best: bool) -> ListingCell {
    let Some(summary) = summary else {
        return ListingCell { text: "–".to_owned(), ..ListingCell::default() };
    };
    let interval = match summary {
        Summary { count: 0 | 1, .. } => String::new(),
        _ => format!("{}–{}", number(summary.low), number(summary.high)),
    };
    ListingCell { text: number(summary.mean), interval, best }
}
