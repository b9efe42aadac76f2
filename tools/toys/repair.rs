//! Samples one code higher: a toy.

use unband_image::findings::{Cause, Findings};
use unband_image::{Context, Needs, RestoreError, Restorer, TileIn, TileOut};

use super::{Repair, Work, Wrapped};

pub(crate) struct Toy;

impl Repair for Toy {
    fn applies(&self, findings: &Findings) -> bool {
        findings.cause == Cause::Toy
    }

    fn wrap(&self, _: &Work<'_>, _: Box<dyn Restorer>) -> Wrapped {
        Wrapped::Open(Box::new(Higher))
    }
}

struct Higher;

impl Restorer for Higher {
    fn needs(&self) -> Needs {
        Needs::halo(0)
    }

    fn restore(&self, input: &TileIn<'_>, output: &mut TileOut, _: &Context<'_>) -> Result<(), RestoreError> {
        for (p, plane) in output.planes.iter_mut().enumerate() {
            for y in 0..plane.height {
                let row = input.core_row(p, input.core_on(p).y0 + y);
                plane.row_mut(y).iter_mut().zip(row).for_each(|(to, value)| *to = value + 1.0 / 255.0);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use unband_image::{Image, With};

    use super::*;
    use crate::{Options, OutputDepth, TreatAs, deband_with};

    #[test]
    fn the_cause_is_found_and_its_repair_is_done() {
        let codes: Vec<u8> = (0..17 * 19).map(|i| (40 + i % 17 * 4 + i / 17) as u8).collect();
        let image = Image::from_gray(17, 19, &codes).unwrap();
        let options = Options::with(|new| {
            new.treat_as = TreatAs::Photo;
            new.depth = OutputDepth::Bits(16);
        });
        let (result, report) = deband_with(image.clone(), &options, &Context::default()).unwrap();
        assert_eq!(report.findings.cause, Cause::Toy);
        for (to, from) in result.planes[0].data.iter().zip(&image.planes[0].data) {
            assert!((255.0 * (to - from) - 1.0).abs() < 0.02, "{to} {from}");
        }
    }
}
