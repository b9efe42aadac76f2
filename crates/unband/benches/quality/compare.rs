//! All methods on photos and degradations, measured with `unband compare`.

use std::collections::HashMap;
use std::fs::{copy, create_dir_all, remove_dir_all};
use std::path::Path;
use std::process::Command;

use unband::filters;
use unband_data::FixedDegradation;

use crate::corpus::{Corpus, Photo};
use crate::{Output, Result};

/// Metrics in column order: name, heading, digits, whether higher is better.
const COLUMNS: [(&str, &str, usize, bool); 8] = [
    ("psnr", "PSNR", 2, true),
    ("ssim-gauss11-rgb", "SSIM", 4, true),
    ("flat-psnr", "flat PSNR", 2, true),
    ("false-steps", "false steps", 1, false),
    ("contour-jump", "contour jump", 2, false),
    ("cambi", "CAMBI", 2, false),
    ("cambi-coarse", "CAMBI coarse", 2, false),
    ("bband", "BBAND", 2, false),
];
const GRADES: [&str; 4] = ["none", "slight", "visible", "strong"];
/// PSNR of equal images in dB, so that means exist.
const MOST_DB: f64 = 100.0;
const REFERENCE: &str = "reference";
const INPUT: &str = "input";

/// The values of one image, by column, and its verdict.
struct Line {
    role: String,
    values: [Option<f64>; COLUMNS.len()],
    grade: usize,
}

/// Runs the program for each degradation and prints its command line and the table.
pub(crate) fn table(
    program: &Path,
    corpus: &Corpus,
    photos: &[&Photo],
    causes: &[&FixedDegradation],
    out: &mut Output,
) -> Result<()> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compare");
    if folder.exists() {
        remove_dir_all(&folder)?;
    }
    println!("in {}", folder.display());
    let names: Vec<&str> = filters().map(|method| method.name).collect();
    let headings = COLUMNS.map(|(_, heading, _, more)| format!("{heading} {}", if more { "↑" } else { "↓" }));
    out.say(&format!("| degradation | image | {} | {} |", headings.join(" | "), GRADES.join(" / ")));
    out.say(&format!("|---|---|{}---|", "---:|".repeat(COLUMNS.len())));
    let mut all = Vec::new();
    for cause in causes {
        if !lay_out(&folder, corpus, photos, cause)? {
            out.say(&format!("| {} | skipped: a program it needs is not installed |", cause.name));
            continue;
        }
        let lines = measured(program, &folder, cause.name, &names)?;
        for row in rows(cause.name, &names, &lines) {
            out.say(&row);
        }
        all.extend(lines);
    }
    for row in rows("**all**", &names, &all) {
        out.say(&row);
    }
    out.say(&counts(&all));
    Ok(())
}

/// Stores the images of a degradation for the program; `false` when they cannot be made.
fn lay_out(folder: &Path, corpus: &Corpus, photos: &[&Photo], cause: &FixedDegradation) -> Result<bool> {
    for photo in photos {
        let Some((clean, banded)) = corpus.pair_files(photo, cause)? else { return Ok(false) };
        for (side, file) in [("clean", clean), ("banded", banded)] {
            let into = folder.join(side).join(cause.name);
            create_dir_all(&into)?;
            let extension = file.extension().and_then(|e| e.to_str()).unwrap_or_default();
            copy(&file, into.join(format!("{}.{extension}", photo.name)))?;
        }
    }
    Ok(true)
}

/// Results of `unband compare` for the images of a degradation.
fn measured(program: &Path, folder: &Path, cause: &str, methods: &[&str]) -> Result<Vec<Line>> {
    let (clean, banded) = (format!("clean/{cause}"), format!("banded/{cause}"));
    let metrics = COLUMNS.map(|(name, ..)| name).join(",");
    let run = |table: &str, words: &[&str]| -> Result<Vec<Line>> {
        let words = [&["compare", &clean, &banded], words, &["--csv", table]].concat();
        println!("$ unband {}", words.join(" "));
        let output = Command::new(program).current_dir(folder).args(&words).output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into());
        }
        read(&folder.join(table))
    };
    let mut lines = run(&format!("{cause}.csv"), &["--method", &methods.join(","), "--metrics", &metrics])?;
    // The contours of the input are measured by comparing the input with itself.
    let before =
        run(&format!("{cause}-input.csv"), &["--input", &banded, "--metrics", "contour-jump,cambi"])?;
    let inputs = lines.iter_mut().filter(|line| line.role == INPUT);
    for (input, before) in inputs.zip(before.into_iter().filter(|line| line.role == "result")) {
        for (value, known) in input.values.iter_mut().zip(before.values) {
            *value = value.or(known);
        }
    }
    Ok(lines)
}

fn read(table: &Path) -> Result<Vec<Line>> {
    let mut reader = csv::Reader::from_path(table)?;
    reader
        .deserialize()
        .map(|row| {
            let row: HashMap<String, String> = row?;
            let cell = |name: &str| row.get(name).map_or("", String::as_str);
            let grade = GRADES.iter().position(|&grade| grade == cell("banding"));
            let value = |(name, _, _, more): (&str, _, _, bool)| -> Option<f64> {
                let value: f64 = cell(name).parse().ok()?;
                Some(if more { value.min(MOST_DB) } else { value })
            };
            Ok(Line {
                role: cell("role").to_owned(),
                values: COLUMNS.map(value),
                grade: grade.ok_or_else(|| format!("{}: no verdict", table.display()))?,
            })
        })
        .collect()
}

/// The rows of a degradation: the original, the input, then each method; the best except for the original in
/// bold.
fn rows(cause: &str, methods: &[&str], lines: &[Line]) -> Vec<String> {
    let roles: Vec<&str> = [REFERENCE, INPUT].iter().chain(methods).copied().collect();
    let means: Vec<[Option<f64>; COLUMNS.len()]> = roles.iter().map(|role| mean_of(role, lines)).collect();
    let digits = |c: usize, value: f64| format!("{value:.*}", COLUMNS[c].2);
    let best: [Option<String>; COLUMNS.len()] = std::array::from_fn(|c| {
        let values = means[1..].iter().filter_map(|mean| mean[c]);
        let best = if COLUMNS[c].3 { values.reduce(f64::max) } else { values.reduce(f64::min) };
        best.map(|value| digits(c, value))
    });
    let row = |(role, mean): (&&str, &[Option<f64>; COLUMNS.len()])| {
        let cells: Vec<String> = (0..COLUMNS.len())
            .map(|c| match mean[c].map(|value| digits(c, value)) {
                None => "–".to_owned(),
                shown if *role != REFERENCE && shown == best[c] => {
                    format!("**{}**", shown.unwrap_or_default())
                }
                Some(shown) => shown,
            })
            .collect();
        let graded = |grade| lines.iter().filter(|l| l.role == **role && l.grade == grade).count();
        let grades: Vec<String> = (0..GRADES.len()).map(|grade| graded(grade).to_string()).collect();
        let shown = if *role == REFERENCE { "original" } else { role };
        format!("| {cause} | {shown} | {} | {} |", cells.join(" | "), grades.join(" / "))
    };
    roles.iter().zip(&means).map(row).collect()
}

/// Number of inputs with a value.
fn counts(lines: &[Line]) -> String {
    let inputs = || lines.iter().filter(|line| line.role == INPUT);
    let count = |c: usize| inputs().filter(|line| line.values[c].is_some()).count().to_string();
    let cells: Vec<String> = (0..COLUMNS.len()).map(count).collect();
    format!("| **all** | values | {} | {} |", cells.join(" | "), inputs().count())
}

/// Mean over the images with a value.
fn mean_of(role: &str, lines: &[Line]) -> [Option<f64>; COLUMNS.len()] {
    std::array::from_fn(|c| {
        let values = lines.iter().filter(|line| line.role == role).filter_map(|line| line.values[c]);
        let (sum, count) = values.fold((0.0, 0), |(sum, count), value| (sum + value, count + 1));
        (count > 0).then(|| sum / f64::from(count))
    })
}
