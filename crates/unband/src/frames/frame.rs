//! Frames as hosts store them: images, and the packed bytes of a video.

use unband_image::cuts::Cuts;
use unband_image::dither::{Dither, Grid};
use unband_image::frame::FrameFormat;
use unband_image::{Context, Depth, Image, Model, Plane, Restorer};

use crate::Error;
use crate::jobs::round::{Rounding, regrid_alpha, round};

/// A frame as a host stores it.
///
/// [`Image`] suits most hosts: [`Image::from_planes`] and [`Image::write_planes`] copy planes with any stride
/// of 8 to 16 bits or floating point. [`PackedFrame`] has the bytes that a decoder wrote.
pub trait Frame: Clone + Send + Sync {
    /// Its samples, without alpha. `spare`: memory for reuse.
    ///
    /// # Errors
    /// Frames that are not complete, or too large for the memory.
    fn read(&self, spare: Vec<Plane>) -> Result<Image, Error>;

    /// Bits of a sample.
    fn depth(&self) -> Depth;

    /// Are all samples equal?
    fn is_same(&self, other: &Self) -> bool;

    /// Does it begin a shot? `cuts` knows the frames before. `codes`: memory for reuse.
    fn begins_shot(&self, cuts: &mut Cuts, codes: &mut Vec<u16>) -> bool;

    /// This frame in another depth, not dithered. `spare`: memory for reuse.
    ///
    /// # Errors
    /// As [`Frame::read`], and depths that the frame cannot have.
    fn in_depth(&self, depth: Depth, spare: Option<Self>, ctx: &Context<'_>) -> Result<Self, Error>;

    /// A frame with samples on the grid of their depth, and this frame's alpha. `spare`: memory for reuse.
    ///
    /// # Errors
    /// Images of another size or model, and depths that the frame cannot have.
    fn with_samples(&self, image: &Image, spare: Option<Self>) -> Result<Self, Error>;

    /// This frame restored by a method that works on codes; `None` if it must be read first. `spare`: memory
    /// for reuse.
    ///
    /// # Errors
    /// Errors of the restorer, and cancelled.
    fn restore_codes(
        &self,
        _restorer: &dyn Restorer,
        _depth: Depth,
        _spare: Option<Self>,
        _ctx: &Context<'_>,
    ) -> Result<Option<Self>, Error> {
        Ok(None)
    }
}

impl Frame for Image {
    fn read(&self, mut spare: Vec<Plane>) -> Result<Image, Error> {
        spare.resize_with(self.planes.len(), || Plane::filled(0, 0, 0.0));
        for (to, from) in spare.iter_mut().zip(&self.planes) {
            to.clone_from(from);
        }
        let mut image = Image::new(spare, self.color.model, self.depth);
        image.color = self.color;
        image.origin.codec = self.origin.codec.clone();
        Ok(image)
    }

    fn depth(&self) -> Depth {
        self.depth
    }

    fn is_same(&self, other: &Self) -> bool {
        self.planes == other.planes
    }

    fn begins_shot(&self, cuts: &mut Cuts, codes: &mut Vec<u16>) -> bool {
        let p = usize::from(self.color.model == Model::Rgb);
        let bits = self.depth.bits().min(16);
        let Grid { scale, zero, max } = Grid::of_bits(self.color.model, p, bits);
        codes.clear();
        codes.extend(self.planes[p].data.iter().map(|v| (v * scale + zero + 0.5).clamp(0.0, max) as u16));
        cuts.begins_u16(codes, self.width(), bits)
    }

    fn in_depth(&self, depth: Depth, _spare: Option<Self>, ctx: &Context<'_>) -> Result<Self, Error> {
        let mut image = self.clone();
        if depth != self.depth {
            round(&mut image, None, Rounding { depth, dither: Dither::None, locked: false }, ctx);
            regrid_alpha(&mut image, depth);
        }
        Ok(image)
    }

    fn with_samples(&self, image: &Image, _spare: Option<Self>) -> Result<Self, Error> {
        let mut made = Self { alpha: self.alpha.clone(), metadata: self.metadata.clone(), ..image.clone() };
        if made.depth != self.depth {
            regrid_alpha(&mut made, image.depth);
        }
        Ok(made)
    }
}

/// The bytes of a video's frame.
#[derive(Clone, Debug, PartialEq)]
pub struct PackedFrame {
    /// Their layout.
    pub format: FrameFormat,
    /// Plane after plane, without padding.
    pub bytes: Vec<u8>,
}

impl PackedFrame {
    /// The frame as an image, with its alpha.
    ///
    /// # Errors
    /// A wrong number of bytes, and not enough memory.
    pub fn to_image(&self) -> Result<Image, Error> {
        let mut image = self.read(Vec::new())?;
        image.alpha = self.format.alpha(&self.bytes);
        Ok(image)
    }

    /// The layout with another depth, and the bytes of `spare`.
    fn room(&self, depth: Depth, spare: Option<Self>) -> Result<(FrameFormat, Vec<u8>), Error> {
        let format =
            if depth == self.depth() { Some(self.format) } else { self.format.with_bits(depth.bits()) };
        let format = format.ok_or_else(|| Error::Option {
            name: "depth of a video",
            range: "a depth of its pixel format",
            got: depth.bits().to_string(),
        })?;
        Ok((format, spare.map(|spare| spare.bytes).unwrap_or_default()))
    }
}

impl Frame for PackedFrame {
    fn read(&self, spare: Vec<Plane>) -> Result<Image, Error> {
        Ok(self.format.read_into(&self.bytes, spare)?)
    }

    fn depth(&self) -> Depth {
        Depth::Int(self.format.pixels.bits)
    }

    fn is_same(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }

    fn begins_shot(&self, cuts: &mut Cuts, codes: &mut Vec<u16>) -> bool {
        begins_shot(&self.format, &self.bytes, cuts, codes)
    }

    fn in_depth(&self, depth: Depth, spare: Option<Self>, _ctx: &Context<'_>) -> Result<Self, Error> {
        let (format, mut bytes) = self.room(depth, spare)?;
        self.format.widen(&self.bytes, &format, &mut bytes)?;
        Ok(Self { format, bytes })
    }

    fn with_samples(&self, image: &Image, spare: Option<Self>) -> Result<Self, Error> {
        let (format, mut bytes) = self.room(image.depth, spare)?;
        format.write(image, &self.bytes, &self.format, &mut bytes)?;
        Ok(Self { format, bytes })
    }

    fn restore_codes(
        &self,
        restorer: &dyn Restorer,
        depth: Depth,
        spare: Option<Self>,
        ctx: &Context<'_>,
    ) -> Result<Option<Self>, Error> {
        let (format, mut bytes) = self.room(depth, spare)?;
        let done = self.format.restore_codes(&self.bytes, &format, &mut bytes, restorer, ctx)?;
        Ok(done.then_some(Self { format, bytes }))
    }
}

/// As [`Frame::begins_shot`], for bytes in a format.
pub(crate) fn begins_shot(format: &FrameFormat, bytes: &[u8], cuts: &mut Cuts, codes: &mut Vec<u16>) -> bool {
    let Some((luma, (width, _))) = format.planes().into_iter().next() else { return false };
    let Some(luma) = bytes.get(luma) else { return false };
    if format.pixels.sample_bytes() == 1 {
        return cuts.begins_u8(luma, width);
    }
    codes.clear();
    codes.extend(luma.as_chunks::<2>().0.iter().map(|&pair| u16::from_le_bytes(pair)));
    cuts.begins_u16(codes, width, format.pixels.bits)
}
