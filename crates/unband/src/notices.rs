//! Notices that copies of the library must include.

/// Parts of the library that others made or that others are named for: title and text.
pub static NOTICES: [(&str, &str); 4] = [
    ("Images that its weights learned from", unband_weights::NOTICE),
    ("Constants in its vector code", unband_simd::NOTICE),
    ("Model parameters of NIQE", unband_metrics::NIQE_NOTICE),
    ("Weights of LPIPS", unband_infer::lpips::LICENCE),
];
