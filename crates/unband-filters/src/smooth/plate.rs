//! Planes without noise: the surface with the least bending inside the intervals.
//!
//! Height and depth maps, renders and masters of 8 to 16 bits are smooth everywhere, and their slopes go on
//! across levels. The thin plate (the least sum of squared second differences) follows them; the membrane of
//! `surface.rs` flattens every hill a little. Second differences that rounding does not explain are edges and
//! do not count. Where the plate contradicts the samples, texture is left as it is.

use unband_image::findings::{Cause, Findings};
use unband_image::{Context, Image, Plane, RestoreError, TileIn, TileOut, is_transparent};

use crate::area::{Area, Upsampling};
use crate::gaussian::{filter, gaussian};

/// Steps of the descent on each level, and levels of the pyramid.
const SWEEPS: usize = 60;
const LEVELS: usize = 6;
/// Side of the smallest level.
const SMALLEST: usize = 16;
/// Half an interval, in codes: of samples, and of means of samples.
const HALF: f32 = 0.499;
/// Greatest second difference of a surface without an edge, in codes; rounding alone makes 2.
const EDGE: f32 = 2.5;
/// Step of the descent: one over the greatest eigenvalue.
const STEP: f32 = 1.0 / 64.0;
/// Squared distance of rounded samples from their values.
const ROUNDED: f32 = 1.0 / 12.0;
/// Spread of the window in which distances are compared, and texture at which half of the plate is applied.
const AROUND: f64 = 6.0;
const ROOM: f32 = 0.02;
/// Windows that decide, across and down, and their side; the median of their squared distances, relative to
/// that of rounding, below which a plane has no noise. Photos have 1.5 to 2.6.
const WINDOWS: usize = 4;
const SIDE: usize = 64;
const NO_NOISE: f32 = 1.3;
/// Rows of a strip.
const STRIP: usize = 64;

/// A plane's plate in values, and its share.
struct Sheet {
    values: Vec<f32>,
    shares: Vec<f32>,
}

/// The plates of an image.
pub(super) struct Plates {
    sheets: Vec<Option<Sheet>>,
}

impl Plates {
    /// `None` where no plane is without noise.
    ///
    /// # Errors
    /// When cancelled.
    pub(super) fn new(
        image: &Image,
        findings: &Findings,
        strength: f32,
        ctx: &Context<'_>,
    ) -> Result<Option<Self>, RestoreError> {
        let bits = findings.effective_bits;
        let plain = findings.cause == Cause::Plain && (8..=16).contains(&bits) && !findings.lossy;
        if !plain || image.is_yuv() || image.origin.is_lossy() {
            return Ok(None);
        }
        let mut sheets = Vec::new();
        for (plane, grid) in image.planes.iter().zip(&findings.grids) {
            let steps = Steps::new(plane, grid.step_codes, bits);
            let shown = Shown { plane, alpha: image.alpha.as_ref(), steps };
            let smooth = shown.has_no_noise(ctx)?;
            sheets.push(if smooth { Some(shown.sheet(strength, ctx)?) } else { None });
        }
        Ok(sheets.iter().any(Option::is_some).then_some(Self { sheets }))
    }

    /// Moves the samples of a window to the plates.
    pub(super) fn apply(&self, input: &TileIn<'_>, output: &mut TileOut) {
        for (p, (sheet, plane)) in self.sheets.iter().zip(&mut output.planes).enumerate() {
            let Some(sheet) = sheet else { continue };
            let (core, width) = (input.core_on(p), input.image.planes[p].width);
            for y in 0..core.height() {
                let at = (core.y0 + y) * width + core.x0;
                let plate = sheet.values[at..].iter().zip(&sheet.shares[at..]);
                let row = plane.row_mut(y).iter_mut().zip(plate);
                row.for_each(|(out, (value, share))| *out += share * (value - *out));
            }
        }
    }
}

/// Values of a plane in its own steps, from its lowest where there are more than 256: small numbers are
/// finer.
#[derive(Clone, Copy)]
struct Steps {
    low: f32,
    per_value: f32,
}

impl Steps {
    fn new(plane: &Plane, step_codes: f32, bits: u8) -> Self {
        let lowest = || plane.data.iter().copied().fold(f32::MAX, f32::min);
        Self { low: if bits > 8 { lowest() } else { 0.0 }, per_value: 255.0 / step_codes }
    }

    fn steps(self, value: f32) -> f32 {
        self.per_value * (value - self.low)
    }

    fn value(self, steps: f32) -> f32 {
        self.low + steps * (1.0 / self.per_value)
    }
}

/// A plane and its alpha.
#[derive(Clone, Copy)]
struct Shown<'a> {
    plane: &'a Plane,
    alpha: Option<&'a Plane>,
    steps: Steps,
}

impl Shown<'_> {
    /// A window in steps.
    fn steps(self, (x0, y0): (usize, usize), (width, height): (usize, usize)) -> Area {
        let mut window = Area::zeros(width, height);
        for y in 0..height {
            let codes = window.row_mut(y).iter_mut().zip(&self.plane.row(y0 + y)[x0..]);
            codes.for_each(|(code, &value)| *code = self.steps.steps(value));
        }
        window
    }

    /// Makes the transparent samples of a window NaN, if there are any: they have no part in the surface.
    fn without_hidden(self, (x0, y0): (usize, usize), window: &mut Area) {
        let Some(alpha) = self.alpha else { return };
        for y in 0..window.height {
            let codes = window.row_mut(y).iter_mut().zip(&alpha.row(y0 + y)[x0..]);
            codes.filter(|(_, alpha)| is_transparent(**alpha)).for_each(|(code, _)| *code = f32::NAN);
        }
    }

    /// Is it as smooth as rounding lets it be, in most windows?
    fn has_no_noise(self, ctx: &Context<'_>) -> Result<bool, RestoreError> {
        let (width, height) = (self.plane.width, self.plane.height);
        if width.min(height) < 2 * SIDE {
            return Ok(false);
        }
        let mut ratios = Vec::new();
        for i in 0..WINDOWS * WINDOWS {
            let place = |i: usize, size: usize| (2 * i + 1) * (size - SIDE) / (2 * WINDOWS);
            let at = (place(i % WINDOWS, width), place(i / WINDOWS, height));
            let filled = self.steps(at, (SIDE, SIDE));
            let level = |v: &f32| v.to_bits() == filled.data[0].to_bits();
            let mut samples = filled.clone();
            self.without_hidden(at, &mut samples);
            let seen = samples.data.iter().filter(|v| !v.is_nan()).count();
            if filled.data.iter().all(level) || 2 * seen < SIDE * SIDE {
                continue;
            }
            let plate = plate(&samples, filled, ctx)?;
            let squares = samples.data.iter().zip(&plate.data).map(|(a, b)| (a - b) * (a - b));
            let squares = squares.filter(|square| !square.is_nan());
            ratios.push(squares.sum::<f32>() / ROUNDED / seen as f32);
        }
        ratios.sort_by(f32::total_cmp);
        Ok(ratios.get(ratios.len() / 2).is_some_and(|&median| median < NO_NOISE))
    }

    fn sheet(self, strength: f32, ctx: &Context<'_>) -> Result<Sheet, RestoreError> {
        let filled = self.steps((0, 0), (self.plane.width, self.plane.height));
        let mut codes = filled.clone();
        self.without_hidden((0, 0), &mut codes);
        let plate = plate(&codes, filled, ctx)?;
        let (mut shares, mut across, mut padded) = (Area::default(), Area::default(), Vec::new());
        for (code, value) in codes.data.iter_mut().zip(&plate.data) {
            let square = (*code - value) * (*code - value);
            *code = if square.is_nan() { ROUNDED } else { square };
        }
        filter(ctx.level, &codes, &mut shares, &mut across, &mut padded, &gaussian(AROUND));
        let room = ROOM * strength.max(1.0);
        let share = |energy: f32| strength.min(1.0) * room / (room + (energy - ROUNDED).max(0.0));
        shares.data.iter_mut().for_each(|energy| *energy = share(*energy));
        let values = plate.data.into_iter().map(|v| self.steps.value(v)).collect();
        Ok(Sheet { values, shares: shares.data })
    }
}

/// The plate within half a code of samples, from a pyramid of 2×2 means. Samples that are NaN are free, and
/// nothing bends at them; `filled` has all.
fn plate(samples: &Area, filled: Area, ctx: &Context<'_>) -> Result<Area, RestoreError> {
    let mut levels = vec![samples.clone()];
    let mut filled = filled;
    while levels.len() < LEVELS
        && let Some(last) = levels.last()
        && last.width.min(last.height) >= 2 * SMALLEST
    {
        levels.push(last.reduced((2, 2)));
        filled = filled.reduced((2, 2));
    }
    let mut plate = Area::default();
    for (l, samples) in levels.iter().enumerate().rev() {
        let start = if plate.data.is_empty() {
            std::mem::take(&mut filled)
        } else {
            plate.upsampled(ctx.level, Upsampling::smooth((2, 2)), (samples.width, samples.height))
        };
        // Means of edges have larger differences.
        let edge = EDGE * (1 + l) as f32;
        plate = descend(samples, start, edge, ctx)?;
    }
    Ok(plate)
}

/// Accelerated projected gradient descent on the bending. Source: Beck, Teboulle, "A fast iterative
/// shrinkage-thresholding algorithm for linear inverse problems" (2009), with the weights of its later forms.
fn descend(samples: &Area, start: Area, edge: f32, ctx: &Context<'_>) -> Result<Area, RestoreError> {
    let (width, height) = (samples.width, samples.height);
    let (mut before, mut here) = (start.clone(), start);
    for step in 0..SWEEPS {
        ctx.check()?;
        let speed = step as f32 / (step as f32 + 3.0);
        let strips = ctx.map(height.div_ceil(STRIP), |s| {
            let lines = s * STRIP..((s + 1) * STRIP).min(height);
            let (top, bottom) = (lines.start.saturating_sub(2), (lines.end + 2).min(height));
            let rows = here.data[top * width..bottom * width].iter().zip(&before.data[top * width..]);
            let ahead: Vec<f32> = rows.map(|(here, before)| here + speed * (here - before)).collect();
            let bent = Bent { ahead: &ahead, samples: &samples.data[top * width..], width, edge };
            let mut out = vec![0.0; lines.len() * width];
            bent.step(lines.start - top, bottom - top, &mut out);
            out
        });
        before.data.clear();
        for strip in strips {
            before.data.extend(strip);
        }
        std::mem::swap(&mut before, &mut here);
    }
    Ok(here)
}

/// Rows whose bending is measured.
struct Bent<'a> {
    ahead: &'a [f32],
    samples: &'a [f32],
    width: usize,
    edge: f32,
}

impl Bent<'_> {
    fn rows(&self, y: usize) -> (&[f32], &[f32]) {
        let at = y * self.width;
        (&self.ahead[at..][..self.width], &self.samples[at..][..self.width])
    }

    /// Second differences down, at row `y` of `height`.
    fn down(&self, y: usize, height: usize, out: &mut [f32]) {
        if y == 0 || y + 1 >= height {
            out.fill(0.0);
            return;
        }
        let (above, here, below) = (self.rows(y - 1), self.rows(y), self.rows(y + 1));
        for (x, out) in out.iter_mut().enumerate() {
            let bent = (above.1[x] - 2.0 * here.1[x] + below.1[x]).abs() <= self.edge;
            *out = if bent { above.0[x] - 2.0 * here.0[x] + below.0[x] } else { 0.0 };
        }
    }

    /// Second differences across, with a zero at each end.
    fn across(&self, y: usize, out: &mut [f32]) {
        let (ahead, samples) = self.rows(y);
        let pairs = ahead.windows(3).zip(samples.windows(3));
        for (out, (v, q)) in out[2..].iter_mut().zip(pairs) {
            let bent = (q[0] - 2.0 * q[1] + q[2]).abs() <= self.edge;
            *out = if bent { v[0] - 2.0 * v[1] + v[2] } else { 0.0 };
        }
    }

    /// Twice the mixed differences between rows `y` and `y + 1`, with a zero at each end.
    fn mixed(&self, y: usize, height: usize, out: &mut [f32]) {
        if y + 1 >= height {
            out.fill(0.0);
            return;
        }
        let (here, below) = (self.rows(y), self.rows(y + 1));
        let pairs = here.0.windows(2).zip(below.0.windows(2));
        let pairs = pairs.zip(here.1.windows(2).zip(below.1.windows(2)));
        for (out, ((a, b), (p, q))) in out[1..].iter_mut().zip(pairs) {
            let bent = (p[0] - q[0] - p[1] + q[1]).abs() <= self.edge;
            *out = if bent { 2.0 * (a[0] - b[0] - a[1] + b[1]) } else { 0.0 };
        }
    }

    /// One step of the rows from `first` on, inside the intervals. There are `height` rows.
    fn step(&self, first: usize, height: usize, out: &mut [f32]) {
        let w = self.width;
        let mut down = [vec![0.0; w], vec![0.0; w], vec![0.0; w]];
        let (mut mixed, mut above) = (vec![0.0; w + 1], vec![0.0; w + 1]);
        let mut across = vec![0.0; w + 2];
        if first > 0 {
            self.down(first - 1, height, &mut down[1]);
            self.mixed(first - 1, height, &mut mixed);
        }
        self.down(first, height, &mut down[2]);
        for (i, out) in out.chunks_exact_mut(w).enumerate() {
            let y = first + i;
            down.rotate_left(1);
            self.down(y + 1, height, &mut down[2]);
            std::mem::swap(&mut mixed, &mut above);
            self.mixed(y, height, &mut mixed);
            self.across(y, &mut across);
            let ((ahead, samples), [before, here, after]) = (self.rows(y), &down);
            for x in 0..w {
                let bend = across[x] - 2.0 * across[x + 1] + across[x + 2];
                let bend = bend + (before[x] - 2.0 * here[x] + after[x]);
                let bend = bend + (mixed[x + 1] - mixed[x]) - (above[x + 1] - above[x]);
                let value = ahead[x] - STEP * bend;
                out[x] = value.max(samples[x] - HALF).min(samples[x] + HALF);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODES: Steps = Steps { low: 0.0, per_value: 255.0 };

    fn plane(value: impl Fn(f32, f32) -> f32) -> Plane {
        const N: usize = 160;
        let data = (0..N * N).map(|i| value((i % N) as f32, (i / N) as f32).round() / 255.0).collect();
        Plane { width: N, height: N, data }
    }

    fn shown(plane: &Plane, steps: Steps) -> Shown<'_> {
        Shown { plane, alpha: None, steps }
    }

    fn hill(x: f32, y: f32) -> f32 {
        60.0 + 0.3 * x + 50.0 * (-((x - 80.0).powi(2) + (y - 70.0).powi(2)) / 2000.0).exp()
    }

    #[test]
    fn a_hill_comes_back_to_a_tenth_of_a_code() {
        let ctx = Context::default();
        let plane = plane(hill);
        assert!(shown(&plane, CODES).has_no_noise(&ctx).unwrap_or_default());
        let Ok(sheet) = shown(&plane, CODES).sheet(1.0, &ctx) else { panic!("cancelled") };
        let (mut before, mut after) = (0.0, 0.0);
        for (i, (plate, q)) in sheet.values.iter().zip(&plane.data).enumerate() {
            let clean = hill((i % 160) as f32, (i / 160) as f32);
            before += (255.0 * q - clean).powi(2) / 25600.0;
            after += (255.0 * plate - clean).powi(2) / 25600.0;
            assert!((255.0 * (plate - q)).abs() <= 0.5);
        }
        assert!(before > 0.08 && after < 0.012, "{before} {after}");
    }

    #[test]
    fn noise_is_none_of_its_surfaces() {
        let noise = |x: f32, y: f32| ((x * 12.9898 + y * 78.233).sin() * 43758.547).fract();
        let noisy = plane(|x, y| hill(x, y) + noise(x, y));
        assert!(!shown(&noisy, CODES).has_no_noise(&Context::default()).unwrap_or(true));
    }

    #[test]
    fn an_edge_stays() {
        let plane = plane(|x, y| hill(x, y) + if x < 80.0 { 0.0 } else { 40.0 });
        let Ok(sheet) = shown(&plane, CODES).sheet(1.0, &Context::default()) else { panic!("cancelled") };
        let jump = |y: usize| 255.0 * (sheet.values[y * 160 + 80] - sheet.values[y * 160 + 79]);
        assert!((0..160).all(|y| (jump(y) - 40.3).abs() < 1.0), "{}", jump(20));
    }

    #[test]
    fn transparent_samples_do_not_bend_their_surroundings() {
        let hidden = |x: f32, y: f32| (x - 60.0).powi(2) + (y - 90.0).powi(2) < 900.0;
        let holed = plane(|x, y| if hidden(x, y) { 0.0 } else { hill(x, y) });
        let alpha = plane(|x, y| if hidden(x, y) { 0.0 } else { 255.0 });
        let shown = Shown { alpha: Some(&alpha), ..shown(&holed, CODES) };
        assert!(shown.has_no_noise(&Context::default()).unwrap_or_default());
        let Ok(sheet) = shown.sheet(1.0, &Context::default()) else { panic!("cancelled") };
        let near = (0..25600).map(|i| ((i % 160) as f32, (i / 160) as f32));
        let near =
            near.filter(|&(x, y)| (900.0..1200.0).contains(&((x - 60.0).powi(2) + (y - 90.0).powi(2))));
        let error = |(x, y): (f32, f32)| {
            let at = y as usize * 160 + x as usize;
            let value = holed.data[at] + sheet.shares[at] * (sheet.values[at] - holed.data[at]);
            (255.0 * value - hill(x, y)).powi(2)
        };
        let errors: Vec<f32> = near.map(error).collect();
        let mean = errors.iter().sum::<f32>() / errors.len() as f32;
        assert!(errors.len() > 500 && mean < 0.02, "{} {mean}", errors.len());
    }

    #[test]
    fn metres_in_16_bits_come_back_to_a_tenth() {
        // Signed metres around sea level, as a reader stores them.
        let stored = |x: f32, y: f32| 32768.0 + hill(x, y);
        let metres = plane(stored);
        let data = metres.data.iter().map(|v| v * (255.0 / 65535.0)).collect();
        let plane = Plane { data, ..metres };
        let steps = Steps::new(&plane, 255.0 / 65535.0, 16);
        assert!(shown(&plane, steps).has_no_noise(&Context::default()).unwrap_or_default());
        let Ok(sheet) = shown(&plane, steps).sheet(1.0, &Context::default()) else { panic!("cancelled") };
        let error =
            |(i, v): (usize, &f32)| (65535.0 * v - stored((i % 160) as f32, (i / 160) as f32)).powi(2);
        let mean = sheet.values.iter().enumerate().map(error).sum::<f32>() / 25600.0;
        assert!(mean < 0.015, "{mean}");
    }
}
