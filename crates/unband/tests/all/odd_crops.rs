//! Half-size chroma behind red, green and blue, cropped by odd numbers of pixels.

use unband::{
    Context, Depth, Image, Matrix, Model, Options, OutputDepth, Plane, With, deband_with, inspect, prove,
};

const SIDE: usize = 322;

/// Luma and two colour differences of coloured discs on a slope.
fn painted(x: usize, y: usize) -> [f32; 3] {
    let (fx, fy) = (x as f32, y as f32);
    let (cx, cy) = ((x % 60) as f32 - 30.0, (y % 60) as f32 - 30.0);
    let disc = 1.0 / (1.0 + ((cx * cx + cy * cy).sqrt() - 18.0).exp());
    let slope = (0.0006 * fx + 0.0004 * fy, 0.0005 * fx - 0.0003 * fy);
    let grain = 0.004 * (fx * 1.7 + fy * 2.9).sin() * (fx * 0.9 - fy * 1.3).cos();
    [0.3 + slope.0 + 0.25 * disc + grain, 0.12 * disc - 0.15 + slope.0, 0.1 - 0.16 * disc - slope.1]
}

fn image(yuv: impl Fn(usize, usize) -> [f32; 3], size: (usize, usize), depth: Depth) -> Image {
    let top = depth.max_code() as f32;
    let plane = |c: usize| {
        let value = |i: usize| {
            (Matrix::Bt601.to_rgb(yuv(i % size.0, i / size.0))[c].clamp(0.0, 1.0) * top).round() / top
        };
        Plane { width: size.0, height: size.1, data: (0..size.0 * size.1).map(value).collect() }
    };
    Image::new((0..3).map(plane).collect(), Model::Rgb, depth)
}

fn psnr(image: &Image, clean: &Image) -> f32 {
    let pairs = |p: usize| image.planes[p].data.iter().zip(&clean.planes[p].data);
    let sum: f32 = (0..3).flat_map(pairs).map(|(a, b)| (a - b) * (a - b)).sum();
    -10.0 * (sum / (3 * image.planes[0].data.len()) as f32).log10()
}

#[test]
fn crops_by_odd_numbers_gain_as_much_and_stay_inside() {
    // Chroma of 6 bits at half the size.
    let step = 255.0 / 63.0 / 255.0;
    let stored = |x: usize, y: usize| {
        let around = [(0, 0), (1, 0), (0, 1), (1, 1)].map(|(dx, dy)| painted(x / 2 * 2 + dx, y / 2 * 2 + dy));
        let mean = |p: usize| around.iter().map(|yuv| yuv[p]).sum::<f32>() / 4.0;
        let level = |p: usize| (mean(p) / step).round() * step;
        [(painted(x, y)[0] * 255.0).round() / 255.0, level(1), level(2)]
    };
    let size = (SIDE - 1, SIDE - 1);
    let (ctx, options) = (Context::default(), Options::with(|new| new.depth = OutputDepth::Bits(16)));
    let gains = [(0, 0), (1, 0), (0, 1), (1, 1)].map(|(dx, dy)| {
        let banded = image(|x, y| stored(x + dx, y + dy), size, Depth::EIGHT);
        let clean = image(|x, y| painted(x + dx, y + dy), size, Depth::SIXTEEN);
        let (result, report) = deband_with(banded.clone(), &options, &ctx).unwrap();
        let proof = prove(&banded, &result, &inspect(&banded, &ctx), report.faithful);
        assert_eq!((proof.outside, (result.width(), result.height())), (0, size), "{dx} {dy}");
        psnr(&result, &clean) - psnr(&banded, &clean)
    });
    assert!(gains[0] > 2.0 && gains.iter().all(|gain| *gain > 0.9 * gains[0]), "{gains:?}");
}
