#!/usr/bin/env python3
"""Mixes of degradations that leave bands without one cause: pairs for choosing and for reports.

    tools/make_mixes.py CLEAN OUT [--first 0] [--seeds 4] [--size 512]

CLEAN holds images of 8 or 16 bits. OUT/mixed/MIX-NAME-SEED.png: their middle after one of twelve mixes, whose free numbers are
drawn from the seed; OUT/clean/MIX-NAME-SEED.png: the same without bands. Mixes with even seeds are for choices, those with odd seeds for reports. The same
seeds give the same images with the same versions of numpy and Pillow. Needs numpy, scipy, Pillow."""

import argparse
import io
import pathlib
import zlib

import numpy as np
from PIL import Image
from scipy import ndimage


def code(image):
    """Rounded to 8 bits, 0 to 1."""
    return np.round(np.clip(image, 0, 1) * 255) / 255


def codes(image):
    """Whole codes of 8 bits."""
    return np.round(np.clip(image, 0, 1) * 255).astype(np.uint8)


def levels(image, top):
    """Rounded to `top` + 1 levels, one number for each channel or for all."""
    top = np.broadcast_to(np.asarray(top, float), 3)
    return np.round(np.clip(image, 0, 1) * top) / top


def posterised(image, steps, rng):
    """Steps of drawn widths: no grid has them."""
    edges = np.cumsum(rng.uniform(0.6, 1.4, steps))
    edges = np.concatenate([[0], edges / edges[-1]])
    middle = (edges[:-1] + edges[1:]) / 2
    return middle[np.clip(np.searchsorted(edges, image, side='right') - 1, 0, steps - 1)]


def coded(image, form, **options):
    """Written and read with loss."""
    out = io.BytesIO()
    Image.fromarray(codes(image)).save(out, form, **options)
    return np.asarray(Image.open(out).convert('RGB')) / 255


def resized(image, factor, kind=Image.Resampling.BICUBIC):
    """Resized and back, each channel in floating point."""
    height, width = image.shape[:2]
    small = (max(8, round(width * factor)), max(8, round(height * factor)))

    def channel(values):
        there = Image.fromarray(values.astype(np.float32)).resize(small, kind)
        return np.asarray(there.resize((width, height), kind))

    return np.dstack([channel(image[..., c]) for c in range(3)])


def luma_chroma(image, luma, chroma):
    """Few levels of luma and of half-size chroma (BT.709)."""
    y = image @ [0.2126, 0.7152, 0.0722]
    blue, red = (image[..., 2] - y) / 1.8556, (image[..., 0] - y) / 1.5748
    half = [ndimage.zoom(ndimage.uniform_filter(c, 2)[::2, ::2], 2, order=1)[: y.shape[0], : y.shape[1]] for c in (blue, red)]
    y = np.round(y * luma) / luma
    blue, red = (np.round(c * chroma) / chroma for c in half)
    green = (y - 0.2126 * (y + 1.5748 * red) - 0.0722 * (y + 1.8556 * blue)) / 0.7152
    return np.dstack([y + 1.5748 * red, green, y + 1.8556 * blue])


def sharpened(image, amount):
    """Unsharp mask of a Gaussian of two samples."""
    return image + amount * (image - ndimage.gaussian_filter(image, (2, 2, 0)))


def turned_hue(image, angle):
    """Hue turned around the grey axis."""
    c, s = np.cos(angle), np.sin(angle) / np.sqrt(3)
    third = (1 - c) / 3
    matrix = np.full((3, 3), third) + c * np.eye(3) + s * np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]])
    return image @ matrix.T


def palette(image, colours):
    """Nearest of few colours (median cut)."""
    made = Image.fromarray(codes(image))
    table = made.quantize(colours, method=Image.Quantize.MEDIANCUT)
    return np.asarray(made.quantize(colours, palette=table, dither=Image.Dither.NONE).convert('RGB')) / 255


def crop(image, rng):
    """Off the grid of 8×8 blocks, mirrored beyond the end."""
    x, y = rng.integers(1, 8, 2)
    return np.pad(image, ((0, y), (0, x), (0, 0)), 'symmetric')[y:, x:], (x, y)


def shifted_codec(image, rng):
    """Two JPEG files with other block corners."""
    first = coded(levels(image, 31), 'JPEG', quality=int(rng.integers(40, 70)))
    moved, (x, y) = crop(first, rng)
    again = coded(moved, 'JPEG', quality=85)
    return np.pad(again, ((y, 0), (x, 0), (0, 0)), 'symmetric')[: image.shape[0], : image.shape[1]]


def fog(image, rng):
    """A veil of 65 to 80 % laid on in 8 bits, and removed again."""
    veil, share = rng.uniform(0.6, 0.9), rng.uniform(0.65, 0.8)
    return (code(share * veil + (1 - share) * image) - share * veil) / (1 - share)


def then(degrade, change):
    """A change of the degraded image; the clean one is changed likewise."""

    def mix(image, rng):
        degraded = degrade(image, rng)
        seed = rng.integers(2**32)
        both = [change(v, np.random.default_rng(seed)) for v in (degraded, image)]
        return both[0], both[1]

    return mix


def only(degrade):
    """A degradation of an image that is compared with itself."""
    return lambda image, rng: (degrade(image, rng), image)


def five_bits(image, _):
    return code(levels(image, 31))


# Pairs of a degraded image and its clean one, from an image and a generator.
MIXES = {
    'levels-jpeg': only(lambda i, r: coded(levels(i, 31), 'JPEG', quality=int(r.integers(55, 80)))),
    'levels-resized': then(five_bits, lambda i, r: resized(i, r.uniform(0.55, 0.8))),
    'posterised': only(lambda i, r: posterised(i, int(r.integers(24, 48)), r)),
    'posterised-curve': then(lambda i, r: code(posterised(i, 40, r)), lambda i, r: i ** r.uniform(0.6, 1.5)),
    'jpeg-stretched': then(lambda i, _: coded(i, 'JPEG', quality=15), lambda i, r: (i - 0.1) * r.uniform(1.2, 1.5)),
    'luma-sharpened': then(lambda i, _: code(luma_chroma(i, 63, 31)), lambda i, r: sharpened(i, r.uniform(0.4, 0.9))),
    'palette-resized': then(lambda i, _: palette(i, 64), lambda i, r: resized(i, r.uniform(0.6, 0.9))),
    'range-twice': only(lambda i, _: levels(code(i * 219 / 255 + 16 / 255), 63) * 255 / 219 - 16 / 219),
    'levels-webp': only(lambda i, r: coded(levels(i, [31, 63, 31]), 'WEBP', quality=int(r.integers(40, 75)))),
    'codec-twice': only(shifted_codec),
    'fog': only(fog),
    'levels-hue': then(five_bits, lambda i, r: turned_hue(i, r.uniform(0.2, 0.9))),
}


def middle(path, size):
    """The middle of an image, 0 to 1."""
    image = Image.open(path)
    values = np.asarray(image.convert('RGB')) / 255
    h, w = values.shape[:2]
    y, x = max(0, (h - size) // 2), max(0, (w - size) // 2)
    return values[y : y + size, x : x + size]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('clean', type=pathlib.Path)
    parser.add_argument('out', type=pathlib.Path)
    parser.add_argument('--first', type=int, default=0)
    parser.add_argument('--seeds', type=int, default=4)
    parser.add_argument('--size', type=int, default=512)
    args = parser.parse_args()
    for folder in ('clean', 'mixed'):
        (args.out / folder).mkdir(parents=True, exist_ok=True)
    files = sorted(f for f in args.clean.iterdir() if f.suffix.lower() in {'.png', '.jpg', '.jpeg', '.tif', '.tiff', '.webp'})
    for file in files:
        clean = middle(file, args.size)
        for name, mix in MIXES.items():
            for seed in range(args.first, args.first + args.seeds):
                rng = np.random.default_rng([seed, zlib.crc32(f'{name} {file.stem}'.encode())])
                for folder, image in zip(('mixed', 'clean'), mix(clean, rng), strict=True):
                    Image.fromarray(codes(image)).save(args.out / folder / f'{name}-{file.stem}-{seed}.png')
    print(f'{len(files)} images, {len(MIXES)} mixes, {args.seeds} seeds → {args.out}')


if __name__ == '__main__':
    main()
