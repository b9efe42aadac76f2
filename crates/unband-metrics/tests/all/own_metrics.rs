//! unband's own metrics compared with a transcription of their definitions.
#![allow(clippy::unwrap_used)]

use crate::golden;
use std::collections::BTreeMap;

use golden::near;
use serde::Deserialize;
use unband_image::Image;
use unband_metrics::{Clean, contour_jump, false_steps, flat_psnr};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Own {
    flat_psnr: Option<f64>,
    false_steps: Option<f64>,
    mean_excess_codes: Option<f64>,
    jump_a: Option<f64>,
    jump_b: Option<f64>,
    jump_a_at_b: Option<f64>,
    jump_b_at_a: Option<f64>,
    contours: Option<usize>,
}

#[test]
fn own_metrics_are_those_of_the_transcription() {
    let file = golden::folder().join("../own_measures.toml");
    let own: BTreeMap<String, Own> = toml::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let values = golden::values();
    let mut checked = 0;
    for (name, own) in &own {
        let (a, b) = golden::images(&values, name);
        // Tolerances are half of the last printed digit.
        if let Some(want) = own.flat_psnr {
            let clean = Clean::new(&a).unwrap();
            near(name, flat_psnr::flat_psnr(&b, &clean).unwrap(), want, 5.1e-6);
            let steps = false_steps::false_steps(&b, &clean).unwrap();
            near(name, steps.per_thousand, own.false_steps.unwrap(), 5.1e-4);
            near(name, steps.mean_excess_codes, own.mean_excess_codes.unwrap(), 5.1e-6);
            checked += 1;
        }
        let jump = |result: &Image, input: &Image, want: Option<f64>| {
            let Some(want) = want else { return 0 };
            let found = contour_jump::contour_jump(result, input).unwrap();
            near(&format!("{name} jump"), found.codes, want, 5.1e-7);
            assert_eq!(Some(found.samples), own.contours, "{name}");
            1
        };
        checked += jump(&a, &a, own.jump_a);
        checked += jump(&b, &b, own.jump_b);
        checked += jump(&a, &b, own.jump_a_at_b);
        checked += jump(&b, &a, own.jump_b_at_a);
    }
    assert_eq!(checked, 10);
}
