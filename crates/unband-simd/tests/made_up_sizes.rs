//! Tests of safe functions with bogus sizes: they panic, and neither read nor write outside their slices.
//!
//! In a release build, where sums wrap, such sizes used to cause out-of-bounds accesses.
#![forbid(unsafe_code)]

use std::panic::{AssertUnwindSafe, catch_unwind};

use unband_simd::filters::f3kdb::{self, Places};
use unband_simd::filters::ffmpeg_deband::{self, Around, Closeness, Offsets};
use unband_simd::filters::libplacebo::{self, Field, Shader};
use unband_simd::image::transpose::{Shape, transpose};
use unband_simd::{Level, Precision, infer::conv, infer::winograd, train::conv_grad};

/// A quarter and a half of all integers, and the maximum: times four or two these wrap to 0 or close to it.
const HUGE: [usize; 5] = [1 << 60, 1 << 61, 1 << 62, (1 << 62) + 1, usize::MAX - 300];

#[track_caller]
fn refused(what: &str, run: impl FnOnce()) {
    assert!(catch_unwind(AssertUnwindSafe(run)).is_err(), "{what} was taken");
}

#[test]
fn tables_that_no_slice_holds_are_not_turned() {
    for level in Level::all() {
        for step in HUGE {
            for (step, out_step) in [(step, 64), (64, step)] {
                let shape = Shape { rows: 17, columns: 17, step, out_step };
                refused("a step", || transpose(level, shape, &mut [0.0; 2048], &[0.0; 2048]));
            }
        }
    }
}

#[test]
fn rows_that_no_slice_holds_are_not_convolved() {
    for level in Level::all() {
        for huge in HUGE {
            let well = conv::Shape { inputs: 4, outputs: 4, width: 9, stride: 1, out_step: 4 };
            let tap = conv::Tap { row: 0, column: 0 };
            for (shape, tap) in [
                (conv::Shape { out_step: huge, ..well }, tap),
                (conv::Shape { stride: huge, ..well }, tap),
                (conv::Shape { inputs: huge, ..well }, tap),
                (well, conv::Tap { row: 0, column: huge }),
            ] {
                let packed = conv::pack(level, 4, 1, 4, |_, _, _| 0.0);
                let rows: [&[f32]; 1] = [&[0.0; 64]];
                refused("a size", || {
                    conv::conv_row(level, shape, &mut [0.0; 64], &rows, &[tap], &packed, &[0.0; 4]);
                });
            }
            let shape = conv_grad::Shape { inputs: 4, outputs: 4, width: 9, stride: huge };
            refused("a stride", || {
                conv_grad::add_products(level, shape, 0, &[0.0; 64], &[0.0; 512], &mut [0.0; 512]);
            });
        }
    }
}

#[test]
fn tiles_that_no_slice_holds_are_not_filtered() {
    for level in Level::all().filter(|&level| winograd::has(level, Precision::F32)) {
        for huge in HUGE {
            let (taps, precision) = (winograd::Taps::Three, Precision::F32);
            let well = winograd::Shape {
                taps,
                inputs: 4,
                outputs: 4,
                width: 9,
                out_step: 4,
                dilation: 1,
                precision,
            };
            let packed = winograd::pack(level, precision, taps, 4, 4, |_, _, _| 0.0);
            for (shape, step) in [
                (winograd::Shape { dilation: huge, ..well }, 4),
                (winograd::Shape { width: huge, ..well }, 4),
                (winograd::Shape { out_step: huge, ..well }, 4),
                (winograd::Shape { outputs: huge, ..well }, 4),
                (winograd::Shape { taps: winograd::Taps::Two, ..well }, 4),
                (well, huge),
            ] {
                let row = [0.0; 4096];
                let parts = [winograd::ChannelGroup { channels: 4, step, rows: [&row; winograd::READ] }];
                let mut out = [[0.0f32; 64]; winograd::TILE];
                let mut scratch = vec![0.0; 1 << 20];
                refused("a size", || {
                    let out = out.each_mut().map(|row| &mut row[..]);
                    let mut bands = [winograd::Band { out, parts: &parts }];
                    winograd::four_rows(level, shape, &mut bands, &packed, &[0.0; 4], &mut scratch);
                });
            }
        }
    }
}

#[test]
fn rows_behind_all_samples_are_not_looked_up() {
    let samples = [7u8; 4096];
    for level in Level::all() {
        for huge in HUGE {
            for (stride, start) in [(64, huge), (huge, 1024)] {
                let around = Around { samples: &samples, stride, start };
                let mut refs = [[0u8; 64]; 4];
                let distances = [5i8; 64];
                refused("a place", || {
                    let refs = refs.each_mut().map(|row| &mut row[..]);
                    let places = Places::Cross { across: &distances, down: &distances };
                    f3kdb::pick_row(level, refs, &around, &places);
                });
                let offsets = Offsets::new(64, vec![5; 64], vec![5; 64]);
                let close = Closeness { below: 9, each: true };
                refused("a place", || {
                    ffmpeg_deband::deband_row(level, &mut [0u8; 64], &around, &offsets, (0, 0), close);
                });
            }
            let around = Around { samples: &samples, stride: 64, start: 1024 };
            let offsets = Offsets::new(64, vec![5; 64], vec![5; 64]);
            let close = Closeness { below: 9, each: true };
            for at in [(huge, 0), (0, huge)] {
                refused("a place in the table", || {
                    ffmpeg_deband::deband_row(level, &mut [0u8; 64], &around, &offsets, at, close);
                });
            }
        }
    }
}

#[test]
fn fields_that_no_slice_holds_are_not_shaded() {
    let shader = Shader { iterations: 1, radius: 16.0, threshold: 4.0, grain: 0.0, neutral: 0.5, index: 0 };
    for level in Level::all() {
        for huge in HUGE {
            for (stride, first, size, at) in [
                (huge, (0, 0), (8, 9), (0, 0)),
                (8, (huge, 0), (8, 8), (huge, 0)),
                (8, (0, 0), (8, huge), (0, 0)),
                (8, (8, 8), (8, 8), (0, 8)),
                (8, (0, 0), (8, 8), (huge, 0)),
            ] {
                let field = Field { samples: &[0.5; 64], stride, first, size };
                refused("a field", || {
                    libplacebo::deband_row(level, &mut [0.0; 8], &field, at, &shader);
                });
            }
        }
        for highest in [-1.0, -1e30, f32::NAN, f32::INFINITY] {
            refused("a highest code", || {
                libplacebo::codes_u16(level, &mut [0; 8], &[0.5; 8], None, highest);
            });
            refused("a highest code", || {
                libplacebo::units_from_values(level, &mut [0.0; 8], &[0.5; 8], 1.0, 0.0, highest, true);
            });
        }
    }
}

#[test]
fn random_numbers_of_any_size_are_whole() {
    for (share, range, want) in [
        (f64::NAN, 1.0, 0),
        (1.0, f64::NAN, 0),
        (f64::INFINITY, 1.0, i32::MAX),
        (-1e300, 2.0, i32::MIN),
        (0.5, 3.0, 2),
        (-0.5, 3.0, -2),
        (-1.0, 65_535.0, -65_535),
    ] {
        assert_eq!(f3kdb::whole(share, range), want, "{share} of {range}");
    }
}
