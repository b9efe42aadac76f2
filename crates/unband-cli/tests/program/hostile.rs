//! Damaged files of every format through the whole program.

use std::fs;
use std::time::{Duration, Instant};

use unband_skips::tracked_in;

use crate::stage::Stage;

/// Random numbers from a seed.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit.max(1)
    }
}

/// Samples of every format, with names that differ before the extension.
fn samples() -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for folder in ["crates/unband-io/tests/data", "crates/unband-io/tests/data/hostile"] {
        for path in tracked_in(folder) {
            let Some(format) = unband_io::by_extension(&path) else { continue };
            let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
            let name = format!("{stem}_{}.{}", found.len(), format.extensions[0]);
            found.push((name, fs::read(&path).unwrap()));
        }
    }
    found.sort();
    found
}

#[test]
fn damaged_images_are_named_and_leave_no_file() {
    let stage = Stage::new();
    let mut random = Random(1);
    let samples = samples();
    for (name, bytes) in &samples {
        let (stem, extension) = name.rsplit_once('.').unwrap();
        let put = |kind: &str, bytes: &[u8]| {
            stage.write(&format!("in/{stem}_{kind}.{extension}"), bytes);
        };
        put("cut", &bytes[..bytes.len() * (1 + random.below(8)) / 10]);
        for kind in ["bits", "noise", "header"] {
            let mut bytes = bytes.clone();
            let place = random.below(if kind == "header" { bytes.len().min(64) } else { bytes.len() });
            let count = if kind == "bits" { 1 } else { 8 };
            for byte in bytes.iter_mut().skip(place).take(count) {
                *byte ^= 1 << random.below(8);
            }
            put(kind, &bytes);
        }
    }
    let start = Instant::now();
    let ran = stage.run(&["in", "-o", "out", "-j", "2", "--json"]).code(1);
    let took = start.elapsed();
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    let lines = ran.json();
    assert_eq!(lines.len(), 4 * samples.len());
    let made = stage.names().into_iter().filter(|name| name.starts_with("out/")).collect::<Vec<_>>();
    let mut failed = 0;
    for line in &lines {
        let input = line["input"].as_str().unwrap();
        if line["status"] == "failed" {
            failed += 1;
            assert!(!line["error"].as_str().unwrap().is_empty(), "{line}");
            assert!(ran.stderr.contains(&format!("error: {input}: ")), "{line}");
            let stem = input.trim_start_matches("in/").rsplit_once('.').unwrap().0;
            assert!(!made.iter().any(|name| name.contains(stem)), "{line}");
        } else {
            assert!(line["seconds"].as_f64().unwrap_or(0.0) < 10.0, "{line}");
            assert!(made.iter().any(|name| line["output"] == name.as_str()), "{line}");
        }
    }
    assert_eq!(made.len(), lines.len() - failed);
    assert!(failed > samples.len(), "of {} only {failed} failed", lines.len());
    eprintln!("{} damaged images: {failed} refused, {} written, {took:.1?}", lines.len(), made.len());
    assert!(took < Duration::from_mins(5));
}

#[test]
fn samples_that_are_no_numbers_make_no_other_trouble() {
    let stage = Stage::new();
    let values = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, -1e30, 1e-40, 0.0, 0.5, 1.0, 2.0];
    let mut pfm = b"PF\n40 30\n-1.0\n".to_vec();
    pfm.extend((0..40 * 30 * 3).flat_map(|i| values[i * 7 % values.len()].to_le_bytes()));
    stage.write("in/mixed.pfm", &pfm);
    let mut pfm = b"Pf\n40 30\n-1.0\n".to_vec();
    pfm.extend((0..40 * 30).flat_map(|_| f32::NAN.to_le_bytes()));
    stage.write("in/nan.pfm", &pfm);
    for extension in ["tiff", "png", "jpg", "pfm"] {
        let folder = format!("{extension}/");
        let ran = stage.run(&["in", "-o", &folder, "--format", extension]);
        assert!(ran.code == 0 || ran.code == 1, "{extension}: {}", ran.stderr);
        assert!(!ran.stderr.contains("panicked"), "{extension}: {}", ran.stderr);
        let made = stage.names().into_iter().filter(|name| name.starts_with(&folder)).count();
        assert_eq!(made + ran.stderr.matches("error: ").count(), 2, "{extension}: {}", ran.stderr);
    }
}
