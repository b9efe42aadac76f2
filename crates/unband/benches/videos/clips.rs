//! Moving test clips made from clean photos.

use std::path::Path;

use unband_image::{Image, Plane};

use crate::Result;
use crate::tools::{HEIGHT, RATE, WIDTH, encode};

/// A photo and its camera path: centre and magnification at the start and at the end.
pub(crate) struct Clip {
    pub name: &'static str,
    still: &'static str,
    from: [f32; 3],
    to: [f32; 3],
    frames: usize,
    /// Does it fade to black?
    fades: bool,
}

const fn clip(name: &'static str, still: &'static str, from: [f32; 3], to: [f32; 3]) -> Clip {
    Clip { name, still, from, to, frames: 36, fades: false }
}

/// Photos with skies, walls and haze, and some with texture.
pub(crate) static CLIPS: &[Clip] = &[
    clip("sky-pan", "ubuntu_blissful_sky", [0.45, 0.4, 1.1], [0.55, 0.45, 1.1]),
    clip("haze-still", "linuxdeep_hazy_color_dark", [0.5, 0.5, 1.0], [0.5, 0.5, 1.0]),
    clip("silk-zoom", "procedural_silk_3", [0.5, 0.5, 1.3], [0.5, 0.5, 1.1]),
    Clip { fades: true, ..clip("fog-fade", "procedural_fog_1", [0.5, 0.5, 1.2], [0.52, 0.5, 1.2]) },
    clip("water-pan", "procedural_water_0", [0.4, 0.5, 1.4], [0.5, 0.5, 1.4]),
    clip("arctic-still", "kde_sub_arctic", [0.5, 0.4, 1.2], [0.5, 0.4, 1.2]),
    clip("lake-zoom", "buddiesof_lake_sherburne", [0.5, 0.35, 1.0], [0.5, 0.35, 1.2]),
];

impl Clip {
    /// Duration of a clip.
    pub(crate) fn seconds(&self) -> f64 {
        self.frames as f64 / RATE as f64
    }

    /// Writes the clip in ten bits, lossless.
    pub(crate) fn write(&self, photos: &Path, to: &Path) -> Result<()> {
        let photo = unband_io::read_file(
            &photos.join(self.still).with_extension("jxl"),
            &unband_io::Limits::default(),
        )?;
        let (photo, scale) = reduced(&photo.0);
        let graph =
            "scale=out_color_matrix=bt709:out_range=tv:flags=accurate_rnd+full_chroma_int,format=yuv420p10le";
        let frames = (0..self.frames).map(|i| self.frame(&photo, scale, i));
        encode(frames, "gbrp16le", &["-vf", graph, "-c:v", "ffv1"], to)
    }

    /// Green, blue, red; 16 bits, little-endian.
    fn frame(&self, photo: &[Plane], scale: f32, i: usize) -> Vec<u8> {
        let t = i as f32 / (self.frames - 1) as f32;
        let at = |k: usize| self.from[k] + t * (self.to[k] - self.from[k]);
        let light = if self.fades { (1.0 - t).powi(2) } else { 1.0 };
        let step = scale / at(2);
        let (width, height) = (photo[0].width as f32, photo[0].height as f32);
        let half = (WIDTH as f32 * step / 2.0, HEIGHT as f32 * step / 2.0);
        let (cx, cy) =
            ((at(0) * width).clamp(half.0, width - half.0), (at(1) * height).clamp(half.1, height - half.1));
        let mut out = Vec::with_capacity(WIDTH * HEIGHT * 6);
        for plane in [1, 2, 0].map(|p| &photo[p]) {
            for y in 0..HEIGHT {
                let sy = cy - half.1 + (y as f32 + 0.5) * step - 0.5;
                for x in 0..WIDTH {
                    let sx = cx - half.0 + (x as f32 + 0.5) * step - 0.5;
                    let value = (sample(plane, sx, sy) * light.sqrt()).clamp(0.0, 1.0);
                    out.extend(((value * 65535.0).round() as u16).to_le_bytes());
                }
            }
        }
        out
    }
}

/// An image pyramid by area means, so that a frame's sample covers 0.5 to 1.5 samples of a level; and the
/// magnification of each level at which the whole photo is visible.
fn reduced(photo: &Image) -> (Vec<Plane>, f32) {
    let fit = |plane: &Plane| (plane.width as f32 / WIDTH as f32).min(plane.height as f32 / HEIGHT as f32);
    let by = (fit(&photo.planes[0]).round() as usize).max(1);
    let (width, height) = (photo.width() / by, photo.height() / by);
    let planes = (0..3).map(|p| {
        let plane = &photo.planes[p.min(photo.planes.len() - 1)];
        let mean = |i: usize| {
            let (x, y) = (i % width * by, i / width * by);
            let sum: f32 = (y..y + by).map(|y| plane.row(y)[x..x + by].iter().sum::<f32>()).sum();
            sum / (by * by) as f32
        };
        Plane { width, height, data: (0..width * height).map(mean).collect() }
    });
    let planes: Vec<Plane> = planes.collect();
    let scale = fit(&planes[0]);
    (planes, scale)
}

/// Bilinear interpolation at a position.
fn sample(plane: &Plane, x: f32, y: f32) -> f32 {
    let (x, y) = (x.clamp(0.0, (plane.width - 1) as f32), y.clamp(0.0, (plane.height - 1) as f32));
    let (x0, y0) = (x as usize, y as usize);
    let (x1, y1) = ((x0 + 1).min(plane.width - 1), (y0 + 1).min(plane.height - 1));
    let (fx, fy) = (x - x0 as f32, y - y0 as f32);
    let row = |y: usize| plane.row(y)[x0] + fx * (plane.row(y)[x1] - plane.row(y)[x0]);
    row(y0) + fy * (row(y1) - row(y0))
}
