//! How an image is worked on within the memory that is allowed: all that the process holds counts, the program itself included.

use unband_filters::smooth;
use unband_image::inspect::Findings;
use unband_image::tile::Layout;
use unband_image::{
    Codec, Context, Depth, Image, Model, Needs, Plane, RestoreError, Restorer, TileIn, TileOut, Turn,
};
use unband_infer::GuidedRestorer;
use unband_nets::arch::unband_lite;
use unband_simd::Precision;

use crate::methods::method;
use crate::{Choice, Error, Options, shipped};

/// Bytes of the program itself: code, numbers of networks, threads, and pages that the allocator keeps.
pub const PROGRAM: u64 = 48 << 20;

/// What finding out about an image takes beside its planes: codes of 8 bits for samples of 32, and sums of 2×2 of them in 16.
#[cfg(feature = "files")]
fn looking(planes: u64) -> u64 {
    planes * 3 / 8
}

/// What writing an image takes in all, in a format of that name: encoders hold whole images of their own, but for some.
#[cfg(feature = "files")]
pub(crate) fn writing(planes: u64, format: &str) -> u64 {
    let times = match format {
        "AVIF" => 6,
        "PNG" | "JPEG" => 1,
        _ => 3,
    };
    PROGRAM + planes + times * planes
}

/// What a method prepares for a whole image: `smooth` keeps levels of a quarter of its sides and less.
fn prepared(planes: u64) -> u64 {
    planes / 8
}

/// Bytes of planes that may be read from a file of so many bytes.
#[cfg(feature = "files")]
pub(crate) fn planes_within(allowed: u64, file: u64) -> u64 {
    allowed.saturating_sub(PROGRAM + file) / 11 * 8
}

/// Bytes of an image's planes, and of coefficients that its JPEG file stores.
pub(crate) fn planes(image: &Image) -> u64 {
    let samples: usize = image.planes.iter().chain(&image.alpha).map(|plane| plane.data.len()).sum();
    let stored = match &image.origin.codec {
        Codec::Jpeg(origin) => origin.coefficients.as_ref(),
        _ => None,
    };
    let numbers: usize =
        stored.iter().flat_map(|stored| &stored.planes).map(|plane| plane.numbers.len()).sum();
    (4 * samples + 2 * numbers) as u64
}

/// What turning an image takes: a transposition makes plane after plane anew.
pub(super) fn turning(image: &Image, turn: Turn) -> u64 {
    let plane = if turn.transposed { 4 * image.width() as u64 * image.height() as u64 } else { 0 };
    PROGRAM + planes(image) + plane
}

/// What reading and looking at an image takes, from a file of so many bytes.
#[cfg(feature = "files")]
pub(crate) fn reading(planes: u64, file: u64) -> u64 {
    PROGRAM + file + planes + looking(planes)
}

/// The least that a job takes for an image of so many columns, rows and bytes of planes that has not been read, and whether its
/// method takes it as a whole.
///
/// # Errors
/// Methods and settings that there are not.
pub(crate) fn least(
    size: (usize, usize),
    planes: u64,
    options: &Options,
    ctx: &Context<'_>,
) -> Result<(u64, bool), Error> {
    let findings = Findings::plain(3, 8);
    let (restorer, size): (Box<dyn Restorer>, _) = match &options.method {
        Choice::Named { name, settings } if !method(name).is_some_and(|entry| entry.ours) => {
            let entry =
                method(name).ok_or_else(|| Error::UnknownMethod { name: name.clone(), near: None })?;
            let tiny = Image::new(vec![Plane::filled(1, 1, 0.0); 3], Model::Rgb, Depth::EIGHT);
            ((entry.build)(settings)?(&tiny, &findings, ctx)?, size)
        }
        // What an image needs is not known yet: the most of our methods, on the image as they turn it.
        _ => {
            let engine = shipped::debander(Precision::F32)?;
            let surface = Box::new(Surface);
            let network = GuidedRestorer::new(&unband_lite::ENTRY, engine, surface, &findings, 1.0)?;
            (Box::new(network), (size.0.max(size.1), size.0.min(size.1)))
        }
    };
    let least = ways(size, planes, &*restorer, options.tile, ctx).map(|(_, bytes)| bytes).min();
    Ok((least.unwrap_or(0), restorer.needs().whole_image))
}

/// Stands for the smooth surface of an image that nothing is known of yet: the largest.
struct Surface;

impl Restorer for Surface {
    fn working_bytes(&self, size: (usize, usize), at_once: usize, _: &Context<'_>) -> u64 {
        smooth::working_bytes(size, at_once)
    }

    fn needs(&self) -> Needs {
        Needs { align: 8, ..Needs::halo(64) }
    }

    fn restore(&self, _: &TileIn<'_>, _: &mut TileOut, _: &Context<'_>) -> Result<(), RestoreError> {
        Ok(())
    }
}

/// How an image goes through a restorer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Whole rows at a time.
    Rows,
    /// In windows of about this side.
    Windows(usize),
}

/// Whole rows where the restorer can and the allowed memory has room for it; else windows of the side that was asked for, or the
/// largest smaller ones that there is room for.
///
/// # Errors
/// More memory than is allowed, with the least that would do.
pub(super) fn fitting_way(
    image: &Image,
    restorer: &dyn Restorer,
    options: &Options,
    ctx: &Context<'_>,
) -> Result<Way, Error> {
    let allowed = options.max_memory.unwrap_or(u64::MAX);
    let size = (image.width(), image.height());
    let mut least = u64::MAX;
    for (way, bytes) in ways(size, planes(image), restorer, options.tile, ctx) {
        if bytes <= allowed {
            return Ok(way);
        }
        least = least.min(bytes);
    }
    Err(error(least, allowed, restorer.needs().whole_image))
}

/// More memory than is allowed.
pub(crate) fn error(needed: u64, allowed: u64, whole: bool) -> Error {
    Error::Memory { needed_mib: needed.div_ceil(1 << 20), allowed_mib: allowed >> 20, whole }
}

/// The ways in which an image can go through a restorer, the quickest first, and the bytes that each takes.
fn ways<'a>(
    size: (usize, usize),
    planes: u64,
    restorer: &'a dyn Restorer,
    tile: usize,
    ctx: &'a Context<'_>,
) -> impl Iterator<Item = (Way, u64)> + 'a {
    let own = PROGRAM + planes + prepared(planes);
    let rows = restorer.passage_bytes(size, ctx).map(|bytes| (Way::Rows, own + bytes));
    let needs = restorer.needs();
    // What looks so far would look at everything nine times in windows no larger than that.
    let tile = if needs.halo > tile { 4 * needs.halo } else { tile.clamp(16, 1 << 16) };
    let smallest = needs.halo.max(64).min(tile);
    let smaller =
        move |tile: &usize| (*tile > smallest && !needs.whole_image).then(|| (tile / 2).max(smallest));
    let per_row = planes / size.1.max(1) as u64;
    let windows = std::iter::successors(Some(tile), smaller).map(move |tile| {
        let layout = Layout::of(restorer, size, tile, ctx.threads);
        // Windows, the band that they are put together in, and the one that waits for it.
        let bands = 3 * per_row * layout.band.min(size.1) as u64;
        let at_once = layout.at_once(restorer, ctx.threads);
        (Way::Windows(tile), own + bands + restorer.working_bytes(layout.outer(&needs), at_once, ctx))
    });
    rows.into_iter().chain(windows)
}
