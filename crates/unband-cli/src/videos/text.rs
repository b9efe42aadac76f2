//! Result lines and JSON records of videos.

use std::path::Path;

use serde::Serialize;
use unband::io::amount;
use unband::io::video::VideoFile;
use unband::io::video::{Stream, StreamKind};
use unband::metrics::clock;
use unband::records::{Schema, UpscaleRecord};
use unband::video::{Estimate, ShotFound, TimeRange, VideoPlan, VideoReport};

use crate::inputs::exact;
use crate::record::upscaling;
use crate::reporter::{counted, grouped};

/// "film.mkv → out.mkv: 5 shots, 960 of 1,200 frames changed, smooth, x265 10 bits CRF 16, 12.3 MB (4.1
/// Mb/s, 1.6 × the source), 103.2 s"; upscaled: "… debanded, smooth, unband-sr-lite ×2 to 1280×720 (network
/// 83 %), x265 …".
pub(super) fn line(input: &str, report: &VideoReport) -> String {
    let shots = counted(report.shots, "shot");
    let (changed, frames) = (grouped(report.changed), counted(report.frames, "frame"));
    if report.left {
        return format!(
            "{input}: {shots}, {frames}, nothing to repair, nothing written  {:.1} s",
            report.seconds
        );
    }
    if report.copied {
        return format!(
            "{input} → {}: {shots}, {frames}, nothing to repair, copied, {} ({}), {:.1} s",
            report.plan.output.display(),
            amount(report.bytes),
            bit_rate(report.bit_rate()),
            report.seconds
        );
    }
    let ratio = report.ratio().map_or_else(String::new, |ratio| format!(", {ratio:.1} × the source"));
    let methods = report.methods.iter().fold(String::new(), |text, name| format!("{text}, {name}"));
    let upscaled = report.plan.upscale.as_ref().map(upscaling);
    let network = report.network_share.map(|share| format!(" (network {:.0} %)", 100.0 * share));
    let counts = match (report.plan.debands, report.plan.upscale) {
        (false, _) => frames,
        (true, Some(_)) => format!("{changed} of {frames} debanded{methods}"),
        (true, None) => format!("{changed} of {frames} changed{methods}"),
    };
    let (upscaled, network) =
        (upscaled.map(|text| format!(", {text}")).unwrap_or_default(), network.unwrap_or_default());
    format!(
        "{input} → {}: {shots}, {counts}{upscaled}{network}, {}, {} ({}{ratio}), {:.1} s",
        report.plan.output.display(),
        report.plan.encoder,
        amount(report.bytes),
        bit_rate(report.bit_rate()),
        report.seconds,
    )
}

/// "1920×1080 8-bit h264, 24 fps".
fn source(file: &VideoFile) -> String {
    let video = &file.video;
    let (frames, seconds) = file.rate();
    let rate = (f64::from(frames) / f64::from(seconds) * 1000.0).round() / 1000.0;
    let varies = if video.variable { " on average" } else { "" };
    format!("{}×{} {}-bit {}, {rate} fps{varies}", video.width, video.height, video.depth.bits(), video.codec)
}

/// Additional lines for `-v`.
pub(super) fn details(report: &VideoReport) -> Vec<String> {
    let rate = report.worked as f64 / report.seconds.max(1e-3);
    let mut details = vec![
        format!("{}, {}", source(&report.plan.file), clock(report.shown)),
        format!("encoded as {}", report.plan.encoding),
    ];
    if report.worked < report.frames {
        details.push(format!("{} done in this run", counted(report.worked, "frame")));
    }
    details.push(format!("{rate:.1} frames/s"));
    details.extend(found(&report.plan));
    details
}

/// Maximum number of listed shots.
const LISTED: usize = 40;

/// "0:02.000, 48 frames: visible, coded with loss …; smooth".
fn found(plan: &VideoPlan) -> Vec<String> {
    let line = |shot: &ShotFound| {
        let frames = counted(shot.frames, "frame");
        let (begins, method) = (clock(shot.begins), shot.method.unwrap_or("unchanged"));
        if shot.outside {
            return format!("{begins}, {frames}: outside of `--only`; unchanged");
        }
        format!("{begins}, {frames}: {}, {}; {method}", shot.grade, shot.finding)
    };
    let mut lines: Vec<String> = plan.found.iter().take(LISTED).map(line).collect();
    if plan.found.len() > LISTED {
        lines.push(format!(
            "and {} more: `--json` lists all",
            counted((plan.found.len() - LISTED) as u64, "shot")
        ));
    }
    lines
}

/// The text of `--dry-run`: the source, the encoding, the copied streams and the disk space needed.
pub(super) fn plan_text(input: &str, plan: &VideoPlan) -> String {
    let about = if plan.file.video.frames.is_some() { "" } else { "about " };
    let seconds = plan.seconds.map_or_else(String::new, |seconds| format!(", {}", clock(seconds)));
    let mut lines = vec![
        format!(
            "{input} {}, {about}{}{seconds} → {}",
            source(&plan.file),
            counted(plan.frames, "frame"),
            plan.output.display()
        ),
        format!("method: {}", method(plan)),
        format!("{} in {}", plan.encoder, plan.container),
        format!("copied: {}", streams(plan)),
    ];
    if let Some(work) = &plan.upscale {
        lines.insert(1, format!("upscaled: {}", upscaling(work)));
    }
    if !plan.only.is_empty() {
        lines.insert(1, format!("repaired: {}; frames outside keep their samples", ranges(&plan.only)));
    }
    lines.extend(plan.notes.iter().cloned());
    lines.extend(found(plan));
    lines.extend(plan.expected.as_ref().map(|expected| expectation(expected, plan.frames)));
    lines.extend(disk(plan));
    if let Some((segments, seconds)) = plan.waiting {
        let parts = counted(segments as u64, "finished part");
        lines.push(format!("{parts} of an earlier run, {}: `--resume` continues from there", clock(seconds)));
    }
    lines.join("\n  ") + "\n"
}

fn method(plan: &VideoPlan) -> &str {
    if !plan.debands {
        return "none, banding stays";
    }
    plan.method.as_deref().unwrap_or("automatic, by the findings in each shot")
}

/// "0:05.000 to 0:10.000, 1:00.000 to the end".
fn ranges(only: &[TimeRange]) -> String {
    let time = |time: Option<f64>, end: &str| time.map_or_else(|| end.to_owned(), clock);
    let range =
        |range: &TimeRange| format!("{} to {}", time(range.from, "the start"), time(range.to, "the end"));
    only.iter().map(range).collect::<Vec<_>>().join(", ")
}

/// "expected: about 1.2 GB (0.9 GB to 1.6 GB, as scenes differ) and 14 min on this machine; 72 of 43,200 frames
/// were encoded to measure it".
fn expectation(expected: &Estimate, frames: u64) -> String {
    let (bytes, seconds) = (amount(expected.bytes), about(expected.seconds));
    if expected.measured == 0 {
        return format!("expected: nothing to repair, copied, {bytes}");
    }
    let (least, most) = (amount(expected.range.0), amount(expected.range.1));
    let range = if least == most { String::new() } else { format!(" ({least} to {most}, as scenes differ)") };
    let measured = if expected.measured >= frames {
        "all frames were encoded to measure it".to_owned()
    } else {
        let all = counted(frames, "frame");
        format!("{} of {all} were encoded to measure it", grouped(expected.measured))
    };
    format!("expected: about {bytes}{range} and {seconds} on this machine; {measured}")
}

/// A time of some accuracy: "40 s", "14 min", "3.5 h".
fn about(seconds: f64) -> String {
    match seconds {
        ..0.95 => "1 s".to_owned(),
        ..99.5 => format!("{seconds:.0} s"),
        ..5_970.0 => format!("{:.0} min", seconds / 60.0),
        _ => format!("{:.1} h", seconds / 3600.0),
    }
}

/// The disk space needed, where it is known.
pub(super) fn disk(plan: &VideoPlan) -> Option<String> {
    let needed = plan.disk.needed?;
    let free = plan.disk.free.map_or_else(String::new, |free| {
        format!(", {} free{}", amount(free), if plan.disk.is_scarce() { ": possibly not enough" } else { "" })
    });
    Some(format!("about {} of disk space, for the finished parts and the final video{free}", amount(needed)))
}

/// "2 audio streams, 1 subtitle stream, 5 chapters".
fn streams(plan: &VideoPlan) -> String {
    let count = |kind| plan.streams.iter().filter(|stream| stream.kind == kind).count() as u64;
    let kinds = [
        (StreamKind::Audio, "audio stream"),
        (StreamKind::Subtitle, "subtitle stream"),
        (StreamKind::Video, "further video stream"),
        (StreamKind::Attachment, "attachment"),
        (StreamKind::Data, "data stream"),
    ];
    let counts = kinds.map(|(kind, name)| (count(kind), name)).into_iter();
    let all = counts.chain([(plan.file.chapters as u64, "chapter")]).filter(|&(count, _)| count > 0);
    let all: Vec<String> = all.map(|(count, name)| counted(count, name)).collect();
    if all.is_empty() { "nothing (no other streams)".to_owned() } else { all.join(", ") }
}

/// "4.1 Mb/s".
fn bit_rate(bits: f64) -> String {
    match bits {
        1e6.. => format!("{:.1} Mb/s", bits / 1e6),
        _ => format!("{:.0} kb/s", bits / 1e3),
    }
}

/// A video in `--json`: its plan and its result.
#[derive(Serialize)]
pub(super) struct VideoRecord<'a> {
    schema: Schema,
    input: &'a str,
    status: &'static str,
    output: Option<String>,
    width: usize,
    height: usize,
    depth: u8,
    codec: &'a str,
    rate: f64,
    video_seconds: Option<f64>,
    method: Option<String>,
    #[serde(flatten)]
    upscale: Option<UpscaleRecord>,
    container: &'static str,
    encoder: &'a str,
    encoding: &'a str,
    output_depth: u8,
    streams: Vec<StreamRecord<'a>>,
    chapters: usize,
    frames: u64,
    notes: &'a [String],
    found: Vec<FoundRecord<'a>>,
    /// Ranges of time that are repaired, in seconds; missing without `--only`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    only: Vec<(Option<f64>, Option<f64>)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    disk_needed: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    disk_free: Option<u64>,
    /// By `--dry-run`.
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<ExpectedRecord>,
    /// The result, if it exists and would have to be replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    exists: Option<String>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    done: Option<DoneRecord>,
}

/// A copied stream.
#[derive(Serialize)]
struct StreamRecord<'a> {
    stream: usize,
    kind: &'static str,
    codec: Option<&'a str>,
    language: Option<&'a str>,
}

/// A shot and its finding.
#[derive(Serialize)]
struct FoundRecord<'a> {
    begins: f64,
    frames: u64,
    banding: &'static str,
    finding: &'a str,
    method: Option<&'static str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    outside: bool,
}

/// Expected size and time.
#[derive(Serialize)]
struct ExpectedRecord {
    bytes: u64,
    bytes_range: (u64, u64),
    seconds: f64,
    measured_frames: u64,
}

#[derive(Serialize)]
struct DoneRecord {
    worked: u64,
    changed: u64,
    shots: u64,
    /// Mean share of the network in upscaled frames, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    network_share: Option<f32>,
    input_bytes: u64,
    output_bytes: u64,
    bit_rate: f64,
    ratio: Option<f64>,
    seconds: f64,
}

impl<'a> VideoRecord<'a> {
    /// The record of a plan.
    pub(super) fn planned(schema: Schema, input: &'a str, plan: &'a VideoPlan) -> Self {
        let video = &plan.file.video;
        let (frames, seconds) = plan.file.rate();
        let stream = |stream: &'a Stream| StreamRecord {
            stream: stream.index,
            kind: stream.kind.name(),
            codec: stream.codec.as_deref(),
            language: stream.language.as_deref(),
        };
        let shot = |shot: &'a ShotFound| FoundRecord {
            begins: shot.begins,
            frames: shot.frames,
            banding: shot.grade.as_str(),
            finding: &shot.finding,
            method: shot.method,
            outside: shot.outside,
        };
        Self {
            schema,
            input,
            status: "planned",
            output: Some(exact(&plan.output)),
            width: video.width,
            height: video.height,
            depth: video.depth.bits(),
            codec: &video.codec,
            rate: f64::from(frames) / f64::from(seconds),
            video_seconds: plan.seconds,
            method: plan.method.clone(),
            upscale: plan.upscale.map(UpscaleRecord::from),
            container: plan.container,
            encoder: &plan.encoder,
            encoding: &plan.encoding,
            output_depth: plan.bits,
            streams: plan.streams.iter().map(stream).collect(),
            chapters: plan.file.chapters,
            frames: plan.frames,
            notes: &plan.notes,
            found: plan.found.iter().map(shot).collect(),
            only: plan.only.iter().map(|range| (range.from, range.to)).collect(),
            disk_needed: plan.disk.needed,
            disk_free: plan.disk.free,
            expected: plan.expected.map(|expected| ExpectedRecord {
                bytes: expected.bytes,
                bytes_range: expected.range,
                seconds: expected.seconds,
                measured_frames: expected.measured,
            }),
            exists: plan.taken.then(|| exact(&plan.output)),
            done: None,
        }
    }

    /// The record of a finished video.
    pub(super) fn done(schema: Schema, input: &'a str, report: &'a VideoReport) -> Self {
        let methods = (!report.methods.is_empty()).then(|| report.methods.join(", "));
        Self {
            status: match (report.left, report.copied) {
                (true, _) => "unchanged",
                (_, true) => "copied",
                _ => "written",
            },
            output: (!report.left).then(|| exact(&report.plan.output)),
            video_seconds: Some(report.shown),
            method: methods,
            frames: report.frames,
            disk_needed: None,
            disk_free: None,
            done: Some(DoneRecord {
                worked: report.worked,
                changed: report.changed,
                shots: report.shots,
                network_share: report.network_share,
                input_bytes: report.source_bytes,
                output_bytes: report.bytes,
                bit_rate: report.bit_rate(),
                ratio: report.ratio(),
                seconds: report.seconds,
            }),
            ..Self::planned(schema, input, &report.plan)
        }
    }
}

/// A note about the remains of an unfinished run.
pub(super) fn kept(output: &Path) -> String {
    let folder = unband::video::unfinished(output).map(|path| path.display().to_string());
    folder.map_or_else(String::new, |folder| {
        format!("; finished parts are kept in {folder}, `--resume` continues")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bit_rates_are_written_for_people() {
        assert_eq!([bit_rate(4_130_000.0), bit_rate(53_400.0)], ["4.1 Mb/s", "53 kb/s"]);
    }

    #[test]
    fn expected_times_are_rounded() {
        let shown = [0.2, 12.4, 99.0, 100.0, 849.0, 6_000.0, 12_600.0].map(about);
        assert_eq!(shown, ["1 s", "12 s", "99 s", "2 min", "14 min", "1.7 h", "3.5 h"]);
    }
}
