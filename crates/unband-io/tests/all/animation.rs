//! Animations: frames as a browser shows them, times and loops, there and back.
//!
//! The files in `data/animation` have all kinds of disposal, blending, offsets and palettes. Each comes with
//! its frames, one below the other, as Chromium's `ImageDecoder` gives them; those of 16 bits as computed.

use std::path::PathBuf;

use unband_image::{Depth, Image, Window};
use unband_io::{Animation, AnimationWriter, Delay, Error, Limits, WriteOptions, by_name, read};

/// Files, times that they are played, and delays in milliseconds.
const FILES: &[(&str, u32, &[u32])] = &[
    ("beyond.gif", 0, &[100, 100]),
    ("clear.gif", 4, &[100; 4]),
    ("corner.gif", 0, &[100; 2]),
    ("hole.gif", 0, &[0, 10, 3000]),
    ("keep.gif", 0, &[100, 70, 250]),
    ("palettes.gif", 1, &[100; 3]),
    ("plain87.gif", 1, &[0; 2]),
    ("restore.gif", 2, &[100; 4]),
    ("deep.png", 0, &[100; 3]),
    ("default.png", 5, &[100; 2]),
    ("over.png", 2, &[100, 30, 50, 100]),
    ("palette.png", 0, &[100; 3]),
    ("restore.png", 0, &[100; 3]),
    ("mixed.webp", 4, &[80, 120, 40, 33]),
    ("moves.webp", 0, &[50, 60, 70, 80]),
];

fn bytes(name: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/animation");
    std::fs::read(folder.join(name)).unwrap()
}

fn open(bytes: &[u8]) -> Animation<'_> {
    Animation::open(bytes, &Limits::default()).unwrap().unwrap()
}

fn frames(bytes: &[u8]) -> Vec<(Image, Delay)> {
    let mut animation = open(bytes);
    let mut frames = Vec::new();
    while let Some(frame) = animation.next_frame().unwrap() {
        frames.push((frame.image, frame.delay));
    }
    assert_eq!(frames.len(), animation.frames());
    frames
}

/// Codes of all planes and alpha; those of transparent pixels are 0.
fn codes(image: &Image) -> Vec<u32> {
    let alpha = image.alpha.as_ref().map(|alpha| &alpha.data);
    let seen = |at: usize| alpha.is_none_or(|alpha| alpha[at] > 0.0);
    let of = |(at, value): (usize, &f32)| if seen(at) { image.depth.code(*value) } else { 0 };
    image.planes.iter().chain(&image.alpha).flat_map(|plane| plane.data.iter().enumerate().map(of)).collect()
}

fn colours(image: &Image) -> usize {
    let pixels = image.planes[0].data.len();
    let codes = codes(image);
    let pixel = |at: usize| codes.iter().skip(at).step_by(pixels).copied().collect::<Vec<_>>();
    (0..pixels).map(pixel).collect::<std::collections::BTreeSet<_>>().len()
}

fn milliseconds(delay: Delay) -> u32 {
    (delay.seconds() * 1000.0).round() as u32
}

/// Adds an alpha of 1.
fn opaque(mut image: Image) -> Image {
    let (width, height) = (image.width(), image.height());
    image.alpha.get_or_insert_with(|| unband_image::Plane::filled(width, height, 1.0));
    image
}

#[test]
fn frames_are_those_that_a_browser_shows() {
    for &(name, plays, delays) in FILES {
        let file = bytes(name);
        let animation = open(&file);
        assert_eq!((animation.plays(), animation.frames()), (plays, delays.len()), "{name}");
        let all = opaque(read(&bytes(&format!("{name}.frames.png")), &Limits::default()).unwrap());
        let found = frames(&file);
        assert_eq!(found.iter().map(|(_, delay)| milliseconds(*delay)).collect::<Vec<_>>(), delays, "{name}");
        let height = all.height() / delays.len();
        for (i, (image, _)) in found.iter().enumerate() {
            assert_eq!((image.width(), image.height()), (all.width(), height), "{name}");
            let window = Window { x0: 0, y0: i * height, x1: all.width(), y1: (i + 1) * height };
            let wanted = all.cut(window);
            if name == "over.png" {
                // The browser stores colours times alpha.
                let off = |p: usize| {
                    let times = |image: &Image, at: usize| {
                        image.planes[p].data[at] * image.alpha.as_ref().unwrap().data[at] * 255.0
                    };
                    let all = 0..wanted.planes[p].data.len();
                    all.map(|at| (times(image, at) - times(&wanted, at)).abs()).fold(0.0, f32::max)
                };
                assert!((0..3).all(|p| off(p) < 1.5), "{name}, frame {i}: {:?}", [off(0), off(1), off(2)]);
            } else {
                assert!(codes(image) == codes(&wanted), "{name}, frame {i}");
            }
        }
    }
}

#[test]
fn written_animations_have_the_same_frames_times_and_loops() {
    for &(name, plays, delays) in FILES {
        let found = frames(&bytes(name));
        let deep = found[0].0.depth == Depth::SIXTEEN;
        let partly = name == "over.png" || name == "mixed.webp";
        for format in ["PNG", "WebP", "GIF"] {
            if deep && format != "PNG" || partly && format == "GIF" {
                continue;
            }
            let options = WriteOptions::default();
            let mut writer = AnimationWriter::new(by_name(format).unwrap(), plays, options).unwrap();
            for (image, delay) in &found {
                writer.put(image.clone(), *delay).unwrap();
            }
            let (written, _) = writer.finish().unwrap();
            let again = open(&written);
            // Times of PNG and GIF are finer than those of the other.
            let unit = if format == "GIF" { 10 } else { 1 };
            assert_eq!(again.plays(), plays, "{name} as {format}");
            let (mut end, mut ends) = (0, 0);
            for (i, ((before, _), (after, delay))) in found.iter().zip(frames(&written)).enumerate() {
                (end, ends) = (end + delays[i], ends + milliseconds(delay));
                assert!(end.abs_diff(ends) <= unit / 2, "{name} as {format}, frame {i}: {end} {ends}");
                // A palette holds few colours.
                let holds = format != "GIF" || colours(before) < 256;
                assert!(!holds || codes(before) == codes(&after), "{name} as {format}, frame {i}");
            }
        }
    }
}

#[test]
fn metadata_of_an_animation_is_kept() {
    let hole = frames(&bytes("hole.gif"));
    assert_eq!(hole[0].0.metadata.text, [("Comment".to_owned(), "hello".to_owned())]);
    assert!(hole[0].0.metadata.unread.is_empty(), "{:?}", hole[0].0.metadata.unread);
    let over = frames(&bytes("over.png"));
    assert_eq!(over[0].0.metadata.text, [("Title".to_owned(), "odd".to_owned())]);
    let mut image = over[0].0.clone();
    image.metadata.xmp = Some(b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>".to_vec());
    for format in ["PNG", "WebP"] {
        let mut writer = AnimationWriter::new(by_name(format).unwrap(), 0, WriteOptions::default()).unwrap();
        writer.put(image.clone(), over[0].1).unwrap();
        writer.put(over[1].0.clone(), over[1].1).unwrap();
        let (written, _) = writer.finish().unwrap();
        assert_eq!(frames(&written)[1].0.metadata.xmp, image.metadata.xmp, "{format}");
    }
}

#[test]
fn stills_are_no_animations_and_animations_no_stills() {
    for name in ["beyond.gif", "over.png", "moves.webp"] {
        let error = read(&bytes(name), &Limits::default()).unwrap_err();
        assert!(matches!(error, Error::Several { what: "frames", .. }), "{name}: {error}");
        assert!(unband_io::begins_animation(&bytes(name)), "{name}");
    }
    let still = bytes("over.png.frames.png");
    assert!(Animation::open(&still, &Limits::default()).unwrap().is_none());
    assert!(!unband_io::begins_animation(&still));
    let jpeg = by_name("JPEG").unwrap();
    let error = AnimationWriter::new(jpeg, 0, WriteOptions::default()).err().unwrap();
    assert_eq!(error.to_string(), "JPEG holds one image, not the frames of an animation");
}

#[test]
fn damaged_animations_fail_or_give_whole_frames() {
    for &(name, ..) in FILES {
        let file = bytes(name);
        let limits = Limits::new(1 << 20, 1 << 26);
        let all = |bytes: &[u8]| -> Result<Vec<Vec<u32>>, Error> {
            let mut frames = Vec::new();
            let Some(mut animation) = Animation::open(bytes, &limits)? else { return Ok(frames) };
            while let Some(frame) = animation.next_frame()? {
                frames.push(codes(&frame.image));
            }
            Ok(frames)
        };
        let whole = all(&file).unwrap();
        for end in 0..file.len() {
            let Ok(frames) = all(&file[..end]) else { continue };
            // A GIF may end after any frame, without its trailer.
            let may_end = name.ends_with("gif") || frames.is_empty();
            assert!(may_end && whole.starts_with(&frames), "{name} cut at {end}");
        }
        let mut seed = 1u32;
        for _ in 0..400 {
            let mut damaged = file.clone();
            for _ in 0..3 {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let at = seed as usize % damaged.len();
                damaged[at] ^= (seed >> 24) as u8;
            }
            let _ = all(&damaged);
        }
    }
}
