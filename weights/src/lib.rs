//! Trained weights that are part of unband, as the bytes of safetensors files. Each network has a model card next to its
//! file.

/// The debanding network `unband-lite`.
pub static DEBANDER: &[u8] = include_bytes!("../unband-lite.safetensors");

/// The upscaling networks `unband-sr-lite` with their scales.
pub static UPSCALERS: [(usize, &[u8]); 2] = [
    (2, include_bytes!("../unband-sr-lite-x2.safetensors")),
    (4, include_bytes!("../unband-sr-lite-x4.safetensors")),
];

/// The gates of these networks: shares of their results in the blend with interpolation.
pub static UPSCALER_GATES: [(usize, &[u8]); 2] = [
    (2, include_bytes!("../unband-sr-lite-x2-gate.safetensors")),
    (4, include_bytes!("../unband-sr-lite-x4-gate.safetensors")),
];

/// The patch classifier `unband-banding-classifier`.
pub static CLASSIFIER: &[u8] = include_bytes!("../unband-banding-classifier.safetensors");

/// The authors of the images that these networks learned from.
pub const NOTICE: &str = include_str!("../NOTICE.txt");
