//! `gradfun`: limited attraction to a box mean, with dither.

mod plane;

use unband_image::{
    CodePlane, CodeRestorer, CodesMut, Context, Entry, Image, Needs, Params, RestoreError, Restorer, TileIn,
    TileOut, method::defaults, params,
};

pub use plane::{Shape, gradfun_plane, gradfun_rows};

use crate::PlaneError;
use crate::codes::{CodePlanes, CodeRows};
use crate::grid::{Grid, Sample, View, check_sound, read_tile, write_tile};

const NAME: &str = "gradfun";

params! {
    /// Settings of `gradfun`, with ffmpeg's names.
    pub struct GradfunParams {
        /// Maximum change of a sample, in 8-bit codes, and half the detection limit for bands. Higher
        /// flattens more and starts to blur faint texture.
        strength in "8-bit codes": f32 = 1.2, 0.51..=64.0;
        /// Radius of the box, in samples; odd values are raised by 1. Higher bridges wider bands; the run
        /// time stays the same.
        radius in "samples": u32 = 16, 4..=32;
    }
}

/// ffmpeg's `gradfun`: pulls each sample towards the mean of a box around it, less so at larger differences,
/// and adds an ordered dither of one code.
///
/// Works in integer codes of the image's own depth. At 8 bits, the original's only depth, it gives ffmpeg's
/// codes. Other depths use the same formula: strength stays in 8-bit codes, the dither is one code of the
/// output, and the box mean is truncated to 1/128 code without the original's short reciprocal.
/// Floating-point images are processed at 16 bits between 0 and 1. A sample whose code stays is not touched.
/// Smaller chroma planes use ffmpeg's smaller radius. A plane whose smaller side is at most twice the radius
/// is not changed.
///
/// Source: ffmpeg, `libavfilter/vf_gradfun.c` (5.1), after gradfun2db.
/// Differs: above a strength of 32.2 ffmpeg's vector code overflows on some processors; this code does not.
/// Where a plane has exactly one row more than twice the radius, ffmpeg blends with leftovers of earlier
/// planes and frames in a buffer; here, at 8 bits, with ffmpeg's values for the first plane of the first
/// frame.
pub struct Gradfun {
    shapes: Vec<Shape>,
    halo: usize,
    code_planes: Option<CodePlanes>,
}

/// The registry entry.
pub const ENTRY: Entry = Entry {
    name: NAME,
    title: "FFmpeg's gradfun: box mean, limited and dithered",
    source: "FFmpeg libavfilter/vf_gradfun.c",
    ours: false,
    rgb: false,
    params: GradfunParams::INFO,
    defaults: defaults::<GradfunParams>,
    build: |method| {
        let params = method.params::<GradfunParams>();
        Ok(Box::new(move |image, _, _| Ok(Box::new(Gradfun::new(&params, image)?))))
    },
};

impl Gradfun {
    /// The filter for images of this size, depth and model.
    ///
    /// # Errors
    /// For images without samples.
    pub fn new(params: &GradfunParams, image: &Image) -> Result<Self, RestoreError> {
        check_sound(image, NAME)?;
        let mut halo = 0;
        let (width, height) = (image.width(), image.height());
        let shapes = image.planes.iter().enumerate().map(|(p, plane)| {
            let scale = (width.div_ceil(plane.width), height.div_ceil(plane.height));
            let shape = Shape::new(params.strength, params.radius, Grid::new(image, p).bits, scale);
            halo = halo.max(shape.reach() * scale.0.max(scale.1));
            shape
        });
        Ok(Self { shapes: shapes.collect(), halo, code_planes: CodePlanes::like(image, NAME) })
    }

    fn restore_as<T: Sample>(
        &self,
        input: &TileIn<'_>,
        output: &mut TileOut,
        ctx: &Context<'_>,
    ) -> Result<(), RestoreError> {
        let refused = |error: PlaneError| RestoreError::unsupported(NAME, error);
        for (p, (plane, &shape)) in input.image.planes.iter().zip(&self.shapes).enumerate() {
            ctx.check()?;
            if !shape.touches(plane.width, plane.height) {
                continue;
            }
            let grid = Grid::new(input.image, p);
            let (core, outer) = (input.core_on(p), input.outer_on(p));
            let before: Vec<T> = read_tile(ctx.level, input, p, &grid);
            let view = View::part(&before, outer, plane.width, plane.height)
                .filter(|_| core.width() == plane.width)
                .ok_or_else(|| refused(PlaneError::Window))?;
            let mut after = vec![T::default(); plane.width * core.height()];
            gradfun_rows(ctx.level, &mut after, &view, core.y0..core.y1, shape).map_err(refused)?;
            write_tile(ctx.level, input, output, p, &before, &after, &grid);
        }
        Ok(())
    }
}

impl Gradfun {
    fn rows<T: Sample>(&self, part: CodeRows<'_, T, T>, ctx: &Context<'_>) -> Result<(), PlaneError> {
        gradfun_rows(ctx.level, part.out, &part.view, part.rows, self.shapes[part.plane])
    }
}

impl Restorer for Gradfun {
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
        if Grid::new(input.image, 0).bits == 8 {
            self.restore_as::<u8>(input, output, ctx)
        } else {
            self.restore_as::<u16>(input, output, ctx)
        }
    }
}

impl CodeRestorer for Gradfun {
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
