//! The time line of a result, decided from the packets of its source.
//!
//! Players start a video at its first frame and play on where the clock of a stream jumps. Files need times
//! from 0 on that only grow. So times before 0 are moved (the clock of transport streams wraps every 26.5
//! hours, and `FFmpeg` counts backwards from a wrap), and each piece of a spliced stream continues where the
//! one before ends.

use std::fmt::Write;

use super::copied::Copied;
use super::packets::{AHEAD, BACK, HEAD, KeptTimes, Packets, Reading, Span, Track};
use super::probe::StreamKind;
use super::{Encoding, Programs, VideoFile};

/// How the times of a result follow from those of its source, and the source's first and last times.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Timeline {
    /// Ticks of the video that are added to all times.
    pub(super) shift: i64,
    /// Seconds that are added in the file only, where its container cannot begin at 0.
    pub(super) lead: f64,
    /// Seconds from 0 to the first moment that players show, after the shift: the start of the time they
    /// show.
    zero: Option<f64>,
    /// Does the container store the padding of encoders?
    pub(super) keeps_padding: bool,
    /// By stream: the packets and the jumps of its clock.
    pub(super) tracks: Vec<StreamTimes>,
}

/// The times of a stream, in seconds, in the source but without jumps.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct StreamTimes {
    /// Number of packets.
    pub(super) count: u64,
    /// Bytes of them.
    bytes: u64,
    /// First and last display time; `None` without packets that have one.
    pub(super) shown: Option<(f64, f64)>,
    /// The packets that a result gets, if it is copied and its clock is steady: a whole one, and one of a
    /// part.
    pub(super) whole: Option<Copied>,
    part: Option<Copied>,
    /// Time and duration of the first packets that are copied.
    pub(super) head: Vec<(f64, f64)>,
    /// Samples that players skip at its start and at its end.
    pub(super) skipped: [u32; 2],
    /// Are some of its packets hidden by the container?
    pub(super) hides: bool,
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
/// Rounding of times, in seconds.
const ROUNDED: f64 = 0.0005;
/// Longest priming of an encoder, in seconds: that of HE-AAC at 22,050 Hz.
const PRIMING: f64 = 0.2;
/// All clocks that may jump tick this often a second.
pub(super) const CLOCK: f64 = 90_000.0;

/// A request for the times of a result.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Times {
    /// Keep the start time of the video, where the container can.
    pub keep_start: bool,
    /// Start of a part and its end, if before the end of the video, in seconds as players show them.
    pub part: Option<(f64, Option<f64>)>,
}

/// Decides the time line.
fn decide(file: &VideoFile, encoding: &Encoding, times: Times, programs: &Programs) -> Timeline {
    let jumps = file.may_jump();
    let kept = if times.part.is_some() { KeptTimes::All } else { KeptTimes::Head };
    let packets = Packets::read(&file.path, file.images.as_ref(), Reading { jumps, times: kept }, programs);
    // The decoder reports damage, with a better message.
    let mut packets = packets.unwrap_or_default();
    let mut tracks = lines(&packets, file);
    for stream in file.streams.iter().filter(|stream| stream.kind == StreamKind::Audio) {
        let (line, track) = (tracks.get_mut(stream.index), packets.tracks.get_mut(stream.index));
        if let (Some(line), Some(track), Some(rate)) = (line, track, stream.sample_rate) {
            skip(line, track, rate);
        }
    }
    let begin = |line: &StreamTimes| line.shown.map(|(first, _)| first);
    let video = tracks.get(file.video.stream).and_then(begin);
    let video = video.or(file.video.start_pts.map(|ticks| file.seconds(ticks))).unwrap_or(0.0);
    let of_time = file.streams.iter().filter(|stream| {
        matches!(stream.kind, StreamKind::Video | StreamKind::Audio) && !stream.attached_image
    });
    let first = of_time.filter_map(|stream| begin(tracks.get(stream.index)?).map(without_priming));
    let first = first.fold(video, f64::min);
    let container = encoding.container();
    let early = video < 0.0 && (jumps || !container.rounds || video < EARLIEST);
    let from_zero = container.from_zero && !times.keep_start;
    let move_by = if early || from_zero { -first } else { 0.0 };
    // A later start of another stream stays later.
    let shift = file.ticks(move_by);
    let zero = first + file.seconds(shift);
    for (line, track) in tracks.iter_mut().zip(&packets.tracks) {
        line.head = track.times.iter().take(HEAD as usize).copied().collect();
    }
    if !tracks.iter().any(StreamTimes::changes) {
        let seconds =
            |(from, to): (f64, Option<f64>)| (from + first, to.map_or(f64::INFINITY, |to| to + first));
        let (part, hides) = (times.part.map(seconds), container.times_of_tracks);
        for stream in &file.streams {
            let (line, track) = (tracks.get_mut(stream.index), packets.tracks.get(stream.index));
            if let Some((line, track)) = line.zip(track) {
                line.whole = Copied::new(track, stream.kind, None, hides);
                line.part = part.and_then(|part| Copied::new(track, stream.kind, Some(part), hides));
                let skipped = line.whole.map_or(0, |whole| whole.packets.0 as usize);
                line.head = track.times.iter().skip(skipped).take(HEAD as usize).copied().collect();
            }
        }
    }
    Timeline { shift, lead: lead(encoding, zero), zero: Some(zero), keeps_padding: container.rounds, tracks }
}

/// Lets a stream begin after the samples that players skip: their number is exact, the marks of whole packets
/// need not be.
fn skip(line: &mut StreamTimes, track: &mut Track, rate: u32) {
    let (Some(&(first, _)), Some(played)) = (track.times.first(), track.played) else { return };
    let starts = first + f64::from(track.skipped[0]) / f64::from(rate);
    if track.skipped[0] == 0 || line.changes() {
        return;
    }
    let skipped =
        track.times.iter().take_while(|(time, lasts)| time + lasts < starts + ROUNDED).count() as u64;
    track.played = Some((played.0.max(skipped).min(played.1), played.1));
    if let Some((first, _)) = &mut line.shown {
        *first = first.max(starts);
    }
}

/// The first time of audio whose encoder added samples before it that are not played, as Opus does.
fn without_priming(first: f64) -> f64 {
    if (-PRIMING..0.0).contains(&first) { 0.0 } else { first }
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
            bytes: track.bytes,
            shown: first.zip(last).filter(|_| track.timed),
            whole: None,
            part: None,
            head: Vec::new(),
            skipped: track.skipped,
            hides: track.played.is_some_and(|(first, last)| last + 1 - first < track.count),
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
        let read = Packets::read(
            &self.path,
            self.images.as_ref(),
            Reading { jumps: true, times: KeptTimes::None },
            programs,
        );
        let timeline = Timeline { tracks: lines(&read.unwrap_or_default(), &self), ..Timeline::default() };
        Self { timeline, ..self }
    }

    /// Bytes of the packets of a stream, once the time line is decided.
    pub fn stream_bytes(&self, index: usize) -> u64 {
        self.timeline.tracks.get(index).map_or(0, |track| track.bytes)
    }

    /// Seconds from 0 to the first moment that players show; they count from there.
    pub fn zero(&self) -> f64 {
        self.timeline.zero.unwrap_or_else(|| without_priming(self.start))
    }

    /// The end of the last frame that is shown, in ticks, by its packet; `None` if the clock jumps.
    pub(super) fn end_of_packets(&self) -> Option<i64> {
        let whole = self.timeline.copied(self.video.stream, false)?;
        whole.end.is_finite().then(|| self.ticks(whole.end))
    }

    /// The time that players show, in seconds, of a time in ticks.
    pub fn shown(&self, ticks: i64) -> f64 {
        self.seconds(ticks) - self.zero()
    }

    /// Decides the time line of a result in a container from the packets of this video.
    #[must_use]
    pub fn with_timeline(self, encoding: &Encoding, times: Times, programs: &Programs) -> Self {
        let timeline = decide(&self, encoding, times, programs);
        Self { timeline, ..self }
    }
}

impl Timeline {
    /// Whether it is that of a part.
    pub(super) fn is_part(&self) -> bool {
        self.tracks.iter().any(|line| line.part.is_some())
    }

    /// Whether times are moved.
    pub fn moves(&self) -> bool {
        self.shift != 0
    }

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

    /// A bitstream filter that drops the packets of a stream that a result does not get.
    pub(super) fn chosen(&self, stream: usize, part: bool) -> Option<String> {
        self.copied(stream, part)?.filter()
    }

    /// The packets of a copied stream that a result gets.
    pub(super) fn copied(&self, stream: usize, part: bool) -> Option<Copied> {
        let line = self.tracks.get(stream)?;
        if part { line.part } else { line.whole }
    }

    /// Whether the container hides frames that a copy in another one would show.
    pub fn hides(&self, stream: usize) -> bool {
        self.tracks.get(stream).is_some_and(|line| line.hides)
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
