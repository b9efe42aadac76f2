#!/usr/bin/env python3
"""End-to-end test of a report page in headless Chromium; prints the faults.

    tools/check_page.py report.html [--shots FOLDER]

Needs `chromium` on the PATH (or CHROMIUM), and nothing beyond Python's own modules: it speaks the DevTools protocol over
a pipe. Checked at desktop and phone width, light and dark: nothing is logged, nothing is fetched, nothing is wider than the
screen, every image loads; the slider follows keys and pointer, the map appears and goes, the right side can be chosen,
the theme changes. `--shots` writes a screenshot of the whole page for each.
"""

import argparse
import base64
import os
import pathlib
import sys
import tempfile
import time

from browser import Browser

SIZES = {"desktop": (1280, 900, False), "phone": (360, 740, True)}


def check_slider(browser, expect):
    at = lambda: float(browser.run("document.querySelector('.stage').dataset.at"))
    cut = "getComputedStyle(document.querySelector('.after')).clipPath"
    browser.run("document.querySelector('.stage').scrollIntoView({block: 'center'})")
    browser.run("document.querySelector('.slider').focus()")
    before, shape = at(), browser.run(cut)
    browser.key("ArrowRight", 39)
    expect(at() == before + 1, f"right arrow: {before} becomes {at()}")
    expect(browser.run(cut) != shape, "right arrow leaves the picture as it was")
    browser.key("End", 35)
    expect(at() == 100, f"End: {at()}")
    browser.key("Home", 36)
    expect(at() == 0, f"Home: {at()}")
    x, y, w, h = browser.run("(r => [r.x, r.y, r.width, r.height])(document.querySelector('.slider').getBoundingClientRect())")
    browser.drag((x + 1, y + h / 2), (x + 0.75 * w, y + h / 2))
    expect(abs(at() - 75) <= 1, f"dragged to 75: {at()}")
    line = browser.run("(r => r.x + r.width / 2)(document.querySelector('.divider').getBoundingClientRect())")
    expect(abs(line - (x + 0.75 * w)) <= 0.011 * w, "the line does not follow the pointer")
    browser.drag((x + 0.75 * w, y + h / 2), (x + 0.5 * w, y + h / 2))


def check_toggle(browser, expect):
    shown = lambda: browser.run("document.querySelector('.heat').getBoundingClientRect().width > 0")
    press = "document.querySelector('.toggle').click(), document.querySelector('.toggle').getAttribute('aria-pressed')"
    expect(not shown(), "the map is there before it was asked for")
    expect(browser.run(press) == "true" and shown(), "the map does not appear")
    return press, shown


def check_contrast(browser, expect):
    filters = "getComputedStyle(document.querySelector('.side img')).filter"
    turn = "(s => {s.value = '%s'; s.dispatchEvent(new Event('input'))})(document.querySelector('.contrast'))"
    expect(browser.run(filters) == "none", "pictures do not begin as they are")
    browser.run(turn % 8)
    expect("contrast(8)" in browser.run(filters), f"contrast: {browser.run(filters)}")
    browser.run(turn % 1)
    expect(browser.run(filters) == "none", "contrast does not go back")


def check_right(browser, expect):
    visible = "[...document.querySelectorAll('.stage:has(~ .controls .right) .after:not([hidden])')].map(s => s.dataset.role)"
    expect(browser.run(visible) == ["result"], "the right side does not begin with the result")
    browser.run("(s => {s.value = 'reference'; s.dispatchEvent(new Event('change'))})(document.querySelector('.right'))")
    expect(browser.run(visible) == ["reference"], "the right side does not change")
    browser.run("(s => {s.value = 'result'; s.dispatchEvent(new Event('change'))})(document.querySelector('.right'))")


def check(browser, page, size, scheme, shots):
    width, height, mobile = SIZES[size]
    problems = []
    where = f"{size}, {scheme}"

    def expect(holds, problem):
        if not holds:
            problems.append(f"{where}: {problem}")

    browser.open(width, height, mobile)
    browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    browser.call("Page.navigate", url=page.as_uri())
    deadline = time.monotonic() + 60
    while browser.run("document.readyState + location.protocol") != "completefile:":
        if time.monotonic() > deadline:
            raise SystemExit("the page does not load")
        time.sleep(0.05)

    expect(browser.run("[...document.images].every(i => i.complete && i.naturalWidth > 0)"), "a picture does not load")
    expect(browser.run("[...document.images].every(i => i.hasAttribute('alt'))"), "a picture has no alternative text")
    wide = browser.run("[document.documentElement.scrollWidth, innerWidth]")
    expect(wide[0] <= width and wide[1] == width, f"the page is {wide[0]} pixels wide")
    background = "getComputedStyle(document.body).backgroundColor"
    dark = lambda: sum(int(n) for n in browser.run(background)[4:-1].split(",")) < 384
    expect(dark() == (scheme == "dark"), f"background {browser.run(background)}")
    if browser.run("!!document.querySelector('.slider')"):
        check_slider(browser, expect)
    if browser.run("!!document.querySelector('.contrast')"):
        check_contrast(browser, expect)
    if browser.run("!!document.querySelector('.right')"):
        check_right(browser, expect)
    press, shown = None, None
    if browser.run("!!document.querySelector('.toggle')"):
        press, shown = check_toggle(browser, expect)
    if shots:
        for name in ("map", "plain"):
            if name == "plain" and press:
                browser.run(press)
            browser.run("document.activeElement.blur(), scrollTo(0, 0)")
            shot = browser.call("Page.captureScreenshot", captureBeyondViewport=True, format="png")["data"]
            (shots / f"{page.stem}-{size}-{scheme}-{name}.png").write_bytes(base64.b64decode(shot))
    elif press:
        browser.run(press)
    if press:
        expect(not shown(), "the map does not go")
    colours = [browser.run("document.getElementById('theme').click(), " + background) for _ in range(3)]
    expect(len(set(colours)) == 2 and colours[2] == browser.run(background), f"the theme does not change: {colours}")
    for fault in browser.end("data:", "file:"):
        expect(False, fault)
    return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("page", type=pathlib.Path)
    parser.add_argument("--shots", type=pathlib.Path)
    options = parser.parse_args()
    if options.shots:
        options.shots.mkdir(parents=True, exist_ok=True)
    problems = []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(os.environ.get("CHROMIUM", "chromium"), profile)
        try:
            for size in SIZES:
                for scheme in ("light", "dark"):
                    problems += check(browser, options.page.resolve(), size, scheme, options.shots)
        finally:
            browser.close()
    print("\n".join(problems) or "all works")
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()
