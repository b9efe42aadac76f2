//! PNG image data: filter and level chosen by trial on sampled rows, strips deflated in parallel.
//!
//! Strips are parts of one stream. Each uses the end of the previous one as its dictionary. So cutting costs
//! only a few bytes, and the file is the same with any number of threads.
//!
//! Source: RFC 1950 and 1951; strips as in `pigz`.

use std::ops::Range;
use std::thread;

use zlib_rs::adler32::{adler32, adler32_combine};
use zlib_rs::{Deflate, DeflateConfig, DeflateError, DeflateFlush, Status, Strategy};

use super::filter::{Candidates, Filter};
use super::{NAME, pack};
use crate::Error;
use crate::samples::Rows;

/// Approximate bytes of rows in a strip.
const STRIP: usize = 1 << 19;
/// Deflate's window size.
const WINDOW: usize = 1 << 15;
const WINDOW_BITS: i32 = 15;
/// Deflate's window and effort; a multiple of 31.
const ZLIB_HEADER: [u8; 2] = [0x78, 0x9C];

/// Settings of a compression effort.
#[derive(Clone, Copy)]
pub(super) struct Effort {
    /// zlib's levels for images that hardly compress, and for those that compress to a twentieth. The more
    /// patterns repeat, the more a thorough search finds, and the less it costs.
    levels: (i32, i32),
    /// One byte in `sparse` is part of the trial.
    sparse: usize,
    /// The filters tried with Huffman coding only.
    filters: &'static [Filter],
}

impl Effort {
    /// Settings of effort 1..=9; effort 0 is handled elsewhere.
    pub(super) fn new(effort: u8) -> Self {
        let (levels, sparse) = match effort {
            ..=1 => ((2, 2), 32),
            2 => ((2, 3), 16),
            3 => ((3, 4), 16),
            4 => ((3, 6), 16),
            5 => ((4, 7), 16),
            6 => ((5, 8), 8),
            7 => ((7, 8), 8),
            8 => ((8, 9), 4),
            9.. => ((9, 9), 1),
        };
        // Choosing a filter per row takes as long as coding it.
        let filters =
            if effort < 2 { &[Filter::Sub, Filter::Up, Filter::Paeth][..] } else { &Filter::ALL[1..] };
        Self { levels, sparse, filters }
    }

    fn level(self, ratio: f64) -> i32 {
        let (noise, patterns) = self.levels;
        let along = (ratio.max(1e-9) / 0.5).log10().clamp(-1.0, 0.0);
        noise + (f64::from(noise - patterns) * along).round() as i32
    }
}

/// Rows as PNG stores them.
pub(super) struct Data<'a> {
    rows: Rows<'a>,
    height: usize,
    bits: u8,
    /// Bytes per row, without the filter byte.
    line: usize,
    /// Bytes from a sample to the same sample of the next pixel.
    bpp: usize,
}

/// Buffers for two rows.
#[derive(Default)]
struct Room {
    words: Vec<u16>,
    row: Vec<u8>,
    above: Vec<u8>,
    candidates: Candidates,
}

/// The filter and coding that won the trial.
#[derive(Clone, Copy)]
pub(super) struct ChunkPlan {
    filter: Filter,
    coding: Coding,
}

/// What deflate searches for.
#[derive(Clone, Copy)]
enum Coding {
    /// Huffman coding only: in noise, short repetitions are accidental and cost more than they save.
    Lengths,
    /// Runs of equal bytes.
    Runs,
    /// Repetitions, at this zlib level.
    Patterns(i32),
}

impl<'a> Data<'a> {
    /// `bits` per stored sample; `channels` per pixel.
    pub(super) fn new(rows: Rows<'a>, height: usize, bits: u8, channels: usize) -> Self {
        let line = (rows.samples() * usize::from(bits)).div_ceil(8);
        let bpp = (channels * usize::from(bits)).div_ceil(8);
        Self { rows, height, bits, line, bpp }
    }

    /// Row `y` in the file's byte order.
    pub(super) fn row(&self, y: usize, words: &mut Vec<u16>, row: &mut Vec<u8>) {
        if self.bits == 16 {
            self.rows.codes(y, words, |code| code as u16);
            row.clear();
            row.extend(words.iter().flat_map(|code| code.to_be_bytes()));
        } else {
            self.rows.codes(y, row, |code| code as u8);
            if self.bits < 8 {
                pack(row, self.bits);
            }
        }
    }

    /// Appends rows `range`, filtered.
    fn filtered(&self, range: Range<usize>, filter: Filter, room: &mut Room, out: &mut Vec<u8>) {
        let Room { words, row, above, candidates } = room;
        if range.start > 0 {
            self.row(range.start - 1, words, above);
        } else {
            above.clear();
            above.resize(self.line, 0);
        }
        for y in range {
            self.row(y, words, row);
            candidates.put(filter, row, above, self.bpp, out);
            std::mem::swap(row, above);
        }
    }

    /// Chooses filter and coding.
    ///
    /// # Errors
    /// Only errors of deflate; none is known.
    pub(super) fn plan(&self, effort: Effort) -> Result<ChunkPlan, Error> {
        let sample = self.sample(effort.sparse);
        let all = (sample.iter().map(Range::len).sum::<usize>() * (self.line + 1)).max(1);
        let (mut room, mut bytes) = (Room::default(), Vec::new());
        let mut best = (ChunkPlan { filter: Filter::Sub, coding: Coding::Lengths }, usize::MAX);
        let mut weigh =
            |filters: &[Filter], coding: Coding, best: &mut (ChunkPlan, usize)| -> Result<(), Error> {
                for &filter in filters {
                    bytes.clear();
                    for rows in &sample {
                        self.filtered(rows.clone(), filter, &mut room, &mut bytes);
                    }
                    let size = deflate(&bytes, &[], coding, DeflateFlush::Finish)?.len();
                    // Choosing a filter per row takes longer, so it must be better by 0.5 %.
                    let counted = if filter == Filter::LeastSum { size + size / 200 } else { size };
                    if counted < best.1 {
                        *best = (ChunkPlan { filter, coding }, counted);
                    }
                }
                Ok(())
            };
        weigh(effort.filters, Coding::Lengths, &mut best)?;
        let likely = best.0.filter;
        weigh(&[likely], Coding::Runs, &mut best)?;
        let few = [Filter::None, Filter::Sub, likely];
        let few = if likely == Filter::Sub { &few[..2] } else { &few };
        let quick = effort.levels.0;
        weigh(few, Coding::Patterns(quick), &mut best)?;
        let ratio = best.1 as f64 / all as f64;
        let level = effort.level(ratio);
        if level > quick {
            // A quick search misses patterns, so it does not show which filter keeps the most of them.
            weigh(if ratio < 0.2 { &Filter::ALL } else { few }, Coding::Patterns(level), &mut best)?;
        }
        if level > 7 {
            // The longest search finds more, but does not always give the smallest code.
            weigh(few, Coding::Patterns(7), &mut best)?;
        }
        Ok(best.0)
    }

    /// Row ranges for the trial, in up to six pieces.
    fn sample(&self, sparse: usize) -> Vec<Range<usize>> {
        const LEAST: usize = 5 * WINDOW;
        const PIECES: usize = 6;
        let all = self.height * (self.line + 1);
        let wanted = (all / sparse).max(LEAST);
        if wanted * 2 > all {
            return std::iter::once(0..self.height).collect();
        }
        let pieces = (wanted / WINDOW).clamp(1, PIECES);
        let rows = (wanted / pieces).div_ceil(self.line + 1);
        let last = self.height - rows.min(self.height);
        // Each in the middle of its part of the image.
        let start = |piece: usize| last * (2 * piece + 1) / (2 * pieces);
        (0..pieces).map(|piece| start(piece)..(start(piece) + rows).min(self.height)).collect()
    }

    /// Produces the zlib stream in pieces. `threads`: 0 for all cores.
    ///
    /// # Errors
    /// Errors of `put`.
    pub(super) fn write(
        &self,
        plan: ChunkPlan,
        threads: usize,
        mut put: impl FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let threads = match threads {
            0 => thread::available_parallelism().map_or(1, std::num::NonZero::get),
            threads => threads,
        };
        let rows = (STRIP / (self.line + 1)).clamp(1, self.height);
        let strips = self.height.div_ceil(rows);
        let range = |strip: usize| strip * rows..((strip + 1) * rows).min(self.height);
        let mut sum = 1;
        for first in (0..strips).step_by(threads) {
            let group: Vec<usize> = (first..(first + threads).min(strips)).collect();
            let done: Vec<Result<CompressedStrip, Error>> = match group.as_slice() {
                [one] => vec![self.strip(range(*one), plan)],
                several => thread::scope(|scope| {
                    let start = |&strip: &usize| {
                        let rows = range(strip);
                        let work = move || self.strip(rows, plan);
                        thread::Builder::new().spawn_scoped(scope, work).map_err(|_| strip)
                    };
                    let running: Vec<_> = several.iter().map(start).collect();
                    running
                        .into_iter()
                        .zip(several)
                        .map(|(thread, &strip)| {
                            // If the system starts no thread, this one does the work.
                            let done = thread.ok().and_then(|thread| thread.join().ok());
                            done.unwrap_or_else(|| self.strip(range(strip), plan))
                        })
                        .collect()
                }),
            };
            for (strip, number) in done.into_iter().zip(first..) {
                let strip = strip?;
                sum = adler32_combine(sum, strip.sum, strip.length as u64);
                let mut part = if number == 0 { ZLIB_HEADER.to_vec() } else { Vec::new() };
                part.extend_from_slice(&strip.bytes);
                if number + 1 == strips {
                    part.extend(sum.to_be_bytes());
                }
                put(&part)?;
            }
        }
        Ok(())
    }

    fn strip(&self, rows: Range<usize>, plan: ChunkPlan) -> Result<CompressedStrip, Error> {
        let mut room = Room::default();
        let (mut before, mut bytes) = (Vec::new(), Vec::with_capacity(rows.len() * (self.line + 1)));
        let back = WINDOW.div_ceil(self.line + 1).min(rows.start);
        self.filtered(rows.start - back..rows.start, plan.filter, &mut room, &mut before);
        let before = &before[before.len().saturating_sub(WINDOW)..];
        self.filtered(rows.clone(), plan.filter, &mut room, &mut bytes);
        // A sync flush ends a strip on a whole byte.
        let flush = if rows.end == self.height { DeflateFlush::Finish } else { DeflateFlush::SyncFlush };
        let coded = deflate(&bytes, before, plan.coding, flush)?;
        Ok(CompressedStrip { bytes: coded, sum: adler32(1, &bytes), length: bytes.len() })
    }
}

/// A finished piece of the stream.
struct CompressedStrip {
    bytes: Vec<u8>,
    /// Adler-32 of its rows alone.
    sum: u32,
    length: usize,
}

/// Deflates bytes without a header, with `before` as the dictionary.
fn deflate(bytes: &[u8], before: &[u8], coding: Coding, flush: DeflateFlush) -> Result<Vec<u8>, Error> {
    let refused = |error: DeflateError| Error::encode(NAME, error.as_str());
    let (strategy, level) = match coding {
        Coding::Lengths => (Strategy::HuffmanOnly, 6),
        Coding::Runs => (Strategy::Rle, 6),
        Coding::Patterns(level) => (Strategy::Default, level),
    };
    // A negative window means no header.
    let config = DeflateConfig { level, strategy, window_bits: -WINDOW_BITS, ..DeflateConfig::default() };
    let mut coder = Deflate::new_with_config(config);
    if !before.is_empty() {
        coder.set_dictionary(before).map_err(refused)?;
    }
    let mut out = Vec::new();
    loop {
        let (read, written) = (coder.total_in() as usize, coder.total_out() as usize);
        // Incompressible rows become slightly longer.
        out.resize(written + (bytes.len() - read) / 2 + (1 << 12), 0);
        let status = coder.compress(&bytes[read..], &mut out[written..], flush).map_err(refused)?;
        let written = coder.total_out() as usize;
        // A flush is complete once it leaves free space.
        if status == Status::StreamEnd || flush != DeflateFlush::Finish && written < out.len() {
            out.truncate(written);
            return Ok(out);
        }
    }
}
