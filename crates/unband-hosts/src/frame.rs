//! Frames in a host's memory: planes of codes or floating point, with strides.

use unband::findings::Findings;
use unband::frames::Frame;
use unband::verdict::{Verdict, look_at_frame};
use unband::{Color, Context, Depth, Error, Image, ImageError, Model, Plane};
use unband_image::cuts::Cuts;
use unband_image::dither::Grid;
use unband_image::frame::new_plane;
use unband_image::frame::rows::{read_row, sample_bytes, write_row};
use unband_image::{CodePlane, Codec, Codes, CodesMut, Restorer};

/// Layout and colour of frames. Alpha is the last plane.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct FrameLayout {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) color: Color,
    pub(crate) depth: Depth,
    pub(crate) alpha: bool,
    /// Luma alone, of a model with chroma: an image gets neutral chroma.
    pub(crate) luma_only: bool,
    /// Whether the source coding is lossy.
    pub(crate) lossy: bool,
}

impl FrameLayout {
    /// Is a frame by itself an image? The rules of images may turn luma and chroma to RGB.
    pub(crate) fn is_image(&self) -> bool {
        !matches!(self.color.model, Model::Yuv { .. })
    }

    /// A single plane of codes, whatever their range was.
    pub(crate) fn as_gray(&self) -> Self {
        Self { color: Color::new(Model::Gray), luma_only: false, ..*self }
    }

    /// Bytes of a sample.
    pub(crate) fn sample_bytes(&self) -> usize {
        match self.depth {
            Depth::Int(bits) => sample_bytes(bits),
            Depth::F32 => 4,
        }
    }

    /// Stored planes without alpha.
    pub(crate) fn colors(&self) -> usize {
        if self.luma_only || self.color.model == Model::Gray { 1 } else { 3 }
    }

    /// Stored planes.
    pub(crate) fn planes(&self) -> usize {
        self.colors() + usize::from(self.alpha)
    }

    /// Columns and rows of a stored plane.
    pub(crate) fn size_of(&self, plane: usize) -> (usize, usize) {
        match self.color.model {
            Model::Yuv { subsampling, .. } if (1..self.colors()).contains(&plane) => {
                subsampling.chroma_size(self.width, self.height)
            }
            _ => (self.width, self.height),
        }
    }

    /// Alpha uses all codes, whatever the range of the others.
    fn model_of(&self, plane: usize) -> Model {
        if plane < self.colors() { self.color.model } else { Model::Gray }
    }

    /// The offset of floating-point samples: colour differences are centred on 0, and on 0.5 in images.
    fn offset(&self, plane: usize) -> f32 {
        let chroma = (1..self.colors()).contains(&plane) && matches!(self.color.model, Model::Yuv { .. });
        if chroma { 0.5 } else { 0.0 }
    }
}

/// A plane's bytes: rows that begin `stride` bytes apart.
#[derive(Clone, Copy)]
pub(crate) struct PlaneBytes<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) stride: usize,
}

/// Writable counterpart of [`PlaneBytes`].
pub(crate) struct PlaneBytesMut<'a> {
    pub(crate) bytes: &'a mut [u8],
    pub(crate) stride: usize,
}

/// A host's memory of a frame.
pub(crate) trait FrameMemory: Clone + Send + Sync {
    /// A stored plane.
    fn plane(&self, layout: &FrameLayout, plane: usize) -> PlaneBytes<'_>;
    /// All stored planes, for writing. Only of memory from [`FrameMemory::like`].
    fn planes_mut(&mut self, layout: &FrameLayout) -> Vec<PlaneBytesMut<'_>>;
    /// New memory for a frame of that layout that follows this one's; its samples are arbitrary.
    fn like(&self, layout: &FrameLayout) -> Result<Self, Error>;
}

/// A frame in a host's memory.
#[derive(Clone)]
pub(crate) struct HostFrame<M> {
    pub(crate) layout: FrameLayout,
    pub(crate) memory: M,
}

impl<M: FrameMemory> HostFrame<M> {
    /// Bytes of each row of a plane, without padding.
    fn rows(&self, plane: usize) -> impl Iterator<Item = &[u8]> {
        let (width, height) = self.layout.size_of(plane);
        let PlaneBytes { bytes, stride } = self.memory.plane(&self.layout, plane);
        let row = width * self.layout.sample_bytes();
        (0..height).map(move |y| &bytes[y * stride..y * stride + row])
    }

    fn read_plane(&self, plane: usize, to: &mut Plane) -> Result<(), Error> {
        let (width, height) = self.layout.size_of(plane);
        if (to.width, to.height) != (width, height) {
            *to = new_plane(width, height)?;
        }
        let offset = self.layout.offset(plane);
        let codes = &mut Vec::new();
        for (row, bytes) in to.data.chunks_exact_mut(width).zip(self.rows(plane)) {
            if let Depth::Int(bits) = self.layout.depth {
                read_row(row, bytes, bits, Grid::of_bits(self.layout.model_of(plane), plane, bits), codes);
            } else {
                let floats = bytes.as_chunks::<4>().0.iter();
                row.iter_mut().zip(floats).for_each(|(to, &from)| *to = f32::from_ne_bytes(from) + offset);
            }
        }
        Ok(())
    }

    fn write_plane(&mut self, plane: usize, from: &Plane) -> Result<(), ImageError> {
        let layout = self.layout;
        let (width, height) = layout.size_of(plane);
        if (from.width, from.height) != (width, height) {
            let (expected, got) = (width * height, from.width * from.height);
            return Err(ImageError::Length { width, height, expected, got });
        }
        let (offset, length) = (layout.offset(plane), width * layout.sample_bytes());
        let PlaneBytesMut { bytes, stride } = self.memory.planes_mut(&layout).swap_remove(plane);
        let (codes, row) = (&mut Vec::new(), &mut Vec::with_capacity(length));
        for (y, samples) in from.data.chunks_exact(width).enumerate() {
            let to = &mut bytes[y * stride..y * stride + length];
            if let Depth::Int(bits) = layout.depth {
                row.clear();
                write_row(row, samples, bits, Grid::of_bits(layout.model_of(plane), plane, bits), codes);
                to.copy_from_slice(row);
            } else {
                let floats = to.as_chunks_mut::<4>().0.iter_mut();
                floats.zip(samples).for_each(|(to, from)| *to = (from - offset).to_ne_bytes());
            }
        }
        Ok(())
    }

    /// An empty frame of another depth after this one, alpha included.
    fn empty(&self, depth: Depth) -> Result<Self, Error> {
        let layout = FrameLayout { depth, ..self.layout };
        let mut made = Self { layout, memory: self.memory.like(&layout)? };
        if layout.alpha {
            let plane = layout.colors();
            if depth == self.layout.depth {
                made.copy_plane(self, plane);
            } else {
                let mut alpha = Plane::filled(0, 0, 0.0);
                self.read_plane(plane, &mut alpha)?;
                made.write_plane(plane, &alpha).map_err(|error| Error::Image(error.to_string()))?;
            }
        }
        Ok(made)
    }

    /// Copies a plane of a frame of the same layout.
    fn copy_plane<N: FrameMemory>(&mut self, from: &HostFrame<N>, plane: usize) {
        let layout = self.layout;
        let row = layout.size_of(plane).0 * layout.sample_bytes();
        let PlaneBytesMut { bytes, stride } = self.memory.planes_mut(&layout).swap_remove(plane);
        for (y, from) in from.rows(plane).enumerate() {
            bytes[y * stride..y * stride + row].copy_from_slice(from);
        }
    }

    /// Copies a frame of the same layout.
    pub(crate) fn copy<N: FrameMemory>(&mut self, from: &HostFrame<N>) {
        for plane in 0..self.layout.planes() {
            self.copy_plane(from, plane);
        }
    }

    /// The frame with its alpha.
    pub(crate) fn to_image(&self) -> Result<Image, Error> {
        let mut image = self.read(Vec::new())?;
        if self.layout.alpha {
            let mut alpha = Plane::filled(0, 0, 0.0);
            self.read_plane(self.layout.colors(), &mut alpha)?;
            image.alpha = Some(alpha);
        }
        Ok(image)
    }

    /// Writes the colour planes of an image of this layout.
    pub(crate) fn write(&mut self, image: &Image) -> Result<(), Error> {
        for p in 0..self.layout.colors() {
            let plane =
                image.planes.get(p).ok_or_else(|| Error::Image("an image with fewer planes".to_owned()))?;
            self.write_plane(p, plane).map_err(|error| Error::Image(error.to_string()))?;
        }
        Ok(())
    }

    /// A frame of an image, with the image's own alpha where it has one.
    pub(crate) fn of_image(&self, image: &Image) -> Result<Self, Error> {
        let mut made = self.with_samples(image, None)?;
        if let Some(alpha) = image.alpha.as_ref().filter(|_| self.layout.alpha) {
            made.write_plane(self.layout.colors(), alpha).map_err(|error| Error::Image(error.to_string()))?;
        }
        Ok(made)
    }

    /// Has the colour planes written as codes; those with padding between their rows from a copy.
    fn write_codes<E>(&mut self, write: impl FnOnce(&mut [CodesMut<'_>]) -> Result<(), E>) -> Result<(), E> {
        let layout = self.layout;
        let row_of = |p: usize| layout.size_of(p).0 * layout.sample_bytes();
        let mut planes = self.memory.planes_mut(&layout);
        planes.truncate(layout.colors());
        let mut copies = [const { Vec::new() }; 3];
        let mut output = Vec::with_capacity(planes.len());
        for (p, (plane, copy)) in planes.iter_mut().zip(&mut copies).enumerate() {
            let (row, length) = (row_of(p), row_of(p) * layout.size_of(p).1);
            let words = layout.sample_bytes() == 2;
            let in_place = plane.stride == row
                && (!words || bytemuck::try_cast_slice::<u8, u16>(&plane.bytes[..length]).is_ok());
            let bytes = if in_place {
                &mut plane.bytes[..length]
            } else {
                copy.resize(length.div_ceil(2), 0_u16);
                &mut bytemuck::cast_slice_mut(copy)[..length]
            };
            output.push(if words {
                CodesMut::Words(bytemuck::cast_slice_mut(bytes))
            } else {
                CodesMut::Bytes(bytes)
            });
        }
        write(&mut output)?;
        for (p, (plane, copy)) in planes.iter_mut().zip(&copies).enumerate() {
            let rows =
                bytemuck::cast_slice::<u16, u8>(copy).chunks_exact(row_of(p)).take(layout.size_of(p).1);
            for (y, from) in rows.enumerate() {
                plane.bytes[y * plane.stride..][..row_of(p)].copy_from_slice(from);
            }
        }
        Ok(())
    }

    /// The findings in it, as an image or as a frame of a video, for its planes alone.
    pub(crate) fn inspected(&self, is_image: bool, ctx: &Context<'_>) -> Result<(Findings, Verdict), Error> {
        let image = self.to_image()?;
        let (mut findings, verdict) = if is_image {
            let findings = unband::inspect(&image, ctx);
            let verdict = Verdict::new(&findings);
            (findings, verdict)
        } else {
            let seen = look_at_frame(&image, ctx);
            let verdict = Verdict::of_seen(&seen);
            (seen.findings, verdict)
        };
        if self.layout.luma_only {
            findings.grids.truncate(1);
        }
        Ok((findings, verdict))
    }

    /// A plane's codes; copied to `packed` where there is padding between its rows.
    pub(crate) fn codes<'a>(&'a self, plane: usize, packed: &'a mut Vec<u16>) -> Option<Codes<'a>> {
        let (width, height) = self.layout.size_of(plane);
        let PlaneBytes { bytes, stride } = self.memory.plane(&self.layout, plane);
        let row = width * self.layout.sample_bytes();
        let bytes = if stride == row {
            &bytes[..row * height]
        } else {
            packed.resize((row * height).div_ceil(2), 0);
            let flat = bytemuck::cast_slice_mut::<u16, u8>(packed);
            flat.chunks_exact_mut(row).zip(self.rows(plane)).for_each(|(to, from)| to.copy_from_slice(from));
            &bytemuck::cast_slice(packed)[..row * height]
        };
        if self.layout.sample_bytes() == 1 {
            Some(Codes::Bytes(bytes))
        } else {
            Some(Codes::Words(bytemuck::try_cast_slice(bytes).ok()?))
        }
    }
}

impl<M: FrameMemory> Frame for HostFrame<M> {
    fn read(&self, mut spare: Vec<Plane>) -> Result<Image, Error> {
        let Color { model, .. } = self.layout.color;
        let planes = if model == Model::Gray { 1 } else { 3 };
        spare.resize_with(planes, || Plane::filled(0, 0, 0.0));
        for (p, plane) in spare.iter_mut().enumerate() {
            if p < self.layout.colors() {
                self.read_plane(p, plane)?;
            } else if let Model::Yuv { subsampling, .. } = model {
                let (width, height) = subsampling.chroma_size(self.layout.width, self.layout.height);
                *plane = Plane::filled(width, height, 0.5);
            }
        }
        let mut image = Image::new(spare, model, self.layout.depth);
        image.color = self.layout.color;
        image.origin.codec = if self.layout.lossy { Codec::Lossy("video") } else { Codec::Lossless };
        Ok(image)
    }

    fn depth(&self) -> Depth {
        self.layout.depth
    }

    fn is_same(&self, other: &Self) -> bool {
        self.layout == other.layout && (0..self.layout.planes()).all(|p| self.rows(p).eq(other.rows(p)))
    }

    fn begins_shot(&self, cuts: &mut Cuts, codes: &mut Vec<u16>) -> bool {
        let luma = usize::from(self.layout.color.model == Model::Rgb);
        let bits = self.layout.depth.bits().min(16);
        codes.clear();
        for row in self.rows(luma) {
            match self.layout.sample_bytes() {
                1 => codes.extend(row.iter().map(|&code| u16::from(code))),
                2 => codes.extend(row.as_chunks::<2>().0.iter().map(|&pair| u16::from_ne_bytes(pair))),
                _ => {
                    let grid = Grid::of_bits(self.layout.color.model, luma, bits);
                    codes.extend(row.as_chunks::<4>().0.iter().map(|&bytes| {
                        let value = f32::from_ne_bytes(bytes) * grid.scale + grid.zero + 0.5;
                        value.clamp(0.0, grid.max) as u16
                    }));
                }
            }
        }
        cuts.begins_u16(codes, self.layout.width, bits)
    }

    fn in_depth(&self, depth: Depth, _spare: Option<Self>, ctx: &Context<'_>) -> Result<Self, Error> {
        if depth == self.layout.depth {
            return Ok(self.clone());
        }
        self.with_samples(&self.read(Vec::new())?.in_depth(depth, None, ctx)?, None)
    }

    fn with_samples(&self, image: &Image, _spare: Option<Self>) -> Result<Self, Error> {
        let mut made = self.empty(image.depth)?;
        made.write(image)?;
        Ok(made)
    }

    fn restore_codes(
        &self,
        restorer: &dyn Restorer,
        depth: Depth,
        _spare: Option<Self>,
        ctx: &Context<'_>,
    ) -> Result<Option<Self>, Error> {
        let bits = restorer.rounds_to().unwrap_or(self.layout.depth);
        let (Some(method), Depth::Int(8..=16)) = (restorer.as_codes(), self.layout.depth) else {
            return Ok(None);
        };
        if bits != depth || self.layout.luma_only || cfg!(target_endian = "big") {
            return Ok(None);
        }
        let mut packed = [const { Vec::new() }; 3];
        let planes = packed.iter_mut().take(self.layout.colors()).enumerate();
        let input: Option<Vec<CodePlane<'_>>> = planes
            .map(|(p, packed)| {
                Some(CodePlane { size: self.layout.size_of(p), codes: self.codes(p, packed)? })
            })
            .collect();
        let Some(input) = input else { return Ok(None) };
        let mut made = self.empty(depth)?;
        made.write_codes(|output| method.restore_codes(&input, output, ctx))?;
        Ok(Some(made))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
