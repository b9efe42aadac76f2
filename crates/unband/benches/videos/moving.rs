//! Clean clips of photos with known subpixel motion and unrounded samples.

use std::path::Path;

use unband_image::resize::Beyond;
use unband_image::{Context, Image};
use unband_metrics::Field;
use unband_metrics::clean::smooth_mask;

use crate::Result;
use crate::tools::{HEIGHT, WIDTH, encode};

/// Number of frames of a clip.
pub(crate) const FRAMES: usize = 24;
/// A photo is reduced until it just covers this size, which leaves room to move; it is never upscaled.
const COVER: (usize, usize) = (900, 520);

/// Motion from frame to frame.
pub(crate) struct Motion {
    pub name: &'static str,
    /// Samples to the right and down.
    pan: (f64, f64),
    /// Share of the size lost per frame: the camera zooms in.
    zoom: f64,
    /// Share of the first frame's light lost per frame.
    fade: f64,
}

const fn pan(name: &'static str, x: f64, y: f64) -> Motion {
    Motion { name, pan: (x, y), zoom: 0.0, fade: 0.0 }
}

/// The pan of the clips in the gain benchmark.
pub(crate) const PAN: Motion = pan("pan of 1.37", 1.37, 0.61);

/// Slow motions that must not be treated as static, and a static clip.
pub(crate) static MOTIONS: &[Motion] = &[
    pan("pan of 0.1", 0.1, 0.0),
    pan("pan of 0.2", 0.2, 0.08),
    PAN,
    pan("pan of 4", 4.0, 1.5),
    Motion { zoom: 0.004, ..pan("zoom of 0.4 %", 0.0, 0.0) },
    Motion { fade: 0.012, ..pan("fade of 1.2 %", 0.0, 0.0) },
    pan("still", 0.0, 0.0),
];

/// Red, green and blue of a photo in 8-bit codes, not rounded, at the size from which clips are cropped.
pub(crate) fn photo(path: &Path) -> Result<Vec<Field>> {
    let (image, _) = unband_io::read_file(path, &unband_io::Limits::default())?;
    let image: Image = image.into_rgb(&Context::default())?;
    let (width, height) = (image.width(), image.height());
    let scale = (COVER.0 as f64 / width as f64).max(COVER.1 as f64 / height as f64);
    let size = |side: usize| (side as f64 * scale).round() as usize;
    Ok((0..3)
        .map(|p| {
            let plane = Field::plane(&image, p.min(image.planes.len() - 1));
            if scale < 1.0 { plane.resized(size(width), size(height)) } else { plane }
        })
        .collect())
}

/// Share of smooth samples of a photo, at the size from which clips are cropped.
pub(crate) fn smooth_share(photo: &[Field]) -> f64 {
    let luma = luma(photo);
    let mask = smooth_mask(&luma);
    mask.iter().filter(|&&smooth| smooth).count() as f64 / mask.len() as f64
}

/// BT.709 luma of red, green and blue, 0..255.
fn luma(rgb: &[Field]) -> Field {
    let mut out = rgb[0].clone();
    for (i, v) in out.data.iter_mut().enumerate() {
        *v = 0.2126 * *v + 0.7152 * rgb[1].data[i] + 0.0722 * rgb[2].data[i];
    }
    out
}

impl Motion {
    /// Luma and both chroma planes of every frame in 8-bit codes of limited range, not rounded.
    pub(crate) fn frames(&self, photo: &[Field]) -> Vec<[Field; 3]> {
        (0..FRAMES)
            .map(|t| {
                let rgb: Vec<Field> = photo.iter().map(|plane| self.frame(plane, t as f64)).collect();
                let y = luma(&rgb);
                let chroma = |plane: &Field, most: f64| {
                    let mut out = half(plane, &y);
                    out.data.iter_mut().for_each(|v| *v = 128.0 + 224.0 / 255.0 * *v / most);
                    out
                };
                let (u, v) = (chroma(&rgb[2], 1.8556), chroma(&rgb[0], 1.5748));
                let mut stored = y;
                stored.data.iter_mut().for_each(|v| *v = 16.0 + 219.0 / 255.0 * *v);
                [stored, u, v]
            })
            .collect()
    }

    /// One channel of frame `t` of a clip from the centre of the photo.
    fn frame(&self, plane: &Field, t: f64) -> Field {
        let (scale, light) = (1.0 - self.zoom * t, 1.0 - self.fade * t);
        let at = |room: usize, size: usize, by: f64| {
            // Whole samples, so that a still camera does not blur.
            let first = ((room - size) as f64 / 2.0 - by * FRAMES as f64 / 2.0).round();
            first + by * t + (1.0 - scale) * (size - 1) as f64 / 2.0
        };
        let (x, y) = (at(plane.width, WIDTH, self.pan.0), at(plane.height, HEIGHT, self.pan.1));
        let taps = |first: f64, size: usize, room: usize| -> Vec<([usize; 4], [f64; 4])> {
            (0..size).map(|i| taps(first + scale * i as f64, room)).collect()
        };
        let (across, down) = (taps(x, WIDTH, plane.width), taps(y, HEIGHT, plane.height));
        let mut out = Field::zeros(WIDTH, HEIGHT);
        for (row, (ys, wy)) in down.iter().enumerate() {
            let rows = ys.map(|y| plane.row(y));
            let target = out.row_mut(row);
            for (value, (xs, wx)) in target.iter_mut().zip(&across) {
                let sum = |row: &[f64]| (0..4).map(|k| wx[k] * row[xs[k]]).sum::<f64>();
                let cubic: f64 = (0..4).map(|k| wy[k] * sum(rows[k])).sum();
                *value = (cubic * light).clamp(0.0, 255.0);
            }
        }
        out
    }
}

/// Four samples around a position and their cubic weights (a = −0.5).
fn taps(at: f64, room: usize) -> ([usize; 4], [f64; 4]) {
    let (first, t) = (at.floor(), at - at.floor());
    let place = |k: usize| Beyond::Mirror.index(first as isize + k.cast_signed() - 1, room);
    let weights = [
        ((2.0 - t) * t - 1.0) * t / 2.0,
        1.0 + (1.5 * t - 2.5) * t * t,
        ((4.0 - 3.0 * t) * t + 1.0) * t / 2.0,
        (t - 1.0) * t * t / 2.0,
    ];
    ([place(0), place(1), place(2), place(3)], weights)
}

/// 2×2 means of a channel minus luma.
fn half(plane: &Field, luma: &Field) -> Field {
    let mut out = Field::zeros(plane.width / 2, plane.height / 2);
    for y in 0..out.height {
        for x in 0..out.width {
            let at = [2 * y, 2 * y + 1].map(|y| y * plane.width + 2 * x);
            let sum: f64 = at.iter().flat_map(|&i| [i, i + 1]).map(|i| plane.data[i] - luma.data[i]).sum();
            out.row_mut(y)[x] = sum / 4.0;
        }
    }
    out
}

/// Encodes clean frames as an 8-bit 4:2:0 video.
pub(crate) fn write(frames: &[[Field; 3]], args: &[&str], to: &Path) -> Result<()> {
    let bytes = |frame: &[Field; 3]| -> Vec<u8> {
        frame.iter().flat_map(|plane| plane.data.iter().map(|v| v.round().clamp(0.0, 255.0) as u8)).collect()
    };
    encode(frames.iter().map(bytes), "yuv420p", args, to)
}
