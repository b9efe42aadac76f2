//! Dithered versions of clean images. Every choice that is free is drawn from a seed.

use unband::{Image, Rng};
use unband_image::dither::{bayer_ranks, blue_noise_row};

/// A plane of levels: `levels[y * width + x]` of `0..=top`.
type Levels = Vec<f32>;

/// A dither, and the levels that it serves.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// The highest level of each channel.
    pub(crate) tops: [u16; 3],
    pub(crate) kind: Kind,
}

/// A dither.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    /// Plain rounding, to compare with.
    None,
    /// Bayer's matrix of this side, in one of its orientations, at a drawn offset.
    Bayer(usize),
    /// A drawn permutation of this side: its period is not a power of two.
    Shuffled(usize),
    /// A clustered dot of 8×8.
    Clustered,
    /// Blue noise of 64×64, another offset in each channel.
    Blue,
    /// Interleaved gradient noise from a drawn corner on.
    Gradient,
    /// Error diffusion by weights over the row and those below.
    Diffused(&'static [(isize, usize, f32)], Scan),
    /// The same with the nearest colour of a palette of that many.
    Palette(&'static [(isize, usize, f32)], usize),
    /// Bayer's 8×8 matrix by `FFmpeg`'s `bayer_scale`, and the nearest colour of a palette of that many.
    PaletteBayer(u8, usize),
}

/// Direction of the rows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scan {
    Forth,
    Serpentine,
}

/// Floyd and Steinberg (1976).
pub(crate) const FLOYD: &[(isize, usize, f32)] =
    &[(1, 0, 7.0 / 16.0), (-1, 1, 3.0 / 16.0), (0, 1, 5.0 / 16.0), (1, 1, 1.0 / 16.0)];
/// Atkinson (1984): three quarters are passed on.
pub(crate) const ATKINSON: &[(isize, usize, f32)] =
    &[(1, 0, 0.125), (2, 0, 0.125), (-1, 1, 0.125), (0, 1, 0.125), (1, 1, 0.125), (0, 2, 0.125)];
/// Sierra, two rows (1990).
pub(crate) const SIERRA: &[(isize, usize, f32)] = &[
    (1, 0, 4.0 / 16.0),
    (2, 0, 3.0 / 16.0),
    (-2, 1, 1.0 / 16.0),
    (-1, 1, 2.0 / 16.0),
    (0, 1, 3.0 / 16.0),
    (1, 1, 2.0 / 16.0),
    (2, 1, 1.0 / 16.0),
];

const fn case(name: &'static str, top: u16, kind: Kind) -> Case {
    Case { name, tops: [top; 3], kind }
}

/// All cases, in the order of the table.
pub(crate) const CASES: &[Case] = &[
    case("Bayer 4×4, 5 bits", 31, Kind::Bayer(4)),
    case("Bayer 8×8, 5 bits", 31, Kind::Bayer(8)),
    case("Bayer 2×2, 4 bits", 15, Kind::Bayer(2)),
    case("gradient noise, 6 bits", 63, Kind::Gradient),
    case("Floyd–Steinberg, 5 bits", 31, Kind::Diffused(FLOYD, Scan::Forth)),
    case("Floyd–Steinberg, 3 bits", 7, Kind::Diffused(FLOYD, Scan::Forth)),
    Case { name: "Bayer 4×4, 5, 6, 5 bits", tops: [31, 63, 31], kind: Kind::Bayer(4) },
    case("Bayer 8×8, 3 bits", 7, Kind::Bayer(8)),
    case("shuffled 6×6, 4 bits", 15, Kind::Shuffled(6)),
    case("shuffled 5×5, 5 bits", 31, Kind::Shuffled(5)),
    case("clustered 8×8, 5 bits", 31, Kind::Clustered),
    case("blue noise, 5 bits", 31, Kind::Blue),
    case("Bayer 8×8, 8 bits", 255, Kind::Bayer(8)),
    case("Floyd–Steinberg, serpentine, 4 bits", 15, Kind::Diffused(FLOYD, Scan::Serpentine)),
    case("Atkinson, 4 bits", 15, Kind::Diffused(ATKINSON, Scan::Forth)),
    case("Sierra, 2 bits", 3, Kind::Diffused(SIERRA, Scan::Forth)),
    case("256 colours, Floyd–Steinberg", 255, Kind::Palette(FLOYD, 256)),
    case("64 colours, Floyd–Steinberg", 255, Kind::Palette(FLOYD, 64)),
    case("16 colours, Floyd–Steinberg", 255, Kind::Palette(FLOYD, 16)),
    case("128 colours, bayer_scale 1", 255, Kind::PaletteBayer(1, 128)),
    case("128 colours, bayer_scale 2", 255, Kind::PaletteBayer(2, 128)),
    case("128 colours, bayer_scale 3", 255, Kind::PaletteBayer(3, 128)),
    case("128 colours, Sierra", 255, Kind::Palette(SIERRA, 128)),
    case("plain rounding, 5 bits", 31, Kind::None),
    case("plain rounding, 8 bits", 255, Kind::None),
];

/// A drawn number below `n`.
fn below(rng: Rng, key: u32, n: usize) -> usize {
    ((rng.unit_at(0, 0, key, 0) * n as f32) as usize).min(n - 1)
}

/// A tile with evenly spread values of mean 0, from ranks.
fn even(ranks: &[usize]) -> Vec<f32> {
    ranks.iter().map(|&rank| (rank as f32 + 0.5) / ranks.len() as f32 - 0.5).collect()
}

/// The values that a case adds to a channel before rounding.
fn offsets(kind: Kind, channel: usize, (width, height): (usize, usize), rng: Rng) -> Vec<f32> {
    let placed = |side: usize, tile: &[f32], key: u32| -> Vec<f32> {
        let (x0, y0) = (below(rng, key, side), below(rng, key + 1, side));
        let transposed = below(rng, key + 2, 2) == 1;
        let at = |x: usize, y: usize| {
            if transposed { x % side * side + y % side } else { y % side * side + x % side }
        };
        (0..width * height).map(|i| tile[at(i % width + x0, i / width + y0)]).collect()
    };
    match kind {
        Kind::Bayer(side) => placed(side, &even(&bayer_ranks(side)), 1),
        Kind::Shuffled(side) => {
            let mut ranks: Vec<usize> = (0..side * side).collect();
            for i in (1..ranks.len()).rev() {
                ranks.swap(i, below(rng, 10 + i as u32, i + 1));
            }
            placed(side, &even(&ranks), 1)
        }
        Kind::Clustered => {
            let distance = |i: usize| {
                let (x, y) = ((i % 8) as f32 - 3.4, (i / 8) as f32 - 3.7);
                x * x + y * y
            };
            let mut order: Vec<usize> = (0..64).collect();
            order.sort_by(|&a, &b| distance(a).total_cmp(&distance(b)));
            let mut ranks = vec![0; 64];
            order.iter().enumerate().for_each(|(rank, &at)| ranks[at] = rank);
            placed(8, &even(&ranks), 1)
        }
        Kind::Blue => {
            let tile: Vec<f32> = (0..64).flat_map(|y| blue_noise_row(y).iter().map(|t| t - 0.5)).collect();
            placed(64, &tile, 1 + 10 * channel as u32)
        }
        Kind::Gradient => {
            let (x0, y0) = (below(rng, 1, 2000) as f64, below(rng, 2, 2000) as f64);
            let noise = |i: usize| {
                let (x, y) = ((i % width) as f64 + x0, (i / width) as f64 + y0);
                (52.982_918_9 * (0.067_110_56 * x + 0.005_837_15 * y).fract()).fract() as f32 - 0.5
            };
            (0..width * height).map(noise).collect()
        }
        _ => vec![0.0; width * height],
    }
}

/// Quantises a clean image; the result has 8 bits.
pub(crate) fn dithered(clean: &Image, case: &Case, seed: u64) -> Image {
    let (width, height) = (clean.width(), clean.height());
    let rng = Rng::new(seed);
    let planes: [Levels; 3] = match case.kind {
        Kind::Diffused(weights, scan) => [0, 1, 2].map(|c: usize| {
            let top = f32::from(case.tops[c]);
            let mut values: Vec<f32> = clean.planes[c].data.iter().map(|v| v * top).collect();
            diffuse(&mut values, width, weights, scan, |v| v.round().clamp(0.0, top));
            values.into_iter().map(|v| v / top).collect()
        }),
        Kind::Palette(weights, count) => palette(clean, weights, count),
        Kind::PaletteBayer(scale, count) => palette_bayer(clean, scale, count),
        kind => [0, 1, 2].map(|c: usize| {
            let top = f32::from(case.tops[c]);
            let offsets = offsets(kind, c, (width, height), rng);
            let pairs = clean.planes[c].data.iter().zip(offsets);
            pairs.map(|(v, d)| (v * top + d).round().clamp(0.0, top) / top).collect()
        }),
    };
    let codes: Vec<u8> = (0..3 * width * height)
        .map(|i| (255.0 * planes[i % 3][i / 3]).round().clamp(0.0, 255.0) as u8)
        .collect();
    Image::from_rgb8(width, height, &codes).expect("three planes of one size")
}

/// Diffuses the error of `quantise` over a plane, in place.
fn diffuse(
    values: &mut [f32],
    width: usize,
    weights: &[(isize, usize, f32)],
    scan: Scan,
    quantise: impl Fn(f32) -> f32,
) {
    let height = values.len() / width;
    for y in 0..height {
        let back = scan == Scan::Serpentine && y % 2 == 1;
        for i in 0..width {
            let x = if back { width - 1 - i } else { i };
            let old = values[y * width + x];
            let new = quantise(old);
            values[y * width + x] = new;
            for &(dx, dy, share) in weights {
                let column = x.cast_signed() + if back { -dx } else { dx };
                if (0..width.cast_signed()).contains(&column) && y + dy < height {
                    values[(y + dy) * width + column as usize] += (old - new) * share;
                }
            }
        }
    }
}

/// Diffuses the error of the nearest colour of a palette by median cut.
fn palette(clean: &Image, weights: &[(isize, usize, f32)], count: usize) -> [Levels; 3] {
    let (width, height) = (clean.width(), clean.height());
    let colours = colours(clean, count);
    let mut values: [Levels; 3] = [0, 1, 2].map(|c: usize| clean.planes[c].data.clone());
    for i in 0..width * height {
        let old = [0, 1, 2].map(|c: usize| values[c][i]);
        let new = nearest(&colours, old);
        for c in 0..3 {
            values[c][i] = new[c];
            for &(dx, dy, share) in weights {
                let (x, y) = ((i % width).cast_signed() + dx, i / width + dy);
                if (0..width.cast_signed()).contains(&x) && y < height {
                    // Far colours must not let the error grow without end.
                    let error = (old[c] - new[c]).clamp(-0.25, 0.25);
                    values[c][y * width + x as usize] += error * share;
                }
            }
        }
    }
    values
}

/// The nearest colour after Bayer's matrix was added in whole codes (`FFmpeg` `libavfilter/vf_paletteuse.c`).
fn palette_bayer(clean: &Image, scale: u8, count: usize) -> [Levels; 3] {
    let (width, height) = (clean.width(), clean.height());
    let ranks = bayer_ranks(8);
    let colours = colours(clean, count);
    let mut values: [Levels; 3] = [0, 1, 2].map(|_: usize| vec![0.0; width * height]);
    for i in 0..width * height {
        let rank = ranks[i / width % 8 * 8 + i % width % 8];
        let added = (rank >> scale) as f32 - f32::from(32u8 >> scale);
        let wanted = pixel(clean, i).map(|v| ((255.0 * v).round() + added).clamp(0.0, 255.0) / 255.0);
        let new = nearest(&colours, wanted);
        values.iter_mut().zip(new).for_each(|(plane, v)| plane[i] = v);
    }
    values
}

/// Red, green and blue of a pixel.
fn pixel(image: &Image, i: usize) -> [f32; 3] {
    [0, 1, 2].map(|c: usize| image.planes[c].data[i])
}

/// A palette for every third pixel.
fn colours(clean: &Image, count: usize) -> Vec<[f32; 3]> {
    let pixels = (0..clean.width() * clean.height()).step_by(3);
    median_cut(pixels.map(|i| pixel(clean, i)).collect(), count)
}

/// The nearest colour of a palette.
fn nearest(colours: &[[f32; 3]], wanted: [f32; 3]) -> [f32; 3] {
    let distance = |colour: &&[f32; 3]| (0..3).map(|c| (colour[c] - wanted[c]).powi(2)).sum::<f32>();
    *colours.iter().min_by(|a, b| distance(a).total_cmp(&distance(b))).expect("a colour")
}

/// A palette of 8-bit colours.
fn median_cut(pixels: Vec<[f32; 3]>, count: usize) -> Vec<[f32; 3]> {
    let mut boxes = vec![pixels];
    let range = |pixels: &[[f32; 3]], c: usize| {
        let each = || pixels.iter().map(|p| p[c]);
        each().fold(f32::MIN, f32::max) - each().fold(f32::MAX, f32::min)
    };
    let widest = |pixels: &[[f32; 3]]| {
        (0..3).map(|c| (range(pixels, c), c)).max_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or((0.0, 0))
    };
    while boxes.len() < count {
        let weight = |pixels: &Vec<[f32; 3]>| widest(pixels).0 * (pixels.len() as f32).sqrt();
        let Some(at) = (0..boxes.len()).max_by(|&a, &b| weight(&boxes[a]).total_cmp(&weight(&boxes[b])))
        else {
            break;
        };
        let mut pixels = boxes.swap_remove(at);
        let (_, c) = widest(&pixels);
        pixels.sort_by(|a, b| a[c].total_cmp(&b[c]));
        let upper = pixels.split_off(pixels.len() / 2);
        boxes.extend([pixels, upper].into_iter().filter(|part| !part.is_empty()));
    }
    let mean = |pixels: &Vec<[f32; 3]>| {
        [0, 1, 2].map(|c: usize| {
            let mean = pixels.iter().map(|p| p[c]).sum::<f32>() / pixels.len() as f32;
            (255.0 * mean).round() / 255.0
        })
    };
    boxes.iter().map(mean).collect()
}
