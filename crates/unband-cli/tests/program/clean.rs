//! Clean images in all formats, and traces of lossy compression.

use std::process::Command;

use crate::stage::{Stage, png, texture};

const SIZE: (usize, usize) = (384, 320);

/// A sky with fine grain above leaves, as from a camera.
fn photo(x: usize, y: usize, c: usize) -> u8 {
    if y > 230 {
        return texture(x, y, c);
    }
    let light = 70.0 + 0.11 * x as f32 + 0.17 * y as f32 + 6.0 * c as f32;
    let grain = (0..4).map(|i| f32::from(texture(x + 7 * i, y + 5 * i, c)) - 129.5).sum::<f32>();
    (light + grain / 55.0).round().clamp(0.0, 255.0) as u8
}

/// A sky without any grain.
fn still(x: usize, y: usize, c: usize) -> u8 {
    (60.0 + 0.13 * x as f32 + 0.21 * y as f32 + 9.0 * c as f32).round() as u8
}

/// The photo in a format, with more options.
fn store(stage: &Stage, name: &str, options: &[&str]) {
    stage.write("photo.png", &png(SIZE.0, SIZE.1, &photo));
    stage.run(&[&["photo.png", "-o", name, "--overwrite"], options].concat()).code(0);
}

#[test]
fn a_clean_photo_comes_back_byte_for_byte_in_every_format() {
    let stage = Stage::new();
    let kinds: [(&str, &[&str]); 12] = [
        ("a.png", &[]),
        ("b.png", &["--depth", "16"]),
        ("c.tiff", &[]),
        ("d.jpg", &["--quality", "95"]),
        ("e.jpg", &["--quality", "85"]),
        ("f.webp", &["--quality", "90"]),
        ("g.avif", &["--quality", "90"]),
        ("h.jxl", &[]),
        ("i.jxl", &["--depth", "16"]),
        ("j.ppm", &[]),
        ("k.exr", &[]),
        ("l.pfm", &[]),
    ];
    let mut names: Vec<&str> = Vec::new();
    for (name, options) in kinds {
        store(&stage, name, options);
        names.push(name);
    }
    // Formats that the program cannot write, or not from RGB.
    for (name, bytes) in [("m.bmp", bmp()), ("n.y4m", y4m()), ("o.gif", gif())] {
        stage.write(name, &bytes);
        names.push(name);
    }
    if let Some(heic) = heic(&stage) {
        names.push(heic);
    }
    for name in names {
        stage.run(&[name, "-o", "out/"]).code(0).says("copy");
        assert!(stage.read(name) == stage.read(&format!("out/{name}")), "{name}");
        stage.run(&[name, "-o", "none/", "--only-banded"]).code(0);
        assert!(!stage.path("none").join(name).exists(), "{name}");
        let printed = stage.run(&["inspect", name]).code(0).out();
        assert!(printed.contains("no visible bands"), "{printed}");
        assert!(stage.run(&["score", name]).code(0).out().contains("banding: none"), "{name}");
    }
}

/// The photo with 24 bits a pixel, bottom row first.
fn bmp() -> Vec<u8> {
    let (width, height) = SIZE;
    let length = (54 + 3 * width * height) as u32;
    let mut out = b"BM".to_vec();
    for number in [length, 0, 54, 40, width as u32, height as u32, 1 | 24 << 16, 0, 0, 2835, 2835, 0, 0] {
        out.extend(number.to_le_bytes());
    }
    for y in (0..height).rev() {
        (0..width).for_each(|x| out.extend([2, 1, 0].map(|c| photo(x, y, c))));
    }
    out
}

/// The photo's green as luma, without colour.
fn y4m() -> Vec<u8> {
    let (width, height) = SIZE;
    let mut out =
        format!("YUV4MPEG2 W{width} H{height} F25:1 Ip C420jpeg XCOLORRANGE=FULL\nFRAME\n").into_bytes();
    out.extend((0..width * height).map(|i| photo(i % width, i / width, 1)));
    out.resize(out.len() + width * height / 2, 128);
    out
}

/// The photo's green in a palette of all greys. Its codes are never grouped.
fn gif() -> Vec<u8> {
    const CLEAR: u32 = 256;
    let (width, height) = SIZE;
    let size = [width as u16, height as u16].map(u16::to_le_bytes).concat();
    let mut out = [&b"GIF89a"[..], &size, &[0xf7, 0, 0]].concat();
    out.extend((0..=255u8).flat_map(|grey| [grey; 3]));
    out.extend([&[0x2c, 0, 0, 0, 0][..], &size, &[0, 8]].concat());
    let (mut bytes, mut rest, mut held) = (Vec::new(), 0u32, 0);
    let mut put = |code: u32| {
        rest |= code << held;
        held += 9;
        while held >= 8 {
            bytes.push(rest as u8);
            rest >>= 8;
            held -= 8;
        }
    };
    for i in 0..width * height {
        // Before the decoder continues with ten bits.
        if i % 200 == 0 {
            put(CLEAR);
        }
        put(u32::from(photo(i % width, i / width, 1)));
    }
    put(CLEAR + 1);
    put(0);
    for block in bytes.chunks(255) {
        out.push(block.len() as u8);
        out.extend(block);
    }
    out.extend([0, 0x3b]);
    out
}

/// A HEIC file of the photo; `None` without the program that writes one.
fn heic(stage: &Stage) -> Option<&'static str> {
    if Command::new("heif-enc").arg("--version").output().is_err() {
        unband_skips::program("heif-enc");
        return None;
    }
    let mut command = Command::new("heif-enc");
    let made = command.args(["-q", "95", "photo.png", "-o", "p.heic"]).current_dir(&stage.0).output().ok()?;
    made.status.success().then_some("p.heic")
}

#[test]
fn noise_of_a_lossy_coding_is_called_so() {
    let stage = Stage::new();
    store(&stage, "phone.jpg", &["--quality", "88"]);
    let printed = stage.run(&["inspect", "phone.jpg"]).code(0).out();
    assert!(printed.contains("JPEG noise; no visible bands"), "{printed}");
    let printed = stage.run(&["score", "phone.jpg"]).code(0).out();
    assert!(printed.starts_with("phone.jpg  banding: none, JPEG noise\n"), "{printed}");
}

#[test]
fn what_is_asked_for_is_done_to_clean_files_too() {
    let stage = Stage::new();
    store(&stage, "fine.jpg", &["--quality", "95"]);
    stage.run(&["fine.jpg", "--everywhere", "-o", "all.png"]).code(0);
    stage.run(&["fine.jpg", "-o", "same.jpg"]).code(0).says("copy");
    stage.run(&["fine.jpg", "--method", "gradfun", "-o", "named.png"]).code(0);
    assert!(stage.samples("all.png") != stage.samples("named.png"));
}

#[test]
fn steps_of_coarse_blocks_are_still_taken_out() {
    let stage = Stage::new();
    stage.write("still.png", &png(SIZE.0, SIZE.1, &still));
    for (name, quality) in [("a.jpg", "35"), ("b.jpg", "60"), ("c.webp", "40")] {
        let store = ["still.png", "--method", "smooth", "--strength", "0", "-o", name, "--quality", quality];
        stage.run(&store).code(0);
        stage.run(&[name, "-o", "out/"]).code(0);
        let result = format!("out/{}.png", &name[..1]);
        assert!(stage.path(&result).exists(), "{name}: {:?}", stage.names());
        let printed = stage.run(&["inspect", name]).code(0).out();
        assert!(printed.contains("of the smooth area"), "{printed}");
    }
}

#[test]
fn near_lossless_jpeg_xl_and_tiff_of_its_samples_are_judged_alike() {
    let stage = Stage::new();
    for (i, paint) in [photo as fn(usize, usize, usize) -> u8, still].into_iter().enumerate() {
        stage.write("p.png", &png(SIZE.0, SIZE.1, &paint));
        let (jxl, tiff) = (format!("{i}.jxl"), format!("{i}.tiff"));
        let zero = ["--method", "smooth", "--strength", "0", "--everywhere", "--depth", "16"];
        stage.run(&[&["p.png", "-o", jxl.as_str()], &zero[..]].concat()).code(0);
        stage.run(&[&[jxl.as_str(), "-o", tiff.as_str()], &zero[..]].concat()).code(0);
        let verdict = |name: &str| {
            let json = stage.run(&["score", name, "--json"]).code(0).json();
            json[0]["files"][0]["banding"]["grade"].clone()
        };
        assert_eq!(verdict(&jxl), verdict(&tiff), "{i}");
        let printed = stage.run(&["inspect", &jxl]).code(0).out();
        assert!(!printed.contains("BT.601"), "{printed}");
    }
}
