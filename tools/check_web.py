#!/usr/bin/env python3
"""End-to-end tests of the page, or of a page that a bundler made, in headless Chromium; prints the faults.

    tools/check_web.py page dist/web [--program target/release/unband] [--shots FOLDER] [--short]
    tools/check_web.py vite FOLDER
    tools/check_web.py view FOLDER --program target/release/unband [--shots FOLDER]

Serves the folder by itself. Needs `chromium` on the PATH (or CHROMIUM), and nothing beyond Python's own modules. Of the page:
an image opened, its result saved with the bytes of the program; slider, map, contrast, zoom and cancel; a damaged file, and
the next one; the keyboard alone; offline; nothing logged, no request to elsewhere; phone and desktop, light and dark.
`--shots` writes screenshots; `--short` takes one size, in light. Of `unband view` on a folder of images and videos: all are
listed, results have the bytes of the program, a video becomes frames, a result is pinned, and a page of another origin
gets nothing.
"""

import argparse
import base64
import functools
import http.server
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

from browser import Browser

ROOT = pathlib.Path(__file__).resolve().parent.parent
SIZES = {"desktop": (1440, 900, 1, False), "phone": (390, 844, 2, True)}
STATES = "[...document.querySelectorAll('#images [data-state]')].map(item => item.dataset.state)"


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def serve(folder):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, f"http://127.0.0.1:{server.server_address[1]}/"


class Page:
    """A tab with its faults."""

    def __init__(self, browser, address, size, scheme, problems):
        self.browser, self.address, self.problems, self.where = browser, address, problems, f"{size}, {scheme}"
        width, height, scale, mobile = SIZES[size]
        browser.open(width, height, mobile, scale)
        browser.call("DOM.enable")
        browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        browser.call("Page.navigate", url=address)

    def run(self, script):
        return self.browser.run(script)

    def expect(self, holds, problem):
        if not holds:
            self.problems.append(f"{self.where}: {problem}")
        return holds

    def wait(self, script, what, seconds=60):
        deadline = time.monotonic() + seconds
        # Before the document is there, nothing of it is.
        while not self.run(f"(() => {{try {{return {script}}} catch {{return false}}}})()"):
            if time.monotonic() > deadline:
                return self.expect(False, f"not within {seconds} s: {what}")
            time.sleep(0.03)
        return True

    def open(self, *files):
        document = self.browser.call("DOM.getDocument")["root"]["nodeId"]
        node = self.browser.call("DOM.querySelector", nodeId=document, selector="#file")["nodeId"]
        self.browser.call("DOM.setFileInputFiles", nodeId=node, files=[str(file) for file in files])

    def set(self, selector, value):
        self.run(f"(s => {{s.value = {json.dumps(value)}; s.dispatchEvent(new Event('input', {{bubbles: true}}));"
                 f"s.dispatchEvent(new Event('change', {{bubbles: true}}))}})(document.querySelector('{selector}'))")

    def click(self, selector):
        self.run(f"document.querySelector('{selector}').click()")

    def shot(self, folder, name):
        if folder:
            data = self.browser.call("Page.captureScreenshot", format="png")["data"]
            (folder / f"{name}-{self.where.replace(', ', '-')}.png").write_bytes(base64.b64decode(data))

    def end(self):
        """Faults that were logged, and requests to elsewhere."""
        for fault in self.browser.end(self.address, "blob:", "data:"):
            self.expect(False, fault)


def large_png(path, width=4000, height=3000):
    """A banded sky that takes seconds."""
    import struct
    import zlib

    rows = bytearray()
    for y in range(height):
        code = (40 + 120 * y // height) // 4 * 4
        rows += b"\0" + bytes((code, code, min(255, code + 40))) * width
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(rows), 1)) + chunk(b"IEND", b""))


def saved(page, folder, press="#download"):
    """The file that a button saves."""
    for path in folder.iterdir():
        path.unlink()
    page.click(press)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        # Chromium renames a file when it is complete.
        whole = [path for path in folder.iterdir() if path.suffix != ".crdownload" and not path.name.startswith(".")]
        if whole:
            return whole[0]
        time.sleep(0.05)
    page.expect(False, f"{press} saves nothing")
    return None


def check_results(page, folder, program):
    """Results have the bytes of the program."""
    sunset = ROOT / "examples/sunset.png"
    page.open(sunset)
    page.wait(f"{STATES}.at(-1) === 'done'", "the image is done")
    finding = page.run("document.querySelector('#finding').textContent")
    page.expect("6 bits" in finding, f"finding: {finding}")
    for method in ("smooth", "f3kdb") if program else ():
        page.set("#method", method)
        page.wait(f"{STATES}.at(-1) !== 'done'", "a new method is taken", 5)
        page.wait(f"{STATES}.at(-1) === 'done'", method)
        file = saved(page, folder)
        done = subprocess.run([program, "-", "-q", "-o", "-", "--method", method], stdin=sunset.open("rb"), check=True,
                              stdout=subprocess.PIPE)
        page.expect(file and file.read_bytes() == done.stdout, f"{method}: other bytes than the program's")
        page.expect(file and file.name.startswith("sunset_unband") and file.suffix == ".png", f"saved as {file}")
    page.click("#reset")
    page.wait(f"{STATES}.at(-1) === 'done'", "the default again")


def check_tools(page):
    at = lambda: float(page.run("document.querySelector('#divider').getAttribute('aria-valuenow')"))
    pixels = "[...document.querySelector('#canvas').toDataURL('image/webp', 0.9)].reduce((h, c) => (h * 31 + c.charCodeAt(0)) | 0, 0)"
    x, y, w, h = page.run("(r => [r.x, r.y, r.width, r.height])(document.querySelector('#canvas').getBoundingClientRect())")
    for place in () if "phone" in page.where else (0.25, 0.75):
        for _ in range(2):
            page.browser.call("Input.dispatchMouseEvent", type="mouseMoved", x=x + place * w, y=y + h / 2)
        page.wait(f"Math.abs(document.querySelector('#divider').getAttribute('aria-valuenow') - {100 * place}) <= 3",
                  f"the slider follows the pointer to {100 * place} %", 5)
    page.run("document.querySelector('#divider').focus()")
    before, drawn = at(), page.run(pixels)
    page.browser.key("ArrowRight", 39)
    page.expect(at() > before, f"right arrow: {before} becomes {at()}")
    page.expect(page.wait(f"{pixels} !== {drawn}", "the slider changes the canvas", 5), "slider")
    for selector in ("#map", "#profile", "#histogram"):
        drawn = page.run(pixels)
        page.click(selector)
        if selector == "#map":
            page.wait(f"{pixels} !== {drawn}", "the map appears", 5)
        page.expect(page.run(f"document.querySelector('{selector}').checked"), f"{selector} cannot be chosen")
    drawn = page.run(pixels)
    page.set("#contrast", "16")
    page.wait(f"{pixels} !== {drawn}", "contrast changes the canvas", 5)
    drawn = page.run(pixels)
    page.click("#full")
    page.click("#zoom-in")
    page.wait(f"{pixels} !== {drawn}", "zooming changes the canvas", 5)
    start = time.monotonic()
    drawn = page.run(pixels)
    page.set("#strength", "3")
    if page.wait(f"{pixels} !== {drawn}", "the preview follows the strength", 5):
        print(f"{page.where}: preview after {1000 * (time.monotonic() - start):.0f} ms")
    page.wait(f"{STATES}.at(-1) === 'done'", "strength 3")
    for selector in ("#map", "#profile", "#histogram", "#fit", "#reset"):
        page.click(selector)
    page.set("#contrast", "4")
    page.wait(f"{STATES}.at(-1) === 'done'", "reset")


def check_recovery(page, folder):
    """Damaged files, cancelling, and several files as one."""
    damaged, large = folder.parent / "damaged.png", folder.parent / "large.png"
    damaged.write_bytes((ROOT / "examples/sunset.png").read_bytes()[:3000])
    large_png(large)
    page.open(damaged, ROOT / "examples/dusk.jpg")
    page.wait(f"{STATES}.at(-1) === 'done' && {STATES}.at(-2) === 'failed'", "a damaged file, then a good one")
    page.open(large)
    page.wait(f"{STATES}.at(-1) === 'working'", "a large image is worked on")
    page.wait("!document.querySelector('#cancel').disabled && document.querySelector('#cancel').checkVisibility()", "cancel")
    page.click("#cancel")
    page.wait(f"{STATES}.at(-1) === 'waiting' || {STATES}.at(-1) === 'failed'", "cancelled", 10)
    page.open(ROOT / "web/examples/game.png")
    page.wait(f"{STATES}.at(-1) === 'done'", "an image after a cancelled one")
    archive = saved(page, folder, "#download-all")
    page.expect(archive and archive.suffix == ".zip", f"all as {archive}")
    if archive:
        import zipfile

        names = zipfile.ZipFile(archive).namelist()
        page.expect(len(names) >= 3 and zipfile.ZipFile(archive).testzip() is None, f"in the archive: {names}")


def check_keyboard(page):
    """Every control is reached by Tab and shows its focus."""
    page.run("document.activeElement.blur(), document.body.focus()")
    reached = []
    for _ in range(60):
        page.browser.key("Tab", 9)
        reached.append(page.run("document.activeElement.id"))
    wanted = {"open", "canvas", "divider", "contrast", "map", "strength", "method", "depth", "download"}
    page.expect(wanted <= set(reached), f"Tab does not reach {sorted(wanted - set(reached))}")


def check_page(browser, folder, options, problems):
    server, address = serve(folder)
    downloads = pathlib.Path(tempfile.mkdtemp()) / "downloads"
    downloads.mkdir()
    browser.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(downloads))
    every = [(size, scheme) for size in SIZES for scheme in ("light", "dark")]
    for size, scheme in every[:1] if options.short else every:
        page = Page(browser, address, size, scheme, problems)
        page.wait("document.documentElement.dataset.ready === 'true'", "the engine is ready")
        paint = page.run("Math.round(performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? -1)")
        print(f"{page.where}: first paint after {paint} ms")
        page.shot(options.shots, "empty")
        wide = page.run("document.documentElement.scrollWidth")
        page.expect(wide <= SIZES[size][0], f"the page is {wide} pixels wide")
        background = "getComputedStyle(document.body).backgroundColor"
        dark = sum(int(n) for n in page.run(background)[4:-1].split(",")[:3]) < 384
        page.expect(dark == (scheme == "dark"), f"background {page.run(background)}")
        check_results(page, downloads, options.program)
        page.shot(options.shots, "done")
        check_tools(page)
        if (size, scheme) == ("desktop", "light"):
            check_keyboard(page)
            check_recovery(page, downloads)
        wide = page.run("document.documentElement.scrollWidth")
        page.expect(wide <= SIZES[size][0], f"with images, the page is {wide} pixels wide")
        page.end()
    offline = Page(browser, address, "desktop", "light", problems)
    offline.wait("!!navigator.serviceWorker?.controller", "the service worker")
    server.shutdown()
    server.server_close()
    browser.call("Page.reload")
    time.sleep(0.5)
    offline.wait("document.documentElement.dataset.ready === 'true'", "offline")
    check_results(offline, downloads, None)
    offline.end()


FOREIGN = """(async () => {
  const tries = [fetch(%(a)s), fetch(%(a)s + 'call', { method: 'POST', body: '{"name":"files"}\\n' }),
    fetch(%(a)s + 'thumb/0', { mode: 'cors' })].map((one) => one.then(() => 'answered', () => 'refused'));
  const blind = await fetch(%(a)s + 'thumb/0', { mode: 'no-cors' }).then((r) => r.type, () => 'refused');
  const image = await new Promise((done) => Object.assign(new Image(), { onload: () => done('loaded'),
    onerror: () => done('refused'), src: %(a)s + 'thumb/0' }));
  return [...await Promise.all(tries), blind, image];
})()"""


def check_foreign(browser, address, problems):
    """What a page of another origin gets from the program, even if it knows the address."""
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "index.html").write_text("<!doctype html><title>foreign</title>")
        server, foreign = serve(folder)
        page = Page(browser, foreign, "desktop", "light", problems)
        page.wait("document.title === 'foreign'", "a foreign page")
        got = page.run(FOREIGN % {"a": json.dumps(address)})
        print(f"a foreign page gets: {', '.join(got)}")
        page.expect("answered" not in got and "loaded" not in got, f"a foreign page gets {got}")
        browser.events.clear()
        server.shutdown()
        server.server_close()


def check_view(browser, folder, options, problems):
    started = time.monotonic()
    program = subprocess.Popen([options.program, "view", "--no-open", folder], stdout=subprocess.PIPE, text=True)
    try:
        address = program.stdout.readline().strip()
        names = sorted(path.name for path in folder.iterdir())
        videos = [name for name in names if name.endswith((".mkv", ".mp4"))]
        downloads = pathlib.Path(tempfile.mkdtemp()) / "downloads"
        downloads.mkdir()
        browser.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(downloads))
        page = Page(browser, address, "desktop", "light", problems)
        page.wait(f"{STATES}.length === {len(names)}", f"{len(names)} files are listed")
        page.wait(f"{STATES}[0] === 'done'", "the first image is done")
        print(f"{len(names)} files listed, the first repaired {time.monotonic() - started:.1f} s after the start")
        page.expect(page.run(f"{STATES}.filter((state) => state === 'done').length") == 1, "images are repaired unasked")
        page.shot(options.shots, "view")
        images = [name for name in names if name not in videos]
        chosen = images[-1]
        at = names.index(chosen)
        page.click(f"#images li:nth-child({at + 1}) .choose")
        page.wait(f"{STATES}[{at}] === 'done'", chosen)
        file = saved(page, downloads)
        done = subprocess.run([options.program, folder / chosen, "-q", "-o", "-"], check=True, stdout=subprocess.PIPE)
        page.expect(file and file.read_bytes() == done.stdout, f"{chosen}: other bytes than the program's")
        check_tools(page)
        page.click("#pin")
        page.wait("document.querySelector('#stage').dataset.pinned === 'true'", "a result is pinned", 5)
        page.set("#method", "f3kdb")
        page.wait(f"{STATES}[{at}] === 'done' && !document.querySelector('#working').checkVisibility()", "f3kdb beside it")
        page.shot(options.shots, "pinned")
        for name in videos:
            before = page.run(f"{STATES}.length")
            page.click(f"#images li:nth-child({names.index(name) + 1}) .choose")
            page.wait(f"document.querySelector('#images').textContent.includes('{name} 0:')", f"frames of {name}", 120)
            page.expect(page.run(f"{STATES}.length") >= before, f"frames of {name}")
            page.wait("document.querySelector('#images [aria-current=true]').closest('li').dataset.state === 'done'", "a frame is done")
            page.shot(options.shots, "frame")
        page.end()
        check_foreign(browser, address, problems)
        written = sorted(path.name for path in folder.iterdir())
        if written != names:
            problems.append(f"written unasked: {set(written) - set(names)}")
    finally:
        program.terminate()
        if program.wait(10) not in (130, -15):
            problems.append(f"the program ends with {program.returncode}")


def check_vite(browser, folder, problems):
    _, address = serve(folder)
    page = Page(browser, address, "desktop", "light", problems)
    page.wait("!!document.querySelector('#go')?.onclick", "the bundle runs")
    page.click("#go")
    page.wait("document.querySelector('#out').value", "a result")
    result = page.run("document.querySelector('#out').value")
    print(f"bundle: {result}")
    page.expect(result.startswith("restored ") and result.endswith(" true"), f"bundle: {result}")
    page.end()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kind", choices=["page", "vite", "view"])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--program", type=pathlib.Path)
    parser.add_argument("--shots", type=pathlib.Path)
    parser.add_argument("--short", action="store_true")
    options = parser.parse_args()
    if options.program:
        options.program = options.program.resolve()
    if options.shots:
        options.shots.mkdir(parents=True, exist_ok=True)
    problems = []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(os.environ.get("CHROMIUM", "chromium"), profile)
        try:
            if options.kind == "page":
                check_page(browser, options.folder, options, problems)
            elif options.kind == "view":
                check_view(browser, options.folder, options, problems)
            else:
                check_vite(browser, options.folder, problems)
        finally:
            browser.close()
    print("\n".join(problems) or "all works")
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()
