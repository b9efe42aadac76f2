//! Short form of `unband list`: names, one line each.

use std::fmt::Write;

use unband::degrade::DEGRADATIONS;
use unband::degrade::recipe;
use unband::io::FORMATS;
use unband::metrics::{Domain, metrics};
use unband::networks::DEFAULT;
use unband::recipes::{SMALL, Shipped, TABLES, TRAININGS};
use unband::{Dither, Entry, SMOOTH};

use super::{dither_line, mixes};

/// When a method is the default; empty for most.
pub fn by_default(entry: &Entry) -> &'static str {
    if entry.name == DEFAULT {
        " (default where levels are missing)"
    } else if entry.name == SMOOTH.name {
        " (default elsewhere)"
    } else {
        ""
    }
}

/// All names.
pub fn text() -> String {
    let mut text = String::new();
    let mut part = |title: &str, rows: Vec<(String, String)>| {
        let width = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
        let gap = if text.is_empty() { "" } else { "\n" };
        let _ = writeln!(text, "{gap}{title}\n");
        for (name, what) in rows {
            let line = format!("  {name:width$}  {what}");
            let _ = writeln!(text, "{}", line.trim_end());
        }
    };
    // The default methods come first.
    let (first, rest): (Vec<&Entry>, Vec<&Entry>) =
        unband::methods().partition(|entry| !by_default(entry).is_empty());
    let methods = first.into_iter().rev().chain(rest);
    let methods =
        methods.map(|entry| (entry.name.to_owned(), format!("{}{}", entry.title, by_default(entry))));
    part("Methods (--method NAME; `unband list NAME` shows the parameters)", methods.collect());
    let dithers = Dither::ALL.iter().map(|dither| {
        let line = dither_line(*dither);
        (dither.word().to_owned(), line.trim().trim_start_matches(dither.word()).trim().to_owned())
    });
    part("Dithers (--dither NAME)", dithers.collect());
    let formats = FORMATS.iter().map(|format| {
        let can = match (format.reads, &format.writes) {
            (true, None) => "read",
            (false, _) => "written",
            (true, Some(_)) => "read and written",
        };
        (format.extensions.join(", "), format!("{}, {can}", format.name))
    });
    part("Formats (--format EXT)", formats.collect());
    let measures = metrics(Domain::Image).map(|metric| (metric.name.to_owned(), metric.title.to_owned()));
    part("Metrics (--metrics NAME,NAME,…)", measures.collect());
    let degradations = DEGRADATIONS.iter().map(|entry| (entry.name.to_owned(), entry.title.to_owned()));
    part("Degradations (for recipes)", degradations.collect());
    part(
        "Recipes (unband degrade --recipe NAME)",
        mixes().map(|(name, title)| (name.to_owned(), title)).collect(),
    );
    part("Tables (unband eval NAME)", titled(TABLES));
    part("Trainings (unband train NAME)", titled(TRAININGS));
    text
}

/// Tables built into the program.
pub fn tables() -> String {
    listed("Tables (unband eval NAME)", TABLES)
}

/// Training recipes built into the program.
pub fn trainings() -> String {
    listed("Trainings (unband train NAME)", TRAININGS)
}

fn listed(title: &str, all: &[Shipped]) -> String {
    let rows = titled(all);
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    rows.iter().fold(format!("{title}\n\n"), |text, (name, what)| {
        format!("{text}{}\n", format!("  {name:width$}  {what}").trim_end())
    })
}

/// Names and titles of recipes: their own title, or else their first comment.
fn titled(all: &[Shipped]) -> Vec<(String, String)> {
    let title = |shipped: &Shipped| {
        let table = recipe::parse(shipped.text, shipped.name).ok();
        let own = table.as_ref().and_then(|table| table.get("title")?.as_str());
        let comment = shipped.text.lines().next().and_then(|line| line.strip_prefix("# "));
        let comment = comment.and_then(|line| line.split(['(', ':', ',']).next()).map(str::trim);
        own.or(comment).unwrap_or_default().to_owned()
    };
    let shown = all.iter().filter(|shipped| shipped.name != SMALL);
    shown.map(|shipped| (shipped.name.to_owned(), title(shipped))).collect()
}
