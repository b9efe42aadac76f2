//! Closing of small gaps in line maps.

use unband_image::Context;
use unband_simd::filters::bband;

use super::bits::{Bits, by_rows};
use super::thin::thin;

/// Area limit of filled holes: a disc of diameter 3 has an area of 7.07.
const HOLE: usize = 7;

/// Bit masks by kind of sample: line ends, junctions, isolated samples.
pub(super) struct Shapes {
    pub(super) ends: Bits,
    pub(super) junctions: Bits,
    pub(super) alone: Bits,
}

/// Classifies each set bit.
pub(super) fn shapes(bits: &Bits, ctx: &Context<'_>) -> Shapes {
    let empty = || Bits::new(bits.width, bits.height);
    let mut shapes = Shapes { ends: empty(), junctions: empty(), alone: empty() };
    for y in 0..bits.height {
        let (ends, junctions) = (shapes.ends.row_mut(y), shapes.junctions.row_mut(y));
        bband::shapes_row(ctx.level, ends, junctions, shapes.alone.row_mut(y), bits.around(y));
    }
    shapes
}

/// Joins lines whose ends nearly touch: dilates every end and isolated sample by 3×3, thins, fills small
/// holes, and thins again.
pub(super) fn fill(mut bits: Bits, ctx: &Context<'_>) -> Bits {
    let (width, height) = (bits.width, bits.height);
    let Shapes { ends, alone, .. } = shapes(&bits, ctx);
    for (x, y) in ends.positions().chain(alone.positions()) {
        // The original's strict comparisons exclude a wider border at the far sides.
        if x > 0 && y > 0 && x + 2 < width && y + 2 < height {
            for yy in y - 1..=y + 1 {
                for xx in x - 1..=x + 1 {
                    bits.set(xx, yy);
                }
            }
        }
    }
    let mut bits = thin(bits, ctx);
    let holes = by_rows(height, ctx, |rows| {
        let mut found = Vec::new();
        for y in rows {
            for x in corners(&bits, y) {
                hole(&bits, x, y, &mut found);
            }
        }
        found
    });
    for &(x, y) in holes.iter().flatten() {
        bits.set(x as usize, y as usize);
    }
    thin(bits, ctx)
}

/// Background samples that may be the upper left one of a small hole: set or outside above and to the left,
/// and again within reach to the right.
fn corners(bits: &Bits, y: usize) -> Vec<usize> {
    let [above, here, _] = bits.around(y);
    let mut found = Vec::new();
    for i in 0..bits.words {
        let valid = bits.valid(i);
        let (before, own, after) = (here[i], here[i + 1], here[i + 2]);
        let outside = u64::from(i == 0);
        let top = if y == 0 { u64::MAX } else { above[i + 1] };
        let mut word = !own & valid & top & (own << 1 | before >> 63 | outside);
        if word != 0 {
            // Beyond the last sample every hole ends.
            let last = i + 1 == bits.words;
            let (own, after) = (own | !valid, if last { u64::MAX } else { after });
            let near = (1..=HOLE).fold(0, |near, by| near | own >> by | after << (64 - by));
            word &= near;
        }
        found.extend(super::bits::ones(&[word]).map(|x| 64 * i + x));
    }
    found
}

/// Adds the samples of the background component around `(x, y)` if it is small.
fn hole(bits: &Bits, x: usize, y: usize, found: &mut Vec<(u32, u32)>) {
    let mut seen = [(0i64, 0i64); HOLE + 1];
    seen[0] = (x.cast_signed() as i64, y.cast_signed() as i64);
    let (mut count, mut next) = (1, 0);
    while next < count {
        let (x, y) = seen[next];
        next += 1;
        for (x, y) in [(x, y - 1), (x - 1, y), (x + 1, y), (x, y + 1)] {
            let inside = x >= 0 && y >= 0 && (x as usize) < bits.width && (y as usize) < bits.height;
            if inside && !bits.near(x, y) && !seen[..count].contains(&(x, y)) {
                if count > HOLE {
                    return;
                }
                seen[count] = (x, y);
                count += 1;
            }
        }
        if count > HOLE {
            return;
        }
    }
    found.extend(seen[..count].iter().map(|&(x, y)| (x as u32, y as u32)));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bits(rows: &[&str]) -> Bits {
        let mut bits = Bits::new(rows[0].len(), rows.len());
        for (y, row) in rows.iter().enumerate() {
            for (x, c) in row.bytes().enumerate() {
                if c == b'#' {
                    bits.set(x, y);
                }
            }
        }
        bits
    }

    fn filled(bits: &Bits) -> usize {
        let mut found = Vec::new();
        for y in 0..bits.height {
            for x in corners(bits, y) {
                hole(bits, x, y, &mut found);
            }
        }
        found.sort_unstable();
        found.dedup();
        found.len()
    }

    #[test]
    fn holes_of_seven_are_small_and_those_of_eight_are_not() {
        let seven = ["###########", "#.......###", "###########", "..........."];
        let eight = ["###########", "#........##", "###########", "..........."];
        assert_eq!((filled(&bits(&seven)), filled(&bits(&eight))), (7, 0));
        let bent = ["#####", "##.##", "#...#", "##.##", "#####", ".....", "....."];
        assert_eq!(filled(&bits(&bent)), 5);
        // A corner of the image is a hole too.
        assert_eq!(filled(&bits(&["..#..........", "..#..........", "##...........", "............."])), 4);
        assert_eq!(filled(&bits(&["....#..", ".....#.", "......#", "......."])), 3);
    }
}
