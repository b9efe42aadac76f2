//! Convolutions by Winograd's filtering: kernels are cut into pieces of 3×3 taps, which are added up before they become samples.
//!
//! A piece is to the kernel (`winograd_rows`) what channels are: more of what is summed. So kernels of any size and stride are
//! filtered where that takes fewer multiplications.

use unband_nets::Shape;
use unband_nets::layer::conv::{Conv, ConvTranspose};
use unband_simd::winograd_rows::{self, LANES, Part, READ, TILE};
use unband_simd::{Level, Precision};

use super::conv::Staged;
use super::fetch;
use super::kernel::Strip;
use super::scratch::Scratch;

/// Taps of a piece's side.
const PIECE: usize = 3;

/// Channels of the input from which on fewer multiplications are worth the transforms.
const ENOUGH: usize = 8;

/// Dilations for which rows still lie near each other.
const FURTHEST: usize = 2;

/// Floats of transformed weights, at most: where there are more, images are small, and reading weights takes longer than sums.
const MOST: usize = 3 << 20;

/// The same where less than half of the multiplications is saved: what a second-level cache holds.
const FEW: usize = 1 << 18;

/// How a convolution's kernel is cut.
#[derive(Clone, Copy, Debug)]
pub struct Cut {
    kernel: (usize, usize),
    stride: usize,
    dilation: usize,
    padding: (usize, usize),
}

impl Cut {
    /// That of a convolution for which it is worth while.
    pub fn of(conv: &Conv) -> Option<Self> {
        let &Conv { kernel, stride, dilation, padding, .. } = conv;
        if conv.groups > 1 || dilation > FURTHEST || (stride > 1 && dilation > 1) {
            return None;
        }
        let cut = Self { kernel, stride, dilation, padding };
        cut.worth(kernel.0 * kernel.1, (conv.input, conv.output)).then_some(cut)
    }

    /// That of the convolution which makes all samples between two of the input at once, where that is one piece and worth while.
    pub fn of_transposed(conv: &ConvTranspose) -> Option<Self> {
        let &ConvTranspose { input, output, kernel, stride, padding, .. } = conv;
        // The result's sides are the input's times the stride, and no sample is read but the one below and its neighbours.
        let near = kernel == stride + 2 * padding && padding <= stride;
        let cut = Self { kernel: (PIECE, PIECE), stride: 1, dilation: 1, padding: (1, 1) };
        let samples = stride * stride;
        let worth = cut.worth(kernel * kernel / samples, (input, output * samples));
        (near && worth).then_some(cut)
    }

    /// Is it quicker than so many taps of each sample?
    fn worth(self, taps: usize, (input, output): (usize, usize)) -> bool {
        // A piece takes 36 products for 16 samples.
        let (products, taps) = (self.pieces().count() * 9, 4 * taps);
        let most = if taps >= 2 * products { MOST } else { FEW };
        input >= ENOUGH && 3 * products <= 2 * taps && products * 4 * input * output <= most
    }

    /// First taps of pieces along a side of so many. Samples that lie a stride apart make an image of their own, with its own taps.
    fn firsts(self, side: usize) -> impl Iterator<Item = usize> + Clone {
        (0..self.stride.min(side)).flat_map(move |phase| (phase..side).step_by(PIECE * self.stride))
    }

    /// Row and column of the first tap of each piece, row by row.
    fn pieces(self) -> impl Iterator<Item = (usize, usize)> {
        let columns = self.firsts(self.kernel.1);
        self.firsts(self.kernel.0).flat_map(move |row| columns.clone().map(move |column| (row, column)))
    }

    /// Rows that are made together, from a multiple of their number on.
    pub fn rows_together(self) -> usize {
        TILE * self.dilation
    }

    /// Input rows from the first tap of an output row to the last.
    pub fn rows(self) -> usize {
        self.span(self.kernel.0)
    }

    /// Input rows between output rows, and rows of zeroes above the first.
    pub fn stride_and_padding(self) -> (usize, usize) {
        (self.stride, self.padding.0)
    }

    /// Samples from the first tap to the last along a side of so many.
    fn span(self, side: usize) -> usize {
        let first = self.firsts(side).max().unwrap_or(0);
        (first + (PIECE - 1) * self.stride) * self.dilation + 1
    }

    /// Samples to each side that take part in the sums of one, be it with weights that cancel.
    pub fn radius(self) -> usize {
        let tile = (TILE - 1) * self.stride * self.dilation;
        let reach = |side: usize, padding: usize| padding.max(self.span(side).saturating_sub(padding + 1));
        tile + reach(self.kernel.0, self.padding.0).max(reach(self.kernel.1, self.padding.1))
    }
}

/// A convolution with its transformed weights.
pub struct Tiles {
    cut: Cut,
    input: usize,
    output: usize,
    precision: Precision,
    weights: Vec<f32>,
}

impl Tiles {
    /// Of so many channels in and out; `weight(output, tap, input)`, taps row by row.
    pub fn new(
        cut: Cut,
        (input, output): (usize, usize),
        (level, asked): (Level, Precision),
        weight: impl Fn(usize, usize, usize) -> f32,
    ) -> Self {
        let pieces: Vec<(usize, usize)> = cut.pieces().collect();
        let at = |o: usize, t: usize, i: usize| {
            let (row, column) = pieces[i / input];
            let (row, column) = (row + t / PIECE * cut.stride, column + t % PIECE * cut.stride);
            let inside = row < cut.kernel.0 && column < cut.kernel.1;
            if inside { weight(o, row * cut.kernel.1 + column, i % input) } else { 0.0 }
        };
        let inputs = pieces.len() * input;
        // Numbers of 16 bits are multiplied in pairs.
        let able = inputs.is_multiple_of(2) && winograd_rows::has(level, asked);
        let precision = if able { asked } else { Precision::F32 };
        let weights = winograd_rows::pack(level, precision, output, inputs, at);
        Self { cut, input, output, precision, weights }
    }

    /// How the kernel is cut.
    pub fn cut(&self) -> Cut {
        self.cut
    }

    fn shape(&self, width: usize) -> winograd_rows::Shape {
        let inputs = self.input * self.cut.pieces().count();
        let (outputs, dilation, precision) = (self.output, self.cut.dilation, self.precision);
        winograd_rows::Shape { inputs, outputs, width, dilation, precision }
    }

    /// Samples of zeroes before an input row, and samples from the first of them on that are read, where samples have so many
    /// channels.
    pub fn margin(&self, channels: usize, made: Shape) -> (usize, usize) {
        let cut = self.cut;
        // What a kernel of 3×3 looks at, and how much further one of several pieces does.
        let samples = (self.shape(made.width).samples() - 1) * cut.stride;
        let further = cut.span(cut.kernel.1) - (PIECE - 1) * cut.stride * cut.dilation;
        // What a vector reads beyond a sample: whole samples of the next.
        (cut.padding.1, samples + further + LANES.div_ceil(channels))
    }

    /// Makes rows, and calls `done` with each.
    pub fn strip(
        &self,
        strip: &Strip<'_>,
        bias: &[f32],
        lines: &mut [&mut [f32]],
        done: impl Fn(usize, &mut [f32]),
    ) {
        let cut = self.cut;
        let (stride, dilation) = (cut.stride, cut.dilation);
        let (shape, level) = (self.shape(strip.shape.width), strip.fetch.level);
        let (sources, mut staged) = self.sources(strip);
        let mut scratch = Scratch::of(shape.scratch());
        // Below the image.
        let mut spare: [Option<Scratch>; TILE] = Default::default();
        for (i, lines) in lines.chunks_mut(cut.rows_together()).enumerate() {
            let first = strip.first + i * cut.rows_together();
            for phase in 0..dilation.min(lines.len()) {
                let over = (first + phase) * stride;
                let rows: Vec<Vec<&[f32]>> = staged
                    .iter_mut()
                    .map(|staged| {
                        let tops = cut.firsts(cut.kernel.0).map(|row| over + row * dilation);
                        let places = tops.flat_map(|top| (0..READ).map(move |a| top + a * stride * dilation));
                        staged.rows(strip, places.map(|place| place.checked_sub(cut.padding.0)))
                    })
                    .collect();
                let columns = cut.firsts(cut.kernel.1).count();
                let parts: Vec<Part<'_>> = cut
                    .pieces()
                    .enumerate()
                    .flat_map(|(piece, (_, column))| {
                        let rows = &rows;
                        sources.iter().enumerate().map(move |(n, part)| {
                            let each = strip.fetch.shapes[part.value].channels;
                            let start = column * dilation * each + part.start;
                            let from = |a: usize| &rows[n][piece / columns * READ + a][start..];
                            let rows = std::array::from_fn(from);
                            Part { channels: part.channels, step: stride * each, rows }
                        })
                    })
                    .collect();
                let mut own = lines.iter_mut().skip(phase).step_by(dilation);
                let out = spare.each_mut().map(|spare| {
                    if let Some(line) = own.next() {
                        return &mut **line;
                    }
                    spare.get_or_insert_with(|| Scratch::of(shape.width * self.output))
                });
                winograd_rows::four_rows(level, shape, out, &parts, &self.weights, bias, &mut scratch);
            }
            for (y, line) in (first..).zip(lines) {
                done(y, line);
            }
        }
    }

    /// What the input is put together from, with rows of each.
    fn sources(&self, strip: &Strip<'_>) -> (Vec<fetch::Part>, Vec<Staged>) {
        let kept = |value: usize| strip.fetch.rings[value].is_some();
        let span = self.cut.rows() + (self.cut.rows_together() - 1) * self.cut.stride;
        let staged = |part: &fetch::Part| {
            let from = strip.fetch.shapes[part.value];
            let (left, samples) = self.margin(from.channels, strip.shape);
            Staged::new(part.value, from, span, left, (left + from.width).max(samples) * from.channels)
        };
        let parts = fetch::parts(strip.fetch.graph, strip.fetch.shapes, kept, strip.input);
        let staged = parts.iter().map(staged).collect();
        (parts, staged)
    }
}
