//! CPU time of ffmpeg's own filters, from runs with and without them.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};

pub(super) fn children_time() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap();
    let micros = [usage.user_time(), usage.system_time()].map(|t| t.tv_sec() * 1_000_000 + t.tv_usec());
    Duration::from_micros(micros.iter().sum::<i64>() as u64)
}

/// CPU seconds of ffmpeg over `count` raw frames, with or without a filter.
fn seconds(file: &Path, size: (usize, usize), count: usize, filter: Option<&str>) -> Option<f64> {
    let before = children_time();
    let mut command = Command::new("ffmpeg");
    command.args(["-hide_banner", "-loglevel", "error", "-nostdin", "-threads", "1", "-filter_threads", "1"]);
    command.args(["-stream_loop", "-1", "-f", "rawvideo", "-pix_fmt", "yuv420p"]);
    command.args(["-s", &format!("{}x{}", size.0, size.1), "-i"]).arg(file);
    command.args(["-frames:v", &count.to_string()]);
    if let Some(filter) = filter {
        command.args(["-vf", filter]);
    }
    command.args(["-f", "null", "-"]).stdout(Stdio::null());
    let status = command.status().ok()?;
    status.success().then(|| children_time().saturating_sub(before).as_secs_f64())
}

/// Minimum CPU seconds per frame of ffmpeg's filter: with it minus without.
pub(super) struct Original {
    pub filter: &'static str,
    frames: usize,
    with: f64,
    without: f64,
}

impl Original {
    pub(super) fn new(filter: &'static str, frames: usize) -> Self {
        Self { filter, frames, with: f64::INFINITY, without: f64::INFINITY }
    }

    pub(super) fn measure(&mut self, file: &Path, size: (usize, usize)) {
        if let (Some(without), Some(with)) =
            (seconds(file, size, self.frames, None), seconds(file, size, self.frames, Some(self.filter)))
        {
            self.without = self.without.min(without);
            self.with = self.with.min(with);
        }
    }

    pub(super) fn per_frame(&self) -> Option<f64> {
        (self.with.is_finite() && self.with > self.without)
            .then(|| (self.with - self.without) / self.frames as f64)
    }
}
