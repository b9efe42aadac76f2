//! Calls of the page.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use unband::calls::{self, Archive, CallError, CallOptions, Surroundings, ViewedImage};
use unband::io::Limits;
use unband::video::{VideoOptions, deband_single};
use unband::{Context, Progress, Window, With};

use super::library::{FrameItem, Item, Library, png};
use super::message::{Answer, CallMessage};

/// The engine of the page.
pub(super) struct Engine {
    pub library: Library,
    limits: Limits,
    /// The image of the views.
    shown: Mutex<Option<ShownImage>>,
    /// One job at a time: each takes all processors.
    turn: Mutex<()>,
    jobs: Mutex<HashMap<usize, Arc<RunningJob>>>,
}

/// An image, its result, and the means for its contrast.
struct ShownImage {
    key: String,
    before: ViewedImage,
    after: Option<ViewedImage>,
    /// A result that stays on the left.
    pinned: Option<ViewedImage>,
    around: Option<(Window, f32, Surroundings)>,
}

/// Share and cancellation of a job.
#[derive(Default)]
struct RunningJob {
    share: AtomicU32,
    cancel: AtomicBool,
}

impl Progress for RunningJob {
    fn advance(&self, done: usize, total: usize) {
        let share = done as f32 / total.max(1) as f32;
        self.share.store(share.to_bits(), Ordering::Relaxed);
    }
}

fn locked<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Engine {
    pub(super) fn new(library: Library, max_memory: Option<u64>) -> Self {
        let limits = Limits::with(|new| {
            if let Some(bytes) = max_memory {
                new.max_bytes = bytes;
            }
        });
        Self { library, limits, shown: Mutex::default(), turn: Mutex::default(), jobs: Mutex::default() }
    }

    /// Answers a call.
    ///
    /// # Errors
    /// Those of the call, for the page to show.
    pub(super) fn answer(&self, call: &CallMessage, ctx: &Context<'_>) -> Result<Answer, CallError> {
        match &*call.name {
            "files" => Ok(Answer::new(json!(self.library.records()))),
            "methods" => Ok(Answer::new(parsed(&calls::methods()))),
            "open" => self.open(call, ctx),
            "close" => {
                *locked(&self.shown) = None;
                Ok(Answer::default())
            }
            "result" => self.result(call),
            "pin" => Ok(self.pin(call)),
            "view" => self.view(call, ctx),
            "preview" => self.preview(call, ctx),
            "line" => self.line(call, ctx),
            "histogram" => self.histogram(call, ctx),
            "archive" => archive(call),
            "share" => Ok(Answer::new(json!(self.share(call.number("job")?)))),
            "cancel" => {
                if let Some(job) = locked(&self.jobs).get(&call.number("job")?) {
                    job.cancel.store(true, Ordering::Relaxed);
                }
                Ok(Answer::default())
            }
            "deband" | "upscale" | "grade" | "frames" => self.job(call, ctx),
            name => Err(CallError::input(format!("there is no call `{name}`"))),
        }
    }

    fn share(&self, job: usize) -> f32 {
        locked(&self.jobs).get(&job).map_or(0.0, |job| f32::from_bits(job.share.load(Ordering::Relaxed)))
    }

    fn open(&self, call: &CallMessage, ctx: &Context<'_>) -> Result<Answer, CallError> {
        let mut before = match call.part("bytes") {
            Some(bytes) => ViewedImage::read(bytes, &self.limits)?,
            None => self.library.item(call.number("file")?)?.viewed(&self.limits)?,
        };
        let report = parsed(&before.inspect("{\"explain\":true}", ctx)?);
        let image = before.image();
        let about = json!({
            "width": image.width(), "height": image.height(), "depth": image.depth.bits(), "report": report,
        });
        *locked(&self.shown) =
            Some(ShownImage { key: key(call), before, after: None, pinned: None, around: None });
        Ok(Answer::new(about))
    }

    fn result(&self, call: &CallMessage) -> Result<Answer, CallError> {
        let after = call.part("bytes").map(|bytes| ViewedImage::read(bytes, &self.limits)).transpose()?;
        let mut lock = locked(&self.shown);
        let Some(shown) = shown(&mut lock, call) else { return Ok(Answer::stale()) };
        shown.after = after;
        Ok(Answer::default())
    }

    fn pin(&self, call: &CallMessage) -> Answer {
        let mut lock = locked(&self.shown);
        let Some(shown) = shown(&mut lock, call) else { return Answer::stale() };
        shown.pinned = shown.after.clone().filter(|_| call.given["on"] == true);
        Answer::new(json!({ "pinned": shown.pinned.is_some() }))
    }

    fn view(&self, call: &CallMessage, ctx: &Context<'_>) -> Result<Answer, CallError> {
        let (window, every, factor) = (window(call, "window")?, call.number("every")?, factor(call));
        let mut lock = locked(&self.shown);
        let Some(shown) = shown(&mut lock, call) else { return Ok(Answer::stale()) };
        shown.prepare(window, factor, ctx)?;
        let contrast = shown.contrast(factor);
        let before = shown.left().pixels(window, every, contrast, ctx)?;
        let after =
            shown.after.as_ref().map(|after| after.pixels(window, every, contrast, ctx)).transpose()?;
        let after = after.map(|after| ("after", after));
        let parts = [Some(("before", before)), after].into_iter().flatten().collect();
        Ok(Answer { result: Value::Null, parts })
    }

    fn preview(&self, call: &CallMessage, ctx: &Context<'_>) -> Result<Answer, CallError> {
        let (window, around, factor) = (window(call, "window")?, window(call, "around")?, factor(call));
        let mut lock = locked(&self.shown);
        let Some(shown) = shown(&mut lock, call) else { return Ok(Answer::stale()) };
        shown.prepare(around, factor, ctx)?;
        let ShownImage { before, around, .. } = shown;
        let contrast = around.as_ref().filter(|_| factor > 1.0).map(|(_, factor, means)| (*factor, means));
        let pixels = before.preview(window, contrast, &call.given["options"].to_string(), ctx)?;
        Ok(Answer::part("pixels", pixels))
    }

    fn line(&self, call: &CallMessage, ctx: &Context<'_>) -> Result<Answer, CallError> {
        let (y, x0, x1) = (call.number("y")?, call.number("x0")?, call.number("x1")?);
        let mut lock = locked(&self.shown);
        let Some(shown) = shown(&mut lock, call) else { return Ok(Answer::stale()) };
        let after = shown.after.as_ref().map(|after| after.line(y, x0, x1, ctx)).transpose()?;
        Ok(Answer::new(json!({ "before": shown.left().line(y, x0, x1, ctx)?, "after": after })))
    }

    fn histogram(&self, call: &CallMessage, ctx: &Context<'_>) -> Result<Answer, CallError> {
        let mut lock = locked(&self.shown);
        let Some(shown) = shown(&mut lock, call) else { return Ok(Answer::stale()) };
        let after = shown.after.as_ref().map(|after| after.histogram(ctx)).transpose()?;
        Ok(Answer::new(json!({ "before": shown.left().histogram(ctx)?, "after": after })))
    }

    fn job(&self, call: &CallMessage, ctx: &Context<'_>) -> Result<Answer, CallError> {
        let number = call.number("job")?;
        let job = Arc::new(RunningJob::default());
        locked(&self.jobs).insert(number, Arc::clone(&job));
        let turn = locked(&self.turn);
        let ctx = (*ctx).but(|new| {
            new.cancel = &job.cancel;
            new.progress = &*job;
        });
        let made = ctx.check().map_err(|_| CallError::from(unband::Error::Cancelled));
        let made = made.and_then(|()| match &*call.name {
            "grade" => self.grade(call, &ctx),
            "frames" => {
                let advance = |done: usize, total: usize| ctx.progress.advance(done, total);
                Ok(Answer::new(json!(self.library.frames(call.number("file")?, &advance, &ctx)?)))
            }
            name => self.repaired(call, name == "upscale", &ctx),
        });
        drop(turn);
        locked(&self.jobs).remove(&number);
        made
    }

    fn repaired(&self, call: &CallMessage, upscales: bool, ctx: &Context<'_>) -> Result<Answer, CallError> {
        let options = CallOptions::parse(&call.given["options"].to_string())?;
        let loaded;
        let bytes = if let Some(bytes) = call.part("bytes") {
            bytes
        } else {
            let item = self.library.item(call.number("file")?)?;
            loaded = match &item {
                Item::Frame(frame) if upscales => {
                    png(&frame.format.read(&frame.bytes).map_err(unband::Error::from)?)?
                }
                Item::Frame(frame) => return repaired_frame(frame, &options, ctx),
                item => item.bytes()?,
            };
            &loaded
        };
        let run = if upscales { calls::upscale_file } else { calls::deband_file };
        let (data, record) = run(bytes, &options, &self.limits, ctx)?;
        Ok(Answer { result: json!({ "record": parsed(&record) }), parts: vec![("data", data)] })
    }

    fn grade(&self, call: &CallMessage, ctx: &Context<'_>) -> Result<Answer, CallError> {
        let grade = |mut image: ViewedImage| image.grade(ctx).to_string();
        let before = match call.part("before") {
            Some(bytes) => ViewedImage::read(bytes, &self.limits)?,
            None => self.library.item(call.number("file")?)?.viewed(&self.limits)?,
        };
        let after = call.part("after").map(|bytes| ViewedImage::read(bytes, &self.limits)).transpose()?;
        Ok(Answer::new(json!({ "before": grade(before), "after": after.map(grade) })))
    }
}

/// A frame repaired as one of its video, with the facts that the page shows.
fn repaired_frame(frame: &FrameItem, options: &CallOptions, ctx: &Context<'_>) -> Result<Answer, CallError> {
    let asked = options.options()?;
    let method = asked.method.named().map_or("automatic", |method| method.entry().name);
    let options = VideoOptions::with(|new| new.options = asked.clone());
    let made = deband_single(&frame.video, &frame.format, &frame.bytes, &options, ctx)?;
    let pairs = made.before.planes.iter().zip(&made.after.planes);
    let far = pairs.flat_map(|(a, b)| a.data.iter().zip(&b.data).map(|(a, b)| (a - b).abs()));
    let far = 255.0 * far.fold(0.0f32, f32::max);
    let data = png(&made.after)?;
    let record = json!({
        "status": if made.changed { "written" } else { "unchanged" },
        "reason": if made.changed { "restored" } else { "nothing-found" },
        "method": method,
        "max_change_codes": far,
        "width": made.before.width(), "height": made.before.height(),
        "output_format": "PNG", "output_depth": made.after.depth.bits(),
        "input_bytes": frame.bytes.len(), "output_bytes": data.len(),
    });
    Ok(Answer { result: json!({ "record": record }), parts: vec![("data", data)] })
}

fn archive(call: &CallMessage) -> Result<Answer, CallError> {
    let mut archive = Archive::default();
    for (name, bytes) in call.parts() {
        archive.add(name, bytes)?;
    }
    Ok(Answer::part("data", archive.finish()?))
}

impl ShownImage {
    /// The left side: an earlier result that is pinned, else the original.
    fn left(&self) -> &ViewedImage {
        self.pinned.as_ref().unwrap_or(&self.before)
    }

    /// The means around a window, kept while window and contrast stay.
    fn prepare(&mut self, window: Window, factor: f32, ctx: &Context<'_>) -> Result<(), CallError> {
        let known =
            self.around.as_ref().is_some_and(|(of, by, _)| *of == window && (by - factor).abs() < 1e-6);
        if !known && factor > 1.0 {
            self.around = Some((window, factor, self.before.surroundings(window, factor, ctx)?));
        }
        Ok(())
    }

    fn contrast(&self, factor: f32) -> Option<(f32, &Surroundings)> {
        self.around.as_ref().filter(|_| factor > 1.0).map(|(_, factor, means)| (*factor, means))
    }
}

/// The image of the views, if it is the one that is meant: another page may have opened its own.
fn shown<'a>(lock: &'a mut Option<ShownImage>, call: &CallMessage) -> Option<&'a mut ShownImage> {
    let key = key(call);
    lock.as_mut().filter(|shown| shown.key == key)
}

fn key(call: &CallMessage) -> String {
    call.given["key"].as_str().unwrap_or_default().to_owned()
}

fn factor(call: &CallMessage) -> f32 {
    call.given["contrast"].as_f64().unwrap_or(1.0).clamp(1.0, 64.0) as f32
}

fn window(call: &CallMessage, name: &str) -> Result<Window, CallError> {
    let side = |key: &str| call.given[name][key].as_u64().and_then(|side| usize::try_from(side).ok());
    match (side("x0"), side("y0"), side("x1"), side("y1")) {
        (Some(x0), Some(y0), Some(x1), Some(y1)) => Ok(Window { x0, y0, x1, y1 }),
        _ => Err(CallError::option(name, "four whole numbers", &call.given[name])),
    }
}

/// JSON of the library's, which parses.
fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}
