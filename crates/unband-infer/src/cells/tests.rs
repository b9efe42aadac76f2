use super::*;
use unband_image::{Plane, Range, With};

fn grey_ramp() -> Image {
    let codes: Vec<u8> = (0..3 * 64 * 4).map(|i| (i / 3 % 64) as u8).collect();
    Image::from_rgb8(64, 4, &codes).unwrap()
}

fn found(step: f32, space: Space) -> Findings {
    let mut findings = Findings::plain(3, 8);
    findings.space = space;
    findings.grids[0] = PlaneGrid::plain(step).but(|new| new.found = true);
    findings
}

fn all(image: &Image) -> Window {
    Window { x0: 0, y0: 0, x1: image.width(), y1: image.height() }
}

fn whole<'a>(image: &Image, planes: &'a [Plane]) -> SurfaceWindow<'a> {
    SurfaceWindow { planes, window: all(image) }
}

#[test]
fn waves_are_1_on_levels_and_minus_1_between_them() {
    let image = grey_ramp();
    for space in [Space::Native, Space::Yuv { matrix: Matrix::Bt601, range: Range::Full }] {
        let cells = Cells::new(&found(8.0, space));
        let planes = cells.planes(&image, &whole(&image, &image.planes), all(&image), Level::best());
        let first = &planes[3 * 64 * 4..][..64];
        let second = &planes[4 * 64 * 4..][..64];
        for (x, (&a, &b)) in first.iter().zip(second).enumerate() {
            let (want_a, want_b) = match x % 8 {
                0 => (1.0, 0.0),
                2 => (0.0, 1.0),
                4 => (-1.0, 0.0),
                6 => (0.0, -1.0),
                _ => continue,
            };
            assert!((a - want_a).abs() < 1e-3 && (b - want_b).abs() < 1e-3, "{space:?} {x}: {a} {b}");
        }
        // Planes without a grid are zero, and so is the correction by a surface equal to the image.
        assert!(planes[5 * 64 * 4..].iter().all(|&v| v == 0.0));
        assert!(planes[..3 * 64 * 4].iter().all(|&v| v.abs() < 1e-4));
    }
}

#[test]
fn changes_are_given_in_intervals() {
    let image = grey_ramp();
    let mut surface = image.planes.clone();
    for plane in &mut surface {
        plane.data.iter_mut().for_each(|v| *v += 2.0 / 255.0);
    }
    let cells = Cells::new(&found(8.0, Space::Native));
    let planes = cells.planes(&image, &whole(&image, &surface), all(&image), Level::best());
    let mean = |c: usize| planes[c * 256..][..256].iter().sum::<f32>() / 256.0;
    // A quarter of an interval brighter, no other colour.
    assert!((mean(0) - 0.25).abs() < 1e-4 && mean(1).abs() < 1e-4 && mean(2).abs() < 1e-4);
}

#[test]
fn plain_images_have_no_grid() {
    assert!(Cells::gridded(&found(4.0, Space::Native)));
    assert!(!Cells::gridded(&Findings::plain(3, 8)));
}

#[test]
fn scalars_describe_steps_and_space() {
    let numbers =
        Cells::new(&found(4.0, Space::Yuv { matrix: Matrix::Bt709, range: Range::Limited })).scalars();
    assert!((numbers[0] - 4.0 / 255.0).abs() < 1e-7 && (numbers[3] - 2.0).abs() < 1e-6);
    assert_eq!(numbers[6..], [1.0, 0.0, 0.0, 1.0, 0.0, 0.0]);
}
