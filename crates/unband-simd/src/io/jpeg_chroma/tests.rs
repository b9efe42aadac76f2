use super::*;
use crate::Level;

fn row(n: usize, seed: usize) -> Vec<f32> {
    (0..n).map(|i| ((i * 37 + seed * 11) % 256) as f32 - 100.3).collect()
}

#[test]
fn a_wider_row_is_the_triangle_filter_and_keeps_its_ends() {
    for n in 1..40 {
        let source = row(n, 1);
        for width in [2 * n, 2 * n - 1] {
            for level in Level::all() {
                let mut out = vec![f32::NAN; width];
                twice_as_wide(level, &mut out, &source);
                for (x, &value) in out.iter().enumerate() {
                    let near = source[x / 2];
                    let far = if x % 2 == 0 { x.checked_sub(2) } else { Some(x + 1) };
                    let far = far.and_then(|x| source.get(x / 2)).copied().unwrap_or(near);
                    assert!((value - (0.75 * near + 0.25 * far)).abs() < 1e-4, "{n} {width} {x} {level:?}");
                }
                assert_eq!(out[0], source[0]);
            }
        }
    }
    twice_as_wide(Level::best(), &mut [1.0], &[]);
    twice_as_wide(Level::best(), &mut [], &[1.0]);
}

#[test]
fn the_colours_of_the_primaries_are_those_of_jfif() {
    // Y, Cb − 128 and Cr − 128 of full red, green, blue, white.
    let luma = [76.245, 149.685, 29.07, 255.0];
    let cb = [-43.027_66, -84.472_34, 127.5, 0.0];
    let cr = [127.5, -106.765_34, -20.734_66, 0.0];
    let expected = [[1.0, 0.0, 0.0, 1.0], [0.0, 1.0, 0.0, 1.0], [0.0, 0.0, 1.0, 1.0]];
    for level in Level::all() {
        let mut out = [[9.0; 4]; 3];
        let [r, g, b] = &mut out;
        ycc_to_rgb(level, r, g, b, &luma, &cb, &cr, 255.0);
        for (got, wanted) in out.iter().flatten().zip(expected.iter().flatten()) {
            assert!((got - wanted).abs() < 1e-5f32, "{out:?}");
        }
    }
}

#[test]
fn every_level_gives_the_same_bits() {
    for n in [0, 1, 2, 3, 15, 64, 131] {
        let (a, b, c) = (row(n, 1), row(n, 2), row(n, 3));
        let run = |level| {
            let mut out = vec![vec![0.0; n]; 5];
            let [r, g, bl, m, u] = &mut out[..] else { unreachable!() };
            ycc_to_rgb(level, r, g, bl, &a, &b, &c, 255.0);
            between_rows(level, m, &a, &b);
            to_unit(level, u, &c, 4095.0);
            let mut wide = vec![0.0; 2 * n];
            twice_as_wide(level, &mut wide, &a);
            out.push(wide);
            out
        };
        let scalar = run(Level::Scalar);
        for level in Level::all() {
            assert_eq!(run(level), scalar, "{level:?} {n}");
        }
    }
}
