//! Command line program `unband`: removes banding from images and videos.
#![deny(unsafe_code)]

use std::ffi::{c_int, c_long};
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    unband_cli::set_release(set_release);
    ExitCode::from(unband_cli::run(std::env::args_os()))
}

#[allow(unsafe_code)]
// SAFETY: the signature is that of mimalloc 2 (`include/mimalloc.h`).
unsafe extern "C" {
    fn mi_option_set(option: c_int, value: c_long);
}

/// Freed memory goes back to the system after 2 ms, not after 10, and that of large blocks not after 100:
/// until then the next stage takes new memory, up to a tenth of the peak of a large image. The frames of a
/// video need the same memory again and again, and getting it from the system takes a tenth of their time:
/// there it goes back after 100 ms.
fn set_release(again: bool) {
    /// `mi_option_purge_delay` and `mi_option_arena_purge_mult`.
    const DELAY: c_int = 15;
    const TIMES_FOR_LARGE: c_int = 24;
    #[allow(unsafe_code)]
    // SAFETY: sets options of the allocator before other threads exist.
    unsafe {
        mi_option_set(DELAY, if again { 100 } else { 2 });
        mi_option_set(TIMES_FOR_LARGE, 1);
    }
}
