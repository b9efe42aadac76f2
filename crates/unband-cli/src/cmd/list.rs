//! `unband list`: what the registries hold.

use std::fmt::Write;

use clap::{Args, ValueEnum};
use unband::Dither;
use unband_data::{DEGRADATIONS, DegradationEntry, Mix, Shipped, Sides, Speed};
use unband_image::{Depth, Entry, ParamInfo, ParamKind};
use unband_io::{FORMATS, FormatEntry};
use unband_metrics::{Against, Least, METRICS, Metric};
use unband_nets::zoo::{self, Published};

use crate::Outcome;
use crate::cmd::score::{better, range};
use crate::result::print_data;

/// What it takes.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Only these
    #[arg(value_enum)]
    pub what: Option<Kind>,
    /// As Markdown, the way docs/reference has it
    #[arg(long)]
    pub markdown: bool,
}

/// What can be listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// Methods for `--method`, with their parameters
    Methods,
    /// Kinds of dither for `--dither`
    Dithers,
    /// File formats
    Formats,
    /// Measures for `--metrics` and `--fail-if`
    Measures,
    /// Degradations for mixes, with their parameters
    Degradations,
}

/// Prints the lists.
pub fn run(args: &ListArgs) -> Outcome {
    let kinds = args.what.map_or_else(|| Kind::value_variants().to_vec(), |kind| vec![kind]);
    let lists: Vec<String> = kinds
        .into_iter()
        .map(|kind| match (kind, args.markdown) {
            (Kind::Methods, false) => methods(),
            (Kind::Dithers, false) => dithers(),
            (Kind::Formats, false) => formats(),
            (Kind::Measures, false) => measures(),
            (Kind::Degradations, false) => degradations(),
            (Kind::Methods, true) => methods_markdown(),
            (Kind::Dithers, true) => dithers_markdown(),
            (Kind::Formats, true) => formats_markdown(),
            (Kind::Measures, true) => measures_markdown(),
            (Kind::Degradations, true) => degradations_markdown(),
        })
        .collect();
    print_data(lists.join("\n").as_bytes())
}

const GENERATED: &str = "<!-- Written by `unband list --markdown`; a test compares. Do not edit. -->";

fn methods() -> String {
    let mut text = "Methods (--method NAME:key=value,…)\n".to_owned();
    for entry in unband::methods() {
        let _ = writeln!(text, "\n  {}  {}", entry.name, entry.title);
        let _ = writeln!(text, "      {}", origin(entry));
        text += &parameters(entry.params);
    }
    text += "\n  Recipes of ffmpeg are methods too: deband=1thr=0.03:range=24, gradfun=1.2:16.\n";
    text
}

fn methods_markdown() -> String {
    let mut text = format!(
        "# Methods\n\n{GENERATED}\n\n`--method NAME` or `--method NAME:key=value,…`. Recipes of ffmpeg are understood \
         as they are: `deband=1thr=0.03:range=24`, `gradfun=1.2:16`.\n"
    );
    for entry in unband::methods() {
        let _ = writeln!(text, "\n## {}\n\n{}. {}", entry.name, entry.title, origin(entry));
        if entry.params.is_empty() {
            text += "\nIt has no parameters.\n";
            continue;
        }
        text += &parameters_markdown(entry.params);
    }
    text
}

fn parameters(params: &[ParamInfo]) -> String {
    let mut text = String::new();
    for param in params {
        let _ = writeln!(text, "      {} = {}  ({})", param.name, default(param), allowed(param));
        for line in wrapped(&sentences(param.doc), 90) {
            let _ = writeln!(text, "          {line}");
        }
    }
    text
}

fn parameters_markdown(params: &[ParamInfo]) -> String {
    let mut text = "\n| parameter | default | allowed | what it does |\n|---|---|---|---|\n".to_owned();
    for param in params {
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {} |",
            param.name,
            default(param),
            allowed(param),
            sentences(param.doc).replace('|', "\\|")
        );
    }
    text
}

/// Which sides it changes, and how long it takes.
fn effect(entry: &DegradationEntry) -> String {
    let sides = match entry.sides {
        Sides::Degraded => "Changes the degraded side.",
        Sides::Both => "Changes both sides alike.",
    };
    let speed = match entry.speed {
        Speed::Quick => "Works in memory.",
        Speed::Slow => "Starts programs: meant for whole pictures.",
    };
    format!("{sides} {speed} Source: {}", sentences(entry.source))
}

fn degradations() -> String {
    let mut text = "Degradations (for mixes of `unband degrade --recipe`)\n".to_owned();
    for entry in DEGRADATIONS {
        let _ = writeln!(text, "\n  {}  {}\n      {}", entry.name, entry.title, effect(entry));
        text += &parameters(entry.params);
    }
    text += "\nMixes that are built in (--recipe NAME)\n\n";
    for (name, title) in mixes() {
        let _ = writeln!(text, "  {name:12}  {title}");
    }
    text
}

fn degradations_markdown() -> String {
    let mut text = format!(
        "# Degradations\n\n{GENERATED}\n\nWhat mixes are made of; [degrading.md](../degrading.md) says how. Mixes that are built \
         in, for `--recipe`:\n\n| mix | what it is |\n|---|---|\n"
    );
    for (name, title) in mixes() {
        let _ = writeln!(text, "| [`{name}`](../../recipes/degrade/{name}.toml) | {title} |");
    }
    for entry in DEGRADATIONS {
        let title = sentences(entry.title);
        let _ = writeln!(text, "\n## {}\n\n{title} {}", entry.name, effect(entry));
        text += &parameters_markdown(entry.params);
    }
    text
}

fn mixes() -> impl Iterator<Item = (&'static str, String)> {
    Shipped::ALL.iter().filter_map(|mix| Some((mix.name, Mix::find(mix.name).ok()?.title().to_owned())))
}

fn origin(entry: &Entry) -> String {
    let kind = if entry.ours {
        "Ours: kept inside the cells, applied where there is banding, dithered."
    } else {
        "Runs as its authors wrote it."
    };
    format!("{kind} Source: {}", sentences(entry.source))
}

/// The text with a full stop and single blanks.
fn sentences(text: &str) -> String {
    let mut text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if !text.is_empty() && !text.ends_with('.') {
        text.push('.');
    }
    text
}

/// A parameter's default as people write it.
fn default(param: &ParamInfo) -> String {
    let variant = param.default.rsplit("::").next().unwrap_or_default().trim();
    let found = match param.kind {
        // Words that are no names, such as 420, have a letter before them in the source.
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
    match word {
        "TAU" => return "2π".to_owned(),
        // A file: there is none unless it is given.
        "new()" => return "none".to_owned(),
        _ => {}
    }
    if word == default || word.chars().any(|c| c.is_ascii_digit()) {
        return word.to_owned();
    }
    // An enumeration's variant; people write its word, which is the same in kebab case.
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
        ParamKind::Number | ParamKind::Whole if !param.range.is_empty() => param
            .range
            .split("..=")
            .map(str::trim)
            .collect::<Vec<_>>()
            .join(" to ")
            .replace('_', "")
            .replace("TAU", "2π"),
        kind => kind.to_string(),
    }
}

/// What a dither is good for.
fn dither_doc(dither: Dither) -> &'static str {
    match dither {
        Dither::None => "Plain rounding. Bands come back.",
        Dither::Ordered => "A regular 16×16 pattern: compresses well and survives video coding.",
        Dither::BlueNoise => "A 64×64 pattern without coarse parts: the least visible at equal strength.",
        Dither::ErrorDiffusion => "Each error goes to the neighbours: the finest for stills.",
        Dither::Tpdf => "Noise whose strength does not depend on the picture: a light grain.",
    }
}

fn dithers() -> String {
    let mut text = "Dithers (--dither KIND)\n\n".to_owned();
    for dither in Dither::ALL {
        let default = if *dither == Dither::default() { " (default)" } else { "" };
        let _ = writeln!(text, "  {:15}  {}{default}", dither.word(), dither_doc(*dither));
    }
    text
}

fn dithers_markdown() -> String {
    let mut text = format!(
        "# Dithers\n\n{GENERATED}\n\nFor `--dither`; without it `{}`.\n\n| dither | what it does |\n|---|---|\n",
        Dither::default().word()
    );
    for dither in Dither::ALL {
        let _ = writeln!(text, "| `{}` | {} |", dither.word(), dither_doc(*dither));
    }
    text
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
    let holds = |which: fn(&unband_io::Writes) -> bool| yes(writes.is_some_and(which));
    [
        format.name.to_owned(),
        format.extensions.join(", "),
        yes(format.reads),
        match writes {
            None => "–".to_owned(),
            Some(writes) if writes.lossy => "lossy".to_owned(),
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
    let mut text = "Formats (--format EXT; what can be kept when writing)\n\n".to_owned();
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

fn formats_markdown() -> String {
    let mut text = format!(
        "# Formats\n\n{GENERATED}\n\nThe columns from *depths* on say what is kept when writing. How each format is read \
         and written, and what that cannot do, is in [formats.md](../formats.md).\n\n| {} |\n|{}\n",
        COLUMNS.join(" | "),
        "---|".repeat(COLUMNS.len())
    );
    for format in FORMATS {
        let _ = writeln!(text, "| {} |", format_row(format).join(" | "));
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

/// The network or the forests that a measure runs, and where their numbers are.
fn network(metric: &Metric) -> Option<String> {
    let Published { name, architecture, file, author, place, .. } = zoo::find(metric.network?)?;
    let what = if *architecture == zoo::FORESTS { "regression forests" } else { "network" };
    Some(format!("the {what} {name}: `unband models import {file}`, published by {author}, {place}"))
}

fn measures() -> String {
    let mut text = "Measures (--metrics NAME,NAME,…; --fail-if 'NAME>LIMIT')\n".to_owned();
    for metric in METRICS {
        let _ = writeln!(text, "\n  {}  {}", metric.name, metric.title);
        let unit = if metric.unit.is_empty() { String::new() } else { format!("{}, ", metric.unit) };
        let _ = writeln!(text, "      {unit}{}; {}", better(metric), range(metric));
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
    }
    text
}

fn measures_markdown() -> String {
    let mut text = format!(
        "# Measures\n\n{GENERATED}\n\nFor `--metrics NAME,NAME,…` and `--fail-if 'NAME>LIMIT'` of `unband score` and \
         `unband compare`. `score` takes those that are compared with nothing; the input is the picture before its \
         repair.\n\nPictures of a pair have one size and one colour model. Their depths may differ: samples lie on one \
         scale, an 8-bit result is compared with its 16-bit reference as it is, and `compare` says so. Measures whose \
         definition works on whole codes (`gmsd`, `ms-ssim`, `ssim-matlab-gray`) round to those of the deeper one, `psnr-y-rounded` always to 8 bits.\n\n| measure | unit | better | values | compared with | least picture |\n|---|---|---|---|---|---|\n"
    );
    for metric in METRICS {
        let unit = if metric.unit.is_empty() { "–" } else { metric.unit };
        let better = better(metric).trim_end_matches(" is better");
        let cells = [unit, better, &range(metric), against(metric), &least(metric)].join(" | ");
        let _ = writeln!(text, "| [`{0}`](#{0}) | {cells} |", metric.name);
    }
    for metric in METRICS {
        let parts = [metric.title, metric.purpose, &format!("Source: {}", metric.source)].map(sentences);
        let _ = writeln!(text, "\n## {}\n\n{}", metric.name, parts.join(" "));
        if let Some(network) = network(metric) {
            let _ = writeln!(text, "\nIt runs {network}.");
        }
    }
    text
}

/// Words in lines of at most `width` characters.
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
    }

    #[test]
    fn long_docs_are_wrapped_at_words() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("", 7), [""]);
    }
}
