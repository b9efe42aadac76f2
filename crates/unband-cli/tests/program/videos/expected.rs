//! Expected size and time of a result (`--dry-run`).

use serde_json::Value;

use super::*;

/// The record of a dry run. The folder of temporary files is empty after it, and nothing else is new.
fn planned(stage: &Stage, args: &[&str]) -> Value {
    std::fs::create_dir_all(stage.path("temporary")).unwrap();
    let before = stage.names();
    let args = [args, &["--dry-run", "--json"]].concat();
    let ran: Ran = stage.command(&args).env("TMPDIR", stage.path("temporary")).output().unwrap().into();
    let record = ran.code(0).json().remove(0);
    assert_eq!(stage.names(), before);
    assert_eq!(std::fs::read_dir(stage.path("temporary")).unwrap().count(), 0);
    record
}

#[test]
fn size_and_time_are_expected_from_samples_and_nothing_stays() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    three_shots(&stage, "film.mkv");
    for (args, most) in [
        (&["--lossless"][..], 1.1),
        (&[], 1.6),
        (&["--only", "0-11", "--lossless"], 1.1),
        (&["--method", "gradfun", "--for", "web", "-o", "out.mp4"], 2.0),
    ] {
        let record = planned(&stage, &[&["film.mkv", "--overwrite"], args].concat());
        let expected = &record["expected"];
        assert!((60..170).contains(&expected["measured_frames"].as_u64().unwrap()), "{args:?}: {expected}");
        assert!(expected["seconds"].as_f64().unwrap() > 0.0, "{args:?}: {expected}");
        let ran = stage.run(&[&["film.mkv", "--overwrite", "--json"], args].concat()).code(0);
        let (bytes, is) =
            (expected["bytes"].as_f64().unwrap(), ran.json()[0]["output_bytes"].as_f64().unwrap());
        assert!(bytes / is < most && is / bytes < most, "{args:?}: {bytes} instead of {is}");
        let range = [0, 1].map(|end| expected["bytes_range"][end].as_f64().unwrap());
        assert!(range[0] <= bytes && bytes <= range[1], "{args:?}: {expected}");
    }
    let text = stage.run(&["film.mkv", "--dry-run", "--lossless"]).code(0).out();
    assert!(text.contains("expected: about ") && text.contains("were encoded to measure it"), "{text}");
    assert!(text.contains(" on this machine; "), "{text}");
}

#[test]
fn a_video_whose_places_are_not_found_is_planned_without_them() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    let slope =
        "gradients=s=96x64:r=24:d=4:c0=0x203040:c1=0x405060:x0=0:x1=95:y0=0:y1=0:speed=0.01,format=yuv420p";
    drawn(&stage, "film.avi", slope, &["-c:v", "mpeg4", "-bf", "2", "-q:v", "4"]);
    for purpose in ["player", "youtube", "edit"] {
        let record = planned(&stage, &["film.avi", "--everywhere", "--for", purpose]);
        let notes = record["notes"].as_array().unwrap();
        let unknown = notes.iter().any(|note| note.as_str().unwrap().contains("size and time are not known"));
        assert_eq!(unknown, record["expected"].is_null(), "{purpose}: {record}");
    }
}

#[test]
fn a_short_clip_is_measured_whole_and_a_copied_one_not_at_all() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    let slope = "gradients=s=96x64:r=10:d=2:c0=0x203040:c1=0x405060:x0=0:x1=95:y0=0:y1=0:speed=0.00001,format=yuv420p";
    drawn(&stage, "short.mkv", slope, &["-c:v", "libx264", "-crf", "28"]);
    let record = planned(&stage, &["short.mkv"]);
    assert_eq!(record["expected"]["measured_frames"], 20, "{record}");
    let is = stage.run(&["short.mkv", "--json"]).code(0).json()[0]["output_bytes"].as_f64().unwrap();
    let bytes = record["expected"]["bytes"].as_f64().unwrap();
    assert!((bytes / is - 1.0).abs() < 0.3, "{bytes} instead of {is}");
    let noise = "testsrc2=s=96x64:r=10:d=2,noise=alls=60:allf=t,format=yuv420p";
    drawn(&stage, "clean.mkv", noise, &["-c:v", "libx264", "-crf", "20"]);
    let record = planned(&stage, &["clean.mkv"]);
    assert_eq!(record["expected"]["measured_frames"], 0, "{record}");
    assert_eq!(record["expected"]["bytes"].as_u64().unwrap(), stage.read("clean.mkv").len() as u64);
}
