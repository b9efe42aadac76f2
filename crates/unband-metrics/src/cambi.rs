//! CAMBI: Netflix's contrast-aware multiscale banding index.
//!
//! It uses only luma and needs no reference. 0 means no banding, about 5 starts to annoy, 24 is the worst
//! value in its authors' data. It detects steps of up to `2^max_log_contrast` 10-bit codes. The default of 2
//! means **one** 8-bit code: coarse posterisation scores 0, a perfect 8-bit ramp without dither scores high.
//! Noise of one code hides all bands. Never use it alone; [`ENTRY_COARSE`] looks for coarser steps.
//!
//! [`score`] takes planes of codes, as in video; [`score_image`] takes any image.

mod contrast;
mod entries;
mod luma;
mod options;
mod pool;
mod prepare;
mod thresholds;

pub use entries::{ENTRY, ENTRY_COARSE, ENTRY_FULL_REFERENCE, ENTRY_REFERENCE, is_one};
pub use options::{HighRes, Options};
pub use thresholds::Eotf;

use unband_image::{Context, Image};
use unband_simd::metrics::cambi::histogram::{WEIGHTS, groups};

use crate::{Fault, MetricError, whole};
use contrast::{ContrastStrip, Rules, strips};
use luma::{Owned, studio_luma};
use prepare::{ColumnStrips, Level, Values, levels};
use thresholds::TOP;

const NAME: &str = "cambi";

/// Number of scales.
pub(crate) const SCALES: usize = 5;

/// Weight of a contrast at each scale.
const SCALE_WEIGHTS: [f64; SCALES] = [16.0, 8.0, 4.0, 2.0, 1.0];

/// Minimum length of the longer side.
const LEAST_SIDE: usize = 216;

/// Widest window after scaling to the image: a wider one would overflow 16-bit counts.
const WIDEST: usize = 255;

/// Maximum score.
const MOST: f64 = 1000.0;

/// Codes of a plane.
#[derive(Clone, Copy, Debug)]
pub enum Codes<'a> {
    /// Up to 8 bits.
    Bytes(&'a [u8]),
    /// Up to 16 bits.
    Words(&'a [u16]),
}

impl<'a> From<&'a [u8]> for Codes<'a> {
    fn from(codes: &'a [u8]) -> Self {
        Self::Bytes(codes)
    }
}

impl<'a> From<&'a [u16]> for Codes<'a> {
    fn from(codes: &'a [u16]) -> Self {
        Self::Words(codes)
    }
}

/// A plane of luma codes in studio range (16..=235 at 8 bits), row by row without padding.
#[derive(Clone, Copy, Debug)]
pub struct Luma<'a> {
    codes: Codes<'a>,
    bits: u8,
    width: usize,
    height: usize,
}

impl<'a> Luma<'a> {
    /// A plane of `width * height` codes of 1 to 16 bits.
    ///
    /// # Errors
    /// When the number of codes is wrong or zero, or a code exceeds the bit depth.
    pub fn new(
        codes: impl Into<Codes<'a>>,
        bits: u8,
        width: usize,
        height: usize,
    ) -> Result<Self, MetricError> {
        let codes = codes.into();
        let (count, most) = match codes {
            // All codes fit.
            Codes::Bytes(codes) if bits == 8 => (codes.len(), 0),
            Codes::Bytes(codes) => (codes.len(), codes.iter().fold(0, |most, &c| most.max(u16::from(c)))),
            Codes::Words(codes) => (codes.len(), codes.iter().fold(0, |most, &c| most.max(c))),
        };
        if width.checked_mul(height) != Some(count) || count == 0 {
            return Err(Fault::Samples { got: count, size: (width, height) }.of(NAME));
        }
        if !(1..=16).contains(&bits) {
            return Err(Fault::Option { option: "bits", range: "1..=16", got: bits.to_string() }.of(NAME));
        }
        if u32::from(most) >> bits != 0 {
            return Err(Fault::Code { bits, got: most }.of(NAME));
        }
        Ok(Self { codes, bits, width, height })
    }
}

/// Results at one scale.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Scale {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Number of samples in flat areas, the only ones that are analysed.
    pub masked: u64,
    /// Sum of the 10-bit values after smoothing.
    pub image_sum: u64,
    /// Sum of all contrasts.
    pub contrast_sum: f64,
    /// Largest contrast.
    pub contrast_max: f32,
    /// Number of largest contrasts in the score.
    pub top: u64,
    /// Mean of those contrasts.
    pub score: f64,
}

/// A score and its components.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Report {
    /// 0..=1000; higher is worse.
    pub score: f64,
    /// Side of the window in samples.
    pub window: usize,
    /// A sample is flat if more than this number of its 49 neighbours are flat.
    pub flat_limit: i32,
    /// For each difference from 1 up, the highest 10-bit code at which it is visible.
    pub visible_up_to: Vec<u16>,
    /// The lowest 10-bit code at which banding is visible.
    pub least_visible: u16,
    /// Largest first.
    pub scales: [Scale; SCALES],
}

/// Contrasts at one scale, row by row: 0 and more.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Map {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// `width * height` contrasts.
    pub contrasts: Vec<f32>,
}

/// Contrasts of an image at all scales.
#[derive(Clone, Debug, PartialEq)]
pub struct Maps {
    /// Largest first.
    pub scales: Vec<Map>,
    /// Size of the analysed image.
    size: (usize, usize),
    window: usize,
    max_weight: usize,
}

impl Maps {
    /// The map of one scale in 16 bits, as written by the original: 65535 is the possible maximum.
    pub fn heat(&self, scale: usize) -> Option<Vec<u16>> {
        let map = self.scales.get(scale)?;
        let unit = 65_535.0 / (self.max_weight * self.window * self.window / 4) as f64;
        Some(map.contrasts.iter().map(|&c| (unit * f64::from(c)) as u16).collect())
    }

    /// Contribution of each sample to the score: the contrasts above it at all scales, with the weights of
    /// the score and in its units. Row by row, with the size of the plane.
    pub fn full(&self) -> Map {
        let (width, height) = self.size;
        let mut contrasts = vec![0.0; width * height];
        let unit = 1.0 / (self.window * self.window) as f64;
        let Some((w, h)) = self.scales.first().map(|map| (map.width, map.height)) else {
            return Map { width, height, contrasts };
        };
        for (scale, (map, weight)) in self.scales.iter().zip(SCALE_WEIGHTS).enumerate() {
            let weight = (weight * unit) as f32;
            let columns: Vec<usize> = (0..width).map(|x| (x * w / width) >> scale).collect();
            for (y, out) in contrasts.chunks_exact_mut(width).enumerate() {
                let row = &map.contrasts[((y * h / height) >> scale) * map.width..][..map.width];
                out.iter_mut().zip(&columns).for_each(|(out, &x)| *out += weight * row[x]);
            }
        }
        Map { width, height, contrasts }
    }
}

/// Scores a plane. Cost: about 5 ns per sample with the default options. Independent of the number of threads
/// and the instruction set.
///
/// Source: P. Tandon, M. Afonso, J. Sole, L. Krasula, "CAMBI: Contrast-aware multiscale banding index",
/// PCS 2021; Netflix/vmaf `libvmaf/src/feature/cambi.c` of August 2026.
/// Differs: the window may have up to 255 samples instead of 65, which only images above 4K need.
///
/// # Errors
/// When both sides are below 216 samples, an option is out of range, the image is so large that its window
/// would exceed 255 samples, or when cancelled.
pub fn score(luma: &Luma<'_>, options: &Options, ctx: &Context<'_>) -> Result<Report, MetricError> {
    Ok(compute(luma, options, options.encoded_size(), false, ctx)?.0)
}

/// As [`score`], with its components.
///
/// # Errors
/// As [`score`].
pub fn score_with_maps(
    luma: &Luma<'_>,
    options: &Options,
    ctx: &Context<'_>,
) -> Result<(Report, Maps), MetricError> {
    let (report, maps) = compute(luma, options, options.encoded_size(), true, ctx)?;
    let max_weight = WEIGHTS[groups(1 << options.max_log_contrast) - 1].0 as usize;
    let maps = Maps { scales: maps, size: (luma.width, luma.height), window: report.window, max_weight };
    Ok((report, maps))
}

/// Full-reference CAMBI: the increase of an image's score over its source's; 0 if there is none.
pub fn worse_by(encoded: f64, source: f64) -> f64 {
    (encoded - source).max(0.0)
}

fn compute(
    luma: &Luma<'_>,
    options: &Options,
    size: (usize, usize),
    maps: bool,
    ctx: &Context<'_>,
) -> Result<(Report, Vec<Map>), MetricError> {
    options.check()?;
    let fits = |&(w, h): &(usize, usize)| w > 0 && h > 0 && w <= luma.width && h <= luma.height;
    let (width, height) = Some(size).filter(fits).unwrap_or((luma.width, luma.height));
    long_enough(width, height)?;
    let halve = width * height >= options.high_res_speedup.samples();
    let mut window = (options.window_size as usize * (width + height) / 375) >> 4;
    if halve {
        window = (window + 1) >> 1;
    }
    window |= 1;
    if window > WIDEST {
        return Err(Fault::Large { widest: WIDEST, size: (width, height) }.of(NAME));
    }

    let reach = 1usize << options.max_log_contrast;
    let seen: Vec<u16> = (1..=reach).map(|d| options.eotf.visible_up_to(d, options.tvi_threshold)).collect();
    let least_visible = options.eotf.least_visible(options.vis_lum_threshold);
    let rules = rules(window, reach, &seen, least_visible);
    let bits = if options.enc_bitdepth == 0 { u32::from(luma.bits) } else { options.enc_bitdepth };
    let levels = levels(luma, (width, height), bits < 10, halve, rules.values, rules.cut, ctx)?;

    let top = |level: &Level| {
        let samples = level.width * level.height;
        ((options.topk * samples as f64) as usize).clamp(1, samples) as u64
    };
    // If all contrasts fit into the share, the largest need not be selected.
    let keep: Vec<bool> = levels.iter().map(|level| maps || level.scored > top(level)).collect();
    let strips = strips(&levels, &keep, &rules, ctx)?;

    let scales: [Scale; SCALES] = std::array::from_fn(|i| {
        let level = &levels[i];
        let strips: Vec<&ContrastStrip> = strips.iter().filter(|strip| strip.scale == i).collect();
        let contrast_sum = strips.iter().map(|strip| strip.sum).sum();
        let top = top(level);
        let sum = if level.scored > top { pool::sum_of_largest(&strips, top) } else { contrast_sum };
        Scale {
            width: level.width,
            height: level.height,
            masked: level.masked,
            image_sum: level.sum,
            contrast_sum,
            contrast_max: strips.iter().fold(0.0, |max, strip| strip.max.max(max)),
            top,
            score: sum / top as f64,
        }
    });
    let weighed: f64 = scales.iter().zip(SCALE_WEIGHTS).map(|(scale, weight)| weight * scale.score).sum();
    let report = Report {
        score: (weighed / (window * window) as f64).min(MOST),
        window,
        flat_limit: prepare::flat_limit(width, height),
        visible_up_to: seen,
        least_visible,
        scales,
    };
    let maps = if maps { (0..SCALES).map(|i| map(&levels[i], &strips, i)).collect() } else { Vec::new() };
    Ok((report, maps))
}

/// Whether images of that size, in samples, have a value.
pub fn is_large_enough(width: usize, height: usize) -> bool {
    width.max(height) >= LEAST_SIDE
}

fn long_enough(width: usize, height: usize) -> Result<(), MetricError> {
    if is_large_enough(width, height) {
        return Ok(());
    }
    Err(Fault::Short { needed: LEAST_SIDE, size: (width, height) }.of(NAME))
}

/// Ranges of values and their smallest visible differences.
fn rules(window: usize, reach: usize, seen: &[u16], least_visible: u16) -> Rules {
    let (reach16, highest) = (reach as u16, seen.last().copied().unwrap_or(0));
    // Other values are in no window of a sample that has a contrast.
    let low = (least_visible + 1).saturating_sub(3 * reach16);
    let high = (highest + reach16).min(TOP);
    let least = (least_visible + 1).saturating_sub(2 * reach16).max(low);
    let most = highest.min(high);
    let first = |value: u16| {
        let counts =
            |d: &usize| value <= seen[d - 1] && usize::from(value) + reach + d > usize::from(least_visible);
        (1..=reach).find(counts).unwrap_or(reach + 1) as u8
    };
    Rules {
        cut: ColumnStrips::new(window / 2),
        reach,
        values: Values { low, high, least, most },
        first: (low..=high).map(first).collect(),
    }
}

fn map(level: &Level, strips: &[ContrastStrip], scale: usize) -> Map {
    let (width, height) = (level.width, level.height);
    let mut contrasts = vec![0.0; width * height];
    for strip in strips.iter().filter(|strip| strip.scale == scale) {
        for (y, row) in strip.contrasts.chunks_exact(strip.width).enumerate() {
            contrasts[y * width + strip.x..][..strip.width].copy_from_slice(row);
        }
    }
    Map { width, height, contrasts }
}

/// Scores an image by its luma in studio range.
///
/// YUV: the luma plane as stored; full range is converted to studio range at its depth, with at least 10 bits
/// if the depth is above 8. RGB and grey: if all samples are 8-bit codes, whatever the depth of the file,
/// `((47 R + 157 G + 16 B + 128) >> 8) + 16`; otherwise `64 + 876 · (47 R + 157 G + 16 B) / 220` of values
/// clamped to 0..=1, rounded to 10 bits.
///
/// # Errors
/// As [`score`], and when a sample is not finite.
pub fn score_image(image: &Image, options: &Options, ctx: &Context<'_>) -> Result<Report, MetricError> {
    of_image(image, ctx, |luma| score(luma, options, ctx))
}

/// As [`score_image`], with its components.
///
/// # Errors
/// As [`score_image`].
pub fn score_image_with_maps(
    image: &Image,
    options: &Options,
    ctx: &Context<'_>,
) -> Result<(Report, Maps), MetricError> {
    of_image(image, ctx, |luma| score_with_maps(luma, options, ctx))
}

fn of_image<T>(
    image: &Image,
    ctx: &Context<'_>,
    then: impl FnOnce(&Luma<'_>) -> Result<T, MetricError>,
) -> Result<T, MetricError> {
    whole(NAME, image)?;
    let (width, height) = (image.width(), image.height());
    long_enough(width, height)?;
    match studio_luma(image, ctx.level)? {
        Owned::Eight(codes) => then(&Luma::new(&codes[..], 8, width, height)?),
        Owned::Deep { bits, codes } => then(&Luma::new(&codes[..], bits, width, height)?),
    }
}
