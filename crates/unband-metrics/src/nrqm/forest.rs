//! Regression forests in the format of `randomforest-matlab`.

use unband_nets::{Data, StateDict, Tensor};

/// A node of a tree. Its left child is the next node.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Node {
    /// Left if the feature is at most the limit.
    Split { feature: usize, limit: f64, right: usize },
    /// Prediction of the leaf.
    Leaf(f64),
}

/// Trees, and a linear correction of their mean.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Forest {
    roots: Vec<usize>,
    nodes: Vec<Node>,
    /// Offset and factor.
    line: [f64; 2],
}

/// A list of numbers of any type.
pub(super) fn numbers(state: &StateDict, name: &str) -> Result<Vec<f64>, String> {
    match state.get(name).map(|tensor| &tensor.data) {
        Some(Data::F64(v)) => Ok(v.clone()),
        Some(Data::F32(v)) => Ok(v.iter().map(|&v| v.into()).collect()),
        Some(Data::I64(v)) => Ok(v.iter().map(|&v| v as f64).collect()),
        None => Err(format!("`{name}` is missing")),
    }
}

/// Numbers as indices.
fn indices(state: &StateDict, name: &str) -> Result<Vec<usize>, String> {
    numbers(state, name)?
        .into_iter()
        .map(|v| if (0.0..9e15).contains(&v) && v.fract() == 0.0 { Ok(v as usize) } else { Err(v) })
        .collect::<Result<_, _>>()
        .map_err(|v| format!("`{name}` holds {v}, which is not an index"))
}

impl Forest {
    /// Prediction of the forest; the number of features was checked when the forest was read.
    pub(super) fn predict(&self, features: &[f64]) -> f64 {
        let one = |&root: &usize| {
            let mut at = root;
            loop {
                match self.nodes[at] {
                    Node::Leaf(value) => return value,
                    Node::Split { feature, limit, right } => {
                        at = if features[feature] <= limit { at + 1 } else { right };
                    }
                }
            }
        };
        let mean = self.roots.iter().map(one).sum::<f64>() / self.roots.len() as f64;
        self.line[0] + self.line[1] * mean
    }

    /// Number of trees.
    pub(super) fn trees(&self) -> usize {
        self.roots.len()
    }

    /// Converts a model of `regRF_train` (A. Jaiantilal's randomforest-matlab): tables with a column per tree
    /// and a row per node. `lDau` and `rDau` are the rows of the children, starting at 1, and 0 at leaves. A
    /// sample goes left if its feature `mbest`, starting at 1, is at most `upper`; leaves hold `avnode`.
    /// `coef`, if not 0, is the line that corrects the bias. (`nodestatus` repeats which nodes are leaves, as
    /// signed bytes that the program stores in a character array; it is not needed.)
    pub(super) fn from_matlab(state: &StateDict, prefix: &str, features: usize) -> Result<Self, String> {
        let name = |field: &str| format!("{prefix}.{field}");
        let &[rows, trees] = state.shape(&name("lDau")).unwrap_or_default() else {
            return Err(format!("`{}` is missing or not a table", name("lDau")));
        };
        for field in ["rDau", "upper", "avnode", "mbest"] {
            if state.shape(&name(field)) != Some(&[rows, trees]) {
                return Err(format!("`{}` is missing or differs in size from `lDau`", name(field)));
            }
        }
        if rows == 0 || trees == 0 {
            return Err(format!("`{}` is empty", name("lDau")));
        }
        let (left, right) = (indices(state, &name("lDau"))?, indices(state, &name("rDau"))?);
        let best = indices(state, &name("mbest"))?;
        let (limits, values) = (numbers(state, &name("upper"))?, numbers(state, &name("avnode"))?);
        let line = match numbers(state, &name("coef")).as_deref() {
            Ok(&[offset, factor]) if offset != 0.0 || factor != 0.0 => [offset, factor],
            _ => [0.0, 1.0],
        };
        let mut forest = Self { roots: Vec::with_capacity(trees), nodes: Vec::new(), line };
        for tree in 0..trees {
            let begin = forest.nodes.len();
            forest.roots.push(begin);
            // Rows whose left child comes next, and nodes whose right child is not set yet.
            let mut open: Vec<(usize, Option<usize>)> = vec![(0, None)];
            while let Some((row, parent)) = open.pop() {
                let here = forest.nodes.len();
                if let Some(Node::Split { right, .. }) = parent.map(|parent| &mut forest.nodes[parent]) {
                    *right = here;
                }
                if here - begin >= rows {
                    return Err(format!("tree {} of `{prefix}` comes back to a node", tree + 1));
                }
                let at = row * trees + tree;
                if left[at] == 0 && right[at] == 0 {
                    forest.nodes.push(Node::Leaf(values[at]));
                    continue;
                }
                let child = |rows_of: &[usize]| rows_of[at].checked_sub(1).filter(|&child| child < rows);
                let (Some(left), Some(right)) = (child(&left), child(&right)) else {
                    return Err(format!(
                        "node {} of tree {} of `{prefix}` has no children",
                        row + 1,
                        tree + 1
                    ));
                };
                let feature = best[at].checked_sub(1).unwrap_or(usize::MAX);
                forest.nodes.push(Node::Split { feature, limit: limits[at], right: 0 });
                open.extend([(right, Some(here)), (left, None)]);
            }
        }
        forest.checked(prefix, features)
    }

    /// Reads the tensors written by [`Forest::put`].
    pub(super) fn get(state: &StateDict, prefix: &str, features: usize) -> Result<Self, String> {
        let name = |field: &str| format!("{prefix}.{field}");
        let (feature, right) = (numbers(state, &name("feature"))?, numbers(state, &name("right"))?);
        let number = numbers(state, &name("number"))?;
        let line: [f64; 2] = numbers(state, &name("line"))?
            .try_into()
            .map_err(|_| format!("`{}` holds other than 2 numbers", name("line")))?;
        if feature.len() != number.len() || right.len() != number.len() {
            return Err(format!("the tables of `{prefix}` differ in size"));
        }
        let node = |((&feature, &right), &number): ((&f64, &f64), &f64)| {
            if feature < 0.0 {
                Node::Leaf(number)
            } else {
                Node::Split { feature: feature as usize, limit: number, right: right as usize }
            }
        };
        let nodes = feature.iter().zip(&right).zip(&number).map(node).collect();
        Self { roots: indices(state, &name("roots"))?, nodes, line }.checked(prefix, features)
    }

    /// Adds `roots`, and per node `feature` (−1 at leaves), `right` and `number` (limit, or prediction of a
    /// leaf).
    pub(super) fn put(&self, state: &mut StateDict, prefix: &str) {
        let mut integers = |field: &str, data: Vec<i64>| {
            let tensor = Tensor { shape: vec![data.len()], data: Data::I64(data) };
            state.insert(format!("{prefix}.{field}"), tensor);
        };
        integers("roots", self.roots.iter().map(|&root| root.cast_signed() as i64).collect());
        let split = |node: &Node| match *node {
            Node::Split { feature, right, .. } => (feature.cast_signed() as i64, right.cast_signed() as i64),
            Node::Leaf(_) => (-1, 0),
        };
        integers("feature", self.nodes.iter().map(|node| split(node).0).collect());
        integers("right", self.nodes.iter().map(|node| split(node).1).collect());
        let number = |node: &Node| match *node {
            Node::Split { limit: number, .. } | Node::Leaf(number) => number,
        };
        let numbers: Vec<f64> = self.nodes.iter().map(number).collect();
        for (field, data) in [("number", numbers), ("line", self.line.to_vec())] {
            let tensor = Tensor { shape: vec![data.len()], data: Data::F64(data) };
            state.insert(format!("{prefix}.{field}"), tensor);
        }
    }

    /// Checks that every walk ends: children come after their node, features exist, all numbers are finite.
    fn checked(self, prefix: &str, features: usize) -> Result<Self, String> {
        let count = self.nodes.len();
        for (i, node) in self.nodes.iter().enumerate() {
            let right = match *node {
                Node::Leaf(value) if value.is_finite() => continue,
                Node::Split { feature, limit, right } if feature < features && !limit.is_nan() => right,
                _ => return Err(format!("node {i} of `{prefix}` has an invalid feature or child: {node:?}")),
            };
            if i + 1 >= count || right <= i || right >= count {
                return Err(format!("node {i} of `{prefix}` has no children"));
            }
        }
        if self.roots.is_empty() || self.roots.iter().any(|&root| root >= count) {
            return Err(format!("`{prefix}` has a tree without nodes, or no tree"));
        }
        if self.line.iter().any(|v| !v.is_finite()) {
            return Err(format!("the line of `{prefix}` is not finite"));
        }
        Ok(self)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn tables(trees: usize, columns: &[(&str, &[f64])]) -> StateDict {
        let tensor =
            |data: &[f64]| Tensor { shape: vec![data.len() / trees, trees], data: Data::F64(data.to_vec()) };
        columns.iter().map(|(name, data)| (format!("rf.1.{name}"), tensor(data))).collect()
    }

    /// Two trees: one tests feature 2, then 1; the other is a leaf.
    fn two() -> Vec<(&'static str, &'static [f64])> {
        vec![
            ("lDau", &[2.0, 0.0, 4.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
            ("rDau", &[3.0, 0.0, 5.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
            ("mbest", &[2.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
            ("upper", &[0.5, 0.0, -1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
            ("avnode", &[9.0, 100.0, 9.0, 0.0, 1.0, 0.0, 2.0, 0.0, 3.0, 0.0]),
        ]
    }

    #[test]
    fn trees_are_walked_from_their_root_and_averaged() {
        let state = tables(2, &two());
        // Row 2 has the children 4 (left) and 5 (right), so the first tree's nodes are 0: (1, 2), 1: (3, 4),
        // 2, 3, 4.
        let forest = Forest::from_matlab(&state, "rf.1", 2);
        let forest = forest.unwrap();
        assert_eq!(forest.trees(), 2);
        for (features, tree) in [([-1.0, 0.5], 2.0), ([-0.9, 0.5], 3.0), ([0.0, 0.6], 1.0)] {
            let got = forest.predict(&features);
            assert!((got - f64::midpoint(tree, 100.0)).abs() < 1e-12, "{features:?} {got}");
        }
        let mut saved = StateDict::new();
        forest.put(&mut saved, "a");
        assert_eq!(Forest::get(&saved, "a", 2), Ok(forest));
        assert!(Forest::get(&saved, "a", 1).is_err());
    }

    #[test]
    fn an_invalid_forest_is_reported() {
        let with = |name: &str, at: usize, value: f64| {
            let mut columns: Vec<(&str, Vec<f64>)> =
                two().into_iter().map(|(n, v)| (n, v.to_vec())).collect();
            columns.iter_mut().find(|(n, _)| *n == name).unwrap().1[at] = value;
            let columns: Vec<(&str, &[f64])> = columns.iter().map(|(n, v)| (*n, v.as_slice())).collect();
            Forest::from_matlab(&tables(2, &columns), "rf.1", 2).unwrap_err()
        };
        assert!(with("lDau", 0, 1.0).contains("comes back"));
        assert!(with("rDau", 2, 6.0).contains("has no children"));
        assert!(with("lDau", 0, 0.0).contains("has no children"));
        assert!(with("mbest", 0, 3.0).contains("invalid feature or child"));
        assert!(with("mbest", 0, 0.5).contains("not an index"));
        assert!(with("upper", 0, f64::NAN).contains("invalid feature or child"));
        assert!(with("avnode", 1, f64::INFINITY).contains("invalid feature or child"));
        let few = &two()[..4];
        assert!(
            Forest::from_matlab(&tables(2, few), "rf.1", 2).unwrap_err().contains("`rf.1.avnode` is missing")
        );
        assert!(Forest::from_matlab(&StateDict::new(), "rf.1", 2).is_err());
    }
}
