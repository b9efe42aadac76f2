//! `unband VIDEO --preview N`: the most banded frames of a video before and after, in one PNG.

use std::path::{Path, PathBuf};

use serde::Serialize;
use unband::io::video::{self, Programs};
use unband::io::{Access, Saving};
use unband::metrics::cambi;
use unband::metrics::{Subject, Value, clock, number, score_one};
use unband::video::{
    EncoderTrial, SingleFrame, VideoOptions, check_video, deband_single, decode_options, ending_programs,
};
use unband::{Context, Error, Hint, Image, With};
use unband_report::{HeatMap, Moment, Spot as Square, before_after, worst_spots};

use super::{suffix, video_options};
use crate::args::DebandArgs;
use crate::bar::Bar;
use crate::images::refused;
use crate::inputs::exact;
use crate::interrupt::{self, Busy};
use crate::media::MediaCommand;
use crate::outcome::Outcome;
use crate::outputs::folder_of;
use crate::reporter::{Failure, Reporter, counted};
use crate::result::print_json;
use crate::videos;
use crate::videos::worst::worst_frames;
use unband::records::Schema;

/// Previews of all videos.
pub(super) fn run(args: &DebandArgs, count: usize, reporter: &Reporter<'_>) -> Outcome {
    let checked = args.check_options().and_then(|()| video_options(args));
    let settled = checked.and_then(|options| Ok((options, targets(args)?)));
    let Ok((options, targets)) = reporter.or_usage(settled) else { return Outcome::Usage };
    let ctx = interrupt::context(args.images.resources.threads.count());
    let mut outcome = Outcome::Done;
    for (input, output) in args.images.inputs.iter().zip(&targets) {
        outcome = outcome.max(one(args, &options, input, output, count, reporter, &ctx));
        if ctx.cancelled() {
            return Outcome::Interrupted;
        }
    }
    outcome
}

/// The preview file of each video.
fn targets(args: &DebandArgs) -> Result<Vec<PathBuf>, Failure> {
    if let Some(other) = args.images.inputs.iter().find(|path| !videos::is_one(path)) {
        let message = format!("{} is not a video; `--preview` needs videos", other.display());
        return Err(Failure::usage(message, "for images use `--report`"));
    }
    let folder = folder_of(args.images.output.as_deref(), &args.images.inputs);
    let file = args.images.output.as_deref().filter(|_| folder.is_none());
    if let Some(path) = file {
        let png = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("png"));
        if !png || args.images.inputs.len() > 1 {
            let message = format!("previews are one PNG per video, {} does not fit", path.display());
            return Err(Failure::usage(message, "name a folder, or for one video a .png file"));
        }
    }
    if let Some(folder) = folder.filter(|_| !args.images.dry_run) {
        std::fs::create_dir_all(folder).map_err(|error| {
            let message = format!("cannot create the folder: {}", crate::inputs::reason(&error));
            Failure::at(folder.display().to_string(), message, None)
        })?;
    }
    let target = |input: &PathBuf| {
        let mut name = input.file_stem().unwrap_or_default().to_os_string();
        name.push("_unband_preview.png");
        match (folder, file) {
            (Some(folder), _) => folder.join(name),
            (None, Some(path)) => path.to_path_buf(),
            (None, None) => input.with_file_name(name),
        }
    };
    Ok(args.images.inputs.iter().map(target).collect())
}

fn one(
    args: &DebandArgs,
    options: &VideoOptions,
    input: &Path,
    output: &Path,
    count: usize,
    reporter: &Reporter<'_>,
    ctx: &Context<'_>,
) -> Outcome {
    let shown = exact(input);
    if output.is_file() && args.images.skip_existing {
        reporter.line(&format!("{shown}: skipped, {} exists", output.display()));
        return Outcome::Done;
    }
    if args.images.dry_run {
        reporter.line(&format!("{shown} → {}", output.display()));
        if output.exists() && !args.images.overwrite {
            reporter.note(&refused(&shown, output));
        }
        return Outcome::Done;
    }
    let bar = Bar::video(!args.images.reporter.quiet);
    let there = output.exists() && !args.images.overwrite;
    let made = if there {
        let error = unband::io::Error::Exists;
        Err(Failure::from_error(output.display().to_string(), &error))
    } else {
        let result = args.frames.encoded.then(|| videos::default_output(input, suffix(args), &args.video));
        preview(input, options, count, result.as_deref(), &bar, ctx)
    };
    bar.finish();
    let written = made.and_then(|made| {
        let Some(PreviewSheet { png, frames, encoder }) = made else { return Ok(None) };
        let _busy = Busy::begin();
        let saving = Saving::from(args.images.overwrite).but(|new| new.access = Access::from_paths([input]));
        unband::io::write_bytes(&png, output, saving)
            .map_err(|error| Failure::from_error(output.display().to_string(), &error))?;
        Ok(Some((frames, encoder)))
    });
    match written {
        Ok(Some((frames, encoder))) => {
            let state =
                encoder.as_ref().map_or("before it is encoded".to_owned(), |e| format!("encoded by {e}"));
            let count = counted(frames.len() as u64, "frame");
            reporter.line(&format!("{shown}  {count}, {state} → {}", output.display()));
            for frame in &frames {
                reporter.detail(&frame.label());
            }
            reporter.detail(&match encoder {
                Some(_) => "each frame is restored and encoded with its neighbours, as if a shot began with them",
                None => "each frame is restored by itself, as if a shot began with it; `--encoded` shows the encoded frames",
            });
            if !args.images.json {
                return Outcome::Done;
            }
            let output = exact(output);
            print_json(&PreviewRecord {
                schema: Schema::default(),
                input: &shown,
                status: "preview",
                output,
                encoder,
                frames: &frames,
            })
        }
        Ok(None) => Outcome::Interrupted,
        Err(failure) => {
            reporter.failure(&failure);
            if args.images.json {
                print_json(&failure.file_record(shown)).max(Outcome::SomeFailed)
            } else {
                Outcome::SomeFailed
            }
        }
    }
}

/// The object of `--json`.
#[derive(Serialize)]
struct PreviewRecord<'a> {
    schema: Schema,
    input: &'a str,
    status: &'static str,
    output: String,
    /// With `--encoded`.
    #[serde(skip_serializing_if = "Option::is_none")]
    encoder: Option<String>,
    frames: &'a [FrameRecord],
}

/// A frame of the preview.
#[derive(Serialize)]
struct FrameRecord {
    seconds: f64,
    /// Missing where the frames are too small for it.
    cambi_before: Option<f64>,
    cambi_after: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cambi_encoded: Option<f64>,
    changed: bool,
}

impl FrameRecord {
    /// "1:02.250  CAMBI 6.310 before, 0.420 after, 1.130 encoded".
    fn label(&self) -> String {
        let unchanged = if self.changed { "" } else { "; unchanged" };
        let Some(before) = self.cambi_before else { return clock(self.seconds) + unchanged };
        let after = self.cambi_after.map_or_else(String::new, |after| format!(", {} after", number(after)));
        let encoded =
            self.cambi_encoded.map_or_else(String::new, |value| format!(", {} encoded", number(value)));
        format!("{}  CAMBI {} before{after}{encoded}{unchanged}", clock(self.seconds), number(before))
    }
}

/// A preview.
struct PreviewSheet {
    /// The PNG file.
    png: Vec<u8>,
    /// Its frames.
    frames: Vec<FrameRecord>,
    /// The encoder of its frames, with `--encoded`.
    encoder: Option<String>,
}

/// Makes the preview with this number of frames; `encoded` is the output name that selects the encoder.
/// `None` when interrupted.
fn preview(
    input: &Path,
    options: &VideoOptions,
    count: usize,
    result: Option<&Path>,
    bar: &Bar,
    ctx: &Context<'_>,
) -> Result<Option<PreviewSheet>, Failure> {
    let shown = || input.display().to_string();
    let failed = |error: Error| {
        let named = matches!(error, Error::Video(_) | Error::File(_));
        Failure { subject: (!named).then(shown), message: error.to_string(), hint: error.hint() }
    };
    let video_file = video::probe(input, &Programs::default()).map_err(|error| failed(error.into()))?;
    check_video(&video_file, options).map_err(failed)?;
    let part = decode_options(&video_file, options).map_err(failed)?;
    let within = |seconds: f64| options.repairs_at(seconds);
    let advance = |done, total| bar.frames(done, total);
    let Some(found) = worst_frames(&video_file, &part, &within, count, &advance, ctx)? else {
        return Ok(None);
    };
    let has_cambi = cambi::is_large_enough(found.format.width, found.format.height);
    let mut frames: Vec<(SingleFrame, Square, FrameRecord)> = Vec::new();
    let programs = Programs::default();
    let trial = result.map(|result| EncoderTrial::new(&video_file, result, options, &programs));
    let trial = trial.transpose().map_err(failed)?;
    for spot in &found.spots {
        if ctx.cancelled() {
            return Ok(None);
        }
        let mut single =
            deband_single(&video_file, &found.format, &spot.bytes, options, ctx).map_err(failed)?;
        let text = |text: String| Failure::at(shown(), text, None);
        let mut record = FrameRecord {
            seconds: spot.place.seconds,
            cambi_before: has_cambi.then_some(spot.place.value),
            cambi_after: cambi_of(&single.after, ctx).ok(),
            cambi_encoded: None,
            changed: single.changed,
        };
        if let Some(trial) = &trial {
            let ticks = video_file.ticks(spot.place.seconds);
            let encoded = ending_programs(&programs, ctx.cancel, || trial.frame(ticks, ctx));
            if ctx.cancelled() {
                return Ok(None);
            }
            single.after = encoded.map_err(failed)?;
            record.cambi_encoded = cambi_of(&single.after, ctx).ok();
        }
        let square = most_banded(&single.before, ctx).map_err(text)?;
        frames.push((single, square, record));
    }
    let encoder = trial.map(|trial| trial.words());
    let after_is = if encoder.is_some() { "after, encoded" } else { "after" };
    let moments: Vec<Moment<'_>> = frames
        .iter()
        .map(|(single, square, record)| Moment {
            label: record.label(),
            before: &single.before,
            after: &single.after,
            after_is,
            spot: *square,
        })
        .collect();
    let png = before_after(&moments, ctx).and_then(|image| image.png());
    let png = png.map_err(|error| Failure::at(shown(), error.to_string(), None))?;
    let frames = frames.into_iter().map(|(_, _, record)| record).collect();
    Ok(Some(PreviewSheet { png, frames, encoder }))
}

/// The square with the most contours according to CAMBI; the centre if there are none.
fn most_banded(frame: &Image, ctx: &Context<'_>) -> Result<Square, String> {
    let size = (frame.width(), frame.height());
    let side = Square::SIDE.min(size.0).min(size.1);
    let middle =
        Square { x: (size.0 - side) / 2, y: (size.1 - side) / 2, width: side, height: side, strength: 0.0 };
    if !cambi::is_large_enough(size.0, size.1) {
        return Ok(middle);
    }
    let (_, maps) = cambi::score_image_with_maps(frame, &cambi::Options::default(), ctx)
        .map_err(|error| error.to_string())?;
    let full = maps.full();
    let most = full.contrasts.iter().fold(1e-6f32, |most, &contrast| most.max(contrast));
    let map = HeatMap::new(full.width, full.height, full.contrasts, size, most);
    let map = map.map_err(|error| error.to_string())?;
    Ok(worst_spots(&map, size, 1, Square::SIDE).first().copied().unwrap_or(middle))
}

fn cambi_of(image: &Image, ctx: &Context<'_>) -> Result<f64, String> {
    match score_one(Subject::alone(image), &cambi::ENTRY, ctx) {
        Value::Number(value) => Ok(value),
        Value::Missing(reason) => Err(reason),
        Value::Blank => Err("cambi has no value".to_owned()),
    }
}
