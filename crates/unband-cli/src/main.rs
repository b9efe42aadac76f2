//! Command line program `unband`: removes banding from images and videos.
#![deny(unsafe_code)]

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    release_memory();
    ExitCode::from(unband_cli::run(std::env::args_os()))
}

/// Large freed blocks go back to the system at once. The allocator's arenas keep them for a tenth of a
/// second, while the next stage takes new memory: up to a tenth of the peak of a large image.
fn release_memory() {
    /// `mi_option_disallow_arena_alloc` of mimalloc 2 (`include/mimalloc.h`).
    const NO_ARENAS: libmimalloc_sys::mi_option_t = 27;
    #[allow(unsafe_code)]
    // SAFETY: sets an option of the allocator before other threads exist.
    unsafe {
        libmimalloc_sys::mi_option_set_enabled(NO_ARENAS, true);
    }
}
