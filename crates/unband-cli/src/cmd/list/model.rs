//! Contents of `unband list`, by kind, for all its writers.

use serde::Serialize;
use unband::degrade::{DEGRADATIONS, DegradationEntry, DegradationRecipe, Sides, Speed, recipe};
use unband::io::{FORMATS, FormatEntry};
use unband::metrics::{ComparedWith, Domain, Metric, MinSize, metrics};
use unband::nets::zoo::{self, Published};
use unband::networks::{DEFAULT, JPEG_DEFAULT};
use unband::recipes::{DEGRADATION_RECIPES, SMALL, Shipped, TABLES, TRAININGS};
use unband::{Depth, Dither, Entry, ParamInfo, SMOOTH};

use super::ListKind;
use super::network;
use super::params::{Parameter, parameters, sentences, wrapped};

/// Entries of one kind.
pub(super) struct List {
    /// Their kind.
    pub kind: ListKind,
    /// One entry, in words; `None` where entries are not found by name.
    pub one: Option<&'static str>,
    /// The key of `--json`.
    pub key: Option<&'static str>,
    /// Heading of the names.
    pub short: &'static str,
    /// Heading of the text.
    pub heading: &'static str,
    /// End of the text.
    pub note: &'static str,
    /// Columns of [`ListEntry::cells`].
    pub columns: &'static [&'static str],
    /// The entries.
    pub items: Vec<ListEntry>,
}

/// An entry.
#[derive(Default)]
pub(super) struct ListEntry {
    /// Its name.
    pub name: &'static str,
    /// Extensions of a format.
    pub extensions: &'static [&'static str],
    /// Its title, without a full stop.
    pub title: String,
    /// When it is the default.
    pub default: &'static str,
    /// Lines of its text below the title; `None` where the title is all.
    pub lines: Option<Vec<String>>,
    /// Its section in Markdown.
    pub section: String,
    /// Its row of a Markdown table.
    pub cells: Vec<String>,
    /// Its parameters.
    pub params: &'static [ParamInfo],
    /// Its object of `--json`.
    pub record: Option<Record>,
}

impl ListEntry {
    /// Does the word name this entry?
    pub(super) fn is(&self, word: &str) -> bool {
        self.name == word
            || self.extensions.contains(&word)
            || (!self.extensions.is_empty() && self.name.eq_ignore_ascii_case(word))
    }
}

/// An entry of `--json`.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Record {
    /// A method. `default`: is it the default where levels are missing?
    Method {
        name: &'static str,
        title: &'static str,
        source: String,
        ours: bool,
        default: bool,
        parameters: Vec<Parameter>,
    },
    /// A dither or a recipe.
    Name { name: &'static str, meaning: String },
    /// A format. `writes`: `lossless`, `lossy`, or `None` for read-only ones.
    Format {
        name: &'static str,
        extensions: &'static [&'static str],
        reads: bool,
        writes: Option<&'static str>,
        depths: Vec<u8>,
    },
    /// A metric.
    Metric {
        name: &'static str,
        title: &'static str,
        unit: &'static str,
        better: &'static str,
        range: String,
        compared_with: &'static str,
        meaning: String,
        source: String,
        parameters: Vec<Parameter>,
    },
    /// A network. `multiply_adds`: for each pixel of its input.
    Network {
        name: &'static str,
        title: &'static str,
        task: String,
        parameters: u64,
        multiply_adds: Option<u64>,
        source: String,
    },
    /// A degradation. `slow`: does it start programs?
    Degradation {
        name: &'static str,
        title: &'static str,
        both_sides: bool,
        slow: bool,
        source: String,
        parameters: Vec<Parameter>,
    },
}

/// All lists, in the order of their pages.
pub(super) fn lists() -> Vec<List> {
    let list = |kind, one, key, short, heading, columns, items| List {
        kind,
        one,
        key,
        short,
        heading,
        note: "",
        columns,
        items,
    };
    vec![
        List {
            note: "\n  FFmpeg's filter strings work too: deband=1thr=0.03:range=24, gradfun=1.2:16.\n",
            ..list(
                ListKind::Methods,
                Some("Method"),
                Some("methods"),
                "Methods (--method NAME; `unband list NAME` shows the parameters)",
                "Methods (--method NAME:key=value,…)",
                &[],
                unband::methods().map(method).collect(),
            )
        },
        list(
            ListKind::Dithers,
            Some("Dither"),
            Some("dithers"),
            "Dithers (--dither NAME)",
            "Dithers (--dither KIND)",
            &["dither", "description"],
            Dither::ALL.iter().map(|dither| self::dither(*dither)).collect(),
        ),
        list(
            ListKind::Formats,
            Some("Format"),
            Some("formats"),
            "Formats (--format EXT)",
            "Formats (--format EXT; metadata kept when writing)",
            &FORMAT_COLUMNS,
            FORMATS.iter().map(format).collect(),
        ),
        list(
            ListKind::Metrics,
            Some("Metric"),
            Some("metrics"),
            "Metrics (--metrics NAME,NAME,…)",
            "Metrics (--metrics NAME,NAME,…; --fail-if 'NAME>LIMIT')",
            &["metric", "unit", "better", "values", "compared with", "minimum image"],
            metrics(Domain::Image).map(metric).collect(),
        ),
        network::list(),
        list(
            ListKind::Degradations,
            Some("Degradation"),
            Some("degradations"),
            "Degradations (for recipes)",
            "Degradations (for recipes of `unband degrade --recipe`)",
            &[],
            DEGRADATIONS.iter().map(degradation).collect(),
        ),
        list(
            ListKind::Degradations,
            Some("Recipe of degradations"),
            Some("recipes"),
            "Recipes (unband degrade --recipe NAME)",
            "Built-in recipes (--recipe NAME)",
            &["recipe", "description"],
            DEGRADATION_RECIPES.iter().filter_map(degradation_recipe).collect(),
        ),
        recipes(ListKind::Tables, "Tables (unband eval NAME)", TABLES),
        recipes(ListKind::Trainings, "Trainings (unband train NAME)", TRAININGS),
    ]
}

fn method(entry: &'static Entry) -> ListEntry {
    let kind = if entry.ours {
        "By unband: kept within the quantisation intervals, applied where there is banding, dithered."
    } else if unband::networks::takes_weights(entry.params) {
        "Runs as its authors wrote it, on red, green, blue unless `order`, `scale` or the weights state otherwise."
    } else {
        "Runs as its authors wrote it."
    };
    let source = sentences(entry.source);
    let origin = format!("{kind} Source: {source}");
    ListEntry {
        name: entry.name,
        title: entry.title.to_owned(),
        default: match entry.name {
            DEFAULT => " (default where levels are missing)",
            JPEG_DEFAULT => " (default for JPEG files)",
            name if name == SMOOTH.name => " (default elsewhere)",
            _ => "",
        },
        section: format!("{}. {origin}", entry.title),
        lines: Some(vec![origin]),
        params: entry.params,
        record: Some(Record::Method {
            name: entry.name,
            title: entry.title,
            source,
            ours: entry.ours,
            default: entry.name == DEFAULT,
            parameters: parameters(entry.params),
        }),
        ..ListEntry::default()
    }
}

fn dither(dither: Dither) -> ListEntry {
    ListEntry {
        default: if dither == Dither::default() { " (default)" } else { "" },
        ..named(dither.as_str(), format!("`{}`", dither.as_str()), dither.sentence().to_owned())
    }
}

/// An entry that is a name and a title.
fn named(name: &'static str, cell: String, title: String) -> ListEntry {
    ListEntry {
        name,
        cells: vec![cell, title.clone()],
        record: Some(Record::Name { name, meaning: title.clone() }),
        title,
        ..ListEntry::default()
    }
}

const FORMAT_COLUMNS: [&str; 12] = [
    "format",
    "extensions",
    "read",
    "write",
    "depths",
    "alpha",
    "ICC",
    "Exif",
    "XMP",
    "IPTC",
    "CICP",
    "density",
];

fn format(format: &'static FormatEntry) -> ListEntry {
    let yes = |yes: bool| if yes { "yes" } else { "–" }.to_owned();
    let writes = format.writes.as_ref();
    let holds = |which: fn(&unband::io::Writes) -> bool| yes(writes.is_some_and(which));
    let loss = writes.map(|writes| if writes.lossy.holds(false) { "lossy" } else { "lossless" });
    let can = match (format.reads, writes) {
        (true, None) => "read",
        (false, _) => "written",
        (true, Some(_)) => "read and written",
    };
    let depths = writes.map_or(&[][..], |writes| writes.depths);
    let cells = vec![
        format.name.to_owned(),
        format.extensions.join(", "),
        yes(format.reads),
        loss.unwrap_or("–").to_owned(),
        if writes.is_some() { self::depths(depths) } else { "–".to_owned() },
        holds(|w| w.alpha),
        holds(|w| w.icc),
        holds(|w| w.exif),
        holds(|w| w.xmp),
        holds(|w| w.iptc),
        holds(|w| w.cicp),
        holds(|w| w.density),
    ];
    let record = Record::Format {
        name: format.name,
        extensions: format.extensions,
        reads: format.reads,
        writes: loss,
        depths: depths.iter().map(|depth| depth.bits()).collect(),
    };
    ListEntry {
        name: format.name,
        extensions: format.extensions,
        title: format!("{}, {can}", format.name),
        cells,
        record: Some(record),
        ..ListEntry::default()
    }
}

fn depths(depths: &[Depth]) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut bits = depths.iter().map(|depth| depth.bits()).peekable();
    while let Some(first) = bits.next() {
        let mut last = first;
        while let Some(next) = bits.next_if(|&next| next == last + 1) {
            last = next;
        }
        words.push(match (first, last) {
            (32, _) => "32f".to_owned(),
            (first, last) if last > first + 1 => format!("{first} to {last}"),
            (first, last) if last > first => format!("{first}, {last}"),
            (first, _) => first.to_string(),
        });
    }
    words.join(", ")
}

fn metric(metric: &Metric) -> ListEntry {
    let with = match metric.compared_with {
        ComparedWith::Nothing => "nothing",
        ComparedWith::Reference => "the reference",
        ComparedWith::Input => "the input",
    };
    let min_size = match metric.min_size {
        MinSize::Sample => "any".to_owned(),
        MinSize::Sides(side) => format!("{side}×{side}"),
        MinSize::OneSide(side) => format!("one side of {side}"),
    };
    let network = metric.network.and_then(zoo::find).map(|published| {
        let Published { name, architecture, file, author, place, .. } = published;
        let what = if *architecture == zoo::FORESTS { "regression forests" } else { "network" };
        format!("the {what} {name}: `unband models import {file}`, published by {author}, {place}")
    });
    let (range, better) = (metric.range_words(), metric.better.words().trim_end_matches(" is better"));
    let (meaning, source) = (sentences(metric.purpose), sentences(metric.source));
    let unit = if metric.unit.is_empty() { String::new() } else { format!("{}, ", metric.unit) };
    let needs = match metric.min_size {
        MinSize::Sample => String::new(),
        _ => format!("; needs {min_size} samples"),
    };
    let mut lines =
        vec![format!("{unit}{}; {range}", metric.better.words()), format!("compared with {with}{needs}")];
    lines.extend(network.iter().map(|network| format!("runs {network}")));
    lines.extend(wrapped(&meaning, 90).into_iter().map(|line| format!("    {line}")));
    lines.push(format!("Source: {source}"));
    let runs = network.map_or_else(String::new, |network| format!("\n\nIt runs {network}."));
    let params = metric.tuning.as_ref().map_or(&[][..], |tuning| tuning.params);
    let title = sentences(metric.title);
    let dash = if metric.unit.is_empty() { "–" } else { metric.unit };
    let link = format!("[`{0}`](#{0})", metric.name());
    ListEntry {
        name: metric.base(),
        title: metric.title.to_owned(),
        lines: Some(lines),
        section: format!("{title} {meaning} Source: {source}{runs}"),
        cells: vec![link, dash.to_owned(), better.to_owned(), range.clone(), with.to_owned(), min_size],
        record: Some(Record::Metric {
            name: metric.base(),
            title: metric.title,
            unit: metric.unit,
            better,
            range,
            compared_with: with,
            meaning,
            source,
            parameters: parameters(params),
        }),
        params,
        ..ListEntry::default()
    }
}

fn degradation(entry: &'static DegradationEntry) -> ListEntry {
    let sides = match entry.sides {
        Sides::Degraded => "Changes the degraded side.",
        Sides::Both => "Changes both sides in the same way.",
    };
    let speed = match entry.speed {
        Speed::Quick => "Runs in memory.",
        Speed::Slow => "Starts external programs: meant for whole images.",
    };
    let source = sentences(entry.source);
    let effect = format!("{sides} {speed} Source: {source}");
    ListEntry {
        name: entry.name,
        title: entry.title.to_owned(),
        section: format!("{} {effect}", sentences(entry.title)),
        lines: Some(vec![effect]),
        params: entry.params,
        record: Some(Record::Degradation {
            name: entry.name,
            title: entry.title,
            both_sides: matches!(entry.sides, Sides::Both),
            slow: matches!(entry.speed, Speed::Slow),
            source,
            parameters: parameters(entry.params),
        }),
        ..ListEntry::default()
    }
}

fn degradation_recipe(shipped: &'static Shipped) -> Option<ListEntry> {
    let name = shipped.name;
    let title = DegradationRecipe::find(name).ok()?.title().to_owned();
    Some(named(name, format!("[`{name}`](../../recipes/degrade/{name}.toml)"), title))
}

/// Recipes of one command with their titles: their own title, or else their first comment.
fn recipes(kind: ListKind, heading: &'static str, all: &'static [Shipped]) -> List {
    let title = |shipped: &Shipped| {
        let table = recipe::parse(shipped.text, shipped.name).ok();
        let own = table.as_ref().and_then(|table| table.get("title")?.as_str());
        let comment = shipped.text.lines().next().and_then(|line| line.strip_prefix("# "));
        let comment = comment.and_then(|line| line.split(['(', ':', ',']).next()).map(str::trim);
        own.or(comment).unwrap_or_default().to_owned()
    };
    let shown = all.iter().filter(|shipped| shipped.name != SMALL);
    let item = |shipped: &'static Shipped| ListEntry {
        name: shipped.name,
        title: title(shipped),
        ..ListEntry::default()
    };
    let items = shown.map(item).collect();
    List { kind, one: None, key: None, short: heading, heading, note: "", columns: &[], items }
}
