use super::*;
use unband_image::{Range, With};

const STEP: f32 = 255.0 / 31.0;

/// A wall of one colour on the left; on the right blue chroma with a contour every four columns.
fn wall_and_slope(with_luma: bool) -> (Image, Findings) {
    let (width, height) = (512, 64);
    let mut image = Image::from_rgb8(width, height, &vec![0; 3 * width * height]).unwrap();
    for y in 0..height {
        for x in 0..width {
            let blue = STEP * (x.saturating_sub(256) / 4 % 8) as f32 / 255.0;
            let rgb = Matrix::Bt601.to_rgb([0.5, blue, 0.0]);
            image.planes.iter_mut().zip(rgb).for_each(|(plane, v)| plane.row_mut(y)[x] = v);
        }
    }
    let mut findings = Findings::plain(3, 8);
    findings.space = Space::Yuv { matrix: Matrix::Bt601, range: Range::Full };
    findings.grids[1] = PlaneGrid::plain(STEP).but(|new| new.found = true);
    findings.grids[0].found = with_luma;
    (image, findings)
}

#[test]
fn a_wall_without_contours_keeps_the_surface_and_a_slope_the_network() {
    for (with_luma, least) in [(false, 0.0), (true, WITH_LUMA)] {
        let (image, findings) = wall_and_slope(with_luma);
        let guard = ColorGuard::find(&image, &findings, &Context::default()).unwrap();
        let window = Window { x0: 0, y0: 0, x1: 512, y1: 64 };
        let surfaces = Surfaces::default();
        surfaces.keep(&image.planes, window, 0, 40);
        surfaces.keep(&image.planes, window, 40, 64);
        // The network's result: bluer by 4 codes of U, redder by 2 of V.
        let change = Matrix::Bt601.to_rgb([0.0, 4.0 / 255.0, 2.0 / 255.0]);
        let mut planes = image.planes.clone();
        for (plane, change) in planes.iter_mut().zip(change) {
            plane.data.iter_mut().for_each(|v| *v += change);
        }
        surfaces.apply(&guard, window, &mut planes);
        let moved = |x: usize, component: usize| {
            let at = |planes: &[Plane]| [0, 1, 2].map(|p: usize| planes[p].row(41)[x]);
            let (before, after) = (at(&image.planes), at(&planes));
            let yuv = Matrix::Bt601.to_yuv(std::array::from_fn(|p| after[p] - before[p]));
            255.0 * yuv[component]
        };
        assert!((moved(100, 1) - 4.0 * least).abs() < 0.01, "{}", moved(100, 1));
        assert!((moved(400, 1) - 4.0).abs() < 0.01, "{}", moved(400, 1));
        // Red chroma has no coarse grid, and luma is not the guard's.
        for x in [100, 400] {
            assert!((moved(x, 2) - 2.0).abs() < 0.01 && moved(x, 0).abs() < 0.01);
        }
        assert!(surfaces.0.lock().unwrap().is_empty());
    }
}

#[test]
fn finer_chroma_and_other_spaces_need_no_guard() {
    let (image, findings) = wall_and_slope(false);
    let ctx = Context::default();
    let mut finer = findings.clone();
    finer.grids[1].step_codes = 255.0 / 63.0;
    assert!(ColorGuard::find(&image, &finer, &ctx).is_none());
    let native = findings.but(|new| new.space = Space::Native);
    assert!(ColorGuard::find(&image, &native, &ctx).is_none());
}
