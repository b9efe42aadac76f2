//! Built-in networks; their model cards are in `weights/`.

use std::sync::{Arc, OnceLock};

use unband_image::ParamError;
use unband_image::process::PerProcess;
use unband_infer::{Engine, models};
use unband_nets::arch::Architecture;
use unband_simd::Precision;
use unband_weights::{DEBANDER, JPEG, NetworkFile, UPSCALER_GATES, UPSCALERS};

use crate::Error;
use crate::jobs::upscale::Gate;

/// The built-in upscaling network of that scale.
///
/// # Errors
/// A scale without built-in weights; weights that were not provided; unreadable ones: a fault of the build.
pub(crate) fn upscaler(scale: usize, precision: Precision) -> Result<(&'static Architecture, Engine), Error> {
    let found = UPSCALERS.iter().find(|(has, _)| *has == scale);
    let (_, file) = found.ok_or(Error::NoUpscaler { scale: scale as f64 })?;
    made(file, precision)
        .map_err(|what| Error::Setting(unread(format!("the built-in weights for ×{scale}"), what)))
}

/// A built-in network, ready to run.
fn made(file: &NetworkFile, precision: Precision) -> Result<(&'static Architecture, Engine), String> {
    let bytes = file.bytes().ok_or_else(|| format!("{}.safetensors was not provided", file.name))?;
    models::built_in(bytes, precision)
}

/// The gate of the built-in upscaling network of that scale.
///
/// # Errors
/// A scale without built-in weights; unreadable weights: a fault of the build.
pub(crate) fn upscaler_gate(scale: usize) -> Result<Gate, Error> {
    let found = UPSCALER_GATES.iter().find(|(has, _)| *has == scale);
    let (_, bytes) = found.ok_or(Error::NoUpscaler { scale: scale as f64 })?;
    let path = || format!("the built-in gate for ×{scale}");
    Gate::read(bytes).map_err(|what| Error::Setting(unread(path(), what)))
}

/// Files of the built-in networks, which programs without the feature `embedded` provide before they run.
pub fn network_files() -> impl Iterator<Item = &'static NetworkFile> {
    [&DEBANDER, &JPEG].into_iter().chain(UPSCALERS.iter().map(|(_, file)| file))
}

/// An engine, once it was needed.
type LazyEngine = OnceLock<Result<Arc<Engine>, String>>;

/// The built-in debanding network, ready to run; shared by all images.
///
/// # Errors
/// Unreadable weights: a fault of the build.
pub(crate) fn debander(precision: Precision) -> Result<Arc<Engine>, ParamError> {
    static READY: Shared = PerProcess::new();
    shared(&READY, &DEBANDER, precision)
}

/// As [`debander`], the network for JPEG files.
///
/// # Errors
/// As [`debander`].
pub(crate) fn jpeg(precision: Precision) -> Result<Arc<Engine>, ParamError> {
    static READY: Shared = PerProcess::new();
    shared(&READY, &JPEG, precision)
}

/// Engines of both precisions.
type Shared = PerProcess<[LazyEngine; 2]>;

fn shared(
    ready: &'static Shared,
    file: &NetworkFile,
    precision: Precision,
) -> Result<Arc<Engine>, ParamError> {
    let ready = &ready.get_or(Default::default)[usize::from(precision == Precision::Bf16)];
    let ready = ready.get_or_init(|| made(file, precision).map(|(_, engine)| Arc::new(engine)));
    ready.clone().map_err(|what| unread(format!("the built-in weights of {}", file.name), what))
}

fn unread(path: String, what: String) -> ParamError {
    ParamError::File { path, what, hint: None }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_debander_takes_cells_and_is_made_once() {
        let made = || debander(Precision::F32).unwrap();
        let (first, second) = (made(), made());
        assert!(Arc::ptr_eq(&first, &second));
        assert_eq!(first.graph().name, "unband-lite");
        assert!(DEBANDER.bytes().unwrap().len() < 3 << 20);
    }

    #[test]
    fn shipped_networks_upscale_as_listed() {
        for (scale, _) in &UPSCALERS {
            let (architecture, engine) = upscaler(*scale, Precision::F32).unwrap();
            assert_eq!((architecture.name, engine.graph().scale()), ("unband-sr-lite", Some(*scale)));
        }
        assert!(matches!(upscaler(3, Precision::F32), Err(Error::NoUpscaler { scale: 3.0 })));
    }
}
