//! Playlists named like videos that would make `FFmpeg` open other files, and real videos.

use super::*;

/// Names of the stage's videos and of other files; `{}` in a text is replaced by the stage's folder.
const LISTS: [(&str, &str); 8] = [
    ("tty.mkv", "ffconcat version 1.0\nfile secret.txt\n"),
    ("below.mkv", "ffconcat version 1.0\nfile sub/creds.txt\n"),
    ("film.mkv", "ffconcat version 1.0\nfile ok.mp4\n"),
    ("hls.mkv", "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{}/ok.mp4\n#EXT-X-ENDLIST\n"),
    (
        "dash.mp4",
        "<?xml version=\"1.0\"?>\n<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" type=\"static\" \
         mediaPresentationDuration=\"PT1S\" profiles=\"urn:mpeg:dash:profile:isoff-on-demand:2011\">\n<Period>\
         <AdaptationSet mimeType=\"video/mp4\"><Representation id=\"0\" bandwidth=\"1\" width=\"64\" height=\"48\">\
         <BaseURL>{}/ok.mp4</BaseURL></Representation></AdaptationSet></Period></MPD>\n",
    ),
    ("plain.ts", "TOP SECRET TEXT LINE ONE\n"),
    ("art.mov", "\u{1b}[31mTOP SECRET TEXT LINE ONE\u{1b}[0m\n"),
    ("behind.mkv", "\0\0ffconcat version 1.0\nfile ok.mp4\n"),
];

/// The lists, the files they name, and how `FFmpeg` alone would open them.
fn staged_lists() -> Stage {
    let stage = Stage::new();
    let secret = "TOP SECRET TEXT LINE ONE\n".repeat(40);
    stage.write("secret.txt", secret.as_bytes());
    stage.write("sub/creds.txt", secret.as_bytes());
    drawn(&stage, "ok.mp4", TEN, &["-c:v", "libx264"]);
    let folder = stage.0.path().to_str().unwrap().to_owned();
    for (name, text) in LISTS {
        stage.write(&format!("in/{name}"), text.replace("{}", &folder).as_bytes());
    }
    for name in ["secret.txt", "sub/creds.txt", "ok.mp4"] {
        stage.write(&format!("in/{name}"), &stage.read(name));
    }
    stage
}

#[test]
fn a_list_that_is_called_a_video_opens_no_other_file() {
    if !can() {
        return;
    }
    let stage = staged_lists();
    // The trap works: FFmpeg itself reads the text next to the list.
    let folder = stage.path("in");
    let trapped = Command::new("ffprobe")
        .args([
            "-v",
            "error",
            "-protocol_whitelist",
            "file,crypto,data",
            "-show_entries",
            "format=format_name",
        ])
        .arg(folder.join("tty.mkv"))
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&trapped.stdout).contains("concat"), "{trapped:?}");
    for (name, _) in LISTS {
        let path = format!("in/{name}");
        let before = stage.names();
        for args in [
            &[path.as_str(), "-o", "out.mkv", "--lossless"][..],
            &[&path, "--preview", "1"],
            &["score", &path],
            &["compare", &path, &path],
        ] {
            let ran = stage.run(args);
            assert!(ran.code != 0, "{args:?}: {}", ran.stderr);
            let ran = ran.says(name);
            assert!(!ran.stderr.contains("report it"), "{}", ran.stderr);
            assert_eq!(stage.names(), before, "{args:?}");
        }
    }
    let says = |name: &str, text: &str| {
        stage.run(&[&format!("in/{name}"), "-o", "out.mkv"]).code(1).says(text);
    };
    says("tty.mkv", "a list of other files (ffconcat), not a video");
    says("hls.mkv", "a playlist (M3U), not a video");
    says("hls.mkv", "never opened");
    says("dash.mp4", "a manifest or other text (XML), not a video");
    says("plain.ts", "text, not a video");
}

#[test]
fn in_a_folder_lists_are_left_out_with_a_note() {
    if !can() {
        return;
    }
    let stage = staged_lists();
    for name in ["art.mov", "behind.mkv"] {
        std::fs::remove_file(stage.path("in").join(name)).unwrap();
    }
    let ran = stage.run(&["in", "-o", "out", "--lossless", "--recursive"]).code(0);
    ran.says("skipped in/tty.mkv: a list of other files (ffconcat), not a video")
        .says("skipped in/hls.mkv: a playlist (M3U), not a video");
    let results: Vec<String> = stage.names().into_iter().filter(|name| name.starts_with("out/")).collect();
    assert_eq!(results, ["out/ok.mkv"]);
}

#[test]
fn unsupported_videos_are_refused_with_a_hint() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    stage.write("list.m3u8", b"#EXTM3U\n#EXTINF:1,\nok.mp4\n");
    stage.write("list.ffconcat", b"ffconcat version 1.0\nfile ok.mp4\n");
    drawn(&stage, "film.mjpeg", TEN, &["-c:v", "mjpeg"]);
    let before = stage.names();
    for (name, text, hint) in [
        ("list.m3u8", "a playlist (M3U), not a video", "never opened"),
        ("list.ffconcat", "a list of other files (ffconcat), not a video", "-c copy OUT.mkv"),
        ("film.mjpeg", "not a video in a supported container", "-c copy OUT.mkv"),
    ] {
        for args in [&[name, "-o", "o.mkv"][..], &[name], &[name, "-n"], &["score", name]] {
            let ran = stage.run(args).code(1).says(name).says(text).says(hint);
            assert_eq!(ran.stderr.matches("error:").count(), 1, "{}", ran.stderr);
        }
    }
    assert_eq!(stage.names(), before);
    let failed = &stage.run(&["list.m3u8", "-o", "o.mkv", "--json"]).code(1).json()[0];
    assert_eq!((&failed["status"], &failed["input"]), (&"failed".into(), &"list.m3u8".into()));
    // Videos next to it are processed.
    drawn(&stage, "ok.mp4", TEN, &["-c:v", "libx264"]);
    stage
        .run(&["list.m3u8", "ok.mp4", "-o", "out/"])
        .code(1)
        .says("a playlist (M3U)")
        .says("1 shot, 10 frames");
    assert!(stage.path("out/ok.mp4").exists());
}

#[test]
fn names_with_signs_of_patterns_are_taken_literally() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    drawn(&stage, "real.mkv", TEN, &["-c:v", "ffv1"]);
    // Files that the patterns would match.
    drawn(&stage, "v1.png", "color=red:s=32x32:d=0.1", &["-frames:v", "1"]);
    drawn(&stage, "v2.png", "color=red:s=32x32:d=0.1", &["-frames:v", "1"]);
    for name in ["v%d.mkv", "v%d.png", "v%03d.jpg", "v*.png", "v[12].png", "v%%.mkv", "a:b.mkv", "-i.mkv"] {
        std::fs::copy(stage.path("real.mkv"), stage.path(name)).unwrap();
        let ran = stage.run(&["--lossless", "-o", "out.mkv", "--overwrite", "--json", "--", name]).code(0);
        assert_eq!(
            (ran.json()[0]["width"].as_u64(), ran.json()[0]["frames"].as_u64()),
            (Some(64), Some(10)),
            "{name}"
        );
        assert_eq!(sums(&stage.path("out.mkv"), "yuv420p10le").len(), 10, "{name}");
        std::fs::remove_file(stage.path("out.mkv")).unwrap();
    }
}

#[test]
fn all_containers_of_videos_are_opened() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    let yuv = "testsrc=s=352x288:r=25:d=0.4,format=yuv420p";
    let x264: &[&str] = &["-c:v", "libx264"];
    let mpeg2: &[&str] = &["-c:v", "mpeg2video"];
    for (name, encoder) in [
        ("a.mkv", &["-c:v", "ffv1"][..]),
        ("b.mp4", x264),
        ("c.mov", x264),
        ("d.avi", &["-c:v", "mpeg4"]),
        ("e.ts", x264),
        ("f.m2ts", x264),
        ("g.webm", &["-c:v", "libvpx-vp9", "-deadline", "realtime"]),
        ("h.nut", &["-c:v", "ffv1"]),
        ("i.y4m", &[]),
        ("j.mxf", mpeg2),
        ("k.ogv", &["-c:v", "libtheora"]),
        ("l.flv", &["-c:v", "flv"]),
        ("m.wmv", &["-c:v", "wmv2"]),
        ("n.asf", &["-c:v", "msmpeg4"]),
        ("o.mpg", mpeg2),
        ("p.vob", mpeg2),
        ("q.3gp", &["-c:v", "mpeg4"]),
        ("r.m4v", x264),
        ("s.m2v", mpeg2),
        ("t.h264", x264),
        ("u.hevc", &["-c:v", "libx265"]),
        ("v.ivf", &["-c:v", "libvpx-vp9", "-deadline", "realtime"]),
        ("w.m1v", &["-c:v", "mpeg1video"]),
        ("x.dv", &["-target", "pal-dv", "-an"]),
        ("y.obu", &["-c:v", "libsvtav1", "-preset", "12"]),
    ] {
        drawn(&stage, name, yuv, encoder);
        let clip = unband_video::probe(&stage.path(name), &unband_io::Programs::default());
        let clip = clip.unwrap_or_else(|error| panic!("{name}: {error}"));
        let options = unband_video::DecodeOptions::default();
        let mut decoder =
            unband_video::Decoder::open(&clip, &options, &unband_io::Limits::default()).unwrap();
        assert!(decoder.next_frame(&mut Vec::new()).unwrap().is_some(), "{name}");
    }
}
