//! Python's extension module `unband._unband`: the library on arrays, and the program.
//!
//! A thin layer: it converts, waits and reports. The public functions are in `python/unband/`.
#![deny(unsafe_code)]

mod array;
mod banded_deform_conv;
mod degrade;
mod evaluate;
mod fault;
mod files;
mod findings;
mod image;
mod image_input;
mod metrics;
mod networks;
mod options;
mod pickle;
mod program;
mod registry;
mod restore;
mod segments;
mod video;
mod wait;

use pyo3::prelude::*;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The extension module.
#[pymodule(gil_used = false)]
mod _unband {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::array::Samples;
    #[pymodule_export]
    use crate::banded_deform_conv::{banded_backward, banded_forward};
    #[pymodule_export]
    use crate::degrade::{Recipe, recipes};
    #[pymodule_export]
    use crate::evaluate::evaluate;
    #[pymodule_export]
    use crate::files::{deband_file, peak_memory, readable};
    #[pymodule_export]
    use crate::image::{Image, open};
    #[pymodule_export]
    use crate::metrics::{default_metrics, metrics, score};
    #[pymodule_export]
    use crate::networks::{network, read_checkpoint};
    #[pymodule_export]
    use crate::program::run_program;
    #[pymodule_export]
    use crate::registry::{methods, version};
    #[pymodule_export]
    use crate::restore::{deband, dither, inspect, prove, upscale};
    #[pymodule_export]
    use crate::segments::{
        VideoJob, make_segment, score_of_video_parts, score_video, score_video_part, video_parts,
    };
    #[pymodule_export]
    use crate::video::{Frames, deband_video};

    /// Keeps panics of decoders on damaged files from standard error; the exception names the file.
    #[pymodule_init]
    #[allow(clippy::unnecessary_wraps)] // the signature is PyO3's
    fn init(_module: &Bound<'_, PyModule>) -> PyResult<()> {
        let speak = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !unband::io::is_decoding() {
                speak(panic);
            }
        }));
        Ok(())
    }
}
