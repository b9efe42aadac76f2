//! What a plot is drawn on.

use super::{Picture, ShowError};

/// What a stroke or a letter stands for; the canvas knows its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ink {
    /// Letters.
    Text,
    /// Lesser letters.
    Faint,
    /// Lines of the grid.
    Grid,
    /// The places that are enlarged.
    Mark,
    /// A curve: input, result, reference, and so on.
    Curve(usize),
}

/// On which side of its anchor a text lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// A rectangle: left, top, width, height.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Area {
    pub x: f64,
    pub y: f64,
    pub w: f64,
    pub h: f64,
}

/// Letters of a text that fit side by side in a width, on any canvas.
pub(super) const LETTER_WIDTH: f64 = 8.0;

/// Takes strokes, texts and images; x to the right, y down, in pixels.
pub(super) trait Canvas {
    /// The frame of a rectangle, or all of it, lightly.
    fn rect(&mut self, area: Area, ink: Ink, fill: bool);
    /// A line through points; `bold` for the one that matters most.
    fn lines(&mut self, points: &[(f64, f64)], ink: Ink, bold: bool);
    /// A text; `at` is on its base line.
    fn text(&mut self, at: (f64, f64), anchor: Anchor, ink: Ink, text: &str);
    /// An image, enlarged without smoothing.
    fn picture(&mut self, area: Area, picture: &Picture, says: &str) -> Result<(), ShowError>;
}
