//! The frei0r filter `unband`: RGBA of 8 bits, frames in order.
//!
//! Source: dyne/frei0r `include/frei0r.h`, version 1.2 of the interface.

use std::ffi::{CStr, CString, c_char, c_double, c_int, c_uint, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};

use unband::frames::{FrameOptions, FrameProcessor, Temporal};
use unband::{Color, Context, Depth, Model, Options, deband_with};

use crate::frame::{FrameLayout, FrameMemory, HostFrame};
use crate::guard::{caught, message, method};
use crate::owned::OwnedMemory;

/// `f0r_plugin_info_t`.
#[repr(C)]
struct PluginInfo {
    name: *const c_char,
    author: *const c_char,
    plugin_type: c_int,
    color_model: c_int,
    frei0r_version: c_int,
    major_version: c_int,
    minor_version: c_int,
    num_params: c_int,
    explanation: *const c_char,
}

/// `f0r_param_info_t`.
#[repr(C)]
struct FilterParamInfo {
    name: *const c_char,
    kind: c_int,
    explanation: *const c_char,
}

const FILTER: c_int = 0;
const RGBA: c_int = 1;
const BOOL: c_int = 0;
const DOUBLE: c_int = 1;
const TEXT: c_int = 4;

/// Parameters in order. Numbers of frei0r are 0 to 1: a strength of 0.25 is the default 1.
const PARAMS: [(&CStr, c_int, &CStr); 4] = [
    (
        c"strength",
        DOUBLE,
        c"Strength of the correction, a quarter of the program's: 0.25 is the default, 1 the most",
    ),
    (c"method", TEXT, c"auto, or a method with its parameters, such as f3kdb:range=20,y=80"),
    (c"everywhere", BOOL, c"Correct all flat areas, not only where banding was found"),
    (c"still", BOOL, c"Treat each frame as an image by itself"),
];
/// The program's strength at 1.
const MOST: f64 = 4.0;

/// An instance of the filter.
struct Filter {
    layout: FrameLayout,
    strength: f64,
    /// Also for the host, which does not free it.
    method: CString,
    everywhere: bool,
    still: bool,
    time: f64,
    work: Option<Work>,
    warned: bool,
}

/// The work for the current parameters.
enum Work {
    Images(Options),
    Frames(Box<FrameProcessor<'static, HostFrame<OwnedMemory>, ()>>),
}

impl Filter {
    fn new(width: usize, height: usize) -> Self {
        let color = Color::new(Model::Rgb);
        let depth = Depth::EIGHT;
        let layout = FrameLayout { width, height, color, depth, alpha: true, luma_only: false, lossy: false };
        Self {
            layout,
            strength: 1.0 / MOST,
            method: c"auto".into(),
            everywhere: false,
            still: false,
            time: f64::NEG_INFINITY,
            work: None,
            warned: false,
        }
    }

    /// Sets a parameter. Some hosts set all before each frame: only another value begins again.
    fn set<T: PartialEq>(&mut self, field: impl FnOnce(&mut Self) -> &mut T, value: T) {
        let own = field(self);
        #[allow(clippy::eq_op)] // not a number equals nothing, itself included
        if *own != value && value == value {
            *own = value;
            (self.work, self.warned) = (None, false);
        }
    }

    fn options(&self) -> Result<Options, String> {
        let mut options = Options::default();
        options.method = method(&self.method.to_string_lossy())?;
        options.everywhere = self.everywhere;
        if options.method.is_ours() {
            options.strength = (self.strength * MOST) as f32;
        }
        unband::check(&options).map_err(message)?;
        Ok(options)
    }

    fn work(&mut self, time: f64) -> Result<&mut Work, String> {
        // Hosts count in seconds or milliseconds: only a step back is known to be a jump.
        let jumps = time < self.time;
        self.time = time;
        if self.work.is_none() {
            let options = self.options()?;
            self.work = Some(if self.still {
                Work::Images(options)
            } else {
                let how = FrameOptions::new(options, Temporal::Off);
                Work::Frames(Box::new(FrameProcessor::new(how, &Context::default())))
            });
        }
        let work = self.work.as_mut().ok_or("no work")?;
        if let (Work::Frames(frames), true) = (&mut *work, jumps) {
            frames.restart();
        }
        Ok(work)
    }

    fn run(&mut self, time: f64, pixels: &[u8], result: &mut [u8]) -> Result<(), String> {
        let mut frame =
            HostFrame { layout: self.layout, memory: OwnedMemory::new(&self.layout).map_err(message)? };
        if let [red, green, blue, alpha] = &mut frame.memory.planes_mut(&self.layout)[..] {
            let colors = red.bytes.iter_mut().zip(green.bytes.iter_mut()).zip(blue.bytes.iter_mut());
            let planes = colors.zip(alpha.bytes.iter_mut());
            for (&[r, g, b, a], (((red, green), blue), alpha)) in pixels.as_chunks::<4>().0.iter().zip(planes)
            {
                (*red, *green, *blue, *alpha) = (r, g, b, a);
            }
        }
        let made = match self.work(time)? {
            Work::Images(options) => {
                let image = frame.to_image().map_err(message)?;
                let (made, _) = deband_with(image, options, &Context::default()).map_err(message)?;
                frame.of_image(&made).map_err(message)?
            }
            Work::Frames(frames) => {
                frames.push((), frame).map_err(message)?;
                frames.next().map_err(message)?.ok_or("no frame")?.frame
            }
        };
        let [red, green, blue, alpha] = [0, 1, 2, 3].map(|p| made.memory.plane(&made.layout, p).bytes.iter());
        let planes = red.zip(green).zip(blue).zip(alpha);
        for (pixel, (((&r, &g), &b), &a)) in result.as_chunks_mut::<4>().0.iter_mut().zip(planes) {
            *pixel = [r, g, b, a];
        }
        Ok(())
    }

    /// frei0r has no errors: the frame stays as it is, and standard error has the message once.
    #[allow(clippy::print_stderr)]
    fn warn(&mut self, what: &str) {
        if !std::mem::replace(&mut self.warned, true) {
            eprintln!("frei0r unband: {what}; frames stay as they are");
        }
    }
}

#[unsafe(no_mangle)]
extern "C" fn f0r_init() -> c_int {
    1
}

#[unsafe(no_mangle)]
extern "C" fn f0r_deinit() {
    // The host may unload the library now.
    let _ = catch_unwind(unband::end_threads);
}

#[unsafe(no_mangle)]
unsafe extern "C" fn f0r_get_plugin_info(info: *mut PluginInfo) {
    let part = |part: &str| part.parse().unwrap_or(0);
    let made = PluginInfo {
        name: c"unband".as_ptr(),
        author: c"The unband developers".as_ptr(),
        plugin_type: FILTER,
        color_model: RGBA,
        frei0r_version: 1,
        major_version: part(env!("CARGO_PKG_VERSION_MAJOR")),
        minor_version: part(env!("CARGO_PKG_VERSION_MINOR")),
        num_params: PARAMS.len().try_into().unwrap_or(0),
        explanation: c"Removes banding (false contours)".as_ptr(),
    };
    // SAFETY: the host passes a struct to fill.
    unsafe { info.write(made) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn f0r_get_param_info(info: *mut FilterParamInfo, index: c_int) {
    let Some((name, kind, explanation)) = usize::try_from(index).ok().and_then(|i| PARAMS.get(i)) else {
        return;
    };
    // SAFETY: the host passes a struct to fill.
    unsafe {
        info.write(FilterParamInfo { name: name.as_ptr(), kind: *kind, explanation: explanation.as_ptr() });
    }
}

#[unsafe(no_mangle)]
extern "C" fn f0r_construct(width: c_uint, height: c_uint) -> *mut c_void {
    let side = |side: c_uint| usize::try_from(side).ok().filter(|side| (1..=65_535).contains(side));
    match (side(width), side(height)) {
        (Some(width), Some(height)) => Box::into_raw(Box::new(Filter::new(width, height))).cast(),
        _ => std::ptr::null_mut(),
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn f0r_destruct(instance: *mut c_void) {
    if !instance.is_null() {
        // SAFETY: from `f0r_construct`, freed once.
        let filter = unsafe { Box::from_raw(instance.cast::<Filter>()) };
        let _ = catch_unwind(AssertUnwindSafe(|| drop(filter)));
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn f0r_set_param_value(instance: *mut c_void, param: *mut c_void, index: c_int) {
    if param.is_null() {
        return;
    }
    // SAFETY: an instance of `f0r_construct`, and a value of the parameter's type.
    unsafe {
        let Some(filter) = instance.cast::<Filter>().as_mut() else { return };
        let number = || param.cast::<c_double>().read();
        match index {
            0 => filter.set(|filter| &mut filter.strength, number().clamp(0.0, 1.0)),
            1 => {
                let text = param.cast::<*const c_char>().read();
                if !text.is_null() {
                    filter.set(|filter| &mut filter.method, CStr::from_ptr(text).into());
                }
            }
            2 => filter.set(|filter| &mut filter.everywhere, number() >= 0.5),
            3 => filter.set(|filter| &mut filter.still, number() >= 0.5),
            _ => {}
        }
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn f0r_get_param_value(instance: *mut c_void, param: *mut c_void, index: c_int) {
    if param.is_null() {
        return;
    }
    // SAFETY: an instance of `f0r_construct`, and room for a value of the parameter's type.
    unsafe {
        let Some(filter) = instance.cast::<Filter>().as_ref() else { return };
        let number = |value: c_double| param.cast::<c_double>().write(value);
        match index {
            0 => number(filter.strength),
            1 => param.cast::<*const c_char>().write(filter.method.as_ptr()),
            2 => number(f64::from(u8::from(filter.everywhere))),
            3 => number(f64::from(u8::from(filter.still))),
            _ => {}
        }
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn f0r_update(instance: *mut c_void, time: c_double, frame: *const u32, result: *mut u32) {
    // SAFETY: an instance of `f0r_construct`; both frames have its size, and do not overlap.
    let (filter, pixels, made) = unsafe {
        let Some(filter) = instance.cast::<Filter>().as_mut() else { return };
        let length = filter.layout.width * filter.layout.height * 4;
        let pixels = std::slice::from_raw_parts(frame.cast::<u8>(), length);
        (filter, pixels, std::slice::from_raw_parts_mut(result.cast::<u8>(), length))
    };
    if let Err(what) = caught(|| filter.run(time, pixels, made)) {
        made.copy_from_slice(pixels);
        filter.work = None;
        filter.warn(&what);
    }
}
