//! A film, frame after frame: decoded in one thread, measured on all.

use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use unband::show::Value;
use unband::verdict::Grade;
use unband::{Context, Image};
use unband_image::Cuts;
use unband_io::Limits;
use unband_io::video::{DecodeOptions, Decoder, Film, FrameFormat, VideoError};
use unband_metrics::Metric;

use super::super::{Subject, Verdict, measure};
use super::worst::Worst;
use crate::interrupt;
use crate::talk::Failure;

/// Frames per thread that are measured together, and as many again that wait decoded.
const AHEAD: usize = 3;

/// What is taken of which frames.
pub struct Plan<'a> {
    /// All measures.
    pub metrics: &'a [&'static Metric],
    /// Of these one is taken of each frame, by its place.
    pub lead: usize,
    /// The others and the verdict are taken of each frame whose number is a multiple, and of the first of each shot.
    pub every: usize,
    /// Frames to keep of those that are worst by the lead.
    pub keep: usize,
}

/// One frame.
pub struct Frame {
    /// When it is shown, in seconds.
    pub seconds: f64,
    /// The number of its shot, from 0.
    pub shot: usize,
    /// One per measure; blank where it was not taken.
    pub values: Vec<Value>,
    /// What was found in it, where it was looked at.
    pub banding: Option<Banding>,
}

/// What is kept of a verdict.
#[derive(Clone, Copy)]
pub struct Banding {
    /// How bad it is.
    pub grade: Grade,
    /// Share of the frame.
    pub share: f32,
    /// A word.
    pub cause: Option<&'static str>,
}

/// All frames of a film, as far as they can be had.
pub struct Measured {
    /// How frames lie in memory, their size among it.
    pub format: FrameFormat,
    /// In order of time.
    pub frames: Vec<Frame>,
    /// For each shot that of its worst frame.
    pub verdicts: Vec<Verdict>,
    /// The worst frames.
    pub worst: Worst,
    /// What ended it too early.
    pub damage: Option<Failure>,
}

/// A decoded frame.
struct Raw {
    ticks: i64,
    begins: bool,
    bytes: Vec<u8>,
}

/// As it is said to people.
pub fn failure(path: &Path, error: &VideoError) -> Failure {
    let hint = match error {
        VideoError::Damaged { .. } => {
            Some("copy or download it again; what could be decoded is measured".to_owned())
        }
        other => other.hint(),
    };
    Failure::at(path.display().to_string(), error.to_string(), hint)
}

/// Measures a film; `step` is called after each frame. Nothing when interrupted. The same for every number of threads.
///
/// # Errors
/// Films of which no frame can be had.
pub fn measured(
    film: &Film,
    plan: &Plan<'_>,
    ctx: &Context<'_>,
    step: &dyn Fn(),
) -> Result<Option<Measured>, Failure> {
    let mut decoder = Decoder::open(film, &DecodeOptions::default(), &Limits::default())
        .map_err(|error| failure(&film.path, &error))?;
    let format = *decoder.format();
    let mut out = Measured {
        format,
        frames: Vec::new(),
        verdicts: Vec::new(),
        worst: Worst::new(plan.keep),
        damage: None,
    };
    let at_once = AHEAD * ctx.threads.max(1);
    std::thread::scope(|scope| -> Result<(), Failure> {
        let (send, receive) = sync_channel(at_once);
        scope.spawn(move || decode(&mut decoder, &format, &send));
        loop {
            let batch = take(&receive, at_once, film, &mut out.damage);
            if batch.is_empty() || interrupt::asked() {
                return Ok(());
            }
            let first = out.frames.len();
            let one = Context { threads: 1, ..*ctx };
            let values = ctx.map(batch.len(), |i| look(&batch[i], first + i, &format, plan, &one));
            for (raw, values) in batch.into_iter().zip(values) {
                let (values, verdict) =
                    values.map_err(|text| Failure::at(film.path.display().to_string(), text, None))?;
                out.put(raw, film, values, verdict, plan);
                step();
            }
        }
    })?;
    if interrupt::asked() {
        return Ok(None);
    }
    match (out.frames.is_empty(), out.damage.take()) {
        (true, Some(damage)) => Err(damage),
        (true, None) => {
            Err(Failure::at(film.path.display().to_string(), "there is no frame in it".into(), None))
        }
        (false, damage) => Ok(Some(Measured { damage, ..out })),
    }
}

impl Measured {
    fn put(&mut self, raw: Raw, film: &Film, values: Vec<Value>, verdict: Option<Verdict>, plan: &Plan<'_>) {
        let shot = match self.frames.last() {
            Some(last) => last.shot + usize::from(raw.begins),
            None => 0,
        };
        let seconds = film.seconds(raw.ticks);
        let banding = verdict.as_ref().map(|verdict| Banding {
            grade: verdict.grade,
            share: verdict.share,
            cause: verdict.cause,
        });
        if let Some(verdict) = verdict {
            match self.verdicts.get_mut(shot) {
                Some(known) if !is_worse(&verdict, known) => {}
                Some(known) => *known = verdict,
                None => self.verdicts.push(verdict),
            }
        }
        if let Some(Value::Number(value)) = values.get(plan.lead) {
            self.worst.put(self.frames.len(), seconds, *value, raw.bytes);
        }
        self.frames.push(Frame { seconds, shot, values, banding });
    }
}

/// Is there more banding?
pub fn is_worse(verdict: &Verdict, than: &Verdict) -> bool {
    (verdict.grade, verdict.share) > (than.grade, than.share)
}

/// Frames in order, until the film ends or nobody wants them any more.
fn decode(decoder: &mut Decoder, format: &FrameFormat, send: &SyncSender<Result<Raw, VideoError>>) {
    let mut cuts = Cuts::new();
    let luma = format.planes().into_iter().next().map(|(range, _)| range).unwrap_or_default();
    let mut words = Vec::new();
    loop {
        let mut bytes = Vec::new();
        let next = decoder.next_frame(&mut bytes).transpose();
        let Some(next) = next else { return };
        let broken = next.is_err();
        let raw = next.map(|ticks| {
            let luma = bytes.get(luma.clone()).unwrap_or_default();
            let begins = if format.pixels.sample_bytes() == 1 {
                cuts.begins_u8(luma, format.width)
            } else {
                words.clear();
                words.extend(luma.as_chunks::<2>().0.iter().map(|&pair| u16::from_le_bytes(pair)));
                cuts.begins_u16(&words, format.width, format.pixels.bits)
            };
            Raw { ticks, begins, bytes }
        });
        if send.send(raw).is_err() || broken {
            return;
        }
    }
}

/// The next frames, as many as there are up to a number; damage is told and ends the film.
fn take(
    receive: &Receiver<Result<Raw, VideoError>>,
    most: usize,
    film: &Film,
    damage: &mut Option<Failure>,
) -> Vec<Raw> {
    let mut batch = Vec::with_capacity(most);
    while batch.len() < most {
        match receive.recv() {
            Ok(Ok(raw)) => batch.push(raw),
            Ok(Err(error)) => {
                *damage = Some(failure(&film.path, &error));
                break;
            }
            Err(_) => break,
        }
    }
    batch
}

/// The image that measures take.
///
/// # Errors
/// What it cannot be, as text.
pub fn image(format: &FrameFormat, bytes: &[u8]) -> Result<Image, String> {
    format.read(bytes).map_err(|error| error.to_string())
}

type Looked = Result<(Vec<Value>, Option<Verdict>), String>;

fn look(raw: &Raw, number: usize, format: &FrameFormat, plan: &Plan<'_>, ctx: &Context<'_>) -> Looked {
    let stored = image(format, &raw.bytes)?;
    let all = raw.begins || number.is_multiple_of(plan.every);
    let verdict = all.then(|| Verdict::new(&unband::inspect(&stored, ctx)));
    let image = if stored.is_yuv() { stored.into_rgb(ctx).map_err(|e| e.to_string())? } else { stored };
    let subject = Subject { image: &image, reference: None, input: None };
    let values = if all {
        measure(&[subject], plan.metrics, ctx).concat()
    } else {
        let mut values = vec![Value::Blank; plan.metrics.len()];
        values[plan.lead] = measure(&[subject], &plan.metrics[plan.lead..=plan.lead], ctx).concat().remove(0);
        values
    };
    Ok((values, verdict))
}
