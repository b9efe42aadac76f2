//! Mean absolute error: a toy.

use unband_image::Image;

use crate::{Better, ComparedWith, Metric, MetricError, Score, both};

/// Registry entry.
pub const ENTRY: Metric = Metric {
    name: "toy-error",
    title: "Mean absolute error",
    purpose: "The mean distance of all samples.",
    better: Better::Lower,
    compared_with: ComparedWith::Reference,
    range: "0 and more",
    unit: "8-bit codes",
    source: "scripts/test-contributing",
    score: |image, reference, _| error(image, reference).map(Score::from_value),
    ..Metric::PLAIN
};

fn error(image: &Image, reference: Option<&Image>) -> Result<f64, MetricError> {
    let (image, reference) = both(ENTRY.name, "a reference", image, reference)?;
    let samples = |image: &Image| image.planes.iter().flat_map(|p| p.data.clone()).collect::<Vec<f32>>();
    let (a, b) = (samples(image), samples(reference));
    let sum: f64 = a.iter().zip(&b).map(|(a, b)| (f64::from(*a) - f64::from(*b)).abs()).sum();
    Ok(255.0 * sum / a.len() as f64)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn gives_the_value_of_the_reference_implementation() {
        let golden = include_str!("../../../golden/metrics/toy_error.json");
        let golden: serde_json::Value = serde_json::from_str(golden).unwrap();
        let image = |key: &str| {
            let codes = golden[key].as_array().unwrap().iter().map(|code| code.as_u64().unwrap() as u8);
            Image::from_gray(8, 4, &codes.collect::<Vec<_>>()).unwrap()
        };
        let got = error(&image("image"), Some(&image("reference"))).unwrap();
        assert!((got - golden["value"].as_f64().unwrap()).abs() < 1e-5, "{got}");
    }
}
