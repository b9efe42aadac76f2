//! Image readers; the format is part of the target's name.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use unband_io::{FormatEntry, Limits};

static FORMAT: LazyLock<&FormatEntry> = LazyLock::new(|| {
    let target = env!("CARGO_BIN_NAME");
    let name = target.strip_prefix("read_").expect("the target's name begins with `read_`");
    unband_io::by_name(&name.replace('_', " ")).expect("the target's name ends with a format's")
});

/// Small enough that excess memory is detected: the targets run with a limit on single allocations.
const LIMITS: Limits = Limits::new(1 << 20, 1 << 24);

fuzz_target!(|bytes: &[u8]| {
    match unband_io::fuzzing::read_as(&FORMAT, bytes, &LIMITS) {
        Ok(image) => {
            let (width, height) = (image.width(), image.height());
            assert!(width > 0 && height > 0 && (width * height) as u64 <= LIMITS.max_pixels);
            for plane in image.planes.iter().chain(&image.alpha) {
                assert_eq!(plane.data.len(), plane.width * plane.height);
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
