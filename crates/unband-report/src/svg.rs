//! SVG canvas for plots.

use std::fmt::Write;

use super::canvas::{Anchor, Area, Canvas, Ink};
use super::fill::escape;
use super::{DisplayImage, ShowError};

/// Uses the page's CSS variables for colours; the values behind the comma are fallbacks.
const STYLE: &str = include_str!("plot.css");

/// An SVG element under construction.
pub(super) struct Svg {
    body: String,
}

impl Svg {
    /// An empty one with a label for screen readers.
    pub(crate) fn new(width: f64, height: f64, title: &str) -> Self {
        let title = escape(title);
        let body = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" role=\"img\" \
             aria-label=\"{title}\" class=\"plot\"><style>{STYLE}</style>\
             <rect class=\"paper\" width=\"{width}\" height=\"{height}\"/>\n"
        );
        Self { body }
    }

    /// The whole element.
    pub(crate) fn finish(mut self) -> String {
        self.body.push_str("</svg>\n");
        self.body
    }

    fn push(&mut self, element: std::fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = self.body.write_fmt(element);
    }
}

fn class(ink: Ink) -> String {
    match ink {
        Ink::Text => "text".to_owned(),
        Ink::Faint => "faint".to_owned(),
        Ink::Grid => "grid".to_owned(),
        Ink::Mark => "mark".to_owned(),
        Ink::Curve(i) => format!("curve c{}", i % 3),
    }
}

impl Canvas for Svg {
    fn rect(&mut self, Area { x, y, w, h }: Area, ink: Ink, fill: bool) {
        let (class, kind) = (class(ink), if fill { "fill" } else { "frame" });
        self.push(format_args!(
            "<rect class=\"{class} {kind}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{w:.1}\" height=\"{h:.1}\"/>\n"
        ));
    }

    fn lines(&mut self, points: &[(f64, f64)], ink: Ink, bold: bool) {
        let bold = if bold { " bold" } else { "" };
        self.push(format_args!("<polyline class=\"{}{bold}\" points=\"", class(ink)));
        for (x, y) in points {
            self.push(format_args!("{x:.1},{y:.1} "));
        }
        self.body.push_str("\"/>\n");
    }

    fn text(&mut self, (x, y): (f64, f64), anchor: Anchor, ink: Ink, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let (class, text) = (class(ink), escape(text));
        self.push(format_args!(
            "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{text}</text>\n"
        ));
    }

    fn image(
        &mut self,
        Area { x, y, w, h }: Area,
        image: &DisplayImage,
        says: &str,
    ) -> Result<(), ShowError> {
        let (uri, says) = (image.png_uri()?, escape(says));
        self.push(format_args!(
            "<image x=\"{x:.1}\" y=\"{y:.1}\" width=\"{w:.1}\" height=\"{h:.1}\" preserveAspectRatio=\"none\" \
             href=\"{uri}\"><title>{says}</title></image>\n"
        ));
        Ok(())
    }
}
