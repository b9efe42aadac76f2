//! What a run is given: maps, rows that lie elsewhere, and rows that are made when they are wanted.

use std::borrow::Cow;
use std::ops::Range;

use unband_image::{Context, RestoreError};
use unband_nets::Shape;

use crate::map::Map;

/// Rows of [`Given::Made`] inputs that are made at a time, but for the last ones.
pub const MADE_ROWS: usize = 128;

/// One input of a graph.
#[derive(Clone, Copy)]
pub enum Given<'a> {
    /// All of it.
    Map(&'a Map<f32>),
    /// Rows that lie elsewhere.
    Lines(&'a dyn Lines),
    /// Rows that are made once, and kept as long as somebody needs them.
    Made(&'a dyn Make),
}

/// Rows that are handed out in any order, any number of times.
pub trait Lines: Sync {
    /// Channels, rows and columns.
    fn shape(&self) -> Shape;
    /// Row `y` of a channel.
    fn line(&self, channel: usize, y: usize) -> Cow<'_, [f32]>;
}

/// Rows that are made in order, [`MADE_ROWS`] at a time.
pub trait Make: Sync {
    /// Channels, rows and columns.
    fn shape(&self) -> Shape;
    /// Writes some rows: in a row sample by sample, in a sample channel by channel.
    ///
    /// # Errors
    /// What stands in the way, the wish to stop among it.
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

    /// Row `y` of a channel, where rows lie somewhere.
    pub(super) fn line(&self, channel: usize, y: usize) -> Cow<'_, [f32]> {
        match self {
            Self::Map(map) => {
                let width = map.shape.width;
                Cow::Borrowed(&map.plane(channel)[y * width..][..width])
            }
            Self::Lines(lines) => lines.line(channel, y),
            // The plan keeps what is made.
            Self::Made(_) => Cow::Borrowed(&[]),
        }
    }
}
