//! The work on a file.

use std::sync::Arc;

use super::upscale::Upscaler;

/// Work on the image of a file, or on the frames of a video.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Task {
    /// Banding is removed.
    #[default]
    Deband,
    /// The image is upscaled. The options of the job state depth, dither, seed and memory limit.
    Upscale(Arc<Upscaler>),
    /// Banding is removed, without rounding; then as [`Task::Upscale`].
    DebandThenUpscale(Arc<Upscaler>),
}

impl Task {
    /// Is banding removed?
    pub(crate) fn debands(&self) -> bool {
        !matches!(self, Self::Upscale(_))
    }

    /// The upscaler, if it upscales.
    pub(crate) fn upscaler(&self) -> Option<&Upscaler> {
        match self {
            Self::Deband => None,
            Self::Upscale(upscaler) | Self::DebandThenUpscale(upscaler) => Some(upscaler),
        }
    }
}
