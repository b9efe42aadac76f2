//! Every so many-th sample.

use unband_image::{Rng, params};

use super::{Degradation, DegradeError, Pair, rgb};

params! {
    /// Settings of `decimate`.
    pub struct Decimate {
        /// Of so many samples each way the first is kept; 1 keeps all.
        every: u32 = 1, 1..=8;
    }
}

/// The first of every so many samples, and nothing of the others.
impl Degradation for Decimate {
    fn apply(&self, pair: &mut Pair, _: Rng) -> Result<(), DegradeError> {
        rgb(&pair.lq)?;
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
