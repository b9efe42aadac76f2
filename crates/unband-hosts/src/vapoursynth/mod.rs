//! The `VapourSynth` plug-in `core.unband`.
//!
//! Source: vapoursynth/vapoursynth `include/VapourSynth4.h`.

mod api;
mod arguments;
mod deband;
mod filter;
mod functions;
mod host;
mod inspect;
mod layout;
mod scores;
mod upscale;

use std::ffi::{c_int, c_void};

use self::api::{VERSION, VsApi, VsCore, VsMap, VsPlugin, VsPluginApi};
use self::functions::{Call, FUNCTIONS, Function};
use self::host::{Host, Values, c_text, refuse};
use crate::guard::caught;

/// Entry point of the plug-in: its name and functions.
///
/// # Safety
/// Called by `VapourSynth` once, with its own pointers.
#[unsafe(export_name = "VapourSynthPluginInit2")]
unsafe extern "C" fn init(plugin: *mut VsPlugin, api: *const VsPluginApi) {
    let version = |part: &str| part.parse::<c_int>().unwrap_or(0);
    let number = version(env!("CARGO_PKG_VERSION_MAJOR")) << 16 | version(env!("CARGO_PKG_VERSION_MINOR"));
    let (id, space, title) =
        (c"org.unband.unband", c"unband", c"Removes banding; restores, upscales, inspects");
    // SAFETY: the table lives during the call, texts are copied, functions live as long as the library.
    unsafe {
        let api = &*api;
        (api.config)(id.as_ptr(), space.as_ptr(), title.as_ptr(), number, VERSION, 0, plugin);
        for function in FUNCTIONS.iter() {
            let (name, arguments) = (c_text(function.name), c_text(&function.arguments));
            let data = std::ptr::from_ref(function).cast_mut().cast();
            (api.register)(name.as_ptr(), arguments.as_ptr(), c"clip:vnode;".as_ptr(), call, data, plugin);
        }
    }
}

/// Runs a function of the plug-in, for `VapourSynth`.
unsafe extern "C" fn call(
    arguments: *const VsMap,
    out: *mut VsMap,
    function: *mut c_void,
    core: *mut VsCore,
    api: *const VsApi,
) {
    // SAFETY: `init` registered a function that lives as long as the library; the maps live
    // during the call.
    let (function, host, values) = unsafe {
        let host = Host::new(api, core);
        (&*function.cast::<Function>(), host, Values::new(host, arguments))
    };
    let run = || {
        let new = (function.make)(&Call { host, values, function })?;
        // SAFETY: the results of this call.
        unsafe { filter::add(host, out, function.name, new) };
        Ok(())
    };
    if let Err(message) = caught(run) {
        // SAFETY: the results of this call.
        unsafe { refuse(host, out, &c_text(&format!("unband.{}: {message}", function.name))) }
    }
}
