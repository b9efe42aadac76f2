#!/usr/bin/env python3
"""End-to-end test of a viewing study in headless Chromium; prints the faults.

    tools/check_study.py study.html --save FOLDER [--shots FOLDER]

One rater at a desk with keys, who goes back a step, reloads in the middle and saves the ratings under FOLDER; then one
with a phone who taps. Nothing may be logged, fetched, or wider than the screen. `--shots` writes screenshots.
"""

import argparse
import base64
import json
import os
import pathlib
import sys
import tempfile
import time

sys.dont_write_bytecode = True
from browser import Browser
from check_page import SIZES

RATER = 'Zoë "Q", 7'


class Rater:
    def __init__(self, browser, page, size, shots):
        self.browser, self.page, self.size, self.shots, self.problems = browser, page, size, shots, []
        width, height, mobile = SIZES[size]
        browser.open(width, height, mobile)
        browser.call("Emulation.setTouchEmulationEnabled", enabled=mobile)
        ready = "document.readyState + location.protocol === 'completefile:'"
        self.load(ready, "Page.navigate", url=page.as_uri())

    def expect(self, holds, problem):
        if not holds:
            self.problems.append(f"{self.size}: {problem}")

    def holds(self, condition, seconds):
        deadline = time.monotonic() + seconds
        while not self.browser.run(condition):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True

    def until(self, condition):
        if not self.holds(condition, 60):
            state = self.browser.run("document.readyState + ' ' + location.href")
            raise SystemExit(f"{self.size}: waited in vain for {condition}; {state}; {self.problems}")

    def load(self, condition, method, **params):
        # Chromium writes a page's storage with a delay: an immediate reload may find it empty. Ask again.
        for _ in range(3):
            self.browser.call(method, **params)
            if self.holds(condition, 20):
                return
        self.until(condition)

    def shot(self, name):
        wide = self.browser.run("document.documentElement.scrollWidth")
        self.expect(wide <= SIZES[self.size][0], f"{name} is {wide} pixels wide")
        if not self.shots:
            return
        for scheme in ("dark", "light"):
            self.browser.run(f"surround({str(scheme == 'light').lower()})")
            data = self.browser.call("Page.captureScreenshot", format="png")["data"]
            (self.shots / f"study-{name}-{self.size}-{scheme}.png").write_bytes(base64.b64decode(data))
        self.browser.run("surround(false)")

    def key(self, key, code):
        for kind in ("keyDown", "keyUp"):
            self.browser.call("Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code,
                              **({"text": key} if len(key) == 1 and kind == "keyDown" else {}))

    def at(self, place):
        self.until(f"document.getElementById('place').textContent.startsWith('{place} of ') && "
                   "!document.getElementById('rating').classList.contains('loading')")

    def visible(self):
        return self.browser.run("['reference', 'result'].filter(id => getComputedStyle(document.getElementById(id)).visibility === 'visible')")

    def flip(self):
        self.key(" ", 32)

    def grade(self, n):
        self.key(str(n), 48 + n)

    def begin(self, name):
        self.browser.run(f"document.getElementById('rater').value = {json.dumps(name)}")
        self.browser.run("document.querySelector('#start button').click()")

    def tap(self, selector):
        x, y = self.browser.run(f"(r => [r.x + r.width / 2, r.y + r.height / 2])(document.querySelector({json.dumps(selector)}).getBoundingClientRect())")
        self.expect(0 <= y <= SIZES[self.size][1], f"{selector} lies outside the screen, at {y}")
        self.browser.call("Input.dispatchTouchEvent", type="touchStart", touchPoints=[{"x": x, "y": y}])
        self.browser.call("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])

    def finish(self):
        for fault in self.browser.end("data:", "file:", "blob:"):
            self.expect(False, fault)
        return self.problems


def at_a_desk(browser, page, save, shots):
    rater = Rater(browser, page, "desktop", shots)
    text = lambda id: browser.run(f"document.getElementById('{id}').textContent")
    rater.shot("begin")
    rater.begin(RATER)
    rater.at(1)
    rater.expect(rater.visible() == ["reference"], f"it begins with {rater.visible()}")
    same = "(([a, b]) => a.x === b.x && a.y === b.y && a.width === b.width && a.width === document.getElementById('result').naturalWidth)" \
        "(['reference', 'result'].map(id => document.getElementById(id).getBoundingClientRect()))"
    rater.expect(browser.run(same), "reference and result do not lie at one place, pixel by pixel")
    rater.grade(3)
    time.sleep(0.2)
    rater.expect(text("place") == "1 of 9", "a grade was taken before the result was seen")
    rater.flip()
    rater.expect(rater.visible() == ["result"] and text("which") == "Version to grade", "space does not flip")
    rater.shot("result")
    rater.flip()
    rater.expect(rater.visible() == ["reference"] and text("which") == "Reference", "space does not flip back")
    orders = browser.run("JSON.stringify(['a', 'b', 'a'].map(shuffled))")
    a, b, again = json.loads(orders)
    rater.expect(a == again and a != b, f"orders of raters: {orders}")
    rater.expect(sorted(a) == list(range(9)) == sorted(b), f"orders of raters: {orders}")
    rater.grade(1)
    for place in range(2, 6):
        rater.at(place)
        rater.flip()
        rater.grade((place - 1) % 5 + 1)
    rater.at(6)
    for place in range(5, 1, -1):
        rater.key("ArrowLeft", 37)
        rater.at(place)
    given = "[...document.querySelectorAll('[data-grade][aria-pressed=true]')].map(b => b.dataset.grade).join()"
    rater.expect(browser.run(given) == "2", f"back at the second, the grade shown is {browser.run(given)}")
    rater.grade(5)
    for place in range(3, 6):
        rater.at(place)
        rater.grade((place - 1) % 5 + 1)
    rater.at(6)
    # The page from before the reload has the mark, the page from after it has not.
    browser.run("window.old = true")
    shown = "!!document.getElementById('place')?.textContent"
    rater.load(f"!window.old && document.readyState === 'complete' && {shown}", "Page.reload")
    rater.at(6)
    rater.expect(browser.run("document.getElementById('progress').value") == 5, "the progress is lost by a reload")
    for place in range(6, 10):
        rater.at(place)
        rater.flip()
        rater.grade((place - 1) % 5 + 1)
    rater.until("!document.getElementById('end').hidden")
    rater.shot("end")
    session, browser.session = browser.session, None
    browser.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(save))
    browser.session = session
    browser.run("document.querySelector('#end .save').click()")
    deadline = time.monotonic() + 30
    while not list(save.glob("*.csv")):
        if time.monotonic() > deadline:
            raise SystemExit("no CSV was saved")
        time.sleep(0.05)
    browser.run("document.getElementById('another').click()")
    rater.expect(browser.run("!document.getElementById('intro').hidden"), "no other rater can begin")
    return rater.finish()


def with_a_phone(browser, page, shots):
    rater = Rater(browser, page, "phone", shots)
    rater.shot("begin")
    rater.begin("phone")
    rater.at(1)
    rater.tap("#stage")
    rater.until("!document.getElementById('result').hidden")
    rater.shot("result")
    for button in ("#flip", "#back", "#grades button:last-child", ".save"):
        rater.browser.run("scrollTo(0, 0)")
        y = browser.run(f"document.querySelector('main:not([hidden]) {button}').getBoundingClientRect().bottom")
        rater.expect(y <= SIZES["phone"][1], f"{button} ends at {y}, below the screen")
    rater.tap("#flip")
    rater.until("document.getElementById('result').hidden")
    rater.tap("[data-grade='4']")
    rater.at(2)
    rater.expect(browser.run("JSON.stringify(Object.values(state.grades).map(g => g[0]))") == "[4]", "the tap's grade")
    return rater.finish()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("page", type=pathlib.Path)
    parser.add_argument("--save", type=pathlib.Path, required=True)
    parser.add_argument("--shots", type=pathlib.Path)
    options = parser.parse_args()
    if options.shots:
        options.shots.mkdir(parents=True, exist_ok=True)
    page = options.page.resolve()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(os.environ.get("CHROMIUM", "chromium"), profile)
        try:
            problems = at_a_desk(browser, page, options.save.resolve(), options.shots)
            problems += with_a_phone(browser, page, options.shots)
        finally:
            browser.close()
    print("\n".join(problems) or "all works")
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()
