//! Images that hold data instead of colours: lookup tables and normal maps.

use crate::planes::Codes;

/// Steps along a table's axis that are read before it may be rejected.
const TRIAL: u32 = 2048;

/// Position of a lattice point's colour in the image.
type LatticeOrder = fn(n: usize, r: usize, g: usize, b: usize) -> (usize, usize);

/// Is it a colour lookup table: a strip of tiles across or down, a square of tiles, or a Hald image?
///
/// Along each axis of the table its own channel must rise nearly everywhere. The table may be graded, and
/// green may run from bottom to top.
pub(super) fn is_lookup_table(codes: &Codes) -> bool {
    let (w, h) = (codes.width, codes.height);
    let across: LatticeOrder = |n, r, g, b| (b * n + r, g);
    let down: LatticeOrder = |n, r, g, b| (r, b * n + g);
    let tiles: LatticeOrder = |n, r, g, b| {
        let columns = n.isqrt();
        (b % columns * n + r, b / columns * n + g)
    };
    let hald: LatticeOrder = |n, r, g, b| {
        let (at, side) = ((b * n + g) * n + r, n * n.isqrt());
        (at % side, at / side)
    };
    let square = |n: usize| w == h && n.isqrt().pow(2) == n && w == n * n.isqrt();
    let root = (1..=16).map(|level| level * level).find(|&n| square(n));
    let candidates = [
        (h, w == h * h, across),
        (w, h == w * w, down),
        (root.unwrap_or(0), root.is_some(), tiles),
        (root.unwrap_or(0), root.is_some(), hald),
    ];
    candidates.into_iter().any(|(n, fits, place)| fits && (4..=128).contains(&n) && rises(codes, n, place))
}

/// Does each channel rise along its own axis?
fn rises(codes: &Codes, n: usize, place: LatticeOrder) -> bool {
    (0..3).all(|axis| {
        let value = |along: usize, i: usize, j: usize| {
            let mut at = [along, i, j];
            at.rotate_right(axis);
            let (x, y) = place(n, at[0], at[1], at[2]);
            i32::from(codes.planes[axis][y * codes.width + x])
        };
        // Number of steps up, down and in all, and the total rise from one end to the other.
        let (mut up, mut down, mut all, mut rise) = (0u32, 0u32, 0u32, 0i64);
        let every = (n / 16).max(1);
        for i in (0..n).step_by(every) {
            for j in (0..n).step_by(every) {
                for k in 1..n {
                    let step = value(k, i, j) - value(k - 1, i, j);
                    up += u32::from(step > 0);
                    down += u32::from(step < 0);
                    all += 1;
                }
                rise += i64::from(value(n - 1, i, j) - value(0, i, j));
                if all > TRIAL && 10 * up.min(down) > all {
                    return false;
                }
            }
        }
        let lines = i64::from(all) / (n.cast_signed() as i64 - 1).max(1);
        20 * up.min(down) <= all && 2 * up.max(down) >= all && rise.abs() >= 24 * lines
    })
}

/// Are nearly all colours unit vectors that point out of the surface?
pub(super) fn is_normal_map(codes: &Codes) -> bool {
    /// Maximum number of pixels read.
    const PIXELS: usize = 1 << 14;
    const SLACK: f32 = 0.05;
    let every = (codes.len() / PIXELS).max(1) | 1;
    let (mut unit, mut all, mut sum, mut least, mut most) = (0u32, 0u32, [0.0f64; 3], [255u8; 2], [0u8; 2]);
    for at in (0..codes.len()).step_by(every) {
        let vector = [0, 1, 2].map(|p| f32::from(codes.planes[p][at]) / 127.5 - 1.0);
        let length = vector.iter().map(|v| v * v).sum::<f32>().sqrt();
        unit += u32::from((length - 1.0).abs() < SLACK && vector[2] > -SLACK);
        all += 1;
        sum.iter_mut().zip(vector).for_each(|(s, v)| *s += f64::from(v));
        for p in 0..2 {
            least[p] = least[p].min(codes.planes[p][at]);
            most[p] = most[p].max(codes.planes[p][at]);
        }
        if all == 256 && 4 * unit < 3 * all {
            return false;
        }
    }
    let mean = sum.map(|s| s / f64::from(all.max(1)));
    let varied = (0..2).any(|p| most[p] - least[p] >= 8);
    let outward = mean[2] > 0.4 && mean[0].abs() < 0.3 && mean[1].abs() < 0.3;
    varied && outward && f64::from(unit) >= 0.97 * f64::from(all)
}
