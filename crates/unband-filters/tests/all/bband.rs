//! BBAND compared with its authors' maps and scores, and invariants for any image.
#![allow(clippy::unwrap_used, clippy::float_cmp, clippy::print_stdout)]

use crate::bband_golden;
use bband_golden::{SIZE, read_png, visibilities};
use unband_filters::bband::{
    self, Edges, LEAST_POINTS, Luma, Point, Samples, Thresholds, find_edges, pool, score,
    spatial_information, visibility,
};
use unband_image::{Context, With};
use unband_simd::Level;

struct Frame {
    name: &'static str,
    score: f64,
    points: usize,
    sum: f64,
    si: f64,
    edges: [usize; 2],
}

const FRAMES: [Frame; 2] = [
    Frame {
        name: "sky2",
        score: 1.453_752_473_960_367_8,
        points: 109_431,
        sum: 138_408.648_352,
        si: 23.349_164,
        edges: [5_805, 2_474],
    },
    Frame {
        name: "plant1",
        score: 1.312_452_729_434_227_2,
        points: 39_766,
        sum: 74_060.460_263,
        si: 79.577_502,
        edges: [822, 465],
    },
];

#[test]
fn all_points_and_scores_are_those_of_the_original() {
    let ctx = Context::default();
    for frame in FRAMES {
        let name = frame.name;
        let codes = read_png(&format!("{name}.png"));
        let luma = Luma::new(Samples::Codes(&codes), SIZE.0, SIZE.1).unwrap();
        let want = visibilities(&format!("{name}-visibility.gz"));
        assert_eq!(want.len(), frame.points);

        let edges = find_edges(&luma, Thresholds::default(), &ctx).unwrap();
        let seen = edges.iter().filter(|edge| edge.len() >= LEAST_POINTS).count();
        assert_eq!([edges.len(), seen], frame.edges, "{name}");

        let got = visibility(&luma, &edges, &ctx).unwrap();
        let places = |p: Point| (p.y, p.x);
        let same = got.iter().zip(&want).filter(|(a, b)| places(a.point) == (b.0, b.1)).count();
        assert_eq!((got.len(), same), (want.len(), want.len()), "{name}: places");
        let apart: f64 = got.iter().zip(&want).map(|(a, b)| (a.visibility - b.2).abs()).sum();
        println!("{name}: {} points, values apart by {apart:e} in all", got.len());
        assert!(apart < 1e-6, "{name}: {apart}");
        let sum: f64 = got.iter().map(|v| v.visibility).sum();
        assert!((sum - frame.sum).abs() < 1e-6, "{name}: {sum}");

        let si = spatial_information(&luma, &ctx).unwrap();
        assert!((si - frame.si).abs() < 1e-6, "{name}: {si}");
        let pooled = pool(want.iter().map(|v| v.2), si);
        assert!((pooled - frame.score).abs() < 1e-10, "{name}: {pooled}");
        let whole = score(&luma, Thresholds::default(), &ctx).unwrap();
        println!("{name}: score {whole}, off by {:e}", whole - frame.score);
        assert!((whole - frame.score).abs() < 1e-9, "{name}: {whole}");
    }
}

#[test]
fn fine_samples_of_whole_codes_give_what_codes_give() {
    let codes = read_png("plant1.png");
    let fine: Vec<u16> = codes.iter().map(|&code| u16::from(code) << 8).collect();
    let ctx = Context::default();
    let run = |samples| {
        let luma = Luma::new(samples, SIZE.0, SIZE.1).unwrap();
        let edges = find_edges(&luma, Thresholds::default(), &ctx).unwrap();
        (visibility(&luma, &edges, &ctx).unwrap(), edges)
    };
    assert!(run(Samples::Codes(&codes)) == run(Samples::Fine(&fine)));
}

/// Rings and ramps with rough patches.
fn painted(w: usize, h: usize) -> Vec<u8> {
    let code = |x: usize, y: usize| {
        let rough = if (x / 50 + y / 40).is_multiple_of(4) { (x * 7919 + y * 104_729) % 41 } else { 0 };
        40 + (x * x + 2 * y * y) / 2500 + rough
    };
    (0..w * h).map(|i| code(i % w, i / w).min(255) as u8).collect()
}

fn everything(luma: &Luma<'_>, ctx: &Context<'_>) -> (Edges, Vec<bband::Visible>, u64, u64) {
    let edges = find_edges(luma, Thresholds::default(), ctx).unwrap();
    let visible = visibility(luma, &edges, ctx).unwrap();
    let si = spatial_information(luma, ctx).unwrap();
    let score = score(luma, Thresholds::default(), ctx).unwrap();
    (edges, visible, si.to_bits(), score.to_bits())
}

#[test]
fn threads_and_instructions_do_not_matter() {
    let codes = painted(421, 307);
    let luma = Luma::new(Samples::Codes(&codes), 421, 307).unwrap();
    let with = |threads, level| {
        everything(
            &luma,
            &Context::with(|new| {
                new.threads = threads;
                new.level = level;
            }),
        )
    };
    let want = with(1, Level::best());
    assert!(want.1.len() > 1000, "{}", want.1.len());
    for level in Level::all() {
        for threads in [1, 2, 5] {
            assert!(with(threads, level) == want, "{level:?}, {threads} threads");
        }
    }
}

#[test]
fn one_colour_has_no_edges_and_scores_nothing() {
    let ctx = Context::default();
    for code in [0, 77, 255] {
        let codes = vec![code; 200 * 100];
        let luma = Luma::new(Samples::Codes(&codes), 200, 100).unwrap();
        assert!(find_edges(&luma, Thresholds::default(), &ctx).unwrap().is_empty());
        assert_eq!(score(&luma, Thresholds::default(), &ctx).unwrap(), 0.0);
    }
}

#[test]
fn a_step_of_one_code_is_one_edge_and_a_high_step_is_texture() {
    let ctx = Context::default();
    let edges = |height: u8| {
        let codes: Vec<u8> = (0..100 * 60).map(|i| if i % 100 < 50 { 80 } else { 80 + height }).collect();
        let luma = Luma::new(Samples::Codes(&codes), 100, 60).unwrap();
        find_edges(&luma, Thresholds::default(), &ctx).unwrap()
    };
    assert!(edges(4).is_empty());
    let found = edges(1);
    assert_eq!(found.len(), 1);
    let edge = found.iter().next().unwrap();
    assert!(edge.len() >= 55 && edge.iter().all(|p| (49..51).contains(&p.x)), "{edge:?}");
    let codes: Vec<u8> =
        (0..100 * 60).map(|i| [80, 81, 82][(i % 100usize).saturating_sub(48).min(2)]).collect();
    let luma = Luma::new(Samples::Codes(&codes), 100, 60).unwrap();
    let found = find_edges(&luma, Thresholds::default(), &ctx).unwrap();
    assert_eq!(found.len(), 1);
    let edge = found.iter().next().unwrap();
    assert!(edge.len() >= 55 && edge.iter().all(|p| p.x == 49), "{edge:?}");
    let slope = luma.gradient(edge[0]);
    assert_eq!((slope.magnitude, slope.direction), (8.0, 0.0));
}

#[test]
fn a_rough_image_scores_less_than_a_banded_one() {
    let ctx = Context::default();
    let banded = painted(600, 400);
    let rough: Vec<u8> = (0..600 * 400).map(|i: usize| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let of = |codes: &[u8]| {
        score(&Luma::new(Samples::Codes(codes), 600, 400).unwrap(), Thresholds::default(), &ctx).unwrap()
    };
    assert!(of(&banded) > 0.1, "{}", of(&banded));
    assert_eq!(of(&rough), 0.0);
}

#[test]
fn tiny_images_and_wrong_sizes_are_no_panics() {
    let ctx = Context::default();
    for (w, h) in [(1, 1), (2, 3), (9, 9), (16, 1), (1, 70), (64, 5), (65, 4), (5, 130)] {
        let codes: Vec<u8> = (0..w * h).map(|i| (i * 7 % 5) as u8).collect();
        let luma = Luma::new(Samples::Codes(&codes), w, h).unwrap();
        assert!(score(&luma, Thresholds::default(), &ctx).unwrap().is_finite(), "{w}×{h}");
        let odd = Thresholds { flat: f32::NAN, texture: -1.0 };
        assert!(score(&luma, odd, &ctx).unwrap().is_finite(), "{w}×{h}");
    }
    assert!(Luma::new(Samples::Codes(&[]), 0, 0).is_none());
    assert!(Luma::new(Samples::Codes(&[1, 2, 3]), 2, 2).is_none());
    assert!(Luma::new(Samples::Fine(&[]), usize::MAX, 2).is_none());
    let luma = Luma::new(Samples::Codes(&[9; 12]), 4, 3).unwrap();
    assert_eq!(luma.gradient(Point { x: u32::MAX, y: 2 }).magnitude, 0.0);
    let other = Luma::new(Samples::Codes(&[9; 12]), 3, 4).unwrap();
    let edges = find_edges(&other, Thresholds::default(), &ctx).unwrap();
    assert!(visibility(&luma, &edges, &ctx).is_err());
}

#[test]
fn pooling_takes_the_mean_above_the_twentieth_percentile() {
    // 1..=10: the percentile is 2.5, the mean of 3..=10 is 6.5.
    assert_eq!(pool((1..=10).map(f64::from), 0.0), 6.5);
    assert_eq!(pool([], 5.0), 0.0);
    assert_eq!(pool([2.0, 2.0], 0.0), 2.0);
    assert_eq!(pool([2.0], 100.0), 2.0 * (-1f64).exp());
}
