//! Known motion is found, and means along it neither lag nor blur.

use unband_image::{Context, Depth, Image, Model, Plane, Rng, With};

use super::super::kept::{KeptFrame, stored};
use super::super::temporal::Temporal;
use super::{Limits, restored};

const CODE: f32 = 1.0 / 255.0;
const SIZE: (usize, usize) = (200, 136);

/// Waves of many lengths and directions: texture of ± 30 codes.
fn texture(x: f32, y: f32) -> f32 {
    let waves =
        [(0.31, 0.12, 9.0), (-0.11, 0.27, 8.0), (0.07, 0.05, 7.0), (0.52, -0.44, 4.0), (0.021, 0.033, 6.0)];
    waves.iter().map(|&(a, b, size)| size * (a * x + b * y + size).sin()).sum()
}

fn plane(code: impl Fn(f32, f32) -> f32) -> Plane {
    let (width, height) = SIZE;
    let at = |i: usize| 0.4 + CODE * code((i % width) as f32, (i / width) as f32);
    Plane { width, height, data: (0..width * height).map(at).collect() }
}

/// Noise of ± a code's half that differs by frame.
fn noise(frame: u32) -> impl Fn(f32, f32) -> f32 {
    let rng = Rng::new(57);
    move |x, y| rng.unit_at(0, frame, x as u32, y as u32) - 0.5
}

/// Frames in order, each its own result.
fn kept(frames: &[Plane], ctx: &Context<'_>) -> Vec<KeptFrame> {
    let one = |plane: &Plane| {
        let image = Image::new(vec![plane.clone()], Model::Gray, Depth::F32);
        KeptFrame::new(stored(&image, Vec::new(), ctx), &image, Temporal::Motion, Vec::new(), ctx)
    };
    frames.iter().map(one).collect()
}

/// The result of a frame of a run.
fn result(frames: &[Plane], middle: usize, lossy: bool, threads: usize) -> Plane {
    let ctx = Context::with(|new| new.threads = threads);
    let kept = kept(frames, &ctx);
    let run: Vec<&KeptFrame> = kept.iter().collect();
    let source = [frames[middle].clone()];
    let mut out = source.to_vec();
    restored(&run, middle, Limits::from_lossy(lossy), &source, &mut out, &mut Vec::new(), &ctx);
    out.remove(0)
}

/// The largest error of the motion between two frames, in samples, among the blocks that `asked` names by the
/// place of their centre.
fn error(
    frames: &[Plane; 2],
    moved: impl Fn(f32, f32) -> (f32, f32),
    asked: impl Fn(f32, f32) -> bool,
) -> f32 {
    let ctx = Context::default();
    let kept = kept(frames, &ctx);
    let (_, field) = kept[1].motion_from(&kept[0], &ctx);
    let mut most = 0.0f32;
    for row in 0..field.rows {
        for column in 0..field.columns {
            let (x, y) = (8.0 * column as f32 + 4.0, 8.0 * row as f32 + 4.0);
            if asked(x, y) {
                let (found, wanted) = (field.at(column, row), moved(x, y));
                most = most.max((2.0 * found.0 - wanted.0).abs().max((2.0 * found.1 - wanted.1).abs()));
            }
        }
    }
    most
}

fn inside(x: f32, y: f32) -> bool {
    x > 40.0 && x < SIZE.0 as f32 - 40.0 && y > 28.0 && y < SIZE.1 as f32 - 28.0
}

#[test]
fn known_shifts_are_found_to_a_quarter_of_a_sample() {
    // The search reaches 16 samples in so small a frame, whose smallest level is a quarter of it.
    for (dx, dy) in [(0.0, 0.0), (1.37, 0.61), (0.2, -0.09), (-7.3, 4.6), (13.0, -11.5)] {
        let noisy = |frame| noise(frame);
        let frames = [
            plane(|x, y| texture(x, y) + noisy(0)(x, y)),
            plane(|x, y| texture(x - dx, y - dy) + noisy(1)(x, y)),
        ];
        let found = error(&frames, |_, _| (dx, dy), inside);
        assert!(found < 0.25, "{found} for {dx}, {dy}");
    }
}

#[test]
fn a_zoom_and_a_fade_are_followed() {
    let centre = (SIZE.0 as f32 / 2.0, SIZE.1 as f32 / 2.0);
    let moved = |x: f32, y: f32| (0.01 * (x - centre.0), 0.01 * (y - centre.1));
    let back = |x: f32, y: f32| (centre.0 + (x - centre.0) / 1.01, centre.1 + (y - centre.1) / 1.01);
    let zoomed = plane(|x, y| {
        let (x, y) = back(x, y);
        0.93 * texture(x, y) - 6.0
    });
    let found = error(&[plane(texture), zoomed], moved, inside);
    assert!(found < 0.25, "{found}");
}

#[test]
fn what_has_no_structure_moves_as_its_surroundings_do() {
    // A sky of one value over a land with texture.
    let scene = |x: f32, y: f32| if y < 60.0 { 40.0 } else { texture(x, y) };
    let frames = [plane(scene), plane(|x, y| scene(x - 2.4, y))];
    let found = error(&frames, |_, _| (2.4, 0.0), |x, y| (40.0..160.0).contains(&x) && y < 100.0);
    assert!(found < 0.25, "{found}");
}

#[test]
fn two_objects_move_by_themselves() {
    let scene = |x: f32, y: f32, t: f32| {
        if x < 100.0 { texture(x - 1.5 * t, y) } else { texture(x + 2.5 * t + 300.0, y) }
    };
    let frames = [plane(|x, y| scene(x, y, 0.0)), plane(|x, y| scene(x, y, 1.0))];
    let moved = |x: f32, _| if x < 100.0 { (1.5, 0.0) } else { (-2.5, 0.0) };
    let found = error(&frames, moved, |x, y| inside(x, y) && (x - 100.0).abs() > 24.0);
    assert!(found < 0.35, "{found}");
}

/// Root mean square of the differences inside the frame, in codes.
fn apart(a: &Plane, b: &Plane) -> f32 {
    let (mut sum, mut count) = (0.0, 0.0);
    for y in 28..SIZE.1 - 28 {
        for (a, b) in a.row(y)[40..SIZE.0 - 40].iter().zip(&b.row(y)[40..SIZE.0 - 40]) {
            sum += ((a - b) / CODE).powi(2);
            count += 1.0;
        }
    }
    (sum / count).sqrt()
}

#[test]
fn noise_falls_along_a_pan_and_nothing_is_blurred() {
    for speed in [0.2, 1.37, 6.1] {
        let clean = |t: usize| plane(|x, y| texture(x - speed * t as f32, y - 0.45 * speed * t as f32));
        let frames: Vec<Plane> = (0..5)
            .map(|t| {
                let (clean, noise) = (clean(t), noise(t as u32));
                plane(|x, y| (clean.row(y as usize)[x as usize] - 0.4) / CODE + noise(x, y))
            })
            .collect();
        let (before, after) = (apart(&frames[2], &clean(2)), apart(&result(&frames, 2, true, 2), &clean(2)));
        assert!(after < 0.65 * before, "{after} of {before} at {speed}");
    }
}

#[test]
fn a_slope_that_moves_slowly_or_fades_does_not_lag() {
    // Structure that shows the motion, and a slope that hides it.
    let at = |x: f32, y: f32, t: f32| {
        let x = x - 0.2 * t;
        if y < 90.0 { 0.3 * x } else { 0.3 * x + texture(x, y) }
    };
    for fall in [0.0, 0.02] {
        let fade = |value: f32, t: f32| (1.0 - fall * t) * (102.0 + value) - 102.0;
        let frames: Vec<Plane> =
            (0u8..5).map(|t| plane(|x, y| fade(at(x, y, f32::from(t)), f32::from(t)))).collect();
        let lag = apart(&result(&frames, 2, true, 2), &frames[2]);
        assert!(lag < 0.05, "{lag} with {fall}");
    }
}

#[test]
fn a_cut_and_grain_stay_as_they_are() {
    let one = plane(texture);
    let other = |t: u32| plane(|x, y| 1.5 * texture(y + 70.0 * t as f32, x) + 20.0);
    let frames = [other(1), other(5), one.clone(), other(9), other(14)];
    assert!(apart(&result(&frames, 2, true, 2), &one) < 0.02);
    // Grain of a source without loss belongs to it.
    let frames = [0, 1, 2, 3, 4].map(|t| plane(|x, y| 3.0 * noise(t)(x, y)));
    assert!(apart(&result(&frames, 2, false, 2), &frames[2]) < 0.02);
}

#[test]
fn flicker_of_a_codec_is_averaged_and_a_slow_fade_is_not_lagged() {
    let lifted = |lift: f32| plane(move |x, y| texture(x, y) + lift);
    let flickering = [-0.1, 0.05, 0.1, 0.0, -0.05].map(lifted);
    let lossy = result(&flickering, 2, true, 2);
    assert!((apart(&lossy, &lifted(0.0))) < 0.02, "{}", apart(&lossy, &lifted(0.0)));
    // A source without loss has none: it is a change of light.
    assert!(apart(&result(&flickering, 2, false, 2), &flickering[2]) < 0.02);
    let fading = [0.0, 0.1, 0.2, 0.3, 0.4].map(lifted);
    for middle in 0..fading.len() {
        let lag = apart(&result(&fading, middle, true, 2), &fading[middle]);
        assert!(lag < 0.02, "{lag} at {middle}");
    }
}

#[test]
fn large_frames_are_searched_at_a_quarter_of_their_size() {
    let (width, height) = (1500, 136);
    let frame = |t: f32| {
        let at = |i: usize| 0.4 + CODE * texture((i % width) as f32 - 5.2 * t, (i / width) as f32 + 2.6 * t);
        Plane { width, height, data: (0..width * height).map(at).collect() }
    };
    let kept = kept(&[frame(0.0), frame(1.0)], &Context::default());
    let (to_before, _) = kept[1].motion_from(&kept[0], &Context::default());
    assert_eq!((kept[1].luma.scale, to_before.columns), (4, 375usize.div_ceil(4)));
    for column in 10..to_before.columns - 10 {
        let found = to_before.at(column, to_before.rows / 2);
        assert!((4.0 * found.0 + 5.2).abs() < 0.3 && (4.0 * found.1 - 2.6).abs() < 0.3, "{found:?}");
    }
}

#[test]
fn results_do_not_depend_on_threads() {
    let frames: Vec<Plane> =
        (0u8..5).map(|t| plane(|x, y| texture(x - f32::from(t), y) + noise(t.into())(x, y))).collect();
    let one = result(&frames, 2, true, 1);
    assert!(apart(&one, &frames[2]) > 0.0);
    assert_eq!(one.data, result(&frames, 2, true, 3).data);
}

#[test]
fn small_frames_and_ends_of_a_run_are_their_own() {
    let ctx = Context::default();
    let small = |t: u8| Plane { width: 5, height: 3, data: vec![0.3 + 0.001 * f32::from(t); 15] };
    let frames = [small(0), small(1)];
    let kept = kept(&frames, &ctx);
    let run: Vec<&KeptFrame> = kept.iter().collect();
    let mut out = frames[..1].to_vec();
    restored(&run, 0, Limits::from_lossy(true), &frames[..1], &mut out, &mut Vec::new(), &ctx);
    assert!(out[0].data.iter().zip(&frames[0].data).all(|(a, b)| (a - b).abs() < 2e-5));
}

#[test]
fn a_frame_that_a_codec_kept_finer_than_its_neighbours_stays_so() {
    // The others lost their finest waves, which are below the noise that is averaged.
    let fine = |x: f32, y: f32| 1.2 * (1.9 * x + 0.7 * y).sin();
    let frame = |share: f32| plane(|x, y| texture(x, y) + share * fine(x, y));
    let kept = |shares: [f32; 5]| {
        let frames = shares.map(frame);
        let (own, out) = (&frames[2], result(&frames, 2, true, 1));
        let lost = own.data.iter().zip(&out.data).map(|(a, b)| (a - b).abs() / CODE).sum::<f32>();
        lost / own.data.len() as f32
    };
    let (finer, coarser) = (kept([0.0, 0.0, 1.0, 0.0, 0.0]), kept([1.0, 1.0, 0.0, 1.0, 1.0]));
    assert!(finer < 0.7 * coarser && coarser > 0.5, "{finer} {coarser}");
}
