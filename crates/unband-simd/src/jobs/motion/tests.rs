use super::*;
use crate::Level;
use crate::test_numbers::{random, scaled};

fn words(n: usize, seed: u32) -> Vec<u16> {
    random(n, seed).iter().map(|v| (32767.0 * (1.0 + v)) as u16).collect()
}

#[test]
fn every_level_gives_the_same_bits() {
    let plane = scaled(40 * 12, 3, 90.0);
    let other = random(40 * 12, 5);
    let w = words(2048, 7);
    let near: Vec<u16> =
        (0..SIDE * 9).map(|i| w[(i / 9 + 2) * 31 + i % 9 + 2] / 2 + w[900 + i % 9] / 3).collect();
    let moved: Vec<i16> = w.iter().map(|v| (i32::from(v % 900) - 450) as i16).collect();
    let shares: Vec<f32> = random(2048, 9).iter().map(|v| v.abs()).collect();
    let run = |level| {
        let mut half = vec![0.0; 300];
        halved_words(level, &mut half, &w[..600], &w[600..1200], 0.01);
        let block = template(level, &plane[3..], 40);
        let found = residual(level, &block, &other[5..], 40, (0.3, 0.8));
        let mut out = [0; SIDE * 11];
        let sums = moved_block(level, (&mut out, 11), (&w, 31), (&near, 9), &taps(0.4), &taps(0.9));
        let mut whole = [0; SIDE * 11];
        let whole = (differing_block(level, (&mut whole, 11), (&w[94..], 31), (&near, 9)), whole);
        let (mut sum, mut weight) = (shares.clone(), vec![1.0; 2048]);
        let change = Brightness { gain: 0.003, offset: -20.0 };
        add_moved(level, &mut sum, &mut weight, &shares, &w, &moved, change, 0.004);
        let (mut across, mut down) = (vec![0.0; 300], vec![0.0; 300]);
        let row = |k: usize| &plane[k..][..302];
        let settling = RegularisedRow {
            known: [0, 1, 2, 3, 4].map(|k| &shares[300 * k..][..300]),
            across: [row(0), row(7), row(30)],
            down: [row(50), row(71), row(90)],
            sides: &shares[..302],
            above: 0.0,
            below: 40.0,
            object: 4.0,
            camera: (40.0, [(1.0, 0.1), (2.0, -0.1)]),
            apart: 11.0,
        };
        regularise_row(level, &mut across, &mut down, &settling);
        let camera = [None, Some(0.25)].map(|far| {
            let [motion, precision] = [&plane, &shares].map(|all| [0, 1, 2].map(|k| &all[50 * k..][..43]));
            let camera = [[1.0, 0.1, 0.2], [-2.0, 0.3, 0.1]];
            let place = (-21.5, 3.5);
            let motion = [motion[0], motion[2]];
            camera_row(level, &CameraRow { motion, precision, camera, place, scale: 0.02, most: 0.5, far })
        });
        (half, block, found, (out, sums, whole), (sum, weight), (across, down), camera)
    };
    let scalar = run(Level::Scalar);
    for level in Level::all() {
        assert_eq!(run(level), scalar, "{level:?}");
    }
}

#[test]
fn taps_pass_through_samples_lines_and_waves() {
    assert_eq!(taps(0.0), [0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
    let apart = |t: f32, curve: &dyn Fn(f32) -> f32| {
        let found: f32 = taps(t).iter().zip(-3i8..).map(|(tap, x)| tap * curve(f32::from(x))).sum();
        (found - curve(t)).abs()
    };
    for t in [0.0, 0.01, 0.25, 0.5, 0.75, 0.9, 1.0] {
        let line = apart(t, &|x| 1.0 - 0.7 * x);
        assert!(line < 2e-6, "{line} at {t}");
        for (frequency, most) in [(0.1, 0.003), (0.25, 0.006), (0.5, 0.006), (0.6, 0.024)] {
            let wave = apart(t, &|x| (std::f32::consts::PI * frequency * x).cos());
            assert!(wave < most, "{wave} at {t} of {frequency}");
        }
    }
}

#[test]
fn a_shifted_block_has_no_residual_there_and_a_gradient_elsewhere() {
    let value = |x: f32, y: f32| 20.0 + 3.0 * x + 0.5 * y * y;
    let plane: Vec<f32> = (0..160).map(|i| value((i % 16) as f32, (i / 16) as f32)).collect();
    // Shifted by a third of a sample, and brighter.
    let other: Vec<f32> = (0..160).map(|i| 7.0 + value((i % 16) as f32, (i / 16) as f32)).collect();
    let block = template(Level::best(), &plane, 16);
    let same = residual(Level::best(), &block, &other[17..], 16, (0.0, 0.0));
    assert!(same.squares < 1e-3, "{same:?}");
    let off = residual(Level::best(), &block, &other[17..], 16, (0.0, 0.5));
    assert!(off.squares > 1.0 && off.down > 1.0 && off.across.abs() < 1e-2, "{off:?}");
}

#[test]
fn a_moved_block_is_the_other_frame_at_that_place() {
    let value = |x: f32, y: f32| 9000.0 + 300.0 * x - 200.0 * y;
    let at = |x: usize, y: usize, dx: f32, dy: f32| value(x as f32 + dx, y as f32 + dy);
    let patch: Vec<u16> = (0..PATCH * PATCH_COLUMNS)
        .map(|i| at(i % PATCH_COLUMNS, i / PATCH_COLUMNS, -3.0, -3.0) as u16)
        .collect();
    let own: Vec<u16> = (0..SIDE * SIDE).map(|i| (at(i % SIDE, i / SIDE, 0.25, 0.5) + 5.0) as u16).collect();
    let mut out = [0; SIDE * SIDE];
    let [sum, squares, own_sum, together] = moved_block(
        Level::best(),
        (&mut out, SIDE),
        (&patch, PATCH_COLUMNS),
        (&own, SIDE),
        &taps(0.25),
        &taps(0.5),
    );
    assert!(out.iter().all(|&apart| apart == -5), "{out:?}");
    assert!((sum + 5.0 * 64.0).abs() < 1.0 && (squares - 25.0 * 64.0).abs() < 10.0, "{sum} {squares}");
    assert_eq!(own_sum, own.iter().map(|&v| f32::from(v)).sum::<f32>());
    assert!((together + 5.0 * own_sum).abs() < 0.1 * own_sum, "{together}");
}

#[test]
fn a_motion_of_whole_samples_gives_the_same_as_the_filter() {
    let (other, own) = (words(16 * PATCH, 3), words(8 * SIDE, 5));
    let (mut moved, mut whole) = ([0; SIDE * SIDE], [0; SIDE * SIDE]);
    let level = Level::best();
    let a = moved_block(level, (&mut moved, SIDE), (&other, 16), (&own, 8), &taps(0.0), &taps(0.0));
    let b = differing_block(level, (&mut whole, SIDE), (&other[3 * 17..], 16), (&own, 8));
    assert_eq!((moved, a), (whole, b));
}
