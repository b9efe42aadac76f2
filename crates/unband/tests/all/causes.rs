//! Everyday degradations: masked bits, a resize or a JPEG after the loss of levels.
#![allow(clippy::unwrap_used)]

use unband::faithful::Faithful;
use unband::{Alpha, Bands, Context, Options, OutputDepth, With, deband_with, inspect, prove};
use unband_image::findings::Cause;
use unband_image::{Depth, Image, Model, Plane};
use unband_io::{Limits, WriteOptions, by_name, read, write};

const W: usize = 384;
const H: usize = 288;

/// An evening sky: values of red, green and blue, 0 to 1.
fn sky(x: f32, y: f32) -> [f32; 3] {
    let (u, v) = (x / W as f32, y / H as f32);
    let glow = (-3.0 * ((u - 0.3).powi(2) + (v - 0.8).powi(2))).exp();
    [0.22 + 0.5 * glow + 0.08 * v, 0.25 + 0.32 * glow + 0.1 * v, 0.42 - 0.1 * glow + 0.12 * u]
}

fn image(width: usize, height: usize, value: impl Fn(usize, usize, usize) -> f32) -> Image {
    let plane = |c: usize| {
        let data = (0..width * height).map(|i| value(i % width, i / width, c)).collect();
        Plane { width, height, data }
    };
    Image::new((0..3).map(plane).collect(), Model::Rgb, Depth::EIGHT)
}

/// The nearest 8-bit value.
fn eight(value: f32) -> f32 {
    (255.0 * value).round() / 255.0
}

fn five_bits(value: f32) -> f32 {
    eight((31.0 * value).round() / 31.0)
}

/// Mean square of the differences.
fn error(image: &Image, clean: &Image) -> f64 {
    let pairs = image.planes.iter().zip(&clean.planes).flat_map(|(a, b)| a.data.iter().zip(&b.data));
    let (sum, n) = pairs.fold((0.0, 0.0), |(sum, n), (&a, &b)| (sum + f64::from(a - b).powi(2), n + 1.0));
    sum / n
}

/// Gain in PSNR of the default at 16 bits, with its result.
fn gain(damaged: &Image, clean: &Image, options: Options) -> (f64, Image) {
    let options = options.but(|new| new.depth = OutputDepth::Bits(16));
    let (out, report) = deband_with(damaged.clone(), &options, &Context::default()).unwrap();
    assert!(prove(damaged, &out, &report.findings, report.faithful).holds());
    (10.0 * (error(damaged, clean) / error(&out, clean)).log10(), out)
}

#[test]
fn masked_bits_are_centred() {
    let clean = image(W, H, |x, y, c| sky(x as f32, y as f32)[c]);
    let masked =
        image(W, H, |x, y, c| f32::from((255.0 * sky(x as f32, y as f32)[c]).round() as u8 & 0xF8) / 255.0);
    let found = inspect(&masked, &Context::default());
    assert_eq!(found.cause, Cause::Levels);
    assert!(found.grids.iter().all(|grid| grid.truncated && grid.bits == Some(5)), "{:?}", found.grids);
    let (gain, _) = gain(&masked, &clean, Options::default());
    assert!(gain > 6.0, "{gain}");
}

#[test]
fn expanded_levels_are_centred_on_request() {
    let clean = image(W, H, |x, y, c| 0.5 * sky(x as f32, y as f32)[c]);
    let shifted = image(W, H, |x, y, c| {
        let top = (127.5 * sky(x as f32, y as f32)[c]).round() as u8 >> 3;
        f32::from(top << 3 | top >> 2) / 255.0
    });
    let (usual, _) = gain(&shifted, &clean, Options::default());
    let (asked, _) = gain(&shifted, &clean, Options::with(|new| new.truncated = true));
    assert!(asked > usual + 1.0, "{usual} {asked}");
}

#[test]
fn masked_black_and_white_areas_stay_exact() {
    let bars = |y: usize| if y < 40 { Some(0.0) } else { (y >= H - 40).then_some(1.0) };
    let value = |x: usize, y: usize, c: usize| bars(y).unwrap_or_else(|| sky(x as f32, y as f32)[c]);
    let clean = image(W, H, value);
    let masked = image(W, H, |x, y, c| f32::from((255.0 * value(x, y, c)).round() as u8 & 0xF8) / 255.0);
    let (_, out) = gain(&masked, &clean, Options::default());
    for plane in &out.planes {
        assert!(plane.row(10).iter().all(|&v| v <= 0.0), "{:?}", &plane.row(10)[..4]);
        assert!(plane.row(H - 10).iter().all(|&v| v >= 1.0), "{:?}", &plane.row(H - 10)[..4]);
    }
}

/// Means of 2×2 of an image twice as large.
fn shrunk(value: impl Fn(usize, usize) -> [f32; 3]) -> Image {
    image(W, H, |x, y, c| {
        let four = [(0, 0), (1, 0), (0, 1), (1, 1)].map(|(i, j)| value(2 * x + i, 2 * y + j)[c]);
        four.iter().sum::<f32>() / 4.0
    })
}

/// An image shrunk, and what remains of it where `lose` took levels before.
fn shrunk_pair(
    value: impl Fn(usize, usize) -> [f32; 3],
    lose: impl Fn([f32; 3]) -> [f32; 3],
) -> (Image, Image) {
    let clean = shrunk(&value);
    let mut damaged = shrunk(|x, y| lose(value(x, y)));
    damaged.planes.iter_mut().flat_map(|plane| &mut plane.data).for_each(|value| *value = eight(*value));
    (clean, damaged)
}

/// The sky twice as large.
fn large_sky(x: usize, y: usize) -> [f32; 3] {
    sky(x as f32 / 2.0, y as f32 / 2.0)
}

#[test]
fn levels_are_found_after_a_resize() {
    let (clean, damaged) = shrunk_pair(large_sky, |rgb| rgb.map(five_bits));
    let found = inspect(&damaged, &Context::default());
    assert!(found.resized && found.cause == Cause::Levels, "{found:?}");
    let (gain, _) = gain(&damaged, &clean, Options::default());
    assert!(gain > 3.0, "{gain}");
}

#[test]
fn levels_between_horizontal_contours_are_found_after_a_resize() {
    // Twice as large: each row is three parts of one row and one part of the next.
    let dusk = |y: usize, c: usize| [0.1, 0.15, 0.5][c] + [0.55, 0.3, -0.3][c] * y as f32 / (H / 2) as f32;
    let grown = |of: &dyn Fn(f32) -> f32| {
        image(W, H, |_, y, c| 0.75 * of(dusk(y / 2 + 1, c)) + 0.25 * of(dusk(y / 2 + 2 * (y % 2), c)))
    };
    let clean = grown(&|value| value);
    let mut damaged = grown(&|value| eight((63.0 * value).round() / 63.0));
    damaged.planes.iter_mut().flat_map(|plane| &mut plane.data).for_each(|value| *value = eight(*value));
    let found = inspect(&damaged, &Context::default());
    assert!(found.resized && found.cause == Cause::Levels && found.drawing.is_none(), "{found:?}");
    let (gain, _) = gain(&damaged, &clean, Options::default());
    assert!(gain > 4.0, "{gain}");
}

#[test]
fn levels_of_luma_among_few_colours_are_found_after_a_resize() {
    let lamp = |x: usize, y: usize| {
        let (u, v) = (x as f32 / W as f32 - 1.0, y as f32 / H as f32 - 1.0);
        let light = 0.15 + 0.5 * (-1.2 * (u * u + v * v)).exp();
        [light, 0.98 * light + 0.01, 0.96 * light + 0.02]
    };
    let six_bits = |rgb: [f32; 3]| {
        let luma = 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2];
        let level = (63.0 * luma).round() / 63.0;
        rgb.map(|value| eight(value + level - luma))
    };
    let (clean, damaged) = shrunk_pair(lamp, six_bits);
    let found = inspect(&damaged, &Context::default());
    assert!(found.resized && found.drawing.is_none() && found.grids[0].bits == Some(6), "{found:?}");
    let (gain, _) = gain(&damaged, &clean, Options::default());
    assert!(gain > 3.0, "{gain}");
}

#[test]
fn waves_of_a_few_levels_gain_after_a_resize() {
    let waves = |strength: f32| {
        let value = |x: usize, y: usize| {
            let wave = strength * (0.45 * x as f32).sin() * (0.35 * y as f32).cos();
            large_sky(x, y).map(|value| value + wave)
        };
        let (clean, damaged) = shrunk_pair(value, |rgb| rgb.map(five_bits));
        gain(&damaged, &clean, Options::default()).0
    };
    let (low, high) = (waves(0.02), waves(0.03));
    assert!(low > 0.4 && high > 0.9, "{low} {high}");
}

fn jpeg(image: &Image, quality: u8) -> Image {
    let options = WriteOptions::with(|new| new.quality = Some(quality));
    let mut bytes = Vec::new();
    write(image, by_name("jpeg").unwrap(), &options, &mut bytes).unwrap();
    read(&bytes, &Limits::default()).unwrap()
}

/// The sky with a corner of fine waves.
fn textured(x: usize, y: usize, c: usize) -> f32 {
    let wave = 0.03 * (0.9 * x as f32).sin() * (0.7 * y as f32).cos();
    sky(x as f32, y as f32)[c] + if x > 3 * y { wave } else { 0.0 }
}

#[test]
fn the_first_coding_of_a_jpeg_saved_twice_is_repaired() {
    let clean = image(W, H, textured);
    let once = jpeg(&image(W, H, |x, y, c| eight(textured(x, y, c))), 40);
    let twice = jpeg(&once, 92);
    let found = inspect(&twice, &Context::default());
    assert!(
        found.cause == Cause::Jpeg && found.visible && found.coarser_than_file(&twice.origin),
        "{found:?}"
    );
    let (second, _) = gain(&twice, &clean, Options::default());
    let (bounded, _) = gain(&twice, &clean, Options::with(|new| new.faithful = Some(true)));
    assert!(second > 1.0 && second > bounded + 0.5, "{second} {bounded}");
}

#[test]
fn a_fine_jpeg_of_a_banded_image_is_repaired_as_its_samples_in_a_png() {
    let clean = image(W, H, |x, y, c| sky(x as f32, y as f32)[c]);
    let banded = image(W, H, |x, y, c| five_bits(sky(x as f32, y as f32)[c]));
    let coded = jpeg(&banded, 92);
    let found = inspect(&coded, &Context::default());
    assert_eq!(found.cause, Cause::RecodedGrid);
    let (usual, _) = gain(&coded, &clean, Options::default());
    let (bounded, _) = gain(&coded, &clean, Options::with(|new| new.faithful = Some(true)));
    assert!(usual > bounded + 1.0 && bounded > 0.0, "{usual} {bounded}");
    let (_, report) = deband_with(coded, &Options::default(), &Context::default()).unwrap();
    assert_eq!(report.faithful, Faithful::Grid);
}

#[test]
fn one_banded_channel_of_a_fine_jpeg_is_enough_where_the_others_hide_theirs() {
    let glow = |x: usize, y: usize, c: usize| {
        let from = ((x as f32 / 350.0 - 1.0).powi(2) + (y as f32 / 220.0 - 2.0).powi(2)).sqrt();
        [0.0, 0.63, 0.9][c] * (1.0 - 0.3 * from)
    };
    let levels = [31.0f32, 63.0, 31.0];
    let (wide, high) = (2 * W, 2 * H);
    let banded = image(wide, high, |x, y, c| eight((glow(x, y, c) * levels[c]).round() / levels[c]));
    let coded = jpeg(&banded, 92);
    let found = inspect(&coded, &Context::default());
    let bits: Vec<Option<u8>> = found.grids.iter().map(|grid| grid.bits).collect();
    assert_eq!((found.cause, &bits[..]), (Cause::RecodedGrid, &[Some(5), Some(6), Some(5)][..]));
    let (restored, _) = gain(&coded, &image(wide, high, glow), Options::default());
    assert!(restored > 2.0, "{restored}");
}

/// A glow on a dark background, its alpha rounded to `levels` levels and stored with 8 bits.
fn glow(levels: f32) -> Image {
    let value = |x: usize, y: usize| {
        let (u, v) = ((x as f32 - 190.0) / 150.0, (y as f32 - 140.0) / 130.0);
        eight((levels * (1.15 - (u * u + v * v).sqrt()).clamp(0.0, 1.0)).round() / levels)
    };
    let data = (0..W * H).map(|i| value(i % W, i / W)).collect();
    let alpha = Plane { width: W, height: H, data };
    let colours = image(W, H, |x, y, c| (30 * c + (7 * x + 13 * y) % 19) as f32 / 255.0);
    Image { alpha: Some(alpha), ..colours }
}

#[test]
fn banded_alpha_is_found_and_repaired_on_request() {
    let ctx = Context::default();
    let (clean, damaged) = (glow(255.0), glow(15.0));
    assert_eq!(inspect(&clean, &ctx).alpha, None);
    let found = inspect(&damaged, &ctx);
    assert_eq!(found.alpha_bits(), Some(4));
    assert!(found.sentence().contains("alpha has 4 bits"), "{}", found.sentence());

    let (kept, report) = deband_with(damaged.clone(), &Options::default(), &ctx).unwrap();
    assert!(kept.alpha == damaged.alpha && !report.alpha_repaired);

    let options = Options::with(|new| new.alpha = Alpha::Repair);
    let (out, report) = deband_with(damaged.clone(), &options, &ctx).unwrap();
    assert!(report.changed && report.alpha_repaired);
    let as_grey = |image: &Image| Image::new(vec![image.alpha.clone().unwrap()], Model::Gray, Depth::EIGHT);
    let [clean, damaged, out] = [&clean, &damaged, &out].map(as_grey);
    let gain = 10.0 * (error(&damaged, &clean) / error(&out, &clean)).log10();
    assert!(gain > 6.0, "{gain:.2}");
    for (before, after) in damaged.planes[0].data.iter().zip(&out.planes[0].data) {
        assert!((0.0 < *before && *before < 1.0) || before.to_bits() == after.to_bits());
    }
}

#[test]
fn packed_data_and_glyphs_in_alpha_are_left() {
    let ctx = Context::default();
    let with = |value: &dyn Fn(usize, usize) -> u8| {
        let data = (0..W * H).map(|i| f32::from(value(i % W, i / W)) / 255.0).collect();
        let alpha = Plane { width: W, height: H, data };
        Image { alpha: Some(alpha), ..glow(15.0) }
    };
    // A roughness map of 16 levels.
    let packed = with(&|x, y| ((x * 2_654_435 + y * 40_503) >> 7) as u8 % 16 * 17);
    // Edges of glyphs: coverage in 16 levels, from opaque to transparent in a few samples.
    let glyphs =
        with(&|x, y| (((x % 24).abs_diff(12) * 3 + y / 24 % 3).saturating_sub(10)).min(15) as u8 * 17);
    assert_eq!(inspect(&packed, &ctx).alpha, None);
    assert_eq!(inspect(&glyphs, &ctx).alpha, None);
}

#[test]
fn grey_gradients_stay_neutral_and_coloured_ones_pass_grey_smoothly() {
    // A grey gradient on the left; on the right one from blue to orange that passes grey in its middle.
    let value = |x: usize, y: usize, c: usize| {
        let (u, v) = (x as f32 / W as f32, y as f32 / H as f32);
        let grey = 0.25 + 0.5 * v + 0.1 * u;
        if x < W / 2 { grey } else { grey + [0.2, 0.0, -0.2][c] * (v - 0.5) }
    };
    let clean = image(W, H, value);
    let damaged = image(W, H, |x, y, c| five_bits(value(x, y, c)));
    let (gain, out) = gain(&damaged, &clean, Options::default());
    assert!(gain > 3.0, "{gain:.2}");
    let chroma = |image: &Image, x: usize, y: usize| {
        let [r, g, b] = [0, 1, 2].map(|p: usize| image.planes[p].row(y)[x]);
        [r - g, b - g]
    };
    for y in 0..H {
        for x in 0..W / 2 - 16 {
            assert!(chroma(&out, x, y).iter().all(|c| c.abs() < 2.0 / 65535.0), "{x}, {y}");
        }
    }
    let wrong = |image: &Image| -> f32 {
        let at = |x, y| {
            let [a, b] = [image, &clean].map(|image| chroma(image, x, y));
            (a[0] - b[0]).powi(2) + (a[1] - b[1]).powi(2)
        };
        (0..H).flat_map(|y| (W / 2 + 16..W).map(move |x| (x, y))).map(|(x, y)| at(x, y)).sum()
    };
    assert!(wrong(&out) < 0.4 * wrong(&damaged), "{} of {}", wrong(&out), wrong(&damaged));
}

#[test]
fn luma_and_chroma_on_six_bits_are_no_jpeg() {
    // Levels 4 codes apart, as the block means of a JPEG with a quantiser of 32.
    let colours = |x: usize, y: usize| {
        let (u, v) = (x as f32 / W as f32, y as f32 / H as f32);
        [0.15 + 0.6 * u, 0.2 + 0.5 * v, 0.8 - 0.5 * u * v]
    };
    let clean = image(W, H, |x, y, c| colours(x, y)[c]);
    let damaged = image(W, H, |x, y, c| {
        let [r, g, b] = colours(x, y);
        let luma = 0.299 * r + 0.587 * g + 0.114 * b;
        let six = |v: f32| (v * 255.0 / 4.0).round() * 4.0 / 255.0;
        let (luma, blue, red) = (six(luma), six(0.564 * (b - luma)), six(0.713 * (r - luma)));
        eight([luma + 1.402 * red, luma - 0.344 * blue - 0.714 * red, luma + 1.772 * blue][c].clamp(0.0, 1.0))
    });
    let found = inspect(&damaged, &Context::default());
    assert_eq!(found.cause, Cause::PlaneGrid, "{}", found.sentence());
    let (gain, _) = gain(&damaged, &clean, Options::default());
    assert!(gain > 3.0, "{gain:.2}");
}

/// Levels at uneven distances of about six codes, which no grid explains.
fn uneven(value: f32, channel: usize) -> f32 {
    let level = (255.0 * value / 6.0 + 0.37 * channel as f32).round();
    eight((6.0 * (level - 0.37 * channel as f32) + 0.9 * (2.4 * level).sin()) / 255.0)
}

#[test]
fn bands_that_the_user_states_are_repaired_whatever_is_found() {
    let clean = image(W, H, |x, y, c| sky(x as f32, y as f32)[c]);
    let posterised = image(W, H, |x, y, c| uneven(sky(x as f32, y as f32)[c], c));
    let found = |options: &Options| unband::find(&posterised, options, &Context::default());
    let stated = |bands| Options::with(|new| new.bands = Some(bands));
    let steps = stated(Bands::Steps([6.5; 3]));
    assert_eq!(found(&steps).sentence().split(';').next(), Some("steps of 6.5 codes, as declared"));
    let (of_default, _) = gain(&posterised, &clean, Options::default());
    let (of_steps, _) = gain(&posterised, &clean, steps);
    assert!(of_steps > of_default + 1.0 && of_steps > 6.0, "{of_default} {of_steps}");
    let bits = stated(Bands::Bits(5));
    assert_eq!(found(&bits).sentence().split(';').next(), Some("5 bits per channel, as declared"));
    let (of_bits, _) = gain(&posterised, &clean, bits);
    assert!(of_bits > 6.0, "{of_bits}");
}

#[test]
fn levels_that_are_found_stay_exact_where_the_user_states_their_bits() {
    let few = image(W, H, |x, y, c| five_bits(sky(x as f32, y as f32)[c]));
    let options = Options::with(|new| new.bands = Some(Bands::Bits(5)));
    assert_eq!(unband::find(&few, &options, &Context::default()).cause, Cause::Levels);
    let other = Options::with(|new| new.bands = Some(Bands::Bits(4)));
    assert_eq!(unband::find(&few, &other, &Context::default()).cause, Cause::Declared);
}

#[test]
fn drawings_are_repaired_where_the_user_states_bands() {
    // Flat stripes of eight codes with hard edges between two colours: a drawing.
    let stripes =
        image(W, H, |x, y, c| eight((60 + 8 * (x / 24) + 40 * c * usize::from(y > H / 2)) as f32 / 255.0));
    let run = |options: Options| deband_with(stripes.clone(), &options, &Context::default()).unwrap().1;
    let left = run(Options::default());
    assert!(!left.changed, "{:?}", left.reason);
    assert!(run(Options::with(|new| new.bands = Some(Bands::Steps([8.0; 3])))).changed);
}

#[test]
fn bands_outside_their_range_are_refused() {
    for bands in [Bands::Bits(0), Bands::Bits(13), Bands::Steps([4.0, 0.0, 4.0]), Bands::Steps([f32::NAN; 3])]
    {
        assert!(unband::check(&Options::with(|new| new.bands = Some(bands))).is_err(), "{bands:?}");
    }
    assert_eq!("4, 2,4".parse(), Ok(Bands::Steps([4.0, 2.0, 4.0])));
    for text in ["", "4,2", "x", "400", "nan"] {
        assert!(text.parse::<Bands>().is_err(), "{text}");
    }
}
