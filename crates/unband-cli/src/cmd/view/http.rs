//! One request of HTTP/1.1 on a connection, and its reply; then the connection ends.
//!
//! httparse reads the head. The rest is a page's need: no pipelining, no chunks, nothing read before the door
//! was passed.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// Most bytes of a head.
const HEAD: usize = 16 << 10;
/// Time for what is left of a request after its reply.
const LINGER: Duration = Duration::from_millis(200);
/// Most fields of a head.
const FIELDS: usize = 64;

/// The head of a request.
pub(super) struct RequestHead {
    /// GET, POST or another.
    pub method: String,
    /// The path, without a query.
    pub path: String,
    fields: Vec<(String, String)>,
    /// Bytes of the body that came with the head.
    begin: Vec<u8>,
}

/// A reply: status, media type, content, further fields.
pub(super) struct Reply {
    pub status: u16,
    pub kind: &'static str,
    pub body: Vec<u8>,
    /// The address to go to.
    pub location: Option<String>,
}

impl RequestHead {
    /// Reads a head; `None` for anything else.
    ///
    /// # Errors
    /// A connection that ends or is silent.
    pub(super) fn read(stream: &mut TcpStream) -> io::Result<Option<Self>> {
        let mut bytes = Vec::new();
        let mut part = [0u8; 4096];
        loop {
            let count = stream.read(&mut part)?;
            if count == 0 || bytes.len() + count > HEAD + part.len() {
                return Ok(None);
            }
            bytes.extend_from_slice(&part[..count]);
            let mut fields = [httparse::EMPTY_HEADER; FIELDS];
            let mut request = httparse::Request::new(&mut fields);
            match request.parse(&bytes) {
                Err(_) => return Ok(None),
                Ok(httparse::Status::Partial) => {}
                Ok(httparse::Status::Complete(length)) => {
                    let (Some(method), Some(path)) = (request.method, request.path) else { return Ok(None) };
                    let path = path.split(['?', '#']).next().unwrap_or_default().to_owned();
                    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                    let fields = request.headers.iter();
                    let fields = fields.map(|field| (field.name.to_owned(), text(field.value))).collect();
                    let begin = bytes[length..].to_vec();
                    return Ok(Some(Self { method: method.to_owned(), path, fields, begin }));
                }
            }
        }
    }

    /// The value of a field; `None` without it, and where it comes twice.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        let mut found = self.fields.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        found.next().filter(|_| found.next().is_none()).map(|(_, value)| &**value)
    }

    /// Whether it has this field.
    pub(super) fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|(known, _)| known.eq_ignore_ascii_case(name))
    }

    /// Reads the body of at most this length; `None` for a longer one, or one of unknown length.
    ///
    /// # Errors
    /// A connection that ends or is silent.
    pub(super) fn body(self, stream: &mut TcpStream, most: u64) -> io::Result<Option<Vec<u8>>> {
        let length = self.field("Content-Length").and_then(|text| text.parse::<u64>().ok());
        let Some(length) = length.filter(|length| *length <= most) else { return Ok(None) };
        let mut bytes = self.begin;
        let rest = length.saturating_sub(bytes.len() as u64);
        let read = stream.take(rest).read_to_end(&mut bytes)?;
        Ok((read as u64 == rest).then_some(bytes))
    }
}

impl Reply {
    /// With a content.
    pub(super) fn new(status: u16, kind: &'static str, body: Vec<u8>) -> Self {
        Self { status, kind, body, location: None }
    }

    /// With a line of text.
    pub(super) fn text(status: u16, line: &str) -> Self {
        Self::new(status, "text/plain; charset=utf-8", format!("{line}\n").into_bytes())
    }

    /// To another address.
    pub(super) fn to(location: String) -> Self {
        Self { location: Some(location), ..Self::text(303, "the page is there") }
    }

    /// Writes it.
    ///
    /// # Errors
    /// A connection that ends, or whose other end does not read.
    pub(super) fn write(self, stream: &mut TcpStream) -> io::Result<()> {
        let Self { status, kind, body, location } = self;
        let location = location.map_or_else(String::new, |address| format!("Location: {address}\r\n"));
        let head = format!(
            "HTTP/1.1 {status} .\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n{location}\
             X-Content-Type-Options: nosniff\r\nX-Frame-Options: DENY\r\nReferrer-Policy: no-referrer\r\n\
             Cross-Origin-Resource-Policy: same-origin\r\nCross-Origin-Opener-Policy: same-origin\r\n\
             Cache-Control: no-store\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes())?;
        stream.write_all(&body)?;
        stream.flush()?;
        stream.shutdown(std::net::Shutdown::Write)?;
        // A body that was refused: closed before it is read, the connection would take the reply with it.
        stream.set_read_timeout(Some(LINGER))?;
        let mut part = [0u8; 4096];
        for _ in 0..HEAD / part.len() {
            if stream.read(&mut part)? == 0 {
                break;
            }
        }
        Ok(())
    }
}
