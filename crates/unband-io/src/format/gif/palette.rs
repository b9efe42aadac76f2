//! A palette for an image, and the image in its colours: mixed of two at a time by blue noise.

use std::collections::HashMap;

use color_quant::NeuQuant;
use unband_image::dither::blue_noise_row;

/// Pixels that are looked at for the palette, about.
const LOOKED: usize = 50_000;
/// Colours near a pixel's that it may be mixed of.
const NEAR: usize = 8;
/// Cost of contrast between the two colours of a mixture, relative to its error.
const CONTRAST: f32 = 0.15;

/// An image in a palette.
pub(super) struct Indexed {
    /// Red, green and blue of each colour.
    pub(super) palette: Vec<u8>,
    pub(super) indices: Vec<u8>,
    /// The index of transparent pixels.
    pub(super) transparent: Option<u8>,
}

impl Indexed {
    /// Of red, green, blue and alpha of each pixel. Images of few colours are exact. Pixels of less than half
    /// alpha are transparent, the others opaque.
    pub(super) fn new(pixels: &[[u8; 4]], width: usize, colours: usize) -> Self {
        let clear = |pixel: &&[u8; 4]| pixel[3] < 128;
        let transparent = pixels.iter().any(|pixel| clear(&pixel));
        let most = colours - usize::from(transparent);
        let seen: Vec<[u8; 3]> = pixels.iter().filter(|p| !clear(p)).map(|&[r, g, b, _]| [r, g, b]).collect();
        let exact = few(&seen, most);
        let palette = exact.clone().unwrap_or_else(|| chosen(&seen, most));
        let mut mixtures: HashMap<[u8; 3], Mixture> = match &exact {
            Some(colours) => colours.iter().zip(0..=255).map(|(&c, i)| (c, Mixture::from_index(i))).collect(),
            None => HashMap::new(),
        };
        let none = palette.len() as u8;
        let index = |(at, &[r, g, b, alpha]): (usize, &[u8; 4])| {
            if alpha < 128 {
                return none;
            }
            let mixture = mixtures.entry([r, g, b]).or_insert_with(|| Mixture::new([r, g, b], &palette));
            let noise = blue_noise_row(at / width);
            mixture.at(noise[at % width % noise.len()])
        };
        let indices = pixels.iter().enumerate().map(index).collect();
        let mut palette = palette.concat();
        if transparent {
            palette.extend([0, 0, 0]);
        }
        Self { palette, indices, transparent: transparent.then_some(none) }
    }
}

/// All colours, if they are few.
fn few(pixels: &[[u8; 3]], most: usize) -> Option<Vec<[u8; 3]>> {
    let mut found = std::collections::BTreeSet::new();
    for pixel in pixels {
        if found.insert(*pixel) && found.len() > most {
            return None;
        }
    }
    Some(found.into_iter().collect())
}

/// A palette of the image's colours.
fn chosen(pixels: &[[u8; 3]], most: usize) -> Vec<[u8; 3]> {
    let rgba: Vec<u8> = pixels.iter().flat_map(|&[r, g, b]| [r, g, b, 255]).collect();
    let sparse = (pixels.len() / LOOKED).clamp(1, 30) as u8;
    let map = NeuQuant::new(sparse.into(), most.max(2), &rgba).color_map_rgb();
    map.as_chunks::<3>().0[..most.max(2).min(map.len() / 3)].to_vec()
}

/// A colour as a mixture of two of a palette.
struct Mixture {
    first: u8,
    second: u8,
    /// Share of the second, 0 to ½.
    share: f32,
}

impl Mixture {
    fn from_index(index: u8) -> Self {
        Self { first: index, second: index, share: 0.0 }
    }

    /// The best mixture of the nearest colour and one near it.
    fn new(colour: [u8; 3], palette: &[[u8; 3]]) -> Self {
        let of = |c: [u8; 3]| c.map(f32::from);
        let square = |a: [f32; 3], b: [f32; 3]| (0..3).map(|i| (a[i] - b[i]) * (a[i] - b[i])).sum::<f32>();
        let wanted = of(colour);
        let mut near: Vec<(f32, u8)> =
            palette.iter().zip(0..=255).map(|(&c, index)| (square(of(c), wanted), index)).collect();
        let count = NEAR.min(near.len());
        near.select_nth_unstable_by(count - 1, |a, b| a.0.total_cmp(&b.0));
        near.truncate(count);
        near.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (error, first) = near[0];
        let nearest = of(palette[usize::from(first)]);
        let mut best = (error, Self::from_index(first));
        for &(_, second) in &near[1..] {
            let other = of(palette[usize::from(second)]);
            let length = square(other, nearest);
            if length == 0.0 {
                continue;
            }
            let along: f32 = (0..3).map(|i| (wanted[i] - nearest[i]) * (other[i] - nearest[i])).sum();
            let share = (along / length).clamp(0.0, 0.5);
            let mixed = [0, 1, 2].map(|i| nearest[i] + share * (other[i] - nearest[i]));
            let cost = square(mixed, wanted) + CONTRAST * share * (1.0 - share) * length;
            if cost < best.0 {
                best = (cost, Self { first, second, share });
            }
        }
        best.1
    }

    /// The index where the noise has a value, 0 to 1.
    fn at(&self, noise: f32) -> u8 {
        if noise < self.share { self.second } else { self.first }
    }
}
