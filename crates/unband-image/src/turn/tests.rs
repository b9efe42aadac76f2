use super::*;
use crate::{Depth, Model};
use proptest::prelude::*;

fn turned(image: &Image, turn: Turn) -> Image {
    let mut image = image.clone();
    turn.apply(&mut image, &Context { threads: 2, ..Context::default() });
    image
}

#[test]
fn a_turn_mirrors_and_then_transposes() {
    let image = Image::from_gray::<u8>(3, 2, &[1, 2, 3, 4, 5, 6]).unwrap();
    let codes = |turn: usize| turned(&image, Turn::ALL[turn]).to_gray::<u8>().unwrap();
    assert_eq!(codes(1), [3, 2, 1, 6, 5, 4]);
    assert_eq!(codes(2), [4, 5, 6, 1, 2, 3]);
    assert_eq!(codes(3), [6, 5, 4, 3, 2, 1]);
    assert_eq!(codes(4), [1, 4, 2, 5, 3, 6]);
    assert_eq!(codes(5), [3, 6, 2, 5, 1, 4]);
    assert_eq!(codes(6), [4, 1, 5, 2, 6, 3]);
    assert_eq!((turned(&image, Turn::ALL[7]).width(), codes(7)), (2, vec![6, 3, 5, 2, 4, 1]));
}

#[test]
fn light_comes_to_the_right_and_to_the_bottom() {
    let mut image = Image::from_gray::<u8>(3, 2, &[9, 2, 3, 1, 1, 1]).unwrap();
    assert_eq!(Turn::canonical(&image, &Context::default()), Turn::ALL[3]);
    // NaN has no weight.
    image.planes[0].data[1] = f32::NAN;
    image.planes[0].data[2] = f32::INFINITY;
    assert_eq!(Turn::canonical(&image, &Context::default()), Turn::ALL[2]);
}

/// Few codes, so that moments are often equal; some patterns are their own mirrors.
fn any_image() -> impl Strategy<Value = Image> {
    (1usize..70, 1usize..70, 1u8..5, 0usize..5, any::<bool>(), any::<u64>()).prop_map(
        |(width, height, codes, pattern, square, seed)| {
            let height = if square { width } else { height };
            let rng = crate::Rng::new(seed);
            let plane = |p: u32| {
                let value = |i: usize| {
                    let (mut x, mut y) = (i % width, i / width);
                    match pattern {
                        0 => x = x.min(width - 1 - x),
                        1 => y = y.min(height - 1 - y),
                        2 => (x, y) = (x.min(y), x.max(y)),
                        3 if y * 2 >= height => (x, y) = (width - 1 - x, height - 1 - y),
                        _ => {}
                    }
                    (rng.at(0, p, x as u32, y as u32) % u32::from(codes)) as f32 / 8.0
                };
                Plane { width, height, data: (0..width * height).map(value).collect() }
            };
            let mut image = Image::new((0..3).map(plane).collect(), Model::Rgb, Depth::EIGHT);
            image.alpha = seed.is_multiple_of(2).then(|| plane(3));
            image
        },
    )
}

proptest! {
    #[test]
    fn every_turn_is_undone(image in any_image()) {
        for turn in Turn::ALL {
            let there = turned(&image, turn);
            prop_assert_eq!((there.width(), there.height()), turn.size((image.width(), image.height())));
            prop_assert!(turned(&there, turn.back()) == image, "{:?}", turn);
            let at = (image.width() / 3, image.height() / 4);
            let (x, y) = if turn.transposed { (at.1, at.0) } else { at };
            let plane = &image.planes[1];
            prop_assert_eq!(there.planes[1].row(y)[x], plane.data[turn.place(plane, (x, y))]);
        }
    }

    #[test]
    fn all_turns_of_an_image_have_one_canonical_orientation(image in any_image()) {
        let upright = |image: &Image| turned(image, Turn::canonical(image, &Context::default()));
        let first = upright(&image);
        prop_assert!(first.width() >= first.height());
        for turn in Turn::ALL {
            prop_assert!(upright(&turned(&image, turn)) == first, "{:?}", turn);
        }
    }
}
