//! Peak memory of reading.
//!
//! The planes, the file, and at most the interleaved samples; for JPEG also its coefficients.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

#[path = "all/sample/mod.rs"]
mod sample;

use std::fs;

use sample::{format, painted, written};
use unband_image::Depth;
use unband_io::Limits;

/// A byte count from the system's statistics of this process.
fn account(name: &str) -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|l| l.starts_with(name))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? << 10)
}

// The only test here: memory of parallel tests would be included.
#[test]
fn reading_takes_little_more_than_the_planes() {
    let (width, height) = (4000, 2500);
    let planes = (width * height * 3 * 4) as u64;
    let interleaved = (width * height * 3) as u64;
    for (name, extra) in
        [("PNG", 0), ("JPEG", 2 * interleaved), ("TIFF", 0), ("PPM", 0), ("WebP", interleaved * 8 / 3)]
    {
        let (bytes, _) = written(&painted(width, height, 3, false, Depth::EIGHT, 1), format(name));
        // 5 resets the peak.
        if fs::write("/proc/self/clear_refs", "5").is_err() {
            unband_skips::machine("this system does not let a process forget its peak memory");
            return;
        }
        let before = account("VmRSS").unwrap();
        let image = unband_io::read(&bytes, &Limits::default()).unwrap();
        let used = account("VmHWM").unwrap().saturating_sub(before);
        assert_eq!(image.width(), width);
        assert!(used >= planes * 9 / 10, "{name}: the account misses the planes, {} MB", used >> 20);
        let most = planes + extra + (16 << 20);
        assert!(used < most, "{name}: {} MiB, at most {} MiB were expected", used >> 20, most >> 20);
    }
}
