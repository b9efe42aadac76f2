//! Colours under full transparency: filled from visible neighbours for a network, and put back afterwards.

use unband_image::fill::extend;
use unband_image::{Image, Plane, is_transparent};

/// The samples that full transparency hides, plane by plane, in the order of their positions.
pub(super) struct HiddenColours {
    samples: Vec<Vec<f32>>,
}

impl HiddenColours {
    /// Replaces the colours of hidden pixels by a smooth extension of the visible ones. `None` where nothing
    /// is hidden, or everything.
    pub(super) fn fill(image: &mut Image) -> Option<Self> {
        let alpha = image.alpha.as_ref()?;
        let hidden = alpha.data.iter().filter(|&&alpha| is_transparent(alpha)).count();
        if hidden == 0 || hidden == alpha.data.len() {
            return None;
        }
        let taken = |plane: &Plane| {
            let all = plane.data.iter().zip(&alpha.data);
            all.filter(|(_, alpha)| is_transparent(**alpha)).map(|(&value, _)| value).collect()
        };
        let samples = image.planes.iter().map(taken).collect();
        let weights = alpha.data.iter().map(|&v| if is_transparent(v) { 0.0 } else { v.min(1.0) }).collect();
        let weights = Plane { width: alpha.width, height: alpha.height, data: weights };
        extend(&mut image.planes, &weights);
        Some(Self { samples })
    }

    /// Puts the colours back into the same image in another size, where it is still transparent.
    pub(super) fn put_back(&self, source: &Plane, larger: &mut Image) {
        let (Some(alpha), depth) = (&larger.alpha, larger.depth) else { return };
        // First sample of the result whose place is in that sample of the source.
        let across = |x: usize| (x * alpha.width).div_ceil(source.width);
        let down = |y: usize| (y * alpha.height).div_ceil(source.height);
        for (plane, samples) in larger.planes.iter_mut().zip(&self.samples) {
            let mut samples = samples.iter();
            for (at, _) in source.data.iter().enumerate().filter(|(_, alpha)| is_transparent(**alpha)) {
                let Some(value) = samples.next().map(|&value| depth.nearest(value)) else { return };
                let (x, y) = (at % source.width, at / source.width);
                let columns = across(x)..across(x + 1);
                for y in down(y)..down(y + 1) {
                    let clear = &alpha.row(y)[columns.clone()];
                    let row = &mut plane.row_mut(y)[columns.clone()];
                    let hidden = row.iter_mut().zip(clear).filter(|(_, alpha)| is_transparent(**alpha));
                    hidden.for_each(|(to, _)| *to = value);
                }
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use unband_image::{Depth, Model};

    #[test]
    fn hidden_pixels_continue_a_slope_and_come_back() {
        let (width, height) = (37, 21);
        let plane = |value: &dyn Fn(usize, usize) -> f32| Plane {
            width,
            height,
            data: (0..width * height).map(|i| value(i % width, i / width)).collect(),
        };
        let slope = |x: usize, y: usize| 0.2 + 0.01 * x as f32 + 0.005 * y as f32;
        let alpha = plane(&|x, y| if (12..25).contains(&x) && (5..16).contains(&y) { 0.0 } else { 1.0 });
        let hole = plane(&|x, y| if alpha.row(y)[x] > 0.0 { slope(x, y) } else { 1.0 });
        let mut image = Image::new(vec![hole.clone()], Model::Gray, Depth::EIGHT);
        image.alpha = Some(alpha.clone());
        let hidden = HiddenColours::fill(&mut image).unwrap();
        let worst =
            (0..width * height).map(|i| (image.planes[0].data[i] - slope(i % width, i / width)).abs());
        assert!(worst.fold(0.0, f32::max) < 0.05);
        hidden.put_back(&alpha, &mut image);
        assert_eq!(image.planes[0], hole);
    }

    #[test]
    fn images_without_hidden_or_without_visible_pixels_stay() {
        for value in [0.0, 0.1, 1.0, f32::NAN] {
            let mut image = Image::new(vec![Plane::filled(3, 2, 0.3)], Model::Gray, Depth::EIGHT);
            image.alpha = Some(Plane::filled(3, 2, value));
            assert!(HiddenColours::fill(&mut image).is_none(), "{value}");
        }
    }
}
