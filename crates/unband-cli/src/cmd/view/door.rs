//! The door of the page: who may send requests.

use std::sync::{Mutex, PoisonError};

use super::http::RequestHead;

/// The secret words of the address, and the port.
pub(super) struct Door {
    token: String,
    /// Opens the page once: other users see the arguments of the browser's program.
    ticket: Mutex<Option<String>>,
    port: u16,
}

/// A word of 128 random bits.
fn word() -> Result<String, getrandom::Error> {
    let mut bytes = [0u8; 16];
    getrandom::fill(&mut bytes)?;
    Ok(format!("{:032x}", u128::from_le_bytes(bytes)))
}

impl Door {
    /// With new secret words.
    ///
    /// # Errors
    /// A system without random numbers.
    pub(super) fn new(port: u16) -> Result<Self, getrandom::Error> {
        Ok(Self { token: word()?, ticket: Mutex::new(Some(word()?)), port })
    }

    /// The address of the page.
    pub(super) fn address(&self) -> String {
        format!("http://127.0.0.1:{}/{}/", self.port, self.token)
    }

    /// An address that leads to the page once.
    pub(super) fn address_once(&self) -> String {
        let ticket = self.ticket.lock().unwrap_or_else(PoisonError::into_inner).clone().unwrap_or_default();
        format!("http://127.0.0.1:{}/{ticket}", self.port)
    }

    /// Whether the request has the address that leads to the page once. It is gone then.
    pub(super) fn is_first(&self, request: &RequestHead) -> bool {
        let mut ticket = self.ticket.lock().unwrap_or_else(PoisonError::into_inner);
        let word = request.path.strip_prefix('/').unwrap_or_default();
        let first = self.is_own(request) && ticket.as_ref().is_some_and(|ticket| same(ticket, word));
        if first {
            *ticket = None;
        }
        first
    }

    /// The path below the page's, of a request that may pass.
    pub(super) fn path<'a>(&self, request: &'a RequestHead) -> Option<&'a str> {
        let (token, path) = request.path.strip_prefix('/')?.split_once('/')?;
        (same(token, &self.token) && self.is_own(request)).then_some(path)
    }

    /// Whether it goes to this computer by its own name, which a rebound name is not, and comes from the page
    /// itself or the address bar.
    fn is_own(&self, request: &RequestHead) -> bool {
        let hosts = ["127.0.0.1", "localhost"].map(|name| format!("{name}:{}", self.port));
        let known = |text: &str| hosts.iter().any(|host| host == text);
        let origin = |text: &str| text.strip_prefix("http://").is_some_and(known);
        let site = |text: &str| ["same-origin", "none"].contains(&text);
        let either = |name: &str, holds: &dyn Fn(&str) -> bool| {
            !request.has(name) || request.field(name).is_some_and(holds)
        };
        request.field("Host").is_some_and(known)
            && either("Origin", &origin)
            && either("Sec-Fetch-Site", &site)
    }
}

/// Compares without an early end, which would tell how much was right.
fn same(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).fold(0, |all, (a, b)| all | (a ^ b)) == 0
}
