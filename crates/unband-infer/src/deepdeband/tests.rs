use std::convert::Infallible;

use super::*;

type Outcome = Result<Map<f32>, DeepdebandError<Infallible>>;

/// Bytes over 255 that vary with the position.
fn image(height: usize, width: usize) -> Map<f32> {
    let shape = Shape::new(3, height, width);
    let byte = |i: usize| ((i * 7 + i / width * 31 + i / 997) % 256) as f32 / 255.0;
    Map { shape, data: (0..shape.len()).map(byte).collect() }
}

fn worst(a: &Map<f32>, b: &Map<f32>) -> f32 {
    assert_eq!(a.shape, b.shape);
    a.data.iter().zip(&b.data).fold(0.0, |m, (a, b)| m.max((a - b).abs() * 255.0))
}

#[test]
fn sides_are_mirrored_up_to_multiples_of_256() {
    let shape = |h, w| (h, w);
    let of = |h: usize, w: usize| {
        let padded = padded(&image(h, w)).shape;
        shape(padded.height, padded.width)
    };
    assert_eq!(of(1080, 1920), (1280, 2048));
    assert_eq!(of(256, 512), (256, 512));
    let (small, large) = (image(200, 300), padded(&image(200, 300)));
    assert_eq!((large.shape.height, large.shape.width), (256, 512));
    for y in 0..200 {
        assert!((large.at(1, y, 300) - small.at(1, y, 299)).abs() < f32::EPSILON);
        assert!((large.at(1, y, 511) - small.at(1, y, 88)).abs() < f32::EPSILON);
    }
    assert!((large.at(2, 255, 7) - small.at(2, 144, 7)).abs() < f32::EPSILON);
    // Narrower than the padding: mirrored repeatedly.
    assert!((padded(&image(1, 2)).at(0, 0, 5) - image(1, 2).at(0, 0, 1)).abs() < f32::EPSILON);
}

#[test]
fn full_hd_is_135_patches() {
    assert_eq!(origins(1280, 2048).len(), 135);
    assert_eq!(origins(256, 256), [(0, 0)]);
    assert_eq!(origins(256, 512), [(0, 0), (0, 128), (0, 256)]);
}

#[test]
fn patches_of_one_image_give_that_image() {
    let input = image(300, 500);
    let fixed: Outcome = weighted(&input, Variant::Fixed, |patch, _| Ok(patch));
    assert!(fixed.is_ok_and(|fixed| worst(&fixed, &input) < 1e-3));
    // With codes that survive the first truncation, the second one loses one at most.
    let original: Outcome = weighted(&input, Variant::Original, |mut patch, _| {
        patch.data.iter_mut().for_each(|v| *v += 0.5 / 127.5);
        Ok(patch)
    });
    assert!(original.is_ok_and(|made| worst(&made, &input) < 1.001));
    let whole: Outcome = full(&input, Variant::Fixed, Ok);
    assert!(whole.is_ok_and(|whole| worst(&whole, &input) < 1e-3));
}

#[test]
fn a_patch_has_all_weight_at_its_centre_and_little_far_away() {
    let input = Map::zeros(Shape::new(3, 512, 512));
    // Every patch returns its index as a code.
    let made: Outcome = weighted(&input, Variant::Fixed, |patch, number| {
        let value = number as f32 / 127.5 - 1.0;
        Ok(Map { shape: patch.shape, data: vec![value; patch.data.len()] })
    });
    let Ok(made) = made else { unreachable!() };
    for (number, (top, left)) in origins(512, 512).into_iter().enumerate() {
        let at = 255.0 * made.at(0, top + 127, left + 127);
        assert!((at - number as f32).abs() < 1e-4, "{number}: {at}");
    }
    // Halfway between the centres of patches 0 and 1, both have the same weight except for their
    // difference from the input.
    let (left, right) = (made.at(1, 100, 127 + 63) * 255.0, made.at(1, 100, 127 + 65) * 255.0);
    assert!((left + right - 1.0).abs() < 0.01 && left < 0.5 && right > 0.5, "{left} {right}");
    // Corners have one patch.
    assert!((made.at(2, 511, 511) * 255.0 - 8.0).abs() < 1e-4);
}

#[test]
fn a_network_that_changes_the_size_is_refused() {
    let shrunk = |_: Map<f32>| Ok(Map::zeros(Shape::new(3, 8, 8)));
    let made: Outcome = full(&image(10, 10), Variant::Fixed, shrunk);
    assert!(matches!(made, Err(DeepdebandError::Size { .. })));
    let made: Outcome = weighted(&image(10, 10), Variant::Original, |patch, _| shrunk(patch));
    assert!(matches!(made, Err(DeepdebandError::Size { .. })));
    let grey: Outcome = full(&Map::zeros(Shape::new(1, 8, 8)), Variant::Fixed, Ok);
    assert!(matches!(grey, Err(DeepdebandError::Image { .. })));
    let none: Outcome = full(&Map::zeros(Shape::new(3, 0, 8)), Variant::Fixed, Ok);
    assert!(none.is_ok_and(|none| none.data.is_empty()));
}
