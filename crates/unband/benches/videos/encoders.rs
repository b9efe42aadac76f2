//! Benchmark of encoder settings: one video job per setting, its result decoded again.

use std::fmt::Write as _;
use std::path::Path;

use unband::video::VideoOptions;
use unband::{Choice, Context, Dither, Options, OutputDepth, With};
use unband_metrics::cambi;
use unband_video::Purpose;

use crate::panned::X264;
use crate::score::{EVERY, Reference, Scores};
use crate::tools::{Decoded, ffmpeg, text};
use crate::{Result, Run, clips, job};

/// Clips of `val`: a slow pan over a sky, a fade, a static sky, haze.
const CLIPS: [&str; 4] = ["sky-pan", "fog-fade", "arctic-still", "haze-still"];

/// A row of the table.
struct Setting {
    name: &'static str,
    /// Encoder arguments, as in `--ffmpeg-args`.
    args: &'static str,
    purpose: Purpose,
    bits: u8,
    /// The default choice.
    dither: Option<Dither>,
}

const fn ten(name: &'static str, args: &'static str) -> Setting {
    Setting { name, args, purpose: Purpose::Player, bits: 10, dither: None }
}

const fn eight(name: &'static str, args: &'static str, dither: Dither) -> Setting {
    Setting { name, args, purpose: Purpose::Player, bits: 8, dither: Some(dither) }
}

const X265: &str = "-c:v libx265 -preset medium -crf 16";
const SVT: &str = "-c:v libsvtav1 -preset 6 -crf 18";
const SVT_EIGHT: &str = "-c:v libsvtav1 -preset 6 -crf 18 -svtav1-params tune=0";
const SVT_GRAIN: &str = "-c:v libsvtav1 -preset 6 -crf 18 -svtav1-params film-grain=4:film-grain-denoise=0";
const SVT_MORE: &str = "-c:v libsvtav1 -preset 6 -crf 18 -svtav1-params film-grain=8:film-grain-denoise=0";
const SVT_WEB: &str = "-c:v libsvtav1 -preset 7 -crf 28";
const SVT_WEB_EIGHT: &str = "-c:v libsvtav1 -preset 7 -crf 28 -svtav1-params tune=0";
const VP9: &str = "-c:v libvpx-vp9 -b:v 0 -crf 18 -row-mt 1 -cpu-used 3";
const VP9_WEB: &str = "-c:v libvpx-vp9 -b:v 0 -crf 28 -row-mt 1 -cpu-used 3";

/// Default settings are in bold.
static SETTINGS: &[Setting] = &[
    Setting { purpose: Purpose::Archive, ..ten("**FFV1**", "") },
    Setting { purpose: Purpose::Archive, ..eight("**FFV1**", "", Dither::BlueNoise) },
    ten("**x265 CRF 16**", ""),
    ten("x265 CRF 14", "-crf 14"),
    ten("x265 CRF 16, psy-rd=0:psy-rdoq=0", "-x265-params psy-rd=0:psy-rdoq=0"),
    ten("x265 CRF 15, psy-rd=0:psy-rdoq=0", "-crf 15 -x265-params psy-rd=0:psy-rdoq=0"),
    ten("x265 CRF 16, aq-mode=1", "-x265-params aq-mode=1"),
    ten("x265 CRF 16, aq-mode=3", "-x265-params aq-mode=3"),
    ten("x265 CRF 17, aq-mode=3", "-crf 17 -x265-params aq-mode=3"),
    ten("x265 CRF 16, no-sao=1", "-x265-params no-sao=1"),
    eight("**x265 CRF 16**", "", Dither::Ordered),
    eight("x265 CRF 16", "", Dither::BlueNoise),
    eight("x265 CRF 16", "", Dither::ErrorDiffusion),
    eight("x265 CRF 16", "", Dither::None),
    eight("x265 CRF 16, psy-rd=0:psy-rdoq=0", "-x265-params psy-rd=0:psy-rdoq=0", Dither::Ordered),
    eight("x265 CRF 16, aq-mode=3", "-x265-params aq-mode=3", Dither::Ordered),
    eight("x265 CRF 16, no-sao=1", "-x265-params no-sao=1", Dither::Ordered),
    eight("**x265 CRF 21**", "-crf 21", Dither::Ordered),
    ten("**SVT-AV1 CRF 18**", SVT),
    ten("SVT-AV1 CRF 18, tune=0", SVT_EIGHT),
    ten("SVT-AV1 CRF 18, film-grain=8", SVT_MORE),
    eight("**SVT-AV1 CRF 18, tune=0**", SVT_EIGHT, Dither::Ordered),
    eight("SVT-AV1 CRF 18", SVT, Dither::Ordered),
    eight("SVT-AV1 CRF 18", SVT, Dither::BlueNoise),
    eight("SVT-AV1 CRF 18", SVT, Dither::ErrorDiffusion),
    eight("SVT-AV1 CRF 18", SVT, Dither::None),
    eight("SVT-AV1 CRF 18, film-grain=4", SVT_GRAIN, Dither::Ordered),
    eight("SVT-AV1 CRF 18, film-grain=8", SVT_MORE, Dither::Ordered),
    eight("**SVT-AV1 CRF 28, tune=0**", SVT_WEB_EIGHT, Dither::Ordered),
    eight("SVT-AV1 CRF 28", SVT_WEB, Dither::Ordered),
    ten("**VP9 CRF 18**", VP9),
    eight("**VP9 CRF 18**", VP9, Dither::Ordered),
    eight("VP9 CRF 18", VP9, Dither::BlueNoise),
    eight("VP9 CRF 18", VP9, Dither::None),
    eight("**VP9 CRF 28**", VP9_WEB, Dither::Ordered),
];

/// The source in the default encoders, unrepaired: bits, and the arguments of the job.
static ALIKE: [(&str, u8, &str); 5] = [
    ("source in x265 CRF 16", 10, X265),
    ("source in x265 CRF 16", 8, X265),
    ("source in SVT-AV1 CRF 18", 10, SVT),
    ("source in SVT-AV1 CRF 18", 8, SVT_EIGHT),
    ("source in VP9 CRF 18", 10, VP9),
];

/// Results of a row on a clip.
struct Found {
    kilobits: f64,
    cambi: f64,
    scores: Scores,
    seconds: f64,
}

/// The page below its title.
pub(crate) fn page(run: &Run) -> Result<String> {
    let clips: Vec<&clips::Clip> =
        clips::CLIPS.iter().filter(|clip| CLIPS.contains(&clip.name) && run.selects(clip.name)).collect();
    let settings: Vec<&Setting> = SETTINGS
        .iter()
        .filter(|one| run.codec.as_ref().is_none_or(|codec| one.name.contains(codec)))
        .collect();
    let mut sources = Vec::new();
    let mut alike: Vec<Vec<Found>> = ALIKE.iter().map(|_| Vec::new()).collect();
    let mut rows: Vec<Vec<Found>> = settings.iter().map(|_| Vec::new()).collect();
    for clip in &clips {
        let clean = run.clean(clip)?;
        let reference = Reference::from_path(&clean)?;
        let source = run.folder.join(format!("{}.good.x264.mkv", clip.name));
        ffmpeg(&[&["-i", text(&clean)?][..], X264.1, &["-pix_fmt", "yuv420p", text(&source)?]].concat())?;
        let found = |file: &Path| -> Result<Found> {
            let bytes = std::fs::metadata(file)?.len() as f64;
            let kilobits = 0.008 * bytes / clip.seconds();
            Ok(Found { kilobits, cambi: cambi_of(file)?, scores: reference.score(file)?, seconds: 0.0 })
        };
        sources.push(found(&source)?);
        for ((_, bits, args), row) in ALIKE.iter().zip(&mut alike) {
            let file = run.folder.join(format!("{}.alike.mkv", clip.name));
            let args: Vec<&str> = args.split(' ').collect();
            let pixels = ["-pix_fmt", if *bits == 8 { "yuv420p" } else { "yuv420p10le" }, text(&file)?];
            ffmpeg(&[&["-i", text(&source)?][..], &args, &pixels].concat())?;
            row.push(found(&file)?);
        }
        for (setting, row) in settings.iter().zip(&mut rows) {
            let result = run.folder.join(format!("{}.encoded.mkv", clip.name));
            let options = setting.options();
            let report = job(&source, &result, Choice::Auto, &options)?;
            let found = Found {
                kilobits: report.bit_rate() / 1000.0,
                cambi: cambi_of(&result)?,
                scores: reference.score(&result)?,
                seconds: report.seconds,
            };
            let label = setting.label(&options);
            eprintln!(
                "{} {label}: {} frames changed, {:.0} kb/s, CAMBI {:.2}, {}",
                clip.name, report.changed, found.kilobits, found.cambi, found.scores
            );
            row.push(found);
        }
    }
    let mut page = String::from("| encoder | bits | dither | kb/s |");
    for clip in &clips {
        let _ = write!(page, " {} |", clip.name);
    }
    page += " CAMBI | PSNR, dB | flat, dB | low, dB | false steps | flicker | seconds |\n|---|---:|---|---:|";
    page += &"---:|".repeat(clips.len() + 7);
    let _ = writeln!(page, "\n{}", line("source, x264 CRF 24 | 8 | –", &sources));
    for ((name, bits, _), row) in ALIKE.iter().zip(&alike) {
        let _ = writeln!(page, "{}", line(&format!("{name} | {bits} | –"), row));
    }
    for (setting, row) in settings.iter().zip(&rows) {
        let _ = writeln!(page, "{}", line(&setting.label(&setting.options()), row));
    }
    Ok(page)
}

impl Setting {
    fn options(&self) -> VideoOptions {
        let depth = OutputDepth::Bits(self.bits);
        let dither = self.dither.unwrap_or_else(|| VideoOptions::dither_for(self.purpose, depth));
        VideoOptions::with(|new| {
            new.options = Options::with(|new| {
                new.depth = depth;
                new.dither = dither;
            });
            new.purpose = self.purpose;
            new.ffmpeg_args = self.args.split_whitespace().map(str::to_owned).collect();
            new.overwrite = true;
        })
    }

    fn label(&self, options: &VideoOptions) -> String {
        let dither =
            if self.bits == 8 { options.options.dither.as_str().to_owned() } else { "–".to_owned() };
        format!("{} | {} | {dither}", self.name, self.bits)
    }
}

/// CAMBI of stored luma, mean over the scored frames.
fn cambi_of(path: &Path) -> Result<f64> {
    let file = Decoded::from_path(path)?;
    let (mut sum, mut count) = (0.0, 0u32);
    for bytes in file.frames.iter().step_by(EVERY) {
        let image = file.format.read(bytes)?;
        sum += cambi::score_image(&image, &cambi::Options::default(), &Context::default())?.score;
        count += 1;
    }
    Ok(sum / f64::from(count.max(1)))
}

fn line(label: &str, row: &[Found]) -> String {
    let mean = |of: &dyn Fn(&Found) -> f64| row.iter().map(of).sum::<f64>() / row.len().max(1) as f64;
    let mut out = format!("| {label} | {:.0} |", mean(&|one| one.kilobits));
    for one in row {
        let _ = write!(out, " {:.2} |", one.cambi);
    }
    let scores: Vec<Scores> = row.iter().map(|one| one.scores).collect();
    let seconds = mean(&|one| one.seconds);
    let seconds = if seconds > 0.0 { format!("{seconds:.1}") } else { "–".to_owned() };
    let _ = write!(out, " {:.2} | {} | {seconds} |", mean(&|one| one.cambi), Scores::mean(&scores));
    out
}
