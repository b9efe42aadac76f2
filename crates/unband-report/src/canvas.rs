//! Drawing interface of plots.

use super::{DisplayImage, ShowError};

/// Meaning of a stroke or letter; the canvas maps it to a colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ink {
    /// Text.
    Text,
    /// Secondary text.
    Faint,
    /// Grid lines.
    Grid,
    /// Markers of magnified places.
    Mark,
    /// A curve: input, result, reference, and so on.
    Curve(usize),
}

/// Alignment of a text relative to its anchor.
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

/// Number of letters that fit in a width, on any canvas.
pub(super) const LETTER_WIDTH: f64 = 8.0;

/// Draws strokes, texts and images; x to the right, y down, in pixels.
pub(super) trait Canvas {
    /// The outline of a rectangle, or a light fill.
    fn rect(&mut self, area: Area, ink: Ink, fill: bool);
    /// A polyline; `bold` for the main curve.
    fn lines(&mut self, points: &[(f64, f64)], ink: Ink, bold: bool);
    /// A text; `at` is on its baseline.
    fn text(&mut self, at: (f64, f64), anchor: Anchor, ink: Ink, text: &str);
    /// An image, magnified without smoothing.
    fn image(&mut self, area: Area, image: &DisplayImage, says: &str) -> Result<(), ShowError>;
}
