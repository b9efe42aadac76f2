//! Range bounds that may depend on the scale.

use std::fmt;

/// A number, or a sum of terms with the scale: `4 + scale`, `2 * scale`, `0.5 / scale`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct End {
    plain: f64,
    times: f64,
    over: f64,
}

impl End {
    /// A constant.
    pub(super) fn plain(number: f64) -> Self {
        Self { plain: number, ..Self::default() }
    }

    /// Parses text with the word `scale` in it; `None` if it is malformed.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut end = Self::default();
        for term in text.split('+') {
            let term = term.trim();
            let number = |text: &str| text.trim().parse::<f64>().ok().filter(|n| n.is_finite());
            if term == "scale" {
                end.times += 1.0;
            } else if let Some((factor, "scale")) = term.split_once('*').map(|(a, b)| (a, b.trim())) {
                end.times += number(factor)?;
            } else if let Some((factor, "scale")) = term.split_once('/').map(|(a, b)| (a, b.trim())) {
                end.over += number(factor)?;
            } else {
                end.plain += number(term)?;
            }
        }
        Some(end)
    }

    /// Whether the text contains the word `scale`.
    pub(super) fn names_scale(text: &str) -> bool {
        text.split(|c: char| !c.is_ascii_alphabetic()).any(|word| word == "scale")
    }

    /// The value at a scale.
    pub(super) fn at(self, scale: f64) -> f64 {
        self.plain + self.times * scale + self.over / scale
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { plain, times, over } = self;
        match (*times == 0.0, *over == 0.0) {
            (true, true) => write!(f, "{plain}"),
            (false, true) => write!(f, "{plain} + {times} * scale"),
            _ => write!(f, "{plain} + {times} * scale + {over} / scale"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_with_the_scale_are_read() {
        let at = |text: &str| End::parse(text).map(|end| end.at(4.0));
        assert_eq!(
            ["4 + scale", "2 * scale", "0.5 / scale", "2 + 0.2 * scale", "scale", "7"].map(at),
            [Some(8.0), Some(8.0), Some(0.125), Some(2.8), Some(4.0), Some(7.0)]
        );
        assert_eq!(["", "scale *", "2 ** scale", "scale - 1", "x"].map(at), [None; 5]);
        assert!(End::names_scale("2*scale") && !End::names_scale("escaled"));
    }
}
