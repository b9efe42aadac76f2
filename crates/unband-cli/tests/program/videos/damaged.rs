//! Truncated files and files that are not videos: an error that names them, and no result.

use super::*;

/// Position and length of the last video packet.
fn last_packet(path: &Path) -> (usize, usize) {
    let entries = ["-show_entries", "packet=pos,size", "-of", "csv=p=0", path.to_str().unwrap()];
    let text = printed("ffprobe", &[&["-v", "error", "-select_streams", "v:0"][..], &entries].concat());
    let packets = text.lines().filter_map(|line| {
        let mut numbers = line.split(',').map_while(|number| number.parse::<usize>().ok());
        let (size, pos) = (numbers.next()?, numbers.next()?);
        Some((pos, size))
    });
    packets.max().unwrap()
}

#[test]
fn damaged_videos_leave_no_result_unless_it_is_requested() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    for name in ["sky_pan_h264.mkv", "bokeh_fade_vp9.webm"] {
        let bytes = std::fs::read(video(name)).unwrap();
        let cut = format!("cut_{name}");
        stage.write(&cut, &bytes[..bytes.len() * 2 / 3]);
        refused(&stage, &[&cut, "--lossless", "-o", "out.mkv"], 1, &["damaged or cut off", "--keep-going"]);
        let record =
            &stage.run(&[&cut, "--lossless", "-o", "out.mkv", "--keep-going", "--json"]).code(0).json()[0];
        assert_eq!(record["frames"].as_u64(), Some(times(&stage.path("out.mkv")).len() as u64));
        std::fs::remove_file(stage.path("out.mkv")).unwrap();
    }
    // A missing index at the end, a header alone, nothing after a header.
    let bytes = std::fs::read(video("fog_zoom_fade_vfr_hevc.mp4")).unwrap();
    stage.write("half.mp4", &bytes[..bytes.len() / 2]);
    refused(&stage, &["half.mp4"], 1, &["half.mp4"]);
    stage.write("head.mkv", &std::fs::read(video("sky_pan_h264.mkv")).unwrap()[..600]);
    refused(&stage, &["head.mkv"], 1, &["head.mkv"]);
    stage.write("magic.mkv", b"\x1A\x45\xDF\xA3");
    refused(&stage, &["magic.mkv"], 1, &["magic.mkv", "not a video"]);
}

#[test]
fn a_cut_in_the_middle_or_in_the_last_packet_is_reported() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    let h264 = &["-c:v", "libx264", "-bf", "0", "-g", "5"][..];
    for (name, args) in [("a.mkv", h264), ("b.mp4", &[h264, &["-movflags", "+faststart"]].concat())] {
        drawn(&stage, name, TEN, args);
        let (bytes, (last, size)) = (stage.read(name), last_packet(&stage.path(name)));
        // So short that there may not even be a frame.
        stage.write(name, &bytes[..last / 2]);
        refused(&stage, &[name, "--lossless", "-o", "out.mkv"], 1, &[name]);
        stage.write(name, &bytes[..last + size / 2]);
        let says = [name, "damaged or cut off", "--keep-going"];
        refused(&stage, &[name, "--lossless", "-o", "out.mkv"], 1, &says);
    }
    // MPEG streams have no end marker: the rest is a shorter video.
    drawn(&stage, "c.ts", TEN, h264);
    let bytes = stage.read("c.ts");
    stage.write("c.ts", &bytes[..bytes.len() / 188 * 94]);
    let ran = stage.run(&["c.ts", "--lossless", "-o", "out.mkv", "--json", "--keep-going"]).code(0);
    assert!((1..10).contains(&ran.json()[0]["frames"].as_u64().unwrap()));
}

#[test]
fn sound_that_is_cut_off_is_the_videos_damage_and_the_images_work_is_kept() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    let graph = format!("{TEN}[v];sine=d=1[a]");
    let maps = ["-filter_complex", &graph, "-map", "[v]", "-map", "[a]", "-c:v", "libx264"];
    // All video first, then all audio.
    let args =
        [&maps[..], &["-c:a", "aac", "-max_interleave_delta", "0", "-movflags", "+faststart"]].concat();
    make(&stage, "film.mp4", &args);
    let bytes = stage.read("film.mp4");
    stage.write("film.mp4", &bytes[..bytes.len() - 60]);
    let args = ["film.mp4", "--lossless", "-o", "out.mkv"];
    let ran = stage.run(&args).code(1).says("film.mp4").says("damaged or cut off").says("--keep-going");
    assert!(!stage.path("out.mkv").exists(), "{}", ran.stderr);
    let record = &stage.run(&[&args[..], &["--resume", "--keep-going", "--json"]].concat()).code(0).json()[0];
    assert_eq!(record["frames"], 10);
    assert!(!stage.path("out.mkv.unfinished").exists());
}

#[test]
fn files_that_are_not_videos_are_reported_by_name() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    stage.write("text.mkv", b"Dear diary, this is not a video.\n");
    stage.write("empty.mp4", b"");
    for name in ["text.mkv", "empty.mp4"] {
        refused(&stage, &[name], 1, &[name, "not a video"]);
        refused(&stage, &[name, "-o", "out.mkv"], 1, &[name, "not a video"]);
        stage.run(&["score", name]).code(1).says(name).says("not a video");
    }
    // Headers without frames.
    for name in ["none.mkv", "none.mp4", "none.nut"] {
        drawn(
            &stage,
            name,
            TEN,
            &["-frames:v", "0", "-c:v", "ffv1", "-strict", "-2"][..if name.ends_with("mp4") { 2 } else { 4 }],
        );
        refused(&stage, &[name, "-o", "out.mkv"], 1, &[name]);
    }
    // A cover image is not a video.
    let cover = ["-f", "lavfi", "-i", "sine=d=1", "-f", "lavfi", "-i", TEN, "-map", "0", "-map", "1"];
    make(
        &stage,
        "cover.mp4",
        &[&cover[..], &["-c:a", "aac", "-c:v", "mjpeg", "-frames:v", "1", "-disposition:v", "attached_pic"]]
            .concat(),
    );
    refused(&stage, &["cover.mp4"], 1, &["cover.mp4", "audio and a cover image"]);
}

#[test]
fn yuv4mpeg_with_a_bad_header_or_a_short_frame_is_reported() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    stage.write("bad.y4m", b"YUV4MPEG2 W64 Hmany F25:1\nFRAME\nFRAME\n");
    refused(&stage, &["bad.y4m"], 1, &["bad.y4m"]);
    refused(&stage, &["bad.y4m", "-o", "out.mkv"], 2, &["not recognised as a video"]);
    drawn(&stage, "short.y4m", TEN, &[]);
    let bytes = stage.read("short.y4m");
    stage.write("short.y4m", &bytes[..bytes.len() - 1]);
    refused(&stage, &["short.y4m", "-o", "out.mkv"], 1, &["short.y4m", "damaged or cut off"]);
    let args = ["short.y4m", "-o", "out.mkv", "--lossless", "--keep-going", "--json"];
    assert_eq!(stage.run(&args).code(0).json()[0]["frames"], 9);
}

#[test]
fn frames_that_change_their_size_or_format_are_reported() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    let piece = |size: &str, format: &str| {
        let (size, more) = size.split_once(',').unwrap_or((size, "null"));
        let graph = format!("testsrc=s={size}:r=10:d=1,{more},format={format}");
        drawn(&stage, "piece.h264", &graph, &["-c:v", "libx264"]);
        stage.read("piece.h264")
    };
    let first = piece("64x48", "yuv420p");
    for (name, second, says) in [
        ("size.h264", piece("96x64", "yuv420p"), "size 64x48, then 96x64"),
        ("chroma.h264", piece("64x48", "yuv444p"), "format yuv420p, then yuv444p"),
        ("depth.h264", piece("64x48", "yuv420p10le"), "format yuv420p, then yuv420p10le"),
        ("shape.h264", piece("64x48,setsar=4/3", "yuv420p"), "pixel shape 1/1, then 4/3"),
    ] {
        stage.write(name, &[&first[..], &second].concat());
        refused(&stage, &[name, "-o", "out.mkv"], 1, &[name, "change in the middle", says]);
    }
}
