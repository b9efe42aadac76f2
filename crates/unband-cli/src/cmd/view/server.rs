//! The server of the page: a thread for each connection, which has one request.

use std::io;
use std::net::{TcpListener, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use unband::Context;
use unband_page::files;

use super::calls::Engine;
use super::door::Door;
use super::http::{Reply, RequestHead};
use super::library::Library;
use super::message::{Answer, CallMessage};
use crate::inputs::reason;
use crate::reporter::Failure;

/// Most connections at a time; more are closed.
const MOST: usize = 64;
/// Most bytes of a call: a large image and its result.
const BODY: u64 = 2 << 30;
/// Pause of the loop that accepts.
const PAUSE: Duration = Duration::from_millis(10);
/// Time that the other end may be silent.
const SILENCE: Duration = Duration::from_secs(10);

/// The server, its door and its engine.
pub(super) struct Server {
    listener: TcpListener,
    door: Door,
    engine: Engine,
    open: AtomicUsize,
}

impl Server {
    /// Listens on this computer alone.
    ///
    /// # Errors
    /// A port in use.
    pub(super) fn start(port: u16, library: Library, max_memory: Option<u64>) -> Result<Self, Failure> {
        let failure = |message: String, hint: Option<&str>| Failure {
            subject: None,
            message,
            hint: hint.map(str::to_owned),
        };
        let listener = TcpListener::bind(("127.0.0.1", port)).and_then(|listener| {
            listener.set_nonblocking(true)?;
            Ok((listener.local_addr()?.port(), listener))
        });
        let (port, listener) = listener.map_err(|error| {
            let message = format!("cannot listen on port {port}: {}", reason(&error));
            failure(message, Some("without `--port`, a free one is taken"))
        })?;
        let door = Door::new(port)
            .map_err(|error| failure(format!("the system has no random numbers: {error}"), None))?;
        Ok(Self { listener, door, engine: Engine::new(library, max_memory), open: AtomicUsize::new(0) })
    }

    /// The door of the page.
    pub(super) fn door(&self) -> &Door {
        &self.door
    }

    /// Answers until the context is cancelled.
    pub(super) fn run(&self, ctx: &Context<'_>) {
        std::thread::scope(|scope| {
            while !ctx.cancelled() {
                // Out of descriptors, say: the next connection may come.
                let Ok((stream, _)) = self.listener.accept() else {
                    std::thread::sleep(PAUSE);
                    continue;
                };
                if self.open.fetch_add(1, Ordering::Relaxed) >= MOST {
                    self.open.fetch_sub(1, Ordering::Relaxed);
                    continue;
                }
                scope.spawn(move || {
                    // A page that was closed does not read, and a fault of one request is not one of others.
                    let _ = catch_unwind(AssertUnwindSafe(|| self.connection(stream, ctx)));
                    self.open.fetch_sub(1, Ordering::Relaxed);
                });
            }
            self.engine.cancel_all();
        });
    }

    fn connection(&self, mut stream: TcpStream, ctx: &Context<'_>) -> io::Result<()> {
        stream.set_nonblocking(false)?;
        stream.set_read_timeout(Some(SILENCE))?;
        stream.set_write_timeout(Some(SILENCE))?;
        let reply = match RequestHead::read(&mut stream)? {
            Some(head) => self.reply(head, &mut stream, ctx)?,
            None => Reply::text(400, "not a request"),
        };
        reply.write(&mut stream)
    }

    fn reply(&self, head: RequestHead, stream: &mut TcpStream, ctx: &Context<'_>) -> io::Result<Reply> {
        if head.method == "GET" && self.door.is_first(&head) {
            return Ok(Reply::to(self.door.address()));
        }
        let Some(path) = self.door.path(&head).map(str::to_owned) else {
            return Ok(Reply::text(403, "not from this page"));
        };
        match (&*head.method, &*path) {
            ("POST", "call") => {
                let Some(body) = head.body(stream, BODY)? else { return Ok(Reply::text(413, "too long")) };
                let answer = CallMessage::read(body).and_then(|call| self.engine.answer(&call, ctx));
                Ok(Reply::new(200, "application/octet-stream", Answer::bytes(answer)))
            }
            ("GET", path) => Ok(self.file(path, ctx)),
            _ => Ok(Reply::text(405, "GET or POST")),
        }
    }

    fn file(&self, path: &str, ctx: &Context<'_>) -> Reply {
        if let Some(id) = path.strip_prefix("thumb/") {
            let png = id.parse().ok().and_then(|id| self.engine.thumbnail(id, ctx).ok());
            return png.map_or_else(|| Reply::text(404, "no image"), |png| Reply::new(200, "image/png", png));
        }
        if path == "licences.txt" {
            return Reply::text(200, &crate::licences::text());
        }
        let name = if path.is_empty() { "index.html" } else { path };
        let Some(file) = files().find(|file| file.name == name) else {
            return Reply::text(404, "no such file");
        };
        let text = if name == "index.html" { served(file.text) } else { file.text.to_owned() };
        Reply::new(200, file.kind, text.into_bytes())
    }
}

/// The page for a server: it calls the program, and has no examples of its own.
fn served(page: &str) -> String {
    let marked = page.replacen("<html ", "<html data-served=\"true\" ", 1);
    let alone = marked.replacen("<link rel=\"manifest\" href=\"manifest.webmanifest\">\n", "", 1);
    alone.replacen(" 'wasm-unsafe-eval'", "", 1).replacen("in this page", "on this computer", 1)
}
