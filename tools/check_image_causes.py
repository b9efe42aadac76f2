#!/usr/bin/env python3
"""Restores the images of make_image_causes.py with the program: gains, false steps and colour shifts for each cause.

    tools/check_image_causes.py PROGRAM CORPUS [--half a|b] [--only CAUSE,...] [--csv OUT.csv] [--keep FOLDER] [-- OPTIONS]

Every image is written at 16 bits and at its own depth. Gains are differences of PSNR against the clean original, in dB.
"Flat" is luma where the clean original changes by less than 2.5 codes within 5 x 5 samples; there an error below 0.1 code
is taken as 0.1. A false step is a difference of luma between flat neighbours, mean of 5 pairs along the contour, that is
wrong by 0.6 code or more; figures are per 1,000 flat samples. "Texture" is the mean change of samples where the original
changes by more than 12 codes. "Shift" is the largest error of the mean of a channel over the flat samples of a 64 x 64 tile.
All are in 8-bit codes. OPTIONS are given to the program. Needs numpy, opencv-python-headless and Pillow
with WebP."""

import argparse
import collections
import csv
import json
import pathlib
import subprocess
import tempfile

import cv2
import numpy as np

from image_causes import WEIGHTS, local_range, read


def psnr(error, least=0.0):
    """PSNR in dB; errors below `least` codes on average are taken as `least`."""
    return float(-10 * np.log10(max(np.mean(error**2), (least / 255)**2, 1e-12)))


class Original:
    """A clean original with its flat and textured areas."""

    def __init__(self, clean):
        self.clean, self.luma = clean, clean @ WEIGHTS
        spread = local_range(self.luma * 255)
        self.flat, self.textured = spread < 2.5, spread > 12

    def steps(self, image):
        if self.flat.mean() < 0.01:
            return float('nan')
        error = np.ascontiguousarray((image @ WEIGHTS - self.luma) * 255, np.float32)
        wrong = 0
        for axis, along, cut in ((0, (5, 1), np.s_[1:]), (1, (1, 5), np.s_[:, 1:])):
            step = np.abs(np.diff(cv2.blur(error, along), axis=axis))
            wrong += ((step >= 0.6) & self.flat[cut]).sum()
        return float(1000 * wrong / self.flat.sum())

    def flat_psnr(self, image):
        if self.flat.mean() < 0.01:
            return float('nan')
        return psnr((image @ WEIGHTS - self.luma)[self.flat], 0.1)

    def shift(self, image):
        worst = 0.0
        for top in range(0, self.flat.shape[0], 64):
            for left in range(0, self.flat.shape[1], 64):
                tile = np.s_[top:top + 64, left:left + 64]
                inside = self.flat[tile]
                if inside.sum() >= 1024:
                    worst = max(worst, np.abs((image - self.clean)[tile][inside].mean(0)).max() * 255)
        return float(worst)

    def texture(self, before, after):
        return float(np.abs(after - before)[self.textured].mean() * 255) if self.textured.any() else 0.0


def restore(program, files, out, *options):
    """Outputs and log records by name of the input."""
    command = [program, *map(str, files), '-o', str(out), '--json', '-q', '--overwrite', '-j', '2', *options]
    run = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    records = [json.loads(line) for line in run.stdout.splitlines()]
    return {pathlib.Path(r['input']).name: r for r in records if 'input' in r}


def measured(row, corpus, records):
    before = read(corpus / 'damaged' / row['file'])
    original = Original(read(corpus / 'clean' / f'{pathlib.Path(row["file"]).stem}.png'))
    result = dict(row, psnr=psnr(before - original.clean), flat_share=float(original.flat.mean()),
                  steps_in=original.steps(before), shift_in=original.shift(before))
    for bits, found in records.items():
        record = found.get(row['file'], {})
        after = read(pathlib.Path(record['output'])) if record.get('output') else before
        result[f'gain{bits}'] = psnr(after - original.clean) - result['psnr']
        result[f'flat{bits}'] = original.flat_psnr(after) - original.flat_psnr(before)
        result[f'steps{bits}'] = original.steps(after)
        result[f'shift{bits}'] = original.shift(after)
        result[f'texture{bits}'] = original.texture(before, after)
        result[f'status{bits}'] = ' '.join(str(record[k]) for k in ('status', 'reason') if record.get(k))
    return result


def mean(rows, key):
    values = [r[key] for r in rows if not np.isnan(r[key])]
    return np.mean(values) if values else float('nan')


COLUMNS = 'gain16 gain8 flat16 flat8 steps_in steps16 steps8 texture16 shift_in shift16'.split()


def line(name, n, values, worst=''):
    gains = ' | '.join(f'{v:+.2f}' for v in values[:4])
    steps = ' | '.join(f'{v:.0f}' for v in values[4:7])
    rest = ' | '.join(f'{v:.2f}' for v in values[7:])
    return f'| {name} | {n} | {gains} | {steps} | {rest} | {worst} |'


def table(results):
    print('| cause | n | gain 16 | gain 8 | flat 16 | flat 8 | steps in | 16 | 8 | texture | shift in | 16 | worst |')
    print('|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---|')
    for key in ('cause', 'kind'):
        groups = collections.defaultdict(list)
        for r in results:
            groups[r[key]].append(r)
        means = {name: [mean(rows, c) for c in COLUMNS] for name, rows in groups.items()}
        for name, rows in groups.items():
            worst = min(rows, key=lambda r: r['gain16'])
            print(line(name, len(rows), means[name], f'{worst["source"]} {worst["gain16"]:+.2f}'))
        if key == 'cause':
            print(line('**mean of causes**', len(results), np.nanmean(list(means.values()), 0)))
    for bits in (16, 8):
        for limit in (0.05, 0.3):
            below = sorted((r[f'gain{bits}'], r['file']) for r in results if r[f'gain{bits}'] < -limit)
            names = ', '.join(f'{name} {gain:+.2f}' for gain, name in below) if bits == 16 else ''
            print(f'\nBelow the input by more than {limit} dB at {bits} bits: {len(below)} of {len(results)}. {names}'.rstrip())
    median = [np.median([r[f'gain{bits}'] for r in results]) for bits in (16, 8)]
    left = sum(r['steps8'] > 20 and abs(r['gain8']) < 1e-6 for r in results)
    print(f'\nMedian gain {median[0]:+.2f} / {median[1]:+.2f} dB. Unchanged at 8 bits with more than 20 steps: {left}.')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('program')
    parser.add_argument('corpus', type=pathlib.Path)
    parser.add_argument('--half', choices='ab')
    parser.add_argument('--only', help='causes, joined by commas')
    parser.add_argument('--csv', help='file for the row of each image')
    parser.add_argument('--keep', type=pathlib.Path, help='folder for the outputs')
    parser.add_argument('options', nargs='*')
    given = parser.parse_intermixed_args()
    with open(given.corpus / 'list.csv', newline='') as file:
        rows = [r for r in csv.DictReader(file) if given.half in (None, r['half'])]
    if given.only:
        rows = [r for r in rows if r['cause'] in given.only.split(',')]
    files = [given.corpus / 'damaged' / r['file'] for r in rows]
    with tempfile.TemporaryDirectory() as scratch:
        out = given.keep or pathlib.Path(scratch)
        records = {}
        for bits, options in ((16, ('--depth', '16')), (8, ())):
            (out / str(bits)).mkdir(parents=True, exist_ok=True)
            records[bits] = restore(given.program, files, out / str(bits), *options, *given.options)
        results = [measured(row, given.corpus, records) for row in rows]
    table(results)
    if given.csv:
        with open(given.csv, 'w', newline='') as file:
            writer = csv.DictWriter(file, results[0].keys())
            writer.writeheader()
            writer.writerows({k: f'{v:.4f}' if isinstance(v, float) else v for k, v in r.items()} for r in results)


if __name__ == '__main__':
    main()
