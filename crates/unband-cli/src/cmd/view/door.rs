//! The door of the page: who may send requests.

use tiny_http::{Header, Request};

/// The secret word of the address, and the port.
pub(super) struct Door {
    token: String,
    port: u16,
}

impl Door {
    /// With a new secret word of 128 bits.
    ///
    /// # Errors
    /// A system without random numbers.
    pub(super) fn new(port: u16) -> Result<Self, getrandom::Error> {
        let mut bytes = [0u8; 16];
        getrandom::fill(&mut bytes)?;
        let token = format!("{:032x}", u128::from_le_bytes(bytes));
        Ok(Self { token, port })
    }

    /// The address of the page.
    pub(super) fn address(&self) -> String {
        format!("http://127.0.0.1:{}/{}/", self.port, self.token)
    }

    /// The path below the page's, of a request that may pass: with the secret word, to this computer by its
    /// own name, which a rebound name is not, and from the page itself.
    pub(super) fn path<'a>(&self, request: &'a Request) -> Option<&'a str> {
        let path = request.url().split(['?', '#']).next().unwrap_or_default();
        let (token, path) = path.strip_prefix('/')?.split_once('/')?;
        // Of equal length: a comparison that ends early tells how much of it was right.
        let same = token.len() == self.token.len()
            && token.bytes().zip(self.token.bytes()).fold(0, |all, (a, b)| all | (a ^ b)) == 0;
        let host = |text: &str| self.hosts().iter().any(|host| host == text);
        let own_host = header(request, "Host").is_some_and(host);
        let origin = header(request, "Origin");
        let own_origin = origin.is_none_or(|text| text.strip_prefix("http://").is_some_and(host));
        let foreign =
            header(request, "Sec-Fetch-Site").is_some_and(|site| !["same-origin", "none"].contains(&site));
        (same && own_host && own_origin && !foreign).then_some(path)
    }

    fn hosts(&self) -> [String; 2] {
        ["127.0.0.1", "localhost"].map(|name| format!("{name}:{}", self.port))
    }
}

fn header<'a>(request: &'a Request, name: &'static str) -> Option<&'a str> {
    let header: Option<&Header> = request.headers().iter().find(|header| header.field.equiv(name));
    header.map(|header| header.value.as_str())
}
