//! Parsers of times, ranges of time and frame rates.

use unband::video::TimeRange;

/// Parses a frame rate into a reduced fraction: "24", "24000/1001", or "23.976", which means 24000/1001.
pub(super) fn rate(text: &str) -> Result<(u32, u32), String> {
    let wrong = || format!("`{text}` is not a frame rate from 0.001 to 1000; write 24, 23.976 or 24000/1001");
    let (frames, seconds) = if let Some((frames, seconds)) = text.split_once('/') {
        (frames.parse().map_err(|_| wrong())?, seconds.parse().map_err(|_| wrong())?)
    } else {
        let rate: f64 = text.parse().map_err(|_| wrong())?;
        // NTSC rates are written with two or three decimals.
        let whole = rate.ceil();
        let ntsc = rate.fract() > 0.0 && (whole / 1.001 - rate).abs() < 0.0045;
        if ntsc { (whole as u32 * 1000, 1001) } else { ((rate * 1000.0).round() as u32, 1000) }
    };
    let ratio = f64::from(frames) / f64::from(seconds);
    if !(0.001..=1000.0).contains(&ratio) {
        return Err(wrong());
    }
    let (mut common, mut rest) = (frames, seconds);
    while rest > 0 {
        (common, rest) = (rest, common % rest);
    }
    Ok((frames / common, seconds / common))
}

/// Parses a time into seconds: "83.5", "1:23.5" or "0:01:23.5".
pub(super) fn time(text: &str) -> Result<f64, String> {
    let parts =
        text.split(':').map(|part| part.parse::<f64>().ok().filter(|part| *part >= 0.0 && part.is_finite()));
    let seconds = parts.clone().try_fold(0.0, |sum, part| Some(sum * 60.0 + part?));
    seconds
        .filter(|_| parts.count() <= 3)
        .ok_or_else(|| format!("`{text}` is not a time; write 83.5 or 0:01:23.5"))
}

/// Parses a range of time: "90-150", "1:30-2:30", "-0:30" from the start, "1:00-" to the end.
pub(super) fn range(text: &str) -> Result<TimeRange, String> {
    let wrong = || format!("`{text}` is not a range of time; write 1:00-2:30, -0:30 or 1:00-");
    let (from, to) = text.split_once('-').ok_or_else(wrong)?;
    let end = |text: &str| if text.is_empty() { Ok(None) } else { time(text).map(Some) };
    let (start, stop) = (end(from).map_err(|_| wrong())?, end(to).map_err(|_| wrong())?);
    match (start, stop) {
        (None, None) => Err(wrong()),
        (Some(start), Some(stop)) if stop < start => {
            Err(format!("`{text}` ends before it starts; write {to}-{from}"))
        }
        (start, Some(stop)) if stop <= start.unwrap_or(0.0) => {
            Err(format!("`{text}` has no length; the second time is the end, such as 1:00-2:30"))
        }
        (from, to) => Ok(TimeRange { from, to }),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn times_read_as_players_show_them() {
        assert_eq!([time("83.5"), time("1:23.5"), time("0:01:23.5")], [Ok(83.5), Ok(83.5), Ok(83.5)]);
        for wrong in ["", "-1", "1:2:3:4", "1m", "nan"] {
            assert!(time(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn rates_are_fractions() {
        let cases = [
            ("24", (24, 1)),
            ("23.976", (24000, 1001)),
            ("23.98", (24000, 1001)),
            ("59.94", (60000, 1001)),
            ("30000/1001", (30000, 1001)),
            ("12.5", (25, 2)),
            ("4000000000/2000000000", (2, 1)),
        ];
        for (text, wanted) in cases {
            assert_eq!(rate(text), Ok(wanted), "{text}");
        }
        for text in ["", "0", "-24", "24/0", "fast", "1e9", "nan", "0/0"] {
            assert!(rate(text).is_err(), "{text}");
        }
    }

    #[test]
    fn ranges_have_open_ends() {
        for (text, from, to) in [
            ("90-150", Some(90.0), Some(150.0)),
            ("1:30-00:02:30.5", Some(90.0), Some(150.5)),
            ("-0:30", None, Some(30.0)),
            ("1:00-", Some(60.0), None),
            ("0-0.5", Some(0.0), Some(0.5)),
        ] {
            assert_eq!(range(text), Ok(TimeRange { from, to }), "{text}");
        }
        for (text, says) in [
            ("", "is not a range"),
            ("-", "is not a range"),
            ("90", "is not a range"),
            ("1-2-3", "is not a range"),
            ("1m-2m", "is not a range"),
            ("--lossless", "is not a range"),
            ("2:30-1:00", "ends before it starts; write 1:00-2:30"),
            ("1:00-60", "has no length"),
            ("-0", "has no length"),
        ] {
            assert!(range(text).unwrap_err().contains(says), "{text}: {:?}", range(text));
        }
    }
}
