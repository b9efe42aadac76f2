//! Error diffusion: samples alternate between neighbouring levels, and means of blocks hardly vary.

use super::residue::Steps;

/// Side of a window, and of its four blocks.
const SIDE: usize = 8;
const BLOCK: usize = SIDE / 2;
/// Steps of a flat window.
const LEVELS: f32 = 3.0;
/// Least variance of the rounding in a window: nearly level windows show nothing.
const MIXED: f32 = 0.06;
/// Least variance in squared codes of a palette: samples of 8 bits may have been dithered before.
const CODES: f32 = 0.4;
/// Windows that are examined, and those that must be mixed.
const WINDOWS: usize = 6000;
const LEAST: usize = 40;
/// Percentage of the flat windows that must be mixed.
const SHARE: usize = 35;
/// Limits of the median of the energy of block means, and of the lower quartile of the correlation of
/// neighbours. Smooth diffused images have 0.08 and -0.25. Texture brings both nearer to those of plain
/// rounding, which has 0.4 and more, and -0.11 and more.
const LIMITS: [(f32, f32); 2] = [(0.7, -0.16), (0.25, -0.07)];
/// The same for a palette, whose steps differ from place to place: the tenth of the windows with the lowest
/// correlation shows it, by its greatest correlation and its median energy. Palettes without dither have
/// -0.08 and more, and 0.26 and more.
const LIMITS_PALETTE: (f32, f32) = (-0.2, 0.45);
/// Least deviation of the windows' place between two levels: patterns have one place, gradients all.
const VARIED: f32 = 0.06;

/// Was the error of the rounding diffused, in most planes?
pub(super) fn found(planes: &[Steps<'_>]) -> bool {
    let needed = (2 * planes.len()).div_ceil(3).max(1);
    let (mut diffused, mut open) = (0, planes.len());
    for plane in planes {
        if diffused + open < needed || diffused == needed {
            break;
        }
        diffused += usize::from(is_diffused(plane));
        open -= 1;
    }
    diffused >= needed
}

fn is_diffused(plane: &Steps<'_>) -> bool {
    let (columns, rows) = (plane.width / SIDE, plane.height / SIDE);
    let every = (columns * rows).div_ceil(WINDOWS).max(1);
    let (mut windows, mut all) = (Vec::new(), 0);
    for i in (0..columns * rows).step_by(every) {
        let (x, y) = (i % columns * SIDE, i / columns * SIDE);
        let flat = if plane.holds_at(x, y) { window(plane, x, y) } else { Flat::No };
        all += usize::from(!matches!(flat, Flat::No));
        if let Flat::Mixed(window) = flat {
            windows.push(window);
        }
    }
    // Plain rounding leaves most windows on one level.
    if windows.len() < LEAST || (!plane.of_palette && windows.len() * 100 < all * SHARE) {
        return false;
    }
    let count = windows.len() as f32;
    let mean = windows.iter().map(|window| window.place).sum::<f32>() / count;
    let spread = windows.iter().map(|window| (window.place - mean).powi(2)).sum::<f32>() / count;
    if plane.of_palette {
        windows.sort_by(|a, b| a.along.total_cmp(&b.along));
        let lowest = &mut windows[..count as usize / 10];
        let along = lowest.last().map_or(0.0, |window| window.along);
        lowest.sort_by(|a, b| a.energy.total_cmp(&b.energy));
        let energy = lowest[lowest.len() / 2].energy;
        return along < LIMITS_PALETTE.0 && energy < LIMITS_PALETTE.1 && spread.sqrt() >= VARIED;
    }
    let mut energies: Vec<f32> = windows.iter().map(|window| window.energy).collect();
    let mut along: Vec<f32> = windows.iter().map(|window| window.along).collect();
    let (_, energy, _) = energies.select_nth_unstable_by(windows.len() / 2, f32::total_cmp);
    let (_, along, _) = along.select_nth_unstable_by(windows.len() / 4, f32::total_cmp);
    let diffused = LIMITS.iter().any(|limits| *energy < limits.0 && *along < limits.1);
    diffused && spread.sqrt() >= VARIED
}

/// A flat window between levels.
struct Window {
    /// Energy that its blocks' means have beyond a plane, for independent samples 1 on average.
    energy: f32,
    /// Place of its mean between two levels, 0 to 1.
    place: f32,
    /// Correlation of neighbours, across and down.
    along: f32,
}

/// What a window shows.
enum Flat {
    /// More than a few levels.
    No,
    /// It is nearly on one level, or alternates less than rounding causes.
    Level,
    /// It is between levels.
    Mixed(Window),
}

fn window(plane: &Steps<'_>, x0: usize, y0: usize) -> Flat {
    let mut rows = [[0i16; SIDE]; SIDE];
    for (y, row) in rows.iter_mut().enumerate() {
        plane.row(x0, y0 + y, row);
    }
    let levels = || rows.iter().flatten().copied();
    let (least, most) = levels().fold((i16::MAX, i16::MIN), |(least, most), v| (least.min(v), most.max(v)));
    if f32::from(most - least) >= LEVELS * plane.scale {
        return Flat::No;
    }
    if most == least {
        return Flat::Level;
    }
    let mut means = [[0.0f32; 2]; 2];
    for (y, row) in rows.iter().enumerate() {
        for (x, level) in row.iter().enumerate() {
            means[y / BLOCK][x / BLOCK] += f32::from(level - least) / plane.scale / (BLOCK * BLOCK) as f32;
        }
    }
    let [[a, b], [c, d]] = means;
    let mean = 0.25 * ((a + b) + (c + d));
    let (across, down) = (0.5 * ((b + d) - (a + c)), 0.5 * ((c + d) - (a + b)));
    let (mut own, mut all, mut along) = (0.0f32, 0.0f32, 0.0f32);
    let mut above = [0.0f32; SIDE];
    for (y, row) in rows.iter().enumerate() {
        let mut before = 0.0;
        for (x, level) in row.iter().enumerate() {
            let place = |i: usize| (i as f32 - 0.5 * (SIDE - 1) as f32) / BLOCK as f32;
            let surface = mean + across * place(x) + down * place(y);
            let between = surface - surface.floor();
            let rest = f32::from(level - least) / plane.scale - surface;
            own += between * (1.0 - between) / (SIDE * SIDE) as f32;
            all += rest * rest / (SIDE * SIDE) as f32;
            along += rest * (before + above[x]) / (2 * SIDE * (SIDE - 1)) as f32;
            (before, above[x]) = (rest, rest);
        }
    }
    if plane.of_palette {
        // Colours of a palette do not tell the energy of rounding.
        own = if all * plane.scale * plane.scale < CODES { 0.0 } else { all };
    }
    // Contours of plain rounding alternate once.
    if own < MIXED || all < 0.7 * own {
        return Flat::Level;
    }
    // The part of the four means that no plane explains.
    let twist = 0.5 * ((a + d) - (b + c));
    Flat::Mixed(Window {
        energy: twist * twist * (BLOCK * BLOCK) as f32 / own,
        place: mean - mean.floor(),
        along: along / all,
    })
}
