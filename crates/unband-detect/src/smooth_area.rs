//! Smooth area of an image, and the share of it that is close to false contours.

use super::planes::LazyPlane;
use unband_image::Context;

/// Side of the cells, in samples of luma. Cells are counted from both ends, so that a rotated or mirrored
/// image has the same; the remainder is a cell of up to seven samples in the middle.
const CELL: usize = 4;
/// Rows of cells per task.
const BAND: usize = 16;
/// Radius, in cells, within 16 samples of a marked cell, and the weight of the next ring: 34 of the 36 to 40
/// samples in the cells on both sides of a step are that close.
const NEIGHBOURHOOD: (usize, f32) = (3, 0.625);
/// Radius of a neighbourhood, in cells, and the minimum number of marked cells in it for a contour: noise
/// marks fewer.
const AROUND: (usize, u8) = (2, 4);
/// Share of an image below which the smooth area is ignored.
const LEAST: f32 = 0.002;

/// Weights of a cell and of its neighbours that turn means over 4×4 samples into a Gaussian of σ 3: both have
/// that variance.
const BLUR: (f32, f32) = (0.516, 0.242);
/// A box of nine samples, in cells.
const BOX: (f32, f32) = (4.0 / 9.0, 2.5 / 9.0);

/// Number of cells along a side.
fn count(side: usize) -> usize {
    2 * (side / (2 * CELL)) + usize::from(!side.is_multiple_of(2 * CELL))
}

/// First sample of a cell, and one past its last.
fn bounds(cell: usize, side: usize) -> (usize, usize) {
    let half = side / (2 * CELL);
    let from_end = count(side) - 1 - cell;
    match (cell < half, from_end < half) {
        (true, _) => (cell * CELL, (cell + 1) * CELL),
        (_, true) => (side - (from_end + 1) * CELL, side - from_end * CELL),
        _ => (half * CELL, side - half * CELL),
    }
}

/// The cell of a sample.
fn cell_of(at: usize, side: usize) -> usize {
    let half = side / (2 * CELL);
    if at < half * CELL {
        at / CELL
    } else if at >= side - half * CELL {
        count(side) - 1 - (side - 1 - at) / CELL
    } else {
        half
    }
}

/// Luma plane and the meaning of its codes: 8-bit codes of the full range are `(code − zero) · unit`.
pub(super) struct Luma<'a> {
    pub source: &'a LazyPlane<'a>,
    pub unit: f32,
    pub zero: f32,
}

/// One value per 4×4 samples, row by row.
pub(super) struct Cells<T> {
    pub columns: usize,
    pub data: Vec<T>,
}

/// The smooth area: the mask of the metric `false-steps`, cell by cell. After a Gaussian of σ 3 the slope
/// must be below half a code per sample, the residual's rms below one code over 9×9, the value within
/// 4..=250, all of that in the neighbouring cells too.
///
/// The smooth area of an image on steps of more than two codes contains these steps, so the limits of slope
/// and residual grow with `step`, in 8-bit codes.
pub(super) fn smooth(luma: &Luma<'_>, step: f32, ctx: &Context<'_>) -> Cells<bool> {
    let (w, h) = (luma.source.width(), luma.source.height());
    let (columns, rows) = (count(w), count(h));
    let bands = ctx.map(rows.div_ceil(BAND), |band| gather(luma, band * BAND, ((band + 1) * BAND).min(rows)));
    let (mean, variance): (Vec<f32>, Vec<f32>) = bands.into_iter().flatten().unzip();
    let blurred = separable(&mean, columns, BLUR);
    let grow = (step / 2.0).clamp(1.0, 8.0);
    let (mut slopes, mut rest) = (vec![false; mean.len()], vec![0.0f32; mean.len()]);
    let mut wide = vec![0.0; columns + 2];
    for y in 0..rows {
        let row = |y: usize| y * columns..(y + 1) * columns;
        let (up, here, down) = (row(y.saturating_sub(1)), row(y), row((y + 1).min(rows - 1)));
        widen(&blurred[here.clone()], &mut wide);
        let at_neighbours = wide.windows(3).zip(blurred[up].iter().zip(&blurred[down]));
        let own = mean[here.clone()].iter().zip(&variance[here.clone()]);
        let out = slopes[here.clone()].iter_mut().zip(&mut rest[here]);
        for (((across, (up, down)), (mean, variance)), (slope, rest)) in at_neighbours.zip(own).zip(out) {
            let (dx, dy) = ((across[2] - across[0]) / (2 * CELL) as f32, (down - up) / (2 * CELL) as f32);
            let g = across[1];
            *slope = dx.abs().max(dy.abs()) < 0.5 * grow && (4.0..=250.0).contains(&g);
            // A slope alone has a variance of (4² − 1) / 12 of its square within a cell.
            *rest = (variance - 1.25 * (dx * dx + dy * dy)).max(0.0) + (mean - g).powi(2);
        }
    }
    let rest = separable(&rest, columns, BOX);
    let coarse: Vec<bool> =
        slopes.iter().zip(&rest).map(|(&slope, &rest)| !slope || rest >= grow * grow).collect();
    let data = widened(&coarse, columns, 1).into_iter().map(|coarse| !coarse).collect();
    Cells { columns, data }
}

/// The marked cells on lines: isolated marks are noise.
///
/// `marked`: cells with contour marks, for an image of that width.
pub(super) fn on_lines(marked: &[bool], width: usize) -> Vec<bool> {
    let (reach, least) = AROUND;
    let counts = counted(marked, count(width), reach);
    marked.iter().zip(counts).map(|(&mark, count)| mark && count >= least).collect()
}

/// Share of the smooth area within 16 samples of a step in it; 0 where hardly anything is smooth.
///
/// `lines`: cells that hold contours.
pub(super) fn share_near(smooth: &Cells<bool>, lines: &[bool]) -> f32 {
    let columns = smooth.columns;
    let all = smooth.data.iter().filter(|&&s| s).count();
    if (all as f32) < LEAST * smooth.data.len() as f32 || all == 0 {
        return 0.0;
    }
    let at_smooth = widened(&smooth.data, columns, 1);
    let steps: Vec<bool> = lines.iter().zip(at_smooth).map(|(&line, smooth)| line && smooth).collect();
    let (inner, outer) = NEIGHBOURHOOD;
    let [near, next] = [inner, inner + 1].map(|reach| widened(&steps, columns, reach));
    let at_neighbours: f64 = (0..smooth.data.len())
        .filter(|&i| smooth.data[i])
        .map(|i| match (near[i], next[i]) {
            (true, _) => 1.0,
            (_, true) => f64::from(outer),
            _ => 0.0,
        })
        .sum();
    (at_neighbours / all as f64) as f32
}

/// Adds the marks of the rows from `y0` on, by sample, to their cells; returns the rows of cells that were
/// reached.
pub(super) fn marked_cells(marks: &[u8], y0: usize, size: (usize, usize)) -> Vec<(usize, Vec<bool>)> {
    let (width, height) = size;
    let columns = count(width);
    let mut out: Vec<(usize, Vec<bool>)> = Vec::new();
    let mut any = vec![0u8; width];
    let rows = marks.len() / width.max(1);
    for (i, row) in marks.chunks(width.max(1)).enumerate() {
        any.iter_mut().zip(row).for_each(|(any, &mark)| *any |= mark);
        let cell = cell_of(y0 + i, height);
        if i + 1 < rows && cell_of(y0 + i + 1, height) == cell {
            continue;
        }
        let marked = |column: usize| {
            let (from, to) = bounds(column, width);
            any[from..to].iter().any(|&mark| mark != 0)
        };
        out.push((cell, (0..columns).map(marked).collect()));
        any.fill(0);
    }
    out
}

/// Joins the partial rows of cells into the cells of all rows.
pub(super) fn join(parts: impl Iterator<Item = (usize, Vec<bool>)>, size: (usize, usize)) -> Vec<bool> {
    let (columns, rows) = (count(size.0), count(size.1));
    let mut all = vec![false; columns * rows];
    for (row, cells) in parts {
        all[row * columns..][..columns].iter_mut().zip(cells).for_each(|(all, cell)| *all |= cell);
    }
    all
}

/// Mean and variance of some rows of cells, in 8-bit codes of the full range.
fn gather(luma: &Luma<'_>, first: usize, last: usize) -> Vec<(f32, f32)> {
    let (w, h) = (luma.source.width(), luma.source.height());
    let half = w / (2 * CELL);
    let mut out = Vec::with_capacity(count(w) * (last - first));
    let mut line = vec![0i16; w];
    let (mut sums, mut squares) = (vec![0i32; w], vec![0i32; w]);
    for row in first..last {
        let (top, bottom) = bounds(row, h);
        sums.fill(0);
        squares.fill(0);
        for y in top..bottom {
            luma.source.fill(y, &mut line);
            for ((sum, square), &value) in sums.iter_mut().zip(&mut squares).zip(&line) {
                // Sixteenths of a code, so that the sums of squares over a cell fit.
                let value = i32::from(value >> 2);
                *sum += value;
                *square += value * value;
            }
        }
        let cell = |(sums, squares): (&[i32], &[i32])| {
            let samples = (sums.len() * (bottom - top)) as f64;
            let mean = f64::from(sums.iter().sum::<i32>()) / samples;
            let variance = f64::from(squares.iter().sum::<i32>()) / samples - mean * mean;
            let unit = f64::from(luma.unit);
            let (mean, variance) = (mean / 16.0, variance.max(0.0) / 256.0);
            (((mean - f64::from(luma.zero)) * unit) as f32, (variance * unit * unit) as f32)
        };
        let (left, right) = (half * CELL, w - half * CELL);
        let cells = |part: std::ops::Range<usize>, size: usize| {
            sums[part.clone()].chunks(size).zip(squares[part].chunks(size))
        };
        out.extend(cells(0..left, CELL).map(cell));
        out.extend(cells(left..right, right - left + 1).map(cell));
        out.extend(cells(right..w, CELL).map(cell));
    }
    out
}

/// Three-tap filter across and down, with a weight for the centre and one for its neighbours; the border is
/// repeated.
fn separable(data: &[f32], columns: usize, weights: (f32, f32)) -> Vec<f32> {
    let (here, at_neighbours) = weights;
    let rows = data.len() / columns.max(1);
    let mut across = vec![0.0; data.len()];
    let mut wide = vec![0.0; columns + 2];
    for (out, row) in across.chunks_mut(columns).zip(data.chunks(columns)) {
        widen(row, &mut wide);
        out.iter_mut()
            .zip(wide.windows(3))
            .for_each(|(out, w)| *out = here * w[1] + at_neighbours * (w[0] + w[2]));
    }
    let mut out = vec![0.0; data.len()];
    for y in 0..rows {
        let row = |y: usize| &across[y * columns..][..columns];
        let (up, middle, down) = (row(y.saturating_sub(1)), row(y), row((y + 1).min(rows - 1)));
        let near_rows = up.iter().zip(down).zip(middle);
        for (out, ((up, down), middle)) in out[y * columns..][..columns].iter_mut().zip(near_rows) {
            *out = here * middle + at_neighbours * (up + down);
        }
    }
    out
}

/// A row with its first and last value repeated.
fn widen(row: &[f32], wide: &mut [f32]) {
    if let ([first, .., last], [before, inner @ .., after]) = (row, &mut *wide) {
        inner.copy_from_slice(row);
        (*before, *after) = (*first, *last);
    } else {
        wide.fill(row.first().copied().unwrap_or_default());
    }
}

/// Number of marked cells within `reach` columns and rows of each, itself included. `reach`: at most 7.
fn counted(marks: &[bool], columns: usize, reach: usize) -> Vec<u8> {
    let columns = columns.max(1);
    let own: Vec<u8> = marks.iter().map(|&mark| u8::from(mark)).collect();
    let add = |out: &mut [u8], more: &[u8]| out.iter_mut().zip(more).for_each(|(out, more)| *out += more);
    let mut across = own.clone();
    for (out, row) in across.chunks_mut(columns).zip(own.chunks(columns)) {
        for by in 1..=reach.min(row.len()) {
            add(&mut out[by..], row);
            add(out, &row[by..]);
        }
    }
    let mut out = across.clone();
    for by in (1..=reach).map(|rows| (rows * columns).min(marks.len())) {
        add(&mut out[by..], &across);
        add(&mut out, &across[by..]);
    }
    out
}

/// Dilation: marks, and all cells within `reach` columns and rows of one.
fn widened(marks: &[bool], columns: usize, reach: usize) -> Vec<bool> {
    counted(marks, columns, reach).into_iter().map(|count| count > 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planes::Codes;
    use unband_simd::Level;

    fn smooth_share(code: impl Fn(usize, usize) -> u8) -> f32 {
        let (width, height) = (160, 120);
        let plane = (0..width * height).map(|i| code(i % width, i / width)).collect();
        let codes = Codes { width, height, planes: vec![plane] };
        let source = LazyPlane::stored(&codes, 0, Level::best());
        let area = smooth(&Luma { source: &source, unit: 1.0, zero: 0.0 }, 1.0, &Context::default());
        area.data.iter().filter(|&&s| s).count() as f32 / area.data.len() as f32
    }

    #[test]
    fn slopes_texture_and_black_are_not_smooth() {
        assert!(smooth_share(|x, _| 60 + (x / 4) as u8) > 0.99);
        assert!(smooth_share(|x, _| 20 + x as u8) < 0.01, "one code per sample");
        assert!(smooth_share(|x, y| if (x + y) % 2 == 0 { 60 } else { 64 }) < 0.01);
        assert!(smooth_share(|_, _| 2) < 0.01);
        let half = smooth_share(|x, y| if x < 80 || (x + y) % 2 == 0 { 60 } else { 70 });
        assert!((0.42..0.5).contains(&half), "{half}");
    }

    #[test]
    fn cells_are_the_same_from_both_ends_and_hold_all_samples() {
        for side in 1..100 {
            let all: Vec<(usize, usize)> = (0..count(side)).map(|cell| bounds(cell, side)).collect();
            let back: Vec<(usize, usize)> = all.iter().rev().map(|&(a, b)| (side - b, side - a)).collect();
            assert_eq!(all, back);
            assert!(all[0].0 == 0 && all.windows(2).all(|pair| pair[0].1 == pair[1].0));
            assert_eq!(all[all.len() - 1].1, side);
            assert!((0..side).all(|at| (all[cell_of(at, side)].0..all[cell_of(at, side)].1).contains(&at)));
        }
    }

    #[test]
    fn sixteen_samples_near_a_line_count_and_lone_marks_do_not() {
        let area = Cells { columns: 40, data: vec![true; 1200] };
        let mut marked = vec![false; 1200];
        (0..30).for_each(|y| marked[y * 40 + 20] = true);
        let share = |marked: &[bool]| share_near(&area, &on_lines(marked, 160));
        assert!((share(&marked) - (7.0 + 2.0 * 0.625) / 40.0).abs() < 1e-6);
        let mut isolated = vec![false; 1200];
        (0..30).step_by(5).for_each(|y| isolated[y * 40 + 20] = true);
        assert!(share(&isolated).abs() < 1e-6);
    }
}
