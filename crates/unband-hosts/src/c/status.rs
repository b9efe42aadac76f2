//! Results of calls: a number, and the message of the last failure of each thread.

use std::cell::RefCell;
use std::ffi::{CString, c_char, c_int};
use std::panic::{AssertUnwindSafe, catch_unwind};

use unband::{Error, ErrorKind};

use crate::guard::{message, panicked};

/// `enum unband_status`.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Ok = 0,
    Argument = 1,
    Option = 2,
    Input = 3,
    Unsupported = 4,
    Limit = 5,
    File = 6,
    Cancelled = 7,
    Other = 8,
    Bug = 9,
    Again = 10,
}

/// A call that failed.
pub(crate) struct CallFailure(pub Status, pub String);

impl CallFailure {
    /// An argument that breaks the interface's rules.
    pub(crate) fn argument(what: impl Into<String>) -> Self {
        Self(Status::Argument, what.into())
    }

    /// An option with a wrong value.
    pub(crate) fn option(name: &str, rule: impl std::fmt::Display, got: &str) -> Self {
        Self(Status::Option, format!("`{name}` must be {rule}, got `{got}`"))
    }
}

impl From<Error> for CallFailure {
    fn from(error: Error) -> Self {
        let status = match error.kind() {
            ErrorKind::Option => Status::Option,
            ErrorKind::Input => Status::Input,
            ErrorKind::Unsupported => Status::Unsupported,
            ErrorKind::Limit => Status::Limit,
            ErrorKind::File => Status::File,
            ErrorKind::Cancelled => Status::Cancelled,
            _ => Status::Other,
        };
        Self(status, message(error))
    }
}

thread_local! {
    static LAST: RefCell<CString> = RefCell::default();
}

/// Runs a call; its failure becomes the thread's last message.
pub(crate) fn guarded(work: impl FnOnce() -> Result<Status, CallFailure>) -> c_int {
    let bug = |panic: Box<dyn std::any::Any + Send>| Err(CallFailure(Status::Bug, panicked(&*panic)));
    let (status, text) = match catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(bug) {
        Ok(status) => (status, String::new()),
        Err(CallFailure(status, text)) => (status, text),
    };
    // A thread that ends has no message any more.
    let _ =
        LAST.try_with(|last| *last.borrow_mut() = CString::new(text.replace('\0', " ")).unwrap_or_default());
    status as c_int
}

/// The thread's last message; valid until its next call.
pub(crate) fn last_message() -> *const c_char {
    LAST.try_with(|last| last.borrow().as_ptr()).unwrap_or(c"".as_ptr())
}
