//! `fcdr`: false contour detection by small steps, and removal by scattering and blurring.

mod detect;
mod remove;

use unband_image::{
    Context, Depth, Entry, Image, Model, Needs, Params, RestoreError, Restorer, TileIn, TileOut, Window,
    method::defaults, params,
};

pub use detect::{MapCounts, Maps, Thresholds, detect_plane};

use crate::grid::{Grid, Sample, View, check_equal_rgb, coarsest};
use detect::{DETECTION_REACH, detect_window};
use remove::{Removal, WINDOW_REACH};

const NAME: &str = "fcdr";

params! {
    /// Settings of `fcdr`, with the names in its authors' code.
    pub struct FcdrParams {
        /// Minimum step, in 8-bit codes: the sum of the differences to two opposite neighbours. Lower finds
        /// fainter contours in deep material.
        th1 in "8-bit codes": f32 = 1.0, 0.0..=16.0;
        /// Minimum sum of a sharp edge, in 8-bit codes. Higher treats larger steps as contours, and edges
        /// too.
        th2 in "8-bit codes": f32 = 3.0, 0.0..=32.0;
        /// Minimum of all four sums together for texture, in 8-bit codes. Higher treats more texture as
        /// contours.
        th3 in "8-bit codes": f32 = 7.0, 0.0..=128.0;
        /// Minimum number of similar pixels in the fullest of four strips of 27. Lower treats shorter lines
        /// as contours.
        th4 in "pixels": u32 = 10, 0..=27;
        /// Maximum number of similar pixels in the emptiest strip. Higher treats thicker lines as contours.
        th5 in "pixels": u32 = 6, 0..=27;
    }
}

/// False contour detection and removal. Pixels on small steps that form thin lines are contours. Samples
/// within four samples of one are replaced by a random sample of their 9×9 neighbourhood, then by the mean of
/// such samples.
///
/// Detection works on luma or grey in integer codes of the image's own depth, with thresholds in 8-bit codes;
/// RGB is converted to grey first, floating point to 16 bits. Removal works on every plane at its own scale;
/// a sample of a smaller plane is on a contour where any of its luma samples is. RGB pixels move as a whole.
/// The means are not rounded here: at the input's depth they need a dither. Samples away from contours keep
/// their values; all content near one is blurred, sharp edges too. The random choice depends only on seed,
/// frame and position.
///
/// Source: detection: google/bband-adaband, `src/FCDR.m`, after Huang et al., "Understanding and removal of
/// false contour in HEVC compressed images", IEEE TCSVT 28(2), 2018; removal: probabilistic dithering and
/// averaging, window 9 for both, as the authors of BDINN describe their version of it.
/// Differs: the details of the removal are this project's own, as its code is not public.
pub struct Fcdr {
    thresholds: Thresholds,
    halo: usize,
}

/// The registry entry.
pub const ENTRY: Entry = Entry {
    name: NAME,
    title: "FCDR: false contour detection, scattering and averaging",
    source: "Huang et al., IEEE TCSVT 28(2), 2018; google/bband-adaband src/FCDR.m",
    ours: false,
    rgb: false,
    params: FcdrParams::INFO,
    defaults: defaults::<FcdrParams>,
    build: |method| {
        let params = method.params::<FcdrParams>();
        Ok(Box::new(move |image, _, _| Ok(Box::new(Fcdr::new(&params, image)?))))
    },
};

impl Fcdr {
    /// The filter for images of this size, depth and model.
    ///
    /// # Errors
    /// For images without samples, and with planes larger than the first or RGB planes of different size.
    pub fn new(params: &FcdrParams, image: &Image) -> Result<Self, RestoreError> {
        let coarsest = coarsest(image, NAME)?;
        check_equal_rgb(image, NAME)?;
        // A sample uses scattered ones within one window; each of those is scattered if it is within another
        // window of a contour; a coarse sample's corner may be one sample further out.
        let halo = (2 * WINDOW_REACH + 1) * coarsest + DETECTION_REACH;
        // One 8-bit code in codes of this image's first plane.
        let eight = unband_image::dither::Grid::of_bits(image.color.model, 0, 8);
        let unit = f64::from(Grid::new(image, 0).scale) / f64::from(eight.scale);
        Ok(Self { thresholds: Thresholds::new(params, unit), halo })
    }

    /// The contours of a window of luma.
    fn contours(
        &self,
        input: &TileIn<'_>,
        window: Window,
        ctx: &Context<'_>,
    ) -> Result<Vec<bool>, RestoreError> {
        let (width, height) = (input.image.width(), input.image.height());
        let outer = window.grown(DETECTION_REACH, width, height);
        let codes = grey_codes(input.image, outer, ctx);
        let refused = |error: crate::PlaneError| RestoreError::unsupported(NAME, error);
        let view =
            View::part(&codes, outer, width, height).ok_or_else(|| refused(crate::PlaneError::Window))?;
        let maps = detect_window(ctx.level, &view, window, &self.thresholds).map_err(refused)?;
        Ok(maps.contours().collect())
    }
}

/// Luma or grey of a window, in integer codes of the image's depth.
fn grey_codes(image: &Image, window: Window, ctx: &Context<'_>) -> Vec<u16> {
    let grid = Grid::new(image, 0);
    let width = window.width();
    let mut codes = vec![0; width * window.height()];
    if width == 0 {
        return codes;
    }
    let mut rows = [(); 3].map(|()| vec![0u16; width]);
    for (out, y) in codes.chunks_exact_mut(width).zip(window.y0..) {
        let row = |p: usize| &image.planes[p].row(y)[window.x0..window.x1];
        if image.color.model == Model::Rgb {
            for (p, codes) in rows.iter_mut().enumerate() {
                u16::read(ctx.level, codes, row(p), &grid);
            }
            let [r, g, b] = &rows;
            for (out, ((&r, &g), &b)) in out.iter_mut().zip(r.iter().zip(g).zip(b)) {
                *out = grey(r, g, b);
            }
        } else {
            u16::read(ctx.level, out, row(0), &grid);
        }
    }
    codes
}

/// MATLAB's `rgb2gray` for integer codes.
fn grey(r: u16, g: u16, b: u16) -> u16 {
    let [r, g, b] = [r, g, b].map(f64::from);
    (0.298_936_021_293_775 * r + 0.587_043_074_451_121 * g + 0.114_020_904_255_103 * b + 0.5) as u16
}

impl Restorer for Fcdr {
    fn needs(&self) -> Needs {
        Needs::halo(self.halo)
    }

    fn rounds_to(&self) -> Option<Depth> {
        // Means are not on a grid, so storing them needs a dither.
        Some(Depth::F32)
    }

    fn restore(
        &self,
        input: &TileIn<'_>,
        output: &mut TileOut,
        ctx: &Context<'_>,
    ) -> Result<(), RestoreError> {
        let image = input.image;
        let (width, height) = (image.width(), image.height());
        let mut removal: Option<Removal> = None;
        for p in 0..image.planes.len() {
            ctx.check()?;
            let plane = &image.planes[p];
            let (sx, sy) = input.scale(p);
            let core = input.core_on(p);
            let near = core.grown(2 * WINDOW_REACH, plane.width, plane.height);
            let known = removal.as_ref().is_some_and(|removal| removal.is_for(core, (sx, sy)));
            if !known {
                let luma = Window {
                    x0: near.x0 * sx,
                    y0: near.y0 * sy,
                    x1: (near.x1 * sx).min(width),
                    y1: (near.y1 * sy).min(height),
                };
                let contours = self.contours(input, luma, ctx)?;
                removal = Some(Removal::new(&contours, luma, near, core, (sx, sy)));
            }
            if let (Some(removal), Some(out)) = (&removal, output.planes.get_mut(p)) {
                let key = if image.color.model == Model::Rgb { 0 } else { p as u32 };
                removal.apply(plane, out, key, ctx);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grey_is_that_of_matlab() {
        let primaries = [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 0]];
        assert_eq!(primaries.map(|[r, g, b]| grey(r, g, b)), [76, 150, 29, 226]);
        assert!((0..=u16::MAX).all(|code| grey(code, code, code) == code));
    }
}
