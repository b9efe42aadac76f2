#!/usr/bin/env python3
"""Clean 16-bit views of CC0 HDR panoramas (Poly Haven), for training the debanding network.

    make_views.py PANORAMA_FOLDER OUTPUT_FOLDER [--only NAME] [--skip FILE]

Reads every equirectangular Radiance .hdr below PANORAMA_FOLDER and writes two or three 16-bit PNG views of each
(numpy, scipy, pillow, opencv for writing 16-bit PNG) with one line each in OUTPUT_FOLDER/views.csv. All arithmetic is in
float; nothing is rounded before the 16-bit PNG. --skip names a text file of view names to skip (rejected by eye).
The headings and exposures depend on the names and the sorted order of the files in the folder.

Steps of the source: RGBE keeps 8 bits of mantissa, so a smooth sky has steps of up to 1/128. As each sample's rounding
interval is known, `smooth_inside` finds the smoothest image inside these intervals; the views are then
interpolated with a cubic B-spline (twice continuously differentiable, sums of 16 samples), at 2 x 2 samples a pixel.

Views: 'soft' pinhole, 72-88 degrees, defocused by a disc (a 1k panorama is coarser than the view, so these are images
out of focus), in part with a sharp computed outline in front; 'wide' stereographic, about as fine as the panorama.
Exposures: normal, -2, -3 EV and +0.7 EV; curves: a shoulder above 0.6, or 1-exp(-x). A third gets grain.
"""
import argparse, csv, pathlib, zlib
import cv2
import numpy as np
from scipy import ndimage as ni
from PIL import Image, ImageDraw


def read_rgbe(path):
    """Linear RGB (float32) and the step of each sample's mantissa."""
    data = path.read_bytes()
    end = data.index(b"\n\n") + 2
    eol = data.index(b"\n", end)
    words = data[end:eol].split()
    height, width = int(words[1]), int(words[3])
    raw, at = np.frombuffer(data, np.uint8), eol + 1
    out = np.empty((height, 4, width), np.uint8)
    for y in range(height):
        if not (raw[at] == 2 and raw[at + 1] == 2):
            return None, None  # old run-length form: absent from these files
        at += 4
        for c in range(4):
            x = 0
            while x < width:
                n = int(raw[at])
                if n > 128:
                    out[y, c, x:x + n - 128] = raw[at + 1]
                    x, at = x + n - 128, at + 2
                else:
                    out[y, c, x:x + n] = raw[at + 1:at + 1 + n]
                    x, at = x + n, at + 1 + n
    step = np.ldexp(1.0, out[:, 3].astype(np.int32) - 136).astype(np.float32)[..., None]
    return out[:, :3].transpose(0, 2, 1).astype(np.float32) * step, step


def smooth_inside(image, step):
    """Diffusion that never leaves the rounding interval of a sample (half a step, a little more for safety)."""
    low, high = image - 0.6 * step, image + 0.6 * step
    x = image.copy()
    for _ in range(2):
        for d, times in ((24, 3), (16, 4), (10, 4), (6, 5), (4, 5), (2, 6), (1, 8)):
            for i in range(times):
                pad = np.pad(np.pad(x, ((0, 0), (d, d), (0, 0)), "wrap"), ((d, d), (0, 0), (0, 0)), "edge")
                h, w = x.shape[:2]
                total = np.zeros_like(x)
                for dy, dx in (((0, 1), (1, 0), (0, -1), (-1, 0)), ((1, 1), (1, -1), (-1, 1), (-1, -1)))[i % 2]:
                    near = pad[d + dy * d:d + dy * d + h, d + dx * d:d + dx * d + w]
                    total += np.clip(near - x, -1.5 * step, 1.5 * step)
                x = np.clip(x + total / 5, low, high)
    return np.maximum(x, 0)


def rotation(yaw, pitch, roll):
    a, b, c = np.radians([yaw, pitch, roll])
    ry = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    rx = np.array([[1, 0, 0], [0, np.cos(b), np.sin(b)], [0, -np.sin(b), np.cos(b)]])
    rz = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return ry @ rx @ rz


def render(padded, pad, w, h, fov, yaw, pitch, roll, wide, over=2):
    """View of the padded panorama; over x over samples a pixel, averaged. Image y points down, world y up."""
    half = np.tan(np.radians(fov) / (4 if wide else 2)) * (2 if wide else 1)
    xs = ((np.arange(w * over) + 0.5) / (w * over) * 2 - 1) * half
    ys = ((np.arange(h * over) + 0.5) / (h * over) * 2 - 1) * half * h / w
    x, y = np.meshgrid(xs, -ys)
    if wide:  # stereographic: r = 2 tan(angle / 2)
        r2 = (x * x + y * y) / 4
        v = np.stack([x, y, 1 - r2], -1) / (1 + r2)[..., None]
    else:
        v = np.stack([x, y, np.ones_like(x)], -1)
        v /= np.linalg.norm(v, axis=-1, keepdims=True)
    v = v @ rotation(yaw, pitch, roll).T
    ph, pw = padded.shape[0] - 2 * pad, padded.shape[1] - 2 * pad
    u = (np.arctan2(v[..., 0], v[..., 2]) / (2 * np.pi) + 0.5) * pw - 0.5 + pad
    t = np.arccos(np.clip(v[..., 1], -1, 1)) / np.pi * ph - 0.5 + pad
    out = [ni.map_coordinates(padded[..., c], [t, u], order=3, prefilter=False, mode="nearest") for c in range(3)]
    return np.stack(out, -1).reshape(h, over, w, over, 3).mean((1, 3)).astype(np.float32)


def pad_panorama(p, pad=4):
    top, bottom = np.roll(p[:pad][::-1], p.shape[1] // 2, 1), np.roll(p[-pad:][::-1], p.shape[1] // 2, 1)
    return np.pad(np.concatenate([top, p, bottom]), ((0, 0), (pad, pad), (0, 0)), "wrap")


def defocus(image, radius):
    """Average over a disc with a soft rim, in linear light."""
    n = int(radius) + 2
    yy, xx = np.mgrid[-n:n + 1, -n:n + 1]
    disc = np.clip(radius + 0.5 - np.hypot(xx, yy), 0, 1).astype(np.float32)
    return cv2.filter2D(image, -1, disc / disc.sum(), borderType=cv2.BORDER_REFLECT)


def curve(x, kind):
    if kind == "film":
        x = 1 - np.exp(-1.25 * x)
    else:  # straight to 0.6, then a shoulder that tends to 1
        x = np.where(x < 0.6, x, 0.6 + 0.4 * (1 - np.exp(-(x - 0.6) / 0.4)))
    return np.where(x <= 0.0031308, 12.92 * x, 1.055 * np.maximum(x, 1e-9) ** (1 / 2.4) - 0.055)


def outline(w, h, rng):
    """Coverage (0..1) of a sharp shape in front: window bars, twigs, head and shoulders, or poles and wires."""
    s = 4
    im = Image.new("L", (w * s, h * s), 0)
    d = ImageDraw.Draw(im)
    kind = rng.integers(4)
    line = lambda a, b, t: d.line([tuple(np.array(a) * s), tuple(np.array(b) * s)], fill=255, width=max(1, int(t * s)))
    if kind == 0:
        tilt = rng.uniform(-0.03, 0.03)
        for k in range(rng.integers(2, 4)):
            x = w * rng.uniform(0.1, 0.9)
            line((x, -9), (x + tilt * h, h + 9), rng.uniform(5, 22))
        y = h * rng.uniform(0.25, 0.8)
        line((-9, y), (w + 9, y - tilt * w), rng.uniform(5, 18))
    elif kind == 1:
        def twig(x, y, angle, length, t):
            for _ in range(int(length / 6)):
                nx, ny = x + 6 * np.cos(angle), y + 6 * np.sin(angle)
                line((x, y), (nx, ny), t)
                x, y, angle, t = nx, ny, angle + rng.normal(0, 0.12), t * 0.985
                if rng.random() < 0.16 and t > 0.8:
                    twig(x, y, angle + rng.choice([-1, 1]) * rng.uniform(0.4, 1), length * 0.5, t * 0.6)
        for _ in range(3):
            twig(w * rng.uniform(-0.05, 0.5), h + 5, rng.uniform(-1.9, -0.9), h * 0.9, rng.uniform(4, 10))
    elif kind == 2:
        cx, r = w * rng.uniform(0.25, 0.75), h * rng.uniform(0.16, 0.24)
        cy = h - 2.1 * r
        d.ellipse([(cx - r * 0.78) * s, (cy - r) * s, (cx + r * 0.78) * s, (cy + r) * s], fill=255)
        d.polygon([(x * s, y * s) for x, y in [(cx - r * .35, cy), (cx + r * .35, cy), (cx + r * .4, cy + r * 1.1),
                  (cx + r * 1.7, cy + r * 1.5), (cx + r * 2, h + 9), (cx - r * 2, h + 9), (cx - r * 1.7, cy + r * 1.5),
                  (cx - r * .4, cy + r * 1.1)]], fill=255)
    else:
        for k in range(rng.integers(1, 3)):
            x = w * rng.uniform(0.1, 0.9)
            line((x, h * rng.uniform(0, 0.3)), (x, h + 9), rng.uniform(4, 12))
        for k in range(rng.integers(2, 6)):
            y0, sag, n = h * rng.uniform(0.05, 0.4), rng.uniform(10, 60), 60
            pts = [(w * i / n, y0 + sag * 4 * (i / n) * (1 - i / n)) for i in range(n + 1)]
            for a, b in zip(pts, pts[1:]):
                line(a, b, rng.uniform(1.2, 1.21))
    cover = np.asarray(im, np.float32).reshape(h, s, w, s).mean((1, 3)) / 255
    return cover[..., None]


def smooth_share(code):
    """Share of green pixels whose 5 x 5 deviation is below 0.6 code (8-bit codes), and not black or white."""
    g = code[..., 1]
    m = ni.uniform_filter(g, 5)
    dev = np.sqrt(np.maximum(ni.uniform_filter(g * g, 5) - m * m, 0))
    return float(((dev < 0.6) & (g > 1.5) & (g < 253)).mean())


def main():
    ap = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    ap.add_argument("panoramas"), ap.add_argument("output"), ap.add_argument("--only"), ap.add_argument("--skip")
    args = ap.parse_args()
    out = pathlib.Path(args.output)
    out.mkdir(parents=True, exist_ok=True)
    skip = set(pathlib.Path(args.skip).read_text().split()) if args.skip else set()
    rows = []
    for index, path in enumerate(sorted(pathlib.Path(args.panoramas).rglob("*.hdr"), key=lambda p: p.name)):
        if args.only and args.only not in path.name:
            continue
        name = path.stem.replace("_1k", "")
        rng = np.random.default_rng(zlib.crc32(name.encode()))
        linear, step = read_rgbe(path)
        if linear is None:
            continue
        pano = pad_panorama(np.minimum(smooth_inside(linear, step), np.percentile(linear, 99.9) * 4))
        # headings: the best two of 28 small views, by smooth area, light and some content; far apart
        found = []
        for _ in range(28):
            yaw, pitch = rng.uniform(0, 360), rng.uniform(-8, 38)
            small = render(pano, 4, 96, 60, 82, yaw, pitch, 0, False, 1)
            key = np.exp(np.log(small.mean(-1) + 1e-6).mean())
            code = 255 * curve(small * 0.16 / key, "film")
            grad = np.hypot(*np.gradient(ni.gaussian_filter(code[..., 1], 1)))
            light = ((code[..., 1] > 8) & (code[..., 1] < 245)).mean()
            found.append(((grad < 2).mean() * 0.7 + light + 0.5 * min(1, code[..., 1].std() / 40), yaw, pitch))
        found.sort(reverse=True)
        picks = [found[0]]
        for f in found[1:]:
            if len(picks) < 3 and all(abs((f[1] - p[1] + 180) % 360 - 180) > 70 for p in picks):
                picks.append(f)
        for k, (_, yaw, pitch) in enumerate(picks):
            wide = k == 1
            if k == 2 and index % 3:  # a third view of one panorama in three
                continue
            w, h = ((800, 500), (768, 512))[index % 2] if wide else ((960, 600), (1024, 576), (1024, 640))[index % 3]
            fov, roll = (rng.uniform(140, 165), rng.uniform(-8, 8)) if wide else (rng.uniform(72, 88), rng.uniform(-3, 3))
            view = render(pano, 4, w, h, fov, yaw, pitch, roll, wide)
            radius = 0 if wide else rng.choice([2.5, 4, 6, 10])
            key = np.exp(np.log(view.mean(-1) + 1e-6).mean())
            ev = (0, -2, 0.7, -3, 0, -2)[(index + 2 * k) % 6]
            view = view * (0.16 / key)
            if radius:
                view = defocus(np.minimum(view, 12), radius)
            view *= 2.0 ** ev
            front = not wide and index % 3 == 1
            if front:
                cover = outline(w, h, rng)
                shade = np.linspace(0.6, 1.4, w)[None, :, None] * rng.uniform(0.004, 0.03) * rng.uniform(0.7, 1.2, 3)
                texture = 1 + 0.15 * ni.gaussian_filter(rng.normal(0, 1, (h, w)), 1.5)[..., None] * 3
                view = view * (1 - cover) + cover * (shade * texture).astype(np.float32)
            kind = "film" if rng.random() < 0.5 else "shoulder"
            code = 255 * curve(view, kind)
            grain = rng.uniform(0.15, 0.4) if (index + k) % 3 == 0 else 0
            if grain:
                code = code + rng.normal(0, grain, code.shape)
            file = f"view_{name}_{k}"
            if file in skip:
                continue
            pixels = np.clip(np.round(code * 257), 0, 65535).astype(np.uint16)
            cv2.imwrite(str(out / (file + ".png")), pixels[..., ::-1])
            about = (f"{'stereographic' if wide else 'pinhole'} view fov {fov:.0f} yaw {yaw:.0f} pitch {pitch:.0f} {ev:+g} EV "
                     f"{kind} disc {radius:g} grain {grain:.2f}{' outline' if front else ''}")
            rows.append([file, path.relative_to(args.panoramas).as_posix(), about, linear.shape[1], linear.shape[0], w, h,
                         f"{smooth_share(code):.2f}"])
            print(*rows[-1], flush=True)
    with open(out / "views.csv", "w", newline="") as f:
        csv.writer(f).writerows([["name", "panorama", "view", "pano_width", "pano_height", "width", "height", "smooth"]] + rows)


if __name__ == "__main__":
    main()
