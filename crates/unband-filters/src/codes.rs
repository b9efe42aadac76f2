//! Processing of integer code images, row by row on several threads.

use std::ops::Range;

use unband_image::{CodePlane, CodesMut, Context, Depth, Image, RestoreError};

use crate::PlaneError;
use crate::grid::{Sample, View};

/// The image format that a method was prepared for.
#[derive(Clone, Debug)]
pub(crate) struct CodePlanes {
    method: &'static str,
    bits: u8,
    sizes: Vec<(usize, usize)>,
}

/// Rows of a plane to process.
pub(crate) struct CodeRows<'a, T, U> {
    /// Index of the plane.
    pub(crate) plane: usize,
    /// The whole plane.
    pub(crate) view: View<'a, T>,
    /// Row range.
    pub(crate) rows: Range<usize>,
    /// Results of the rows.
    pub(crate) out: &'a mut [U],
}

/// Minimum rows per thread: filters read a similar number around them, or sum them first.
const LEAST_ROWS: usize = 64;

impl CodePlanes {
    /// The format of this image; `None` where its codes are not those of video formats.
    pub(crate) fn like(image: &Image, method: &'static str) -> Option<Self> {
        let Depth::Int(bits @ 8..=16) = image.depth else { return None };
        let sizes = image.planes.iter().map(|plane| (plane.width, plane.height)).collect();
        Some(Self { method, bits, sizes })
    }

    /// The prepared format, or the error of a method that has none.
    pub(crate) fn or_refused<'a>(
        code_planes: Option<&'a Self>,
        method: &'static str,
    ) -> Result<&'a Self, RestoreError> {
        let what = "was prepared for an image whose codes it does not support";
        code_planes.ok_or_else(|| RestoreError::unsupported(method, what))
    }

    /// Bits of their codes.
    pub(crate) fn bits(&self) -> u8 {
        self.bits
    }

    /// Runs `work` over all rows of all planes; whole planes at a time unless they may be split.
    pub(crate) fn by_rows<T: Sample, U: Sample>(
        &self,
        input: &[CodePlane<'_>],
        output: &mut [CodesMut<'_>],
        split: bool,
        ctx: &Context<'_>,
        work: impl Fn(CodeRows<'_, T, U>) -> Result<(), PlaneError> + Sync,
    ) -> Result<(), RestoreError> {
        let refused = |what: String| RestoreError::unsupported(self.method, what);
        if !input.iter().map(|plane| plane.size).eq(self.sizes.iter().copied()) {
            let sizes = |sizes: &mut dyn Iterator<Item = (usize, usize)>| {
                sizes.map(|(w, h)| format!("{w}×{h}")).collect::<Vec<_>>().join(", ")
            };
            let (got, want) =
                (sizes(&mut input.iter().map(|p| p.size)), sizes(&mut self.sizes.iter().copied()));
            return Err(refused(format!("was prepared for planes of {want}, not of {got}")));
        }
        if output.len() != input.len() {
            let (got, want) = (output.len(), input.len());
            return Err(refused(format!("has {got} planes to write {want} results to")));
        }
        let mut parts = Vec::new();
        for (plane, (input, output)) in input.iter().zip(output).enumerate() {
            let (width, height) = input.size;
            let length = |got| refused(PlaneError::Length { width, height, got }.to_string());
            let other = || refused(PlaneError::Depth { bits: self.bits }.to_string());
            let samples = T::of(input.codes).ok_or_else(other)?;
            let view = View::whole(samples, width, height).ok_or_else(|| length(samples.len()))?;
            let out = U::of_mut(output).ok_or_else(other)?;
            if out.len() != samples.len() {
                return Err(length(out.len()));
            }
            let rows = match ctx.threads {
                many @ 2.. if split => height.div_ceil(2 * many).max(LEAST_ROWS).next_multiple_of(2),
                _ => height.max(1),
            };
            let parts_of_plane = out.chunks_mut((rows * width).max(1)).zip((0..).step_by(rows));
            parts.extend(parts_of_plane.map(|(out, y0)| CodeRows {
                plane,
                view,
                rows: y0..(y0 + rows).min(height),
                out,
            }));
        }
        let results = ctx.map_parts(parts, |_, part| {
            ctx.check()?;
            work(part).map_err(|error| refused(error.to_string()))
        });
        results.into_iter().collect()
    }
}
