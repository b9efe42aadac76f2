//! Results inside the quantisation intervals of their source samples, for windows, rows and whole frames.

use unband_image::dither::Grid;
use unband_image::findings::Findings;
use unband_image::{Context, Depth, Image, Model, Window};
use unband_simd::Level;

use super::finishing::{ResultRows, scales};
use crate::faithful::{Cells, cells};

/// Lowest and highest value of each plane.
type Limits = [(f32, f32)];

/// The range of a depth's codes, for each plane.
pub(crate) fn limits_of(model: Model, planes: usize, depth: Depth) -> Vec<(f32, f32)> {
    let limits = |p| Grid::new(model, p, depth).map_or((f32::NEG_INFINITY, f32::INFINITY), Grid::limits);
    (0..planes).map(limits).collect()
}

/// Clamps the samples of a part to their intervals and, as far as the source is, to limits.
pub(crate) fn confine(part: &mut ResultRows<'_>, cells: &Cells, limits: &Limits, level: Level) {
    if cells.joint() && part.planes.len() == 3 {
        let (Some(image), window) = (part.source, part.window) else { return };
        let [r, g, b] = part.planes.as_mut_slice() else { return };
        for rows in cells.rows(window.y0, window.height()) {
            let at = (window.x0, window.y0 + rows.start);
            let sources = rows
                .clone()
                .map(|y| [0, 1, 2].map(|p: usize| &image.planes[p].row(window.y0 + y)[window.x0..window.x1]));
            let values = r.rows_mut(rows.clone()).zip(g.rows_mut(rows.clone())).zip(b.rows_mut(rows.clone()));
            let values = values.map(|((r, g), b)| [r, g, b]);
            cells.keep_pixels(level, at, &mut values.zip(sources).collect::<Vec<_>>(), limits[0]);
        }
        return;
    }
    for (p, &limits) in limits.iter().enumerate() {
        let Window { x0, y0, .. } = part.planes[p].window;
        for y in 0..part.planes[p].window.height() {
            let Some(source) = part.source_row(p, y) else { return };
            cells.keep(level, p, (x0, y0 + y), part.planes[p].row_mut(y), source, limits);
        }
    }
}

/// Clamps a whole result to the intervals of its own source.
pub(crate) fn confine_all(image: &mut Image, source: &Image, findings: &Findings, ctx: &Context<'_>) {
    let cells = cells(source, findings, ctx);
    let limits = vec![(f32::NEG_INFINITY, f32::INFINITY); image.planes.len()];
    let whole = Window { x0: 0, y0: 0, x1: source.width(), y1: source.height() };
    let parts = ResultRows::split(Some(source), &scales(source), whole, &mut image.planes);
    ctx.map_parts(parts, |_, mut part| confine(&mut part, &cells, &limits, ctx.level));
}
