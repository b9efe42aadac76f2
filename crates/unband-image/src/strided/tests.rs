use super::*;
use crate::color::{Matrix, Range, Subsampling};

const YUV: Model =
    Model::Yuv { matrix: Matrix::Bt709, range: Range::Limited, subsampling: Subsampling::HALF };

#[test]
fn codes_come_back_between_paddings_that_stay() {
    let luma: Vec<u16> = (0..6 * 4).map(|i| 64 + i * 30).collect();
    let chroma: Vec<u16> = (0..3 * 2).map(|i| 500 + i).collect();
    let view = |width, height, stride, samples| PlaneView { width, height, stride, samples };
    // Five columns of rows six apart; the last row of chroma ends with its samples.
    let planes = [view(5, 4, 6, &luma[..]), view(3, 2, 3, &chroma[..]), view(2, 2, 3, &chroma[..5])];
    let image = Image::from_planes(&planes, YUV, 10).unwrap();
    assert_eq!((image.depth, image.planes[0].width, image.planes[2].data.len()), (Depth::Int(10), 5, 4));
    let mut out = [vec![7u16; 24], vec![7; 6], vec![7; 6]];
    let [a, b, c] = &mut out;
    let mut to = [(5, 4, 6, a), (3, 2, 3, b), (2, 2, 3, c)]
        .map(|(width, height, stride, samples)| PlaneViewMut { width, height, stride, samples });
    image.write_planes(&mut to, 10).unwrap();
    for (i, (&code, &back)) in luma.iter().zip(&out[0]).enumerate() {
        assert_eq!(back, if i % 6 == 5 { 7 } else { code }, "{i}");
    }
    assert_eq!(out[1], chroma);
    assert_eq!(out[2], [500, 501, 7, 503, 504, 7]);
}

#[test]
fn planes_without_a_stride_are_those_of_the_other_constructors() {
    let codes: Vec<u8> = (0..96).map(|i| (i * 5) as u8).collect();
    let view = |from: usize, width, height| PlaneView {
        width,
        height,
        stride: width,
        samples: &codes[from..from + width * height],
    };
    let model = Model::Yuv { matrix: Matrix::Bt601, range: Range::Full, subsampling: Subsampling::HALF };
    let planes = [view(0, 8, 8), view(64, 4, 4), view(80, 4, 4)];
    let image = Image::from_planes(&planes, model, 8).unwrap();
    let slices = [&codes[..64], &codes[64..80], &codes[80..]];
    assert!(image == Image::from_yuv420(8, 8, slices, Matrix::Bt601, Range::Full).unwrap());
    let grey = Image::from_planes(&[view(0, 12, 8)], Model::Gray, 8).unwrap();
    assert!(grey == Image::from_gray(12, 8, &codes).unwrap());
}

#[test]
fn buffers_that_are_too_short_are_refused() {
    let view = |width, height, stride, samples| PlaneView::<u8> { width, height, stride, samples };
    let wrong = |view| Image::from_planes(&[view], Model::Gray, 8).is_err();
    assert!(wrong(view(4, 3, 6, &[0; 15])) && !wrong(view(4, 3, 6, &[0; 16])));
    assert!(wrong(view(4, 3, 3, &[0; 16])));
    assert!(wrong(view(0, 3, 3, &[0; 16])) && wrong(view(usize::MAX, 2, usize::MAX, &[0; 16])));
    let image = Image::from_gray(4, 3, &[9u8; 12]).unwrap();
    let mut short = [0u8; 11];
    let to = |samples| [PlaneViewMut { width: 4, height: 3, stride: 4, samples }];
    assert!(image.write_planes(&mut to(&mut short), 8).is_err());
    let mut other = [0u8; 12];
    assert!(
        image
            .write_planes(&mut [PlaneViewMut { width: 3, height: 4, stride: 3, samples: &mut other }], 8)
            .is_err()
    );
    assert!(image.write_planes::<u8>(&mut [], 8).is_err());
    assert_eq!(other, [0; 12]);
}

#[test]
fn floating_point_comes_back_and_is_what_codes_are() {
    let luma: Vec<u16> = (0..5 * 4).map(|i| 64 + i * 40).collect();
    let chroma: Vec<u16> = (0..3 * 2).map(|i| 500 + 4 * i).collect();
    let views = |width, height, samples| PlaneView { width, height, stride: width, samples };
    let planes = [views(5, 4, &luma[..]), views(3, 2, &chroma[..]), views(3, 2, &chroma[..])];
    let codes = Image::from_planes(&planes, YUV, 10).unwrap();
    let mut floats = [vec![9.0f32; 6 * 4], vec![9.0; 3 * 2], vec![9.0; 3 * 2]];
    let [a, b, c] = &mut floats;
    let mut to = [(5, 4, 6, a), (3, 2, 3, b), (3, 2, 3, c)]
        .map(|(width, height, stride, samples)| PlaneViewMut { width, height, stride, samples });
    codes.write_float_planes(&mut to).unwrap();
    assert!((floats[0][0], floats[0][5]) == (0.0, 9.0) && (floats[1][3] - 0.0).abs() < 1e-6);
    let view = |(width, height, stride, samples)| PlaneView { width, height, stride, samples };
    let [a, b, c] = &floats;
    let planes = [(5, 4, 6, &a[..]), (3, 2, 3, &b[..]), (3, 2, 3, &c[..])].map(view);
    let image = Image::from_float_planes(&planes, YUV).unwrap();
    assert_eq!(image.depth, Depth::F32);
    let all = image.planes.iter().zip(&codes.planes).flat_map(|(a, b)| a.data.iter().zip(&b.data));
    assert!(all.into_iter().all(|(a, b)| (a - b).abs() < 1e-6));
}
