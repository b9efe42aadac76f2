//! Input rows with zeroes on both sides.

use unband_nets::Shape;

use super::scratch::Scratch;
use super::strip::Strip;

/// Rows that are read in place, or copies that are cached while nearby rows are computed.
pub(super) struct Staged {
    value: usize,
    /// Row index and samples, stored by row index modulo the number of slots.
    rows: Vec<Option<(usize, Scratch)>>,
    /// Filled once a row outside the image is requested.
    zeros: Vec<f32>,
    height: usize,
    /// Zero samples before a row.
    left: usize,
    floats: usize,
    /// Range of the samples between the zeroes.
    inside: std::ops::Range<usize>,
}

impl Staged {
    /// For rows less than `span` apart, with `left` zero samples before them, `floats` in all.
    pub(super) fn new(value: usize, from: Shape, span: usize, left: usize, floats: usize) -> Self {
        Self {
            value,
            rows: std::iter::repeat_with(|| None).take(span).collect(),
            zeros: Vec::new(),
            height: from.height,
            left,
            floats,
            inside: left * from.channels..(left + from.width) * from.channels,
        }
    }

    /// The rows at these indices; zeroes outside the image. No two indices may be `span` apart.
    pub(super) fn rows<'a>(
        &'a mut self,
        strip: &Strip<'a>,
        places: impl Iterator<Item = Option<usize>> + Clone,
    ) -> Vec<&'a [f32]> {
        let (span, floats, height) = (self.rows.len(), self.floats, self.height);
        let inside = |place: Option<usize>| place.filter(|&y| y < height);
        let (value, left) = (self.value, self.left);
        let kept = |y| strip.fetch.padded(value, y, left, floats);
        for place in places.clone().map(inside) {
            let Some(y) = place else {
                self.zeros.resize(floats, 0.0);
                continue;
            };
            let slot = &mut self.rows[y % span];
            if slot.as_ref().is_some_and(|slot| slot.0 == y) || kept(y).is_some() {
                continue;
            }
            let (number, row) = slot.get_or_insert_with(|| {
                let mut row = Scratch::with_floats(floats);
                row[..self.inside.start].fill(0.0);
                row[self.inside.end..].fill(0.0);
                (y, row)
            });
            *number = y;
            strip.fetch.row(value, y, &mut row[self.inside.clone()]);
        }
        let staged = |y: usize| self.rows[y % span].as_ref().map_or(&self.zeros[..], |slot| &slot.1[..]);
        let row = |place| inside(place).map_or(&self.zeros[..], |y| kept(y).unwrap_or_else(|| staged(y)));
        places.map(row).collect()
    }
}
