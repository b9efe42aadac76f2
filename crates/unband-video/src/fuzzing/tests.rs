use unband_image::Rng;
use unband_skips::tracked_in;

use super::*;

fn files(folder: &str, ending: &str) -> Vec<Vec<u8>> {
    let files = tracked_in(folder).into_iter().filter(|path| path.to_str().unwrap().ends_with(ending));
    files.map(|path| std::fs::read(path).unwrap()).collect()
}

/// Tests each file unchanged, then `times` times with up to eight bytes changed and sometimes cut.
fn damaged(files: &[Vec<u8>], times: u32, look: fn(&[u8])) {
    assert!(!files.is_empty());
    for (n, file) in (0..).zip(files) {
        look(file);
        for time in 0..times {
            let draw = |i: u32, below: usize| Rng::new(7).at(n, time, i, 0) as usize % below;
            let mut bytes = file.clone();
            for i in 0..=draw(0, 8) as u32 {
                let place = draw(3 * i + 1, bytes.len());
                bytes[place] = [0, 255, bytes[place] ^ 1 << draw(3 * i + 2, 8), draw(3 * i + 2, 256) as u8]
                    [draw(3 * i + 3, 4)];
            }
            if draw(90, 4) == 0 {
                bytes.truncate(draw(91, file.len()));
            }
            look(&bytes);
        }
    }
}

#[test]
fn damaged_streams_of_nut_are_read_or_refused() {
    damaged(&files("fuzz/seeds/nut", ".nut"), 3000, nut);
}

#[test]
fn damaged_fragments_are_copied_or_refused() {
    damaged(&files("fuzz/seeds/fragments", ".mp4"), 3000, fragmented_mp4);
}

#[test]
fn damaged_answers_of_ffprobe_are_taken_or_refused() {
    damaged(&files("golden/video", ".json"), 40, ffprobe);
    // Damage to digits and names leaves more of them readable.
    damaged(&files("fuzz/seeds/ffprobe", ".json"), 2000, ffprobe);
}

#[test]
fn a_fragment_of_frames_without_a_byte_or_at_the_end_of_time_is_refused() {
    let seed = &files("fuzz/seeds/fragments", ".mp4")[0];
    let place = |kind: &[u8]| seed.windows(4).position(|four| four == kind).unwrap();
    let refused = |at: usize, with: &[u8]| {
        let mut bytes = seed.clone();
        bytes[at..at + with.len()].copy_from_slice(with);
        fragmented(&bytes, 0).unwrap_err().to_string()
    };
    // Four thousand million frames without fields of their own.
    let none = [0, 0, 0, 0, 255, 255, 255, 255];
    assert!(refused(place(b"trun") + 4, &none).contains("too many frames"));
    assert!(refused(place(b"tfdt") + 4, &[1, 0, 0, 0, 127, 255, 255, 255]).contains("too late"));
}
