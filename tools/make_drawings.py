#!/usr/bin/env python3
"""Test drawings: images that must stay unchanged, and gradients with lost levels that must be repaired.

    tools/make_drawings.py OUT [--first 0] [--seeds 10]

OUT/drawn/KIND-SEED.png: one image per kind and seed. OUT/lost/KIND-CAUSE-SEED.png: smooth shading rounded to few levels.
Limits were tuned on seeds 0 to 29; rates are reported on 30 to 39 (`--first 30`). Kinds of drawings with many close colours, and with
text, are in tools/drawing_kinds.py, whole pictures (designs, maps, screens, comics) in tools/drawing_scenes.py; of the latter, even
seeds are for choosing and odd ones for reporting. Some are stored as PNG with a palette. The same seeds give the same images with the
same versions of numpy, Pillow and matplotlib. Needs numpy, scipy, Pillow, matplotlib."""

import argparse
import io
import pathlib
import zlib

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage, spatial

from drawing_kinds import MORE
from drawing_scenes import SCENES

SIZES = [(256, 256), (320, 240), (400, 300), (512, 384), (512, 512), (640, 360), (640, 480)]


def size(rng):
    return SIZES[rng.integers(len(SIZES))]


def color(rng, low=0, high=256):
    return tuple(int(v) for v in rng.integers(low, high, 3))


def hls(h, l, s):
    import colorsys
    return tuple(int(round(v * 255)) for v in colorsys.hls_to_rgb(h % 1, min(max(l, 0), 1), min(max(s, 0), 1)))


def near(rng, base, by):
    return tuple(int(np.clip(b + d, 0, 255)) for b, d in zip(base, rng.integers(-by, by + 1, 3)))


def ramp(rng, n, close=False):
    """n colours from one to another, sometimes via a third."""
    a, b = np.array(color(rng), float), np.array(color(rng), float)
    if rng.random() < 0.3:
        a, b = np.full(3, rng.integers(0, 100.)), np.full(3, rng.integers(120, 256.))
    if close:
        b = a + (b - a) * rng.uniform(0.15, 0.4)
    t = np.linspace(0, 1, n)[:, None]
    if rng.random() < 0.3 and not close:
        m = np.array(color(rng), float)
        return np.rint(np.where(t < .5, a + (m - a) * 2 * t, m + (b - m) * (2 * t - 1))).astype(np.uint8)
    return np.rint(a + (b - a) * t).astype(np.uint8)


def canvas(rng, fill, aa=4):
    w, h = size(rng)
    image = Image.new('RGB', (w * aa, h * aa), tuple(int(v) for v in fill))
    return image, ImageDraw.Draw(image), w * aa, h * aa, aa


def down(image, aa):
    w, h = image.size
    return np.asarray(image.resize((w // aa, h // aa), Image.BOX)) if aa > 1 else np.asarray(image)


def field(rng, w, h, scale=None):
    """A smooth random surface, 0..1."""
    s = scale or rng.uniform(0.08, 0.25) * min(w, h)
    f = ndimage.gaussian_filter(rng.normal(size=(h, w)), s, mode='wrap') + \
        0.3 * ndimage.gaussian_filter(rng.normal(size=(h, w)), s / 2.5, mode='wrap') * rng.random()
    return (f - f.min()) / (f.max() - f.min())


def text(draw, rng, box, n=3, fill=(0, 0, 0), px=12):
    font = ImageFont.load_default(px)
    words = 'Total Paid Open Settings Account Name Date 1,204 38 % Untitled The quick brown fox jumps over it'.split()
    for i in range(n):
        line = ' '.join(rng.choice(words, rng.integers(2, 7)))
        draw.text((box[0], box[1] + i * px * 1.4), line, fill=fill, font=font)


def ui_cards(rng):
    dark, plain = rng.random() < .5, rng.random() < .5
    aa = 1 if plain else 4
    n, step = rng.integers(4, 9), rng.integers(2, 11)
    base = rng.integers(10, 60) if dark else rng.integers(160, 200)
    tint = rng.integers(-6, 7, 3) if rng.random() < .4 else np.zeros(3, int)
    shade = lambda i: tuple(int(np.clip(base + i * step + t, 0, 255)) for t in tint)
    image, d, w, h, aa = canvas(rng, shade(0), aa)
    for i in range(1, n):
        x, y = int(w * i / (2.3 * n)), int(h * i / (2.3 * n))
        box = (x, y, w - 1 - x, h - 1 - y)
        d.rounded_rectangle(box, rng.integers(4, 16) * aa, fill=shade(i)) if not plain else d.rectangle(box, fill=shade(i))
    if rng.random() < .4:
        text(d, rng, (w // 2 - w // 6, h // 2), 2, (230,) * 3 if dark else (30,) * 3, 12 * aa)
    return down(image, aa)


def ui_elevation(rng):
    dark = rng.random() < .6
    base = np.array([18, 18, 18]) if dark else np.array([250, 250, 250]) - rng.integers(0, 20)
    over = np.array([255, 255, 255] if dark else [0, 0, 0])
    image, d, w, h, aa = canvas(rng, base, 1 if rng.random() < .4 else 4)
    for i, alpha in enumerate([.05, .07, .08, .09, .11, .12, .14, .15, .16]):
        c = tuple(int(v) for v in np.rint(base + (over - base) * alpha))
        col, row = i % 3, i // 3
        m = w // 24
        box = (m + col * (w - m) // 3, m + row * (h - m) // 3, (col + 1) * (w - m) // 3, (row + 1) * (h - m) // 3)
        d.rounded_rectangle(box, w // 60, fill=c) if aa > 1 else d.rectangle(box, fill=c)
    return down(image, aa)


def swatches(rng):
    nx, ny = rng.integers(6, 20), rng.integers(4, 14)
    w, h = size(rng)
    gap = rng.integers(0, 6) if rng.random() < .5 else 0
    mode = rng.integers(4)
    out = np.full((h, w, 3), rng.choice([0, 128, 255]), np.uint8)
    b = rng.integers(0, 256)
    tints = ramp(rng, nx * ny)
    for j in range(ny):
        for i in range(nx):
            c = [(255 * i // (nx - 1), 255 * j // (ny - 1), b), hls(i / nx, .15 + .7 * j / ny, .8),
                 color(rng), tuple(tints[j * nx + i])][mode]
            out[j * h // ny + gap:(j + 1) * h // ny, i * w // nx + gap:(i + 1) * w // nx] = c
    return out


def step_wedge(rng):
    n = int(rng.choice([8, 10, 11, 12, 16, 20, 21, 24, 32, 32, 40]))
    w, h = size(rng)
    kind = rng.integers(4)
    if kind < 2:
        levels = np.repeat(np.rint(np.linspace(0, 255, n))[:, None], 3, 1)
    elif kind == 2:
        levels = np.repeat(np.rint(255 * np.linspace(0, 1, n) ** (1 / 2.2))[:, None], 3, 1)
    else:
        levels = ramp(rng, n)
    across = rng.random() < .6
    line = levels[np.arange(w if across else h) * n // (w if across else h)].astype(np.uint8)
    out = np.tile(line[None], (h, 1, 1)) if across else np.tile(line[:, None], (1, w, 1))
    if rng.random() < .3:
        out[h // 2:] = out[h // 2:, ::-1]
    if rng.random() < .3:
        m = rng.integers(5, 30)
        frame = np.full_like(out, rng.choice([0, 119, 255]))
        frame[m:-m, m:-m] = out[m:-m, m:-m]
        out = frame
    return out


def contour_map(rng):
    w, h = size(rng)
    n = int(rng.choice([6, 8, 10, 12, 16, 20, 24, 32]))
    import matplotlib
    f = field(rng, w, h)
    k = np.minimum((f * n).astype(int), n - 1)
    mode = rng.integers(3)
    if mode == 0:
        colors = ramp(rng, n)
    else:
        name = rng.choice(['terrain', 'viridis', 'Blues', 'Greys', 'gist_earth', 'YlOrBr', 'RdYlGn', 'coolwarm', 'cividis'])
        colors = np.rint(matplotlib.colormaps[name](np.linspace(0, 1, n))[:, :3] * 255).astype(np.uint8)
    out = colors[k]
    if rng.random() < .4:
        edge = (k != np.roll(k, 1, 0)) | (k != np.roll(k, 1, 1))
        out = np.where(edge[..., None], np.uint8(rng.integers(0, 120)), out)
    if rng.random() < .4:
        big = np.minimum((ndimage.zoom(f, 3, order=1) * n).astype(int), n - 1)
        out = np.asarray(Image.fromarray(colors[big]).resize((w, h), Image.BOX))
    return out


def cells(rng, n, w, h):
    points = rng.random((n, 2)) * (w, h)
    y, x = np.mgrid[:h, :w]
    return spatial.cKDTree(points).query(np.stack([x, y], -1).reshape(-1, 2))[1].reshape(h, w), points


def choropleth(rng):
    w, h = size(rng)
    aa = 3 if rng.random() < .7 else 1
    ids, _ = cells(rng, rng.integers(30, 120), w * aa, h * aa)
    f = field(rng, w * aa, h * aa)
    means = ndimage.mean(f, ids, np.arange(ids.max() + 1))
    n = rng.integers(4, 12)
    colors = ramp(rng, n)
    out = colors[np.minimum((np.nan_to_num(means) * n).astype(int), n - 1)[ids]]
    if rng.random() < .6:
        edge = (ids != np.roll(ids, 1, 0)) | (ids != np.roll(ids, 1, 1))
        out = np.where(ndimage.binary_dilation(edge, iterations=aa - 1 or 1)[..., None], np.uint8(rng.choice([0, 90, 255])), out)
    return down(Image.fromarray(out.astype(np.uint8)), aa)


def shaded(rng, w, h, n=6):
    """Spheres and blobs with smooth light: albedo, shade 0..1, mask."""
    y, x = np.mgrid[:h, :w].astype(float)
    shade, which = np.full((h, w), -1.), np.full((h, w), -1)
    light = np.array([rng.uniform(-.7, .7), rng.uniform(-.8, -.2), .6])
    light /= np.linalg.norm(light)
    for i in range(n):
        r = rng.uniform(.12, .4) * min(w, h)
        cx, cy = rng.uniform(0, w), rng.uniform(0, h)
        rr = ((x - cx) ** 2 + (y - cy) ** 2) / r ** 2
        inside = rr < 1
        z = np.sqrt(np.clip(1 - rr, 0, 1))
        s = (x - cx) / r * light[0] + (y - cy) / r * light[1] + z * light[2]
        shade = np.where(inside, np.clip(.15 + .85 * np.clip(s, 0, 1), 0, 1), shade)
        which = np.where(inside, i, which)
    return shade, which


def cel_shading(rng):
    w, h = size(rng)
    aa = 3 if rng.random() < .7 else 1
    n, tones = rng.integers(1, 7), rng.integers(3, 16)
    shade, which = shaded(rng, w * aa, h * aa, n)
    base = np.array([color(rng, 60, 256) for _ in range(n)])
    quant = np.floor(np.clip(shade, 0, .999) * tones) / (tones - 1)
    out = np.where((which >= 0)[..., None], base[np.maximum(which, 0)] * np.clip(quant, 0, 1)[..., None], np.array(color(rng)))
    if rng.random() < .5:
        edge = ndimage.binary_dilation((which != np.roll(which, 1, 0)) | (which != np.roll(which, 1, 1)), iterations=aa)
        out = np.where(edge[..., None], 20, out)
    return down(Image.fromarray(np.rint(out).astype(np.uint8)), aa)


def poster(rng):
    w, h = size(rng)
    aa = 3 if rng.random() < .7 else 1
    y, x = np.mgrid[:h * aa, :w * aa].astype(float)
    n = rng.integers(5, 26)
    colors = ramp(rng, n, rng.random() < .4)
    cx, cy = rng.uniform(.2, .8) * w * aa, rng.uniform(.2, .9) * h * aa
    kind = rng.integers(4)
    if kind == 0:
        t = np.hypot(x - cx, y - cy) / (np.hypot(w, h) * aa * .7)
    elif kind == 1:
        t = (np.arctan2(y - cy, x - cx) / (2 * np.pi) + .5)
        t = np.abs(2 * t - 1)
    elif kind == 2:
        a = rng.uniform(0, np.pi)
        t = (x * np.cos(a) + y * np.sin(a))
        t = (t - t.min()) / np.ptp(t)
    else:
        t = (y + 25 * aa * np.sin(x / (60 * aa) + rng.random() * 6)) / (h * aa) * .8 + .1
    k = np.clip((t ** rng.uniform(.7, 1.5) * n).astype(int), 0, n - 1)
    return down(Image.fromarray(colors[k]), aa)


def figure(rng):
    import matplotlib
    matplotlib.use('Agg')
    import matplotlib.pyplot as plt
    w, h = size(rng)
    plt.style.use(str(rng.choice(['default', 'ggplot', 'seaborn-v0_8', 'dark_background', 'bmh', 'fivethirtyeight'])))
    fig = plt.figure(figsize=(w / 80, h / 80), dpi=80)
    return plt, fig, fig.add_subplot()


def drawn_figure(plt, fig):
    fig.canvas.draw()
    out = np.asarray(fig.canvas.buffer_rgba())[..., :3].copy()
    plt.close(fig)
    plt.style.use('default')
    return out


def chart(rng):
    plt, fig, ax = figure(rng)
    kind = rng.integers(4)
    n = rng.integers(3, 12)
    if kind == 0:
        ax.bar(range(n), rng.random(n), color=plt.get_cmap(str(rng.choice(['viridis', 'Blues', 'tab10'])))(np.linspace(0, 1, n)))
    elif kind == 1:
        for _ in range(n):
            ax.plot(np.cumsum(rng.normal(size=60)))
    elif kind == 2:
        ax.pie(rng.random(n) + .1, labels=list('abcdefghijkl')[:n])
    else:
        ax.stackplot(range(20), rng.random((n, 20)))
    return drawn_figure(plt, fig)


def heatmap(rng):
    plt, fig, ax = figure(rng)
    name = str(rng.choice(['viridis', 'magma', 'Blues', 'coolwarm', 'Greys', 'YlGn']))
    if rng.random() < .5:
        ax.imshow(rng.random((rng.integers(4, 14), rng.integers(4, 14))), cmap=name, interpolation='nearest', aspect='auto')
    else:
        ax.contourf(field(rng, 60, 60, 8), rng.integers(6, 30), cmap=name)
    return drawn_figure(plt, fig)


def scene(rng, w, h, soft):
    """A little landscape in pixels: a sky in bands, hills, tiles and figures from few colours."""
    n = rng.integers(5, 14)
    a = np.array(color(rng, 30, 200))
    sky = a + np.arange(n)[:, None] * np.array(rng.integers(2, 9 if soft else 22, 3))
    out = np.clip(sky[(np.arange(h) * n // h)], 0, 255)[:, None].repeat(w, 1).astype(np.uint8)
    x = np.arange(w)
    for layer in range(rng.integers(1, 4)):
        top = (h * (.5 + .13 * layer) + np.cumsum(rng.integers(-1, 2, w)) * .8).astype(int)
        tone = np.array(color(rng, 20, 180))
        for i in range(w):
            out[max(top[i], 0):, i] = tone
            out[max(top[i], 0) + 3:, i] = np.clip(tone - (6 if soft else 20), 0, 255)
    tile = sprite(rng, 8, soft)
    for i in range(rng.integers(2, w // 8)):
        px, py = rng.integers(0, w - 8), rng.integers(h // 2, h - 8)
        mask = tile[..., 3:] > 0
        out[py:py + 8, px:px + 8] = np.where(mask, tile[..., :3], out[py:py + 8, px:px + 8])
    return out


def sprite(rng, side, soft):
    half = rng.integers(0, 4, (side, side // 2))
    k = np.concatenate([half, half[:, ::-1]], 1)
    base = np.array(color(rng, 60, 200))
    tones = np.stack([np.clip(base + i * (7 if soft else 30), 0, 255) for i in range(4)])
    alpha = (k > 0) * 255
    return np.dstack([tones[k], alpha]).astype(np.uint8)


def pixel_art(rng):
    return scene(rng, int(rng.integers(96, 200)), int(rng.integers(80, 160)), rng.random() < .5)


def pixel_art_large(rng):
    k = int(rng.choice([2, 3, 4, 4, 5, 6, 8]))
    art = scene(rng, max(320 // k, 40), max(240 // k, 32), rng.random() < .6)
    return art.repeat(k, 0).repeat(k, 1)


def pixel_art_smooth(rng):
    k = int(rng.choice([3, 4, 6]))
    art = scene(rng, 320 // k, 240 // k, rng.random() < .6)
    way = [Image.BILINEAR, Image.BICUBIC][rng.integers(2)]
    return np.asarray(Image.fromarray(art).resize((art.shape[1] * k, art.shape[0] * k), way))


def tiles(rng):
    k, side = int(rng.choice([1, 2, 4])), int(rng.choice([8, 16]))
    kinds = []
    for _ in range(6):
        base = np.array(color(rng, 30, 220))
        tones = base + np.arange(rng.integers(3, 6))[:, None] * rng.integers(3, 12)
        kinds.append(np.clip(tones[rng.integers(0, len(tones), (side, side))], 0, 255))
    n = 320 // (side * k)
    rows = [np.concatenate([kinds[i] for i in rng.integers(0, 6, n)], 1) for _ in range(n * 3 // 4)]
    return np.concatenate(rows).astype(np.uint8).repeat(k, 0).repeat(k, 1)


def sprites(rng):
    side, k = int(rng.choice([8, 16, 24])), int(rng.choice([1, 2, 3, 4]))
    n = max(2, 256 // (side * k))
    out = np.full((n * side, n * side, 3), rng.choice([0, 255, 128]), np.uint8)
    for j in range(n):
        for i in range(n):
            s = sprite(rng, side, rng.random() < .5)
            part = out[j * side:(j + 1) * side, i * side:(i + 1) * side]
            part[s[..., 3] > 0] = s[s[..., 3] > 0, :3]
    return out.repeat(k, 0).repeat(k, 1)


def lut(rng):
    n = int(rng.choice([16, 16, 25, 32, 33, 64]))
    v = np.rint(np.arange(n) * 255 / (n - 1))
    hald = n in (16, 25, 64) and rng.random() < .5
    b, g, r = np.meshgrid(v, v, v, indexing='ij')
    cube = np.stack([r, g, b], -1)
    mode = rng.integers(3)
    if mode == 1:
        cube = 255 * (cube / 255) ** rng.uniform(.7, 1.4, 3)
        cube = cube * rng.uniform(.8, 1, 3) + rng.uniform(0, 20, 3)
    elif mode == 2:
        m = np.eye(3) + rng.uniform(-.15, .15, (3, 3))
        cube = cube @ m.T
        t = cube / 255
        cube = 255 * (t + .12 * np.sin(2 * np.pi * t))
    cube = np.clip(np.rint(cube), 0, 255).astype(np.uint8)
    if hald:
        side = int(round(n ** 1.5))
        return cube.reshape(side, side, 3)
    strip = np.concatenate(list(cube), 1)
    if n == 64:
        return np.concatenate([strip[:, i * 512:(i + 1) * 512] for i in range(8)])
    return strip if rng.random() < .8 else cube.reshape(n * n, n, 3)


def height(rng, w, h):
    kind = rng.integers(3)
    if kind == 0:
        return field(rng, w, h) * rng.uniform(10, 60)
    y, x = np.mgrid[:h, :w]
    if kind == 1:
        bw, bh = rng.integers(30, 80), rng.integers(20, 50)
        bx, by = (x + (y // bh % 2) * bw // 2) % bw, y % bh
        wall = np.minimum(np.minimum(bx, bw - bx), np.minimum(by, bh - by))
        return ndimage.gaussian_filter(np.minimum(wall, 4) * 2., 1.5)
    p = rng.integers(16, 60)
    return 6 * np.sin(2 * np.pi * x / p) * np.sin(2 * np.pi * y / p)


def normal_map(rng):
    w, h = [(256, 256), (512, 512), (512, 256)][rng.integers(3)]
    z = height(rng, w, h)
    dy, dx = np.gradient(z)
    v = np.dstack([-dx, dy * rng.choice([-1, 1]), np.full_like(z, rng.uniform(.5, 2))])
    v /= np.linalg.norm(v, axis=-1, keepdims=True)
    return np.clip(np.rint((v * .5 + .5) * 255), 0, 255).astype(np.uint8)


def data_texture(rng):
    w, h = size(rng)
    kind = rng.integers(4)
    if kind == 0:
        ids, _ = cells(rng, 40, w, h)
        return np.array([color(rng) for _ in range(ids.max() + 1)], np.uint8)[ids]
    if kind == 1:
        return (field(rng, w, h) * 255).astype(np.uint8)
    if kind == 2:
        f, g = field(rng, w, h), field(rng, w, h)
        a = np.arctan2(f - .5, g - .5)
        return np.clip(np.rint(np.dstack([np.cos(a) * .5 + .5, np.sin(a) * .5 + .5, np.zeros_like(a)]) * 255), 0, 255).astype(np.uint8)
    shape = shaded(rng, w, h)[1] >= 0
    d = ndimage.distance_transform_edt(shape) - ndimage.distance_transform_edt(~shape)
    return np.clip(np.rint(128 + d * 4), 0, 255).astype(np.uint8)


def icons(rng):
    image, d, w, h, aa = canvas(rng, rng.choice([(255, 255, 255), (245, 246, 250), (30, 30, 34)]))
    n = 4
    for j in range(n):
        for i in range(n):
            x, y, s = (i + .5) * w / n, (j + .5) * h / n, min(w, h) / n * .38
            c, c2 = color(rng), color(rng)
            kind = rng.integers(4)
            if kind == 0:
                d.ellipse((x - s, y - s, x + s, y + s), fill=c)
                d.polygon([(x - s / 2, y + s / 2), (x, y - s / 2), (x + s / 2, y + s / 2)], fill=c2)
            elif kind == 1:
                d.rounded_rectangle((x - s, y - s, x + s, y + s), s * .3, fill=c)
                d.rounded_rectangle((x - s * .8, y - s * .8, x + s * .8, y), s * .2, fill=near(rng, c, 12))
            elif kind == 2:
                p = [(x + s * np.cos(a) * (1 if k % 2 else .45), y + s * np.sin(a) * (1 if k % 2 else .45)) for k, a in enumerate(np.linspace(0, 2 * np.pi, 11)[:-1])]
                d.polygon(p, fill=c)
            else:
                d.arc((x - s, y - s, x + s, y + s), 20, 320, fill=c, width=int(s * .3))
    return down(image, aa)


def table(rng):
    dark = rng.random() < .4
    back = (24, 26, 30) if dark else (255, 255, 255)
    image, d, w, h, aa = canvas(rng, back, 1)
    step = 22
    other = near(rng, (32, 34, 38) if dark else (244, 246, 248), 3)
    for i in range(0, h // step):
        if i % 2:
            d.rectangle((0, i * step, w, (i + 1) * step - 1), fill=other)
        text(d, rng, (6, i * step + 4), 1, (220,) * 3 if dark else (20,) * 3)
    for i in range(1, 4):
        d.line((i * w // 4, 0, i * w // 4, h), fill=(128, 128, 128))
    return down(image, aa)


def flag(rng):
    image, d, w, h, aa = canvas(rng, color(rng))
    n = rng.integers(2, 14)
    across = rng.random() < .5
    tones = [color(rng) for _ in range(3)]
    if rng.random() < .4:
        tones = [tuple(int(v) for v in c) for c in ramp(rng, n, True)]
    for i in range(n):
        box = (i * w // n, 0, (i + 1) * w // n, h) if across else (0, i * h // n, w, (i + 1) * h // n)
        d.rectangle(box, fill=tones[i % len(tones)])
    if rng.random() < .5:
        d.ellipse((w / 2 - h / 4, h / 4, w / 2 + h / 4, 3 * h / 4), fill=color(rng))
    return down(image, aa)


def logo(rng):
    image, d, w, h, aa = canvas(rng, rng.choice([(255, 255, 255), (250, 250, 250), (12, 14, 20)]))
    base = color(rng)
    for i in range(rng.integers(3, 8)):
        c = tuple(int(np.clip(v + 9 * i, 0, 255)) for v in base)
        a = rng.uniform(0, 6)
        p = [(w / 2 + h * .4 * np.cos(a + k) * (1 - i * .1), h / 2 + h * .4 * np.sin(a + k) * (1 - i * .1)) for k in (0, 1.7, 3.1, 4.5)]
        d.polygon(p, fill=c)
    text(d, rng, (w // 8, h * 5 // 6), 1, base, 20 * aa)
    return down(image, aa)


def qr(rng):
    n, k = rng.integers(21, 45), rng.integers(4, 10)
    code = np.pad(rng.integers(0, 2, (n, n)), 4, constant_values=1) * 255
    return code.astype(np.uint8).repeat(k, 0).repeat(k, 1)


BAYER = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]]) / 16


def bayer(rng):
    w, h = size(rng)
    k = int(rng.choice([1, 1, 2, 3]))
    y, x = np.mgrid[:h // k, :w // k]
    t = [y / (h // k), x / (w // k), np.hypot(x - w / k / 2, y - h / k / 2) / (w / k)][rng.integers(3)]
    n = rng.integers(2, 12)
    idx = np.clip(np.floor(t * (n - 1) + BAYER[y % 4, x % 4]), 0, n - 1).astype(int)
    return ramp(rng, n)[idx].repeat(k, 0).repeat(k, 1)


def street_map(rng):
    image, d, w, h, aa = canvas(rng, (242, 239, 233))
    for _ in range(rng.integers(6, 16)):
        x, y, s = rng.uniform(0, w), rng.uniform(0, h), rng.uniform(.05, .25) * w
        p = [(x + s * np.cos(a) * rng.uniform(.5, 1), y + s * np.sin(a) * rng.uniform(.5, 1)) for a in np.linspace(0, 6.28, 8)[:-1]]
        d.polygon(p, fill=[(200, 215, 171), (170, 211, 223), (224, 223, 223), (217, 208, 201), (205, 235, 176)][rng.integers(5)])
    for _ in range(rng.integers(8, 25)):
        p = [(rng.uniform(0, w), rng.uniform(0, h)) for _ in range(rng.integers(2, 5))]
        wide = int(rng.integers(2, 9) * aa)
        d.line(p, fill=(180, 180, 180), width=wide + 2 * aa, joint='curve')
        d.line(p, fill=[(255, 255, 255), (252, 214, 164), (249, 178, 156)][rng.integers(3)], width=wide, joint='curve')
    text(d, rng, (w // 4, h // 3), 2, (60, 60, 60), 11 * aa)
    return down(image, aa)


def test_chart(rng):
    w, h = size(rng)
    out = np.zeros((h, w, 3), np.uint8)
    bars = [(191,) * 3, (191, 191, 0), (0, 191, 191), (0, 191, 0), (191, 0, 191), (191, 0, 0), (0, 0, 191)]
    for i, c in enumerate(bars):
        out[:, i * w // 7:(i + 1) * w // 7] = c
    n = rng.integers(6, 33)
    low, high = (0, 255) if rng.random() < .5 else (rng.integers(0, 60), rng.integers(80, 255))
    for i in range(n):
        out[h // 2:h * 3 // 4, i * w // n:(i + 1) * w // n] = low + (high - low) * i // (n - 1)
    for i in range(12):
        out[h * 3 // 4:, i * w // 12:(i + 1) * w // 12] = 8 + 2 * i + (rng.integers(0, 2) if rng.random() < .3 else 0)
    return out


def low_poly(rng):
    w, h = size(rng)
    aa = 3
    f = field(rng, w, h)
    points = np.vstack([rng.random((rng.integers(40, 200), 2)) * (w, h), [(0, 0), (w, 0), (0, h), (w, h)]])
    image = Image.new('RGB', (w * aa, h * aa))
    d = ImageDraw.Draw(image)
    a, b = np.array(color(rng)), np.array(color(rng))
    for tri in spatial.Delaunay(points).simplices:
        p = points[tri]
        cx, cy = p.mean(0)
        t = f[min(int(cy), h - 1), min(int(cx), w - 1)] + rng.normal() * .03
        d.polygon([tuple(q * aa) for q in p], fill=tuple(int(v) for v in np.clip(a + (b - a) * t, 0, 255)))
    return down(image, aa)


def mosaic(rng):
    w, h = size(rng)
    k = int(rng.choice([6, 8, 10, 12, 16]))
    f = np.dstack([field(rng, w // k, h // k, 4) for _ in range(3)])
    out = (f * 255).astype(np.uint8).repeat(k, 0).repeat(k, 1)
    if rng.random() < .5:
        out[::k] = out[:, ::k] = 40
    return out


DRAWN = {'ui-cards': ui_cards, 'ui-elevation': ui_elevation, 'swatches': swatches, 'step-wedge': step_wedge, 'contour-map': contour_map,
         'choropleth': choropleth, 'cel-shading': cel_shading, 'poster': poster, 'chart': chart, 'heatmap': heatmap, 'pixel-art': pixel_art,
         'pixel-art-large': pixel_art_large, 'pixel-art-smooth': pixel_art_smooth, 'tiles': tiles, 'sprites': sprites, 'lut': lut,
         'normal-map': normal_map, 'data-texture': data_texture, 'icons': icons, 'table': table, 'flag': flag, 'logo': logo, 'qr': qr,
         'bayer': bayer, 'street-map': street_map, 'test-chart': test_chart, 'low-poly': low_poly, 'mosaic': mosaic}


def gradient(rng):
    """A vector gradient between two or three colours, in any direction, sometimes with flat shapes before it."""
    w, h = [(512, 384), (640, 480), (640, 360)][rng.integers(3)]
    y, x = np.mgrid[:h, :w].astype(float)
    a = rng.choice([0, np.pi / 2, rng.uniform(0, np.pi)])
    t = x * np.cos(a) + y * np.sin(a) if rng.random() < .7 else np.hypot(x - w * rng.random(), y - h * rng.random())
    t = (t - t.min()) / np.ptp(t)
    c = [np.array(color(rng), float) for _ in range(2)]
    out = c[0] + (c[1] - c[0]) * t[..., None]
    if rng.random() < .4:
        s, which = shaded(rng, w, h, 2)
        out = np.where((which >= 0)[..., None], np.array(color(rng)), out)
    return out


def render(rng):
    """Shaded spheres before a gradient."""
    w, h = [(512, 384), (640, 480), (640, 360)][rng.integers(3)]
    s, which = shaded(rng, w, h, rng.integers(2, 8))
    base = np.array([color(rng, 60, 256) for _ in range(8)], float)
    y = np.mgrid[:h, :w][0] / h
    a, b = np.array(color(rng), float), np.array(color(rng), float)
    out = np.where((which >= 0)[..., None], base[np.maximum(which, 0)] * s[..., None], a + (b - a) * y[..., None])
    return out


def cartoon(rng):
    """Flat shapes with anti-aliased dark outlines and soft shading, as animators colour them."""
    w, h = [(512, 384), (640, 480)][rng.integers(2)]
    out = gradient(rng)[:h, :w]
    h, w = out.shape[:2]
    s, which = shaded(rng, w * 2, h * 2, rng.integers(3, 7))
    base = np.array([color(rng, 60, 256) for _ in range(8)], float)
    soft = ndimage.gaussian_filter(np.where(which >= 0, np.where(s > .5, 1., .7), .7), 12)
    big = np.where((which >= 0)[..., None], base[np.maximum(which, 0)] * soft[..., None], np.repeat(np.repeat(out, 2, 0), 2, 1))
    edge = ndimage.binary_dilation((which != np.roll(which, 1, 0)) | (which != np.roll(which, 1, 1)), iterations=2)
    big = np.where(edge[..., None], 25., big)
    return big.reshape(h, 2, w, 2, 3).mean((1, 3))


def fog(rng):
    """Smooth clouds of two or three colours."""
    w, h = 512, 384
    a, b = np.array(color(rng), float), np.array(color(rng), float)
    f = field(rng, w, h)[..., None]
    return a + (b - a) * f + 20 * (field(rng, w, h)[..., None] - .5) * np.array(rng.uniform(-1, 1, 3))


SMOOTH = {'gradient': gradient, 'render': render, 'cartoon': cartoon, 'fog': fog}


def bits(v, n):
    top = 2 ** n - 1
    return np.rint(np.rint(np.clip(v, 0, 255) * top / 255) * 255 / top).astype(np.uint8)


def truncated(v, n):
    return (np.rint(np.clip(v, 0, 255)).astype(np.uint8) >> (8 - n)) << (8 - n)


def yuv(v, y=8, c=8):
    """Through Y'CbCr of BT.709, limited range, planes on grids of fewer bits."""
    kr, kb = .2126, .0722
    r, g, b = np.moveaxis(np.clip(v, 0, 255) / 255, -1, 0)
    l = kr * r + (1 - kr - kb) * g + kb * b
    u, w = (b - l) / (2 - 2 * kb), (r - l) / (2 - 2 * kr)
    q = lambda p, n: p if n == 8 else np.rint(np.rint(p * (2 ** n - 1) / 255) * 255 / (2 ** n - 1))
    l = (q(np.rint(l * 219 + 16), y) - 16) / 219
    u, w = ((q(np.rint(p * 224 + 128), c) - 128) / 224 for p in (u, w))
    r, b = l + (2 - 2 * kr) * w, l + (2 - 2 * kb) * u
    return np.clip(np.rint(255 * np.dstack([r, (l - kr * r - kb * b) / (1 - kr - kb), b])), 0, 255).astype(np.uint8)


def palette(v, n):
    image = Image.fromarray(np.rint(np.clip(v, 0, 255)).astype(np.uint8))
    return np.asarray(image.quantize(n, Image.MEDIANCUT, dither=Image.Dither.NONE).convert('RGB'))


LOST = {'rgb-4': lambda v: bits(v, 4), 'rgb-5': lambda v: bits(v, 5), 'rgb-6': lambda v: bits(v, 6), 'cut-5': lambda v: truncated(v, 5),
        'rgb-565': lambda v: np.dstack([bits(v[..., i], n) for i, n in enumerate((5, 6, 5))]),
        'luma-6': lambda v: yuv(v, y=6), 'chroma-6': lambda v: yuv(v, c=6), 'palette-64': lambda v: palette(v, 64),
        'palette-256': lambda v: palette(v, 256)}


def jpeg(v, quality, subsampling, cut):
    """Through JPEG and back; `cut` moves the blocks off the image's corner."""
    coded = io.BytesIO()
    image = Image.fromarray(np.rint(np.clip(v, 0, 255)).astype(np.uint8))
    image.save(coded, 'JPEG', quality=quality, subsampling=subsampling)
    return np.asarray(Image.open(coded).convert('RGB'))[5 * cut:, 3 * cut:]


LOST |= {f'jpeg-{quality}-{sub.replace(":", "")}{"-cut" * cut}': lambda v, asked=(quality, sub, cut): jpeg(v, *asked)
         for quality in (15, 30) for sub in ('4:2:0', '4:4:4') for cut in (0, 1)}


def main():
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument('out', type=pathlib.Path)
    ask.add_argument('--first', type=int, default=0)
    ask.add_argument('--seeds', type=int, default=10)
    asked = ask.parse_args()
    for folder in ('drawn', 'lost'):
        (asked.out / folder).mkdir(parents=True, exist_ok=True)
    for kind, draw in (DRAWN | MORE | SCENES).items():
        for seed in range(asked.first, asked.first + asked.seeds):
            rng = np.random.default_rng([seed, zlib.crc32(kind.encode())])
            drawn = draw(rng)
            image = drawn if isinstance(drawn, Image.Image) else Image.fromarray(np.ascontiguousarray(drawn))
            image.save(asked.out / f'drawn/{kind}-{seed:02}.png')
    for kind, draw in SMOOTH.items():
        for seed in range(asked.first, asked.first + asked.seeds):
            rng = np.random.default_rng([seed, zlib.crc32(kind.encode())])
            smooth = draw(rng)
            for cause, lose in LOST.items():
                Image.fromarray(np.ascontiguousarray(lose(smooth))).save(asked.out / f'lost/{kind}-{cause}-{seed:02}.png')


if __name__ == '__main__':
    main()
