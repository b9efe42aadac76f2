//! Valid files of every format, to be damaged.

use std::fs;
use std::path::Path;

use unband_io::{Error, FORMATS, FormatEntry, WriteOptions};
use unband_skips::tracked_in;

use crate::sample::{everything, painted, writers};

/// Formats that another program decodes in this build.
const BY_A_PROGRAM: &[&str] = if cfg!(feature = "heic") { &[] } else { &["HEIC"] };

pub(super) struct Sample {
    pub format: &'static FormatEntry,
    pub name: String,
    pub bytes: Vec<u8>,
}

const DATA: &str = "crates/unband-io/tests/data";

/// A file of another program.
#[cfg(feature = "heic")]
pub(super) fn data(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)).unwrap()
}

/// Tracked files of a folder with image names.
fn images(folder: &str) -> Vec<Sample> {
    let mut found: Vec<Sample> = tracked_in(folder)
        .into_iter()
        .filter_map(|path| {
            let format = unband_io::by_extension(&path)?;
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            Some(Sample { format, name, bytes: fs::read(&path).unwrap() })
        })
        .collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

/// Every file from other programs, and files written by unband: grey and colour, of the first and the last
/// depth, with all metadata.
pub(super) fn samples() -> Vec<Sample> {
    let mut found = images(DATA);
    for format in writers() {
        let writes = format.writes.as_ref().unwrap();
        let first = writes.depths[0];
        for depth in [Some(first), writes.depths.last().copied().filter(|&last| last != first)] {
            for colors in [1, 3].into_iter().filter(|&colors| colors == 1 || writes.color) {
                let Some(depth) = depth else { continue };
                let mut image = painted(7, 5, colors, writes.alpha, depth, 9);
                image.metadata = everything();
                let mut bytes = Vec::new();
                match unband_io::write(&image, format, &WriteOptions::default(), &mut bytes) {
                    Ok(_) => {
                        let name = format!("written {} of {colors} colours, {depth}", format.name);
                        found.push(Sample { format, name, bytes });
                    }
                    // Some depths need another program.
                    Err(Error::NoProgram { program, .. }) => unband_skips::program(program),
                    Err(error) => panic!("{format:?}, {depth}: {error}"),
                }
            }
        }
    }
    found
}

/// Files that once exceeded a reader's limits, each reduced to little more than the fault.
pub(super) fn once_too_much() -> Vec<Sample> {
    images(&format!("{DATA}/hostile"))
}

#[test]
fn every_format_that_is_read_has_a_sample_that_is_read() {
    let samples = samples();
    for format in FORMATS.iter().filter(|format| format.reads) {
        let mut own = samples.iter().filter(|sample| sample.format == format);
        let readable = own.any(|sample| unband_io::read(&sample.bytes, &super::SMALL).is_ok());
        let missing = BY_A_PROGRAM.contains(&format.name);
        assert!(
            readable != missing,
            "{format:?}: put a small valid file into tests/data (and keep `BY_A_PROGRAM` true)"
        );
    }
}

#[test]
fn every_format_that_is_read_has_a_fuzz_target() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/Cargo.toml");
    let manifest = fs::read_to_string(manifest).unwrap();
    for format in FORMATS.iter().filter(|format| format.reads) {
        // One reader has five names.
        let name = match format.name {
            "PBM" | "PGM" | "PPM" | "PAM" => "pnm".to_owned(),
            name => name.to_lowercase().replace(' ', "_"),
        };
        let target = format!("name = \"read_{name}\"");
        assert!(manifest.contains(&target), "{format:?}: add the target read_{name} to fuzz/Cargo.toml");
    }
}
