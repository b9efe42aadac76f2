use super::*;
use unband_image::findings::{Cause, PlaneGrid};
use unband_image::{Codec, Depth, Matrix, Model, Plane, Range, Subsampling, With};

fn found(cause: Cause, step: f32, share: f32) -> Findings {
    let mut findings = Findings::plain(3, 8);
    (findings.cause, findings.banded_share, findings.visible) = (cause, share, share > 0.0);
    findings.grids = vec![PlaneGrid::plain(step).but(|new| new.found = true); 3];
    findings
}

#[test]
fn the_grade_follows_step_and_share() {
    assert_eq!(grade(&found(Cause::Levels, 4.05, 0.3)), Grade::Strong);
    assert_eq!(grade(&found(Cause::Levels, 4.05, 0.2)), Grade::Visible);
    assert_eq!(grade(&found(Cause::Levels, 2.0, 0.9)), Grade::Visible);
    assert_eq!(grade(&found(Cause::Jpeg, 2.0, 0.9)), Grade::Slight);
    assert_eq!(grade(&found(Cause::Jpeg, 3.0, 0.9)), Grade::Visible);
    assert_eq!(grade(&found(Cause::Jpeg, 9.0, 0.0)), Grade::None);
    assert_eq!(grade(&found(Cause::ToneCurve, 9.0, 0.009)), Grade::None, "less than a hundredth");
    assert_eq!(grade(&found(Cause::ToneCurve, 9.0, 0.011)), Grade::Visible);
    assert!(Grade::ALL.is_sorted());
}

#[test]
fn fine_steps_of_deep_frames_are_no_bands() {
    let with = |bits, share| {
        let mut findings = found(Cause::Video, 1.0, share);
        (findings.effective_bits, findings.visible) = (bits, false);
        findings
    };
    assert_eq!(by_cambi(6.0, &with(8, 0.0)), Grade::Visible);
    assert_eq!(by_cambi(4.0, &with(8, 0.0)), Grade::Slight);
    assert_eq!(by_cambi(2.0, &with(8, 1.0)), Grade::None);
    assert_eq!(by_cambi(6.0, &with(10, 0.0)), Grade::None);
    assert_eq!(by_cambi(6.0, &with(10, 0.2)), Grade::None);
    assert_eq!(by_cambi(6.0, &with(10, 0.4)), Grade::Visible);
    assert_eq!(by_cambi(4.0, &with(10, 0.45)), Grade::None);
    assert_eq!(by_cambi(4.0, &with(10, 0.55)), Grade::Slight);
    assert_eq!(by_cambi(0.0, &with(10, 0.96)), Grade::Visible);
}

/// A frame of the given depth, its luma in 8-bit codes of the limited range.
fn frame(bits: u8, luma: impl Fn(f32, f32) -> f32) -> Image {
    const SIZE: (usize, usize) = (320, 240);
    let top = f32::from(1u16 << (bits - 8));
    let value = |i: usize| {
        let code = (luma((i % SIZE.0) as f32, (i / SIZE.0) as f32) * top).round();
        (code / top - 16.0) / 219.0
    };
    let luma = Plane { width: SIZE.0, height: SIZE.1, data: (0..SIZE.0 * SIZE.1).map(value).collect() };
    let chroma = Plane::filled(SIZE.0 / 2, SIZE.1 / 2, 0.0);
    let subsampling = Subsampling::HALF;
    let model = Model::Yuv { matrix: Matrix::Bt709, range: Range::Limited, subsampling };
    Image::new(vec![luma, chroma.clone(), chroma], model, Depth::Int(bits))
}

#[test]
fn the_line_names_grade_share_and_origin() {
    let said = |findings: &Findings| Verdict::new(findings).line;
    let found = |visible: bool, share: f32, step: f32| {
        let mut findings = found(Cause::Levels, step, share);
        findings.visible = visible;
        findings.grids.iter_mut().for_each(|grid| grid.bits = Some(6));
        findings
    };
    assert_eq!(
        said(&found(true, 0.34, 2.0)),
        "banding: visible, 34 % of the smooth area, from 6 bits per channel"
    );
    assert_eq!(said(&found(false, 0.0, 4.0)), "banding: none");
    assert_eq!(said(&found(true, 0.009, 4.0)), "banding: none");
    let noise = found(false, 0.9, 1.5).but(|new| new.cause = Cause::Jpeg);
    assert_eq!(said(&noise), "banding: none, JPEG noise");
}

#[test]
fn steps_of_eight_bits_are_seen_in_ten_and_fine_slopes_are_not() {
    let look = |image: &Image| look_at_frame(image, &Context::default());
    let steps = |x: f32, y: f32| (90.0 + x / 24.0 + y / 50.0).floor();
    let slope = |x: f32, y: f32| 90.0 + x / 24.0 + y / 50.0;
    for bits in [8, 10, 12] {
        let seen = look(&frame(bits, steps));
        assert!(seen.grade >= Grade::Visible && seen.findings.visible, "{bits} bits: {:?}", seen.grade);
    }
    for bits in [10, 12] {
        let seen = look(&frame(bits, slope));
        assert!(seen.grade == Grade::None && !seen.findings.visible, "{bits} bits: {:?}", seen.grade);
    }
}

#[test]
fn what_is_found_does_not_depend_on_the_codecs_name() {
    let plain = frame(8, |x, y| (90.0 + x / 24.0 + y / 50.0).floor());
    let mut coded = plain.clone();
    coded.origin.codec = Codec::Lossy("h264");
    let [plain, coded] = [plain, coded].map(|image| look_at_frame(&image, &Context::default()));
    assert_eq!((plain.grade, plain.findings), (coded.grade, coded.findings));
}

#[test]
fn one_code_steps_count_only_where_they_are_seen() {
    let mut findings = found(Cause::Plain, 1.0, 0.9);
    findings.visible = false;
    assert_eq!(grade(&findings), Grade::None);
    findings.visible = true;
    assert_eq!(grade(&findings), Grade::Slight);
}
