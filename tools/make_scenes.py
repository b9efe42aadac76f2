#!/usr/bin/env python3
"""Procedural clean 16-bit images for training the debanding network, without third-party content (CC0).

    make_scenes.py OUTPUT_FOLDER [--only KIND] [--first SEED]

Writes 16-bit PNG and OUTPUT_FOLDER/scenes.csv: 30 smooth scenes, from which unband-lite learned, and 123 textured, drawn and
rendered ones (scene_textures.py, scene_renders.py). All arithmetic is in float (numpy, scipy, pillow for outlines, opencv for
writing 16-bit PNG). Every second smooth scene gets Gaussian grain of 0.15-0.5 code (8-bit codes), two of three others grain
of 0.3-4 codes. Each function returns linear light from a seeded generator; sizes and colours vary with the seed.
"""
import argparse, csv, pathlib
import cv2
import numpy as np
from scipy import ndimage as ni

import scene_renders
import scene_textures
from scene_parts import grainy, grid, hue, mask, noise, oetf, ramp, shoulder, tree


def sky(w, h, rng):
    x, y = grid(w, h)
    base = rng.random()
    stops = [hue(base + rng.normal(0, 0.04) + 0.06 * k, rng.uniform(0.15, 0.8), v)
             for k, v in enumerate(np.linspace(rng.uniform(0.12, 0.5), rng.uniform(0.5, 0.95), 4))]
    out = ramp(y + 0.1 * (x - 0.5) * rng.normal() + 0 * x, stops)
    sx, sy = rng.uniform(-0.2, 1.2), rng.uniform(0.4, 1.2)
    glow = np.exp(-np.hypot((x - sx) * w / h, y - sy) / rng.uniform(0.2, 0.5))[..., None]
    out = out + glow * hue(rng.uniform(0.02, 0.14), 0.5, 0.8)
    cloud = 1 / (1 + np.exp(-(noise(h, w, rng, rng.uniform(1.6, 2.2), rng.uniform(1.5, 4)) - rng.uniform(0.2, 1.2)) * rng.uniform(1, 3)))
    return out * (1 - 0.5 * cloud[..., None]) + 0.35 * cloud[..., None] * (glow * hue(0.07, 0.4, 1) + out.mean((0, 1)))


def fog(w, h, rng):
    x, y = grid(w, h)
    tint, far = rng.random(), hue(rng.random(), rng.uniform(0.05, 0.35), rng.uniform(0.35, 0.85))
    out = np.ones((h, w, 1)) * far * (0.75 + 0.5 * y[..., None])
    near = hue(tint, 0.5, rng.uniform(0.06, 0.2))
    layers = rng.integers(3, 6)
    for k in range(layers):
        t = (k + 1) / layers
        ridge = h * (0.35 + 0.5 * t) + h * 0.07 * noise(1, w, rng, 1.3)[0] * (1.3 - t) * rng.uniform(0.5, 1.5)
        shapes = [("poly", [(i, ridge[i]) for i in range(w)] + [(w, h + 9), (0, h + 9)], 0)]
        if k >= layers - 2:
            for i in rng.integers(0, w, 5):
                if rng.random() < 0.5:
                    tree(i, ridge[i] + 3, h * rng.uniform(0.12, 0.3) * t, rng, shapes)
                else:
                    b, top = w * rng.uniform(0.02, 0.06), h * rng.uniform(0.1, 0.35) * t
                    shapes.append(("poly", [(i - b, ridge[i] - top), (i + b, ridge[i] - top), (i + b, h), (i - b, h)], 0))
        m = mask(w, h, shapes)
        body = far * (1 - t) + near * t + far * 0.4 * np.clip(y[..., None] - 0.3, 0, 1) * (1 - t * 0.7)
        out = out * (1 - m) + m * body
        out = out + 0.10 * (1 - t) * far * np.exp(0.5 * noise(h, w, rng, 2.4, 3, 8))[..., None]
    return out


def heads(w, h, rng):
    """Dark heads before a lit wall or screen."""
    x, y = grid(w, h)
    wall = hue(rng.random(), rng.uniform(0.1, 0.6), rng.uniform(0.25, 0.7))
    lx, ly = rng.uniform(0, 1), rng.uniform(-0.1, 0.6)
    fall = 1 / (0.25 + (((x - lx) * w / h) ** 2 + (y - ly) ** 2) * rng.uniform(1, 4))
    out = wall * fall[..., None] * 0.35
    for _ in range(rng.integers(1, 5)):
        cx, r = w * rng.uniform(0.05, 0.95), h * rng.uniform(0.12, 0.24)
        cy = h - r * rng.uniform(1.1, 2.2)
        a = np.linspace(0, 2 * np.pi, 200)
        rr = r * (1 + 0.03 * np.interp(a, np.linspace(0, 2 * np.pi, 200), noise(1, 200, rng, 1.2)[0]))
        shapes = [("poly", list(zip(cx + 0.8 * rr * np.cos(a), cy + rr * np.sin(a))), 0),
                  ("poly", [(cx - r * .4, cy), (cx + r * .4, cy), (cx + r * .5, cy + r), (cx + 2 * r, cy + 1.5 * r),
                            (cx + 2.2 * r, h + 9), (cx - 2.2 * r, h + 9), (cx - 2 * r, cy + 1.5 * r), (cx - r * .5, cy + r)], 0)]
        m = mask(w, h, shapes)
        rim = np.clip(m - ni.shift(ni.gaussian_filter(m, (r / 9, r / 9, 0)), (2, np.sign(cx / w - lx) * 4, 0), order=1, mode="nearest"), 0, 1)
        out = out * (1 - m) + m * (0.006 + 0.02 * wall * rng.uniform(0.4, 1.5) + 0.5 * rim * wall)
    return out


def sea(w, h, rng):
    x, y = grid(w, h)
    top = hue(rng.uniform(0.02, 0.7), rng.uniform(0.2, 0.6), rng.uniform(0.5, 0.85))
    deep = hue(rng.uniform(0.45, 0.68), rng.uniform(0.3, 0.7), rng.uniform(0.12, 0.4))
    hz = rng.uniform(0.3, 0.5)
    out = np.where((y < hz)[..., None], ramp(y / hz + 0 * x, [top * 0.4, top * 0.7, top]), 0)
    depth = np.clip((y - hz) / (1 - hz), 1e-3, 1)
    wave = np.zeros((h, w))
    for scale in (0.4, 1, 2.2):  # noise sampled in perspective: rows come nearer downwards
        n = noise(512, w, rng, 1.5, 5, 3)
        rows = np.clip(scale * 90 * np.log(depth[:, 0] * 40 + 1), 0, None) % 500
        wave += ni.map_coordinates(n, [np.repeat(rows[:, None], w, 1), np.repeat(np.arange(w)[None, :], h, 0)], order=3, mode="wrap") * depth ** 0.5 / scale
    water = ramp(depth + 0 * x, [top * 0.8, (top + deep) / 2, deep, deep * 0.6]) * (1 + rng.uniform(0.01, 0.07) * wave)[..., None]
    edge = np.clip((y - hz) * h + 0.5, 0, 1)[..., None]
    return out * (1 - edge) + np.maximum(water, 0) * edge


def snow(w, h, rng):
    x, y = grid(w, h)
    height = noise(h, w, rng, 2.6, rng.uniform(0.5, 1.5), 10) * 60 + noise(h, w, rng, 1.9, 1, 4) * 1.2
    gy, gx = np.gradient(height)
    a = rng.uniform(0, 2 * np.pi)
    lit = np.clip(0.55 + 0.25 * np.tanh((gx * np.cos(a) + gy * np.sin(a)) * 1.2), 0.02, 1)
    sun, shade = hue(rng.uniform(0.05, 0.14), rng.uniform(0.03, 0.25), 0.95), hue(rng.uniform(0.55, 0.7), rng.uniform(0.2, 0.45), 0.6)
    out = lit[..., None] * sun + (1 - lit[..., None]) * shade * 0.6
    line = h * (rng.uniform(0.2, 0.4) + 0.05 * noise(1, w, rng, 1.7)[0])
    m = mask(w, h, [("poly", [(i, line[i]) for i in range(w)] + [(w, h + 9), (0, h + 9)], 0)])
    back = ramp(y + 0 * x, [hue(0.6, 0.6, 0.45), hue(0.58, 0.3, 0.8), hue(0.08, 0.12, 0.9)])
    return back * (1 - m) + m * out


def neon(w, h, rng):
    x, y = grid(w, h)
    out = np.ones((h, w, 3)) * hue(rng.random(), 0.6, rng.uniform(0.15, 0.25)) * (0.3 + y[..., None]) * np.exp(0.3 * noise(h, w, rng, 2.3, 2, 12))[..., None]
    yy, xx = np.mgrid[0:h, 0:w]
    for _ in range(rng.integers(20, 60)):
        cx, cy, r = rng.uniform(0, w), h * rng.beta(3, 4), h * rng.uniform(0.015, 0.07)
        d = np.hypot(xx - cx, yy - cy)
        out += (np.clip(r - d + 0.5, 0, 1) * (0.75 + 0.25 * (d / r) ** 2))[..., None] * hue(rng.random(), rng.uniform(0.3, 0.95), 1) * rng.exponential(0.12)
    for _ in range(rng.integers(1, 4)):
        c, n = hue(rng.random(), 0.85, 1), rng.integers(3, 7)
        px, py = np.sort(rng.uniform(0.1, 0.9, n)) * w, h * rng.uniform(0.2, 0.75) + h * 0.12 * rng.normal(size=n)
        m = mask(w, h, [("line", list(zip(px, py)), rng.uniform(3, 7))])[..., 0]
        halo = sum(g * ni.gaussian_filter(m, s) for s, g in ((4, 1.2), (16, 2.0), (60, 3.5)))
        out += (0.9 * m + 0.25 * halo)[..., None] * (c + 0.15 * m[..., None])
    wet = np.clip((y - 0.72) * 6, 0, 1)[..., None]
    return out * (1 - wet) + wet * (0.3 * ni.gaussian_filter(out[::-1], (h / 18, 3, 0)) + 0.004 * np.exp(0.5 * noise(h, w, rng, 2, 3, 6))[..., None])


def room(w, h, rng):
    """Corner of a dark room: three planes, one or two lamps with inverse-square light, a door frame."""
    yy, xx = np.mgrid[0:h, 0:w]
    X, Y = (xx - w / 2) / h, (yy - h / 2) / h
    cx, fy = rng.uniform(-0.4, 0.4), rng.uniform(0.2, 0.4)
    left, floor = X < cx, Y > fy + 0.25 * np.abs(X - cx)
    depth = 2.2 - np.where(left, 1.1 * (cx - X), 0.8 * (X - cx))
    depth = np.where(floor, 2.2 * (fy + 0.02) / np.maximum(Y, 0.05), depth)
    P = np.stack([X * depth, Y * depth, depth], -1)
    N = np.where(floor[..., None], [0, -1, 0], np.where(left[..., None], [0.67, 0, -0.74], [-0.62, 0, -0.78]))
    paint = np.where(floor[..., None], hue(0.08, 0.5, 0.5), np.where(left[..., None], hue(rng.random(), 0.2, 0.75), hue(rng.random(), 0.2, 0.75)))
    out = paint * 0.004
    for _ in range(rng.integers(1, 3)):
        L = np.array([rng.uniform(-0.9, 0.9), rng.uniform(-0.6, 0.1), rng.uniform(0.7, 1.5)])
        v = L - P
        r2 = (v * v).sum(-1)
        out = out + paint * (np.clip((v * N).sum(-1), 0, None) / (r2 ** 1.5 + 0.05))[..., None] * hue(rng.uniform(0.04, 0.6), rng.uniform(0.1, 0.5), 1) * rng.uniform(0.03, 0.2)
    out = out * (1 + 0.012 * noise(h, w, rng, 0.9, 1, 2))[..., None]
    soft = ni.gaussian_filter(out, (0.7, 0.7, 0))
    dx, dw, dh = w * rng.uniform(0.05, 0.8), w * rng.uniform(0.06, 0.15), h * rng.uniform(0.3, 0.6)
    m = mask(w, h, [("poly", [(dx, h * .75 - dh), (dx + dw, h * .76 - dh), (dx + dw, h * .8), (dx, h * .8)], 0)])
    return soft * (1 - m) + m * soft.mean((0, 1)) * (0.15 if rng.random() < 0.6 else 6) * (0.5 + yy[..., None] / h)


def vignette(w, h, rng):
    x, y = grid(w, h)
    c = [hue(rng.random() * 0.3 + k * 0.03, rng.uniform(0.1, 0.7), rng.uniform(0.3, 0.9)) for k in range(3)]
    r = np.hypot((x - rng.uniform(0.3, 0.7)) * w / h, y - rng.uniform(0.3, 0.7))
    out = ramp(r * rng.uniform(0.8, 1.3), c + [c[-1] * 0.2]) / (1 + (r * rng.uniform(1, 2)) ** 4)[..., None]
    sheet = noise(h, w, rng, 2.5, 1, 15)
    return out * np.exp(0.12 * sheet)[..., None]


def skin(w, h, rng):
    """Soft lit blobs with fine texture."""
    yy, xx = np.mgrid[0:h, 0:w]
    out = np.ones((h, w, 3)) * hue(rng.random(), 0.3, rng.uniform(0.1, 0.5)) * (0.6 + 0.8 * yy[..., None] / h)
    tone = hue(rng.uniform(0.03, 0.09), rng.uniform(0.3, 0.65), rng.uniform(0.4, 0.95))
    L = rng.normal(size=3) * [1, 0.6, 0.3] + [0, -0.5, 1]
    L /= np.linalg.norm(L)
    for _ in range(rng.integers(2, 5)):
        cx, cy, rx, ry = w * rng.uniform(0.1, 0.9), h * rng.uniform(0.2, 0.9), h * rng.uniform(0.2, 0.5), h * rng.uniform(0.25, 0.55)
        u, v = (xx - cx) / rx, (yy - cy) / ry
        bump = noise(h, w, rng, 2.4, 1, 20) * 0.06
        z = np.sqrt(np.clip(1 - u * u - v * v, 0, None)) + bump
        lit = np.clip((u * L[0] + v * L[1] + z * L[2]) * 0.75 + 0.25, 0, None) ** 1.3
        col = tone * (lit[..., None] ** [0.85, 1.05, 1.15]) * (1 + 0.012 * noise(h, w, rng, 0.8, 1, 2.5)[..., None])
        cover = np.clip((1 - np.sqrt(u * u + v * v)) * min(rx, ry) + 0.5, 0, 1)[..., None]
        out = out * (1 - cover) + cover * (0.02 * tone + col)
    return out


def letterbox(w, h, rng):
    inner = [sky, fog, room, heads][rng.integers(4)](w, int(h * rng.uniform(0.68, 0.8)) // 2 * 2, rng)
    out = np.zeros((h, w, 3))
    top = (h - inner.shape[0]) // 2
    out[top:top + inner.shape[0]] = inner * rng.uniform(0.3, 0.9)
    return out


PLAN = [(sky, 4, "sky"), (fog, 4, "fog"), (heads, 3, "indoor"), (sea, 3, "water"), (snow, 2, "mixed"), (neon, 3, "night"),
        (room, 3, "indoor"), (vignette, 2, "studio"), (skin, 3, "studio"), (letterbox, 3, "mixed")]
SIZES = [(1280, 720), (1024, 640), (960, 540), (1120, 480), (800, 600)]


def smooth_share(code):
    g = code[..., 1]
    m = ni.uniform_filter(g, 5)
    dev = np.sqrt(np.maximum(ni.uniform_filter(g * g, 5) - m * m, 0))
    return float(((dev < 0.6) & (g > 1.5) & (g < 253)).mean())


def main():
    ap = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    ap.add_argument("output"), ap.add_argument("--only"), ap.add_argument("--first", type=int, default=100)
    args = ap.parse_args()
    out = pathlib.Path(args.output)
    out.mkdir(parents=True, exist_ok=True)
    rows, count = [], 0
    for kind, many, tag in PLAN + scene_textures.PLAN + scene_renders.PLAN:
        for k in range(many):
            count += 1
            if args.only and args.only != kind.__name__:
                continue
            rng = np.random.default_rng([args.first + k, sum(map(ord, kind.__name__))])
            w, h = SIZES[count % len(SIZES)]
            light = kind(w, h, rng)
            code = 255 * oetf(shoulder(np.maximum(light, 0)))
            if (kind, many, tag) in PLAN:
                grain = rng.uniform(0.15, 0.5) if count % 2 else 0
                noisy = code + rng.normal(0, 1, code.shape) * grain * (code > 0)
            else:
                noisy = grainy(code, rng) if count % 3 else code
            grain = np.std(noisy - code)
            code = noisy
            name = f"scene_{kind.__name__}_{k}"
            pixels = np.clip(np.round(code * 257), 0, 65535).astype(np.uint16)
            cv2.imwrite(str(out / (name + ".png")), pixels[..., ::-1])
            rows.append([name, f"{kind.__name__} seed {args.first + k} grain {grain:.2f}", tag, w, h, f"{smooth_share(code):.2f}"])
            print(*rows[-1], flush=True)
    with open(out / "scenes.csv", "w", newline="") as f:
        csv.writer(f).writerows([["name", "scene", "tag", "width", "height", "smooth"]] + rows)


if __name__ == "__main__":
    main()
