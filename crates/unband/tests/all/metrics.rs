//! Metrics of images, folders and videos through the library.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use unband::metrics::files::{images_in, score_files};
use unband::metrics::video::{
    FrameScores, VideoInput, VideoPairPlan, VideoScorePlan, compare_videos, scope_of_pair, score_video,
};
use unband::metrics::{
    Check, FileFault, Inspected, Metric, MetricsError, Scope, Subject, Value, comparable, score, score_image,
};
use unband::verdict::Grade;
use unband::{Context, Image, Progress, With};
use unband_image::Hint;
use unband_skips::{root, tracked_in};
use unband_video::{Programs, probe};

#[cfg(feature = "evaluate")]
#[path = "../../examples/tour.rs"]
#[allow(dead_code)]
mod example;

/// A code of a slope: in steps of two codes, or with noise and no steps.
fn code(x: usize, y: usize, banded: bool) -> u8 {
    let noise = (x * 7 + y * 13 + x * y) % 5;
    (60 + if banded { x / 32 * 2 } else { x / 16 + noise }) as u8
}

fn slope(banded: bool) -> Image {
    let codes: Vec<u8> = (0..512 * 256).map(|i| code(i % 512, i / 512, banded)).collect();
    Image::from_gray(512, 256, &codes).unwrap()
}

/// A clip with two shots of 6 frames each, as YUV4MPEG2: the second one, mirrored, is banded.
fn clip() -> Vec<u8> {
    let mut clip = b"YUV4MPEG2 W512 H256 F25:1 Cmono\n".to_vec();
    for frame in 0..12 {
        clip.extend(b"FRAME\n");
        clip.extend((0..512 * 256).map(|i| match frame {
            0..6 => code(i % 512, i / 512, false),
            _ => code(511 - i % 512, i / 512, true),
        }));
    }
    clip
}

fn go_on(_: &FrameScores) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

#[test]
fn an_image_has_a_verdict_values_and_failed_checks() {
    let ctx = Context::default();
    let metrics = Scope::IMAGE.select(Some("cambi, bband,cambi"), None).unwrap();
    assert_eq!(metrics.iter().map(Metric::name).collect::<Vec<_>>(), ["cambi", "bband"]);
    let banded = score_image(slope(true), &metrics, &ctx).unwrap();
    let clean = score_image(slope(false), &metrics, &ctx).unwrap();
    assert_eq!((banded.verdict.grade, clean.verdict.grade), (Grade::Visible, Grade::None));
    let [banded_cambi, clean_cambi] = [&banded, &clean].map(|scores| scores.values[0].number().unwrap());
    assert!(banded_cambi > clean_cambi, "{banded_cambi} {clean_cambi}");
    let checks = ["banding>=visible", "cambi<0"].map(|text| Check::parse(text, &Scope::IMAGE).unwrap());
    assert_eq!(banded.checked(&checks, &metrics).failed, ["banding>=visible"]);
}

#[test]
fn values_do_not_depend_on_threads_and_memory() {
    let metrics = Scope::RESTORED.select(Some("psnr,cambi,texture-change,flat-psnr"), None).unwrap();
    let (reference, image) = (slope(false), slope(true));
    let of = |threads, at_once, input| {
        let subject = Subject::against(&image, &reference).but(|new| new.input = input);
        score(&[subject], &metrics, at_once, &Context::with(|new| new.threads = threads)).concat()
    };
    let one = of(1, usize::MAX, Some((&reference).into()));
    assert_eq!(one, of(4, 1, Some((&reference).into())));
    // Without the image that it compares with, a metric is blank.
    let blank = of(2, usize::MAX, None);
    assert_eq!(blank[2], Value::Blank);
    assert_eq!([&blank[0], &blank[1], &blank[3]], [&one[0], &one[1], &one[3]]);
}

#[test]
fn names_that_cannot_be_computed_have_a_hint() {
    let hint = |scope: Scope, text: &str| match scope.select(Some(text), None) {
        Err(error) => (error.to_string(), error.hint().unwrap()),
        Ok(_) => panic!("{text}"),
    };
    assert!(hint(Scope::IMAGE, "cambo").1.contains("cambi, "));
    assert!(hint(Scope::IMAGE, " , ").1.contains("or all"));
    assert!(hint(Scope::IMAGE, "psnr").0.contains("reference"));
    assert!(hint(Scope::PAIR, "texture-change").0.contains("before its repair"));
    assert!(hint(Scope::VIDEO, "video-psnr").0.contains("two videos"));
    assert!(Scope::IMAGE.select(None, None).unwrap().len() == 3);
}

#[test]
fn a_folder_is_scored_in_order_and_a_damaged_file_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    put("b.jpg", &fs::read(root().join("examples/dusk.jpg")).unwrap());
    put("a.png", &fs::read(root().join("examples/sunset.png")).unwrap());
    put("c.png", b"not an image");
    put("notes.txt", b"a text");
    let files = images_in(folder.path()).unwrap();
    let metrics = Scope::IMAGE.select(Some("cambi"), None).unwrap();
    let checks = [Check::parse("banding>=slight", &Scope::IMAGE).unwrap()];
    let mut lines = Vec::new();
    let mut emit = |file: &Path, scores: Result<unband::metrics::Scores, MetricsError>| {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        lines.push((name, scores.map(|scores| scores.failed.len()).map_err(|error| error.to_string())));
    };
    score_files(&files, &metrics, &checks, &mut emit, &Context::default());
    assert_eq!([&lines[0], &lines[1]], [&("a.png".into(), Ok(1)), &("b.jpg".into(), Ok(1))]);
    assert_eq!(lines[2].0, "c.png");
    let error = lines[2].1.as_ref().unwrap_err();
    assert!(error.matches("c.png").count() == 1, "{error}");
    let cancelled = AtomicBool::new(true);
    let ctx = Context::with(|new| new.cancel = &cancelled);
    score_files(&files, &metrics, &[], &mut |file, _| panic!("{}", file.display()), &ctx);
}

#[test]
fn images_of_other_sizes_are_not_compared() {
    let small = Image::from_gray(2, 2, &[0u8; 4]).unwrap();
    let error = comparable(("a.png", &slope(true)), ("b.png", &small), 1).unwrap_err();
    assert_eq!(error.to_string(), "b.png: is 2×2 grey, the reference a.png is 512×256 grey");
    assert!(error.hint().unwrap().contains("crop"));
    let large = Image::from_gray(4, 4, &[0u8; 16]).unwrap();
    assert!(comparable(("a", &large), ("b", &small), 2).is_ok());
}

struct Last(Mutex<(usize, usize)>);

impl Progress for Last {
    fn advance(&self, done: usize, total: usize) {
        *self.0.lock().unwrap() = (done, total);
    }
}

#[test]
fn a_video_is_scored_by_frames_and_shots() {
    let metrics = Scope::VIDEO.select(Some("cambi,bband"), None).unwrap();
    let checks = ["cambi.worst>0.1", "cambi.shot>0.1", "cambi.p50>99"]
        .map(|text| Check::parse(text, &Scope::VIDEO).unwrap());
    let scored = |threads| {
        let input = VideoInput::stream(Path::new("clip"), std::io::Cursor::new(clip())).unwrap();
        let plan = VideoScorePlan::new(&metrics).but(|new| {
            new.checks = &checks;
            new.every = 4;
        });
        let (progress, mut frames) = (Last(Mutex::default()), Vec::new());
        let ctx = Context::with(|new| {
            new.threads = threads;
            new.progress = &progress;
        });
        let mut on_frame = |frame: &FrameScores| {
            frames.push((frame.number, frame.shot, frame.values[1] == Value::Blank));
            ControlFlow::Continue(())
        };
        let scored = score_video(&input, &plan, &mut on_frame, &ctx).unwrap();
        assert!(matches!(
            score_video(&input, &plan, &mut go_on, &ctx),
            Err(MetricsError::File { fault: FileFault::ReadBefore, .. })
        ));
        assert_eq!(progress.0.into_inner().unwrap(), (12, 12));
        (scored, frames)
    };
    let ((one, frames), (many, again)) = (scored(1), scored(3));
    assert_eq!(frames, again);
    let other = |n: usize| !(n.is_multiple_of(4) || n == 6);
    assert_eq!(frames, (0..12).map(|n| (n, 1 + n / 6, other(n))).collect::<Vec<_>>());
    let (one, many) = (one.scores, many.scores);
    assert_eq!((one.frames, one.shots.len(), one.scores.values.clone()), (12, 2, many.scores.values));
    assert_eq!(one.shots[1].frames, 6..12);
    assert!((6..12).contains(&one.worst.unwrap().frame), "{:?}", one.worst);
    assert_eq!(one.scores.failed, ["cambi.worst>0.1", "cambi.shot>0.1"]);
    assert!(one.why[1].contains("shot 2 (0:00.240 – 0:00.480)"), "{:?}", one.why);
    assert!(one.shots[0].scores.failed.is_empty() && one.line.len() == 12);
}

#[test]
fn a_video_can_be_stopped_at_any_frame() {
    let metrics = Scope::VIDEO.select(Some("cambi"), None).unwrap();
    let input = VideoInput::stream(Path::new("clip"), std::io::Cursor::new(clip())).unwrap();
    let mut stop = |frame: &FrameScores| match frame.number {
        3 => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    };
    let stopped = score_video(&input, &VideoScorePlan::new(&metrics), &mut stop, &Context::default());
    assert!(matches!(stopped, Err(MetricsError::Cancelled)));
    let input = VideoInput::stream(Path::new("clip"), std::io::Cursor::new(clip())).unwrap();
    let cancel = AtomicBool::new(false);
    let ctx = Context::with(|new| new.cancel = &cancel);
    let mut stop = |_: &FrameScores| {
        cancel.store(true, Ordering::Relaxed);
        ControlFlow::Continue(())
    };
    let stopped = score_video(&input, &VideoScorePlan::new(&metrics), &mut stop, &ctx);
    assert!(matches!(stopped, Err(MetricsError::Cancelled)));
}

#[test]
#[cfg(feature = "evaluate")]
fn the_example_scores_evaluates_degrades_and_opens() {
    let video = root().join("golden/film/sky_pan_h264.mkv");
    if probe(&video, &Programs::default()).is_err() {
        unband_skips::program("ffmpeg");
        return;
    }
    let weights = root().join("weights/unband-lite.safetensors");
    // The folder of a clone also holds results.
    let folder = tempfile::tempdir().unwrap();
    for file in tracked_in("examples") {
        fs::copy(&file, folder.path().join(file.file_name().unwrap())).unwrap();
    }
    let text = example::tour(folder.path(), &video, &weights).unwrap();
    #[allow(clippy::print_stdout)] // with `--nocapture`
    {
        println!("{text}");
    }
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].contains("dusk.jpg  banding: ") && lines[1].contains("sunset.png  banding: "), "{text}");
    assert!(lines[2].starts_with("bband  mean ") && lines[3].starts_with("cambi  mean "), "{text}");
    assert!(lines[4].contains("sky_pan_h264.mkv  ") && lines[4].contains(" frames  banding: "), "{text}");
    let cambi = |line: &str, name: &str| -> f64 {
        let values = line.strip_prefix(name).unwrap_or_else(|| panic!("{text}"));
        values.split_whitespace().nth(1).unwrap().parse().unwrap()
    };
    assert!(cambi(lines[6], "smooth") < cambi(lines[5], "(input)"), "{text}");
    assert!(lines[7].starts_with("gradfun  ") && lines[8].ends_with("degradations, changed: true"), "{text}");
    assert!(lines[9].ends_with(" tensors, network unband-lite") && lines.len() == 10, "{text}");
}

#[test]
fn videos_are_compared() {
    let path = root().join("golden/film/sky_pan_h264.mkv");
    let Ok(video) = probe(&path, &Programs::default()) else {
        unband_skips::program("ffmpeg");
        return;
    };
    let metrics = scope_of_pair(&video).select(Some("video-psnr,flat-psnr"), None).unwrap();
    let plan = VideoPairPlan::new(&metrics).but(|new| {
        new.every = 15;
    });
    let same = compare_videos(&[video.clone(), video], &plan, &mut go_on, &Context::default()).unwrap();
    assert_eq!(same.scores.scores.values[0], Value::Number(f64::INFINITY));
    assert!(same.apart.is_none() && same.longer.is_none() && !same.other_colors);
    assert!(Inspected::open(&path, &Context::default()).is_err());
}
