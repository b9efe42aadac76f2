//! Values of the samples around each one.

use unband_image::{Context, Plane};

/// Applies `fold` to the samples around each one: across, then down.
pub(crate) fn around<T: Copy + Send + Sync>(
    plane: &Plane,
    radius: usize,
    value: impl Fn(f32) -> T + Sync,
    fold: impl Fn(T, T) -> T + Sync,
    ctx: &Context<'_>,
) -> Vec<T> {
    let (width, height) = (plane.width, plane.height);
    let near = |at: usize, end: usize| at.saturating_sub(radius)..(at + radius + 1).min(end);
    let across: Vec<Vec<T>> = ctx.map(height, |y| {
        let row = plane.row(y);
        let all = |x: usize| row[near(x, width)].iter().map(|&v| value(v)).reduce(&fold);
        (0..width).filter_map(all).collect()
    });
    ctx.map(height, |y| {
        let mut row = across[y].clone();
        for other in near(y, height).filter(|&other| other != y) {
            row.iter_mut().zip(&across[other]).for_each(|(a, &b)| *a = fold(*a, b));
        }
        row
    })
    .concat()
}

/// Lowest and highest sample around each one.
pub(crate) fn lowest_and_highest(plane: &Plane, radius: usize, ctx: &Context<'_>) -> Vec<(f32, f32)> {
    let both = |a: (f32, f32), b: (f32, f32)| (a.0.min(b.0), a.1.max(b.1));
    around(plane, radius, |v| (v, v), both, ctx)
}
