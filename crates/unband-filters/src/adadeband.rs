//! `adadeband`: adaptive averaging of bands, with noise.

mod color;
mod plan;
mod segments;
mod strip;
mod twister;

use unband_image::{
    Context, Depth, Entry, Image, Model, Needs, Params, Plane, RestoreError, Restorer, TileIn, TileOut,
    method::defaults, params, words,
};

use crate::PlaneError;
use crate::grid::{check_equal_rgb, check_sound};
use color::Back;
use plan::{AveragingPlan, Planes};
use strip::{Before, Strip, StripJob, average};
use twister::Twister;

const NAME: &str = "adadeband";

/// Largest half-width of a window.
const MOST_HALF: u8 = 64;

words! {
    /// Faults of the original: kept or fixed.
    pub enum Variant {
        /// All faults are kept.
        Original = "original",
        /// Edges whose gradient points left are treated like all others. The original searches both of their
        /// bands in one place, as it tests for an angle above 157.5° and below -157.5° at once.
        Fixed = "fixed",
    }
}

params! {
    /// Settings of `adadeband`.
    pub struct AdaDebandParams {
        /// `original` keeps the authors' faults; `fixed` also finds both bands next to an edge that is
        /// brighter on its left.
        variant: Variant = Variant::Original;
        /// Seed of the random numbers. The authors' test uses 1011; frame n of a video uses the seed plus n.
        seed: u32 = 1011;
        /// Amplitude of the noise on averaged samples, in 8-bit codes. It hides the steps of an 8-bit output;
        /// a deeper output needs less, 0 leaves the averages smooth.
        noise in "8-bit codes": f32 = 1.0, 0.0..=2.0;
    }
}

/// The registry entry.
pub const ENTRY: Entry = Entry {
    name: NAME,
    title: "AdaDeband: adaptive averaging of bands, with noise",
    source: "google/bband-adaband src/deband_filter_yuv420p.m; Tu et al., IEEE Signal Processing Letters 27, 2020",
    ours: false,
    rgb: false,
    params: AdaDebandParams::INFO,
    defaults: defaults::<AdaDebandParams>,
    build: |method| {
        let params = method.params::<AdaDebandParams>();
        Ok(Box::new(move |image, _, ctx| Ok(Box::new(AdaDeband::new(&params, image, ctx)?))))
    },
};

/// Detects band edges and the segments of one code on both sides, and replaces their samples by a window mean
/// with noise. The window width is random, limited by the segment's width and the local variance.
///
/// Works on luma in 8-bit codes: the first plane of grey and `Y'CbCr` images; for RGB the BT.601 luma, whose
/// change is added to red, green and blue alike. A sample moves by at most two codes of luma. Results are
/// rounded to the output depth; other samples are not touched. Needs the whole image; about 10 bytes per
/// sample besides it. The result does not depend on threads or instruction set.
///
/// Source: Z. Tu, J. Lin, Y. Wang, B. Adsumilli, A. C. Bovik, "Adaptive debanding filter", IEEE SPL 27, 2020;
/// google/bband-adaband, `src/deband_filter_yuv420p.m` (Apache-2.0). At 8 bits the same codes as the
/// original's.
/// Differs: the original supports 8 bits only. Images of other depths are averaged with full precision. Bands
/// are detected in luma rounded to 8 bits for an 8-bit output, else in unrounded luma: smooth slopes, which
/// only rounding would turn into bands, then stay unchanged. Segments are defined by 8-bit codes at any
/// depth.
pub struct AdaDeband {
    params: AdaDebandParams,
    output: Depth,
}

impl AdaDeband {
    /// The filter for an image.
    ///
    /// # Errors
    /// For images without samples, or of RGB with planes of different sizes.
    pub fn new(params: &AdaDebandParams, image: &Image, ctx: &Context<'_>) -> Result<Self, RestoreError> {
        check_sound(image, NAME)?;
        check_equal_rgb(image, NAME)?;
        Ok(Self { params: params.clone(), output: ctx.output.unwrap_or(image.depth) })
    }
}

impl Restorer for AdaDeband {
    fn needs(&self) -> Needs {
        Needs { whole_image: true, ..Needs::halo(0) }
    }

    fn rounds_to(&self) -> Option<Depth> {
        Some(self.output)
    }

    fn restore(
        &self,
        input: &TileIn<'_>,
        output: &mut TileOut,
        ctx: &Context<'_>,
    ) -> Result<(), RestoreError> {
        let image = input.image;
        let (codes, fine) = color::read(image, ctx);
        let planes =
            Planes { codes: &codes, fine: fine.as_deref(), width: image.width(), height: image.height() };
        let finely = self.output.bits() > 8;
        let mut random = Twister::new(self.params.seed.wrapping_add(ctx.frame));
        let plan = AveragingPlan::new(&planes, finely, self.params.variant, &mut random, ctx)?;
        let Some(plan) = plan else { return Ok(()) };
        ctx.check()?;
        let job =
            StripJob { planes: &planes, plan: &plan, noise: f64::from(self.params.noise), before: None };
        let back = Back::new(image, self.output);
        let rgb = image.color.model == Model::Rgb;
        let own =
            |i: usize| fine.as_ref().map_or_else(|| f64::from(codes[i]), |fine| f64::from(fine[i]) / 256.0);
        let shift = |i: usize, new: f64| back.shift(i, own(i), new);
        if rgb {
            let finish = |i: usize, new: f64| shift(i, new).unwrap_or(0.0) as f32;
            let strips = average(&job, &mut random, ctx, finish, |_| 0.0);
            for (before, after) in image.planes.iter().zip(&mut output.planes) {
                paste(&strips, before, after, ctx, |before, by, after| {
                    for ((before, by), after) in before.iter().zip(by).zip(after) {
                        if *by != 0.0 {
                            *after = back.moved(*before, f64::from(*by));
                        }
                    }
                });
            }
        } else if let Some(after) = output.planes.first_mut() {
            let values = &image.planes[0].data;
            let finish = |i: usize, new: f64| match shift(i, new) {
                Some(_) if fine.is_none() => back.exactly(new),
                Some(by) => back.moved(values[i], by),
                None => values[i],
            };
            let strips = average(&job, &mut random, ctx, finish, |i| values[i]);
            paste(&strips, &image.planes[0], after, ctx, |_, values, after| after.copy_from_slice(values));
        }
        ctx.check()
    }
}

/// Calls back with each strip's part of each row: the source, the strip's results, and the output.
fn paste(
    strips: &[Strip<f32>],
    before: &Plane,
    after: &mut Plane,
    ctx: &Context<'_>,
    put: impl Fn(&[f32], &[f32], &mut [f32]) + Sync,
) {
    const ROWS: usize = 64;
    let width = before.width;
    let parts = after.data.chunks_mut(ROWS * width).collect();
    ctx.map_parts(parts, |part, after| {
        for (after, y) in after.chunks_exact_mut(width).zip(part * ROWS..) {
            for Strip { columns, values, .. } in strips {
                let values = &values[y * columns.len()..][..columns.len()];
                put(&before.row(y)[columns.clone()], values, &mut after[columns.clone()]);
            }
        }
    });
}

/// Statistics of a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Samples in bands to average; some of them stay, as the mean is too far from them.
    pub samples: usize,
    /// Sum of their largest half-windows.
    pub half_windows: u64,
    /// The largest half-window.
    pub largest: usize,
    /// Edges in a direction for which the original has no step.
    pub astray: usize,
}

impl Tally {
    fn add(&mut self, half: usize) {
        self.samples += 1;
        self.half_windows += half as u64;
        self.largest = self.largest.max(half);
    }

    fn new<T>(plan: &AveragingPlan, strips: &[Strip<T>]) -> Self {
        let mut all = Self { astray: plan.astray, ..Self::default() };
        for Self { samples, half_windows, largest, .. } in strips.iter().map(|strip| strip.tally) {
            all.samples += samples;
            all.half_windows += half_windows;
            all.largest = all.largest.max(largest);
        }
        all
    }
}

/// `adadeband` on a luma plane of 8-bit codes, row by row without padding, into `out`.
///
/// # Errors
/// When a buffer is empty or has another length, or when cancelled.
pub fn adadeband_plane(
    out: &mut [u8],
    codes: &[u8],
    width: usize,
    height: usize,
    params: &AdaDebandParams,
    ctx: &Context<'_>,
) -> Result<Tally, RestoreError> {
    check(codes.len(), width, height)?;
    check(out.len(), width, height)?;
    out.copy_from_slice(codes);
    let planes = Planes { codes, fine: None, width, height };
    let mut random = Twister::new(params.seed);
    let plan = AveragingPlan::new(&planes, false, params.variant, &mut random, ctx)?;
    let Some(plan) = plan else { return Ok(Tally::default()) };
    let job = StripJob { planes: &planes, plan: &plan, noise: f64::from(params.noise), before: None };
    let finish = |_, new| rounded(new);
    let strips = average(&job, &mut random, ctx, finish, |i| codes[i]);
    for strip in &strips {
        let rows = out.chunks_exact_mut(width).zip(strip.values.chunks_exact(strip.columns.len()));
        rows.for_each(|(out, row)| out[strip.columns.clone()].copy_from_slice(row));
    }
    Ok(Tally::new(&plan, &strips))
}

fn check(got: usize, width: usize, height: usize) -> Result<(), RestoreError> {
    if width.checked_mul(height) == Some(got) && got > 0 {
        return Ok(());
    }
    Err(RestoreError::unsupported(NAME, PlaneError::Length { width, height, got }))
}

/// A luma in 8-bit codes, rounded as in the original.
fn rounded(luma: f64) -> u8 {
    (luma + 0.5) as u8
}

/// The previous frame, which limits the next one.
struct Frame {
    size: (usize, usize),
    codes: Vec<u8>,
    /// Before rounding.
    out: Vec<f64>,
}

/// Temporal `adadeband`: from the second frame on, a sample changes from frame to frame by at most one code
/// more than in the input.
///
/// One random sequence continues across frames, so frames must come in order; the same clip gives the same
/// frames. Holds 9 bytes per sample between frames.
///
/// Source: google/bband-adaband, `src/video_postproc_deband_frame.m`. The same codes as the original's.
pub struct Temporal {
    params: AdaDebandParams,
    random: Twister,
    before: Option<Frame>,
}

impl Temporal {
    /// Before the first frame.
    pub fn new(params: &AdaDebandParams) -> Self {
        Self { params: params.clone(), random: Twister::new(params.seed), before: None }
    }

    /// Drops the previous frame, as at a cut; the random sequence continues.
    pub fn cut(&mut self) {
        self.before = None;
    }

    /// Processes the next frame's luma: 8-bit codes, row by row without padding. A frame of another size
    /// restarts the temporal limit.
    ///
    /// # Errors
    /// When the plane is empty or has another length, or when cancelled; the state then stays unchanged.
    pub fn next_frame(
        &mut self,
        codes: &[u8],
        width: usize,
        height: usize,
        ctx: &Context<'_>,
    ) -> Result<Vec<u8>, RestoreError> {
        check(codes.len(), width, height)?;
        let planes = Planes { codes, fine: None, width, height };
        // An error leaves the state unchanged.
        let mut random = self.random.clone();
        let plan = AveragingPlan::new(&planes, false, self.params.variant, &mut random, ctx)?;
        let mut result: Vec<f64> = codes.iter().map(|&code| f64::from(code)).collect();
        if let Some(plan) = plan {
            let before = self.before.as_ref().filter(|frame| frame.size == (width, height));
            let before = before.map(|frame| Before { codes: &frame.codes, out: &frame.out });
            let noise = f64::from(self.params.noise);
            let job = StripJob { planes: &planes, plan: &plan, noise, before };
            let keep = |i: usize| f64::from(codes[i]);
            let strips = average(&job, &mut random, ctx, |_, new| new, keep);
            for strip in &strips {
                let rows = result.chunks_exact_mut(width).zip(strip.values.chunks_exact(strip.columns.len()));
                rows.for_each(|(out, row)| out[strip.columns.clone()].copy_from_slice(row));
            }
        }
        self.random = random;
        let rounded = result.iter().map(|&luma| rounded(luma)).collect();
        self.before = Some(Frame { size: (width, height), codes: codes.to_vec(), out: result });
        Ok(rounded)
    }
}
