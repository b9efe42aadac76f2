//! Benchmark of panning `test` clips: the video job compared with single frames.

use std::fmt::Write as _;
use std::path::Path;

use unband::video::{VideoOptions, deband_single};
use unband::{Choice, Context, With};
use unband_metrics::Field;
use unband_video::Purpose;

use crate::luma::{CleanFrame, Errors, Totals, of_frame, of_image};
use crate::moving::{self, PAN};
use crate::tools::Decoded;
use crate::{Result, Run, job};

/// The four photos of `test` with the most smooth area, as listed by `--rank`.
const PHOTOS: [&str; 4] = [
    "polyhaven_hdr_apartment",
    "procedural_sky_1",
    "kde_orionids",
    "galliumos_galliumos_2_0_trianglify_blue",
];

/// Sources: a name, and encoder arguments.
pub(crate) const X264: (&str, &[&str]) = ("x264", &["-c:v", "libx264", "-crf", "24"]);
const X265: (&str, &[&str]) = ("x265", &["-c:v", "libx265", "-crf", "26", "-x265-params", "log-level=error"]);

/// The default method with lossless encoding.
pub(crate) fn lossless() -> VideoOptions {
    VideoOptions::with(|new| {
        new.purpose = Purpose::Archive;
        new.overwrite = true;
    })
}

/// Photos of `test`, by smooth area.
pub(crate) fn rank(photos: &Path) -> Result<String> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(photos.join("test"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "jxl") {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            all.push((moving::smooth_share(&moving::photo(&path)?), name));
        }
    }
    all.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut out = String::new();
    for (share, name) in all {
        let _ = writeln!(out, "{:5.1} % {name}", 100.0 * share);
    }
    Ok(out)
}

/// Errors of every frame of a video.
pub(crate) fn errors(clean: &[CleanFrame], file: &Decoded) -> Result<Vec<Errors>> {
    let frames = clean.iter().zip(&file.frames);
    frames.map(|(clean, bytes)| clean.errors(&of_frame(&file.format, bytes)?)).collect()
}

/// Luma of every frame of a video, each restored on its own.
pub(crate) fn alone(file: &Decoded, options: &VideoOptions) -> Result<Vec<Field>> {
    let frame = |bytes: &Vec<u8>| {
        let done = deband_single(&file.clip, &file.format, bytes, options, &Context::default())?;
        Ok(of_image(&done.after))
    };
    file.frames.iter().map(frame).collect()
}

/// Errors of the input, of single frames, and of the job.
struct Row {
    name: String,
    changed: u64,
    totals: [Totals; 3],
}

/// Makes the page section.
pub(crate) fn page(run: &Run) -> Result<String> {
    let mut rows = Vec::new();
    for name in PHOTOS.iter().filter(|name| run.selects(name)) {
        let photo = moving::photo(&run.photos.join("test").join(name).with_extension("jxl"))?;
        let frames = PAN.frames(&photo);
        let clean =
            frames.iter().map(|frame| CleanFrame::from_luma(&frame[0])).collect::<Result<Vec<_>>>()?;
        for (codec, args) in [X264, X265] {
            let source = run.folder.join(format!("{name}.pan.{codec}.mkv"));
            let result = run.folder.join(format!("{name}.pan.{codec}.unband.mkv"));
            moving::write(&frames, args, &source)?;
            let report = job(&source, &result, Choice::Auto, &lossless())?;
            let decoded = Decoded::from_path(&source)?;
            let alone = alone(&decoded, &lossless())?;
            let alone: Vec<Errors> =
                clean.iter().zip(&alone).map(|(clean, luma)| clean.errors(luma)).collect::<Result<_>>()?;
            let totals = [errors(&clean, &decoded)?, alone, errors(&clean, &Decoded::from_path(&result)?)?];
            let row = Row {
                name: format!("`{name}` | {codec}"),
                changed: report.changed,
                totals: totals.each_ref().map(|errors| Totals::from_frames(errors)),
            };
            eprintln!("{}", line(&row.name, &row.changed.to_string(), &row.totals));
            rows.push(row);
        }
    }
    Ok(table(&rows))
}

fn table(rows: &[Row]) -> String {
    let mut page = String::from(
        "| photo | source | frames changed | PSNR | alone | video | flat | alone | video | low | alone | video | false steps | video | share |\n\
         |---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n",
    );
    for row in rows {
        let _ = writeln!(page, "{}", line(&row.name, &row.changed.to_string(), &row.totals));
    }
    let mean = [0, 1, 2].map(|i| Totals::mean(&rows.iter().map(|row| row.totals[i]).collect::<Vec<_>>()));
    let _ = writeln!(page, "{}", line("mean | ", "", &mean));
    page
}

fn line(name: &str, changed: &str, [input, alone, file]: &[Totals; 3]) -> String {
    let gains = |of: &dyn Fn(&Totals) -> f64| {
        format!("{:.2} | {:+.2} | {:+.2}", of(input), of(alone) - of(input), of(file) - of(input))
    };
    format!(
        "| {name} | {changed} | {} | {} | {} | {:.1} | {:.1} | {:.2} |",
        gains(&|t| t.psnr),
        gains(&|t| t.flat),
        gains(&|t| t.low),
        input.steps,
        file.steps,
        file.steps / input.steps.max(1e-9)
    )
}
