//! AV1 still encoding: rav1e, or the program `avifenc` for 12 bits.

use std::borrow::Cow;
use std::time::Duration;

use num_traits::FromPrimitive;
use rav1e::prelude::{
    ChromaSamplePosition, ChromaSampling, ColorDescription, Config, EncoderConfig, EncoderStatus, PixelRange,
    Rational, SpeedSettings, Tune,
};
use unband_image::dither::Grid;
use unband_image::{Cicp, Context, Image, Matrix, Model, Plane, Range, Siting, Subsampling};

use super::super::y4m::{Y4mHeader, Y4mWriter};
use super::NAME;
use crate::format::heif::Container;
use crate::process::{Program, Room};
use crate::{Error, limits};

/// Visually lossless, including slow gradients.
const DEFAULT_QUALITY: u8 = 95;
/// Slower speeds make files of this quality no smaller: speed 6 takes twice the time for 1 %.
const SPEED: u8 = 8;
/// Pixels per tile. Tiles are encoded in parallel; their number must not depend on the machine.
const TILE: usize = 1 << 19;

const AVIFENC: Program = Program {
    names: &["avifenc"],
    purpose: "AVIF of 12 bits",
    install: "install libavif's programs (`apt install libavif-bin`, `brew install libavif`), or write 10 bits",
};
/// Time limit of the encoder.
const MOST_TIME: Duration = Duration::from_hours(1);

/// Encoder settings.
pub(super) struct Coding {
    /// Bits per sample: 8, 10 or 12.
    pub(super) bits: u8,
    pub(super) cicp: Cicp,
    /// 1..=100.
    pub(super) quality: Option<u8>,
    /// 0..=9.
    pub(super) effort: Option<u8>,
    /// Number of threads; 0 for all cores.
    pub(super) threads: usize,
}

impl Coding {
    /// The same for alpha, whose edges are more visible than those of colours.
    pub(super) fn of_alpha(&self) -> Self {
        let quality = self.quality.unwrap_or(DEFAULT_QUALITY).clamp(1, 100).midpoint(100);
        let cicp = Cicp { primaries: 2, transfer: 2, matrix: 2, full_range: true };
        Self { cicp, quality: Some(quality), ..*self }
    }

    /// The encoder's speed, 10 the fastest.
    fn speed(&self, usual: u8) -> u8 {
        self.effort.map_or(usual, |effort| 10 - effort.min(9))
    }

    /// The quantiser index, 1..=255; 0 would select another, lossless coding.
    fn quantizer(&self) -> u8 {
        let loss = 100 - u32::from(self.quality.unwrap_or(DEFAULT_QUALITY).clamp(1, 100));
        (loss * 255 / 100).clamp(1, 255) as u8
    }
}

/// The image as AV1 stores it: grey, or luma and chroma. Chroma gets full size if AV1 does not support its
/// subsampling.
///
/// # Errors
/// Planes that do not match the model.
pub(super) fn planes(image: &Image) -> Result<Cow<'_, Image>, Error> {
    let wrong = |error| Error::encode(NAME, error);
    match image.color.model {
        Model::Gray => Ok(Cow::Borrowed(image)),
        Model::Yuv { subsampling: Subsampling { x, y }, .. } if matches!((x, y), (1 | 2, 1) | (2, 2)) => {
            Ok(Cow::Borrowed(image))
        }
        Model::Yuv { .. } => {
            image.clone().into_full_chroma(&Context::default()).map(Cow::Owned).map_err(wrong)
        }
        Model::Rgb => {
            let wide = image.color.cicp.is_some_and(|cicp| cicp.primaries == 9);
            let matrix = if wide { Matrix::Bt2020 } else { Matrix::Bt601 };
            let model = Model::Yuv { matrix, range: Range::Full, subsampling: Subsampling::NONE };
            let (width, height) = (image.width(), image.height());
            let mut planes = Vec::new();
            for _ in 0..3 {
                planes.push(limits::new_plane(width, height)?);
            }
            let [red, green, blue] = image.planes.as_slice() else {
                return Err(Error::encode(NAME, "RGB without three planes"));
            };
            for (i, ((&r, &g), &b)) in red.data.iter().zip(&green.data).zip(&blue.data).enumerate() {
                let [y, u, v] = matrix.to_yuv([r, g, b]);
                for (plane, value) in planes.iter_mut().zip([y, u + 0.5, v + 0.5]) {
                    plane.data[i] = value;
                }
            }
            let mut out = Image::new(planes, model, image.depth);
            out.color.cicp = image.color.cicp;
            Ok(Cow::Owned(out))
        }
    }
}

/// Code points for the planes: as declared, but with the matrix of the planes.
pub(super) fn code_points(planes: &Image, declared: Option<Cicp>) -> Cicp {
    let Cicp { primaries, transfer, matrix, .. } =
        declared.unwrap_or(Cicp { primaries: 2, transfer: 2, matrix: 6, full_range: true });
    match planes.color.model {
        Model::Yuv { matrix: own, range, .. } => {
            let matrix = match (own, matrix) {
                (Matrix::Bt601, 5 | 6) => matrix,
                (Matrix::Bt601, _) => 6,
                (Matrix::Bt709, _) => 1,
                (Matrix::Bt2020, _) => 9,
            };
            Cicp { primaries, transfer, matrix, full_range: range == Range::Full }
        }
        // For luma alone, the matrix has no effect.
        _ => Cicp { primaries, transfer, matrix: if matrix == 0 { 6 } else { matrix }, full_range: true },
    }
}

/// Encodes an image as an AV1 stream.
///
/// # Errors
/// Errors of the encoder; 12 bits without `avifenc`.
pub(super) fn encode(planes: &Image, coding: &Coding) -> Result<Vec<u8>, Error> {
    match coding.bits {
        8 | 10 => by_rav1e(planes, coding),
        _ => by_avifenc(planes, coding),
    }
}

fn by_rav1e(planes: &Image, coding: &Coding) -> Result<Vec<u8>, Error> {
    let wrong = |error: &dyn std::fmt::Display| Error::encode(NAME, error);
    let (width, height) = (planes.width(), planes.height());
    let Cicp { primaries, transfer, matrix, full_range } = coding.cicp;
    let unknown = || Error::encode(NAME, "code points that AV1 does not support");
    let settings = EncoderConfig {
        width,
        height,
        time_base: Rational::new(1, 1),
        sample_aspect_ratio: Rational::new(1, 1),
        bit_depth: coding.bits.into(),
        chroma_sampling: match planes.color.model {
            Model::Yuv { subsampling, .. } => match (subsampling.x, subsampling.y) {
                (1, _) => ChromaSampling::Cs444,
                (_, 1) => ChromaSampling::Cs422,
                _ => ChromaSampling::Cs420,
            },
            _ => ChromaSampling::Cs400,
        },
        chroma_sample_position: match (planes.color.model, planes.color.siting) {
            (Model::Yuv { subsampling: Subsampling::HALF, .. }, Siting::Left) => {
                ChromaSamplePosition::Vertical
            }
            (Model::Yuv { subsampling: Subsampling::HALF, .. }, Siting::TopLeft) => {
                ChromaSamplePosition::Colocated
            }
            _ => ChromaSamplePosition::Unknown,
        },
        pixel_range: if full_range { PixelRange::Full } else { PixelRange::Limited },
        color_description: Some(ColorDescription {
            color_primaries: FromPrimitive::from_u8(primaries).ok_or_else(unknown)?,
            transfer_characteristics: FromPrimitive::from_u8(transfer).ok_or_else(unknown)?,
            matrix_coefficients: FromPrimitive::from_u8(matrix).ok_or_else(unknown)?,
        }),
        still_picture: true,
        min_key_frame_interval: 0,
        max_key_frame_interval: 0,
        quantizer: coding.quantizer().into(),
        min_quantizer: coding.quantizer(),
        tune: Tune::Psnr,
        tiles: (width * height).div_ceil(TILE),
        speed_settings: SpeedSettings::from_preset(coding.speed(SPEED)),
        ..EncoderConfig::default()
    };
    let config = Config::new().with_encoder_config(settings).with_threads(coding.threads);
    // 16-bit samples give the same 8-bit stream at the same speed; a second sample type would double the
    // build time.
    let mut encoder = config.new_context::<u16>().map_err(|e| wrong(&e))?;
    let mut frame = encoder.new_frame();
    for (i, (plane, to)) in planes.planes.iter().zip(&mut frame.planes).enumerate() {
        let code = coder(planes.color.model, i, coding.bits);
        let stride = to.cfg.stride;
        for (row, to) in rows(plane).zip(to.data_origin_mut().chunks_mut(stride)) {
            row.iter().zip(to).for_each(|(&value, to)| *to = code(value));
        }
    }
    encoder.send_frame(frame).map_err(|e| wrong(&e))?;
    encoder.flush();
    let mut out = Vec::new();
    loop {
        match encoder.receive_packet() {
            Ok(packet) => out.extend(packet.data),
            Err(EncoderStatus::Encoded | EncoderStatus::NeedMoreData) => {}
            Err(EncoderStatus::LimitReached) => return Ok(out),
            Err(error) => return Err(wrong(&error)),
        }
    }
}

fn rows(plane: &Plane) -> impl Iterator<Item = &[f32]> {
    plane.data.chunks_exact(plane.width)
}

/// The code of a sample.
fn coder(model: Model, plane: usize, bits: u8) -> impl Fn(f32) -> u16 {
    let grid = Grid::of_bits(model, plane, bits);
    move |value| (value * grid.scale + grid.zero + 0.5).clamp(0.0, grid.max) as u16
}

fn by_avifenc(planes: &Image, coding: &Coding) -> Result<Vec<u8>, Error> {
    let room = Room::new()?;
    let header = Y4mHeader::from_image(planes)?;
    Y4mWriter::new(std::io::BufWriter::new(room.create("in.y4m")?), header)?.write_frame(planes)?;
    // `avifenc` has 64 quantiser steps.
    let quantizer = (coding.quantizer() / 4).to_string();
    let Cicp { primaries, transfer, matrix, full_range } = coding.cicp;
    let codes = format!("{primaries}/{transfer}/{matrix}");
    let range = if full_range { "full" } else { "limited" };
    let threads = if coding.threads == 0 { "all".to_owned() } else { coding.threads.to_string() };
    let speed = coding.speed(6).to_string();
    let args = [
        "--min", &quantizer, "--max", &quantizer, "--speed", &speed, "--jobs", &threads, "--cicp", &codes,
        "--range", range, "in.y4m", "out.avif",
    ];
    AVIFENC.run(&room, &args, MOST_TIME)?;
    let failed = |message: String| Error::Program { program: AVIFENC.names[0], message };
    let file =
        room.read("out.avif", u64::from(u32::MAX))?.ok_or_else(|| failed("it wrote no output".to_owned()))?;
    // Only its stream is kept; the container written here also holds the metadata.
    let stream = Container::parse(NAME, &file).and_then(|container| {
        let item = container.primary()?;
        Ok(container.data(item)?.into_owned())
    });
    stream.map_err(|error| failed(error.to_string()))
}
