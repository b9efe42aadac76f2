//! Box means along a row, from column sums.

// Bodies must be inlined into each level's function to be compiled for it: no closures, which cannot be
// inlined that way.
#![allow(clippy::inline_always)]

/// Scratch memory, reused from row to row.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    wide: Vec<u32>,
    narrow: Vec<u16>,
}

/// Windows of columns in use, and their samples.
struct Spread {
    /// The first window.
    window: usize,
    /// Number of windows.
    count: usize,
    /// The first sample of the first window; two samples share a window.
    sample: usize,
}

impl Spread {
    /// `None` where the lengths do not match each other or the box.
    #[inline(always)]
    fn new(samples: usize, columns: usize, radius: usize) -> Option<Self> {
        if !(2..=32).contains(&radius) || radius % 2 == 1 || columns < radius || samples / 2 != columns {
            return None;
        }
        // A sample uses the window that ends half a radius to its right; the very first window is used only
        // where there is no other.
        let window = usize::from(columns > radius);
        let sample = if columns > radius { radius } else { 0 };
        Some(Self { window, count: columns + 1 - radius - window, sample })
    }

    /// The samples with windows of their own, in pairs.
    #[inline(always)]
    fn middle<'a, M>(&self, means: &'a mut [M]) -> &'a mut [[M; 2]] {
        &mut means[self.sample..].as_chunks_mut().0[..self.count]
    }

    /// Repeats the first and the last mean to the ends of the row.
    #[inline(always)]
    fn fill_ends<M: Copy>(&self, means: &mut [M]) {
        let end = self.sample + 2 * self.count;
        let (low, high) = (means[self.sample], means[end - 1]);
        means[..self.sample].fill(low);
        means[end..].fill(high);
    }
}

/// Conversion from the sum of a window to its mean times 128.
trait Scale<M>: Copy {
    fn of(self, sum: u32) -> M;
}

/// Multiplication by this, over 2^16.
#[derive(Clone, Copy)]
struct Short(u32);

impl Scale<u16> for Short {
    #[inline(always)]
    fn of(self, sum: u32) -> u16 {
        (sum.wrapping_mul(self.0) >> 16) as u16
    }
}

/// Multiplication by this, over 2^40.
#[derive(Clone, Copy)]
struct Long(u64);

impl Scale<u32> for Long {
    #[inline(always)]
    fn of(self, sum: u32) -> u32 {
        (u64::from(sum).wrapping_mul(self.0) >> 40) as u32
    }
}

/// Multiplication by 2, over 2 to this.
#[derive(Clone, Copy)]
struct Twice<const OVER: u32>;

impl<const OVER: u32> Scale<u32> for Twice<OVER> {
    #[inline(always)]
    fn of(self, sum: u32) -> u32 {
        sum << 1 >> OVER
    }
}

/// Writes the scaled sum of its window for each sample; the first and last windows are repeated to the ends.
/// The window sums grow by doubling (2, 4, 8, … columns), so every step is a plain sum of two rows.
#[inline(always)]
fn by_doubling<S: Copy + Into<u32>, M: Copy>(
    means: &mut [M],
    sums: &[S],
    radius: usize,
    scratch: &mut Scratch,
    scale: impl Scale<M>,
) {
    let columns = sums.len();
    let Some(spread) = Spread::new(means.len(), columns, radius) else { return };
    scratch.wide.resize(2 * columns, 0);
    let (doubled, windows) = scratch.wide.split_at_mut(columns);
    for ((out, &one), &other) in doubled.iter_mut().zip(sums).zip(&sums[1..]) {
        *out = one.into().wrapping_add(other.into());
    }
    // The window is composed of the powers of two in `radius`, one behind the other.
    let mut width = 2;
    let mut covered = 0;
    loop {
        let pairs = columns + 1 - width;
        if radius & width != 0 {
            let windows = &mut windows[..columns + 1 - covered - width];
            if covered == 0 {
                windows.copy_from_slice(&doubled[..pairs]);
            } else {
                for (window, &part) in windows.iter_mut().zip(&doubled[covered..pairs]) {
                    *window = window.wrapping_add(part);
                }
            }
            covered += width;
        }
        if covered == radius {
            break;
        }
        match width {
            2 => double::<2>(&mut doubled[..pairs]),
            4 => double::<4>(&mut doubled[..pairs]),
            8 => double::<8>(&mut doubled[..pairs]),
            16 => double::<16>(&mut doubled[..pairs]),
            _ => double::<32>(&mut doubled[..pairs]),
        }
        width *= 2;
    }
    for (pair, &window) in spread.middle(means).iter_mut().zip(&windows[spread.window..]) {
        *pair = [scale.of(window); 2];
    }
    spread.fill_ends(means);
}

/// Adds to each entry the one `BY` behind it, if any.
#[inline(always)]
fn double<const BY: usize>(row: &mut [u32]) {
    for i in 0..row.len().saturating_sub(BY) {
        row[i] = row[i].wrapping_add(row[i + BY]);
    }
}

/// As [`by_doubling`], where sums of four columns fit 16 bits and the mean is a shift. Needs half the steps
/// on half the bits. For a radius of 4, 8 and 16.
#[inline(always)]
fn by_fours<const RADIUS: usize>(means: &mut [u16], sums: &[u16], scratch: &mut Scratch) {
    let columns = sums.len();
    let Some(spread) = Spread::new(means.len(), columns, RADIUS) else { return };
    let count = columns - 3;
    scratch.narrow.resize(count, 0);
    let fours = &mut scratch.narrow[..count];
    let (a, b) = (&sums[..count], &sums[1..][..count]);
    let (c, d) = (&sums[2..][..count], &sums[3..][..count]);
    for i in 0..count {
        fours[i] = a[i].wrapping_add(b[i]).wrapping_add(c[i]).wrapping_add(d[i]);
    }
    // The parts of a window; the last one is repeated where there are fewer than four.
    let (fours, count) = (&fours[spread.window..], spread.count);
    let last = RADIUS - 4;
    let (a, b) = (&fours[..count], &fours[last.min(4)..][..count]);
    let (c, d) = (&fours[last.min(8)..][..count], &fours[last..][..count]);
    let middle = &mut spread.middle(means)[..count];
    for i in 0..count {
        middle[i] = [mean_of_fours::<RADIUS>(a[i], b[i], c[i], d[i]); 2];
    }
    spread.fill_ends(means);
}

/// The sum of `RADIUS / 4` of these times 32 / `RADIUS`².
#[inline(always)]
fn mean_of_fours<const RADIUS: usize>(a: u16, b: u16, c: u16, d: u16) -> u16 {
    match RADIUS {
        4 => a << 1,
        8 => half(a, b),
        // The sum has 18 bits: add halves, and one where all three have dropped a bit.
        _ => {
            let (one, other) = (half(a, b), half(c, d));
            half(one, other).wrapping_add((a ^ b) & (c ^ d) & (one ^ other) & 1) >> 1
        }
    }
}

/// Half the sum, rounded down.
#[inline(always)]
fn half(a: u16, b: u16) -> u16 {
    (a & b) + ((a ^ b) >> 1)
}

#[inline(always)]
pub(super) fn means_u8_body(means: &mut [u16], sums: &[u16], radius: usize, scratch: &mut Scratch) {
    match radius {
        4 => by_fours::<4>(means, sums, scratch),
        8 => by_fours::<8>(means, sums, scratch),
        16 => by_fours::<16>(means, sums, scratch),
        _ => {
            let factor = (1u32 << 21) / (radius * radius).max(1) as u32;
            by_doubling(means, sums, radius, scratch, Short(factor));
        }
    }
}

#[inline(always)]
pub(super) fn means_u16_body(means: &mut [u32], sums: &[u32], radius: usize, scratch: &mut Scratch) {
    match radius {
        8 => by_doubling(means, sums, radius, scratch, Twice::<2>),
        16 => by_doubling(means, sums, radius, scratch, Twice::<4>),
        _ => {
            // 2^40 * 32 / radius², rounded up: with sums below radius² * 2^18 the product is exact in its
            // whole part.
            let factor = (1u64 << 45).div_ceil((radius * radius).max(1) as u64);
            by_doubling(means, sums, radius, scratch, Long(factor));
        }
    }
}
