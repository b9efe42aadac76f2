//! Interleaved codes of pixels to planes of values, and back.
#![allow(clippy::inline_always)] // `dispatch!` needs it

use crate::dispatch;
use crate::image::quantize::{nearest_code, to_values};

/// Pixels that are spread at a time: the conversion of a whole block then runs on vectors.
const BLOCK: usize = 64;

trait Code: Copy + Default + Into<f32> {
    fn of(code: i32) -> Self;
}

impl Code for u8 {
    #[inline(always)]
    fn of(code: i32) -> Self {
        code as Self
    }
}

impl Code for u16 {
    #[inline(always)]
    fn of(code: i32) -> Self {
        code as Self
    }
}

#[inline(always)]
fn spread<T: Code, const N: usize>(planes: &mut [&mut [f32]], codes: &[T], max: f32) {
    let mut block = [[T::default(); BLOCK]; N];
    for (b, pixels) in codes.as_chunks::<N>().0.chunks(BLOCK).enumerate() {
        for (i, pixel) in pixels.iter().enumerate() {
            for (channel, &code) in block.iter_mut().zip(pixel) {
                channel[i] = code;
            }
        }
        for (plane, block) in planes.iter_mut().zip(&block) {
            let plane = &mut plane[b * BLOCK..][..pixels.len()];
            to_values(plane, &block[..pixels.len()], max, 0.0);
        }
    }
}

#[inline(always)]
fn spread_any<T: Code>(planes: &mut [&mut [f32]], codes: &[T], max: f32) {
    match planes.len() {
        1 => spread::<T, 1>(planes, codes, max),
        2 => spread::<T, 2>(planes, codes, max),
        3 => spread::<T, 3>(planes, codes, max),
        4 => spread::<T, 4>(planes, codes, max),
        _ => {}
    }
}

#[inline(always)]
fn collect<T: Code, const N: usize>(codes: &mut [T], planes: &[&[f32]], max: f32) {
    let mut block = [[T::default(); BLOCK]; N];
    for (b, pixels) in codes.as_chunks_mut::<N>().0.chunks_mut(BLOCK).enumerate() {
        for (block, plane) in block.iter_mut().zip(planes) {
            let plane = &plane[b * BLOCK..][..pixels.len()];
            for (code, &value) in block.iter_mut().zip(plane) {
                *code = T::of(nearest_code(value, max, 0.0, max));
            }
        }
        for (i, pixel) in pixels.iter_mut().enumerate() {
            for (code, channel) in pixel.iter_mut().zip(&block) {
                *code = channel[i];
            }
        }
    }
}

#[inline(always)]
fn collect_any<T: Code>(codes: &mut [T], planes: &[&[f32]], max: f32) {
    match planes.len() {
        1 => collect::<T, 1>(codes, planes, max),
        2 => collect::<T, 2>(codes, planes, max),
        3 => collect::<T, 3>(codes, planes, max),
        4 => collect::<T, 4>(codes, planes, max),
        _ => {}
    }
}

dispatch! {
    /// Spreads interleaved codes of up to 8 bits over 1 to 4 planes, as `code / max`. Planes have as many
    /// values as there are pixels.
    pub fn planes_of_bytes(level, planes: &mut [&mut [f32]], codes: &[u8], max: f32) = spread_any;
    /// As [`planes_of_bytes`], for codes of up to 16 bits.
    pub fn planes_of_words(level, planes: &mut [&mut [f32]], codes: &[u16], max: f32) = spread_any;
    /// Collects 1 to 4 planes as interleaved codes of up to 8 bits: the nearest code within `0..=max`; NaN
    /// becomes 0. Planes have as many values as there are pixels.
    pub fn bytes_of_planes(level, codes: &mut [u8], planes: &[&[f32]], max: f32) = collect_any;
    /// As [`bytes_of_planes`], for codes of up to 16 bits.
    pub fn words_of_planes(level, codes: &mut [u16], planes: &[&[f32]], max: f32) = collect_any;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Level;

    #[test]
    fn codes_come_back_at_every_level() {
        for channels in 1..=4 {
            for pixels in [0, 1, 63, 64, 200] {
                let bytes: Vec<u8> = (0..channels * pixels).map(|i| (i * 37 % 256) as u8).collect();
                let words: Vec<u16> = (0..channels * pixels).map(|i| (i * 9973 % 4096) as u16).collect();
                for level in Level::all() {
                    let mut data = vec![vec![0.0; pixels]; channels];
                    let mut planes: Vec<&mut [f32]> = data.iter_mut().map(Vec::as_mut_slice).collect();
                    planes_of_bytes(level, &mut planes, &bytes, 255.0);
                    for (c, plane) in data.iter().enumerate() {
                        for (i, value) in plane.iter().enumerate() {
                            let want = f32::from(bytes[i * channels + c]) / 255.0;
                            assert_eq!(value.to_bits(), want.to_bits());
                        }
                    }
                    let mut back = vec![1; bytes.len()];
                    let planes: Vec<&[f32]> = data.iter().map(Vec::as_slice).collect();
                    bytes_of_planes(level, &mut back, &planes, 255.0);
                    assert_eq!(back, bytes);
                    let mut planes: Vec<&mut [f32]> = data.iter_mut().map(Vec::as_mut_slice).collect();
                    planes_of_words(level, &mut planes, &words, 4095.0);
                    let mut back = vec![1; words.len()];
                    let planes: Vec<&[f32]> = data.iter().map(Vec::as_slice).collect();
                    words_of_planes(level, &mut back, &planes, 4095.0);
                    assert_eq!(back, words);
                }
            }
        }
    }

    #[test]
    fn values_off_the_grid_are_rounded_and_clamped() {
        let values = [-1.0, f32::NAN, 0.499 / 255.0, 0.501 / 255.0, 2.0, f32::INFINITY];
        for level in Level::all() {
            let mut codes = [9; 6];
            bytes_of_planes(level, &mut codes, &[&values], 255.0);
            assert_eq!(codes, [0, 0, 0, 1, 255, 255]);
        }
    }
}
