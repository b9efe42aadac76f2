//! Formats and frames of C as the library's layouts.

use std::ffi::c_void;
use std::ops::Range as Bytes;

use unband::{Depth, Error, Range, Subsampling};
use unband_image::color::Siting;

use super::status::{CallFailure, Status};
use crate::colors::{DeclaredColor, PlaneKind};
use crate::frame::{FrameLayout, FrameMemory, HostFrame, PlaneBytes, PlaneBytesMut};
use crate::owned::OwnedMemory;

/// `unband_format`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct CallFormat {
    size: usize,
    width: i32,
    height: i32,
    model: i32,
    bits: i32,
    subsampling: [i32; 2],
    alpha: i32,
    range: i32,
    primaries: i32,
    transfer: i32,
    matrix: i32,
    siting: i32,
    lossy: i32,
}

/// `unband_frame`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct CallFrame {
    size: usize,
    planes: [*mut c_void; 4],
    strides: [isize; 4],
}

/// Largest side of a frame.
const MOST: i32 = 65_535;

/// The size that a struct of C says first; later versions may have more fields.
///
/// # Safety
/// Null, or at least as many bytes as the struct says.
pub(crate) unsafe fn check_size<T>(of: *const T, name: &str) -> Result<usize, CallFailure> {
    if of.is_null() {
        return Err(CallFailure::argument(format!("`{name}` is null")));
    }
    // SAFETY: promised by the caller; the address may be odd.
    let size = unsafe { of.cast::<usize>().read_unaligned() };
    if size < size_of::<T>() {
        let least = size_of::<T>();
        let what = format!("`{name}.size` is {size}, it must be sizeof: {least} or more");
        return Err(CallFailure::argument(what));
    }
    Ok(size)
}

/// A struct of C.
///
/// # Safety
/// As [`check_size`].
unsafe fn read<T: Copy>(from: *const T, name: &str) -> Result<T, CallFailure> {
    // SAFETY: promised by the caller.
    unsafe {
        check_size(from, name)?;
        Ok(from.read_unaligned())
    }
}

/// The layout of a format.
///
/// # Safety
/// As [`read`].
pub(crate) unsafe fn layout_of(format: *const CallFormat) -> Result<FrameLayout, CallFailure> {
    // SAFETY: promised by the caller.
    let format = unsafe { read(format, "format") }?;
    let wrong = |name: &str, rule: &str, got: i32| {
        Err(CallFailure::argument(format!("`format.{name}` must be {rule}, got {got}")))
    };
    let side = |side: i32| usize::try_from(side).ok().filter(|_| (1..=MOST).contains(&side));
    let Some(width) = side(format.width) else { return wrong("width", "1 to 65535", format.width) };
    let Some(height) = side(format.height) else { return wrong("height", "1 to 65535", format.height) };
    let depth = match format.bits {
        bits @ 8..=16 => Depth::Int(bits as u8),
        32 => Depth::F32,
        other => return wrong("bits", "8 to 16, or 32 for floating point", other),
    };
    let kind = match format.model {
        0 => PlaneKind::Gray,
        1 => PlaneKind::Rgb,
        2 => {
            let [x, y] = format.subsampling;
            for (name, factor) in [("subsampling_x", x), ("subsampling_y", y)] {
                if ![1, 2, 4].contains(&factor) {
                    return wrong(name, "1, 2 or 4", factor);
                }
            }
            PlaneKind::Yuv(Subsampling { x: x as u8, y: y as u8 })
        }
        other => return wrong("model", "UNBAND_GRAY, UNBAND_RGB or UNBAND_YUV", other),
    };
    let range = match format.range {
        0 => None,
        1 => Some(Range::Limited),
        2 => Some(Range::Full),
        other => return wrong("range", "0 to 2", other),
    };
    let siting = match format.siting {
        0 => Siting::Left,
        1 => Siting::Center,
        2 => Siting::TopLeft,
        other => return wrong("siting", "0 to 2", other),
    };
    let mut points = [2; 3];
    let named = [("primaries", format.primaries), ("transfer", format.transfer), ("matrix", format.matrix)];
    for (point, (name, code)) in points.iter_mut().zip(named) {
        let Ok(code) = u8::try_from(code) else { return wrong(name, "a code point, 0 to 255", code) };
        *point = code;
    }
    let declared = DeclaredColor { kind, size: (width, height), range, gray: Range::Full, points, siting };
    let (color, luma_only) = declared.color().map_err(|what| CallFailure(Status::Unsupported, what))?;
    let (alpha, lossy) = (format.alpha != 0, format.lossy != 0);
    Ok(FrameLayout { width, height, color, depth, alpha, luma_only, lossy })
}

/// A frame that lives for the call, and the one that results are written to.
#[derive(Clone, Copy)]
pub(crate) struct CallMemory {
    planes: Planes,
    /// `None` in a result.
    results: Option<Planes>,
}

// SAFETY: the caller's memory stays for the call; parts of it are written by one thread each.
unsafe impl Send for CallMemory {}
// SAFETY: as above.
unsafe impl Sync for CallMemory {}

/// Planes of a frame of C.
///
/// # Safety
/// As [`read`]; planes that are not null have the rows and strides of the layout.
unsafe fn planes_of(
    frame: *const CallFrame,
    name: &str,
    layout: &FrameLayout,
) -> Result<Planes, CallFailure> {
    // SAFETY: promised by the caller.
    let frame = unsafe { read(frame, name) }?;
    let mut planes = [(std::ptr::null_mut(), 0); 4];
    for (p, plane) in planes.iter_mut().enumerate().take(layout.planes()) {
        let (width, height) = layout.size_of(p);
        let row = width * layout.sample_bytes();
        let (start, stride) = (frame.planes[p].cast::<u8>(), frame.strides[p]);
        if start.is_null() {
            return Err(CallFailure::argument(format!("`{name}.planes[{p}]` is null")));
        }
        let fits = usize::try_from(stride).ok().filter(|&stride| {
            let bytes = stride.checked_mul(height);
            stride >= row
                && bytes.is_some_and(|bytes| {
                    isize::try_from(bytes).is_ok_and(|_| start.addr().checked_add(bytes).is_some())
                })
        });
        let Some(stride) = fits else {
            let what = format!("`{name}.strides[{p}]` is {stride}, a row has {row} bytes");
            return Err(CallFailure::argument(what));
        };
        *plane = (start, stride);
    }
    Ok(planes)
}

/// The addresses of a plane.
fn addresses(layout: &FrameLayout, p: usize, (start, stride): (*mut u8, usize)) -> Bytes<usize> {
    let (width, height) = layout.size_of(p);
    start.addr()..start.addr() + stride * (height - 1) + width * layout.sample_bytes()
}

type Planes = [(*mut u8, usize); 4];

/// Refuses planes for a result that overlap each other, or those of the input.
fn apart(
    results: &FrameLayout,
    made: &Planes,
    input: Option<(&FrameLayout, &Planes)>,
) -> Result<(), CallFailure> {
    let own = |p: usize| addresses(results, p, made[p]);
    let meets = |a: &Bytes<usize>, b: &Bytes<usize>| a.start < b.end && b.start < a.end;
    for p in 0..results.planes() {
        let meets_input = input.is_some_and(|(layout, planes)| {
            (0..layout.planes()).any(|q| meets(&own(p), &addresses(layout, q, planes[q])))
        });
        if meets_input || (0..p).any(|q| meets(&own(p), &own(q))) {
            return Err(CallFailure::argument(format!("`out.planes[{p}]` overlaps another plane")));
        }
    }
    Ok(())
}

/// A frame to read, with the frame for its result.
///
/// # Safety
/// As [`read`]; the planes have the rows and strides of the layouts, and stay for the call.
pub(crate) unsafe fn call_frame(
    input: *const CallFrame,
    output: *const CallFrame,
    layout: &FrameLayout,
    results: &FrameLayout,
) -> Result<HostFrame<CallMemory>, CallFailure> {
    // SAFETY: promised by the caller.
    let (planes, made) = unsafe { (planes_of(input, "in", layout)?, planes_of(output, "out", results)?) };
    apart(results, &made, Some((layout, &planes)))?;
    Ok(HostFrame { layout: *layout, memory: CallMemory { planes, results: Some(made) } })
}

/// A frame to read.
///
/// # Safety
/// As [`call_frame`].
pub(crate) unsafe fn input_frame(
    input: *const CallFrame,
    name: &str,
    layout: &FrameLayout,
) -> Result<HostFrame<CallMemory>, CallFailure> {
    // SAFETY: promised by the caller.
    let planes = unsafe { planes_of(input, name, layout)? };
    Ok(HostFrame { layout: *layout, memory: CallMemory { planes, results: None } })
}

/// Writes a result to a frame of C.
///
/// # Safety
/// As [`call_frame`].
pub(crate) unsafe fn write_out(
    made: &HostFrame<OwnedMemory>,
    output: *const CallFrame,
) -> Result<(), CallFailure> {
    // SAFETY: promised by the caller.
    let planes = unsafe { planes_of(output, "out", &made.layout)? };
    apart(&made.layout, &planes, None)?;
    let mut to = HostFrame { layout: made.layout, memory: CallMemory { planes, results: None } };
    to.copy(made);
    Ok(())
}

/// Writes a frame to the place of its result, where it is not there already: unchanged frames are the input.
pub(crate) fn settle(made: &HostFrame<CallMemory>) -> Result<(), Error> {
    if made.memory.results.is_some() {
        let memory = made.memory.like(&made.layout)?;
        HostFrame { layout: made.layout, memory }.copy(made);
    }
    Ok(())
}

impl FrameMemory for CallMemory {
    fn plane(&self, layout: &FrameLayout, plane: usize) -> PlaneBytes<'_> {
        let ((start, stride), bytes) = (self.planes[plane], addresses(layout, plane, self.planes[plane]));
        // SAFETY: `planes_of` checked it; the caller's memory stays for the call and is not written.
        PlaneBytes { bytes: unsafe { std::slice::from_raw_parts(start, bytes.len()) }, stride }
    }

    fn planes_mut(&mut self, layout: &FrameLayout) -> Vec<PlaneBytesMut<'_>> {
        let plane = |p: usize| {
            let ((start, stride), bytes) = (self.planes[p], addresses(layout, p, self.planes[p]));
            // SAFETY: `planes_of` checked it; `apart` refuses results that overlap.
            PlaneBytesMut { bytes: unsafe { std::slice::from_raw_parts_mut(start, bytes.len()) }, stride }
        };
        (0..layout.planes()).map(plane).collect()
    }

    fn like(&self, _: &FrameLayout) -> Result<Self, Error> {
        let planes = self.results.ok_or_else(|| Error::Image("a frame that is only read".to_owned()))?;
        Ok(Self { planes, results: None })
    }
}
