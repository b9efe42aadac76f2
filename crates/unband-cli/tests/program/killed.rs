//! A batch that is killed.
#![cfg(unix)]

use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::stage::{Stage, png, six_bits};

const IMAGES: usize = 20;
const MOMENTS: usize = 20;

fn finished(stage: &Stage, folder: &str) -> Vec<String> {
    let inside = |name: &String| name.starts_with(folder) && !name.contains(".unband-");
    stage.names().into_iter().filter(inside).collect()
}

#[test]
fn a_batch_killed_at_twenty_moments_leaves_whole_files_only_and_is_completed_by_a_second_run() {
    let stage = Stage::new();
    for i in 0..IMAGES {
        let image = png(160, 120, &move |x, y, c| six_bits(x + 7 * i, y, c));
        stage.write(&format!("in/{i:02}.png"), &image);
    }
    stage.run(&["in", "-o", "whole/", "-j", "2"]).code(0);
    let expected: Vec<(String, Vec<u8>)> = finished(&stage, "whole/")
        .into_iter()
        .map(|name| (name[6..].to_owned(), stage.read(&name)))
        .collect();
    assert_eq!(expected.len(), IMAGES);
    let (mut cut_short, mut left_behind) = (0, 0);
    for moment in 0..MOMENTS {
        let folder = format!("out{moment:02}/");
        let arguments = ["in", "-o", &folder, "-j", "2"];
        let mut child =
            stage.command(&arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // Once this number of images is done, and a little later, in the middle of the next.
        let start = Instant::now();
        while finished(&stage, &folder).len() < moment && start.elapsed() < Duration::from_mins(1) {
            std::thread::yield_now();
        }
        std::thread::sleep(Duration::from_micros(700 * (moment as u64 * 37 % 11)));
        child.kill().unwrap();
        // Killed, it has no exit code.
        cut_short += usize::from(child.wait().unwrap().code().is_none());
        let done = finished(&stage, &folder);
        left_behind += stage.names().iter().filter(|name| name.starts_with(&folder)).count() - done.len();
        for name in &done {
            let (_, whole) = expected.iter().find(|(short, _)| *short == name[folder.len()..]).unwrap();
            assert!(stage.read(name) == *whole, "moment {moment}: {name} is not whole");
        }
        stage.run(&["in", "-o", &folder, "-j", "2", "--skip-existing"]).code(0);
        for (name, whole) in &expected {
            assert!(stage.read(&format!("{folder}{name}")) == *whole, "moment {moment}: {name} differs");
        }
        assert_eq!(finished(&stage, &folder).len(), IMAGES);
    }
    eprintln!(
        "{cut_short} of {MOMENTS} runs were killed in the middle, {left_behind} temporary files stayed"
    );
    assert!(cut_short > MOMENTS / 2, "only {cut_short} runs were killed before they ended");
}
