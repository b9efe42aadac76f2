//! Eigenvalues of symmetric matrices and singular values of tall matrices.

/// Rows of a square matrix.
pub(crate) type Square<const N: usize> = [[f64; N]; N];

/// Maximum number of sweeps; they converge quadratically, and ten are plenty.
const MOST_SWEEPS: usize = 50;

/// Eigenvalues of a symmetric matrix and its eigenvectors in columns, by Jacobi rotations.
pub(crate) fn eigen<const N: usize>(mut a: Square<N>) -> ([f64; N], Square<N>) {
    let mut vectors = [[0.0; N]; N];
    (0..N).for_each(|i| vectors[i][i] = 1.0);
    for _ in 0..MOST_SWEEPS {
        let off: f64 = (0..N).flat_map(|i| (0..i).map(move |j| (i, j))).map(|(i, j)| a[i][j].powi(2)).sum();
        if off == 0.0 || !off.is_finite() {
            break;
        }
        for p in 0..N {
            for q in p + 1..N {
                rotate(&mut a, &mut vectors, p, q);
            }
        }
    }
    (std::array::from_fn(|i| a[i][i]), vectors)
}

/// Rotates two axes so that their common element vanishes.
fn rotate<const N: usize>(a: &mut Square<N>, vectors: &mut Square<N>, p: usize, q: usize) {
    let common = a[p][q];
    if common.abs() <= f64::EPSILON * 1e-3 * (a[p][p] * a[q][q]).abs().sqrt() {
        (a[p][q], a[q][p]) = (0.0, 0.0);
        return;
    }
    let (c, s) = turn((a[q][q] - a[p][p]) / (2.0 * common));
    for row in a.iter_mut().chain(vectors) {
        (row[p], row[q]) = (c * row[p] - s * row[q], s * row[p] + c * row[q]);
    }
    let (upper, lower) = (a[p], a[q]);
    a[p] = std::array::from_fn(|k| c * upper[k] - s * lower[k]);
    a[q] = std::array::from_fn(|k| s * upper[k] + c * lower[k]);
}

/// Cosine and sine of the smaller angle whose double has this cotangent.
fn turn(cotangent: f64) -> (f64, f64) {
    let t = cotangent.signum() / (cotangent.abs() + (cotangent * cotangent + 1.0).sqrt());
    let c = 1.0 / (t * t + 1.0).sqrt();
    (c, t * c)
}

/// Singular values, largest first, of a matrix given by its `N` columns of equal length, at least `N`.
///
/// Accurate to rounding relative to the largest. Householder reflections reduce the columns to a triangle,
/// whose columns Jacobi rotations then make orthogonal. Cost: `2 N²` multiply-adds per row.
pub(crate) fn singular_values<const N: usize>(mut columns: [Vec<f64>; N]) -> [f64; N] {
    let mut triangle = [[0.0; N]; N];
    for k in 0..N {
        let (done, rest) = columns.split_at_mut(k + 1);
        let mirror = &mut done[k];
        let length = norm(&mirror[k..]);
        // The sign opposite to the element's, to avoid cancellation.
        let to = if mirror[k] > 0.0 { -length } else { length };
        mirror[k] -= to;
        let scale = 2.0 / mirror[k..].iter().map(|v| v * v).sum::<f64>();
        triangle[k][k] = to;
        for (column, into) in rest.iter_mut().zip(&mut triangle[k + 1..]) {
            if length > 0.0 {
                let share = scale * dot(&mirror[k..], &column[k..]);
                column[k..].iter_mut().zip(&mirror[k..]).for_each(|(v, m)| *v -= share * m);
            }
            into[k] = column[k];
        }
    }
    for _ in 0..MOST_SWEEPS {
        let mut turned = false;
        for p in 0..N {
            for q in p + 1..N {
                turned |= straighten(&mut triangle, p, q);
            }
        }
        if !turned {
            break;
        }
    }
    let mut values = triangle.map(|column| norm(&column));
    values.sort_by(|a, b| b.total_cmp(a));
    values
}

/// Rotates two columns until they are orthogonal; `false` if they already are.
fn straighten<const N: usize>(columns: &mut Square<N>, p: usize, q: usize) -> bool {
    let (a, b) = (columns[p], columns[q]);
    let (common, lengths) = (dot(&a, &b), (dot(&a, &a), dot(&b, &b)));
    if common.abs() <= f64::EPSILON * (lengths.0 * lengths.1).sqrt() || !common.is_normal() {
        return false;
    }
    let (c, s) = turn((lengths.1 - lengths.0) / (2.0 * common));
    columns[p] = std::array::from_fn(|k| c * a[k] - s * b[k]);
    columns[q] = std::array::from_fn(|k| s * a[k] + c * b[k]);
    true
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn norm(a: &[f64]) -> f64 {
    dot(a, a).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn singular_values_are_those_that_the_matrix_was_made_of() {
        // Two orthonormal bases, of rows and of columns, from cosines.
        const N: usize = 6;
        let rows = 40;
        let left = |i: usize, k: usize| {
            let scale = if k == 0 { (1.0 / rows as f64).sqrt() } else { (2.0 / rows as f64).sqrt() };
            scale * (std::f64::consts::PI * (i as f64 + 0.5) * k as f64 / rows as f64).cos()
        };
        let right = |j: usize, k: usize| {
            let scale = if k == 0 { (1.0 / N as f64).sqrt() } else { (2.0 / N as f64).sqrt() };
            scale * (std::f64::consts::PI * (j as f64 + 0.5) * k as f64 / N as f64).cos()
        };
        for want in [[9.0, 5.0, 1.0, 1e-3, 1e-9, 0.0], [3.0, 3.0, 3.0, 3.0, 1e-12, 1e-12], [0.0; N]] {
            let column = |j| {
                (0..rows).map(|i| (0..N).map(|k| want[k] * left(i, k) * right(j, k)).sum::<f64>()).collect()
            };
            let got = singular_values::<N>(std::array::from_fn(column));
            for (got, want) in got.iter().zip(want) {
                assert!((got - want).abs() < 1e-14, "{got} {want}");
            }
        }
    }

    #[test]
    fn eigenvectors_give_the_matrix_back() {
        const N: usize = 5;
        let a: Square<N> = std::array::from_fn(|i| {
            std::array::from_fn(|j| 1.0 / (1.0 + i as f64 + j as f64) - if i == j { 0.7 } else { 0.0 })
        });
        let (values, vectors) = eigen(a);
        assert!(values.iter().any(|&v| v < 0.0) && values.iter().any(|&v| v > 0.0));
        for i in 0..N {
            for j in 0..N {
                let back: f64 = (0..N).map(|k| vectors[i][k] * values[k] * vectors[j][k]).sum();
                assert!((back - a[i][j]).abs() < 1e-14, "{i} {j}");
            }
        }
    }
}
