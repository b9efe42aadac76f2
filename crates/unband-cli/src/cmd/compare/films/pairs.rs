//! Frame-by-frame measurement of a video pair, decoded in parallel.

use std::path::Path;

use unband::show::Value;
use unband::video::{FrameSource, RawFrame};
use unband::{Context, Image};
use unband_io::video::{DecodeOptions, Film, FrameFormat, Samples, VideoError};
use unband_metrics::film_psnr::{self, Errors};
use unband_metrics::{Metric, cambi};

use super::super::super::score::films::reader::{Reader, decoding, image, in_order, rgb};
use super::super::super::score::films::summary::{Frame, Tally};
use super::super::super::score::{Subject, Verdict, measure_one};
use crate::talk::Failure;

/// Metrics and their sampling.
pub struct Plan<'a> {
    /// Metrics of every frame.
    pub metrics: &'a [&'static Metric],
    /// The verdict covers frames whose number is a multiple of this, and the first frame of each shot.
    pub every: usize,
    /// Compare only the frames that both videos have.
    pub keep_going: bool,
}

/// Results besides the sums.
pub struct Measured {
    /// Sample layout of the result's frames.
    pub format: FrameFormat,
    /// The first frame that the videos show at different times.
    pub apart: Option<Apart>,
    /// Do the videos have different colour tags?
    pub other_colors: bool,
    /// Skipped frames, as a message.
    pub more: Option<String>,
}

/// A frame with different times in the two videos, in seconds.
#[derive(Clone, Copy, Debug)]
pub struct Apart {
    /// Frame number, from 0.
    pub frame: usize,
    /// Time in the reference.
    pub reference: f64,
    /// Time in the result.
    pub result: f64,
}

/// The message for the user.
pub fn failure(path: &Path, error: &VideoError) -> Failure {
    Failure::of(path.display().to_string(), &error)
}

/// Two frames of the same number.
struct Pair {
    reference: RawFrame,
    result: RawFrame,
}

/// Compares all frames of the second video with those of the first; calls `step` after each. `None` when
/// interrupted. The result does not depend on the number of threads.
///
/// # Errors
/// Videos that do not match, that have different lengths, or that are damaged.
pub fn measured(
    films: &[Film; 2],
    plan: &Plan<'_>,
    ctx: &Context<'_>,
    tally: &mut Tally<'_>,
    step: &dyn Fn(),
) -> Result<Option<Measured>, Failure> {
    let found = decoding(ctx, |scope, programs| {
        let (keep_going, programs) = (plan.keep_going, programs.clone());
        let options = DecodeOptions { keep_going, programs, ..DecodeOptions::default() };
        let start = |i: usize| {
            let source =
                FrameSource::of_film(&films[i], &options).map_err(|error| failure(&films[i].path, &error))?;
            // Only the reference's shots are used.
            let source = if i == 0 { source } else { source.with_shots(|_| Some(false)) };
            Ok::<_, Failure>(Reader::start(source, ctx.threads, scope))
        };
        let mut readers = [start(0)?, start(1)?];
        let formats = [readers[0].format, readers[1].format];
        fit(films, formats)?;
        let mut found = Measured {
            format: formats[1],
            apart: None,
            other_colors: formats[0].color != formats[1].color,
            more: None,
        };
        let near = tolerance(films);
        let mut alone = [0usize; 2];
        let mut next = || match readers.each_mut().map(Reader::next_frame) {
            [Some(reference), Some(result)] => Some(Pair { reference, result }),
            more => {
                alone.iter_mut().zip(&more).for_each(|(alone, more)| *alone += usize::from(more.is_some()));
                None
            }
        };
        let look = |pair: &Pair, number: usize, ctx: &Context<'_>| look(pair, number, &formats, plan, ctx);
        let mut put = |pair: Pair, looked: Looked| {
            let (reference, result) = (pair.reference.seconds, pair.result.seconds);
            if found.apart.is_none() && (reference - result).abs() > near {
                found.apart = Some(Apart { frame: tally.frames(), reference, result });
            }
            let (values, verdict) =
                looked.map_err(|text| Failure::at(films[1].path.display().to_string(), text, None))?;
            tally.put(Frame { seconds: reference, begins: pair.reference.begins_shot, values, verdict })?;
            step();
            Ok(())
        };
        in_order(ctx, &mut next, &look, &mut put)?;
        found.more = rest(films, &mut readers, alone, (tally.frames(), plan.keep_going), ctx)?;
        Ok(found)
    })?;
    let Some(found) = found else { return Ok(None) };
    if tally.frames() == 0 {
        let name = films[1].path.display().to_string();
        return Err(Failure::at(name, "the videos have no frames in common".into(), None));
    }
    Ok(Some(found))
}

/// Handles frames that only one video has: an error with both counts, unless `--keep-going` is given.
fn rest(
    films: &[Film; 2],
    readers: &mut [Reader; 2],
    mut alone: [usize; 2],
    (both, keep_going): (usize, bool),
    ctx: &Context<'_>,
) -> Result<Option<String>, Failure> {
    if ctx.cancelled() {
        return Ok(None);
    }
    if keep_going {
        let longer = films.iter().zip(alone).find(|&(_, more)| more > 0);
        return Ok(longer.map(|(film, _)| {
            format!("{} has more than the {both} frames of the other video", film.path.display())
        }));
    }
    for ((reader, alone), film) in readers.iter_mut().zip(&mut alone).zip(films) {
        while reader.damage.is_none() && !ctx.cancelled() && reader.next_frame().is_some() {
            *alone += 1;
        }
        if let Some(damage) = reader.damage.take() {
            return Err(failure(&film.path, &damage));
        }
    }
    if alone == [0, 0] || ctx.cancelled() {
        return Ok(None);
    }
    let message = format!(
        "has {} frames, the reference {} has {}",
        both + alone[1],
        films[0].path.display(),
        both + alone[0]
    );
    let hint = "add `--keep-going` to compare the common frames".to_owned();
    Err(Failure::at(films[1].path.display().to_string(), message, Some(hint)))
}

/// An error unless both frames have the same size and planes. File headers were checked before; streams may
/// differ from them.
fn fit(films: &[Film; 2], formats: [FrameFormat; 2]) -> Result<(), Failure> {
    let about = |format: &FrameFormat| {
        let samples = match format.pixels.samples {
            Samples::Gray => "grey".to_owned(),
            Samples::Rgb => "RGB".to_owned(),
            Samples::Yuv(by) => match (by.x, by.y) {
                (1, 1) => "4:4:4".to_owned(),
                (2, 1) => "4:2:2".to_owned(),
                (2, 2) => "4:2:0".to_owned(),
                (x, y) => format!("chroma of every {x}×{y} pixels"),
            },
        };
        format!("{}×{} {samples}", format.width, format.height)
    };
    let [reference, result] = &formats;
    let same = (reference.width, reference.height, reference.pixels.samples)
        == (result.width, result.height, result.pixels.samples);
    if same {
        return Ok(());
    }
    let message =
        format!("is {}, the reference {} is {}", about(result), films[0].path.display(), about(reference));
    let hint = "planes are compared sample by sample: convert one of the videos".to_owned();
    Err(Failure::at(films[1].path.display().to_string(), message, Some(hint)))
}

/// Tolerance for frame times in seconds: times rounded to the ticks of two videos differ by this much; too
/// little to be visible.
fn tolerance(films: &[Film; 2]) -> f64 {
    let ticks: f64 = films.iter().map(|film| film.seconds(1)).sum();
    (ticks / 2.0).min(2e-3) + 1e-6
}

type Looked = Result<(Vec<Value>, Option<Verdict>), String>;

fn look(
    pair: &Pair,
    number: usize,
    formats: &[FrameFormat; 2],
    plan: &Plan<'_>,
    ctx: &Context<'_>,
) -> Looked {
    let reference = image(&formats[0], &pair.reference.bytes)?;
    let result = image(&formats[1], &pair.result.bytes)?;
    let wanted = pair.reference.begins_shot || number.is_multiple_of(plan.every);
    let verdict = wanted.then(|| Verdict::of_frame(&result, ctx));
    // Grey videos get added chroma planes.
    let planes = if formats[0].pixels.samples == Samples::Gray { 1 } else { 3 };
    let needed = plan.metrics.iter().any(|metric| film_psnr::is_one(metric));
    let errors = needed.then(|| Errors::of(&result, &reference, planes).map_err(|error| error.to_string()));
    // CAMBI takes most of the time and three metrics need it. It works on luma as stored.
    let asked = |metric: &Metric| plan.metrics.iter().any(|one| one.name == metric.name);
    let both = asked(&cambi::ENTRY_FULL_REFERENCE);
    let alone = |image: &Image, wanted| {
        if wanted { measure_one(Subject::alone(image), &cambi::ENTRY, ctx) } else { Value::Blank }
    };
    let of_result = alone(&result, both || asked(&cambi::ENTRY));
    let of_reference = alone(&reference, both || asked(&cambi::ENTRY_REFERENCE));
    let of_pictures = |metric: &&Metric| !film_psnr::is_one(metric) && !cambi::is_one(metric);
    let pictures = if plan.metrics.iter().any(of_pictures) {
        Some(Pictures { reference: rgb(reference, ctx)?, result: rgb(result, ctx)?, ctx })
    } else {
        None
    };
    let values = plan.metrics.iter().map(|metric| match metric.name {
        name if name == cambi::ENTRY.name => of_result.clone(),
        name if name == cambi::ENTRY_REFERENCE.name => of_reference.clone(),
        name if name == cambi::ENTRY_FULL_REFERENCE.name => match (&of_result, &of_reference) {
            (Value::Number(result), Value::Number(reference)) => {
                Value::Number(cambi::worse_by(*result, *reference))
            }
            (Value::Number(_), missing) | (missing, _) => missing.clone(),
        },
        _ if film_psnr::is_one(metric) => match &errors {
            Some(Ok(errors)) => film_psnr::value(metric, errors).map_or(Value::Blank, Value::Number),
            Some(Err(reason)) => Value::Missing(reason.clone()),
            None => Value::Blank,
        },
        _ => pictures.as_ref().map_or(Value::Blank, |pictures| pictures.against(metric)),
    });
    let values = values.collect();
    Ok((values, verdict))
}

/// The frames as RGB or grey images.
struct Pictures<'a> {
    reference: Image,
    result: Image,
    ctx: &'a Context<'a>,
}

impl Pictures<'_> {
    fn against(&self, metric: &'static Metric) -> Value {
        let subject = Subject { reference: Some((&self.reference).into()), ..Subject::alone(&self.result) };
        measure_one(subject, metric, self.ctx)
    }
}
