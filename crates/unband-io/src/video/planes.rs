//! Frames of bytes seen as planes of codes, where they lie: nothing is copied.

use bytemuck::{try_cast_slice, try_cast_slice_mut};
use unband_image::{CodePlane, Codes, CodesMut};

use super::{Layout, PixelFormat, Samples};

/// Where stored planes (green, blue, red, alpha) stand among an image's.
const PLACES: [usize; 4] = [1, 2, 0, 3];

impl PixelFormat {
    /// The planes of a frame of `width * height` pixels, alpha last, colours in the order of an image's planes: red, green,
    /// blue.
    ///
    /// Nothing where the frame has another length, where planes do not lie one after the other, and where words cannot be
    /// used as they lie: on machines that have the high byte first, and at odd addresses, which large buffers do not have.
    /// Then the frame has to be read as an image.
    pub fn codes<'a>(&self, (width, height): (usize, usize), frame: &'a [u8]) -> Option<Vec<CodePlane<'a>>> {
        if !self.has_planes((width, height), frame) {
            return None;
        }
        let mut rest = frame;
        let plane = |size: (usize, usize)| {
            let (bytes, behind) = rest.split_at(size.0 * size.1 * self.sample_bytes());
            rest = behind;
            let codes =
                if self.bits > 8 { Codes::Words(try_cast_slice(bytes).ok()?) } else { Codes::Bytes(bytes) };
            Some(CodePlane { size, codes })
        };
        let planes = self.planes(width, height).map(plane).collect::<Option<Vec<_>>>()?;
        Some(self.in_order(planes))
    }

    /// As [`PixelFormat::codes`], to write.
    pub fn codes_mut<'a>(
        &self,
        (width, height): (usize, usize),
        frame: &'a mut [u8],
    ) -> Option<Vec<CodesMut<'a>>> {
        if !self.has_planes((width, height), frame) {
            return None;
        }
        let mut rest = frame;
        let plane = |size: (usize, usize)| {
            let (bytes, behind) =
                std::mem::take(&mut rest).split_at_mut(size.0 * size.1 * self.sample_bytes());
            rest = behind;
            Some(if self.bits > 8 {
                CodesMut::Words(try_cast_slice_mut(bytes).ok()?)
            } else {
                CodesMut::Bytes(bytes)
            })
        };
        let planes = self.planes(width, height).map(plane).collect::<Option<Vec<_>>>()?;
        Some(self.in_order(planes))
    }

    fn has_planes(&self, (width, height): (usize, usize), frame: &[u8]) -> bool {
        self.layout == Layout::Planar
            && self.frame_bytes(width, height) == Some(frame.len())
            && (self.bits <= 8 || cfg!(target_endian = "little"))
    }

    fn in_order<P>(&self, planes: Vec<P>) -> Vec<P> {
        if self.samples != Samples::Rgb {
            return planes;
        }
        let mut planes: Vec<_> = planes.into_iter().zip(PLACES).collect();
        planes.sort_by_key(|&(_, place)| place);
        planes.into_iter().map(|(plane, _)| plane).collect()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// The first code of each plane.
    fn firsts(planes: &[CodePlane<'_>]) -> Vec<u32> {
        let first = |plane: &CodePlane<'_>| match plane.codes {
            Codes::Bytes(codes) => codes[0].into(),
            Codes::Words(codes) => codes[0].into(),
        };
        planes.iter().map(first).collect()
    }

    #[test]
    fn planes_lie_one_after_the_other() {
        let format = PixelFormat::by_name("yuva420p").unwrap();
        let frame: Vec<u8> = (0..15 + 6 + 6 + 15).collect();
        let planes = format.codes((5, 3), &frame).unwrap();
        assert_eq!(
            planes.iter().map(|plane| plane.size).collect::<Vec<_>>(),
            [(5, 3), (3, 2), (3, 2), (5, 3)]
        );
        assert_eq!(firsts(&planes), [0, 15, 21, 27]);
        let Codes::Bytes(last) = planes[3].codes else { panic!() };
        assert_eq!(last.len(), 15);
    }

    #[test]
    fn colors_come_in_the_order_of_images() {
        // Green, blue, red, alpha.
        let frame: Vec<u8> = vec![10, 10, 20, 20, 30, 30, 40, 40];
        let eight = PixelFormat::by_name("gbrap").unwrap();
        assert_eq!(firsts(&eight.codes((2, 1), &frame).unwrap()), [30, 10, 20, 40]);
        let words: &[u16] = &[1000, 500, 70];
        let ten = PixelFormat::by_name("gbrp10le").unwrap();
        let planes = ten.codes((1, 1), bytemuck::cast_slice(words)).unwrap();
        assert_eq!(firsts(&planes), [70, 1000, 500]);
    }

    #[test]
    fn what_is_written_lies_where_it_is_read() {
        for name in ["gray", "yuv422p", "yuva444p10le", "gbrap12le", "gbrp"] {
            let format = PixelFormat::by_name(name).unwrap();
            let size = (6, 4);
            let mut words = vec![0u16; format.frame_bytes(6, 4).unwrap().div_ceil(2)];
            let bytes: &mut [u8] = bytemuck::cast_slice_mut(&mut words);
            for (number, plane) in (1u8..).zip(format.codes_mut(size, bytes).unwrap()) {
                match plane {
                    CodesMut::Bytes(codes) => codes.fill(number),
                    CodesMut::Words(codes) => codes.fill(number.into()),
                }
            }
            let planes = format.codes(size, bytes).unwrap();
            let numbers: Vec<u32> = (1..=format.channels() as u32).collect();
            assert_eq!(firsts(&planes), numbers, "{name}");
            for (plane, number) in planes.iter().zip(numbers) {
                let all = match plane.codes {
                    Codes::Bytes(codes) => codes.iter().all(|&code| u32::from(code) == number),
                    Codes::Words(codes) => codes.iter().all(|&code| u32::from(code) == number),
                };
                assert!(all, "{name}");
            }
        }
    }

    #[test]
    fn what_has_no_planes_of_codes_has_none() {
        let no = |name: &str, frame: &mut [u8]| {
            let format = PixelFormat::by_name(name).unwrap();
            format.codes((2, 2), frame).is_none() && format.codes_mut((2, 2), frame).is_none()
        };
        let mut words = [0u16; 20];
        let bytes: &mut [u8] = bytemuck::cast_slice_mut(&mut words);
        assert!(no("nv12", &mut bytes[..6]));
        assert!(no("rgb24", &mut bytes[..12]));
        assert!(no("yuv420p", &mut bytes[..5]));
        assert!(!no("yuv420p", &mut bytes[1..7]));
        assert!(!no("yuv420p10le", &mut bytes[..12]));
        // At an odd address.
        assert!(no("yuv420p10le", &mut bytes[1..13]));
    }
}
