//! Folders that contain videos.

use super::*;
use crate::stage::texture;

const FFV1: [&str; 2] = ["-c:v", "ffv1"];

#[test]
fn videos_in_folders_are_taken_with_the_images_and_one_that_fails_stops_no_other() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    std::fs::create_dir_all(stage.path("in/far")).unwrap();
    drawn(&stage, "in/b.mkv", TEN, &FFV1);
    drawn(&stage, "in/far/c.mkv", TEN, &FFV1);
    drawn(&stage, "in/d.y4m", TEN, &[]);
    stage.write("in/a.mkv", b"\x1A\x45\xDF\xA3 and nothing more\0");
    stage.write("in/notes.txt", b"text");
    stage.png("in/e.png", &texture);
    let ran = stage.run(&["in", "-o", "out", "--lossless", "--recursive", "--json"]).code(1);
    ran.says("in/a.mkv").says("not a video");
    let results = || stage.names().into_iter().filter(|name| name.starts_with("out/")).collect::<Vec<_>>();
    assert_eq!(results(), ["out/b.mkv", "out/d.mkv", "out/e.png", "out/far/c.mkv"]);
    std::fs::remove_file(stage.path("in/a.mkv")).unwrap();
    // Results go next to their inputs, not recursive; a second run takes no result for an input.
    for _ in 0..2 {
        stage.run(&["in", "--lossless", "--skip-existing"]).code(0);
    }
    let written: Vec<String> = stage.names().into_iter().filter(|name| name.contains("_unband")).collect();
    // Of images that stay unchanged there is no copy next to them.
    assert_eq!(written, ["in/b_unband.mkv", "in/d_unband.mkv"]);
}

#[test]
fn videos_that_would_become_one_get_two_names() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    std::fs::create_dir(stage.path("in")).unwrap();
    drawn(&stage, "in/a.mkv", TEN, &FFV1);
    drawn(&stage, "in/a.mp4", TEN, &["-c:v", "libx264"]);
    let ran = stage.run(&["in", "-o", "out/", "--lossless"]).code(0);
    ran.says("in/a.mkv and in/a.mp4 have the same name");
    let results: Vec<String> = stage.names().into_iter().filter(|name| name.starts_with("out/")).collect();
    assert_eq!(results, ["out/a.mkv", "out/a.mp4.mkv"]);
}

#[test]
fn a_folder_of_videos_is_scored_one_of_images_and_videos_as_images() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    std::fs::create_dir(stage.path("in")).unwrap();
    drawn(&stage, "in/a.mkv", TEN, &FFV1);
    drawn(&stage, "in/b.mkv", TEN, &FFV1);
    let scores = || -> serde_json::Value {
        serde_json::from_slice(&stage.run(&["score", "in", "--json"]).code(0).stdout).unwrap()
    };
    assert_eq!(scores()["videos"].as_array().unwrap().len(), 2);
    stage.png("in/c.png", &texture);
    assert_eq!(scores()["files"].as_array().unwrap().len(), 1);
}
