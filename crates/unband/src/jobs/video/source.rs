//! Frames of a video or stream in order: times, shot starts and bytes.

use std::io::Read;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::Scope;

use unband_image::With;
use unband_image::cuts::Cuts;
use unband_io::{Limits, Y4mReader};
use unband_video::{DecodeOptions, Decoder, FrameFormat, Programs, TickRange, VideoError, VideoFile};

use super::VideoOptions;
use crate::Error;
use crate::frames::begins_shot;

/// Frames in the queue between two threads.
pub(super) const WAITING: usize = 3;

/// A decoded frame.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RawFrame {
    /// Presentation time in ticks of the video. In streams: the frame number.
    pub ticks: i64,
    /// Presentation time in seconds from the first moment of the video, as players show it.
    pub seconds: f64,
    /// Is it the first frame of a shot?
    pub begins_shot: bool,
    /// Its samples, in [`FrameSource::format`].
    pub bytes: Vec<u8>,
}

/// Reads the bytes of the next frame and returns its time in ticks; `None` at the end.
type Next<'a> = dyn FnMut(&mut Vec<u8>) -> Result<Option<i64>, VideoError> + Send + 'a;

/// Is the frame at this time the first of its shot? `None` where that must be detected.
type KnownShots<'a> = dyn Fn(i64) -> Option<bool> + Send + 'a;

/// Frames in order, from a video, numbered images or a YUV4MPEG2 stream.
pub struct FrameSource<'a> {
    next: Box<Next<'a>>,
    known: Box<KnownShots<'a>>,
    format: FrameFormat,
    /// Seconds per tick, as a fraction.
    time_base: (u32, u32),
    /// The first moment, in seconds.
    zero: f64,
    cuts: Option<Cuts>,
    codes: Vec<u16>,
    spare: Vec<Vec<u8>>,
}

impl<'a> FrameSource<'a> {
    /// Decodes a video, or numbered images.
    ///
    /// # Errors
    /// As [`Decoder::open`].
    pub fn of_video(file: &VideoFile, options: &DecodeOptions) -> Result<Self, VideoError> {
        let mut decoder = Decoder::open(file, options, &Limits::default())?;
        let format = *decoder.format();
        let next = Box::new(move |bytes: &mut Vec<u8>| decoder.next_frame(bytes));
        Ok(Self { zero: file.zero(), ..Self::new(next, format, file.time_base()) })
    }

    /// Reads a stream. Without a frame rate, 25 frames per second are assumed.
    ///
    /// # Errors
    /// Depths without a frame format.
    pub fn of_stream(mut reader: Y4mReader<impl Read + Send + 'a>) -> Result<Self, VideoError> {
        let format = reader.header().frame_format()?;
        let time_base = match reader.header().rate {
            (0, _) | (_, 0) => (1, 25),
            (frames, seconds) => (seconds, frames),
        };
        let mut numbers = 0..;
        let next =
            move |bytes: &mut Vec<u8>| Ok(if reader.next_bytes(bytes)? { numbers.next() } else { None });
        Ok(Self::new(Box::new(next), format, time_base))
    }

    fn new(next: Box<Next<'a>>, format: FrameFormat, time_base: (u32, u32)) -> Self {
        let (known, spare) = (Box::new(|_| None), Vec::new());
        Self { next, known, format, time_base, zero: 0.0, cuts: None, codes: Vec::new(), spare }
    }

    /// Uses known shot starts: `known` gets the time of a frame in ticks. Shots are detected where it returns
    /// `None`.
    #[must_use]
    pub fn with_shots(mut self, known: impl Fn(i64) -> Option<bool> + Send + 'a) -> Self {
        self.known = Box::new(known);
        self
    }

    /// Decodes ahead, in a thread that ends with the source.
    #[must_use]
    pub(super) fn ahead(mut self, scope: &'a Scope<'a, '_>) -> Self {
        let mut next = self.next;
        let (send, frames) = sync_channel(WAITING);
        let (give_back, empty) = sync_channel::<Vec<u8>>(2 * WAITING);
        let read = move || {
            let mut bytes = empty.try_recv().unwrap_or_default();
            Ok(next(&mut bytes)?.map(|ticks| (ticks, bytes)))
        };
        scope.spawn(move || send_all(read, &send));
        self.next = Box::new(move |bytes| {
            let _ = give_back.try_send(std::mem::take(bytes));
            let Ok(read) = frames.recv() else { return Ok(None) };
            let (ticks, read) = read?;
            *bytes = read;
            Ok(Some(ticks))
        });
        self
    }

    /// Memory layout of the frames.
    pub fn format(&self) -> &FrameFormat {
        &self.format
    }

    /// The next frame; `None` at the end.
    ///
    /// # Errors
    /// As [`Decoder::next_frame`] and [`Y4mReader::next_bytes`].
    pub fn next_frame(&mut self) -> Result<Option<RawFrame>, VideoError> {
        let mut bytes = self.spare.pop().unwrap_or_default();
        let Some(ticks) = (self.next)(&mut bytes)? else { return Ok(None) };
        let (numerator, denominator) = self.time_base;
        let seconds = ticks as f64 * f64::from(numerator) / f64::from(denominator) - self.zero;
        let begins_shot = (self.known)(ticks).unwrap_or_else(|| self.detect(&bytes));
        Ok(Some(RawFrame { ticks, seconds, begins_shot, bytes }))
    }

    /// Ticks of a time in seconds from the first moment on.
    pub(super) fn ticks(&self, seconds: f64) -> i64 {
        let (numerator, denominator) = self.time_base;
        ((seconds + self.zero) * f64::from(denominator) / f64::from(numerator)).round() as i64
    }

    /// Takes back the memory of a frame for another one.
    pub(super) fn recycle(&mut self, bytes: Vec<u8>) {
        self.spare.push(bytes);
    }

    /// Restarts the detection of shots at the latest frame: it and later ones do not depend on earlier ones.
    pub(super) fn restart(&mut self, frame: &mut RawFrame) {
        if (self.known)(frame.ticks).is_none() {
            self.cuts = None;
            frame.begins_shot = self.detect(&frame.bytes);
        }
    }

    fn detect(&mut self, bytes: &[u8]) -> bool {
        begins_shot(&self.format, bytes, self.cuts.get_or_insert_with(Cuts::new), &mut self.codes)
    }
}

/// Sends all that `next` reads, until it returns `None`, after its first error, or until the receiver is
/// gone.
pub fn send_all<T>(
    mut next: impl FnMut() -> Result<Option<T>, VideoError>,
    send: &SyncSender<Result<T, VideoError>>,
) {
    while let Some(read) = next().transpose() {
        let failed = read.is_err();
        if send.send(read).is_err() || failed {
            return;
        }
    }
}

/// Range of the frames of a pass, in ticks: from a segment's first frame to before another one's; `None` for
/// the ends of the video.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) from: Option<i64>,
    pub(super) to: Option<i64>,
}

/// Decodes the part of a video that the options select, or a span of it.
pub(super) fn source<'a>(
    file: &VideoFile,
    options: &VideoOptions,
    span: Span,
    programs: &Programs,
) -> Result<FrameSource<'a>, Error> {
    let part = decode_options(file, options)?;
    let (from, to) = (span.from.or(part.from), span.to.or(part.to));
    let part = part.but(|new| {
        new.from = from;
        new.to = to;
        new.programs = programs.clone();
    });
    Ok(FrameSource::of_video(file, &part)?)
}

/// Decode options for the part of the video that the options select.
///
/// # Errors
/// [`Error::Option`]: invalid times.
pub fn decode_options(file: &VideoFile, options: &VideoOptions) -> Result<DecodeOptions, Error> {
    let cut = cut(file, options)?;
    Ok(DecodeOptions::with(|new| {
        new.from = cut.map(|cut| cut.from);
        new.to = cut.and_then(|cut| cut.to);
        new.keep_going = options.keep_going;
    }))
}

/// The selected part in ticks; `None` for the whole video.
pub(super) fn cut(file: &VideoFile, options: &VideoOptions) -> Result<Option<TickRange>, Error> {
    let ticks = |shown: f64| file.ticks(shown + file.zero());
    Ok(part(options)?.map(|(from, to)| TickRange { from: ticks(from), to: to.map(ticks) }))
}

/// The selected part, in seconds that players show; `None` for the whole video.
pub(super) fn part(options: &VideoOptions) -> Result<Option<(f64, Option<f64>)>, Error> {
    let wrong = |got: f64| Error::Option { name: "from", range: "0 up to `to`", got: got.to_string() };
    match (options.from, options.to) {
        (None, None) => Ok(None),
        (from, to) => {
            let begin = from.unwrap_or(0.0);
            if !begin.is_finite() || begin < 0.0 || to.is_some_and(|to| !to.is_finite() || to <= begin) {
                return Err(wrong(begin));
            }
            Ok(Some((begin, to)))
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// Six frames: three with a horizontal ramp, three with a vertical one.
    fn stream() -> Vec<u8> {
        let mut stream = b"YUV4MPEG2 W64 H64 F30000:1001 Cmono\n".to_vec();
        for number in 0..6 {
            stream.extend(b"FRAME\n");
            stream.extend((0..64 * 64).map(|i| if number < 3 { i % 64 * 4 } else { i / 64 * 4 } as u8));
        }
        stream
    }

    fn open(stream: &[u8]) -> FrameSource<'_> {
        FrameSource::of_stream(Y4mReader::new(stream, &Limits::default()).unwrap()).unwrap()
    }

    fn all(mut source: FrameSource<'_>) -> Vec<(i64, bool, Vec<u8>)> {
        let mut frames = Vec::new();
        while let Some(frame) = source.next_frame().unwrap() {
            assert!((frame.seconds - frame.ticks as f64 * 1001.0 / 30000.0).abs() < 1e-12);
            frames.push((frame.ticks, frame.begins_shot, frame.bytes.clone()));
            source.recycle(frame.bytes);
        }
        frames
    }

    #[test]
    fn frames_of_a_stream_have_times_and_shots() {
        let stream = stream();
        let frames = all(open(&stream));
        let begins: Vec<_> = frames.iter().map(|&(ticks, begins, _)| (ticks, begins)).collect();
        assert_eq!(begins, [(0, true), (1, false), (2, false), (3, true), (4, false), (5, false)]);
        assert!(frames.iter().all(|(.., bytes)| bytes.len() == 64 * 64));
        std::thread::scope(|scope| assert_eq!(all(open(&stream).ahead(scope)), frames));
    }

    #[test]
    fn known_shots_are_not_detected() {
        let stream = stream();
        let known = |ticks| (ticks < 4).then_some(ticks == 2);
        let begins: Vec<_> = all(open(&stream).with_shots(known)).into_iter().map(|frame| frame.1).collect();
        // Detection starts at frame 4.
        assert_eq!(begins, [false, false, true, false, true, false]);
    }

    #[test]
    fn detection_restarts_at_a_frame() {
        let stream = stream();
        for (known, begins) in [(false, true), (true, false)] {
            let mut source = open(&stream).with_shots(move |_| known.then_some(false));
            source.next_frame().unwrap();
            let mut frame = source.next_frame().unwrap().unwrap();
            assert!(!frame.begins_shot);
            source.restart(&mut frame);
            assert_eq!(frame.begins_shot, begins);
            assert!(!source.next_frame().unwrap().unwrap().begins_shot);
        }
    }

    #[test]
    fn a_truncated_stream_fails_after_its_whole_frames() {
        let mut stream = stream();
        stream.truncate(stream.len() - 1);
        std::thread::scope(|scope| {
            let mut source = open(&stream).ahead(scope);
            for _ in 0..5 {
                assert!(source.next_frame().unwrap().is_some());
            }
            assert!(source.next_frame().is_err());
            assert!(source.next_frame().unwrap().is_none());
        });
    }
}
