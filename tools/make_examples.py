#!/usr/bin/env python3
"""Example images examples/sunset.png, dusk.jpg and, of the page, web/examples/game.png: two procedural skies and a game's scene, then banded.

Needs numpy, and cjpeg (libjpeg-turbo) for the second image. Run from the repository root:

    python3 tools/make_examples.py

The images are made by this script alone and are in the public domain (CC0 1.0).
"""

import pathlib
import struct
import subprocess
import sys
import zlib

import numpy as np

OUT = pathlib.Path("examples")
GAME = pathlib.Path("web/examples/game.png")


def smooth_noise(rng, height, width, cells, octaves):
    """Value noise in -1..1: random lattices of growing density, joined by cosine ramps."""
    total = np.zeros((height, width))
    weight = 0.0
    for octave in range(octaves):
        ny, nx = cells[0] * 2**octave, cells[1] * 2**octave
        lattice = rng.uniform(-1, 1, (ny + 2, nx + 2))
        y, x = np.linspace(0, ny, height), np.linspace(0, nx, width)
        y0, x0 = y.astype(int), x.astype(int)
        fy = (1 - np.cos(np.pi * (y - y0)))[:, None] / 2
        fx = (1 - np.cos(np.pi * (x - x0)))[None, :] / 2
        rows = lattice[y0] * (1 - fy) + lattice[y0 + 1] * fy
        total += (rows[:, x0] * (1 - fx) + rows[:, x0 + 1] * fx) * 0.5**octave
        weight += 0.5**octave
    return total / weight


def ridge(rng, width, base, height):
    """Skyline of a hill range: the row of its edge for every column."""
    return base + height * smooth_noise(rng, 2, width, (1, 3), 6)[0]


def gradient(t, stops):
    """Colour at `t` (0..1) between stops of (position, r, g, b)."""
    at = [s[0] for s in stops]
    return np.stack([np.interp(t, at, [s[c] for s in stops]) for c in (1, 2, 3)], axis=-1)


def sunset(width=960, height=640):
    rng = np.random.default_rng(2026)
    y, x = np.mgrid[0:height, 0:width].astype(float)
    horizon = 0.66 * height
    t = np.clip(y / horizon, 0, 1) + 0.01 * smooth_noise(rng, height, width, (2, 2), 2)
    sky = gradient(t, [(0.0, 26, 34, 74), (0.4, 92, 72, 118), (0.7, 196, 110, 98), (0.88, 240, 160, 92), (1.0, 250, 196, 120)])
    sx, sy, radius = 0.62 * width, 0.57 * height, 34.0
    r = np.hypot(x - sx, (y - sy) * 1.05)
    glow = np.exp(-r / 120.0)[..., None]
    sky = sky + glow * (np.array([255, 232, 180]) - sky) * 0.75
    disc = np.clip((radius - r) + 0.5, 0, 1)[..., None]
    sky = sky * (1 - disc) + disc * np.array([255, 246, 214])
    picture = sky
    # Hills in haze, the farther the paler.
    for base, rise, colour in ((0.64, 0.045, (150, 92, 96)), (0.69, 0.05, (92, 58, 78)), (0.75, 0.04, (40, 30, 48))):
        edge = ridge(rng, width, base * height, rise * height)
        inside = np.clip(y - edge[None, :] + 0.5, 0, 1)[..., None]
        haze = np.clip((y - edge[None, :]) / (0.25 * height), 0, 1)[..., None]
        hill = np.array(colour) * (1 - 0.35 * haze)
        picture = picture * (1 - inside) + inside * hill
    # A lake with ripples that carry the light of the sky.
    shore = 0.82 * height
    depth = np.clip((y - shore) / (height - shore), 0, 1)
    mirror = gradient(1 - depth, [(0.0, 40, 36, 66), (0.6, 120, 80, 96), (1.0, 206, 128, 100)])
    ripples = smooth_noise(rng, height, width, (90, 10), 4) * (0.25 + depth)
    path = np.exp(-(((x - sx) / (50 + 130 * depth)) ** 2)) * (0.55 + 0.9 * ripples)
    lake = mirror + 16 * ripples[..., None] + np.clip(path, 0, 1)[..., None] * np.array([70, 56, 34])
    water = np.clip(y - shore + 0.5, 0, 1)[..., None]
    return picture * (1 - water) + water * lake


def dusk(width=900, height=600):
    rng = np.random.default_rng(77)
    y, x = np.mgrid[0:height, 0:width].astype(float)
    t = np.clip(y / (0.8 * height), 0, 1) + 0.02 * smooth_noise(rng, height, width, (2, 3), 2)
    picture = gradient(t, [(0.0, 14, 18, 36), (0.45, 34, 48, 82), (0.8, 96, 92, 118), (1.0, 172, 128, 120)])
    moon = np.hypot(x - 0.27 * width, y - 0.24 * height)
    picture += np.exp(-moon / 70.0)[..., None] * np.array([70, 72, 78])
    disc = np.clip(20.5 - moon, 0, 1)[..., None]
    picture = picture * (1 - disc) + disc * (np.array([236, 232, 216]) + 8 * smooth_noise(rng, height, width, (60, 90), 2)[..., None])
    for base, rise, colour in ((0.74, 0.06, (62, 60, 84)), (0.84, 0.07, (26, 28, 40))):
        edge = ridge(rng, width, base * height, rise * height)
        inside = np.clip(y - edge[None, :] + 0.5, 0, 1)[..., None]
        picture = picture * (1 - inside) + inside * np.array(colour)
    # Windows of a few houses on the near slope.
    for _ in range(26):
        wx, wy = rng.integers(40, width - 40), rng.integers(int(0.92 * height), height - 12)
        picture[wy : wy + 4, wx : wx + 3] = (236, 188, 110)
    return picture


def game(width=960, height=640):
    """Lit spheres before a glow, in values of 0..1."""
    y, x = np.mgrid[0:height, 0:width].astype(float)
    u, v = x / width, y / height
    near = lambda centre, reach, at: ((at - centre) / reach) ** 2
    mixed = lambda a, b, t: np.array(a) / 255 + (np.array(b) - np.array(a)) / 255 * t[..., None]
    scene = mixed((14, 26, 44), (60, 120, 132), v**0.8)
    scene += (0.32 * np.exp(-near(0.3, 0.28, u) - near(0.35, 0.34, v)))[..., None] * np.array([0.7, 0.95, 0.8])

    def sphere(scene, cx, cy, radius, colour, light):
        dx, dy = (u - cx) * 1.5, v - cy
        inside = np.hypot(dx, dy) < radius
        front = np.sqrt(np.clip(1 - (dx**2 + dy**2) / radius**2, 0, 1))
        lit = np.clip((-0.5 * dx - 0.6 * dy) / radius + 0.62 * front, 0, 1)[..., None]
        shaded = 0.12 * np.array(colour) / 255 + 0.85 * np.array(light) / 255 * lit
        return np.where(inside[..., None], shaded, scene)

    scene = sphere(scene, 0.30, 0.34, 0.13, (230, 240, 220), (250, 246, 224))
    floor = mixed((44, 84, 92), (8, 16, 26), np.clip((v - 0.74) / 0.26, 0, 1))
    floor += (0.22 * np.exp(-near(0.32, 0.16, u)) * np.clip(1 - (v - 0.74) / 0.2, 0, 1))[..., None]
    scene = np.where((v > 0.74)[..., None], floor, scene)
    scene = sphere(scene, 0.68, 0.62, 0.17, (200, 90, 50), (236, 116, 66))
    return sphere(scene, 0.85, 0.70, 0.09, (70, 120, 180), (86, 150, 220))


def write_png(path, codes):
    height, width, _ = codes.shape
    # Filter "up" suits horizontal bands.
    up = codes.astype(np.int16)
    up[1:] -= codes[:-1].astype(np.int16)
    rows = np.concatenate([np.full((height, 1), 2, np.uint8), up.astype(np.uint8).reshape(height, -1)], axis=1)

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
        + chunk(b"sRGB", b"\0")
        + chunk(b"tEXt", b"Copyright\0CC0 1.0, made by tools/make_examples.py")
        + chunk(b"IDAT", zlib.compress(rows.tobytes(), 9))
        + chunk(b"IEND", b"")
    )


def main():
    OUT.mkdir(exist_ok=True)
    # 64 levels a channel, spread over 0..255: what a panel or a game with 6 bits leaves.
    levels = np.rint(np.clip(sunset(), 0, 255) * 63 / 255)
    write_png(OUT / "sunset.png", np.rint(levels * 255 / 63).astype(np.uint8))
    pixels = np.rint(np.clip(dusk(), 0, 255)).astype(np.uint8)
    ppm = b"P6\n%d %d\n255\n" % (pixels.shape[1], pixels.shape[0]) + pixels.tobytes()
    jpeg = subprocess.run(["cjpeg", "-quality", "45", "-optimize"], input=ppm, stdout=subprocess.PIPE, check=True).stdout
    (OUT / "dusk.jpg").write_bytes(jpeg)
    # Sixteen bits a pixel: RGB 565.
    most = np.array([31, 63, 31])
    levels = np.rint(np.clip(game(), 0, 1) * most)
    write_png(GAME, np.rint(levels * 255 / most).astype(np.uint8))
    for path in (OUT / "sunset.png", OUT / "dusk.jpg", GAME):
        print(f"{path}: {path.stat().st_size} bytes", file=sys.stderr)


if __name__ == "__main__":
    main()
