//! Frame-by-frame measurement of one video.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Scope;
use unband_image::Hint;

use unband::Context;
use unband::show::Value;
use unband::video::{FrameSource, RawFrame};
use unband_io::video::{DecodeOptions, Film, FrameFormat, VideoError};
use unband_metrics::Metric;

use super::super::Verdict;
use super::reader::{Piped, Reader, decoding, expected, image, in_order, values_of};
use super::summary::{Frame, Place, Tally};
use super::worst::{Worst, about};
use crate::piped::SHOWN;
use crate::talk::Failure;

/// The source of the frames.
pub enum Source {
    /// A file.
    Film(Box<Film>),
    /// Standard input; `None` once it was read.
    Piped(Mutex<Option<Piped>>),
}

impl Source {
    /// Its name.
    pub fn path(&self) -> &Path {
        match self {
            Self::Film(film) => &film.path,
            Self::Piped(_) => Path::new(SHOWN),
        }
    }

    /// `FFmpeg`'s name of its codec.
    pub fn codec(&self) -> &str {
        match self {
            Self::Film(film) => &film.video.codec,
            Self::Piped(_) => "rawvideo",
        }
    }

    /// Estimated number of frames, for the bar.
    pub fn expected(&self) -> usize {
        match self {
            Self::Film(film) => expected(film),
            Self::Piped(_) => 0,
        }
    }

    fn open<'s>(
        &'s self,
        options: &DecodeOptions,
        threads: usize,
        scope: &'s Scope<'s, '_>,
    ) -> Result<Reader, Failure> {
        let opened = match self {
            Self::Film(film) => {
                FrameSource::of_film(film, options).map(|source| Reader::start(source, threads, scope))
            }
            Self::Piped(piped) => match piped.lock().unwrap_or_else(PoisonError::into_inner).take() {
                Some(piped) => Reader::piped(piped, threads),
                None => return Err(Failure::at(SHOWN.to_owned(), "it was read already".into(), None)),
            },
        };
        opened.map_err(|error| failure(self.path(), &error))
    }
}

/// Metrics and their sampling.
pub struct Plan<'a> {
    /// All metrics.
    pub metrics: &'a [&'static Metric],
    /// Index of the metric that is computed for every frame.
    pub lead: usize,
    /// The others and the verdict cover frames whose number is a multiple of this, and the first frame of
    /// each shot.
    pub every: usize,
}

/// Results besides the sums.
pub struct Measured {
    /// Sample layout of the frames, with their size.
    pub format: FrameFormat,
    /// The error that ended the video early.
    pub damage: Option<Failure>,
}

/// The message for the user.
pub fn failure(path: &Path, error: &VideoError) -> Failure {
    let hint = match error {
        VideoError::Damaged { .. } => {
            Some("copy or download it again; what could be decoded is measured".to_owned())
        }
        other => other.hint(),
    };
    Failure::at(path.display().to_string(), error.to_string(), hint)
}

/// Measures a video; calls `step` after each frame. `None` when interrupted. The result does not depend on
/// the number of threads.
///
/// # Errors
/// Videos without a decodable frame.
pub fn measured(
    source: &Source,
    plan: &Plan<'_>,
    ctx: &Context<'_>,
    tally: &mut Tally<'_>,
    worst: &mut Worst,
    step: &dyn Fn(),
) -> Result<Option<Measured>, Failure> {
    let name = || source.path().display().to_string();
    let done = decoding(ctx, |scope, programs| {
        let options = DecodeOptions { programs: programs.clone(), ..DecodeOptions::default() };
        let mut reader = source.open(&options, ctx.threads, scope)?;
        let format = reader.format;
        let look = |raw: &RawFrame, number: usize, ctx: &Context<'_>| look(raw, number, &format, plan, ctx);
        let mut put = |raw: RawFrame, looked: Looked| {
            let (values, verdict) = looked.map_err(|text| Failure::at(name(), text, None))?;
            if let Some(Value::Number(value)) = values.get(plan.lead) {
                let place = Place { frame: tally.frames(), seconds: raw.seconds, value: *value };
                worst.put(about(raw.seconds), place, &Arc::new(raw.bytes));
            }
            tally.put(Frame { seconds: raw.seconds, begins: raw.begins_shot, values, verdict })?;
            step();
            Ok(())
        };
        in_order(ctx, &mut || reader.next_frame(), &look, &mut put)?;
        let damage = reader.damage.take().map(|error| failure(source.path(), &error));
        Ok(Measured { format, damage })
    })?;
    let Some(done) = done else { return Ok(None) };
    match (tally.frames(), done.damage) {
        (0, Some(damage)) => Err(damage),
        (0, None) => Err(Failure::at(name(), "it has no frames".into(), None)),
        (_, damage) => Ok(Some(Measured { damage, ..done })),
    }
}

type Looked = Result<(Vec<Value>, Option<Verdict>), String>;

fn look(raw: &RawFrame, number: usize, format: &FrameFormat, plan: &Plan<'_>, ctx: &Context<'_>) -> Looked {
    let stored = image(format, &raw.bytes)?;
    let all = raw.begins_shot || number.is_multiple_of(plan.every);
    let verdict = all.then(|| Verdict::of_frame(&stored, ctx));
    let values = if all {
        values_of(&stored, plan.metrics, ctx)?
    } else {
        let mut values = vec![Value::Blank; plan.metrics.len()];
        values[plan.lead] = values_of(&stored, &plan.metrics[plan.lead..=plan.lead], ctx)?.remove(0);
        values
    };
    Ok((values, verdict))
}
