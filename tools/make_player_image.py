#!/usr/bin/env python3
"""Writes docs/images/players.webp through libplacebo: luma of a video, with its own deband, with the shader, and clean.

    tools/make_player_image.py PHOTOS

PHOTOS is a folder with the photos of SCENES (all CC0 1.0, docs/images/sources.md). Run from the repository root. Contrast is raised
around the centre of each window, equally in its four views. Needs numpy, Pillow with WebP, ffmpeg with x264, djxl (libjxl),
vapoursynth and vs-placebo.
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
from PIL import Image

sys.path.append("integrations/players/tests")
from shader import deband, neutral, quantised, through

OUT = pathlib.Path("docs/images/players.webp")
SHADER = "shaders/unband-smooth.glsl"
# Photo, x264's CRF or None for 6 bits, centre of the window as shares of width and height, contrast factor.
SCENES = [("procedural_fog_1", None, 0.5, 0.6, 4), ("buddiesof_lake_sherburne", 24, 0.3, 0.12, 6),
          ("procedural_water_0", 24, 0.5, 0.6, 6)]
WIDTH, HEIGHT, GAP = 320, 200, 6


def ffmpeg(*args, data=None):
    return subprocess.run(["ffmpeg", "-v", "error", *map(str, args)], input=data, capture_output=True, check=True).stdout


def luma(photo, scratch):
    """Luma in limited range, as 8-bit codes with fractions."""
    png = scratch / "whole.png"
    subprocess.run(["djxl", photo, png, "--quiet"], check=True)
    width, height = Image.open(png).size
    raw = ffmpeg("-i", png, "-vf", "scale=out_color_matrix=bt709:out_range=tv,format=yuv444p16le", "-f", "rawvideo", "-")
    return np.frombuffer(raw, "<u2", width * height).reshape(height, width) / 256.0


def coded(codes, crf, scratch):
    """The same after x264, the third frame of a still."""
    height, width = codes.shape
    video = scratch / "coded.mkv"
    raw = b"".join(plane.astype(np.uint8).tobytes() for plane in neutral(codes))
    ffmpeg("-y", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", f"{width}x{height}", "-i", "-", "-c:v", "libx264", "-crf", crf,
           video, data=raw * 3)
    frames = np.frombuffer(ffmpeg("-i", video, "-f", "rawvideo", "-"), np.uint8)
    return frames[-width * height * 3 // 2:][:width * height].reshape(height, width).astype(float)


def views(photos, scratch, scene):
    """Source, deband, shader, clean."""
    name, crf, x, y, times = scene
    clean = luma(photos / f"{name}.jxl", scratch)
    source = quantised(clean, 6) if crf is None else coded(np.round(clean), crf, scratch)
    frames = [neutral(source)] * 2
    made = [source, deband(frames)[1][0], through(SHADER, frames)[1][0], clean]
    height, width = clean.shape
    left = min(max(int(x * width) - WIDTH // 2, 0), width - WIDTH)
    top = min(max(int(y * height) - HEIGHT // 2, 0), height - HEIGHT)
    made = [view[top:top + HEIGHT, left:left + WIDTH] for view in made]
    return [np.clip(128 + times * (view - np.median(made[-1])), 0, 255) for view in made]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photos", type=pathlib.Path)
    photos = parser.parse_args().photos
    with tempfile.TemporaryDirectory() as scratch:
        rows = [views(photos, pathlib.Path(scratch), scene) for scene in SCENES]
    sheet = Image.new("L", (4 * (WIDTH + GAP) - GAP, len(rows) * (HEIGHT + GAP) - GAP), 255)
    for y, row in enumerate(rows):
        for x, view in enumerate(row):
            sheet.paste(Image.fromarray(np.rint(view).astype("u1")), (x * (WIDTH + GAP), y * (HEIGHT + GAP)))
    sheet.convert("RGB").save(OUT, quality=85, method=6)


if __name__ == "__main__":
    main()
