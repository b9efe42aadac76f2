use super::*;
use crate::bits;
use crate::planes::Codes;
use unband_image::color::Matrix;
use unband_image::findings::{Cause, Space};
use unband_image::image::Image;
use unband_image::{Context, With};

/// A rule that is not in the table: images of one column.
const ONE_COLUMN: Rule = Rule {
    name: "one-column",
    when: "the image has one column",
    applies: |evidence| (evidence.codes.width == 1).then(|| Findings::plain(1, 1)),
};

fn decided(table: &'static [Rule], width: usize) -> (&'static str, Cause, u8) {
    let codes: Vec<u8> = (0..width * 64).map(|i| (i % 64 * 4) as u8).collect();
    let image = Image::from_gray(width, 64, &codes).expect("the size is that of the samples");
    let ctx = Context::with(|new| new.threads = 1);
    let codes = Codes { width, height: 64, planes: vec![codes] };
    let evidence = Evidence::new(&image, bits::effective(&image), codes, &ctx);
    let (rule, found) = decide(table, &evidence);
    (rule.name, found.cause, found.effective_bits)
}

#[test]
fn a_new_cause_is_one_rule_and_one_line() {
    static LONGER: &[Rule] = &[ONE_COLUMN, super::levels::RULE, plain::RULE];
    assert_eq!(decided(LONGER, 1), ("one-column", Cause::Plain, 1));
    assert_eq!(decided(LONGER, 64), ("levels", Cause::Levels, 6));
    assert_eq!(decided(RULES, 64), ("levels", Cause::Levels, 6));
}

#[test]
fn names_are_unique_and_the_last_rule_always_applies() {
    let mut names: Vec<&str> = RULES.iter().map(|rule| rule.name).collect();
    assert_eq!(names.last(), Some(&"plain"));
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), RULES.len());
    assert_eq!(decided(&RULES[RULES.len() - 1..], 64).0, "plain");
}

/// 8-bit YCbCr in 4:2:0 with waves, U on 5 bits, and V between two walls that change by `waves` codes.
fn blue_on_five_bits(waves: f32) -> Image {
    const WIDE: usize = 320;
    let level = |code: f32| ((code * 31.0 / 255.0).round() * 255.0 / 31.0).round();
    let pixel = |i: usize| {
        let (x, y) = ((i % WIDE) as f32, (i / WIDE) as f32);
        let grain = 6.0 * (1.9 * x + 1.7 * y).sin() * (1.0 + (x / 50.0 + 5.2).sin());
        let luma = 60.0 + 0.4 * x + 52.0 * (x / 27.0 + 5.2).sin() * (y / 39.0).cos() + grain;
        let (x, y) = ((x / 2.0).floor() * 2.0 + 0.5, (y / 2.0).floor() * 2.0 + 0.5);
        let blue = level(103.0 + 30.0 * (x / 90.0 + 5.2).sin() + 0.12 * y) - 128.0;
        let wall = if y > 120.0 + 20.0 * (x / 40.0 + 5.2).sin() { 123.7 } else { 131.9 };
        let red = (wall + waves * (x / 34.0 - 5.2).sin() * (y / 45.0).cos()).round() - 128.0;
        let luma = (luma.round().clamp(16.0, 235.0) - 16.0) * 255.0 / 219.0;
        Matrix::Bt601.to_rgb([luma, blue * 255.0 / 224.0, red * 255.0 / 224.0])
    };
    let codes: Vec<u8> = (0..WIDE * 240).flat_map(|i| pixel(i).map(|v| v.round() as u8)).collect();
    Image::from_rgb8(WIDE, 240, &codes).expect("the size is that of the samples")
}

#[test]
fn exact_levels_of_one_plane_are_no_evidence_for_blurred_ones_of_another() {
    for waves in [1.6, 2.0, 2.4] {
        let found = crate::inspect(&blue_on_five_bits(waves), &Context::default());
        let planes: Vec<bool> = found.grids.iter().map(|grid| grid.found).collect();
        assert_eq!((found.cause, &planes[..]), (Cause::PlaneGrid, &[false, true, false][..]), "{waves}");
        assert!(!found.lossy);
    }
}

#[test]
fn a_tinted_grey_gradient_of_few_bits_is_found_and_is_no_drawing() {
    const WIDE: usize = 320;
    let shade = |i: usize| {
        let (x, y) = ((i % WIDE) as f32, (i / WIDE) as f32);
        let hill = 140.0 + 25.0 * (x / 37.0).sin();
        let sky = 190.0 - 0.3 * y + 12.0 * (x / 60.0).sin();
        let ground = 60.0 + 130.0 * (-((y - hill) / 14.0).max(0.0)).exp();
        let level = (if y > hill { ground } else { sky } * 63.0 / 255.0).round() * 255.0 / 63.0;
        [0.62, 0.8, 0.83].map(|tint| (tint * level).round() as u8)
    };
    let codes: Vec<u8> = (0..WIDE * 240).flat_map(shade).collect();
    let image = Image::from_rgb8(WIDE, 240, &codes).expect("the size is that of the samples");
    let found = crate::inspect(&image, &Context::default());
    assert_eq!((found.cause, found.drawing), (Cause::Palette, None));
}

/// A gradient whose luma and chroma have `bits` bits in full range: spread levels with neutral chroma at
/// 0.5, or whole codes with neutral chroma at 128.
fn luma_and_chroma(bits: u32, spread: bool, noise: f32) -> Image {
    const WIDE: usize = 320;
    let level = |code: f32| {
        let most = ((1 << bits) - 1) as f32;
        let step = (256 >> bits) as f32;
        if spread { (code / 255.0 * most).round() / most * 255.0 } else { (code / step).round() * step }
    };
    let neutral = if spread { 127.5 } else { 128.0 };
    let pixel = |i: usize| {
        let (x, y) = ((i % WIDE) as f32, (i / WIDE) as f32);
        let grain = noise * (12.9898 * x + 78.233 * y).sin();
        let luma = level(60.0 + 0.3 * x + 0.2 * y + grain);
        let blue = level(neutral + 0.1 * x - 0.2 * y + grain) - neutral;
        let red = level(neutral - 0.07 * x + 0.15 * y - grain) - neutral;
        Matrix::Bt601.to_rgb([luma, blue, red])
    };
    let codes: Vec<u8> = (0..WIDE * 240).flat_map(|i| pixel(i).map(|v| v.round() as u8)).collect();
    Image::from_rgb8(WIDE, 240, &codes).expect("the size is that of the samples")
}

#[test]
fn levels_of_luma_and_chroma_are_found_by_their_colours() {
    for (bits, spread, noise) in
        [(5, true, 0.0), (6, true, 0.0), (6, true, 9.0), (5, false, 0.0), (6, false, 9.0)]
    {
        let image = luma_and_chroma(bits, spread, noise);
        let found = crate::inspect(&image, &Context::default());
        let grids: Vec<_> = found.grids.iter().map(|grid| grid.bits.filter(|_| grid.found)).collect();
        assert_eq!(grids, [Some(bits as u8); 3], "{bits} bits, spread: {spread}, noise {noise}");
        assert!(matches!(found.space, Space::Yuv { .. }) && found.drawing.is_none() && !found.half_chroma);
        let offset = found.grids[1].offset_codes.rem_euclid(found.grids[1].step_codes);
        let expected = if spread { 0.5 - 128.0 } else { 0.0 };
        let off = (offset - f32::rem_euclid(expected, found.grids[1].step_codes)).abs();
        assert!(off < 0.01, "offset {offset}");
    }
}

#[test]
fn a_coloured_ramp_next_to_a_grey_photo_does_not_decide_for_it() {
    const WIDE: usize = 200;
    let pixel = |i: usize| {
        let (x, y) = (i % WIDE, i / WIDE);
        if y < 160 {
            return [(x * 7 + y * y * 3 + x * y) as u8; 3];
        }
        let ramp = Matrix::Bt601.to_rgb([80.0 + (x / 12 * 8) as f32, 16.0, -8.0]);
        ramp.map(|v| v.round() as u8)
    };
    let codes: Vec<u8> = (0..WIDE * 200).flat_map(pixel).collect();
    let image = Image::from_rgb8(WIDE, 200, &codes).expect("the size is that of the samples");
    let found = crate::inspect(&image, &Context::default());
    assert!(!matches!(found.space, Space::Yuv { .. }), "{:?}", found.cause);
}
