//! Tests of `unband upscale`.

use std::fs;

use crate::pytorch::{checkpoint, codes_apart, given, paint};
use crate::stage::{HEIGHT, Stage, WIDTH, has, png, root, six_bits, texture};

const WEIGHTS: &str = "rrdbnet.pth";

#[test]
fn every_network_gives_the_codes_that_pytorch_gives() {
    let files = [
        "rrdbnet.pth",
        "rrdbnet_esrgan_old.pth",
        "rrdbnet_parallel.pth",
        "rrdbnet_x2_kair_old.pth",
        "rrdbnet_x2_basicsr.pth",
        "rrdbnet_x1_unshuffle.pth",
    ];
    let stage = Stage::new();
    for file in files {
        let given = given(file);
        stage.write("in.png", &png(given.width, given.height, &paint));
        for depth in ["8", "16"] {
            let weights = checkpoint(file);
            let args = ["upscale", "in.png", "-o", "out.png", "--weights", &weights];
            let more = ["--depth", depth, "--dither", "none", "--overwrite"];
            stage.run(&[&args[..], &more].concat()).code(0);
            let made = stage.samples("out.png");
            assert_eq!(made.bits.to_string(), depth, "{file}");
            assert!(codes_apart(&made, &given) <= 1.0, "{file} at {depth} bits");
        }
    }
}

#[test]
fn results_are_next_to_their_inputs_and_are_not_upscaled_again() {
    let stage = Stage::new();
    stage.png("in/sky.png", &six_bits);
    let weights = checkpoint(WEIGHTS);
    let run = |more: &[&str]| stage.run(&[&["upscale", "in", "--weights", &weights], more].concat());
    run(&["-n"]).code(0);
    assert_eq!(stage.names(), ["in/sky.png"]);
    let printed = &run(&["--json"]).code(0).json()[0];
    assert_eq!((printed["network"].as_str(), printed["scale"].as_u64()), (Some("rrdbnet"), Some(4)));
    assert_eq!(stage.names(), ["in/sky.png", "in/sky_x4_unband.png"]);
    let made = stage.samples("in/sky_x4_unband.png");
    assert_eq!((made.width as usize, made.height as usize, made.bits), (4 * WIDTH, 4 * HEIGHT, 8));
    run(&[]).code(1).says("exists");
    run(&["--skip-existing"]).code(0).says("skipped");
    assert_eq!(stage.names(), ["in/sky.png", "in/sky_x4_unband.png"]);
}

#[test]
fn a_suffix_names_results_as_the_authors_scripts_do() {
    let stage = Stage::new();
    for name in ["RealSRSet/sky.png", "RealSRSet/a.b.png"] {
        stage.png(name, &six_bits);
    }
    let weights = checkpoint(WEIGHTS);
    let run = |more: &[&str]| stage.run(&[&["upscale", "--weights", &weights], more].concat());
    let named = ["--suffix", "_BSRGAN", "--format", "png"];
    run(&[&["RealSRSet", "-o", "RealSRSet_results_x4"], &named[..]].concat()).code(0);
    run(&[&["RealSRSet/sky.png"], &named[..]].concat()).code(0);
    let made = [
        "RealSRSet/sky_BSRGAN.png",
        "RealSRSet_results_x4/a.b_BSRGAN.png",
        "RealSRSet_results_x4/sky_BSRGAN.png",
    ];
    for name in made {
        assert!(stage.names().iter().any(|n| n == name), "{name}: {:?}", stage.names());
    }
    run(&["RealSRSet/sky.png", "-o", "out.png", "--suffix", "_BSRGAN"]).code(2).says("--suffix");
    run(&["RealSRSet", "-o", "out", "--suffix", "../a"]).code(2).says("a part of a file name");
}

#[test]
fn less_memory_and_more_threads_give_the_same_image() {
    let stage = Stage::new();
    stage.write("in.png", &png(400, 90, &texture));
    let weights = checkpoint(WEIGHTS);
    let run = |out: &str, more: &[&str]| {
        let args = ["upscale", "in.png", "-o", out, "--weights", &weights];
        stage.run(&[&args[..], more].concat())
    };
    run("whole.png", &["-j", "1"]).code(0);
    run("threads.png", &["-j", "3"]).code(0);
    assert!(stage.read("whole.png") == stage.read("threads.png"), "threads change the result");
    let refused = run("parts.png", &["--max-memory", "9M"]).code(1).says("MiB of memory are needed");
    let least = refused.stderr.split("--max-memory ").nth(1).unwrap();
    run("parts.png", &["--max-memory", &least[..=least.find('M').unwrap()]]).code(0);
    let (whole, parts) = (stage.samples("whole.png"), stage.samples("parts.png"));
    let apart = whole.data.iter().zip(&parts.data).map(|(a, b)| a.abs_diff(*b)).max();
    assert!(apart <= Some(1), "windows differ by {apart:?} codes");
}

#[test]
fn without_weights_our_own_network_upscales() {
    let stage = Stage::new();
    stage.png("in/sky.png", &texture);
    for (more, scale) in [(&[][..], 4), (&["--scale", "2"][..], 2)] {
        let run = stage
            .run(&[&["upscale", "in/sky.png", "-o", "out.png", "--overwrite", "--json"][..], more].concat());
        let printed = &run.code(0).json()[0];
        assert_eq!(
            (printed["network"].as_str(), printed["scale"].as_u64()),
            (Some("unband-sr-lite"), Some(scale))
        );
        let (made, given) = (stage.samples("out.png"), stage.samples("in/sky.png"));
        assert_eq!((made.width, made.height), (given.width * scale as u32, given.height * scale as u32));
        // It shows the same image: equally bright everywhere, except for texture.
        let mean = |data: &[u16]| data.iter().map(|&v| f64::from(v)).sum::<f64>() / data.len() as f64;
        assert!((mean(&made.data) - mean(&given.data)).abs() < 2.0);
    }
    stage.run(&["upscale", "in/sky.png", "--scale", "8"]).code(2).says("the built-in factors reach 4");
}

#[test]
fn results_have_the_size_asked_for() {
    let stage = Stage::new();
    stage.png("sky.png", &texture);
    let given = stage.samples("sky.png");
    let (width, height) = (given.width, given.height);
    let part = |side: u32, of: u32, over: u32| (f64::from(side * of) / f64::from(over)).round() as u32;
    let smaller = format!("{}x{}", width / 2, height * 9);
    for (option, value, network, size, name) in [
        ("--scale", "1.5", 2, (part(width, 3, 2), part(height, 3, 2)), "sky_x1.5_unband.png"),
        ("--scale", "3", 4, (width * 3, height * 3), "sky_x3_unband.png"),
        ("--width", "100", 2, (100, part(height, 100, width)), "sky_w100_unband.png"),
        ("--height", "301", 4, (part(width, 301, height), 301), "sky_h301_unband.png"),
        ("--fit", smaller.as_str(), 2, (width / 2, part(height, width / 2, width)), ""),
    ] {
        let run = stage.run(&["upscale", "sky.png", "--json", option, value]);
        let printed = &run.code(0).json()[0];
        let numbers = ["scale", "output_width", "output_height"].map(|name| printed[name].as_u64().unwrap());
        assert_eq!(numbers, [network, u64::from(size.0), u64::from(size.1)], "{option} {value}");
        let output = printed["output"].as_str().unwrap();
        assert!(output == name || name.is_empty(), "{output}");
        let made = stage.samples(output);
        assert_eq!((made.width, made.height), size, "{option} {value}");
        let mean = |data: &[u16]| data.iter().map(|&v| f64::from(v)).sum::<f64>() / data.len() as f64;
        assert!((mean(&made.data) - mean(&given.data)).abs() < 2.0, "{option} {value}");
    }
    stage.run(&["upscale", "sky.png", "--width", "9", "--height", "9"]).code(2).says("cannot be used with");
    stage.run(&["upscale", "sky.png", "--fit", "9"]).code(2).says("1920x1080");
    stage.run(&["upscale", "sky.png", "--scale", "1"]).code(2).says("above 1");
}

#[test]
fn what_does_not_fit_is_reported_before_the_work() {
    let stage = Stage::new();
    stage.png("sky.png", &six_bits);
    let run = |more: &[&str]| stage.run(&[&["upscale", "sky.png"], more].concat());
    let weights = checkpoint(WEIGHTS);
    run(&["--weights", &weights, "--scale", "5"])
        .code(2)
        .says("upscales 4 times, 5 times were requested")
        .says("--scale 4");
    run(&["--weights", &checkpoint("adnet.pth")])
        .code(2)
        .says("holds the network adnet, which does not upscale")
        .says("rrdbnet");
    run(&["--weights", "nowhere.pth"]).code(2).says("nowhere.pth");
    run(&["--weights", &weights, "-o", "sky.jpg", "--depth", "16"]).code(2).says("sky.jpg");
    assert_eq!(stage.names(), ["sky.png"]);
}

#[test]
fn an_imported_checkpoint_goes_by_its_name() {
    let stage = Stage::new();
    stage.png("sky.png", &six_bits);
    let weights = checkpoint(WEIGHTS);
    stage.run(&["models", "import", &weights, "--as", "mine"]).code(0);
    stage.run(&["upscale", "sky.png", "-o", "a.png", "--weights", "mine"]).code(0);
    stage.run(&["upscale", "sky.png", "-o", "b.png", "--weights", &weights]).code(0);
    assert!(stage.read("a.png") == stage.read("b.png"));
    stage.run(&["upscale", "sky.png", "--weights", "other"]).code(2).says("other").says("mine");
}

#[test]
fn any_image_becomes_larger() {
    let stage = Stage::new();
    let weights = checkpoint("rrdbnet_x2_basicsr.pth");
    stage.write("dot.png", &png(1, 1, &paint));
    stage.write("line.png", &png(3, 1, &paint));
    stage.write("grey.pgm", b"P5 3 2 255\n\x00\x40\x80\xff\x20\x10");
    // Twice four samples with transparency, 16 bits.
    let mut pam = b"P7\nWIDTH 4\nHEIGHT 2\nDEPTH 4\nMAXVAL 65535\nTUPLTYPE RGB_ALPHA\nENDHDR\n".to_vec();
    pam.extend((0..4 * 2 * 4 * 2).map(|i| (i * 37 % 256) as u8));
    stage.write("clear.pam", &pam);
    for (name, width, height) in
        [("dot.png", 2, 2), ("line.png", 6, 2), ("grey.pgm", 6, 4), ("clear.pam", 8, 4)]
    {
        let printed = &stage.run(&["upscale", name, "--weights", &weights, "--json"]).code(0).json()[0];
        let made = printed["output"].as_str().unwrap().to_owned();
        let seen = &stage.run(&["inspect", &made, "--json"]).code(0).json()[0];
        assert_eq!((seen["width"].as_u64(), seen["height"].as_u64()), (Some(width), Some(height)), "{name}");
        assert_eq!(seen["depth"], printed["depth"], "{name}");
    }
}

#[test]
fn banding_can_be_taken_out_before() {
    let stage = Stage::new();
    stage.png("sky.png", &six_bits);
    let weights = checkpoint(WEIGHTS);
    let run = |out: &str, more: &[&str]| {
        let args = ["upscale", "sky.png", "-o", out, "--weights", &weights, "--json"];
        stage.run(&[&args[..], more].concat()).code(0).json().remove(0)
    };
    assert!(run("plain.png", &[])["debanded"].is_null());
    assert_eq!(run("smooth.png", &["--deband"])["debanded"], "restored");
    assert!(stage.read("plain.png") != stage.read("smooth.png"));
    // The default of the built-in network.
    let built_in = |more: &[&str]| {
        let args = ["upscale", "sky.png", "-o", "built-in.png", "--scale", "2", "--overwrite", "--json"];
        stage.run(&[&args[..], more].concat()).code(0).json().remove(0)
    };
    let made = built_in(&[]);
    assert_eq!(made["debanded"], "restored");
    assert!((0.0..=1.0).contains(&made["network_share"].as_f64().unwrap()), "{made}");
    assert!(built_in(&["--no-deband"])["debanded"].is_null());
}

#[test]
fn a_crisp_look_needs_an_imported_network() {
    let stage = Stage::new();
    stage.png("sky.png", &six_bits);
    let crisp =
        |more: &[&str]| stage.run(&[&["upscale", "sky.png", "--look", "crisp", "--json"], more].concat());
    crisp(&[]).code(2).says("Real-ESRGAN").says("models import RealESRGAN_x4plus.pth");
    for (file, name) in [("rrdbnet.pth", "real-esrgan-x4"), ("rrdbnet_x2_basicsr.pth", "real-esrgan-x2")] {
        stage.run(&["models", "import", &checkpoint(file), "--as", name]).code(0);
    }
    for (scale, factor) in [("1.5", 2), ("2", 2), ("4", 4)] {
        let printed = crisp(&["--scale", scale]).code(0).json().remove(0);
        assert_eq!((printed["network"].as_str(), printed["scale"].as_u64()), (Some("rrdbnet"), Some(factor)));
        assert_eq!(printed["debanded"], "restored");
    }
    crisp(&["--weights", &checkpoint("rrdbnet.pth")]).code(2);
}

#[test]
fn denoise_mixes_the_weights_of_two_files() {
    let stage = Stage::new();
    stage.png("sky.png", &texture);
    let mut weights = fs::read(root().join("golden/upscalers/compact-x4.safetensors")).unwrap();
    stage.write("general-x4v3.safetensors", &weights);
    let made = |more: &[&str]| {
        let args =
            ["upscale", "sky.png", "-o", "out.png", "--overwrite", "--weights", "general-x4v3.safetensors"];
        stage.run(&[&args[..], more].concat())
    };
    made(&["--denoise", "0.5"]).code(2).says("general-wdn-x4v3.safetensors");
    made(&["--denoise", "2"]).code(2).says("0 to 1");
    // Without weights, the network repeats samples.
    let data = 8 + u64::from_le_bytes(weights[..8].try_into().unwrap()) as usize;
    weights[data..].fill(0);
    stage.write("general-wdn-x4v3.safetensors", &weights);
    let result = |share: &[&str]| {
        made(share).code(0);
        stage.samples("out.png").data
    };
    let (whole, none) = (result(&[]), result(&["--denoise", "0"]));
    assert_eq!(result(&["--denoise", "1"]), whole);
    let (small, half) = (stage.samples("sky.png"), result(&["--denoise", "0.5"]));
    for (x, y) in [(0, 0), (5, 9)] {
        let at = |x: usize, y: usize, width: usize| 3 * (y * width + x);
        let repeated = at(4 * x + 1, 4 * y + 2, 4 * WIDTH);
        assert_eq!(none[repeated..repeated + 3], small.data[at(x, y, WIDTH)..at(x, y, WIDTH) + 3]);
    }
    assert!(half != whole && half != none);
}

#[test]
fn pixel_art_stays_crisp() {
    const COLOURS: [[u8; 3]; 3] = [[200, 30, 30], [20, 20, 60], [240, 240, 200]];
    let stage = Stage::new();
    stage.write("sprite.png", &png(24, 16, &|x, y, c| COLOURS[(x / 3 + y / 2 * 2) % 3][c]));
    let printed = stage.run(&["upscale", "sprite.png", "-o", "large.png", "--json"]).code(0).json().remove(0);
    assert_eq!(printed["network_share"].as_f64(), Some(0.0));
    let (small, large) = (stage.samples("sprite.png"), stage.samples("large.png"));
    for (x, y) in [(0, 0), (11, 7), (95, 63)] {
        let of = |image: &crate::stage::Samples, x: usize, y: usize| {
            let at = 3 * (y * image.width as usize + x);
            image.data[at..at + 3].to_vec()
        };
        assert_eq!(of(&large, x, y), of(&small, x / 4, y / 4), "{x}, {y}");
    }
}

#[test]
fn profile_and_metadata_stay() {
    if !has("exiftool") {
        return;
    }
    let stage = Stage::new();
    stage.write("dusk.jpg", &fs::read(root().join("examples/dusk.jpg")).unwrap());
    let exif = |args: &[&str]| {
        let output = std::process::Command::new("exiftool").args(args).current_dir(stage.path("")).output();
        String::from_utf8(output.unwrap().stdout).unwrap()
    };
    exif(&["-overwrite_original", "-Artist=Ada", "-XMP:Title=Evening", "-ExifImageWidth=900", "dusk.jpg"]);
    stage.run(&["upscale", "dusk.jpg", "--weights", &checkpoint("rrdbnet_x2_kair_old.pth")]).code(0);
    let printed = exif(&["-s3", "-Artist", "-Title", "-ImageSize", "-ExifImageWidth", "dusk_x2_unband.png"]);
    assert_eq!(printed.lines().collect::<Vec<_>>(), ["Ada", "Evening", "1800x1200", "1800"]);
}

#[test]
fn the_kind_of_an_image_can_be_stated() {
    let stage = Stage::new();
    // Thin lines on a slope: not recognised as a drawing.
    stage.png("lines.png", &|x, y, _| if (x * 3 + y) % 17 < 2 { 20 } else { 120 + (x / 4 + y / 3) as u8 });
    let made = |kind: &str| {
        let args = ["upscale", "lines.png", "-o", "out.png", "--scale", "2", "--overwrite", "-v"];
        let ran = stage.run(&[&args[..], &["--no-deband", "--treat-as", kind]].concat()).code(0);
        (ran.stderr, stage.read("out.png"))
    };
    let kinds = ["photo", "drawing", "data", "auto"];
    let [photo, drawing, data, auto] = kinds.map(made);
    assert!(photo.0.contains("network") && photo.1 == auto.1, "{}", photo.0);
    assert!(drawing.0.contains("drawing") && drawing.1 != photo.1, "{}", drawing.0);
    assert!(data.0.contains("interpolated") && data.1 != photo.1, "{}", data.0);
}
