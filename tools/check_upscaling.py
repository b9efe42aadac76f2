#!/usr/bin/env python3
"""Measures upscaling against cubic interpolation, by kind of image.

    tools/check_upscaling.py PROGRAM --photos FOLDER [--drawings FOLDER] [--depth 8|16] [--options WORDS] [--every N]

Prints a table: for each kind of tools/upscale_kinds.py and each factor the number of images, mean and lowest gain in dB of PSNR over red,
green and blue, and how many are more than 0.1 dB below; then the worst images. With 8 bits the interpolation is rounded too. Drawings are
those of `tools/make_drawings.py`. Exits with 1 if more than 1 % are below by more than 0.1 dB."""

import argparse
import collections
import pathlib
import sys

import numpy as np

import upscale_kinds as kinds


def main():
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument('program')
    ask.add_argument('--photos', type=pathlib.Path)
    ask.add_argument('--drawings', type=pathlib.Path)
    ask.add_argument('--depth', type=int, choices=(8, 16), default=8)
    ask.add_argument('--options', type=str.split, default=[], help='more options of the program')
    ask.add_argument('--every', type=int, default=1, help='only each Nth original of a sort')
    ask.add_argument('--factors', type=lambda text: [int(word) for word in text.split(',')], default=[2, 4])
    asked = ask.parse_args()
    options = asked.options + (['--depth', '16'] if asked.depth == 16 else [])
    gains, each, seen = collections.defaultdict(list), [], collections.Counter()
    for sort, name, original in kinds.originals(asked.photos, asked.drawings):
        seen[sort] += 1
        if seen[sort] % asked.every:
            continue
        for factor in asked.factors:
            for kind in kinds.KINDS[sort]:
                small = kinds.degraded(asked.program, original, factor, kind, name)
                cubic = kinds.cubic(kinds.values(small), factor)
                # A result has the bits of its image.
                if asked.depth == 8 and small.dtype == np.uint8:
                    cubic = np.rint(cubic * 255) / 255
                before = kinds.decibels(cubic, original)
                gain = kinds.decibels(kinds.upscaled(asked.program, small, factor, options), original) - before
                gains[sort, kind, factor].append(gain)
                each.append((gain, f'{name} {sort} {kind} ×{factor}', before))
    print('| image | small by | factor | images | gain, dB | lowest | below by 0.1 dB |\n|---|---|---:|---:|---:|---:|---:|')
    for (sort, kind, factor), found in gains.items():
        found = np.array(found)
        below = np.sum(found < -0.1)
        print(f'| {sort} | {kind} | {factor} | {len(found)} | {found.mean():+.2f} | {found.min():+.2f} | {below} |')
    below = [sum(gain < limit for gain, _, _ in each) for limit in (-0.1, -0.3)]
    print(f'\n{len(each)} results, {below[0]} below by more than 0.1 dB, {below[1]} by more than 0.3 dB. Worst:')
    for gain, name, before in sorted(each)[:12]:
        print(f'- {gain:+.2f} dB of {before:.1f}: {name}')
    return int(below[0] > 0.01 * len(each))


if __name__ == '__main__':
    sys.exit(main())
