//! Formats of other programs, from standard input to standard output.

use std::process::{Command, Stdio};

use crate::stage::{HEIGHT, Stage, WIDTH, decode, has, png, six_bits};

/// The image with steps, as a file of another format.
fn as_file(format: &str) -> Vec<u8> {
    let image = unband_io::read(&png(WIDTH, HEIGHT, &six_bits), &unband_io::Limits::default()).unwrap();
    let mut out = Vec::new();
    let options = unband_io::WriteOptions::default();
    unband_io::write(&image, unband_io::by_name(format).unwrap(), &options, &mut out).unwrap();
    out
}

#[test]
fn jpeg_xl_goes_in_and_out_as_png_does() {
    let stage = Stage::new();
    let file = as_file("JPEG XL");
    stage.png("sky.png", &six_bits);
    stage.run(&["sky.png"]).code(0);
    stage.feed(&["-", "-o", "named.png"], &file).code(0);
    assert!(stage.samples("named.png") == stage.samples("sky_unband.png"));
    let ran = stage.feed(&["-"], &file).code(0);
    assert!(ran.stdout.starts_with(b"\xFF\x0A"), "the format of the input unless given");
    let image = unband_io::read(&ran.stdout, &unband_io::Limits::default()).unwrap();
    let same = unband_io::read(&stage.read("sky_unband.png"), &unband_io::Limits::default()).unwrap();
    assert!(image.planes == same.planes);
    let ran = stage.feed(&["-", "--format", "jxl", "--depth", "12"], &stage.read("sky.png")).code(0);
    let image = unband_io::read(&ran.stdout, &unband_io::Limits::default()).unwrap();
    assert_eq!(image.depth, unband_image::Depth::Int(12));
}

#[test]
fn lossy_jpeg_xl_is_made_by_its_program_or_says_how_to_get_it() {
    let stage = Stage::new();
    stage.png("sky.png", &six_bits);
    if has("cjxl") {
        stage.run(&["sky.png", "-o", "sky.jxl", "--quality", "90"]).code(0);
        assert!(stage.read("sky.jxl").len() < as_file("JPEG XL").len());
    }
    let bare = stage.command(&["sky.png", "-o", "bare.jxl", "--quality", "90"]).env("PATH", "").output();
    let ran: crate::stage::Ran = bare.unwrap().into();
    ran.code(1).says("lossy JPEG XL needs the program `cjxl`").says("libjxl-tools");
    assert!(!stage.names().contains(&"bare.jxl".to_owned()));
}

/// A luma ramp of few levels, limited range, 4:2:0.
fn stream(frames: usize) -> Vec<u8> {
    let mut out = format!("YUV4MPEG2 W{WIDTH} H{HEIGHT} F25:1 Ip A1:1 C420jpeg\n").into_bytes();
    for _ in 0..frames {
        out.extend(b"FRAME\n");
        let luma = |i: usize| (16 + (i % WIDTH + i / WIDTH) / 12 * 8) as u8;
        out.extend((0..WIDTH * HEIGHT).map(luma));
        out.extend(std::iter::repeat_n(128, WIDTH * HEIGHT / 2));
    }
    out
}

#[test]
fn one_frame_of_video_goes_through_as_the_first_of_many_does() {
    let stage = Stage::new();
    let file = stream(1);
    let ran = stage.feed(&["-", "-o", "-"], &file).code(0).says("1 frame,");
    let head = format!("YUV4MPEG2 W{WIDTH} H{HEIGHT} F25:1 Ip A1:1 C420p10 ");
    assert!(ran.stdout.starts_with(head.as_bytes()), "{}", String::from_utf8_lossy(&ran.stdout[..90]));
    let many = stage.feed(&["-", "-o", "-"], &stream(3)).code(0);
    assert!(many.stdout.starts_with(&ran.stdout));
    let bare = String::from_utf8_lossy(&file[..60]).replace("F25:1", "F24000:1001").into_bytes();
    let rated = [
        &bare[..bare.iter().position(|&b| b == b'\n').unwrap()],
        &file[file.iter().position(|&b| b == b'\n').unwrap()..],
    ]
    .concat();
    let ran = stage.feed(&["-"], &rated).code(0);
    assert!(String::from_utf8_lossy(&ran.stdout[..60]).contains(" F24000:1001 "));
    let ran = stage.feed(&["-", "--format", "png"], &file).code(0);
    assert_eq!(decode(&ran.stdout).width, WIDTH as u32);
}

#[test]
fn a_stream_of_frames_goes_through_frame_by_frame() {
    let stage = Stage::new();
    let one = stage.feed(&["-", "-m", "gradfun", "--depth", "8"], &stream(1)).code(0).stdout;
    let three =
        stage.feed(&["-", "-o", "-", "-m", "gradfun", "--depth", "8"], &stream(3)).code(0).says("3 frames");
    let frames: Vec<&[u8]> = three.stdout.split(|&byte| byte == b'\n').collect();
    assert!(frames[0].starts_with(b"YUV4MPEG2") && three.stdout.len() > 2 * one.len());
    let size = WIDTH * HEIGHT * 3 / 2 + 6;
    let all = three.stdout.len() - 3 * size;
    for i in 0..3 {
        assert!(frame(&three.stdout[all + i * size..]).starts_with(frame(&one)), "{i}");
    }
    // Ten bits by default.
    let deep = stage.feed(&["-", "-o", "-"], &stream(2)).code(0).stdout;
    assert!(String::from_utf8_lossy(&deep[..90]).contains(" C420p10 "));
    assert_eq!(deep.len() - deep.iter().position(|&b| b == b'\n').unwrap() - 1, 2 * (2 * (size - 6) + 6));
    // A stream that ends inside a frame is reported, after its whole frames.
    let mut cut = stream(3);
    cut.truncate(cut.len() - 5);
    let ran = stage.feed(&["-", "-o", "-"], &cut).code(1).says("standard input").says("ends before");
    assert!(ran.stdout.len() >= deep.len());
    stage.feed(&["-", "-o", "film.png"], &stream(2)).code(2).says("can only be written to standard output");
}

#[test]
fn interlaced_streams_are_refused_with_a_hint_for_videos() {
    let stage = Stage::new();
    let file = stream(2);
    let fields: Vec<u8> = [&file[..file.len()]].concat();
    let at = fields.windows(4).position(|window| window == b" Ip ").unwrap();
    let mut fields = fields;
    fields[at + 2] = b't';
    let ran = stage.feed(&["-", "-o", "-"], &fields).code(1).says("interlaced fields");
    ran.says("-vf bwdif -f yuv4mpegpipe").says("--progressive");
    let ran = stage.feed(&["-", "-o", "-", "--progressive"], &fields).code(0);
    assert!(ran.stdout == stage.feed(&["-", "-o", "-"], &file).code(0).stdout);
    let head = &file[..=file.iter().position(|&byte| byte == b'\n').unwrap()];
    stage.feed(&["-", "-o", "-"], head).code(1).says("it has no frames");
}

/// Samples of the first frame.
fn frame(file: &[u8]) -> &[u8] {
    let at = file.windows(6).position(|window| window == b"FRAME\n").unwrap();
    &file[at + 6..]
}

#[test]
fn ffmpeg_reads_what_is_piped_to_it() {
    if !has("ffmpeg") {
        return;
    }
    let stage = Stage::new();
    let ran = stage.feed(&["-", "-o", "-"], &stream(1)).code(0);
    stage.write("out.y4m", &ran.stdout);
    let decoded = Command::new("ffmpeg")
        .args(["-v", "error", "-i", "out.y4m", "-f", "rawvideo", "-"])
        .current_dir(&stage.0)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(decoded.stdout == frame(&ran.stdout), "{}", String::from_utf8_lossy(&decoded.stderr));
}

#[test]
fn floating_point_in_linear_light_is_not_taken_for_codes() {
    let stage = Stage::new();
    stage.write("sky.exr", &as_file("OpenEXR"));
    stage.run(&["inspect", "sky.exr"]).code(0);
    stage.run(&["sky.exr", "-o", "out.exr"]).code(0);
    let image = unband_io::read(&stage.read("out.exr"), &unband_io::Limits::default()).unwrap();
    assert_eq!((image.width(), image.height()), (WIDTH, HEIGHT));
    assert!(image.planes.iter().flat_map(|plane| &plane.data).all(|value| value.is_finite()));
}
