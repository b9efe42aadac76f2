//! Image sequences as video, and video as image sequences.

use super::*;

/// Twelve images of noise, in which there is nothing to repair.
fn series(stage: &Stage, pattern: &str, format: &str) {
    std::fs::create_dir_all(stage.path(&pattern.replace("%%", "%")).parent().unwrap()).unwrap();
    let graph = format!("testsrc2=s=64x48:r=24:d=0.5,noise=alls=60:allf=t,format={format}");
    drawn(stage, pattern, &graph, &["-start_number", "9"]);
}

fn of_video(path: &Path) -> String {
    let entries = "stream=codec_name,pix_fmt,r_frame_rate";
    let args = ["-v", "error", "-show_entries", entries, "-of", "csv=p=0", path.to_str().unwrap()];
    printed("ffprobe", &args).trim().to_owned()
}

/// Hashes of the frames of a sequence.
fn sums_of(stage: &Stage, pattern: &str, first: &str, pix_fmt: &str) -> Vec<String> {
    let path = stage.path(pattern);
    let args = ["-v", "error", "-start_number", first, "-i", path.to_str().unwrap(), "-pix_fmt", pix_fmt];
    let text = printed("ffmpeg", &[&args[..], &["-f", "framemd5", "-"]].concat());
    let sums = text.lines().filter(|line| !line.starts_with('#'));
    sums.filter_map(|line| line.rsplit(',').next()).map(|sum| sum.trim().to_owned()).collect()
}

#[test]
fn a_folder_or_pattern_of_images_becomes_a_video() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    series(&stage, "seq/a_%04d.png", "rgb24");
    series(&stage, "50%%/%02d.dpx", "gbrp10le");
    stage.write("seq/notes.txt", b"notes");
    let lossless = ["--lossless", "--depth", "keep"];
    let ran = stage.run(&[&["seq/", "-o", "seq.mkv"][..], &lossless].concat()).code(0);
    ran.says("12 frames at 24 fps; `--fps`").says("of 12 frames changed");
    assert_eq!(of_video(&stage.path("seq.mkv")), "ffv1,gbrp10le,24/1");
    stage.run(&["seq/a_%04d.png", "-o", "b.mov", "--lossless", "--depth", "8", "--fps", "23.976"]).code(0);
    assert_eq!(of_video(&stage.path("b.mov")), "ffv1,bgr0,24000/1001");
    assert_eq!(sums(&stage.path("b.mov"), "rgb24"), sums_of(&stage, "seq/a_%04d.png", "9", "rgb24"));
    let quick = ["--fps", "25", "--ffmpeg-args", "-preset ultrafast"];
    stage.run(&[&["seq", "-o", "c.mp4"][..], &quick].concat()).code(0);
    assert!(of_video(&stage.path("c.mp4")).starts_with("hevc,yuv420p10le,25/1"));
    // Folders whose names have a meaning for FFmpeg.
    stage.run(&[&["50%", "-o", "d.mkv"][..], &lossless].concat()).code(0);
    assert_eq!(of_video(&stage.path("d.mkv")), "ffv1,gbrp10le,24/1");
    assert_eq!(sums(&stage.path("d.mkv"), "gbrp10le"), sums_of(&stage, "50%%/%02d.dpx", "9", "gbrp10le"));
}

/// The colour of the top left pixel of a file's first frame, as a player shows it.
fn corner(path: &Path) -> Vec<u8> {
    let crop = ["-vf", "crop=8:8:0:0,format=gbrp,scale=1:1", "-frames:v", "1", "-f", "rawvideo"];
    let input = ["-v", "error", "-i", path.to_str().unwrap()];
    let args = [&input[..], &crop, &["-pix_fmt", "rgb24", "-"]].concat();
    Command::new("ffmpeg").args(args).output().unwrap().stdout
}

#[test]
fn a_sequence_becomes_a_video_that_plays_in_its_colours() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    for (folder, size, format) in [
        ("rgb", "96x80", "rgb24"),
        ("deep", "96x80", "rgb48be"),
        ("grey", "96x80", "gray"),
        ("odd", "97x81", "rgb24"),
        ("alpha", "96x80", "rgba"),
    ] {
        std::fs::create_dir(stage.path(folder)).unwrap();
        let graph = format!("color=0xC04020:s={size}:r=24:d=0.25,format=gbrp,format={format}");
        drawn(&stage, &format!("{folder}/%02d.png"), &graph, &[]);
    }
    let fast = ["--ffmpeg-args", "-deadline realtime -cpu-used 8"];
    let hevc = ["--ffmpeg-args", "-preset ultrafast"];
    for (folder, output, args, stored) in [
        ("rgb", "rgb.mp4", &hevc[..], "hevc,yuv420p10le,24/1"),
        ("rgb", "rgb.mov", &hevc, "hevc,yuv420p10le,24/1"),
        ("rgb", "rgb.mkv", &["--depth", "8", "--ffmpeg-args", "-preset ultrafast"], "hevc,yuv420p,24/1"),
        ("rgb", "rgb.webm", &["--ffmpeg-args", "-preset 12"], "av1,yuv420p10le,24/1"),
        ("rgb", "keep.mkv", &["--lossless"], "ffv1,gbrp10le,24/1"),
        ("deep", "deep.mp4", &hevc, "hevc,yuv420p12le,24/1"),
        ("grey", "grey.mp4", &hevc, "hevc,yuv420p10le,24/1"),
        ("odd", "odd.mp4", &fast, "vp9,yuv420p10le,24/1"),
        ("alpha", "alpha.mp4", &hevc, "hevc,yuv420p10le,24/1"),
        ("alpha", "alpha.mov", &[], "prores,yuva444p"),
        ("alpha", "alpha.mkv", &[], "ffv1,gbrap10le,24/1"),
    ] {
        let args = [&[folder, "-o", output, "--everywhere"][..], args].concat();
        stage.run(&args).code(0);
        let path = stage.path(output);
        assert!(of_video(&path).starts_with(stored), "{output}: {}", of_video(&path));
        let (wanted, found) = (corner(&stage.path(&format!("{folder}/01.png"))), corner(&path));
        let near = wanted.iter().zip(&found).all(|(should, is)| should.abs_diff(*is) <= 3);
        assert!(near && wanted.len() == 3, "{output}: {found:?} instead of {wanted:?}");
    }
}

#[test]
fn series_that_are_no_video_say_why() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    series(&stage, "seq/a_%04d.png", "rgb24");
    stage.write("one/notes.txt", b"notes");
    staged(&stage, "sky_pan_h264.mkv", "sky.mkv");
    let two = ["names/a.png", "names/b.png"];
    for name in two {
        stage.png(name, &crate::stage::six_bits);
    }
    refused(&stage, &["names", "-o", "out.mkv"], 2, &["out.mkv: a video's name", "folder or pattern"]);
    // A video in the folder is itself the input, whatever is next to it.
    staged(&stage, "sky_pan_h264.mkv", "one/sky.mkv");
    stage.png("one/cover_1.png", &crate::stage::six_bits);
    let ran = stage.run(&["one", "-o", "out.mkv", "--dry-run"]);
    let said = ran.out();
    assert!(said.contains("one/sky.mkv 640×360") && said.contains("→ out.mkv"), "{said}");
    refused(&stage, &["seq/b_%04d.png", "-o", "out.mkv"], 2, &["b_%04d.png: not an image sequence"]);
    let two = ["seq/a_0009.png", "seq/a_0010.png", "-o", "out.mkv"];
    refused(&stage, &two, 2, &["out.mkv: a video's name", "folder or pattern"]);
    refused(&stage, &two[1..], 2, &["a video's name", "folder or pattern"]);
    refused(&stage, &["seq/a_%04d.png"], 2, &["-o film.mkv"]);
    refused(&stage, &["sky.mkv", "--fps", "25"], 2, &["`--fps` applies to image sequences"]);
    refused(&stage, &["seq", "-o", "out.mkv", "--fps", "fast"], 2, &["not a frame rate"]);
    // A file that begins as a list of other files is not opened, whatever its name.
    stage.write("lists/1.png", b"ffconcat version 1.0\nfile ../seq/a_0009.png\n");
    stage.write("lists/2.png", b"ffconcat version 1.0\nfile ../seq/a_0009.png\n");
    refused(&stage, &["lists", "-o", "out.mkv"], 1, &["lists", "a list of other files"]);
    // Images of another size, and damaged ones.
    let third = stage.read("seq/a_0011.png");
    drawn(&stage, "seq/a_0011.png", "testsrc2=s=80x48", &["-frames:v", "1"]);
    refused(&stage, &["seq", "-o", "out.mkv", "--lossless"], 1, &["seq: ", "change in the middle"]);
    stage.write("seq/a_0011.png", &third[..third.len() / 2]);
    refused(&stage, &["seq", "-o", "out.mkv", "--lossless"], 1, &["seq: the video is damaged"]);
    std::fs::remove_file(stage.path("seq/a_0012.png")).unwrap();
    refused(&stage, &["seq", "-o", "out.mkv"], 2, &["seq: a_0012.png is missing", "pattern"]);
    std::fs::copy(stage.path("seq/a_0009.png"), stage.path("seq/b_1.png")).unwrap();
    refused(&stage, &["seq", "-o", "out.mkv"], 2, &["2 series of images, `a_%04d.png`, `b_%04d.png`"]);
}

#[test]
fn a_video_becomes_a_stream_of_frames() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    let noise = "testsrc2=s=64x48:r=24000/1001:d=0.5,noise=alls=60:allf=t,setsar=4/3,format=yuva420p";
    drawn(&stage, "film.mkv", noise, &["-c:v", "ffv1"]);
    let ran = stage.run(&["film.mkv", "-o", "-"]).code(0).says("film.mkv: 12 frames");
    let head = "YUV4MPEG2 W64 H48 F24000:1001 Ip A4:3 C420p10 XCOLORRANGE=LIMITED\n";
    assert!(ran.stdout.starts_with(head.as_bytes()), "{}", String::from_utf8_lossy(&ran.stdout[..90]));
    assert_eq!(ran.stdout.len(), head.len() + 12 * (6 + 2 * 64 * 48 * 3 / 2));
    stage.write("out.y4m", &ran.stdout);
    assert_eq!(sums(&stage.path("out.y4m"), "yuv420p10le").len(), 12);
    let eight = stage.run(&["film.mkv", "-o", "-", "--depth", "8"]).code(0);
    stage.write("eight.y4m", &eight.stdout);
    let plain = sums(&stage.path("film.mkv"), "yuv420p");
    assert_eq!(sums(&stage.path("eight.y4m"), "yuv420p"), plain);
    let before = ["eight.y4m", "film.mkv", "out.y4m"];
    stage.run(&["film.mkv", "-o", "x.y4m"]).code(2).says("`-o - > x.y4m`");
    stage.run(&["film.mkv", "-o", "-", "--lossless"]).code(2).says("`--lossless` does not apply");
    drawn(&stage, "rgb.mkv", "testsrc2=s=64x48:r=5:d=1,format=gbrp", &["-c:v", "ffv1"]);
    let ran = stage.run(&["rgb.mkv", "-o", "-"]).code(1).says("rgb.mkv: ").says("RGB");
    assert!(ran.stdout.is_empty());
    assert_eq!(stage.names(), [&before[..], &["rgb.mkv"]].concat());
}

#[test]
fn a_video_becomes_images() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    let noise = "testsrc2=s=64x48:r=10:d=1,noise=alls=60:allf=t,format=gbrp";
    drawn(&stage, "film.mkv", noise, &["-c:v", "ffv1"]);
    let record =
        &stage.run(&["film.mkv", "-o", "out/f_%03d.png", "--depth", "8", "--json"]).code(0).json()[0];
    assert_eq!(record["frames"], 10);
    let names: Vec<String> = (1..=10).map(|i| format!("out/f_{i:03}.png")).collect();
    assert_eq!(stage.names(), [&["film.mkv".to_owned()][..], &names].concat());
    assert_eq!(sums_of(&stage, "out/f_%03d.png", "1", "rgb24"), sums(&stage.path("film.mkv"), "rgb24"));
    refused(&stage, &["film.mkv", "-o", "out/f_%03d.png"], 1, &["exists"]);
    stage.run(&["film.mkv", "-o", "out/f_%03d.png", "--overwrite"]).code(0);
    let decoded = crate::stage::decode(&stage.read("out/f_001.png"));
    assert_eq!((decoded.width, decoded.bits), (64, 16));
    // Numbers are kept, and samples of ten bits.
    series(&stage, "seq/%04d.dpx", "gbrp10le");
    stage.run(&["seq/%04d.dpx", "-o", "-"]).code(1).says("RGB");
    stage.run(&["seq", "-o", "done/%04d.dpx"]).code(0);
    assert_eq!(
        sums_of(&stage, "done/%04d.dpx", "9", "gbrp10le"),
        sums_of(&stage, "seq/%04d.dpx", "9", "gbrp10le")
    );
    // Luma and chroma by the matrix that the video is shown with; missing audio is reported.
    let bt709 = ["-colorspace", "bt709", "-color_range", "tv", "-c:v", "ffv1", "-c:a", "pcm_s16le"];
    let inputs =
        ["-f", "lavfi", "-i", "color=0xC04020:s=64x48:r=5:d=1,scale=out_color_matrix=bt709,format=yuv444p"];
    make(&stage, "red.mkv", &[&inputs[..], &["-f", "lavfi", "-i", "sine=d=1"], &bt709].concat());
    stage
        .run(&["red.mkv", "-o", "red/%d.tif", "--depth", "8"])
        .code(0)
        .says("stream 1 (audio, pcm_s16le) is not in");
    let pixel =
        ["-v", "error", "-i", "red/1.tif", "-vf", "crop=1:1", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"];
    let pixel = Command::new("ffmpeg").args(pixel).current_dir(&stage.0).output().unwrap().stdout;
    let wanted = [0xC0_u8, 0x40, 0x20];
    assert!(pixel.iter().zip(wanted).all(|(is, should)| is.abs_diff(should) <= 2), "{pixel:?}");
    refused(&stage, &["red.mkv", "-o", "x/%d.png", "--ffmpeg-args", "-crf 3"], 1, &["images are lossless"]);
}

#[test]
fn every_frame_becomes_an_image_whatever_its_time() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    // Matroska rounds times to milliseconds; most frame periods are not whole ones.
    let uneven = ["-vf", "settb=1/1000,setpts='N*7+3000*gt(N,9)'", "-fps_mode", "passthrough"];
    for (name, rate, frames, more) in [
        ("film.mkv", "24000/1001", "48", &[][..]),
        ("ntsc.mkv", "30000/1001", "60", &[]),
        ("fast.mkv", "60000/1001", "60", &[]),
        ("film.mp4", "24000/1001", "24", &[]),
        ("film.ts", "24000/1001", "24", &["-f", "mpegts"]),
        ("uneven.mkv", "25", "25", &[&uneven[..], &["-enc_time_base", "1/1000"]].concat()),
    ] {
        let graph = format!("testsrc2=s=32x32:r={rate},format=yuv420p");
        drawn(&stage, name, &graph, &[&["-frames:v", frames, "-c:v", "libx264"], more].concat());
        let json = stage.run(&[name, "-o", &format!("{name}.out/%03d.png"), "--json"]).code(0).json();
        let written = stage.names().iter().filter(|file| file.starts_with(&format!("{name}.out/"))).count();
        assert_eq!(
            (json[0]["frames"].to_string(), written.to_string()),
            (frames.into(), frames.into()),
            "{name}"
        );
    }
}
