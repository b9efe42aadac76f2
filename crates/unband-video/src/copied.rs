//! The packets of a copied stream that a result gets: those of a part, without those that the source hides.

use super::packets::Track;
use super::probe::StreamKind;

/// Packets of a stream in a result, with times in seconds on the clock of the source.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Copied {
    /// Numbers of the first and of the last packet, from 0; the first is above the last if there are none.
    pub(super) packets: (u64, u64),
    /// Number of packets in the source.
    pub(super) of: u64,
    /// First and last display time.
    pub(super) shown: (f64, f64),
    /// End of the last packet.
    pub(super) end: f64,
}

impl Copied {
    /// Chooses the packets of a stream. `part`: start and end, if only a part is copied. `hides`: can the
    /// result hide packets, as edit lists do? Else one is kept of those that precede the first shown one of
    /// the audio: decoders need it for the first samples.
    pub(super) fn new(
        track: &Track,
        kind: StreamKind,
        part: Option<(f64, f64)>,
        hides: bool,
    ) -> Option<Self> {
        let last = track.count.checked_sub(1)?;
        let sound = kind == StreamKind::Audio;
        let mut packets = match track.played.filter(|_| sound) {
            Some((_, last)) if hides && part.is_none() => (0, last),
            Some((first, last)) => (first.saturating_sub(1), last),
            None => (0, last),
        };
        if let Some((from, to)) = part {
            // A packet without a duration lasts until the next one, or is shown at once.
            let lasts = |number: usize| {
                let (time, lasts) = track.times[number];
                let next = track.times.get(number + 1).map_or(time, |next| next.0);
                if lasts > 0.0 || !sound { lasts } else { next - time }
            };
            let inside = |number: usize| {
                let (time, _) = track.times[number];
                time < to && (time >= from || time + lasts(number) > from + SHORTEST)
            };
            let numbers = packets.0 as usize..=packets.1 as usize;
            let first = numbers.clone().find(|&number| inside(number));
            let last = numbers.rev().find(|&number| inside(number));
            packets = first.zip(last).map_or((1, 0), |(first, last)| (first as u64, last as u64));
        }
        // Of a whole stream, the times of the first packets are known, and the last one that is shown.
        let end_of_times = track.times.len().min(packets.1 as usize + 1);
        let times = track.times.get(packets.0 as usize..end_of_times).unwrap_or_default();
        let known = || times.iter().filter(|(time, _)| time.is_finite());
        let (mut shown, mut end) = ((f64::INFINITY, f64::NEG_INFINITY), f64::NEG_INFINITY);
        for (time, lasts) in known() {
            shown = (shown.0.min(*time), shown.1.max(*time));
            end = end.max(time + lasts);
        }
        if part.is_none() {
            for span in &track.spans {
                shown.1 = shown.1.max(span.shown.1);
                end = end.max(span.ends);
            }
        }
        let number = |time: f64| if time.is_finite() { time } else { f64::NAN };
        Some(Self { packets, of: last + 1, shown: (number(shown.0), number(shown.1)), end: number(end) })
    }

    /// Number of packets.
    pub(super) fn count(&self) -> u64 {
        (self.packets.1 + 1).saturating_sub(self.packets.0)
    }

    /// A bitstream filter that drops the others; `None` where all are copied.
    pub(super) fn filter(&self) -> Option<String> {
        let (first, last) = self.packets;
        (self.count() < self.of).then(|| format!("noise=drop='lt(n,{first})+gt(n,{last})'"))
    }
}

/// The place of a part in a result, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct CutPlace {
    pub(super) begin: f64,
    pub(super) end: f64,
    /// Seconds by which times of the source are later than those of the result.
    pub(super) later: f64,
}

/// A bitstream filter for the subtitles of a part: those outside are dropped, and the others begin and end
/// with it. `later`: seconds by which they are later than in the result.
pub(super) fn of_subtitles(place: CutPlace, later: f64) -> String {
    let ticks = |seconds: f64, base: &str| format!("({seconds:.6}/{base})");
    let [begin, end] = [place.begin, place.end].map(|seconds| seconds + later);
    // A subtitle without a duration is shown until the next one.
    let early = format!("lt(pts+duration,{0})+eq(pts+duration,{0})*gt(duration,0)", ticks(begin, "tb"));
    let [mut late, mut until] = [String::new(), "(PTS+DURATION)".to_owned()];
    if end.is_finite() {
        late = format!("+gte(pts,{})", ticks(end, "tb"));
        until = format!("min(PTS+DURATION,{})", ticks(end, "TB"));
    }
    let (first, moved) = (ticks(begin, "TB"), ticks(later, "TB"));
    format!(
        "noise=drop='{early}{late}',setts=pts='max(PTS,{first})-{moved}':dts='max(DTS,{first})-{moved}':duration='{until}-max(PTS,{first})'"
    )
}

/// Less of a packet than this, in seconds, is not worth a packet in a part.
const SHORTEST: f64 = 0.001;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// Packets of 0.02 s, the first at this time, of which these are shown.
    fn track(first: f64, count: u64, played: (u64, u64)) -> Track {
        let times = (0..count).map(|number| (first + 0.02 * number as f64, 0.02)).collect();
        Track { count, times, played: Some(played), timed: true, ..Track::default() }
    }

    #[test]
    fn hidden_packets_and_those_outside_a_part_are_dropped() {
        let edited = track(-0.5, 125, (25, 120));
        for (kind, part, hides, packets) in [
            (StreamKind::Audio, None, false, (24, 120)),
            (StreamKind::Audio, None, true, (0, 120)),
            (StreamKind::Subtitle, None, false, (0, 124)),
            (StreamKind::Audio, Some((0.31, 0.5)), true, (40, 49)),
            (StreamKind::Audio, Some((0.0, 0.5)), true, (25, 49)),
            (StreamKind::Audio, Some((9.0, 10.0)), true, (1, 0)),
            (StreamKind::Audio, Some((1.0, f64::INFINITY)), false, (75, 120)),
        ] {
            let copied = Copied::new(&edited, kind, part, hides).unwrap();
            assert_eq!(copied.packets, packets, "{kind:?} {part:?} {hides}");
            assert_eq!(copied.filter().is_some(), packets != (0, 124));
        }
        let copied = Copied::new(&edited, StreamKind::Audio, Some((9.0, 10.0)), true).unwrap();
        assert_eq!((copied.count(), copied.filter().unwrap()), (0, "noise=drop='lt(n,1)+gt(n,0)'".into()));
        assert_eq!(Copied::new(&Track::default(), StreamKind::Audio, None, true), None);
    }
}
