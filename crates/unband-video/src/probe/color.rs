//! `FFmpeg`'s colour names and their ITU-T H.273 code points.
//!
//! Source: `FFmpeg`'s `libavutil/pixdesc.c`; the codes are H.273's. A test compares with `ffmpeg -h
//! filter=setparams`.

use unband_image::color::Siting;
use unband_image::{Cicp, Color, Matrix, Model, Range};

use super::Video;
use crate::Samples;

type Names = [(&'static str, u8)];

pub(super) const PRIMARIES: &Names = &[
    ("bt709", 1),
    ("bt470m", 4),
    ("bt470bg", 5),
    ("smpte170m", 6),
    ("smpte240m", 7),
    ("film", 8),
    ("bt2020", 9),
    ("smpte428", 10),
    ("smpte431", 11),
    ("smpte432", 12),
    ("ebu3213", 22),
];

pub(super) const TRANSFERS: &Names = &[
    ("bt709", 1),
    ("bt470m", 4),
    ("bt470bg", 5),
    ("smpte170m", 6),
    ("smpte240m", 7),
    ("linear", 8),
    ("log100", 9),
    ("log316", 10),
    ("iec61966-2-4", 11),
    ("bt1361e", 12),
    ("iec61966-2-1", 13),
    ("bt2020-10", 14),
    ("bt2020-12", 15),
    ("smpte2084", 16),
    ("smpte428", 17),
    ("arib-std-b67", 18),
];

pub(super) const MATRICES: &Names = &[
    ("gbr", 0),
    ("bt709", 1),
    ("fcc", 4),
    ("bt470bg", 5),
    ("smpte170m", 6),
    ("smpte240m", 7),
    ("ycgco", 8),
    ("bt2020nc", 9),
    ("bt2020c", 10),
    ("smpte2085", 11),
    ("chroma-derived-nc", 12),
    ("chroma-derived-c", 13),
    ("ictcp", 14),
    ("ipt-c2", 15),
    ("ycgco-re", 16),
    ("ycgco-ro", 17),
];

/// The code point for "unspecified".
const UNSPECIFIED: u8 = 2;

/// The code point of a name, or "unspecified".
pub(super) fn code(names: &Names, name: Option<&str>) -> u8 {
    let found = names.iter().find(|(known, _)| Some(*known) == name);
    found.map_or(UNSPECIFIED, |&(_, code)| code)
}

/// Codes of primaries, transfer and matrix, and whether the range is full.
pub(super) fn numbers(video: &Video) -> ([u8; 3], bool) {
    let numbers = [
        code(PRIMARIES, video.primaries.as_deref()),
        code(TRANSFERS, video.transfer.as_deref()),
        code(MATRICES, video.matrix.as_deref()),
    ];
    (numbers, range(video) == Range::Full)
}

/// The colour of the planes, in this project's types; `Err` describes a colour without such a type.
pub(super) fn color(video: &Video) -> Result<Color, String> {
    let model = model(video)?;
    let ([primaries, transfer, matrix], full_range) = numbers(video);
    let cicp = Cicp { primaries, transfer, matrix, full_range };
    let said = [cicp.primaries, cicp.transfer, cicp.matrix] != [UNSPECIFIED; 3];
    let siting = match video.chroma_location.as_deref() {
        Some("center") => Siting::Center,
        Some("topleft") => Siting::TopLeft,
        _ => Siting::Left,
    };
    Ok(Color { model, cicp: said.then_some(cicp), siting })
}

/// As in the file; else full for RGB and limited for everything with luma.
fn range(video: &Video) -> Range {
    match (video.range.as_deref(), video.samples) {
        (Some("pc"), _) | (None, Some(Samples::Rgb)) => Range::Full,
        _ => Range::Limited,
    }
}

fn model(video: &Video) -> Result<Model, String> {
    let range = range(video);
    let subsampling = match video.samples {
        Some(Samples::Rgb) if range == Range::Full => return Ok(Model::Rgb),
        Some(Samples::Rgb) => return Err("RGB in limited range".to_owned()),
        Some(Samples::Gray) if range == Range::Full => return Ok(Model::Gray),
        Some(Samples::Gray) => unband_image::Subsampling::HALF,
        Some(Samples::Yuv(subsampling)) => subsampling,
        None => return Err(format!("the pixel format `{}`", video.pix_fmt)),
    };
    Ok(Model::Yuv { matrix: matrix(video)?, range, subsampling })
}

/// The matrix; if unspecified, the one that players assume.
fn matrix(video: &Video) -> Result<Matrix, String> {
    let primaries = code(PRIMARIES, video.primaries.as_deref());
    let stated = video.matrix.as_deref();
    let number = match MATRICES.iter().find(|(known, _)| Some(*known) == stated) {
        Some(&(_, code)) => code,
        None if stated.is_none() => UNSPECIFIED,
        None => u8::MAX,
    };
    let found = Matrix::declared(number, primaries, (video.width, video.height));
    found.ok_or_else(|| format!("the colour matrix `{}`", stated.unwrap_or_default()))
}

/// `FFmpeg`'s name of a matrix.
pub(super) fn matrix_name(matrix: Matrix) -> &'static str {
    match matrix {
        Matrix::Bt601 => "smpte170m",
        Matrix::Bt709 => "bt709",
        Matrix::Bt2020 => "bt2020nc",
    }
}
