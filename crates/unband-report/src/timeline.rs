//! Plot of a value over a video's time.

use super::canvas::{Anchor, Area, Canvas, Ink};
use super::plot::ticks;
use super::svg::Svg;

const HEIGHT: f64 = 300.0;
const TOP: f64 = 50.0;
const LEFT: f64 = 54.0;
const RIGHT: f64 = 14.0;
const BELOW: f64 = 50.0;

/// Values of frames with their times, and shot starts.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    /// The title.
    pub title: String,
    /// Label of the values, with their unit.
    pub unit: String,
    /// Seconds and values in order of time; infinite and NaN values leave a gap.
    pub values: Vec<(f64, f64)>,
    /// Start times of shots, in seconds.
    pub shots: Vec<f64>,
}

impl Timeline {
    /// As an SVG of that width in pixels, at least 320.
    pub fn svg(&self, width: usize) -> String {
        let width = (width as f64).clamp(320.0, 16_384.0);
        let area = Area { x: LEFT, y: TOP, w: width - LEFT - RIGHT, h: HEIGHT - TOP - BELOW };
        let mut svg = Svg::new(width, HEIGHT, &self.title);
        let bounds = |all: &mut dyn Iterator<Item = f64>| {
            all.filter(|v| v.is_finite())
                .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)))
        };
        let (from, to) = bounds(&mut self.values.iter().map(|value| value.0));
        let (low, high) = bounds(&mut self.values.iter().map(|value| value.1));
        let (from, to) = if from <= to { (from, to.max(from + 1e-3)) } else { (0.0, 1.0) };
        // The axis starts at 0: otherwise small changes would look large.
        let (low, high) = if low <= high { (low.min(0.0), high.max(1.0) * 1.06) } else { (0.0, 1.0) };
        let x = |seconds: f64| area.x + (seconds - from) / (to - from) * area.w;
        let y = |value: f64| area.y + (high - value) / (high - low) * area.h;
        svg.text((12.0, 20.0), Anchor::Start, Ink::Text, &self.title);
        svg.text((area.x, TOP - 10.0), Anchor::Start, Ink::Faint, &self.unit);
        for (value, text) in ticks(low, high, area.h / 34.0, 0.1) {
            svg.lines(&[(area.x, y(value)), (area.x + area.w, y(value))], Ink::Grid, false);
            svg.text((area.x - 7.0, y(value) + 4.5), Anchor::End, Ink::Faint, &text);
        }
        for (seconds, text) in ticks(from, to, area.w / 80.0, 0.1) {
            svg.lines(
                &[(x(seconds), area.y + area.h), (x(seconds), area.y + area.h + 5.0)],
                Ink::Faint,
                false,
            );
            svg.text((x(seconds), area.y + area.h + 18.0), Anchor::Middle, Ink::Faint, &text);
        }
        svg.text((area.x + area.w, area.y + area.h + 36.0), Anchor::End, Ink::Faint, "seconds");
        svg.rect(area, Ink::Grid, false);
        // Every other shot is shaded, to show the boundaries.
        for shot in self.shots.chunks(2).filter(|pair| pair.len() == 2) {
            let second = shot[1];
            let end = self.shots.iter().copied().find(|&next| next > second).unwrap_or(to);
            svg.rect(Area { x: x(second), w: x(end) - x(second), ..area }, Ink::Mark, true);
        }
        for run in self.values.split(|value| !value.1.is_finite()).filter(|run| !run.is_empty()) {
            let points: Vec<(f64, f64)> =
                run.iter().map(|&(seconds, value)| (x(seconds), y(value))).collect();
            svg.lines(&points, Ink::Curve(0), true);
        }
        svg.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_value_leaves_a_gap_and_every_other_shot_is_shaded() {
        let values = vec![(0.0, 1.0), (1.0, 2.0), (2.0, f64::NAN), (3.0, 4.0), (4.0, 0.5)];
        let line = Timeline { title: "a < b".into(), unit: "cambi".into(), values, shots: vec![0.0, 3.0] };
        let svg = line.svg(640);
        assert_eq!(svg.matches("class=\"curve").count(), 2);
        assert_eq!(svg.matches("class=\"mark fill").count(), 1);
        assert!(svg.contains("a &lt; b") && !svg.contains("NaN"));
        assert!(!Timeline::default().svg(0).contains("NaN"));
    }
}
