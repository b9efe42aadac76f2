//! Patch grids and pixel data of patches.

use unband_image::{Depth, Image, ImageError, Window};

/// Division of an image into windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tiling {
    /// The whole image.
    Whole,
    /// Squares of `side` pixels with a stride of `step`, from the upper left corner. Remainders at the right
    /// and at the bottom are skipped.
    Patches {
        /// Side in pixels.
        side: usize,
        /// Stride in pixels.
        step: usize,
    },
}

impl Tiling {
    /// The windows of an image, row by row; none if it is smaller than a patch.
    pub fn windows(self, width: usize, height: usize) -> Vec<Window> {
        let Self::Patches { side, step } = self else {
            return vec![Window { x0: 0, y0: 0, x1: width, y1: height }];
        };
        let starts = |length: usize| (0..=length.saturating_sub(side)).step_by(step.max(1));
        if side == 0 || side > width || side > height {
            return Vec::new();
        }
        starts(height)
            .flat_map(|y0| starts(width).map(move |x0| Window { x0, y0, x1: x0 + side, y1: y0 + side }))
            .collect()
    }
}

/// An image as integer codes, from which patches are cut.
pub(crate) struct Codes {
    pub width: usize,
    pub height: usize,
    /// Interleaved 16-bit RGB.
    data: Vec<u16>,
    /// Whether all samples are 8-bit codes.
    eight: bool,
}

impl Codes {
    /// Keeps 8-bit codes if the depth is 8 bits or fewer and all values are 8-bit codes; otherwise uses
    /// 16-bit codes. Grey is repeated, transparency dropped.
    pub(crate) fn new(image: &Image) -> Result<Self, ImageError> {
        let on_grid = |v: &f32| Depth::EIGHT.value(Depth::EIGHT.code(*v)).to_bits() == v.to_bits();
        let eight =
            image.depth.bits() <= 8 && image.planes.iter().all(|plane| plane.data.iter().all(on_grid));
        Ok(Self { width: image.width(), height: image.height(), data: image.to_rgb16()?, eight })
    }

    /// A window as an image of 8 or 16 bits, without metadata.
    pub(crate) fn cut(&self, window: Window) -> Result<Image, ImageError> {
        let row = |y: usize| &self.data[3 * (y * self.width + window.x0)..3 * (y * self.width + window.x1)];
        let rows = (window.y0..window.y1).flat_map(row).copied();
        if self.eight {
            // One 8-bit code is 257 16-bit codes.
            let data: Vec<u8> = rows.map(|code| (code / 257) as u8).collect();
            return Image::from_rgb8(window.width(), window.height(), &data);
        }
        let data: Vec<u16> = rows.collect();
        Image::from_rgb16(window.width(), window.height(), &data)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn count(tiling: Tiling, width: usize, height: usize) -> usize {
        tiling.windows(width, height).len()
    }

    #[test]
    fn counts_are_those_of_the_papers() {
        // BDINN §4.1: 7 rows of 14; GGDBN's script: 11 rows of 23.
        assert_eq!(count(Tiling::Patches { side: 256, step: 128 }, 1920, 1080), 7 * 14);
        assert_eq!(count(Tiling::Patches { side: 256, step: 75 }, 1920, 1080), 11 * 23);
        assert_eq!(count(Tiling::Whole, 1920, 1080), 1);
    }

    #[test]
    fn windows_lie_inside_and_small_images_have_none() {
        let tiling = Tiling::Patches { side: 32, step: 20 };
        for (width, height) in [(32, 32), (33, 51), (52, 72), (100, 40)] {
            let windows = tiling.windows(width, height);
            assert_eq!(windows.len(), (1 + (width - 32) / 20) * (1 + (height - 32) / 20));
            assert!(
                windows
                    .iter()
                    .all(|w| w.x1 <= width && w.y1 <= height && w.width() == 32 && w.height() == 32)
            );
        }
        assert_eq!(count(tiling, 31, 100) + count(tiling, 100, 31) + count(tiling, 0, 0), 0);
    }

    #[test]
    fn codes_stay_what_they_were() {
        let eight: Vec<u8> = (0..6 * 4 * 3).map(|i| (i * 3) as u8).collect();
        let codes = Codes::new(&Image::from_rgb8(6, 4, &eight).unwrap()).unwrap();
        let cut = codes.cut(Window { x0: 2, y0: 1, x1: 5, y1: 3 }).unwrap();
        assert_eq!(cut.depth, Depth::EIGHT);
        let expected: Vec<u8> =
            [1, 2].iter().flat_map(|y| eight[3 * (6 * y + 2)..3 * (6 * y + 5)].to_vec()).collect();
        assert_eq!(cut.to_rgb8().unwrap(), expected);
        let sixteen: Vec<u16> = (0..6 * 4 * 3).map(|i| i * 907).collect();
        let codes = Codes::new(&Image::from_rgb16(6, 4, &sixteen).unwrap()).unwrap();
        let whole = codes.cut(Window { x0: 0, y0: 0, x1: 6, y1: 4 }).unwrap();
        assert_eq!((whole.depth, whole.to_rgb16().unwrap()), (Depth::SIXTEEN, sixteen));
    }

    #[test]
    fn samples_between_codes_become_16_bits() {
        let mut image = Image::from_gray::<u8>(2, 1, &[10, 20]).unwrap();
        image.planes[0].data[1] += 0.3 / 255.0;
        let cut = Codes::new(&image).unwrap().cut(Window { x0: 0, y0: 0, x1: 2, y1: 1 }).unwrap();
        assert_eq!(cut.depth, Depth::SIXTEEN);
        assert_eq!(cut.to_rgb16().unwrap(), [2570, 2570, 2570, 5217, 5217, 5217]);
    }
}
