//! Frame properties that change in the middle of a video, from the log of `ffmpeg`'s filter `showinfo`.
//!
//! `ffmpeg` silently converts frames of another format to that of the first. The filter comes before that
//! conversion and logs a line for each frame.

use std::io::BufRead;
use std::sync::{Arc, OnceLock};

use super::ffmpeg::{Args, FFPROBE};
use super::packets::MOST;
use super::{Programs, VideoError, VideoFile};
use unband_io::process::Room;

/// The filter; without checksums it costs nothing.
pub(super) const FILTER: &str = "showinfo=checksum=0";
/// Fields of a line, and their names for users.
const FIELDS: [(&str, &str); 3] = [("fmt:", "format"), ("s:", "size"), ("sar:", "pixel shape")];

/// Containers whose streams repeat the pixel shape in front of key frames; others state it once.
const REPEATING: [&str; 7] = ["mpegts", "mpeg", "mpegvideo", "m4v", "vc1", "h264", "hevc"];

/// The first change of the pixel shape between two key frames, by `ffprobe`: filters from `FFmpeg` 7.0 on do
/// not pass it on. `range`: start and end in ticks, of frames that are decoded.
///
/// # Errors
/// No `ffprobe`, and errors of the operating system.
pub(super) fn change_of_shape(
    video: &VideoFile,
    (from, to): (Option<i64>, Option<i64>),
    programs: &Programs,
) -> Result<Option<String>, VideoError> {
    if !REPEATING.contains(&video.container.as_str()) {
        return Ok(None);
    }
    let mut args = Args::default();
    args.put(&["-v", "quiet", "-skip_frame", "nokey", "-select_streams", &video.video.stream.to_string()]);
    args.put(&["-show_entries", "frame=sample_aspect_ratio", "-of", "csv=p=0"]);
    // Where the clock jumps, a time does not name a place in the file.
    if !video.timeline.jumps() && (from.is_some() || to.is_some()) {
        let seconds = |ticks: Option<i64>| {
            ticks.map_or_else(String::new, |ticks| {
                format!("{:.6}", video.seconds(ticks - video.timeline.shift))
            })
        };
        args.put(&["-read_intervals", &format!("{}%{}", seconds(from), seconds(to))]);
    }
    let in_file = |error: unband_io::Error| error.in_file(&video.path);
    args.video(&video.path, None).map_err(in_file)?;
    let room = Room::new().map_err(in_file)?;
    let answer = FFPROBE.ask_for_lines(&room, &args.into_list(), MOST, programs).map_err(in_file)?;
    let mut shapes = answer.lines().map_while(Result::ok).filter_map(|line| shape(&line));
    let Some(first) = shapes.next() else { return Ok(None) };
    Ok(shapes.find(|shape| *shape != first).map(|shape| change("pixel shape", &first, &shape)))
}

/// A pixel shape ("4:3", "4/3"); one that is not known is square.
fn shape(text: &str) -> Option<String> {
    let shape = text.trim().trim_end_matches(',').replace(':', "/");
    (!shape.is_empty())
        .then(|| if matches!(shape.as_str(), "0/1" | "N/A") { "1/1".to_owned() } else { shape })
}

/// The place of an error inside a line of another level, "[… @ 0x5] [error] …".
fn inner_error(line: &str) -> Option<usize> {
    if !line.starts_with('[') {
        return None;
    }
    let level = ERRORS.iter().filter_map(|level| line.find(&format!("] [{level}] "))).min()?;
    let context = line[..level].rfind('[')?;
    (context > 0 && line[context..level].contains(" @ 0x")).then_some(context)
}

/// Levels of messages that are errors.
const ERRORS: [&str; 3] = ["error", "fatal", "panic"];

fn change(what: &str, first: &str, then: &str) -> String {
    format!("{what} {first}, then {then}")
}

/// The first change, once there is one.
#[derive(Clone, Debug, Default)]
pub(super) struct Change(Arc<OnceLock<String>>);

impl Change {
    /// The first change ("format yuv420p, then yuv420p10le").
    pub(super) fn found(&self) -> Option<&str> {
        self.0.get().map(String::as_str)
    }
}

/// Reads the lines of a log.
#[derive(Debug)]
pub(super) struct Watch {
    first: Option<[String; 3]>,
    change: Change,
}

impl Watch {
    pub(super) fn new(change: &Change) -> Self {
        Self { first: None, change: change.clone() }
    }

    /// Reads a line. Returns the message if it has the level of an error, without that level. Lines without a
    /// level are the rest of longer texts, such as the video's tags.
    pub(super) fn read(&mut self, line: &str) -> Option<String> {
        // FFmpeg's threads (from 7.0 on) write into each other's lines: an error may follow a frame's fields.
        if let Some(place) = inner_error(line) {
            let (frame, error) = line.split_at(place);
            self.read(frame);
            return self.read(error);
        }
        let (context, rest) = match line.split_once("] [") {
            Some((context, rest)) if context.starts_with('[') && context.contains(" @ ") => (context, rest),
            _ => ("", line.strip_prefix('[')?),
        };
        let (level, text) = rest.split_once(']')?;
        let text = text.trim_start();
        if ERRORS.contains(&level) {
            return Some(if context.is_empty() { text.to_owned() } else { format!("{context}] {text}") });
        }
        self.frame(text);
        None
    }

    fn frame(&mut self, text: &str) {
        if !text.starts_with("n:") || !text.contains("fmt:") {
            return;
        }
        let value = |field: &str| {
            let found = text.split_whitespace().find_map(|word| word.strip_prefix(field));
            found.and_then(shape).unwrap_or_default()
        };
        let now = FIELDS.map(|(field, _)| value(field));
        let Some(first) = &self.first else {
            self.first = Some(now);
            return;
        };
        let changed = (0..FIELDS.len()).find(|&i| first[i] != now[i]);
        if let Some(i) = changed {
            let _ = self.change.0.set(change(FIELDS[i].1, &first[i], &now[i]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_that_change_are_found_in_the_log_and_errors_are_passed_on() {
        let frame = |format: &str, sar: &str| {
            format!(
                "[Parsed_showinfo_0 @ 0x5] [info] n:   0 pts:      1 pts_time:8e-07 pos:        0 fmt:{format} sar:{sar} s:160x96 i:P type:I "
            )
        };
        let change = Change::default();
        let mut watch = Watch::new(&change);
        for line in [&frame("yuv420p", "0/1")[..], "[info]", &frame("yuv420p", "1/1")] {
            assert_eq!(watch.read(line.trim()), None);
        }
        assert_eq!(change.found(), None);
        assert_eq!(watch.read("[h264 @ 0x5] [error] bad"), Some("[h264 @ 0x5] bad".to_owned()));
        assert_eq!(watch.read("[error] worse"), Some("worse".to_owned()));
        let both = format!("{}[in#0/matroska,webm @ 0x5] [error] cut off", frame("yuv420p", "1/1"));
        assert_eq!(watch.read(&both), Some("[in#0/matroska,webm @ 0x5] cut off".to_owned()));
        for other in ["[h264 @ 0x5] [warning] odd", "    : [error] in a tag", "", "[info]", "more"] {
            assert_eq!(watch.read(other), None);
        }
        assert_eq!(watch.read(&frame("yuv420p10le", "1/1")), None);
        assert_eq!(change.found(), Some("format yuv420p, then yuv420p10le"));
        let other = Change::default();
        let mut watch = Watch::new(&other);
        watch.read(&frame("yuv420p", "1/1"));
        watch.read(&frame("yuv420p", "4/3"));
        assert_eq!(other.found(), Some("pixel shape 1/1, then 4/3"));
    }
}
