//! Letterbox and pillarbox bars.

use unband_image::{Image, Rng, params};

use super::{Degradation, DegradeError, Pair, check_rgb};

params! {
    /// Settings of `bars`.
    pub struct Bars {
        /// Height of the top and bottom bars, as a share of the image height.
        rows in "image heights": f32 = 0.12, 0.0..=0.45;
        /// Width of the left and right bars, as a share of the image width.
        columns in "image widths": f32 = 0.0, 0.0..=0.45;
        /// Grey level of the bars in 8-bit codes; 0 is black.
        level_codes in "8-bit codes": f32 = 0.0, 0.0..=64.0;
    }
}

impl Bars {
    fn paint(&self, image: &mut Image) {
        let (width, height) = (image.width(), image.height());
        let rows = (self.rows * height as f32).round() as usize;
        let columns = (self.columns * width as f32).round() as usize;
        for plane in &mut image.planes {
            for y in 0..height {
                let whole = y < rows || y >= height - rows;
                let row = plane.row_mut(y);
                let level = self.level_codes / 255.0;
                if whole {
                    row.fill(level);
                } else {
                    row[..columns].fill(level);
                    row[width - columns..].fill(level);
                }
            }
        }
    }
}

/// Paints the same bars on both sides.
impl Degradation for Bars {
    fn apply(&self, pair: &mut Pair, _: Rng) -> Result<(), DegradeError> {
        check_rgb(&pair.lq)?;
        self.paint(&mut pair.lq);
        self.paint(&mut pair.gt);
        Ok(())
    }
}
