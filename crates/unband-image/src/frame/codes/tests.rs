use super::*;
use crate::color::Color;
use crate::frame::{PIXEL_FORMATS, PixelFormat, Samples};
use crate::{CodeRestorer, Matrix, Model, Needs, Range, TileIn, TileOut};

/// Reverses the codes of each plane and adds the plane's index, with this many additional bits.
struct Turned(u8);

impl Restorer for Turned {
    fn needs(&self) -> Needs {
        Needs::halo(0)
    }
    fn rounds_to(&self) -> Option<Depth> {
        (self.0 > 0).then_some(Depth::Int(8 + self.0))
    }
    fn as_codes(&self) -> Option<&dyn CodeRestorer> {
        Some(self)
    }
    fn restore(&self, _: &TileIn<'_>, _: &mut TileOut, _: &Context<'_>) -> Result<(), RestoreError> {
        Ok(())
    }
}

impl CodeRestorer for Turned {
    fn restore_codes(
        &self,
        input: &[CodePlane<'_>],
        output: &mut [CodesMut<'_>],
        _: &Context<'_>,
    ) -> Result<(), RestoreError> {
        for (p, (from, to)) in input.iter().zip(output).enumerate() {
            let codes: Vec<u16> = match from.codes {
                Codes::Bytes(codes) => codes.iter().rev().map(|&code| code.into()).collect(),
                Codes::Words(codes) => codes.iter().rev().copied().collect(),
            };
            assert_eq!(codes.len(), from.size.0 * from.size.1);
            let codes = codes.into_iter().map(|code| (code << self.0) + p as u16);
            match to {
                CodesMut::Bytes(to) => to.iter_mut().zip(codes).for_each(|(to, code)| *to = code as u8),
                CodesMut::Words(to) => to.iter_mut().zip(codes).for_each(|(to, code)| *to = code),
            }
        }
        Ok(())
    }
}

fn format(name: &str) -> FrameFormat {
    let pixels = PixelFormat::by_name(name).unwrap();
    let model = match pixels.samples {
        Samples::Gray => Model::Gray,
        Samples::Rgb => Model::Rgb,
        Samples::Yuv(subsampling) => Model::Yuv { matrix: Matrix::Bt709, range: Range::Limited, subsampling },
    };
    FrameFormat { width: 5, height: 3, pixels, color: Color::new(model), lossy: false }
}

fn run(from: &str, to: &str, frame: &[u8], method: &dyn Restorer) -> Option<Vec<u8>> {
    let mut out = vec![99; 7];
    let done = format(from).restore_codes(frame, &format(to), &mut out, method, &Context::default()).unwrap();
    done.then_some(out)
}

/// Codes below 100 as bytes of a format.
fn bytes(format: &FrameFormat, codes: impl Iterator<Item = u8>) -> Vec<u8> {
    let each = |code: u8| vec![code, 0][..format.pixels.sample_bytes()].to_vec();
    codes.flat_map(each).collect()
}

#[test]
fn every_plane_is_worked_on_where_it_lies() {
    for pixels in PIXEL_FORMATS.iter().filter(|format| format.layout == super::super::Layout::Planar) {
        let format = format(pixels.name);
        let count = format.frame_bytes() / pixels.sample_bytes();
        let frame = bytes(&format, (0..count).map(|i| i as u8 % 90));
        let mut want = Vec::new();
        for (stored, (range, _)) in format.planes().into_iter().enumerate() {
            let mut codes: Vec<u8> = frame[range].chunks(pixels.sample_bytes()).map(|c| c[0]).collect();
            // Index of the stored plane in the image; alpha is unchanged.
            if let Some(&number) = format.order().get(stored) {
                codes.reverse();
                for code in &mut codes {
                    *code += number as u8;
                }
            }
            want.extend(bytes(&format, codes.into_iter()));
        }
        assert_eq!(run(pixels.name, pixels.name, &frame, &Turned(0)).unwrap(), want, "{}", pixels.name);
    }
}

#[test]
fn more_bits_come_out_where_the_method_says_so() {
    let frame: Vec<u8> = (0..format("yuva420p").frame_bytes()).map(|i| i as u8).collect();
    let out = run("yuva420p", "yuva420p10le", &frame, &Turned(2)).unwrap();
    assert_eq!(out.len(), 2 * frame.len());
    let code = |i: usize| u16::from_le_bytes([out[2 * i], out[2 * i + 1]]);
    assert_eq!([code(0), code(15), code(26)], [14 * 4, 20 * 4 + 1, 21 * 4 + 2]);
    // Alpha uses all codes: 27 of 255.
    assert_eq!(code(27), 108);
    assert!(run("yuva420p", "yuva420p", &frame, &Turned(2)).is_none());
    assert!(run("yuva420p", "yuva420p10le", &frame, &Turned(0)).is_none());
}

#[test]
fn frames_that_have_no_such_planes_are_left_to_images() {
    let frame = vec![1; format("yuv420p").frame_bytes()];
    assert!(run("yuv420p", "yuv420p", &frame, &Turned(0)).is_some());
    assert!(run("yuv420p", "yuv420p", &frame[1..], &Turned(0)).is_none());
    assert!(run("yuv420p", "gbrp", &frame, &Turned(0)).is_none());
    // Luma alone, while the image has chroma.
    let luma = FrameFormat { color: format("yuv420p").color, ..format("gray") };
    let mut out = Vec::new();
    let result = luma.restore_codes(&[1; 15], &luma, &mut out, &Turned(0), &Context::default());
    assert!(!result.unwrap());
    // Words at an odd address.
    let words = format("gray10le");
    let room = vec![1u8; words.frame_bytes() + 2];
    let odd = 1 - room.as_ptr().align_offset(2);
    assert!(run("gray10le", "gray10le", &room[odd..][..words.frame_bytes()], &Turned(0)).is_none());
    assert!(run("gray10le", "gray10le", &room[1 - odd..][..words.frame_bytes()], &Turned(0)).is_some());
}
