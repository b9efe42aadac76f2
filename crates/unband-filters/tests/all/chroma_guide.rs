//! Chroma guided by luma: closer to the original at edges, the stored means kept, the same in any windows.
#![allow(clippy::unwrap_used)]

use unband_filters::chroma_guide::{ChromaGuide, half_size};
use unband_image::restorer::{Passage, Rows};
use unband_image::tile::{Band, restore_by_rows, restore_in_place};
use unband_image::{
    Context, Depth, Image, Matrix, Model, Needs, Plane, RestoreError, Restorer, TileIn, TileOut, Window, With,
};

use crate::error;

/// Leaves the image as it is; by rows, in bands of seven.
struct Same;

impl Restorer for Same {
    fn needs(&self) -> Needs {
        Needs::halo(0)
    }

    fn restore(&self, _: &TileIn<'_>, _: &mut TileOut, _: &Context<'_>) -> Result<(), RestoreError> {
        Ok(())
    }

    fn passage_bytes(&self, _: (usize, usize), _: &Context<'_>) -> Option<u64> {
        Some(0)
    }

    fn passage<'a>(
        &'a self,
        _: &Image,
        _: &Context<'_>,
    ) -> Result<Option<Box<dyn Passage + 'a>>, RestoreError> {
        Ok(Some(Box::new(Sevens(0))))
    }
}

struct Sevens(usize);

impl Passage for Sevens {
    fn next(&mut self, image: &Image, _: &Context<'_>) -> Result<Option<Rows>, RestoreError> {
        let (y0, y1, width) = (self.0, (self.0 + 7).min(image.height()), image.width());
        self.0 = y1;
        let cut = |plane: &Plane| Plane {
            width,
            height: y1 - y0,
            data: plane.data[y0 * width..y1 * width].to_vec(),
        };
        let planes = image.planes.iter().map(cut).collect();
        let window = Window { x0: 0, y0, x1: width, y1 };
        Ok((y0 < y1).then_some(Rows { band: Band { window, planes }, free: y1 }))
    }
}

/// Red, green and blue from luma and two colour differences at each position.
fn image((width, height): (usize, usize), yuv: impl Fn(usize, usize) -> [f32; 3]) -> Image {
    let rgb = |i: usize| Matrix::Bt601.to_rgb(yuv(i % width, i / width));
    let plane = |p: usize| Plane { width, height, data: (0..width * height).map(|i| rgb(i)[p]).collect() };
    let mut image = Image::new(vec![], Model::Rgb, Depth::EIGHT);
    image.planes = (0..3).map(plane).collect();
    image
}

/// A slanted disc: bright blue on dark orange.
fn painted(x: usize, y: usize) -> [f32; 3] {
    let distance = ((x as f32 - 61.3).powi(2) + (1.4 * (y as f32 - 50.2)).powi(2)).sqrt() - 37.0;
    let inside = (0.5 - 0.5 * distance).clamp(0.0, 1.0);
    [0.25 + 0.5 * inside, -0.2 + 0.35 * inside, 0.2 - 0.3 * inside]
}

/// Means of a colour difference over 2×2 pixels; fewer at an odd end.
fn means(image: &Image, component: usize) -> Vec<f32> {
    let weights = Matrix::Bt601.weights_of(component);
    let (width, height) = (image.width(), image.height());
    let blocks = (0..height.div_ceil(2)).flat_map(|by| (0..width.div_ceil(2)).map(move |bx| (bx, by)));
    let mean = |(bx, by): (usize, usize)| {
        let at = (2 * by..(2 * by + 2).min(height))
            .flat_map(|y| (2 * bx..(2 * bx + 2).min(width)).map(move |x| (x, y)));
        let values = at.map(|(x, y)| (0..3).map(|p| weights[p] * image.planes[p].row(y)[x]).sum::<f32>());
        let values: Vec<f32> = values.collect();
        values.iter().sum::<f32>() / values.len() as f32
    };
    blocks.map(mean).collect()
}

/// The image with the chroma of each 2×2 pixels repeated.
fn halved(full: &Image) -> Image {
    let (u, v) = (means(full, 1), means(full, 2));
    let columns = full.width().div_ceil(2);
    image((full.width(), full.height()), |x, y| {
        let rgb = [0, 1, 2].map(|p: usize| full.planes[p].row(y)[x]);
        let at = y / 2 * columns + x / 2;
        [Matrix::Bt601.to_yuv(rgb)[0], u[at], v[at]]
    })
}

fn guide() -> ChromaGuide {
    ChromaGuide::upsampling(Box::new(Same), Matrix::Bt601, (2, 2))
}

fn guided(image: &Image, tile: usize, ctx: &Context<'_>) -> Image {
    let mut out = image.clone();
    restore_in_place(&mut out, &guide(), tile, &mut |_, _| {}, ctx).unwrap();
    out
}

#[test]
fn chroma_follows_the_edges_of_luma() {
    let full = image((128, 100), painted);
    let half = halved(&full);
    let out = guided(&half, 4096, &Context::default());
    let share = error(&out, &full) / error(&half, &full);
    assert!(share < 0.25, "{share}");
}

#[test]
fn means_of_stored_chroma_and_luma_stay() {
    for size in [(128, 100), (97, 83)] {
        let half = halved(&image(size, painted));
        let out = guided(&half, 4096, &Context::default());
        for component in 0..3 {
            let off = means(&half, component)
                .iter()
                .zip(&means(&out, component))
                .map(|(a, b)| (a - b).abs())
                .fold(0.0, f32::max);
            assert!(off < 0.1 / 255.0, "{component}: {off}");
        }
    }
}

#[test]
fn chroma_of_one_colour_stays() {
    let image = image((64, 48), |x, y| [if (x / 5 + y / 7) % 2 == 0 { 0.2 } else { 0.8 }, 0.1, -0.15]);
    let out = guided(&image, 4096, &Context::default());
    assert!(error(&out, &image) < 1e-6);
}

#[test]
fn windows_threads_and_rows_give_the_same() {
    for size in [(128, 210), (97, 83), (5, 3), (1, 1)] {
        let half = halved(&image(size, painted));
        let whole = guided(&half, 4096, &Context::with(|new| new.threads = 1));
        for (tile, threads) in [(16, 1), (48, 3)] {
            assert_eq!(
                guided(&half, tile, &Context::with(|new| new.threads = threads)),
                whole,
                "{size:?} {tile}"
            );
        }
        let mut out = half.clone();
        assert!(restore_by_rows(&mut out, &guide(), &mut |_, _| {}, &Context::default()).unwrap());
        assert_eq!(out, whole, "{size:?} by rows");
    }
}

#[test]
fn full_size_chroma_does_not_pass_for_half_size() {
    let stripes = |x: usize, y: usize| {
        let wave = (2.1 * x as f32 + 0.3 * y as f32).sin();
        [0.5 + 0.1 * wave, 0.12 * wave, -0.1 * wave]
    };
    let ctx = Context::default();
    let found = |image: &Image| half_size(image, Matrix::Bt601, &ctx);
    for (name, full) in [("disc", image((256, 192), painted)), ("stripes", image((256, 192), stripes))] {
        let half = halved(&full);
        assert_eq!(found(&half), Some((0, 0)), "{name}");
        let interpolated = image((256, 192), |x, y| {
            let rgb = |x: usize, y: usize| [0, 1, 2].map(|p: usize| half.planes[p].row(y)[x]);
            let yuv = |x: usize, y: usize| Matrix::Bt601.to_yuv(rgb(x.min(255), y.min(191)));
            // The nearest sample of the next block.
            let (far_x, far_y) = ((x + x % 2).max(1) - 1 + 2 * (x % 2), (y + y % 2).max(1) - 1 + 2 * (y % 2));
            let (near, side, below, far) = (yuv(x, y), yuv(far_x, y), yuv(x, far_y), yuv(far_x, far_y));
            let mix = |p: usize| 0.5625 * near[p] + 0.1875 * (side[p] + below[p]) + 0.0625 * far[p];
            [near[0], mix(1), mix(2)]
        });
        assert_eq!(found(&interpolated), Some((0, 0)), "{name}");
        assert_eq!(found(&full), None, "{name}");
        for first in [(1, 0), (0, 1), (1, 1)] {
            let cut = image((255, 191), |x, y| {
                Matrix::Bt601.to_yuv([0, 1, 2].map(|p: usize| half.planes[p].row(y + first.1)[x + first.0]))
            });
            assert_eq!(found(&cut), Some(first), "{name}");
        }
    }
    assert_eq!(found(&image((32, 32), stripes)), None, "too small");
}
