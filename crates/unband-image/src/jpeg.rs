//! Quantised DCT coefficients of a JPEG file: 64 integers for each block of 8×8 samples.

use std::fmt;
use std::sync::Arc;

/// The stored coefficients of an image and the positions of its blocks.
///
/// A stored integer `k` with the step `q` represents every coefficient in `(k − ½)·q ..= (k + ½)·q` of the
/// encoded image: the tightest bounds that the file gives.
///
/// Source: ITU-T T.81, A.3.3 (DCT), A.3.4 (quantisation).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JpegCoefficients {
    /// One plane per component: grey, or Y, Cb, Cr, or R, G, B.
    pub planes: Vec<JpegPlane>,
    /// Are the planes Y, Cb and Cr of an RGB image (BT.601, full range, as JFIF has them)?
    pub ycc: bool,
    /// Bits per sample of the coded image: 8, or 12.
    pub bits: u8,
}

/// The stored coefficients of one component, after the image was brought to its upright orientation.
#[derive(Clone, PartialEq, Eq)]
pub struct JpegPlane {
    /// Blocks side by side.
    pub blocks_across: usize,
    /// Rows of blocks.
    pub blocks_down: usize,
    /// Samples of the first column and row of blocks that fall left of and above the image: 0..=7 each, and 0
    /// unless the image was mirrored or rotated.
    pub lead: (usize, usize),
    /// Pixels per sample, across and down.
    pub scale: (usize, usize),
    /// Quantiser steps in natural order (row by row: index `v * 8 + u`, `u` the frequency across).
    pub steps: [u16; 64],
    /// Coefficients in steps, 64 per block in natural order, blocks row by row. Shared, since images are
    /// cloned.
    pub coefficients: Arc<Vec<i16>>,
}

impl JpegPlane {
    /// The 64 integers of a block, natural order.
    pub fn block(&self, column: usize, row: usize) -> &[i16] {
        let start = 64 * (row * self.blocks_across + column);
        &self.coefficients[start..start + 64]
    }
}

impl fmt::Debug for JpegPlane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JpegPlane({}×{} blocks, scale {:?})", self.blocks_across, self.blocks_down, self.scale)
    }
}
