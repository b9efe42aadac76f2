//! Inputs of a guided network: rows of the image, and its conditioning channels.

use std::borrow::Cow;
use std::ops::Range;

use unband_image::tile::restored_window;
use unband_image::{Context, Image, Plane, RestoreError, Window};
use unband_nets::Shape;

use crate::GuidedRestorer;
use crate::color_guard::Surfaces;
use crate::conditioning::SurfaceWindow;
use crate::engine::{Lines, Make};
use crate::window::mirrored;

/// Minimum and maximum columns whose conditioning a thread computes at once.
pub(crate) const COLUMNS: (usize, usize) = (128, 256);

/// A window of the image as network input, mirrored at the right and at the bottom up to a multiple.
pub(crate) struct LumaInput<'a> {
    pub of: &'a GuidedRestorer,
    pub image: &'a Image,
    pub window: Window,
}

impl Lines for LumaInput<'_> {
    fn shape(&self) -> Shape {
        let (width, height) = self.of.padded((self.window.width(), self.window.height()));
        Shape::new(3, height, width)
    }

    fn line(&self, channel: usize, y: usize) -> Cow<'_, [f32]> {
        let Window { x0, x1, y0, .. } = self.window;
        let plane = &self.image.planes[channel.min(self.image.planes.len() - 1)];
        let row = &plane.row(y0 + mirrored(y, self.window.height()))[x0..x1];
        let (width, _) = self.of.padded((row.len(), 1));
        if width == row.len() {
            return Cow::Borrowed(row);
        }
        let beyond = (row.len()..width).map(|x| row[mirrored(x, row.len())]);
        Cow::Owned(row.iter().copied().chain(beyond).collect())
    }
}

/// Conditioning channels of the samples of a window.
pub(crate) struct GuideInput<'a> {
    pub of: &'a GuidedRestorer,
    pub image: &'a Image,
    pub window: Window,
    /// Keeps the surface for the rows of the result, if they need it.
    pub surfaces: Option<&'a Surfaces>,
}

impl Make for GuideInput<'_> {
    fn shape(&self) -> Shape {
        let (width, height) = self.of.padded((self.window.width(), self.window.height()));
        Shape::new(self.of.known.channels(), height, width)
    }

    fn make(
        &self,
        rows: Range<usize>,
        mut lines: Vec<&mut [f32]>,
        ctx: &Context<'_>,
    ) -> Result<(), RestoreError> {
        let (width, height, align) = (self.window.width(), self.window.height(), self.of.needs.align);
        let channels = self.of.known.channels();
        let source = |y: usize| mirrored(y, height);
        let (first, last) = rows.clone().map(source).fold((height, 0), |(a, b), y| (a.min(y), b.max(y)));
        let first = first / align * align;
        let end = (last + 1).next_multiple_of(align).min(height);
        let columns = width.div_ceil(ctx.threads).clamp(COLUMNS.0, COLUMNS.1).next_multiple_of(align);
        let mut parts: Vec<Vec<&mut [f32]>> = (0..width.div_ceil(columns)).map(|_| Vec::new()).collect();
        for line in &mut lines {
            let pieces = line[..width * channels].chunks_mut(columns * channels);
            parts.iter_mut().zip(pieces).for_each(|(part, piece)| part.push(piece));
        }
        let made = ctx.map_parts(parts, |i, part: Vec<&mut [f32]>| {
            ctx.check()?;
            let x0 = self.window.x0 + i * columns;
            let x1 = (x0 + columns).min(self.window.x1);
            let window = Window { x0, x1, y0: self.window.y0 + first, y1: self.window.y0 + end };
            let wide = window.grown(self.of.margin(), self.image.width(), self.image.height());
            let planes: Vec<Plane> = restored_window(self.image, &*self.of.surface, wide, ctx)?;
            if let Some(surfaces) = self.surfaces {
                // Rows below the image are mirrored from rows that were kept before.
                let own = |row: usize| self.window.y0 + row.min(height);
                surfaces.keep(&planes, window, own(rows.start), own(rows.end));
            }
            let surface = SurfaceWindow { planes: &planes, window: wide };
            let planes = self.of.known.planes(self.image, &surface, window, ctx.level);
            for (y, line) in rows.clone().zip(part) {
                for c in 0..channels {
                    let from = (c * window.height() + source(y) - first) * window.width();
                    let samples = line.iter_mut().skip(c).step_by(channels);
                    samples.zip(&planes[from..][..window.width()]).for_each(|(to, v)| *to = *v);
                }
            }
            Ok(())
        });
        made.into_iter().collect::<Result<(), RestoreError>>()?;
        for line in lines {
            for x in width..line.len() / channels {
                let from = mirrored(x, width) * channels;
                line.copy_within(from..from + channels, x * channels);
            }
        }
        Ok(())
    }
}
