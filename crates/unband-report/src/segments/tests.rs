use super::*;
use proptest::prelude::*;

/// A reference implementation: flood fill from pixel to pixel.
fn flooded(width: usize, height: usize, data: &[u8], tolerance: u8) -> Vec<u32> {
    let mut first = vec![u32::MAX; data.len()];
    for start in 0..data.len() {
        if first[start] != u32::MAX {
            continue;
        }
        let mut todo = vec![start];
        first[start] = start as u32;
        while let Some(i) = todo.pop() {
            let (x, y) = (i % width, i / width);
            let mut visit = |j: usize| {
                if first[j] == u32::MAX && data[i].abs_diff(data[j]) <= tolerance {
                    first[j] = start as u32;
                    todo.push(j);
                }
            };
            if x > 0 {
                visit(i - 1);
            }
            if x + 1 < width {
                visit(i + 1);
            }
            if y > 0 {
                visit(i - width);
            }
            if y + 1 < height {
                visit(i + width);
            }
        }
    }
    first
}

proptest! {
    #[test]
    fn regions_are_what_a_flood_fill_finds(
        (width, height, data) in (1usize..24, 1usize..24)
            .prop_flat_map(|(w, h)| (Just(w), Just(h), prop::collection::vec(0u8..4, w * h))),
        tolerance in 0u8..3,
    ) {
        let image = Image::from_gray(width, height, &data).unwrap();
        let found = segments(&image, tolerance.into()).unwrap();
        let expected = flooded(width, height, &data, tolerance);
        let mut roots = expected.clone();
        roots.sort_unstable();
        roots.dedup();
        prop_assert_eq!(found.first, expected);
        prop_assert_eq!(found.count, roots.len());
    }
}

#[test]
fn corners_do_not_connect_and_any_plane_distinguishes_colours() {
    let board = Image::from_gray(2, 2, &[0u8, 1, 1, 0]).unwrap();
    assert_eq!(segments(&board, 0).unwrap().count, 4);
    let rgb = Image::from_rgb8(3, 1, &[5, 5, 5, 5, 5, 5, 5, 5, 6]).unwrap();
    assert_eq!(segments(&rgb, 0).unwrap().count, 2);
    assert_eq!(segments(&rgb, 1).unwrap().count, 1);
}

#[test]
fn colours_depend_on_the_seed_alone() {
    let data: Vec<u8> = (0..400).map(|i| (i * i % 7) as u8).collect();
    let found = segments(&Image::from_gray(20, 20, &data).unwrap(), 0).unwrap();
    assert_eq!(found.image(3), found.image(3));
    assert_ne!(found.image(3), found.image(4));
}

#[test]
fn nan_samples_are_shown() {
    let mut image = Image::from_gray(3, 3, &[1u8; 9]).unwrap();
    image.planes[0].data[4] = f32::NAN;
    image.planes[0].data[8] = f32::INFINITY;
    image.planes[0].data[0] = f32::NEG_INFINITY;
    assert_eq!(segments(&image, 0).unwrap().count, 5);
}
