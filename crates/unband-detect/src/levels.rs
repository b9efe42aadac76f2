//! Coarse levels of a channel, and gaps that a tone curve leaves in a histogram.

use std::ops::RangeInclusive;

use unband_image::With;
use unband_image::findings::PlaneGrid;

/// Occupied levels of one channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Levels {
    /// Bits of the grid.
    pub bits: u8,
    /// Spacing of levels, in codes.
    pub step: f64,
    /// First level, in codes.
    pub offset: f64,
    /// Conversion of a level to a code.
    pub stored: LevelRounding,
}

/// Conversion of levels to the container's codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LevelRounding {
    /// The nearest code.
    Nearest,
    /// The code below.
    Down,
    /// The bits are repeated until the container is full.
    Replicated,
    /// The low bits of the samples are zero (`v & 0xF8`): a level is the lowest code of its interval.
    Masked,
    /// The nearest multiple of a power of two; the one above the container becomes white. Below white the
    /// samples are those of [`Masked`](Self::Masked).
    Clipped,
}

/// The five kinds of `bits`-bit sets in a container of `max + 1` codes: spread over the full range
/// (`k·max/(2^b−1)`), stored in three ways; truncated (`k·2^s`); truncated and centred (`k·2^s + 2^(s−1)`).
fn sets(bits: u8, max: usize) -> [Levels; 5] {
    let top = (1usize << bits) - 1;
    let cut = ((max + 1) >> bits) as f64;
    let spread = |stored| Levels { bits, step: max as f64 / top as f64, offset: 0.0, stored };
    [
        spread(LevelRounding::Nearest),
        spread(LevelRounding::Replicated),
        Levels { bits, step: cut, offset: 0.0, stored: LevelRounding::Masked },
        // Of 7 bits, these are the masked ones and white.
        spread(LevelRounding::Down),
        Levels { bits, step: cut, offset: cut / 2.0, stored: LevelRounding::Nearest },
    ]
}

/// All sets of these bits, coarse ones first.
pub(super) fn sets_of(bits: RangeInclusive<u8>, max: usize) -> impl Iterator<Item = Levels> {
    bits.flat_map(move |b| sets(b, max))
}

impl Levels {
    /// Number of levels.
    pub(crate) fn count(self) -> usize {
        (1 << self.bits) + usize::from(self.stored == LevelRounding::Clipped)
    }

    /// These levels if masked samples may have them, else the clipped ones. White is not a masked level, so
    /// the levels of a masked image end one step below it, and those of a rounded one at white.
    fn by_its_end(self, hist: &[u32], rounded: bool) -> Self {
        let white = || {
            let (max, step) = (hist.len() - 1, self.step as usize);
            [max, max + 1 - step, max + 1 - 2 * step].iter().all(|&code| hist[code] > ENOUGH)
        };
        match self.stored {
            LevelRounding::Masked if rounded || white() => Self { stored: LevelRounding::Clipped, ..self },
            _ => self,
        }
    }

    /// Masked levels as clipped ones; others as they are.
    pub(crate) fn clipped(self) -> Self {
        self.by_its_end(&[], true)
    }

    /// Clipped levels as masked ones; others as they are.
    pub(crate) fn masked(self) -> Self {
        match self.stored {
            LevelRounding::Clipped => Self { stored: LevelRounding::Masked, ..self },
            _ => self,
        }
    }

    /// Code of level `k` in a container of `depth` bits.
    pub(crate) fn code(self, k: usize, depth: u8) -> usize {
        let exact = k as f64 * self.step + self.offset;
        match self.stored {
            LevelRounding::Replicated => replicated(k, self.bits, depth),
            LevelRounding::Down => (exact + 1e-6) as usize,
            LevelRounding::Nearest | LevelRounding::Masked => (exact + 0.5) as usize,
            LevelRounding::Clipped => (exact as usize).min((1 << depth) - 1),
        }
    }

    /// Centre of the interval of level 0, in codes.
    pub(crate) fn centre(self) -> f64 {
        self.offset + if self.stored == LevelRounding::Masked { 0.5 * (self.step - 1.0) } else { 0.0 }
    }
}

/// The `bits` bits of `k`, repeated from the top of `depth` bits.
fn replicated(k: usize, bits: u8, depth: u8) -> usize {
    let mut code = 0;
    let mut left = i32::from(depth);
    while left > 0 {
        left -= i32::from(bits);
        code |= if left >= 0 { k << left } else { k >> -left };
    }
    code
}

/// Bits of a container with this many codes.
fn depth_of(codes: usize) -> u8 {
    (usize::BITS - codes.saturating_sub(1).leading_zeros()) as u8
}

/// Number of samples on a level set.
pub(super) fn on_levels(hist: &[u16], levels: Levels) -> u32 {
    let depth = depth_of(hist.len());
    (0..levels.count()).filter_map(|k| hist.get(levels.code(k, depth))).map(|&n| u32::from(n)).sum()
}

/// Pairs of neighbouring levels that a channel needs as evidence.
pub(super) const PAIRS: usize = 3;
/// Samples of an occupied level, exceeded.
const ENOUGH: u32 = 20;

/// The level sets of an image's channels, from histograms with one bin per code of the container.
///
/// Where two of three channels have levels, the third one is accepted with a single pair of neighbours. Where
/// one was rounded to multiples, all were.
pub(super) fn of_channels(hists: &[Vec<u32>], bits: RangeInclusive<u8>) -> Vec<Option<Levels>> {
    let find = |hist: &Vec<u32>, rounded| set_of(hist, bits.clone(), PAIRS, rounded);
    let mut each: Vec<Option<Levels>> = hists.iter().map(|hist| find(hist, false)).collect();
    let rounded = is_rounded(hists, &each);
    if rounded {
        each = hists.iter().map(|hist| find(hist, true)).collect();
    }
    let found: Vec<Levels> = each.iter().flatten().copied().collect();
    if let [one, other] = found[..]
        && let Some(missing) = each.iter().position(Option::is_none)
    {
        let (least, most) = (one.bits.min(other.bits), one.bits.max(other.bits));
        each[missing] = set_of(&hists[missing], least - 1..=most + 1, 1, rounded);
    }
    each
}

/// Levels of channels from a part of the samples, masked or clipped as the ends of histograms say.
pub(super) fn by_their_ends(each: &[Option<Levels>], hists: &[Vec<u32>]) -> Vec<Option<Levels>> {
    let by = |(level, hist): (&Option<Levels>, &Vec<u32>)| level.map(|level| level.by_its_end(hist, false));
    let found: Vec<Option<Levels>> = each.iter().zip(hists).map(by).collect();
    if is_rounded(hists, &found) {
        each.iter().map(|level| level.map(Levels::clipped)).collect()
    } else {
        found
    }
}

/// Were multiples of a power of two rounded to, not masked? White on top of them says so, or halves that were
/// rounded to even.
fn is_rounded(hists: &[Vec<u32>], each: &[Option<Levels>]) -> bool {
    let clipped = |levels: &Option<Levels>| levels.is_some_and(|l| l.stored == LevelRounding::Clipped);
    each.iter().any(clipped) || has_even_halves(hists, each)
}

/// Do even multiples of the step have more samples than odd ones, by the two codes that halves rounded to
/// even bring them?
///
/// Rounding 8-bit codes to multiples of `s` gives `s + 1` codes to an even multiple and `s − 1` to an odd
/// one, where halves go to the even one, as in `NumPy`, Python and C's `rint`. Masks give `s` codes to each.
fn has_even_halves(hists: &[Vec<u32>], each: &[Option<Levels>]) -> bool {
    /// Samples of a level that can be compared.
    const COMPARED: u32 = 50;
    let (mut excess, mut expected) = (Vec::new(), 0.0);
    for (hist, levels) in hists.iter().zip(each) {
        let Some(levels) = levels.filter(|l| l.stored == LevelRounding::Masked && hist.len() == 256) else {
            continue;
        };
        expected = ((levels.step + 1.0) / (levels.step - 1.0)).ln();
        let counts: Vec<u32> = (0..levels.count()).map(|k| hist[levels.code(k, 8)]).collect();
        // The outermost levels have other widths, and clipped samples.
        for (k, near) in counts.windows(3).enumerate().skip(1) {
            if near.iter().all(|&n| n > COMPARED) && k + 3 < counts.len() {
                let [before, own, after] = [0, 1, 2].map(|i| f64::from(near[i]).ln());
                // The middle of the three is level k + 1.
                excess.push((own - 0.5 * (before + after)) * if k % 2 == 1 { 1.0 } else { -1.0 });
            }
        }
    }
    let n = excess.len() as f64;
    if n < 8.0 {
        return false;
    }
    let mean = excess.iter().sum::<f64>() / n;
    let variance = excess.iter().map(|e| (e - mean) * (e - mean)).sum::<f64>() / (n - 1.0);
    (0.75..1.3).contains(&(mean / expected)) && mean > 3.5 * (variance / n).sqrt()
}

/// The b-bit level set that holds 99.5 % of a channel's samples, if it has at least `pairs` pairs of
/// neighbouring levels with more than 20 samples each. `hist` has one bin per code of the container.
pub(super) fn levels(hist: &[u32], bits: RangeInclusive<u8>, pairs: usize) -> Option<Levels> {
    set_of(hist, bits, pairs, false)
}

/// As [`levels`]; `rounded`: multiples of a power of two are known to be rounded, not masked.
fn set_of(hist: &[u32], bits: RangeInclusive<u8>, pairs: usize, rounded: bool) -> Option<Levels> {
    let max = hist.len().checked_sub(1)?;
    let depth = depth_of(hist.len());
    let total: u64 = hist.iter().map(|&h| u64::from(h)).sum();
    let mut best: Option<(u64, Levels)> = None;
    for b in bits.filter(|&b| b < depth) {
        for set in sets(b, max).map(|set| set.by_its_end(hist, rounded)) {
            let (mut held, mut met, mut before) = (0u64, 0, false);
            for k in 0..set.count() {
                let n = hist.get(set.code(k, depth)).copied().unwrap_or(0);
                held += u64::from(n);
                met += usize::from(before && n > ENOUGH);
                before = n > ENOUGH;
            }
            let enough = held as f64 > 0.995 * total as f64 && met >= pairs;
            if enough && best.is_none_or(|(most, _)| held > most) {
                best = Some((held, set));
            }
        }
        if best.is_some() {
            break;
        }
    }
    best.map(|(_, set)| set)
}

/// Evenly spaced levels of any step and rounding (posterised by tens, truncated unevenly, and so on) that
/// hold 99.5 % of an 8-bit channel. A line is fitted through the occupied codes; none may be more than 3/4 of
/// a code off it. At least three pairs must be neighbours.
pub(super) fn even_levels(hist: &[u32]) -> Option<Levels> {
    let total: u64 = hist.iter().map(|&h| u64::from(h)).sum();
    let least = 20.max((total / 20_000) as u32);
    let occupied: Vec<usize> = (0..hist.len()).filter(|&c| hist[c] > least).collect();
    let held: u64 = occupied.iter().map(|&c| u64::from(hist[c])).sum();
    let nearest = occupied.windows(2).map(|w| w[1] - w[0]).min()?;
    if held as f64 <= 0.995 * total as f64 || !(2..=32).contains(&nearest) {
        return None;
    }
    let near: Vec<usize> =
        occupied.windows(2).map(|w| w[1] - w[0]).filter(|&gap| gap <= nearest + 1).collect();
    if near.len() < 3 {
        return None;
    }
    let first = near.iter().sum::<usize>() as f64 / near.len() as f64;
    // Indices of the levels, then the line through them.
    let mut number = 0.0;
    let mut points = vec![(0.0, occupied[0] as f64)];
    for pair in occupied.windows(2) {
        number += ((pair[1] - pair[0]) as f64 / first).round().max(1.0);
        points.push((number, pair[1] as f64));
    }
    let n = points.len() as f64;
    let mean = |pick: fn(&(f64, f64)) -> f64| points.iter().map(pick).sum::<f64>() / n;
    let (k, c) = (mean(|p| p.0), mean(|p| p.1));
    let spread: f64 = points.iter().map(|p| (p.0 - k) * (p.0 - k)).sum();
    let step = points.iter().map(|p| (p.0 - k) * (p.1 - c)).sum::<f64>() / spread;
    let start = c - step * k;
    let distance = points.iter().map(|p| (start + step * p.0 - p.1).abs()).fold(0.0, f64::max);
    // Below this a seven-bit set would hold them.
    if distance > 0.75 || step < 2.2 {
        return None;
    }
    let bits = ((255.0 / step + 1.0).log2() - 0.01).ceil() as u8;
    Some(Levels { bits, step, offset: start.rem_euclid(step), stored: LevelRounding::Nearest })
}

/// Per code of a channel the spacing of the occupied codes around it: 1 where nothing is missing.
///
/// A code is occupied when it holds more than 4 % of its surroundings' mean, provided there are enough
/// samples. Gaps are accepted only where the four nearest are alike.
pub(super) fn comb(hist: &[u32]) -> Vec<f32> {
    let n = hist.len();
    let mut spacing = vec![1.0f32; n];
    let mut prefix = vec![0u64; n + 1];
    for (i, &h) in hist.iter().enumerate() {
        prefix[i + 1] = prefix[i] + u64::from(h);
    }
    let occupied: Vec<usize> = (0..n)
        .filter(|&c| {
            let window = prefix[(c + 9).min(n)] - prefix[c.saturating_sub(8)];
            let h = u64::from(hist[c]);
            h > 0 && window > 400 && h as f64 > 0.04 * window as f64 / 17.0
        })
        .collect();
    if occupied.len() < 4 {
        return spacing;
    }
    space(&mut spacing, &occupied, 1.0);
    spacing
}

/// Writes the spacing, in 8-bit codes, of occupied codes among others that are evenly spaced. `unit`:
/// distance of neighbouring codes.
pub(super) fn space(spacing: &mut [f32], occupied: &[usize], unit: f32) {
    let gaps: Vec<usize> = occupied.windows(2).map(|w| w[1] - w[0]).collect();
    for (i, &c) in occupied.iter().enumerate() {
        let near = &gaps[i.saturating_sub(2)..(i + 2).min(gaps.len())];
        let (Some(&most), Some(&least)) = (near.iter().max(), near.iter().min()) else { continue };
        if near.len() >= 3 && most as f32 * unit <= 12.0 && most <= 2 * least + 1 {
            let before = gaps[i.saturating_sub(1).min(gaps.len() - 1)];
            let after = gaps[i.min(gaps.len() - 1)];
            spacing[c] = 0.5 * (before + after) as f32 * unit;
        }
    }
}

/// Share of the samples whose code is spaced from its neighbours by more than `least`.
pub(super) fn combed_share(hist: &[u32], spacing: &[f32], least: f32) -> f64 {
    let total: u64 = hist.iter().map(|&h| u64::from(h)).sum();
    let apart: u64 = hist.iter().zip(spacing).filter(|(_, s)| **s > least).map(|(&h, _)| u64::from(h)).sum();
    apart as f64 / total.max(1) as f64
}

/// Do two of three channels have levels, or the only one?
pub(super) fn agreed(each: &[Option<Levels>]) -> bool {
    let found = each.iter().flatten().count();
    found > 0 && found * 3 >= each.len() * 2
}

/// Level sets as grids; `unit` is the number of 8-bit codes per code of the levels.
pub(super) fn level_grids(each: &[Option<Levels>], unit: f64, confidence: f32) -> Vec<PlaneGrid> {
    let grid = |level: &Option<Levels>| match level {
        None => PlaneGrid::plain(unit as f32),
        Some(l) => PlaneGrid::found((l.step * unit) as f32, l.bits, confidence).but(|new| {
            new.offset_codes = (l.centre() * unit) as f32;
            new.truncated = l.stored == LevelRounding::Masked;
        }),
    };
    each.iter().map(grid).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_bit_depth_is_distinguished_from_the_next() {
        for bits in 4..=7u8 {
            let top = (1u32 << bits) - 1;
            let mut hist = vec![0u32; 256];
            for k in 0..=top {
                hist[((k * 510 + top) / (2 * top)) as usize] = 100;
            }
            let found = levels(&hist, 4..=7, PAIRS).unwrap();
            assert_eq!(found.bits, bits);
            assert!((found.step - 255.0 / f64::from(top)).abs() < 1e-9);
        }
    }

    #[test]
    fn expansions_of_few_bits_are_distinguished() {
        let fill = |max: usize, code: &dyn Fn(usize) -> usize| {
            let mut hist = vec![0u32; max + 1];
            (0..32).for_each(|k| hist[code(k)] += 500);
            levels(&hist, 4..=7, PAIRS).map(|found| (found.bits, found.stored))
        };
        assert_eq!(fill(255, &|k| k << 3), Some((5, LevelRounding::Masked)));
        assert_eq!(fill(255, &|k| k << 3 | k >> 2), Some((5, LevelRounding::Replicated)));
        assert_eq!(fill(65535, &|k| k * 65535 / 31), Some((5, LevelRounding::Down)));
        assert_eq!(fill(65535, &|k| k << 11), Some((5, LevelRounding::Masked)));
        assert_eq!(fill(65535, &|k| k << 11 | k << 6 | k << 1 | k >> 4), Some((5, LevelRounding::Nearest)));
    }

    #[test]
    fn multiples_that_end_at_white_are_rounded_and_others_masked() {
        /// Multiples of a step from 40 to a code, with `width` samples per level.
        fn fill(step: usize, to: usize, width: impl Fn(usize) -> u32) -> Option<LevelRounding> {
            let mut hist = vec![0u32; 256];
            (40 / step..=to.div_ceil(step)).for_each(|k| hist[(k * step).min(255)] += width(k));
            of_channels(&[hist], 4..=7)[0].map(|levels| levels.stored)
        }
        for bits in 4..=7 {
            let step = 1 << (8 - bits);
            assert_eq!(fill(step, 256, |_| 500), Some(LevelRounding::Clipped), "{bits} bits up to white");
            assert_eq!(
                fill(step, 255 - step, |_| 500),
                Some(LevelRounding::Masked),
                "{bits} bits below white"
            );
            // A slope of the counts, and the codes that rounding 8 bits to even halves brings.
            let slope = |k: usize| 2000 + 31 * k as u32;
            let halves = |k: usize| slope(k) * (if k.is_multiple_of(2) { step + 1 } else { step - 1 }) as u32;
            if bits >= 5 {
                assert_eq!(
                    fill(step, 200, halves),
                    Some(LevelRounding::Clipped),
                    "{bits} bits to even halves"
                );
            }
            assert_eq!(
                fill(step, 200, |k| slope(k) * step as u32),
                Some(LevelRounding::Masked),
                "{bits} bits"
            );
        }
        // White alone, as of a caption on masked samples.
        let mut hist = vec![0u32; 256];
        (5..20).for_each(|k| hist[8 * k] = 5000);
        hist[255] = 100;
        assert_eq!(of_channels(&[hist], 4..=7)[0].map(|levels| levels.stored), Some(LevelRounding::Masked));
    }

    #[test]
    fn a_channel_with_few_levels_follows_the_rest() {
        let hist = |levels: std::ops::Range<usize>| {
            let mut hist = vec![0u32; 256];
            levels.for_each(|k| hist[(k * 510 + 31) / 62] = 500);
            hist
        };
        let each = of_channels(&[hist(3..20), hist(2..4), hist(5..12)], 4..=7);
        assert!(each.iter().all(|found| found.is_some_and(|found| found.bits == 5)), "{each:?}");
    }

    #[test]
    fn uneven_rounding_and_odd_steps_are_levels_too() {
        let fill = |code: fn(usize) -> usize| {
            let mut hist = vec![0u32; 256];
            (3..28).for_each(|k| hist[code(k)] += 500);
            even_levels(&hist).unwrap()
        };
        for (found, bits, step) in [
            (fill(|k| k * 255 / 31), 5, 8.23),
            (fill(|k| 10 * k.min(25)), 5, 10.0),
            (fill(|k| 7 + 5 * k), 6, 5.0),
            (fill(|k| 3 * k), 7, 3.0),
        ] {
            assert_eq!(found.bits, bits);
            assert!((found.step - step).abs() < 0.02, "{found:?}");
        }
    }

    #[test]
    fn a_posters_colours_are_no_levels() {
        let mut hist = vec![0u32; 256];
        for c in [3, 10, 14, 31, 90, 121, 200, 255] {
            hist[c] = 10_000;
        }
        assert_eq!(even_levels(&hist), None);
    }

    #[test]
    fn all_codes_are_no_level_set_and_no_comb() {
        let hist = vec![100u32; 256];
        assert_eq!(levels(&hist, 4..=7, PAIRS), None);
        assert!(comb(&hist).iter().all(|&s| (s - 1.0).abs() < 1e-6));
    }

    #[test]
    fn a_stretched_histogram_is_a_comb_only_where_it_is_stretched() {
        let mut hist = vec![0u32; 256];
        for c in 0..100usize {
            hist[if c < 40 { c } else { 40 + (c - 40) * 3 }] = 500;
        }
        let spacing = comb(&hist);
        assert!(spacing[..38].iter().all(|&s| (s - 1.0).abs() < 1e-6));
        assert!((spacing[40 + 30] - 3.0).abs() < 1e-6);
        assert!(combed_share(&hist, &spacing, 1.3) > 0.5);
    }

    #[test]
    fn a_few_flat_colours_are_no_comb() {
        let mut hist = vec![0u32; 256];
        for c in [10, 14, 90, 200] {
            hist[c] = 10_000;
        }
        assert!(comb(&hist).iter().all(|&s| (s - 1.0).abs() < 1e-6));
    }
}
