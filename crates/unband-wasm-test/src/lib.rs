//! Jobs on bytes as a library for Node and for this machine, whose results `scripts/test-wasm` compares.
//!
//! A job is a name, its arguments and an input: `read`, `write PNG`, `inspect`, `score`, `deband smooth`,
//! `deband`, `upscale 2`. Its result is text or bytes, or an error.
#![allow(missing_docs)]

use unband::io::{self, Limits, WriteOptions};
use unband::metrics::{Scope, score_image};
use unband::{Choice, Context, Image, Options, OutputDepth, UpscaleOptions, UpscaleSize, Upscaler, With};

type Failure = Box<dyn std::error::Error>;

/// Bytes that the host fills.
#[unsafe(no_mangle)]
pub extern "C" fn room(length: usize) -> *mut u8 {
    Vec::leak(vec![0; length]).as_mut_ptr()
}

/// Runs a job. The result has its length before its bytes, and a zero between both if it is an error.
///
/// # Safety
/// Both pointers are rooms of that length.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn job(
    name: *const u8,
    name_length: usize,
    input: *const u8,
    length: usize,
) -> *mut u8 {
    // SAFETY: the caller has filled rooms of these lengths.
    let (name, input) =
        unsafe { (std::slice::from_raw_parts(name, name_length), std::slice::from_raw_parts(input, length)) };
    let (right, bytes) = match run(&String::from_utf8_lossy(name), input) {
        Ok(bytes) => (1, bytes),
        Err(error) => (0, error.to_string().into_bytes()),
    };
    let mut result = (bytes.len() as u32).to_le_bytes().to_vec();
    result.push(right);
    result.extend(bytes);
    result.leak().as_mut_ptr()
}

fn run(job: &str, input: &[u8]) -> Result<Vec<u8>, Failure> {
    let (name, argument) = job.split_once(' ').unwrap_or((job, ""));
    let ctx = Context::default();
    let image = io::read(input, &Limits::default())?;
    match name {
        "read" => Ok(samples(&image)),
        "inspect" => Ok(format!("{:?}", unband::inspect(&image, &ctx)).into_bytes()),
        "score" => {
            let metrics = Scope::IMAGE.select(Some("cambi,bband,niqe"), None)?;
            let scores = score_image(image, &metrics, &ctx)?;
            Ok(format!("{:?}", scores.values).into_bytes())
        }
        "write" => {
            let format = io::by_name(argument).ok_or("no such format")?;
            let mut out = Vec::new();
            io::write(&image, format, &WriteOptions::default(), &mut out)?;
            Ok(out)
        }
        "deband" => {
            let method = if argument.is_empty() {
                Choice::Auto
            } else {
                Choice::Named(unband::parse_method(argument)?)
            };
            let options = Options::with(|new| {
                new.method = method;
                new.depth = OutputDepth::Bits(16);
            });
            Ok(samples(&unband::deband_with(image, &options, &ctx)?.0))
        }
        "upscale" => {
            let scale = argument.parse()?;
            let options = UpscaleOptions::with(|new| {
                new.size = UpscaleSize::Scale(scale);
                new.depth = OutputDepth::Bits(16);
            });
            Ok(samples(&Upscaler::new(&options)?.upscale(image, &options, &ctx)?.0))
        }
        _ => Err("no such job".into()),
    }
}

/// Codes of 16 bits, alpha last; floating point as it is.
fn samples(image: &Image) -> Vec<u8> {
    let planes = image.planes.iter().chain(&image.alpha);
    let values = planes.flat_map(|plane| &plane.data);
    if image.depth == unband::Depth::F32 {
        return values.flat_map(|value| value.to_le_bytes()).collect();
    }
    values.flat_map(|value| ((value.clamp(0.0, 1.0) * 65535.0).round() as u16).to_le_bytes()).collect()
}
