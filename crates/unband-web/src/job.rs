//! Resources of a call: one thread, progress and cancellation by a function of JavaScript.

use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, Ordering};

use js_sys::Function;
use unband::{Context, Progress, With};
use wasm_bindgen::JsValue;

thread_local! {
    /// The function that gets progress.
    static REPORT: RefCell<Option<Function>> = const { RefCell::new(None) };
}

/// Gets progress and passes it on.
struct Reported {
    cancel: AtomicBool,
}

impl Progress for Reported {
    fn advance(&self, done: usize, total: usize) {
        let share = done as f64 / total.max(1) as f64;
        let answer = REPORT.with_borrow(|report| {
            report.as_ref().map(|report| report.call1(&JsValue::UNDEFINED, &JsValue::from_f64(share)))
        });
        // A function that throws or returns `false` cancels.
        if answer.is_some_and(|answer| answer.is_err() || answer.is_ok_and(|value| value == JsValue::FALSE)) {
            self.cancel.store(true, Ordering::Relaxed);
        }
    }
}

/// Runs work that reports the share that is done, 0 to 1.
pub(crate) fn run<T>(report: Option<Function>, work: impl FnOnce(&Context<'_>) -> T) -> T {
    REPORT.set(report);
    let reported = Reported { cancel: AtomicBool::new(false) };
    let ctx = Context::with(|new| {
        new.threads = 1;
        new.cancel = &reported.cancel;
        new.progress = &reported;
    });
    let result = work(&ctx);
    REPORT.set(None);
    result
}
