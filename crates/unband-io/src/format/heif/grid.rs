//! The coded images of an item, joined on one canvas: usually one, otherwise a grid.

use unband_image::dither::Grid;
use unband_image::{Cicp, Depth, Image, Matrix, Model, Plane, Range, Subsampling};

use super::container::{Container, HeifItem};
use super::still::{Decoded, ItemCodec, StillHeader};
use crate::samples::widen;
use crate::{Error, Limits, limits};

/// The coded images that form a grid; usually one.
pub(super) struct GridCanvas<'c, 'a> {
    container: &'c Container<'a>,
    pub(super) size: (u32, u32),
    /// Size of each image.
    cell: (u32, u32),
    columns: usize,
    /// Item ids, row by row.
    cells: Vec<u32>,
    /// Header of the first.
    pub(super) header: StillHeader,
}

impl<'c, 'a> GridCanvas<'c, 'a> {
    pub(super) fn new<C: ItemCodec>(
        container: &'c Container<'a>,
        item: &HeifItem<'a>,
        limits: &Limits,
    ) -> Result<Self, Error> {
        container.check_essential(item)?;
        let size = container.size(item)?;
        limits.check(size.0.into(), size.1.into(), 1)?;
        let (columns, cells) = match &item.kind {
            kind if C::ITEMS.contains(&kind) => (1, vec![item.id]),
            b"grid" => grid(container, item, size)?,
            kind => {
                let kind = kind.escape_ascii();
                return Err(Error::unsupported(container.format, format!("image items of type `{kind}`")));
            }
        };
        let first = container.get(cells.first().copied().unwrap_or(item.id))?;
        let cell = container.size(first)?;
        limits.check(cell.0.into(), cell.1.into(), 1)?;
        let rows = cells.len() / columns;
        // Grid images extend past the right and lower edge by less than one of them.
        let covers = |whole: u32, part: u32, count: usize| {
            let covered = u64::from(part) * count as u64;
            covered >= whole.into() && covered - u64::from(part) < whole.into()
        };
        if !covers(size.0, cell.0, columns) || !covers(size.1, cell.1, rows) {
            return Err(Error::damaged(container.format, "the tiles of its grid do not cover the image"));
        }
        let header = C::header(container, first, cell, limits)?;
        let even = |part: u32, count: usize, scale: u8| count == 1 || part.is_multiple_of(scale.into());
        let chroma = header.subsampling;
        let divided = !even(cell.0, columns, chroma.x) || !even(cell.1, rows, chroma.y);
        if divided && !header.mono {
            return Err(Error::unsupported(container.format, "a grid whose tiles divide chroma samples"));
        }
        if cells.len() > 1 && cell.0.min(cell.1) < C::SMALLEST_TILE {
            let (width, height) = cell;
            return Err(Error::unsupported(container.format, format!("tiles of {width}×{height}")));
        }
        Ok(Self { container, size, cell, columns, cells, header })
    }

    /// Decodes each grid image and passes it on with its position.
    fn each<C: ItemCodec>(
        &self,
        limits: &Limits,
        mut put: impl FnMut(&C::Image, usize, usize),
    ) -> Result<(), Error> {
        let container = self.container;
        for (i, &id) in self.cells.iter().enumerate() {
            let item = container.get(id)?;
            container.check_essential(item)?;
            if container.size(item)? != self.cell || !C::ITEMS.contains(&&item.kind) {
                return Err(Error::damaged(container.format, "the tiles of its grid differ in type or size"));
            }
            let (header, decoded) = C::decode(container, item, self.cell, limits)?;
            if !header.is_coded_as(&self.header) {
                return Err(Error::damaged(container.format, "an image does not match its header"));
            }
            let (column, row) = (i % self.columns, i / self.columns);
            put(&decoded, column * self.cell.0 as usize, row * self.cell.1 as usize);
        }
        Ok(())
    }

    /// The image, without alpha and metadata.
    pub(super) fn image<C: ItemCodec>(&self, cicp: Cicp, limits: &Limits) -> Result<Image, Error> {
        let StillHeader { bits, mono, subsampling, .. } = self.header;
        let model = model(self.container.format, &self.header, cicp)?;
        let (width, height) = (self.size.0 as usize, self.size.1 as usize);
        let (cw, ch) = subsampling.chroma_size(width, height);
        let mut planes = vec![limits::new_plane(width, height)?];
        if !mono {
            planes.extend([limits::new_plane(cw, ch)?, limits::new_plane(cw, ch)?]);
        }
        let values: Vec<Vec<f32>> = (0..3).map(|plane| values(model, plane, bits)).collect();
        self.each::<C>(limits, |decoded, x, y| {
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
        image.color.siting = self.header.siting;
        Ok(image)
    }
}

/// Columns and grid images of a grid item.
fn grid<'a>(
    container: &Container<'a>,
    item: &HeifItem<'a>,
    size: (u32, u32),
) -> Result<(usize, Vec<u32>), Error> {
    let data = container.data(item)?;
    let mut data = container.cursor(&data);
    let wrong = |what: &str| Error::damaged(container.format, format!("its grid {what}"));
    if data.u8()? != 0 {
        return Err(Error::unsupported(container.format, "a grid of an unknown version"));
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

fn model(format: &'static str, header: &StillHeader, cicp: Cicp) -> Result<Model, Error> {
    let range = if cicp.full_range { Range::Full } else { Range::Limited };
    let subsampling = header.subsampling;
    if header.mono && cicp.full_range {
        return Ok(Model::Gray);
    }
    let matrix = match (cicp.matrix, cicp.primaries) {
        (0, _) if header.mono => Matrix::Bt601,
        (0, _) if subsampling == Subsampling::NONE && cicp.full_range => return Ok(Model::Rgb),
        (0, _) => return Err(Error::unsupported(format, "limited-range or subsampled RGB")),
        (1, _) | (12, 1) => Matrix::Bt709,
        // Unspecified code points get the usual default.
        (2 | 5 | 6, _) | (12, 2 | 5 | 6) => Matrix::Bt601,
        (9, _) | (12, 9) => Matrix::Bt2020,
        (other, _) => return Err(Error::unsupported(format, format!("matrix coefficients {other}"))),
    };
    Ok(Model::Yuv { matrix, range, subsampling })
}

/// Full-range alpha on the grid of the image's depth.
pub(super) fn alpha_plane<'a, C: ItemCodec>(
    container: &Container<'a>,
    item: &HeifItem<'a>,
    limits: &Limits,
    image: &Image,
) -> Result<Plane, Error> {
    let canvas = GridCanvas::new::<C>(container, item, limits)?;
    if (canvas.size.0 as usize, canvas.size.1 as usize) != (image.width(), image.height()) {
        return Err(Error::unsupported(container.format, "alpha of a different size from the image"));
    }
    let StillHeader { bits, cicp, subsampling, .. } = canvas.header;
    if bits > image.depth.bits() {
        return Err(Error::unsupported(container.format, "alpha with more bits than the image"));
    }
    let range = if cicp.full_range || C::ALPHA_IS_FULL { Range::Full } else { Range::Limited };
    let stored = Model::Yuv { matrix: Matrix::Bt601, range, subsampling };
    let (own, depth) = (Depth::Int(bits), image.depth);
    let values: Vec<f32> = values(stored, 0, bits)
        .into_iter()
        .map(|value| depth.value(widen(own.code(value), own.max_code(), depth.max_code())))
        .collect();
    let mut plane = limits::new_plane(image.width(), image.height())?;
    canvas.each::<C>(limits, |decoded, x, y| decoded.put(0, &mut plane, x, y, &values))?;
    Ok(plane)
}
