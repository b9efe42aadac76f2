//! Markdown pages of docs/reference.

use std::fmt::Write;

use unband::Dither;

use super::ListKind;
use super::model::List;
use super::params::parameters;

const GENERATED: &str = "<!-- Written by `unband list --markdown`; a test compares. Do not edit. -->";

/// The page of a kind, from its lists, where there is one.
pub(super) fn page(kind: ListKind, lists: &[&List]) -> Option<String> {
    let (title, about) = match kind {
        ListKind::Methods => (
            "Methods",
            "`--method NAME` or `--method NAME:key=value,…`. FFmpeg's filter strings work too: \
             `deband=1thr=0.03:range=24`, `gradfun=1.2:16`."
                .to_owned(),
        ),
        ListKind::Dithers => {
            ("Dithers", format!("For `--dither`; the default is `{}`.", Dither::default().as_str()))
        }
        ListKind::Formats => (
            "Formats",
            "The columns from *depths* on show which data is kept when writing. Details and limits of each \
             format: [formats.md](../guide/formats.md)."
                .to_owned(),
        ),
        ListKind::Metrics => ("Metrics", METRICS.to_owned()),
        ListKind::Networks => ("Networks", NETWORKS.to_owned()),
        ListKind::Degradations => (
            "Degradations",
            "The building blocks of recipes; see [degrading.md](../guide/degrading.md). Built-in recipes, for \
             `--recipe`:"
                .to_owned(),
        ),
        ListKind::Tables | ListKind::Trainings => return None,
    };
    let mut text = format!("# {title}\n\n{GENERATED}\n\n{about}\n");
    for list in lists.iter().filter(|list| !list.columns.is_empty()) {
        text += &table(list.columns, list.items.iter().map(|item| item.cells.clone()));
    }
    for item in lists.iter().flat_map(|list| &list.items).filter(|item| !item.section.is_empty()) {
        let _ = writeln!(text, "\n## {}\n\n{}", item.name, item.section);
        if !item.params.is_empty() {
            let rows = parameters(item.params).into_iter().map(|param| {
                let unit = if param.unit.is_empty() { "–" } else { param.unit };
                let meaning = param.meaning.replace('|', "\\|");
                vec![format!("`{}`", param.name), param.default, param.allowed, unit.to_owned(), meaning]
            });
            text += &table(&["parameter", "default", "allowed", "unit", "description"], rows);
        } else if kind == ListKind::Methods {
            text += "\nNo parameters.\n";
        }
    }
    Some(text)
}

const NETWORKS: &str = "Networks with images as results, at the published depth and width. \
     `unband models show NAME` prints the layers, `unband models list` the publishers of weights. Multiply-adds are those \
     of convolutions, linear layers and attention of one pass, for each pixel of the input. A processor core takes about \
     10 seconds per megapixel for a million of them: [time and memory](../results/engine.md). Large images are \
     worked on in windows, as large as `--max-memory` allows.";

const METRICS: &str = "For `--metrics NAME,NAME,…` and `--fail-if 'NAME>LIMIT'` of `unband score` and `unband compare`. `score` \
     computes those compared with nothing; the input is the image before its repair.\n\nThe images of a pair \
     need the same size and colour model. Their depths may differ: an 8-bit result is compared with its 16-bit \
     reference on one scale, without rounding, and `compare` reports it. Metrics defined on whole codes (`gmsd`, \
     `ms-ssim`, `ssim-matlab-gray`) round to those of the deeper image, `psnr-y-rounded` always to 8 bits.";

/// A table after an empty line.
fn table(head: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut text = format!("\n| {} |\n|{}\n", head.join(" | "), "---|".repeat(head.len()));
    for row in rows {
        let _ = writeln!(text, "| {} |", row.join(" | "));
    }
    text
}
