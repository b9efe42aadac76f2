//! Upscaled videos: size, time line, colours and streams; resumed work, pipes and image sequences.

#[cfg(target_os = "linux")]
use super::resume::stopped;
use super::*;

/// Width, height, pixel format and matrix of a video.
fn shape(path: &Path) -> String {
    let entries = ["-select_streams", "v:0", "-show_entries", "stream=width,height,pix_fmt,color_space"];
    let args = [&["-v", "error"][..], &entries, &["-of", "csv=p=0", path.to_str().unwrap()]].concat();
    printed("ffprobe", &args).trim().trim_end_matches(',').to_owned()
}

/// Mean of each plane, in codes of 8 bits.
fn means(path: &Path) -> Vec<f64> {
    let args = [
        "-v",
        "error",
        "-i",
        path.to_str().unwrap(),
        "-vf",
        "format=yuv444p16le,signalstats,metadata=print:file=-",
    ];
    let text = printed("ffmpeg", &[&args[..], &["-frames:v", "1", "-f", "null", "-"]].concat());
    let value = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("lavfi.signalstats.{name}AVG=")));
        line.unwrap().parse::<f64>().unwrap() / 256.0
    };
    ["Y", "U", "V"].map(value).to_vec()
}

#[test]
fn every_format_becomes_larger_and_keeps_its_times_and_colours() {
    if !can() {
        return;
    }
    for (pixels, encoder, size, made) in [
        ("yuv420p", "libx264", &["--scale", "2"][..], "144,96,yuv420p10le,smpte170m"),
        ("yuv422p", "libx264", &["--scale", "1.5"], "108,72,yuv422p10le,smpte170m"),
        ("yuv444p10le", "ffv1", &["--width", "100"], "100,66,yuv444p10le,smpte170m"),
        ("yuva420p", "ffv1", &["--height", "90"], "136,90,yuva420p10le,smpte170m"),
        ("gbrp", "ffv1", &["--fit", "200x101"], "150,100,gbrp10le,gbr"),
        ("gray", "ffv1", &["--scale", "2"], "144,96,gray10le,unknown"),
        ("yuv420p12le", "ffv1", &[], "288,192,yuv420p12le,smpte170m"),
        ("yuv411p", "ffv1", &["--scale", "2"], "144,96,yuv411p,smpte170m"),
    ] {
        let stage = Stage::new();
        let graph = "gradients=s=72x48:r=25:d=0.4:c0=0x2040a0:c1=0xe0a040:x0=0:x1=0:y0=0:y1=47:speed=0.00001,setpts='(3*N+mod(N,3))/75/TB'";
        let audio = ["-f", "lavfi", "-i", "sine=r=8000:d=0.4", "-c:a", "flac"];
        let video = ["-pix_fmt", pixels, "-c:v", encoder, "-fps_mode", "passthrough"];
        make(&stage, "small.mkv", &[&["-f", "lavfi", "-i", graph][..], &audio, &video].concat());
        let args = [&["upscale", "small.mkv", "-o", "large.mkv", "--lossless", "--json"], size].concat();
        let record = &stage.run(&args).code(0).json()[0];
        let (small, large) = (stage.path("small.mkv"), stage.path("large.mkv"));
        assert_eq!(shape(&large), made, "{pixels}");
        let numbers: Vec<u64> = made.split(',').filter_map(|part| part.parse().ok()).collect();
        assert_eq!(record["output_width"], numbers[0], "{record}");
        assert_eq!(record["output_height"], numbers[1]);
        assert!(record["network_share"].as_f64().unwrap() <= 1.0);
        assert_eq!(record["schema"], "unband-upscale/1");
        assert_eq!(times(&small), times(&large), "{pixels}");
        let sound = |path: &Path| {
            printed("ffmpeg", &["-v", "error", "-i", path.to_str().unwrap(), "-map", "0:a", "-f", "md5", "-"])
        };
        assert_eq!(sound(&small), sound(&large), "{pixels}");
        for (before, after) in means(&small).into_iter().zip(means(&large)) {
            assert!((before - after).abs() < 0.6, "{pixels}: {before} → {after}");
        }
    }
}

#[test]
fn colours_without_a_tag_do_not_depend_on_the_size() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    let frames = ["-c:v", "ffv1", "-pix_fmt", "yuv420p"];
    drawn(&stage, "small.mkv", "color=0xc04020:s=720x480:r=25,trim=end_frame=1", &frames);
    assert!(shape(&stage.path("small.mkv")).ends_with("unknown"));
    let args = ["upscale", "small.mkv", "-o", "large.mkv", "--scale", "2", "--lossless", "--no-deband"];
    stage.run(&args).code(0);
    // Players take frames of that size for BT.709 where nothing is stated.
    assert_eq!(shape(&stage.path("large.mkv")), "1440,960,yuv420p10le,smpte170m");
    // Frames in pipes have no tag: they are converted to the matrix that readers assume.
    let piped = stage.run(&["upscale", "small.mkv", "-o", "-", "--scale", "2", "--no-deband"]).code(0);
    stage.write("large.y4m", &piped.stdout);
    let rgb = |name: &str, matrix: &str| {
        let filter =
            format!("scale=in_color_matrix={matrix}:flags=accurate_rnd+full_chroma_int,format=gbrp,crop=4:4");
        let path = stage.path(name);
        let raw = ["-vf", &filter, "-pix_fmt", "rgb24", "-f", "rawvideo"];
        make(&stage, "raw.rgb", &[&["-i", path.to_str().unwrap()][..], &raw].concat());
        stage.read("raw.rgb")
    };
    let apart = |a: &[u8], b: &[u8]| a.iter().zip(b).map(|(a, b)| a.abs_diff(*b)).max();
    let before = rgb("small.mkv", "bt601");
    for (name, matrix) in [("large.mkv", "bt601"), ("large.y4m", "bt709")] {
        let after = rgb(name, matrix);
        assert!(apart(&before, &after) <= Some(1), "{name}: {before:?} → {after:?}");
    }
}

#[test]
fn a_video_turned_by_a_quarter_has_the_size_on_the_display() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    drawn(&stage, "flat.mp4", TEN, &["-c:v", "libx264"]);
    let flat = stage.path("flat.mp4");
    let turn = ["-i", flat.to_str().unwrap(), "-c", "copy", "-metadata:s:v", "rotate=90"];
    make(&stage, "turned.mp4", &turn);
    stage.run(&["upscale", "turned.mp4", "-o", "large.mp4", "--width", "96"]).code(0);
    // 64×48 stored, 48×64 shown.
    assert!(shape(&stage.path("large.mp4")).starts_with("128,96,"), "{}", shape(&stage.path("large.mp4")));
}

#[cfg(target_os = "linux")]
#[test]
fn a_killed_upscaling_is_resumed_with_the_same_frames() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    three_shots(&stage, "film.mkv");
    let args = |output| ["upscale", "film.mkv", "-o", output, "--scale", "2", "--lossless"];
    let whole = &stage.run(&[&args("whole.mkv")[..], &["--json"]].concat()).code(0).json()[0];
    stopped(&stage, 1, &args("out.mkv"), |child| child.kill().unwrap());
    let other = ["upscale", "film.mkv", "-o", "out.mkv", "--scale", "3", "--lossless", "--resume"];
    stage.run(&other).code(1).says("other options");
    let resumed = [&args("out.mkv")[..], &["--resume", "--json"]].concat();
    let record = &stage.run(&resumed).code(0).json()[0];
    assert!(record["worked"].as_u64().unwrap() < 165, "{record}");
    for count in ["frames", "changed", "shots", "method", "output_bytes", "network_share"] {
        assert_eq!(record[count], whole[count], "{count}");
    }
    assert_eq!(sums(&stage.path("whole.mkv"), "yuv420p10"), sums(&stage.path("out.mkv"), "yuv420p10"));
    assert_eq!(times(&stage.path("film.mkv")), times(&stage.path("out.mkv")));
}

#[test]
fn pipes_and_sequences_become_larger() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    let frames = "testsrc2=s=48x32:r=10,trim=end_frame=4";
    drawn(&stage, "small.mkv", frames, &["-c:v", "ffv1", "-pix_fmt", "yuv420p"]);
    drawn(&stage, "small.y4m", frames, &["-pix_fmt", "yuv420p"]);
    drawn(&stage, "f%02d.png", frames, &[]);
    let of_video = stage.run(&["upscale", "small.mkv", "-o", "-", "--scale", "2"]).code(0);
    assert!(of_video.stdout.starts_with(b"YUV4MPEG2 W96 H64 F10:1"));
    let of_stream = stage.feed(&["upscale", "-", "--scale", "2"], &stage.read("small.y4m")).code(0);
    assert_eq!(of_stream.stdout.len(), of_video.stdout.len());
    stage.run(&["upscale", "f%02d.png", "-o", "large.mkv", "--scale", "2", "--fps", "10"]).code(0);
    assert!(shape(&stage.path("large.mkv")).starts_with("96,64,"));
    assert_eq!(times(&stage.path("large.mkv")).len(), 4);
}

#[test]
fn a_dry_run_states_size_and_time() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    drawn(&stage, "sky.mkv", TEN, &["-c:v", "libx264"]);
    let before = stage.names();
    let ran = stage.run(&["upscale", "sky.mkv", "--scale", "2", "-n"]).code(0);
    for text in ["sky_x2_unband.mkv", "upscaled: unband-sr-lite ×2 to ", "expected: about "] {
        assert!(ran.out().contains(text), "{text}: {}", ran.out());
    }
    assert_eq!(stage.names(), before);
    let record = &stage.run(&["upscale", "sky.mkv", "--scale", "2", "-n", "--json"]).code(0).json()[0];
    assert_eq!(record["network"], "unband-sr-lite");
    assert!(record["expected"]["seconds"].as_f64().unwrap() > 0.0);
}
