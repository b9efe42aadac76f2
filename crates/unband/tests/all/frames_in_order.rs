//! Debanded frames of a video, as a caller takes them.

use std::process::Command;
use std::sync::mpsc::channel;
use std::time::Duration;

use unband::Context;
use unband::video::{VideoOptions, deband_frames};

/// Shots of six frames: slopes across and down in turn.
fn shots(count: usize) -> Vec<u8> {
    let mut stream = b"YUV4MPEG2 W64 H64 F25:1 C420\n".to_vec();
    for number in 0..6 * count {
        stream.extend(b"FRAME\n");
        let across = number / 6 % 2 == 0;
        stream.extend((0..64 * 64).map(|i| (if across { i % 64 } else { i / 64 } * 3 / 8 * 8) as u8));
        stream.extend([128; 2 * 32 * 32]);
    }
    stream
}

#[test]
fn a_caller_that_stops_early_waits_for_no_shots() {
    if Command::new("ffmpeg").arg("-version").output().is_err() {
        unband_skips::program("ffmpeg");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("shots.y4m");
    // More shots than are found ahead.
    std::fs::write(&input, shots(12)).unwrap();
    let (send, ended) = channel();
    std::thread::spawn(move || {
        let mut frames = 0;
        let done = deband_frames(&input, &VideoOptions::default(), &Context::default(), &mut |frame| {
            frames += 1;
            assert_eq!((frame.image.width(), frame.begins_shot), (64, true));
            // All shots that may wait are found by now.
            std::thread::sleep(Duration::from_millis(500));
            Ok(false)
        });
        let _ = send.send((done.is_ok(), frames));
    });
    assert_eq!(ended.recv_timeout(Duration::from_mins(1)), Ok((true, 1)));
}
