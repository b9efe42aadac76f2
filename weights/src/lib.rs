//! Trained weights that are part of unband, as the bytes of safetensors files. Each network has a model card
//! next to its file.
//!
//! Without the feature `embedded`, on by default, the networks are files that a program ships and hands over
//! at run time, as web pages do: [`NetworkFile::provide`].

use std::sync::OnceLock;

/// The file of a network.
#[derive(Debug)]
pub struct NetworkFile {
    /// Its name without the extension.
    pub name: &'static str,
    embedded: Option<&'static [u8]>,
    provided: OnceLock<Vec<u8>>,
}

impl NetworkFile {
    const fn new(name: &'static str, embedded: Option<&'static [u8]>) -> Self {
        Self { name, embedded, provided: OnceLock::new() }
    }

    /// Its bytes; `None` before they were provided.
    pub fn bytes(&self) -> Option<&[u8]> {
        self.embedded.or_else(|| self.provided.get().map(Vec::as_slice))
    }

    /// Provides its bytes, where they are not embedded. Only the first call has an effect.
    pub fn provide(&self, bytes: Vec<u8>) {
        // Later bytes would change a network that already runs.
        let _ = self.provided.set(bytes);
    }
}

macro_rules! network {
    ($name:literal) => {{
        #[cfg(feature = "embedded")]
        let embedded: Option<&[u8]> = Some(include_bytes!(concat!("../", $name, ".safetensors")));
        #[cfg(not(feature = "embedded"))]
        let embedded = None;
        NetworkFile::new($name, embedded)
    }};
}

/// The debanding network `unband-lite`.
pub static DEBANDER: NetworkFile = network!("unband-lite");

/// The network for JPEG files, `unband-jpeg`.
pub static JPEG: NetworkFile = network!("unband-jpeg");

/// The upscaling networks `unband-sr-lite` with their scales.
pub static UPSCALERS: [(usize, NetworkFile); 2] =
    [(2, network!("unband-sr-lite-x2")), (4, network!("unband-sr-lite-x4"))];

/// The gates of these networks: shares of their results in the blend with interpolation.
pub static UPSCALER_GATES: [(usize, &[u8]); 2] = [
    (2, include_bytes!("../unband-sr-lite-x2-gate.safetensors")),
    (4, include_bytes!("../unband-sr-lite-x4-gate.safetensors")),
];

/// The patch classifier `unband-banding-classifier`.
pub static CLASSIFIER: &[u8] = include_bytes!("../unband-banding-classifier.safetensors");

/// The authors of the images that these networks learned from.
pub const NOTICE: &str = include_str!("../NOTICE.txt");
