//! The interface for programs in C: `include/unband.h`.
//!
//! Objects are boxes behind pointers. Every call catches panics and keeps its message for the thread.

mod format;
mod options;
mod scores;
mod session;
mod status;

use std::ffi::{c_char, c_int};

use self::format::{CallFormat, CallFrame, call_frame, check_size, input_frame, layout_of, write_out};
use self::options::{CallOptions, text_of};
use self::scores::metric_of;
use self::session::Session;
use self::status::{CallFailure, Status, guarded, last_message};

/// `unband_findings`.
#[repr(C)]
pub(crate) struct CallFindings {
    size: usize,
    grade: i32,
    effective_bits: i32,
    share: f64,
    steps: [f64; 3],
    cause: [c_char; 32],
    text: [c_char; 256],
}

/// The object behind a pointer.
///
/// # Safety
/// Null, or a pointer from the function that makes such objects.
unsafe fn object<'a, T>(pointer: *const T, name: &str) -> Result<&'a T, CallFailure> {
    // SAFETY: promised by the caller.
    unsafe { pointer.as_ref() }.ok_or_else(|| CallFailure::argument(format!("`{name}` is null")))
}

/// # Safety
/// Null, or a pointer to write to.
unsafe fn put<T>(to: *mut T, value: T, name: &str) -> Result<(), CallFailure> {
    if to.is_null() {
        return Err(CallFailure::argument(format!("`{name}` is null")));
    }
    // SAFETY: promised by the caller; the address may be odd.
    unsafe { to.write_unaligned(value) };
    Ok(())
}

/// A text in a field of fixed length, cut at a whole character, with zeros behind.
fn field<const N: usize>(text: &str) -> [c_char; N] {
    let mut end = text.len().min(N - 1);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let mut field = [0; N];
    field.iter_mut().zip(text[..end].bytes()).for_each(|(to, byte)| *to = byte.cast_signed() as c_char);
    field
}

#[unsafe(no_mangle)]
extern "C" fn unband_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

#[unsafe(no_mangle)]
extern "C" fn unband_last_error() -> *const c_char {
    last_message()
}

#[unsafe(no_mangle)]
extern "C" fn unband_options_new() -> *mut CallOptions {
    Box::into_raw(Box::default())
}

#[unsafe(no_mangle)]
unsafe extern "C" fn unband_options_free(options: *mut CallOptions) {
    if !options.is_null() {
        // SAFETY: from `unband_options_new`, freed once.
        drop(unsafe { Box::from_raw(options) });
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn unband_options_set(
    options: *mut CallOptions,
    name: *const c_char,
    value: *const c_char,
) -> c_int {
    guarded(|| {
        // SAFETY: pointers as the header asks for.
        let (name, value) = unsafe { (text_of(name, "name")?, text_of(value, "value")?) };
        // SAFETY: as above.
        let options = unsafe { options.as_mut() };
        let options = options.ok_or_else(|| CallFailure::argument("`options` is null"))?;
        // A wrong value changes nothing.
        let mut new = options.clone();
        new.set(name, value)?;
        *options = new;
        Ok(Status::Ok)
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn unband_session_new(
    options: *const CallOptions,
    format: *const CallFormat,
    session: *mut *mut Session,
) -> c_int {
    guarded(|| {
        // SAFETY: pointers as the header asks for.
        let (options, layout) = unsafe { (options.as_ref(), layout_of(format)?) };
        if session.is_null() {
            return Err(CallFailure::argument("`session` is null"));
        }
        let plain = CallOptions::default();
        let new = Box::new(Session::new(options.unwrap_or(&plain), layout)?);
        // SAFETY: as above.
        unsafe { put(session, Box::into_raw(new), "session") }?;
        Ok(Status::Ok)
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn unband_session_free(session: *mut Session) {
    if !session.is_null() {
        // SAFETY: from `unband_session_new`, freed once.
        let session = unsafe { Box::from_raw(session) };
        guarded(|| {
            drop(session);
            Ok(Status::Ok)
        });
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn unband_session_bits(session: *const Session, bits: *mut c_int) -> c_int {
    guarded(|| {
        // SAFETY: pointers as the header asks for.
        unsafe { put(bits, object(session, "session")?.results.depth.bits().into(), "bits") }?;
        Ok(Status::Ok)
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn unband_process(
    session: *const Session,
    input: *const CallFrame,
    output: *const CallFrame,
    number: u32,
) -> c_int {
    guarded(|| {
        // SAFETY: pointers and planes as the header asks for.
        let (session, frame) = unsafe {
            let session = object(session, "session")?;
            (session, call_frame(input, output, &session.layout, &session.results)?)
        };
        session.process(frame, number)?;
        Ok(Status::Ok)
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn unband_push(
    session: *const Session,
    input: *const CallFrame,
    tag: i64,
    begins_shot: c_int,
) -> c_int {
    guarded(|| {
        // SAFETY: pointers and planes as the header asks for.
        let (session, frame) = unsafe {
            let session = object(session, "session")?;
            (session, input_frame(input, "in", &session.layout)?)
        };
        session.push(&frame, tag, (begins_shot >= 0).then_some(begins_shot > 0))?;
        Ok(Status::Ok)
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn unband_finish(session: *const Session) -> c_int {
    guarded(|| {
        // SAFETY: pointers as the header asks for.
        unsafe { object(session, "session") }?.finish()?;
        Ok(Status::Ok)
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn unband_pull(session: *const Session, output: *const CallFrame, tag: *mut i64) -> c_int {
    guarded(|| {
        // SAFETY: pointers and planes as the header asks for.
        let session = unsafe { object(session, "session") }?;
        let taken = session.pull(|own, made| {
            // SAFETY: as above.
            unsafe {
                write_out(made, output)?;
                if !tag.is_null() {
                    put(tag, own, "tag")?;
                }
            }
            Ok(())
        })?;
        Ok(if taken { Status::Ok } else { Status::Again })
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn unband_cancel(session: *const Session) {
    // SAFETY: pointers as the header asks for.
    if let Some(session) = unsafe { session.as_ref() } {
        session.cancel();
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn unband_reset(session: *const Session) -> c_int {
    guarded(|| {
        // SAFETY: pointers as the header asks for.
        unsafe { object(session, "session") }?.reset()?;
        Ok(Status::Ok)
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn unband_inspect(
    session: *const Session,
    input: *const CallFrame,
    of_video: c_int,
    findings: *mut CallFindings,
) -> c_int {
    guarded(|| {
        // SAFETY: pointers and planes as the header asks for.
        let (session, frame) = unsafe {
            let session = object(session, "session")?;
            (session, input_frame(input, "in", &session.layout)?)
        };
        // SAFETY: as above.
        let size = unsafe { check_size(findings, "findings") }?;
        let (found, verdict) = session.inspect(&frame, of_video == 0)?;
        let step = |p: usize| found.grids.get(p).map_or(0.0, |grid| f64::from(grid.step_codes));
        let made = CallFindings {
            size,
            grade: verdict.grade as i32,
            effective_bits: found.effective_bits.into(),
            share: verdict.share.into(),
            steps: [0, 1, 2].map(step),
            cause: field(verdict.cause.unwrap_or("none")),
            text: field(&verdict.line),
        };
        // SAFETY: as above.
        unsafe { put(findings, made, "findings") }?;
        Ok(Status::Ok)
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn unband_metric(
    name: *const c_char,
    format: *const CallFormat,
    image: *const CallFrame,
    reference: *const CallFrame,
    value: *mut f64,
) -> c_int {
    guarded(|| {
        // SAFETY: pointers and planes as the header asks for.
        let (name, image, reference) = unsafe {
            let layout = layout_of(format)?;
            let reference =
                if reference.is_null() { None } else { Some(input_frame(reference, "reference", &layout)?) };
            (text_of(name, "name")?, input_frame(image, "image", &layout)?, reference)
        };
        if value.is_null() {
            return Err(CallFailure::argument("`value` is null"));
        }
        let found = metric_of(name, &image, reference.as_ref())?;
        // SAFETY: as above.
        unsafe { put(value, found, "value") }?;
        Ok(Status::Ok)
    })
}

#[unsafe(no_mangle)]
extern "C" fn unband_end_threads() {
    guarded(|| {
        unband::end_threads();
        Ok(Status::Ok)
    });
}
