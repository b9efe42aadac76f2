//! Frame properties that change in the middle of a video, from the log of `ffmpeg`'s filter `showinfo`.
//!
//! `ffmpeg` silently converts frames of another format to that of the first. The filter comes before that
//! conversion and logs a line for each frame.

use std::io::BufRead;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use super::ffmpeg::{Args, FFPROBE};
use super::packets::MOST;
use super::{Programs, VideoError, VideoFile};
use unband_io::process::Room;

/// The filter; without checksums it costs nothing. Data besides the samples, such as the settings of x264,
/// would fill lines of its log, byte by byte.
pub(super) const FILTER: &str = "sidedata=delete,showinfo=checksum=0";
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
    from: Option<i64>,
    to: Option<i64>,
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

/// The first change, once there is one, and whether a message without a level is in the log.
#[derive(Clone, Debug, Default)]
pub(super) struct Change {
    first: Arc<OnceLock<String>>,
    interrupted: Arc<AtomicBool>,
}

impl Change {
    /// The first change ("format yuv420p, then yuv420p10le").
    pub(super) fn found(&self) -> Option<&str> {
        self.first.get().map(String::as_str)
    }

    /// Whether a line was interrupted by a message that lost its level, so that an error may be among them.
    pub(super) fn was_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }
}

/// Beginnings of the lines that are printed in pieces, of the filter and of `ffmpeg` itself. `FFmpeg` 7 and 8
/// print a message of another thread between two pieces without its level. The next piece then begins a line.
const OF_FILTER: [&str; 3] = ["n:", "color_range:", "config "];
const OF_PROGRAM: [&str; 6] = ["  ", "Output #", "Stream mapping", "Press ", "frame=", "video:"];

/// Whether a line is the rest of an interrupted one.
fn is_rest(context: &str, text: &str) -> bool {
    let begins = |known: &[&str]| known.iter().any(|known| text.starts_with(known));
    if context.is_empty() {
        !begins(&OF_PROGRAM)
    } else {
        context.contains("_showinfo_") && !begins(&OF_FILTER)
    }
}

/// Reads the lines of a log.
#[derive(Debug)]
pub(super) struct Watch {
    first: Option<[String; 3]>,
    /// Do threads run? They begin after the list of mapped streams.
    runs: bool,
    change: Change,
}

impl Watch {
    pub(super) fn new(change: &Change) -> Self {
        Self { first: None, runs: false, change: change.clone() }
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
        let text = text.strip_prefix(' ').unwrap_or(text);
        if ERRORS.contains(&level) {
            let text = text.trim_start();
            return Some(if context.is_empty() { text.to_owned() } else { format!("{context}] {text}") });
        }
        self.runs |= text.starts_with("Stream mapping");
        if self.runs && level == "info" && is_rest(context, text) {
            self.change.interrupted.store(true, Ordering::Relaxed);
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
            let _ = self.change.first.set(change(FIELDS[i].1, &first[i], &now[i]));
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
        assert!(!change.was_interrupted());
        let other = Change::default();
        let mut watch = Watch::new(&other);
        watch.read(&frame("yuv420p", "1/1"));
        watch.read(&frame("yuv420p", "4/3"));
        assert_eq!(other.found(), Some("pixel shape 1/1, then 4/3"));
    }
    #[test]
    fn lines_interrupted_by_a_message_without_a_level_are_noticed() {
        let filter = "[Parsed_showinfo_1 @ 0x5] [info]";
        let frame = format!("{filter} n:   0 pts:      0 fmt:yuv420p sar:1/1 s:160x96 i:P iskey:1 type:I");
        let colours = format!("{filter} color_range:unknown color_space:");
        // A run of FFmpeg 7.1, whose output is described while frames are decoded.
        let begin = [
            "[info] Input #0, matroska,webm, from 'file:/a.mkv':",
            "[info] odd",
            "[info] Stream mapping:",
            "[info]   Stream #0:0 -> #0:0 (h264 (native) -> rawvideo (native))",
            &format!("{filter} config in time_base: 1/1000, frame_rate: 10/1"),
            "[info] Output #0, nut, to 'pipe:1':",
            "[info]   Metadata:",
            "[info]     title           : two",
            "                    : lines",
            "[h264 @ 0x5] [info] of a line",
            "[h264 @ 0x5] [warning] odd",
        ];
        let end = [
            "[info]   Stream #0:0: Video: rawvideo (I420 / 0x30323449), yuv420p, 160x96, 10 fps, 64k tbn",
            "[out#0/nut @ 0x5] [info] video:202KiB audio:0KiB subtitle:0KiB other streams:0KiB",
            "[info] frame=    9 fps=0.0 q=-0.0 Lsize=     203KiB time=00:00:00.00 bitrate=N/A speed=   0x",
            "[info] video:2250kB audio:0kB subtitle:0kB other streams:0kB global headers:0kB",
        ];
        let ended = "File ended prematurely";
        for (middle, interrupted) in [
            (vec![frame.clone(), format!("{colours}unknown color_trc:unknown")], false),
            (vec![format!("{frame} {ended}"), filter.to_owned()], true),
            (vec![frame, format!("{colours}{ended}"), format!("{filter} unknown color_trc:unknown")], true),
            (vec![format!("[info]   Stream #0:0{ended}"), "[info] : Video: rawvideo".to_owned()], true),
        ] {
            let change = Change::default();
            let mut watch = Watch::new(&change);
            for line in begin.iter().copied().chain(middle.iter().map(String::as_str)).chain(end) {
                assert_eq!(watch.read(line), None, "{line}");
            }
            assert_eq!((change.was_interrupted(), change.found()), (interrupted, None), "{middle:?}");
        }
    }
}
