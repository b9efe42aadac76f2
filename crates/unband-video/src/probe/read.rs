//! Parsing of `ffprobe`'s answers into a [`VideoFile`].

use std::path::Path;

use unband_image::{Depth, Subsampling};

use super::json::Node;
use super::{FieldOrder, Stream, StreamKind, Video, VideoFile, hdr};
use crate::{Samples, Timeline, VideoError, hidden};

/// Brands of containers with a single image.
const IMAGE_BRANDS: [&str; 5] = ["avif", "mif1", "heic", "heix", "mif2"];

/// All streams in the first answer.
pub(super) fn streams(answer: Node<'_>) -> Vec<Stream> {
    answer.list("streams").map(stream).collect()
}

fn stream(node: Node<'_>) -> Stream {
    let disposition = node.at("disposition");
    Stream {
        index: node.size("index"),
        kind: StreamKind::from_name(node.text("codec_type").unwrap_or_default()),
        codec: node.name("codec_name"),
        language: node.at("tags").name("language"),
        title: node.at("tags").name("title"),
        sample_rate: node.number("sample_rate").filter(|&rate| rate >= 1.0).map(|rate| rate as u32),
        default: disposition.flag("default"),
        dispositions: disposition.flags(),
        attached_image: disposition.flag("attached_pic") || disposition.flag("timed_thumbnails"),
        regenerated: matches!(
            (node.text("codec_name"), node.text("codec_tag_string")),
            (Some("bin_data"), Some("text")) | (_, Some("tmcd"))
        ),
    }
}

/// The video stream that `ffmpeg` selects by default: the largest, where a stream marked as default gets a
/// bonus of five million pixels; the first of equals.
///
/// Source: `map_auto_video` in `FFmpeg`'s `fftools/ffmpeg_mux_init.c` (5.1: `ffmpeg_opt.c`).
pub(super) fn main_stream(path: &Path, answer: Node<'_>) -> Result<usize, VideoError> {
    let mut best: Option<(usize, usize)> = None;
    for (stream, node) in streams(answer).iter().zip(answer.list("streams")) {
        if stream.kind != StreamKind::Video || stream.attached_image {
            continue;
        }
        let default = if stream.default { 5_000_000 } else { 0 };
        let score = node.size("width").saturating_mul(node.size("height")).saturating_add(default);
        if best.is_none_or(|(most, _)| score > most) {
            best = Some((score, stream.index));
        }
    }
    match best {
        Some((_, index)) => Ok(index),
        None => Err(VideoError::NoVideo { path: path.to_owned(), holds: holds(&streams(answer)) }),
    }
}

/// "audio and a cover image".
fn holds(streams: &[Stream]) -> String {
    let any = |kind| streams.iter().any(|stream| stream.kind == kind);
    let kinds = [
        (StreamKind::Audio, "audio"),
        (StreamKind::Subtitle, "subtitles"),
        (StreamKind::Video, "a cover image"),
    ];
    let words: Vec<_> = kinds.into_iter().filter(|&(kind, _)| any(kind)).map(|(_, word)| word).collect();
    if words.is_empty() { "other data".to_owned() } else { words.join(" and ") }
}

/// Whether the file is a single image. Animations are videos.
pub(super) fn is_image(answer: Node<'_>, main: usize, frames: usize) -> bool {
    let format = answer.at("format");
    let container = format.text("format_name").unwrap_or_default();
    let brand = format.at("tags").text("major_brand").unwrap_or_default();
    let still = node_of(answer, main).at("disposition").flag("still_image");
    still
        || container == "image2"
        || container.ends_with("_pipe")
        || IMAGE_BRANDS.contains(&brand.trim())
        || (container == "gif" && frames == 1)
}

fn node_of(answer: Node<'_>, index: usize) -> Node<'_> {
    let found = answer.list("streams").find(|node| node.size("index") == index);
    found.unwrap_or(answer.at("streams"))
}

/// The video, from both answers; `frames` has at least one frame.
pub(super) fn file(path: &Path, answer: Node<'_>, main: usize, frames: Node<'_>) -> VideoFile {
    let node = node_of(answer, main);
    let side_data = || {
        let of_frames = frames.list("frames").flat_map(|frame| frame.list("side_data_list"));
        node.list("side_data_list").chain(of_frames)
    };
    let format = answer.at("format");
    let mut video = video(answer, node, frames);
    video.colorimetry = hdr::colorimetry(side_data);
    (video.rotation, video.mirrored) = display(side_data());
    video.cropped = hidden::is_cropped(path);
    video.spherical = side_data().any(|data| data.text("side_data_type") == Some("Spherical Mapping"));
    VideoFile {
        path: path.to_owned(),
        images: None,
        container: format.text("format_name").unwrap_or_default().to_owned(),
        duration: duration(format, node),
        start: format.number("start_time").unwrap_or(0.0),
        streams: streams(answer),
        chapters: answer.list("chapters").count(),
        video,
        dynamic: hdr::dynamic(side_data()),
        timeline: Timeline::default(),
    }
}

fn duration(format: Node<'_>, stream: Node<'_>) -> Option<f64> {
    let said = [format, stream].into_iter().find_map(|node| node.number("duration"));
    said.or_else(|| clock(stream.at("tags").text("DURATION")?)).filter(|&seconds| seconds > 0.0)
}

/// "00:01:02.500000000" in seconds.
fn clock(text: &str) -> Option<f64> {
    text.split(':').try_fold(0.0, |sum, part| Some(sum * 60.0 + part.trim().parse::<f64>().ok()?))
}

/// The video stream, without its side data.
fn video(answer: Node<'_>, node: Node<'_>, frames: Node<'_>) -> Video {
    let frame = frames.list("frames").next().unwrap_or(frames.at("frames"));
    let name = |key| node.name(key).or_else(|| frame.name(key));
    let size = |key| Some(node.size(key)).filter(|&size| size > 0).unwrap_or_else(|| frame.size(key));
    let pix_fmt = name("pix_fmt").unwrap_or_default();
    let (samples, depth, alpha) = samples(answer, &pix_fmt);
    let time_base = node.ratio("time_base");
    let ratio = |key| node.ratio(key).map(exact_rate);
    let (average_rate, nominal_rate) = (ratio("avg_frame_rate"), ratio("r_frame_rate"));
    let side_data = |name: &str| {
        let all = frames.list("frames").flat_map(|frame| frame.list("side_data_list"));
        all.filter_map(|data| data.text("side_data_type")).any(|kind| kind.contains(name))
    };
    let aspect = |node: Node<'_>| node.ratio("sample_aspect_ratio");
    Video {
        stream: node.size("index"),
        codec: node.name("codec_name").unwrap_or_default(),
        profile: node.name("profile"),
        width: size("width"),
        height: size("height"),
        pix_fmt,
        depth,
        samples,
        alpha,
        separate_alpha: node.at("tags").text("alpha_mode").or(node.at("tags").text("ALPHA_MODE"))
            == Some("1"),
        decoder: None,
        captions: node.flag("closed_captions") || side_data("A/53") || side_data("A53"),
        grain: node.flag("film_grain") || side_data("Film grain"),
        cropped: false,
        spherical: false,
        time_base,
        average_rate,
        nominal_rate,
        variable: is_variable(average_rate, nominal_rate, time_base),
        start_pts: node.whole("start_pts"),
        duration_ticks: node.whole("duration_ts").filter(|&ticks| ticks > 0),
        frames: frame_count(node),
        time_code: [node, answer.at("format")].iter().find_map(|node| {
            // Matroska has names in capitals.
            ["timecode", "TIMECODE"].iter().find_map(|key| node.at("tags").name(key))
        }),
        sample_aspect: aspect(node).or_else(|| aspect(frame)),
        rotation: 0,
        mirrored: false,
        field_order: field_order(node, frames),
        range: name("color_range"),
        primaries: name("color_primaries"),
        transfer: name("color_transfer"),
        matrix: name("color_space"),
        chroma_location: name("chroma_location"),
        colorimetry: unband_image::Colorimetry::default(),
    }
}

/// A pixel format as described by `ffprobe`, also without a NUT code: samples, bits, and whether there is
/// alpha.
pub(super) fn samples(answer: Node<'_>, pix_fmt: &str) -> (Option<Samples>, Depth, bool) {
    let format = answer.list("pixel_formats").find(|format| format.text("name") == Some(pix_fmt));
    let Some(format) = format else { return (None, Depth::EIGHT, false) };
    let flags = format.at("flags");
    let bits = format.list("components").filter_map(|component| component.whole("bit_depth")).max();
    let float = pix_fmt.contains("f16") || pix_fmt.contains("f32");
    let depth = match u8::try_from(bits.unwrap_or(8)) {
        Ok(bits @ 1..=16) if !float => Depth::Int(bits),
        _ => Depth::F32,
    };
    let shift = |key| 1u8 << format.size(key).min(2);
    let samples = if flags.flag("rgb") || flags.flag("palette") {
        Some(Samples::Rgb)
    } else if pix_fmt.starts_with("xyz") || pix_fmt.starts_with("bayer") || flags.flag("hwaccel") {
        None
    } else if format.size("nb_components") < 3 {
        Some(Samples::Gray)
    } else {
        Some(Samples::Yuv(Subsampling { x: shift("log2_chroma_w"), y: shift("log2_chroma_h") }))
    };
    (samples, depth, flags.flag("alpha"))
}

/// A frame rate, or the NTSC rate that it stands for after rounding: Matroska stores nanoseconds, and
/// `ffprobe` keeps fractions short ("19001/317" for 60000/1001).
fn exact_rate((frames, seconds): (u32, u32)) -> (u32, u32) {
    /// Relative error of both.
    const ROUNDED: f64 = 2e-7;
    let whole = (f64::from(frames) / f64::from(seconds) * 1.001).round();
    let error = f64::from(frames) / f64::from(seconds) * 1.001 / whole - 1.0;
    if (1.0..=1000.0).contains(&whole) && error.abs() < ROUNDED {
        (whole as u32 * 1000, 1001)
    } else {
        (frames, seconds)
    }
}

fn is_variable(average: Option<(u32, u32)>, nominal: Option<(u32, u32)>, tick: Option<(u32, u32)>) -> bool {
    let seconds = |(n, d): (u32, u32)| f64::from(d) / f64::from(n);
    match (average, nominal, tick) {
        (Some(average), Some(nominal), Some((n, d))) => {
            (seconds(average) - seconds(nominal)).abs() > f64::from(n) / f64::from(d)
        }
        _ => false,
    }
}

/// The container's own count, or the one in Matroska's statistics.
fn frame_count(node: Node<'_>) -> Option<u64> {
    let tags = node.at("tags");
    let counts =
        [node.whole("nb_frames"), tags.whole("NUMBER_OF_FRAMES"), tags.whole("NUMBER_OF_FRAMES-eng")];
    counts.into_iter().flatten().find(|&count| count > 0)?.try_into().ok()
}

/// Degrees counterclockwise, and whether the image is mirrored. Streams have a "Display Matrix", frames a
/// "3x3 displaymatrix".
fn display<'a>(mut side_data: impl Iterator<Item = Node<'a>>) -> (i32, bool) {
    let Some(matrix) = side_data.find(|data| data.text("displaymatrix").is_some()) else { return (0, false) };
    let rotation = matrix.number("rotation").unwrap_or(0.0).round() as i32;
    // Rows of an offset and three numbers; the first two numbers of each are the rotation and mirroring.
    let rows = matrix.text("displaymatrix").unwrap_or_default().lines().filter(|row| !row.trim().is_empty());
    let numbers: Vec<f64> = rows
        .flat_map(|row| row.split_whitespace().skip(1).take(2))
        .filter_map(|number| number.parse().ok())
        .collect();
    (rotation, matches!(numbers[..], [a, b, c, d, ..] if a * d < b * c))
}

fn field_order(node: Node<'_>, frames: Node<'_>) -> FieldOrder {
    let said = match node.text("field_order") {
        Some("progressive") => FieldOrder::Progressive,
        Some("tt" | "tb") => FieldOrder::TopFirst,
        Some("bb" | "bt") => FieldOrder::BottomFirst,
        _ => FieldOrder::Unknown,
    };
    // Containers declare interlaced streams as progressive: frames are more reliable.
    let interlaced = frames.list("frames").find(|frame| frame.flag("interlaced_frame"));
    match (said, interlaced) {
        (FieldOrder::Progressive | FieldOrder::Unknown, Some(frame)) if frame.flag("top_field_first") => {
            FieldOrder::TopFirst
        }
        (FieldOrder::Progressive | FieldOrder::Unknown, Some(_)) => FieldOrder::BottomFirst,
        (said, _) => said,
    }
}
