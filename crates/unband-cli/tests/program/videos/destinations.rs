//! Encodings by destination (`--for`).

use super::*;

/// "prores,HQ,apch,yuv422p10le".
fn stored(path: &Path) -> String {
    let entries = "stream=codec_name,profile,codec_tag_string,pix_fmt";
    let args = ["-v", "error", "-select_streams", "v:0", "-show_entries", entries, "-of", "csv=p=0"];
    printed("ffprobe", &[&args[..], &[path.to_str().unwrap()]].concat()).trim().to_owned()
}

/// Is the index of an MP4 file before its frames?
fn begins_with_its_index(bytes: &[u8]) -> bool {
    let at = |name: &[u8]| bytes.windows(4).position(|word| word == name);
    at(b"moov") < at(b"mdat") && at(b"moov").is_some()
}

#[test]
fn editing_programs_get_prores_in_quicktime() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    for (format, size, wanted) in [
        ("yuv420p", "64x48", "prores,HQ,apch,yuv422p10le"),
        ("yuv420p10le", "64x48", "prores,HQ,apch,yuv422p10le"),
        ("yuv422p12le", "64x48", "prores,HQ,apch,yuv422p10le"),
        ("gray", "64x48", "prores,HQ,apch,yuv422p10le"),
        ("yuv420p", "65x49", "prores,HQ,apch,yuv422p10le"),
        ("yuv444p", "64x48", "prores,4444,ap4h,yuv444p"),
        ("gbrp", "64x48", "prores,4444,ap4h,yuv444p"),
        ("yuva420p", "64x48", "prores,4444,ap4h,yuva444p"),
    ] {
        let graph = format!("testsrc2=s=66x50:r=10:d=0.5,format={format},crop={}", size.replace('x', ":"));
        let graph = format!("{graph}:0:0:exact=1");
        drawn(&stage, "film.mkv", &graph, &["-c:v", "ffv1"]);
        let ran = stage.run(&["film.mkv", "--for", "edit", "--overwrite"]).code(0);
        ran.says("film_unband.mov");
        let path = stage.path("film_unband.mov");
        assert!(stored(&path).starts_with(wanted), "{format} {size}: {}", stored(&path));
        assert_eq!(times(&path).len(), 5, "{format} {size}");
    }
    let says = ["editing programs expect ProRes in .mov files, not in matroska", "write a .mov file"];
    refused(&stage, &["film.mkv", "-o", "out.mkv", "--for", "edit"], 1, &says);
    for (format, name) in [("yuv411p", "4:1:1"), ("yuv410p", "4:1:0"), ("yuv440p", "4:4:0")] {
        let graph = format!("testsrc2=s=64x48:r=10:d=0.5,format={format}");
        drawn(&stage, "eight.mkv", &graph, &["-c:v", "ffv1"]);
        let says = format!("ProRes has at least ten bits, and chroma of {name} has eight");
        refused(&stage, &["eight.mkv", "--for", "edit"], 1, &[&says, "-pix_fmt yuv422p"]);
    }
}

#[test]
fn time_codes_reach_editing_programs() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    let graph = "testsrc2=s=64x48:r=24:d=0.5,format=yuv420p";
    drawn(&stage, "film.mov", graph, &["-c:v", "libx264", "-timecode", "01:02:03:04"]);
    stage.run(&["film.mov", "-o", "out.mov", "--for", "edit"]).code(0);
    let entries = ["-v", "error", "-show_entries", "stream_tags=timecode", "-of", "csv=p=0"];
    let path = stage.path("out.mov");
    let text = printed("ffprobe", &[&entries[..], &[path.to_str().unwrap()]].concat());
    assert!(text.contains("01:02:03:04"), "{text}");
}

#[test]
fn uploads_are_closed_groups_of_ten_bits_in_an_mp4() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    three_shots(&stage, "film.mkv");
    let ran = stage.run(&["film.mkv", "--for", "youtube", "-v"]).code(0);
    ran.says("film_unband.mp4").says("x265 10 bits CRF 12").says("open-gop=0");
    let path = stage.path("film_unband.mp4");
    assert!(stored(&path).starts_with("hevc,Main 10,hvc1,yuv420p10le"), "{}", stored(&path));
    assert!(begins_with_its_index(&stage.read("film_unband.mp4")));
    // A key frame at least every 60 frames.
    stage.run(&["film.mkv", "--for", "youtube", "-q", "-o", "film.webm", "--drop-stream", "1"]).code(0);
    for path in [path, stage.path("film.webm")] {
        let args =
            ["-v", "error", "-select_streams", "v:0", "-show_entries", "packet=flags", "-of", "csv=p=0"];
        let flags = printed("ffprobe", &[&args[..], &[path.to_str().unwrap()]].concat());
        let keys: Vec<usize> =
            flags.lines().enumerate().filter(|(_, line)| line.contains('K')).map(|(n, _)| n).collect();
        assert!(keys.len() >= 3 && keys.windows(2).all(|pair| pair[1] - pair[0] <= 60), "{path:?}: {keys:?}");
    }
    // A container that the site takes is kept.
    drawn(&stage, "clip.mov", TEN, &["-c:v", "libx264"]);
    stage.run(&["clip.mov", "--for", "youtube", "-q"]).code(0);
    assert!(stage.path("clip_unband.mov").is_file());
}

#[cfg(unix)]
#[test]
fn destinations_without_their_encoder_are_reported() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    drawn(&stage, "film.mkv", TEN, &["-c:v", "ffv1"]);
    let without = r#""$real" "$@" | sed '/prores_ks/d; /libx265/d'; exit 0"#;
    let path = super::programs::before(&stage, "ffmpeg", "-encoders", without);
    for (purpose, encoder) in [("edit", "prores_ks"), ("youtube", "libx265")] {
        let ran: Ran =
            stage.command(&["film.mkv", "--for", purpose]).env("PATH", &path).output().unwrap().into();
        ran.code(1).says(&format!("this FFmpeg has no encoder `{encoder}`"));
    }
}
