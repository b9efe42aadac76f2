//! Synthetic gradient over the image or instead of it.

use unband_image::{Depth, Image, Rng, params, words};

use super::{Degradation, DegradeError, Pair, check_rgb};

words! {
    /// Shape of the gradient.
    pub enum Shape {
        /// Linear.
        Linear = "linear",
        /// Smoothstep: flat at both ends.
        Smooth = "smooth",
        /// Radial, from the centre outwards.
        Radial = "radial",
    }
}

params! {
    /// Settings of `gradient`.
    pub struct Gradient {
        /// Grey at one end, in 8-bit codes.
        from_codes in "8-bit codes": f32 = 20.0, 0.0..=255.0;
        /// Grey at the other end, in 8-bit codes.
        to_codes in "8-bit codes": f32 = 60.0, 0.0..=255.0;
        /// Direction in degrees; 0 points right, 90 down.
        angle_deg in "degrees": f32 = 30.0, 0.0..=360.0;
        /// Shape of the gradient.
        shape: Shape = Shape::Linear;
        /// Relative gain of red and loss of blue; 0 is neutral grey.
        warmth: f32 = 0.0, -0.3..=0.3;
        /// Opacity of the gradient; 1 replaces the image.
        opacity: f32 = 1.0, 0.0..=1.0;
    }
}

impl Gradient {
    /// Position along the gradient: 0 at one end, 1 at the other.
    fn place(&self, x: f32, y: f32) -> f32 {
        let (sin, cos) = self.angle_deg.to_radians().sin_cos();
        // The corners are at ±½ of the largest projection on the direction.
        let along = (x * cos + y * sin) / (sin.abs() + cos.abs()) + 0.5;
        match self.shape {
            Shape::Linear => along,
            Shape::Smooth => along * along * (3.0 - 2.0 * along),
            Shape::Radial => (2.0 * (x * x + y * y)).sqrt(),
        }
    }

    fn paint(&self, image: &mut Image) {
        let (width, height) = (image.width(), image.height());
        let gains = [1.0 + self.warmth, 1.0, 1.0 - self.warmth];
        for (plane, gain) in image.planes.iter_mut().zip(gains) {
            for y in 0..height {
                let v = (y as f32 + 0.5) / height as f32 - 0.5;
                for (x, sample) in plane.row_mut(y).iter_mut().enumerate() {
                    let at = self.place((x as f32 + 0.5) / width as f32 - 0.5, v);
                    let codes = self.from_codes + (self.to_codes - self.from_codes) * at;
                    let gray = (codes / 255.0 * gain).clamp(0.0, 1.0);
                    *sample = (1.0 - self.opacity) * *sample + self.opacity * gray;
                }
            }
        }
        image.depth = Depth::F32;
    }
}

/// Changes both sides alike, without rounding.
impl Degradation for Gradient {
    fn apply(&self, pair: &mut Pair, _: Rng) -> Result<(), DegradeError> {
        check_rgb(&pair.lq)?;
        self.paint(&mut pair.lq);
        self.paint(&mut pair.gt);
        Ok(())
    }
}
