//! The interface between restoration methods and their caller (tiles, threads, colour).

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::codes::CodeRestorer;
use crate::depth::Depth;
use crate::image::{Image, Plane};
use crate::inspect::Findings;
use crate::params::{ParamError, ParamInfo};
use crate::pool;
use crate::rng::Rng;
use crate::tile::Band;
use rayon::ThreadPool;
use unband_simd::Level;

/// A rectangle of luma samples, half open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// First column.
    pub x0: usize,
    /// First row.
    pub y0: usize,
    /// One past the last column.
    pub x1: usize,
    /// One past the last row.
    pub y1: usize,
}

impl Window {
    /// Width.
    pub fn width(self) -> usize {
        self.x1 - self.x0
    }

    /// Height.
    pub fn height(self) -> usize {
        self.y1 - self.y0
    }

    /// Grown by `halo` on each side, cut at the image's border.
    #[must_use]
    pub fn grown(self, halo: usize, width: usize, height: usize) -> Self {
        Self {
            x0: self.x0.saturating_sub(halo),
            y0: self.y0.saturating_sub(halo),
            x1: (self.x1 + halo).min(width),
            y1: (self.y1 + halo).min(height),
        }
    }

    /// The same rectangle after upscaling by a factor.
    #[must_use]
    pub fn times(self, scale: usize) -> Self {
        Self { x0: scale * self.x0, y0: scale * self.y0, x1: scale * self.x1, y1: scale * self.y1 }
    }

    /// The same rectangle on a plane that is subsampled by `sx`, `sy`. The upper left corner must be a
    /// multiple of both, the lower right one too unless it is the image's end.
    #[must_use]
    pub fn on_plane(self, sx: usize, sy: usize) -> Self {
        Self { x0: self.x0 / sx, y0: self.y0 / sy, x1: self.x1.div_ceil(sx), y1: self.y1.div_ceil(sy) }
    }
}

/// Requirements of a restorer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs {
    /// Halo: samples around a window that influence it, in luma samples.
    pub halo: usize,
    /// Corners of windows are multiples of this (1, 2, 4, …).
    pub align: usize,
    /// Windows span whole rows.
    pub full_width: bool,
    /// Only one window: the whole image.
    pub whole_image: bool,
}

impl Needs {
    /// Small windows with this halo.
    pub fn halo(halo: usize) -> Self {
        Self { halo, align: 4, full_width: false, whole_image: false }
    }
}

/// Window of an image to restore. Rows are read by absolute position, inside `outer` only.
#[derive(Clone, Copy)]
pub struct TileIn<'a> {
    /// The image.
    pub image: &'a Image,
    /// The samples to write.
    pub core: Window,
    /// The readable samples: the core with its halo, clipped to the image.
    pub outer: Window,
}

impl<'a> TileIn<'a> {
    /// Subsampling factors of a plane, across and down.
    pub fn scale(&self, plane: usize) -> (usize, usize) {
        self.image.plane_scale(plane)
    }

    /// `core` in samples of a plane.
    pub fn core_on(&self, plane: usize) -> Window {
        let (sx, sy) = self.scale(plane);
        self.core.on_plane(sx, sy)
    }

    /// `outer` in samples of a plane.
    pub fn outer_on(&self, plane: usize) -> Window {
        let (sx, sy) = self.scale(plane);
        self.outer.on_plane(sx, sy)
    }

    /// Row `y` (absolute, in the plane) across the outer window.
    pub fn row(&self, plane: usize, y: usize) -> &'a [f32] {
        let window = self.outer_on(plane);
        debug_assert!((window.y0..window.y1).contains(&y));
        &self.image.planes[plane].row(y)[window.x0..window.x1]
    }

    /// Row `y` (absolute, in the plane) across the core window.
    pub fn core_row(&self, plane: usize, y: usize) -> &'a [f32] {
        let window = self.core_on(plane);
        &self.image.planes[plane].row(y)[window.x0..window.x1]
    }
}

/// Restored samples of the core window, one plane per input plane. Filled with the input before the call.
#[derive(Clone, Debug, Default)]
pub struct TileOut {
    /// One plane of the core's size per image plane.
    pub planes: Vec<Plane>,
}

/// Error of a restorer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RestoreError {
    /// The caller asked to stop.
    #[error("interrupted")]
    Cancelled,
    /// The method does not support this image.
    #[error("{method} {what}")]
    Unsupported {
        /// The method.
        method: &'static str,
        /// The unsupported property, and what to do instead.
        what: String,
    },
    /// A network's result is infinite or not a number.
    #[error("{method} produced NaN or infinite values: its weights are damaged, or not meant for it")]
    NoNumbers {
        /// The method.
        method: &'static str,
    },
}

/// Maps a window of an image to a better one of the same size. Does no I/O, keeps no state between calls,
/// prints nothing. Windows of one image give the same samples as the whole image in one call.
pub trait Restorer: Send + Sync {
    /// Requirements that the caller must meet.
    fn needs(&self) -> Needs;

    /// The grid of the results, where the method rounds them by itself. Most leave rounding to the caller and
    /// return `None`.
    fn rounds_to(&self) -> Option<Depth> {
        None
    }

    /// The integer interface, for a method that computes on integer codes and an image that has them: 8 to 16
    /// bits.
    fn as_codes(&self) -> Option<&dyn CodeRestorer> {
        None
    }

    /// Bytes held while `at_once` windows of `size` (columns and rows, halo included) are in progress,
    /// besides the windows themselves: a network's intermediate results and weights. Most methods need almost
    /// nothing.
    fn working_bytes(&self, _size: (usize, usize), _at_once: usize, _ctx: &Context<'_>) -> u64 {
        0
    }

    /// Does it distribute each window over all threads by itself? Then windows run one after the other.
    fn spreads(&self) -> bool {
        false
    }

    /// Bytes held while a whole image of that size is processed row by row; `None` where only windows are
    /// supported.
    fn passage_bytes(&self, _size: (usize, usize), _ctx: &Context<'_>) -> Option<u64> {
        None
    }

    /// Processes a whole image row by row, where supported. The result equals that of a single window.
    ///
    /// # Errors
    /// When the method does not support the image.
    fn passage<'a>(
        &'a self,
        _image: &Image,
        _ctx: &Context<'_>,
    ) -> Result<Option<Box<dyn Passage + 'a>>, RestoreError> {
        Ok(None)
    }

    /// May this window differ from the input at all? A cheap test; `false` skips the call.
    fn touches(&self, _input: &TileIn<'_>) -> bool {
        true
    }

    /// Writes the restored core.
    ///
    /// # Errors
    /// When cancelled, or when the method does not support the image.
    fn restore(
        &self,
        input: &TileIn<'_>,
        output: &mut TileOut,
        ctx: &Context<'_>,
    ) -> Result<(), RestoreError>;
}

/// Row-by-row restoration of an image, from top to bottom.
pub trait Passage: Send {
    /// The next rows; `None` after the last. `image` still holds the original samples, except in rows that
    /// have become free.
    ///
    /// # Errors
    /// As [`Restorer::restore`].
    fn next(&mut self, image: &Image, ctx: &Context<'_>) -> Result<Option<Rows>, RestoreError>;
}

/// Restored rows.
pub struct Rows {
    /// Position and samples.
    pub band: Band,
    /// Rows above this one are no longer read: they may be overwritten.
    pub free: usize,
}

/// Prepares a restorer for one image: `(image, findings, context)`.
pub type Prepare =
    Box<dyn Fn(&Image, &Findings, &Context<'_>) -> Result<Box<dyn Restorer>, RestoreError> + Send + Sync>;

/// Checks settings and returns the preparation step.
pub type Build = fn(&[(String, String)]) -> Result<Prepare, ParamError>;

/// One method of a registry.
#[derive(Clone, Copy)]
pub struct Entry {
    /// Kebab-case, as its authors spell it.
    pub name: &'static str,
    /// A few words.
    pub title: &'static str,
    /// Paper or repository path.
    pub source: &'static str,
    /// Part of unband: kept inside the quantisation intervals, applied only where there is banding, dithered.
    /// Other methods run as their authors wrote them.
    pub ours: bool,
    /// Works on red, green and blue: other images are converted first.
    pub rgb: bool,
    /// Its parameters.
    pub params: &'static [ParamInfo],
    /// Constructor from settings.
    pub build: Build,
}

/// Receives the progress of a long job. Called from many threads.
pub trait Progress: Sync {
    /// `done` of `total` parts of the current image are finished.
    fn advance(&self, done: usize, total: usize);
}

/// One of several tasks of about the same length: maps its progress to that of all of them.
pub struct Piece<'a> {
    /// Progress of the whole.
    pub all: &'a dyn Progress,
    /// Index of this one, from 0.
    pub number: usize,
    /// Number of tasks.
    pub of: usize,
}

impl Progress for Piece<'_> {
    fn advance(&self, done: usize, total: usize) {
        let total = total.max(1);
        self.all.advance(self.number * total + done, self.of * total);
    }
}

/// Receives an extra output of a restorer, such as a network's second result. Called from many threads.
pub trait Aside: Sync {
    /// Name of the requested output.
    fn name(&self) -> &str;
    /// Its planes for a window of the image, of the window's size.
    fn put(&self, window: Window, planes: &[&[f32]]);
}

/// Ignores progress.
pub struct NoProgress;

impl Progress for NoProgress {
    fn advance(&self, _done: usize, _total: usize) {}
}

/// Resources of a job: threads, vector instructions, cancellation flag, progress, random numbers.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Threads to use, at least 1.
    pub threads: usize,
    /// Vector instructions to use.
    pub level: Level,
    /// Set by the caller to stop.
    pub cancel: &'a AtomicBool,
    /// Receives progress.
    pub progress: &'a dyn Progress,
    /// Random numbers by position.
    pub rng: Rng,
    /// Frame number; 0 for stills.
    pub frame: u32,
    /// Depth at which the result will be stored, where the caller knows it: for methods with their own
    /// dither.
    pub output: Option<Depth>,
    /// Folder of imported models, for metrics that run a network.
    pub models: Option<&'a Path>,
    /// Receives the extra output of a restorer.
    pub aside: Option<&'a dyn Aside>,
}

static NEVER: AtomicBool = AtomicBool::new(false);

impl Default for Context<'_> {
    /// All processors, best instructions, never cancelled, silent, seed 0.
    fn default() -> Self {
        Self {
            threads: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            level: Level::best(),
            cancel: &NEVER,
            progress: &NoProgress,
            rng: Rng::new(0),
            frame: 0,
            output: None,
            models: None,
            aside: None,
        }
    }
}

impl Context<'_> {
    /// Fails once the caller has asked to stop.
    ///
    /// # Errors
    /// [`RestoreError::Cancelled`].
    pub fn check(&self) -> Result<(), RestoreError> {
        if self.cancel.load(Ordering::Relaxed) { Err(RestoreError::Cancelled) } else { Ok(()) }
    }

    /// Runs `work(0..parts)` on the context's threads, started in this order, and returns the results in
    /// order.
    ///
    /// Calls may be nested. The caller must not hold a lock that other parts need: a thread that waits for
    /// inner parts runs outer ones meanwhile.
    ///
    /// # Panics
    /// When `work` panics, once all started parts have ended.
    pub fn map<T: Send>(&self, parts: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
        let threads = self.threads.min(parts);
        let pool = if parts > 1 { self.pool() } else { None };
        let Some(pool) = pool else { return (0..parts).map(work).collect() };
        let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::with_capacity(parts)));
        let run = || {
            let mut mine = Vec::new();
            loop {
                let i = next.fetch_add(1, Ordering::Relaxed);
                if i >= parts {
                    break;
                }
                mine.push((i, work(i)));
            }
            done.lock().unwrap_or_else(PoisonError::into_inner).extend(mine);
        };
        pool.scope(|scope| {
            (1..threads).for_each(|_| scope.spawn(|_| run()));
            run();
        });
        let mut all = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        all.sort_by_key(|&(i, _)| i);
        all.into_iter().map(|(_, result)| result).collect()
    }

    /// Runs work that calls [`Context::map`] often on one of the pool's threads, which makes those calls
    /// cheap.
    pub fn within<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        match self.pool() {
            Some(pool) => pool.install(work),
            None => work(),
        }
    }

    fn pool(&self) -> Option<Arc<ThreadPool>> {
        if self.threads > 1 { pool::of(self.threads) } else { None }
    }

    /// As [`Context::map`], over parts that the work consumes, such as slices to write to.
    pub fn map_parts<P: Send, T: Send>(&self, parts: Vec<P>, work: impl Fn(usize, P) -> T + Sync) -> Vec<T> {
        let parts: Vec<_> = parts.into_iter().map(|part| Mutex::new(Some(part))).collect();
        let take = |i: usize| parts[i].lock().unwrap_or_else(PoisonError::into_inner).take();
        self.map(parts.len(), |i| take(i).map(|part| work(i, part))).into_iter().flatten().collect()
    }
}
