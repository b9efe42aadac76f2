//! The pages of docs/reference.

use std::fmt::Write;

use unband::Dither;
use unband_data::DEGRADATIONS;
use unband_image::ParamInfo;
use unband_io::FORMATS;
use unband_metrics::METRICS;

use super::{
    COLUMNS, against, allowed, default, dither_doc, effect, format_row, least, mixes, network, origin,
    sentences,
};
use crate::cmd::score::{better, range};

const GENERATED: &str = "<!-- Written by `unband list --markdown`; a test compares. Do not edit. -->";

pub fn methods() -> String {
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
        text += &parameters(entry.params);
    }
    text
}

fn parameters(params: &[ParamInfo]) -> String {
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

pub fn degradations() -> String {
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
        text += &parameters(entry.params);
    }
    text
}

pub fn dithers() -> String {
    let mut text = format!(
        "# Dithers\n\n{GENERATED}\n\nFor `--dither`; without it `{}`.\n\n| dither | what it does |\n|---|---|\n",
        Dither::default().word()
    );
    for dither in Dither::ALL {
        let _ = writeln!(text, "| `{}` | {} |", dither.word(), dither_doc(*dither));
    }
    text
}

pub fn formats() -> String {
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

pub fn measures() -> String {
    let mut text = format!(
        "# Measures\n\n{GENERATED}\n\nFor `--metrics NAME,NAME,…` and `--fail-if 'NAME>LIMIT'` of `unband score` and \
         `unband compare`. `score` takes those that are compared with nothing; the input is the image before its \
         repair.\n\nPictures of a pair have one size and one colour model. Their depths may differ: samples lie on one \
         scale, an 8-bit result is compared with its 16-bit reference as it is, and `compare` says so. Measures whose \
         definition works on whole codes (`gmsd`, `ms-ssim`, `ssim-matlab-gray`) round to those of the deeper one, `psnr-y-rounded` always to 8 bits.\n\n| measure | unit | better | values | compared with | least image |\n|---|---|---|---|---|---|\n"
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
