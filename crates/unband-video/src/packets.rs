//! Times of all packets of a file, from `ffprobe`: one read of the file, with little memory.

use std::io::BufRead;
use std::path::Path;

use super::ffmpeg::{Args, FFPROBE};
use super::{Images, Programs};
use unband_io::Error;
use unband_io::process::Room;

/// Long enough to read a video of a terabyte.
pub(super) const MOST: std::time::Duration = std::time::Duration::from_hours(6);
/// A time stamp this many seconds below the one before it begins a new piece.
pub(super) const BACK: f64 = 0.02;
/// A time stamp this many seconds above the one before it begins a new piece, if all streams do the same.
pub(super) const AHEAD: f64 = 600.0;
/// Streams are interleaved within this many seconds.
const INTERLEAVED: f64 = 10.0;
/// Maximum number of pieces; more are damage.
const MOST_PIECES: usize = 200;

/// A packet, with times in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Packet {
    stream: usize,
    shown: Option<f64>,
    decoded: Option<f64>,
    lasts: f64,
    bytes: u64,
    /// Is it shown at all?
    discarded: bool,
    /// Samples that players skip at its start and at its end.
    skipped: [u32; 2],
}

impl Packet {
    /// From a line such as "0,0.541667,0.500000,0.041667,1520,K_", or "…,K_,1105,0" with skipped samples.
    fn parse(line: &str) -> Option<Self> {
        let mut fields = line.split(',').map(str::trim);
        let stream = fields.next()?.parse().ok()?;
        let mut time =
            || fields.next().and_then(|time| time.parse::<f64>().ok()).filter(|time| time.is_finite());
        let (shown, decoded, lasts) = (time(), time(), time());
        let bytes = fields.next().and_then(|size| size.parse().ok()).unwrap_or(0);
        let discarded = fields.next().is_some_and(|flags| flags.contains('D'));
        // Side data of other kinds leave empty fields.
        let mut samples = fields.filter_map(|count| count.parse().ok());
        let skipped = [samples.next().unwrap_or(0), samples.next().unwrap_or(0)];
        Some(Self { stream, shown, decoded, lasts: lasts.unwrap_or(0.0), bytes, discarded, skipped })
    }
}

/// The packets of a stream in one piece of a file, with times in seconds as stored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Span {
    /// Index of the piece.
    pub(super) piece: usize,
    /// First and last decoding time; the last one includes its duration.
    pub(super) decoded: (f64, f64),
    /// First and last display time of packets that are shown.
    pub(super) shown: (f64, f64),
    /// First display time of all packets, and the end of the last one.
    pub(super) stored: (f64, f64),
    /// End of the last packet that is shown.
    pub(super) ends: f64,
    /// Does it begin with a time far above the one before, not below it?
    pub(super) ahead: bool,
}

/// The packets of a stream.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Track {
    /// Number of packets.
    pub(super) count: u64,
    /// Bytes of all packets.
    pub(super) bytes: u64,
    /// Its pieces, in the order of the file.
    pub(super) spans: Vec<Span>,
    /// Did all packets have a display time?
    pub(super) timed: bool,
    /// Numbers of the first and of the last packet that is shown, in the order of the file.
    pub(super) played: Option<(u64, u64)>,
    /// Samples that players skip at its start and at its end.
    pub(super) skipped: [u32; 2],
    /// Display time and duration of the packets: as [`Reading::times`] says.
    pub(super) times: Vec<(f64, f64)>,
    pub(super) last: f64,
}

/// The packets of a file, by stream.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Packets {
    /// By stream index.
    pub(super) tracks: Vec<Track>,
    /// Number of pieces: 1, or more where the clock jumps.
    pub(super) pieces: usize,
}

/// The use of the packets of a file.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reading {
    /// Does the container allow its clock to jump?
    pub(super) jumps: bool,
    /// The packets whose times are kept.
    pub(super) times: KeptTimes,
}

/// Packets of a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum KeptTimes {
    #[default]
    None,
    /// Those up to the first that is shown, and [`HEAD`] more.
    Head,
    /// All: 16 bytes each, of which lossless audio has a thousand a second.
    All,
}

/// Number of packets from which the start time of a stream is determined; the priming of an encoder has
/// fewer.
pub(super) const HEAD: u64 = 64;

/// Limit for stream indices: a file may declare anything.
const MOST_STREAMS: usize = 1 << 12;

impl Track {
    fn keep(&mut self, packet: &Packet, times: KeptTimes) {
        let kept = match times {
            KeptTimes::None => false,
            KeptTimes::Head => self.played.is_none_or(|(first, _)| self.count <= first + HEAD),
            KeptTimes::All => true,
        };
        if kept {
            self.times.push((packet.shown.or(packet.decoded).unwrap_or(f64::NAN), packet.lasts));
        }
    }
}

impl Packets {
    /// Reads all packets.
    pub(super) fn read(
        path: &Path,
        images: Option<&Images>,
        reading: Reading,
        programs: &Programs,
    ) -> Result<Self, Error> {
        let mut args = Args::default();
        args.put(&[
            "-v",
            "quiet",
            "-show_entries",
            "packet=stream_index,pts_time,dts_time,duration_time,size,flags:packet_side_data=skip_samples,discard_padding",
        ]);
        args.put(&["-of", "csv=p=0"]);
        args.video(path, images)?;
        let room = Room::new()?;
        let answer = FFPROBE.ask_for_lines(&room, &args.into_list(), MOST, programs)?;
        Ok(Self::new(answer.lines().map_while(Result::ok), reading))
    }

    fn new(lines: impl Iterator<Item = String>, Reading { jumps, times }: Reading) -> Self {
        let mut packets = Self { tracks: Vec::new(), pieces: 1 };
        // For each piece, by stream: the last time before it.
        let mut before: Vec<Vec<Option<f64>>> = vec![Vec::new()];
        for packet in
            lines.filter_map(|line| Packet::parse(&line)).filter(|packet| packet.stream < MOST_STREAMS)
        {
            if packets.tracks.len() <= packet.stream {
                packets.tracks.resize_with(packet.stream + 1, || Track { timed: true, ..Track::default() });
            }
            packets.tracks[packet.stream].keep(&packet, times);
            packets.put(packet, jumps, &mut before);
        }
        if packets.pieces > 1 && (packets.pieces > MOST_PIECES || !packets.agree(&before)) {
            packets.merge();
        }
        packets
    }

    fn put(&mut self, packet: Packet, jumps: bool, before: &mut Vec<Vec<Option<f64>>>) {
        let track = &mut self.tracks[packet.stream];
        if !packet.discarded {
            track.played = Some((track.played.map_or(track.count, |(first, _)| first), track.count));
        }
        for (all, more) in track.skipped.iter_mut().zip(packet.skipped) {
            *all = (*all).max(more);
        }
        track.count += 1;
        track.bytes = track.bytes.saturating_add(packet.bytes);
        track.timed &= packet.shown.is_some();
        let Some(time) = packet.decoded.or(packet.shown) else { return };
        let (last, piece) = (track.last, track.spans.last().map(|span| span.piece));
        let ahead = time > last + AHEAD;
        let jumped = jumps && piece.is_some() && (time < last - BACK || ahead);
        // A stream that begins late belongs to the newest piece, and so does one that jumps after another.
        let place = match piece {
            Some(piece) if !jumped => piece,
            Some(piece) if piece + 1 < self.pieces => self.pieces - 1,
            Some(_) => {
                before.push(self.tracks.iter().map(|track| track.spans.last().map(|_| track.last)).collect());
                self.pieces += 1;
                self.pieces - 1
            }
            None => self.pieces - 1,
        };
        let track = &mut self.tracks[packet.stream];
        track.last = if jumps { time } else { track.last.max(time) };
        if piece != Some(place) {
            let empty = (f64::INFINITY, f64::NEG_INFINITY);
            let ahead = jumped && ahead;
            track.spans.push(Span {
                piece: place,
                decoded: empty,
                shown: empty,
                stored: empty,
                ends: empty.1,
                ahead,
            });
        }
        let Some(span) = track.spans.last_mut() else { return };
        let widened = |(from, to): (f64, f64), begin: f64, end: f64| (from.min(begin), to.max(end));
        span.decoded = widened(span.decoded, time, time + packet.lasts);
        let shown = packet.shown.unwrap_or(time);
        span.stored = widened(span.stored, shown, shown + packet.lasts);
        if !packet.discarded {
            span.shown = widened(span.shown, shown, shown);
            span.ends = span.ends.max(shown + packet.lasts);
        }
    }

    /// Did all streams jump together? A stream that continues its old times for long after another one jumped
    /// shows that the jump is an error in the other one.
    fn agree(&self, before: &[Vec<Option<f64>>]) -> bool {
        (1..self.pieces).all(|piece| {
            self.tracks.iter().enumerate().all(|(stream, track)| {
                let Some(last) = before[piece].get(stream).copied().flatten() else { return true };
                let old = track.spans.iter().rev().find(|span| span.piece < piece);
                old.is_none_or(|span| span.decoded.1 <= last + INTERLEAVED)
            })
        })
    }

    /// Takes all pieces as one.
    fn merge(&mut self) {
        self.pieces = 1;
        for track in &mut self.tracks {
            let merged = track.spans.iter().copied().reduce(|all, span| Span {
                piece: 0,
                decoded: (all.decoded.0.min(span.decoded.0), all.decoded.1.max(span.decoded.1)),
                shown: (all.shown.0.min(span.shown.0), all.shown.1.max(span.shown.1)),
                stored: (all.stored.0.min(span.stored.0), all.stored.1.max(span.stored.1)),
                ends: all.ends.max(span.ends),
                ahead: false,
            });
            track.spans = merged.map(|span| Span { piece: 0, ..span }).into_iter().collect();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Packets of two streams, 0.1 s each, from these starts.
    fn of(starts: &[[f64; 2]], jumps: bool) -> Packets {
        let line = |stream: usize, time: f64| format!("{stream},{time:.3},{time:.3},0.1,700,K_");
        let lines = starts.iter().flat_map(|start| {
            let start = *start;
            (0..20).flat_map(move |i| [0, 1].map(|stream| line(stream, start[stream] + 0.1 * f64::from(i))))
        });
        Packets::new(lines, Reading { jumps, times: KeptTimes::None })
    }

    #[test]
    fn a_clock_that_jumps_begins_a_piece_and_a_single_stream_does_not() {
        for (starts, pieces) in [
            (&[[1.4, 1.3], [1.4, 1.3]][..], 2),
            (&[[1.4, 1.3], [36_000.0, 36_000.1], [2.0, 2.1]], 3),
            (&[[1.4, 1.3], [61.0, 61.0]], 1),
            (&[[1.4, 1.3], [61.0, 3.3]], 1),
            (
                &[
                    [5.0, 1.3],
                    [1.0, 3.3],
                    [3.0, 5.3],
                    [5.0, 7.3],
                    [7.0, 9.3],
                    [9.0, 11.3],
                    [11.0, 13.3],
                    [13.0, 15.3],
                ],
                1,
            ),
        ] {
            assert_eq!(of(starts, true).pieces, pieces, "{starts:?}");
            assert_eq!(of(starts, false).pieces, 1, "{starts:?}");
        }
        let track = &of(&[[1.4, 1.3], [36_000.0, 36_000.1]], true).tracks[1];
        assert_eq!((track.count, track.spans.len(), track.spans[1].ahead), (40, 2, true));
        assert_eq!(track.bytes, 28_000);
        assert!((track.spans[1].decoded.0 - 36_000.1).abs() < 1e-6, "{track:?}");
    }

    #[test]
    fn lines_are_read_as_ffprobe_writes_them() {
        let packet =
            Packet::parse("1,N/A,0.541667,0.041667,1520,KD,").map(|packet| (packet.shown, packet.decoded));
        assert_eq!(packet, Some((None, Some(0.541_667))));
        assert_eq!(Packet::parse(""), None);
        assert!(
            Packet::parse("0,1.0,1.0,N/A,99,_D").is_some_and(|packet| packet.discarded && packet.bytes == 99)
        );
    }
}
