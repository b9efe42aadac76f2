//! Alpha of videos: kept by default where a container has a codec for it, else reported as lost.

use super::*;

/// Alpha of all frames, in 8 bits.
fn alpha(path: &Path) -> Vec<u8> {
    let packets =
        ["-v", "error", "-select_streams", "v:0", "-show_entries", "stream=codec_name", "-of", "csv=p=0"];
    let codec = printed("ffprobe", &[&packets[..], &[path.to_str().unwrap()]].concat());
    // Only libvpx decodes alpha in packets of its own.
    let decoder = match codec.trim() {
        "vp9" => &["-c:v", "libvpx-vp9"][..],
        "vp8" => &["-c:v", "libvpx"],
        _ => &[],
    };
    let read = [&["-v", "error"][..], decoder, &["-i", path.to_str().unwrap()]].concat();
    let extract =
        ["-vf", "alphaextract", "-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "gray", "-"];
    let output = Command::new("ffmpeg").args([&read[..], &extract].concat()).output().unwrap();
    assert!(output.status.success(), "{}: {}", path.display(), String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn of_video(path: &Path) -> String {
    let entries = [
        "-v",
        "error",
        "-select_streams",
        "v:0",
        "-show_entries",
        "stream=codec_name,pix_fmt:stream_tags=alpha_mode",
    ];
    printed("ffprobe", &[&entries[..], &["-of", "csv=p=0", path.to_str().unwrap()]].concat())
        .trim()
        .to_owned()
}

const LOST: &str = "alpha is not in the result: ";

#[test]
fn alpha_is_kept_by_default_or_said_to_be_lost() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    // Bands of colour and of alpha, with pixels of both ends.
    let graph = "gradients=s=128x96:r=10:d=0.5:c0=0x203040:c1=0x405060:x0=0:x1=127:y0=0:y1=0:speed=0.00001,\
                 format=gbrap,geq=r='r(X,Y)':g='g(X,Y)':b='b(X,Y)':a='clip(3*X-40,0,255)'";
    let vp = [
        "-deadline",
        "realtime",
        "-cpu-used",
        "8",
        "-b:v",
        "2M",
        "-auto-alt-ref",
        "0",
        "-pix_fmt",
        "yuva420p",
    ];
    drawn(&stage, "raw.mkv", graph, &["-c:v", "ffv1", "-pix_fmt", "yuva444p10le"]);
    drawn(&stage, "pro.mov", graph, &["-c:v", "prores_ks", "-profile:v", "4444", "-pix_fmt", "yuva444p10le"]);
    drawn(&stage, "vp9.webm", graph, &[&["-c:v", "libvpx-vp9"][..], &vp].concat());
    drawn(&stage, "vp8.webm", graph, &[&["-c:v", "libvpx"][..], &vp].concat());
    let vp9 = "-deadline realtime -cpu-used 8";
    // Source, result, arguments; codec and format of the result; greatest mean difference of alpha in codes
    // of 8 bits, to which alpha of more bits is rounded for the comparison.
    let rows: [(&str, &str, &str, &str, Option<f64>); 13] = [
        ("raw.mkv", "raw_out.mkv", "", "ffv1,yuva444p10le", Some(0.0)),
        ("raw.mkv", "raw_out.mov", "", "prores,yuva444p1", Some(0.1)),
        ("raw.mkv", "raw_out.webm", vp9, "vp9,yuv420p,1", Some(2.0)),
        ("raw.mkv", "raw_out.mp4", "-preset ultrafast", "hevc,yuv444p10le", None),
        ("pro.mov", "pro_out.mov", "", "prores,yuva444p1", Some(0.1)),
        ("pro.mov", "pro_out.mkv", "", "ffv1,yuva444p1", Some(0.1)),
        ("pro.mov", "pro_out.mp4", "-preset ultrafast", "hevc,yuv444p1", None),
        ("vp9.webm", "vp9_out.webm", vp9, "vp9,yuv420p,1", Some(2.0)),
        ("vp9.webm", "vp9_out.mkv", vp9, "vp9,yuv420p,1", Some(2.0)),
        ("vp9.webm", "vp9_out.mov", "", "prores,yuva444p1", Some(0.5)),
        ("vp9.webm", "vp9_out.mp4", "-preset ultrafast", "hevc,yuv420p10le", None),
        ("vp8.webm", "vp8_out.webm", vp9, "vp9,yuv420p,1", Some(2.0)),
        ("vp8.webm", "vp8_out.nut", "", "ffv1,yuva420p", Some(0.1)),
    ];
    for (source, output, more, stored, apart) in rows {
        let args = [source, "-o", output, "--everywhere", "--json", "--ffmpeg-args", more];
        let args = if more.is_empty() { &args[..5] } else { &args };
        let record = &stage.run(args).code(0).json()[0];
        let notes = record["notes"].to_string();
        let found = of_video(&stage.path(output));
        assert!(found.starts_with(stored), "{output}: {found}");
        assert_eq!(notes.contains(LOST), apart.is_none(), "{output}: {notes}");
        assert_eq!(times(&stage.path(output)).len(), 5, "{output}");
        let Some(most) = apart else { continue };
        let (was, is) = (alpha(&stage.path(source)), alpha(&stage.path(output)));
        assert_eq!(was.len(), is.len(), "{output}");
        let sum: u64 = was.iter().zip(&is).map(|(was, is)| u64::from(was.abs_diff(*is))).sum();
        let mean = sum as f64 / was.len() as f64;
        assert!(mean <= most, "{output}: alpha differs by {mean} codes");
    }
    // The user's own choice.
    let own = ["raw.mkv", "-o", "own.mov", "--ffmpeg-args", "-c:v prores_ks -profile:v 4444"];
    stage.run(&own).code(0);
    assert!(of_video(&stage.path("own.mov")).starts_with("prores,yuva444p"));
}

#[test]
fn a_video_with_separate_alpha_that_needs_no_repair_is_copied_with_it() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    let graph = "testsrc2=s=64x48:r=10:d=1,noise=alls=60:allf=t,format=yuva420p,geq=lum='lum(X,Y)':cb='cb(X,Y)':cr='cr(X,Y)':a='2*X'";
    drawn(&stage, "film.webm", graph, &["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8"]);
    stage.run(&["film.webm", "-o", "out.mkv"]).code(0).says("copied");
    assert!(alpha(&stage.path("out.mkv")) == alpha(&stage.path("film.webm")));
}
