//! Code restorers give the same results as image restorers.
#![allow(clippy::unwrap_used)]

use std::sync::atomic::AtomicBool;

use unband_filters::{FILTERS, parse_method};
use unband_image::dither::Grid;
use unband_image::findings::Findings;
use unband_image::tile::restore_in_place;
use unband_image::{
    CodePlane, Codes, CodesMut, Context, Depth, Image, Matrix, Model, Plane, Range, RestoreError, Restorer,
    Subsampling, With,
};
use unband_simd::Level;

const fn yuv(range: Range, subsampling: Subsampling) -> Model {
    Model::Yuv { matrix: Matrix::Bt709, range, subsampling }
}

const MODELS: [Model; 6] = [
    Model::Gray,
    Model::Rgb,
    yuv(Range::Limited, Subsampling::HALF),
    yuv(Range::Full, Subsampling::HALF),
    yuv(Range::Limited, Subsampling { x: 2, y: 1 }),
    yuv(Range::Full, Subsampling::NONE),
];

/// Methods with settings that work on codes.
const METHODS: &[&str] = &[
    "gradfun",
    "gradfun:radius=9,strength=20",
    "ffmpeg-deband",
    "ffmpeg-deband:range=60,2thr=0.1,3thr=0.005,blur=false",
    "ffmpeg-deband:range=-300,direction=-0.7",
    "f3kdb",
    "f3kdb:dither_algo=2,dynamic_grain=true,frames=9",
    "f3kdb:dither_algo=2,dynamic_grain=true,frames=9,random_algo_grain=2,keep_tv_range=true",
    "f3kdb:dither_algo=2,output_depth=10,sample_mode=4",
    "f3kdb:output_depth=16,range=31",
    "f3kdb:output_depth=8,sample_mode=5",
    "f3kdb:dither_algo=1,sample_mode=7,y=400,cb=300",
];

/// Planes of codes: size, and a code of up to 16 bits for each sample.
type Frame = Vec<((usize, usize), Vec<u16>)>;

/// Bands that cross, with rough patches.
fn frame((w, h): (usize, usize), model: Model, bits: u8, number: usize) -> Frame {
    let planes = if model == Model::Gray { 1 } else { 3 };
    let plane = |p: usize| {
        let (width, height) = match model {
            Model::Yuv { subsampling, .. } if p > 0 => subsampling.chroma_size(w, h),
            _ => (w, h),
        };
        let code = |x: usize, y: usize| {
            let rough =
                if (x / 32 + y / 32).is_multiple_of(3) { (x * 7919 + y * 104_729 + p * 31) % 23 } else { 0 };
            (((60 + p * 9 + 3 * number + x / 9 + y / 13 + rough) % 256) as u16) << (bits - 8) | (x % 2) as u16
        };
        ((width, height), (0..width * height).map(|i| code(i % width, i / width)).collect())
    };
    (0..planes).map(plane).collect()
}

fn image(frame: &Frame, model: Model, bits: u8) -> Image {
    let planes = frame.iter().enumerate().map(|(p, ((width, height), codes))| {
        let grid = Grid::of_bits(model, p, bits);
        let value = |&code: &u16| (f32::from(code) - grid.zero) / grid.scale;
        Plane { width: *width, height: *height, data: codes.iter().map(value).collect() }
    });
    Image::new(planes.collect(), model, Depth::Int(bits))
}

/// The codes of an image that is on their grid.
fn codes_of(image: &Image, bits: u8) -> Vec<Vec<u16>> {
    let plane = |(p, plane): (usize, &Plane)| {
        let grid = Grid::of_bits(image.color.model, p, bits);
        let code = |&value: &f32| {
            let code = value * grid.scale + grid.zero;
            assert!((code - code.round()).abs() < 0.01, "{code} is not a code of {bits} bits");
            code.round() as u16
        };
        plane.data.iter().map(code).collect()
    };
    image.planes.iter().enumerate().map(plane).collect()
}

fn prepare(text: &str, image: &Image, ctx: &Context<'_>) -> Box<dyn Restorer> {
    let method = parse_method(text, FILTERS).unwrap();
    let findings = Findings::plain(image.planes.len(), image.depth.bits());
    method.prepare().unwrap()(image, &findings, ctx).unwrap()
}

/// Runs a frame through the code interface; results start as values that no method writes everywhere.
fn through_codes(
    restorer: &dyn Restorer,
    frame: &Frame,
    (bits, out_bits): (u8, u8),
    ctx: &Context<'_>,
) -> Result<Vec<Vec<u16>>, RestoreError> {
    let narrow = |codes: &Vec<u16>| codes.iter().map(|&code| code as u8).collect::<Vec<u8>>();
    let bytes: Vec<Vec<u8>> = frame.iter().map(|(_, codes)| narrow(codes)).collect();
    let planes = frame.iter().zip(&bytes).map(|((size, words), bytes)| {
        let codes = if bits == 8 { Codes::Bytes(bytes) } else { Codes::Words(words) };
        CodePlane { size: *size, codes }
    });
    let mut bytes_out: Vec<Vec<u8>> = bytes.iter().map(|plane| vec![171; plane.len()]).collect();
    let mut words_out: Vec<Vec<u16>> = bytes.iter().map(|plane| vec![43_981; plane.len()]).collect();
    let mut out: Vec<CodesMut<'_>> = if out_bits <= 8 {
        bytes_out.iter_mut().map(|plane| CodesMut::Bytes(plane)).collect()
    } else {
        words_out.iter_mut().map(|plane| CodesMut::Words(plane)).collect()
    };
    restorer.as_codes().unwrap().restore_codes(&planes.collect::<Vec<_>>(), &mut out, ctx)?;
    if out_bits <= 8 {
        return Ok(bytes_out.iter().map(|plane| plane.iter().map(|&code| code.into()).collect()).collect());
    }
    Ok(words_out)
}

#[test]
fn codes_come_out_as_from_images() {
    let mut changed = 0;
    for method in METHODS {
        for model in MODELS {
            for (size, bits) in
                [((97, 151), 8), ((70, 67), 8), ((17, 33), 10), ((131, 40), 12), ((66, 35), 16)]
            {
                let (first, second) = (frame(size, model, bits, 0), frame(size, model, bits, 1));
                let first = image(&first, model, bits);
                // Prepared with one frame, used for the next.
                let prepared = prepare(method, &first, &Context::default());
                let out_bits = prepared.rounds_to().map_or(bits, Depth::bits);
                let what = format!("{method} {model:?} {size:?} {bits} bits");
                for number in [0, 1, 5] {
                    let ctx = Context::with(|new| {
                        new.frame = number;
                        new.threads = 1;
                    });
                    let mut want = image(&second, model, bits);
                    let restorer = prepare(method, &want, &ctx);
                    restore_in_place(&mut want, &*restorer, 10_000, &mut |_, _| {}, &ctx).unwrap();
                    let want = codes_of(&want, out_bits);
                    changed +=
                        usize::from(out_bits == bits && want.iter().zip(&second).any(|(a, b)| *a != b.1));
                    for level in Level::all() {
                        let ctx = ctx.but(|new| new.level = level);
                        let got = through_codes(&*prepared, &second, (bits, out_bits), &ctx).unwrap();
                        assert!(got == want, "{what}, frame {number}, {level:?}");
                    }
                    for threads in [2, 5] {
                        let ctx = ctx.but(|new| new.threads = threads);
                        let got = through_codes(&*prepared, &second, (bits, out_bits), &ctx).unwrap();
                        assert!(got == want, "{what}, frame {number}, {threads} threads");
                    }
                }
            }
        }
    }
    assert!(changed > 200, "only {changed} frames were changed");
}

#[test]
fn the_door_is_open_where_videos_have_codes() {
    let open = |method: &str, image: &Image| prepare(method, image, &Context::default()).as_codes().is_some();
    let model = yuv(Range::Limited, Subsampling::NONE);
    for bits in 8..=16 {
        let image = image(&frame((40, 40), model, bits, 0), model, bits);
        assert!(["gradfun", "ffmpeg-deband", "f3kdb"].iter().all(|method| open(method, &image)), "{bits}");
        // Needs all planes of a pixel at once.
        assert!(!open("ffmpeg-deband:coupling=true", &image));
    }
    let mut float = image(&frame((40, 40), model, 8, 0), model, 8);
    float.depth = Depth::F32;
    assert!(["gradfun", "ffmpeg-deband", "f3kdb", "smooth"].iter().all(|method| !open(method, &float)));
    // Unchanged, for any output depth.
    let small = image(&frame((15, 40), model, 8, 0), model, 8);
    assert!(!open("f3kdb", &small));
}

#[test]
fn other_frames_than_prepared_for_are_refused() {
    let model = MODELS[2];
    let good = frame((40, 30), model, 8, 0);
    for method in ["gradfun", "ffmpeg-deband", "f3kdb"] {
        let restorer = prepare(method, &image(&good, model, 8), &Context::default());
        let run = |frame: &Frame, bits: (u8, u8)| {
            let result = through_codes(&*restorer, frame, bits, &Context::default());
            result.map(|_| ()).map_err(|error| error.to_string())
        };
        assert_eq!(run(&good, (8, 8)), Ok(()));
        assert_eq!(
            run(&frame((40, 32), model, 8, 0), (8, 8)).unwrap_err(),
            format!("{method} was prepared for planes of 40×30, 20×15, 20×15, not of 40×32, 20×16, 20×16")
        );
        let grey = good[..1].to_vec();
        assert!(run(&grey, (8, 8)).unwrap_err().ends_with("20×15, 20×15, not of 40×30"), "{method}");
        let mut short = good.clone();
        short[1].1.pop();
        assert!(run(&short, (8, 8)).unwrap_err().contains("20×15 needs 300 samples, the buffer holds 299"));
        for bits in [(10, 8), (8, 10)] {
            assert!(run(&good, bits).unwrap_err().contains("8-bit samples come in"), "{method} {bits:?}");
        }
        let stop = AtomicBool::new(true);
        let ctx = Context::with(|new| new.cancel = &stop);
        let stopped = through_codes(&*restorer, &good, (8, 8), &ctx);
        assert!(matches!(stopped, Err(RestoreError::Cancelled)));
        let mut none = Vec::new();
        let planes = [];
        assert!(restorer.as_codes().unwrap().restore_codes(&planes, &mut none, &Context::default()).is_err());
    }
}
