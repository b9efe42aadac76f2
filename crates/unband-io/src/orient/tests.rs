use super::*;
use unband_image::{Depth, Matrix, Range};

#[test]
fn every_orientation_puts_the_first_row_and_column_where_exif_says() {
    // Rows 123 / 456. The expected result of each orientation follows from Exif's positions of row 0 and
    // column 0.
    let shown: [(u8, usize, &[f32]); 8] = [
        (1, 3, &[1., 2., 3., 4., 5., 6.]),
        (2, 3, &[3., 2., 1., 6., 5., 4.]),
        (3, 3, &[6., 5., 4., 3., 2., 1.]),
        (4, 3, &[4., 5., 6., 1., 2., 3.]),
        (5, 2, &[1., 4., 2., 5., 3., 6.]),
        (6, 2, &[4., 1., 5., 2., 6., 3.]),
        (7, 2, &[6., 3., 5., 2., 4., 1.]),
        (8, 2, &[3., 6., 2., 5., 1., 4.]),
    ];
    for (orientation, width, expected) in shown {
        let mut plane = Plane { width: 3, height: 2, data: vec![1., 2., 3., 4., 5., 6.] };
        apply_to_plane(&mut plane, Turn::from_exif(orientation)).unwrap();
        assert_eq!((plane.width, plane.data.as_slice()), (width, expected), "orientation {orientation}");
    }
}

/// Luma and chroma ramps, with a known colour at each position.
fn ramps(width: usize, height: usize, x: u8, y: u8, siting: Siting) -> Image {
    let chroma = Subsampling { x, y };
    let model = Model::Yuv { matrix: Matrix::Bt709, range: Range::Full, subsampling: chroma };
    let plane = |(w, h), (sx, sy): (u8, u8), between: (bool, bool)| {
        let at = |i: usize, scale: u8, between: bool| {
            i as f32 * f32::from(scale) + if between { (f32::from(scale) - 1.0) / 2.0 } else { 0.0 }
        };
        let data =
            (0..w * h).map(|i| 0.2 + 0.03 * at(i % w, sx, between.0) + 0.002 * at(i / w, sy, between.1));
        Plane { width: w, height: h, data: data.collect() }
    };
    let small = plane(
        chroma.chroma_size(width, height),
        (x, y),
        (siting == Siting::Center, siting != Siting::TopLeft),
    );
    let luma = plane((width, height), (1, 1), (false, false));
    let mut image = Image::new(vec![luma, small.clone(), small], model, Depth::EIGHT);
    image.color.siting = siting;
    image
}

#[test]
fn smaller_chroma_planes_stay_on_the_luma_samples_they_belong_to() {
    let mut kept = 0;
    for (width, height) in [(12, 8), (13, 8), (12, 9), (13, 9)] {
        for (x, y) in [(2, 2), (2, 1), (1, 2), (1, 1), (4, 1)] {
            for siting in [Siting::Left, Siting::Center, Siting::TopLeft] {
                for orientation in 2..=8 {
                    let mut turned = ramps(width, height, x, y, siting);
                    apply(&mut turned, orientation).unwrap();
                    let same_size = turned.planes[1].data.len() < turned.planes[0].data.len();
                    kept += usize::from(same_size);
                    let turned = turned.into_full_chroma(&Context::default()).unwrap();
                    let full = ramps(width, height, x, y, siting).into_full_chroma(&Context::default());
                    let mut wanted = full.unwrap().planes[1].clone();
                    apply_to_plane(&mut wanted, Turn::from_exif(orientation)).unwrap();
                    let what = format!("{width}×{height} {x}×{y} {siting:?} {orientation}");
                    assert_eq!(turned.planes[0].width, wanted.width, "{what}");
                    assert_eq!(
                        (turned.planes[1].width, turned.planes[1].height),
                        (wanted.width, wanted.height)
                    );
                    for (got, wanted) in turned.planes[1].data.iter().zip(&wanted.data) {
                        assert!((got - wanted).abs() < 1e-5, "{what}: {got} {wanted}");
                    }
                }
            }
        }
    }
    // Most need no interpolation; even sides with chroma between the samples never do.
    assert!(kept > 120, "{kept}");
    let mut even = ramps(12, 8, 2, 2, Siting::Center);
    apply(&mut even, 6).unwrap();
    assert_eq!((even.planes[1].width, even.planes[1].height), (4, 6));
}
