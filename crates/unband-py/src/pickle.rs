//! An image as bytes, for pickles: everything that it holds, in the form of this version.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use unband::image::{
    AuxiliaryImage, Colorimetry, Density, DensityUnit, Mastering, Metadata, TiffData, TiffTag,
};
use unband::jpeg::{JpegCoefficients, JpegPlane};
use unband::origin::{Codec, JpegOrigin, Origin};
use unband::{Cicp, Color, GainMap, Matrix, Range, Siting, Subsampling};
use unband::{Depth, ErrorKind, Image, Model, Plane, With};

use crate::fault::Fault;

/// Everything but long lists of numbers and bytes, which are blobs in the order of these fields.
#[derive(Serialize, Deserialize)]
struct Head {
    version: String,
    planes: Vec<(usize, usize)>,
    alpha: Option<(usize, usize)>,
    /// Matrix, range and sampling of YUV; its absence with one plane means grey.
    yuv: Option<(Matrix, Range, (u8, u8))>,
    cicp: Option<(u8, u8, u8, bool)>,
    siting: u8,
    depth: u8,
    codec: CodecState,
    format: String,
    block_step: Option<u16>,
    /// Which of ICC, Exif, XMP and IPTC are there.
    blocks: [bool; 4],
    density: Option<(f64, f64, u8)>,
    srgb_intent: Option<u8>,
    gamma: Option<u32>,
    chromaticities: Option<[u32; 8]>,
    mastering: Option<([u16; 8], u32, u32)>,
    content_light: Option<(u32, u32)>,
    text: Vec<(String, String)>,
    gain_maps: Vec<bool>,
    gain_map: Option<GainMapState>,
    unread: Vec<String>,
    missing_rows: Option<usize>,
    mode: Option<u32>,
    tiff: TiffState,
}

/// The map, and the ISO statement if there is one, are blobs.
#[derive(Serialize, Deserialize)]
struct GainMapState {
    in_xmp: bool,
    has_iso: bool,
    orientation: u8,
}

/// Tags have their values, and bands their samples, as blobs.
#[derive(Serialize, Deserialize)]
struct TiffState {
    /// Number, type and count.
    tags: Vec<(u16, u16, u32)>,
    bands: Vec<(usize, usize)>,
    signed: bool,
    size: (usize, usize),
    depth: Option<u8>,
}

#[derive(Serialize, Deserialize)]
enum CodecState {
    Unknown,
    Lossless,
    Palette(u16),
    Lossy(String),
    Jpeg {
        luma: Option<Vec<u16>>,
        chroma: Option<Vec<u16>>,
        subsampling: Option<(u8, u8)>,
        quality: Option<u8>,
        coefficients: Option<(Vec<JpegPlaneState>, bool, u8)>,
    },
}

#[derive(Serialize, Deserialize)]
struct JpegPlaneState {
    blocks: (usize, usize),
    lead: (usize, usize),
    scale: (usize, usize),
    steps: Vec<u16>,
}

const VERSION: &str = env!("CARGO_PKG_VERSION");

fn bytes_of(plane: &Plane) -> Vec<u8> {
    plane.data.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// The image as text and blobs.
pub(crate) fn dumped(image: &Image) -> (String, Vec<Vec<u8>>) {
    // A new field must be added here too, also where `..` hides it.
    let Image { planes, alpha, color, depth, origin, metadata } = image;
    let Color { model, cicp, siting } = color;
    let Origin { codec, format, block_step, .. } = origin;
    let Metadata {
        icc,
        exif,
        xmp,
        iptc,
        density,
        colorimetry,
        text,
        auxiliary,
        gain_map,
        unread,
        missing_rows,
        tiff,
        mode,
        ..
    } = metadata;
    let Colorimetry { srgb_intent, gamma, chromaticities, mastering, content_light, .. } = colorimetry;
    let mut blobs: Vec<Vec<u8>> = planes.iter().chain(alpha).map(bytes_of).collect();
    let codec = codec_state(codec, &mut blobs);
    let blocks = [icc, exif, xmp, iptc];
    blobs.extend(blocks.into_iter().flatten().cloned());
    blobs.extend(tiff.tags.iter().map(|tag| tag.value.clone()));
    blobs.extend(tiff.bands.iter().map(bytes_of));
    if let Some(GainMap { jpeg, iso, .. }) = gain_map {
        blobs.push(jpeg.to_vec());
        blobs.extend(iso.clone());
    }
    let head = Head {
        version: VERSION.to_owned(),
        planes: planes.iter().map(|plane| (plane.width, plane.height)).collect(),
        alpha: alpha.as_ref().map(|plane| (plane.width, plane.height)),
        yuv: match model {
            Model::Gray | Model::Rgb => None,
            Model::Yuv { matrix, range, subsampling } => {
                Some((*matrix, *range, (subsampling.x, subsampling.y)))
            }
        },
        cicp: cicp.map(|cicp| (cicp.primaries, cicp.transfer, cicp.matrix, cicp.full_range)),
        siting: match siting {
            Siting::Left => 0,
            Siting::Center => 1,
            Siting::TopLeft => 2,
        },
        depth: depth.bits(),
        codec,
        format: (*format).to_owned(),
        block_step: *block_step,
        blocks: blocks.map(Option::is_some),
        density: density.map(|density| (density.x, density.y, unit_number(density.unit))),
        srgb_intent: *srgb_intent,
        gamma: *gamma,
        chromaticities: *chromaticities,
        mastering: mastering.map(|m| (m.chromaticities, m.max_luminance, m.min_luminance)),
        content_light: *content_light,
        text: text.clone(),
        gain_maps: auxiliary.iter().map(|image| *image == AuxiliaryImage::GainMap).collect(),
        gain_map: gain_map.as_ref().map(|map| GainMapState {
            in_xmp: map.in_xmp,
            has_iso: map.iso.is_some(),
            orientation: map.orientation,
        }),
        unread: unread.clone(),
        missing_rows: *missing_rows,
        mode: *mode,
        tiff: tiff_state(tiff),
    };
    (serde_json::to_string(&head).unwrap_or_default(), blobs)
}

/// The coding, with its coefficients as blobs.
fn codec_state(codec: &Codec, blobs: &mut Vec<Vec<u8>>) -> CodecState {
    match codec {
        Codec::Unknown => CodecState::Unknown,
        Codec::Lossless => CodecState::Lossless,
        Codec::Palette(colours) => CodecState::Palette(*colours),
        Codec::Lossy(name) => CodecState::Lossy((*name).to_owned()),
        Codec::Jpeg(JpegOrigin { luma, chroma, subsampling, quality, coefficients, .. }) => {
            let coefficients = coefficients.as_ref().map(|all| {
                let JpegCoefficients { planes, ycc, bits } = &**all;
                let plane = |plane: &JpegPlane| {
                    let JpegPlane { blocks_across, blocks_down, lead, scale, steps, coefficients } = plane;
                    blobs.push(coefficients.iter().flat_map(|value| value.to_le_bytes()).collect());
                    JpegPlaneState {
                        blocks: (*blocks_across, *blocks_down),
                        lead: *lead,
                        scale: *scale,
                        steps: steps.to_vec(),
                    }
                };
                (planes.iter().map(plane).collect(), *ycc, *bits)
            });
            CodecState::Jpeg {
                luma: luma.map(|table| table.to_vec()),
                chroma: chroma.map(|table| table.to_vec()),
                subsampling: subsampling.map(|by| (by.x, by.y)),
                quality: *quality,
                coefficients,
            }
        }
    }
}

fn tiff_state(tiff: &TiffData) -> TiffState {
    let TiffData { tags, bands, signed, size, depth, .. } = tiff;
    TiffState {
        tags: tags.iter().map(|tag| (tag.tag, tag.kind, tag.count)).collect(),
        bands: bands.iter().map(|band| (band.width, band.height)).collect(),
        signed: *signed,
        size: *size,
        depth: depth.map(Depth::bits),
    }
}

const UNITS: [DensityUnit; 4] =
    [DensityUnit::Aspect, DensityUnit::Inch, DensityUnit::Centimetre, DensityUnit::Metre];

fn unit_number(unit: DensityUnit) -> u8 {
    UNITS.iter().position(|own| *own == unit).unwrap_or(0) as u8
}

fn gain_map_of(state: &GainMapState, blobs: &mut impl Iterator<Item = Vec<u8>>) -> Result<GainMap, Fault> {
    let jpeg = Arc::new(blobs.next().ok_or_else(damaged)?);
    let iso = state.has_iso.then(|| blobs.next().ok_or_else(damaged)).transpose()?;
    Ok(GainMap { jpeg, in_xmp: state.in_xmp, iso, orientation: state.orientation })
}

/// The image of text and blobs.
///
/// # Errors
/// Those of another version, and damaged ones.
pub(crate) fn loaded(text: &str, blobs: Vec<Vec<u8>>) -> Result<Image, Fault> {
    let version = serde_json::from_str::<serde_json::Value>(text).ok();
    let version = version.and_then(|head| head["version"].as_str().map(str::to_owned)).ok_or_else(damaged)?;
    if version != VERSION {
        let what = format!("the image was pickled by unband {version}, this is {VERSION}");
        return Err(Fault::new(ErrorKind::Input, what)
            .about("image")
            .hint("save images as files to keep them: `image.save(\"image.png\")`"));
    }
    let head: Head = serde_json::from_str(text).map_err(|_| damaged())?;
    let mut blobs = blobs.into_iter();
    let planes = head.planes.iter().map(|size| plane(*size, &mut blobs)).collect::<Result<Vec<_>, _>>()?;
    let alpha = head.alpha.map(|size| plane(size, &mut blobs)).transpose()?;
    let sampling = |(x, y): (u8, u8)| Subsampling { x, y };
    let codec = codec_of(head.codec, &mut blobs)?;
    let model = match (head.yuv, planes.len()) {
        (Some((matrix, range, by)), _) => Model::Yuv { matrix, range, subsampling: sampling(by) },
        (None, 1) => Model::Gray,
        (None, _) => Model::Rgb,
    };
    let cicp = |(primaries, transfer, matrix, full_range)| Cicp { primaries, transfer, matrix, full_range };
    let mut block = |there: bool| there.then(|| blobs.next().ok_or_else(damaged)).transpose();
    let [icc, exif, xmp, iptc] = head.blocks;
    let (icc, exif, xmp, iptc) = (block(icc)?, block(exif)?, block(xmp)?, block(iptc)?);
    let tiff = tiff_of(head.tiff, &mut blobs)?;
    let gain_map = head.gain_map.as_ref().map(|state| gain_map_of(state, &mut blobs)).transpose()?;
    let metadata = Metadata::with(|new| {
        new.icc = icc;
        new.exif = exif;
        new.xmp = xmp;
        new.iptc = iptc;
        new.density = head.density.map(|(x, y, unit)| Density { x, y, unit: UNITS[usize::from(unit) % 4] });
        new.colorimetry =
            Colorimetry::with(|new| {
                new.srgb_intent = head.srgb_intent;
                new.gamma = head.gamma;
                new.chromaticities = head.chromaticities;
                new.mastering = head.mastering.map(|(chromaticities, max_luminance, min_luminance)| {
                    Mastering { chromaticities, max_luminance, min_luminance }
                });
                new.content_light = head.content_light;
            });
        new.text = head.text;
        new.auxiliary = head
            .gain_maps
            .into_iter()
            .map(|map| if map { AuxiliaryImage::GainMap } else { AuxiliaryImage::Further })
            .collect();
        new.gain_map = gain_map;
        new.unread = head.unread;
        new.missing_rows = head.missing_rows;
        new.mode = head.mode;
        new.tiff = tiff;
    });
    Ok(Image {
        planes,
        alpha,
        color: Color {
            model,
            cicp: head.cicp.map(cicp),
            siting: [Siting::Left, Siting::Center, Siting::TopLeft][usize::from(head.siting) % 3],
        },
        depth: depth_of(head.depth),
        origin: Origin::with(|new| {
            new.codec = codec;
            new.format = kept(&head.format);
            new.block_step = head.block_step;
        }),
        metadata,
    })
}

fn depth_of(bits: u8) -> Depth {
    if bits == 32 { Depth::F32 } else { Depth::Int(bits) }
}

/// The next blob as a plane of this size.
fn plane((width, height): (usize, usize), blobs: &mut impl Iterator<Item = Vec<u8>>) -> Result<Plane, Fault> {
    let needed = width.checked_mul(height).and_then(|samples| samples.checked_mul(4));
    let blob = blobs.next().filter(|blob| Some(blob.len()) == needed).ok_or_else(damaged)?;
    let data = blob.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
    Ok(Plane { width, height, data })
}

fn tiff_of(state: TiffState, blobs: &mut impl Iterator<Item = Vec<u8>>) -> Result<TiffData, Fault> {
    let TiffState { tags, bands, signed, size, depth } = state;
    let mut tag = |(tag, kind, count)| {
        Ok::<_, Fault>(TiffTag { tag, kind, count, value: blobs.next().ok_or_else(damaged)? })
    };
    let tags = tags.into_iter().map(&mut tag).collect::<Result<_, _>>()?;
    let bands = bands.into_iter().map(|size| plane(size, blobs)).collect::<Result<_, _>>()?;
    Ok(TiffData::with(|new| {
        new.tags = tags;
        new.bands = bands;
        new.signed = signed;
        new.size = size;
        new.depth = depth.map(depth_of);
    }))
}

fn damaged() -> Fault {
    Fault::new(ErrorKind::Input, "the pickled image is damaged").about("image")
}

/// The coding, with its coefficients from the blobs.
fn codec_of(state: CodecState, blobs: &mut impl Iterator<Item = Vec<u8>>) -> Result<Codec, Fault> {
    let table = |steps: Vec<u16>| <[u16; 64]>::try_from(steps).map_err(|_| damaged());
    Ok(match state {
        CodecState::Unknown => Codec::Unknown,
        CodecState::Lossless => Codec::Lossless,
        CodecState::Palette(colours) => Codec::Palette(colours),
        CodecState::Lossy(name) => Codec::Lossy(kept(&name)),
        CodecState::Jpeg { luma, chroma, subsampling, quality, coefficients } => {
            let coefficients = coefficients.map(|(all, ycc, bits)| {
                let plane = |plane: JpegPlaneState| {
                    let blob = blobs.next().ok_or_else(damaged)?;
                    let numbers: Vec<i16> =
                        blob.as_chunks().0.iter().map(|bytes| i16::from_le_bytes(*bytes)).collect();
                    let needed = plane.blocks.0.checked_mul(plane.blocks.1).and_then(|n| n.checked_mul(64));
                    if needed != Some(numbers.len()) {
                        return Err(damaged());
                    }
                    Ok(JpegPlane {
                        blocks_across: plane.blocks.0,
                        blocks_down: plane.blocks.1,
                        lead: plane.lead,
                        scale: plane.scale,
                        steps: table(plane.steps)?,
                        coefficients: Arc::new(numbers),
                    })
                };
                let planes = all.into_iter().map(plane).collect::<Result<_, Fault>>()?;
                Ok::<_, Fault>(Arc::new(JpegCoefficients { planes, ycc, bits }))
            });
            let (luma, chroma) = (luma.map(table).transpose()?, chroma.map(table).transpose()?);
            let coefficients = coefficients.transpose()?;
            Codec::Jpeg(JpegOrigin::with(|new| {
                new.luma = luma;
                new.chroma = chroma;
                new.subsampling = subsampling.map(|(x, y)| Subsampling { x, y });
                new.quality = quality;
                new.coefficients = coefficients;
            }))
        }
    })
}

/// The name for as long as the program runs; few names exist.
fn kept(name: &str) -> &'static str {
    static NAMES: Mutex<Option<HashSet<&'static str>>> = Mutex::new(None);
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    let names = names.get_or_insert_default();
    if let Some(known) = names.get(name) {
        return known;
    }
    let kept: &'static str = Box::leak(name.to_owned().into_boxed_str());
    names.insert(kept);
    kept
}
