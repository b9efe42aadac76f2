//! AVIF still images: 8, 10 and 12 bits, grids, alpha and all properties.
//!
//! Planes are grey, RGB, or luma and chroma as stored.
//!
//! Source: AV1 Image File Format 1.1, ISO/IEC 23008-12 (HEIF), ITU-T H.273 (code points).

mod av1;
mod boxes;
mod encode;
mod mux;

use std::borrow::Cow;
use std::io::Write;

use unband_image::dither::Grid;
use unband_image::{
    Cicp, Codec, Context, Density, DensityUnit, Depth, Image, Mastering, Matrix, Metadata, Model, Plane,
    Range, Subsampling,
};

use self::av1::Sequence;
use self::boxes::{AvifItem, Container, Cursor, NAME, is_avif};
use self::encode::Coding;
use self::mux::StoredImage;
use super::{Dropped, FormatEntry, Item, When, WriteOptions, Writes, auxiliary, heif_unread};
use crate::samples::widen;
use crate::{Error, Limits, exif, limits, orient};

/// AV1 itself allows 65,536.
const LONGEST_SIDE: u32 = 65_535;
/// The best encoders need 630 bytes for 67 million pixels of one colour, a little less than half of this
/// limit.
const MOST_PIXELS_PER_BYTE: u64 = 1 << 18;
const XMP_TYPE: &[u8] = b"application/rdf+xml";
const ALPHA: [&[u8]; 2] = [b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha", b"urn:mpeg:hevc:2015:auxid:1"];

pub(super) const ENTRY: FormatEntry = FormatEntry {
    name: NAME,
    extensions: &["avif"],
    reads: true,
    writes: Some(WRITES),
    is: is_avif,
    read,
    write,
};

const WRITES: Writes = Writes {
    // 12 bits through `avifenc`.
    depths: &[Depth::EIGHT, Depth::Int(10), Depth::Int(12)],
    // The AV1 encoder keeps several frames of its own.
    memory: 6,
    lossy: When::Always,
    effort: When::Always,
    yuv: true,
    alpha: true,
    icc: true,
    exif: true,
    xmp: true,
    cicp: true,
    // In Exif, which is created if there is none.
    density: true,
    ..Writes::SAMPLES
};

fn read(bytes: &[u8], limits: &Limits) -> Result<Image, Error> {
    let container = Container::parse(bytes)?;
    let item = container.primary()?;
    let canvas = Canvas::new(&container, item, limits)?;
    let alpha = alpha_of(&container, item)?;
    let (width, height) = canvas.size;
    let mono = canvas.sequence.mono;
    limits.check(width.into(), height.into(), if mono { 1 } else { 3 } + u64::from(alpha.is_some()))?;
    let cicp = nclx(&container, item)?.unwrap_or(canvas.sequence.cicp);
    let mut image = canvas.image(&container, cicp)?;
    if let Some(item) = alpha {
        image.alpha = Some(alpha_plane(&container, item, limits, &image)?);
    }
    // Two unspecified code points carry no information.
    image.color.cicp = (cicp.primaries != 2 || cicp.transfer != 2).then_some(cicp);
    image.origin.codec = Codec::Lossy(NAME);
    image.metadata = metadata(&container, item)?;
    image.metadata.auxiliary = auxiliary::in_meta(container.meta);
    image.metadata.unread = heif_unread::names(bytes);
    if let Some(mut window) = container.property(item, *b"clap") {
        image = crop(image, Window::read(&mut window, canvas.size)?)?;
    }
    // The item's own properties apply, not Exif (MIAF, 7.3.6.5 and 7.3.10.1).
    let turn = orientation(&container, item)?;
    if let Some(block) =
        image.metadata.exif.as_mut().filter(|block| turn == 1 && exif::orientation(block) != 1)
    {
        exif::settle_orientation(block, 1);
        image.metadata.xmp.iter_mut().for_each(|xmp| exif::settle_xmp(xmp));
    }
    orient::apply(&mut image, turn)?;
    Ok(image)
}

/// The AV1 images that form a grid; usually one.
struct Canvas {
    size: (u32, u32),
    /// Size of each image.
    cell: (u32, u32),
    columns: usize,
    /// Item ids, row by row.
    cells: Vec<u32>,
    /// Sequence header of the first.
    sequence: Sequence,
}

impl Canvas {
    fn new<'a>(container: &Container<'a>, item: &AvifItem<'a>, limits: &Limits) -> Result<Self, Error> {
        container.check_essential(item)?;
        let size = container.size(item)?;
        let (columns, cells) = match &item.kind {
            b"av01" => (1, vec![item.id]),
            b"grid" => grid(container, item, size)?,
            kind => {
                let kind = String::from_utf8_lossy(kind);
                return Err(Error::unsupported(NAME, format!("image items of type `{kind}`")));
            }
        };
        let first = cells.first().copied().unwrap_or(item.id);
        let cell = container.size(container.get(first)?)?;
        limits.check(cell.0.into(), cell.1.into(), 1)?;
        let rows = cells.len() / columns;
        // Grid images extend past the right and lower edge by less than one of them.
        let covers = |whole: u32, part: u32, count: usize| {
            let covered = u64::from(part) * count as u64;
            covered >= whole.into() && covered - u64::from(part) < whole.into()
        };
        if !covers(size.0, cell.0, columns) || !covers(size.1, cell.1, rows) {
            return Err(Error::damaged(NAME, "the tiles of its grid do not cover the image"));
        }
        let data = container.data(container.get(first)?)?;
        check_length(&data, cell)?;
        let sequence = av1::sequence(&data)?;
        let even = |part: u32, count: usize, scale: u8| count == 1 || part.is_multiple_of(scale.into());
        let chroma = sequence.subsampling;
        let divided = !even(cell.0, columns, chroma.x) || !even(cell.1, rows, chroma.y);
        if divided && !sequence.mono {
            return Err(Error::unsupported(NAME, "a grid whose tiles divide chroma samples"));
        }
        Ok(Self { size, cell, columns, cells, sequence })
    }

    /// Decodes each grid image and passes it on with its position.
    fn each(
        &self,
        container: &Container<'_>,
        mut put: impl FnMut(&av1::Decoded, usize, usize),
    ) -> Result<(), Error> {
        for (i, &id) in self.cells.iter().enumerate() {
            let item = container.get(id)?;
            container.check_essential(item)?;
            if container.size(item)? != self.cell || &item.kind != b"av01" {
                return Err(Error::damaged(NAME, "the tiles of its grid differ in type or size"));
            }
            let data = container.data(item)?;
            let sequence = av1::sequence(&data)?;
            check_length(&data, self.cell)?;
            if container.property(item, *b"lsel").is_some_and(|mut layer| layer.u16().ok() != Some(0xFFFF)) {
                return Err(Error::unsupported(NAME, "layer selection"));
            }
            let point = container.property(item, *b"a1op").map_or(Ok(0), |mut point| point.u8())?;
            if point > 31 {
                return Err(Error::damaged(NAME, "an invalid operating point"));
            }
            let decoded = av1::decode(&data, point, self.cell)?;
            if !decoded.is(&self.sequence) || sequence.cicp.full_range != self.sequence.cicp.full_range {
                return Err(Error::damaged(NAME, "an image does not match its header"));
            }
            let (column, row) = (i % self.columns, i / self.columns);
            put(&decoded, column * self.cell.0 as usize, row * self.cell.1 as usize);
        }
        Ok(())
    }

    fn image(&self, container: &Container<'_>, cicp: Cicp) -> Result<Image, Error> {
        let Sequence { bits, mono, subsampling, .. } = self.sequence;
        let model = model(&self.sequence, cicp)?;
        let (width, height) = (self.size.0 as usize, self.size.1 as usize);
        let (cw, ch) = subsampling.chroma_size(width, height);
        let mut planes = vec![limits::new_plane(width, height)?];
        if !mono {
            planes.extend([limits::new_plane(cw, ch)?, limits::new_plane(cw, ch)?]);
        }
        let values: Vec<Vec<f32>> = (0..3).map(|plane| values(model, plane, bits)).collect();
        self.each(container, |decoded, x, y| {
            for (i, plane) in planes.iter_mut().enumerate() {
                let (scale_x, scale_y) = if i == 0 { (1, 1) } else { (subsampling.x, subsampling.y) };
                decoded.put(i, plane, x / usize::from(scale_x), y / usize::from(scale_y), &values[i]);
            }
        })?;
        match model {
            // Stored as green, blue, red (H.273, matrix 0).
            Model::Rgb => planes.rotate_right(1),
            Model::Yuv { .. } if mono => {
                planes.extend([Plane::filled(cw, ch, 0.5), Plane::filled(cw, ch, 0.5)]);
            }
            _ => {}
        }
        let mut image = Image::new(planes, model, Depth::Int(bits));
        image.color.siting = self.sequence.siting();
        Ok(image)
    }
}

/// Rejects streams that are too short for their image before memory is allocated for it.
fn check_length(stream: &[u8], (width, height): (u32, u32)) -> Result<(), Error> {
    let least = u64::from(width) * u64::from(height) / MOST_PIXELS_PER_BYTE;
    if least > stream.len() as u64 { Err(Error::Truncated { format: NAME }) } else { Ok(()) }
}

/// Columns and grid images of a grid item.
fn grid<'a>(
    container: &Container<'a>,
    item: &AvifItem<'a>,
    size: (u32, u32),
) -> Result<(usize, Vec<u32>), Error> {
    let data = container.data(item)?;
    let mut data = Cursor(&data);
    let wrong = |what: &str| Error::damaged(NAME, format!("its grid {what}"));
    if data.u8()? != 0 {
        return Err(Error::unsupported(NAME, "a grid of an unknown version"));
    }
    let number = if data.u8()? & 1 == 1 { 4 } else { 2 };
    let (rows, columns) = (usize::from(data.u8()?) + 1, usize::from(data.u8()?) + 1);
    if (data.number(number)?, data.number(number)?) != (size.0.into(), size.1.into()) {
        return Err(wrong("has a different size from the image"));
    }
    let cells = container.referred(*b"dimg", item.id);
    if cells.len() != rows * columns {
        return Err(wrong("does not have the declared number of tiles"));
    }
    Ok((columns, cells.to_vec()))
}

/// The sample value of each code.
fn values(model: Model, plane: usize, bits: u8) -> Vec<f32> {
    let grid = Grid::of_bits(model, plane, bits);
    (0..=Depth::Int(bits).max_code()).map(|code| (code as f32 - grid.zero) / grid.scale).collect()
}

fn model(sequence: &Sequence, cicp: Cicp) -> Result<Model, Error> {
    let range = if cicp.full_range { Range::Full } else { Range::Limited };
    let subsampling = sequence.subsampling;
    if sequence.mono && cicp.full_range {
        return Ok(Model::Gray);
    }
    let matrix = match (cicp.matrix, cicp.primaries) {
        (0, _) if sequence.mono => Matrix::Bt601,
        (0, _) if subsampling == Subsampling::NONE && cicp.full_range => return Ok(Model::Rgb),
        (0, _) => return Err(Error::unsupported(NAME, "limited-range or subsampled RGB")),
        (1, _) | (12, 1) => Matrix::Bt709,
        // Unspecified code points get the usual default.
        (2 | 5 | 6, _) | (12, 2 | 5 | 6) => Matrix::Bt601,
        (9, _) | (12, 9) => Matrix::Bt2020,
        (other, _) => return Err(Error::unsupported(NAME, format!("matrix coefficients {other}"))),
    };
    Ok(Model::Yuv { matrix, range, subsampling })
}

/// The code points of the container; they take precedence over those of the stream.
fn nclx<'a>(container: &Container<'a>, item: &AvifItem<'a>) -> Result<Option<Cicp>, Error> {
    for mut color in container.all(item, *b"colr") {
        if color.take(4)? == b"nclx" {
            let mut code = || Ok::<_, Error>(u8::try_from(color.u16()?).unwrap_or(2));
            let (primaries, transfer, matrix) = (code()?, code()?, code()?);
            let full_range = color.u8()? >> 7 == 1;
            return Ok(Some(Cicp { primaries, transfer, matrix, full_range }));
        }
    }
    Ok(None)
}

/// The item with the alpha plane of another item.
fn alpha_of<'c, 'a>(
    container: &'c Container<'a>,
    item: &AvifItem<'a>,
) -> Result<Option<&'c AvifItem<'a>>, Error> {
    let is_alpha = |item: &&AvifItem<'a>| {
        container.property(item, *b"auxC").is_some_and(|mut kind| {
            kind.version().is_ok()
                && ALPHA.iter().any(|urn| kind.0.strip_suffix(b"\0").unwrap_or(kind.0) == *urn)
        })
    };
    let Some(alpha) = container.referring(*b"auxl", item.id).find(is_alpha) else { return Ok(None) };
    if container.referred(*b"prem", item.id).contains(&alpha.id) {
        return Err(Error::unsupported(NAME, "premultiplied alpha"));
    }
    Ok(Some(alpha))
}

/// Full-range alpha on the grid of the image's depth.
fn alpha_plane<'a>(
    container: &Container<'a>,
    item: &AvifItem<'a>,
    limits: &Limits,
    image: &Image,
) -> Result<Plane, Error> {
    let canvas = Canvas::new(container, item, limits)?;
    if (canvas.size.0 as usize, canvas.size.1 as usize) != (image.width(), image.height()) {
        return Err(Error::unsupported(NAME, "alpha of a different size from the image"));
    }
    let Sequence { bits, cicp, subsampling, .. } = canvas.sequence;
    if bits > image.depth.bits() {
        return Err(Error::unsupported(NAME, "alpha with more bits than the image"));
    }
    let range = if cicp.full_range { Range::Full } else { Range::Limited };
    let stored = Model::Yuv { matrix: Matrix::Bt601, range, subsampling };
    let (own, depth) = (Depth::Int(bits), image.depth);
    let values: Vec<f32> = values(stored, 0, bits)
        .into_iter()
        .map(|value| depth.value(widen(own.code(value), own.max_code(), depth.max_code())))
        .collect();
    let mut plane = limits::new_plane(image.width(), image.height())?;
    canvas.each(container, |decoded, x, y| decoded.put(0, &mut plane, x, y, &values))?;
    Ok(plane)
}

fn metadata<'a>(container: &Container<'a>, item: &AvifItem<'a>) -> Result<Metadata, Error> {
    let mut metadata = Metadata::default();
    for mut color in container.all(item, *b"colr") {
        if matches!(color.take(4)?, b"prof" | b"rICC") {
            metadata.icc = Some(color.0.to_vec());
        }
    }
    if let Some(mut light) = container.property(item, *b"clli") {
        let mut nits = || Ok::<_, Error>(u32::from(light.u16()?) * 10_000);
        metadata.colorimetry.content_light = Some((nits()?, nits()?));
    }
    if let Some(mut display) = container.property(item, *b"mdcv") {
        // The box stores green, blue, red, white; here red comes first.
        let mut stored = [0; 8];
        for value in &mut stored {
            *value = display.u16()?;
        }
        let [gx, gy, bx, by, rx, ry, wx, wy] = stored;
        metadata.colorimetry.mastering = Some(Mastering {
            chromaticities: [rx, ry, gx, gy, bx, by, wx, wy],
            max_luminance: display.u32()?,
            min_luminance: display.u32()?,
        });
    }
    let block = container.metadata(*b"Exif", b"", item.id);
    if let Some(mut cursor) = block.as_deref().map(Cursor)
        && let Ok(offset) = cursor.u32()
        && let Some(block) = cursor.0.get(offset as usize..).and_then(exif::block)
    {
        metadata.density = exif::density(block);
        // A block created only for the density has nothing else.
        metadata.exif = Some(block.to_vec()).filter(|block| exif::describes_more_than_density(block));
    }
    metadata.xmp = container.metadata(*b"mime", XMP_TYPE, item.id).map(Cow::into_owned);
    if let Some(mut aspect) = container.property(item, *b"pasp").filter(|_| metadata.density.is_none()) {
        let (across, down) = (aspect.u32()?, aspect.u32()?);
        if across != down && across > 0 && down > 0 {
            let unit = DensityUnit::Aspect;
            metadata.density = Some(Density { x: down.into(), y: across.into(), unit });
        }
    }
    Ok(metadata)
}

/// The Exif orientation equivalent to the item's rotation followed by its mirroring.
fn orientation<'a>(container: &Container<'a>, item: &AvifItem<'a>) -> Result<u8, Error> {
    // Quarter turns counterclockwise.
    let turn = container.property(item, *b"irot").map_or(Ok(0), |mut turn| turn.u8())? & 3;
    let mirror = container.property(item, *b"imir").map(|mut axis| axis.u8()).transpose()?;
    let table = match mirror.map(|axis| axis & 1) {
        None => [1, 8, 3, 6],
        // Top to bottom.
        Some(0) => [4, 5, 2, 7],
        // Left to right.
        Some(_) => [2, 7, 4, 5],
    };
    Ok(table[usize::from(turn)])
}

/// The visible part of an image.
#[derive(Clone, Copy)]
struct Window {
    x: usize,
    y: usize,
    width: usize,
    height: usize,
}

impl Window {
    /// Source: ISO/IEC 14496-12, 12.1.4.1 (clean aperture).
    fn read(content: &mut Cursor<'_>, size: (u32, u32)) -> Result<Self, Error> {
        let wrong =
            || Error::damaged(NAME, "its clean aperture is not a range of whole samples inside the image");
        let mut numbers = [0i128; 8];
        for (i, number) in numbers.iter_mut().enumerate() {
            let stored = content.u32()?;
            // Offsets are signed.
            *number = if matches!(i, 4 | 6) { (stored.cast_signed()).into() } else { stored.into() };
        }
        let whole = |a: i128, b: i128| if b > 0 && a % b == 0 { Ok(a / b) } else { Err(wrong()) };
        let side = |i: usize, full: u32| {
            let full = i128::from(full);
            let length = whole(numbers[i], numbers[i + 1])?;
            let (offset, scale) = (numbers[i + 4], numbers[i + 5]);
            let start = whole((full - length) * scale + 2 * offset, 2 * scale)?;
            if length < 1 || start < 0 || start + length > full {
                return Err(wrong());
            }
            Ok((start as usize, length as usize))
        };
        let ((x, width), (y, height)) = (side(0, size.0)?, side(2, size.1)?);
        Ok(Self { x, y, width, height })
    }
}

fn crop(image: Image, window: Window) -> Result<Image, Error> {
    let Window { x, y, width, height } = window;
    let subsampling = match image.color.model {
        Model::Yuv { subsampling, .. } => subsampling,
        _ => Subsampling::NONE,
    };
    let apart = |at: usize, scale: u8| !at.is_multiple_of(scale.into());
    if apart(x, subsampling.x) || apart(y, subsampling.y) {
        let image = image.into_full_chroma(&Context::default()).map_err(|e| Error::damaged(NAME, e))?;
        return crop(image, window);
    }
    let cut = |plane: &Plane, full: bool| {
        let (sx, sy) = if full { (1, 1) } else { (subsampling.x.into(), subsampling.y.into()) };
        let mut out = limits::new_plane(width.div_ceil(sx), height.div_ceil(sy))?;
        for row in 0..out.height {
            let from = plane.row(row + y / sy).iter().skip(x / sx);
            out.row_mut(row).iter_mut().zip(from).for_each(|(to, &from)| *to = from);
        }
        Ok::<_, Error>(out)
    };
    let planes: Vec<Plane> =
        image.planes.iter().enumerate().map(|(i, plane)| cut(plane, i == 0)).collect::<Result<_, _>>()?;
    let alpha = image.alpha.as_ref().map(|plane| cut(plane, true)).transpose()?;
    Ok(Image { planes, alpha, ..image })
}

fn write(
    image: &Image,
    options: &WriteOptions,
    out: &mut dyn Write,
    dropped: &mut Vec<Dropped>,
) -> Result<(), Error> {
    let size = |side: usize| u32::try_from(side).ok().filter(|&s| s <= LONGEST_SIDE);
    let (Some(width), Some(height)) = (size(image.width()), size(image.height())) else {
        let (width, height) = (image.width(), image.height());
        return Err(Error::Size { format: NAME, most: LONGEST_SIDE, width, height });
    };
    if options.lossless == Some(true) {
        return Err(Error::encode(NAME, "lossless is not supported"));
    }
    let bits = WRITES.container(image.depth, NAME)?.bits();
    let planes = encode::planes(image)?;
    let cicp = encode::code_points(&planes, image.color.cicp);
    let coding =
        Coding { bits, cicp, quality: options.quality, effort: options.effort, threads: options.threads };
    let color = encode::encode(&planes, &coding)?;
    drop(planes);
    let alpha = match &image.alpha {
        Some(plane) => {
            let plane = Image::new(vec![plane.clone()], Model::Gray, image.depth);
            Some(encode::encode(&plane, &coding.of_alpha())?)
        }
        None => None,
    };
    let colors = &image.metadata.colorimetry;
    let described = colors.srgb_intent.is_some() || image.metadata.icc.is_some();
    if !described && colors.gamma.is_some_and(|gamma| gamma != super::SRGB_GAMMA) {
        dropped.push(Dropped::because(Item::Colorimetry, "gamma"));
    }
    let icc = image.metadata.icc.as_deref();
    let fits = |icc: &&[u8]| super::icc_fits(icc, image.color.model);
    if icc.is_some_and(|icc| !fits(&icc)) {
        dropped.push(Dropped::because(Item::Icc, "its colour space differs from the image's"));
    }
    let stored_image =
        StoredImage { width, height, color, alpha, cicp, icc: icc.filter(fits), metadata: &image.metadata };
    mux::write(&stored_image, out)
}
