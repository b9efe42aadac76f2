//! PNG file sizes, compared with zlib on the same rows: `python3`, or the program named by `UNBAND_PYTHON`.
#![allow(clippy::unwrap_used)]

use crate::sample;
use std::io::Write;
use std::process::{Command, Stdio};

use unband_image::dither::blue_noise_row;
use unband_image::{Depth, Image, Model, Plane, With};
use unband_io::WriteOptions;

/// Sizes with zlib at level 6 for unfiltered rows, and with libpng's and Pillow's choice of filter and
/// strategy.
const ZLIB: &str = "
import sys, struct, zlib
data = sys.stdin.buffer.read()
at = 0
sizes = []
for strategy in (zlib.Z_DEFAULT_STRATEGY, zlib.Z_FILTERED):
    (n,) = struct.unpack('<Q', data[at:at + 8])
    c = zlib.compressobj(6, zlib.DEFLATED, 15, 8, strategy)
    sizes.append(len(c.compress(data[at + 8:at + 8 + n])) + len(c.flush()))
    at += 8 + n
print(*sizes)
";

fn zlib(plain: &[u8], chosen: &[u8]) -> Option<usize> {
    let python = std::env::var_os("UNBAND_PYTHON").unwrap_or_else(|| "python3".into());
    let mut child =
        Command::new(python).args(["-c", ZLIB]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().ok()?;
    let mut input = child.stdin.take().unwrap();
    for part in [plain, chosen] {
        input.write_all(&(part.len() as u64).to_le_bytes()).unwrap();
        input.write_all(part).unwrap();
    }
    drop(input);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    text.split_whitespace().map(|size| size.parse().unwrap()).min()
}

/// Rows as PNG stores them: unfiltered, and with the filter of the least sum of absolute values.
fn rows(png: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(png));
    decoder.set_transformations(png::Transformations::IDENTITY);
    let mut reader = decoder.read_info().unwrap();
    let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut bytes).unwrap();
    let bpp = (info.color_type.samples() * info.bit_depth as usize).div_ceil(8);
    let (mut plain, mut chosen) = (Vec::new(), Vec::new());
    let mut above = vec![0; info.line_size];
    for row in bytes.chunks_exact(info.line_size) {
        plain.push(0);
        plain.extend_from_slice(row);
        let filtered = |kind: u8| -> Vec<u8> {
            let left = |bytes: &[u8], i: usize| if i < bpp { 0 } else { i32::from(bytes[i - bpp]) };
            (0..row.len())
                .map(|i| {
                    let (a, b, c) = (left(row, i), i32::from(above[i]), left(&above, i));
                    let p = a + b - c;
                    let guess = match kind {
                        0 => 0,
                        1 => a,
                        2 => b,
                        3 => i32::midpoint(a, b),
                        _ => [a, b, c].into_iter().min_by_key(|v| (p - v).abs()).unwrap(),
                    };
                    row[i].wrapping_sub(guess as u8)
                })
                .collect()
        };
        let sum = |row: &Vec<u8>| row.iter().map(|&b| u32::from(b.cast_signed().unsigned_abs())).sum::<u32>();
        let (kind, best) = (0..5).map(|kind| (kind, filtered(kind))).min_by_key(|(_, row)| sum(row)).unwrap();
        chosen.push(kind);
        chosen.extend(best);
        above.copy_from_slice(row);
    }
    (plain, chosen)
}

/// An image of the values 0..=1 of a function of x, y and plane, rounded with blue noise.
fn dithered(
    (width, height): (usize, usize),
    channels: usize,
    depth: Depth,
    value: impl Fn(f32, f32, usize) -> f32,
) -> Image {
    let max = depth.max_code() as f32;
    let plane = |c: usize| {
        let data = (0..width * height).map(|i| {
            let (x, y) = (i % width, i / width);
            let noise = blue_noise_row(y + 17 * c)[(x + 29 * c) % 64];
            let v = value(x as f32 / width as f32, y as f32 / height as f32, c) * max;
            depth.value((v + noise).floor().clamp(0.0, max) as u32)
        });
        Plane { width, height, data: data.collect() }
    };
    let (colors, alpha) = (if channels < 3 { 1 } else { 3 }, channels.is_multiple_of(2));
    let model = if colors == 1 { Model::Gray } else { Model::Rgb };
    let mut image = Image::new((0..colors).map(plane).collect(), model, depth);
    if alpha {
        image.alpha = Some(plane(colors));
    }
    image
}

fn hash(x: u32, y: u32, c: u32) -> f32 {
    let mut h = x.wrapping_mul(0x9E37_79B1) ^ y.wrapping_mul(0x85EB_CA77) ^ c.wrapping_mul(0xC2B2_AE3D);
    h = (h ^ (h >> 15)).wrapping_mul(0x2C1B_3C6D);
    h = (h ^ (h >> 12)).wrapping_mul(0x297A_2D39);
    ((h ^ (h >> 15)) >> 8) as f32 / 16_777_216.0
}

/// Smooth noise at several scales, as in clouds and texture.
fn texture(x: f32, y: f32, fine: f32) -> f32 {
    (0..6)
        .map(|octave| {
            let f = (3 << octave) as f32;
            let (u, v) = (x * f, y * f);
            let (i, j) = (u as u32, v as u32);
            let (s, t) = (u.fract(), v.fract());
            let at = |i, j| hash(i, j, octave);
            let mix = |a: f32, b: f32, t: f32| a + (b - a) * t;
            mix(mix(at(i, j), at(i + 1, j), s), mix(at(i, j + 1), at(i + 1, j + 1), s), t)
                * fine.powi(octave.cast_signed())
        })
        .sum::<f32>()
        * (1.0 - fine)
}

fn ramp(from: [f32; 3], to: [f32; 3], t: f32, c: usize) -> f32 {
    from[c.min(2)] + (to[c.min(2)] - from[c.min(2)]) * t
}

/// Typical results.
fn results() -> Vec<(&'static str, Image)> {
    let (blue, violet) = ([0.27, 0.47, 0.86], [0.58, 0.23, 0.74]);
    let (dark, darker) = ([0.12, 0.13, 0.20], [0.03, 0.03, 0.05]);
    let eight = Depth::EIGHT;
    let disc = |x: f32, y: f32| {
        (0..9u32).rev().find(|&i| {
            let r = 0.04 + 0.1 * hash(i, 2, 0);
            (x - hash(i, 0, 0)).hypot(y - 0.6 - 0.4 * hash(i, 1, 0)) < r
        })
    };
    let drawn = |x: f32, y: f32, c: usize| match disc(x, y) {
        Some(i) => (hash(i, 3, c as u32) * 8.0).round() / 8.0,
        None => ramp(blue, [0.9, 0.95, 1.0], y, c),
    };
    vec![
        ("ui down", dithered((800, 500), 3, eight, |_, y, c| ramp(blue, violet, y, c))),
        ("ui across", dithered((800, 500), 3, eight, |x, _, c| ramp(blue, violet, x, c))),
        ("ui slanting", dithered((800, 500), 3, eight, |x, y, c| ramp(blue, violet, f32::midpoint(x, y), c))),
        ("dark", dithered((800, 500), 3, eight, |x, y, c| ramp(dark, darker, (x - 0.5).hypot(y - 0.5), c))),
        ("dark down", dithered((1000, 500), 3, eight, |_, y, c| ramp(darker, dark, y, c))),
        ("anime", dithered((700, 500), 3, eight, drawn)),
        (
            "sky",
            dithered((700, 500), 3, eight, |x, y, c| {
                ramp(violet, blue, y, c) * (0.9 + 0.1 * texture(x, y, 0.5))
            }),
        ),
        ("photo", dithered((700, 500), 3, eight, |x, y, c| texture(x, y, 0.8) * ramp(blue, violet, x, c))),
        (
            "noisy photo",
            dithered((600, 400), 3, eight, |x, y, c| {
                texture(x, y, 0.6) * 0.9 + 0.03 * hash((x * 6e2) as u32, (y * 4e2) as u32, c as u32)
            }),
        ),
        (
            "16 bits",
            dithered((500, 300), 3, Depth::SIXTEEN, |x, y, c| ramp(blue, violet, texture(x, y, 0.4), c)),
        ),
        ("16 bits, plain", dithered((500, 300), 3, Depth::SIXTEEN, |x, y, c| ramp(blue, violet, x * y, c))),
        ("grey", dithered((900, 600), 1, eight, |_, y, _| 0.15 + 0.2 * y)),
        ("grey photo", dithered((900, 600), 1, eight, |x, y, _| texture(x, y, 0.6))),
        ("grey, alpha", dithered((500, 400), 2, eight, |x, y, c| if c == 0 { y } else { x })),
        (
            "alpha",
            dithered((500, 400), 4, eight, |x, y, c| if c == 3 { x } else { ramp(blue, violet, y, c) }),
        ),
        ("one bit", dithered((640, 480), 1, Depth::Int(1), |x, y, _| x * y)),
        ("four bits", dithered((640, 480), 1, Depth::Int(4), |_, y, _| y)),
        ("small", dithered((40, 30), 3, eight, |x, _, c| ramp(blue, violet, x, c))),
        ("one sample", dithered((1, 1), 3, eight, |_, _, _| 0.5)),
    ]
}

fn png(image: &Image, effort: Option<u8>, threads: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let options = WriteOptions::with(|new| {
        new.effort = effort;
        new.threads = threads;
    });
    unband_io::write(image, sample::format("PNG"), &options, &mut bytes).unwrap();
    bytes
}

#[test]
fn files_are_as_small_as_zlib_makes_them() {
    /// Signature, header and end.
    const AROUND: usize = 57;
    for (name, image) in results() {
        let bytes = png(&image, None, 0);
        let (plain, chosen) = rows(&bytes);
        let Some(least) = zlib(&plain, &chosen) else {
            unband_skips::program("python3");
            return;
        };
        let most = (least + AROUND) * 105 / 100;
        assert!(bytes.len() <= most, "{name}: {} bytes, zlib {least}", bytes.len());
    }
}

#[test]
fn samples_are_the_same_with_any_effort_and_any_number_of_threads() {
    for (name, image) in results() {
        let first = png(&image, None, 1);
        for threads in [2, 3, 16] {
            assert!(png(&image, None, threads) == first, "{name}, {threads} threads");
        }
        let most = if image.width() * image.height() > 300_000 { 7 } else { 9 };
        for effort in 0..=most {
            let back = sample::read(&png(&image, Some(effort), 0));
            assert_eq!(back.color.model, image.color.model, "{name}");
            assert!(back.planes == image.planes && back.alpha == image.alpha, "{name}, effort {effort}");
        }
    }
}

#[test]
fn more_effort_makes_smaller_files() {
    for (name, image) in results() {
        let size = |effort| png(&image, Some(effort), 0).len();
        let (quick, usual, thorough) = (size(1), size(5), size(8));
        assert!(usual <= quick && thorough <= usual + usual / 50, "{name}: {quick}, {usual}, {thorough}");
    }
}
