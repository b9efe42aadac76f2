//! Memory budget of jobs: all memory of the process is included, the program itself too.

#[cfg(feature = "files")]
use std::path::Path;

use unband_filters::smooth;
use unband_image::findings::Findings;
use unband_image::tile::Layout;
use unband_image::{
    Codec, Context, Depth, Image, Model, Needs, Plane, RestoreError, Restorer, TileIn, TileOut, Turn,
};
use unband_infer::GuidedRestorer;
use unband_infer::cells::Cells;
#[cfg(feature = "files")]
use unband_io::FormatEntry;
use unband_nets::arch::unband_lite;
use unband_simd::Precision;

#[cfg(feature = "files")]
use crate::files::FileOptions;
use crate::{Choice, Error, Options, shipped};

/// Bytes of the program itself: code, network weights, threads, and pages that the allocator keeps.
#[cfg_attr(not(feature = "files"), allow(unreachable_pub))]
pub const PROGRAM: u64 = 48 << 20;

/// Whether the system gives that many bytes now. Where it does not, because of a limit on the address space
/// or a lack of memory, an allocation in the middle of the work would end the program.
#[cfg_attr(not(feature = "files"), allow(unreachable_pub))]
pub fn at_hand(bytes: u64) -> bool {
    /// Small images need no room for the stacks of threads and for what the allocator keeps.
    const SMALL: u64 = 16 << 20;
    const SPARE: u64 = 64 << 20;
    let bytes = if bytes > SMALL { bytes.saturating_add(SPARE) } else { bytes };
    // A probe there would stay: the memory of a module never shrinks.
    #[cfg(target_arch = "wasm32")]
    if bytes <= (1 << 32) - 65_536 * core::arch::wasm32::memory_size(0) as u64 {
        return true;
    }
    let mut probe = Vec::<u8>::new();
    let given = usize::try_from(bytes).is_ok_and(|bytes| probe.try_reserve_exact(bytes).is_ok());
    // The compiler must not remove an allocation that is not used.
    std::hint::black_box(&probe);
    given
}

/// Memory of the inspection besides the planes, in eighths of them: 8-bit codes of 32-bit samples, and 16-bit
/// sums of 2×2 of them.
#[cfg(feature = "files")]
const INSPECTION: u64 = 3;

/// Total memory for writing an image in that format.
#[cfg(feature = "files")]
pub(crate) fn writing(planes: u64, format: &FormatEntry) -> u64 {
    PROGRAM + planes + format.writes.map_or(0, |writes| writes.memory) * planes
}

/// Memory that a method prepares for a whole image: `smooth` keeps pyramid levels of a quarter of its sides
/// and less.
fn prepared(planes: u64) -> u64 {
    planes / 8
}

/// Bytes of planes that may be read from a file of that size, and inspected: the inverse of [`reading`].
#[cfg(feature = "files")]
pub(crate) fn planes_within(allowed: u64, file: u64) -> u64 {
    allowed.saturating_sub(PROGRAM + file) / (8 + INSPECTION) * 8
}

/// Bytes of an image's planes, and of its stored JPEG coefficients.
pub(crate) fn planes(image: &Image) -> u64 {
    let all = image.planes.iter().chain(&image.alpha).chain(&image.metadata.tiff.bands);
    let samples: usize = all.map(|plane| plane.data.len()).sum();
    let stored = match &image.origin.codec {
        Codec::Jpeg(origin) => origin.coefficients.as_ref(),
        _ => None,
    };
    let numbers: usize =
        stored.iter().flat_map(|stored| &stored.planes).map(|plane| plane.coefficients.len()).sum();
    (4 * samples + 2 * numbers) as u64
}

/// Memory for reorienting an image: a transposition copies one plane at a time.
pub(super) fn turning(image: &Image, turn: Turn) -> u64 {
    let plane = if turn.transposed { 4 * image.width() as u64 * image.height() as u64 } else { 0 };
    PROGRAM + planes(image) + plane
}

/// Memory for reading and inspecting an image, from a file of that size.
#[cfg(feature = "files")]
pub(crate) fn reading(planes: u64, file: u64) -> u64 {
    PROGRAM + file + planes + planes * INSPECTION / 8
}

/// Memory of a job in bytes: that of the whole process, the program itself included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PeakMemory {
    /// Without a limit.
    pub usual: u64,
    /// The least [`Options::max_memory`] that is enough: windows are small then, and the job is slower.
    pub least: u64,
}

/// Peak memory of [`deband_with`](crate::deband_with) for an image of `size` (width, height; samples) with
/// this number of planes, alpha included, before the image exists. [`Options::max_memory`] has no influence.
///
/// For unband's own methods it is that of the largest of them: which one runs depends on the image. Files
/// need memory for their bytes and encoders besides.
///
/// # Errors
/// Unusable weights.
pub fn peak_memory(
    size: (usize, usize),
    planes: usize,
    options: &Options,
    ctx: &Context<'_>,
) -> Result<PeakMemory, Error> {
    Ok(peak(size, 4 * (size.0 * size.1 * planes) as u64, options, ctx)?.0)
}

/// Peak memory of debanding a file whose header declares this size, apart from the program itself: reading
/// it, the job, and writing the result. Four planes, because few headers are read as far as their
/// transparency.
///
/// # Errors
/// Unusable weights.
#[cfg(feature = "files")]
pub(crate) fn of_file(
    path: &Path,
    width: u64,
    height: u64,
    options: &FileOptions,
    ctx: &Context<'_>,
) -> Result<u64, Error> {
    let planes = width.saturating_mul(height).saturating_mul(16);
    // No image is larger; its file is refused.
    let Some(size) =
        usize::try_from(width).ok().zip(usize::try_from(height).ok()).filter(|_| planes < 1 << 50)
    else {
        return Ok(planes);
    };
    let file = std::fs::metadata(path).map_or(0, |file| file.len());
    let own = || unband_io::by_extension(path).filter(|format| format.writes.is_some());
    let format = options.format.or_else(own).or_else(|| unband_io::by_name("PNG"));
    let (job, _) = peak(size, planes, &options.options, ctx)?;
    Ok(job.usual.max(reading(planes, file)).max(format.map_or(0, |format| writing(planes, format))) - PROGRAM)
}

/// The least memory of a job for an image that has not been read, given its size and bytes of planes, and
/// whether its method needs the whole image.
///
/// # Errors
/// Unknown methods and settings.
pub(crate) fn least(
    size: (usize, usize),
    planes: u64,
    options: &Options,
    ctx: &Context<'_>,
) -> Result<(u64, bool), Error> {
    peak(size, planes, options, ctx).map(|(peak, whole)| (peak.least, whole))
}

fn peak(
    size: (usize, usize),
    planes: u64,
    options: &Options,
    ctx: &Context<'_>,
) -> Result<(PeakMemory, bool), Error> {
    let findings = Findings::plain(3, 8);
    let (restorer, size): (Box<dyn Restorer>, _) = match &options.method {
        Choice::Named(method) if !method.entry().ours => {
            let tiny = Image::new(vec![Plane::filled(1, 1, 0.0); 3], Model::Rgb, Depth::EIGHT);
            (method.prepare()?(&tiny, &findings, ctx)?, size)
        }
        // The findings are not known yet: the most of unband's own methods, in the canonical orientation.
        _ => {
            let engine = shipped::debander(Precision::F32)?;
            let surface = Box::new(Surface);
            let network =
                GuidedRestorer::new(&unband_lite::ENTRY, engine, surface, Cells::new(&findings), 1.0)?;
            (Box::new(network), (size.0.max(size.1), size.0.min(size.1)))
        }
    };
    let all: Vec<u64> = ways(size, planes, &*restorer, options.tile, ctx).map(|(_, bytes)| bytes).collect();
    let (usual, least) = (all.first().copied(), all.iter().min().copied());
    let peak = PeakMemory { usual: usual.unwrap_or(0), least: least.unwrap_or(0) };
    Ok((peak, restorer.needs().whole_image))
}

/// Placeholder for the smooth surface of an image that has not been read: the largest one.
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

/// How a restorer processes an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Passage {
    /// Bands of whole rows.
    Rows,
    /// Windows of about this side.
    Windows(usize),
}

/// Whole rows where the restorer supports them and they fit the memory limit; else windows of the requested
/// side, or the largest smaller ones that fit. `kept`: bytes of samples that are kept besides the image.
///
/// # Errors
/// More memory than allowed; the error contains the least amount that works.
pub(super) fn fitting_way(
    image: &Image,
    kept: u64,
    restorer: &dyn Restorer,
    options: &Options,
    ctx: &Context<'_>,
) -> Result<Passage, Error> {
    let allowed = options.max_memory.unwrap_or(u64::MAX);
    let size = (image.width(), image.height());
    let (mut least, mut missing) = (u64::MAX, u64::MAX);
    let own = PROGRAM + planes(image);
    for (way, bytes) in ways(size, planes(image), restorer, options.tile, ctx) {
        let bytes = bytes + kept;
        if bytes <= allowed {
            if at_hand(bytes.saturating_sub(own + kept)) {
                return Ok(way);
            }
            missing = missing.min(bytes);
        }
        least = least.min(bytes);
    }
    if missing < u64::MAX {
        return Err(Error::NoMemory { needed_mib: missing.div_ceil(1 << 20) });
    }
    Err(error(least, allowed, restorer.needs().whole_image))
}

/// The error for more memory than allowed.
pub(crate) fn error(needed: u64, allowed: u64, whole: bool) -> Error {
    Error::Memory { needed_mib: needed.div_ceil(1 << 20), allowed_mib: allowed >> 20, whole }
}

/// The ways in which a restorer can process an image, the fastest first, and the bytes of each.
fn ways<'a>(
    size: (usize, usize),
    planes: u64,
    restorer: &'a dyn Restorer,
    tile: usize,
    ctx: &'a Context<'_>,
) -> impl Iterator<Item = (Passage, u64)> + 'a {
    let own = PROGRAM + planes + prepared(planes);
    let rows = restorer.passage_bytes(size, ctx).map(|bytes| (Passage::Rows, own + bytes));
    let needs = restorer.needs();
    // With a large halo, windows of the requested size would process everything nine times.
    let tile = if needs.halo > tile { 4 * needs.halo } else { tile.clamp(16, 1 << 16) };
    let smallest = needs.halo.max(64).min(tile);
    let smaller =
        move |tile: &usize| (*tile > smallest && !needs.whole_image).then(|| (tile / 2).max(smallest));
    let per_row = planes / size.1.max(1) as u64;
    let windows = std::iter::successors(Some(tile), smaller).map(move |tile| {
        let layout = Layout::from_restorer(restorer, size, tile, ctx.threads);
        // Windows, the band that they form, and the one that waits for it.
        let bands = 3 * per_row * layout.band.min(size.1) as u64;
        let at_once = layout.at_once(restorer, ctx.threads);
        (Passage::Windows(tile), own + bands + restorer.working_bytes(layout.outer(&needs), at_once, ctx))
    });
    rows.into_iter().chain(windows)
}
