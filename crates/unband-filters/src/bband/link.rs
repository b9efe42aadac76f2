//! Edge linking: thin lines to point lists.

use unband_image::Context;

use super::bits::Bits;
use super::gaps::{Shapes, shapes};
use super::thin::thin;
use super::{Edges, Point};

/// Neighbours in search order: down the left column, along the bottom to the right, up the right column,
/// above.
const NEIGHBOURS: [(i64, i64); 8] = [(-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1)];

/// Turns a line map into lists of points; a closed line repeats its first point at the end.
///
/// Source: P. Kovesi's `edgelink.m`, as the index's authors use it.
pub(super) fn link(mut lines: Bits, ctx: &Context<'_>) -> Edges {
    let Shapes { alone, .. } = shapes(&lines, ctx);
    lines.for_rows(|y, row| row.iter_mut().zip(alone.row(y)).for_each(|(bits, alone)| *bits &= !alone));
    let lines = thin(lines, ctx);
    let Shapes { ends, junctions, .. } = shapes(&lines, ctx);
    let mut linker = Linker {
        edges: Edges { width: lines.width, height: lines.height, ..Edges::default() },
        free: lines,
        junctions: &junctions,
    };
    for end in down_columns(&ends) {
        if linker.is_free(end) {
            linker.track(end, None, false);
        }
    }
    linker.leave_junctions();
    for y in 0..linker.free.height {
        for i in 0..linker.free.words {
            // Tracing clears bits of this word, too.
            while linker.free.row(y)[i] != 0 {
                let x = 64 * i + linker.free.row(y)[i].trailing_zeros() as usize;
                linker.track(Point { x: x as u32, y: y as u32 }, None, false);
            }
        }
    }
    linker.edges
}

/// Set bits column by column.
fn down_columns(bits: &Bits) -> Vec<Point> {
    let mut points: Vec<_> = bits.positions().map(|(x, y)| Point { x: x as u32, y: y as u32 }).collect();
    points.sort_unstable_by_key(|p| (p.x, p.y));
    points
}

/// Up to eight points.
#[derive(Clone, Copy, Default)]
struct Few {
    points: [Point; 8],
    len: usize,
}

impl Few {
    fn push(&mut self, point: Point) {
        if let Some(slot) = self.points.get_mut(self.len) {
            *slot = point;
            self.len += 1;
        }
    }

    fn all(&self) -> &[Point] {
        &self.points[..self.len]
    }
}

struct Linker<'a> {
    edges: Edges,
    /// Line samples that belong to no edge yet.
    free: Bits,
    junctions: &'a Bits,
}

impl Linker<'_> {
    fn is_free(&self, p: Point) -> bool {
        self.free.get(p.x as usize, p.y as usize)
    }

    fn take(&mut self, p: Point) {
        self.free.clear(p.x as usize, p.y as usize);
    }

    /// Next candidates: free samples that are not junctions, and junctions except the track's start.
    fn available(&self, at: Point, began: Option<Point>) -> [Few; 2] {
        let [mut samples, mut junctions] = [Few::default(); 2];
        for (dx, dy) in NEIGHBOURS {
            let (x, y) = (i64::from(at.x) + dx, i64::from(at.y) + dy);
            if self.junctions.near(x, y) {
                let junction = Point { x: x as u32, y: y as u32 };
                if began != Some(junction) {
                    junctions.push(junction);
                }
            } else if self.free.near(x, y) {
                samples.push(Point { x: x as u32, y: y as u32 });
            }
        }
        [samples, junctions]
    }

    /// Traces a line to a junction or its end. `avoid`: skip junctions at the first step.
    fn track(&mut self, start: Point, second: Option<Point>, mut avoid: bool) {
        let first = self.edges.points.len();
        self.edges.points.push(start);
        self.take(start);
        let (mut at, mut direction, mut directed) = (start, [0.0; 2], false);
        if let Some(second) = second {
            self.edges.points.push(second);
            self.take(second);
            (at, direction, directed) = (second, unit(start, second), true);
        }
        let mut closed = true;
        loop {
            let [samples, junctions] = self.available(at, Some(start));
            let to_junction = junctions.len > 0 && (!avoid || samples.len == 0);
            let best = if to_junction && !directed {
                directed = true;
                junctions.all().iter().copied().min_by_key(|p| p.x.abs_diff(at.x) + p.y.abs_diff(at.y))
            } else if to_junction {
                straightest(at, direction, junctions.all())
            } else {
                avoid &= samples.len == 0;
                straightest(at, direction, samples.all())
            };
            let Some(best) = best else { break };
            direction = unit(at, best);
            at = best;
            self.edges.points.push(at);
            self.take(at);
            if self.junctions.get(at.x as usize, at.y as usize) {
                closed = false;
                break;
            }
        }
        let long = self.edges.points.len() - first >= 4;
        if closed && long && start.x.abs_diff(at.x) <= 1 && start.y.abs_diff(at.y) <= 1 {
            self.edges.points.push(start);
        }
        self.edges.ends.push(self.edges.points.len());
    }

    /// Traces the remaining lines from the junctions.
    fn leave_junctions(&mut self) {
        let mut visited = Bits::new(self.junctions.width, self.junctions.height);
        for junction in down_columns(self.junctions) {
            if visited.get(junction.x as usize, junction.y as usize) {
                continue;
            }
            visited.set(junction.x as usize, junction.y as usize);
            let [samples, others] = self.available(junction, None);
            for &other in others.all() {
                self.edges.points.extend([junction, other]);
                self.edges.ends.push(self.edges.points.len());
                self.take(junction);
                self.take(other);
                let [theirs, _] = self.available(other, None);
                let mut shared = Few::default();
                theirs.all().iter().filter(|p| samples.all().contains(p)).for_each(|&p| shared.push(p));
                shared.points[..shared.len].sort_unstable_by_key(|p| (p.y, p.x));
                for &point in shared.all() {
                    let start =
                        if squared(point, junction) < squared(point, other) { junction } else { other };
                    self.track(start, Some(point), true);
                }
                for &point in theirs.all() {
                    if self.is_free(point) {
                        self.track(other, Some(point), false);
                    }
                }
                visited.set(other.x as usize, other.y as usize);
            }
            for &point in samples.all() {
                if self.is_free(point) {
                    self.track(junction, Some(point), false);
                }
            }
        }
    }
}

fn squared(a: Point, b: Point) -> u32 {
    a.x.abs_diff(b.x).pow(2) + a.y.abs_diff(b.y).pow(2)
}

/// Step from one point to a neighbour, of length 1.
fn unit(from: Point, to: Point) -> [f64; 2] {
    let step = [f64::from(to.x) - f64::from(from.x), f64::from(to.y) - f64::from(from.y)];
    let length = (step[0] * step[0] + step[1] * step[1]).sqrt();
    step.map(|d| d / length)
}

/// The first point with the smallest change of direction.
fn straightest(at: Point, direction: [f64; 2], points: &[Point]) -> Option<Point> {
    let mut best = None;
    let mut most = f64::NEG_INFINITY;
    for &point in points {
        let [dx, dy] = unit(at, point);
        let along = direction[0] * dx + direction[1] * dy;
        if along > most {
            (most, best) = (along, Some(point));
        }
    }
    best
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn linked(rows: &[&str]) -> Vec<Vec<(u32, u32)>> {
        let mut bits = Bits::new(rows[0].len(), rows.len());
        for (y, row) in rows.iter().enumerate() {
            row.bytes().enumerate().filter(|(_, c)| *c == b'#').for_each(|(x, _)| bits.set(x, y));
        }
        let edges = link(bits, &Context::default());
        edges.iter().map(|edge| edge.iter().map(|p| (p.x, p.y)).collect()).collect()
    }

    #[test]
    fn a_line_is_followed_from_its_leftmost_end() {
        let edges = linked(&["......", "#...##", ".###..", "......"]);
        assert_eq!(edges, [[(0, 1), (1, 2), (2, 2), (3, 2), (4, 1), (5, 1)]]);
    }

    #[test]
    fn a_ring_is_closed_by_its_first_point() {
        let edges = linked(&["..##..", ".#..#.", ".#..#.", "..##.."]);
        assert_eq!(edges.len(), 1);
        assert_eq!((edges[0].len(), edges[0][0]), (9, edges[0][8]));
    }

    #[test]
    fn lines_end_at_a_junction() {
        let edges = linked(&["#.....#", ".#...#.", "..#.#..", "...#...", "...#...", "...#..."]);
        assert_eq!(edges.len(), 3);
        assert!(edges.iter().all(|edge| edge.contains(&(3, 3)) && edge.len() <= 4), "{edges:?}");
    }

    #[test]
    fn nothing_and_single_samples_give_no_edges() {
        assert!(linked(&["...", "...", "..."]).is_empty());
        assert!(linked(&["#.....", "...#..", ".....#"]).is_empty());
    }
}
