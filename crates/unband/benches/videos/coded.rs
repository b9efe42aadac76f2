//! Benchmark of low-rate clips in four codecs: gain of the default job and of reimplementations.

use std::fmt::Write as _;
use std::path::Path;

use unband::video::VideoOptions;
use unband::{Choice, With};
use unband_video::Purpose;

use crate::score::{self, Scores};
use crate::tools::{ffmpeg, text};
use crate::{Result, Run, clips, job};

/// Sources: a name, and arguments for `FFmpeg`. At these rates flat areas are clearly banded.
const CODECS: &[(&str, &[&str])] = &[
    ("x264", &["-c:v", "libx264", "-crf", "30", "-pix_fmt", "yuv420p"]),
    ("x265", &["-c:v", "libx265", "-crf", "32", "-pix_fmt", "yuv420p", "-x265-params", "log-level=error"]),
    ("VP9", &["-c:v", "libvpx-vp9", "-crf", "44", "-b:v", "0", "-cpu-used", "4", "-pix_fmt", "yuv420p"]),
    ("AV1", &["-c:v", "libsvtav1", "-crf", "55", "-preset", "8", "-pix_fmt", "yuv420p"]),
    (GOOD, &["-c:v", "libx265", "-crf", "14", "-pix_fmt", "yuv420p10le", "-x265-params", "log-level=error"]),
];

/// Ten bits at a high rate: nothing to repair.
const GOOD: &str = "x265, ten bits";

/// Methods compared with the source: the default and reimplementations.
const METHODS: &str = "auto;ffmpeg-deband;gradfun;f3kdb";

/// Results of one method on the clips of a codec.
struct Row {
    codec: &'static str,
    method: String,
    scores: Vec<Scores>,
    /// Clips that were copied because nothing was found.
    copied: usize,
}

/// Makes the page section.
pub(crate) fn page(run: &Run) -> Result<String> {
    let mut rows: Vec<Row> = Vec::new();
    for clip in clips::CLIPS.iter().filter(|clip| run.selects(clip.name)) {
        let clean = run.clean(clip)?;
        let reference = score::Reference::from_path(&clean)?;
        for &(codec, args) in
            CODECS.iter().filter(|(name, _)| run.codec.as_deref().is_none_or(|one| one == *name))
        {
            let source = run.folder.join(format!("{}.{codec}.mkv", clip.name));
            if !source.exists() {
                ffmpeg(&[&["-i", text(&clean)?][..], args, &[text(&source)?]].concat())?;
            }
            let methods = if codec == GOOD { "auto" } else { run.methods.as_deref().unwrap_or(METHODS) };
            let methods = methods.split(';');
            for method in std::iter::once("input").chain(methods) {
                let result = run.folder.join(format!("{}.{codec}.{method}.mkv", clip.name));
                let copied = method != "input" && restore(&source, &result, method, run.lossless)?;
                let scores = reference.score(if method == "input" { &source } else { &result })?;
                eprintln!("{} {codec} {method}: {scores}{}", clip.name, if copied { " copied" } else { "" });
                let at = rows.iter().position(|row| row.codec == codec && row.method == method);
                let at = at.unwrap_or_else(|| {
                    rows.push(Row { codec, method: method.to_owned(), scores: Vec::new(), copied: 0 });
                    rows.len() - 1
                });
                rows[at].scores.push(scores);
                rows[at].copied += usize::from(copied);
            }
        }
    }
    rows.sort_by_key(|row| CODECS.iter().position(|(name, _)| *name == row.codec));
    Ok(table(&rows))
}

/// Was it copied?
fn restore(source: &Path, result: &Path, method: &str, lossless: bool) -> Result<bool> {
    let choice = if method == "auto" { Choice::Auto } else { Choice::Named(unband::parse_method(method)?) };
    let purpose = if lossless { Purpose::Archive } else { Purpose::default() };
    let options = VideoOptions::with(|new| {
        new.purpose = purpose;
        new.overwrite = true;
    });
    Ok(job(source, result, choice, &options)?.copied)
}

fn table(rows: &[Row]) -> String {
    let mut page = String::from(
        "| source | method | PSNR, dB | flat, dB | low, dB | false steps | flicker | copied |\n|---|---|---:|---:|---:|---:|---:|---:|\n",
    );
    for Row { codec, method, scores, copied } in rows {
        let mean = Scores::mean(scores);
        let copied =
            if method == "input" { "–".to_owned() } else { format!("{copied} of {}", scores.len()) };
        let _ = writeln!(page, "| {codec} | {method} | {mean} | {copied} |");
    }
    page
}
