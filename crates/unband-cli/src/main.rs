//! Command line program `unband`: removes banding from images and videos.
#![deny(unsafe_code)]

use std::ffi::{c_int, c_long};
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    release_after(2);
    unband_cli::on_frames(|| release_after(100));
    ExitCode::from(unband_cli::run(std::env::args_os()))
}

#[allow(unsafe_code)]
// SAFETY: the signature is that of mimalloc 2 (`include/mimalloc.h`).
unsafe extern "C" {
    fn mi_option_set(option: c_int, value: c_long);
}

/// Freed memory goes back to the system after this time, in milliseconds: not after 10, nor that of large
/// blocks after 100. Until then the next stage takes new memory, up to a tenth of the peak of a large image.
/// The frames of a video need the same memory again and again, and a tenth of their time goes into getting it
/// from the system: there it is kept for longer.
fn release_after(milliseconds: c_long) {
    /// `mi_option_purge_delay` and `mi_option_arena_purge_mult`.
    const DELAY: c_int = 15;
    const TIMES_FOR_LARGE: c_int = 24;
    #[allow(unsafe_code)]
    // SAFETY: sets options of the allocator before other threads exist.
    unsafe {
        mi_option_set(DELAY, milliseconds);
        mi_option_set(TIMES_FOR_LARGE, 1);
    }
}
