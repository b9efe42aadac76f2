//! Inputs of a run: maps, borrowed rows, and rows generated on demand.

use std::borrow::Cow;
use std::ops::Range;

use unband_image::{Context, RestoreError};
use unband_nets::Shape;

use crate::map::Map;

/// Rows of [`Given::Made`] inputs that are generated at a time, except for the last ones.
pub(crate) const MADE_ROWS: usize = 128;

/// One input of a graph.
#[derive(Clone, Copy)]
pub enum Given<'a> {
    /// A complete map.
    Map(&'a Map<f32>),
    /// Rows stored by the caller.
    Lines(&'a dyn Lines),
    /// Rows that are generated once, and stored as long as they are needed.
    Made(&'a dyn Make),
}

/// Rows that can be read in any order, any number of times.
pub trait Lines: Sync {
    /// Channels, rows and columns.
    fn shape(&self) -> Shape;
    /// Row `y` of a channel.
    fn line(&self, channel: usize, y: usize) -> Cow<'_, [f32]>;
}

/// Rows that are generated in order, [`MADE_ROWS`] at a time.
pub trait Make: Sync {
    /// Channels, rows and columns.
    fn shape(&self) -> Shape;
    /// Writes some rows: in a row sample by sample, in a sample channel by channel.
    ///
    /// # Errors
    /// Any failure, including cancellation.
    fn make(&self, rows: Range<usize>, lines: Vec<&mut [f32]>, ctx: &Context<'_>)
    -> Result<(), RestoreError>;
}

impl Given<'_> {
    /// Channels, rows and columns.
    pub fn shape(&self) -> Shape {
        match self {
            Self::Map(map) => map.shape,
            Self::Lines(lines) => lines.shape(),
            Self::Made(made) => made.shape(),
        }
    }

    /// All rows at once.
    ///
    /// # Errors
    /// As [`Make::make`].
    pub(crate) fn map(&self, ctx: &Context<'_>) -> Result<Map<f32>, RestoreError> {
        let shape = self.shape();
        let mut map = Map::zeros(shape);
        let Self::Made(made) = self else {
            let rows = map.data.chunks_exact_mut(shape.width.max(1));
            for (i, row) in rows.enumerate() {
                row.copy_from_slice(&self.line(i / shape.height, i % shape.height));
            }
            return Ok(map);
        };
        let (length, area) = (shape.width * shape.channels, shape.height * shape.width);
        for first in (0..shape.height).step_by(MADE_ROWS) {
            let rows = first..(first + MADE_ROWS).min(shape.height);
            let mut samples = vec![0.0; rows.len() * length];
            made.make(rows.clone(), samples.chunks_exact_mut(length.max(1)).collect(), ctx)?;
            for (c, plane) in map.data.chunks_exact_mut(area.max(1)).enumerate() {
                let to = &mut plane[first * shape.width..rows.end * shape.width];
                to.iter_mut().zip(samples.iter().skip(c).step_by(shape.channels)).for_each(|(v, &s)| *v = s);
            }
        }
        Ok(map)
    }

    /// Row `y` of a channel, if rows are stored somewhere.
    pub(super) fn line(&self, channel: usize, y: usize) -> Cow<'_, [f32]> {
        match self {
            Self::Map(map) => {
                let width = map.shape.width;
                Cow::Borrowed(&map.plane(channel)[y * width..][..width])
            }
            Self::Lines(lines) => lines.line(channel, y),
            // The plan stores generated rows.
            Self::Made(_) => Cow::Borrowed(&[]),
        }
    }
}
