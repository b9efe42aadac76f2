use serde_json::Value;

use super::*;

fn constant(size: (usize, usize), p: f32) -> Option<IndexScore> {
    score(size, Mixing::Feedback, &vec![p; patches(size).len()])
}

#[test]
fn nothing_banded_is_0_and_everything_is_1() {
    let none = constant((1080, 1920), 0.9);
    assert_eq!(none, Some(IndexScore { value: 0.0, grids: [0.0; 4] }));
    let all = constant((1080, 1920), 0.1).unwrap_or(IndexScore { value: 0.0, grids: [0.0; 4] });
    assert!((all.value - 1.0).abs() < 1e-12, "{all:?}");
}

#[test]
fn an_image_smaller_than_a_patch_has_no_score() {
    assert_eq!(constant((234, 1920), 0.1), None);
    assert_eq!(constant((1080, 10), 0.1), None);
    assert!(constant((PATCH, PATCH), 0.1).is_some());
}

#[test]
fn each_patch_is_listed_once() {
    // Two rows fill the height, so that the lower grids are the upper ones.
    let size = (2 * PATCH, 500);
    let mut needed: Vec<(usize, usize)> = grids(size).into_iter().flatten().collect();
    assert_eq!(needed.len(), 16);
    needed.sort_unstable();
    needed.dedup();
    assert_eq!(needed.len(), 8);
    assert_eq!(patches(size), needed);
    assert!(score(size, Mixing::Plain, &[0.0; 8]).is_some());
    assert_eq!((patches((1080, 1920)).len(), patches((234, 1920)).len()), (128, 0));
}

#[test]
fn a_cell_is_the_mean_of_the_windows_that_hold_it() {
    let (height, width) = (251, 263);
    // Arbitrary distinct numbers.
    let p = |row: usize, column: usize| ((row * 7 + column * 3) % 100) as f32 / 100.0;
    let clean: Vec<f32> = windows((height, width)).iter().map(|&(row, column)| p(row, column)).collect();
    let Some(map) = banding_map((height, width), &clean) else { unreachable!() };
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
    let of = |size, p| banding_map(size, &vec![p; windows(size).len()]);
    assert_eq!(of((234, 500), 0.5), None);
    let Some(map) = of((1080, 1920), 0.25) else { unreachable!() };
    assert_eq!(map.shape, Shape::new(1, 1080, 1920));
    assert!(map.data.iter().all(|&v| (v - 0.75).abs() < 1e-6));
    let Some(map) = of((239, 237), 0.25) else { unreachable!() };
    assert!((map.at(0, 234, 234) - 0.75).abs() < 1e-6);
    assert!(map.at(0, 235, 0).abs() < 1e-6 && map.at(0, 0, 235).abs() < 1e-6);
    let listed = windows((1080, 1920));
    assert!(listed.len() == 57_460 && listed.is_sorted_by(|a, b| a < b));
    assert!(windows((1080, 234)).is_empty());
}

#[test]
fn another_number_of_probabilities_has_no_score_and_no_map() {
    assert_eq!(score((1080, 1920), Mixing::Feedback, &[0.0; 127]), None);
    assert_eq!(banding_map((1080, 1920), &[0.0; 127]), None);
}

/// The published probability of the patch at a place of the demo image.
fn listed(demo: &Value, row: usize, column: usize) -> f64 {
    let mut series = demo["series"].as_array().unwrap().iter();
    let found = series.find_map(|series| {
        let (top, left) = (series["origin"][0].as_u64()? as usize, series["origin"][1].as_u64()? as usize);
        let (down, across) = (row.checked_sub(top)?, column.checked_sub(left)?);
        let inside = down.is_multiple_of(PATCH) && across.is_multiple_of(PATCH);
        inside.then(|| series["nonbanded_probability"][down / PATCH][across / PATCH].as_f64())?
    });
    found.unwrap()
}

fn check(demo: &Value, got: &IndexScore) {
    let near = |got: f64, want: &Value| (got - want.as_f64().unwrap()).abs() < 1e-12;
    assert!(near(got.value, &demo["published_csv"]), "{got:?}");
    for (i, grid) in got.grids.iter().enumerate() {
        assert!(near(*grid, &demo["score_per_series"][i]), "{got:?}");
    }
}

#[test]
fn the_score_of_published_probabilities_is_the_published_one() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../golden/nets/dbi.json");
    let golden: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let (demo, size) = (&golden["demo"], (1080, 1920));
    let clean: Vec<f32> =
        patches(size).iter().map(|&(row, column)| listed(demo, row, column) as f32).collect();
    check(demo, &score(size, Mixing::Feedback, &clean).unwrap());
    let plain = score(size, Mixing::Plain, &clean).unwrap();
    assert!((plain.value - demo["score_no_feedback"].as_f64().unwrap()).abs() < 1e-12, "{plain:?}");
}
