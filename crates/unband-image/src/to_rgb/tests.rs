use super::*;
use crate::color::{Matrix, Range};
use crate::depth::Depth;

fn subsampled(subsampling: Subsampling, siting: Siting, chroma: impl Fn(f32, f32) -> f32) -> Image {
    let (width, height) = (13, 9);
    let (cw, ch) = subsampling.chroma_size(width, height);
    let place = |i: usize, scale: u8, between: bool| {
        i as f32 * f32::from(scale) + if between { 0.5 * (f32::from(scale) - 1.0) } else { 0.0 }
    };
    let data = (0..cw * ch).map(|i| {
        let x = place(i % cw, subsampling.x, siting == Siting::Center);
        chroma(x, place(i / cw, subsampling.y, siting != Siting::TopLeft))
    });
    let data: Vec<f32> = data.collect();
    let chroma = Plane { width: cw, height: ch, data };
    let model = Model::Yuv { matrix: Matrix::Bt709, range: Range::Limited, subsampling };
    let planes = vec![Plane::filled(width, height, 0.4), chroma.clone(), chroma];
    let mut image = Image::new(planes, model, Depth::Int(10));
    image.color.siting = siting;
    image
}

#[test]
fn a_chroma_ramp_comes_back_as_a_ramp_wherever_its_samples_lie() {
    let ramp = |x: f32, y: f32| 0.5 + 0.01 * x - 0.005 * y;
    for siting in [Siting::Left, Siting::Center, Siting::TopLeft] {
        for (x, y) in [(1, 1), (2, 1), (2, 2), (4, 1), (1, 2)] {
            let stored = subsampled(Subsampling { x, y }, siting, ramp);
            let full = stored.clone().into_full_chroma(&Context::default()).unwrap();
            assert_eq!((full.planes[0] == stored.planes[0], full.plane_scale(1)), (true, (1, 1)));
            let rgb = stored.into_rgb(&Context::default()).unwrap();
            assert_eq!((rgb.color.model, rgb.planes.len()), (Model::Rgb, 3));
            // Within the outermost chroma samples; beyond them the last one is repeated.
            for row in usize::from(y)..6 {
                for column in usize::from(x)..8 {
                    let c = ramp(column as f32, row as f32) - 0.5;
                    let want = Matrix::Bt709.to_rgb([0.4, c, c]);
                    let chroma = full.planes[1].row(row)[column];
                    assert!((chroma - c - 0.5).abs() < 1e-6, "{siting:?} {x}×{y} at {column},{row}");
                    for (plane, want) in rgb.planes.iter().zip(want) {
                        let got = plane.row(row)[column];
                        assert!(
                            (got - want).abs() < 1e-6,
                            "{siting:?} {x}×{y} at {column},{row}: {got} {want}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn neutral_chroma_gives_grey_and_threads_give_the_same_bits() {
    let image = subsampled(Subsampling::HALF, Siting::Left, |_, _| 0.5);
    let one = image.clone().into_rgb(&Context { threads: 1, ..Context::default() }).unwrap();
    assert!(one.planes.iter().all(|plane| plane.data.iter().all(|v| (v - 0.4).abs() < 1e-6)));
    let many = image.into_rgb(&Context { threads: 5, ..Context::default() }).unwrap();
    assert_eq!(one, many);
}

#[test]
fn planes_that_do_not_fit_are_refused() {
    let mut image = subsampled(Subsampling::HALF, Siting::Left, |_, _| 0.5);
    image.planes[2].data.pop();
    assert!(image.into_rgb(&Context::default()).is_err());
}
