use super::*;
use crate::Rng;

const SIZE: (usize, usize) = (480, 270);

/// An endless scene: smooth hills of several sizes that depend on the seed, 0 to 255.
fn scene(seed: u64, x: f32, y: f32) -> f32 {
    let rng = Rng::new(seed);
    let hill = |size: f32, octave: u32| {
        let (u, v) = (x / size + 1000.0, y / size + 1000.0);
        let (i, j) = (u as u32, v as u32);
        let smooth = |t: f32| t * t * (3.0 - 2.0 * t);
        let (s, t) = (smooth(u.fract()), smooth(v.fract()));
        let at = |i, j| rng.unit_at(octave, 0, i, j);
        let row = |j| at(i, j) * (1.0 - s) + at(i + 1, j) * s;
        row(j) * (1.0 - t) + row(j + 1) * t
    };
    255.0 * (0.6 * hill(150.0, 0) + 0.3 * hill(40.0, 1) + 0.1 * hill(12.0, 2))
}

/// The view of a camera centred at `x`, with `zoom` scene units per pixel.
fn view(seed: u64, x: f32, zoom: f32) -> Vec<f32> {
    let (w, h) = SIZE;
    let sample = |i: usize| {
        let (dx, dy) = ((i % w) as f32 - w as f32 / 2.0, (i / w) as f32 - h as f32 / 2.0);
        scene(seed, x + dx * zoom, dy * zoom)
    };
    (0..w * h).map(sample).collect()
}

/// Codes of a frame with grain of `grain` codes.
fn codes(frame: &[f32], number: usize, grain: f32) -> Vec<u8> {
    let noise = |i: usize| grain * 3.5 * (Rng::new(9).unit_at(number as u32, 0, i as u32, 0) - 0.5);
    frame.iter().enumerate().map(|(i, v)| (v + noise(i) + 0.5) as u8).collect()
}

/// Indices of the frames that begin a shot.
fn begins(frames: &[Vec<f32>], grain: f32) -> Vec<usize> {
    let mut cuts = Cuts::new();
    (0..frames.len()).filter(|&i| cuts.begins_u8(&codes(&frames[i], i, grain), SIZE.0)).collect()
}

fn scaled(frame: &[f32], gain: f32) -> Vec<f32> {
    frame.iter().map(|v| v * gain).collect()
}

#[test]
fn each_hard_cut_begins_a_shot_also_in_the_dark_and_in_motion() {
    type Camera = fn(f32) -> (f32, f32);
    let cameras: [Camera; 3] = [|_| (0.0, 1.0), |t| (14.0 * t, 1.0), |t| (0.0, 1.5 * 0.96f32.powf(t))];
    for (gain, grain) in [(1.0, 2.0), (0.1, 0.5)] {
        for camera in cameras {
            let shot = |seed: u64| {
                (0..8).map(move |t| camera(t as f32)).map(move |(x, zoom)| scaled(&view(seed, x, zoom), gain))
            };
            let frames: Vec<_> = (1..6).flat_map(shot).collect();
            assert_eq!(begins(&frames, grain), [0, 8, 16, 24, 32], "gain {gain}");
        }
    }
}

#[test]
fn pans_zooms_and_flicker_are_no_cuts() {
    let shots: [Vec<Vec<f32>>; 3] = [
        (0..16).map(|t| view(1, 24.0 * t as f32, 1.0)).collect(),
        (0..16).map(|t| view(2, 0.0, 2.0 * 0.96f32.powi(t))).collect(),
        (0..16).map(|t| scaled(&view(3, 0.0, 1.0), 0.9 + 0.06 * ((t * t) as f32).sin())).collect(),
    ];
    for (i, frames) in shots.iter().enumerate() {
        assert_eq!(begins(frames, 2.0), [0], "shot {i}");
    }
}

#[test]
fn fades_to_black_and_dissolves_are_no_cuts() {
    let (a, b) = (view(1, 0.0, 1.0), view(2, 0.0, 1.0));
    for length in [8, 12, 24] {
        let share = |t: usize| (t.saturating_sub(4) as f32 / length as f32).min(1.0);
        let fade: Vec<_> = (0..length + 8).map(|t| scaled(&a, 1.0 - share(t))).collect();
        assert_eq!(begins(&fade, 1.0), [0], "fade over {length}");
        let mixed = |u: f32| a.iter().zip(&b).map(|(a, b)| a * (1.0 - u) + b * u).collect();
        let dissolve: Vec<Vec<f32>> = (0..length + 8).map(|t| mixed(share(t))).collect();
        assert_eq!(begins(&dissolve, 1.0), [0], "dissolve over {length}");
    }
}

#[test]
fn the_frame_after_a_flash_begins_nothing() {
    let mut frames = vec![view(1, 0.0, 1.0); 12];
    frames[6].iter_mut().for_each(|v| *v = (*v * 1.8 + 60.0).min(255.0));
    let found = begins(&frames, 1.0);
    assert!(found.iter().all(|&at| at == 0 || at == 6), "{found:?}");
}

#[test]
fn words_and_bytes_give_the_same_answer() {
    let frames: Vec<_> = (0..12).map(|t| view(1 + t / 4, 0.0, 1.0)).collect();
    let (mut bytes, mut words) = (Cuts::new(), Cuts::new());
    for (i, frame) in frames.iter().enumerate() {
        let eight = codes(frame, i, 1.0);
        let ten: Vec<u16> = eight.iter().map(|&code| u16::from(code) << 2).collect();
        assert_eq!(bytes.begins_u8(&eight, SIZE.0), words.begins_u16(&ten, SIZE.0, 10), "frame {i}");
    }
}

#[test]
fn tiny_and_empty_frames_cause_no_panic() {
    for (width, count) in [(0, 0), (1, 1), (3, 9), (5, 10), (97, 97 * 55)] {
        let mut cuts = Cuts::new();
        assert!(cuts.begins_u8(&vec![7; count], width));
        assert!(!cuts.begins_u8(&vec![7; count], width), "{width}");
        let checks: Vec<u8> = (0..count).map(|i| (i * 97 % 256) as u8).collect();
        cuts.begins_u8(&checks, width);
    }
    let mut cuts = Cuts::new();
    cuts.begins_u8(&[0; 12], 4);
    assert!(cuts.begins_u8(&[0; 12], 3), "another size is another shot");
}
