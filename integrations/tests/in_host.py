"""Runs workflows in ComfyUI itself, without a graphics card; compares saved images with the program's.

    in_host.py COMFYUI --program unband --image sunset.png

COMFYUI: a folder of its repository; this Python has its requirements and the package unband.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
from PIL import Image

PACK = Path(__file__).resolve().parent.parent / "node-pack"
PORT = 8391


def ask(path: str, body: object = None) -> object:
    """An answer of the program's server."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{PORT}{path}", data, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        text = answer.read()
    return json.loads(text) if text else None


def start(comfyui: Path, base: Path) -> subprocess.Popen[bytes]:
    """The program, once it answers."""
    command = [sys.executable, "main.py", "--cpu", "--port", str(PORT), "--base-directory", str(base)]
    log = (base / "log.txt").open("wb")
    process = subprocess.Popen([*command, "--disable-auto-launch"], cwd=comfyui, stdout=log, stderr=log)
    for _ in range(600):
        try:
            ask("/system_stats")
            return process
        except (urllib.error.URLError, ConnectionError):
            if process.poll() is not None:
                sys.exit((base / "log.txt").read_text()[-3000:])
            time.sleep(0.5)
    sys.exit("ComfyUI does not answer")


def begin(nodes: dict[str, object]) -> str:
    """Begins a workflow in the form of the server."""
    return ask("/prompt", {"prompt": nodes})["prompt_id"]


def ended(number: str) -> dict[str, object]:
    """The entry of a workflow that has ended."""
    for _ in range(1200):
        history = ask(f"/history/{number}")
        if history:
            return history[number]
        time.sleep(0.25)
    sys.exit("the workflow does not end")


def run(nodes: dict[str, object]) -> dict[str, object]:
    """Runs a workflow; the outputs of its nodes."""
    entry = ended(begin(nodes))
    if entry["status"]["status_str"] != "success":
        sys.exit(json.dumps(entry["status"], indent=1)[-3000:])
    return entry["outputs"]


def node(kind: str, **inputs: object) -> dict[str, object]:
    """A node of a workflow."""
    return {"class_type": kind, "inputs": inputs}


def main() -> None:
    """Runs all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("comfyui", type=Path)
    parser.add_argument("--program", type=Path, required=True)
    parser.add_argument("--image", type=Path, required=True)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        for name in ("input", "output", "custom_nodes", "models", "temp", "user"):
            (base / name).mkdir()
        shutil.copytree(PACK, base / "custom_nodes/unband-nodes")
        shutil.copy(options.image, base / "input")
        process = start(options.comfyui, base)
        try:
            check(base, options)
        finally:
            process.terminate()
            process.wait(timeout=30)


def check(base: Path, options: argparse.Namespace) -> None:
    """Each node once; results of debanding are the program's."""
    known = ask("/object_info")
    ours = sorted(name for name in known if name.startswith("Unband"))
    print("nodes:", ", ".join(ours))
    assert len(ours) == 5, ours
    load = node("LoadImage", image=options.image.name)
    for method in ("auto", "smooth", "f3kdb"):
        settings = {
            "strength": 1.0,
            "depth": "8 bits, dithered (Save Image)",
            "band_step": 0.0,
            "treat_as": "auto",
        }
        deband = node("UnbandDeband", image=["1", 0], method=method, **settings)
        save = node("SaveImage", images=["2", 0], filename_prefix=method)
        outputs = run({"1": load, "2": deband, "3": save, "4": node("PreviewAny", source=["2", 1])})
        ours = np.asarray(Image.open(base / "output" / outputs["3"]["images"][0]["filename"]).convert("RGB"))
        named = [] if method == "auto" else ["--method", method]
        made = base / f"{method}.png"
        subprocess.run([options.program, options.image, "-q", "-o", made, *named], check=True)
        theirs = np.asarray(Image.open(made).convert("RGB"))
        same = np.array_equal(ours, theirs)
        print(f"{method}: {'the codes of the program' if same else 'OTHER CODES'}; {outputs['4']['text'][0]}")
        assert same, method
    inspect, score = node("UnbandInspect", image=["1", 0]), node("UnbandScore", image=["1", 0])
    views = {"4": node("PreviewImage", images=["2", 1]), "5": node("PreviewAny", source=["3", 2])}
    outputs = run({"1": load, "2": inspect, "3": score, **views})
    print("inspect:", outputs["2"]["text"][0])
    print("score:", outputs["3"]["text"][0])
    upscale = node("UnbandUpscale", image=["1", 0], scale=2.0, treat_as="auto")
    undither = node("UnbandUndither", image=["1", 0], strength=1.0, depth="16 bits")
    saves = {
        "4": node("SaveImage", images=["2", 0], filename_prefix="x2"),
        "5": node("PreviewImage", images=["3", 0]),
    }
    outputs = run({"1": load, "2": upscale, "3": undither, **saves})
    size = Image.open(base / "output" / outputs["4"]["images"][0]["filename"]).size
    print("upscale:", size)
    assert size == tuple(2 * side for side in Image.open(options.image).size)
    # An interruption ends the node that runs, and the next workflow works.
    larger = node("UnbandUpscale", image=["2", 0], scale=4.0, treat_as="photo")
    number = begin({"1": load, "2": upscale, "3": larger, "4": node("PreviewImage", images=["3", 0])})
    time.sleep(3)
    start = time.monotonic()
    ask("/interrupt", {})
    entry = ended(number)
    took = time.monotonic() - start
    print(f"interrupted after {took:.1f} s: {entry['status']['messages'][-1][0]}")
    assert entry["status"]["messages"][-1][0] == "execution_interrupted" and took < 5
    run({"1": load, "2": inspect})


if __name__ == "__main__":
    main()
