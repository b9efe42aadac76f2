use std::sync::Arc;

use super::*;
use crate::{Engine, GuidedRestorer};
use unband_image::tile::{restore_by_rows, restore_in_place};
use unband_image::{Context, JpegPlane, Needs, RestoreError, Restorer, TileIn, TileOut, With};
use unband_nets::arch::unband_jpeg;
use unband_nets::state::{Weights, fill};

fn stored(scale: (usize, usize), lead: (usize, usize)) -> JpegPlane {
    JpegPlane {
        blocks_across: 4,
        blocks_down: 3,
        lead,
        scale,
        steps: std::array::from_fn(|i| {
            [2, 4, 16][usize::from(i / 8 + i % 8 > 1) + usize::from(i / 8 + i % 8 > 4)]
        }),
        coefficients: Arc::new(vec![0; 64 * 12]),
    }
}

fn coefficients(lead: (usize, usize)) -> JpegCoefficients {
    let planes = vec![stored((1, 1), lead), stored((2, 2), (0, 0)), stored((2, 2), (0, 0))];
    JpegCoefficients { planes, ycc: true, bits: 8 }
}

#[test]
fn scalars_are_logarithms_of_mean_steps() {
    let scalars = Blocks::new(&coefficients((0, 0))).unwrap().scalars();
    for (i, step) in [2.0f32, 4.0, 16.0, 2.0, 4.0, 16.0].into_iter().enumerate() {
        assert!((scalars[i] - step.ln() / 3.0).abs() < 1e-6, "{scalars:?}");
    }
}

#[test]
fn other_files_are_left_out() {
    assert!(Blocks::new(&coefficients((0, 4))).is_none());
    assert!(Blocks::new(&JpegCoefficients { bits: 12, ..coefficients((0, 0)) }).is_none());
    assert!(Blocks::new(&JpegCoefficients { ycc: false, ..coefficients((0, 0)) }).is_none());
}

#[test]
fn a_window_has_the_conditioning_of_the_whole_image() {
    let codes: Vec<u8> = (0..3 * 30 * 22).map(|i| (i * 7 % 251) as u8).collect();
    let image = Image::from_rgb8(30, 22, &codes).unwrap();
    let restored: Vec<u8> = (0..3 * 30 * 22).map(|i| (i * 11 % 241) as u8).collect();
    let restored = Image::from_rgb8(30, 22, &restored).unwrap().planes;
    let blocks = Blocks::new(&coefficients((0, 0))).unwrap();
    let all = Window { x0: 0, y0: 0, x1: 30, y1: 22 };
    let surface = SurfaceWindow { planes: &restored, window: all };
    let whole = blocks.planes(&image, &surface, all, Level::best());
    let window = Window { x0: 12, y0: 4, x1: 20, y1: 22 };
    let wide = window.grown(MARGIN, 30, 22);
    let cut: Vec<Plane> = restored.iter().map(|plane| plane.cut(wide)).collect();
    let surface = SurfaceWindow { planes: &cut, window: wide };
    let part = blocks.planes(&image, &surface, window, Level::best());
    let from = |c: usize, y: usize, x: usize| whole[(c * 22 + y) * 30 + x];
    let want = (0..BLOCK_PLANES).flat_map(|c| (4..22).flat_map(move |y| (12..20).map(move |x| (c, y, x))));
    assert!(want.map(|(c, y, x)| from(c, y, x)).eq(part));
    // The mean of all 17 × 17 samples around, by its definition.
    let at = |x: usize, y: usize| restored[1].row(reflected(y, 8, 22))[reflected(x, 8, 30)];
    let square = (0..17).flat_map(|dy| (0..17).map(move |dx| (dx, dy)));
    let mean = square.map(|(dx, dy)| at(28 + dx, 2 + dy)).sum::<f32>() / 289.0;
    assert!((from(4, 2, 28) - (at(36, 10) - mean)).abs() < 1e-5);
    let signs = [from(6, 0, 3), from(6, 0, 4), from(6, 9, 8), from(7, 5, 0)].map(|v| v > 0.0);
    assert_eq!(signs, [true, false, true, false]);
}

/// Every value plus a pattern of its place.
struct Pattern;

impl Restorer for Pattern {
    fn needs(&self) -> Needs {
        Needs { align: 16, ..Needs::halo(5) }
    }

    fn restore(&self, input: &TileIn<'_>, output: &mut TileOut, _: &Context<'_>) -> Result<(), RestoreError> {
        for plane in &mut output.planes {
            for y in 0..plane.height {
                for (x, v) in plane.row_mut(y).iter_mut().enumerate() {
                    let (x, y) = (input.core.x0 + x, input.core.y0 + y);
                    *v += ((x * 5 + y * 3) % 7) as f32 / 2000.0;
                }
            }
        }
        Ok(())
    }
}

#[test]
fn windows_and_rows_give_what_the_whole_image_gives() {
    let graph = unband_jpeg::build(&unband_jpeg::Config { width: 6, blocks: 2 }).unwrap();
    let weights = Weights::bind(&graph, &fill::golden(&graph.stored())).unwrap();
    let engine = Arc::new(Engine::new(graph, weights, Level::best()));
    for (width, height, planes) in [(301, 210, 3), (97, 415, 1), (9, 5, 3), (1, 1, 3)] {
        let codes: Vec<u8> = (0..planes * width * height).map(|i| (i * 7 % 251) as u8).collect();
        let image = match planes {
            1 => Image::from_gray(width, height, &codes).unwrap(),
            _ => Image::from_rgb8(width, height, &codes).unwrap(),
        };
        let blocks = Blocks::new(&coefficients((0, 0))).unwrap();
        let restorer =
            GuidedRestorer::new(&unband_jpeg::ENTRY, engine.clone(), Box::new(Pattern), blocks, 1.0);
        let restorer = restorer.unwrap();
        let mut whole = image.clone();
        restore_in_place(&mut whole, &restorer, 4096, &mut |_, _| {}, &Context::default()).unwrap();
        assert_ne!(whole, image);
        for threads in [1, 3] {
            let ctx = Context::with(|new| new.threads = threads);
            let mut rows = image.clone();
            assert!(restore_by_rows(&mut rows, &restorer, &mut |_, _| {}, &ctx).unwrap());
            assert!(rows == whole, "rows of {width}×{height}, {threads} threads");
            let mut windows = image.clone();
            restore_in_place(&mut windows, &restorer, 64, &mut |_, _| {}, &ctx).unwrap();
            let pairs =
                windows.planes.iter().zip(&whole.planes).flat_map(|(a, b)| a.data.iter().zip(&b.data));
            let apart = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(apart < 1e-6, "windows of {width}×{height}: {apart}");
        }
    }
}
