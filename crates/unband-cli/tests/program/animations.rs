//! Animated images: debanded and upscaled frame by frame, with their times, loops and transparency.

use unband_image::{Image, Plane};
use unband_io::{Animation, AnimationWriter, Delay, Limits, WriteOptions, by_name};

use crate::stage::Stage;

const SIZE: (usize, usize) = (160, 96);
const PLAYS: u32 = 3;

/// The wall of a frame, as it was before banding, with a hole that moves: red, green and blue.
fn clean(frame: usize) -> Vec<f32> {
    let (width, height) = SIZE;
    let at = |i: usize| {
        let (x, y, c) = (i / 3 % width, i / 3 / width, i % 3);
        (80.0 + 0.31 * (x + 2 * frame) as f32 + 0.2 * y as f32 + 7.0 * c as f32) / 255.0
    };
    assert!(height > 0);
    (0..3 * width * height).map(at).collect()
}

/// Frames of five bits; with alpha, the corner of a square is transparent.
fn banded(frame: usize, alpha: bool) -> Image {
    let (width, height) = SIZE;
    let codes: Vec<u8> =
        clean(frame).iter().map(|v| ((v * 31.0).round() * 255.0 / 31.0).round() as u8).collect();
    let mut image = Image::from_rgb8(width, height, &codes).unwrap();
    if alpha {
        let mut plane = Plane::filled(width, height, 1.0);
        (0..20).for_each(|y| plane.row_mut(y)[4 * frame..4 * frame + 20].fill(0.0));
        image.alpha = Some(plane);
    }
    image
}

/// An animation of six frames, which last 40 to 140 milliseconds.
fn written(format: &str, alpha: bool) -> Vec<u8> {
    let options = WriteOptions::default();
    let mut writer = AnimationWriter::new(by_name(format).unwrap(), PLAYS, options).unwrap();
    for frame in 0..6 {
        let delay = Delay { numerator: 4 + 2 * frame as u32, denominator: 100 };
        writer.put(banded(frame, alpha), delay).unwrap();
    }
    writer.finish().unwrap().0
}

/// Frames and their times of a result.
fn shown(bytes: &[u8]) -> (u32, Vec<(Image, f64)>) {
    let mut animation = Animation::open(bytes, &Limits::default()).unwrap().unwrap();
    let mut frames = Vec::new();
    while let Some(frame) = animation.next_frame().unwrap() {
        frames.push((frame.image, frame.delay.seconds()));
    }
    (animation.plays(), frames)
}

/// Mean square of the error of a frame, in codes, where it is opaque.
fn error(frame: usize, image: &Image) -> f32 {
    let (clean, alpha) = (clean(frame), image.alpha.as_ref().unwrap());
    let off = |at: usize, p: usize| 255.0 * (image.planes[p].data[at] - clean[3 * at + p]);
    let seen = (0..alpha.data.len()).filter(|&at| alpha.data[at] > 0.0);
    let squares: Vec<f32> = seen.flat_map(|at| (0..3).map(move |p| off(at, p) * off(at, p))).collect();
    squares.iter().sum::<f32>() / squares.len() as f32
}

#[test]
fn animations_are_debanded_with_their_times_loops_and_transparency() {
    let stage = Stage::new();
    for alpha in [false, true] {
        stage.write("wall.png", &written("PNG", alpha));
        stage.write("wall.webp", &written("WebP", alpha));
        for (input, output) in [
            ("wall.png", "wall_unband.png"),
            ("wall.webp", "wall_unband.webp"),
            ("wall.png", "made.webp"),
            ("wall.webp", "made.png"),
        ] {
            let ran = stage.run(&[input, "-o", output, "--overwrite", "--json"]).code(0);
            let json = &ran.json()[0];
            assert_eq!((&json["frames"], &json["changed_frames"]), (&6.into(), &6.into()), "{json}");
            let (plays, frames) = shown(&stage.read(output));
            assert_eq!((plays, frames.len()), (PLAYS, 6), "{input} → {output}");
            for (i, (image, seconds)) in frames.iter().enumerate() {
                assert!((seconds - 0.04 - 0.02 * i as f64).abs() < 1e-6, "{input} → {output}: {seconds}");
                let mut before = banded(i, alpha);
                let opaque = Plane::filled(SIZE.0, SIZE.1, 1.0);
                before.alpha.get_or_insert(opaque);
                assert_eq!(image.alpha, before.alpha, "{input} → {output}");
                let (from, to) = (error(i, &before), error(i, image));
                assert!(to < 0.55 * from, "{input} → {output}, frame {i}: {from} {to}");
            }
        }
    }
}

#[test]
fn results_of_animations_are_named_planned_and_refused_as_those_of_images() {
    let stage = Stage::new();
    stage.write("wall.gif", &written("GIF", false));
    stage.run(&["wall.gif", "-n"]).code(0);
    assert_eq!(stage.names(), ["wall.gif"]);
    stage.run(&["wall.gif"]).code(0).says("6 frames");
    assert_eq!(stage.names(), ["wall.gif", "wall_unband.webp"]);
    stage.run(&["wall.gif"]).code(1).says("exists already");
    stage.run(&["wall.gif", "--skip-existing"]).code(0).says("skipped");
    stage.run(&["wall.gif", "-o", "out.gif"]).code(0);
    assert_eq!(shown(&stage.read("out.gif")).0, PLAYS);
    stage.run(&["wall.gif", "-o", "out.tiff"]).code(1).says("TIFF holds one image").says("-o FILE.mkv");
    stage.run(&["wall.gif", "--save-output", "correction=net.png"]).code(2);
    stage.run(&["wall.gif", "-o", "proven.png", "--prove"]).code(0).says("0 of");
    stage.run(&["wall.gif", "-o", "deep.webp", "--depth", "16"]).code(2).says("8 bits per sample");
    stage.run(&["wall.gif", "-o", "deep.png", "--depth", "16"]).code(0);
    assert_eq!(shown(&stage.read("deep.png")).1[0].0.depth.bits(), 16);
    let piped = stage.run(&["wall.gif", "-o", "-", "--format", "png"]).code(0);
    assert_eq!(shown(&piped.stdout).1.len(), 6);
    // Without bands nothing is lost: the file is copied.
    stage.run(&["wall.gif", "-o", "same.gif", "--strength", "0"]).code(0).says("copy");
    assert!(stage.read("same.gif") == stage.read("wall.gif"));
    stage.run(&["upscale", "wall.gif", "--scale", "2", "-o", "large.png"]).code(0);
    let (plays, frames) = shown(&stage.read("large.png"));
    assert_eq!((plays, frames.len()), (PLAYS, 6));
    assert_eq!((frames[5].0.width(), frames[5].0.height()), (2 * SIZE.0, 2 * SIZE.1));
}
