//! Colours of frames, from the code points that hosts declare.

use unband::{Color, Matrix, Model, Range, Subsampling};
use unband_image::color::{Cicp, Siting};

/// Kinds of planes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PlaneKind {
    Gray,
    Rgb,
    Yuv(Subsampling),
}

/// What a host says of its frames' colours.
pub(crate) struct DeclaredColor {
    pub(crate) kind: PlaneKind,
    pub(crate) size: (usize, usize),
    /// `None`: the usual one, limited for YUV and full for RGB.
    pub(crate) range: Option<Range>,
    /// The range of grey where none is declared.
    pub(crate) gray: Range,
    /// Code points of primaries, transfer and matrix (ITU-T H.273); 2 where none is declared.
    pub(crate) points: [u8; 3],
    pub(crate) siting: Siting,
}

impl DeclaredColor {
    /// The colours, and whether there is only luma although the model has chroma.
    pub(crate) fn color(&self) -> Result<(Color, bool), String> {
        let [primaries, transfer, matrix] = self.points;
        let declared = Matrix::declared(matrix, primaries, self.size);
        let (model, luma_only) = match self.kind {
            PlaneKind::Rgb if self.range == Some(Range::Limited) => {
                return Err("RGB in limited range is not supported: convert it to full range first".into());
            }
            PlaneKind::Rgb => (Model::Rgb, false),
            PlaneKind::Gray => match self.range.unwrap_or(self.gray) {
                Range::Full => (Model::Gray, false),
                range @ Range::Limited => {
                    let matrix = declared.unwrap_or(Matrix::Bt709);
                    (Model::Yuv { matrix, range, subsampling: Subsampling::HALF }, true)
                }
            },
            PlaneKind::Yuv(subsampling) => {
                let matrix = declared.ok_or_else(|| {
                    format!(
                        "the matrix {matrix} is not supported: convert to 1 (BT.709), 5 or 6 (BT.601) or \
                         9 (BT.2020) first"
                    )
                })?;
                (Model::Yuv { matrix, range: self.range.unwrap_or(Range::Limited), subsampling }, false)
            }
        };
        let full_range = !matches!(model, Model::Yuv { range: Range::Limited, .. });
        let all = ![primaries, transfer, matrix].contains(&2);
        let cicp = all.then_some(Cicp { primaries, transfer, matrix, full_range });
        Ok((Color { model, cicp, siting: self.siting }, luma_only))
    }
}
