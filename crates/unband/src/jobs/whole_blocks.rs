//! Images that start inside a stored chroma sample: crops by odd numbers of pixels.

use unband_image::findings::Findings;
use unband_image::{Context, Image, Plane, Window};

use super::turned::may_be_arranged;
use crate::choose::Choices;
use crate::faithful::half_chroma;

/// Columns and rows that complete the first chroma samples of an image.
pub(super) struct WholeBlocks {
    left: usize,
    top: usize,
    size: (usize, usize),
}

impl WholeBlocks {
    /// Adds the missing column and row, as copies of their neighbours; `None` where none is missing or
    /// the image must stay as it is.
    pub(super) fn add(
        image: &mut Image,
        findings: &Findings,
        choices: &Choices,
        ctx: &Context<'_>,
    ) -> Option<Self> {
        if !may_be_arranged(image, choices) {
            return None;
        }
        let (left, top) = half_chroma(image, findings, ctx).filter(|&first| first != (0, 0))?;
        let size = (image.width(), image.height());
        for plane in image.planes.iter_mut().chain(&mut image.alpha) {
            *plane = extended(plane, left, top);
        }
        Some(Self { left, top, size })
    }

    /// Takes them out again.
    pub(super) fn remove(&self, image: &mut Image) {
        let (x0, y0) = (self.left, self.top);
        let window = Window { x0, y0, x1: x0 + self.size.0, y1: y0 + self.size.1 };
        for plane in image.planes.iter_mut().chain(&mut image.alpha) {
            *plane = plane.cut(window);
        }
    }
}

/// A plane with its first column repeated `left` times and its first row `top` times before it.
fn extended(plane: &Plane, left: usize, top: usize) -> Plane {
    let mut out = Plane { width: plane.width + left, height: plane.height + top, data: Vec::new() };
    out.data.reserve_exact(out.width * out.height);
    for y in 0..out.height {
        let row = plane.row(y.saturating_sub(top));
        out.data.extend(std::iter::repeat_n(row[0], left));
        out.data.extend_from_slice(row);
    }
    out
}
