//! The folder of a reader: files with the names that the pages use.

use std::fs;

use unband_skips::tracked_in;

use crate::stage::{Stage, ffmpeg, have_ffmpeg, png, root, six_bits, texture};

/// Files whose content does not matter, as copies of others.
const COPIES: &[(&str, &str)] = &[
    ("photos/b.jpg", "examples/dusk.jpg"),
    ("sky.jpg", "examples/dusk.jpg"),
    ("old.jpg", "docs/images/lake-35.jpg"),
    ("small.jpg", "docs/images/lake-35.jpg"),
    ("BSRGAN.pth", "golden/checkpoints/rrdbnet.pth"),
    ("best.ckpt", "golden/checkpoints/indi_trainer.pth"),
];

/// A flat card game: few colours, on purpose.
fn cards(x: usize, y: usize, _: usize) -> u8 {
    [222, 226, 230, 234, 238, 242][(x / 37 + y / 29 * 2) % 6]
}

/// Fills an empty folder.
pub(super) fn fill(stage: &Stage) {
    for folder in ["docs/images", "examples"] {
        for path in tracked_in(folder) {
            let kind = path.extension().and_then(|end| end.to_str()).unwrap_or_default();
            let name = path.file_name().unwrap().to_str().unwrap();
            if ["png", "jpg", "jxl"].contains(&kind) {
                stage.write(&format!("{folder}/{name}"), &fs::read(&path).unwrap());
            }
        }
    }
    for (name, from) in COPIES {
        stage.write(name, &fs::read(root().join(from)).unwrap());
    }
    for name in ["sky.png", "game.png", "render.png", "photos/trip/b.png", "textures/a.png"] {
        stage.png(name, &six_bits);
    }
    stage.write("photos/a.png", &png(320, 300, &six_bits));
    for name in ["clean.png", "source/a.png", "photos/train/c.png", "photos/val/d.png"] {
        stage.write(name, &png(320, 300, &texture));
    }
    stage.png("encoded/a.png", &six_bits);
    stage.png("clean/a.png", &texture);
    stage.write("encoded/a.png", &png(320, 300, &six_bits));
    stage.write("clean.png", &png(160, 120, &texture));
    stage.write("cards.png", &png(320, 240, &cards));
    stage.write("roughness.png", &png(320, 240, &cards));
    stage.write("tile.png", &png(160, 128, &six_bits));
    stage.run(&["sky.png", "-o", "scan.tiff", "--strength", "0"]).code(0);
    super::papers::published_set(stage, "fhd");
    for (side, paint) in [("lq", &six_bits as &crate::stage::Paint), ("gt", &texture)] {
        stage.write(&format!("data/fhd/test/{side}/a.png"), &png(300, 280, paint));
    }
    if have_ffmpeg() {
        videos(stage);
    }
}

/// A long video of few frames, a short one, and images of one.
fn videos(stage: &Stage) {
    let sky = "gradients=s=192x144:r=1:d=660:c0=0x203040:c1=0x405060:x0=0:x1=191:y0=0:y1=0:speed=0.00001";
    let codec = ["-c:v", "libx264", "-crf", "30", "-pix_fmt", "yuv420p", "-c:a", "aac"];
    let make = |seconds: &str, name: &str| {
        let inputs = ["-f", "lavfi", "-i", sky, "-f", "lavfi", "-i", "sine=r=8000:d=660", "-t", seconds];
        ffmpeg(stage, &[&inputs[..], &codec, &[name]].concat());
    };
    make("10", "film.mkv");
    make("640", "film.mp4");
    make("10", "clip.mp4");
    for (from, to) in [("clip.mp4", "holidays/beach.mp4"), ("clip.mp4", "source.mkv")] {
        fs::create_dir_all(stage.path(to).parent().unwrap()).unwrap();
        ffmpeg(stage, &["-i", from, "-c", "copy", to]);
    }
    ffmpeg(stage, &["-i", "clip.mp4", "-c:v", "libx264", "-crf", "45", "-an", "encoded.mkv"]);
    for folder in ["shot", "in", "out"] {
        fs::create_dir_all(stage.path(folder)).unwrap();
    }
    ffmpeg(stage, &["-i", "clip.mp4", "shot/a_%04d.png"]);
    ffmpeg(stage, &["-i", "clip.mp4", "-pix_fmt", "gbrp10be", "in/%04d.dpx"]);
}
