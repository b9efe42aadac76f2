"""Samples, flat areas and computed scenes that make_image_causes.py and check_image_causes.py share."""

import cv2
import numpy as np
from PIL import Image

WEIGHTS = np.array([0.299, 0.587, 0.114])


def read(path):
    """RGB in 0..1 of an image file. Grey is repeated, alpha is dropped."""
    samples = cv2.imread(str(path), cv2.IMREAD_UNCHANGED) if path.suffix != '.gif' else None
    if samples is None:
        samples = np.asarray(Image.open(path).convert('RGB'))[..., ::-1]
    if samples.ndim == 2:
        samples = samples[..., None].repeat(3, 2)
    return samples[..., 2::-1].astype(np.float64) / np.iinfo(samples.dtype).max


def write_png(path, rgb, bits=16):
    codes = np.rint(np.clip(rgb, 0, 1) * (2**bits - 1)).astype(np.uint16 if bits == 16 else np.uint8)
    cv2.imwrite(str(path), codes[..., ::-1] if codes.ndim == 3 else codes)


def local_range(plane, radius=2):
    kernel = np.ones((2 * radius + 1, 2 * radius + 1), np.uint8)
    plane = np.ascontiguousarray(plane, np.float32)
    return cv2.dilate(plane, kernel) - cv2.erode(plane, kernel)


def unstep(codes):
    """8-bit RGB codes moved by at most half a code, so that the file's own steps are smooth in plateaus.

    Only where 5x5 samples differ by at most one code: grain stays. Black, white and even areas stay too."""
    out = np.empty(codes.shape, np.float32)
    for channel in range(3):
        plane = np.ascontiguousarray(codes[..., channel], np.float32)
        moved = plane.copy()
        free = (local_range(plane) <= 1) & (plane > 0) & (plane < 255) & (local_range(plane, 16) > 0)
        for radius in (32, 16, 32, 16, 8, 16, 8, 4, 4, 2, 2):
            mean = cv2.blur(cv2.blur(moved, (radius + 1,) * 2), (radius + 1,) * 2)
            moved = np.where(free, np.clip(mean, plane - 0.5, plane + 0.5), plane)
        out[..., channel] = moved
    return out


def noise(rng, height, width, cells, octaves=4, gain=0.5):
    """Smooth noise of several scales in about -1..1."""
    total = np.zeros((height, width))
    for octave in range(octaves):
        n = cells * 2**octave
        lattice = rng.uniform(-1, 1, (n * height // width + 3, n + 3)).astype(np.float32)
        total += cv2.resize(lattice, (width, height), interpolation=cv2.INTER_CUBIC) * gain**octave
    return total


def stops(t, *colours):
    """Colours of 0..255 at even distances of `t` in 0..1, joined by a cubic curve."""
    at = np.clip(t, 0, 1) * (len(colours) - 1)
    low = np.minimum(at.astype(int), len(colours) - 2)
    part = at - low
    part = (part * part * (3 - 2 * part))[..., None]
    table = np.array(colours, float) / 255
    return table[low] * (1 - part) + table[low + 1] * part


def scene(name, seed, width=704, height=480):
    """A computed scene: RGB in 0..1."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width] / [[[height]], [[width]]]
    far = np.hypot((x - rng.uniform(0.3, 0.7)) * 1.4, y - rng.uniform(0.3, 0.7))
    slow = noise(rng, height, width, 2, 2)
    if name == 'sky':
        rgb = stops(y + 0.03 * slow, (38, 82, 150), (104, 156, 208), (196, 218, 232))
    elif name == 'glow':
        rgb = stops(1 - np.exp(-2.2 * far), (250, 214, 150), (96, 60, 92), (10, 12, 30))
    elif name == 'nebula':
        cloud = np.clip(0.5 + 0.5 * noise(rng, height, width, 3, 6, 0.6), 0, 1) ** 2
        rgb = stops(cloud * np.exp(-1.5 * far), (3, 4, 9), (70, 26, 84), (210, 120, 140))
        bright = rng.random((height, width)) > 0.9985
        star = cv2.GaussianBlur(bright * rng.random((height, width)), (0, 0), 0.8) * 2
        rgb = rgb + star[..., None]
    elif name == 'fog':
        hill = y - 0.62 - 0.12 * noise(rng, height, width, 3, 5)[:1] * np.ones_like(y)
        near = 1 / (1 + np.exp(-60 * hill))
        rgb = stops(y + 0.02 * slow, (176, 186, 192), (206, 210, 208))
        rgb = rgb * (1 - near[..., None]) + near[..., None] * stops(y, (158, 168, 172), (120, 132, 132), (70, 82, 78))
    elif name == 'sunset':
        rgb = stops(y + 0.02 * slow, (28, 32, 74), (110, 72, 116), (226, 130, 84), (120, 60, 50))
        rgb = rgb + 0.3 * np.exp(-9 * far)[..., None] * np.array([1, 0.8, 0.5])
    elif name == 'studio':
        lamp = np.exp(-3 * far**2) * (0.6 + 0.4 * np.tanh((0.7 - y) * 6))
        rgb = stops(lamp, (30, 31, 33), (92, 93, 96), (188, 188, 190))
    elif name == 'vignette':
        rgb = np.clip(0.42 + 0.05 * slow, 0, 1)[..., None] * np.array([0.9, 0.95, 1.05]) * (1 - 0.7 * far**2)[..., None]
    elif name == 'bokeh':
        rgb = stops(y, (14, 12, 26), (40, 26, 36))
        for _ in range(24):
            r = np.hypot((x - rng.random()) * 1.47, y - rng.random())
            disc = 1 / (1 + np.exp((r - rng.uniform(0.03, 0.1)) * 160))
            rgb = rgb + 0.35 * disc[..., None] * rng.uniform(0.1, 0.9, 3)
    elif name == 'water':
        wave = noise(rng, height * 4, width, 6, 5)[::4] * (0.2 + y)
        rgb = stops(0.15 + 0.7 * y + 0.06 * wave, (130, 170, 190), (40, 96, 120), (6, 30, 52))
    else:
        curtain = np.exp(-40 * (y - 0.4 - 0.15 * noise(rng, height, width, 3, 2)[:1]) ** 2)
        light = 0.5 * curtain * (0.7 + 0.3 * slow)
        rgb = stops(y, (4, 8, 24), (12, 30, 44)) + light[..., None] * np.array([0.15, 0.8, 0.5])
        rgb = rgb + rng.normal(0, 0.4 / 255, rgb.shape)
    return np.clip(rgb, 0, 1)
