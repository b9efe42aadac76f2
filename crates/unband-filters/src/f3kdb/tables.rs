//! Random tables: compared positions and grain of each sample.

use unband_image::{Context, RestoreError};
use unband_simd::Level;
use unband_simd::filters::f3kdb::{Draws, Uniform, distances_row, uniform_row};

use super::F3kdbParams;
use super::random::{Distribution, Random};

/// Distances and grain for images of one size, built once.
///
/// Takes one byte per sample of the first plane, two in mode 2. Grain that is not uniform takes two bytes per
/// sample of luma and two per sample of one chroma plane; moving grain four more per sample of luma for each.
#[derive(Clone, Debug)]
pub struct Tables {
    width: usize,
    height: usize,
    /// Chroma subsampling as powers of two, across and down.
    chroma: (u32, u32),
    mode: u32,
    first: Vec<i8>,
    /// Mode 2 only.
    second: Vec<i8>,
    /// Grain of luma and of chroma.
    grain: [Grain; 2],
    moving: Option<Moving>,
}

/// Start of each frame's grain in a sequence three times as long as one frame needs.
#[derive(Clone, Copy, Debug)]
struct Moving {
    /// State for the start of the first frame.
    draws: Uniform,
    /// Length of a frame's grain.
    items: u64,
    /// Period of the starts, in frames.
    frames: u32,
}

impl Moving {
    fn start(self, frame: u32) -> u64 {
        let Ok(range) = i32::try_from(self.items) else { return 0 };
        let by = (f64::from(range) * self.draws.after((frame % self.frames.max(1)).into()).draw()).round();
        (self.items.cast_signed() + by as i64).cast_unsigned() & !15
    }
}

/// Grain of one kind of plane.
#[derive(Clone, Debug)]
enum Grain {
    None,
    /// Drawn on demand: the state before the first value, the maximum.
    Drawn(Uniform, u16),
    Stored(Vec<i16>),
}

/// Samples per row of grain.
fn grain_stride(width: usize) -> usize {
    width.next_multiple_of(16)
}

impl Tables {
    /// The tables for an image whose first plane has `width * height` samples and whose chroma is halved
    /// `chroma` times across and down ((0, 0) for grey, RGB and 4:4:4).
    ///
    /// Uniform random numbers, the default, are drawn on all threads of the context; others sequentially.
    ///
    /// # Errors
    /// When cancelled.
    pub fn new(
        params: &F3kdbParams,
        (width, height): (usize, usize),
        chroma: (u32, u32),
        ctx: &Context<'_>,
    ) -> Result<Self, RestoreError> {
        let refs = Distribution::new(params.random_algo_ref, params.random_param_ref);
        let grain = Distribution::new(params.random_algo_grain, params.random_param_grain);
        let mut tables = Self {
            width,
            height,
            chroma: (chroma.0.min(4), chroma.1.min(4)),
            mode: params.sample_mode,
            first: vec![0; width * height],
            second: vec![0; if params.sample_mode == 2 { width * height } else { 0 }],
            grain: [Grain::None, Grain::None],
            moving: None,
        };
        let mut random = Random::seeded(params.seed, width, height, params.frames);
        if (refs, grain) == (Distribution::Uniform, Distribution::Uniform) {
            tables.draw_on_many_threads(params, &mut random, ctx)?;
        } else {
            tables.draw_in_order(params, &mut random, refs, grain, ctx)?;
        }
        tables.make_grain(params, random, grain, ctx)?;
        Ok(tables)
    }

    /// Drawing order of the numbers of row `y`.
    fn draws(&self, range: u32, y: usize) -> Draws {
        let inside = y.min(self.height - 1 - y).min(range as usize) as u8;
        let starts_chroma = y.is_multiple_of(1 << self.chroma.1);
        Draws {
            range: if self.mode == 3 { range.min(255) as u8 } else { inside },
            inside: self.mode != 1,
            single: self.mode != 2,
            chroma: if starts_chroma { 1 << self.chroma.0 } else { 0 },
        }
    }

    pub(super) fn draw_on_many_threads(
        &mut self,
        params: &F3kdbParams,
        random: &mut Random,
        ctx: &Context<'_>,
    ) -> Result<(), RestoreError> {
        const ROWS: usize = 64;
        let (width, height) = (self.width, self.height);
        let mut drawn = 0;
        let starts: Vec<u64> = (0..height)
            .map(|y| {
                let before = drawn;
                drawn += self.draws(params.range, y).count(width);
                before
            })
            .collect();
        let (mut first, mut second) = (std::mem::take(&mut self.first), std::mem::take(&mut self.second));
        let two = !second.is_empty();
        let parts: Vec<_> = {
            let mut rest = second.as_mut_slice();
            let mut parts = Vec::new();
            for first in first.chunks_mut(ROWS * width.max(1)) {
                let length = if two { first.len() } else { 0 };
                let (now, later) = std::mem::take(&mut rest).split_at_mut(length);
                rest = later;
                parts.push((first, now));
            }
            parts
        };
        let start = Uniform(random.0);
        let results = ctx.map_parts(parts, |part, (first, second)| {
            ctx.check()?;
            for (i, first) in first.chunks_mut(width).enumerate() {
                let y = part * ROWS + i;
                let second = two.then(|| &mut second[i * width..][..width]);
                distances_row(ctx.level, first, second, start.after(starts[y]), &self.draws(params.range, y));
            }
            Ok(())
        });
        (self.first, self.second) = (first, second);
        random.0 = start.after(drawn).0;
        results.into_iter().collect()
    }

    pub(super) fn draw_in_order(
        &mut self,
        params: &F3kdbParams,
        random: &mut Random,
        refs: Distribution,
        grain: Distribution,
        ctx: &Context<'_>,
    ) -> Result<(), RestoreError> {
        let (luma, chroma) = (params.grain(0), params.grain(1));
        for y in 0..self.height {
            ctx.check()?;
            let draws = self.draws(params.range, y);
            for x in 0..self.width {
                random.whole(grain, luma);
                let edge = if draws.inside { x.min(self.width - 1 - x) } else { usize::MAX };
                let range = edge.min(draws.range.into()) as u16;
                if range > 0 {
                    // First truncated to a byte, then without sign, as in the original.
                    let at = y * self.width + x;
                    self.first[at] = (random.whole(refs, range) as i8).wrapping_abs();
                    if !draws.single {
                        self.second[at] = (random.whole(refs, range) as i8).wrapping_abs();
                    }
                }
                if draws.chroma > 0 && x % draws.chroma == 0 {
                    random.whole(grain, chroma);
                    random.whole(grain, chroma);
                }
            }
        }
        Ok(())
    }

    fn make_grain(
        &mut self,
        params: &F3kdbParams,
        random: Random,
        kind: Distribution,
        ctx: &Context<'_>,
    ) -> Result<(), RestoreError> {
        // The original draws this number of values, however many it uses.
        let items = ((self.width + 255) & !127) as u64 * self.height as u64;
        let drawn = if params.dynamic_grain { 3 * items } else { items };
        let sizes = [
            grain_stride(self.width) * self.height,
            grain_stride(self.width.div_ceil(1 << self.chroma.0)) * self.height.div_ceil(1 << self.chroma.1),
        ];
        let most = [params.grain(0), params.grain(1)];
        // The starts of moving grain are drawn after it.
        let moving = |end: Random| Moving { draws: Uniform(end.0), items, frames: params.frames };
        if kind == Distribution::Uniform {
            let start = Uniform(random.0);
            self.moving = params.dynamic_grain.then(|| moving(Random(start.after(2 * drawn).0)));
            for (i, grain) in self.grain.iter_mut().enumerate() {
                if most[i] > 0 {
                    *grain = Grain::Drawn(start.after(i as u64 * drawn), most[i]);
                }
            }
            return Ok(());
        }
        let skip = |random: &mut Random, count: u64| {
            for i in 0..count {
                random.whole(kind, 1);
                if i % 65536 == 0 {
                    ctx.check()?;
                }
            }
            Ok::<_, RestoreError>(())
        };
        let mut end = random;
        let starts = [random, {
            skip(&mut end, drawn)?;
            end
        }];
        if params.dynamic_grain {
            skip(&mut end, drawn)?;
            self.moving = Some(moving(end));
        }
        let moves = if params.dynamic_grain { 2 * items } else { 0 };
        for (i, mut random) in starts.into_iter().enumerate() {
            if most[i] > 0 {
                let count = sizes[i] + moves as usize;
                let mut grain = Vec::with_capacity(count);
                while grain.len() < count {
                    ctx.check()?;
                    let more = (count - grain.len()).min(65536);
                    grain.extend((0..more).map(|_| random.whole(kind, most[i]) as i16));
                }
                self.grain[i] = Grain::Stored(grain);
            }
        }
        Ok(())
    }

    /// Is this the plane size of the tables? `chroma` for planes after the first.
    pub(super) fn fits(&self, size: (usize, usize), chroma: bool) -> bool {
        size == if chroma {
            (self.width.div_ceil(1 << self.chroma.0), self.height.div_ceil(1 << self.chroma.1))
        } else {
            (self.width, self.height)
        }
    }

    /// Subsampling of a plane kind as powers of two, across and down.
    pub(super) fn shifts(&self, chroma: bool) -> (u32, u32) {
        if chroma { self.chroma } else { (0, 0) }
    }

    /// The sampling mode of the tables.
    pub(super) fn mode(&self) -> u32 {
        self.mode
    }

    /// The distances of row `y` of a plane, in samples of the first plane: every `step`th entry, including
    /// the first.
    pub(super) fn distances(&self, chroma: bool, y: usize) -> (&[i8], &[i8], usize) {
        let (sx, sy) = self.shifts(chroma);
        let from = (y << sy) * self.width;
        let second = if self.mode == 2 { &self.second[from..from + self.width] } else { &[] };
        (&self.first[from..from + self.width], second, 1 << sx)
    }

    /// Start of a frame's grain.
    pub(super) fn grain_start(&self, frame: u32) -> u64 {
        self.moving.map_or(0, |moving| moving.start(frame))
    }

    /// The grain of row `y` of a frame with that start; `false` without grain.
    pub(super) fn grain(&self, level: Level, chroma: bool, y: usize, start: u64, out: &mut [i16]) -> bool {
        let from = start as usize + y * grain_stride(out.len());
        match &self.grain[usize::from(chroma)] {
            Grain::None => return false,
            Grain::Drawn(start, most) => uniform_row(level, out, start.after(from as u64), *most),
            Grain::Stored(grain) => out.copy_from_slice(&grain[from..from + out.len()]),
        }
        true
    }

    #[cfg(test)]
    pub(super) fn same_distances(&self, other: &Self) -> bool {
        self.first == other.first && self.second == other.second
    }
}
