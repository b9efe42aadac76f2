//! How far the work is, on a terminal only.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

/// Parts of a picture that the bar tells apart.
const PARTS: u64 = 1000;

/// A progress bar over all pictures. It shows itself after a second, or at once for several pictures.
pub struct Bar {
    drawn: ProgressBar,
    started: Instant,
    patience: Duration,
    show: bool,
}

impl Bar {
    /// A bar over so many pictures; `show: false` gives one that never appears.
    pub fn new(pictures: usize, show: bool) -> Self {
        let drawn =
            ProgressBar::with_draw_target(Some(pictures as u64 * PARTS), ProgressDrawTarget::hidden());
        let template =
            if pictures > 1 { "{bar:32} {msg}, {eta} left" } else { "{bar:32} {percent}%, {eta} left" };
        if let Ok(style) = ProgressStyle::with_template(template) {
            drawn.set_style(style);
        }
        let bar = Self {
            drawn,
            started: Instant::now(),
            patience: if pictures > 1 { Duration::from_millis(200) } else { Duration::from_secs(1) },
            show: show && std::io::stderr().is_terminal(),
        };
        bar.drawn.set_message(format!("0/{pictures}"));
        bar
    }

    /// A bar over the frames of a film, which tells how many there are once they come.
    pub fn film(show: bool) -> Self {
        let bar = Self::new(1, show);
        let template = "{bar:32} {pos}/{len} frames, {per_sec}, {eta} left";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.drawn.set_style(style.with_key(
                "per_sec",
                |state: &ProgressState, out: &mut dyn std::fmt::Write| {
                    let _ = write!(out, "{:.1}/s", state.per_sec());
                },
            ));
        }
        bar
    }

    /// So many frames of so many are done.
    pub fn frames(&self, done: usize, total: usize) {
        self.drawn.set_length(total as u64);
        self.drawn.set_position(done as u64);
        self.appear();
    }

    /// Says nothing, ever.
    pub fn none() -> Self {
        Self::new(0, false)
    }

    /// A picture's share of the bar.
    pub fn picture(&self) -> PictureBar<'_> {
        PictureBar { bar: self, reached: AtomicUsize::new(0) }
    }

    /// So many pictures of so many are done.
    pub fn done(&self, pictures: usize, total: usize) {
        self.drawn.set_message(format!("{pictures}/{total}"));
        self.appear();
    }

    /// Runs what writes to the terminal while the bar is out of the way.
    pub fn aside<R>(&self, write: impl FnOnce() -> R) -> R {
        self.drawn.suspend(write)
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.drawn.finish_and_clear();
    }

    fn appear(&self) {
        if self.show && self.drawn.is_hidden() && self.started.elapsed() >= self.patience {
            self.drawn.set_draw_target(ProgressDrawTarget::stderr());
        }
    }
}

/// Carries one picture's progress to the bar.
pub struct PictureBar<'a> {
    bar: &'a Bar,
    reached: AtomicUsize,
}

impl unband_image::restorer::Progress for PictureBar<'_> {
    fn advance(&self, done: usize, total: usize) {
        // Reading, looking and writing have no parts of their own; restoring gets nine tenths.
        let part = (done * (PARTS as usize) * 9 / 10).checked_div(total).unwrap_or(0);
        let before = self.reached.fetch_max(part, Ordering::Relaxed);
        self.bar.drawn.inc(part.saturating_sub(before) as u64);
        self.bar.appear();
    }
}

impl Drop for PictureBar<'_> {
    fn drop(&mut self) {
        let reached = *self.reached.get_mut() as u64;
        self.bar.drawn.inc(PARTS - reached.min(PARTS));
    }
}
