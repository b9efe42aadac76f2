//! Convolutions whose taps read at offsets: `GridSample` reads all taps at once, a 1×1 convolution weights
//! them.

use super::build::Builder;
use super::proto::Attribute;
use crate::ParamId;
use crate::layer::Operation;
use crate::layer::conv::Conv;

/// Convolution of the samples read by the taps.
pub(crate) struct Weighing {
    pub weight: ParamId,
    pub input: usize,
    pub output: usize,
    pub kernel: (usize, usize),
    pub groups: usize,
}

/// Output of a 3×3 convolution.
pub(crate) fn generated(b: &mut Builder<'_>, x: &str, pair: [ParamId; 2], input: usize) -> String {
    let output = b.graph.params[pair[1].index()].len();
    Conv::generator(pair, input, output).onnx(b, &[x])
}

/// Row and column offset of every tap from the centre, `[1, taps, 1, 1]` each.
pub(crate) fn taps_from_centre(b: &mut Builder<'_>, rows: usize, columns: usize) -> (String, String) {
    let taps = rows * columns;
    let from = |n: usize, half: usize| n as f32 - half as f32;
    let down: Vec<f32> = (0..taps).map(|tap| from(tap / columns, rows / 2)).collect();
    let across: Vec<f32> = (0..taps).map(|tap| from(tap % columns, columns / 2)).collect();
    let mut add = |what: &str, values: &[f32]| {
        b.floats(&format!("taps/{rows}×{columns}/{what}"), &[1, taps, 1, 1], values)
    };
    (add("rows", &down), add("columns", &across))
}

/// Samples the image at every position plus offsets in rows and columns `[N, taps, H, W]` for every tap, and
/// applies the weights.
pub(crate) fn weighed(b: &mut Builder<'_>, x: &str, down: &str, across: &str, how: &Weighing) -> String {
    let rows = fractions(b, x, down, 2);
    let columns = fractions(b, x, across, 3);
    let [rows, columns] = [rows, columns].map(|values| b.unsqueeze(&values, -1));
    let grid = b.concat(&[&columns, &rows], 4);
    // Taps stacked vertically: [N, taps · H, W, 2].
    let [rest, two] = [[0, -1].as_slice(), &[2]].map(|numbers| b.ints(numbers));
    let width = b.dimensions(x, 3, 4);
    let shape = b.concat(&[&rest, &width, &two], 0);
    let grid = b.op("Reshape", &[&grid, &shape]);
    // Without `align_corners`, which is undefined for a single row.
    let settings =
        [("mode", "bilinear"), ("padding_mode", "zeros")].map(|(name, word)| Attribute::word(name, word));
    let mut settings = settings.to_vec();
    settings.push(Attribute::int("align_corners", 0));
    let read = b.with("GridSample", &[x, &grid], settings);
    let taps = how.kernel.0 * how.kernel.1;
    let read = b.reshape(&read, &[0, (how.input * taps) as i64, -1, 0]);
    let weight = b.param_as(how.weight, &[how.output, how.input / how.groups * taps, 1, 1]);
    b.with("Conv", &[&read, &weight], vec![Attribute::int("group", how.groups)])
}

/// Positions plus offsets in `GridSample`'s coordinates: −1 is the start of the first sample, 1 the end of
/// the last.
fn fractions(b: &mut Builder<'_>, x: &str, distances: &str, dimension: usize) -> String {
    let places = b.places(x, dimension);
    let places = b.as_floats(&places);
    let places = b.reshape(&places, if dimension == 2 { &[-1, 1] } else { &[-1] });
    let at = b.op("Add", &[distances, &places]);
    let twice = b.op_scalar("Mul", &at, 2.0);
    let centre = b.op_scalar("Add", &twice, 1.0);
    let size = b.dimensions(x, dimension, dimension + 1);
    let size = b.as_floats(&size);
    let share = b.op("Div", &[&centre, &size]);
    b.op_scalar("Sub", &share, 1.0)
}
