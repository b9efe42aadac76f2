#!/usr/bin/env python3
"""Writes docs/images/upscaled.webp with the program: degraded small images upscaled by interpolation and by unband-sr-lite.

    tools/make_upscale_picture.py PHOTOS [--program target/release/unband]

PHOTOS is a folder with the photos of SCENES (all CC0 1.0, docs/images/sources.md). Run from the repository root. Needs numpy,
Pillow with WebP and djxl (libjxl).
"""

import argparse
import pathlib
import tempfile

import numpy as np
from make_measure_pictures import read_ppm, run, write_png
from PIL import Image

OUT = pathlib.Path("docs/images/upscaled.webp")
# Photo, left and top of the crop, seed of its degradation. One shows a failure.
SCENES = [("buddiesof_roman_colosseum", 420, 200, 3), ("elementar_mr_lee", 420, 160, 2), ("buddiesof_lake_sherburne", 460, 40, 1)]
SIDE, SCALE, GAP = 336, 4, 8


def row(photos, program, scratch, scene):
    """Clean, the small image by cubic interpolation, by the network."""
    name, left, top, seed = scene
    clean, bad = scratch / f"{name}.png", scratch / f"{name}-bad"
    run("djxl", photos / f"{name}.jxl", scratch / "whole.ppm", "--bits_per_sample", 16, "--quiet")
    whole = read_ppm((scratch / "whole.ppm").read_bytes())
    whole = whole[top:top + SIDE, left:left + SIDE]
    write_png(clean, whole, 16)
    shown = Image.fromarray(np.rint(255 * whole).astype("u1"))
    run(program, "degrade", clean, "--recipe", "bsrgan", "--seed", seed, "-o", bad, "-q")
    run(program, "upscale", bad / clean.name, "--scale", SCALE, "-o", scratch / "made.png", "--overwrite", "-q")
    small = Image.open(bad / clean.name)
    cubic = small.resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    return [shown, cubic, Image.open(scratch / "made.png")]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photos", type=pathlib.Path)
    parser.add_argument("--program", default="target/release/unband")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        rows = [row(given.photos, given.program, pathlib.Path(scratch), scene) for scene in SCENES]
    sheet = Image.new("RGB", (3 * SIDE + 2 * GAP, len(rows) * (SIDE + GAP) - GAP), "white")
    for y, pictures in enumerate(rows):
        for x, picture in enumerate(pictures):
            sheet.paste(picture.convert("RGB"), (x * (SIDE + GAP), y * (SIDE + GAP)))
    sheet.save(OUT, quality=80, method=6)


if __name__ == "__main__":
    main()
