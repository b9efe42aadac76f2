#!/usr/bin/env python3
"""Times of the npm package in Node and Chromium, and of the program with AVX2 on one thread, in turns in one run.

    tools/bench_web.py [--rounds N] IMAGE...

Prints the best time of each, in milliseconds, the ratios to the program's, and the memory of the instance. Run scripts/web and
`cargo build --release` before. A page's time is from the bytes of a file to those of its result.
"""

import argparse
import functools
import json
import os
import pathlib
import subprocess
import tempfile
import time

from browser import Browser
from check_web import Page, serve

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = ROOT / "target/release/unband"
JOBS = {"smooth": ("deband", {"method": "smooth"}), "default": ("deband", {}), "upscale ×2": ("upscale", {"scale": 2})}

CALL = """
  const {call, load, needed, discard} = await import(ENGINE);
  await load(needed(NAME, OPTIONS));
  const start = performance.now();
  const result = await call((api) => {
    const made = api[NAME + "File"](bytes, JSON.stringify(OPTIONS));
    const memory = api.memoryBytes();
    made.free();
    return memory;
  });
  const took = performance.now() - start;
  discard();
"""


def script(name, options, engine):
    text = CALL.replace("ENGINE", json.dumps(engine)).replace("OPTIONS", json.dumps(options))
    return text.replace("NAME", json.dumps(name))


def in_node(file, name, options):
    text = f'import {{readFileSync}} from "node:fs"; const bytes = new Uint8Array(readFileSync({json.dumps(str(file))}));' \
        + script(name, options, str(ROOT / "dist/npm/engine.js")) + "console.log(took, result)"
    out = subprocess.run(["node", "--input-type=module", "-e", text], check=True, stdout=subprocess.PIPE).stdout
    return [float(part) for part in out.split()]


def in_page(page, address, name, options):
    text = f"(async () => {{const bytes = new Uint8Array(await (await fetch('/image', {{cache: 'no-store'}})).arrayBuffer());" \
        + script(name, options, f"{address}unband/engine.js") + "return [took, result]})()"
    return page.run(text)


def program(file, name, options, out):
    given = [part for key, value in options.items() for part in (f"--{key}", str(value))]
    start = time.perf_counter()
    subprocess.run([PROGRAM, name, file, "-o", out, "--overwrite", "-q", "-j1", *given], check=True,
                   env=os.environ | {"UNBAND_SIMD": "avx2"})
    return 1000 * (time.perf_counter() - start)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("images", nargs="+", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    server, address = serve(ROOT / "dist/web")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        folder = pathlib.Path(folder)
        browser = Browser(os.environ.get("CHROMIUM", "chromium"), folder / "profile")
        page = Page(browser, address, "desktop", "light", [])
        page.wait("document.documentElement.dataset.ready === 'true'", "the engine")
        translate = server.RequestHandlerClass.func.translate_path
        print(f"{'image':24} {'job':12} {'program':>8} {'Node':>8} {'Chromium':>8}   ratios       memory")
        for image in options.images:
            found = image.resolve()
            own = type("Own", (server.RequestHandlerClass.func,), {
                "translate_path": lambda self, path: str(found) if path == "/image" else translate(self, path)})
            server.RequestHandlerClass = functools.partial(own, directory=ROOT / "dist/web")
            for job, (name, given) in JOBS.items():
                if name == "upscale" and image.stat().st_size > 1 << 20:
                    continue
                best, memory = [float("inf")] * 3, 0
                for _ in range(options.rounds):
                    took = program(found, name, given, folder / "out.png")
                    (node, held), (chromium, _) = in_node(found, name, given), in_page(page, address, name, given)
                    best = [min(pair) for pair in zip(best, (took, node, chromium))]
                    memory = max(memory, held)
                ratios = f"{best[0] / best[1]:.2f}, {best[0] / best[2]:.2f}"
                print(f"{image.name:24} {job:12} {best[0]:8.0f} {best[1]:8.0f} {best[2]:8.0f}   {ratios}   {memory / 2**20:6.0f} MiB",
                      flush=True)
        browser.close()


if __name__ == "__main__":
    main()
