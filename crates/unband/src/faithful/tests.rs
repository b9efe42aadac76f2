use super::*;
use unband_image::{Range as CodeRange, Turn, With};

fn image() -> Image {
    Image::from_rgb8(3, 2, &[100; 18]).unwrap()
}

fn found(step_codes: f32) -> PlaneGrid {
    PlaneGrid::plain(step_codes).but(|new| new.found = true)
}

fn halves(findings: &Findings) -> Vec<f32> {
    let cells = cells(&image(), findings, &Context::default());
    (0..3).map(|p| (cells.half_codes(p) * 1000.0).round() / 1000.0).collect()
}

#[test]
fn every_row_of_the_table() {
    let yuv = Space::Yuv { matrix: Matrix::Bt601, range: CodeRange::Limited };
    let plain = Findings::plain(3, 8);
    assert_eq!(halves(&plain), [0.499; 3]);

    let grids = vec![found(4.0), found(4.0), PlaneGrid::plain(1.0)];
    let levels = plain.clone().but(|new| {
        new.cause = Cause::Levels;
        new.grids = grids.clone();
    });
    assert_eq!(halves(&levels), [1.998, 1.998, 2.0]);
    assert!(matches!(cells(&image(), &levels, &Context::default()).planes()[0], PlaneCells::Levels { .. }));
    assert_eq!(halves(&levels.clone().but(|new| new.lossy = true)), [3.0, 3.0, 2.0]);
    // Red, green and blue themselves were never at half size.
    assert_eq!(halves(&levels.but(|new| new.half_chroma = true)), [1.998, 1.998, 2.0]);

    let planes = plain.clone().but(|new| {
        new.cause = Cause::PlaneGrid;
        new.space = yuv;
        new.grids = grids;
    });
    assert_eq!(halves(&planes), [2.0; 3]);
    assert_eq!(halves(&planes.clone().but(|new| new.half_chroma = true)), [3.0, 3.0, 2.0]);
    let grids = vec![found(9.0), found(2.0), PlaneGrid::plain(1.1)];
    assert_eq!(
        halves(&planes.but(|new| {
            new.lossy = true;
            new.grids = grids;
        })),
        [6.75, 2.0, 2.0]
    );

    let coded = plain.but(|new| {
        new.cause = Cause::Coded;
        new.lossy = true;
        new.grids = vec![PlaneGrid::plain(2.0); 3];
    });
    assert_eq!(halves(&coded), [2.0; 3]);
    let grids = vec![PlaneGrid::plain(7.0); 3];
    assert_eq!(
        halves(&coded.but(|new| {
            new.cause = Cause::Jpeg;
            new.grids = grids;
        })),
        [3.5; 3]
    );
}

#[test]
fn after_a_tone_curve_every_code_has_its_own_cell() {
    let gaps: Vec<f32> = (0..256).map(|c| if c < 128 { 3.0 } else { 0.5 }).collect();
    let grid = PlaneGrid::plain(2.0).but(|new| {
        new.found = true;
        new.steps_by_code = Some(gaps);
    });
    let findings = Findings::plain(3, 8).but(|new| {
        new.cause = Cause::ToneCurve;
        new.grids = vec![grid; 3];
    });
    let cells = cells(&image(), &findings, &Context::default());
    let dark = 100.0 / 255.0;
    let inside = |codes: f32| cells.excess_sample(0, (0, 0), dark, dark + codes / 255.0) <= 0.0;
    assert!(inside(1.49) && !inside(1.51));
    // A gap is at least one code.
    let light = 200.0 / 255.0;
    let inside = |codes: f32| cells.excess_sample(0, (0, 0), light, light + codes / 255.0) <= 0.0;
    assert!(inside(0.49) && !inside(0.51));
}

#[test]
fn squares_without_the_grid_have_narrow_cells() {
    let image = Image::from_rgb8(200, 70, &vec![100; 200 * 70 * 3]).unwrap();
    let mut holds = vec![[true; 3]; 8];
    holds[1] = [false; 3];
    let findings = Findings::plain(3, 8).but(|new| {
        new.cause = Cause::Levels;
        new.grids = vec![found(4.0); 3];
        new.regions = Some(GridRegions::with(|new| {
            new.columns = 4;
            new.rows = 2;
            new.holds = holds;
            new.origin = (0, 0);
        }));
    });
    let source = image.planes[0].row(3);
    let narrow = |findings: &Findings, y: usize, columns: Range<usize>| {
        let cells = cells(&image, findings, &Context::default());
        for x0 in [0, 30, 64, 100] {
            let mut values: Vec<f32> = source[x0..].iter().map(|v| v + 3.0 / 255.0).collect();
            cells.keep(Level::best(), 0, (x0, y), &mut values, &source[x0..], (0.0, 1.0));
            for (i, v) in values.iter().enumerate() {
                let moved = (v - source[0]) * 255.0;
                let narrow = columns.contains(&(x0 + i));
                assert!(if narrow { moved < 0.5 } else { moved > 1.5 }, "column {}: {moved}", x0 + i);
                assert!(cells.excess_sample(0, (x0 + i, y), source[0], *v) <= 0.0);
            }
        }
    };
    narrow(&findings, 3, 64..128);
    let mirror = Turn { across: true, down: true, ..Turn::default() };
    let regions = findings.regions.as_ref().map(|regions| regions.turned(mirror, (200, 70)));
    narrow(&findings.clone().but(|new| new.regions = regions), 69 - 3, 72..136);
    let cells = cells(&image, &findings, &Context::default());
    let mut below = vec![1.0; 200];
    cells.keep(Level::best(), 0, (0, 65), &mut below, image.planes[0].row(65), (0.0, 1.0));
    assert!(below.iter().all(|v| (v - source[0]) * 255.0 > 1.5));
}

/// Sources may be halfway between levels: clamping and checking must choose the same one.
#[test]
fn what_was_kept_near_a_level_is_proven_to_be() {
    let grids = [1023.0, 1024.0].map(|codes| (0..1024).map(move |code| code as f32 / codes));
    let source: Vec<f32> = grids.into_iter().flatten().collect();
    let image = Image::from_rgb8(1, 1, &[0; 3]).unwrap();
    for (step, offset) in [(0.049_214_438, -5.448_630_3), (4.0, -2.0), (255.0 / 64.0, 255.0), (0.5, 0.25)] {
        let grid = found(step).but(|new| new.offset_codes = offset);
        let findings = Findings::plain(3, 10).but(|new| {
            new.cause = Cause::Levels;
            new.grids = vec![grid; 3];
        });
        let cells = cells(&image, &findings, &Context::default());
        for far in [-1.0, 2.0] {
            let mut values = vec![far; source.len()];
            cells.keep(Level::best(), 0, (0, 0), &mut values, &source, (-9.0, 9.0));
            for (x, (&s, &v)) in source.iter().zip(&values).enumerate() {
                let excess = cells.excess_sample(0, (x, 0), s, v);
                assert!(excess <= 0.0, "step {step}, value {s}: {} codes outside", 255.0 * excess);
            }
        }
    }
}
