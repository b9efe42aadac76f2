//! Values of metrics, and their text.

/// Direction of improvement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Higher is better.
    Higher,
    /// Lower is better.
    Lower,
    /// Neither.
    Neither,
}

/// A value, or the reason for a missing one.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A value, possibly infinite.
    Number(f64),
    /// The reason, a short sentence.
    Missing(String),
    /// The metric does not apply to this image.
    Blank,
}

impl Value {
    /// The value, unless it is missing.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Number(value) => Some(*value),
            Self::Missing(_) | Self::Blank => None,
        }
    }
}

/// A value with about four digits: "123.5", "1.500", "0.1235", "∞".
pub fn number(value: f64) -> String {
    if value.is_infinite() {
        return if value > 0.0 { "∞" } else { "-∞" }.to_owned();
    }
    let decimals = match value.abs() {
        100.0.. => 1,
        10.0.. => 2,
        1.0.. => 3,
        _ => 4,
    };
    format!("{value:.decimals$}")
}

/// A time in seconds as "1:02.250" or "1:00:02.250".
pub fn clock(seconds: f64) -> String {
    let sign = if seconds < 0.0 { "-" } else { "" };
    let thousandths = (seconds.abs() * 1000.0).round() as u64;
    let (whole, rest) = (thousandths / 1000, thousandths % 1000);
    let (hours, minutes, whole) = (whole / 3600, whole / 60 % 60, whole % 60);
    if hours > 0 {
        format!("{sign}{hours}:{minutes:02}:{whole:02}.{rest:03}")
    } else {
        format!("{sign}{minutes}:{whole:02}.{rest:03}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_four_digits() {
        assert_eq!([number(1.5), number(123.456), number(-0.12345)], ["1.500", "123.5", "-0.1235"]);
        assert_eq!([number(f64::INFINITY), number(f64::NEG_INFINITY)], ["∞", "-∞"]);
    }

    #[test]
    fn times_are_written_as_players_do() {
        assert_eq!(clock(62.25), "1:02.250");
        assert_eq!(clock(3602.9996), "1:00:03.000");
        assert_eq!(clock(-0.5), "-0:00.500");
    }
}
