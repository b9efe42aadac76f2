//! Conditioning inputs of networks that start from a restored image.

use unband_image::findings::GridRegions;
use unband_image::{Image, Plane, Window};
use unband_simd::Level;

/// Knowledge about an image, as input of a network.
pub trait Conditioning: Send + Sync {
    /// Channels per sample.
    fn channels(&self) -> usize;

    /// Conditioning scalars of the whole image.
    fn scalars(&self) -> Vec<f32>;

    /// Samples of the surface around a window that its conditioning depends on.
    fn margin(&self) -> usize {
        0
    }

    /// Squares that the network restores, if not everywhere.
    fn regions(&self) -> Option<&GridRegions> {
        None
    }

    /// Conditioning channels of a window: `[channels, height, width]`.
    fn planes(&self, image: &Image, surface: &SurfaceWindow<'_>, window: Window, level: Level) -> Vec<f32>;
}

/// The restored image that a network starts from, around a window.
pub struct SurfaceWindow<'a> {
    /// One plane or three of the window's size.
    pub planes: &'a [Plane],
    /// Position in the image.
    pub window: Window,
}

impl SurfaceWindow<'_> {
    /// Row `y` of the image, of red, green or blue, within a window.
    pub(crate) fn row(&self, channel: usize, y: usize, window: Window) -> &[f32] {
        let row = self.planes[channel.min(self.planes.len() - 1)].row(y - self.window.y0);
        &row[window.x0 - self.window.x0..window.x1 - self.window.x0]
    }
}
