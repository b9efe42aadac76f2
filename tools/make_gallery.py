#!/usr/bin/env python3
"""Writes docs/images/gallery-*.webp with the program: clean, banded, repaired by `smooth` and by the default.

    tools/make_gallery.py PHOTOS [--program target/release/unband]

PHOTOS is a folder with the photos of SCENES (all CC0 1.0, docs/images/sources.md). Run from the repository root. Contrast is raised
around the centre of each window, equally in its four views. Needs numpy, Pillow with WebP and ffmpeg.
"""

import argparse
import pathlib
import shutil
import tempfile

import numpy as np
from make_measure_pictures import read_ppm, run
from PIL import Image

OUT = pathlib.Path("docs/images")
# Degradation, photo, centre of the window as shares of width and height, contrast factor.
SCENES = {
    "rgb": [("rgb-6", "procedural_fog_1", 0.5, 0.6, 4), ("rgb-5", "galliumos_galliumos_2_1_underwater", 0.35, 0.75, 3),
            ("tone-curve", "procedural_water_0", 0.4, 0.4, 5)],
    "planes": [("luma-6", "galliumos_galliumos_2_1_underwater", 0.8, 0.75, 4), ("u-5", "polyhaven_hdr_warehouse", 0.15, 0.55, 4),
               ("chroma-6", "polyhaven_hdr_hall", 0.8, 0.55, 4)],
    "films": [("fhd-luma-6", "buddiesof_lake_sherburne", 0.3, 0.12, 3), ("fhd-chroma-6", "polyhaven_hdr_warehouse", 0.3, 0.35, 4),
              ("fhd-chroma-5", "procedural_water_0", 0.6, 0.4, 4)],
    "codecs": [("jpeg-50", "galliumos_galliumos_2_1_underwater", 0.5, 0.7, 3), ("x264-34", "procedural_water_0", 0.5, 0.6, 4),
               ("webp-50", "buddiesof_lake_sherburne", 0.7, 0.12, 3)],
}
WIDTH, HEIGHT, GAP = 320, 200, 6


def views(photos, program, scratch, scene):
    """Clean, banded, by smooth, by the default."""
    cause, name, x, y, times = scene
    clean = scratch / "clean"
    shutil.rmtree(clean, ignore_errors=True)
    clean.mkdir()
    shutil.copy(photos / f"{name}.jxl", clean)
    pairs = scratch / f"{cause}-{name}"
    run(program, "dataset", "pairs", clean, "-o", pairs, "--cause", cause, "-q")
    gt, lq = (next(pairs.glob(f"*/{side}/*")) for side in ("gt", "lq"))

    def read(file, *options):
        run(program, file, "--depth", 16, "-o", scratch / "view.ppm", "--overwrite", "-q", *options)
        return read_ppm((scratch / "view.ppm").read_bytes())

    plain = ("--method", "smooth", "--strength", 0)
    made = [read(gt, *plain), read(lq, *plain), read(lq, "--method", "smooth"), read(lq)]
    height, width, _ = made[0].shape
    left = min(max(int(x * width) - WIDTH // 2, 0), width - WIDTH)
    top = min(max(int(y * height) - HEIGHT // 2, 0), height - HEIGHT)
    made = [view[top:top + HEIGHT, left:left + WIDTH] for view in made]
    middle = np.median(made[0], axis=(0, 1))
    return [np.clip(0.5 + times * (view - middle), 0, 1) for view in made]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photos", type=pathlib.Path)
    parser.add_argument("--program", default="target/release/unband")
    given = parser.parse_args()
    for name, scenes in SCENES.items():
        with tempfile.TemporaryDirectory() as scratch:
            rows = [views(given.photos, given.program, pathlib.Path(scratch), scene) for scene in scenes]
        sheet = Image.new("RGB", (4 * WIDTH + 3 * GAP, len(rows) * (HEIGHT + GAP) - GAP), "white")
        for y, row in enumerate(rows):
            for x, view in enumerate(row):
                picture = Image.fromarray(np.rint(255 * view).astype("u1"))
                sheet.paste(picture, (x * (WIDTH + GAP), y * (HEIGHT + GAP)))
        sheet.save(OUT / f"gallery-{name}.webp", quality=85, method=6)


if __name__ == "__main__":
    main()
