//! Morphological thinning to one-sample lines.

use unband_image::Context;
use unband_simd::filters::bband;

use super::bits::{Bits, by_rows};

/// Passes of two sub-passes between exchanges of part borders.
const PASSES: usize = 8;

/// Guo and Hall's thinning, repeated until nothing changes.
///
/// Parts of rows are thinned independently, with a margin of rows that covers the reach of changes in the
/// meantime.
pub(crate) fn thin(mut bits: Bits, ctx: &Context<'_>) -> Bits {
    loop {
        let parts = by_rows(bits.height, ctx, |rows| {
            let (top, end) =
                (rows.start.saturating_sub(2 * PASSES), (rows.end + 2 * PASSES).min(bits.height));
            let mut here = Bits::new(bits.width, end - top);
            here.for_rows(|y, row| row.copy_from_slice(bits.row(top + y)));
            let mut next = here.clone();
            let core = rows.start - top..rows.end - top;
            let mut core_changed = false;
            for _ in 0..PASSES {
                let mut changed = false;
                core_changed = false;
                for second in [false, true] {
                    next.for_rows(|y, row| {
                        let any = bband::thin_row(ctx.level, row, here.around(y), second);
                        changed |= any;
                        core_changed |= any && core.contains(&y);
                    });
                    std::mem::swap(&mut here, &mut next);
                }
                if !changed {
                    break;
                }
            }
            let words = core.flat_map(|y| here.row(y).to_vec()).collect::<Vec<u64>>();
            (words, core_changed)
        });
        let changed = parts.iter().any(|(_, changed)| *changed);
        let words: Vec<_> = parts.into_iter().map(|(words, _)| words).collect();
        bits = Bits::from_parts(bits.width, bits.height, &words);
        if !changed {
            return bits;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use unband_image::With;

    #[test]
    fn pieces_give_what_the_whole_gives() {
        let (w, h) = (200, 300);
        let mut thick = Bits::new(w, h);
        for y in 0..h {
            for x in 0..w {
                let hole = (x * 7919 + y * 104_729) % 701 == 0;
                if !hole && ((x / 60 + y / 90) % 2 == 0 || (x + 2 * y) % 37 < 5) {
                    thick.set(x, y);
                }
            }
        }
        // Reference: one part as large as the image, one sub-pass at a time.
        let mut want = thick.clone();
        let mut passes = 0;
        loop {
            let before = want.clone();
            for second in [false, true] {
                let from = want.clone();
                want.for_rows(|y, row| {
                    bband::thin_row(unband_simd::Level::Scalar, row, from.around(y), second);
                });
            }
            passes += 1;
            if want == before {
                break;
            }
        }
        assert!(passes > 2 * PASSES, "{passes}");
        for threads in [1, 3] {
            assert!(thin(thick.clone(), &Context::with(|new| new.threads = threads)) == want);
        }
    }
}
