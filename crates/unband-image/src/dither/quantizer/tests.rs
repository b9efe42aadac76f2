use super::*;

const POSITIONAL: [Dither; 3] = [Dither::Ordered, Dither::BlueNoise, Dither::Tpdf];

fn quantizer(dither: Dither, depth: Depth) -> Quantizer {
    Quantizer::new(dither, Model::Rgb, depth, false, &Context::default())
}

/// A flat area of one value. The source is off the grid, so no sample is kept.
fn flat(dither: Dither, value: f32, side: usize) -> Vec<f32> {
    let q = quantizer(dither, Depth::EIGHT);
    let source = vec![0.123; side];
    let mut diffusion = Diffusion::new(q, &[side]);
    let mut out = Vec::new();
    for y in 0..side {
        let mut row = vec![value; side];
        if q.diffuses() {
            diffusion.row(0, y, &mut row, &source);
        } else {
            q.row(0, (0, y), &mut row, &source, None);
        }
        out.extend(row);
    }
    out
}

fn mean(values: &[f32]) -> f64 {
    values.iter().map(|&v| f64::from(v)).sum::<f64>() / values.len() as f64
}

#[test]
fn the_mean_is_kept_up_to_both_ends_of_the_scale() {
    for dither in Dither::ALL.iter().copied().filter(|&d| d != Dither::None) {
        for codes in [0.0, 0.03, 0.3, 0.5, 0.7, 1.2, 77.4, 128.9, 253.6, 254.5, 254.8, 254.97, 255.0] {
            let result = mean(&flat(dither, codes / 255.0, 256)) * 255.0;
            let off = result - f64::from(codes);
            // Matrices are exact to their rank; diffusion loses its last errors at the border; noise has
            // a standard error of 0.5 / 256.
            assert!(off.abs() < 0.006, "{dither:?} at {codes}: off by {off}");
        }
    }
}

#[test]
fn no_code_is_a_whole_code_away() {
    for dither in Dither::ALL.iter().copied() {
        for codes in [0.1f32, 3.4, 99.5, 99.7, 254.2] {
            let limit = if dither == Dither::Tpdf { 1.5 } else { 1.0 };
            let worst = flat(dither, codes / 255.0, 128)
                .iter()
                .map(|v| (v * 255.0 - codes).abs())
                .fold(0.0, f32::max);
            assert!(worst < limit, "{dither:?} at {codes}: {worst}");
        }
    }
    let q = quantizer(Dither::Tpdf, Depth::EIGHT);
    let mut row = [99.7 / 255.0; 500];
    q.row(0, (0, 3), &mut row, &[0.1; 500], Some(&[true; 500]));
    assert!(row.iter().all(|v| (v * 255.0 - 99.7).abs() < 1.0));
}

#[test]
fn pieces_of_a_row_give_what_the_whole_row_gives() {
    let values: Vec<f32> = (0..700).map(|i| (i as f32 * 0.37).sin() * 0.5 + 0.5).collect();
    let source = vec![0.5; 700];
    for dither in POSITIONAL {
        for depth in [Depth::EIGHT, Depth::Int(10), Depth::SIXTEEN] {
            let q = quantizer(dither, depth);
            let mut whole = values.clone();
            q.row(2, (0, 41), &mut whole, &source, None);
            for piece in [1, 16, 97, 256, 300] {
                let mut parts = values.clone();
                for (k, part) in parts.chunks_mut(piece).enumerate() {
                    let n = part.len();
                    q.row(2, (k * piece, 41), part, &source[..n], None);
                }
                assert_eq!(parts, whole, "{dither:?}, {depth}, pieces of {piece}");
            }
        }
    }
}

#[test]
fn results_lie_on_the_grid_exactly() {
    let values: Vec<f32> = (0..256).map(|i| i as f32 / 255.0 + 0.0007).collect();
    for dither in POSITIONAL {
        for depth in [Depth::EIGHT, Depth::Int(12), Depth::SIXTEEN] {
            let mut row = values.clone();
            quantizer(dither, depth).row(0, (5, 9), &mut row, &[0.3; 256], None);
            assert!(row.iter().all(|&v| v == depth.value(depth.code(v))), "{dither:?}, {depth}");
        }
    }
}

#[test]
fn samples_that_did_not_move_keep_their_codes() {
    let source: Vec<f32> = (0..256).map(|i| Depth::EIGHT.value(i)).collect();
    for dither in Dither::ALL.iter().copied() {
        for depth in [Depth::EIGHT, Depth::SIXTEEN] {
            let q = quantizer(dither, depth);
            let mut row = source.clone();
            if q.diffuses() {
                Diffusion::new(q, &[256]).row(0, 0, &mut row, &source);
            } else {
                q.row(0, (0, 0), &mut row, &source, None);
            }
            assert_eq!(row, source, "{dither:?}, {depth}");
        }
    }
}

#[test]
fn fewer_bits_are_dithered_though_nothing_moved() {
    let source = vec![Depth::SIXTEEN.value(30_000); 4096];
    let mut row = source.clone();
    quantizer(Dither::BlueNoise, Depth::EIGHT).row(0, (0, 0), &mut row, &source, None);
    let first = row[0];
    assert!(row.iter().any(|&v| v != first));
    assert!((mean(&row) - f64::from(source[0])).abs() < 0.05 / 255.0);
}

#[test]
fn planes_differ_unless_locked_and_seeds_and_frames_count() {
    let row = |locked, plane, seed, frame| {
        let ctx = Context { rng: Rng::new(seed), frame, ..Context::default() };
        let mut row = [0.5009; 64];
        Quantizer::new(Dither::BlueNoise, Model::Rgb, Depth::EIGHT, locked, &ctx).row(
            plane,
            (0, 0),
            &mut row,
            &[0.2; 64],
            None,
        );
        row
    };
    assert_eq!(row(true, 0, 0, 0), row(true, 2, 0, 0));
    assert_ne!(row(false, 0, 0, 0), row(false, 1, 0, 0));
    assert_ne!(row(false, 0, 0, 0), row(false, 0, 1, 0));
    assert_ne!(row(false, 0, 0, 0), row(false, 0, 0, 1));
}

#[test]
fn limited_range_codes_come_back_and_excursions_survive() {
    for plane in 0..2 {
        let model = Model::Yuv {
            matrix: crate::Matrix::Bt709,
            range: Range::Limited,
            subsampling: crate::Subsampling::NONE,
        };
        let grid = Grid::new(model, plane, Depth::EIGHT).unwrap();
        let source: Vec<f32> = (0..256).map(|c| (c as f32 - grid.zero) / grid.scale).collect();
        let mut row = source.clone();
        let q = Quantizer::new(Dither::BlueNoise, model, Depth::EIGHT, false, &Context::default());
        q.row(plane, (0, 0), &mut row, &source, None);
        assert_eq!(row, source);
    }
}
