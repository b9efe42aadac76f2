//! Animated images whose results are videos: all frames at their times.

use super::*;

/// Times of all frames, and their pixels as red, green, blue and alpha of 8 bits.
fn frames(path: &Path) -> (Vec<String>, Vec<String>) {
    let path = path.to_str().unwrap();
    let entries = ["-show_entries", "packet=pts_time", "-of", "csv=p=0", path];
    let times = printed("ffprobe", &[&["-v", "error"][..], &entries].concat());
    let sums = printed("ffmpeg", &["-v", "error", "-i", path, "-pix_fmt", "rgba", "-f", "framemd5", "-"]);
    let last = |line: &str| line.rsplit(',').next().unwrap_or_default().trim().to_owned();
    let sums = sums.lines().filter(|line| !line.starts_with('#')).map(last).collect();
    (times.lines().map(|line| line.trim_matches(',').to_owned()).collect(), sums)
}

#[test]
fn animations_become_videos_with_their_times_and_transparency() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    // Frames that last one to four tenths, with a hole that moves.
    let graph = "testsrc=s=64x48:r=10:d=2,format=rgba,select='not(mod(n,3))+eq(n,1)',\
        colorkey=0x000000:0.1,split[a][b];[a]palettegen=reserve_transparent=1[p];[b][p]paletteuse";
    let made = |name: &str, more: &[&str]| {
        let input = ["-f", "lavfi", "-i", graph, "-fps_mode", "passthrough"];
        crate::stage::ffmpeg(&stage, &[&input[..], more, &[name]].concat());
    };
    made("a.gif", &[]);
    made("a.png", &["-f", "apng"]);
    for source in ["a.gif", "a.png"] {
        let (times, sums) = frames(&stage.path(source));
        assert!(times.len() > 5, "{source}: {times:?}");
        stage
            .run(&[source, "-o", "same.mkv", "--lossless", "--strength=0", "--depth=8", "--overwrite"])
            .code(0);
        assert!(frames(&stage.path("same.mkv")) == (times.clone(), sums), "{source}");
        for (result, more) in [("out.mkv", "--lossless"), ("out.mp4", "--depth=8")] {
            stage.run(&[source, "-o", result, more, "--everywhere", "--overwrite"]).code(0);
            // Packets come in decoding order.
            let at = |times: &[String]| {
                let mut at: Vec<f64> = times.iter().map(|time| time.parse().unwrap()).collect();
                at.sort_by(f64::total_cmp);
                at
            };
            let (given, kept) = (at(&times), at(&frames(&stage.path(result)).0));
            let near = given.iter().zip(&kept).all(|(a, b)| (a - b).abs() < 0.002);
            assert!(near && given.len() == kept.len(), "{source} → {result}: {given:?} {kept:?}");
        }
    }
    made("one.gif", &["-frames:v", "1"]);
    refused(&stage, &["one.gif", "-o", "one.mkv"], 1, &["one.gif", "an image, not a video"]);
}
