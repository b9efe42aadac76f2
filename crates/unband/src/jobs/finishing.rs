//! Rows of a result that are finished together, with the samples before the work.

use std::borrow::Cow;
use std::ops::Range;

use unband_image::{Image, Plane, TileIn, TileOut, Window};

/// Rows of a part of whole width.
pub(crate) const ROWS: usize = 16;

/// A window of a result.
pub(crate) struct ResultRows<'a> {
    /// The image before the work; `None` where the result itself is all that is known.
    pub source: Option<&'a Image>,
    /// In luma samples.
    pub window: Window,
    pub planes: Vec<PlaneRows<'a>>,
}

/// A plane of a [`ResultRows`].
pub(crate) struct PlaneRows<'a> {
    /// In samples of the plane.
    pub window: Window,
    data: &'a mut [f32],
}

impl PlaneRows<'_> {
    /// All samples.
    pub(crate) fn samples_mut(&mut self) -> impl Iterator<Item = &mut f32> {
        self.data.iter_mut()
    }

    /// Row `y` of the window.
    pub(crate) fn row_mut(&mut self, y: usize) -> &mut [f32] {
        let width = self.window.width();
        &mut self.data[y * width..][..width]
    }

    /// Some rows of the window.
    pub(crate) fn rows_mut(&mut self, rows: Range<usize>) -> impl Iterator<Item = &mut [f32]> {
        let width = self.window.width();
        self.data[rows.start * width..rows.end * width].chunks_exact_mut(width.max(1))
    }

    /// Row `y` of the window.
    pub(crate) fn row(&self, y: usize) -> &[f32] {
        let width = self.window.width();
        &self.data[y * width..][..width]
    }
}

impl<'a> ResultRows<'a> {
    /// The result of a window.
    pub(crate) fn of_tile(input: &TileIn<'a>, output: &'a mut TileOut) -> Self {
        let plane = |(p, plane): (usize, &'a mut Plane)| PlaneRows {
            window: input.core_on(p),
            data: &mut plane.data[..],
        };
        let planes = output.planes.iter_mut().enumerate().map(plane).collect();
        Self { source: Some(input.image), window: input.core, planes }
    }

    /// A window of whole width in parts of [`ROWS`] rows of the plane with the fewest. `scales`: luma samples
    /// per sample of each plane ([`scales`]).
    pub(crate) fn split(
        source: Option<&'a Image>,
        scales: &[(usize, usize)],
        window: Window,
        planes: &'a mut [Plane],
    ) -> Vec<Self> {
        let rows = ROWS * scales.iter().map(|scale| scale.1).max().unwrap_or(1);
        let mut rest: Vec<&mut [f32]> = planes.iter_mut().map(|plane| &mut plane.data[..]).collect();
        let part = |i: usize| {
            let y0 = window.y0 + i * rows;
            let core = Window { y0, y1: (y0 + rows).min(window.y1), ..window };
            let cut = |(p, &(sx, sy)): (usize, &(usize, usize))| {
                let window = core.on_plane(sx, sy);
                let (data, behind) =
                    std::mem::take(&mut rest[p]).split_at_mut(window.width() * window.height());
                rest[p] = behind;
                PlaneRows { window, data }
            };
            Self { source, window: core, planes: scales.iter().enumerate().map(cut).collect() }
        };
        (0..window.height().div_ceil(rows)).map(part).collect()
    }

    /// Row `y` of a plane's window before the work.
    pub(crate) fn source_row(&self, plane: usize, y: usize) -> Option<&'a [f32]> {
        let window = self.planes[plane].window;
        Some(&self.source?.planes[plane].row(window.y0 + y)[window.x0..window.x1])
    }

    /// A row of a plane, and the same samples before the work, or a copy of them.
    pub(crate) fn rows(&mut self, plane: usize, y: usize) -> (&mut [f32], Cow<'a, [f32]>) {
        let source = self.source_row(plane, y);
        let row = self.planes[plane].row_mut(y);
        let source = source.map_or_else(|| Cow::Owned(row.to_vec()), Cow::Borrowed);
        (row, source)
    }
}

/// Luma samples per sample of each plane, across and down.
pub(crate) fn scales(image: &Image) -> Vec<(usize, usize)> {
    (0..image.planes.len()).map(|p| image.plane_scale(p)).collect()
}
