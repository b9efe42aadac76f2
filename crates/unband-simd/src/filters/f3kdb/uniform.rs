//! The original's uniform random numbers, many at a time: a linear congruential generator can jump ahead.

use crate::dispatch;

/// A linear congruential generator: each draw is the next state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uniform(pub u32);

/// The next state is the last one times this …
const TIMES: u32 = 1_664_525;
/// … plus this.
const PLUS: u32 = 1_013_904_223;

/// Factor and summand that advance `count` steps at once.
#[inline(always)]
fn steps(mut count: u64) -> (u32, u32) {
    let (mut times, mut plus) = (1u32, 0u32);
    let (mut t, mut p) = (TIMES, PLUS);
    while count > 0 {
        if count & 1 == 1 {
            (times, plus) = (times.wrapping_mul(t), plus.wrapping_mul(t).wrapping_add(p));
        }
        (t, p) = (t.wrapping_mul(t), p.wrapping_mul(t).wrapping_add(p));
        count >>= 1;
    }
    (times, plus)
}

impl Uniform {
    /// The generator after `count` draws.
    #[must_use]
    pub fn after(self, count: u64) -> Self {
        let (times, plus) = steps(count);
        Self(self.0.wrapping_mul(times).wrapping_add(plus))
    }

    /// The next draw, at least -1 and below 1.
    pub fn draw(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(TIMES).wrapping_add(PLUS);
        share(self.0)
    }
}

/// A state as a float from -1 to below 1: its upper bits also fill those of the 52 that 32 bits leave over.
#[inline(always)]
pub fn share(state: u32) -> f64 {
    let state = u64::from(state);
    // Between 1 and 2; all further operations are exact.
    f64::from_bits(0x3ff0_0000_0000_0000 | state << 20 | state >> 12) * 2.0 - 3.0
}

/// `share * range`, rounded to an integer, halves away from zero. NaN becomes 0; values outside `i32`
/// saturate.
#[inline(always)]
pub fn whole(share: f64, range: f64) -> i32 {
    let product = share * range;
    (product + 0.5f64.copysign(product)) as i32
}

/// [`whole`] of the [`share`] of a state; for many of them at once it costs no more than the conversion.
#[inline(always)]
fn whole_of(state: u32, range: u16) -> i32 {
    let product = share(state) * f64::from(range);
    // SAFETY: a share is between -1 and 1, and `range` at most 65535.
    unsafe { (product + 0.5f64.copysign(product)).to_int_unchecked() }
}

dispatch! {
    /// Fills a row with draws between `-range` and `range`.
    pub fn uniform_row(level, out: &mut [i16], from: Uniform, range: u16) = uniform_body;
    /// The distances of one row, see [`Draws`]. The second ones are not written where `second` is `None`.
    pub fn distances_row(level, first: &mut [i8], second: Option<&mut [i8]>, from: Uniform,
        draws: &Draws) = distances_body;
}

/// States per step.
const LANES: usize = 16;

#[inline(always)]
fn uniform_body(out: &mut [i16], from: Uniform, range: u16) {
    let mut states: [u32; LANES] = std::array::from_fn(|i| from.after(i as u64 + 1).0);
    let (times, plus) = steps(LANES as u64);
    let (many, rest) = out.as_chunks_mut::<LANES>();
    for out in many {
        for (out, state) in out.iter_mut().zip(&mut states) {
            *out = whole_of(*state, range) as i16;
            *state = state.wrapping_mul(times).wrapping_add(plus);
        }
    }
    for (out, state) in rest.iter_mut().zip(states) {
        *out = whole_of(state, range) as i16;
    }
}

/// Order in which a row's random numbers are drawn: for each sample one for grain, then its distances, then,
/// where it is the position of a chroma sample, two more for grain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draws {
    /// Largest distance of the row.
    pub range: u8,
    /// Is the distance also limited by the sample's own distance to the nearer end of the row?
    pub inside: bool,
    /// One distance, else two.
    pub single: bool,
    /// Samples of the row per chroma sample; 0 for no chroma.
    pub chroma: usize,
}

impl Draws {
    /// Random numbers drawn for a row of `width` samples.
    pub fn count(&self, width: usize) -> u64 {
        let chroma = if self.chroma == 0 { 0 } else { 2 * width.div_ceil(self.chroma) };
        let ends = if self.inside { 2.min(width) } else { 0 };
        let distances = if self.range == 0 { 0 } else { (width - ends) * self.each() };
        (width + chroma + distances) as u64
    }

    /// Distances per sample.
    #[inline(always)]
    fn each(&self) -> usize {
        if self.single { 1 } else { 2 }
    }

    /// Random numbers drawn before sample `x`, which is inside the row or at its end.
    #[inline(always)]
    fn before(&self, x: usize, width: usize) -> u64 {
        let chroma = if self.chroma == 0 { 0 } else { 2 * x.div_ceil(self.chroma) };
        let end = if self.inside { width.saturating_sub(1) } else { width };
        let first = usize::from(self.inside);
        let distances = if self.range == 0 { 0 } else { x.min(end).saturating_sub(first) * self.each() };
        (x + chroma + distances) as u64
    }
}

#[inline(always)]
fn distances_body(first: &mut [i8], second: Option<&mut [i8]>, from: Uniform, draws: &Draws) {
    let width = first.len();
    let mut empty = [];
    let second = second.unwrap_or(&mut empty);
    first.fill(0);
    second.fill(0);
    let ends = usize::from(draws.inside);
    if draws.range == 0 || width <= 2 * ends {
        return;
    }
    let (start, end) = (ends, width - ends);
    // Samples one period apart are always the same number of draws apart.
    let period = draws.chroma.max(1);
    let each = (period * (1 + draws.each()) + if draws.chroma == 0 { 0 } else { 2 }) as u64;
    let (times, plus) = steps(each * LANES as u64);
    let ([t1, p1], [t2, p2]) = (<[u32; 2]>::from(steps(2)), <[u32; 2]>::from(steps(3)));
    let range = u16::from(draws.range);
    for class in start..end.min(start + period) {
        let before = from.after(draws.before(class, width));
        let mut states: [u32; LANES] = std::array::from_fn(|i| before.after(i as u64 * each).0);
        let mut x = class;
        while x < end {
            let (mut a, mut b) = ([0i8; LANES], [0i8; LANES]);
            for i in 0..LANES {
                let state = states[i];
                let at = (x + i * period).min(end - 1);
                let edge = if draws.inside { at.min(width - 1 - at) } else { usize::MAX };
                let most = (edge.min(255) as u16).min(range);
                a[i] = (whole_of(state.wrapping_mul(t1).wrapping_add(p1), most) as i8).wrapping_abs();
                b[i] = (whole_of(state.wrapping_mul(t2).wrapping_add(p2), most) as i8).wrapping_abs();
                states[i] = state.wrapping_mul(times).wrapping_add(plus);
            }
            let count = LANES.min((end - x).div_ceil(period));
            for (to, &a) in first[x..].iter_mut().step_by(period).zip(&a[..count]) {
                *to = a;
            }
            if !second.is_empty() {
                for (to, &b) in second[x..].iter_mut().step_by(period).zip(&b[..count]) {
                    *to = b;
                }
            }
            x += count * period;
        }
    }
}
