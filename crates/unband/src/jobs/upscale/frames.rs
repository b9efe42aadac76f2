//! Upscaling of the frames of a video, in order.
//!
//! All frames of a shot are upscaled the same way, and still areas are computed once: where a frame equals
//! the one before, its result does.

use unband_image::dither::Dither;
use unband_image::frame::FrameFormat;
use unband_image::{
    Context, Depth, Image, ImageError, Matrix, Model, Plane, Rng, Siting, Subsampling, Window, With,
};

use super::hidden_colours::HiddenColours;
use super::mode::Evidence;
use super::{Network, UpscaledBy, Upscaler};
use crate::Error;
use crate::frames::PackedFrame;
use crate::jobs::round::{Rounding, regrid_alpha, round};

/// Samples around a changed area that its result depends on, besides those of the network: neighbourhoods of
/// the blend, and interpolated chroma.
const REACH: usize = 16;
/// Windows begin at multiples of this: the network then computes the same samples together as in the whole
/// frame, and chroma planes are cut between two samples.
const STEP: usize = 16;

/// Rounding of upscaled frames.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FrameRounding {
    /// The dithering method.
    pub(crate) dither: Dither,
    /// The same threshold on all channels?
    pub(crate) locked: bool,
    /// Seed of the dither.
    pub(crate) seed: u64,
}

/// Upscales frames in order.
pub(crate) struct FrameUpscaler<'a> {
    upscaler: &'a Upscaler,
    network: &'a Network,
    /// Width and height of source frames.
    from: (usize, usize),
    /// Format of the results.
    to: FrameFormat,
    rounding: FrameRounding,
    /// Memory limit in bytes.
    memory: Option<u64>,
    evidence: Evidence,
    last: Option<LastFrame>,
    spare: Vec<Vec<u8>>,
}

/// The frame before.
struct LastFrame {
    source: PackedFrame,
    /// Its result, not rounded.
    large: Image,
    bytes: Vec<u8>,
    by: UpscaledBy,
}

/// An upscaled frame.
pub(crate) struct LargeFrame {
    pub(crate) frame: PackedFrame,
    pub(crate) by: UpscaledBy,
    /// A source frame whose memory is free.
    pub(crate) freed: Option<PackedFrame>,
}

impl<'a> FrameUpscaler<'a> {
    /// For frames of a size, whose results have the format `to`.
    pub(crate) fn new(
        upscaler: &'a Upscaler,
        from: (usize, usize),
        to: FrameFormat,
        rounding: FrameRounding,
        memory: Option<u64>,
    ) -> Self {
        let network = upscaler.reaching(from.0, from.1, (to.width, to.height));
        let (evidence, last, spare) = (upscaler.evidence(), None, Vec::new());
        Self { upscaler, network, from, to, rounding, memory, evidence, last, spare }
    }

    /// Upscales the next frame. `begins`: it begins a shot or a segment, and its result does not depend on
    /// frames before.
    ///
    /// # Errors
    /// As [`Upscaler::upscale`].
    pub(crate) fn next(
        &mut self,
        source: PackedFrame,
        begins: bool,
        ctx: &Context<'_>,
    ) -> Result<LargeFrame, Error> {
        let mut freed = None;
        if begins {
            self.evidence = self.upscaler.evidence();
            freed = self.last.take().map(|last| last.source);
        }
        let bytes = self.spare.pop().unwrap_or_default();
        let next = match self.last.take() {
            None => self.whole(source, bytes, ctx)?,
            Some(mut last) => match changed(&last.source, &source) {
                None => {
                    freed = Some(source);
                    self.spare.push(bytes);
                    last
                }
                Some(window) if self.in_parts(window) => {
                    self.part(&mut last, &source, window, ctx)?;
                    freed = Some(std::mem::replace(&mut last.source, source));
                    self.spare.push(bytes);
                    self.pack(&last.large, &mut last.bytes, ctx)?;
                    last
                }
                Some(_) => {
                    freed = Some(last.source);
                    self.spare.push(last.bytes);
                    self.whole(source, bytes, ctx)?
                }
            },
        };
        let mut copy = self.spare.pop().unwrap_or_default();
        copy.clone_from(&next.bytes);
        let (frame, by) = (PackedFrame { format: self.to, bytes: copy }, next.by);
        self.last = Some(next);
        Ok(LargeFrame { frame, by, freed })
    }

    /// Takes back the memory of a result.
    pub(crate) fn recycle(&mut self, bytes: Vec<u8>) {
        self.spare.push(bytes);
    }

    /// Upscales a whole frame.
    fn whole(
        &mut self,
        source: PackedFrame,
        mut bytes: Vec<u8>,
        ctx: &Context<'_>,
    ) -> Result<LastFrame, Error> {
        let image = source.to_image()?;
        let size = (self.to.width, self.to.height);
        self.network.check_memory(&image, size)?;
        let (large, by) = self.large(image, size, ctx)?;
        self.pack(&large, &mut bytes, ctx)?;
        Ok(LastFrame { source, large, bytes, by })
    }

    /// Upscales a window and replaces the result there.
    fn part(
        &mut self,
        last: &mut LastFrame,
        source: &PackedFrame,
        window: Window,
        ctx: &Context<'_>,
    ) -> Result<(), Error> {
        let (outer, scale) = (self.outer(window), self.network.tiled.scale());
        let image = source.to_image()?.cut(outer);
        self.evidence.fixed = true;
        let made = self.large(image, (scale * outer.width(), scale * outer.height()), ctx);
        self.evidence.fixed = false;
        let (made, core) = (made?.0, self.core(window).times(scale));
        let (width, height) = (self.to.width, self.to.height);
        let large = last.large.planes.iter_mut().chain(&mut last.large.alpha);
        for (to, from) in large.zip(made.planes.iter().chain(&made.alpha)) {
            let (x, y) = (width.div_ceil(to.width), height.div_ceil(to.height));
            lay(to, from, core.on_plane(x, y), outer.times(scale).on_plane(x, y));
        }
        Ok(())
    }

    /// A frame in its new size. Chroma planes smaller than luma are interpolated: the network sees them
    /// interpolated already.
    fn large(
        &mut self,
        frame: Image,
        size: (usize, usize),
        ctx: &Context<'_>,
    ) -> Result<(Image, UpscaledBy), Error> {
        let Self { network, memory, evidence, to, .. } = self;
        let chroma = SmallChroma::new(&frame, to);
        let fault = |error: ImageError| Error::Image(error.to_string());
        let mut rgb = frame.into_rgb(ctx).map_err(fault)?;
        let hidden = HiddenColours::fill(&mut rgb);
        if !evidence.fixed && network.gate.is_some() {
            evidence.choose(&rgb, ctx);
        }
        let (planes, alpha, by) = network.resized(&rgb, size, *memory, evidence, ctx)?;
        let mut large = Image { planes, alpha, ..rgb };
        if let (Some(hidden), Some(source)) = (&hidden, rgb.alpha) {
            hidden.put_back(&source, &mut large);
        }
        let Some(chroma) = chroma.filter(|_| by != UpscaledBy::Repetition && hidden.is_none()) else {
            return Ok((large.into_yuv(to.color, ctx).map_err(fault)?, by));
        };
        let (alpha, depth) = (large.alpha.clone(), large.depth);
        let mut planes = vec![large.into_luma(chroma.matrix, ctx).map_err(fault)?];
        planes.extend(chroma.resized(size.0, size.1, ctx));
        Ok((Image { alpha, color: to.color, ..Image::new(planes, to.color.model, depth) }, by))
    }

    /// Rounds a result into the bytes of a frame.
    fn pack(&self, large: &Image, bytes: &mut Vec<u8>, ctx: &Context<'_>) -> Result<(), Error> {
        let FrameRounding { dither, locked, seed } = self.rounding;
        let ctx = &(*ctx).but(|new| new.rng = Rng::new(seed));
        let (mut rounded, depth) = (large.clone(), Depth::Int(self.to.pixels.bits));
        round(&mut rounded, None, Rounding { depth, dither, locked }, ctx);
        regrid_alpha(&mut rounded, depth);
        Ok(self.to.write_whole(&rounded, bytes)?)
    }

    /// Can a window be computed by itself, and is it worth it? Not where the network's result is resized, or
    /// where the whole frame decides about the mode.
    fn in_parts(&self, window: Window) -> bool {
        let scale = self.network.tiled.scale();
        let (width, height) = self.from;
        let fits = (self.to.width, self.to.height) == (scale * width, scale * height);
        let outer = self.outer(window);
        let small = 4 * outer.width() * outer.height() < 3 * width * height;
        let settled = self.network.gate.is_none() || self.evidence.is_settled();
        fits && small && settled && STEP.is_multiple_of(self.network.tiled.step())
    }

    /// The area whose result a changed window may alter.
    fn core(&self, window: Window) -> Window {
        let (width, height) = self.from;
        window.grown(self.network.tiled.radius() + REACH, width, height).aligned(4, width, height)
    }

    /// The area that the result of a changed window depends on.
    fn outer(&self, window: Window) -> Window {
        let (width, height) = self.from;
        let radius = self.network.tiled.radius() + REACH;
        self.core(window).grown(radius, width, height).aligned(STEP, width, height)
    }
}

/// Chroma planes smaller than luma, to be interpolated without the network.
struct SmallChroma {
    planes: Vec<Plane>,
    matrix: Matrix,
    subsampling: Subsampling,
    siting: Siting,
    /// Width and height of luma.
    size: (usize, usize),
}

impl SmallChroma {
    /// That of a frame, if the result has the same colours.
    fn new(frame: &Image, to: &FrameFormat) -> Option<Self> {
        let Model::Yuv { matrix, subsampling, .. } = frame.color.model else { return None };
        let same = matches!(to.color.model, Model::Yuv { matrix: made, .. } if made == matrix);
        (same && subsampling != Subsampling::NONE).then(|| Self {
            planes: frame.planes[1..].to_vec(),
            matrix,
            subsampling,
            siting: frame.color.siting,
            size: (frame.width(), frame.height()),
        })
    }

    /// The planes for luma in another size.
    fn resized(&self, width: usize, height: usize, ctx: &Context<'_>) -> Vec<Plane> {
        let Subsampling { x, y } = self.subsampling;
        let scale = (width as f64 / self.size.0 as f64, height as f64 / self.size.1 as f64);
        let every = (
            if self.siting == Siting::Center { 1 } else { x.into() },
            if self.siting == Siting::TopLeft { y.into() } else { 1 },
        );
        let size = self.subsampling.chroma_size(width, height);
        ctx.map(self.planes.len(), |p| self.planes[p].resized_chroma(size, scale, every))
    }
}

/// The area in which a frame differs from the one before, in luma samples.
fn changed(before: &PackedFrame, after: &PackedFrame) -> Option<Window> {
    let format = &after.format;
    if before.format != *format || before.bytes.len() != after.bytes.len() {
        return Some(Window { x0: 0, y0: 0, x1: format.width, y1: format.height });
    }
    let each = format.pixels.sample_bytes();
    let mut all: Option<Window> = None;
    for (range, (width, height)) in format.planes() {
        let (before, after) = (&before.bytes[range.clone()], &after.bytes[range]);
        let rows = before.chunks_exact(width * each).zip(after.chunks_exact(width * each)).enumerate();
        let differ = rows.filter_map(|(y, (before, after))| {
            let differ = |(a, b): (&u8, &u8)| a != b;
            let first = before.iter().zip(after).position(differ)?;
            let last = before.iter().zip(after).rposition(differ)?;
            Some(Window { x0: first / each, y0: y, x1: last / each + 1, y1: y + 1 })
        });
        let Some(Window { x0, y0, x1, y1 }) = differ.reduce(around) else { continue };
        let (x, y) = (format.width.div_ceil(width), format.height.div_ceil(height));
        let window = Window {
            x0: x * x0,
            y0: y * y0,
            x1: (x * x1).min(format.width),
            y1: (y * y1).min(format.height),
        };
        all = Some(all.map_or(window, |all| around(all, window)));
    }
    all
}

/// The smallest window with both.
fn around(a: Window, b: Window) -> Window {
    Window { x0: a.x0.min(b.x0), y0: a.y0.min(b.y0), x1: a.x1.max(b.x1), y1: a.y1.max(b.y1) }
}

/// Copies the part `core` of a plane from a window of it that begins as `outer` does.
fn lay(to: &mut Plane, from: &Plane, core: Window, outer: Window) {
    let (x1, y1) = (core.x1.min(to.width), core.y1.min(to.height));
    for y in core.y0..y1 {
        let row = &from.row(y - outer.y0)[core.x0 - outer.x0..x1 - outer.x0];
        to.row_mut(y)[core.x0..x1].copy_from_slice(row);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use unband_image::frame::PixelFormat;
    use unband_image::{Color, Range};

    use super::*;
    use crate::{UpscaleOptions, UpscaleSize};

    const SIZE: (usize, usize) = (320, 200);

    fn format(pixels: &str) -> FrameFormat {
        let pixels = PixelFormat::by_name(pixels).unwrap();
        let (matrix, range) = (Matrix::Bt709, Range::Limited);
        let model = Model::Yuv { matrix, range, subsampling: Subsampling::HALF };
        FrameFormat { width: SIZE.0, height: SIZE.1, pixels, color: Color::new(model), lossy: false }
    }

    /// A textured frame with a square of another level at a column.
    fn frame(square: usize) -> PackedFrame {
        let format = format("yuv420p");
        let mut bytes = Vec::new();
        for (range, (width, height)) in format.planes() {
            let every = SIZE.0 / width;
            bytes.resize(range.start, 0);
            bytes.extend((0..width * height).map(|i| {
                let (x, y) = (i % width * every, i / width * every);
                let inside = (square..square + 16).contains(&x) && (24..40).contains(&y);
                let texture = (i.wrapping_mul(2_654_435_761) >> 9) & 7;
                (if inside { 190 } else { 60 + x / 4 } + texture) as u8
            }));
        }
        PackedFrame { format, bytes }
    }

    fn upscaler(scale: f64) -> Upscaler {
        Upscaler::new(&UpscaleOptions::with(|new| new.size = UpscaleSize::Scale(scale))).unwrap()
    }

    fn frames(upscaler: &Upscaler) -> FrameUpscaler<'_> {
        let work = upscaler.planned_frames(SIZE, false);
        let to = format("yuv420p10le").with_size((work.width, work.height));
        let rounding = FrameRounding { dither: Dither::BlueNoise, locked: false, seed: 0 };
        FrameUpscaler::new(upscaler, SIZE, to, rounding, None)
    }

    #[test]
    fn changed_parts_give_the_samples_of_the_whole_frame() {
        let upscaler = upscaler(2.0);
        let (mut parts, mut whole, ctx) = (frames(&upscaler), frames(&upscaler), Context::default());
        parts.next(frame(40), true, &ctx).unwrap();
        for square in [44, 49, 49] {
            assert!(parts.in_parts(Window { x0: square - 8, y0: 24, x1: square + 16, y1: 40 }));
            (whole.last, whole.evidence) = (None, parts.evidence);
            whole.evidence.fixed = true;
            let in_parts = parts.next(frame(square), false, &ctx).unwrap();
            let at_once = whole.next(frame(square), false, &ctx).unwrap();
            // A code may differ where the order of sums decides between two.
            let codes = |frame: &LargeFrame| -> Vec<u16> {
                frame.frame.bytes.as_chunks::<2>().0.iter().map(|&pair| u16::from_le_bytes(pair)).collect()
            };
            let pairs = codes(&in_parts).into_iter().zip(codes(&at_once));
            let apart: Vec<u16> = pairs.map(|(a, b)| a.abs_diff(b)).filter(|&apart| apart > 0).collect();
            assert!(apart.len() < 20 && apart.iter().all(|&apart| apart == 1), "{apart:?}");
        }
    }

    #[test]
    fn pixels_are_repeated_only_while_frames_are_pixel_art() {
        let upscaler = upscaler(2.0);
        let rgb = |code: &dyn Fn(usize, usize) -> u8| {
            let pixels = PixelFormat::by_name("gbrp").unwrap();
            let format = FrameFormat { pixels, color: Color::new(Model::Rgb), ..format("yuv420p") };
            let codes = (0..3 * SIZE.0 * SIZE.1).map(|i| i % (SIZE.0 * SIZE.1));
            PackedFrame { format, bytes: codes.map(|i| code(i % SIZE.0, i / SIZE.0)).collect() }
        };
        let art = rgb(&|x, y| [20, 130, 240][(x / 5 + y / 3) % 3]);
        let photo = rgb(&|x, y| (x / 2 + (x * 7 + y * 13) % 11 + y / 4) as u8);
        let black = rgb(&|_, _| 0);
        let to = FrameFormat { width: 640, height: 400, ..art.format };
        let rounding = FrameRounding { dither: Dither::None, locked: false, seed: 0 };
        let mut frames = FrameUpscaler::new(&upscaler, SIZE, to, rounding, None);
        let mut by =
            |frame: &PackedFrame, begins| frames.next(frame.clone(), begins, &Context::default()).unwrap().by;
        assert!(matches!(by(&black, true), UpscaledBy::Blend { .. }));
        assert_eq!(by(&art, false), UpscaledBy::Repetition, "after black, the kind shows");
        assert!(matches!(by(&photo, false), UpscaledBy::Blend { .. }));
        assert!(matches!(by(&art, false), UpscaledBy::Blend { .. }), "the shot goes on as it is");
        assert_eq!(by(&art, true), UpscaledBy::Repetition);
        // A part of the frame does not decide: the whole frame is looked at.
        let within = |around: &PackedFrame, part: &PackedFrame| {
            let pairs = around.bytes.iter().zip(&part.bytes).enumerate();
            let place = |i: usize| (i % SIZE.0, i / SIZE.0 % SIZE.1);
            let inside = |i: usize| (40..80).contains(&place(i).0) && (24..64).contains(&place(i).1);
            let bytes = pairs.map(|(i, (&around, &part))| if inside(i) { part } else { around }).collect();
            PackedFrame { bytes, ..*around }
        };
        let codes = (0..art.bytes.len()).map(|i| (i.wrapping_mul(2_654_435_761) >> 9) as u8);
        let colourful = PackedFrame { bytes: codes.collect(), ..art };
        assert_eq!(by(&within(&art, &colourful), false), UpscaledBy::Confinement);
        let grey = rgb(&|x, y| 100 + (x * 7 + y * 13) as u8 % 11);
        assert!(matches!(by(&grey, true), UpscaledBy::Blend { .. }));
        assert!(matches!(by(&within(&grey, &art), false), UpscaledBy::Blend { .. }));
    }

    #[test]
    fn a_repeated_frame_has_the_same_result() {
        // 1.5: the network's result is resized.
        for scale in [1.5, 2.0] {
            let upscaler = upscaler(scale);
            let (mut frames, ctx) = (frames(&upscaler), Context::default());
            let first = frames.next(frame(40), true, &ctx).unwrap();
            frames.next(frame(120), false, &ctx).unwrap();
            let third = frames.next(frame(120), false, &ctx).unwrap();
            let again = frames.next(frame(40), true, &ctx).unwrap();
            assert_eq!(again.frame, first.frame, "a shot does not depend on the one before");
            assert_ne!(third.frame, first.frame);
            assert_eq!(third.freed, Some(frame(120)));
        }
    }

    #[test]
    fn the_changed_area_has_all_planes() {
        let between = |a: usize, b: usize| changed(&frame(a), &frame(b));
        assert_eq!(between(40, 40), None);
        assert_eq!(between(40, 44), Some(Window { x0: 40, y0: 24, x1: 60, y1: 40 }));
        let mut other = frame(40);
        let at = other.format.planes()[2].0.start;
        other.bytes[at + 3 * SIZE.0 / 2 + 9] ^= 1;
        let window = Window { x0: 18, y0: 6, x1: 20, y1: 8 };
        assert_eq!(changed(&frame(40), &other), Some(window));
    }
}
