//! Conversion between rows of raw-video codes and rows of samples.

use crate::dither::Grid;
use unband_simd::{Level, image::codes as kernels};

/// Bytes of a sample; little-endian pairs for more than 8 bits.
pub fn sample_bytes(bits: u8) -> usize {
    if bits > 8 { 2 } else { 1 }
}

/// Samples from their bytes. Codes above the maximum are clamped. `codes` is a buffer reused from row to row.
pub fn read_row(row: &mut [f32], bytes: &[u8], bits: u8, grid: Grid, codes: &mut Vec<u16>) {
    let Grid { scale, zero, max } = grid;
    if sample_bytes(bits) == 1 {
        return kernels::to_values_u8(Level::best(), row, bytes, scale, zero);
    }
    let highest = max as u16;
    codes.clear();
    codes.extend(bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]).min(highest)));
    kernels::to_values_u16(Level::best(), row, codes, scale, zero);
}

/// Appends the bytes of samples, rounded to the nearest code. `codes` is a buffer reused from row to row.
pub fn write_row(out: &mut Vec<u8>, row: &[f32], bits: u8, grid: Grid, codes: &mut Vec<u16>) {
    let Grid { scale, zero, max } = grid;
    if sample_bytes(bits) == 1 {
        let start = out.len();
        out.resize(start + row.len(), 0);
        return kernels::to_codes_u8(Level::best(), &mut out[start..], row, scale, zero, max as u8);
    }
    codes.resize(row.len(), 0);
    kernels::to_codes_u16(Level::best(), codes, row, scale, zero, max as u16);
    out.extend(codes.iter().flat_map(|code| code.to_le_bytes()));
}
