//! Winograd convolution: kernels are divided into pieces of 3×3 or 2×2 taps, which are summed in the
//! transform domain.
//!
//! For the kernel (`winograd`), pieces are like channels: further terms of the sum. So kernels of any
//! size and stride use Winograd transforms where that takes fewer multiplications.

use std::ops::Range;

use unband_nets::Shape;
use unband_nets::layer::conv::Conv;
use unband_nets::layer::conv_transpose::ConvTranspose;
use unband_simd::infer::winograd::{self, Band, ChannelGroup, LANES, READ, TILE, Taps};
use unband_simd::{Level, Precision};

use super::fetch;
use super::rows;
use super::scratch::Scratch;
use super::staged::Staged;
use super::strip::Strip;

/// Minimum number of input channels for which fewer multiplications outweigh the transforms.
const ENOUGH: usize = 8;

/// Maximum dilation: beyond, rows are too far apart.
const FURTHEST: usize = 2;

/// Maximum number of transformed weights. With more of them, images are small, and reading weights takes
/// longer than the sums.
const MOST: usize = 8 << 20;

/// The same where less than half of the multiplications is saved: the size of a second-level cache.
const FEW: usize = 1 << 18;

/// Division of a convolution's kernel into pieces.
#[derive(Clone, Copy, Debug)]
pub(super) struct KernelSplit {
    piece: Taps,
    kernel: (usize, usize),
    stride: usize,
    dilation: usize,
    padding: (usize, usize),
}

impl KernelSplit {
    /// The division for a convolution, if it is worthwhile.
    pub(super) fn from_conv(conv: &Conv) -> Option<Self> {
        let &Conv { kernel, stride, dilation, padding, .. } = conv;
        if conv.groups > 1 || dilation > FURTHEST || (stride > 1 && dilation > 1) {
            return None;
        }
        let two = kernel.0.max(kernel.1) <= 2 * stride && stride > 1;
        let piece = if two { Taps::Two } else { Taps::Three };
        let cut = Self { piece, kernel, stride, dilation, padding };
        cut.worth(kernel.0 * kernel.1, conv.input, conv.output).then_some(cut)
    }

    /// The divisions for the four convolutions of 2×2 taps that compute the samples of even and odd rows and
    /// columns, row by row, if the transposed convolution consists of them and that is worthwhile.
    pub(super) fn quarters(conv: &ConvTranspose) -> Option<[Self; 4]> {
        let &ConvTranspose { input, output, kernel, stride, padding, .. } = conv;
        let cut = |phase: usize| Self {
            piece: Taps::Two,
            kernel: (2, 2),
            stride: 1,
            dilation: 1,
            padding: (1 - phase / 2, 1 - phase % 2),
        };
        let four = (kernel, stride, padding) == (4, 2, 1) && output >= ENOUGH;
        (four && cut(0).worth(4, input, 4 * output)).then(|| std::array::from_fn(cut))
    }

    /// The division for the convolution that computes all output samples between two input samples at once,
    /// if that is one piece and worthwhile.
    pub(super) fn of_transposed(conv: &ConvTranspose) -> Option<Self> {
        let &ConvTranspose { input, output, kernel, stride, padding, .. } = conv;
        // The result's sides are the input's times the stride, and only the sample below and its neighbours
        // are read.
        let near = kernel == stride + 2 * padding && padding <= stride;
        let cut = Self { piece: Taps::Three, kernel: (3, 3), stride: 1, dilation: 1, padding: (1, 1) };
        let samples = stride * stride;
        let worth = cut.worth(kernel * kernel / samples, input, output * samples);
        (near && worth).then_some(cut)
    }

    /// Whether it is faster than `taps` taps per sample.
    fn worth(self, taps: usize, input: usize, output: usize) -> bool {
        // Products and taps of 16 samples.
        let (products, taps) = (self.pieces().count() * self.piece.products().pow(2), 16 * taps);
        let most = if taps >= 2 * products { MOST } else { FEW };
        input >= ENOUGH && 3 * products <= 2 * taps && products * input * output <= most
    }

    /// First taps of the pieces along a side of this length. Samples a stride apart form an image of their
    /// own, with its own taps.
    fn firsts(self, side: usize) -> impl Iterator<Item = usize> + Clone {
        (0..self.stride.min(side))
            .flat_map(move |phase| (phase..side).step_by(self.piece.side() * self.stride))
    }

    /// Row and column of the first tap of each piece, row by row.
    fn pieces(self) -> impl Iterator<Item = (usize, usize)> {
        let columns = self.firsts(self.kernel.1);
        self.firsts(self.kernel.0).flat_map(move |row| columns.clone().map(move |column| (row, column)))
    }

    /// Number of rows computed together, starting at a multiple of it.
    pub(super) fn rows_together(self) -> usize {
        TILE * self.dilation
    }

    /// The input rows that determine these rows. Whole tiles are computed, whichever of their rows are
    /// requested.
    pub(super) fn needed(self, height: usize, rows: Range<usize>) -> Range<usize> {
        let together = self.rows_together();
        let rows = rows.start / together * together..rows.end.next_multiple_of(together);
        rows::under(rows, self.span(self.kernel.0), self.stride, self.padding.0, height)
    }

    /// Samples from the first tap to the last along a side of this length.
    fn span(self, side: usize) -> usize {
        let first = self.firsts(side).max().unwrap_or(0);
        (first + (self.piece.side() - 1) * self.stride) * self.dilation + 1
    }

    /// Radius of the samples that enter the sums of one sample, including those with weights that cancel.
    pub(super) fn radius(self) -> usize {
        let tile = (TILE - 1) * self.stride * self.dilation;
        let reach = |side: usize, padding: usize| padding.max(self.span(side).saturating_sub(padding + 1));
        tile + reach(self.kernel.0, self.padding.0).max(reach(self.kernel.1, self.padding.1))
    }
}

/// A convolution with its transformed weights.
pub(super) struct Tiles {
    cut: KernelSplit,
    input: usize,
    output: usize,
    precision: Precision,
    weights: Vec<f32>,
}

impl Tiles {
    /// For these numbers of input and output channels; `weight(output, tap, input)`, taps row by row.
    pub(super) fn new(
        cut: KernelSplit,
        input: usize,
        output: usize,
        level: Level,
        asked: Precision,
        weight: impl Fn(usize, usize, usize) -> f32,
    ) -> Self {
        let pieces: Vec<(usize, usize)> = cut.pieces().collect();
        let at = |o: usize, t: usize, i: usize| {
            let (row, column) = pieces[i / input];
            let side = cut.piece.side();
            let (row, column) = (row + t / side * cut.stride, column + t % side * cut.stride);
            let inside = row < cut.kernel.0 && column < cut.kernel.1;
            if inside { weight(o, row * cut.kernel.1 + column, i % input) } else { 0.0 }
        };
        let inputs = pieces.len() * input;
        // 16-bit values are multiplied in pairs.
        // Interpolation of 2×2 taps multiplies the error of 16 bits.
        let able = inputs.is_multiple_of(2) && cut.piece == Taps::Three && winograd::has(level, asked);
        let precision = if able { asked } else { Precision::F32 };
        let weights = winograd::pack(level, precision, cut.piece, output, inputs, at);
        Self { cut, input, output, precision, weights }
    }

    /// The division of the kernel.
    pub(super) fn cut(&self) -> KernelSplit {
        self.cut
    }

    fn shape(&self, width: usize, out_step: usize) -> winograd::Shape {
        let inputs = self.input * self.cut.pieces().count();
        let (taps, outputs, dilation) = (self.cut.piece, self.output, self.cut.dilation);
        winograd::Shape { taps, inputs, outputs, width, out_step, dilation, precision: self.precision }
    }

    /// Zero samples before an input row, and the number of samples read from the first of them on, for
    /// samples of `channels` channels.
    pub(super) fn margin(&self, channels: usize, made: Shape) -> (usize, usize) {
        let cut = self.cut;
        // The samples that a piece reads, and how much further a kernel of several pieces reads.
        let samples = (self.shape(made.width, self.output).samples() - 1) * cut.stride;
        let further = cut.span(cut.kernel.1) - (cut.piece.side() - 1) * cut.stride * cut.dilation;
        // The overshoot of a vector beyond a sample: whole samples of the next.
        (cut.padding.1, samples + further + LANES.div_ceil(channels))
    }

    /// Computes rows with `out_step` floats from sample to sample, and calls `done` with each.
    pub(super) fn strip(
        &self,
        strip: &Strip<'_>,
        bias: &[f32],
        out_step: usize,
        lines: &mut [&mut [f32]],
        done: &dyn Fn(usize, &mut [f32]),
    ) {
        let cut = self.cut;
        let (stride, dilation) = (cut.stride, cut.dilation);
        let (shape, level) = (self.shape(strip.shape.width, out_step), strip.fetch.level);
        let read = cut.piece.products();
        let (bands, together) = (shape.bands(), cut.rows_together());
        let (sources, mut staged) = self.sources(strip, bands);
        let mut scratch = Scratch::with_floats(shape.scratch());
        let (tops, columns) = (cut.firsts(cut.kernel.0).count(), cut.firsts(cut.kernel.1).count());
        for (i, lines) in lines.chunks_mut(bands * together).enumerate() {
            let first = strip.first + i * bands * together;
            let bands = lines.len().div_ceil(together);
            for phase in 0..dilation.min(lines.len()) {
                let tops_of = |band: usize| {
                    let over = (first + band * together + phase) * stride;
                    cut.firsts(cut.kernel.0).map(move |row| over + row * dilation)
                };
                let places = (0..bands).flat_map(|band| {
                    tops_of(band).flat_map(|top| (0..read).map(move |a| top + a * stride * dilation))
                });
                let rows: Vec<Vec<&[f32]>> = staged
                    .iter_mut()
                    .map(|staged| {
                        staged.rows(strip, places.clone().map(|place| place.checked_sub(cut.padding.0)))
                    })
                    .collect();
                let parts: Vec<Vec<ChannelGroup<'_>>> = (0..bands)
                    .map(|band| {
                        let piece = |(piece, (_, column)): (usize, (usize, usize))| {
                            let top = band * tops + piece / columns;
                            let part = |(n, part): (usize, &fetch::ChannelRange)| {
                                let each = strip.fetch.shapes[part.value].channels;
                                let start = column * dilation * each + part.start;
                                let from = |a: usize| &rows[n][top * read + a.min(read - 1)][start..];
                                let rows: [&[f32]; READ] = std::array::from_fn(from);
                                ChannelGroup { channels: part.channels, step: stride * each, rows }
                            };
                            sources.iter().enumerate().map(part).collect::<Vec<_>>()
                        };
                        cut.pieces().enumerate().flat_map(piece).collect()
                    })
                    .collect();
                let mut own = lines.iter_mut().skip(phase).step_by(dilation);
                // Below the image.
                let mut spare: [Option<Scratch>; TILE] = Default::default();
                let mut spares = spare.iter_mut();
                let mut band = |parts| {
                    let line = |_| match own.next() {
                        Some(line) => &mut **line,
                        None => spares.next().map_or_else(Default::default, |spare| {
                            &mut **spare.get_or_insert_with(|| Scratch::with_floats(shape.width * out_step))
                        }),
                    };
                    Band { out: std::array::from_fn(line), parts }
                };
                let mut all: Vec<Band<'_>> = parts.iter().map(|parts| band(parts)).collect();
                winograd::four_rows(level, shape, &mut all, &self.weights, bias, &mut scratch);
            }
            for (y, line) in (first..).zip(lines) {
                done(y, line);
            }
        }
    }

    /// The parts of the input, with rows of each.
    fn sources(&self, strip: &Strip<'_>, bands: usize) -> (Vec<fetch::ChannelRange>, Vec<Staged>) {
        let kept = |value: usize| strip.fetch.rings[value].is_some();
        let rows = bands * self.cut.rows_together();
        let span = self.cut.span(self.cut.kernel.0) + (rows - 1) * self.cut.stride;
        let staged = |part: &fetch::ChannelRange| {
            let from = strip.fetch.shapes[part.value];
            let (left, samples) = self.margin(from.channels, strip.shape);
            Staged::new(part.value, from, span, left, (left + from.width).max(samples) * from.channels)
        };
        let parts = fetch::parts(strip.fetch.graph, strip.fetch.shapes, kept, strip.input);
        let staged = parts.iter().map(staged).collect();
        (parts, staged)
    }
}
