//! The commands of docs/guide/video.md run.

use super::*;

/// Console lines of the page, without comments.
fn commands() -> Vec<String> {
    let page = std::fs::read_to_string(root().join("docs/guide/video.md")).unwrap();
    let typed = page.lines().filter_map(|line| line.strip_prefix("$ "));
    typed.map(|line| line.split(" #").next().unwrap_or(line).trim().to_owned()).collect()
}

#[test]
fn every_command_of_the_page_runs_and_leaves_its_files() {
    if !can() {
        return;
    }
    let commands = commands();
    assert!(commands.len() >= 11, "{commands:?}");
    let program = Path::new(env!("CARGO_BIN_EXE_unband"));
    let path = format!("{}:{}", program.parent().unwrap().display(), std::env::var("PATH").unwrap());
    let graph = "gradients=s=256x224:r=10:d=1:c0=0x203040:c1=0x405060:x0=0:x1=255:y0=0:y1=0:speed=0.00001,format=yuv420p";
    // For commands with times minutes into the video.
    let long = "gradients=s=64x48:r=1:d=640:c0=0x203040:c1=0x405060:speed=0.00001,format=yuv420p";
    for command in commands {
        if command.contains("x265 ") && !has("x265") {
            continue;
        }
        let stage = Stage::new();
        let minutes = command.contains("--from") || command.contains("--only");
        let x264 = ["-c:v", "libx264", "-crf", "28"];
        drawn(&stage, "film.mkv", graph, &x264);
        drawn(&stage, "film.mp4", if minutes { long } else { graph }, &x264);
        drawn(&stage, "clip.mp4", graph, &x264);
        for name in ["source.mkv", "encoded.mkv", "holidays/1.mkv", "holidays/sea/2.mkv"] {
            stage.write(name, &stage.read("film.mkv"));
        }
        stage.png("holidays/sky.png", &crate::stage::six_bits);
        for folder in ["shot", "in", "out"] {
            std::fs::create_dir(stage.path(folder)).unwrap();
        }
        drawn(&stage, "shot/a_%04d.png", TEN, &["-pix_fmt", "rgb24"]);
        drawn(&stage, "in/%04d.dpx", TEN, &["-pix_fmt", "gbrp10be"]);
        let before = stage.names();
        let output = Command::new("bash")
            .args(["-c", &format!("set -o pipefail; {command}")])
            .current_dir(stage.path(""))
            .env("PATH", &path)
            .output()
            .unwrap();
        Ran::from(output).code(0);
        let made: Vec<String> = stage.names().into_iter().filter(|name| !before.contains(name)).collect();
        let made: Vec<&str> = made.iter().map(String::as_str).collect();
        let expected: &[&str] = match command.as_str() {
            "unband film.mp4 -o out.mkv --lossless" => &["out.mkv"],
            "unband film.mp4 --dry-run" => &[],
            "unband clip.mp4" => &["clip_unband.mp4"],
            text if text.contains("| x265") => &["film.hevc"],
            text if text.contains("--encoded") => &["encoded.png"],
            text if text.contains("--preview") => &["film_unband_preview.png"],
            text if text.starts_with("unband film.mp4 --from") || text.contains("--only") => {
                &["film_unband.mp4"]
            }
            text if text.starts_with("unband shot/") => &["shot.mkv"],
            text if text.starts_with("unband 'in/") => &["out/0001.dpx", "out/0010.dpx"],
            text if text.starts_with("unband holidays") => {
                &["clean/1.mkv", "clean/sea/2.mkv", "clean/sky.png"]
            }
            text if text.contains("--plot") => &["compared.csv", "psnr.svg"],
            text if text.starts_with("unband compare") => &[],
            other => panic!("what does this leave? {other}"),
        };
        // From image sequences, the first and the last.
        let made = if made.len() == 10 { vec![made[0], made[9]] } else { made };
        assert_eq!(made, expected, "{command}");
        if let Some(video) = made.iter().find(|name| **name == "film.hevc") {
            let entries = ["-v", "error", "-show_entries", "stream=pix_fmt", "-of", "csv=p=0"];
            let path = stage.path(video);
            let text = printed("ffprobe", &[&entries[..], &[path.to_str().unwrap()]].concat());
            assert_eq!(text.trim(), "yuv420p10le", "{command}");
        }
    }
}
