//! Private parsers, exposed for the fuzz targets in `fuzz/`. Not part of the library.
#![allow(missing_docs)]

use unband_image::{Image, Metadata};

use crate::format::{self, FormatEntry};
use crate::video::nut::{NutReader, NutWriter};
use crate::video::{fragmented, probe};
use crate::{Error, Limits, exif, exif_tiff, raw_profile, xmp};

/// Limits for streams: enough to reach their frames, small enough to be fast.
const SMALL: Limits = Limits { max_pixels: 1 << 16, max_bytes: 1 << 20 };
const FRAMES: usize = 100;

/// Reads bytes as a given format, whatever they begin with.
pub fn read_as(format: &'static FormatEntry, bytes: &[u8], limits: &Limits) -> Result<Image, Error> {
    format::read(format, bytes, limits)
}

/// All operations on Exif blocks, from files and into them.
pub fn exif(bytes: &[u8]) {
    let Some(block) = exif::block(bytes) else { return };
    for applied in [exif::orientation(block), 6] {
        let mut upright = block.to_vec();
        exif::settle_orientation(&mut upright, applied);
        assert_eq!(upright.len(), block.len());
    }
    exif::describes_more_than_density(block);
    if let Some(little) = exif_tiff::little_endian(block) {
        assert_eq!(little.len(), block.len());
    }
    let density = exif::density(block);
    let some = density.unwrap_or(unband_image::Density {
        x: 300.0,
        y: 200.0,
        unit: unband_image::DensityUnit::Inch,
    });
    exif::block(&exif::with_density(Some(block), some));
}

/// The first directory of a TIFF file as an Exif block. The block is never much larger than the file.
pub fn exif_of_tiff(bytes: &[u8]) {
    if let Some(block) = exif_tiff::from_tiff(bytes) {
        exif(&block);
    }
}

/// A short and a long packet, separated by a zero byte.
pub fn xmp(bytes: &[u8]) {
    let cut = bytes.iter().position(|&b| b == 0).unwrap_or(bytes.len());
    let (short, long) = bytes.split_at(cut);
    let joined = xmp::join(short, long);
    assert!(joined.len() <= bytes.len());
    let extended = xmp::extend(long);
    assert_eq!(xmp::join(&extended.packet, long), long);
    let mut settled = short.to_vec();
    exif::settle_xmp(&mut settled);
    assert_eq!(settled.len(), short.len());
}

/// Photoshop's resource blocks.
pub fn photoshop(bytes: &[u8]) {
    if let Some(records) = format::iptc_records(bytes) {
        assert!(records.len() < bytes.len());
    }
}

/// A PNG text: keyword and text, separated by a newline.
pub fn raw_profile(text: &str) {
    let (keyword, text) = text.split_once('\n').unwrap_or((text, ""));
    let mut metadata = Metadata::default();
    raw_profile::take(keyword, text, &mut metadata);
    let (keyword, text) = raw_profile::iptc(text.as_bytes());
    assert!(raw_profile::take(&keyword, &text, &mut Metadata::default()));
}

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
pub fn fragments(bytes: &[u8]) {
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::path::PathBuf;

    use unband_image::Rng;

    use super::*;

    fn files(folder: &str, ending: &str) -> Vec<Vec<u8>> {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder);
        let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
        paths.sort();
        let files = paths.iter().filter(|path| path.to_str().unwrap().ends_with(ending));
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
                    bytes[place] =
                        [0, 255, bytes[place] ^ 1 << draw(3 * i + 2, 8), draw(3 * i + 2, 256) as u8]
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
        damaged(&files("fuzz/seeds/fragments", ".mp4"), 3000, fragments);
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
}
