//! Markdown pages of docs/reference.

use std::fmt::Write;

use unband::degrade::DEGRADATIONS;
use unband::io::FORMATS;
use unband::metrics::{Domain, metrics};
use unband::{Dither, ParamInfo};

use super::{
    COLUMNS, against, allowed, default, dither_doc, effect, format_row, least, mixes, network, origin,
    sentences,
};

const GENERATED: &str = "<!-- Written by `unband list --markdown`; a test compares. Do not edit. -->";

pub fn methods() -> String {
    let mut text = format!(
        "# Methods\n\n{GENERATED}\n\n`--method NAME` or `--method NAME:key=value,…`. FFmpeg's filter strings \
         work too: `deband=1thr=0.03:range=24`, `gradfun=1.2:16`.\n"
    );
    for entry in unband::methods() {
        let _ = writeln!(text, "\n## {}\n\n{}. {}", entry.name, entry.title, origin(entry));
        if entry.params.is_empty() {
            text += "\nNo parameters.\n";
            continue;
        }
        text += &parameters(entry.params);
    }
    text
}

fn parameters(params: &[ParamInfo]) -> String {
    let mut text =
        "\n| parameter | default | allowed | unit | description |\n|---|---|---|---|---|\n".to_owned();
    for param in params {
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {} | {} |",
            param.name,
            default(param),
            allowed(param),
            unit(param.unit),
            sentences(param.doc).replace('|', "\\|")
        );
    }
    text
}

/// A unit for a table.
fn unit(unit: &str) -> &str {
    if unit.is_empty() { "–" } else { unit }
}

pub fn degradations() -> String {
    let mut text = format!(
        "# Degradations\n\n{GENERATED}\n\nThe building blocks of recipes; see [degrading.md](../guide/degrading.md). Built-in recipes, \
         for `--recipe`:\n\n| recipe | description |\n|---|---|\n"
    );
    for (name, title) in mixes() {
        let _ = writeln!(text, "| [`{name}`](../../recipes/degrade/{name}.toml) | {title} |");
    }
    for entry in DEGRADATIONS {
        let title = sentences(entry.title);
        let _ = writeln!(text, "\n## {}\n\n{title} {}", entry.name, effect(entry));
        text += &parameters(entry.params);
    }
    text
}

pub fn dithers() -> String {
    let mut text = format!(
        "# Dithers\n\n{GENERATED}\n\nFor `--dither`; the default is `{}`.\n\n| dither | description |\n|---|---|\n",
        Dither::default().word()
    );
    for dither in Dither::ALL {
        let _ = writeln!(text, "| `{}` | {} |", dither.word(), dither_doc(*dither));
    }
    text
}

pub fn formats() -> String {
    let mut text = format!(
        "# Formats\n\n{GENERATED}\n\nThe columns from *depths* on show which data is kept when writing. Details and limits \
         of each format: [formats.md](../guide/formats.md).\n\n| {} |\n|{}\n",
        COLUMNS.join(" | "),
        "---|".repeat(COLUMNS.len())
    );
    for format in FORMATS {
        let _ = writeln!(text, "| {} |", format_row(format).join(" | "));
    }
    text
}

pub fn measures() -> String {
    let mut text = format!(
        "# Metrics\n\n{GENERATED}\n\nFor `--metrics NAME,NAME,…` and `--fail-if 'NAME>LIMIT'` of `unband score` and \
         `unband compare`. `score` computes those compared with nothing; the input is the image before its \
         repair.\n\nThe images of a pair need the same size and colour model. Their depths may differ: an 8-bit result is \
         compared with its 16-bit reference on one scale, without rounding, and `compare` reports it. Metrics \
         defined on whole codes (`gmsd`, `ms-ssim`, `ssim-matlab-gray`) round to those of the deeper image, \
         `psnr-y-rounded` always to 8 bits.\n\n| metric | unit | better | values | compared with | minimum image |\n|---|---|---|---|---|---|\n"
    );
    for metric in metrics(Domain::Image) {
        let better = metric.better.words().trim_end_matches(" is better");
        let cells =
            [unit(metric.unit), better, &metric.range_words(), against(metric), &least(metric)].join(" | ");
        let _ = writeln!(text, "| [`{0}`](#{0}) | {cells} |", metric.name);
    }
    for metric in metrics(Domain::Image) {
        let parts = [metric.title, metric.purpose, &format!("Source: {}", metric.source)].map(sentences);
        let _ = writeln!(text, "\n## {}\n\n{}", metric.name, parts.join(" "));
        if let Some(network) = network(metric) {
            let _ = writeln!(text, "\nIt runs {network}.");
        }
    }
    text
}
