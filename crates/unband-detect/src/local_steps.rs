//! Bands of one width that no rule explains: after all others, in place of a cause with finer steps.
//!
//! Chosen on even images of `tools/make_mixes.py`, of codecs and of `tools/make_image_causes.py`.

use crate::evidence::Evidence;
use crate::rule::Rule;
use unband_image::With;
use unband_image::color::{Matrix, Range};
use unband_image::findings::{Cause, Findings, PlaneGrid};

/// Intervals in mean steps: contours between flats of three samples miss the widest steps.
const WIDER: f64 = 1.3;
/// Widest interval, in codes.
const WIDEST: f64 = 7.0;
/// Fewest contours among samples.
const CONTOURS: f64 = 0.004;

/// The rule, after the table: it compares its steps with the finding's.
pub(crate) const RULE: Rule<fn(&Evidence<'_>, &Findings) -> Option<Findings>> = Rule {
    name: "local-steps",
    when: "contours have steps of one width, wider than those of the cause found",
    applies: instead,
};

/// Findings in place of `found`. Only for files without loss: coefficients of others say more.
fn instead(evidence: &Evidence<'_>, found: &Findings) -> Option<Findings> {
    let own = f64::from(found.grids.first()?.step_codes);
    let guessed = match found.cause {
        Cause::Plain | Cause::Video | Cause::Coded | Cause::Jpeg | Cause::ToneCurve => true,
        Cause::RecodedGrid => own < 7.0,
        _ => false,
    };
    if !guessed || evidence.lossy() || evidence.codes.planes.len() != 3 || !evidence.effective.eight() {
        return None;
    }
    let contours = evidence.contours();
    let steps = contours.mean_steps();
    let luma = steps[0]?;
    if contours.density() < CONTOURS {
        return None;
    }
    let even = contours.small() <= 0.06;
    let applies = match found.cause {
        // Coded steps are of all sizes, and channels step together: levels of red, green and blue do not.
        Cause::Jpeg => {
            luma >= 3.8 && own <= 2.0 && contours.small() <= 0.46 && contours.independence() >= 0.35
        }
        Cause::ToneCurve => even && luma >= 3.0 * own,
        Cause::RecodedGrid => contours.small() <= 0.3 && luma >= 0.97 * own,
        _ => even && luma >= 1.3 * own,
    };
    let grid =
        |step: Option<f64>| PlaneGrid::plain(step.map_or(1.0, |step| (WIDER * step).min(WIDEST)) as f32);
    applies.then(|| {
        evidence.yuv_findings(Cause::LocalSteps, Matrix::Bt709, Range::Full, steps.map(grid)).but(|new| {
            new.lossy = found.lossy;
            new.half_chroma = found.half_chroma;
        })
    })
}

#[cfg(test)]
mod tests {
    use crate::inspect;
    use crate::tests::{W, grid, rgb8, scene};
    use unband_image::findings::Cause;
    use unband_image::rng::Rng;
    use unband_image::{Context, Image};

    /// Colours of few levels, turned around the grey axis: no plane is on a grid.
    fn turned_levels(bits: u8) -> Image {
        let (c, s) = (0.6f32.cos(), 0.6f32.sin() / 3f32.sqrt());
        let third = (1.0 - c) / 3.0;
        let rows = [
            [third + c, third - s, third + s],
            [third + s, third + c, third - s],
            [third - s, third + s, third + c],
        ];
        // More colours than a palette has.
        let tinted = scene(0.0, 5).into_iter().enumerate().map(|(at, p)| {
            let (x, y) = ((at % W) as f32, (at / W) as f32);
            let wave =
                [0.021 * x + 0.013 * y, 0.017 * x - 0.023 * y, 0.019 * y - 0.009 * x].map(|w| 45.0 * w.sin());
            [0, 1, 2].map(|c| p[c] * 0.7 + wave[c])
        });
        let rounded: Vec<[f32; 3]> = tinted.map(|p| p.map(grid(bits))).collect();
        let turned: Vec<[f32; 3]> =
            rounded.iter().map(|p| rows.map(|row| (0..3).map(|c| row[c] * p[c]).sum::<f32>())).collect();
        // A little noise, or it would be a drawing.
        let rng = Rng::new(9);
        let noisy = turned.iter().enumerate().map(|(at, p)| {
            let grain = |c: usize| 1.6 * (rng.unit_at(0, c as u32, (at % W) as u32, (at / W) as u32) - 0.5);
            [0, 1, 2].map(|c| p[c] + grain(c))
        });
        rgb8(&noisy.collect::<Vec<_>>(), |v| v)
    }

    #[test]
    fn bands_of_one_width_without_a_named_cause_are_local_steps() {
        let found = inspect(&turned_levels(5), &Context::default());
        assert_eq!(found.cause, Cause::LocalSteps, "{}", found.sentence());
        // Luma steps by 0.07 to 0.72 of 8.2 codes.
        let widest = found.grids.iter().map(|grid| grid.step_codes).fold(0.0, f32::max);
        assert!((4.0..=7.0).contains(&widest), "{widest}");
        assert!(found.visible && found.sentence().contains("cause unknown"), "{}", found.sentence());
    }

    #[test]
    fn clean_and_slightly_banded_images_have_no_local_steps() {
        for image in [rgb8(&scene(0.0, 5), |v| v), rgb8(&scene(2.0, 5), |v| v), rgb8(&scene(0.3, 7), |v| v)] {
            let found = inspect(&image, &Context::default());
            assert_ne!(found.cause, Cause::LocalSteps, "{}", found.sentence());
        }
    }
}
