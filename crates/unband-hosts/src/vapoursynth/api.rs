//! The part of `VapourSynth`'s interface, version 4.0, that unband uses: `VapourSynth4.h` as Rust.
//!
//! Functions that are not called are numbers of their size: only their places count.

use std::ffi::{c_char, c_int, c_void};

/// `VAPOURSYNTH_API_VERSION`, 4.0: newer ones name the range of a frame `_Range`, in other numbers.
pub(super) const VERSION: c_int = 4 << 16;

macro_rules! opaque {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[repr(C)]
        pub(super) struct $name { _private: [u8; 0] }
    )*};
}
opaque! {
    /// A reference to a frame.
    VsFrame;
    /// A reference to a clip.
    VsNode;
    /// A core: threads, caches, formats.
    VsCore;
    /// Values by name.
    VsMap;
    /// A plug-in on its way in.
    VsPlugin;
    /// A request for a frame.
    VsFrameContext;
}

pub(super) const GRAY: c_int = 1;
pub(super) const RGB: c_int = 2;
pub(super) const YUV: c_int = 3;
pub(super) const INTEGER: c_int = 0;
pub(super) const FLOAT: c_int = 1;
/// `fmParallel`.
pub(super) const PARALLEL: c_int = 0;
/// `rpGeneral` and `rpStrictSpatial`.
pub(super) const ANY_FRAMES: c_int = 0;
pub(super) const SAME_FRAME: c_int = 2;
/// `arInitial` and `arAllFramesReady`.
pub(super) const BEGINS: c_int = 0;
pub(super) const READY: c_int = 1;
/// `maReplace` and `maAppend`.
pub(super) const REPLACE: c_int = 0;
pub(super) const APPEND: c_int = 1;
/// `dtUtf8`.
pub(super) const TEXT: c_int = 1;

/// `VSVideoFormat`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct VsVideoFormat {
    pub(super) family: c_int,
    pub(super) sample_type: c_int,
    pub(super) bits: c_int,
    pub(super) bytes: c_int,
    /// Logarithms to base 2 of the subsampling factors.
    pub(super) subsampling: [c_int; 2],
    pub(super) planes: c_int,
}

/// `VSVideoInfo`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(super) struct VsVideoInfo {
    pub(super) format: VsVideoFormat,
    pub(super) rate: [i64; 2],
    pub(super) width: c_int,
    pub(super) height: c_int,
    pub(super) frames: c_int,
}

/// `VSFilterDependency`.
#[repr(C)]
pub(super) struct VsFilterDependency {
    pub(super) source: *mut VsNode,
    pub(super) pattern: c_int,
}

/// `VSPublicFunction`.
pub(super) type VsPublicFunction =
    unsafe extern "C" fn(*const VsMap, *mut VsMap, *mut c_void, *mut VsCore, *const VsApi);
/// `VSFilterGetFrame`.
pub(super) type VsFilterGetFrame = unsafe extern "C" fn(
    c_int,
    c_int,
    *mut c_void,
    *mut *mut c_void,
    *mut VsFrameContext,
    *mut VsCore,
    *const VsApi,
) -> *const VsFrame;
/// `VSFilterFree`.
pub(super) type VsFilterFree = unsafe extern "C" fn(*mut c_void, *mut VsCore, *const VsApi);

/// `VSPLUGINAPI`.
#[repr(C)]
pub(super) struct VsPluginApi {
    _api_version: usize,
    pub(super) config: unsafe extern "C" fn(
        *const c_char,
        *const c_char,
        *const c_char,
        c_int,
        c_int,
        c_int,
        *mut VsPlugin,
    ) -> c_int,
    pub(super) register: unsafe extern "C" fn(
        *const c_char,
        *const c_char,
        *const c_char,
        VsPublicFunction,
        *mut c_void,
        *mut VsPlugin,
    ) -> c_int,
}

/// `VSAPI`, up to the last function used.
#[repr(C)]
#[allow(clippy::type_complexity)] // as the header has them
pub(super) struct VsApi {
    pub(super) create_filter: unsafe extern "C" fn(
        *mut VsMap,
        *const c_char,
        *const VsVideoInfo,
        VsFilterGetFrame,
        VsFilterFree,
        c_int,
        *const VsFilterDependency,
        c_int,
        *mut c_void,
        *mut VsCore,
    ),
    _create: [usize; 6],
    pub(super) free_node: unsafe extern "C" fn(*mut VsNode),
    _node: [usize; 2],
    pub(super) video_info: unsafe extern "C" fn(*mut VsNode) -> *const VsVideoInfo,
    _audio_info: usize,
    pub(super) new_frame:
        unsafe extern "C" fn(*const VsVideoFormat, c_int, c_int, *const VsFrame, *mut VsCore) -> *mut VsFrame,
    pub(super) new_frame_of: unsafe extern "C" fn(
        *const VsVideoFormat,
        c_int,
        c_int,
        *const *const VsFrame,
        *const c_int,
        *const VsFrame,
        *mut VsCore,
    ) -> *mut VsFrame,
    _audio_frame: [usize; 2],
    pub(super) free_frame: unsafe extern "C" fn(*const VsFrame),
    pub(super) add_frame_ref: unsafe extern "C" fn(*const VsFrame) -> *const VsFrame,
    pub(super) copy_frame: unsafe extern "C" fn(*const VsFrame, *mut VsCore) -> *mut VsFrame,
    pub(super) properties: unsafe extern "C" fn(*const VsFrame) -> *const VsMap,
    pub(super) properties_mut: unsafe extern "C" fn(*mut VsFrame) -> *mut VsMap,
    pub(super) stride: unsafe extern "C" fn(*const VsFrame, c_int) -> isize,
    pub(super) read_pointer: unsafe extern "C" fn(*const VsFrame, c_int) -> *const u8,
    pub(super) write_pointer: unsafe extern "C" fn(*mut VsFrame, c_int) -> *mut u8,
    pub(super) frame_format: unsafe extern "C" fn(*const VsFrame) -> *const VsVideoFormat,
    _frame: [usize; 2],
    pub(super) frame_width: unsafe extern "C" fn(*const VsFrame, c_int) -> c_int,
    pub(super) frame_height: unsafe extern "C" fn(*const VsFrame, c_int) -> c_int,
    _formats: [usize; 3],
    pub(super) query_format:
        unsafe extern "C" fn(*mut VsVideoFormat, c_int, c_int, c_int, c_int, c_int, *mut VsCore) -> c_int,
    _queries: [usize; 5],
    pub(super) frame_of: unsafe extern "C" fn(c_int, *mut VsNode, *mut VsFrameContext) -> *const VsFrame,
    pub(super) request: unsafe extern "C" fn(c_int, *mut VsNode, *mut VsFrameContext),
    _requests: [usize; 2],
    pub(super) set_filter_error: unsafe extern "C" fn(*const c_char, *mut VsFrameContext),
    _functions: [usize; 4],
    _maps: [usize; 4],
    pub(super) set_error: unsafe extern "C" fn(*mut VsMap, *const c_char),
    _keys: [usize; 3],
    pub(super) delete_key: unsafe extern "C" fn(*mut VsMap, *const c_char) -> c_int,
    pub(super) count: unsafe extern "C" fn(*const VsMap, *const c_char) -> c_int,
    _types: [usize; 2],
    pub(super) get_int: unsafe extern "C" fn(*const VsMap, *const c_char, c_int, *mut c_int) -> i64,
    _get_ints: [usize; 2],
    pub(super) set_int: unsafe extern "C" fn(*mut VsMap, *const c_char, i64, c_int) -> c_int,
    _set_ints: usize,
    pub(super) get_float: unsafe extern "C" fn(*const VsMap, *const c_char, c_int, *mut c_int) -> f64,
    _get_floats: [usize; 2],
    pub(super) set_float: unsafe extern "C" fn(*mut VsMap, *const c_char, f64, c_int) -> c_int,
    _set_floats: usize,
    pub(super) get_data:
        unsafe extern "C" fn(*const VsMap, *const c_char, c_int, *mut c_int) -> *const c_char,
    pub(super) data_size: unsafe extern "C" fn(*const VsMap, *const c_char, c_int, *mut c_int) -> c_int,
    _data_hint: usize,
    pub(super) set_data:
        unsafe extern "C" fn(*mut VsMap, *const c_char, *const c_char, c_int, c_int, c_int) -> c_int,
    pub(super) get_node: unsafe extern "C" fn(*const VsMap, *const c_char, c_int, *mut c_int) -> *mut VsNode,
    _nodes: [usize; 3],
    pub(super) set_frame: unsafe extern "C" fn(*mut VsMap, *const c_char, *const VsFrame, c_int) -> c_int,
}
