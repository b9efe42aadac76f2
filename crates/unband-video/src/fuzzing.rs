//! Private parsers, exposed for the fuzz targets in `fuzz/`. Not part of the library.
#![allow(missing_docs)]

use std::io::Cursor;

use unband_io::{Error, Limits};

use crate::nut::{NutReader, NutWriter};
use crate::{fragments, probe};

/// Limits for streams: enough to reach their frames, small enough to be fast.
const SMALL: Limits = Limits::new(1 << 16, 1 << 20);
const FRAMES: usize = 100;

/// A NUT stream; frames that can be read are written and read again.
pub fn nut(bytes: &[u8]) {
    let read = |bytes: &[u8]| -> Result<_, Error> {
        let mut reader = NutReader::new(bytes, &SMALL)?;
        let header = *reader.header();
        let (mut buffer, mut frames) = (Vec::new(), Vec::new());
        while let Ok(Some(frame)) = reader.next_frame(&mut buffer) {
            frames.push((frame, buffer.clone()));
            if frames.len() == FRAMES {
                break;
            }
        }
        Ok((header, frames))
    };
    let Ok((header, frames)) = read(bytes) else { return };
    let Ok(mut writer) = NutWriter::new(Vec::new(), &header) else { return };
    if frames.iter().any(|(frame, samples)| writer.write_frame(*frame, samples).is_err()) {
        return;
    }
    let Ok(out) = writer.finish() else { return };
    assert!(matches!(read(&out), Ok((_, again)) if again == frames), "another stream");
}

/// A fragmented MP4, retimed as if it followed another. As many frames must come out as went in.
pub fn fragmented_mp4(bytes: &[u8]) {
    let Ok(frames) = fragmented(bytes, 1 << 40) else { return };
    assert!(frames.iter().all(|&after| after == frames[0]), "{frames:?}");
}

/// Answers of `ffprobe`, as in `golden/video`.
pub fn ffprobe(bytes: &[u8]) {
    let Ok(answers) = serde_json::from_slice(bytes) else { return };
    match probe::answered(&answers) {
        Ok(video) => {
            video.seconds(video.ticks(video.duration.unwrap_or(1.0)));
            let said =
                [video.color().err(), video.check_progressive().err(), video.check_dynamic_hdr(false).err()];
            assert!(said.iter().flatten().all(|error| !error.to_string().is_empty()));
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// Number of frames in a fragmented file, and after it was copied with another start time: alone, and as the
/// first of several.
fn fragmented(bytes: &[u8], first: i64) -> Result<[usize; 3], Error> {
    let mut file = Cursor::new(bytes);
    let shown = fragments::shown(&mut file)?;
    let count = shown.len();
    let times = fragments::timeline(&[(first, shown)], 1, 1 << 20).concat();
    let colorimetry = unband_image::Colorimetry::default();
    let mut copied = |said| -> Result<usize, Error> {
        let mut out = Vec::new();
        fragments::copy(&mut file, &times, said, &mut out)?;
        Ok(fragments::shown(&mut Cursor::new(out))?.len())
    };
    Ok([count, copied(None)?, copied(Some((&colorimetry, Some(([1, 1, 1], true)))))?])
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
