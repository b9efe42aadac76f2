//! Inputs of a run: maps, borrowed rows, and rows generated on demand.

use std::borrow::Cow;
use std::ops::Range;

use unband_image::{Context, RestoreError};
use unband_nets::Shape;

use crate::map::Map;

/// Rows of [`Given::Made`] inputs that are generated at a time, except for the last ones.
pub const MADE_ROWS: usize = 128;

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
