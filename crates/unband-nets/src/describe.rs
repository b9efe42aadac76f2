//! Tabular summary of a network.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::ops::Range;

use crate::graph::{Graph, Node};
use crate::layer::OpRole;
use crate::op::Op;
use crate::param::{Param, ParamId};
use crate::shape::{Shape, ShapeError};

impl Graph {
    /// A table of the network for an image of that size: path, operation, output as channels × rows ×
    /// columns, learned parameters, multiply-adds. An operation shares a line with the activation or
    /// normalisation after it. Repeated lines are shown once, below a line with the repeat count and the
    /// totals of all repeats. An operation without a name of its own is shown as "·". Totals are last.
    ///
    /// ```
    /// let graph = unband_nets::arch::build("rrdbnet").unwrap().unwrap();
    /// let table = graph.describe(64, 64).unwrap();
    /// assert!(table.contains("RRDB_trunk.{0…22}"));
    /// assert!(table.contains("16,697,987 parameters"));
    /// ```
    ///
    /// # Errors
    /// As [`Graph::shapes`].
    pub fn describe(&self, height: usize, width: usize) -> Result<String, ShapeError> {
        let shapes = self.shapes(height, width)?;
        let mut rows = vec![
            TableRow::from_cells(
                ["at", "operation", "result", "parameters", "multiply-adds"].map(str::to_owned),
            ),
            TableRow::default(),
        ];
        for item in folded(self.lines(&shapes)) {
            item.print("", 0, &mut rows);
        }
        let mut out = format!("{}: {}\n\n", self.name, self.ends(&shapes));
        align(&rows, &mut out);
        out.push('\n');
        self.totals(height, width, &mut out)?;
        Ok(out)
    }

    /// Inputs and outputs with their shapes.
    fn ends(&self, shapes: &[Shape]) -> String {
        let inputs = self.nodes.iter().zip(shapes).filter_map(|(node, shape)| match node.op {
            Op::Input(index) => Some(format!("{} {shape}", self.inputs[index.0].name)),
            _ => None,
        });
        let outputs = self.outputs.iter().map(|(name, v)| format!("{name} {}", shapes[v.index()]));
        format!("{} → {}", inputs.collect::<Vec<_>>().join(", "), outputs.collect::<Vec<_>>().join(", "))
    }

    fn totals(&self, height: usize, width: usize, out: &mut String) -> Result<(), ShapeError> {
        let learned = self.parameter_count();
        let tensors = self.stored().len();
        let unused: usize = self.unused().iter().map(|p| p.learned()).sum();
        let spare = if unused > 0 {
            format!(", {} of them never used", grouped(unused as u64))
        } else {
            String::new()
        };
        let radius = match self.receptive_radius() {
            Some(radius) => format!("{} samples to each side", grouped(radius as u64)),
            None => "whole image, or data-dependent".to_owned(),
        };
        let multiple = match self.size_multiple() {
            Some(1) => "any size".to_owned(),
            Some(multiple) => format!("sides that are multiples of {multiple}"),
            None => "few sizes".to_owned(),
        };
        let bytes = |n: usize| match n as f64 / 1024.0 {
            kibibytes if kibibytes < 1024.0 => format!("{kibibytes:.1} KiB"),
            kibibytes => format!("{:.1} MiB", kibibytes / 1024.0),
        };
        let weights: usize = self.params.iter().map(Param::len).sum::<usize>() * 4;
        let values = bytes(self.peak_bytes(height, width)?);
        let lines = [
            format!("{} parameters in {tensors} tensors{spare}", grouped(learned as u64)),
            format!("{} multiply-adds", grouped(self.multiply_adds(height, width)?)),
            format!("receptive field: {radius}; takes {multiple}"),
            format!("memory: {} of weights, at most {values} of activations", bytes(weights)),
        ];
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{}", lines.join("\n"));
        Ok(())
    }

    /// One line per operation with parameters, including the operations that lead up to it and follow it.
    fn lines(&self, shapes: &[Shape]) -> Vec<Item> {
        let mut seen: HashSet<ParamId> = HashSet::new();
        let mut lines: Vec<Line> = Vec::new();
        for (i, node) in self.nodes.iter().enumerate() {
            // They compute nothing.
            if matches!(node.op, Op::Input(_) | Op::Slice(_)) {
                continue;
            }
            let new = node.op.params().into_iter().filter(|&id| seen.insert(id));
            let parameters = new.map(|id| self.params[id.index()].learned() as u64).sum();
            let inputs: Vec<Shape> = node.inputs.iter().map(|v| shapes[v.index()]).collect();
            let made = Line {
                scope: node.scope.clone(),
                end: node.scope.clone(),
                left: false,
                kind: node.op.definition().role(),
                words: node.op.label(),
                shape: shapes[i],
                parameters,
                multiply_adds: node.op.multiply_adds(&inputs, shapes[i]),
            };
            match lines.last_mut() {
                Some(last) if continues(node, i, last) => last.extend(made),
                _ => lines.push(made),
            }
        }
        lines.into_iter().map(Item::Line).collect()
    }
}

/// Whether node `i` continues the line that ends with the node before it. Rearrangement belongs to the
/// operation with parameters that it leads up to. An operation that follows the layer has a path next to it,
/// or above; above, the line stays at that level.
fn continues(node: &Node, i: usize, line: &Line) -> bool {
    if !node.inputs.iter().any(|v| v.index() + 1 == i) || matches!(node.op, Op::Concat(_)) {
        return false;
    }
    let same = node.scope == line.end;
    match (line.kind, node.op.definition().role()) {
        (OpRole::Layer, OpRole::Layer) => false,
        (OpRole::Layer, OpRole::Arrange) if !matches!(node.op, Op::PixelShuffle(_) | Op::Dropout(_)) => false,
        (OpRole::Layer, _) => {
            let sibling = parent(&node.scope) == parent(&line.end) || inside(&line.end, &node.scope);
            same || sibling && !line.left
        }
        (OpRole::Arrange | OpRole::Finish, OpRole::Layer) => same || just_inside(&node.scope, &line.end),
        (_, OpRole::Layer) => false,
        _ => same,
    }
}

/// Whether a path is below another.
fn inside(path: &str, above: &str) -> bool {
    above.is_empty() || path.strip_prefix(above).is_some_and(|rest| rest.starts_with('.'))
}

/// Whether a path is below another, by one layer and its parts.
fn just_inside(path: &str, above: &str) -> bool {
    let parts = |path: &str| path.split('.').filter(|part| !part.is_empty()).count();
    inside(path, above) && parts(path) <= parts(above) + 2
}

/// A path without its last part.
fn parent(path: &str) -> &str {
    path.rsplit_once('.').map_or("", |(parent, _)| parent)
}

/// A line of the table.
#[derive(Clone, Debug)]
struct Line {
    scope: String,
    /// Path of its last operation.
    end: String,
    /// Whether that path is above the layer.
    left: bool,
    /// Role of the layer, or of all operations.
    kind: OpRole,
    words: String,
    shape: Shape,
    parameters: u64,
    multiply_adds: u64,
}

impl Line {
    fn extend(&mut self, next: Self) {
        let layer = self.kind == OpRole::Layer;
        self.left |= layer && inside(&self.end, &next.scope) && next.kind != OpRole::Finish;
        self.end = next.scope;
        if next.kind == OpRole::Layer {
            self.scope.clone_from(&self.end);
        }
        if !layer && self.kind != next.kind {
            self.kind = if next.kind == OpRole::Layer { OpRole::Layer } else { OpRole::Other };
        }
        self.words = format!("{}, {}", self.words, next.words);
        self.shape = next.shape;
        self.parameters += next.parameters;
        self.multiply_adds += next.multiply_adds;
    }
}

/// A line, or several lines repeated a number of times.
#[derive(Clone, Debug)]
enum Item {
    Line(Line),
    Again { items: Vec<Item>, times: usize, first: String, last: String },
}

impl Item {
    /// A key that is equal for items that differ only in the numbers of their names.
    fn key(&self) -> String {
        match self {
            Self::Line(line) => {
                let name = line.scope.split(|c: char| c.is_ascii_digit()).filter(|part| !part.is_empty());
                let name = name.collect::<Vec<_>>().join("#");
                format!("{name}|{}|{}|{}|{}", line.words, line.shape, line.parameters, line.multiply_adds)
            }
            Self::Again { items, times, .. } => {
                format!("{times}({})", items.iter().map(Self::key).collect::<Vec<_>>().join(";"))
            }
        }
    }

    fn scope(&self) -> &str {
        match self {
            Self::Line(line) => &line.scope,
            Self::Again { first, .. } => first,
        }
    }

    /// Learned parameters and multiply-adds.
    fn sums(&self) -> (u64, u64) {
        match self {
            Self::Line(line) => (line.parameters, line.multiply_adds),
            Self::Again { items, times, .. } => {
                let each = items.iter().map(Self::sums).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
                (each.0 * *times as u64, each.1 * *times as u64)
            }
        }
    }

    /// Adds rows; names are shown relative to `above`.
    fn print(&self, above: &str, depth: usize, rows: &mut Vec<TableRow>) {
        let margin = "  ".repeat(depth);
        let (parameters, multiply_adds) = self.sums();
        let numbers = [parameters, multiply_adds].map(|n| if n > 0 { grouped(n) } else { String::new() });
        let [parameters, multiply_adds] = numbers;
        let name = |scope: &str| {
            let rest = below(scope, above);
            format!("{margin}{}", if rest.is_empty() { "·" } else { rest })
        };
        let row = |at: String, words: String, shape: String| {
            TableRow::from_cells([at, words, shape, parameters, multiply_adds])
        };
        match self {
            Self::Line(line) => {
                rows.push(row(name(&line.scope), line.words.clone(), line.shape.to_string()));
            }
            Self::Again { items, times, first, last } => {
                let at = name(&range(first, last));
                if let [Self::Line(line)] = items.as_slice() {
                    rows.push(row(at, format!("{times} × {}", line.words), line.shape.to_string()));
                    return;
                }
                rows.push(row(at, format!("{times} ×"), String::new()));
                for item in items {
                    item.print(first, depth + 1, rows);
                }
            }
        }
    }
}

/// Merges repeated lines, short runs before long ones.
fn folded(mut items: Vec<Item>) -> Vec<Item> {
    let mut keys: Vec<String> = items.iter().map(Item::key).collect();
    let mut length = 1;
    while length <= keys.len() / 2 {
        let mut changed = false;
        let mut at = 0;
        while at + length <= keys.len() {
            let run = &keys[at..at + length];
            let times = keys[at..].chunks_exact(length).take_while(|&other| other == run).count();
            if times > 1 {
                let all = at..at + times * length;
                let item = again(&items, &all, length);
                keys.splice(all.clone(), [item.key()]);
                items.splice(all, [item]);
                changed = true;
            }
            at += 1;
        }
        length = if changed { 1 } else { length + 1 };
    }
    items
}

/// A run of items that is repeated.
fn again(items: &[Item], all: &Range<usize>, length: usize) -> Item {
    let (run, end) = (&items[all.start..all.start + length], &items[all.end - length..all.end]);
    Item::Again { items: run.to_vec(), times: all.len() / length, first: shared(run), last: shared(end) }
}

/// The path that all items are below.
fn shared(items: &[Item]) -> String {
    let mut paths = items.iter().map(|item| item.scope().split('.').collect::<Vec<_>>());
    let mut path = paths.next().unwrap_or_default();
    for other in paths {
        let same = path.iter().zip(&other).take_while(|(a, b)| a == b).count();
        path.truncate(same);
    }
    path.join(".")
}

/// Two paths as one: `body.{0…22}`.
fn range(first: &str, last: &str) -> String {
    let parts = || first.split('.').zip(last.split('.'));
    let differ = parts().filter(|(a, b)| a != b).count();
    match differ {
        0 => first.to_owned(),
        1 if first.split('.').count() == last.split('.').count() => {
            let part = |(a, b): (&str, &str)| if a == b { a.to_owned() } else { format!("{{{a}…{b}}}") };
            parts().map(part).collect::<Vec<_>>().join(".")
        }
        _ => format!("{first} … {last}"),
    }
}

/// The rest of a path below another.
fn below<'a>(path: &'a str, above: &str) -> &'a str {
    if above.is_empty() {
        return path;
    }
    path.strip_prefix(above).map_or(path, |rest| rest.strip_prefix('.').unwrap_or(rest))
}

/// A row of the table; the last two entries are numbers.
#[derive(Clone, Debug, Default)]
struct TableRow([String; 5]);

impl TableRow {
    fn from_cells(cells: [String; 5]) -> Self {
        Self(cells)
    }
}

/// Aligned columns, numbers to the right.
fn align(rows: &[TableRow], out: &mut String) {
    let width = |c: usize| rows.iter().map(|row| row.0[c].chars().count()).max().unwrap_or(0);
    let widths = [0, 1, 2, 3, 4].map(width);
    for row in rows {
        let mut line = String::new();
        for (c, cell) in row.0.iter().enumerate() {
            let room = " ".repeat(widths[c] - cell.chars().count());
            let (left, right) = if c < 3 { ("", room.as_str()) } else { (room.as_str(), "") };
            let gap = if c > 0 { "  " } else { "" };
            let _ = write!(line, "{gap}{left}{cell}{right}");
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
}

/// With thousands separators: 1,234,567.
fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests;
