#!/usr/bin/env python3
"""Measures the temporal part of the video job on clips with known clean frames.

    tools/check_temporal.py PROGRAM PHOTOS [--images NAMES] [--motions NAMES] [--codecs NAMES]
                            [--modes off,still,motion] [--options WORDS] [--each] [--keep FOLDER]

PHOTOS is a folder of clean 16-bit images (JPEG XL or PNG). Each gives clips of 24 frames, 640×360, 8-bit 4:2:0: pans at three
speeds, a zoom, a still camera, a rotation, two layers that move apart, a fade to black, a flash, grain, a cut to the next image,
a cartoon, credits, and night. They are stored without loss (`plain`), by x264 at CRF 24 and 32 (`-low`), x265 at CRF 26 and 32,
VP9 and SVT-AV1, and restored by the program with `--lossless --everywhere` (`--options` replaces the last one).

The table has, by motion and codec: PSNR of luma of the video (mean over frames, then flat areas: those whose 5×5 deviation is
below 0.6 of a code), and for each mode the gains of both, the lowest gain of a frame, and the gain of chroma, in dB; then, relative
to the video: flicker of flat areas, false steps there (errors of neighbours that differ by more than 0.45 of a code), and the 5×5
deviation of textured areas (1: as in the video). All are means over images. Results of earlier runs are in `--results`, by the
program's bytes and the options: a stopped run continues there.
Needs ffmpeg, djxl for JPEG XL, numpy and opencv-python-headless. Exits with 1 if a frame is more than 0.02 dB below its input."""

import argparse
import hashlib
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
    'x264-low': ['-c:v', 'libx264', '-crf', '32'],
    'x265': ['-c:v', 'libx265', '-crf', '26', '-x265-params', 'log-level=none'],
    'x265-low': ['-c:v', 'libx265', '-crf', '32', '-x265-params', 'log-level=none'],
    'vp9': ['-c:v', 'libvpx-vp9', '-crf', '34', '-b:v', '0', '-cpu-used', '4'],
    'av1': ['-c:v', 'libsvtav1', '-crf', '38', '-preset', '8'],
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


def cartoon(t):
    """Shapes with edges and soft shades over a slope; each moves by itself."""
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    slope = 0.25 + 0.12 * rows / HEIGHT + 0.03 * columns / WIDTH
    image = slope[..., None] * np.array([0.8, 1.0, 1.3], np.float32)
    for i, (x, y, dx, dy, size) in enumerate([(0.25, 0.4, 1.4, 0.5, 0.2), (0.7, 0.6, -0.9, 0.3, 0.28), (0.5, 0.2, 0.4, -0.2, 0.1)]):
        x, y = x * WIDTH + dx * t, y * HEIGHT + dy * t
        apart = np.hypot(columns - x, 1.2 * (rows - y)) / (size * HEIGHT)
        inside, line = np.clip((1 - apart) * 60, 0, 1)[..., None], np.clip((1.04 - apart) * 60, 0, 1)[..., None]
        shade = (0.62 - 0.1 * i - 0.12 * (rows - y) / (size * HEIGHT))[..., None] * np.roll(np.array([1, 0.75, 0.5], np.float32), i)
        image = (image * (1 - line) + 0.05 * line) * (1 - inside) + shade * inside
    return image


def credits(image, t):
    """Lines of text that scroll over a dark, still image."""
    text = np.zeros((HEIGHT * 3, WIDTH * 2), np.uint8)
    for i in range(24):
        place = (60 + 37 * i % 90, 20 + 44 * i)
        cv2.putText(text, f'NAME OF PERSON {7 * i + 3}', place, cv2.FONT_HERSHEY_SIMPLEX, 1.1, 255, 2, cv2.LINE_AA)
    place = np.float32([[0.5, 0, 20], [0, 0.5, 20 - 1.5 * t]])
    moved = cv2.warpAffine(text.astype(np.float32) / 255, place, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR)
    return view(image) * 0.3 * (1 - moved[..., None]) + 0.85 * moved[..., None]


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
    'cartoon': lambda a, b, t: cartoon(t),
    'credits': lambda a, b, t: credits(a, t),
    'night': lambda a, b, t: 0.22 * np.maximum(view(a, 0.9 * t, 0.3 * t), 0) ** 1.4 + 0.02 + grain(t, 0.4),
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


def mean(values):
    """The mean of those that are numbers."""
    values = [value for value in values if np.isfinite(value)]
    return float(np.mean(values)) if values else float('nan')


def deviation(luma):
    mean = cv2.blur(luma, (5, 5))
    return np.sqrt(np.maximum(cv2.blur(luma * luma, (5, 5)) - mean * mean, 0))


def figures(clean, found, masks, textured):
    """PSNR of each frame, of its flat areas and of chroma; flicker and false steps of flat areas; deviation of textured ones."""
    error = found[0] - clean[0]
    some = lambda mask: mask.sum() > 2000
    flicker = [np.sqrt(np.mean(np.square((b - a)[m]))) for a, b, m in zip(error, error[1:], masks[1:]) if some(m)]
    steps = [np.mean(np.abs(np.diff(e, axis=1))[m[:, 1:]] > 0.45) for e, m in zip(error, masks) if some(m)]
    texture = [np.mean(deviation(luma)[m]) for luma, m in zip(found[0][::5], textured[::5]) if some(m)]
    return {
        'luma': [psnr(e) for e in error],
        'flat': [psnr(e[m]) if some(m) else float('nan') for e, m in zip(error, masks)],
        'chroma': mean([psnr(found[p] - clean[p]) for p in (1, 2)]),
        'flicker': mean(flicker), 'steps': mean(steps), 'texture': mean(texture),
    }


def compared(before, after):
    """Gains of a result: mean, flat, lowest, chroma; flicker, steps and texture relative to the video."""
    gains = np.array(after['luma']) - np.array(before['luma'])
    smooth = mean(np.array(after['flat']) - np.array(before['flat']))
    ratios = [after[name] / before[name] if before[name] else float('nan') for name in ('flicker', 'steps', 'texture')]
    return [gains.mean(), smooth, gains.min(), after['chroma'] - before['chroma'], *ratios]


def restored(program, source, mode, options, folder):
    """The decoded result."""
    out = folder / f'{source.stem}_{mode}.mkv'
    args = [program, source, '-o', out, '--overwrite', '--lossless', *options]
    args += ['--temporal', mode] if mode != 'default' else []
    subprocess.run(args, check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    found = decode(out)
    out.unlink()
    return found


def clip(motion, path, other, codec, folder):
    """The file and the clean planes of a clip."""
    name = f'{path.stem}_{motion}'
    clean, source = folder / f'{name}.npz', folder / f'{name}_{codec}.mkv'
    if not clean.exists():
        first, second = photo(path, folder), photo(other, folder)
        frames = [planes(MOTIONS[motion](first, second, t)) for t in range(FRAMES)]
        luma, u, v = (np.stack(plane).astype(np.float32) for plane in zip(*frames))
        np.savez(clean, luma=luma, u=u.reshape(FRAMES, -1), v=v.reshape(FRAMES, -1),
                 masks=np.stack([flat(y) for y in luma]), textured=np.stack([deviation(y) > 2 for y in luma]))
    stored = np.load(clean)
    found = [stored['luma'], stored['u'], stored['v']]
    if not source.exists():
        half = (HEIGHT // 2, WIDTH // 2)
        encode([(found[0][t], found[1][t].reshape(half), found[2][t].reshape(half)) for t in range(FRAMES)], codec, source)
    return source, found, (stored['masks'], stored['textured'])


class Results:
    """Figures of finished jobs, one line each."""

    def __init__(self, path):
        self.path, self.found = path, {}
        if path and path.exists():
            self.found = dict(json.loads(line) for line in path.read_text().splitlines())

    def get(self, key, make):
        if key not in self.found:
            self.found[key] = make()
            if self.path:
                with open(self.path, 'a') as file:
                    file.write(json.dumps([key, self.found[key]]) + '\n')
        return self.found[key]


def measured(asked, motion, codec, photos, folder, results):
    """PSNR of the video, and what `compared` gives by mode: a row an image."""
    rows = {mode: [] for mode in ['video', *asked.modes]}
    for path, other in zip(photos, photos[1:] + photos[:1]):
        made = []

        def figured(mode):
            if not made:
                made.append(clip(motion, path, other, codec, folder))
            source, clean, masks = made[0]
            found = decode(source) if mode is None else restored(asked.program, source, mode, asked.options, folder)
            return figures(clean, found, *masks)

        name = f'{path.stem} {motion} {codec} {WIDTH}x{HEIGHT}x{FRAMES}'
        before = results.get(name, lambda: figured(None))
        rows['video'].append([mean(before['luma']), mean(before['flat'])])
        for mode in asked.modes:
            row = compared(before, results.get(f'{name} {mode} {asked.key}', lambda: figured(mode)))
            rows[mode].append(row)
            if asked.each:
                print(f'  {path.stem} {motion} {codec} {mode}: ' + shown(row), flush=True)
    return {mode: np.array(rows) for mode, rows in rows.items()}


def shown(row):
    return f'{row[0]:+.2f}, {row[1]:+.2f}, {row[2]:+.3f}, {row[3]:+.2f}, {row[4]:.2f}, {row[5]:.2f}, {row[6]:.2f}'


def joined(rows):
    """The means of rows, and the lowest of their lowest gains."""
    found = np.array([mean(column) for column in rows.T])
    found[2] = rows[:, 2].min()
    return found


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
    ask.add_argument('--keep', type=pathlib.Path, help='folder of clips, for another run')
    ask.add_argument('--results', type=pathlib.Path, help='figures of earlier runs; grows')
    asked = ask.parse_args()
    cv2.setNumThreads(1)
    asked.key = hashlib.sha256(pathlib.Path(asked.program).read_bytes()).hexdigest()[:12] + ' ' + ' '.join(asked.options)
    photos = [path for path in sorted(asked.photos.iterdir()) if path.suffix in ('.jxl', '.png')]
    photos = [path for path in photos if not asked.images or any(word in path.name for word in asked.images)]
    lowest, totals, results = 0.0, {mode: [] for mode in asked.modes}, Results(asked.results)
    with tempfile.TemporaryDirectory() as own:
        folder = (asked.keep or pathlib.Path(own)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        parts = ' | '.join(f'{mode}: gain, flat, lowest, chroma, flicker, steps, texture' for mode in asked.modes)
        print(f'| motion, codec | video | flat | {parts} |\n|---|---|---|' + '---|' * len(asked.modes))
        for motion in asked.motions:
            for codec in asked.codecs:
                rows = measured(asked, motion, codec, photos, folder, results)
                line = f'| {motion}, {codec} | {mean(rows["video"][:, 0]):.2f} | {mean(rows["video"][:, 1]):.2f} |'
                for mode in asked.modes:
                    totals[mode].append(joined(rows[mode]))
                    if mode in ('motion', 'default'):
                        lowest = min(lowest, totals[mode][-1][2])
                    line += f' {shown(totals[mode][-1])} |'
                print(line, flush=True)
        print('| mean | | |' + ''.join(f' {shown(joined(np.array(totals[mode])))} |' for mode in asked.modes))
    return 1 if lowest < -0.02 else 0


if __name__ == '__main__':
    sys.exit(main())
