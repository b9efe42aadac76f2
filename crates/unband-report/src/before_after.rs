//! Before/after sheet of video frames: each small and whole, and its worst place magnified.

use unband_image::{Context, Image};

use super::canvas::{Anchor, Area, Canvas, Ink, LETTER_WIDTH};
use super::raster::Raster;
use super::spots::{Stretch, stretched};
use super::{DisplayImage, ShowError, Spot};

/// A frame, before and after.
#[derive(Clone, Debug)]
pub struct Moment<'a> {
    /// The heading, in Latin-1.
    pub label: String,
    /// The source frame.
    pub before: &'a Image,
    /// The result, of the same size.
    pub after: &'a Image,
    /// Label of the result.
    pub after_is: &'a str,
    /// The magnified place, with more contrast.
    pub spot: Spot,
}

/// Longest side of a small frame, and minimum side of a magnified place; in pixels.
const SIDE: usize = 512;
const GAP: f64 = 12.0;
/// Height of a line of text, with its gap.
const LINE: f64 = 20.0;

/// The drawn parts of a frame.
struct DrawnFrame {
    label: String,
    names: [String; 2],
    /// Before and after.
    whole: [DisplayImage; 2],
    place: [DisplayImage; 2],
    /// Small frame ← frame.
    scale: f64,
    spot: Spot,
    gain: f32,
}

impl DrawnFrame {
    fn new(moment: &Moment<'_>, ctx: &Context<'_>) -> Result<Self, ShowError> {
        let stretch = Stretch::new(moment.before, &moment.spot, ctx)?;
        let whole = |image| DisplayImage::at_most(SIDE, image, ctx);
        let place = |image| stretched(image, &moment.spot, &stretch, ctx);
        let images = [whole(moment.before)?, whole(moment.after)?];
        Ok(Self {
            label: moment.label.clone(),
            names: ["before", moment.after_is].map(str::to_owned),
            scale: images[0].width as f64 / moment.before.width().max(1) as f64,
            whole: images,
            place: [place(moment.before)?, place(moment.after)?],
            spot: moment.spot,
            gain: stretch.gain(),
        })
    }

    /// Magnification of a frame's place: each pixel becomes a square of this side.
    fn zoom(&self) -> usize {
        (SIDE / self.place[0].width.max(self.place[0].height).max(1)).max(1)
    }

    /// Width of the small frame or the place, whichever is wider.
    fn column(&self) -> f64 {
        self.whole[0].width.max(self.zoom() * self.place[0].width) as f64
    }

    /// Width and height, with a gap to the right and below.
    fn size(&self) -> (f64, f64) {
        let text = self.label.chars().count() as f64 * LETTER_WIDTH;
        let height = self.whole[0].height as f64 + (self.zoom() * self.place[0].height) as f64;
        ((2.0 * self.column() + GAP).max(text) + GAP, height + 3.0 * LINE + GAP)
    }

    fn draw(&self, (x, y): (f64, f64), raster: &mut Raster) -> Result<(), ShowError> {
        raster.text((x, y + LINE - 6.0), Anchor::Start, Ink::Text, &self.label);
        for (i, name) in self.names.iter().enumerate() {
            let x = x + i as f64 * (self.column() + GAP);
            let (whole, place) = (&self.whole[i], &self.place[i]);
            let top = y + 2.0 * LINE;
            raster.text((x, top - 6.0), Anchor::Start, Ink::Faint, name);
            let area = Area { x, y: top, w: whole.width as f64, h: whole.height as f64 };
            raster.image(area, whole, name)?;
            let mark = Area {
                x: x + self.spot.x as f64 * self.scale,
                y: top + self.spot.y as f64 * self.scale,
                w: self.spot.width as f64 * self.scale,
                h: self.spot.height as f64 * self.scale,
            };
            raster.rect(mark, Ink::Curve(0), false);
            let top = top + area.h + LINE;
            let said = format!("{name}, contrast × {:.0}", self.gain);
            raster.text((x, top - 6.0), Anchor::Start, Ink::Faint, &said);
            let zoom = self.zoom();
            let (w, h) = ((zoom * place.width) as f64, (zoom * place.height) as f64);
            raster.image(Area { x, y: top, w, h }, place, &said)?;
        }
        Ok(())
    }
}

/// One image of all moments, with the number of columns that makes it about as wide as high.
///
/// # Errors
/// No moments, or planes that do not fit their model.
pub fn before_after(moments: &[Moment<'_>], ctx: &Context<'_>) -> Result<DisplayImage, ShowError> {
    let drawn = moments.iter().map(|moment| DrawnFrame::new(moment, ctx)).collect::<Result<Vec<_>, _>>()?;
    let sizes = drawn.iter().map(DrawnFrame::size);
    let (width, height) = sizes.reduce(|a, b| (a.0.max(b.0), a.1.max(b.1))).ok_or(ShowError::NoImage)?;
    let columns = ((drawn.len() as f64 * height / width).sqrt().round() as usize).clamp(1, drawn.len());
    let rows = drawn.len().div_ceil(columns);
    let across = GAP + width * columns as f64;
    let mut raster = Raster::new(across as usize, (GAP + height * rows as f64) as usize);
    for (i, moment) in drawn.iter().enumerate() {
        let at = (GAP + width * (i % columns) as f64, height * (i / columns) as f64);
        moment.draw(at, &mut raster)?;
    }
    Ok(raster.finish())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_moment_has_its_frames_and_its_place() {
        let ctx = Context::default();
        let grey = |code: u8| Image::from_gray(300, 200, &vec![code; 60_000]).unwrap();
        let (before, after) = (grey(90), grey(91));
        let spot = Spot { x: 8, y: 8, width: 64, height: 64, strength: 1.0 };
        let moment = |i: usize| Moment {
            label: format!("0:0{i}.000"),
            before: &before,
            after: &after,
            after_is: "after",
            spot,
        };
        let moments: Vec<Moment<'_>> = (0..3).map(moment).collect();
        let image = before_after(&moments, &ctx).unwrap();
        let count = |code: u8| image.rgb.chunks_exact(3).filter(|c| **c == [code; 3]).count();
        // Whole frames, except for the marker around the place.
        for code in [90, 91] {
            assert!((3 * 59_000..=3 * 60_000).contains(&count(code)), "{}", count(code));
        }
        // 64 pixels become 512. A flat place is mid-grey; a code above it is 24, as input and result share
        // one stretch.
        assert_eq!((count(128), count(152)), (3 * 512 * 512, 3 * 512 * 512));
        assert!(before_after(&[], &ctx).is_err());
    }
}
