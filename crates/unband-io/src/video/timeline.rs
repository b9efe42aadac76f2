//! The time line of a result, decided from the packets of its source.
//!
//! Players start a video at its first frame and play on where the clock of a stream jumps. Files need times
//! from 0 on that only grow. So times before 0 are moved (the clock of transport streams wraps every 26.5
//! hours, and `FFmpeg` counts backwards from a wrap), and each piece of a spliced stream continues where the
//! one before ends.

use std::fmt::Write;

use super::packets::{AHEAD, BACK, Packets, Span};
use super::probe::StreamKind;
use super::{Encoding, Programs, VideoFile};

/// How the times of a result follow from those of its source, and the source's first and last times.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Timeline {
    /// Ticks of the video that are added to all times.
    pub(super) shift: i64,
    /// Seconds that are added in the file only, where its container cannot begin at 0.
    pub(super) lead: f64,
    /// By stream: the packets and the jumps of its clock.
    pub(super) tracks: Vec<StreamTimes>,
}

/// The times of a stream, in seconds, in the source but without jumps.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct StreamTimes {
    /// Number of packets.
    pub(super) count: u64,
    /// First and last display time; `None` without packets that have one.
    pub(super) shown: Option<(f64, f64)>,
    /// Seconds that are added from its start on.
    added: f64,
    /// Jumps of its clock: is it ahead, and the seconds that are added from here on as well.
    jumps: Vec<(bool, f64)>,
}

/// Transport streams: a buffer is filled for this long before the first frame is decoded, as by `FFmpeg`.
/// `NUT` cannot store times before 0, and encoders decode the first frames before they are shown.
const LEAD_SECONDS: f64 = 1.4;
/// Players expect at least this much before the first frame.
const LEAST_LEAD: f64 = 0.7;
/// Earlier times than this have no place in Matroska either.
const EARLIEST: f64 = -1.0;
/// All clocks that may jump tick this often a second.
pub(super) const CLOCK: f64 = 90_000.0;

/// Decides the time line.
pub(super) fn decide(
    file: &VideoFile,
    encoding: &Encoding,
    start_at_zero: bool,
    programs: &Programs,
) -> Timeline {
    let packets = Packets::read((&file.path, file.images.as_ref()), file.may_jump(), programs);
    // The decoder reports damage, with a better message.
    let packets = packets.unwrap_or_default();
    let tracks = lines(&packets, file);
    let begin = |line: &StreamTimes| line.shown.map(|(first, _)| first);
    let video = tracks.get(file.video.stream).and_then(begin);
    let video = video.or(file.video.start_pts.map(|ticks| file.seconds(ticks))).unwrap_or(0.0);
    let of_time = file.streams.iter().filter(|stream| {
        matches!(stream.kind, StreamKind::Video | StreamKind::Audio) && !stream.attached_image
    });
    let first = of_time.filter_map(|stream| begin(tracks.get(stream.index)?)).fold(video, f64::min);
    let rounds = matches!(encoding.container().muxer, "matroska" | "webm");
    let early = video < 0.0 && (file.may_jump() || !rounds || video < EARLIEST);
    let move_by = if early || start_at_zero { -first } else { 0.0 };
    // A later start of another stream stays later.
    let shift = file.ticks(move_by);
    let begins = first + file.seconds(shift);
    let lead = lead(encoding, begins);
    Timeline { shift, lead, tracks }
}

/// Seconds to add in a file whose first time this is.
fn lead(encoding: &Encoding, begins: f64) -> f64 {
    let needed = match encoding.container().muxer {
        "mpegts" => true,
        "nut" => encoding.codec.reorders(),
        _ => false,
    };
    if needed && begins < LEAST_LEAD { LEAD_SECONDS } else { 0.0 }
}

/// The times of all streams without jumps.
fn lines(packets: &Packets, file: &VideoFile) -> Vec<StreamTimes> {
    let timed = |index: usize| {
        file.streams.iter().any(|stream| {
            stream.index == index && matches!(stream.kind, StreamKind::Video | StreamKind::Audio)
        })
    };
    let spans = |piece: usize| {
        let tracks = packets.tracks.iter().enumerate().filter(|&(index, _)| timed(index));
        tracks.flat_map(|(_, track)| &track.spans).filter(move |span| span.piece == piece)
    };
    // Each piece begins where the one before ends.
    let mut added = vec![0.0];
    for piece in 1..packets.pieces {
        let end = spans(piece - 1).map(|span| span.decoded.1).fold(f64::NEG_INFINITY, f64::max);
        let begin = spans(piece).map(|span| span.decoded.0).fold(f64::INFINITY, f64::min);
        let step = if end.is_finite() && begin.is_finite() { end - begin } else { 0.0 };
        added.push(((added[piece - 1] + step) * CLOCK).round() / CLOCK);
    }
    let line = |track: &super::packets::Track| {
        let moved = |span: &Span, time: f64| time + added[span.piece];
        let shown = track.spans.iter().filter(|span| span.shown.0 <= span.shown.1);
        let first = shown.clone().map(|span| moved(span, span.shown.0)).reduce(f64::min);
        let last = shown.map(|span| moved(span, span.shown.1)).reduce(f64::max);
        let jumps =
            track.spans.windows(2).map(|pair| (pair[1].ahead, added[pair[1].piece] - added[pair[0].piece]));
        StreamTimes {
            count: track.count,
            shown: first.zip(last).filter(|_| track.timed),
            added: track.spans.first().map_or(0.0, |span| added[span.piece]),
            jumps: jumps.collect(),
        }
    };
    packets.tracks.iter().map(line).collect()
}

impl VideoFile {
    /// Whether the clock of its container may jump: broadcasts and discs, whose pieces can be joined byte by
    /// byte.
    pub(super) fn may_jump(&self) -> bool {
        self.images.is_none() && matches!(self.container.as_str(), "mpegts" | "mpeg")
    }

    /// Finds where its clock jumps, for decoding without a result.
    pub(super) fn with_own_times(self, programs: &Programs) -> Self {
        let packets = Packets::read((&self.path, self.images.as_ref()), true, programs).unwrap_or_default();
        let timeline = Timeline { tracks: lines(&packets, &self), ..Timeline::default() };
        Self { timeline, ..self }
    }

    /// Decides the time line of a result in a container from the packets of this video.
    #[must_use]
    pub fn with_timeline(self, encoding: &Encoding, start_at_zero: bool, programs: &Programs) -> Self {
        let timeline = decide(&self, encoding, start_at_zero, programs);
        Self { timeline, ..self }
    }
}

impl Timeline {
    /// Whether the clock of any stream jumps.
    pub fn jumps(&self) -> bool {
        self.tracks.iter().any(StreamTimes::changes)
    }

    /// Whether it was decided.
    pub(super) fn is_known(&self) -> bool {
        !self.tracks.is_empty()
    }

    /// Seconds that are added in the file only; a part of a video begins at 0.
    pub(super) fn lead(&self, part: bool, encoding: &Encoding) -> f64 {
        if part { lead(encoding, 0.0) } else { self.lead }
    }

    /// A filter that makes the times of decoded frames grow steadily.
    pub(super) fn filter(&self, stream: usize) -> Option<String> {
        let line = self.tracks.get(stream).filter(|line| line.changes())?;
        Some(format!("setpts='{}'", line.expression("PTS", "PTS", 1.0)))
    }

    /// A bitstream filter that does the same for the packets of a copied stream. `unit`: what `FFmpeg` calls
    /// a second there; some of its versions take it for the time base of the source.
    pub(super) fn bitstream_filter(&self, stream: usize, unit: f64) -> Option<String> {
        let line = self.tracks.get(stream).filter(|line| line.changes())?;
        let [shown, decoded] = ["PTS", "DTS"].map(|time| line.expression("DTS", time, unit));
        Some(format!("setts=pts='{shown}':dts='{decoded}'"))
    }
}

impl StreamTimes {
    fn changes(&self) -> bool {
        self.added != 0.0 || !self.jumps.is_empty()
    }

    /// `FFmpeg` evaluates this for each frame or packet: `time` with what is added since the last jump of
    /// `clock`. Variable 0 has the number of jumps so far, variable 1 the time before, in seconds.
    fn expression(&self, clock: &str, time: &str, unit: f64) -> String {
        let unit = format!("(TB*{unit:.12})");
        let (mut jumped, mut sum) = (String::new(), format!("{time}+{:.9}/{unit}", self.added));
        for (number, (ahead, added)) in self.jumps.iter().enumerate() {
            let test = if *ahead {
                format!("gt({clock}*{unit},ld(1)+{AHEAD})")
            } else {
                format!("lt({clock}*{unit},ld(1)-{BACK})")
            };
            let _ = write!(jumped, "+eq(ld(0),{number})*{test}");
            let _ = write!(sum, "+gt(ld(0),{number})*({added:.9}/{unit})");
        }
        // Missing times are below any real one.
        let known = |time: &str| format!("gt({time},-1e15)");
        format!(
            "st(0,ld(0)+if({known}*gt(N,0),min(1,0{jumped}),0));st(1,if({known},{clock}*{unit},ld(1)));if({},{sum},{time})",
            known(time),
            known = known(clock),
        )
    }
}
