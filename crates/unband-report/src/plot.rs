//! Layout and drawing of profile plots.

use std::ops::Range;

use super::canvas::{Anchor, Area, Canvas, Ink, LETTER_WIDTH};
use super::{Profile, ShowError};

/// Height of the plot of the whole line.
const MAIN: f64 = 230.0;
/// Height of the plot of a magnified part.
const PART: f64 = 170.0;
/// Height of an image strip below a magnified part.
const STRIP: f64 = 36.0;
/// Left margin, for names of strips and axis values.
const LEFT: f64 = 54.0;
/// Right margin.
const RIGHT: f64 = 14.0;
/// Line height.
const LINE: f64 = 20.0;
/// Space below a plot, with its axis labels.
const BELOW: f64 = 44.0;

/// Positions of the parts of a profile plot.
pub(super) struct Layout {
    pub width: f64,
    pub height: f64,
    legend: Vec<(f64, f64)>,
    main: Area,
    parts: Vec<Area>,
    short: bool,
}

impl Layout {
    pub(crate) fn new(profile: &Profile, width: usize) -> Self {
        let width = (width as f64).clamp(320.0, 16_384.0);
        // Title, then the legend in as many lines as it needs.
        let mut y = LINE;
        let (mut x, mut legend) = (12.0, Vec::new());
        y += LINE;
        for name in &profile.names {
            let needed = 38.0 + LETTER_WIDTH * shortened(name, 40).chars().count() as f64;
            if x + needed > width && x > 12.0 {
                (x, y) = (12.0, y + LINE);
            }
            legend.push((x, y));
            x += needed + 12.0;
        }
        y += 1.6 * LINE;
        let main = Area { x: LEFT, y, w: width - LEFT - RIGHT, h: MAIN };
        y += MAIN + BELOW;
        let columns = if width >= 720.0 { profile.zooms.len().max(1) } else { 1 };
        let across = width / columns as f64;
        let strips = profile.names.len() as f64 * (STRIP + LINE) + 6.0;
        let mut parts = Vec::new();
        for (i, _) in profile.zooms.iter().enumerate() {
            let (column, row) = (i % columns, i / columns);
            let top = y + LINE + row as f64 * (LINE + PART + BELOW + strips);
            parts.push(Area { x: column as f64 * across + LEFT, y: top, w: across - LEFT - RIGHT, h: PART });
        }
        let height = parts.last().map_or(y, |part| part.y + PART + BELOW + strips + 6.0);
        Self { width, height: height.ceil(), legend, main, parts, short: width < 600.0 }
    }

    /// Draws the plot.
    pub(crate) fn draw(&self, profile: &Profile, canvas: &mut dyn Canvas) -> Result<(), ShowError> {
        let title = if self.short { profile.sentence() } else { format!("Profile: {}", profile.sentence()) };
        canvas.text((12.0, LINE), Anchor::Start, Ink::Text, &title);
        for (i, (&(x, y), name)) in self.legend.iter().zip(&profile.names).enumerate() {
            canvas.lines(&[(x, y - 5.0), (x + 26.0, y - 5.0)], Ink::Curve(i), bold(i));
            canvas.text((x + 33.0, y), Anchor::Start, Ink::Text, &shortened(name, 40));
        }
        let whole = 0..profile.line.len();
        let axes = Axes::new(profile, whole.clone(), self.main);
        for (i, zoom) in profile.zooms.iter().enumerate() {
            let (a, b) = (axes.x(zoom.start as f64), axes.x(zoom.end as f64));
            let mark = Area { x: a, w: b - a, ..self.main };
            canvas.rect(mark, Ink::Mark, true);
            canvas.rect(mark, Ink::Mark, false);
            canvas.text((a + 4.0, self.main.y + 14.0), Anchor::Start, Ink::Faint, letter(i));
        }
        axes.draw(profile, canvas, &whole);
        for (i, (zoom, &area)) in profile.zooms.iter().zip(&self.parts).enumerate() {
            let axes = Axes::new(profile, zoom.clone(), area);
            canvas.text((area.x - LEFT + 12.0, area.y - 10.0), Anchor::Start, Ink::Text, letter(i));
            axes.draw(profile, canvas, zoom);
            let mut y = area.y + PART + BELOW;
            for (name, strip) in profile.names.iter().zip(&profile.strips[i]) {
                let fits = ((area.w + LEFT) / LETTER_WIDTH) as usize;
                canvas.text((area.x, y + 13.0), Anchor::Start, Ink::Faint, &shortened(name, fits));
                let says = format!("{name}: surroundings of the line, with more contrast");
                canvas.image(Area { y: y + LINE, h: STRIP, ..area }, strip, &says)?;
                y += STRIP + LINE;
            }
        }
        Ok(())
    }
}

/// Labels of magnified parts.
fn letter(i: usize) -> &'static str {
    ["A", "B", "C", "D"][i % 4]
}

/// The first image is drawn bold, the others over it.
fn bold(i: usize) -> bool {
    i == 0
}

/// A name shortened to a number of letters.
fn shortened(name: &str, letters: usize) -> String {
    if name.chars().count() <= letters.max(1) {
        return name.to_owned();
    }
    name.chars().take(letters.saturating_sub(3)).chain("...".chars()).collect()
}

/// A section of the line and its range of codes, in an area.
struct Axes {
    area: Area,
    points: (f64, f64),
    codes: (f64, f64),
    /// The finest useful tick distance: codes are integers, unless an image has values between them.
    finest: f64,
}

impl Axes {
    fn new(profile: &Profile, points: Range<usize>, area: Area) -> Self {
        let values =
            || profile.codes.iter().flat_map(|codes| &codes[points.clone()]).filter(|v| v.is_finite());
        let finest = if values().all(|v| v.fract().abs() < f64::EPSILON) { 1.0 } else { 0.1 };
        let (low, high) =
            values().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), &v| (a.min(v), b.max(v)));
        let (low, high) = if low <= high { (low, high) } else { (0.0, 1.0) };
        let room = (0.06 * (high - low)).max(finest);
        Self {
            area,
            points: (points.start as f64, points.end as f64),
            codes: (low - room, high + room),
            finest,
        }
    }

    fn x(&self, point: f64) -> f64 {
        let (from, to) = self.points;
        self.area.x + (point - from) / (to - from).max(1.0) * self.area.w
    }

    fn y(&self, code: f64) -> f64 {
        let (low, high) = self.codes;
        self.area.y + (high - code) / (high - low) * self.area.h
    }

    fn draw(&self, profile: &Profile, canvas: &mut dyn Canvas, points: &Range<usize>) {
        let Area { x, y, w, h } = self.area;
        for tick in ticks(self.codes.0, self.codes.1, h / 34.0, self.finest) {
            let at = self.y(tick.0);
            canvas.lines(&[(x, at), (x + w, at)], Ink::Grid, false);
            canvas.text((x - 7.0, at + 4.5), Anchor::End, Ink::Faint, &tick.1);
        }
        let (first, last) = (profile.position(points.start), profile.position(points.end - 1));
        let turned = if last < first { -1.0 } else { 1.0 };
        for tick in ticks(first.min(last), first.max(last), w / 80.0, 1.0) {
            let at = self.x(points.start as f64 + turned * (tick.0 - first) + 0.5);
            canvas.lines(&[(at, y + h), (at, y + h + 5.0)], Ink::Faint, false);
            canvas.text((at, y + h + 18.0), Anchor::Middle, Ink::Faint, &tick.1);
        }
        canvas.rect(self.area, Ink::Grid, false);
        canvas.text((x, y - 10.0), Anchor::Start, Ink::Faint, profile.unit);
        canvas.text((x + w, y + h + 36.0), Anchor::End, Ink::Faint, profile.position_name());
        for (i, codes) in profile.codes.iter().enumerate() {
            for run in self.curve(codes, points) {
                canvas.lines(&run, Ink::Curve(i), bold(i));
            }
        }
    }

    /// A curve as polylines, interrupted at NaN. Each sample is as wide as its pixel; where several fall into
    /// one pixel of the plot, their minimum and maximum are drawn.
    fn curve(&self, codes: &[f64], points: &Range<usize>) -> Vec<Vec<(f64, f64)>> {
        let every = (points.len() as f64 / self.area.w).ceil().max(1.0) as usize;
        let mut runs: Vec<Vec<(f64, f64)>> = vec![Vec::new()];
        let starts = points.clone().step_by(every);
        for start in starts {
            let end = (start + every).min(points.end);
            let values = codes[start..end].iter().copied().filter(|v| v.is_finite());
            let (low, high) =
                values.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)));
            if low > high {
                runs.push(Vec::new());
            } else if let Some(run) = runs.last_mut() {
                let (a, b) = (self.x(start as f64), self.x(end as f64));
                if every == 1 {
                    run.extend([(a, self.y(low)), (b, self.y(low))]);
                } else {
                    run.extend([(f64::midpoint(a, b), self.y(low)), (f64::midpoint(a, b), self.y(high))]);
                }
            }
        }
        runs.retain(|run| run.len() > 1);
        runs.iter().map(|run| without_middles(run)).collect()
    }
}

/// Removes points between two others of the same height.
fn without_middles(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut kept: Vec<(f64, f64)> = Vec::with_capacity(points.len());
    for &point in points {
        if let [.., a, b] = kept.as_slice()
            && a.1.to_bits() == b.1.to_bits()
            && b.1.to_bits() == point.1.to_bits()
        {
            kept.pop();
        }
        kept.push(point);
    }
    kept
}

/// Round tick values and their labels: about `about` of them, at least `finest` apart.
pub(super) fn ticks(low: f64, high: f64, about: f64, finest: f64) -> Vec<(f64, String)> {
    let rough = (high - low).max(1e-9) / about.max(1.0);
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * power).find(|s| *s >= rough * 0.999);
    let step = step.unwrap_or(10.0 * power).max(finest);
    let decimals = usize::from(step < 1.0);
    let (first, last) = ((low / step).ceil() as i64, (high / step).floor() as i64);
    (first..=last).take(200).map(|i| (i as f64 * step, format!("{:.decimals$}", i as f64 * step))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        let at = |low, high, about| ticks(low, high, about, 1.0).into_iter().map(|t| t.1).collect::<Vec<_>>();
        assert_eq!(at(3.0, 61.0, 6.0), ["10", "20", "30", "40", "50", "60"]);
        assert_eq!(at(99.0, 102.5, 8.0), ["99", "100", "101", "102"]);
        assert_eq!(at(5.0, 5.0, 8.0), ["5"]);
        let fine: Vec<String> = ticks(99.75, 101.3, 4.0, 0.1).into_iter().map(|t| t.1).collect();
        assert_eq!(fine, ["100.0", "100.5", "101.0"]);
    }

    #[test]
    fn flats_keep_their_ends() {
        let run = [(0.0, 1.0), (1.0, 1.0), (2.0, 1.0), (2.0, 5.0), (3.0, 5.0)];
        assert_eq!(without_middles(&run), [(0.0, 1.0), (2.0, 1.0), (2.0, 5.0), (3.0, 5.0)]);
    }
}
