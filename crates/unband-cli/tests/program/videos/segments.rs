//! One video in segments that are made by themselves, as on several machines.

use std::sync::atomic::AtomicBool;

use unband::video::{SegmentJob, VideoOptions, VideoSegment};
use unband::{Context, Options, OutputDepth, With};

use super::*;

#[test]
fn segments_made_by_themselves_have_the_frames_of_the_local_job() {
    if !can() {
        return;
    }
    for method in [None, Some("gradfun")] {
        let stage = Stage::new();
        three_shots(&stage, "film.mkv");
        let local = ["film.mkv", "-o", "whole.mkv", "-q"];
        stage.run(&[&local[..], &method.map_or(vec![], |name| vec!["--method", name])].concat()).code(0);
        let (input, output) = (stage.path("film.mkv"), stage.path("out.mkv"));
        let named = |name| unband::Choice::Named(unband::parse_method(name).unwrap());
        let method = method.map_or(unband::Choice::Auto, named);
        let plain = VideoOptions::with(|new| new.options = Options::with(|new| new.method = method));
        let ctx = Context::default();
        let job = SegmentJob::plan(&input, &output, &plain, &ctx).unwrap();
        let missing = job.missing();
        assert_eq!(missing.iter().map(|segment| segment.number).collect::<Vec<_>>(), [0, 1, 2]);
        for segment in &missing {
            assert_eq!(&VideoSegment::from_json(&segment.to_json()).unwrap(), segment);
        }
        // No other job may write the result meanwhile, and workers need the same options.
        assert!(SegmentJob::plan(&input, &output, &plain, &ctx).is_err());
        let mut other = plain.clone();
        other.options.depth = OutputDepth::Bits(8);
        assert!(missing[0].make(&input, &output, &other, &ctx).is_err());
        let stop = AtomicBool::new(true);
        assert!(missing[0].make(&input, &output, &plain, &ctx.but(|new| new.cancel = &stop)).is_err());
        // In any order; a segment that exists is not made again.
        for number in [2, 0] {
            let made = missing[number].make(&input, &output, &plain, &ctx).unwrap();
            assert_eq!((made.frames, made.present), (55, false));
        }
        assert!(missing[2].make(&input, &output, &plain, &ctx).unwrap().present);
        // The planning machine is lost: another plan resumes.
        drop(job);
        assert!(SegmentJob::plan(&input, &output, &plain, &ctx).is_err());
        let resume = plain.but(|new| new.resume = true);
        let job = SegmentJob::plan(&input, &output, &resume, &ctx).unwrap();
        assert_eq!(job.missing(), missing);
        let damaged = stage.path("out.mkv.unfinished/00001.segment");
        let bytes = std::fs::read(&damaged).unwrap();
        std::fs::write(&damaged, &bytes[..bytes.len() / 2]).unwrap();
        let present = missing
            .iter()
            .take(2)
            .map(|segment| segment.make(&input, &output, &resume, &ctx).unwrap().present);
        assert_eq!(present.collect::<Vec<_>>(), [false, false]);
        let report = job.join(&ctx).unwrap();
        assert_eq!((report.frames, report.worked, report.shots), (165, 0, 3));
        assert_eq!(sums(&stage.path("whole.mkv"), "yuv420p10le"), sums(&output, "yuv420p10le"));
        assert_eq!(times(&stage.path("whole.mkv")), times(&output));
        assert_eq!(stage.read("whole.mkv").len(), stage.read("out.mkv").len());
        assert!(!stage.path("out.mkv.unfinished").exists());
    }
}

#[test]
fn missing_segments_are_made_when_all_are_joined() {
    if !can() {
        return;
    }
    let stage = Stage::new();
    three_shots(&stage, "film.mkv");
    let (input, output, ctx) = (stage.path("film.mkv"), stage.path("out.mkv"), Context::default());
    stage.run(&["film.mkv", "-o", "whole.mkv", "-q"]).code(0);
    let plain = VideoOptions::default();
    let job = SegmentJob::plan(&input, &output, &plain, &ctx).unwrap();
    job.missing()[0].make(&input, &output, &plain, &ctx).unwrap();
    let report = job.join(&ctx).unwrap();
    assert_eq!((report.frames, report.worked), (165, 110));
    assert_eq!(sums(&stage.path("whole.mkv"), "yuv420p10le"), sums(&output, "yuv420p10le"));
}

#[test]
fn parts_of_a_video_have_the_scores_of_the_whole() {
    use unband::metrics::Scope;
    use unband::metrics::video::{
        FrameScores, VideoInput, VideoScorePlan, score_of_parts, score_part, score_parts, score_video,
    };
    if !can() {
        return;
    }
    let stage = Stage::new();
    three_shots(&stage, "film.mkv");
    let (video, ctx) = (VideoInput::open(&stage.path("film.mkv")).unwrap(), Context::default());
    let metrics = Scope::VIDEO.select(Some("cambi,bband"), None).unwrap();
    let plan = VideoScorePlan::new(&metrics);
    let go_on = &mut |_: &FrameScores| std::ops::ControlFlow::Continue(());
    let whole = score_video(&video, &plan, go_on, &ctx).unwrap().scores;
    let parts = score_parts(&video, &ctx).unwrap();
    assert_eq!(parts.iter().map(|part| part.first).collect::<Vec<_>>(), [0, 55, 110]);
    let scored = parts.iter().map(|part| {
        let text = serde_json::to_string(&score_part(&video, &plan, part, &ctx).unwrap()).unwrap();
        serde_json::from_str(&text).unwrap()
    });
    let joined = score_of_parts(scored.collect(), &plan);
    assert_eq!(format!("{joined:?}"), format!("{whole:?}"));
}
