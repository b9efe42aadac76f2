use super::*;
use proptest::prelude::*;

#[test]
fn the_worst_spot_lies_where_the_map_is_highest() {
    let mut values = vec![0.0; 20 * 12];
    values[3 * 20 + 14] = 1.0;
    values[9 * 20 + 2] = 0.5;
    let map = HeatMap::new(20, 12, values, (1280, 768), 1.0).unwrap();
    let spots = worst_spots(&map, (1280, 768), 3, 256);
    assert_eq!(spots.len(), 2, "the rest of the map is zero");
    let holds = |s: &Spot, x: usize, y: usize| {
        s.x <= x && x + 64 <= s.x + s.width && s.y <= y && y + 64 <= s.y + s.height
    };
    assert!(holds(&spots[0], 14 * 64, 3 * 64), "{:?}", spots[0]);
    assert!(holds(&spots[1], 2 * 64, 9 * 64), "{:?}", spots[1]);
    assert_eq!((spots[0].width, spots[0].height), (256, 256));
}

proptest! {
    #[test]
    fn spots_do_not_overlap_and_lie_inside(
        width in 1usize..700, height in 1usize..700, count in 0usize..6, side in 0usize..300, seed in 0u32..50,
    ) {
        let values = (0..35u32).map(|i| ((i * 37 + seed * 11) % 17) as f32);
        let map = HeatMap::new(7, 5, values.collect(), (width, height), 16.0).unwrap();
        let spots = worst_spots(&map, (width, height), count, side);
        prop_assert!(spots.len() <= count);
        for (i, a) in spots.iter().enumerate() {
            prop_assert!(a.width > 0 && a.height > 0);
            prop_assert!(a.x + a.width <= width && a.y + a.height <= height);
            for b in &spots[..i] {
                prop_assert!(a.strength <= b.strength + 2e-6);
                let apart = a.x + a.width <= b.x || b.x + b.width <= a.x
                    || a.y + a.height <= b.y || b.y + b.height <= a.y;
                prop_assert!(apart, "{:?} {:?}", a, b);
            }
        }
    }
}

#[test]
fn one_stretch_gives_input_and_result_the_same_contrast() {
    let ctx = Context::default();
    let data: Vec<u8> = (0..4096).map(|i| 100 + 2 * (i % 64 / 16 % 2) as u8).collect();
    let input = Image::from_gray(64, 64, &data).unwrap();
    let spot = Spot { x: 0, y: 0, width: 64, height: 64, strength: 1.0 };
    let stretch = Stretch::new(&input, &spot, &ctx).unwrap();
    assert_eq!(stretch.gain(), 24.0, "two codes would allow more, which is too much");
    let shown = stretched(&input, &spot, &stretch, &ctx).unwrap();
    let step = |a: usize, b: usize| i32::from(shown.at(b, 5)[0]) - i32::from(shown.at(a, 5)[0]);
    // Two codes, less the mean's change from pixel to pixel.
    assert!([step(15, 16), -step(31, 32), step(47, 48)].iter().all(|s| (44..=52).contains(s)));
    let brighter = Image::from_gray(64, 64, &data.iter().map(|v| v + 1).collect::<Vec<_>>()).unwrap();
    let brighter = stretched(&brighter, &spot, &stretch, &ctx).unwrap();
    assert!(brighter.rgb.iter().zip(&shown.rgb).all(|(a, b)| a.abs_diff(*b) == 24));
}

#[test]
fn a_gradient_leaves_room_for_its_bands() {
    let ctx = Context::default();
    let banded = |side: usize| {
        let data: Vec<u8> =
            (0..256 * 256).map(|i| ((i % 256 + i / 512) / side * side * 2 / 3) as u8).collect();
        Image::from_gray(256, 256, &data).unwrap()
    };
    let spot = Spot { x: 0, y: 0, width: 256, height: 256, strength: 1.0 };
    let gain = |side: usize| Stretch::new(&banded(side), &spot, &ctx).unwrap().gain();
    assert!(gain(6) > 24.0 / 1.01, "{}", gain(6));
    assert!((6.0..24.0).contains(&gain(24)), "{}", gain(24));
}

#[test]
fn a_flat_place_and_one_of_nan_are_shown() {
    let ctx = Context::default();
    let mut image = Image::from_gray(3, 3, &[9u8; 9]).unwrap();
    let spot = Spot { x: 2, y: 2, width: 99, height: 99, strength: 0.0 };
    for value in [f32::NAN, f32::INFINITY, 0.3] {
        image.planes[0].data.fill(value);
        let stretch = Stretch::new(&image, &spot, &ctx).unwrap();
        assert!(stretch.gain().is_finite());
        assert_eq!(stretched(&image, &spot, &stretch, &ctx).unwrap().width, 1);
    }
}
