//! Test scenes.

use unband_image::{Image, Rng};

/// A 16-bit sky with a little noise that fades into coloured hills with texture.
pub(crate) fn scene(width: usize, height: usize) -> Image {
    let rng = Rng::new(5);
    let mut data = Vec::with_capacity(width * height * 3);
    for y in 0..height {
        for x in 0..width {
            let (u, v) = (x as f32 / width as f32, y as f32 / height as f32);
            let light = 60.0 + 90.0 * v + 30.0 * (2.0 * u + 0.7).sin();
            let warm = 24.0 * (u - 0.5) + 10.0 * (4.0 * v).sin();
            let texture = if v > 0.7 { 12.0 * (0.9 * x as f32).sin() * (0.7 * y as f32).cos() } else { 0.0 };
            for (c, base) in [light + warm, light, light - warm + 12.0].into_iter().enumerate() {
                let noise = rng.unit_at(0, c as u32, x as u32, y as u32) - 0.5;
                data.push(((base + texture + 0.3 * noise).clamp(0.0, 255.0) * 257.0) as u16);
            }
        }
    }
    Image::from_rgb16(width, height, &data).expect("three samples for each place")
}
