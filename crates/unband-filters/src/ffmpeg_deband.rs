//! `ffmpeg-deband`: the mean of four surrounding samples, where it is close.

mod plane;

use std::f32::consts::TAU;

use unband_image::{
    CodePlane, CodeRestorer, CodesMut, Context, Entry, Image, Model, Needs, Params, RestoreError, Restorer,
    TileIn, TileOut, Window, method::defaults, params,
};

pub use plane::{Rule, Table, deband_plane, deband_window, means_window};

use crate::PlaneError;
use crate::codes::{CodePlanes, CodeRows};
use crate::grid::{Grid, Sample, View, coarsest, read_tile, write_tile};

const NAME: &str = "ffmpeg-deband";

params! {
    /// Settings of `ffmpeg-deband`, with ffmpeg's names.
    pub struct FfmpegDebandParams {
        /// Threshold of the mean on the first plane (luma, grey, green), as a share of full scale. Higher
        /// flattens more; above 0.1 faint texture is lost.
        thr1 as "1thr" in "full scale": f32 = 0.02, 0.00003..=0.5;
        /// The same threshold for the second plane (Cb, blue).
        thr2 as "2thr" in "full scale": f32 = 0.02, 0.00003..=0.5;
        /// The same threshold for the third plane (Cr, red).
        thr3 as "3thr" in "full scale": f32 = 0.02, 0.00003..=0.5;
        /// The same threshold for alpha. Accepted without effect: alpha is never touched.
        thr4 as "4thr" in "full scale": f32 = 0.02, 0.00003..=0.5;
        /// Maximum distance of the compared samples, in samples; a negative value fixes the distance. Higher
        /// bridges wider bands.
        range in "samples": i32 = 16;
        /// Maximum angle of their direction, in radians; a negative value fixes the direction.
        direction in "radians": f32 = TAU, -TAU..=TAU;
        /// Compare the mean of the four samples; else each of them, which preserves more and smooths less.
        blur: bool = true;
        /// Change the planes of a pixel only together. Needs planes of the same size.
        coupling: bool = false;
    }
}

/// ffmpeg's `deband`: compares each sample with the mean of four others at a pseudo-random distance and
/// direction, and uses the mean where it is closer than a threshold.
///
/// Works in integer codes of the image's own depth and gives ffmpeg's codes at every depth that ffmpeg
/// supports (8 to 16 bits); lower depths use the same formula. Floating-point images are processed at 16 bits
/// between 0 and 1. A sample whose code stays is not touched. Planes are in ffmpeg's order: for RGB images
/// `1thr` is green's threshold, `2thr` blue's, `3thr` red's (ffmpeg's `gbrp`). Smaller chroma planes use the
/// same distances, in their own samples. The result has the input's depth, no dither, and does not change
/// from frame to frame.
///
/// Source: ffmpeg, `libavfilter/vf_deband.c` (5.1); sine and cosine as rounded by glibc, on which the
/// compared positions depend.
pub(crate) struct FfmpegDeband {
    coupling: bool,
    rules: Vec<Rule>,
    table: Table,
    halo: usize,
    code_planes: Option<CodePlanes>,
}

/// The registry entry.
pub const ENTRY: Entry = Entry {
    name: NAME,
    title: "FFmpeg's deband: mean of four surrounding samples",
    source: "FFmpeg libavfilter/vf_deband.c",
    ours: false,
    rgb: false,
    params: FfmpegDebandParams::INFO,
    defaults: defaults::<FfmpegDebandParams>,
    build: |method| {
        let params = method.params::<FfmpegDebandParams>();
        Ok(Box::new(move |image, _, ctx| Ok(Box::new(FfmpegDeband::new(&params, image, ctx)?))))
    },
};

fn rule(params: &FfmpegDebandParams, image: &Image, plane: usize) -> Rule {
    let p = params;
    let by_plane = match image.color.model {
        Model::Rgb => [p.thr3, p.thr1, p.thr2],
        Model::Gray | Model::Yuv { .. } => [p.thr1, p.thr2, p.thr3],
    };
    Rule::new(Grid::new(image, plane).bits, by_plane[plane.min(2)], p.blur)
}

impl FfmpegDeband {
    /// The filter for images of this size, depth and model.
    ///
    /// # Errors
    /// For images without samples, and for coupled planes of different sizes.
    pub(crate) fn new(
        params: &FfmpegDebandParams,
        image: &Image,
        ctx: &Context<'_>,
    ) -> Result<Self, RestoreError> {
        let coarsest = coarsest(image, NAME)?;
        let (width, height) = (image.width(), image.height());
        if params.coupling && image.planes.iter().any(|p| (p.width, p.height) != (width, height)) {
            return Err(RestoreError::unsupported(
                NAME,
                "cannot couple planes of different size; convert to 4:4:4 or RGB, or drop `coupling`",
            ));
        }
        let table = Table::new(width, height, params.range, params.direction, ctx);
        let (rx, ry) = table.reach();
        let halo = rx.max(ry).saturating_mul(coarsest);
        let rules = (0..image.planes.len()).map(|p| rule(params, image, p)).collect();
        // Coupled planes need all planes of a pixel at once.
        let code_planes = CodePlanes::like(image, NAME).filter(|_| !params.coupling);
        Ok(Self { coupling: params.coupling, rules, table, halo, code_planes })
    }

    fn restore_as<T: Sample>(
        &self,
        input: &TileIn<'_>,
        output: &mut TileOut,
        ctx: &Context<'_>,
    ) -> Result<(), RestoreError> {
        let refused = |error: PlaneError| RestoreError::unsupported(NAME, error);
        let mut pass = Vec::new();
        let mut means = Vec::new();
        for (p, (plane, &rule)) in input.image.planes.iter().zip(&self.rules).enumerate() {
            ctx.check()?;
            let grid = Grid::new(input.image, p);
            let (core, outer) = (input.core_on(p), input.outer_on(p));
            let before: Vec<T> = read_tile(ctx.level, input, p, &grid);
            let view = View::part(&before, outer, plane.width, plane.height)
                .ok_or_else(|| refused(PlaneError::Window))?;
            let mut after = vec![T::default(); core.width() * core.height()];
            if self.coupling {
                pass.resize(after.len(), 255);
                means_window(ctx.level, &mut after, &mut pass, &view, core, &self.table, rule)
                    .map_err(refused)?;
                means.push((before, after, grid));
            } else {
                deband_window(ctx.level, &mut after, &view, core, &self.table, rule).map_err(refused)?;
                write_tile(ctx.level, input, output, p, &before, &after, &grid);
            }
        }
        for (p, (before, mut after, grid)) in means.into_iter().enumerate() {
            let (core, outer) = (input.core_on(p), input.outer_on(p));
            for (i, after) in after.iter_mut().enumerate() {
                if pass[i] == 0 {
                    let (x, y) =
                        (core.x0 - outer.x0 + i % core.width(), core.y0 - outer.y0 + i / core.width());
                    *after = before[y * outer.width() + x];
                }
            }
            write_tile(ctx.level, input, output, p, &before, &after, &grid);
        }
        Ok(())
    }
}

impl FfmpegDeband {
    fn rows<T: Sample>(&self, part: CodeRows<'_, T, T>, ctx: &Context<'_>) -> Result<(), PlaneError> {
        let CodeRows { plane, view, rows, out } = part;
        let core = Window { x0: 0, y0: rows.start, x1: view.width(), y1: rows.end };
        deband_window(ctx.level, out, &view, core, &self.table, self.rules[plane])
    }
}

impl Restorer for FfmpegDeband {
    fn needs(&self) -> Needs {
        Needs { full_width: true, ..Needs::halo(self.halo) }
    }

    fn as_codes(&self) -> Option<&dyn CodeRestorer> {
        self.code_planes.is_some().then_some(self)
    }

    fn restore(
        &self,
        input: &TileIn<'_>,
        output: &mut TileOut,
        ctx: &Context<'_>,
    ) -> Result<(), RestoreError> {
        if Grid::new(input.image, 0).bits <= 8 {
            self.restore_as::<u8>(input, output, ctx)
        } else {
            self.restore_as::<u16>(input, output, ctx)
        }
    }
}

impl CodeRestorer for FfmpegDeband {
    fn restore_codes(
        &self,
        input: &[CodePlane<'_>],
        output: &mut [CodesMut<'_>],
        ctx: &Context<'_>,
    ) -> Result<(), RestoreError> {
        let code_planes = CodePlanes::or_refused(self.code_planes.as_ref(), NAME)?;
        if code_planes.bits() == 8 {
            code_planes.by_rows(input, output, true, ctx, |part| self.rows::<u8>(part, ctx))
        } else {
            code_planes.by_rows(input, output, true, ctx, |part| self.rows::<u16>(part, ctx))
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use unband_image::{Matrix, Range};

    #[test]
    fn planes_of_different_size_are_not_coupled() {
        let (luma, chroma) = ([90; 64], [128; 16]);
        let planes = [&luma[..], &chroma, &chroma];
        let image = Image::from_yuv420(8, 8, planes, Matrix::Bt709, Range::Limited).unwrap();
        let coupled = FfmpegDebandParams { coupling: true, ..FfmpegDebandParams::default() };
        let error = FfmpegDeband::new(&coupled, &image, &Context::default()).err().unwrap();
        assert_eq!(
            error.to_string(),
            "ffmpeg-deband cannot couple planes of different size; convert to 4:4:4 or RGB, or drop `coupling`"
        );
        assert!(FfmpegDeband::new(&FfmpegDebandParams::default(), &image, &Context::default()).is_ok());
    }

    #[test]
    fn samples_that_keep_their_code_keep_their_value() {
        // Above white and between 16-bit codes: a sample may only be rounded when the method changes it.
        let mut image = Image::from_gray::<u16>(40, 20, &[30_000; 800]).unwrap();
        image.depth = unband_image::Depth::F32;
        image.planes[0].data[7] = 1.75;
        image.planes[0].data[100] += 1e-6;
        let filter = FfmpegDeband::new(&FfmpegDebandParams::default(), &image, &Context::default()).unwrap();
        let mut out = image.clone();
        let ctx = Context::default();
        unband_image::tile::restore_in_place(&mut out, &filter, 64, &mut |_, _| {}, &ctx).unwrap();
        assert_eq!(out.planes[0].data[7].to_bits(), 1.75f32.to_bits());
        assert_eq!(out.planes[0].data[100].to_bits(), image.planes[0].data[100].to_bits());
    }
}
