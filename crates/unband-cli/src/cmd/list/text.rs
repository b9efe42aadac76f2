//! Text of `unband list`: names, one line each, and details.

use std::fmt::Write;

use unband::SMOOTH;

use super::ListKind;
use super::model::{List, ListEntry};
use super::params::{parameters, wrapped};
use crate::print::table::Table;

/// All names.
pub(super) fn names(lists: &[List]) -> String {
    let parts = lists.iter().map(|list| {
        // The default methods come first.
        let first = |item: &&ListEntry| list.kind == ListKind::Methods && !item.default.is_empty();
        let (mut first, rest): (Vec<&ListEntry>, Vec<&ListEntry>) = list.items.iter().partition(first);
        first.sort_by_key(|item| item.name == SMOOTH.name);
        format!("{}\n\n{}", list.short, lines(first.into_iter().chain(rest)))
    });
    parts.collect::<Vec<_>>().join("\n")
}

/// Names and titles in two columns.
fn lines<'a>(items: impl Iterator<Item = &'a ListEntry>) -> String {
    let mut table = Table::new(2);
    for item in items {
        let name = if item.extensions.is_empty() { item.name.to_owned() } else { item.extensions.join(", ") };
        table.row([format!("  {name}"), format!("{}{}", item.title, item.default)]);
    }
    table.to_string()
}

/// The detailed list.
pub(super) fn list(list: &List) -> String {
    let mut text = list.heading.to_owned() + "\n";
    if list.kind == ListKind::Formats {
        let mut table = Table::new(list.columns.len());
        let indented = |cells: &mut dyn Iterator<Item = String>| {
            let first = cells.next().map(|first| format!("  {first}"));
            first.into_iter().chain(cells).collect::<Vec<_>>()
        };
        table.row(indented(&mut list.columns.iter().map(|column| (*column).to_owned())));
        for item in &list.items {
            table.row(indented(&mut item.cells.iter().cloned()));
        }
        let _ = write!(text, "\n{table}");
    } else if list.items.iter().all(|item| item.lines.is_none()) {
        text += "\n";
        text += &lines(list.items.iter());
    } else {
        for item in &list.items {
            text += "\n";
            text += &entry(list, item);
        }
    }
    text + list.note
}

/// The details of all entries with this name, in any of the lists.
pub(super) fn entries(name: &str, lists: &[List]) -> String {
    let found = lists.iter().filter_map(|list| Some((list, list.one?))).flat_map(|(list, one)| {
        let items = list.items.iter().filter(|item| item.is(name));
        items.map(move |item| format!("{one}\n\n{}", entry(list, item)))
    });
    found.collect::<Vec<_>>().join("\n")
}

fn entry(list: &List, item: &ListEntry) -> String {
    let mut text = String::new();
    if list.kind == ListKind::Formats {
        for (column, cell) in list.columns.iter().zip(&item.cells) {
            let _ = writeln!(text, "  {column:10}  {cell}");
        }
        return text;
    }
    let _ = writeln!(text, "  {}  {}{}", item.name, item.title, item.default);
    for line in item.lines.iter().flatten() {
        let _ = writeln!(text, "      {line}");
    }
    for param in parameters(item.params) {
        let unit = if param.unit.is_empty() { String::new() } else { format!(", in {}", param.unit) };
        let _ = writeln!(text, "      {} = {}  ({}{unit})", param.name, param.default, param.allowed);
        for line in wrapped(&param.meaning, 90) {
            let _ = writeln!(text, "          {line}");
        }
    }
    text
}
