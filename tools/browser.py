"""Headless Chromium at the other end of two pipes, for tests of pages: the DevTools protocol, and nothing beyond Python's own
modules."""

import json
import os
import subprocess


class Browser:
    """Chromium at the other end of two pipes."""

    def __init__(self, program, profile):
        to_read, self.to = os.pipe()
        self.back, back_write = os.pipe()

        def pipes():
            # Chromium reads commands from descriptor 3 and answers on 4; the pipes' own descriptors must not be 3 or 4.
            a, b = os.dup(to_read), os.dup(back_write)
            a, b = os.dup(a), os.dup(b)
            os.dup2(a, 3), os.dup2(b, 4)

        self.process = subprocess.Popen(
            [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             "--hide-scrollbars", f"--user-data-dir={profile}", "--remote-debugging-pipe", "about:blank"],
            preexec_fn=pipes, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_read), os.close(back_write)
        self.rest, self.count, self.session, self.events = b"", 0, None, []

    def message(self):
        while b"\0" not in self.rest:
            part = os.read(self.back, 1 << 20)
            if not part:
                raise SystemExit("chromium has exited")
            self.rest += part
        one, self.rest = self.rest.split(b"\0", 1)
        return json.loads(one)

    def call(self, method, **params):
        self.count += 1
        command = {"id": self.count, "method": method, "params": params}
        if self.session:
            command["sessionId"] = self.session
        data = json.dumps(command).encode() + b"\0"
        while data:
            data = data[os.write(self.to, data):]
        while True:
            got = self.message()
            if got.get("id") == self.count:
                if "error" in got:
                    raise SystemExit(f"{method}: {got['error']}")
                return got["result"]
            self.events.append(got)

    def run(self, script):
        result = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise SystemExit(f"{script}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def key(self, name, code):
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=name, code=name, windowsVirtualKeyCode=code)

    def drag(self, start, end):
        def mouse(kind, at):
            self.call("Input.dispatchMouseEvent", type=kind, x=at[0], y=at[1], button="left", buttons=1, clickCount=1)
        mouse("mousePressed", start)
        for i in range(1, 6):
            mouse("mouseMoved", [a + (b - a) * i / 5 for a, b in zip(start, end)])
        mouse("mouseReleased", end)

    def close(self):
        self.session = None
        try:
            self.call("Browser.close")
        except SystemExit:
            pass
        self.process.wait(timeout=20)

    def open(self, width, height, mobile, scale=1):
        """Opens a tab of that size, in front, whose events are kept from now on."""
        self.session = None
        self.target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=self.target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=mobile)
        self.call("Page.bringToFront")
        self.events.clear()

    def end(self, *allowed):
        """Closes the tab; its faults: what was logged, and requests to addresses that do not begin as allowed."""
        faults = []
        for event in self.events:
            method, params = event.get("method"), event.get("params", {})
            if method in ("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded"):
                faults.append(f"logged: {json.dumps(params)[:400]}")
            if method == "Network.requestWillBeSent" and not params["request"]["url"].startswith(allowed):
                faults.append(f"fetches {params['request']['url'][:100]}")
        self.events.clear()
        self.session = None
        self.call("Target.closeTarget", targetId=self.target)
        return faults
