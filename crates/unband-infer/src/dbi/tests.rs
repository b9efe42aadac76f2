use std::convert::Infallible;

use super::*;

fn constant(size: (usize, usize), p: f32) -> Option<Score> {
    let known: Result<_, Infallible> = score(size, Mixing::Feedback, |_, _| Ok(p));
    known.unwrap_or_default()
}

#[test]
fn nothing_banded_is_0_and_everything_is_1() {
    let none = constant((1080, 1920), 0.9);
    assert_eq!(none, Some(Score { value: 0.0, grids: [0.0; 4] }));
    let all = constant((1080, 1920), 0.1).unwrap_or(Score { value: 0.0, grids: [0.0; 4] });
    assert!((all.value - 1.0).abs() < 1e-12, "{all:?}");
}

#[test]
fn an_image_smaller_than_a_patch_has_no_score() {
    assert_eq!(constant((234, 1920), 0.1), None);
    assert_eq!(constant((1080, 10), 0.1), None);
    assert!(constant((PATCH, PATCH), 0.1).is_some());
}

#[test]
fn each_patch_is_asked_for_once() {
    let mut asked = Vec::new();
    // Two rows fill the height, so that the lower grids are the upper ones.
    let done: Result<_, Infallible> = score((2 * PATCH, 500), Mixing::Plain, |row, column| {
        asked.push((row, column));
        Ok(0.0)
    });
    assert!(done.is_ok());
    assert_eq!(asked.len(), 8);
    asked.sort_unstable();
    asked.dedup();
    assert_eq!(asked.len(), 8);
    assert_eq!(patches((2 * PATCH, 500)), asked);
    assert_eq!((patches((1080, 1920)).len(), patches((234, 1920)).len()), (128, 0));
}

#[test]
fn a_cell_is_the_mean_of_the_windows_that_hold_it() {
    let (height, width) = (251, 263);
    // Arbitrary distinct numbers.
    let p = |row: usize, column: usize| ((row * 7 + column * 3) % 100) as f32 / 100.0;
    let got: Result<_, Infallible> = banding_map(height, width, |row, column| Ok(p(row, column)));
    let Some(map) = got.unwrap_or_default() else { unreachable!() };
    for y in 0..height {
        for x in 0..width {
            let point = (y / STEP * STEP + 1, x / STEP * STEP + 1);
            let (mut sum, mut windows) = (0.0, 0.0);
            for row in (0..=height - PATCH).step_by(STEP) {
                for column in (0..=width - PATCH).step_by(STEP) {
                    let inside = (row..=row + PATCH).contains(&point.0)
                        && (column..=column + PATCH).contains(&point.1);
                    sum += if inside { f64::from(1.0 - p(row, column)) } else { 0.0 };
                    windows += f64::from(u8::from(inside));
                }
            }
            // Windows start at rows 0, 5, 10 and 15; points are before 15 + 235. The same horizontally.
            let painted = point.0 <= 249 && point.1 <= 259;
            let want = if painted { sum / windows } else { 0.0 };
            assert!((f64::from(map.at(0, y, x)) - want).abs() < 1e-6, "{y} {x}");
        }
    }
}

#[test]
fn a_map_is_as_large_as_its_image_and_ends_with_the_last_window() {
    let of = |height, width, p: f32| -> Option<Map<f32>> {
        let made: Result<_, Infallible> = banding_map(height, width, |_, _| Ok(p));
        made.unwrap_or_default()
    };
    assert_eq!(of(234, 500, 0.5), None);
    let Some(map) = of(1080, 1920, 0.25) else { unreachable!() };
    assert_eq!(map.shape, Shape::new(1, 1080, 1920));
    assert!(map.data.iter().all(|&v| (v - 0.75).abs() < 1e-6));
    let Some(map) = of(239, 237, 0.25) else { unreachable!() };
    assert!((map.at(0, 234, 234) - 0.75).abs() < 1e-6);
    assert!(map.at(0, 235, 0).abs() < 1e-6 && map.at(0, 0, 235).abs() < 1e-6);
    let mut asked = Vec::new();
    let asking: Result<_, Infallible> = banding_map(1080, 1920, |row, column| {
        asked.push((row, column));
        Ok(1.0)
    });
    assert!(asking.is_ok());
    assert_eq!(asked.len(), 57_460);
    assert!(asked == windows((1080, 1920)) && windows((1080, 234)).is_empty());
}

#[test]
fn a_fault_of_the_classifier_is_passed_on() {
    assert_eq!(score((1080, 1920), Mixing::Feedback, |_, _| Err::<f32, _>("no")), Err("no"));
}
