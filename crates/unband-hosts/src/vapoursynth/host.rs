//! Safe forms of what `VapourSynth` hands out: maps, clips, frames.

use std::ffi::{CStr, CString, c_char, c_int};
use std::ptr;

use unband::{Depth, Error, Image, ImageError};

use super::api::{
    APPEND, REPLACE, TEXT, VsApi, VsCore, VsFrame, VsFrameContext, VsMap, VsNode, VsVideoFormat, VsVideoInfo,
};
use crate::frame::{FrameLayout, FrameMemory, HostFrame, PlaneBytes, PlaneBytesMut};

/// A text for C; ends before a zero.
pub(super) fn c_text(text: &str) -> CString {
    let text = text.split('\0').next().unwrap_or_default();
    CString::new(text).unwrap_or_default()
}

/// The functions of a core.
#[derive(Clone, Copy)]
pub(super) struct Host {
    pub(super) api: &'static VsApi,
    pub(super) core: *mut VsCore,
}

// SAFETY: both live until the core ends, after all filters; its functions may be called from any thread.
unsafe impl Send for Host {}
// SAFETY: as above.
unsafe impl Sync for Host {}

impl Host {
    /// # Safety
    /// Pointers as `VapourSynth` passes them to a plug-in.
    pub(super) unsafe fn new(api: *const VsApi, core: *mut VsCore) -> Self {
        // SAFETY: the table lives as long as the library that called.
        Self { api: unsafe { &*api }, core }
    }

    /// A format; `None` where there is none.
    pub(super) fn format(self, family: c_int, depth: Depth, sub: [c_int; 2]) -> Option<VsVideoFormat> {
        let mut format =
            VsVideoFormat { family: 0, sample_type: 0, bits: 0, bytes: 0, subsampling: [0, 0], planes: 0 };
        let (kind, bits) = (c_int::from(depth == Depth::F32), c_int::from(depth.bits()));
        // SAFETY: the format is written in full where the result is not zero.
        let known = unsafe {
            (self.api.query_format)(&raw mut format, family, kind, bits, sub[0], sub[1], self.core)
        };
        (known != 0).then_some(format)
    }

    /// The format of results in a depth that was asked for.
    pub(super) fn output_format(
        self,
        family: c_int,
        depth: Depth,
        sub: [c_int; 2],
    ) -> Result<VsVideoFormat, &'static str> {
        self.format(family, depth, sub).ok_or("`depth` must be 8 to 16, or 32 for floating point")
    }
}

/// Values by name, to read: arguments of a call, properties of a frame.
#[derive(Clone, Copy)]
pub(super) struct Values {
    host: Host,
    map: *const VsMap,
}

impl Values {
    /// # Safety
    /// A map that lives as long as this value is used.
    pub(super) unsafe fn new(host: Host, map: *const VsMap) -> Self {
        Self { host, map }
    }

    /// Number of values; `None` for a name that is not given.
    fn given(self, name: &str) -> Option<usize> {
        // SAFETY: the map lives, the name ends in a zero.
        let count = unsafe { (self.host.api.count)(self.map, c_text(name).as_ptr()) };
        usize::try_from(count).ok()
    }

    /// Is the name given, perhaps without values?
    pub(super) fn has(self, name: &str) -> bool {
        self.given(name).is_some()
    }

    /// Number of values.
    fn count(self, name: &str) -> usize {
        self.given(name).unwrap_or(0)
    }

    fn get<T>(
        self,
        name: &str,
        index: usize,
        read: unsafe extern "C" fn(*const VsMap, *const c_char, c_int, *mut c_int) -> T,
    ) -> Option<T> {
        let mut error = 0;
        let index = c_int::try_from(index).ok()?;
        // SAFETY: as above; errors are asked for, so that another type is not fatal.
        let value = unsafe { read(self.map, c_text(name).as_ptr(), index, &raw mut error) };
        (error == 0).then_some(value)
    }

    pub(super) fn int(self, name: &str) -> Option<i64> {
        self.get(name, 0, self.host.api.get_int)
    }

    pub(super) fn ints(self, name: &str) -> Vec<i64> {
        (0..self.count(name)).filter_map(|i| self.get(name, i, self.host.api.get_int)).collect()
    }

    pub(super) fn float(self, name: &str) -> Option<f64> {
        self.get(name, 0, self.host.api.get_float)
    }

    pub(super) fn floats(self, name: &str) -> Vec<f64> {
        (0..self.count(name)).filter_map(|i| self.get(name, i, self.host.api.get_float)).collect()
    }

    pub(super) fn text(self, name: &str) -> Option<String> {
        let start = self.get(name, 0, self.host.api.get_data)?;
        let size = usize::try_from(self.get(name, 0, self.host.api.data_size)?).ok()?;
        // SAFETY: the data has that size and lives as long as the map.
        let bytes = unsafe { std::slice::from_raw_parts(start.cast::<u8>(), size) };
        Some(String::from_utf8_lossy(bytes).into_owned())
    }

    /// A clip.
    pub(super) fn clip(self, name: &str) -> Option<Clip> {
        let node = self.get(name, 0, self.host.api.get_node)?;
        Some(Clip { host: self.host, node })
    }
}

/// A reference to a clip.
pub(super) struct Clip {
    host: Host,
    pub(super) node: *mut VsNode,
}

// SAFETY: a clip may be used from any thread.
unsafe impl Send for Clip {}
// SAFETY: as above.
unsafe impl Sync for Clip {}

impl Clip {
    pub(super) fn info(&self) -> VsVideoInfo {
        // SAFETY: the clip lives; the function's argument has the type of a video clip.
        unsafe { *(self.host.api.video_info)(self.node) }
    }
}

impl Drop for Clip {
    fn drop(&mut self) {
        // SAFETY: this reference is freed once.
        unsafe { (self.host.api.free_node)(self.node) }
    }
}

/// A request for a frame of a filter.
#[derive(Clone, Copy)]
pub(super) struct Request {
    pub(super) host: Host,
    pub(super) context: *mut VsFrameContext,
}

impl Request {
    pub(super) fn ask(self, clip: &Clip, n: c_int) {
        // SAFETY: both live while the request is processed.
        unsafe { (self.host.api.request)(n, clip.node, self.context) }
    }

    /// A frame that was asked for.
    pub(super) fn frame(self, clip: &Clip, n: c_int) -> Option<VsMemory> {
        // SAFETY: as above; the result is a reference of its own.
        let frame = unsafe { (self.host.api.frame_of)(n, clip.node, self.context) };
        (!frame.is_null()).then_some(VsMemory { host: self.host, frame })
    }

    pub(super) fn fail(self, message: &str) {
        // SAFETY: the text is copied.
        unsafe { (self.host.api.set_filter_error)(c_text(message).as_ptr(), self.context) }
    }
}

/// A frame of a core: a reference to samples that do not change once others see them.
pub(super) struct VsMemory {
    host: Host,
    frame: *const VsFrame,
}

// SAFETY: frames may be used from any thread; only new ones are written, by their owner.
unsafe impl Send for VsMemory {}
// SAFETY: as above.
unsafe impl Sync for VsMemory {}

impl Clone for VsMemory {
    fn clone(&self) -> Self {
        // SAFETY: the frame lives; the result is a reference of its own.
        let frame = unsafe { (self.host.api.add_frame_ref)(self.frame) };
        Self { host: self.host, frame }
    }
}

impl Drop for VsMemory {
    fn drop(&mut self) {
        // SAFETY: this reference is freed once.
        unsafe { (self.host.api.free_frame)(self.frame) }
    }
}

impl VsMemory {
    pub(super) fn format(&self) -> VsVideoFormat {
        // SAFETY: the frame lives.
        unsafe { *(self.host.api.frame_format)(self.frame) }
    }

    pub(super) fn size(&self) -> (usize, usize) {
        // SAFETY: the frame lives, and has a first plane.
        let (width, height) = unsafe {
            ((self.host.api.frame_width)(self.frame, 0), (self.host.api.frame_height)(self.frame, 0))
        };
        (usize::try_from(width).unwrap_or(0), usize::try_from(height).unwrap_or(0))
    }

    /// Its properties.
    pub(super) fn properties(&self) -> Values {
        // SAFETY: the map lives as long as the frame.
        unsafe { Values::new(self.host, (self.host.api.properties)(self.frame)) }
    }

    /// Hands the reference over to the core.
    pub(super) fn into_raw(self) -> *const VsFrame {
        let frame = self.frame;
        std::mem::forget(self);
        frame
    }

    /// A new frame with the properties of this one.
    fn empty(&self, format: &VsVideoFormat, width: usize, height: usize) -> Result<Self, Error> {
        let (w, h) = (c_int::try_from(width).unwrap_or(0), c_int::try_from(height).unwrap_or(0));
        if w == 0 || h == 0 {
            return Err(Error::Image(ImageError::Empty { width, height }.to_string()));
        }
        // SAFETY: the format is a valid one, the properties are those of a frame that lives.
        let frame = unsafe { (self.host.api.new_frame)(format, w, h, self.frame, self.host.core) };
        Ok(Self { host: self.host, frame })
    }

    /// A new frame of this image, with the properties of this one. `format`: that of the image.
    pub(super) fn with_image(&self, format: &VsVideoFormat, image: &Image) -> Result<Self, Error> {
        let layout = FrameLayout {
            width: image.width(),
            height: image.height(),
            color: image.color,
            depth: image.depth,
            alpha: false,
            luma_only: false,
            lossy: false,
        };
        let mut made = HostFrame { layout, memory: self.empty(format, layout.width, layout.height)? };
        made.write(image)?;
        Ok(made.memory)
    }

    /// A frame of these planes, three at most, and the properties of the first.
    pub(super) fn of_planes(planes: &[&Self]) -> Option<Self> {
        let first = planes.first()?;
        let (width, height) = first.size();
        let (w, h) = (c_int::try_from(width).ok()?, c_int::try_from(height).ok()?);
        let mut frames = [ptr::null(); 3];
        frames.iter_mut().zip(planes).for_each(|(to, from)| *to = from.frame);
        let places: [c_int; 3] = [0, 1, 2];
        let (api, format) = (first.host.api, first.format());
        // SAFETY: three frames and three planes at most, all of one format and size; they live.
        let frame = unsafe {
            (api.new_frame_of)(
                &raw const format,
                w,
                h,
                frames.as_ptr(),
                places.as_ptr(),
                first.frame,
                first.host.core,
            )
        };
        (!frame.is_null()).then_some(Self { host: first.host, frame })
    }

    /// A copy with properties that can be set; its planes are shared.
    pub(super) fn copy(&self) -> Self {
        // SAFETY: the frame lives.
        let frame = unsafe { (self.host.api.copy_frame)(self.frame, self.host.core) };
        Self { host: self.host, frame }
    }

    /// Properties to set, of a frame that no one else has seen.
    pub(super) fn properties_mut(&mut self) -> NewValues<'_> {
        // SAFETY: the frame is new: `empty` and `copy` make such.
        let map = unsafe { (self.host.api.properties_mut)(self.frame.cast_mut()) };
        NewValues { host: self.host, map, frame: std::marker::PhantomData }
    }
}

/// A plane's number for the core.
fn number(plane: usize) -> c_int {
    c_int::try_from(plane).unwrap_or(c_int::MAX)
}

impl FrameMemory for VsMemory {
    fn plane(&self, layout: &FrameLayout, plane: usize) -> PlaneBytes<'_> {
        let height = layout.size_of(plane).1;
        let p = number(plane);
        // SAFETY: the plane has `height` rows of `stride` bytes, and is not written while it is borrowed.
        unsafe {
            let stride = (self.host.api.stride)(self.frame, p).unsigned_abs();
            let start = (self.host.api.read_pointer)(self.frame, p);
            PlaneBytes { bytes: std::slice::from_raw_parts(start, stride * height), stride }
        }
    }

    fn planes_mut(&mut self, layout: &FrameLayout) -> Vec<PlaneBytesMut<'_>> {
        let plane = |plane: usize| {
            let height = layout.size_of(plane).1;
            let p = number(plane);
            // SAFETY: a new frame of `like`: no one else has it, and its planes do not overlap.
            unsafe {
                let stride = (self.host.api.stride)(self.frame, p).unsigned_abs();
                let start = (self.host.api.write_pointer)(self.frame.cast_mut(), p);
                PlaneBytesMut { bytes: std::slice::from_raw_parts_mut(start, stride * height), stride }
            }
        };
        (0..layout.planes()).map(plane).collect()
    }

    fn like(&self, layout: &FrameLayout) -> Result<Self, Error> {
        let VsVideoFormat { family, subsampling, .. } = self.format();
        let format = self.host.format(family, layout.depth, subsampling);
        let format = format.ok_or_else(|| Error::Option {
            name: "depth",
            range: "8 to 16, or 32",
            got: layout.depth.bits().to_string(),
        })?;
        self.empty(&format, layout.width, layout.height)
    }
}

/// Values by name, to set.
pub(super) struct NewValues<'a> {
    host: Host,
    map: *mut VsMap,
    frame: std::marker::PhantomData<&'a mut VsMemory>,
}

impl NewValues<'_> {
    pub(super) fn int(&mut self, name: &str, value: i64) {
        // SAFETY: the map lives, the name ends in a zero.
        unsafe { (self.host.api.set_int)(self.map, c_text(name).as_ptr(), value, REPLACE) };
    }

    pub(super) fn float(&mut self, name: &str, value: f64) {
        // SAFETY: as above.
        unsafe { (self.host.api.set_float)(self.map, c_text(name).as_ptr(), value, REPLACE) };
    }

    pub(super) fn floats(&mut self, name: &str, values: impl IntoIterator<Item = f64>) {
        self.delete(name);
        for value in values {
            // SAFETY: as above.
            unsafe { (self.host.api.set_float)(self.map, c_text(name).as_ptr(), value, APPEND) };
        }
    }

    pub(super) fn text(&mut self, name: &str, text: &str) {
        let Ok(length) = c_int::try_from(text.len()) else { return };
        // SAFETY: as above; the text has that length, and is copied.
        unsafe {
            (self.host.api.set_data)(
                self.map,
                c_text(name).as_ptr(),
                text.as_ptr().cast::<c_char>(),
                length,
                TEXT,
                REPLACE,
            )
        };
    }

    pub(super) fn frame(&mut self, name: &str, frame: &VsMemory) {
        // SAFETY: as above; the map takes a reference of its own.
        unsafe { (self.host.api.set_frame)(self.map, c_text(name).as_ptr(), frame.frame, REPLACE) };
    }

    pub(super) fn delete(&mut self, name: &str) {
        // SAFETY: as above.
        unsafe { (self.host.api.delete_key)(self.map, c_text(name).as_ptr()) };
    }
}

/// The message of a call that failed, in its results.
///
/// # Safety
/// The result map of a call.
pub(super) unsafe fn refuse(host: Host, out: *mut VsMap, message: &CStr) {
    // SAFETY: the text is copied.
    unsafe { (host.api.set_error)(out, message.as_ptr()) }
}
