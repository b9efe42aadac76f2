//! Planes from JPEG coefficients, in floating point: no rounding or clamping on the way.
//!
//! Source: ITU-T T.81, A.3; ITU-T T.871, 7; libjpeg-turbo `jdsample.c` (which ratios are interpolated).

use unband_image::Plane;
use unband_simd::{Level, io::jpeg_chroma, io::jpeg_dct};

use super::scan::Channel;
use crate::{Error, limits};

/// Meaning of the components.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Colors {
    /// Grey, or red, green and blue.
    Plain,
    /// Luma, blue and red difference.
    Ycc,
    /// Amounts of ink.
    Cmyk,
    /// Light left by the inks, as Adobe stores it.
    InvertedCmyk,
    /// The three inks as luma and differences, then the light left by black.
    Ycck,
}

/// The planes of an image, grey or RGB; full scale is `2^bits - 1`. Rows are computed in sequence from the
/// block rows they need.
pub(super) fn from_channels(
    channels: &[Channel],
    colors: Colors,
    bits: u8,
    width: usize,
    height: usize,
) -> Result<Vec<Plane>, Error> {
    let level = Level::best();
    let max = ((1u32 << bits) - 1) as f32;
    let middle = (1u32 << (bits - 1)) as f32;
    let count = if channels.len() == 1 { 1 } else { 3 };
    let mut planes: Vec<Plane> =
        (0..count).map(|_| limits::new_plane(width, height)).collect::<Result<_, _>>()?;
    let differences = matches!(colors, Colors::Ycc | Colors::Ycck);
    let mut components: Vec<ComponentRows<'_>> = channels
        .iter()
        .enumerate()
        .map(|(i, channel)| {
            let centred = differences && (i == 1 || i == 2);
            ComponentRows::new(level, channel, if centred { 0.0 } else { middle }, width)
        })
        .collect();
    for y in 0..height {
        for component in &mut components {
            component.prepare(y);
        }
        let mut out: Vec<&mut [f32]> = planes.iter_mut().map(|p| p.row_mut(y)).collect();
        let rows: Vec<&[f32]> = components.iter().map(|component| component.row(y)).collect();
        match (&mut out[..], &rows[..]) {
            ([red, green, blue], [luma, cb, cr, black @ ..]) if differences => {
                jpeg_chroma::ycc_to_rgb(level, red, green, blue, luma, cb, cr, max);
                if let [black] = black {
                    for out in [red, green, blue] {
                        let values = out.iter_mut().zip(*black);
                        values.for_each(|(out, k)| *out = share(1.0 - *out) * share(k / max));
                    }
                }
            }
            (out, [inks @ .., black]) if matches!(colors, Colors::Cmyk | Colors::InvertedCmyk) => {
                let light = |v: f32| share(if colors == Colors::Cmyk { 1.0 - v / max } else { v / max });
                for (out, ink) in out.iter_mut().zip(inks) {
                    let values = ink.iter().zip(*black).map(|(&ink, &black)| light(ink) * light(black));
                    out.iter_mut().zip(values).for_each(|(out, value)| *out = value);
                }
            }
            (out, rows) => {
                for (out, row) in out.iter_mut().zip(rows) {
                    jpeg_chroma::to_unit(level, out, row, max);
                }
            }
        }
    }
    Ok(planes)
}

/// Clamps an ink's share of light to 0..=1; a product of values outside that range has no meaning.
fn share(light: f32) -> f32 {
    light.clamp(0.0, 1.0)
}

/// Upsampling of a component to the image's size, in one direction.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Growth {
    None,
    /// Factor 2, interpolated.
    Twice,
    /// Any factor, by repetition.
    Repeat,
}

/// The samples of one component around the current row.
struct ComponentRows<'a> {
    level: Level,
    channel: &'a Channel,
    steps: [f32; 64],
    /// Value of a coefficient of zero.
    middle: f32,
    growth: (Growth, Growth),
    /// Two rows of blocks: sample row `y` is at `y % 16`.
    samples: Vec<f32>,
    stride: usize,
    /// Number of block rows computed so far.
    made: usize,
    /// A buffer for an interpolated row, and one as wide as the image.
    between: Vec<f32>,
    wide: Vec<f32>,
}

impl<'a> ComponentRows<'a> {
    fn new(level: Level, channel: &'a Channel, middle: f32, width: usize) -> Self {
        let growth = |own: usize, finest: usize| match (finest / own, finest % own) {
            (1, 0) => Growth::None,
            (2, 0) => Growth::Twice,
            _ => Growth::Repeat,
        };
        let (sampling, finest) = (channel.sampling, channel.finest);
        let (mut across, mut down) = (growth(sampling.0, finest.0), growth(sampling.1, finest.1));
        // As libjpeg: only these pairs are interpolated, and never rows of one or two samples.
        if across == Growth::Twice && (channel.width <= 2 || down == Growth::Repeat) {
            across = Growth::Repeat;
        }
        if down == Growth::Twice && across == Growth::Repeat {
            down = Growth::Repeat;
        }
        let stride = 8 * channel.blocks.0;
        Self {
            level,
            channel,
            steps: channel.steps.map(f32::from),
            middle,
            growth: (across, down),
            samples: vec![0.0; 16 * stride],
            stride,
            made: 0,
            between: vec![0.0; if down == Growth::Twice { channel.width } else { 0 }],
            wide: vec![0.0; if across == Growth::None { 0 } else { width }],
        }
    }

    /// The two sample rows from which row `y` of the image is interpolated: the nearer and the farther one.
    fn sources(&self, y: usize) -> (usize, usize) {
        let last = self.channel.height - 1;
        match self.growth.1 {
            Growth::None => (y, y),
            Growth::Twice => {
                let far = if y.is_multiple_of(2) { (y / 2).saturating_sub(1) } else { y / 2 + 1 };
                (y / 2, far.min(last))
            }
            Growth::Repeat => {
                let near = (y * self.channel.sampling.1 / self.channel.finest.1).min(last);
                (near, near)
            }
        }
    }

    /// Computes row `y` of the image; rows must be requested in sequence.
    fn prepare(&mut self, y: usize) {
        let (near, far) = self.sources(y);
        while self.made <= near.max(far) / 8 {
            let row = 64 * self.channel.blocks.0;
            let coefficients = &self.channel.coefficients[self.made * row..][..row];
            let half = 8 * self.stride;
            let rows = &mut self.samples[self.made % 2 * half..][..half];
            jpeg_dct::blocks_to_rows(self.level, rows, self.stride, coefficients, &self.steps, self.middle);
            self.made += 1;
        }
        let sample_row = |y: usize| &self.samples[y % 16 * self.stride..][..self.channel.width];
        let source = if self.growth.1 == Growth::Twice {
            jpeg_chroma::between_rows(self.level, &mut self.between, sample_row(near), sample_row(far));
            &self.between
        } else {
            sample_row(near)
        };
        match self.growth.0 {
            Growth::None => {}
            Growth::Twice => jpeg_chroma::twice_as_wide(self.level, &mut self.wide, source),
            Growth::Repeat => {
                let (own, finest) = (self.channel.sampling.0, self.channel.finest.0);
                for (x, out) in self.wide.iter_mut().enumerate() {
                    *out = source[(x * own / finest).min(source.len() - 1)];
                }
            }
        }
    }

    /// The row computed last, `y`, as wide as the image.
    fn row(&self, y: usize) -> &[f32] {
        match self.growth {
            (Growth::None, Growth::Twice) => &self.between,
            (Growth::None, _) => &self.samples[self.sources(y).0 % 16 * self.stride..][..self.channel.width],
            _ => &self.wide,
        }
    }
}
