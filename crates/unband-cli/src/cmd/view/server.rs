//! The server of the page.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tiny_http::{Header, Method, Request, Response, StatusCode};
use unband::{Context, With};
use unband_page::files;

use super::calls::Engine;
use super::door::Door;
use super::library::Library;
use super::message::{Answer, CallMessage};
use crate::reporter::Failure;

/// Threads that answer: a job holds one, its progress and views need others.
const THREADS: usize = 6;
/// Time after which a waiting thread looks whether the program ends.
const PAUSE: Duration = Duration::from_millis(100);

/// The server, its door and its engine.
pub(super) struct Server {
    http: tiny_http::Server,
    door: Door,
    engine: Engine,
}

/// A reply: status, media type, content.
type Reply = (u16, &'static str, Vec<u8>);

impl Server {
    /// Listens on this computer alone.
    ///
    /// # Errors
    /// A port in use.
    pub(super) fn start(port: u16, library: Library, max_memory: Option<u64>) -> Result<Self, Failure> {
        let http = tiny_http::Server::http(("127.0.0.1", port)).map_err(|error| {
            let message = format!("cannot listen on port {port}: {error}");
            Failure { subject: None, message, hint: Some("without `--port`, a free one is taken".to_owned()) }
        })?;
        let port = http.server_addr().to_ip().map_or(port, |address| address.port());
        let door = Door::new(port).map_err(|error| {
            let message = format!("the system has no random numbers: {error}");
            Failure { subject: None, message, hint: None }
        })?;
        Ok(Self { http, door, engine: Engine::new(library, max_memory) })
    }

    /// The address of the page.
    pub(super) fn address(&self) -> String {
        self.door.address()
    }

    /// Answers until the context is cancelled.
    pub(super) fn run(&self, ctx: &Context<'_>) {
        std::thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| self.serve(ctx));
            }
        });
    }

    fn serve(&self, ctx: &Context<'_>) {
        while !ctx.cancelled() {
            let Ok(Some(mut request)) = self.http.recv_timeout(PAUSE) else { continue };
            let (status, kind, body) = self.reply(&mut request, ctx);
            let length = body.len();
            let body = std::io::Cursor::new(body);
            let response = Response::new(StatusCode(status), headers(kind), body, Some(length), None);
            let response = response.with_chunked_threshold(usize::MAX);
            // A page that was closed does not read.
            let _ = request.respond(response);
        }
    }

    fn reply(&self, request: &mut Request, ctx: &Context<'_>) -> Reply {
        let refused = (403, "text/plain; charset=utf-8", b"not from this page\n".to_vec());
        let Some(path) = self.door.path(request).map(str::to_owned) else { return refused };
        match (request.method(), &*path) {
            (Method::Post, "call") => {
                let call = CallMessage::read(request.as_reader());
                let quiet = AtomicBool::new(false);
                let answer = call.and_then(|call| {
                    // Calls end by themselves; jobs have a flag of their own.
                    let ctx = (*ctx).but(|new| new.cancel = &quiet);
                    self.engine.answer(&call, &ctx)
                });
                quiet.store(true, Ordering::Relaxed);
                (200, "application/octet-stream", Answer::bytes(answer))
            }
            (Method::Get, path) => self.file(path, ctx),
            _ => (405, "text/plain; charset=utf-8", b"GET or POST\n".to_vec()),
        }
    }

    fn file(&self, path: &str, ctx: &Context<'_>) -> Reply {
        let none = || (404, "text/plain; charset=utf-8", b"no such file\n".to_vec());
        if let Some(id) = path.strip_prefix("thumb/") {
            let item = id.parse().ok().and_then(|id| self.engine.library.item(id).ok());
            let png = item.and_then(|item| item.thumbnail(&unband::io::Limits::default(), ctx).ok());
            return png.map_or_else(none, |png| (200, "image/png", png));
        }
        if path == "licences.txt" {
            return (200, "text/plain; charset=utf-8", crate::licences::text().into_bytes());
        }
        let name = if path.is_empty() { "index.html" } else { path };
        let Some(file) = files().find(|file| file.name == name) else { return none() };
        let text = if name == "index.html" { served(file.text) } else { file.text.to_owned() };
        (200, file.kind, text.into_bytes())
    }
}

/// The page for a server: it calls the program, and has no examples of its own.
fn served(page: &str) -> String {
    let marked = page.replacen("<html ", "<html data-served=\"true\" ", 1);
    let alone = marked.replacen("<link rel=\"manifest\" href=\"manifest.webmanifest\">\n", "", 1);
    alone.replacen(" 'wasm-unsafe-eval'", "", 1).replacen("in this page", "on this computer", 1)
}

fn headers(kind: &str) -> Vec<Header> {
    let fixed = [
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
        ("Referrer-Policy", "no-referrer"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cache-Control", "no-store"),
    ];
    let all = fixed.into_iter().chain([("Content-Type", kind)]);
    all.filter_map(|(name, value)| Header::from_bytes(name, value).ok()).collect()
}
