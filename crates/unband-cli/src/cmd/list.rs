//! `unband list`: methods, formats, metrics, recipes and other registries.

mod json;
mod markdown;
mod short;

use std::fmt::Write;

use clap::Args;
use unband::degrade::{DEGRADATIONS, DegradationEntry, DegradationRecipe, Sides, Speed};
use unband::io::{FORMATS, FormatEntry};
use unband::metrics::{Against, Domain, Least, Metric, metrics};
use unband::nets::zoo::{self, Published};
use unband::{Depth, Dither, Entry, ParamInfo, ParamKind, spoken};

use crate::bar::Bar;
use crate::outcome::Outcome;
use crate::reporter::{Failure, Loudness, Reporter};
use crate::result::{print_data, print_json};

const AFTER: &str = "\
Examples:
  unband list              names, one line each
  unband list methods      the methods with their parameters
  unband list f3kdb        any entry in detail
  unband list formats";

/// Arguments of `unband list`.
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub struct ListArgs {
    /// A kind, or the name of an entry
    ///
    /// Kinds: methods, dithers, formats, metrics, degradations, tables, trainings.
    #[arg(value_name = "KIND|NAME")]
    pub what: Option<String>,
    /// Print Markdown, as in docs/reference
    #[arg(long)]
    pub markdown: bool,
    /// Print one JSON object
    #[arg(long, conflicts_with = "markdown")]
    pub json: bool,
}

/// The kinds that can be listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Methods,
    Dithers,
    Formats,
    Measures,
    Degradations,
    /// Recipes for `unband eval`.
    Tables,
    /// Recipes for `unband train`.
    Trainings,
}

impl Kind {
    const ALL: [(Self, &'static str); 7] = [
        (Self::Methods, "methods"),
        (Self::Dithers, "dithers"),
        (Self::Formats, "formats"),
        (Self::Measures, "metrics"),
        (Self::Degradations, "degradations"),
        (Self::Tables, "tables"),
        (Self::Trainings, "trainings"),
    ];

    /// `measures` is the name of the release before (docs/renamed.md).
    fn of(word: &str) -> Option<Self> {
        let word = if word == "measures" { "metrics" } else { word };
        Self::ALL.iter().find(|(_, known)| *known == word).map(|(kind, _)| *kind)
    }

    /// The detailed list.
    fn text(self) -> String {
        match self {
            Self::Methods => methods(),
            Self::Dithers => dithers(),
            Self::Formats => formats(),
            Self::Measures => measures(),
            Self::Degradations => degradations(),
            Self::Tables => short::tables(),
            Self::Trainings => short::trainings(),
        }
    }

    /// Its page of docs/reference, where there is one.
    fn markdown(self) -> Option<String> {
        Some(match self {
            Self::Methods => markdown::methods(),
            Self::Dithers => markdown::dithers(),
            Self::Formats => markdown::formats(),
            Self::Measures => markdown::measures(),
            Self::Degradations => markdown::degradations(),
            Self::Tables | Self::Trainings => return None,
        })
    }
}

/// Prints the lists.
pub fn run(args: &ListArgs) -> Outcome {
    let kind = args.what.as_deref().map(|word| Kind::of(word).ok_or(word));
    let listed = match (kind, args.markdown, args.json) {
        (None, true, _) => {
            Ok(Kind::ALL.iter().filter_map(|(kind, _)| kind.markdown()).collect::<Vec<_>>().join("\n"))
        }
        (None, _, true) => return print_json(&json::Record::new(&|_, _| true)),
        (None, ..) => Ok(short::text()),
        (Some(Ok(kind)), true, _) => Ok(kind.markdown().unwrap_or_else(|| kind.text())),
        (Some(Ok(kind)), _, true) => return print_json(&json::Record::new(&|of, _| of == kind)),
        (Some(Ok(kind)), ..) => Ok(kind.text()),
        (Some(Err(name)), _, json) => match one(name) {
            Err(failure) => Err(failure),
            Ok(_) if json => return print_json(&json::Record::new(&|_, found| found == name)),
            Ok(text) => Ok(text),
        },
    };
    match listed {
        Ok(text) => print_data(text.as_bytes()),
        Err(failure) => {
            Reporter { loudness: Loudness::Normal, bar: &Bar::none() }.failure(&failure);
            Outcome::Usage
        }
    }
}

/// The details of all entries with this name, in any of the lists.
fn one(name: &str) -> Result<String, Failure> {
    let methods = unband::methods().filter(|entry| entry.name == name).map(method);
    let dithers =
        Dither::ALL.iter().filter(|dither| dither.word() == name).map(|dither| dither_line(*dither));
    let formats =
        FORMATS.iter().filter(|f| f.name.eq_ignore_ascii_case(name) || f.extensions.contains(&name));
    let formats = formats.map(|format| {
        let rows = COLUMNS.iter().zip(format_row(format));
        rows.fold(String::new(), |text, (column, cell)| format!("{text}  {column:10}  {cell}\n"))
    });
    let measures = metrics(Domain::Image).filter(|metric| metric.name == name).map(measure);
    let degradations = DEGRADATIONS.iter().filter(|entry| entry.name == name).map(degradation);
    let mixes = mixes().filter(|(mix, _)| *mix == name).map(|(mix, title)| format!("  {mix}  {title}\n"));
    let found: Vec<String> = (methods.map(|text| ("Method", text)))
        .chain(dithers.map(|text| ("Dither", text)))
        .chain(formats.map(|text| ("Format", text)))
        .chain(measures.map(|text| ("Metric", text)))
        .chain(degradations.map(|text| ("Degradation", text)))
        .chain(mixes.map(|text| ("Recipe of degradations", text)))
        .map(|(kind, text)| format!("{kind}\n\n{text}"))
        .collect();
    if !found.is_empty() {
        return Ok(found.join("\n"));
    }
    let near = json::names()
        .map(|known| (strsim::damerau_levenshtein(known, name), known))
        .filter(|&(apart, known)| apart <= known.len() / 3)
        .min();
    let kinds: Vec<&str> = Kind::ALL.iter().map(|(_, word)| *word).collect();
    let hint = match near {
        Some((_, near)) => format!("did you mean `{near}`?"),
        None => format!("kinds are {}; `unband list` shows all names", kinds.join(", ")),
    };
    Err(Failure::usage(format!("there is no entry `{name}`"), hint))
}

fn methods() -> String {
    let mut text = "Methods (--method NAME:key=value,…)\n".to_owned();
    for entry in unband::methods() {
        text.push('\n');
        text += &method(entry);
    }
    text += "\n  FFmpeg's filter strings work too: deband=1thr=0.03:range=24, gradfun=1.2:16.\n";
    text
}

fn method(entry: &Entry) -> String {
    let mut text = format!("  {}  {}{}\n", entry.name, entry.title, short::by_default(entry));
    let _ = writeln!(text, "      {}", origin(entry));
    text + &parameters(entry.params)
}

fn parameters(params: &[ParamInfo]) -> String {
    let mut text = String::new();
    for param in params {
        let unit = if param.unit.is_empty() { String::new() } else { format!(", in {}", param.unit) };
        let _ = writeln!(text, "      {} = {}  ({}{unit})", param.name, default(param), allowed(param));
        for line in wrapped(&sentences(param.doc), 90) {
            let _ = writeln!(text, "          {line}");
        }
    }
    text
}

/// The sides it changes, and its cost.
fn effect(entry: &DegradationEntry) -> String {
    let sides = match entry.sides {
        Sides::Degraded => "Changes the degraded side.",
        Sides::Both => "Changes both sides in the same way.",
    };
    let speed = match entry.speed {
        Speed::Quick => "Runs in memory.",
        Speed::Slow => "Starts external programs: meant for whole images.",
    };
    format!("{sides} {speed} Source: {}", sentences(entry.source))
}

fn degradations() -> String {
    let mut text = "Degradations (for recipes of `unband degrade --recipe`)\n".to_owned();
    for entry in DEGRADATIONS {
        text.push('\n');
        text += &degradation(entry);
    }
    text += "\nBuilt-in recipes (--recipe NAME)\n\n";
    for (name, title) in mixes() {
        let _ = writeln!(text, "  {name:12}  {title}");
    }
    text
}

fn degradation(entry: &DegradationEntry) -> String {
    format!("  {}  {}\n      {}\n{}", entry.name, entry.title, effect(entry), parameters(entry.params))
}

fn mixes() -> impl Iterator<Item = (&'static str, String)> {
    unband::recipes::DEGRADATION_RECIPES
        .iter()
        .filter_map(|mix| Some((mix.name, DegradationRecipe::find(mix.name).ok()?.title().to_owned())))
}

fn origin(entry: &Entry) -> String {
    let kind = if entry.ours {
        "By unband: kept within the quantisation intervals, applied where there is banding, dithered."
    } else if unband::networks::takes_weights(entry.params) {
        "Runs as its authors wrote it, on red, green, blue unless `order`, `scale` or the weights state otherwise."
    } else {
        "Runs as its authors wrote it."
    };
    format!("{kind} Source: {}", sentences(entry.source))
}

/// The text with a full stop and single spaces.
fn sentences(text: &str) -> String {
    let mut text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if !text.is_empty() && !text.ends_with('.') {
        text.push('.');
    }
    text
}

/// A parameter's default as typed on the command line.
fn default(param: &ParamInfo) -> String {
    let variant = param.default.rsplit("::").next().unwrap_or_default().trim();
    let found = match param.kind {
        // Words that are not identifiers, such as 420, have a letter before them in the source.
        ParamKind::Word(words) => {
            words.iter().find(|word| variant.eq_ignore_ascii_case(word) || variant.get(1..) == Some(**word))
        }
        _ => None,
    };
    found.map_or_else(|| value(param.default), |word| (*word).to_owned())
}

/// `1.2` for a default written as `1.2`, `keep` for one written as `Kind::Keep` or `"keep"`.
fn value(default: &str) -> String {
    let word = default.trim_matches('"').rsplit("::").next().unwrap_or(default);
    // A constant.
    if word != default
        && word.len() > 1
        && word.chars().all(|c| c.is_ascii_uppercase() || c == '_')
        && word != "TAU"
    {
        return word.to_ascii_lowercase().replace('_', "-");
    }
    match word {
        "TAU" => return "2π".to_owned(),
        // A file: no default.
        "new()" => return "none".to_owned(),
        _ => {}
    }
    if word == default || word.chars().any(|c| c.is_ascii_digit()) {
        return word.to_owned();
    }
    // An enumeration variant; the word on the command line is the same in kebab case.
    let mut out = String::new();
    for (i, c) in word.chars().enumerate() {
        if c.is_uppercase() && i > 0 {
            out.push('-');
        }
        out.extend(c.to_lowercase());
    }
    out
}

fn allowed(param: &ParamInfo) -> String {
    match param.kind {
        ParamKind::Number | ParamKind::Whole if !param.range.is_empty() => spoken(param.range),
        kind => kind.to_string(),
    }
}

/// The use of a dither.
fn dither_doc(dither: Dither) -> &'static str {
    match dither {
        Dither::None => "Plain rounding: bands return.",
        Dither::Ordered => "A regular 16×16 pattern: compresses well and survives video encoding.",
        Dither::BlueNoise => "A 64×64 pattern without low frequencies: the least visible at equal strength.",
        Dither::ErrorDiffusion => "Error diffusion to neighbouring samples: the finest for still images.",
        Dither::Tpdf => "Noise with a strength independent of the image: light grain.",
    }
}

fn dithers() -> String {
    let mut text = "Dithers (--dither KIND)\n\n".to_owned();
    for dither in Dither::ALL {
        text += &dither_line(*dither);
    }
    text
}

fn dither_line(dither: Dither) -> String {
    let default = if dither == Dither::default() { " (default)" } else { "" };
    format!("  {:15}  {}{default}\n", dither.word(), dither_doc(dither))
}

const COLUMNS: [&str; 12] = [
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

fn format_row(format: &FormatEntry) -> [String; 12] {
    let yes = |yes: bool| if yes { "yes" } else { "–" }.to_owned();
    let writes = format.writes.as_ref();
    let holds = |which: fn(&unband::io::Writes) -> bool| yes(writes.is_some_and(which));
    [
        format.name.to_owned(),
        format.extensions.join(", "),
        yes(format.reads),
        match writes {
            None => "–".to_owned(),
            Some(writes) if writes.lossy.holds(false) => "lossy".to_owned(),
            Some(_) => "lossless".to_owned(),
        },
        writes.map_or_else(|| "–".to_owned(), |writes| depths(writes.depths)),
        holds(|w| w.alpha),
        holds(|w| w.icc),
        holds(|w| w.exif),
        holds(|w| w.xmp),
        holds(|w| w.iptc),
        holds(|w| w.cicp),
        holds(|w| w.density),
    ]
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

fn formats() -> String {
    let rows: Vec<[String; 12]> =
        std::iter::once(COLUMNS.map(str::to_owned)).chain(FORMATS.iter().map(format_row)).collect();
    let mut text = "Formats (--format EXT; metadata kept when writing)\n\n".to_owned();
    for row in &rows {
        text.push(' ');
        for (column, cell) in row.iter().enumerate() {
            let width = rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
            let _ = write!(text, " {cell:width$}");
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    text
}

fn against(metric: &Metric) -> &'static str {
    match metric.against {
        Against::Nothing => "nothing",
        Against::Reference => "the reference",
        Against::Input => "the input",
    }
}

fn least(metric: &Metric) -> String {
    match metric.least {
        Least::Sample => "any".to_owned(),
        Least::Sides(side) => format!("{side}×{side}"),
        Least::OneSide(side) => format!("one side of {side}"),
    }
}

/// The network or the forests that a metric runs, and the source of their weights.
fn network(metric: &Metric) -> Option<String> {
    let Published { name, architecture, file, author, place, .. } = zoo::find(metric.network?)?;
    let what = if *architecture == zoo::FORESTS { "regression forests" } else { "network" };
    Some(format!("the {what} {name}: `unband models import {file}`, published by {author}, {place}"))
}

fn measures() -> String {
    let mut text = "Metrics (--metrics NAME,NAME,…; --fail-if 'NAME>LIMIT')\n".to_owned();
    for metric in metrics(Domain::Image) {
        text.push('\n');
        text += &measure(metric);
    }
    text
}

fn measure(metric: &Metric) -> String {
    let mut text = format!("  {}  {}\n", metric.name, metric.title);
    let unit = if metric.unit.is_empty() { String::new() } else { format!("{}, ", metric.unit) };
    let _ = writeln!(text, "      {unit}{}; {}", metric.better.words(), metric.range_words());
    let least = match metric.least {
        Least::Sample => String::new(),
        _ => format!("; needs {} samples", least(metric)),
    };
    let _ = writeln!(text, "      compared with {}{least}", against(metric));
    if let Some(network) = network(metric) {
        let _ = writeln!(text, "      runs {network}");
    }
    for line in wrapped(&sentences(metric.purpose), 90) {
        let _ = writeln!(text, "          {line}");
    }
    let _ = writeln!(text, "      Source: {}", sentences(metric.source));
    text
}

/// Breaks words into lines of at most `width` characters.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.len() - 1;
        let line = &mut lines[last];
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(word.to_owned());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_shown_as_people_write_them() {
        assert_eq!(value("1.2"), "1.2");
        assert_eq!(value("true"), "true");
        assert_eq!(value("Kind::BlueNoise"), "blue-noise");
        assert_eq!(value("\"auto\""), "auto");
        assert_eq!(value("Presets::NONE"), "none");
        assert_eq!(value("std::f32::consts::TAU"), "2π");
    }

    #[test]
    fn long_docs_are_wrapped_at_words() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("", 7), [""]);
    }
}
