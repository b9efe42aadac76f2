//! Window attention, as in Swin Transformer and Uformer. Tokens are the samples of an image.

use crate::param::ParamId;
use crate::shape::Shape;

/// Adds table[position in the window, channel] to every token; windows are cut after a cyclic shift of the
/// image by −shift rows and columns.
#[derive(Clone, Debug, PartialEq)]
pub struct WindowAdd {
    /// `[window², channels]`.
    pub table: ParamId,
    /// Side of a window.
    pub window: usize,
    /// Rows and columns by which the image is shifted before it is cut.
    pub shift: usize,
    /// Number of channels.
    pub channels: usize,
}

impl WindowAdd {
    pub(crate) fn shape(&self, x: Shape) -> Result<Shape, String> {
        if x.channels != self.channels {
            return Err(format!("takes {} channels, got {}", self.channels, x.channels));
        }
        whole_windows(x, self.window)
    }
}

/// softmax(q kᵀ · scale + bias + mask) v per window and head, on projected tokens.
///
/// Inputs: q `[C, H, W]`, then k and v `[2C, H, W]`, k first. Heads are runs of C / heads channels; scale =
/// (C / heads)^−½. The image is shifted cyclically by −shift before it is cut into windows and back
/// afterwards; then −100 is added between tokens that were not neighbours. Bias of head h between tokens a
/// (query) and b: table[(Δrow + window − 1)·(2·window − 1) + Δcolumn + window − 1, h], Δ = a − b.
///
/// Source: Uformer `model.py`, after Swin Transformer (Liu et al. 2021).
#[derive(Clone, Debug, PartialEq)]
pub struct WindowAttention {
    /// `[(2·window − 1)², heads]`.
    pub table: ParamId,
    /// Number of heads.
    pub heads: usize,
    /// Side of a window.
    pub window: usize,
    /// Rows and columns of the cyclic shift.
    pub shift: usize,
    /// Channels of q.
    pub channels: usize,
}

impl WindowAttention {
    pub(crate) fn shape(&self, inputs: &[Shape]) -> Result<Shape, String> {
        let [q, kv] = inputs else { return Err("takes q and kv".into()) };
        if q.channels != self.channels || kv.channels != 2 * self.channels {
            return Err(format!(
                "takes {0} and {1} channels, got {2} and {3}",
                self.channels,
                2 * self.channels,
                q.channels,
                kv.channels
            ));
        }
        if (q.height, q.width) != (kv.height, kv.width) {
            return Err(format!("{q} and {kv} do not match"));
        }
        whole_windows(*q, self.window)
    }

    pub(crate) fn multiply_adds_per_place(&self) -> u64 {
        // q kᵀ and the weighted sum of v: one multiply-add each per channel and token of the window.
        (2 * self.channels * self.window * self.window) as u64
    }
}

fn whole_windows(x: Shape, window: usize) -> Result<Shape, String> {
    if window == 0 || !x.height.is_multiple_of(window) || !x.width.is_multiple_of(window) {
        return Err(format!("{}×{} are not multiples of the window {window}", x.height, x.width));
    }
    Ok(x)
}
