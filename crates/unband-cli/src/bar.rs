//! Progress bar on terminals, and occasional progress lines elsewhere.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use crate::streams;

/// Progress steps of one image.
const PARTS: u64 = 1000;

/// The remaining time is shown once this share of the work is done and this much time has passed: first
/// images are slower.
const LEAST_DONE: f64 = 0.04;
const LEAST_TIME: Duration = Duration::from_secs(2);
/// Characters of a file name that fit next to the bar.
const LONGEST_NAME: usize = 32;
/// Interval of progress lines where standard error is not a terminal.
const NOW_AND_THEN: Duration = Duration::from_secs(30);

/// A progress bar over all images. It appears after a second, or at once for several images.
pub(crate) struct Bar {
    drawn: ProgressBar,
    started: Instant,
    patience: Duration,
    show: bool,
    /// Current file, number of files done and number of all files.
    state: Mutex<State>,
    /// Print progress lines, since no bar is visible?
    lines: bool,
}

#[derive(Debug, Default)]
struct State {
    name: String,
    done: usize,
    total: usize,
    /// Time of the last line, since the start.
    said: Duration,
}

impl Bar {
    /// A bar over this number of images; `show: false` gives one that never appears.
    pub(crate) fn new(images: usize, show: bool) -> Self {
        let drawn = ProgressBar::with_draw_target(Some(images as u64 * PARTS), ProgressDrawTarget::hidden());
        let template = if images > 1 { "{bar:32} {msg}{left}" } else { "{bar:32} {percent}%{left}" };
        if let Ok(style) = ProgressStyle::with_template(template) {
            drawn.set_style(style.with_key(
                "left",
                |state: &ProgressState, out: &mut dyn std::fmt::Write| {
                    let done = state.pos() as f64 / state.len().unwrap_or(0).max(1) as f64;
                    let _ = out.write_str(&left(done, state.elapsed()));
                },
            ));
        }
        let bar = Self {
            drawn,
            started: Instant::now(),
            patience: if images > 1 { Duration::from_millis(200) } else { Duration::from_secs(1) },
            show: show && streams::errors_on_terminal(),
            state: Mutex::new(State { total: images, ..State::default() }),
            lines: false,
        };
        bar.drawn.set_message(format!("0/{images}"));
        bar
    }

    /// The same for work that prints nothing until it ends: without a terminal, progress lines are printed.
    pub(crate) fn with_lines(self, show: bool) -> Self {
        Self { lines: show && !self.show, ..self }
    }

    /// Starts an image.
    pub(crate) fn working(&self, name: &str) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        name.clone_into(&mut state.name);
        self.drawn.set_message(state.message());
    }

    /// A bar over the frames of a video; their number is set once it is known.
    pub(crate) fn video(show: bool) -> Self {
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

    /// Sets the number of frames done and of all frames.
    pub(crate) fn frames(&self, done: usize, total: usize) {
        self.drawn.set_length(total as u64);
        self.drawn.set_position(done as u64);
        self.appear();
    }

    /// A bar that never prints.
    pub(crate) fn none() -> Self {
        Self::new(0, false)
    }

    /// The bar's part for one image.
    pub(crate) fn image(&self) -> ImageBar<'_> {
        ImageBar { bar: self, reached: AtomicUsize::new(0) }
    }

    /// Sets the number of images done and of all images.
    pub(crate) fn done(&self, images: usize, total: usize) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        (state.done, state.total) = (images, total);
        self.drawn.set_message(state.message());
        drop(state);
        self.appear();
    }

    /// The progress line for outputs without a bar, when one is due.
    fn line(&self, elapsed: Duration) -> Option<String> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.lines || elapsed < state.said + NOW_AND_THEN {
            return None;
        }
        state.said = elapsed;
        let done = self.drawn.position() as f64 / self.drawn.length().unwrap_or(0).max(1) as f64;
        Some(format!("{} of {} done{}", state.done, state.total, left(done, elapsed)))
    }

    /// Runs a function that writes to the terminal while the bar is hidden.
    pub(crate) fn interrupting<R>(&self, write: impl FnOnce() -> R) -> R {
        self.drawn.suspend(write)
    }

    /// Removes the bar.
    pub(crate) fn finish(&self) {
        self.drawn.finish_and_clear();
    }

    fn appear(&self) {
        if let Some(line) = self.line(self.started.elapsed()) {
            streams::error(&format!("{line}\n"));
        }
        if self.show && self.drawn.is_hidden() && self.started.elapsed() >= self.patience {
            self.drawn.set_draw_target(ProgressDrawTarget::stderr());
        }
    }
}

impl State {
    /// `3/24 IMG_0412.jpg`.
    fn message(&self) -> String {
        let count = format!("{}/{}", self.done, self.total);
        let letters: Vec<char> =
            self.name.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
        match letters.len() {
            0 => count,
            // The end of a path is more informative than its beginning.
            long if long > LONGEST_NAME => {
                format!("{count} …{}", letters[long - LONGEST_NAME..].iter().collect::<String>())
            }
            _ => format!("{count} {}", letters.into_iter().collect::<String>()),
        }
    }
}

/// ", about 40 s left"; empty while too little is done for an estimate.
fn left(done: f64, elapsed: Duration) -> String {
    if done < LEAST_DONE || elapsed < LEAST_TIME {
        return String::new();
    }
    let seconds = elapsed.as_secs_f64() * (1.0 - done.min(1.0)) / done;
    match seconds {
        100.0..6000.0 => format!(", about {:.0} min left", seconds / 60.0),
        6000.0.. => format!(", about {:.1} h left", seconds / 3600.0),
        _ => format!(", about {seconds:.0} s left"),
    }
}

/// Forwards the progress of one image to the bar.
pub(crate) struct ImageBar<'a> {
    bar: &'a Bar,
    reached: AtomicUsize,
}

impl unband::Progress for ImageBar<'_> {
    fn advance(&self, done: usize, total: usize) {
        // Reading, analysis and writing report no steps; restoration gets nine tenths.
        let part = (done * (PARTS as usize) * 9 / 10).checked_div(total).unwrap_or(0);
        let before = self.reached.fetch_max(part, Ordering::Relaxed);
        self.bar.drawn.inc(part.saturating_sub(before) as u64);
        self.bar.appear();
    }
}

impl Drop for ImageBar<'_> {
    fn drop(&mut self) {
        let reached = *self.reached.get_mut() as u64;
        self.bar.drawn.inc(PARTS - reached.min(PARTS));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_remaining_time_is_shown_once_it_is_known() {
        assert_eq!(left(0.0, Duration::from_mins(1)), "");
        assert_eq!(left(0.5, Duration::from_secs(1)), "");
        assert_eq!(left(0.25, Duration::from_secs(4)), ", about 12 s left");
        assert_eq!(left(0.1, Duration::from_secs(100)), ", about 15 min left");
        assert_eq!(left(0.1, Duration::from_secs(1000)), ", about 2.5 h left");
        assert_eq!(left(1.0, Duration::from_secs(10)), ", about 0 s left");
    }

    #[test]
    fn the_bar_names_what_is_worked_on() {
        let bar = Bar::new(6, false);
        bar.working("sky.png");
        bar.done(2, 6);
        assert_eq!(bar.drawn.message(), "2/6 sky.png");
        bar.working(&format!("{}/sky.png", "folder".repeat(9)));
        assert!(bar.drawn.message().starts_with("2/6 …") && bar.drawn.message().ends_with("/sky.png"));
    }

    #[test]
    fn without_a_terminal_a_line_comes_now_and_then() {
        let bar = Bar { lines: true, ..Bar::new(4, false) };
        bar.drawn.set_position(PARTS);
        bar.done(1, 4);
        assert_eq!(bar.line(Duration::from_secs(29)), None);
        assert_eq!(bar.line(Duration::from_secs(31)).as_deref(), Some("1 of 4 done, about 93 s left"));
        assert_eq!(bar.line(Duration::from_secs(40)), None);
        assert!(bar.line(Duration::from_secs(62)).is_some());
        assert_eq!(Bar::new(4, false).line(Duration::from_secs(99)), None);
    }
}
