use super::*;
use crate::cells::Cells;
use unband_image::findings::{Findings, PlaneGrid, Space};
use unband_image::tile::{restore_by_rows, restore_in_place};
use unband_image::{Matrix, Range, With};
use unband_nets::arch::unband_lite::{Config, ENTRY, build};
use unband_nets::state::{Weights, fill};

/// Replaces the smooth surface: each sample becomes the mean with its left neighbour.
struct Left;

impl Restorer for Left {
    fn needs(&self) -> Needs {
        Needs::halo(4)
    }

    fn restore(&self, input: &TileIn<'_>, output: &mut TileOut, _: &Context<'_>) -> Result<(), RestoreError> {
        for (p, plane) in output.planes.iter_mut().enumerate() {
            for y in 0..plane.height {
                let row = input.image.planes[p].row(input.core.y0 + y);
                for x in 0..plane.width {
                    let at = input.core.x0 + x;
                    plane.data[y * plane.width + x] = 0.5 * (row[at] + row[at.saturating_sub(1)]);
                }
            }
        }
        Ok(())
    }
}

fn restored(image: &Image, silent: bool, tile: usize) -> Vec<Plane> {
    restored_by(image, silent, tile, 1.0)
}

const SMALL: Config = Config { widths: [4, 5, 6, 7], encoder: [0, 1, 1], coarse: 3, decoder: [1, 1, 1] };

fn network(image: &Image, silent: bool, strength: f32, half: bool) -> GuidedRestorer {
    let mut state = fill::golden(&build(&SMALL).unwrap().stored());
    if silent {
        for name in ["tail.weight", "tail.bias"] {
            let mut tensor = state.get(name).unwrap().clone();
            tensor.data = unband_nets::Data::F32(vec![0.0; tensor.to_f32().len()]);
            state.insert(name.to_owned(), tensor);
        }
    }
    of_state(image, &state, strength, half)
}

/// `half`: chroma of half the size, whose positions depend on neighbours.
fn of_state(image: &Image, state: &unband_nets::StateDict, strength: f32, half: bool) -> GuidedRestorer {
    let graph = build(&SMALL).unwrap();
    let weights = Weights::bind(&graph, state).unwrap();
    let engine = Arc::new(Engine::new(graph, weights, unband_simd::Level::best()));
    let mut findings = Findings::plain(image.planes.len(), 8);
    if half {
        findings.space = Space::Yuv { matrix: Matrix::Bt601, range: Range::Full };
        findings.half_chroma = true;
        findings.grids.iter_mut().for_each(|grid| *grid = PlaneGrid::plain(8.0).but(|new| new.found = true));
    }
    let guard = ColorGuard::find(image, &findings, &Context::default());
    GuidedRestorer::new(&ENTRY, engine, Box::new(Left), Cells::new(&findings), strength)
        .unwrap()
        .with_guard(guard)
}

fn restored_by(image: &Image, silent: bool, tile: usize, strength: f32) -> Vec<Plane> {
    let restorer = network(image, silent, strength, false);
    let mut image = image.clone();
    restore_in_place(&mut image, &restorer, tile, &mut |_, _| {}, &Context::default()).unwrap();
    image.planes
}

fn luma_input(width: usize, height: usize) -> Image {
    let codes: Vec<u8> = (0..3 * width * height).map(|i| (i * 7 % 251) as u8).collect();
    Image::from_rgb8(width, height, &codes).unwrap()
}

/// One colour: no contours.
fn wall(width: usize, height: usize) -> Image {
    Image::from_rgb8(width, height, &[90, 120, 60].repeat(width * height)).unwrap()
}

fn apart(a: &[Plane], b: &[Plane]) -> f32 {
    let pairs = a.iter().zip(b).flat_map(|(a, b)| a.data.iter().zip(&b.data));
    pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn a_silent_network_gives_the_surface() {
    let image = luma_input(70, 41);
    let mut want = image.clone();
    restore_in_place(&mut want, &Left, 64, &mut |_, _| {}, &Context::default()).unwrap();
    assert!(apart(&restored(&image, true, 4096), &want.planes) < 1e-5);
    assert!(apart(&restored(&image, false, 4096), &want.planes) > 1e-4);
}

#[test]
fn half_the_strength_makes_half_the_change() {
    let image = luma_input(70, 41);
    assert!(apart(&restored_by(&image, false, 4096, 0.0), &image.planes) == 0.0);
    let (half, whole) = (restored_by(&image, false, 4096, 0.5), restored(&image, false, 4096));
    for (p, plane) in half.iter().enumerate() {
        for ((a, b), c) in plane.data.iter().zip(&whole[p].data).zip(&image.planes[p].data) {
            assert!((a - 0.5 * (b + c)).abs() < 1e-6);
        }
    }
}

#[test]
fn colors_of_a_wall_are_guarded_in_windows_too() {
    let image = wall(150, 530);
    let by = |guard: bool, tile: usize| {
        let restorer = network(&image, false, 1.0, true);
        let restorer = if guard { restorer } else { restorer.with_guard(None) };
        let mut image = image.clone();
        restore_in_place(&mut image, &restorer, tile, &mut |_, _| {}, &Context::default()).unwrap();
        image.planes
    };
    assert!(apart(&by(true, 128), &by(true, 4096)) < 1e-6);
    assert!(apart(&by(true, 4096), &by(false, 4096)) > 1e-4);
}

#[test]
fn windows_give_what_the_whole_image_gives() {
    let image = luma_input(1200, 130);
    assert!(apart(&restored(&image, false, 128), &restored(&image, false, 4096)) < 1e-6);
}

#[test]
fn rows_give_what_one_window_gives() {
    let sizes = [(75, 530, false), (300, 211, true), (1, 1, false), (5, 33, true)];
    let images = sizes.map(|(width, height, half)| (luma_input(width, height), half));
    for (image, half) in images.into_iter().chain([(wall(150, 530), true)]) {
        let (width, height) = (image.width(), image.height());
        let restorer = network(&image, false, 1.0, half);
        let mut whole = image.clone();
        restore_in_place(&mut whole, &restorer, 4096, &mut |_, _| {}, &Context::default()).unwrap();
        for threads in [1, 3] {
            let ctx = Context::with(|new| new.threads = threads);
            let mut rows = image.clone();
            assert!(restore_by_rows(&mut rows, &restorer, &mut |_, _| {}, &ctx).unwrap());
            assert!(rows.planes == whole.planes, "{width}×{height}, {threads} threads");
        }
    }
}

#[test]
fn weights_that_make_no_numbers_are_an_error() {
    let image = luma_input(40, 36);
    let mut state = fill::golden(&build(&SMALL).unwrap().stored());
    let mut tensor = state.get("tail.weight").unwrap().clone();
    tensor.data = unband_nets::Data::F32(vec![1e38; tensor.to_f32().len()]);
    state.insert("tail.weight".to_owned(), tensor);
    let restorer = of_state(&image, &state, 1.0, false);
    for rows in [false, true] {
        let (mut image, ctx) = (image.clone(), Context::default());
        let done = if rows {
            restore_by_rows(&mut image, &restorer, &mut |_, _| {}, &ctx).map(drop)
        } else {
            restore_in_place(&mut image, &restorer, 64, &mut |_, _| {}, &ctx)
        };
        assert!(done.unwrap_err().to_string().contains("weights"));
    }
}

#[test]
fn any_size_and_grey_images_come_back_as_they_were() {
    for (width, height) in [(1, 1), (5, 33)] {
        let made = restored(&luma_input(width, height), false, 64);
        assert_eq!((made.len(), made[0].width, made[0].height), (3, width, height));
        assert!(made.iter().all(|p| p.data.iter().all(|v| v.is_finite())));
    }
    let grey = Image::from_gray(40, 36, &[90u8; 40 * 36]).unwrap();
    assert_eq!(restored(&grey, false, 64).len(), 1);
}
