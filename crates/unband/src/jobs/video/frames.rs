//! One frame after the other: where shots begin, what is found in them, and what is done.

use unband_image::dither::{Diffusion, Grid, Quantizer};
use unband_image::inspect::{Cause, Findings, inspect};
use unband_image::restorer::NoProgress;
use unband_image::{Context, Depth, Image, Model, Plane, Restorer, Rng};
use unband_io::video::FrameFormat;

use super::steady::{Before, steady};
use crate::choose::{Act, Choices, choose};
use crate::faithful::cells;
use crate::jobs::image::deband_as_it_lies;
use crate::{Error, Options, OutputDepth};

/// Share of the strength that is best for single pictures: traces of a film's coding move from frame to frame, and one follows the
/// other. With all of it bands are fewer, but slopes that were right are bent: at low rates smooth areas then come out worse than they
/// came in. AV1's own filters leave slopes that are nearer to right than those of others. Found on clips of photos kept for
/// choosing, with four codecs (`docs/results/films.md`).
fn share_of_strength(codec: &str) -> f32 {
    if codec == "av1" { 0.45 } else { 0.6 }
}

/// Frames from one look at a shot to the next: pictures change within a shot, as in a fade.
const LOOK_EVERY: u32 = 24;

/// What became of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Done {
    /// Does a shot begin with it?
    pub(super) begins_shot: bool,
    /// Is any sample another one?
    pub(super) changed: bool,
}

/// Takes the banding out of frames, in order.
pub(super) struct Frames<'a> {
    options: &'a Options,
    /// Share of the strength for frames that show traces of coding.
    coded: f32,
    ctx: Context<'a>,
    from: FrameFormat,
    to: FrameFormat,
    shot: Option<Shot>,
    /// Number of the frame since [`Frames::restart`].
    number: u32,
    last: Option<(Vec<u8>, Vec<u8>)>,
    codes: ByCodes,
    /// Planes whose memory can be used again: new memory costs more than some steps of the work.
    spare: Vec<Vec<Plane>>,
}

/// A method that works on the frames' codes as they are, without images.
enum ByCodes {
    /// Not looked for.
    Unknown,
    None,
    /// Prepared for frames like these.
    Method(Box<dyn Restorer>),
}

/// What holds for the frames of a shot.
struct Shot {
    findings: Findings,
    choices: Choices,
    /// Frames since the last look.
    age: u32,
    before: Option<Before>,
}

impl Shot {
    /// Do its frames stay as they are?
    fn leaves(&self) -> bool {
        matches!(self.choices.act, Act::Leave(_) | Act::Regrid)
    }
}

impl<'a> Frames<'a> {
    /// `codec`: what the frames were decoded from, as ffprobe names it; empty where nobody knows.
    pub(super) fn new(
        options: &'a Options,
        codec: &str,
        (from, to): (FrameFormat, FrameFormat),
        ctx: &Context<'a>,
    ) -> Self {
        // Progress is told in frames.
        let ctx = Context { rng: Rng::new(options.seed), progress: &NoProgress, ..*ctx };
        Self {
            options,
            coded: share_of_strength(codec),
            ctx,
            from,
            to,
            shot: None,
            number: 0,
            last: None,
            codes: ByCodes::Unknown,
            spare: Vec::new(),
        }
    }

    /// Forgets everything: what follows does not depend on what was before.
    pub(super) fn restart(&mut self) {
        (self.shot, self.number, self.last) = (None, 0, None);
    }

    /// What works on the shot that the last frame is of; nothing where it stays as it is.
    pub(super) fn method(&self) -> Option<&'static str> {
        self.shot.as_ref().filter(|shot| !shot.leaves()).map(|shot| shot.choices.entry.name)
    }

    /// Makes a frame's result. `begins_shot`: it has nothing to do with the frame before.
    ///
    /// # Errors
    /// Unknown methods and settings, methods that cannot work on such pictures, and cancelled.
    pub(super) fn next(&mut self, bytes: &[u8], begins_shot: bool, out: &mut Vec<u8>) -> Result<Done, Error> {
        self.ctx.check()?;
        if begins_shot {
            self.shot = None;
        }
        let same = self.last.as_ref().filter(|(source, _)| source == bytes);
        let changed = if let Some((_, result)) = same {
            out.clone_from(result);
            true
        } else {
            self.work(bytes, out)?
        };
        self.number += 1;
        if let ByCodes::Method(_) = self.codes {
            // To look for the same frame again costs as much as to work on it.
            return Ok(Done { begins_shot, changed });
        }
        let (source, result) = self.last.get_or_insert_with(Default::default);
        source.clear();
        source.extend_from_slice(bytes);
        result.clone_from(out);
        Ok(Done { begins_shot, changed })
    }

    fn work(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<bool, Error> {
        // What moves from frame to frame is less seen than what stands still; with more bits than eight neither is.
        let frame = if self.to.pixels.bits <= 8 { self.number } else { 0 };
        let ctx = Context { frame, output: Some(Depth::Int(self.to.pixels.bits)), ..self.ctx };
        if let ByCodes::Method(method) = &self.codes
            && self.from.restore_codes((bytes, &self.to), out, &**method, &ctx)?
        {
            return Ok(true);
        }
        if let Some(shot) = self.shot.as_mut().filter(|shot| shot.age < LOOK_EVERY && shot.leaves()) {
            shot.age += 1;
            self.from.widen(bytes, &self.to, out)?;
            return Ok(false);
        }
        let image = self.from.read_into(bytes, self.spare.pop().unwrap_or_default())?;
        let looked = match self.shot.take() {
            Some(shot) if shot.age < LOOK_EVERY => shot,
            old => {
                let findings = look(&image, self.options, &ctx);
                let choices = plan(&image, &findings, (self.options, self.coded), self.to.pixels.bits)?;
                Shot { findings, choices, age: 0, before: old.and_then(|shot| shot.before) }
            }
        };
        let shot = self.shot.insert(looked);
        shot.age += 1;
        if shot.leaves() {
            self.spare.extend(shot.before.take().map(|before| before.source));
            self.spare.push(image.planes);
            self.from.widen(bytes, &self.to, out)?;
            return Ok(false);
        }
        let choices = &shot.choices;
        let own = choices.entry.ours || choices.faithful;
        if !own && matches!(self.codes, ByCodes::Unknown) {
            let method = (choices.entry.build)(&choices.settings)?(&image, &shot.findings, &ctx)?;
            if self.from.restore_codes((bytes, &self.to), out, &*method, &ctx)? {
                self.codes = ByCodes::Method(method);
                return Ok(true);
            }
            self.codes = ByCodes::None;
        }
        if !own {
            let result = restored(image, &shot.findings, choices, self.options, &ctx)?;
            self.to.write(&result, (bytes, &self.from), out)?;
            self.spare.push(result.planes);
            return Ok(true);
        }
        let source = copied(&image.planes, self.spare.pop());
        let mut result = restored(image, &shot.findings, choices, self.options, &ctx)?;
        if let Some(before) = shot.before.take() {
            steady(&mut result.planes, &source, &before, &ctx);
            keep(&mut result, &source, &shot.findings, choices, &self.from, &ctx);
            self.spare.extend([before.source, before.result]);
        }
        let unrounded = copied(&result.planes, self.spare.pop());
        round(&mut result, &source, self.options, &self.to, &ctx);
        self.to.write(&result, (bytes, &self.from), out)?;
        shot.before = Some(Before { source, result: unrounded });
        self.spare.push(result.planes);
        Ok(true)
    }
}

/// The same planes, in memory that may be there.
fn copied(planes: &[Plane], spare: Option<Vec<Plane>>) -> Vec<Plane> {
    let mut out = spare.unwrap_or_default();
    out.resize_with(planes.len(), || Plane::filled(0, 0, 0.0));
    for (to, from) in out.iter_mut().zip(planes) {
        (to.width, to.height) = (from.width, from.height);
        to.data.clone_from(&from.data);
    }
    out
}

/// What a frame is like. Methods that run as their authors wrote them ask nothing of it.
fn look(image: &Image, options: &Options, ctx: &Context<'_>) -> Findings {
    let plain = Findings::plain(image.planes.len(), image.depth.bits());
    let named = choose(image, &plain, options);
    match named {
        Ok(choices) if !choices.entry.ours && !choices.faithful => plain,
        // A shot is treated alike: no frame of it is a drawing by itself.
        _ => Findings { drawing: None, ..inspect(image, ctx) },
    }
}

/// What is done with a frame. Frames of which nothing would have to be repaired at their own depth stay as they are: more
/// bits are no reason to touch them.
fn plan(
    image: &Image,
    findings: &Findings,
    (options, coded): (&Options, f32),
    bits: u8,
) -> Result<Choices, Error> {
    let share = if image.origin.is_lossy() && matches!(findings.cause, Cause::Coded | Cause::Video) {
        coded
    } else {
        1.0
    };
    let own_depth =
        Options { depth: OutputDepth::Keep, strength: share * options.strength, ..options.clone() };
    let choices = choose(image, findings, &own_depth)?;
    let own = choices.entry.ours || choices.faithful;
    let depth = if own { Depth::F32 } else { Depth::Int(bits) };
    Ok(Choices { depth, ..choices })
}

/// The frame restored, in the model that it has.
fn restored(
    image: Image,
    findings: &Findings,
    choices: &Choices,
    options: &Options,
    ctx: &Context<'_>,
) -> Result<Image, Error> {
    if !(choices.entry.rgb && image.is_yuv()) {
        return Ok(deband_as_it_lies(image, findings.clone(), choices, options, ctx)?.0);
    }
    let wrong = |error: unband_image::ImageError| Error::Image(error.to_string());
    let before = image.clone().into_rgb(ctx).map_err(wrong)?;
    let float = Choices { depth: Depth::F32, ..choices.clone() };
    let (after, _) = deband_as_it_lies(image.clone(), findings.clone(), &float, options, ctx)?;
    Ok(with_difference(image, &before, &after))
}

/// Adds what a method has changed in red, green and blue to the luma and chroma that they came from: pixels that it has left
/// alone keep their codes.
fn with_difference(mut image: Image, before: &Image, after: &Image) -> Image {
    let Model::Yuv { matrix, subsampling, .. } = image.color.model else { return image };
    let (width, height) = (image.width(), image.height());
    let (sx, sy) = (usize::from(subsampling.x), usize::from(subsampling.y));
    let chroma_width = image.planes[1].width;
    let share = |x: usize, y: usize| {
        // Pixels that share a chroma sample, fewer at the border.
        let (w, h) = ((width - x / sx * sx).min(sx), (height - y / sy * sy).min(sy));
        1.0 / (w * h) as f32
    };
    for y in 0..height {
        for x in 0..width {
            let at = y * width + x;
            let change = [0, 1, 2].map(|p| after.planes[p].data[at] - before.planes[p].data[at]);
            let [luma, u, v] = matrix.to_yuv(change);
            image.planes[0].data[at] += luma;
            let chroma = y / sy * chroma_width + x / sx;
            image.planes[1].data[chroma] += share(x, y) * u;
            image.planes[2].data[chroma] += share(x, y) * v;
        }
    }
    image
}

/// Keeps a mean over time inside the cells of the frame's own samples.
fn keep(
    result: &mut Image,
    source: &[Plane],
    findings: &Findings,
    choices: &Choices,
    from: &FrameFormat,
    ctx: &Context<'_>,
) {
    if !choices.faithful {
        return;
    }
    let mut original = Image::new(source.to_vec(), result.color.model, Depth::Int(from.pixels.bits));
    original.color = result.color;
    let cells = cells(&original, findings);
    let limits = (f32::NEG_INFINITY, f32::INFINITY);
    if let (true, [r, g, b]) = (cells.joint(), result.planes.as_mut_slice()) {
        for y in 0..r.height {
            let rows = [0, 1, 2].map(|p: usize| source[p].row(y));
            cells.keep_pixels(ctx.level, (0, y), [r.row_mut(y), g.row_mut(y), b.row_mut(y)], rows, limits);
        }
        return;
    }
    for (p, plane) in result.planes.iter_mut().enumerate() {
        let width = plane.width.max(1);
        let rows: Vec<&mut [f32]> = plane.data.chunks_exact_mut(width).collect();
        ctx.map_parts(rows, |y, row| cells.keep(ctx.level, p, (0, y), row, source[p].row(y), limits));
    }
}

/// Dithers and rounds to the codes of the output.
fn round(image: &mut Image, source: &[Plane], options: &Options, to: &FrameFormat, ctx: &Context<'_>) {
    let depth = Depth::Int(to.pixels.bits);
    let model = image.color.model;
    let quantizer = Quantizer::new(options.dither, model, depth, options.locked, ctx);
    let widths: Vec<usize> = image.planes.iter().map(|plane| plane.width).collect();
    let mut diffusion = quantizer.diffuses().then(|| Diffusion::new(quantizer, &widths));
    for (p, plane) in image.planes.iter_mut().enumerate() {
        let (low, high) = Grid::of_bits(model, p, to.pixels.bits).limits();
        let width = plane.width.max(1);
        let rows: Vec<&mut [f32]> = plane.data.chunks_exact_mut(width).collect();
        if let Some(diffusion) = &mut diffusion {
            rows.into_iter().enumerate().for_each(|(y, row)| diffusion.row(p, y, row, source[p].row(y)));
        } else {
            ctx.map_parts(rows, |y, row| {
                for value in row.iter_mut() {
                    *value = value.clamp(low, high);
                }
                quantizer.row(p, (0, y), row, source[p].row(y), None);
            });
        }
    }
    image.depth = depth;
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::Choice;
    use unband_image::{Color, Matrix, Range, Subsampling};
    use unband_io::video::PixelFormat;

    #[test]
    fn methods_on_codes_give_what_they_give_on_images() {
        let model =
            Model::Yuv { matrix: Matrix::Bt709, range: Range::Limited, subsampling: Subsampling::HALF };
        for (name, bits) in [("yuv420p", 8u8), ("yuva420p", 8), ("yuv420p10le", 10)] {
            let pixels = PixelFormat::by_name(name).unwrap();
            let format = FrameFormat { width: 90, height: 70, pixels, color: Color::new(model), lossy: true };
            let codes = 0..format.frame_bytes() / pixels.sample_bytes();
            let code = |i: usize, number: usize| (60 + 3 * number + i % 90 / 9 + i / 900) << (bits - 8);
            let frame = |number| -> Vec<u8> {
                let bytes = |i| (code(i, number) as u16).to_le_bytes()[..pixels.sample_bytes()].to_vec();
                codes.clone().flat_map(bytes).collect()
            };
            for method in ["gradfun", "ffmpeg-deband", "f3kdb"] {
                let method = method.to_owned();
                let options = Options {
                    method: Choice::Named { name: method.clone(), settings: Vec::new() },
                    depth: OutputDepth::Keep,
                    ..Options::default()
                };
                let ctx = Context::default();
                let mut frames = Frames::new(&options, "", (format, format), &ctx);
                let (mut got, mut want) = (Vec::new(), Vec::new());
                for number in 0..3 {
                    let before = frame(number);
                    assert!(frames.next(&before, number == 2, &mut got).unwrap().changed);
                    assert!(matches!(frames.codes, ByCodes::Method(_)), "{name} {method}");
                    let (image, _) =
                        crate::deband_with(format.read(&before).unwrap(), &options, &ctx).unwrap();
                    format.write(&image, (&before, &format), &mut want).unwrap();
                    assert!(got == want && got != before, "{name} {method} frame {number}");
                }
            }
        }
    }

    #[test]
    fn texture_beside_a_banded_slope_keeps_its_codes() {
        const SIZE: (usize, usize) = (320, 192);
        let model =
            Model::Yuv { matrix: Matrix::Bt709, range: Range::Limited, subsampling: Subsampling::HALF };
        let pixels = PixelFormat::by_name("yuv420p").unwrap();
        let color = Color::new(model);
        let from = FrameFormat { width: SIZE.0, height: SIZE.1, pixels, color, lossy: false };
        let to = from.with_bits(10).unwrap();
        let rng = Rng::new(7);
        let luma = |x: usize, y: usize| match x {
            0..160 => 60 + (rng.unit_at(0, 0, x as u32, y as u32) * 120.0) as u8,
            _ => 60 + 4 * ((x + y / 2) / 16) as u8,
        };
        let mut bytes = vec![128u8; from.frame_bytes()];
        for (i, code) in bytes[..SIZE.0 * SIZE.1].iter_mut().enumerate() {
            *code = luma(i % SIZE.0, i / SIZE.0);
        }
        let options = Options {
            method: Choice::Named { name: "smooth".to_owned(), settings: Vec::new() },
            ..Options::default()
        };
        let (ctx, mut out) = (Context::default(), Vec::new());
        let mut frames = Frames::new(&options, "", (from, to), &ctx);
        assert!(frames.next(&bytes, true, &mut out).unwrap().changed);
        let mut changed = [0, 0];
        for (i, (pair, &code)) in out.as_chunks::<2>().0.iter().zip(&bytes[..SIZE.0 * SIZE.1]).enumerate() {
            changed[usize::from(i % SIZE.0 >= 160)] +=
                usize::from(u16::from_le_bytes(*pair) != 4 * u16::from(code));
        }
        // Half a box of the gate into the texture may move.
        assert!(changed[0] <= SIZE.1 * 4 && changed[1] > SIZE.1 * 80, "{changed:?}");
    }
}
