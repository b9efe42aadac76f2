//! Transformation of findings to another orientation of the image.

use super::{BandingMap, GridRegions};
use crate::turn::Turn;

impl GridRegions {
    /// The regions for an image of that size after the change of orientation: squares that ended at a border
    /// then begin there.
    #[must_use]
    pub fn turned(&self, turn: Turn, (width, height): (usize, usize)) -> Self {
        let side = BandingMap::SIDE;
        // Squares cover the whole image even where fewer are stored, since they are counted from the other
        // end.
        let across = |size: usize, origin: usize, squares: usize| squares.max((size + origin).div_ceil(side));
        let columns = across(width, self.origin.0, self.columns);
        let rows = across(height, self.origin.1, self.rows);
        let x0 = if turn.across { columns * side - width - self.origin.0 } else { self.origin.0 };
        let y0 = if turn.down { rows * side - height - self.origin.1 } else { self.origin.1 };
        let at = |column: usize, row: usize| {
            let column = if turn.across { columns - 1 - column } else { column };
            let row = if turn.down { rows - 1 - row } else { row };
            let square = (column < self.columns).then_some(row * self.columns + column);
            square.and_then(|square| self.holds.get(square)).copied().unwrap_or_default()
        };
        let squares = 0..columns * rows;
        if turn.transposed {
            let holds = squares.map(|i| at(i / rows, i % rows)).collect();
            Self { columns: rows, rows: columns, holds, origin: (y0, x0) }
        } else {
            let holds = squares.map(|i| at(i % columns, i / columns)).collect();
            Self { columns, rows, holds, origin: (x0, y0) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rng;

    #[test]
    fn the_grid_holds_at_the_same_samples_of_a_turned_image() {
        let rng = Rng::new(26);
        // The last one has fewer squares than the image needs.
        for (size, squares) in
            [((200, 130), (4, 3)), ((128, 64), (2, 1)), ((70, 300), (2, 5)), ((300, 90), (2, 2))]
        {
            let (width, height) = size;
            let holds =
                (0..squares.0 * squares.1).map(|i| [0, 1, 2].map(|p| rng.unit_at(0, p, i as u32, 0) < 0.5));
            let regions =
                GridRegions { columns: squares.0, rows: squares.1, holds: holds.collect(), origin: (0, 0) };
            for turn in Turn::ALL {
                let turned = regions.turned(turn, size);
                let back = turned.turned(turn.back(), turn.size(size));
                for (x, y) in (0..height).flat_map(|y| (0..width).map(move |x| (x, y))) {
                    let to = (
                        if turn.across { width - 1 - x } else { x },
                        if turn.down { height - 1 - y } else { y },
                    );
                    let to = if turn.transposed { (to.1, to.0) } else { to };
                    for plane in 0..3 {
                        let holds = regions.holds_at(plane, x, y);
                        assert_eq!(turned.holds_at(plane, to.0, to.1), holds, "{turn:?} {size:?} {x} {y}");
                        assert_eq!(back.holds_at(plane, x, y), holds, "{turn:?} {size:?} {x} {y}");
                    }
                }
            }
        }
    }
}
