//! Degraded training windows with the conditioning inputs of networks.

use std::sync::Arc;

use unband_data::Pair;
use unband_detect::inspect;
use unband_filters::smooth;
use unband_image::findings::Findings;
use unband_image::method::Prepare;
use unband_image::tile::restored_window;
use unband_image::{Context, Image, Method, Plane, RestoreError, Window, With};
use unband_infer::cells::Cells;
use unband_infer::conditioning::{Conditioning as _, SurfaceWindow};

use crate::error::DataError;

/// A patch: planes of `side` squared each; those of the degraded side are smaller by the scale.
pub(crate) struct Patch {
    /// `[3, side / scale, side / scale]`, values of 0 to 1.
    pub lq: Vec<f32>,
    /// `[3, side, side]`.
    pub gt: Vec<f32>,
    /// Conditioning per sample, for [`Sees::Cells`] networks.
    pub cells: Vec<f32>,
    /// Conditioning of the grid.
    pub numbers: Vec<f32>,
}

/// Computes the smooth surface that `Sees::Cells` networks start from.
pub(crate) struct Surface(Arc<Prepare>);

impl Surface {
    pub fn new() -> Result<Self, DataError> {
        let failed = |e: unband_image::ParamError| DataError::Surface { what: e.to_string() };
        Ok(Self(Method::new(&smooth::ENTRY).prepare().map_err(failed)?))
    }

    /// Conditioning per sample and of the grid.
    fn known(&self, lq: &Image, findings: &Findings) -> Result<ConditioningInputs, RestoreError> {
        let ctx = Context::with(|new| new.threads = 1);
        let (width, height) = (lq.width(), lq.height());
        let all = Window { x0: 0, y0: 0, x1: width, y1: height };
        let smooth = (self.0)(lq, findings, &ctx)?;
        let surface = restored_window(lq, &*smooth, all, &ctx)?;
        let cells = Cells::new(findings);
        let known = cells.planes(lq, &SurfaceWindow { planes: &surface, window: all }, all, ctx.level);
        let plane = |data: &[f32]| Plane { width, height, data: data.to_vec() };
        let planes = known.chunks_exact(width * height).map(plane).collect();
        Ok(ConditioningInputs { planes, numbers: cells.scalars() })
    }
}

/// Conditioning inputs of `Sees::Cells` networks.
#[derive(Default)]
struct ConditioningInputs {
    /// Per sample.
    planes: Vec<Plane>,
    /// Of the grid.
    numbers: Vec<f32>,
}

/// Findings for a degraded image, on one thread.
pub(crate) fn found(lq: &Image) -> Findings {
    inspect(lq, &Context::with(|new| new.threads = 1))
}

/// A degraded window.
pub(crate) struct DegradedWindow {
    pair: Pair,
    known: ConditioningInputs,
    /// Drawn degradations, by their names in the recipe.
    pub names: Vec<String>,
    /// Factor by which the degraded side is smaller.
    scale: usize,
    /// Margin of the degraded side, in samples, that patches exclude.
    rim: usize,
}

impl DegradedWindow {
    /// Crops a degraded pair: `rim` samples on each side of the clean image, a multiple of the scale, only
    /// support operations that read beyond patches. `conditioning`: the degraded side's findings, for
    /// grid-guided networks.
    pub fn new(
        pair: Pair,
        names: Vec<String>,
        scale: usize,
        rim: usize,
        conditioning: Option<(&Surface, Findings)>,
    ) -> Result<Self, DataError> {
        let known = conditioning.map(|(surface, findings)| surface.known(&pair.lq, &findings)).transpose();
        let known = known.map_err(|e| DataError::Surface { what: e.to_string() })?.unwrap_or_default();
        Ok(Self { pair, known, names, scale, rim: rim / scale })
    }

    /// The degraded and the clean side, without the margin.
    pub fn sides(&self) -> (Image, Image) {
        let (w, h) = (self.pair.lq.width(), self.pair.lq.height());
        let window = Window { x0: self.rim, y0: self.rim, x1: w - self.rim, y1: h - self.rim };
        let inner = |image: &Image, window: Window| {
            let plane = |plane: &Plane| Plane {
                width: window.width(),
                height: window.height(),
                data: cut(std::slice::from_ref(plane), window),
            };
            let planes = image.planes.iter().map(plane).collect();
            Image { planes, ..image.clone() }
        };
        (inner(&self.pair.lq, window), inner(&self.pair.gt, window.times(self.scale)))
    }

    /// A square at a random position; `side` is that of the clean image, a multiple of the scale.
    pub fn patch(&self, side: usize, draw: impl Fn(u32, usize) -> usize) -> Patch {
        let side = side / self.scale;
        let free = |size: usize| size - 2 * self.rim - side + 1;
        let x0 = self.rim + draw(0, free(self.pair.lq.width()));
        let y0 = self.rim + draw(1, free(self.pair.lq.height()));
        self.cut(Window { x0, y0, x1: x0 + side, y1: y0 + side })
    }

    /// The centre, with the height and width of its degraded side: multiples of `multiple`, at most `crop`
    /// samples of the clean image unless that is 0. `None` if nothing remains.
    pub fn middle(&self, crop: usize, multiple: usize) -> Option<(Patch, usize, usize)> {
        let (w, h) = (self.pair.lq.width(), self.pair.lq.height());
        let most = crop / self.scale;
        let side = |n: usize| (if crop == 0 { n } else { n.min(most) }) / multiple * multiple;
        let (width, height) = (side(w), side(h));
        let (x0, y0) = ((w - width) / 2, (h - height) / 2);
        let window = Window { x0, y0, x1: x0 + width, y1: y0 + height };
        (width > 0 && height > 0).then(|| (self.cut(window), height, width))
    }

    /// Cuts a window of the degraded side out of all planes.
    fn cut(&self, window: Window) -> Patch {
        Patch {
            lq: cut(&self.pair.lq.planes[..3], window),
            gt: cut(&self.pair.gt.planes[..3], window.times(self.scale)),
            cells: cut(&self.known.planes, window),
            numbers: self.known.numbers.clone(),
        }
    }
}

/// Planes one after the other.
fn cut(planes: &[Plane], w: Window) -> Vec<f32> {
    let mut all = Vec::with_capacity(planes.len() * w.width() * w.height());
    for plane in planes {
        for y in w.y0..w.y1 {
            all.extend_from_slice(&plane.row(y)[w.x0..w.x1]);
        }
    }
    all
}
