//! Debands samples in memory, without files: `cargo run --example own_samples --no-default-features`.
//!
//! Shows findings, a named method, and cancellation.
#![allow(clippy::print_stderr)] // a program

use std::sync::atomic::AtomicBool;

use unband::{Choice, Context, Image, Matrix, Options, OutputDepth, Range, With, deband_with};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // A video frame in 4:2:0 with a dark, slowly rising luma.
    let (width, height) = (640, 360);
    let luma: Vec<u8> = (0..width * height).map(|i| (16 + (i % width) / 16) as u8).collect();
    let chroma = vec![128u8; width / 2 * (height / 2)];
    let frame = Image::from_yuv420(width, height, [&luma, &chroma, &chroma], Matrix::Bt709, Range::Limited)?;

    let stop = AtomicBool::new(false); // set it from another thread
    let context = Context::with(|new| {
        new.threads = 2;
        new.cancel = &stop;
    });
    let method = unband::parse_method("gradfun:radius=20")?;
    let options = Options::with(|new| {
        new.method = Choice::Named(method);
        new.depth = OutputDepth::Keep;
    });
    let (frame, report) = deband_with(frame, &options, &context)?;
    eprintln!(
        "{} moved {} samples, by {:.2} codes at most",
        report.method, report.samples_moved, report.max_change_codes
    );
    let [y, _, _] = frame.to_yuv8()?;
    assert_eq!(y.len(), luma.len());
    Ok(())
}
