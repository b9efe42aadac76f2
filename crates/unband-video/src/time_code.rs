//! Time codes of a video's first frame.
//!
//! Source: SMPTE ST 12-1, 5.2 (frames numbered from 0 in each second; drop-frame compensation).

use std::fmt;

/// A time code, as the count of frames from 00:00:00:00.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TimeCode {
    frames: u64,
    /// Frame numbers in a second.
    base: u64,
    /// Numbers are dropped at the start of minutes, as 29.97 and 59.94 frames per second need.
    drops: bool,
}

impl TimeCode {
    /// From "01:00:00:00", or "01:00:00;00" with dropped numbers, at a frame rate; `None` for other text.
    pub(crate) fn new(text: &str, (num, den): (u32, u32)) -> Option<Self> {
        let base = u64::from(num).div_ceil(u64::from(den.max(1)));
        let mut numbers = text.split([':', ';', '.']).map(|part| part.trim().parse::<u64>().ok());
        let mut next = || numbers.next().flatten();
        let (hours, minutes, seconds, frame) = (next()?, next()?, next()?, next()?);
        let drops = text.contains([';', '.']) && base.is_multiple_of(30) && base > 0;
        let valid = hours < 24 && minutes < 60 && seconds < 60 && frame < base && numbers.next().is_none();
        let minute = 60 * hours + minutes;
        let dropped = if drops { base / 15 * (minute - minute / 10) } else { 0 };
        let frames = ((60 * minute + seconds) * base + frame).checked_sub(dropped)?;
        valid.then_some(Self { frames, base, drops })
    }

    /// That of a later frame. After a day, counting starts at 0.
    pub(crate) fn after(self, frames: u64) -> Self {
        let dropped = if self.drops { self.base / 15 * (1440 - 144) } else { 0 };
        Self { frames: (self.frames + frames) % (86_400 * self.base - dropped), ..self }
    }
}

impl fmt::Display for TimeCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut number = self.frames;
        if self.drops {
            // Of ten minutes, all but the first lack some numbers.
            let (dropped, minute) = (self.base / 15, 60 * self.base - self.base / 15);
            let ten = 10 * minute + dropped;
            let (tens, rest) = (number / ten, number % ten);
            let minutes = rest.saturating_sub(dropped) / minute;
            number += dropped * (9 * tens + minutes.min(9));
        }
        let (seconds, frame) = (number / self.base, number % self.base);
        let mark = if self.drops { ';' } else { ':' };
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
        write!(f, "{hours:02}:{minutes:02}:{:02}{mark}{frame:02}", seconds % 60)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const NTSC: (u32, u32) = (30_000, 1001);

    #[test]
    fn frames_after_the_first_are_counted() {
        let after = |text: &str, rate, frames| TimeCode::new(text, rate).unwrap().after(frames).to_string();
        assert_eq!(after("01:00:00:00", (24, 1), 24 * 61 + 5), "01:01:01:05");
        assert_eq!(after("00:00:59:22", (24_000, 1001), 3), "00:01:00:01");
        assert_eq!(after("23:59:59:24", (25, 1), 1), "00:00:00:00");
        assert_eq!(after("00:00:59:29", NTSC, 1), "00:01:00:00", "no numbers are dropped");
        // ST 12-1: numbers 0 and 1 are dropped in minutes that 10 does not divide.
        assert_eq!(after("00:00:59;29", NTSC, 1), "00:01:00;02");
        assert_eq!(after("00:09:59;29", NTSC, 1), "00:10:00;00");
        assert_eq!(after("00:00:00;00", NTSC, 107_892), "01:00:00;00");
        assert_eq!(after("00:00:59;59", (60_000, 1001), 1), "00:01:00;04");
        assert_eq!(after("23:59:59;29", NTSC, 1), "00:00:00;00");
    }

    #[test]
    fn all_frames_of_an_hour_count_up() {
        let first = TimeCode::new("00:00:00;00", NTSC).unwrap();
        for frames in 0..107_892 {
            let text = first.after(frames).to_string();
            assert_eq!(TimeCode::new(&text, NTSC), Some(first.after(frames)), "{text}");
        }
    }

    #[test]
    fn other_text_is_refused() {
        for text in
            ["", "now", "01:00:00", "01:00:00:24", "25:00:00:00", "01:60:00:00", "1:2:3:4:5", "-1:0:0:0"]
        {
            assert_eq!(TimeCode::new(text, (24, 1)), None, "{text}");
        }
        assert_eq!(TimeCode::new("00:00:00:00", (0, 0)), None);
    }
}
