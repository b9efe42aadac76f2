//! Messages about a video: before, with `--dry-run`, and about its result.

use serde_json::Value;

use super::*;

/// Two shots of a second each with audio and two languages of subtitles.
fn with_streams(stage: &Stage, name: &str) {
    stage.write("a.srt", b"1\n00:00:00,000 --> 00:00:01,000\nHello\n");
    let graph = "gradients=s=96x64:r=10:d=1:c0=0x203040:c1=0x405060:x0=0:x1=95:y0=0:y1=0:speed=0.00001[a];\
                 gradients=s=96x64:r=10:d=1:c0=0x804020:c1=0xa06040:x0=0:x1=0:y0=0:y1=63:speed=0.00001[b];\
                 [a][b]concat=n=2,format=yuv420p[v];sine=r=8000:d=2[s]";
    let srt = stage.path("a.srt");
    let srt = srt.to_str().unwrap();
    let maps = ["-map", "[v]", "-map", "[s]", "-map", "0", "-map", "0"];
    let codecs = ["-c:v", "libx264", "-crf", "30", "-c:a", "pcm_s16le", "-c:s", "srt"];
    make(stage, name, &[&["-i", srt, "-filter_complex", graph][..], &maps, &codecs].concat());
    std::fs::remove_file(srt).unwrap();
}

#[test]
fn the_result_is_said_with_method_encoder_size_and_rate() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    with_streams(&stage, "film.mkv");
    let ran = stage.run(&["film.mkv", "-m", "gradfun", "-v"]).code(0);
    let bytes = stage.read("film_unband.mkv").len() as f64;
    let ratio = bytes / stage.read("film.mkv").len() as f64;
    ran.says("film.mkv → film_unband.mkv: 2 shots, 20 of 20 frames changed, gradfun, x265 10 bits CRF 16, ")
        .says(&format!(
            "{} KB ({:.0} kb/s, {ratio:.1} × the source), ",
            (bytes / 1e3).ceil(),
            bytes * 8.0 / 2.0 / 1e3
        ))
        .says("96×64 8-bit h264, 10 fps")
        .says("-preset medium -crf 16");
    let record = &stage.run(&["film.mkv", "-m", "gradfun", "--overwrite", "--json"]).code(0).json()[0];
    assert_eq!(record["method"], "gradfun", "{record}");
    assert_eq!(record["encoder"], "x265 10 bits CRF 16");
    assert_eq!((&record["container"], &record["output_depth"]), (&"matroska".into(), &10.into()));
    assert_eq!((record["output_bytes"].as_f64(), record["video_seconds"].as_f64()), (Some(bytes), Some(2.0)));
    assert!((record["bit_rate"].as_f64().unwrap() - 4.0 * bytes).abs() < 1.0, "{record}");
    assert!((record["ratio"].as_f64().unwrap() - ratio).abs() < 0.02, "{record}");
    // Half of it is compared with half of the source.
    drawn(&stage, "ten.mp4", TEN, &["-c:v", "libx264"]);
    let half = &stage.run(&["ten.mp4", "--to", "0.5", "-o", "half.mkv", "--json"]).code(0).json()[0];
    assert_eq!((&half["frames"], half["video_seconds"].as_f64()), (&5.into(), Some(0.5)));
    let share = half["output_bytes"].as_f64().unwrap() / (stage.read("ten.mp4").len() as f64 / 2.0);
    assert!((half["ratio"].as_f64().unwrap() - share).abs() < 1e-9, "{half}");
}

#[test]
fn what_encoders_get_is_in_the_line_of_the_result() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    drawn(&stage, "prores.mov", "testsrc=s=64x48:r=10:d=0.3,format=yuv422p10le", &["-c:v", "prores_ks"]);
    drawn(&stage, "film.mkv", "testsrc=s=64x48:r=10:d=0.3,format=yuv420p", &["-c:v", "libx264"]);
    let says = |args: &[&str], text: &str| {
        stage.run(&[args, &["--overwrite"]].concat()).code(0).says(text);
    };
    says(&["prores.mov", "--everywhere"], "x265 4:2:2 10 bits CRF 16, ");
    says(&["film.mkv", "--lossless"], "FFV1 10 bits, ");
    says(&["film.mkv", "--depth", "8", "--for", "web", "-o", "a.mov"], "x265 8 bits CRF 21, ");
    says(&["film.mkv", "--ffmpeg-args", "-c:v libx264 -b:v 200k"], "libx264 10 bits 200k, ");
    says(&["film.mkv", "--ffmpeg-args", "-crf 12"], "x265 10 bits CRF 12, ");
}

#[test]
fn depths_that_an_encoder_has_not_are_refused_or_said() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    drawn(&stage, "film.mkv", TEN, &["-c:v", "libx264"]);
    drawn(&stage, "deep.mkv", "testsrc=s=64x48:r=10:d=0.3,format=yuv420p16le", &["-c:v", "ffv1"]);
    let depth = |name: &str| {
        let entries = ["-select_streams", "v:0", "-show_entries", "stream=pix_fmt", "-of", "csv=p=0"];
        let path = stage.path(name);
        let text = printed("ffprobe", &[&["-v", "error"][..], &entries, &[path.to_str().unwrap()]].concat());
        text.trim().to_owned()
    };
    let asked = |bits: &'static str| ["film.mkv", "-o", "o.mkv", "--overwrite", "--depth", bits];
    refused(
        &stage,
        &asked("16"),
        1,
        &["o.mkv: x265 stores 8, 10 or 12 bits per sample for this video, not 16", "--lossless"],
    );
    refused(&stage, &[&asked("12")[..], &["--for", "web"]].concat(), 1, &["AV1 (SVT) stores 8 or 10 bits"]);
    stage.run(&asked("12")).code(0).says("x265 12 bits CRF 16");
    assert_eq!(depth("o.mkv"), "yuv420p12le");
    // By default, the bits of the source.
    stage.run(&["deep.mkv", "-o", "d.mkv", "--everywhere"]).code(0).says("x265 12 bits CRF 16");
    assert_eq!(depth("d.mkv"), "yuv420p12le");
    let lossless = ["film.mkv", "-o", "l.mkv", "--lossless", "--depth", "16"];
    stage.run(&lossless).code(0).says("FFV1 16 bits");
    assert_eq!(depth("l.mkv"), "yuv420p16le");
    // Other encoders have formats of their own.
    let with = |args: &[&str], text: &str| {
        stage
            .run(&[&["film.mkv", "--overwrite", "-o", "c.mov", "--ffmpeg-args"], args].concat())
            .code(0)
            .says(text);
    };
    with(&["-c:v prores_ks"], "prores_ks 4:2:2 10 bits, ");
    assert_eq!(depth("c.mov"), "yuv422p10le");
    with(&["-c:v mpeg4 -q:v 2"], "mpeg4 8 bits q 2, ");
}

#[test]
fn a_dry_run_says_what_is_known_and_writes_nothing() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    with_streams(&stage, "film.mkv");
    let before = stage.names();
    let text = stage.run(&["film.mkv", "-n"]).code(0).out();
    for said in [
        "film.mkv 96×64 8-bit h264, 10 fps, about 20 frames, 0:02.0",
        "→ film_unband.mkv",
        "method: automatic, by the findings",
        "x265 10 bits CRF 16 in matroska",
        "copied: 1 audio stream, 2 subtitle streams",
    ] {
        assert!(text.contains(said), "`{said}` is not in:\n{text}");
    }
    assert!(!text.contains("disk"), "the size of x265 files is unknown:\n{text}");
    let args = ["film.mkv", "-n", "--lossless", "-m", "gradfun", "-o", "o.mov", "--json"];
    let record = &stage.run(&args).code(0).json()[0];
    assert_eq!(
        (&record["status"], &record["output"], &record["method"], &record["container"]),
        (&"planned".into(), &"o.mov".into(), &"gradfun".into(), &"mov".into()),
        "{record}"
    );
    assert_eq!(
        (&record["frames"], &record["rate"], &record["chapters"]),
        (&20.into(), &10.0.into(), &0.into())
    );
    let kinds: Vec<&Value> = record["streams"].as_array().unwrap().iter().map(|one| &one["kind"]).collect();
    assert_eq!(kinds, ["audio", "subtitle", "subtitle"]);
    assert_eq!(record["streams"][0]["codec"], "pcm_s16le");
    assert!(
        record["disk_needed"].as_u64().unwrap() > 10_000 && record["disk_free"].as_u64().is_some(),
        "{record}"
    );
    assert!(record["changed"].is_null() && record["output_bytes"].is_null(), "{record}");
    assert_eq!(stage.names(), before);
    // Errors of the real run appear already in the dry run.
    stage.run(&["film.mkv", "-n", "-o", "o.webm", "--lossless"]).code(1).says("webm cannot hold FFV1");
    let failed = &stage.run(&["film.mkv", "-n", "-o", "o.webm", "--lossless", "--json"]).code(1).json()[0];
    assert_eq!(failed["status"], "failed");
    assert_eq!(stage.names(), before);
}

#[test]
fn what_lossless_videos_need_on_the_disk_is_said_before() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    drawn(&stage, "film.mp4", TEN, &["-c:v", "libx264"]);
    let ran = stage.run(&["film.mp4", "--lossless", "-o", "o.mkv"]).code(0);
    let (note, line) = (
        ran.stderr.find("of disk space, for the finished parts and the final video"),
        ran.stderr.find("10 frames"),
    );
    assert!(note.is_some() && note < line && ran.stderr.contains(" free"), "{}", ran.stderr);
    assert!(!stage.run(&["film.mp4", "-o", "p.mkv"]).code(0).stderr.contains("of disk space"));
    // A video whose header declares a billion frames fits on no disk.
    let mut bytes = stage.read("film.mp4");
    let at = bytes.windows(4).position(|word| word == b"stts").unwrap();
    assert_eq!(bytes[at + 8..at + 16], [0, 0, 0, 1, 0, 0, 0, 10], "one row of ten frames");
    bytes[at + 12..at + 16].copy_from_slice(&4_000_000_000u32.to_be_bytes());
    stage.write("long.mp4", &bytes);
    let before = stage.names();
    let ran = stage.run(&["long.mp4", "--lossless", "-o", "no.mkv"]).code(1);
    ran.says("no.mkv: at least ")
        .says("GB are needed on the disk, ")
        .says("GB are free")
        .says("another disk");
    assert_eq!(stage.names(), before);
}

#[test]
fn the_fields_of_videos_are_on_the_page() {
    if !can() {
        return;
    }
    let page = std::fs::read_to_string(root().join("docs/guide/json.md")).unwrap();
    let section = page.split("\n## ").find(|section| section.starts_with("`unband-deband/1`")).unwrap();
    let stage = Stage::new();
    drawn(&stage, "film.mkv", "testsrc=s=256x224:r=10:d=0.5", &["-c:v", "ffv1", "-pix_fmt", "yuv420p"]);
    for args in [
        &["film.mkv", "-n", "--lossless", "--json"][..],
        &["film.mkv", "--json"],
        &["film.mkv", "--preview", "1", "--json"],
    ] {
        let record = &stage.run(args).code(0).json()[0];
        let parts = ["streams", "frames"].iter().filter_map(|list| record[list].as_array());
        let inner = parts.flat_map(|list| list.iter().flat_map(|one| one.as_object().unwrap().keys()));
        for key in record.as_object().unwrap().keys().chain(inner).filter(|key| *key != "schema") {
            assert!(
                section.contains(&format!("`{key}`")) || section.contains(&format!("`{key}[]`")),
                "{key} of {args:?}"
            );
        }
    }
}

#[test]
fn videos_with_nothing_to_repair_are_not_written_on_request() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    drawn(
        &stage,
        "clean.mkv",
        "color=gray:s=64x48:r=10:d=1,noise=all_seed=3:alls=40:allf=t,format=yuv420p",
        &["-c:v", "ffv1"],
    );
    let before = stage.names();
    let record = &stage.run(&["clean.mkv", "--only-banded", "--json"]).code(0).json()[0];
    assert_eq!((&record["status"], &record["output"]), (&"unchanged".into(), &Value::Null), "{record}");
    stage.run(&["clean.mkv", "--only-banded"]).code(0).says("nothing to repair, nothing written");
    assert_eq!(stage.names(), before);
}

#[test]
fn videos_with_nothing_to_repair_are_copied() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    let noise = "color=gray:s=320x240:r=10:d=1,noise=all_seed=3:alls=40:allf=t,format=yuv420p";
    drawn(&stage, "clean.mkv", noise, &["-c:v", "libx264", "-crf", "10"]);
    let packets = |name: &str| {
        let md5 = ["-map", "0:v", "-c", "copy", "-bsf:v", "h264_mp4toannexb", "-f", "md5", "-"];
        let path = stage.path(name);
        printed("ffmpeg", &[&["-v", "error", "-i", path.to_str().unwrap()][..], &md5].concat())
    };
    stage.run(&["clean.mkv", "-o", "same.mkv"]).code(0).says("nothing to repair, copied");
    assert_eq!(stage.read("same.mkv"), stage.read("clean.mkv"));
    let record = &stage.run(&["clean.mkv", "-o", "other.mp4", "--json"]).code(0).json()[0];
    assert_eq!((&record["status"], &record["changed"]), (&"copied".into(), &0.into()), "{record}");
    assert_eq!(packets("other.mp4"), packets("clean.mkv"));
    // A codec that the container cannot hold is encoded, and so is one that the user requests.
    stage.run(&["clean.mkv", "-o", "a.webm"]).code(0).says("0 of 10 frames changed");
    stage.run(&["clean.mkv", "-o", "b.mkv", "--lossless"]).code(0).says("0 of 10 frames changed");
    // Findings are printed before anything is written.
    let planned = &stage.run(&["clean.mkv", "--dry-run", "--json"]).code(0).json()[0];
    let found = planned["found"].as_array().unwrap();
    assert!(found.iter().all(|shot| shot["banding"] == "none" && shot["method"].is_null()), "{planned}");
    assert_eq!(found.iter().map(|shot| shot["frames"].as_u64().unwrap()).sum::<u64>(), 10);
}
