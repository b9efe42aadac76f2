#!/usr/bin/env python3
"""Measures the temporal part of the video job on clips with known clean frames.

    tools/check_temporal.py PROGRAM PHOTOS [--images NAMES] [--motions NAMES] [--codecs NAMES]
                            [--modes off,still,motion] [--options WORDS] [--each] [--keep FOLDER]

PHOTOS is a folder of clean 16-bit images (JPEG XL or PNG). Each gives clips of 24 frames, 640×360, 8-bit 4:2:0: pans at three
speeds, a zoom, a still camera, a rotation, two layers that move apart, a fade to black, a flash, grain, and a cut to the next
image. They are stored without loss (`plain`), by x264 at CRF 24 and by x265 at CRF 26, and restored by the program with
`--lossless --everywhere` (`--options` replaces the last one).

The table has, by motion and codec: PSNR of luma of the video (mean over frames, then flat areas: those whose 5×5 deviation is
below 0.6 of a code), and for each mode the gains of both, the lowest gain of a frame, the gain of chroma, the flicker of flat
areas relative to that of the video, and the share of changed frames. All in dB, and all means over images.
Needs ffmpeg, djxl for JPEG XL, numpy and opencv-python-headless. Exits with 1 if a frame is more than 0.02 dB below its input."""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import cv2
import numpy as np

WIDTH, HEIGHT, FRAMES = 640, 360, 24
CODECS = {
    'plain': ['-c:v', 'ffv1'],
    'x264': ['-c:v', 'libx264', '-crf', '24'],
    'x265': ['-c:v', 'libx265', '-crf', '26', '-x265-params', 'log-level=none'],
}
# Luma per pixel by BT.709, then both colour differences.
YUV = np.array([[0.2126, 0.7152, 0.0722], [-0.1146, -0.3854, 0.5], [0.5, -0.4542, -0.0458]], np.float32)


def photo(path, folder):
    """RGB from 0 to 1, 960 pixels wide or as wide as 480 rows need."""
    if path.suffix == '.jxl':
        png = folder / f'{path.stem}.png'
        if not png.exists():
            subprocess.run(['djxl', path, png], check=True, capture_output=True)
        path = png
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)[..., 2::-1].astype(np.float32) / 65535
    scale = max(960 / image.shape[1], 560 / image.shape[0])
    size = (round(image.shape[1] * scale), round(image.shape[0] * scale))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)


def view(image, dx=0.0, dy=0.0, zoom=1.0, turn=0.0):
    """The middle of an image, moved, enlarged and rotated (degrees)."""
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), turn, zoom)
    matrix[:, 2] += (WIDTH / 2 - width / 2 + dx, HEIGHT / 2 - height / 2 + dy)
    return cv2.warpAffine(image, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)


def layers(image, other, t):
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    apart = np.hypot((columns - 250 - 2.1 * t) / 150, (rows - 250 + 0.4 * t) / 130)
    inside = np.clip((1.01 - apart) * 60, 0, 1)[..., None]
    return view(image, -0.6 * t, 0.2 * t) * (1 - inside) + view(other, 2.1 * t - 25, -0.4 * t) * inside


def flash(t):
    return {8: (1.15, 0.03), 9: (1.3, 0.06), 10: (1.1, 0.02)}.get(t, (1.0, 0.0))


def grain(t, sigma):
    return (np.random.default_rng(57 + t).normal(0, sigma / 255, (HEIGHT, WIDTH, 1))).astype(np.float32)


MOTIONS = {
    'pan': lambda a, b, t: view(a, 1.37 * (t - 12), 0.61 * (t - 12)),
    'slow-pan': lambda a, b, t: view(a, 0.2 * t, 0.09 * t),
    'fast-pan': lambda a, b, t: view(a, 2.3 * (t - 12), -1.03 * (t - 12)),
    'zoom': lambda a, b, t: view(a, zoom=1 + 0.004 * t),
    'still': lambda a, b, t: view(a),
    'rotation': lambda a, b, t: view(a, zoom=1.1, turn=0.2 * t),
    'parallax': layers,
    'fade': lambda a, b, t: view(a, 0.4 * t, 0.1 * t) * (1 - t / 23),
    'flash': lambda a, b, t: np.clip(view(a, 0.5 * t, 0.2 * t) * flash(t)[0] + flash(t)[1], 0, 1),
    'grain': lambda a, b, t: view(a, 0.5 * t, 0.2 * t) + grain(t, 2.0),
    'fine-grain': lambda a, b, t: view(a, 0.5 * t, 0.2 * t) + grain(t, 0.8),
    'cut': lambda a, b, t: view(a, 0.8 * t, 0.3 * t) if t < 12 else view(b, -0.5 * t, 0.4 * t),
}


def planes(rgb):
    """Luma and half-size colour differences of a frame in codes of limited range."""
    values = np.clip(rgb, 0, 1) @ YUV.T
    half = cv2.resize(values[..., 1:], (WIDTH // 2, HEIGHT // 2), interpolation=cv2.INTER_AREA)
    return 16 + 219 * values[..., 0], 128 + 224 * half[..., 0], 128 + 224 * half[..., 1]


def encode(frames, codec, path):
    raw = b''.join(np.clip(np.round(plane), 0, 255).astype(np.uint8).tobytes() for frame in frames for plane in frame)
    tags = ['-color_primaries', 'bt709', '-color_trc', 'bt709', '-colorspace', 'bt709', '-color_range', 'tv']
    source = ['-f', 'rawvideo', '-pix_fmt', 'yuv420p', '-s', f'{WIDTH}x{HEIGHT}', '-r', '24', '-i', '-']
    subprocess.run(['ffmpeg', '-v', 'error', '-y', *source, *CODECS[codec], *tags, path], input=raw, check=True)


def decode(path):
    """Luma and colour differences of all frames, in 8-bit codes."""
    args = ['ffmpeg', '-nostdin', '-v', 'error', '-i', path, '-f', 'rawvideo', '-pix_fmt', 'yuv420p10le', '-']
    data = np.frombuffer(subprocess.run(args, check=True, stdout=subprocess.PIPE).stdout, '<u2').astype(np.float32) / 4
    size, half = WIDTH * HEIGHT, WIDTH * HEIGHT // 4
    parts = data.reshape(FRAMES, -1)
    luma = parts[:, :size].reshape(FRAMES, HEIGHT, WIDTH)
    return luma, parts[:, size:size + half], parts[:, size + half:]


def psnr(error):
    return 10 * np.log10(255 ** 2 / max(float(np.mean(np.square(error))), 1e-6))


def flat(luma):
    mean = cv2.blur(luma, (5, 5))
    return cv2.blur(luma * luma, (5, 5)) - mean * mean < 0.36


def figures(clean, found, masks):
    """PSNR of each frame, of its flat areas and of chroma, and the flicker of flat areas."""
    error = found[0] - clean[0]
    whole = np.array([psnr(e) for e in error])
    smooth = np.array([psnr(e[m]) if m.sum() > 2000 else np.nan for e, m in zip(error, masks)])
    chroma = np.mean([psnr(found[p] - clean[p]) for p in (1, 2)])
    steps = [np.sqrt(np.mean(np.square((b - a)[m]))) for a, b, m in zip(error, error[1:], masks[1:]) if m.sum() > 2000]
    return whole, smooth, chroma, np.mean(steps) if steps else np.nan


def restore(program, source, mode, options, folder):
    out = folder / f'{source.stem}_{mode}.mkv'
    args = [program, source, '-o', out, '--overwrite', '--lossless', '--json', *options]
    args += ['--temporal', mode] if mode != 'default' else []
    ran = subprocess.run(args, check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    return out, json.loads(ran.stdout.splitlines()[0])


def clip(motion, path, other, codec, folder):
    """The file and the clean planes of a clip."""
    name = f'{path.stem}_{motion}'
    clean, source = folder / f'{name}.npz', folder / f'{name}_{codec}.mkv'
    if not clean.exists():
        first, second = photo(path, folder), photo(other, folder)
        frames = [planes(MOTIONS[motion](first, second, t)) for t in range(FRAMES)]
        luma, u, v = (np.stack(plane).astype(np.float32) for plane in zip(*frames))
        np.savez(clean, luma=luma, u=u.reshape(FRAMES, -1), v=v.reshape(FRAMES, -1))
    stored = np.load(clean)
    found = [stored['luma'], stored['u'], stored['v']]
    if not source.exists():
        half = (HEIGHT // 2, WIDTH // 2)
        encode([(found[0][t], found[1][t].reshape(half), found[2][t].reshape(half)) for t in range(FRAMES)], codec, source)
    return source, found


def measured(asked, motion, codec, photos, folder):
    """Figures by mode: rows of (PSNR, flat, lowest gain, chroma, flicker, changed), a row an image."""
    rows = {mode: [] for mode in ['video', *asked.modes]}
    for path, other in zip(photos, photos[1:] + photos[:1]):
        source, clean = clip(motion, path, other, codec, folder)
        masks = [flat(luma) for luma in clean[0]]
        before = figures(clean, decode(source), masks)
        rows['video'].append([before[0].mean(), np.nanmean(before[1]) if not np.all(np.isnan(before[1])) else np.nan])
        for mode in asked.modes:
            out, record = restore(asked.program, source, mode, asked.options, folder)
            after = figures(clean, decode(out), masks)
            gains = after[0] - before[0]
            smooth = after[1] - before[1]
            smooth = np.nanmean(smooth) if not np.all(np.isnan(smooth)) else np.nan
            rows[mode].append([gains.mean(), smooth, gains.min(), after[2] - before[2], after[3] / before[3],
                               record['changed'] / max(record['frames'], 1)])
            if asked.each:
                worst = int(np.argmin(gains))
                print(f'  {path.stem} {motion} {codec} {mode}: {gains.mean():+.3f} flat {smooth:+.3f} '
                      f'lowest {gains.min():+.3f} (frame {worst})', flush=True)
    return rows


def main():
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument('program', type=lambda path: str(pathlib.Path(path).resolve()))
    ask.add_argument('photos', type=pathlib.Path)
    words = lambda text: [word for word in text.split(',') if word]
    ask.add_argument('--images', type=words, default=[], help='parts of names of photos; all by default')
    ask.add_argument('--motions', type=words, default=list(MOTIONS))
    ask.add_argument('--codecs', type=words, default=list(CODECS))
    ask.add_argument('--modes', type=words, default=['off', 'still', 'motion'])
    ask.add_argument('--options', type=str.split, default=['--everywhere'])
    ask.add_argument('--each', action='store_true', help='a line for each clip too')
    ask.add_argument('--keep', type=pathlib.Path)
    asked = ask.parse_args()
    photos = [path for path in sorted(asked.photos.iterdir()) if path.suffix in ('.jxl', '.png')]
    photos = [path for path in photos if not asked.images or any(word in path.name for word in asked.images)]
    lowest, totals = 0.0, {}
    with tempfile.TemporaryDirectory() as own:
        folder = (asked.keep or pathlib.Path(own)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        parts = ' | '.join(f'{mode}: gain, flat, lowest, chroma, flicker, changed' for mode in asked.modes)
        print(f'| motion, codec | video | flat | {parts} |\n|---|---|---|' + '---|' * len(asked.modes))
        for motion in asked.motions:
            for codec in asked.codecs:
                rows = measured(asked, motion, codec, photos, folder)
                video = np.nanmean(np.array(rows['video']), axis=0)
                line = f'| {motion}, {codec} | {video[0]:.2f} | {video[1]:.2f} |'
                for mode in asked.modes:
                    each = np.array(rows[mode])
                    mean = np.nanmean(each, axis=0)
                    if mode in ('motion', 'default'):
                        lowest = min(lowest, each[:, 2].min())
                    totals.setdefault(mode, []).append(mean)
                    line += f' {mean[0]:+.2f}, {mean[1]:+.2f}, {each[:, 2].min():+.3f}, {mean[3]:+.2f}, {mean[4]:.2f}, {mean[5]:.0%} |'
                print(line, flush=True)
        line = '| mean | | |'
        for mode in asked.modes:
            mean = np.nanmean(np.array(totals[mode]), axis=0)
            line += f' {mean[0]:+.3f}, {mean[1]:+.3f}, {np.min([row[2] for row in totals[mode]]):+.3f}, {mean[3]:+.2f}, {mean[4]:.2f}, {mean[5]:.0%} |'
        print(line)
    return 1 if lowest < -0.02 else 0


if __name__ == '__main__':
    sys.exit(main())
