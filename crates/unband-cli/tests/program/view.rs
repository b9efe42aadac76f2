//! `unband view`: calls of the page, and requests that are not from it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};

use serde_json::{Value, json};

use crate::stage::{Stage, ffmpeg, have_ffmpeg, six_bits, texture, video_of};

/// The running program.
struct Viewer {
    child: Child,
    host: String,
    token: String,
}

/// A reply: status, head, body.
struct Reply {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Viewer {
    fn start(stage: &Stage, arguments: &[&str]) -> Self {
        let mut command = stage.command(&[&["view", "--no-open"], arguments].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("http://").unwrap();
        let (host, token) = address.split_once('/').unwrap();
        Self { child, host: host.to_owned(), token: token.trim_end_matches('/').to_owned() }
    }

    fn send(&self, first: &str, heads: &[(&str, &str)], body: &[u8]) -> Reply {
        let mut stream = TcpStream::connect(&self.host).unwrap();
        let host = heads.iter().find(|(name, _)| *name == "Host").map_or(&*self.host, |(_, host)| host);
        let heads = heads.iter().filter(|(name, _)| *name != "Host");
        let heads = heads.fold(String::new(), |all, (name, value)| all + name + ": " + value + "\r\n");
        let length = body.len();
        let head = format!(
            "{first} HTTP/1.1\r\nHost: {host}\r\n{heads}Content-Length: {length}\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body).unwrap();
        let mut all = Vec::new();
        stream.read_to_end(&mut all).unwrap();
        let end = all.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(all[..end].to_vec()).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Reply { status, head, body: all[end + 4..].to_vec() }
    }

    fn get(&self, path: &str) -> Reply {
        self.send(&format!("GET /{}/{path}", self.token), &[], b"")
    }

    /// A call with parts; the result and the parts of the answer.
    fn call(&self, name: &str, given: &Value, parts: &[(&str, &[u8])]) -> (Value, Vec<Vec<u8>>) {
        let sizes: Vec<_> = parts.iter().map(|(name, bytes)| (name, bytes.len())).collect();
        let mut body = json!({ "name": name, "given": given, "sizes": sizes }).to_string().into_bytes();
        body.push(b'\n');
        for (_, bytes) in parts {
            body.extend_from_slice(bytes);
        }
        let reply = self.send(&format!("POST /{}/call", self.token), &[], &body);
        assert_eq!(reply.status, 200, "{name}");
        let end = reply.body.iter().position(|&byte| byte == b'\n').unwrap();
        let line: Value = serde_json::from_slice(&reply.body[..end]).unwrap();
        let mut rest = &reply.body[end + 1..];
        let mut made = Vec::new();
        for size in line["sizes"].as_array().into_iter().flatten() {
            let (part, after) = rest.split_at(size[1].as_u64().unwrap() as usize);
            made.push(part.to_vec());
            rest = after;
        }
        assert!(rest.is_empty(), "{name}: {} bytes more", rest.len());
        (line, made)
    }
}

impl Drop for Viewer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn stage() -> Stage {
    let stage = Stage::new();
    stage.png("in/a.png", &six_bits);
    stage.png("in/b.png", &texture);
    stage.write("in/notes.txt", b"no image");
    stage.write("secret.png", b"not named");
    stage
}

#[test]
fn the_page_comes_with_its_files_and_nothing_else() {
    let stage = stage();
    let viewer = Viewer::start(&stage, &["in"]);
    let page = viewer.get("");
    let text = String::from_utf8(page.body).unwrap();
    assert!(page.status == 200 && text.contains("data-served=\"true\"") && !text.contains("manifest"));
    for policy in ["nosniff", "X-Frame-Options: DENY", "no-store", "no-referrer"] {
        assert!(page.head.contains(policy), "{policy}");
    }
    for name in ["app/main.js", "app/served.js", "style.css", "icon.svg", "licences.txt"] {
        assert_eq!(viewer.get(name).status, 200, "{name}");
    }
    for name in
        ["../secret.png", "in/a.png", "%2e%2e/secret.png", "thumb/9", "thumb/x", "sw.js", "//etc/passwd"]
    {
        assert_eq!(viewer.get(name).status, 404, "{name}");
    }
    assert!(viewer.get("thumb/0").body.starts_with(b"\x89PNG"));
    assert_eq!(viewer.send(&format!("DELETE /{}/", viewer.token), &[], b"").status, 405);
}

#[test]
fn foreign_pages_and_wrong_words_are_refused() {
    let stage = stage();
    let viewer = Viewer::start(&stage, &["in"]);
    let path = format!("/{}/", viewer.token);
    let wrong = format!("/{}/", "0".repeat(viewer.token.len()));
    for path in ["/", "/x/", &wrong, &viewer.token, "*"] {
        assert_eq!(viewer.send(&format!("GET {path}"), &[], b"").status, 403, "{path}");
    }
    let port = viewer.host.split(':').next_back().unwrap();
    let rebound = format!("evil.example:{port}");
    let other = "127.0.0.1:1".to_owned();
    for heads in [
        [("Host", &*rebound)],
        [("Host", "127.0.0.1")],
        [("Host", &*other)],
        [("Origin", "http://evil.example")],
        [("Origin", "null")],
        [("Origin", "https://127.0.0.1")],
        [("Sec-Fetch-Site", "cross-site")],
        [("Sec-Fetch-Site", "same-site")],
    ] {
        for method in ["GET", "POST"] {
            let path = if method == "POST" { format!("{path}call") } else { path.clone() };
            let reply = viewer.send(&format!("{method} {path}"), &heads, b"{\"name\":\"files\"}\n");
            assert_eq!(reply.status, 403, "{method} {heads:?}");
            assert!(!reply.head.to_lowercase().contains("access-control"), "{}", reply.head);
        }
    }
    let own = format!("http://localhost:{port}");
    let host = format!("localhost:{port}");
    let heads = [("Host", &*host), ("Origin", &*own), ("Sec-Fetch-Site", "same-origin")];
    assert_eq!(viewer.send(&format!("GET {path}"), &heads, b"").status, 200);
}

#[test]
fn results_are_those_of_the_program() {
    let stage = stage();
    let viewer = Viewer::start(&stage, &["in"]);
    let (files, _) = viewer.call("files", &json!({}), &[]);
    let names: Vec<&str> =
        files["result"].as_array().unwrap().iter().map(|file| file["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["a.png", "b.png"]);
    let (made, parts) = viewer.call("deband", &json!({ "file": 0, "job": "1", "options": {} }), &[]);
    assert_eq!(made["result"]["record"]["reason"], "restored");
    stage.run(&["in/a.png", "-o", "out.png"]).code(0);
    assert!(parts[0] == stage.read("out.png"));
    let dropped = stage.read("in/a.png");
    let given = json!({ "job": "2", "options": { "method": "smooth", "depth": 16 } });
    let (_, parts) = viewer.call("deband", &given, &[("bytes", &dropped)]);
    stage.run(&["in/a.png", "-o", "deep.png", "--method", "smooth", "--depth", "16"]).code(0);
    assert!(parts[0] == stage.read("deep.png"));
    let (grades, _) = viewer.call("grade", &json!({ "file": 0, "job": "3" }), &[("after", &parts[0])]);
    assert!(grades["result"]["before"] != grades["result"]["after"], "{grades}");
    let (_, archive) = viewer.call("archive", &json!({}), &[("a.png", &parts[0]), ("b.png", b"b")]);
    assert!(archive[0].starts_with(b"PK"));
    assert!(!stage.names().iter().any(|name| name.contains("unband")), "{:?}", stage.names());
}

#[test]
fn views_have_the_size_that_was_asked_for() {
    let stage = stage();
    let viewer = Viewer::start(&stage, &["in"]);
    let window = json!({ "x0": 10, "y0": 20, "x1": 90, "y1": 60 });
    let view = json!({ "key": "k", "window": window, "every": 2, "contrast": 8 });
    assert_eq!(viewer.call("view", &view, &[]).0["result"]["stale"], true);
    let (info, _) = viewer.call("open", &json!({ "key": "k", "file": 0 }), &[]);
    let info = &info["result"];
    assert!(info["width"] == 160 && info["depth"] == 8 && info["report"]["finding"].is_string(), "{info}");
    let (_, parts) = viewer.call("view", &view, &[]);
    assert_eq!(parts.iter().map(Vec::len).collect::<Vec<_>>(), [4 * 40 * 20]);
    let result = stage.read("in/b.png");
    viewer.call("result", &json!({ "key": "k" }), &[("bytes", &result)]);
    let (_, parts) = viewer.call("view", &view, &[]);
    assert!(parts.len() == 2 && parts[0] != parts[1]);
    assert_eq!(viewer.call("pin", &json!({ "key": "k", "on": true }), &[]).0["result"]["pinned"], true);
    let (_, pinned) = viewer.call("view", &view, &[]);
    assert!(pinned[0] == parts[1]);
    let given = json!({ "key": "k", "window": window, "around": window, "contrast": 4, "options": {} });
    assert_eq!(viewer.call("preview", &given, &[]).1[0].len(), 4 * 80 * 40);
    let (line, _) = viewer.call("line", &json!({ "key": "k", "y": 30, "x0": 0, "x1": 50 }), &[]);
    assert_eq!(line["result"]["before"].as_array().unwrap().len(), 150);
    let (counts, _) = viewer.call("histogram", &json!({ "key": "k" }), &[]);
    assert_eq!(counts["result"]["before"].as_array().unwrap().len(), 768);
}

#[test]
fn damaged_calls_and_files_are_errors_for_the_page() {
    let stage = stage();
    let viewer = Viewer::start(&stage, &["in"]);
    for body in
        [&b""[..], b"\n", b"{}\n", b"[1]\n", b"{\"name\":\"open\",\"sizes\":[[\"bytes\",99]]}\n", b"\xff\n"]
    {
        let reply = viewer.send(&format!("POST /{}/call", viewer.token), &[], body);
        assert!(reply.status == 200 && reply.body.starts_with(b"{\"error\""), "{body:?}");
    }
    for (name, given) in [
        ("nonsense", json!({})),
        ("open", json!({ "key": "k", "file": 7 })),
        ("open", json!({ "key": "k", "file": -1 })),
        ("view", json!({ "key": "k", "window": 3, "every": 1 })),
        ("deband", json!({ "file": 0, "job": "1", "options": { "colour": 3 } })),
        ("frames", json!({ "file": 0, "job": "2" })),
    ] {
        let (answer, _) = viewer.call(name, &given, &[]);
        assert!(answer["error"]["message"].is_string(), "{name}: {answer}");
    }
    let (answer, _) = viewer.call("deband", &json!({ "job": "1", "options": {} }), &[("bytes", b"no image")]);
    assert_eq!(answer["error"]["kind"], "input");
}

#[test]
fn a_video_becomes_its_most_banded_frames() {
    if !have_ffmpeg() {
        return;
    }
    let stage = Stage::new();
    for number in 1..=8 {
        stage.png(&format!("f/{number:02}.png"), &move |x, y, c| six_bits(x + number, y, c));
    }
    video_of(&stage, "f/%02d.png", "8", "v.mkv");
    for (name, pixels) in
        [("v.mkv", "gbrp"), ("y.mkv", "yuv420p"), ("g.mkv", "gray"), ("d.mkv", "yuv444p12le")]
    {
        if name != "v.mkv" {
            ffmpeg(&stage, &["-i", "v.mkv", "-c:v", "ffv1", "-pix_fmt", pixels, name]);
        }
        frames_of(&stage, name);
    }
}

/// The frames of a video are listed once, opened, repaired and upscaled.
fn frames_of(stage: &Stage, name: &str) {
    let viewer = Viewer::start(stage, &[name]);
    let (files, _) = viewer.call("files", &json!({}), &[]);
    assert_eq!(files["result"][0]["kind"], "video");
    let (frames, _) = viewer.call("frames", &json!({ "file": 0, "job": "1" }), &[]);
    let frame = &frames["result"][0];
    assert!(
        frame["kind"] == "frame" && frame["name"].as_str().unwrap().starts_with(&format!("{name} 0:")),
        "{frames}"
    );
    assert_eq!(viewer.call("frames", &json!({ "file": 0, "job": "9" }), &[]).0, frames, "{name}");
    let (info, _) = viewer.call("open", &json!({ "key": "k", "file": frame["id"] }), &[]);
    assert_eq!(info["result"]["width"], 160);
    let given = json!({ "file": frame["id"], "job": "2", "options": {} });
    let (made, parts) = viewer.call("deband", &given, &[]);
    let record = &made["result"]["record"];
    assert!(parts[0].starts_with(b"\x89PNG") && record["width"] == 160, "{name}: {record}");
    let given = json!({ "file": frame["id"], "job": "3", "options": { "scale": 2 } });
    let (made, parts) = viewer.call("upscale", &given, &[]);
    assert!(
        parts[0].starts_with(b"\x89PNG") && made["result"]["record"]["output_width"] == 320,
        "{name}: {made}"
    );
}

#[test]
fn silent_connections_and_false_lengths_hold_up_nothing() {
    let stage = stage();
    let viewer = Viewer::start(&stage, &["in"]);
    let mut open = Vec::new();
    for length in ["5000", "9223372036854775808", "-1", "x"] {
        for _ in 0..8 {
            let mut stream = TcpStream::connect(&viewer.host).unwrap();
            let host = &viewer.host;
            write!(stream, "POST / HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n\r\n").unwrap();
            open.push(stream);
        }
    }
    open.push(TcpStream::connect(&viewer.host).unwrap());
    assert_eq!(viewer.get("").status, 200);
    let call = format!("POST /{}/call", viewer.token);
    let heads = [("Content-Length", "99999999999999")];
    assert_ne!(viewer.send(&call, &heads, b"{\"name\":\"files\"}\n").status, 200);
    assert_eq!(viewer.get("").status, 200);
}

#[test]
fn a_job_that_was_cancelled_before_it_came_does_not_run() {
    let stage = stage();
    let viewer = Viewer::start(&stage, &["in"]);
    viewer.call("cancel", &json!({ "job": "7-1" }), &[]);
    let (answer, _) = viewer.call("deband", &json!({ "file": 0, "job": "7-1", "options": {} }), &[]);
    assert_eq!(answer["error"]["kind"], "cancelled");
    let (answer, _) = viewer.call("deband", &json!({ "file": 0, "job": "7-2", "options": {} }), &[]);
    assert_eq!(answer["result"]["record"]["status"], "written");
    assert!(viewer.call("share", &json!({ "job": "7-2" }), &[]).0["result"].is_null());
}

#[test]
fn the_program_says_why_it_does_not_start() {
    let stage = stage();
    std::fs::create_dir(stage.path("empty")).unwrap();
    stage.run(&["view", "--no-open", "empty"]).code(2).says("no images in this folder");
    stage.run(&["view", "--no-open", "missing.png"]).code(2).says("missing.png");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    stage.run(&["view", "--no-open", "--port", &port]).code(1).says("cannot listen on port");
}
