//! Sizes of upscaled images.

/// The size of an upscaled image.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum UpscaleSize {
    /// As the network scales: the factor of the weights, 4 for the built-in one.
    #[default]
    Network,
    /// Width and height times a factor above 0; sides are rounded.
    Scale(f64),
    /// That width, in pixels; the height in proportion.
    Width(usize),
    /// That height, in pixels; the width in proportion.
    Height(usize),
    /// As large as fits into that width and height, in proportion.
    Fit(usize, usize),
}

impl UpscaleSize {
    /// Width and height for an image, where the network scales by a factor. No side is below 1.
    pub(super) fn of(self, own: (usize, usize), network: usize) -> (usize, usize) {
        self.in_steps(own.0, own.1, network, 1)
    }

    /// As [`UpscaleSize::of`], with even sides, but for a side that was asked for.
    #[cfg(feature = "video")]
    pub(super) fn even(self, own: (usize, usize), network: usize) -> (usize, usize) {
        self.in_steps(own.0, own.1, network, 2)
    }

    /// As [`UpscaleSize::of`]; sides are multiples of `step`, but for one that was asked for.
    fn in_steps(self, width: usize, height: usize, network: usize, step: usize) -> (usize, usize) {
        let by =
            |factor: f64, side: usize| (side as f64 * factor / step as f64).round().max(1.0) as usize * step;
        let most = |asked: usize| (asked / step).max(1) * step;
        let over = |asked: usize, side: usize| asked as f64 / side as f64;
        match self {
            Self::Network => (by(network as f64, width), by(network as f64, height)),
            Self::Scale(factor) => (by(factor, width), by(factor, height)),
            Self::Width(asked) => (asked, by(over(asked, width), height)),
            Self::Height(asked) => (by(over(asked, height), width), asked),
            Self::Fit(across, down) => {
                let (across, down) = (most(across), most(down));
                let factor = over(across, width).min(over(down, height));
                (by(factor, width).min(across), by(factor, height).min(down))
            }
        }
    }

    /// The same size for images turned by a quarter.
    #[cfg(feature = "video")]
    pub(super) fn turned(self) -> Self {
        match self {
            Self::Width(width) => Self::Height(width),
            Self::Height(height) => Self::Width(height),
            Self::Fit(width, height) => Self::Fit(height, width),
            same => same,
        }
    }

    /// The size in names of files: `x4`, `x1.5`, `w1920`, `h1080`, `1920x1080`.
    pub(super) fn label(self, network: usize) -> String {
        match self {
            Self::Network => format!("x{network}"),
            Self::Scale(factor) => format!("x{factor}"),
            Self::Width(width) => format!("w{width}"),
            Self::Height(height) => format!("h{height}"),
            Self::Fit(width, height) => format!("{width}x{height}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "video")]
    #[test]
    fn frames_have_even_sides() {
        let rows = [
            (UpscaleSize::Network, (54, 30)),
            (UpscaleSize::Scale(1.5), (40, 22)),
            (UpscaleSize::Width(101), (101, 56)),
            (UpscaleSize::Height(101), (182, 101)),
            (UpscaleSize::Fit(101, 101), (100, 56)),
        ];
        for (size, made) in rows {
            assert_eq!(size.even((27, 15), 2), made, "{size:?}");
            assert_eq!(size.turned().even((15, 27), 2), (made.1, made.0), "{size:?}");
        }
    }

    #[test]
    fn sizes_keep_the_proportions() {
        let rows = [
            (UpscaleSize::Network, (128, 96)),
            (UpscaleSize::Scale(1.5), (48, 36)),
            (UpscaleSize::Scale(0.01), (1, 1)),
            (UpscaleSize::Width(100), (100, 75)),
            (UpscaleSize::Height(100), (133, 100)),
            (UpscaleSize::Fit(100, 100), (100, 75)),
            (UpscaleSize::Fit(100, 50), (67, 50)),
            (UpscaleSize::Fit(1, 1), (1, 1)),
        ];
        for (size, made) in rows {
            assert_eq!(size.of((32, 24), 4), made, "{size:?}");
        }
    }
}
