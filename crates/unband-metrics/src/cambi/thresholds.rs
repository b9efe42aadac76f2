//! Visibility thresholds of luma differences, from the display's transfer function.

unband_image::words! {
    /// Transfer function of the display.
    #[non_exhaustive]
    pub enum Eotf {
        /// ITU-R BT.1886 from 0.01 to 300 cd/m².
        Bt1886 = "bt1886",
        /// SMPTE ST 2084 (PQ), up to 10 000 cd/m².
        Pq = "pq",
    }
}

/// Black and white of 10-bit studio range.
const BLACK: i32 = 64;
const WHITE: i32 = 940;

/// Highest 10-bit code.
pub(super) const TOP: u16 = 1023;

impl Eotf {
    /// Luminance of a 10-bit studio code, in cd/m².
    fn luminance(self, code: i32) -> f64 {
        let v = f64::from(code.clamp(BLACK, WHITE) - BLACK) / f64::from(WHITE - BLACK);
        match self {
            Self::Bt1886 => {
                let (white, black) = (300f64.powf(1.0 / 2.4), 0.01f64.powf(1.0 / 2.4));
                (white - black).powf(2.4) * (v + black / (white - black)).max(0.0).powf(2.4)
            }
            Self::Pq => {
                let (m1, m2) = (0.159_301_757_812_5, 78.84375);
                let (c1, c2, c3) = (0.835_937_5, 18.851_562_5, 18.6875);
                let root = v.powf(1.0 / m2);
                10_000.0 * ((root - c1).max(0.0) / (c2 - c3 * root)).powf(1.0 / m1)
            }
        }
    }

    /// The highest 10-bit code at which a step of `difference` codes upwards is visible, which means more
    /// than `threshold` of the luminance. 0 if it is never visible, 1023 if it always is.
    pub(super) fn visible_up_to(self, difference: usize, threshold: f64) -> u16 {
        let difference = (difference as u32).cast_signed();
        let seen = |code: i32| {
            let light = self.luminance(code);
            self.luminance(code + difference) - light > threshold * light
        };
        let (mut low, mut high) = (BLACK, WHITE - difference - 1);
        if !seen(low) {
            return 0;
        }
        if seen(high) && seen(high + 1) {
            return TOP;
        }
        if seen(high) {
            return high as u16;
        }
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if seen(middle) {
                low = middle;
            } else {
                high = middle;
            }
        }
        low as u16
    }

    /// The lowest 10-bit code with at least this luminance in cd/m²; 0 if that is the code of black, 1024 if
    /// there is none.
    pub(super) fn least_visible(self, luminance: f64) -> u16 {
        match (BLACK..=WHITE).find(|&code| self.luminance(code) >= luminance) {
            Some(BLACK) => 0,
            Some(code) => code as u16,
            None => TOP + 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn visible_steps_are_those_of_the_table() {
        let of = |eotf: Eotf| (1..=8).map(|d| eotf.visible_up_to(d, 0.019)).collect::<Vec<_>>();
        assert_eq!(of(Eotf::Bt1886), [178, 305, 432, 559, 686, 813, 1023, 1023]);
        assert_eq!(of(Eotf::Pq)[..3], [233, 1023, 1023]);
    }

    #[test]
    fn a_threshold_of_no_light_hides_nothing_and_one_above_white_everything() {
        assert_eq!(Eotf::Bt1886.least_visible(0.0), 0);
        let code = Eotf::Bt1886.least_visible(20.0);
        assert!(Eotf::Bt1886.luminance(code.into()) >= 20.0);
        assert!(Eotf::Bt1886.luminance(i32::from(code) - 1) < 20.0);
        assert_eq!(Eotf::Bt1886.least_visible(301.0), 1024);
    }
}
