//! Whole steps in floating point: elevation in metres, disparities and counts, stored as 32-bit numbers.

use crate::color::Model;
use crate::depth::Depth;
use crate::fill::extend;
use crate::image::{Image, Plane, TiffData};

/// Steps that are tried, the widest first. One is the foot in metres; disparities have halves of one.
const STEPS: [f64; 23] = [
    1000.0, 100.0, 50.0, 25.0, 20.0, 10.0, 5.0, 2.0, 1.0, 0.5, 0.3048, 0.25, 0.2, 0.125, 0.1, 0.0625, 0.05,
    0.031_25, 0.025, 0.02, 0.015_625, 0.01, 0.005,
];
/// Fewest levels: with fewer, numbers are classes.
const LEAST: usize = 8;
/// Distance from 0..1 that ordinary images of floating point may have.
const OUTSIDE: f32 = 0.5;
/// Rounding of a multiple of a step, relative to it: two units in the last place.
const ROUNDING: f64 = 2.4e-7;
/// Most steps from 0: the rounding of larger numbers is not small any more.
const FARTHEST: f64 = 524_288.0;
/// Numbers that stand for missing samples, where no other samples are near them.
const MISSING: [f32; 9] =
    [-9999.0, -99_999.0, -32_768.0, -32_767.0, -999.0, 9999.0, 99_999.0, 32_767.0, 65_535.0];
/// Least distance from the other samples, and least multiple of their range.
const APART: f32 = 100.0;
const RANGES: f32 = 0.1;
/// Numbers this large stand for missing samples too.
const HUGE: f32 = 1e30;

/// The whole steps of a plane in floating point, and its codes as an image of integers.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct WholeSteps {
    /// The step.
    pub step: f64,
    /// The number that stands for missing samples, besides infinite and NaN.
    pub missing: Option<f32>,
    /// Code 0, in steps.
    zero: f64,
    /// Bits of the codes, 8 to 16.
    bits: u8,
}

impl WholeSteps {
    /// The steps of an image of one plane in floating point, outside of 0..1, whose samples are all multiples
    /// of a step, with 8 to 65,536 levels, apart from missing samples.
    pub fn find(image: &Image) -> Option<Self> {
        let [plane] = image.planes.as_slice() else { return None };
        if image.depth != Depth::F32 || image.color.model != Model::Gray {
            return None;
        }
        let declared = declared(&image.metadata.tiff);
        let ends = ends(plane, declared)?;
        let missing = declared.or_else(|| apart(plane, ends.0, ends.1));
        let (low, high) = if missing == declared { ends } else { self::ends(plane, missing)? };
        if low >= -OUTSIDE && high <= 1.0 + OUTSIDE {
            return None;
        }
        let present = || plane.data.iter().copied().filter(|&value| !is_missing(value, missing));
        let fits = |step: f64| {
            let of_step = |value: f32| {
                let value = f64::from(value);
                let off = (value - (value / step).round() * step).abs();
                off <= ROUNDING * value.abs() && value.abs() <= FARTHEST * step
            };
            [low, high].into_iter().chain(present()).all(of_step)
        };
        let step = STEPS.into_iter().find(|&step| fits(step))?;
        let (first, last) = ((f64::from(low) / step).round(), (f64::from(high) / step).round());
        let range = last - first;
        if range > f64::from(Depth::SIXTEEN.max_code()) {
            return None;
        }
        let mut levels = vec![false; range as usize + 1];
        present().for_each(|value| levels[((f64::from(value) / step).round() - first) as usize] = true);
        if levels.into_iter().filter(|&level| level).count() < LEAST {
            return None;
        }
        // With room at both ends: neither black nor white.
        let most = |bits: u8| f64::from(Depth::Int(bits).max_code());
        let bits = (8..16).find(|&bits| range + 2.0 <= most(bits)).unwrap_or(16);
        let zero = first - (0.5 * (most(bits) - range)).floor();
        Some(Self { step, missing, zero, bits })
    }

    /// Depth of the codes.
    pub fn depth(&self) -> Depth {
        Depth::Int(self.bits)
    }

    /// Turns the samples of an image into codes. Missing samples continue the others and become transparent.
    pub(crate) fn put_codes(&self, image: &mut Image) {
        let depth = self.depth();
        for plane in &mut image.planes {
            let mut weights = Plane::filled(plane.width, plane.height, 1.0);
            let mut any = false;
            for (value, weight) in plane.data.iter_mut().zip(&mut weights.data) {
                if is_missing(*value, self.missing) {
                    (*value, *weight, any) = (0.0, 0.0, true);
                } else {
                    *value = depth.value(self.code(*value));
                }
            }
            if any {
                extend(std::slice::from_mut(plane), &weights);
                let alpha = image.alpha.get_or_insert_with(|| weights.clone());
                let hidden = alpha.data.iter_mut().zip(weights.data).filter(|(_, weight)| *weight == 0.0);
                hidden.for_each(|(alpha, _)| *alpha = 0.0);
            }
        }
        image.depth = depth;
    }

    /// Turns codes into samples again: `source` as it was, moved by as much as its codes. Missing samples
    /// stay.
    pub(crate) fn put_back(&self, planes: &mut [Plane], source: &[Plane]) {
        let (depth, most) = (self.depth(), f64::from(self.depth().max_code()));
        for (plane, source) in planes.iter_mut().zip(source) {
            for (value, &before) in plane.data.iter_mut().zip(&source.data) {
                if is_missing(before, self.missing) {
                    *value = before;
                    continue;
                }
                let code = self.code(before);
                let stays = depth.value(code).to_bits() == value.to_bits();
                let moved =
                    if stays { 0.0 } else { (f64::from(*value) * most - f64::from(code)) * self.step };
                *value = moved_by(before, moved);
            }
        }
    }

    /// The code of a result: the source's `code`, moved as the sample did. NaN where a missing sample
    /// differs.
    pub(crate) fn moved_code(&self, code: &mut f32, before: f32, result: f32) {
        if !is_missing(before, self.missing) {
            let moved = (f64::from(result) - f64::from(before)) / self.step;
            *code = ((f64::from(self.code(before)) + moved) / f64::from(self.depth().max_code())) as f32;
        } else if before.to_bits() != result.to_bits() {
            *code = f32::NAN;
        }
    }

    fn code(&self, value: f32) -> u32 {
        ((f64::from(value) / self.step).round() - self.zero) as u32
    }
}

/// A number moved by `moved`, rounded towards where it was.
fn moved_by(value: f32, moved: f64) -> f32 {
    let target = f64::from(value) + moved;
    let near = target as f32;
    if (f64::from(near) - f64::from(value)).abs() <= moved.abs() {
        near
    } else if moved > 0.0 {
        near.next_down()
    } else {
        near.next_up()
    }
}

fn is_missing(value: f32, missing: Option<f32>) -> bool {
    !value.is_finite() || value.abs() >= HUGE || missing == Some(value)
}

/// Lowest and highest sample; `None` without any.
fn ends(plane: &Plane, missing: Option<f32>) -> Option<(f32, f32)> {
    let present = plane.data.iter().filter(|&&value| !is_missing(value, missing));
    let (low, high) = present.fold((f32::MAX, f32::MIN), |(low, high), &v| (low.min(v), high.max(v)));
    (low <= high).then_some((low, high))
}

/// The usual number for missing samples, where it is one of the ends and far from all others.
fn apart(plane: &Plane, low: f32, high: f32) -> Option<f32> {
    [low, high].into_iter().find(|&end| {
        let rest = || ends(plane, Some(end));
        MISSING.contains(&end)
            && rest()
                .is_some_and(|(l, h)| (l - end).abs().min((h - end).abs()) >= APART.max(RANGES * (h - l)))
    })
}

/// GDAL's number for missing samples.
fn declared(tiff: &TiffData) -> Option<f32> {
    /// Its tag.
    const NO_DATA: u16 = 42_113;
    let tag = tiff.tags.iter().find(|tag| tag.tag == NO_DATA)?;
    let text = std::str::from_utf8(&tag.value).ok()?;
    text.trim_end_matches('\0').trim().parse().ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::TiffTag;
    use crate::float_codes::FloatCodes;

    fn grey(value: impl Fn(usize) -> f32) -> Image {
        let data = (0..400).map(value).collect();
        Image::new(vec![Plane { width: 20, height: 20, data }], Model::Gray, Depth::F32)
    }

    fn found(value: impl Fn(usize) -> f32) -> Option<(f64, Option<f32>, u8)> {
        WholeSteps::find(&grey(value)).map(|found| (found.step, found.missing, found.bits))
    }

    #[test]
    fn steps_and_missing_samples_are_found() {
        assert_eq!(found(|i| (i % 90) as f32 - 3000.0), Some((1.0, None, 8)));
        assert_eq!(found(|i| (i as f32 * 0.1) + 4000.0), Some((0.1, None, 9)));
        assert_eq!(found(|i| i as f32 * 0.5 - 7.0), Some((0.5, None, 9)));
        assert_eq!(found(|i| (i * 10) as f32), Some((10.0, None, 9)));
        let hole = |i: usize| if i % 50 == 7 { -9999.0 } else { i as f32 };
        assert_eq!(found(hole), Some((1.0, Some(-9999.0), 9)));
        assert_eq!(found(|i| if i == 3 { f32::NAN } else { i as f32 }), Some((1.0, None, 9)));
        assert_eq!(found(|i| if i == 3 { f32::MIN } else { i as f32 }), Some((1.0, None, 9)));
        // A sea floor around −9,999 metres is not missing.
        assert_eq!(found(|i| -9999.0 + i as f32), Some((1.0, None, 9)));
    }

    #[test]
    fn the_number_that_a_file_declares_is_missing() {
        let mut image = grey(|i| if i % 9 == 0 { 0.0 } else { i as f32 });
        image.metadata.tiff.tags = vec![TiffTag { tag: 42_113, kind: 2, count: 2, value: b"0\0".to_vec() }];
        assert_eq!(WholeSteps::find(&image).unwrap().missing, Some(0.0));
    }

    #[test]
    fn other_images_have_none() {
        assert_eq!(found(|i| (i % 256) as f32 / 255.0), None, "8 bits");
        assert_eq!(found(|i| if i == 3 { -9999.0 } else { (i % 256) as f32 / 255.0 }), None, "a hole");
        assert_eq!(found(|i| (i as f32).sin() * 20.0), None, "brighter than white");
        assert_eq!(found(|i| (i % 7) as f32), None, "classes");
        assert_eq!(found(|i| (i * 200) as f32 + (i % 2) as f32), None, "a wide range");
        assert_eq!(found(|_| f32::NAN), None, "nothing");
    }

    #[test]
    fn samples_come_back_and_move_by_at_most_as_much_as_their_codes() {
        let mut image = grey(|i| if i == 9 { -9999.0 } else { 4000.0 + 0.1 * (i % 300) as f32 });
        let before = image.clone();
        let steps = WholeSteps::find(&image).unwrap();
        let codes = FloatCodes::Steps(steps);
        let source = codes.put_codes(&mut image);
        assert!(image.depth == Depth::Int(9) && image.alpha.as_ref().unwrap().data[9] == 0.0);
        let filled = image.planes[0].data[9];
        assert!((filled - image.planes[0].data[10]).abs() < 0.1, "{filled}");
        let mut same = image.clone();
        codes.put_back(&mut same, source.clone());
        assert!(same == before);
        let half = 0.5 / 511.0;
        for (i, value) in image.planes[0].data.iter_mut().enumerate() {
            *value += if i % 2 == 0 { half } else { -half };
        }
        codes.put_back(&mut image, source);
        assert!(image.planes[0].data[9].to_bits() == (-9999.0f32).to_bits());
        let moved = |i: usize| f64::from(image.planes[0].data[i]) - f64::from(before.planes[0].data[i]);
        assert!((0..400).filter(|&i| i != 9).all(|i| (0.0495..=0.05).contains(&moved(i).abs())));
    }
}
