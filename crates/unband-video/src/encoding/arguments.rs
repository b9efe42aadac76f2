//! Arguments of an encoder for one video: pixel format, colours and light metadata.

use std::ffi::OsString;

use super::Encoding;
use crate::codec::Codec;
use crate::probe::{content_light_words, svt_mastering_display, x265_master_display};
use crate::{PixelFormat, Video, VideoFile};

/// Below this side length in pixels, videos cannot be cut into slices.
const TINY: usize = 16;

/// Options for the colours of a video, with the values that `FFmpeg` reports.
type Named<'a> = [(&'static str, &'a Option<String>); 5];

impl Encoding {
    /// The encoder's arguments, `-c:v` included: settings, colours, and the video's light metadata. `frames`:
    /// their format, which other encoders convert themselves.
    pub(crate) fn args(&self, file: &VideoFile, frames: &PixelFormat) -> Vec<OsString> {
        let mut args: Vec<String> = self.args.clone();
        let stored = self.stored.filter(|_| !matches!(self.codec, Codec::Other(_))).unwrap_or(frames);
        if self.own("-pix_fmt").is_none() {
            args.extend(["-pix_fmt".to_owned(), stored.name.to_owned()]);
        }
        let video = self.tagged(&file.video);
        let named = named(&video);
        self.filter(&file.video, &named, &mut args);
        for (option, value) in named {
            if let Some(value) = value.as_ref().filter(|_| self.own(option).is_none()) {
                args.extend([option.to_owned(), as_option(option, value).to_owned()]);
            }
        }
        if self.codec == Codec::X265 && self.container.tagged && !args.iter().any(|arg| arg == "-tag:v") {
            args.extend(["-tag:v".to_owned(), "hvc1".to_owned()]);
        }
        // Frames that are not shown and alpha exclude each other.
        if self.codec == Codec::Vp9 && stored.alpha && self.own("-auto-alt-ref").is_none() {
            args.extend(["-auto-alt-ref".to_owned(), "0".to_owned()]);
        }
        // Twelve slices need a minimum size; left to itself, FFV1 uses as many as a tiny video allows.
        if self.codec == Codec::Ffv1
            && video.width.min(video.height) < TINY
            && let Some(at) = args.iter().position(|arg| arg == "-slices")
        {
            args.drain(at..(at + 2).min(args.len()));
        }
        self.light(file, &mut args);
        args.into_iter().map(OsString::from).collect()
    }

    /// Tags the frames, which have no tags in pipes. Encoders of `FFmpeg` 7 store the tags of frames, and
    /// frames with others than those of the options would be converted to these.
    fn filter(&self, source: &Video, result: &Named<'_>, args: &mut Vec<String>) {
        let tagging = |named: &Named<'_>| tagging(named, self.places_chroma);
        let own =
            args.iter().rposition(|arg| arg == "-vf" || arg == "-filter:v").filter(|at| at + 1 < args.len());
        let before = own.and_then(|_| tagging(&named(source)));
        let middle = own.map_or_else(|| self.conversion(source), |at| Some(args[at + 1].clone()));
        let all: Vec<String> = [before, middle, tagging(result)].into_iter().flatten().collect();
        match own {
            _ if all.is_empty() => {}
            Some(at) => args[at + 1] = all.join(","),
            None => args.extend(["-vf".to_owned(), all.join(",")]),
        }
    }

    /// The tags of the result: the video's, those of its converted frames, or those that the user gave.
    pub(crate) fn tagged(&self, video: &Video) -> Video {
        let mut video = video.clone();
        self.tag_converted(&mut video);
        for (option, value) in [
            ("-color_primaries", &mut video.primaries),
            ("-color_trc", &mut video.transfer),
            ("-colorspace", &mut video.matrix),
            ("-color_range", &mut video.range),
        ] {
            if let Some(own) = self.own(option) {
                *value = Some(as_reported(own).to_owned());
            }
        }
        video
    }

    /// Mastering display and content light level, for encoders that write them into the stream.
    fn light(&self, file: &VideoFile, args: &mut Vec<String>) {
        let light = &file.video.colorimetry;
        let mut params = Vec::new();
        let option = match self.codec {
            Codec::X265 => {
                params.extend(
                    light.mastering.as_ref().map(|m| format!("master-display={}", x265_master_display(m))),
                );
                params.extend(light.content_light.map(|l| format!("max-cll={}", content_light_words(l))));
                if !params.is_empty() {
                    params.push("hdr10=1".to_owned());
                }
                params.push("log-level=error".to_owned());
                "-x265-params"
            }
            Codec::SvtAv1 => {
                params.extend(
                    light
                        .mastering
                        .as_ref()
                        .map(|m| format!("mastering-display={}", svt_mastering_display(m))),
                );
                params
                    .extend(light.content_light.map(|l| format!("content-light={}", content_light_words(l))));
                "-svtav1-params"
            }
            _ => return,
        };
        // FFmpeg uses the last of several equal options. The user's own parameters come last and take
        // precedence.
        while let Some(at) = args.iter().position(|arg| arg == option) {
            let end = (at + 2).min(args.len());
            params.extend(args.drain(at..end).skip(1));
        }
        if !params.is_empty() {
            args.extend([option.to_owned(), params.join(":")]);
        }
    }
}

fn named(video: &Video) -> Named<'_> {
    [
        ("-color_primaries", &video.primaries),
        ("-color_trc", &video.transfer),
        ("-colorspace", &video.matrix),
        ("-color_range", &video.range),
        ("-chroma_sample_location", &video.chroma_location),
    ]
}

/// The filter that tags frames; none without tags.
fn tagging(named: &Named<'_>, places_chroma: bool) -> Option<String> {
    let keys = [
        ("-color_primaries", "color_primaries"),
        ("-color_trc", "color_trc"),
        ("-colorspace", "colorspace"),
        ("-color_range", "range"),
        ("-chroma_sample_location", "chroma_location"),
    ];
    let tags = keys.iter().filter(|(_, key)| places_chroma || *key != "chroma_location");
    let tags = tags.filter_map(|(option, key)| {
        let (_, value) = named.iter().find(|(name, _)| name == option)?;
        Some(format!("{key}={}", value.as_deref()?))
    });
    let tags: Vec<String> = tags.collect();
    (!tags.is_empty()).then(|| format!("setparams={}", tags.join(":")))
}

/// The name that `FFmpeg` reports for an option value: the reverse of [`as_option`].
fn as_reported(value: &str) -> &str {
    match value {
        "rgb" => "gbr",
        "gamma22" => "bt470m",
        "gamma28" => "bt470bg",
        other => other,
    }
}

/// The option value for a name that `FFmpeg` reports about a video: some names differ.
fn as_option<'a>(option: &str, value: &'a str) -> &'a str {
    match (option, value) {
        ("-colorspace", "gbr") => "rgb",
        ("-color_trc", "bt470m") => "gamma22",
        ("-color_trc", "bt470bg") => "gamma28",
        _ => value,
    }
}
