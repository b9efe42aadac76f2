//! unband-lite: unband's light debanding network, conditioned on the quantisation grid of the image and its
//! smooth reconstruction.
//!
//! The conditioning inputs describe the grid and the smoothest surface inside the quantisation intervals. The
//! output is a correction of that surface, in quantisation steps.
//!
//! The image enters in quantisation steps too, as differences from local means on four scales. The
//! differences to be found are one code or less. From samples of 0 to 1, where a code is 0.004, the same
//! layers learn next to nothing.

use unband_image::Matrix;

use super::{Architecture, Purpose, Sees, Use, count_numbered, listed};
use crate::layer::activation::Activation;
use crate::layer::conv::ConvSpec;
use crate::net::{BuildError, Net};
use crate::{Graph, StateDict, Value};

/// Registry entry.
pub const ENTRY: Architecture = Architecture {
    name: "unband-lite",
    title: "Light multi-scale debanding, conditioned on the detected quantisation grid",
    source: "unband (docs/guide/training.md)",
    use_as: Use { sees: Sees::Cells, ..Use::for_purpose(Purpose::Deband) },
    build: |o| build(&Config::default().with(o)),
    detect: |state: &StateDict| Some(build(&Config::from_state(state)?)),
    settings: |state| {
        let of = |config: Config| {
            vec![
                ("widths", listed(&config.widths)),
                ("encoder", listed(&config.encoder)),
                ("coarse", config.coarse.to_string()),
                ("decoder", listed(&config.decoder)),
            ]
        };
        Config::from_state(state).map(of).unwrap_or_default()
    },
    ..Architecture::PLAIN
};

/// Conditioning channels per sample: the smooth surface's correction of Y, U and V, in quantisation steps;
/// and, for each plane of the detected colour space, two triangle waves of the position within the
/// quantisation interval.
pub const CELL_PLANES: usize = 9;
/// Conditioning scalars of the grid: steps of Y, U and V as fractions of full scale, and their logarithms in
/// codes. Then, for each plane of the detected space, whether a grid was found; whether that space is YUV,
/// whether its chroma is subsampled, whether the image was coded lossily.
pub const GRID_INPUTS: usize = 12;
/// Index of the flags for the planes' grids, luma's first.
pub const FOUND: usize = 6;
/// Index of the flags for the space, its chroma and lossy coding.
pub const IS_YUV: usize = 9;

/// BT.601 colour differences in 0 to 1, as in JPEG. Any space works that separates brightness from colour.
const TO_RGB: [f32; 9] = [1.0, 0.0, 1.402, 1.0, -0.344_136_3, -0.714_136_3, 1.0, 1.772, 0.0];

/// Side of the squares of samples that are processed as a unit.
const SQUARE: usize = 4;
/// Samples per square.
const AREA: usize = SQUARE * SQUARE;
/// Channels per square.
const SQUARED: usize = 3 * AREA;
/// Differences are passed through a hyperbolic tangent over this many quantisation steps, so that edges are
/// hardly larger than bands.
const CELLS: f32 = 2.0;

/// Widths and depths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Channels at 1/4, 1/8, 1/16 and 1/32 of the size.
    pub widths: [usize; 4],
    /// Blocks on the way down, at 1/4, 1/8 and 1/16.
    pub encoder: [usize; 3],
    /// Blocks at 1/32.
    pub coarse: usize,
    /// Blocks on the way up, at 1/4, 1/8 and 1/16.
    pub decoder: [usize; 3],
}

impl Default for Config {
    fn default() -> Self {
        Self { widths: [48, 64, 96, 96], encoder: [0, 1, 1], coarse: 3, decoder: [1, 1, 1] }
    }
}

super::options::with_options!(Config: widths, encoder, coarse, decoder);

impl Config {
    /// Derived from names and shapes; `None` for another network.
    pub fn from_state(state: &StateDict) -> Option<Self> {
        let &[first, _] = state.shape("grid.weight")? else { return None };
        let mut widths = [first, 0, 0, 0];
        for (level, width) in widths.iter_mut().enumerate().skip(1) {
            *width = *state.shape(&format!("down.{}.bias", level - 1))?.first()?;
        }
        let blocks = |part: &str| [0, 1, 2].map(|level| count_numbered(state, &format!("{part}.{level}.")));
        let (encoder, decoder) = (blocks("encoder"), blocks("decoder"));
        Some(Self { widths, encoder, coarse: count_numbered(state, "coarse."), decoder })
    }
}

/// Builds the network. Sides are multiples of 32.
///
/// Inputs: red, green and blue of 0 to 1 `[3, H, W]`; conditioning per sample `[9, H, W]` ([`CELL_PLANES`]);
/// conditioning of the grid `[12]` ([`GRID_INPUTS`]). `[3, H, W] → [3, H, W]`. With `tail` all 0 the result
/// is the smooth surface. Where a YUV image has a grid in chroma only, the result's luma is always that of
/// the surface.
///
/// # Errors
/// Widths that give no valid network.
pub fn build(config: &Config) -> Result<Graph, BuildError> {
    let widths = config.widths;
    let mut net = Net::new("unband-lite");
    let image = net.input("image", 3);
    let cells = net.input("cells", CELL_PLANES);
    let grid = net.point_input("grid", GRID_INPUTS);
    let seen = see(&mut net, image, grid);
    let known = net.pixel_unshuffle(cells, SQUARE);
    let all = net.concat(&[seen.squares, seen.scales[0], known, seen.colors, seen.greys]);
    let x = net.conv1x1("head", all, widths[0]);
    let grid_features = net.linear("grid", grid, widths[0]);
    let x = net.add(x, grid_features);
    let mut x = net.relu(x);
    let mut features: Vec<Value> = Vec::new();
    for level in 0..3 {
        x = blocks(&mut net, &format!("encoder.{level}"), x, config.encoder[level]);
        features.push(x);
        x = net.conv(format!("down.{level}"), x, widths[level + 1], ConvSpec::new(2).stride(2).padding(0));
        x = net.relu(x);
        if let Some(&scale) = seen.scales.get(level + 1) {
            let more = net.conv1x1(format!("scale.{level}"), scale, widths[level + 1]);
            x = net.add(x, more);
        }
    }
    for n in 0..config.coarse {
        x = block(&mut net, &format!("coarse.{n}"), x, 1 << (n % 3));
    }
    for level in (0..3).rev() {
        let y = net.conv1x1(format!("up.{level}"), x, widths[level]);
        let y = net.bilinear_like(y, features[level]);
        let y = net.add(features[level], y);
        x = blocks(&mut net, &format!("decoder.{level}"), y, config.decoder[level]);
    }
    let change = net.conv1x1("tail", x, SQUARED);
    let change = net.pixel_shuffle(change, SQUARE);
    let answered = answered(&mut net, grid);
    let change = net.mul(change, answered);
    let surface = net.slice(cells, 0, 3);
    let change = net.add(change, surface);
    let step = net.slice(grid, 0, 3);
    let change = net.mul(change, step);
    let change = net.fixed_conv("rgb", change, [3, 3, 1, 1], TO_RGB.to_vec());
    let out = net.add(image, change);
    net.finish(&[("image", out)])
}

/// Mask of Y, U and V: 1 where the correction applies, else 0. Luma is masked where only chroma has a grid,
/// as the surface is nearer there. Chroma without a grid gains a little where luma has one.
fn answered(net: &mut Net, grid: Value) -> Value {
    let mut kernels = vec![0.0; 3 * GRID_INPUTS];
    (kernels[IS_YUV], kernels[FOUND]) = (1.0, -1.0);
    let without = net.fixed_conv("answered", grid, [3, GRID_INPUTS, 1, 1], kernels);
    let without = net.relu(without);
    net.affine(without, -1.0, 1.0)
}

/// The image as the network reads it: Y, U and V in quantisation steps.
struct ImageValues {
    /// Samples minus the mean of their square, at 1/4.
    squares: Value,
    /// Means minus those of squares of twice the side, at 1/4, 1/8 and 1/16.
    scales: Vec<Value>,
    /// Means of the squares, at 1/4, full scale as 1.
    colors: Value,
    /// The same in quantisation steps: distance from black, and from grey.
    greys: Value,
}

fn see(net: &mut Net, image: Value, grid: Value) -> ImageValues {
    let split = net.pixel_unshuffle(image, SQUARE);
    let split = net.fixed_conv("planes", split, [SQUARED + 3, SQUARED, 1, 1], planes_of_squares());
    let steps = net.slice(grid, 3, 3);
    let steps = net.affine(steps, f64::from(-std::f32::consts::LN_2), 0.0);
    // Quantisation steps per code.
    let cells = net.activation(steps, Activation::Exp);
    let each = (0..SQUARED * 3).map(|i| f32::from(u8::from(i / 3 / AREA == i % 3))).collect();
    let each = net.fixed_conv("each", cells, [SQUARED, 3, 1, 1], each);
    let squares = net.slice(split, 0, SQUARED);
    let squares = net.mul(squares, each);
    let squares = net.activation(squares, Activation::Tanh);
    let mut means = net.slice(split, SQUARED, 3);
    let colors = net.affine(means, f64::from(CELLS / 255.0), 0.0);
    let greys = net.mul(means, cells);
    let greys = net.activation(greys, Activation::Tanh);
    let mut scales = Vec::new();
    for level in 0..3 {
        let quarters = net.pixel_unshuffle(means, 2);
        let quarter = (0..36).map(|i| if i / 12 == i % 12 / 4 { 0.25 } else { 0.0 }).collect();
        let coarser = net.fixed_conv(format!("mean.{level}"), quarters, [3, 12, 1, 1], quarter);
        let back = net.upsample_nearest(coarser, 2);
        let apart = net.sub(means, back);
        let apart = net.mul(apart, cells);
        scales.push(net.activation(apart, Activation::Tanh));
        means = coarser;
    }
    ImageValues { squares, scales, colors, greys }
}

/// Kernels that turn a square's red, green and blue into Y, U and V minus their means, then those means; in
/// codes over [`CELLS`].
fn planes_of_squares() -> Vec<f32> {
    let mean = 1.0 / AREA as f32;
    let mut kernels = Vec::with_capacity((SQUARED + 3) * SQUARED);
    for to in 0..SQUARED + 3 {
        let weights = Matrix::Bt601.weights_of(if to < SQUARED { to / AREA } else { to - SQUARED });
        for from in 0..SQUARED {
            let share = match (to < SQUARED, to % AREA == from % AREA) {
                (true, true) => 1.0 - mean,
                (true, false) => -mean,
                (false, _) => mean,
            };
            kernels.push(share * weights[from / AREA] * 255.0 / CELLS);
        }
    }
    kernels
}

/// `n` blocks in sequence.
fn blocks(net: &mut Net, name: &str, x: Value, count: usize) -> Value {
    (0..count).fold(x, |x, n| block(net, &format!("{name}.{n}"), x, 1))
}

/// x + relu(conv(x)).
fn block(net: &mut Net, name: &str, x: Value, dilation: usize) -> Value {
    let channels = net.channels(x);
    let y = net.conv(name, x, channels, ConvSpec::new(3).padding(dilation).dilation(dilation));
    let y = net.relu(y);
    net.add(x, y)
}
