//! Calls of the page.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use serde_json::{Value, json};
use unband::calls::{self, Archive, CallError, CallOptions, Surroundings, ViewedImage};
use unband::io::Limits;
use unband::video::{VideoOptions, deband_single};
use unband::{Context, Progress, Window, With};

use super::library::{FrameItem, Item, Library};
use super::message::{Answer, CallMessage};

/// The engine of the page.
pub(super) struct Engine {
    pub library: Library,
    limits: Limits,
    /// The images of the views, one of each page; the last ones.
    shown: Mutex<Vec<ShownImage>>,
    /// One job at a time: each takes all processors.
    turn: Mutex<()>,
    /// One thumbnail at a time: each reads an image.
    thumbs: Mutex<()>,
    jobs: Mutex<Jobs>,
}

/// Jobs by name: that of their page, `-`, a number.
#[derive(Default)]
struct Jobs {
    running: HashMap<String, Arc<RunningJob>>,
    /// Jobs that were cancelled before they came.
    cancelled: HashSet<String>,
}

/// Pages whose images are kept.
const PAGES: usize = 4;
/// Pause of a job that waits for its turn.
const PAUSE: Duration = Duration::from_millis(20);

/// An image, its result, and the means for its contrast.
struct ShownImage {
    key: String,
    before: ViewedImage,
    after: Option<ViewedImage>,
    /// A result that stays on the left.
    pinned: Option<ViewedImage>,
    around: Option<Around>,
}

/// Means, the window that they are of, and the factor that they are for.
type Around = (Window, f32, Surroundings);

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
        Self {
            library,
            limits,
            shown: Mutex::default(),
            turn: Mutex::default(),
            thumbs: Mutex::default(),
            jobs: Mutex::default(),
        }
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
                locked(&self.shown).retain(|shown| shown.page() != page(key(call)));
                Ok(Answer::default())
            }
            "result" => self.result(call),
            "pin" => Ok(self.pin(call)),
            "view" => self.view(call, ctx),
            "preview" => self.preview(call, ctx),
            "line" => self.line(call, ctx),
            "histogram" => self.histogram(call, ctx),
            "archive" => archive(call),
            "share" => Ok(Answer::new(json!(self.share(call.text("job"))))),
            "cancel" => {
                self.cancel(call.text("job"));
                Ok(Answer::default())
            }
            "deband" | "upscale" | "grade" | "frames" => self.job(call, ctx),
            name => Err(CallError::input(format!("there is no call `{name}`"))),
        }
    }

    /// A small image of a file, as PNG.
    ///
    /// # Errors
    /// No such file; one that cannot be read, or is above the limits.
    pub(super) fn thumbnail(&self, id: usize, ctx: &Context<'_>) -> Result<Vec<u8>, CallError> {
        let item = self.library.item(id)?;
        let _one = locked(&self.thumbs);
        item.thumbnail(&self.limits, ctx)
    }

    /// Cancels all jobs, as the program ends.
    pub(super) fn cancel_all(&self) {
        locked(&self.jobs).running.values().for_each(|job| job.cancel.store(true, Ordering::Relaxed));
    }

    /// Cancels a job, or with `PAGE-` all of a page.
    fn cancel(&self, name: &str) {
        let mut jobs = locked(&self.jobs);
        let of_page = name.ends_with('-');
        for (known, job) in &jobs.running {
            if known == name || of_page && known.starts_with(name) {
                job.cancel.store(true, Ordering::Relaxed);
            }
        }
        if !of_page && !jobs.running.contains_key(name) && jobs.cancelled.len() < 1000 {
            jobs.cancelled.insert(name.to_owned());
        }
    }

    /// The share of a job that is done; `None` once it ended.
    fn share(&self, job: &str) -> Option<f32> {
        let jobs = locked(&self.jobs);
        Some(f32::from_bits(jobs.running.get(job)?.share.load(Ordering::Relaxed)))
    }

    /// The image of a part, else of a file by its number.
    fn given(&self, call: &CallMessage, part: &str) -> Result<ViewedImage, CallError> {
        match call.part(part) {
            Some(bytes) => ViewedImage::read(bytes, &self.limits),
            None => self.library.item(call.number("file")?)?.viewed(&self.limits),
        }
    }

    fn open(&self, call: &CallMessage, ctx: &Context<'_>) -> Result<Answer, CallError> {
        let mut before = self.given(call, "bytes")?;
        let report = parsed(&before.inspect("{\"explain\":true}", ctx)?);
        let image = before.image();
        let about = json!({
            "width": image.width(), "height": image.height(), "depth": image.depth.bits(), "report": report,
        });
        let key = key(call).to_owned();
        let new = ShownImage { key, before, after: None, pinned: None, around: None };
        let mut all = locked(&self.shown);
        all.retain(|shown| shown.page() != new.page());
        let first = all.len().saturating_sub(PAGES - 1);
        all.drain(..first);
        all.push(new);
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
        let contrast = contrast(shown.around.as_ref(), factor);
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
        let contrast = contrast(shown.around.as_ref(), factor);
        let options = call.given["options"].to_string();
        let pixels = shown.before.preview(window, contrast, &options, ctx)?;
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
        let name = call.text("job").to_owned();
        let job = Arc::new(RunningJob::default());
        {
            let mut jobs = locked(&self.jobs);
            job.cancel.store(jobs.cancelled.remove(&name), Ordering::Relaxed);
            jobs.running.insert(name.clone(), Arc::clone(&job));
        }
        let turn = self.turn(&job);
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
        locked(&self.jobs).running.remove(&name);
        made
    }

    /// Waits until no other job runs, or this one is cancelled.
    fn turn(&self, job: &RunningJob) -> Option<MutexGuard<'_, ()>> {
        while !job.cancel.load(Ordering::Relaxed) {
            match self.turn.try_lock() {
                Ok(turn) => return Some(turn),
                Err(TryLockError::Poisoned(turn)) => return Some(turn.into_inner()),
                Err(TryLockError::WouldBlock) => std::thread::sleep(PAUSE),
            }
        }
        None
    }

    fn repaired(&self, call: &CallMessage, upscales: bool, ctx: &Context<'_>) -> Result<Answer, CallError> {
        let options = CallOptions::parse(&call.given["options"].to_string())?;
        let loaded;
        let bytes = if let Some(bytes) = call.part("bytes") {
            bytes
        } else {
            let item = self.library.item(call.number("file")?)?;
            loaded = match &item {
                Item::Frame(frame) if upscales => calls::encoded(&frame.image()?.into_rgb(ctx)?, None)?,
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
        let before = self.given(call, "before")?;
        let after = call.part("after").map(|bytes| ViewedImage::read(bytes, &self.limits)).transpose()?;
        Ok(Answer::new(json!({ "before": grade(before), "after": after.map(grade) })))
    }
}

/// A frame repaired as one of its video, with the facts that the page shows.
fn repaired_frame(frame: &FrameItem, options: &CallOptions, ctx: &Context<'_>) -> Result<Answer, CallError> {
    let (asked, format) = (options.options()?, options.format()?);
    let method = asked.method.named().map_or("unband", |method| method.entry().name);
    let options = VideoOptions::with(|new| new.options = asked);
    let made = deband_single(&frame.video, &frame.format, &frame.bytes, &options, ctx)?;
    let (changed, depth) = (made.changed, made.after.depth.bits());
    let (before, after) = (made.before.into_rgb(ctx)?, made.after.into_rgb(ctx)?);
    let pairs = before.planes.iter().zip(&after.planes);
    let far = pairs.flat_map(|(a, b)| a.data.iter().zip(&b.data).map(|(a, b)| (a - b).abs()));
    let far = 255.0 * far.fold(0.0f32, f32::max);
    let data = calls::encoded(&after, format)?;
    let record = json!({
        "status": if changed { "written" } else { "unchanged" },
        "reason": if changed { "restored" } else { "nothing-found" },
        "method": method,
        "max_change_codes": far,
        "width": before.width(), "height": before.height(),
        "output_format": format.map_or("PNG", |format| format.name), "output_depth": depth,
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
    fn page(&self) -> &str {
        page(&self.key)
    }

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
}

/// Contrast by this factor, where it is above 1.
fn contrast(around: Option<&Around>, factor: f32) -> Option<(f32, &Surroundings)> {
    around.filter(|_| factor > 1.0).map(|(_, factor, means)| (*factor, means))
}

/// The image of the views of a page, if it is the one that is meant.
fn shown<'a>(all: &'a mut [ShownImage], call: &CallMessage) -> Option<&'a mut ShownImage> {
    all.iter_mut().find(|shown| shown.key == key(call))
}

/// The name of an image: that of its page, a space, its own.
fn key(call: &CallMessage) -> &str {
    call.text("key")
}

fn page(key: &str) -> &str {
    key.split(' ').next().unwrap_or_default()
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
