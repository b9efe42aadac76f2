//! Resources of a job: threads, cancellation, progress, random numbers, and the error of cancelled work.

use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::accelerator::Accelerator;
use crate::depth::Depth;
use crate::pool;
use crate::rng::Rng;
use crate::window::Window;
use rayon::ThreadPool;
use unband_simd::Level;

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

impl RestoreError {
    /// The method does not support an image: the unsupported property, and what to do instead.
    pub fn unsupported(method: &'static str, what: impl fmt::Display) -> Self {
        Self::Unsupported { method, what: what.to_string() }
    }
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
pub trait ExtraOutput: Sync {
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
#[non_exhaustive]
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
    /// Runs networks in place of the CPU.
    pub accelerator: Option<&'a dyn Accelerator>,
    /// Receives the extra output of a restorer.
    pub extra_output: Option<&'a dyn ExtraOutput>,
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
            accelerator: None,
            extra_output: None,
        }
    }
}

impl Context<'_> {
    /// Has the caller asked to stop?
    pub fn cancelled(&self) -> bool {
        self.cancel.load(Ordering::Relaxed)
    }

    /// Fails once the caller has asked to stop.
    ///
    /// # Errors
    /// [`RestoreError::Cancelled`].
    pub fn check(&self) -> Result<(), RestoreError> {
        if self.cancelled() { Err(RestoreError::Cancelled) } else { Ok(()) }
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
        self.divided(parts, 1, work)
    }

    /// Runs the parts in order from several starts, one for each share; a thread begins with its own share.
    fn divided<T: Send>(&self, parts: usize, shares: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
        let threads = self.threads.min(parts);
        let pool = if parts > 1 { self.pool() } else { None };
        let Some(pool) = pool else { return (0..parts).map(work).collect() };
        let start = |share: usize| share * parts / shares;
        let next: Vec<_> = (0..shares).map(|share| AtomicUsize::new(start(share))).collect();
        let done = Mutex::new(Vec::with_capacity(parts));
        let run = || {
            let mut mine = Vec::new();
            let own = rayon::current_thread_index().unwrap_or(0);
            for share in (own..own + shares).map(|share| share % shares) {
                let taken = std::iter::repeat_with(|| next[share].fetch_add(1, Ordering::Relaxed));
                mine.extend(taken.take_while(|&i| i < start(share + 1)).map(|i| (i, work(i))));
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

    /// As [`Context::map`], over parts that the work consumes, such as slices to write to. They are started
    /// in any order: from call to call, a thread has about the same ones, which are still in its cache.
    pub fn map_parts<P: Send, T: Send>(&self, parts: Vec<P>, work: impl Fn(usize, P) -> T + Sync) -> Vec<T> {
        let parts: Vec<_> = parts.into_iter().map(|part| Mutex::new(Some(part))).collect();
        let take = |i: usize| parts[i].lock().unwrap_or_else(PoisonError::into_inner).take();
        let shares = self.threads.clamp(1, parts.len().max(1));
        self.divided(parts.len(), shares, |i| take(i).map(|part| work(i, part)))
            .into_iter()
            .flatten()
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use std::thread;
    use std::time::Duration;

    #[test]
    fn a_call_runs_on_no_more_threads_than_its_context_has() {
        for threads in 1..=4 {
            let ctx = Context { threads, ..Context::default() };
            let seen = Mutex::new(HashSet::new());
            let note = || {
                thread::sleep(Duration::from_micros(100));
                seen.lock().unwrap_or_else(PoisonError::into_inner).insert(thread::current().id());
            };
            ctx.map(60, |_| {
                note();
                ctx.map(3, |_| note());
            });
            let parts = (0..7).collect();
            let doubled = ctx.map_parts(parts, |i, part: usize| {
                note();
                i + part
            });
            assert_eq!(doubled, [0, 2, 4, 6, 8, 10, 12]);
            let seen = seen.into_inner().unwrap_or_else(PoisonError::into_inner).len();
            assert!((1..=threads).contains(&seen), "{seen} of {threads}");
            assert!(threads == 1 || seen > 1, "one thread of {threads}");
        }
    }

    #[test]
    fn parts_may_be_fewer_than_threads_and_hold_parts() {
        let ctx = Context { threads: 8, ..Context::default() };
        assert!(ctx.map_parts(Vec::<u8>::new(), |i, _| i).is_empty());
        let sums = ctx.map_parts(vec![1, 2, 3], |_, part| {
            ctx.map_parts((0..20).collect(), |i, inner: usize| i * inner * part).into_iter().sum::<usize>()
        });
        assert_eq!(sums, [2470, 4940, 7410]);
    }

    #[test]
    fn a_panic_in_a_part_reaches_the_caller() {
        let ctx = Context { threads: 4, ..Context::default() };
        let fails = || ctx.map_parts((0..40).collect(), |i, _: usize| assert_ne!(i, 23, "part 23"));
        let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(fails)).unwrap_err();
        assert!(panic.downcast_ref::<String>().is_some_and(|text| text.contains("part 23")));
        assert_eq!(ctx.map_parts(vec![7], |_, part| part), [7]);
    }
}
