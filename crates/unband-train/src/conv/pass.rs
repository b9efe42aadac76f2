//! Forward and backward pass of a convolution over sheets, and the gradient of its weights.

use rayon::prelude::*;
use unband_simd::infer::conv::{self, Tap};
use unband_simd::infer::winograd::{Band, ChannelGroup, TILE, Taps};
use unband_simd::{Level, Precision, infer::winograd, train::conv_grad};

use super::sheet::{Frame, Sheet};
use super::walk::{Axis, Walk};

/// Minimum number of channels for which saving multiplications outweighs the Winograd transforms.
const ENOUGH: usize = 16;

/// Read pattern of a pass, vertical and horizontal.
pub struct Pass {
    pub down: Walk,
    pub across: Walk,
}

impl Pass {
    /// Distance from one image to the next that leaves room for all reads and writes.
    pub fn pitch(&self) -> usize {
        let walk = &self.across;
        let room = walk.inputs + walk.before().max(walk.after());
        room.max(walk.per_phase() * walk.step).next_multiple_of(walk.step)
    }

    /// The minimum padding around the input.
    pub fn frame(&self, pitch: usize) -> Frame {
        Frame { rows: (self.down.before(), self.down.after()), left: self.across.before(), pitch }
    }

    /// `weight(output, tap, input)`; taps row by row of the kernel.
    pub fn run(
        &self,
        level: Level,
        input: &Sheet,
        outputs: usize,
        weight: impl Fn(usize, usize, usize) -> f32,
        bias: &[f32],
    ) -> Sheet {
        let [images, inputs, ..] = input.dims;
        let dims = [images, outputs, self.down.outputs, self.across.outputs];
        let pitch = input.frame.pitch / self.across.step * self.across.phases.len();
        let mut out = Sheet::zeroes(dims, Frame { rows: (0, 0), left: 0, pitch });
        let three = self.down.is_three_around() && self.across.is_three_around();
        if three && inputs >= ENOUGH && outputs >= ENOUGH && winograd::has(level, Precision::F32) {
            self.by_tiles(level, input, &mut out, weight, bias);
        } else {
            self.row_by_row(level, input, &mut out, weight, bias);
        }
        out
    }

    /// Outputs of a phase in a row, including those between images, which are meaningless.
    fn width(&self, input: &Sheet) -> usize {
        (input.dims[0] - 1) * (input.frame.pitch / self.across.step) + self.across.per_phase()
    }

    fn row_by_row(
        &self,
        level: Level,
        input: &Sheet,
        out: &mut Sheet,
        weight: impl Fn(usize, usize, usize) -> f32,
        bias: &[f32],
    ) {
        let (inputs, outputs) = (input.dims[1], out.dims[1]);
        let phases = (self.down.phases.len(), self.across.phases.len());
        let packed: Vec<Vec<f32>> = (0..phases.0 * phases.1)
            .map(|p| {
                let taps: Vec<usize> =
                    self.taps(p).map(|(down, across)| down * self.across.kernel + across).collect();
                conv::pack(level, outputs, taps.len(), inputs, |o, t, i| weight(o, taps[t], i))
            })
            .collect();
        let left = |tap: isize| input.frame.left.wrapping_add_signed(tap);
        let width = self.width(input);
        let out_step = phases.1 * outputs;
        let shape = conv::Shape { inputs, outputs, width, stride: self.across.step, out_step };
        let (row, height) = (out.row(), out.dims[2]);
        out.rows_mut().par_chunks_mut(row).take(height).enumerate().for_each(|(y, row)| {
            let down = &self.down.phases[y % phases.0];
            let over = (y / phases.0 * self.down.step).cast_signed();
            let start = -input.frame.left.cast_signed();
            let rows: Vec<&[f32]> = down.iter().map(|tap| input.from(over + tap.offset, start)).collect();
            for (phase, across) in self.across.phases.iter().enumerate() {
                let taps: Vec<Tap> = (0..down.len())
                    .flat_map(|row| across.iter().map(move |tap| Tap { row, column: left(tap.offset) }))
                    .collect();
                let packed = &packed[y % phases.0 * phases.1 + phase];
                conv::conv_row(level, shape, &mut row[phase * outputs..], &rows, &taps, packed, bias);
            }
        });
    }

    /// Kernel indices of a phase's taps, vertical and horizontal.
    fn taps(&self, phase: usize) -> impl Iterator<Item = (usize, usize)> {
        let count = self.across.phases.len();
        let (down, across) = (&self.down.phases[phase / count], &self.across.phases[phase % count]);
        down.iter().flat_map(move |d| across.iter().map(move |a| (d.index, a.index)))
    }

    /// Winograd transform, four rows at a time.
    fn by_tiles(
        &self,
        level: Level,
        input: &Sheet,
        out: &mut Sheet,
        weight: impl Fn(usize, usize, usize) -> f32,
        bias: &[f32],
    ) {
        let (inputs, outputs) = (input.dims[1], out.dims[1]);
        let mut order = [0; 9];
        for (d, a) in self.taps(0) {
            let place = |walk: &Walk, index| {
                walk.phases[0].iter().find(|tap| tap.index == index).map_or(0, |t| t.offset + 1)
            };
            order[(place(&self.down, d) * 3 + place(&self.across, a)) as usize] = d * 3 + a;
        }
        let packed = winograd::pack(level, Precision::F32, Taps::Three, outputs, inputs, |o, t, i| {
            weight(o, order[t], i)
        });
        let shape = winograd::Shape {
            taps: Taps::Three,
            inputs,
            outputs,
            width: self.width(input),
            out_step: outputs,
            dilation: 1,
            precision: Precision::F32,
        };
        let (row, height) = (out.row(), out.dims[2]);
        // Sheets have rows of zeroes below the input, and room for rows below the last.
        let fours = out.rows_mut().par_chunks_mut(TILE * row).take(height.div_ceil(TILE)).enumerate();
        fours.for_each_init(
            || vec![0.0; shape.scratch()],
            |scratch, (number, out)| {
                let mut own = out.chunks_mut(row);
                let out: [&mut [f32]; TILE] = std::array::from_fn(|_| own.next().unwrap_or_default());
                let first = (number * TILE).cast_signed() - 1;
                let rows = std::array::from_fn(|y: usize| input.from(first + y.cast_signed(), -1));
                let part = ChannelGroup { channels: inputs, step: inputs, rows };
                let parts = [part];
                let mut band = Band { out, parts: &parts };
                winograd::four_rows(level, shape, std::slice::from_mut(&mut band), &packed, bias, scratch);
            },
        );
    }
}

/// The gradient of the weights, `[O, I, rows, columns]`, from the input and the gradient of the output. The
/// pitch of the input is the stride times that of the gradient; between images the gradient has zeroes.
pub(crate) fn weight_gradient(
    level: Level,
    [down, across]: [Axis; 2],
    input: &Sheet,
    gradient: &Sheet,
) -> Vec<f32> {
    let ([images, inputs, ..], [_, outputs, height, columns]) = (input.dims, gradient.dims);
    let width = (images - 1) * gradient.frame.pitch + columns;
    let shape = conv_grad::Shape { inputs, outputs, width, stride: across.stride };
    let (block, taps) = (conv::block(level), down.kernel * across.kernel);
    let len = shape.sums(level);
    let parts = outputs.div_ceil(block) * taps;
    let mut sums = vec![0.0; parts * len];
    // Every sum belongs to one thread and is added in row order.
    let share = parts.div_ceil(rayon::current_num_threads());
    sums.par_chunks_mut(share * len).enumerate().for_each(|(thread, sums)| {
        for y in 0..height {
            let row = gradient.from(y.cast_signed(), 0);
            for (part, sums) in (thread * share..).zip(sums.chunks_exact_mut(len)) {
                let (first, tap) = (part / taps * block, part % taps);
                let over = (y * down.stride).cast_signed() + down.offset(tap / across.kernel);
                let from = input.from(over, across.offset(tap % across.kernel));
                conv_grad::add_products(level, shape, first, from, row, sums);
            }
        }
    });
    let mut all = Vec::with_capacity(outputs * inputs * taps);
    for o in 0..outputs {
        for i in 0..inputs {
            all.extend((0..taps).map(|t| sums[(o / block * taps + t) * len + i * block + o % block]));
        }
    }
    all
}
