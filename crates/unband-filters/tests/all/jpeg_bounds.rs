//! Invariants of JPEG coefficient bounds.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use unband_filters::jpeg_bounds::{Inside, JpegBounds, JpegDeblock, coefficients, inside};
use unband_image::restorer::{Passage, Rows};
use unband_image::tile::{Band, restore_by_rows, restore_in_place, restored_window};
use unband_image::{
    Codec, Context, Depth, Image, JpegCoefficients, JpegOrigin, JpegPlane, Model, Needs, Plane, RestoreError,
    Restorer, TileIn, TileOut, Window, With,
};
use unband_simd::{Level, io::jpeg_dct};

use crate::error;

/// Pseudo-random numbers.
fn hash(a: usize, b: usize, c: usize) -> f32 {
    let mut h = (a * 73_856_093) ^ (b * 19_349_663) ^ (c * 83_492_791);
    h ^= h >> 13;
    h = h.wrapping_mul(0x5bd1_e995);
    ((h >> 8) & 0xffff) as f32 / 65_535.0 - 0.5
}

/// An image in codes: slopes, an edge, some texture.
fn painted(component: usize, x: f32, y: f32) -> f32 {
    let slope = 0.35 * x + 0.2 * y - 40.0;
    let edge = if x + 0.5 * y > 70.0 { 35.0 } else { 0.0 };
    let texture = if y > 40.0 { 9.0 * (0.9 * x).sin() * (0.7 * y).cos() } else { 0.0 };
    [slope + edge + texture, 0.3 * slope - 0.4 * edge, 12.0 - 0.2 * slope][component]
}

struct Case {
    size: (usize, usize),
    scale: (usize, usize),
    lead: (usize, usize),
    gray: bool,
    step: u16,
}

impl Case {
    /// The stored coefficients of the image, as an encoder computes them, and their decoded values.
    fn image(&self, noise: f32) -> Image {
        let (width, height) = self.size;
        let planes: Vec<JpegPlane> = (0..if self.gray { 1 } else { 3 })
            .map(|c| {
                let scale = if c == 0 { (1, 1) } else { self.scale };
                let own = (width.div_ceil(scale.0), height.div_ceil(scale.1));
                let (across, down) = ((own.0 + self.lead.0).div_ceil(8), (own.1 + self.lead.1).div_ceil(8));
                let steps = std::array::from_fn(|i| self.step + (i / 8 + i % 8) as u16 * self.step / 4);
                let mut coefficients = Vec::new();
                for block in 0..across * down {
                    let at = |i: usize| {
                        let x = (8 * (block % across) + i % 8) as f32 - self.lead.0 as f32;
                        let y = (8 * (block / across) + i / 8) as f32 - self.lead.1 as f32;
                        let noise = noise * hash(block, i, c);
                        painted(c, x * scale.0 as f32, y * scale.1 as f32) + noise
                    };
                    let mut samples: Vec<f32> = (0..64).map(at).collect();
                    jpeg_dct::forward(Level::Scalar, &mut samples);
                    coefficients
                        .extend(samples.iter().zip(&steps).map(|(v, &q)| (v / f32::from(q)).round() as i16));
                }
                let coefficients = Arc::new(coefficients);
                JpegPlane {
                    blocks_across: across,
                    blocks_down: down,
                    lead: self.lead,
                    scale,
                    steps,
                    coefficients,
                }
            })
            .collect();
        let stored = JpegCoefficients { planes, ycc: !self.gray, bits: 8 };
        decoded(stored, self.size)
    }

    /// The image before encoding.
    fn clean(&self) -> Image {
        let (width, height) = self.size;
        let model = if self.gray { Model::Gray } else { Model::Rgb };
        let mut image = Image::new(vec![], model, Depth::F32);
        let at = |i: usize, c: usize| painted(c, (i % width) as f32, (i / width) as f32);
        let n = width * height;
        let planes: Vec<Vec<f32>> = if self.gray {
            vec![(0..n).map(|i| (at(i, 0) + 128.0) / 255.0).collect()]
        } else {
            let rgb = |i: usize| to_rgb([at(i, 0) + 128.0, at(i, 1), at(i, 2)]);
            (0..3).map(|p| (0..n).map(|i| rgb(i)[p] / 255.0).collect()).collect()
        };
        image.planes = planes.into_iter().map(|data| Plane { width, height, data }).collect();
        image
    }
}

fn to_rgb([y, u, v]: [f32; 3]) -> [f32; 3] {
    [y + 1.402 * v, y - 0.344_136 * u - 0.714_136 * v, y + 1.772 * u]
}

/// Decoded as libjpeg does, in float.
fn decoded(stored: JpegCoefficients, (width, height): (usize, usize)) -> Image {
    let full: Vec<Vec<f32>> = stored
        .planes
        .iter()
        .map(|plane| {
            let mut blocks: Vec<f32> = Vec::new();
            for coefficients in plane.coefficients.chunks(64) {
                blocks
                    .extend(coefficients.iter().zip(plane.steps).map(|(&k, q)| f32::from(k) * f32::from(q)));
            }
            jpeg_dct::inverse(Level::Scalar, &mut blocks);
            let (sx, sy) = plane.scale;
            let own = (width.div_ceil(sx), height.div_ceil(sy));
            let sample = |x: usize, y: usize| {
                let (x, y) = (x.min(own.0 - 1) + plane.lead.0, y.min(own.1 - 1) + plane.lead.1);
                blocks[64 * (y / 8 * plane.blocks_across + x / 8) + y % 8 * 8 + x % 8]
            };
            let far = |x: usize, s: usize| match (s, x % 2) {
                (2, 0) => (x / 2).saturating_sub(1),
                (2, _) => x / 2 + 1,
                _ => x / s,
            };
            let mut out = Vec::new();
            for y in 0..height {
                for x in 0..width {
                    let row = |y: usize| 0.75 * sample(x / sx, y) + 0.25 * sample(far(x, sx), y);
                    out.push(0.75 * row(y / sy) + 0.25 * row(far(y, sy)));
                }
            }
            out
        })
        .collect();
    let gray = full.len() == 1;
    let mut image = Image::new(vec![], if gray { Model::Gray } else { Model::Rgb }, Depth::EIGHT);
    let planes: Vec<Vec<f32>> = if gray {
        vec![full[0].iter().map(|v| (v + 128.0) / 255.0).collect()]
    } else {
        let rgb = |i: usize| to_rgb([full[0][i] + 128.0, full[1][i], full[2][i]]);
        (0..3).map(|p| (0..width * height).map(|i| rgb(i)[p] / 255.0).collect()).collect()
    };
    image.planes = planes.into_iter().map(|data| Plane { width, height, data }).collect();
    image.origin.codec = Codec::Jpeg(JpegOrigin::with(|new| new.coefficients = Some(Arc::new(stored))));
    image
}

fn cases() -> Vec<Case> {
    let case = |size, scale, lead, gray| Case { size, scale, lead, gray, step: 12 };
    vec![
        case((96, 80), (1, 1), (0, 0), false),
        case((97, 83), (2, 1), (0, 0), false),
        case((99, 81), (2, 2), (0, 0), false),
        case((98, 82), (1, 2), (0, 0), false),
        case((100, 84), (2, 2), (5, 3), false),
        case((91, 85), (1, 1), (7, 1), false),
        case((33, 90), (1, 1), (0, 6), true),
        case((5, 3), (2, 2), (0, 0), false),
        case((70, 64), (4, 1), (0, 0), false),
        case((75, 61), (3, 1), (0, 0), false),
    ]
}

/// Moves samples far beyond any bound, each by a different amount.
struct Wild(f32);

impl Restorer for Wild {
    fn needs(&self) -> Needs {
        Needs::halo(3)
    }

    fn restore(&self, input: &TileIn<'_>, output: &mut TileOut, _: &Context<'_>) -> Result<(), RestoreError> {
        for (p, plane) in output.planes.iter_mut().enumerate() {
            let core = input.core_on(p);
            for y in 0..plane.height {
                for (x, v) in plane.row_mut(y).iter_mut().enumerate() {
                    *v += self.0 * hash(core.x0 + x, core.y0 + y, p) / 255.0;
                }
            }
        }
        Ok(())
    }
}

/// [`Wild`] by rows, in bands of seven.
struct WildRows(Wild);

impl Restorer for WildRows {
    fn needs(&self) -> Needs {
        self.0.needs()
    }

    fn restore(
        &self,
        input: &TileIn<'_>,
        output: &mut TileOut,
        ctx: &Context<'_>,
    ) -> Result<(), RestoreError> {
        self.0.restore(input, output, ctx)
    }

    fn passage<'a>(
        &'a self,
        _: &Image,
        _: &Context<'_>,
    ) -> Result<Option<Box<dyn Passage + 'a>>, RestoreError> {
        Ok(Some(Box::new(Sevens { of: &self.0, done: 0 })))
    }
}

struct Sevens<'a> {
    of: &'a Wild,
    done: usize,
}

impl Passage for Sevens<'_> {
    fn next(&mut self, image: &Image, ctx: &Context<'_>) -> Result<Option<Rows>, RestoreError> {
        let window =
            Window { x0: 0, y0: self.done, x1: image.width(), y1: (self.done + 7).min(image.height()) };
        if window.y0 == window.y1 {
            return Ok(None);
        }
        self.done = window.y1;
        let planes = restored_window(image, self.of, window, ctx)?;
        Ok(Some(Rows { band: Band { window, planes }, free: window.y1 }))
    }
}

/// Bounds around samples that moved by that much.
fn bounds(image: &Image, by: f32) -> Box<dyn Restorer> {
    Box::new(JpegBounds::around(image, Box::new(Wild(by))).ok().unwrap())
}

fn deblock(image: &Image, by: Option<f32>) -> Box<dyn Restorer> {
    let inner = by.map(|by| Box::new(Wild(by)) as Box<dyn Restorer>);
    JpegDeblock::around(image, inner).ok().unwrap().guided()
}

fn restored(image: &Image, restorer: &dyn Restorer, tile: usize, ctx: &Context<'_>) -> Image {
    let mut out = image.clone();
    restore_in_place(&mut out, restorer, tile, &mut |_, _| {}, ctx).unwrap();
    out
}

#[test]
fn coefficients_of_any_result_lie_in_their_intervals() {
    for case in cases() {
        let image = case.image(30.0);
        let bounded = [1.0, 60.0].map(|by| bounds(&image, by));
        let deblocked = [None, Some(1.0), Some(60.0)].map(|by| deblock(&image, by));
        for (i, restorer) in bounded.into_iter().chain(deblocked).enumerate() {
            let out = restored(&image, &*restorer, 64, &Context::default());
            let Inside { counted, outside, worst } = inside(&image, &out, 0.002, false).unwrap();
            assert_eq!(outside, 0, "{:?} {:?} {i}: {worst}", case.size, case.scale);
            assert_eq!(counted > 0, case.size.0 > 15);
        }
        let mut wild = image.clone();
        wild.planes
            .iter_mut()
            .flat_map(|p| &mut p.data)
            .enumerate()
            .for_each(|(i, v)| *v += 60.0 / 255.0 * hash(i, 3, 5));
        let caught = inside(&image, &wild, 0.002, false).unwrap().outside > 0;
        assert_eq!(caught, case.size.0 > 15, "{:?}", case.size);
    }
}

/// Gives these planes.
struct Planes(Vec<Plane>);

impl Restorer for Planes {
    fn needs(&self) -> Needs {
        Needs::halo(0)
    }

    fn restore(&self, input: &TileIn<'_>, output: &mut TileOut, _: &Context<'_>) -> Result<(), RestoreError> {
        output.planes = self.0.iter().map(|plane| plane.cut(input.core)).collect();
        Ok(())
    }
}

fn apart(a: &Image, b: &Image) -> f32 {
    let pairs = a.planes.iter().zip(&b.planes).flat_map(|(a, b)| a.data.iter().zip(&b.data));
    pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn results_inside_stay_as_they_are() {
    // Without blocks that extend beyond the image: samples there follow those inside.
    for case in cases().into_iter().map(|case| Case { size: (96, 80), lead: (0, 0), ..case }) {
        let image = case.image(30.0);
        for by in [0.0, 20.0] {
            let inside = restored(&image, &*bounds(&image, by), 64, &Context::default());
            let again = JpegBounds::around(&image, Box::new(Planes(inside.planes.clone()))).ok().unwrap();
            let again = restored(&image, &again, 64, &Context::default());
            assert!(apart(&inside, &again) < 1e-5, "{:?}: {}", case.scale, apart(&inside, &again));
            // Components of full size are inside as they are decoded.
            if by == 0.0 && case.scale == (1, 1) {
                assert!(apart(&inside, &image) < 1e-5);
            }
        }
    }
}

#[test]
fn whole_rows_give_the_same_as_windows() {
    for case in cases() {
        let image = case.image(20.0);
        for by in [2.0, 40.0] {
            let bounds = JpegBounds::around(&image, Box::new(WildRows(Wild(by)))).ok().unwrap();
            let want = restored(&image, &bounds, 4096, &Context::default());
            for threads in [1, 3] {
                let ctx = Context::with(|new| new.threads = threads);
                let mut out = image.clone();
                assert!(restore_by_rows(&mut out, &bounds, &mut |_, _| {}, &ctx).unwrap());
                assert_eq!(out, want, "{:?} {:?}", case.size, case.scale);
            }
        }
    }
}

#[test]
fn windows_threads_and_levels_never_show() {
    for case in cases() {
        let image = case.image(20.0);
        let ctx = Context::with(|new| {
            new.threads = 1;
            new.level = Level::Scalar;
        });
        let restorers = [bounds(&image, 9.0), deblock(&image, Some(9.0))];
        let whole = restorers.each_ref().map(|restorer| restored(&image, &**restorer, 4096, &ctx));
        for level in Level::all() {
            for (tile, threads) in [(16, 1), (48, 3)] {
                let ctx = Context::with(|new| {
                    new.threads = threads;
                    new.level = level;
                });
                for (restorer, whole) in restorers.iter().zip(&whole) {
                    let out = restored(&image, &**restorer, tile, &ctx);
                    assert_eq!(out, *whole, "{:?} {:?} {tile} {level:?}", case.size, case.scale);
                }
            }
        }
    }
}

#[test]
fn averaging_brings_an_image_nearer_to_its_original() {
    for step in [8, 24, 48] {
        for mut case in cases().into_iter().filter(|case| case.size.0 > 50) {
            case.step = step;
            let (image, clean) = (case.image(0.0), case.clean());
            let out = restored(&image, &*deblock(&image, None), 64, &Context::default());
            let share = error(&out, &clean) / error(&image, &clean);
            assert!(share < 0.9, "{:?} {:?}, step {step}: {share}", case.size, case.scale);
        }
    }
}

#[test]
fn an_image_that_is_not_what_its_file_decodes_to_has_no_bounds() {
    let image = cases()[2].image(5.0);
    assert!(coefficients(&image).is_some());
    let mut shifted = image.clone();
    for plane in &mut shifted.planes {
        plane.data.rotate_left(3);
    }
    assert!(coefficients(&shifted).is_none());
    let mut cut = image.clone();
    for plane in &mut cut.planes {
        plane.height -= 9;
        plane.data.truncate(plane.width * plane.height);
    }
    // A padded file has fewer rows than its blocks cover; fewer blocks than the samples need are an error.
    let mut larger = image.clone();
    for plane in &mut larger.planes {
        plane.height += 20;
        plane.data.resize(plane.width * plane.height, 0.5);
    }
    assert!(coefficients(&larger).is_none());
    let mut gray = image;
    gray.planes.truncate(1);
    gray.color.model = Model::Gray;
    assert!(coefficients(&gray).is_none());
}
