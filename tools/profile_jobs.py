#!/usr/bin/env python3
"""Times whole jobs, from file to file, next to ffmpeg's `deband`, and says which stages take the time.

    tools/profile_jobs.py PROGRAM [--only JOB,…] [--rounds 3] [--write]

PROGRAM is unband with symbols (`scripts/bench jobs` builds it). The images and clips are computed: sky, hills and noise, always the
same. CPU seconds are those of all processes of a job, the least of the rounds, in which the programs alternate. Stages are samples of
`perf` by the function that ran. --write makes docs/results/jobs.md. Needs ffmpeg, perf, numpy and Pillow."""

import argparse
import collections
import multiprocessing
import os
import pathlib
import platform
import re
import subprocess
import tempfile
import time

import numpy as np
from PIL import Image

PAGE = pathlib.Path(__file__).resolve().parent.parent / 'docs/results/jobs.md'

# Beginnings of functions, the first that fits.
STAGES = [
    ('inspection', r'unband_(detect|metrics)|unband_simd::(detect|metrics)|unband_image::(cuts|findings)|unband::verdict'),
    ('motion', r'unband_simd::jobs::motion|unband::frames|unband_simd::jobs::(change|blend|squares)'),
    ('network', r'unband_(infer|nets)|unband_simd::infer|unband::networks'),
    ('JPEG intervals, chroma', r'unband_filters::(jpeg_bounds|chroma_guide|shifted_blocks|area)|unband_simd::filters::(chroma_guide|jpeg|shifted)'),
    ('smoothing', r'unband_(filters|simd::filters)'),
    ('intervals, rounding', r'unband_simd::(jobs|image)|unband::(jobs|faithful|repair)|unband_image'),
    ('formats', r'unband_(io|video)|unband_simd::(io|video)|zune|png|libdeflate|deflate|zlib|fdeflate|miniz|jpeg|crc|adler|simd_adler'),
]


def scene(width, height, seed=1):
    """A sky above hills with noise: RGB in 0..1."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:1:height * 1j, 0:1:width * 1j]
    frequency = np.hypot(np.fft.fftfreq(height)[:, None] * height, np.fft.rfftfreq(width) * width)
    waves = rng.normal(size=frequency.shape) + 1j * rng.normal(size=frequency.shape)
    rough = np.fft.irfft2(waves / np.maximum(frequency, 1)**1.6, (height, width))
    rough /= rough.std()
    hills = 1 / (1 + np.exp(-(y - 0.62 - 0.06 * rough[height // 2]) * 400))[..., None]
    sky = np.stack([0.25 + 0.5 * y + 0.05 * x, 0.4 + 0.35 * y, 0.75 + 0.1 * y - 0.05 * x], -1)
    ground = np.stack([0.3 + 0.06 * rough, 0.32 + 0.07 * rough, 0.2 + 0.05 * rough], -1)
    return np.clip(sky * (1 - hills) + ground * hills, 0, 1)


def codes(image, levels=255):
    return np.rint(np.rint(image * levels) * 255 / levels).astype(np.uint8)


def make_inputs(folder):
    full, large = scene(1920, 1080), scene(4000, 3000)
    Image.fromarray(codes(full, 63)).save(folder / 'six-bits.png')
    Image.fromarray(codes(full)).save(folder / 'half.jpg', quality=50)
    Image.fromarray(codes(large)).save(folder / 'large.jpg', quality=80)
    noise = np.random.default_rng(2).normal(0, 2 / 255, full.shape)
    Image.fromarray(codes(np.clip(full + noise, 0, 1))).save(folder / 'clean.png')
    wide = scene(2112, 1152)
    for name, step, grain in ('still', 0, 0), ('panned', 3, 0), ('textured', 2, 5):
        call = ['ffmpeg', '-v', 'error', '-y', '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-s', '1920x1080', '-r', '25', '-i', '-',
                '-pix_fmt', 'yuv420p', '-c:v', 'libx264', '-crf', '23', folder / f'{name}.mkv']
        with subprocess.Popen(call, stdin=subprocess.PIPE) as encoder:
            for n in range(48):
                frame = wide[n * step // 2:][:1080, n * step:][:, :1920]
                change = np.random.default_rng([3, n]).normal(0, grain / 255, frame.shape) if grain else 0
                encoder.stdin.write(codes(np.clip(frame + change, 0, 1)).tobytes())
            encoder.stdin.close()


def jobs(program, folder):
    """Name, input, unband's call, ffmpeg's."""
    for name, file in (('PNG of 6 bits', 'six-bits.png'), ('JPEG of quality 50', 'half.jpg'), ('JPEG of 12 megapixels', 'large.jpg'),
                       ('PNG, nothing to repair', 'clean.png')):
        ending = file.rpartition('.')[2]
        quality = ['-q:v', '2'] if ending == 'jpg' else []
        yield name, [program, '-q', '--overwrite', folder / file, '-o', folder / f'out.{ending}'], [
            'ffmpeg', '-v', 'error', '-y', '-i', folder / file, '-vf', 'deband', *quality, folder / f'ff.{ending}']
    for file in 'still', 'panned', 'textured':
        for how, more in (('', []), (', --temporal off', ['--temporal', 'off'])):
            yield f'{file} clip{how}', [
                program, '-q', '--overwrite', '--lossless', *more, folder / f'{file}.mkv', '-o', folder / 'out.mkv'], [
                'ffmpeg', '-v', 'error', '-y', '-i', folder / f'{file}.mkv', '-vf', 'deband', '-c:v', 'ffv1', '-level', '3',
                '-slices', '12', folder / 'ff.mkv']


def spent(call):
    """CPU seconds of a call and its processes, seconds, and MiB of the largest process."""
    start = time.monotonic()
    child = subprocess.Popen([str(part) for part in call])
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f'error: {call[0]} ended with {child.returncode}')
    return usage.ru_utime + usage.ru_stime, time.monotonic() - start, usage.ru_maxrss / 1024


def stage_of(command, symbol, library):
    if command.startswith('ff') or command == 'ld.so':
        return 'FFmpeg: start' if 'ld-linux' in library or '_dl_' in symbol else 'FFmpeg: decode, encode'
    if 'kernel' in library:
        return 'kernel'
    for name, pattern in STAGES:
        if re.match(rf'<?&?({pattern})', symbol):
            return name
    return 'other'


def profile(call, folder):
    """Share of each stage."""
    data = folder / 'perf.data'
    subprocess.run(['perf', 'record', '-q', '-F', '999', '-o', data, '--', *call], check=True, stderr=subprocess.DEVNULL)
    text = subprocess.run(['perf', 'script', '-i', data, '-F', 'comm,ip,sym,dso'], check=True, capture_output=True, text=True).stdout
    counts = collections.Counter()
    for line in text.splitlines():
        found = re.match(r'\s*(.+?)\s+[0-9a-f]{5,} (.+) \((.*)\)$', line)
        if found:
            counts[stage_of(*found.groups())] += 1
    total = sum(counts.values())
    return {name: count / total for name, count in counts.most_common()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('program')
    parser.add_argument('--only')
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--write', action='store_true')
    args = parser.parse_args()
    rows, shares = [], []
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        # In a process of its own: a job's memory is at least that of the process that starts it.
        maker = multiprocessing.get_context('spawn').Process(target=make_inputs, args=(folder,))
        maker.start()
        maker.join()
        for name, ours, theirs in jobs(args.program, folder):
            if args.only and not any(word in name for word in args.only.split(',')):
                continue
            times = [(spent(ours), spent(theirs)) for _ in range(args.rounds)]
            (own, wall, memory), (other, other_wall, _) = (tuple(map(min, zip(*side, strict=True))) for side in zip(*times, strict=True))
            rows.append(f'| {name} | {own:.2f} | {other:.2f} | {own / other:.2f} | {wall:.2f} | {other_wall:.2f} | {memory:.0f} |')
            print(rows[-1], flush=True)
            found = profile(ours, folder)
            shares.append(f'| {name} | ' + ', '.join(f'{k} {100 * v:.0f} %' for k, v in found.items() if v >= 0.02) + ' |')
            print(shares[-1], flush=True)
    if args.write:
        cpu = re.search(r'model name\s*: (.*)', pathlib.Path('/proc/cpuinfo').read_text())
        version = subprocess.run(['ffmpeg', '-version'], check=True, capture_output=True, text=True).stdout.split()[2]
        PAGE.write_text('\n'.join([
            '# Whole jobs', '',
            'Made by `scripts/bench jobs --write`: from file to file on ' + (cpu[1] if cpu else platform.machine()) +
            f' with {os.cpu_count()} cores, ffmpeg {version} and its filter `deband`. Images have 1920×1080 samples where nothing else '
            'is said, clips 48 frames of 1920×1080 (x264, CRF 23), written as FFV1: 10 bits by unband, 8 bits by `deband`. The scene is computed '
            '(`tools/profile_jobs.py`).', '',
            f'CPU: seconds of all processes of a job, the least of {args.rounds} rounds in turns. Memory: MiB of the largest process.', '',
            '| job | CPU, s | deband | ratio | time, s | deband | memory |', '|---|---:|---:|---:|---:|---:|---:|', *rows, '',
            '## Stages', '', 'Share of samples of all processes by the function that ran (`perf`, 999 a second), 2 % and more.', '',
            '| job | stages |', '|---|---|', *shares, '']))


if __name__ == '__main__':
    main()
