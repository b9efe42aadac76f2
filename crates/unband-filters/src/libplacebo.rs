//! `libplacebo`: means of four random samples, where they are close, and a little noise.

mod dither;
mod plane;

use unband_image::dither::Grid;
use unband_image::{
    Context, Depth, Entry, Image, Model, Needs, Params, RestoreError, Restorer, TileIn, TileOut,
    method::defaults, params,
};
use unband_simd::Level;
use unband_simd::filters::libplacebo::{self, MOST_SIDE};

pub use dither::{Bias, Dither};
pub use plane::{Code, deband_plane};
pub use unband_simd::filters::libplacebo::Shader;

use crate::grid::{check_equal_rgb, coarsest};
use plane::{Surroundings, blocks};

const NAME: &str = "libplacebo";

params! {
    /// Settings of `libplacebo`, with libplacebo's names.
    pub struct LibplaceboParams {
        /// Number of passes, each with a larger distance. More bridges wider bands; above 4 the gain is
        /// small.
        iterations in "passes": u32 = 1, 0..=16;
        /// Threshold of the mean in the first pass, in thousandths of full scale (4 is about one 8-bit code);
        /// pass i uses 1/i of it. Higher flattens more; above 10 faint texture is lost.
        threshold in "1/1000 of full scale": f32 = 3.0, 0.0..=1000.0;
        /// Maximum distance of the samples in the first pass, in samples; pass i uses i times it. Higher
        /// bridges wider bands; lower smooths more thoroughly.
        radius in "samples": f32 = 16.0, 0.0..=1000.0;
        /// Range of the added noise, in thousandths of full scale. Higher hides more of the remaining steps.
        grain in "1/1000 of full scale": f32 = 4.0, 0.0..=1000.0;
        /// Value whose surroundings get less noise, as a share of full scale: the stored black.
        grain_neutral in "full scale": f32 = 0.0, 0.0..=1.0;
        /// Planes to change: the sum of 1 for the first, 2 for the second, 4 for the third.
        planes: u32 = 7, 0..=7;
        /// Dither at up to 8 bits; higher depths are rounded to the nearest code.
        dither: Dither = Dither::BlueNoise;
    }
}

impl LibplaceboParams {
    /// The shader for an image; `index` is its number, counted in planes.
    pub fn shader(&self, index: u32) -> Shader {
        Shader {
            iterations: self.iterations,
            radius: self.radius,
            threshold: self.threshold,
            grain: self.grain,
            neutral: self.grain_neutral,
            index,
        }
    }
}

/// libplacebo's deband shader, also mpv's: compares each sample with the mean of four others at a random
/// distance in a random direction, uses the mean where it is close, and adds noise.
///
/// Works in 32-bit floats on codes divided by the highest code. Planes of grey and YUV images are processed
/// separately in their own samples, each with its own noise, as in vs-placebo. RGB pixels are processed as a
/// whole, with the same direction and distance for all three channels and separate noise, as in mpv. The
/// result is rounded to the output depth (the image's own if unknown): dithered at up to 8 bits, to the
/// nearest code above. Floating point stays floating point. The noise changes from frame to frame. There is
/// no seed, as in the original.
///
/// Source: libplacebo, `src/shaders/sampling.c`, `src/shaders.c`, `src/shaders/dithering.c`; order of planes
/// after vs-placebo, `src/deband.c`.
/// Differs: the blue-noise matrix is this project's own. GPUs round sines, cosines and coordinates in their
/// own ways, which at some sizes shifts a compared position by one sample. Dither of up to 4 bits does not go
/// through linear light.
pub struct Libplacebo {
    params: LibplaceboParams,
    bias: Bias,
    depth: Depth,
    halo: usize,
}

/// The registry entry.
pub const ENTRY: Entry = Entry {
    name: NAME,
    title: "libplacebo's and mpv's deband: random means and noise",
    source: "haasn/libplacebo src/shaders/sampling.c",
    ours: false,
    rgb: false,
    params: LibplaceboParams::INFO,
    defaults: defaults::<LibplaceboParams>,
    build: |method| {
        let params = method.params::<LibplaceboParams>();
        Ok(Box::new(move |image, _, ctx| Ok(Box::new(Libplacebo::new(params.clone(), image, ctx)?))))
    },
};

impl Libplacebo {
    /// The filter for images of this size, depth and model; rounds to the context's output depth.
    ///
    /// # Errors
    /// For images without samples, RGB planes of different size, and sides of 16 million samples and more.
    pub fn new(params: LibplaceboParams, image: &Image, ctx: &Context<'_>) -> Result<Self, RestoreError> {
        let coarsest = coarsest(image, NAME)?;
        check_equal_rgb(image, NAME)?;
        if image.width().max(image.height()) >= MOST_SIDE {
            let what = "counts positions in 32-bit floats, up to 16 million samples";
            return Err(RestoreError::unsupported(NAME, what));
        }
        let depth = match ctx.output.unwrap_or(image.depth) {
            Depth::Int(bits) => Depth::Int(bits.clamp(1, 16)),
            Depth::F32 => Depth::F32,
        };
        let bias = Bias::new(params.dither, depth.bits());
        let halo = params.shader(0).reach().saturating_mul(coarsest);
        Ok(Self { params, bias, depth, halo })
    }

    fn shader(&self, index: u32) -> Shader {
        self.params.shader(index)
    }

    fn is_selected(&self, plane: usize) -> bool {
        plane < 3 && self.params.planes >> plane & 1 == 1
    }

    /// Planes with a common random state: a single plane, or the three of RGB.
    fn restore_planes<const N: usize>(
        &self,
        planes: [usize; N],
        shader: &Shader,
        input: &TileIn<'_>,
        output: &mut TileOut,
        level: Level,
    ) {
        let of = planes[0];
        let (width, height) = (input.image.planes[of].width, input.image.planes[of].height);
        let core = input.core_on(of);
        let scales = planes.map(|p| Scale::new(input.image, p, self.depth));
        let mut surroundings: [Surroundings; N] = std::array::from_fn(|_| Surroundings::default());
        let mut biases = Vec::new();
        let mut rows: [Vec<f32>; N] = std::array::from_fn(|_| Vec::new());
        for block in blocks(core) {
            let outer = block.grown(shader.reach(), width, height);
            let mut parts =
                planes.iter().zip(&scales).zip(&mut surroundings).map(|((&p, scale), surroundings)| {
                    let plane = &input.image.planes[p];
                    surroundings.fill(outer, |y, x, out| scale.units(level, out, &plane.row(y)[x]))
                });
            let fields: [_; N] = std::array::from_fn(|_| parts.next());
            let count = block.width();
            biases.resize(count, 0.0);
            for row in &mut rows {
                row.resize(count, 0.0);
            }
            for y in block.y0..block.y1 {
                let at = (block.x0, y);
                match (&mut rows[..], &fields[..]) {
                    ([row], [Some(field)]) => libplacebo::deband_row(level, row, field, at, shader),
                    ([r, g, b], [Some(fr), Some(fg), Some(fb)]) => {
                        libplacebo::deband_row_of_three(level, [r, g, b], [fr, fg, fb], at, shader);
                    }
                    _ => continue,
                }
                let biases = self.bias.row(level, &mut biases, at);
                for ((row, scale), &p) in rows.iter_mut().zip(&scales).zip(&planes) {
                    let source = &input.image.planes[p].row(y)[block.x0..block.x1];
                    if N > 1 && !self.is_selected(p) {
                        scale.units(level, row, source);
                    }
                    scale.values(level, row, biases, source);
                    let target = output.planes[p].row_mut(y - core.y0);
                    target[block.x0 - core.x0..][..count].copy_from_slice(row);
                }
            }
        }
    }
}

/// Conversion from image values to shader units, and from there to result values.
struct Scale {
    from: Grid,
    to: Option<Grid>,
    /// Are values and units the same?
    same: bool,
    /// Are the image's values integer codes?
    whole: bool,
}

impl Scale {
    fn new(image: &Image, plane: usize, depth: Depth) -> Self {
        let model = image.color.model;
        // Floating-point YUV uses 16 bits for its black and white.
        let bits = if let Depth::Int(bits) = image.depth { bits.clamp(1, 16) } else { 16 };
        Self {
            from: Grid::of_bits(model, plane, bits),
            to: Grid::new(model, plane, depth),
            same: !matches!(model, Model::Yuv { .. }),
            whole: image.depth != Depth::F32,
        }
    }

    fn units(&self, level: Level, out: &mut [f32], values: &[f32]) {
        let Grid { scale, zero, max } = self.from;
        if self.same {
            out.copy_from_slice(values);
        } else {
            libplacebo::units_from_values(level, out, values, scale, zero, max, self.whole);
        }
    }

    /// Converts units to result values, in place.
    fn values(&self, level: Level, row: &mut [f32], biases: Option<&[f32]>, source: &[f32]) {
        let Grid { scale, zero, max } = self.from;
        if let Some(to) = self.to {
            // Codes per unit; between YUV depths black moves too.
            let (per_unit, offset) = if self.same || to == self.from {
                (to.max, 0.0)
            } else {
                (max / scale * to.scale, to.zero - zero / scale * to.scale)
            };
            libplacebo::round_row(level, row, biases, per_unit, offset, to.max, to.scale, to.zero);
        } else if !self.same {
            let mut before = vec![0.0; source.len()];
            self.units(level, &mut before, source);
            for ((unit, before), &source) in row.iter_mut().zip(before).zip(source) {
                let stays = before.to_bits() == unit.to_bits();
                *unit = if stays { source } else { (*unit * max - zero) / scale };
            }
        }
    }
}

impl Restorer for Libplacebo {
    fn needs(&self) -> Needs {
        Needs::halo(self.halo)
    }

    fn rounds_to(&self) -> Option<Depth> {
        (self.depth != Depth::F32).then_some(self.depth)
    }

    fn restore(
        &self,
        input: &TileIn<'_>,
        output: &mut TileOut,
        ctx: &Context<'_>,
    ) -> Result<(), RestoreError> {
        // The original counts the processed planes in a byte.
        let selected = (0..input.image.planes.len()).filter(|&p| self.is_selected(p)).count() as u32;
        if input.image.color.model == Model::Rgb {
            ctx.check()?;
            if selected > 0 || self.depth != input.image.depth {
                self.restore_planes([0, 1, 2], &self.shader(ctx.frame & 255), input, output, ctx.level);
            }
            return Ok(());
        }
        let mut index = ctx.frame.wrapping_mul(selected);
        for p in 0..input.image.planes.len() {
            ctx.check()?;
            let mut shader = self.shader(index & 255);
            if self.is_selected(p) {
                index = index.wrapping_add(1);
            } else if self.depth == input.image.depth {
                continue;
            } else {
                (shader.iterations, shader.grain) = (0, 0.0);
            }
            self.restore_planes([p], &shader, input, output, ctx.level);
        }
        Ok(())
    }
}
