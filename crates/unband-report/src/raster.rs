//! Raster canvas for plots.

use embedded_graphics::mono_font::MonoTextStyle;
use embedded_graphics::mono_font::iso_8859_1::FONT_8X13;
use embedded_graphics::pixelcolor::Rgb888;
use embedded_graphics::prelude::*;
use embedded_graphics::primitives::{Line as Stroke, PrimitiveStyle, Rectangle};
use embedded_graphics::text::{Alignment, Text};

use super::canvas::{Anchor, Area, Canvas, Ink};
use super::{DisplayImage, ShowError};

/// A white image as a canvas.
pub(super) struct Raster {
    image: DisplayImage,
}

impl Raster {
    pub(crate) fn new(width: usize, height: usize) -> Self {
        Self { image: DisplayImage::filled(width, height, [255; 3]) }
    }

    pub(crate) fn finish(self) -> DisplayImage {
        self.image
    }
}

impl OriginDimensions for Raster {
    fn size(&self) -> Size {
        Size::new(self.image.width as u32, self.image.height as u32)
    }
}

impl DrawTarget for Raster {
    type Color = Rgb888;
    type Error = std::convert::Infallible;

    fn draw_iter<I: IntoIterator<Item = Pixel<Rgb888>>>(&mut self, pixels: I) -> Result<(), Self::Error> {
        for Pixel(at, c) in pixels {
            if let (Ok(x), Ok(y)) = (usize::try_from(at.x), usize::try_from(at.y)) {
                self.image.set(x, y, [c.r(), c.g(), c.b()]);
            }
        }
        Ok(())
    }
}

/// The colours of `plot.css`.
fn color(ink: Ink) -> Rgb888 {
    match ink {
        Ink::Text => Rgb888::new(26, 26, 26),
        Ink::Faint | Ink::Mark => Rgb888::new(92, 92, 92),
        Ink::Grid => Rgb888::new(216, 216, 216),
        Ink::Curve(i) => [Rgb888::new(213, 94, 0), Rgb888::new(0, 114, 178), Rgb888::new(0, 128, 94)][i % 3],
    }
}

fn point((x, y): (f64, f64)) -> Point {
    Point::new(x.round() as i32, y.round() as i32)
}

impl Canvas for Raster {
    fn rect(&mut self, area: Area, ink: Ink, fill: bool) {
        let size = Size::new(area.w.round().max(0.0) as u32, area.h.round().max(0.0) as u32);
        let style = if fill {
            // The style sheet's opacity, on white.
            PrimitiveStyle::with_fill(Rgb888::new(234, 234, 234))
        } else {
            PrimitiveStyle::with_stroke(color(ink), 1)
        };
        let Ok(()) = Rectangle::new(point((area.x, area.y)), size).into_styled(style).draw(self);
    }

    fn lines(&mut self, points: &[(f64, f64)], ink: Ink, bold: bool) {
        let style = PrimitiveStyle::with_stroke(color(ink), if bold { 2 } else { 1 });
        for pair in points.windows(2) {
            let Ok(()) = Stroke::new(point(pair[0]), point(pair[1])).into_styled(style).draw(self);
        }
    }

    fn text(&mut self, at: (f64, f64), anchor: Anchor, ink: Ink, text: &str) {
        let alignment = match anchor {
            Anchor::Start => Alignment::Left,
            Anchor::Middle => Alignment::Center,
            Anchor::End => Alignment::Right,
        };
        // The font covers Latin-1.
        let text: String = text.chars().map(|c| if matches!(c, '–' | '−') { '-' } else { c }).collect();
        let style = MonoTextStyle::new(&FONT_8X13, color(ink));
        let Ok(_) = Text::with_alignment(&text, point(at), style, alignment).draw(self);
    }

    fn image(&mut self, area: Area, image: &DisplayImage, _says: &str) -> Result<(), ShowError> {
        let (x0, y0) = (area.x.round() as usize, area.y.round() as usize);
        let (w, h) = (area.w.round() as usize, area.h.round() as usize);
        for y in 0..h {
            for x in 0..w {
                let color = image.at(x * image.width / w, y * image.height / h);
                self.image.set(x0 + x, y0 + y, color);
            }
        }
        Ok(())
    }
}
