#!/usr/bin/env python3
"""Labelled images for the detector: one folder per degradation, binary PPM files.

    python tools/detector_pairs.py PHOTOS OUT [CAUSE ...]

PHOTOS holds clean 16-bit PNG files, named train_*.png, val_*.png, test_*.png. Every validation and test image and
every third training image gets each degradation; the clean sets contain all images. tools/fit_detector.py uses training and
validation images only. Degradations named smooth_* take the windows with the most smooth area of every image (and a gradient of few
codes with each), where a viewer looks for bands. extra_*.png are further clean training images, used for nothing else. Needs numpy, opencv, ffmpeg,
ImageMagick, cwebp.
The seed of each image is its name, so the set is the same on every machine with the same tools."""
import collections
import glob
import os
import subprocess
import sys
import zlib
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np


def run(args, data=None):
    return subprocess.run(args, input=data, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout


def raw(fmt, w, h):
    return ['-f', 'rawvideo', '-pix_fmt', fmt, '-s', f'{w}x{h}', '-r', '25', '-i', '-']


FF = ['ffmpeg', '-nostdin', '-v', 'error', '-threads', '1']


def convert(frames, w, h, src, dst, extra=()):
    return run(FF + raw(src, w, h) + list(extra) + ['-f', 'rawvideo', '-pix_fmt', dst, '-'], frames)


def encode(frames, w, h, src, codec, container='nut'):
    return run(FF + raw(src, w, h) + codec + ['-f', container, '-'], frames)


def decode(stream, extra=()):
    return run(FF + ['-i', '-'] + list(extra) + ['-f', 'rawvideo', '-pix_fmt', 'rgb24', '-'], stream)


def eight(x):
    return np.clip(np.rint(x), 0, 255).astype(np.uint8)


def grid(v, bits):
    n = 2 ** bits - 1
    return np.rint(np.rint(v.astype(float) * n / 255) * 255 / n).astype(np.uint8)


def load(path):
    return cv2.imread(path, cv2.IMREAD_UNCHANGED)[..., ::-1].astype(np.float64) / 257


def crop(x, rng, side=512):
    h, w = min(side, x.shape[0] // 16 * 16), min(side, x.shape[1] // 16 * 16)
    y0 = rng.integers(0, (x.shape[0] - h) // 16 + 1) * 16
    x0 = rng.integers(0, (x.shape[1] - w) // 16 + 1) * 16
    return x[y0:y0 + h, x0:x0 + w]


def planes(yuv, w, h):
    n, c = w * h, (w // 2) * (h // 2)
    a = np.frombuffer(yuv, np.uint8).copy().reshape(-1, n + 2 * c)
    return a, slice(0, n), slice(n, n + c), slice(n + c, n + 2 * c)


EXACT = ['-sws_flags', 'accurate_rnd+full_chroma_int+bicubic']
MATRIX709 = ['-vf', 'scale=out_color_matrix=bt709:in_color_matrix=bt709']


def yuv_grid(x, luma=None, u=None, v=None, extra=()):
    h, w = x.shape[-3:-1]
    a, sy, su, sv = planes(convert(eight(x).tobytes(), w, h, 'rgb24', 'yuv420p', extra), w, h)
    for s, b in ((sy, luma), (su, u), (sv, v)):
        if b:
            a[:, s] = grid(a[:, s], b)
    return np.frombuffer(convert(a.tobytes(), w, h, 'yuv420p', 'rgb24', extra), np.uint8).reshape(x.shape)


def pan(x, rng):
    h, w = min(704, x.shape[0] // 16 * 16), min(1264, (x.shape[1] - 8) // 16 * 16)
    grain = (0, 0, .4, .8)[rng.integers(4)]
    out = []
    for i in range(5):
        f = x[:h, 2 * i:2 * i + w]
        out.append(eight(f + rng.normal(0, 1, f.shape[:2] + (1,)) * grain))
    return np.stack(out), w, h


def last(stream, w, h):
    return np.frombuffer(stream, np.uint8).reshape(-1, h, w, 3)[-1]


def fhd(x, rng, luma, chroma, codec=None):
    f, w, h = pan(x, rng)
    yuv = convert(f.tobytes(), w, h, 'rgb24', 'yuv420p')
    a, sy, su, sv = planes(yuv, w, h)
    if luma:
        a[:, sy] = grid(a[:, sy], luma)
    if chroma:
        a[:, su], a[:, sv] = grid(a[:, su], chroma), grid(a[:, sv], chroma)
    rgb = convert(a.tobytes(), w, h, 'yuv420p', 'rgb24') if luma or chroma else f.tobytes()
    codec = codec or ['-c:v', 'mpeg4', '-q:v', str(rng.integers(2, 6))]
    return last(decode(encode(rgb, w, h, 'rgb24', codec)), w, h)


def video(x, codec, pix='yuv420p', extra=(), frames=1, container='nut'):
    h, w = x.shape[:2]
    data = eight(x).tobytes() * frames
    return last(decode(encode(data, w, h, 'rgb24', list(extra) + ['-pix_fmt', pix] + codec, container)), w, h)


def jpeg(x, q, full_chroma=False):
    sampling = cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444 if full_chroma else cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420
    how = [cv2.IMWRITE_JPEG_QUALITY, q, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, sampling]
    return cv2.imdecode(cv2.imencode('.jpg', eight(x)[..., ::-1], how)[1], 1)[..., ::-1]


def webp(x, q):
    return cv2.imdecode(cv2.imencode('.webp', eight(x)[..., ::-1], [cv2.IMWRITE_WEBP_QUALITY, q])[1], 1)[..., ::-1]


def magick(x, args):
    h, w = x.shape[:2]
    out = run(['convert', '-size', f'{w}x{h}', '-depth', '8', 'rgb:-'] + args + ['-depth', '8', 'rgb:-'], eight(x).tobytes())
    return np.frombuffer(out, np.uint8).reshape(h, w, 3)


def tone(x, rng):
    t = eight(x) / 255.
    g = rng.uniform(.45, .75)
    return eight(255 * np.power(t, g)) if rng.integers(2) else eight(255 * np.clip((t - .5) * rng.uniform(1.3, 2) + .5, 0, 1))


def grey(x):
    y = x @ np.array([.299, .587, .114])
    return np.repeat(y[..., None], 3, -1)


def truncate(x, bits):
    s = 8 - bits
    return (eight(x) >> s) << s


def page(x, rng):
    """A banded image inside a clean one."""
    out, h, w = eight(x).copy(), x.shape[0] // 2 // 16 * 16, x.shape[1] // 2 // 16 * 16
    out[:h, :w] = grid(eight(x[:h, :w]), 5)
    return out


def smooth_mask(x):
    """Mask of smooth areas with little noise, as in the benchmark (`clean::smooth_mask`)."""
    luma = x @ np.array([.299, .587, .114])
    g = cv2.GaussianBlur(luma, (25, 25), 3, borderType=cv2.BORDER_REFLECT_101)
    residue = cv2.blur((luma - g) ** 2, (9, 9))
    dx, dy = cv2.Sobel(g, -1, 1, 0), cv2.Sobel(g, -1, 0, 1)
    mask = (abs(dx) < 4) & (abs(dy) < 4) & (residue < 1) & (g >= 4) & (g <= 250)
    return cv2.erode(mask.astype(np.uint8), np.ones((9, 9), np.uint8)).astype(bool)


def fullest(mask, taken, side):
    """The window that covers most of the mask; samples in earlier windows are excluded."""
    h, w = min(side, mask.shape[0] // 16 * 16), min(side, mask.shape[1] // 16 * 16)
    sums = cv2.integral((mask & ~taken).astype(np.uint8))
    count = (sums[h:, w:] - sums[:-h, w:] - sums[h:, :-w] + sums[:-h, :-w])[::16, ::16]
    y, x = np.unravel_index(np.argmax(count), count.shape)
    return slice(16 * y, 16 * y + h), slice(16 * x, 16 * x + w)


def gradient(rng, side=512):
    """A gradient of few codes across the image, linear or radial, with or without grain."""
    y, x = np.mgrid[:side, :side] / side
    a, (cy, cx) = rng.uniform(0, 2 * np.pi), rng.uniform(-.2, 1.2, 2)
    t = x * np.cos(a) + y * np.sin(a) if rng.integers(2) else np.hypot(x - cx, y - cy)
    colour, span = rng.uniform(20, 200, 3), rng.uniform(2, 40) * rng.uniform(.6, 1, 3)
    grain = (0, 0, .3, .7, 1.2)[rng.integers(5)]
    return np.clip(colour + t[..., None] * span + rng.normal(0, 1, (side, side, 1)) * grain, 0, 255)


def windows(x, rng):
    """By name: two of 512² and one of 256² with the most smooth area, and a gradient."""
    mask, out = smooth_mask(x), {}
    taken = np.zeros(mask.shape, bool)
    for i in range(2):
        at = fullest(mask, taken, 512)
        out[f'512_{i}'] = x[at]
        taken[at] = True
    at = fullest(mask, np.zeros(mask.shape, bool), 256)
    out['256_0'] = x[at]
    out['gradient'] = gradient(rng)
    return out


def diffused(x):
    """Rounded to 8 bits with Floyd's and Steinberg's error diffusion; a slanted line of independent samples at a time."""
    h, w = x.shape[:2]
    out = np.pad(x, ((0, 1), (1, 1), (0, 0)))
    for t in range(w + 2 * h - 2):
        y = np.arange(max(0, (t - w + 2) // 2), min(h - 1, t // 2) + 1)
        i = t - 2 * y + 1
        rounded = np.rint(out[y, i])
        e = (out[y, i] - rounded) / 16
        out[y, i] = rounded
        for down, right, share in ((0, 1, 7), (1, -1, 3), (1, 0, 5), (1, 1, 1)):
            out[y + down, i + right] += share * e
    return eight(out[:-1, 1:-1])


def grained(x, rng):
    return eight(x + rng.normal(0, rng.uniform(.3, 1), x.shape[:2] + (1,)))


X264 = ['-c:v', 'libx264', '-preset', 'medium', '-threads', '1']
X265 = ['-c:v', 'libx265', '-preset', 'fast', '-x265-params', 'log-level=none:pools=none:frame-threads=1']
VP9 = ['-c:v', 'libvpx-vp9', '-b:v', '0', '-cpu-used', '4', '-threads', '1']
AV1 = ['-c:v', 'libsvtav1', '-preset', '9']

CLEAN = {
    'clean8': lambda x, r: eight(x),
    'clean420': lambda x, r: yuv_grid(x[:x.shape[0] // 2 * 2, :x.shape[1] // 2 * 2]),
    'cleanq90': lambda x, r: jpeg(x, 90),
    'clean420_exact': lambda x, r: yuv_grid(x[:x.shape[0] // 2 * 2, :x.shape[1] // 2 * 2], extra=EXACT),
    'clean420_709': lambda x, r: yuv_grid(x[:x.shape[0] // 2 * 2, :x.shape[1] // 2 * 2], extra=MATRIX709),
}
FRAMES = {
    'fhd_clean': lambda x, r: fhd(x, r, None, None),
    'fhd_y6': lambda x, r: fhd(x, r, 6, None),
    'fhd_y6c6': lambda x, r: fhd(x, r, 6, 6),
    'fhd_y6c5': lambda x, r: fhd(x, r, 6, 5),
    'fhd_y6_x264': lambda x, r: fhd(x, r, 6, None, ['-pix_fmt', 'yuv420p'] + X264 + ['-crf', '18']),
    'fhd_y6c5_x264': lambda x, r: fhd(x, r, 6, 5, ['-pix_fmt', 'yuv420p'] + X264 + ['-crf', '18']),
    'fhd_clean_x264': lambda x, r: fhd(x, r, None, None, ['-pix_fmt', 'yuv420p'] + X264 + ['-crf', '18']),
}
CROPS = {
    'rgb7': lambda x, r: grid(eight(x), 7), 'rgb6': lambda x, r: grid(eight(x), 6),
    'rgb5': lambda x, r: grid(eight(x), 5), 'rgb4': lambda x, r: grid(eight(x), 4),
    'trunc6': lambda x, r: truncate(x, 6), 'trunc5': lambda x, r: truncate(x, 5),
    'rgb565': lambda x, r: np.stack([grid(eight(x[..., i]), b) for i, b in enumerate((5, 6, 5))], -1),
    'y6': lambda x, r: yuv_grid(x, luma=6), 'y5': lambda x, r: yuv_grid(x, luma=5),
    'u5': lambda x, r: yuv_grid(x, u=5), 'c6': lambda x, r: yuv_grid(x, u=6, v=6),
    'y6_exact': lambda x, r: yuv_grid(x, luma=6, extra=EXACT), 'u5_exact': lambda x, r: yuv_grid(x, u=5, extra=EXACT),
    'c6_exact': lambda x, r: yuv_grid(x, u=6, v=6, extra=EXACT),
    'y6c5_709': lambda x, r: yuv_grid(x, 6, 5, 5, MATRIX709),
    'tone': tone,
    'jpeg35': lambda x, r: jpeg(x, 35), 'jpeg50': lambda x, r: jpeg(x, 50), 'jpeg80': lambda x, r: jpeg(x, 80),
    'y6_jpeg90': lambda x, r: jpeg(yuv_grid(x, luma=6), 90), 'rgb5_jpeg90': lambda x, r: jpeg(grid(eight(x), 5), 90),
    'rgb6_jpeg90': lambda x, r: jpeg(grid(eight(x), 6), 90), 'rgb5_webp80': lambda x, r: webp(grid(eight(x), 5), 80),
    'rgb5_x264': lambda x, r: video(grid(eight(x), 5), X264 + ['-crf', '20']),
    'x264_24': lambda x, r: video(x, X264 + ['-qp', '24']), 'x264_34': lambda x, r: video(x, X264 + ['-qp', '34']),
    'x265_24': lambda x, r: video(x, X265 + ['-crf', '24']), 'x265_34': lambda x, r: video(x, X265 + ['-crf', '34']),
    'vp9_30': lambda x, r: video(x, VP9 + ['-crf', '30']), 'vp9_45': lambda x, r: video(x, VP9 + ['-crf', '45']),
    'av1_30': lambda x, r: video(x, AV1 + ['-crf', '30'], container='ivf'),
    'av1_50': lambda x, r: video(x, AV1 + ['-crf', '50'], container='ivf'),
    'webp50': lambda x, r: webp(x, 50), 'webp80': lambda x, r: webp(x, 80),
    'pal256': lambda x, r: magick(x, ['+dither', '-colors', '256']),
    'pal64': lambda x, r: magick(x, ['+dither', '-colors', '64']),
    'pal256d': lambda x, r: magick(x, ['-dither', 'FloydSteinberg', '-colors', '256']),
    'gray8': lambda x, r: eight(grey(x)), 'gray5': lambda x, r: grid(eight(grey(x)), 5),
    'gray6': lambda x, r: grid(eight(grey(x)), 6), 'gray_jpeg50': lambda x, r: jpeg(grey(x), 50),
    'gray_tone': lambda x, r: tone(eight(grey(x)), r),
    'page': page,
}

def each(f):
    """Degrades many images one by one."""
    return lambda xs, r: np.stack([f(x, r) for x in xs])


def intra(xs, codec, container='nut'):
    """Images of one size in one stream of independent frames."""
    n, h, w = xs.shape[:3]
    stream = encode(eight(xs).tobytes(), w, h, 'rgb24', ['-pix_fmt', 'yuv420p'] + codec + ['-g', '1'], container)
    return np.frombuffer(decode(stream), np.uint8).reshape(n, h, w, 3)


def fhd_each(xs, r, luma, chroma):
    """The FHD recipe for many images of one size: one stream, in which each starts again after five frames."""
    panned = [pan(x, r) for x in xs]
    w, h = panned[0][1:]
    frames = np.concatenate([p[0] for p in panned])
    cut = yuv_grid(frames, luma, chroma, chroma) if luma or chroma else frames
    codec = ['-c:v', 'mpeg4', '-q:v', str(r.integers(2, 6)), '-g', '5', '-sc_threshold', '1000000000']
    return np.frombuffer(decode(encode(cut.tobytes(), w, h, 'rgb24', codec)), np.uint8).reshape(-1, 5, h, w, 3)[:, -1]


# Smooth windows that were not quantised to fewer levels: bands of 8 bits, codecs and curves look most like levels here.
SMOOTH = {
    'smooth_clean8': lambda x, r: eight(x),
    'smooth_clean420': lambda x, r: yuv_grid(x),
    'smooth_clean420_709': lambda x, r: yuv_grid(x, extra=MATRIX709),
    'smooth_clean420_exact': lambda x, r: yuv_grid(x, extra=EXACT),
    'smooth_q95': each(lambda x, r: jpeg(x, 95)), 'smooth_q90': each(lambda x, r: jpeg(x, 90)),
    'smooth_q75': each(lambda x, r: jpeg(x, 75)), 'smooth_q95_444': each(lambda x, r: jpeg(x, 95, True)),
    'smooth_q90_444': each(lambda x, r: jpeg(x, 90, True)), 'smooth_q75_444': each(lambda x, r: jpeg(x, 75, True)),
    'smooth_x264_18': lambda x, r: intra(x, X264 + ['-crf', '18', '-bf', '0']),
    'smooth_x264_24': lambda x, r: intra(x, X264 + ['-crf', '24', '-bf', '0']),
    'smooth_x265_24': lambda x, r: intra(x, X265 + ['-crf', '24', '-bf', '0']),
    'smooth_vp9_36': lambda x, r: intra(x, VP9 + ['-crf', '36']), 'smooth_av1_34': lambda x, r: intra(x, AV1 + ['-crf', '34'], 'ivf'),
    'smooth_webp75': each(lambda x, r: webp(x, 75)),
    'smooth_fhd_clean': lambda x, r: fhd_each(x, r, None, None),
    'smooth_webp90': each(lambda x, r: webp(x, 90)),
    'smooth_tone': each(tone), 'smooth_gray8': lambda x, r: eight(grey(x)), 'smooth_gray_q90': each(lambda x, r: jpeg(grey(x), 90)),
    'smooth_dither': each(lambda x, r: diffused(x)), 'smooth_grain': each(grained),
    'smooth_still': each(lambda x, r: eight(cv2.GaussianBlur(x, (0, 0), 2.5))),
}
# Every window is used: codecs that blur steps away produce the closest imitation of a blurred grid.
ALL_WINDOWS = ('clean', 'x264_24', 'x265', 'vp9', 'av1', 'webp75')
# The first windows with grids: smoothness must not be evidence against a grid.
SMOOTH_CUT = {
    'smooth_fhd_y6': lambda x, r: fhd_each(x, r, 6, None), 'smooth_fhd_y6c6': lambda x, r: fhd_each(x, r, 6, 6),
    'smooth_fhd_y6c5': lambda x, r: fhd_each(x, r, 6, 5), 'smooth_y6': lambda x, r: yuv_grid(x, luma=6),
    'smooth_u5': lambda x, r: yuv_grid(x, u=5), 'smooth_c6': lambda x, r: yuv_grid(x, u=6, v=6),
    'smooth_y6_exact': lambda x, r: yuv_grid(x, luma=6, extra=EXACT),
    'smooth_y6_jpeg90': lambda x, r: np.stack([jpeg(y, 90) for y in yuv_grid(x, luma=6)]),
}


def smooth_windows(paths, out, only, some):
    """Smooth windows of some images. All windows: if only colours are converted, for validation and test images, and after
    video codecs. Otherwise, if a JPEG or a curve follows, a random quarter."""
    parts = collections.defaultdict(list)
    for path in paths:
        name = os.path.basename(path)[:-4]
        for window, part in windows(load(path), np.random.default_rng(zlib.crc32(name.encode()))).items():
            parts[part.shape].append((path, name, window, part))
    for cause, make in {**SMOOTH, **SMOOTH_CUT}.items():
        if only and cause not in only:
            continue
        os.makedirs(f'{out}/{cause}', exist_ok=True)
        for of_shape in parts.values():
            def chosen(path, name, window, _):
                if cause in SMOOTH_CUT:
                    return window == '512_0' and path in some
                kept = name.startswith(('val_', 'test_')) or any(word in cause for word in ALL_WINDOWS)
                return kept or zlib.crc32(f'{cause} {name} {window}'.encode()) % 4 == 0

            jobs = [job for job in of_shape if chosen(*job)]
            targets = [f'{out}/{cause}/{name}~{window}.ppm' for _, name, window, _ in jobs]
            if all(map(os.path.exists, targets)):
                continue
            rng = np.random.default_rng(zlib.crc32(f'{cause} {jobs[0][1]} {jobs[0][2]}'.encode()))
            try:
                for target, y in zip(targets, make(np.stack([job[3] for job in jobs]), rng)):
                    cv2.imwrite(target, np.ascontiguousarray(y[..., ::-1]))
            except Exception as e:
                print(cause, targets[0], e, file=sys.stderr)


def main():
    photos, out, only = sys.argv[1], sys.argv[2], sys.argv[3:]
    every = sorted(glob.glob(f'{photos}/*.png'))
    files = [f for f in every if not os.path.basename(f).startswith('extra_')]
    train = [f for f in files if os.path.basename(f).startswith('train_')]
    some = [f for f in files if f not in train] + train[::3]
    jobs = [(c, f, 'clean') for c in CLEAN for f in files] + [(c, f, 'frame') for c in FRAMES for f in some] \
        + [(c, f, 'crop') for c in CROPS for f in some]

    def work(job):
        cause, path, kind = job
        name = os.path.basename(path)[:-4]
        target = f'{out}/{cause}/{name}.ppm'
        if (only and cause not in only) or os.path.exists(target):
            return
        os.makedirs(f'{out}/{cause}', exist_ok=True)
        rng = np.random.default_rng(zlib.crc32(name.encode()))
        x = load(path)
        if kind == 'crop':
            x = crop(x, rng)
        try:
            y = {**CLEAN, **FRAMES, **CROPS}[cause](x, rng)
            cv2.imwrite(target, np.ascontiguousarray(y[..., ::-1]))
        except Exception as e:
            print(cause, name, e, file=sys.stderr)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, jobs))
        if not only or any(c.startswith('smooth_') for c in only):
            groups = [every[i:i + 12] for i in range(0, len(every), 12)]
            list(pool.map(lambda fs: smooth_windows(fs, out, only, some), groups))


if __name__ == '__main__':
    cv2.setNumThreads(1)
    main()
