//! Containers of animations, and the frames on their canvas.
#![no_main]

use libfuzzer_sys::fuzz_target;
use unband_io::{Animation, Limits};

const LIMITS: Limits = Limits::new(1 << 20, 1 << 24);
/// Frames of a file that are read: enough of each kind of disposal.
const FRAMES: usize = 40;

fuzz_target!(|bytes: &[u8]| {
    let Ok(Some(mut animation)) = Animation::open(bytes, &LIMITS) else { return };
    assert!(animation.frames() > 1);
    for _ in 0..FRAMES {
        let Ok(Some(frame)) = animation.next_frame() else { return };
        let (width, height) = (frame.image.width(), frame.image.height());
        assert!(width > 0 && height > 0 && (width * height) as u64 <= LIMITS.max_pixels);
        assert!(frame.delay.seconds() >= 0.0);
        for plane in frame.image.planes.iter().chain(&frame.image.alpha) {
            assert_eq!(plane.data.len(), width * height);
        }
    }
});
