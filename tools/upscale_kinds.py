"""Pairs of small images and their originals, by kind, for tools/fit_upscale_gate.py and tools/check_upscaling.py.

Originals are 384×384: a random part of each photo (`photo`), the same out of focus (`soft`), the middle of each drawing (`drawn`).
Kinds of small images: downscaled by `bicubic`, `area` or `lanczos`; `fine`, by area and in 16 bits; after bicubic downscaling, JPEG
(`jpeg70`) or noise (`noise2`, sigma in codes); and `bsrgan`, recipes/degrade/bsrgan.toml and bsrgan-x2.toml. All but `fine` have 8 bits.
Needs numpy, Pillow, opencv-python-headless, and djxl for JPEG XL."""

import pathlib
import subprocess
import tempfile
import zlib

import cv2
import numpy as np
from PIL import Image

SIDE = 384
ROOT = pathlib.Path(__file__).resolve().parent.parent
KINDS = {
    'photo': ['bicubic', 'area', 'lanczos', 'fine', 'jpeg95', 'jpeg85', 'jpeg70', 'noise2', 'noise8', 'bsrgan'],
    'soft': ['bicubic', 'area', 'jpeg95', 'jpeg80', 'noise1'],
    'drawn': ['bicubic', 'area', 'lanczos', 'jpeg85'],
}


def read(path):
    """BGR from 0 to 1, or None for grey images and small ones."""
    if path.suffix == '.jxl':
        with tempfile.TemporaryDirectory() as folder:
            png = pathlib.Path(folder) / 'image.png'
            subprocess.run(['djxl', path, png], check=True, capture_output=True)
            image = cv2.imread(str(png), cv2.IMREAD_UNCHANGED)
    else:
        image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if image is None or image.ndim != 3 or min(image.shape[:2]) < 64:
        return None
    return image[..., :3].astype(np.float32) / np.iinfo(image.dtype).max


def random_of(name):
    return np.random.default_rng(zlib.crc32(name.encode()))


def originals(photos, drawings):
    """Sort, name and image of each original."""
    for path in sorted(photos.iterdir()) if photos else []:
        image = read(path)
        if image is None or min(image.shape[:2]) < SIDE:
            continue
        for sort in 'photo', 'soft':
            rng = random_of(f'{sort} {path.stem}')
            y, x = (int(rng.integers(0, side - SIDE + 1)) for side in image.shape[:2])
            part = image[y:y + SIDE, x:x + SIDE]
            if sort == 'soft':
                part = cv2.GaussianBlur(part, (0, 0), float(rng.choice([1.5, 2.5, 4, 8])))
            yield sort, path.stem, part
    for path in sorted(drawings.glob('*.png')) if drawings else []:
        image = read(path)
        if image is not None:
            side = min(SIDE, *image.shape[:2]) // 4 * 4
            y, x = ((length - side) // 2 for length in image.shape[:2])
            yield 'drawn', path.stem, image[y:y + side, x:x + side]


def resized(image, size, method):
    planes = (Image.fromarray(np.ascontiguousarray(image[..., c])).resize((size, size), method) for c in range(3))
    return np.stack([np.asarray(plane) for plane in planes], -1)


def cubic(small, factor):
    """Cubic interpolation, a = −0.5."""
    return resized(small, small.shape[1] * factor, Image.BICUBIC).clip(0, 1)


def degraded(program, original, factor, kind, name):
    """The small image, as codes."""
    side = original.shape[0] // factor
    rng = random_of(f'{kind} {name} {factor}')
    if kind == 'bsrgan':
        with tempfile.TemporaryDirectory() as folder:
            source, out = pathlib.Path(folder) / 'a.png', pathlib.Path(folder) / 'out'
            cv2.imwrite(str(source), np.rint(original * 65535).astype(np.uint16))
            recipe = ROOT / 'recipes/degrade' / ('bsrgan.toml' if factor == 4 else 'bsrgan-x2.toml')
            seed = str(int(rng.integers(1000)))
            subprocess.run([program, 'degrade', source, '-o', out, '--recipe', recipe, '--seed', seed, '-q'], check=True)
            return cv2.imread(str(next(out.rglob('*.png'))), cv2.IMREAD_COLOR)
    if kind in ('area', 'fine'):
        small = cv2.resize(original, (side, side), interpolation=cv2.INTER_AREA)
    else:
        small = resized(original, side, Image.LANCZOS if kind == 'lanczos' else Image.BICUBIC)
    if kind == 'fine':
        return np.rint(small.clip(0, 1) * 65535).astype(np.uint16)
    if kind.startswith('noise'):
        small = small + rng.normal(0, float(kind[5:]) / 255, small.shape)
    small = np.rint(small.clip(0, 1) * 255).astype(np.uint8)
    if kind.startswith('jpeg'):
        small = cv2.imdecode(cv2.imencode('.jpg', small, [cv2.IMWRITE_JPEG_QUALITY, int(kind[4:])])[1], cv2.IMREAD_COLOR)
    return small


def values(codes):
    return codes.astype(np.float32) / np.iinfo(codes.dtype).max


def upscaled(program, small, factor, options):
    """The program's result, 0 to 1, by the bits that it writes."""
    with tempfile.TemporaryDirectory() as folder:
        source, out = pathlib.Path(folder) / 'small.png', pathlib.Path(folder) / 'large.png'
        cv2.imwrite(str(source), small)
        subprocess.run([program, 'upscale', source, '-o', out, '--scale', str(factor), '-q', *options], check=True)
        made = cv2.imread(str(out), cv2.IMREAD_UNCHANGED)
    made = values(made)
    return made if made.ndim == 3 else np.repeat(made[..., None], 3, -1)


def decibels(found, original):
    return -10 * np.log10(max(float(np.mean(np.square(found - original))), 1e-10))
