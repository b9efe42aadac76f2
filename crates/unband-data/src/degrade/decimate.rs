//! Decimation without a filter.

use unband_image::{Rng, params};

use super::{Degradation, DegradeError, Pair, check_rgb};

params! {
    /// Settings of `decimate`.
    pub(crate) struct Decimate {
        /// Decimation factor n: of every n samples in each direction the first is kept. 1 keeps all.
        every in "samples": u32 = 1, 1..=8;
    }
}

/// Keeps the first of every n samples without filtering.
impl Degradation for Decimate {
    fn apply(&self, pair: &mut Pair, _: Rng) -> Result<(), DegradeError> {
        check_rgb(&pair.lq)?;
        let every = self.every.max(1) as usize;
        for plane in &mut pair.lq.planes {
            let rows = (0..plane.height).step_by(every);
            let data = rows.flat_map(|y| plane.row(y).iter().step_by(every).copied()).collect();
            (plane.width, plane.height) = (plane.width.div_ceil(every), plane.height.div_ceil(every));
            plane.data = data;
        }
        Ok(())
    }
}
