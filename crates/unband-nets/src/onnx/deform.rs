//! ONNX export of deformable convolutions: `GridSample` reads all taps at once, a 1×1 convolution weights
//! them.

use super::build::Builder;
use super::ops::convolution;
use super::proto::Attribute;
use crate::ParamId;
use crate::layer::banded_deform_conv::BandedDeformConv;
use crate::layer::conv::Conv;
use crate::layer::deform_conv::DeformConv;

/// Convolution of the samples read by the taps.
struct Weighing {
    weight: ParamId,
    input: usize,
    output: usize,
    kernel: (usize, usize),
    groups: usize,
}

pub fn free(b: &mut Builder<'_>, conv: &DeformConv, x: &str) -> String {
    let taps = conv.kernel.0 * conv.kernel.1;
    let offsets = generated(b, x, conv.offset, conv.input);
    // Rows and columns alternate in the channels.
    let [down, across] = [0, 1].map(|first| {
        let [from, to, axis, step] = [first, 2 * taps as i64, 1, 2].map(|number| b.ints(&[number]));
        b.op("Slice", &[&offsets, &from, &to, &axis, &step])
    });
    let (rows, columns) = taps_from_centre(b, conv.kernel);
    let down = b.op("Add", &[&down, &rows]);
    let across = b.op("Add", &[&across, &columns]);
    let (input, output, kernel) = (conv.input, conv.output, conv.kernel);
    weighed(b, x, (&down, &across), &Weighing { weight: conv.weight, input, output, kernel, groups: 1 })
}

pub fn banded(b: &mut Builder<'_>, conv: &BandedDeformConv, x: &str) -> String {
    let (sine, cosine) = direction(b, conv, x);
    let stretch = generated(b, x, conv.stretch, conv.input);
    let stretch = match conv.limits {
        Some((min, max)) => {
            let bent = b.op("Tanh", &[&stretch]);
            let bent = b.op_scalar("Mul", &bent, (max - min) / 2.0);
            b.op_scalar("Add", &bent, f32::midpoint(max, min))
        }
        None => b.op("Relu", &[&stretch]),
    };
    let (rows, columns) = taps_from_centre(b, conv.kernel);
    let mut u = b.op("Mul", &[&stretch, &rows]);
    let mut v = columns;
    if let Some(whole) = conv.whole {
        let whole = generated(b, x, whole, conv.input);
        let whole = b.op("Relu", &[&whole]);
        let whole = b.op_scalar("Add", &whole, 1.0);
        u = b.op("Mul", &[&whole, &u]);
        v = b.op("Mul", &[&whole, &v]);
    }
    let turned = |b: &mut Builder<'_>, kind: &str, p: [&str; 2], q: [&str; 2]| {
        let (p, q) = (b.op("Mul", &p), b.op("Mul", &q));
        b.op(kind, &[&p, &q])
    };
    let down = turned(b, "Add", [&cosine, &u], [&sine, &v]);
    let across = turned(b, "Sub", [&cosine, &v], [&sine, &u]);
    let (input, output, kernel, groups) = (conv.input, conv.output, conv.kernel, conv.groups);
    weighed(b, x, (&down, &across), &Weighing { weight: conv.weight, input, output, kernel, groups })
}

/// Sine and cosine at every position, `[N, 1, H, W]` each.
fn direction(b: &mut Builder<'_>, conv: &BandedDeformConv, x: &str) -> (String, String) {
    let rotation = generated(b, x, conv.rotation, conv.input);
    let [sine, cosine] = [(0, 1), (1, 2)].map(|range| b.slice(&rotation, 1, range));
    let [s, c] = [&sine, &cosine].map(|x| b.op("Mul", &[x, x]));
    let square = b.op("Add", &[&s, &c]);
    let square = b.op_scalar("Add", &square, 1e-6);
    let length = b.op("Sqrt", &[&square]);
    (b.op("Div", &[&sine, &length]), b.op("Div", &[&cosine, &length]))
}

/// Output of a 3×3 convolution.
fn generated(b: &mut Builder<'_>, x: &str, pair: [ParamId; 2], input: usize) -> String {
    let output = b.graph.params[pair[1].index()].len();
    convolution(b, &Conv::generator(pair, input, output), x)
}

/// Row and column offset of every tap from the centre, `[1, taps, 1, 1]` each.
fn taps_from_centre(b: &mut Builder<'_>, (rows, columns): (usize, usize)) -> (String, String) {
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
fn weighed(b: &mut Builder<'_>, x: &str, (down, across): (&str, &str), how: &Weighing) -> String {
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
