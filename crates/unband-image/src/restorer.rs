//! The interface between restoration methods and their caller (tiles, threads, colour).

use crate::code_restorer::CodeRestorer;
use crate::context::{Context, RestoreError};
use crate::depth::Depth;
use crate::image::{Image, Plane};
use crate::tile::Band;
use crate::window::Window;

/// Requirements of a restorer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs {
    /// Halo: samples around a window that influence it, in luma samples.
    pub halo: usize,
    /// Corners of windows are multiples of this (1, 2, 4, …).
    pub align: usize,
    /// Windows span whole rows.
    pub full_width: bool,
    /// Only one window: the whole image.
    pub whole_image: bool,
}

impl Needs {
    /// Small windows with this halo.
    pub fn halo(halo: usize) -> Self {
        Self { halo, align: 4, full_width: false, whole_image: false }
    }
}

/// Window of an image to restore. Rows are read by absolute position, inside `outer` only.
#[derive(Clone, Copy)]
pub struct TileIn<'a> {
    /// The image.
    pub image: &'a Image,
    /// The samples to write.
    pub core: Window,
    /// The readable samples: the core with its halo, clipped to the image.
    pub outer: Window,
}

impl<'a> TileIn<'a> {
    /// Subsampling factors of a plane, across and down.
    pub fn scale(&self, plane: usize) -> (usize, usize) {
        self.image.plane_scale(plane)
    }

    /// `core` in samples of a plane.
    pub fn core_on(&self, plane: usize) -> Window {
        let (sx, sy) = self.scale(plane);
        self.core.on_plane(sx, sy)
    }

    /// `outer` in samples of a plane.
    pub fn outer_on(&self, plane: usize) -> Window {
        let (sx, sy) = self.scale(plane);
        self.outer.on_plane(sx, sy)
    }

    /// Row `y` (absolute, in the plane) across the outer window.
    pub fn row(&self, plane: usize, y: usize) -> &'a [f32] {
        let window = self.outer_on(plane);
        debug_assert!((window.y0..window.y1).contains(&y));
        &self.image.planes[plane].row(y)[window.x0..window.x1]
    }

    /// Row `y` (absolute, in the plane) across the core window.
    pub fn core_row(&self, plane: usize, y: usize) -> &'a [f32] {
        let window = self.core_on(plane);
        &self.image.planes[plane].row(y)[window.x0..window.x1]
    }
}

/// Restored samples of the core window, one plane per input plane. Filled with the input before the call.
#[derive(Clone, Debug, Default)]
pub struct TileOut {
    /// One plane of the core's size per image plane.
    pub planes: Vec<Plane>,
}

/// Maps a window of an image to a better one of the same size. Does no I/O, keeps no state between calls,
/// prints nothing. Windows of one image give the same samples as the whole image in one call.
pub trait Restorer: Send + Sync {
    /// Requirements that the caller must meet.
    fn needs(&self) -> Needs;

    /// The grid of the results, where the method rounds them by itself. Most leave rounding to the caller and
    /// return `None`.
    fn rounds_to(&self) -> Option<Depth> {
        None
    }

    /// The integer interface, for a method that computes on integer codes and an image that has them: 8 to 16
    /// bits.
    fn as_codes(&self) -> Option<&dyn CodeRestorer> {
        None
    }

    /// Bytes held while `at_once` windows of `size` (columns and rows, halo included) are in progress,
    /// besides the windows themselves: a network's intermediate results and weights. Most methods need almost
    /// nothing.
    fn working_bytes(&self, _size: (usize, usize), _at_once: usize, _ctx: &Context<'_>) -> u64 {
        0
    }

    /// Does it distribute each window over all threads by itself? Then windows run one after the other.
    fn spreads(&self) -> bool {
        false
    }

    /// Bytes held while a whole image of that size is processed row by row; `None` where only windows are
    /// supported.
    fn passage_bytes(&self, _size: (usize, usize), _ctx: &Context<'_>) -> Option<u64> {
        None
    }

    /// Processes a whole image row by row, where supported. The result equals that of a single window.
    ///
    /// # Errors
    /// When the method does not support the image.
    fn passage<'a>(
        &'a self,
        _image: &Image,
        _ctx: &Context<'_>,
    ) -> Result<Option<Box<dyn Passage + 'a>>, RestoreError> {
        Ok(None)
    }

    /// May this window differ from the input at all? A cheap test; `false` skips the call.
    fn touches(&self, _input: &TileIn<'_>) -> bool {
        true
    }

    /// Writes the restored core.
    ///
    /// # Errors
    /// When cancelled, or when the method does not support the image.
    fn restore(
        &self,
        input: &TileIn<'_>,
        output: &mut TileOut,
        ctx: &Context<'_>,
    ) -> Result<(), RestoreError>;
}

/// Row-by-row restoration of an image, from top to bottom.
pub trait Passage: Send {
    /// The next rows; `None` after the last. `image` still holds the original samples, except in rows that
    /// have become free.
    ///
    /// # Errors
    /// As [`Restorer::restore`].
    fn next(&mut self, image: &Image, ctx: &Context<'_>) -> Result<Option<Rows>, RestoreError>;
}

/// Restored rows.
pub struct Rows {
    /// Position and samples.
    pub band: Band,
    /// Rows above this one are no longer read: they may be overwritten.
    pub free: usize,
}
