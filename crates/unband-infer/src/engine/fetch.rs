//! Rows of values: those that are kept, and those that are only kept samples in another order.

use unband_nets::{Graph, Op, Shape};

use crate::map::Map;

/// A result: row by row, sample by sample, channel by channel.
#[derive(Clone, Debug)]
pub struct Stored {
    pub shape: Shape,
    pub data: Vec<f32>,
}

impl Stored {
    pub fn zeros(shape: Shape) -> Self {
        Self { shape, data: vec![0.0; shape.len()] }
    }

    /// Floats of a row.
    pub fn row(&self) -> usize {
        self.shape.width * self.shape.channels
    }

    pub fn of_map(map: &Map<f32>) -> Self {
        let Shape { channels, height, width } = map.shape;
        let mut out = Self::zeros(map.shape);
        for c in 0..channels {
            for (i, &v) in map.data[c * height * width..][..height * width].iter().enumerate() {
                out.data[i * channels + c] = v;
            }
        }
        out
    }
}

/// Memory of results that nobody needs any more: new memory costs a fault for every page.
#[derive(Default)]
pub struct Spare(Vec<Vec<f32>>);

impl Spare {
    /// Keeps the memory of a result.
    pub fn give(&mut self, stored: Option<Stored>) {
        self.0.extend(stored.map(|stored| stored.data));
    }

    /// A result of which every sample has yet to be written: the smallest memory that holds it.
    pub fn take(&mut self, shape: Shape) -> Stored {
        let len = shape.len();
        let fits = self.0.iter().enumerate().filter(|(_, v)| v.capacity() >= len);
        let Some((place, _)) = fits.min_by_key(|(_, v)| v.capacity()) else { return Stored::zeros(shape) };
        let mut data = self.0.swap_remove(place);
        data.resize(len, 0.0);
        Stored { shape, data }
    }
}

/// Where rows come from.
pub struct Fetch<'a> {
    pub graph: &'a Graph,
    pub shapes: &'a [Shape],
    pub stored: &'a [Option<Stored>],
}

impl Fetch<'_> {
    /// A kept row, as it lies.
    pub fn kept(&self, value: usize, y: usize) -> Option<&[f32]> {
        let stored = self.stored[value].as_ref()?;
        Some(&stored.data[y * stored.row()..][..stored.row()])
    }

    /// Row `y` of a value, samples one after the other.
    pub fn row(&self, value: usize, y: usize, out: &mut [f32]) {
        self.scattered(value, y, out, self.shapes[value].channels);
    }

    /// Row `y` of a value; `step` floats from sample to sample.
    fn scattered(&self, value: usize, y: usize, out: &mut [f32], step: usize) {
        let Shape { channels, width, .. } = self.shapes[value];
        if let Some(row) = self.kept(value, y) {
            if step == channels {
                out[..row.len()].copy_from_slice(row);
            } else {
                for (to, from) in out.chunks_mut(step).zip(row.chunks_exact(channels)) {
                    to[..channels].copy_from_slice(from);
                }
            }
            return;
        }
        let node = &self.graph.nodes[value];
        let first = |y: usize| {
            let from = node.inputs[0].index();
            let shape = self.shapes[from];
            let mut row = vec![0.0; shape.width * shape.channels];
            self.row(from, y, &mut row);
            (row, shape.channels)
        };
        match node.op {
            Op::Concat => {
                let mut at = 0;
                for part in &node.inputs {
                    self.scattered(part.index(), y, &mut out[at..], step);
                    at += self.shapes[part.index()].channels;
                }
            }
            Op::Slice(slice) => {
                let (row, all) = first(y);
                for (to, from) in out.chunks_mut(step).zip(row.chunks_exact(all)) {
                    to[..slice.len].copy_from_slice(&from[slice.start..][..slice.len]);
                }
            }
            Op::PixelUnshuffle(f) => {
                for dy in 0..f {
                    let (row, few) = first(y * f + dy);
                    for (x, to) in out.chunks_mut(step).take(width).enumerate() {
                        for c in 0..few {
                            for dx in 0..f {
                                to[(c * f + dy) * f + dx] = row[(x * f + dx) * few + c];
                            }
                        }
                    }
                }
            }
            Op::PixelShuffle(f) => {
                let (row, many) = first(y / f);
                for (x, to) in out.chunks_mut(step).take(width).enumerate() {
                    let from = &row[x / f * many..][..many];
                    for (c, to) in to[..channels].iter_mut().enumerate() {
                        *to = from[(c * f + y % f) * f + x % f];
                    }
                }
            }
            Op::UpsampleNearest(f) => {
                let (row, _) = first(y / f);
                for (x, to) in out.chunks_mut(step).take(width).enumerate() {
                    to[..channels].copy_from_slice(&row[x / f * channels..][..channels]);
                }
            }
            // Crop, and what changes nothing.
            _ => {
                let (row, _) = first(y);
                for (to, from) in out.chunks_mut(step).zip(row.chunks_exact(channels)).take(width) {
                    to[..channels].copy_from_slice(from);
                }
            }
        }
    }

    /// A whole value, channel by channel.
    pub fn map(&self, value: usize) -> Map<f32> {
        let shape = self.shapes[value];
        let mut map = Map::zeros(shape);
        let mut row = vec![0.0; shape.width * shape.channels];
        for y in 0..shape.height {
            self.row(value, y, &mut row);
            for (x, sample) in row.chunks_exact(shape.channels.max(1)).enumerate() {
                for (c, &v) in sample.iter().enumerate() {
                    map.data[(c * shape.height + y) * shape.width + x] = v;
                }
            }
        }
        map
    }
}
