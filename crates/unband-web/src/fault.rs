//! Errors as objects of JavaScript.

use js_sys::Reflect;
use unband::calls::CallError;
use wasm_bindgen::JsValue;

/// An error on its way to JavaScript.
#[derive(Debug)]
pub(crate) struct Fault(CallError);

impl<E: Into<CallError>> From<E> for Fault {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl From<Fault> for JsValue {
    fn from(Fault(fault): Fault) -> Self {
        let error = JsValue::from(js_sys::Error::new(&fault.message));
        let set = |name: &str, value: Option<&str>| {
            let value = value.map_or(JsValue::UNDEFINED, JsValue::from_str);
            // A new object takes every property.
            let _ = Reflect::set(&error, &JsValue::from_str(name), &value);
        };
        set("name", Some("UnbandError"));
        set("kind", Some(fault.word()));
        set("hint", fault.hint.as_deref());
        set("option", fault.option.as_deref());
        error
    }
}
