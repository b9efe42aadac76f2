//! Settings for weights that were trained on another order of channels or another scale of values.

use unband_image::{ParamKind, ParamValue};
use unband_nets::Convention;
use unband_nets::convention::parse_scale;

unband_image::words! {
    /// Order of the channels that a network gets.
    #[derive(Default)]
    #[non_exhaustive]
    pub enum Order {
        /// As the weights file states; blue, green, red for published weights whose scripts pass them so.
        #[default]
        Auto = "auto",
        /// Red, green, blue.
        Rgb = "rgb",
        /// Blue, green, red, as OpenCV reads images.
        Bgr = "bgr",
    }
}

/// Factor of the values that a network gets; `None`: as the weights file states.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Scale(pub Option<f32>);

impl Scale {
    /// As the weights file states.
    pub const AUTO: Self = Self(None);
}

impl ParamValue for Scale {
    const KIND: ParamKind = ParamKind::Number;

    fn parse(text: &str) -> Option<Self> {
        if text.trim() == "auto" { Some(Self::AUTO) } else { parse_scale(text).map(Some).map(Self) }
    }

    fn show(&self) -> String {
        self.0.map_or_else(|| "auto".to_owned(), |scale| scale.to_string())
    }
}

/// The convention of a file, changed by settings.
pub(crate) fn changed(file: Convention, order: Order, scale: Scale) -> Convention {
    let bgr = match order {
        Order::Auto => file.bgr,
        Order::Rgb => false,
        Order::Bgr => true,
    };
    Convention { bgr, scale: scale.0.unwrap_or(file.scale), ..file }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn settings_come_before_the_file() {
        let file = Convention { bgr: true, scale: 0.5, steps: None };
        assert_eq!(changed(file, Order::Auto, Scale::AUTO), file);
        assert_eq!(changed(file, Order::Rgb, Scale(Some(1.0))), Convention::default());
        assert!(changed(Convention::default(), Order::Bgr, Scale::AUTO).bgr);
    }

    #[test]
    fn scales_read_as_they_are_shown() {
        for text in ["auto", "1/255", "2"] {
            let scale = Scale::parse(text).unwrap();
            assert_eq!(Scale::parse(&scale.show()), Some(scale), "{text}");
        }
        assert_eq!(Scale::parse("0"), None);
    }
}
