//! Truncated, damaged and lying NUT streams.
//!
//! The result is an error with the position or frame count, never a panic, and no memory for missing data.

use std::io::{ErrorKind, Read};

use super::{MEMORY, golden, header, read_all, write_all};
use unband_image::{Rng, With};
use unband_io::{Error, Limits};
use unband_video::nut::NutReader;

/// Streams to damage: `FFmpeg`'s with audio and an index, and unband's.
fn streams() -> [Vec<u8>; 2] {
    let bytes: Vec<u8> = (0..60).collect();
    [std::fs::read(golden("variable.nut")).unwrap(), write_all(&header("gray", 5, 4), &[0, 300, 301], &bytes)]
}

#[test]
fn a_cut_is_refused_or_lies_between_frames() {
    for stream in streams() {
        let (_, all_times, all_bytes) = read_all(&stream).unwrap();
        let mut clean = 0;
        for end in 0..stream.len() {
            match read_all(&stream[..end]) {
                Ok((_, times, bytes)) => {
                    assert_eq!(times, all_times[..times.len()]);
                    assert_eq!(bytes, all_bytes[..bytes.len()]);
                    clean += 1;
                }
                Err(Error::Cut { byte, frames, .. }) => {
                    assert_eq!(byte, end as u64);
                    assert!(frames <= all_times.len() as u64);
                }
                Err(error) => panic!("cut to {end}: {error}"),
            }
        }
        // After headers, packets, and frames of video and audio.
        assert!((3..=40).contains(&clean), "{clean}");
    }
    let stream = &streams()[1];
    let inside = read_all(&stream[..stream.len() - 1]).unwrap_err();
    let place = stream.len() - 1;
    assert_eq!(
        inside.to_string(),
        format!("the NUT stream is cut off at byte {place}, after 2 complete frames")
    );
    let nothing = read_all(&[]).unwrap_err().to_string();
    assert_eq!(nothing, "the NUT stream is cut off at byte 0, before the end of the first frame");
}

#[test]
fn flipped_bits_are_found_or_change_nothing_but_samples() {
    let stream = &streams()[0];
    for at in 0..stream.len() {
        for bit in 0..8 {
            let mut hurt = stream.clone();
            hurt[at] ^= 1 << bit;
            let read = read_all(&hurt);
            assert!(read.is_err() || at >= 100, "bit {bit} of byte {at} of the headers");
        }
    }
    // In unband's streams, everything but the samples and the packet types is covered by a checksum.
    let stream = &streams()[1];
    let whole = read_all(stream).unwrap();
    let samples: Vec<usize> = (0..3u8)
        .flat_map(|frame| {
            let bytes: Vec<u8> = (frame * 20..frame * 20 + 20).collect();
            let start = stream.windows(20).position(|window| window == bytes).unwrap();
            start..start + 20
        })
        .collect();
    for at in (0..stream.len()).filter(|at| !samples.contains(at)) {
        for bit in 0..8 {
            let mut hurt = stream.clone();
            hurt[at] ^= 1 << bit;
            let read = read_all(&hurt);
            let found = read.as_ref().map_or(true, |read| *read == whole);
            assert!(found, "bit {bit} of byte {at} of {}: {read:?}", stream.len());
        }
    }
}

#[test]
fn noise_never_panics() {
    let rng = Rng::new(7);
    for stream in streams() {
        for round in 0..3000u32 {
            let draw = |i: u32| rng.at(round, 0, i, 0);
            let mut hurt = stream.clone();
            let early = if draw(0) % 2 == 0 { 400 } else { hurt.len() };
            for i in 0..=draw(1) % 8 {
                let at = draw(10 + i) as usize % early.min(hurt.len());
                hurt[at] = draw(20 + i) as u8;
            }
            let _ = read_all(&hurt);
        }
    }
}

#[test]
fn large_sizes_cost_no_memory_before_the_bytes_come() {
    let limits = Limits::default();
    let large = header("yuv444p16le", 16_000, 16_000);
    let stream = write_all(&large, &[], &[]);
    let whole = write_all(&header("gray", 5, 4), &[0], &[0; 20]);
    // A frame header that declares 1.5 GB, without data after it.
    let mut false_size =
        unband_video::nut::NutWriter::new(Cutter(Vec::new(), stream.len() + 64), &large).unwrap();
    let frame = unband_video::nut::NutFrame { pts: 0, key: true };
    let nothing = vec![0; large.frame_bytes().unwrap()];
    false_size.write_frame(frame, &nothing).unwrap();
    drop(nothing);
    let bytes = false_size.finish().unwrap().0;
    MEMORY.reset_peak_usage();
    let before = MEMORY.current_usage();
    assert!(matches!(read_all(&bytes), Err(Error::Cut { .. })));
    let used = MEMORY.peak_usage().saturating_sub(before);
    assert!(used < 32 << 20, "{used} bytes");
    let small = limits.but(|new| new.max_pixels = 19);
    assert!(matches!(NutReader::new(whole.as_slice(), &small), Err(Error::Limit { .. })));
}

/// Keeps only the first bytes.
struct Cutter(Vec<u8>, usize);

impl std::io::Write for Cutter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let room = self.1.saturating_sub(self.0.len()).min(bytes.len());
        self.0.extend_from_slice(&bytes[..room]);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Returns one byte at a time and is interrupted in between.
struct Drip<'a>(&'a [u8], bool);

impl Read for Drip<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.1 = !self.1;
        if self.1 {
            return Err(ErrorKind::Interrupted.into());
        }
        self.0.read(&mut buffer[..1])
    }
}

#[test]
fn a_slow_pipe_gives_the_same() {
    for stream in streams() {
        let (_, times, bytes) = read_all(&stream).unwrap();
        let mut reader = NutReader::new(Drip(&stream, false), &Limits::default()).unwrap();
        let (mut buffer, mut all) = (vec![9; 7], Vec::new());
        for &pts in &times {
            assert_eq!(reader.next_frame(&mut buffer).unwrap().map(|frame| frame.pts), Some(pts));
            all.extend_from_slice(&buffer);
        }
        assert_eq!(reader.next_frame(&mut buffer).unwrap(), None);
        assert_eq!(all, bytes);
    }
}
