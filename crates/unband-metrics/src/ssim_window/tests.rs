use super::*;

fn field(w: usize, h: usize, factor: usize) -> Field {
    Field { width: w, height: h, data: (0..w * h).map(|i| ((i * factor) % 251) as f64).collect() }
}

/// Direct evaluation of the formula at each position.
fn plainly<const N: usize>(a: &Field, b: &Field, window: &Window<N>) -> Means {
    let (mut similarity, mut contrast, mut count) = (0.0, 0.0, 0.0);
    for y in 0..=a.height - N {
        for x in 0..=a.width - N {
            let mean = |f: &dyn Fn(f64, f64) -> f64| {
                let mut sum = 0.0;
                for j in 0..N {
                    for i in 0..N {
                        let weight = window.weights[j] * window.weights[i];
                        sum += weight * f(a.row(y + j)[x + i], b.row(y + j)[x + i]);
                    }
                }
                sum
            };
            let (ma, mb) = (mean(&|a, _| a), mean(&|_, b| b));
            let va = window.sample * mean(&|a, _| (a - ma).powi(2));
            let vb = window.sample * mean(&|_, b| (b - mb).powi(2));
            let cov = window.sample * mean(&|a, b| (a - ma) * (b - mb));
            let structure = (2.0 * cov + C2) / (va + vb + C2);
            contrast += structure;
            similarity += structure * (2.0 * ma * mb + C1) / (ma * ma + mb * mb + C1);
            count += 1.0;
        }
    }
    Means { similarity: similarity / count, contrast: contrast / count }
}

fn agree<const N: usize>(window: &Window<N>, width: usize, height: usize) {
    let (a, b) = (field(width, height, 7919), field(width, height, 104_729));
    let (fast, plain) =
        (window.means(&a, &b, &unband_image::Context::default()).unwrap(), plainly(&a, &b, window));
    assert!((fast.similarity - plain.similarity).abs() < 1e-10, "{fast:?} {plain:?}");
    assert!((fast.contrast - plain.contrast).abs() < 1e-10, "{fast:?} {plain:?}");
}

#[test]
fn strips_and_separate_passes_give_what_the_formula_gives() {
    agree(&Window::gaussian(), 11, 11);
    agree(&Window::gaussian(), 40, 17);
    agree(&Window::gaussian(), STRIP + 30, 13);
    agree(&Window::<7>::uniform(), 7, 12);
    agree(&Window::<7>::uniform(), 2 * STRIP + 6, 9);
}

#[test]
fn samples_of_any_size_give_a_similarity() {
    let huge = |sign: f64| Field {
        width: 16,
        height: 16,
        data: (0..256).map(|i| sign * 1e40 * f64::from(1 + i % 3)).collect(),
    };
    for (a, b) in [(huge(1.0), huge(-1.0)), (huge(1.0), field(16, 16, 7)), (huge(1.0), huge(1.0))] {
        let means = Window::gaussian().means(&a, &b, &unband_image::Context::default()).unwrap();
        assert!(means.similarity.abs() <= 1.0 + 1e-12 && means.contrast.abs() <= 1.0 + 1e-12, "{means:?}");
    }
}
