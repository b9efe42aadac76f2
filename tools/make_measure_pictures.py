#!/usr/bin/env python3
"""Writes the images of docs/guide/photographs.md and docs/guide/streaming.md with the program.

    tools/make_measure_pictures.py PHOTOS [--program target/release/unband]

PHOTOS is a folder with `procedural_fog_1.jxl` and `buddiesof_lake_sherburne.jxl` (both CC0 1.0). Run from the repository
root. Needs numpy, Pillow with WebP, djxl and cjxl (libjxl), cjpeg (libjpeg-turbo), and chromium for the image of a report.
docs/images/sources.md describes each image.
"""

import argparse
import base64
import io
import pathlib
import re
import shutil
import struct
import subprocess
import tempfile
import zlib

import numpy as np
from PIL import Image

OUT = pathlib.Path("docs/images")
WIDTH, HEIGHT = 448, 336
# Left and top of the crop of each photo.
FOG, LAKE = ("procedural_fog_1", 420, 240), ("buddiesof_lake_sherburne", 460, 40)


def read_ppm(data):
    """Samples of a 16-bit PPM in 0..1."""
    head = re.match(rb"P6\s+(\d+)\s+(\d+)\s+65535\s", data)
    width, height = int(head[1]), int(head[2])
    return np.frombuffer(data, ">u2", offset=head.end()).reshape(height, width, 3) / 65535


def write_png(path, samples, bits):
    """RGB in 0..1, rounded to 8 or 16 bits."""
    height, width, _ = samples.shape
    codes = np.rint(samples * (2**bits - 1)).astype(">u2" if bits == 16 else "u1")

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + row.tobytes() for row in codes)
    head = struct.pack(">IIBBBBB", width, height, bits, 2, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b""))


def run(*words):
    subprocess.run([str(word) for word in words], check=True)


def cut(photos, scene, scratch):
    """The window of a photo."""
    name, left, top = scene
    run("djxl", photos / f"{name}.jxl", scratch / "whole.ppm", "--bits_per_sample", 16, "--quiet")
    return read_ppm((scratch / "whole.ppm").read_bytes())[top:top + HEIGHT, left:left + WIDTH]


def spots(report):
    """Images of the worst places in a report, by caption."""
    found = re.finditer(r'alt="([^"]*place \d[^"]*)"[^>]*src="data:image/png;base64,([^"]*)"', report.read_text())
    return {match[1]: Image.open(io.BytesIO(base64.b64decode(match[2]))).convert("RGB") for match in found}


def spot(report, side, place=1):
    return spots(report)[f"{side}, place {place}, more contrast"]


def side_by_side(name, pictures, gap=6):
    """Writes images as one lossless file."""
    wide = Image.new("RGB", (sum(p.width + gap for p in pictures) - gap, pictures[0].height), "white")
    left = 0
    for picture in pictures:
        wide.paste(picture, (left, 0))
        left += picture.width + gap
    wide.save(OUT / name, lossless=True, method=6)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("photos", type=pathlib.Path)
    parser.add_argument("--program", default="target/release/unband")
    args = parser.parse_args()
    program = str(pathlib.Path(args.program).resolve())
    OUT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        make(args.photos, program, pathlib.Path(folder))


def make(photos, program, scratch):
    def unband(*words):
        """Runs in the scratch folder, so that reports show short names."""
        words = [str(word) for word in (program, *words, "--overwrite", "--quiet")]
        subprocess.run(words, check=True, cwd=scratch, stdout=subprocess.DEVNULL)

    # Inputs of the pages' commands.
    fog, lake = cut(photos, FOG, scratch), cut(photos, LAKE, scratch)
    write_png(scratch / "fog.png", fog, 16)
    write_png(scratch / "lake.png", lake, 16)
    run("cjxl", scratch / "fog.png", OUT / "fog.jxl", "--distance", 0, "--effort", 9, "--quiet")
    for name, samples in (("fog", fog), ("lake", lake)):
        write_png(scratch / "six.png", np.rint(samples * 63) / 63, 8)
        Image.open(scratch / "six.png").save(OUT / f"{name}-6bit.png", optimize=True)
    write_png(scratch / "fog-rounded.png", fog, 8)
    Image.open(scratch / "fog-rounded.png").save(OUT / "fog-rounded.png", optimize=True)
    Image.fromarray(np.rint(lake * 255).astype("u1")).save(scratch / "lake.ppm")
    run("cjpeg", "-quality", 35, "-optimize", "-outfile", OUT / "lake-35.jpg", scratch / "lake.ppm")

    for name in ("fog.jxl", "fog-6bit.png", "fog-rounded.png", "lake-6bit.png", "lake-35.jpg"):
        shutil.copy(OUT / name, scratch)

    # Location, along a line, region by region.
    unband("score", "lake-6bit.png", "--save-map", "map.png")
    Image.open(scratch / "map.png").convert("RGB").save(OUT / "map.webp", quality=90, method=6)
    unband("compare", "fog.jxl", "fog-6bit.png", "--save-profile", "profile.png",
           "--save-segmentation", "regions.png")
    Image.open(scratch / "profile.png").convert("RGB").save(OUT / "profile.webp", lossless=True, method=6)
    Image.open(scratch / "regions.png").convert("RGB").save(OUT / "regions.webp", lossless=True, method=6)

    # Before and after, at the worst place.
    unband("deband", "fog-6bit.png", "-o", "fog-fixed.png")
    report = scratch / "fog.html"
    unband("compare", "fog.jxl", "fog-fixed.png", "--input", "fog-6bit.png", "--report", report)
    fixed = [spot(report, side) for side in ("reference", "input", "result")]
    side_by_side("worst-place.webp", fixed)
    shots = scratch / "shots"
    run("python3", "tools/check_page.py", report, "--shots", shots)
    page = Image.open(shots / "fog-desktop-light-map.png").convert("RGB")
    page = page.crop((0, 0, page.width, 1230)).resize((800, 769), Image.Resampling.LANCZOS)
    page.save(OUT / "report.webp", quality=85, method=6)

    # Grain over the blocks of a JPEG: nothing is repaired, and scores fall.
    sides = {}
    for method in ("smooth", "f3kdb"):
        unband("deband", "lake-35.jpg", "--method", method, "-o", "lake-fixed.png")
        report = scratch / f"lake-{method}.html"
        unband("compare", "lake.png", "lake-fixed.png", "--input", "lake-35.jpg",
               "--report", report)
        sides[method] = [spot(report, side) for side in ("reference", "input", "result")]
    side_by_side("grain.webp", [*sides["smooth"], sides["f3kdb"][2]])

    # A better image with a worse score.
    report = scratch / "rounded.html"
    unband("compare", "fog.jxl", "fog-rounded.png", "--input", "fog-6bit.png", "--report", report)
    side_by_side("rounded.webp", [fixed[1], spot(report, "result"), fixed[2]])


if __name__ == "__main__":
    main()
