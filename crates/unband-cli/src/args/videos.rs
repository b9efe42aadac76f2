//! Options of the commands that write videos.

use clap::Args;
use unband::io::video::{Purpose, StreamSpec};
use unband::video::{Temporal, TimeRange};

use super::times::{range, rate, time};
use super::{within, word};

/// Options of the commands that write videos.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Videos")]
#[allow(clippy::struct_excessive_bools)] // independent switches
pub(crate) struct VideoArgs {
    /// Encoding preset: web, youtube, edit, archive or player [default: player]
    ///
    /// player: x265, 10 bits, CRF 16 (AV1 in .webm)
    /// web: AV1, smaller
    /// youtube: x265, 10 bits, CRF 12, for sites that encode again
    /// edit: `ProRes` 422 HQ in .mov, for editing programs
    /// archive: FFV1, lossless
    #[arg(long = "for", value_name = "PURPOSE", value_parser = purpose, verbatim_doc_comment)]
    pub purpose: Option<Purpose>,
    /// Encode losslessly (FFV1), as `--for archive` does
    ///
    /// Needs .mkv or .mov.
    #[arg(long, conflicts_with = "purpose", verbatim_doc_comment)]
    pub lossless: bool,
    /// Resume an interrupted run
    ///
    /// `--overwrite` alone starts over.
    #[arg(long, verbatim_doc_comment)]
    pub resume: bool,
    /// Start time, as players show it: seconds or H:MM:SS
    #[arg(long, value_name = "TIME", value_parser = time, hide_short_help = true)]
    pub from: Option<f64>,
    /// End time, as players show it: seconds or H:MM:SS
    #[arg(long, value_name = "TIME", value_parser = time, hide_short_help = true)]
    pub to: Option<f64>,
    /// Keep the start time of the video's clock; by default, results begin at 0
    ///
    /// The clock of a broadcast may begin at any time of day.
    /// .ts and .nut files keep it in any case.
    #[arg(long, hide_short_help = true, verbatim_doc_comment)]
    pub keep_start: bool,
    /// Arguments for the encoder of ffmpeg, such as "-crf 20"
    ///
    /// With "-c:v libx264 -crf 14" they replace the encoder and its preset.
    /// For H.264 players add `--depth 8`; steps of one level may come back.
    #[arg(
        long,
        value_name = "ARGS",
        allow_hyphen_values = true,
        hide_short_help = true,
        verbatim_doc_comment
    )]
    pub ffmpeg_args: Option<String>,
    /// Copy only these streams besides the video, such as 2,a,s:1 [default: all]
    ///
    /// Comma-separated, in the syntax of ffmpeg's `-map`: stream numbers or kinds.
    /// Kinds: a (audio), s (subtitles), d (data), t (attachments), v (video).
    /// `a:1` is the second audio stream; a trailing `?` makes it optional.
    #[arg(
        long,
        value_name = "SPEC",
        value_delimiter = ',',
        action = clap::ArgAction::Append,
        hide_short_help = true,
        verbatim_doc_comment
    )]
    pub streams: Option<Vec<StreamSpec>>,
    /// Copy all streams except these, in the syntax of `--streams`
    #[arg(long, value_name = "SPEC", value_delimiter = ',', action = clap::ArgAction::Append, hide_short_help = true)]
    pub drop_stream: Vec<StreamSpec>,
    /// Drop Dolby Vision and HDR10+ metadata
    ///
    /// It describes the frames of the source, not those of the result.
    #[arg(long, hide_short_help = true, verbatim_doc_comment)]
    pub drop_dynamic_hdr: bool,
    /// Frame rate of image sequences: 24, 23.976, 24000/1001 [default: 24]
    #[arg(long, value_name = "RATE", value_parser = rate, hide_short_help = true)]
    pub fps: Option<(u32, u32)>,
    /// Treat frames as progressive, even if flagged as interlaced (`PsF`)
    #[arg(long, hide_short_help = true)]
    pub progressive: bool,
    /// Keep the readable part of a damaged video or truncated JPEG
    #[arg(long, hide_short_help = true)]
    pub keep_going: bool,
}

impl VideoArgs {
    /// Given options that apply to videos only.
    pub(crate) fn named(&self) -> Vec<&'static str> {
        let all = [
            ("--for", self.purpose.is_some()),
            ("--lossless", self.lossless),
            ("--ffmpeg-args", self.ffmpeg_args.is_some()),
            ("--drop-dynamic-hdr", self.drop_dynamic_hdr),
            ("--streams", self.streams.is_some()),
            ("--drop-stream", !self.drop_stream.is_empty()),
            ("--fps", self.fps.is_some()),
            ("--progressive", self.progressive),
            ("--resume", self.resume),
            ("--from", self.from.is_some()),
            ("--to", self.to.is_some()),
            ("--keep-start", self.keep_start),
        ];
        all.into_iter().filter_map(|(option, given)| given.then_some(option)).collect()
    }
}

/// Options of `unband deband` for the frames of videos.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Videos")]
pub(crate) struct FrameArgs {
    /// Only show the N most banded frames, before and after
    ///
    /// Writes one PNG, by default `NAME_unband_preview.png`.
    /// Each frame is restored by itself, as if a shot began with it, and shown before encoding.
    #[arg(long, value_name = "N", value_parser = within::<u8>(1..=12), conflicts_with = "resume", verbatim_doc_comment)]
    pub preview: Option<u8>,
    /// With `--preview`, show the frames after encoding
    ///
    /// Each frame is encoded with its neighbours and decoded again.
    #[arg(long, requires = "preview", hide_short_help = true, verbatim_doc_comment)]
    pub encoded: bool,
    /// Repair only this range of time, FROM-TO; frames outside keep their samples
    ///
    /// Times as for `--from`: 90-150, 1:30-2:30, -0:30 (from the start), 1:00- (to the end).
    /// Several ranges: repeat it, or separate them by commas.
    #[arg(
        long,
        value_name = "FROM-TO",
        value_parser = range,
        value_delimiter = ',',
        action = clap::ArgAction::Append,
        allow_hyphen_values = true,
        verbatim_doc_comment
    )]
    pub only: Vec<TimeRange>,
    /// Neighbouring frames in a result: off, still (where nothing moves), motion (along it, the default)
    #[arg(long, value_name = "WORD", value_parser = temporal, hide_short_help = true)]
    pub temporal: Option<Temporal>,
}

impl FrameArgs {
    /// Given options that apply to all frames of a video.
    pub(crate) fn named(&self) -> Vec<&'static str> {
        let all = [("--only", !self.only.is_empty()), ("--temporal", self.temporal.is_some())];
        all.into_iter().filter_map(|(option, given)| given.then_some(option)).collect()
    }
}

fn purpose(text: &str) -> Result<Purpose, String> {
    let words: Vec<_> = Purpose::ALL.iter().map(|purpose| purpose.as_str()).collect();
    let found = Purpose::ALL.into_iter().find(|purpose| purpose.as_str() == text);
    found.ok_or_else(|| format!("the purposes are {}", words.join(", ")))
}

/// Parses a use of neighbouring frames.
fn temporal(text: &str) -> Result<Temporal, String> {
    word("uses of neighbouring frames", text)
}
