//! Pre- and postprocessing of deepDeband: mirrored borders, and weighted blending of patches.
//!
//! Source: Zhou, Athar, Wang, Wang, "Deep image debanding", ICIP 2022; RaymondLZhou/deepDeband `src/`.

use unband_nets::Shape;

use crate::Map;
use crate::run::Mode;

/// Inference mode of the published weights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Variant {
    /// As the authors run it, faults included. Batch normalisation uses the statistics of its input and
    /// dropout is active, as in training, so results depend on a seed. 8-bit codes are truncated after the
    /// network and after blending, which makes the result about one code darker.
    Original,
    /// Running statistics, no dropout, no truncation: the same result each time.
    #[default]
    Fixed,
}

impl Variant {
    /// Batch normalisation and dropout of the network.
    pub fn mode(self, seed: u64) -> Mode {
        match self {
            Self::Original => Mode { image_statistics: true, dropout: Some(seed) },
            Self::Fixed => Mode::default(),
        }
    }
}

/// Errors of deepDeband's pre- and postprocessing.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeepdebandError<E> {
    /// The image does not have three channels.
    #[error("deepDeband needs an image of three channels, got {got}")]
    Image {
        /// Actual number of channels.
        got: String,
    },
    /// The network returned another size than that of its input.
    #[error("the network returned {got} for an input of {wanted}")]
    Size {
        /// Shape of the input.
        wanted: String,
        /// Shape of the output.
        got: String,
    },
    /// The network failed.
    #[error(transparent)]
    Run(#[from] E),
}

/// Side of a patch; padded sides are multiples of it.
pub const PATCH: usize = 256;

/// Stride of the patches.
pub const STEP: usize = 128;

/// deepDeband-f: the whole image in one pass. `[3, H, W]`, values of 0 to 1, in and out.
///
/// `run` takes and returns values of −1 to 1; sides are multiples of 256.
///
/// # Errors
/// Another number of channels, an error of `run`, a result of another size.
pub fn full<E>(
    image: &Map<f32>,
    variant: Variant,
    run: impl FnOnce(Map<f32>) -> Result<Map<f32>, E>,
) -> Result<Map<f32>, DeepdebandError<E>> {
    check(image)?;
    if image.shape.is_empty() {
        return Ok(image.clone());
    }
    let padded = signed(padded(image));
    let wanted = padded.shape;
    let mut made = same_size(run(padded)?, wanted)?;
    for v in &mut made.data {
        *v = code(*v, variant) / 255.0;
    }
    Ok(cropped(&made, image.shape))
}

/// deepDeband-w: patches of 256×256 at every multiple of 128, blended by weight. `[3, H, W]`, values of 0 to
/// 1, in and out; an image of 1920×1080 takes 135 runs.
///
/// `run` takes and returns a patch with values of −1 to 1; it also gets the patch's index, for seeds. At a
/// position, a patch has the weight exp(−d / 8 − c / 8192). Here d is the distance from the patch's centre,
/// and c is the root mean square difference of all its samples from the input sample at that position, in
/// 8-bit codes. Neither is squared, in both modes: if squared, with the published widths, the result would
/// switch from one patch to another between samples, at visible seams.
///
/// # Errors
/// Another number of channels, an error of `run`, a result of another size.
pub fn weighted<E>(
    image: &Map<f32>,
    variant: Variant,
    mut run: impl FnMut(Map<f32>, usize) -> Result<Map<f32>, E>,
) -> Result<Map<f32>, DeepdebandError<E>> {
    check(image)?;
    if image.shape.is_empty() {
        return Ok(image.clone());
    }
    let padded = padded(image);
    let mut sums = PatchSums::new(padded.shape);
    for (number, (top, left)) in origins(padded.shape.height, padded.shape.width).into_iter().enumerate() {
        let patch = signed(window(&padded, top, left));
        let wanted = patch.shape;
        let mut made = same_size(run(patch, number)?, wanted)?;
        made.data.iter_mut().for_each(|v| *v = code(*v, variant));
        sums.add(&made, &padded, top, left);
    }
    Ok(cropped(&sums.finish(variant), image.shape))
}

/// Rows and columns of the patches' upper left corners, for sides that are multiples of 256.
pub(crate) fn origins(height: usize, width: usize) -> Vec<(usize, usize)> {
    let along = |side: usize| (0..=side.saturating_sub(PATCH)).step_by(STEP);
    along(height).flat_map(|top| along(width).map(move |left| (top, left))).collect()
}

/// Number of runs of [`weighted`] for an image.
pub fn patches(image: Shape) -> usize {
    origins(image.height.next_multiple_of(PATCH), image.width.next_multiple_of(PATCH)).len()
}

/// Mirrors at the right and at the bottom, border samples twice, up to the next multiple of 256.
pub fn padded(image: &Map<f32>) -> Map<f32> {
    let Shape { channels, height, width } = image.shape;
    let shape = Shape::new(channels, height.next_multiple_of(PATCH), width.next_multiple_of(PATCH));
    if image.shape.is_empty() {
        return image.clone();
    }
    let mirrored = |i: usize, n: usize| if i % (2 * n) < n { i % (2 * n) } else { 2 * n - 1 - i % (2 * n) };
    let mut data = Vec::with_capacity(shape.len());
    for c in 0..channels {
        for y in 0..shape.height {
            let y = mirrored(y, height);
            data.extend((0..shape.width).map(|x| image.at(c, y, mirrored(x, width))));
        }
    }
    Map { shape, data }
}

/// Weighted sums over patches.
struct PatchSums {
    shape: Shape,
    values: Vec<f64>,
    /// Infinite where a single patch decides.
    weights: Vec<f64>,
}

impl PatchSums {
    fn new(shape: Shape) -> Self {
        Self { shape, values: vec![0.0; shape.len()], weights: vec![0.0; shape.height * shape.width] }
    }

    /// A patch in codes, computed from the part of the input at that corner.
    fn add(&mut self, patch: &Map<f32>, input: &Map<f32>, top: usize, left: usize) {
        const CENTRE: usize = PATCH / 2 - 1;
        let area = self.shape.height * self.shape.width;
        let each = (PATCH * PATCH) as f64;
        let sum = |c: usize| patch.plane(c).iter().map(|&v| f64::from(v)).sum::<f64>();
        let (sums, squares) =
            ([sum(0), sum(1), sum(2)], patch.data.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>());
        for y in 0..PATCH {
            for x in 0..PATCH {
                let place = (top + y) * self.shape.width + left + x;
                if self.weights[place].is_infinite() {
                    continue;
                }
                let mut apart = squares;
                for (c, sum) in sums.iter().enumerate() {
                    let sample = 255.0 * f64::from(input.data[c * area + place]);
                    apart += sample * (each * sample - 2.0 * sum);
                }
                let apart = (apart / (3.0 * each)).max(0.0).sqrt();
                let far = (y as f64 - CENTRE as f64).hypot(x as f64 - CENTRE as f64);
                let alone = (y, x) == (CENTRE, CENTRE);
                let weight = if alone { 1.0 } else { (-far / 8.0 - apart / 8192.0).exp() };
                for c in 0..3 {
                    let value = &mut self.values[c * area + place];
                    let more = weight * f64::from(patch.at(c, y, x));
                    *value = if alone { more } else { *value + more };
                }
                self.weights[place] = if alone { f64::INFINITY } else { self.weights[place] + weight };
            }
        }
    }

    fn finish(self, variant: Variant) -> Map<f32> {
        let area = self.weights.len();
        let done = self.values.iter().enumerate().map(|(i, &value)| {
            let weight = self.weights[i % area];
            let code = if weight.is_infinite() { value } else { value / weight };
            let code = if variant == Variant::Original { code.trunc() } else { code };
            (code / 255.0) as f32
        });
        Map { shape: self.shape, data: done.collect() }
    }
}

fn check<E>(image: &Map<f32>) -> Result<(), DeepdebandError<E>> {
    if image.shape.channels == 3 && image.data.len() == image.shape.len() {
        return Ok(());
    }
    Err(DeepdebandError::Image { got: image.shape.to_string() })
}

fn same_size<E>(made: Map<f32>, wanted: Shape) -> Result<Map<f32>, DeepdebandError<E>> {
    if made.shape == wanted && made.data.len() == wanted.len() {
        return Ok(made);
    }
    Err(DeepdebandError::Size { wanted: wanted.to_string(), got: made.shape.to_string() })
}

fn signed(mut map: Map<f32>) -> Map<f32> {
    map.data.iter_mut().for_each(|v| *v = (*v - 0.5) / 0.5);
    map
}

/// A value of −1 to 1 in 8-bit codes.
fn code(v: f32, variant: Variant) -> f32 {
    let code = f32::midpoint(v, 1.0) * 255.0;
    if variant == Variant::Original { code.trunc().clamp(0.0, 255.0) } else { code }
}

fn window(map: &Map<f32>, top: usize, left: usize) -> Map<f32> {
    let shape = Shape::new(map.shape.channels, PATCH, PATCH);
    let mut data = Vec::with_capacity(shape.len());
    for plane in map.planes() {
        for row in plane.chunks(map.shape.width).skip(top).take(PATCH) {
            data.extend_from_slice(&row[left..left + PATCH]);
        }
    }
    Map { shape, data }
}

fn cropped(map: &Map<f32>, shape: Shape) -> Map<f32> {
    let rows = map.planes().flat_map(|plane| plane.chunks(map.shape.width).take(shape.height));
    Map { shape, data: rows.flat_map(|row| row[..shape.width].iter().copied()).collect() }
}

#[cfg(test)]
mod tests;
