#!/usr/bin/env python3
"""Fits the detector's weights for blurred grids, and prints the limits that it needs.

    tools/fit_detector.py PAIRS                 (PAIRS: output of tools/detector_pairs.py for train_*.png and val_*.png)
    tools/fit_detector.py PAIRS --features FILE (FILE: the features of an earlier run; written if missing)

Weights are fitted on images named train_* or extra_*, limits are searched on these and on val_*;
test images, test_*, are not used. Prints the constants of crates/unband-detect/src/noisy/hypothesis.rs, and for each
limit of noisy/mod.rs the largest sums of images without that grid. Needs numpy and cargo."""

import argparse
import collections
import os
import pathlib
import subprocess

import numpy as np

# Bits of luma, of blue and red, and of the stored channels, by degradation; others have no grid.
LUMA = {'fhd_y6', 'fhd_y6c6', 'fhd_y6c5', 'fhd_y6_x264', 'fhd_y6c5_x264', 'y6', 'y6_exact', 'y6c5_709', 'y6_jpeg90'}
CHROMA = {'fhd_y6c6': 6, 'c6': 6, 'c6_exact': 6, 'fhd_y6c5': 5, 'fhd_y6c5_x264': 5, 'y6c5_709': 5}
BLUE = {'u5': 5, 'u5_exact': 5}
CHANNELS = {'rgb5_jpeg90': 5, 'rgb5_webp80': 5, 'rgb5_x264': 5, 'rgb6_jpeg90': 6, 'rgb6': 6, 'rgb5': 5, 'trunc5': 5, 'trunc6': 6,
            'rgb565': 5, 'page': 5}
# Their levels are found before blurred grids are searched, or make other planes look quantised.
LEFT_OUT = {'rgb6', 'rgb5', 'rgb4', 'rgb7', 'trunc5', 'trunc6', 'rgb565', 'page', 'gray5', 'gray6', 'y5'}
RIDGE = 0.3
# Maximum evidence from the levels of a chroma plane, as in noisy/mod.rs.
MOST = {6: (1.2, 2.4, .8), 5: (1.5, 1.2, .8)}


def features(pairs, file):
    """Lines of the ignored test `features_of_pairs`, by image and plane."""
    if not (file and file.exists()):
        folders = ','.join(str(f.resolve()) for f in sorted(pairs.iterdir()) if f.is_dir() and f.name not in LEFT_OUT)
        run = subprocess.run(['cargo', 'test', '--release', '-p', 'unband-detect', '--lib', 'features_of_pairs', '--', '--ignored',
                              '--nocapture'], env={**os.environ, 'UNBAND_PAIRS': folders}, stdout=subprocess.PIPE, text=True, check=True)
        text = run.stdout
        if file:
            file.write_text(text)
    else:
        text = file.read_text()
    pictures = collections.defaultdict(dict)
    for line in text.splitlines():
        # The test runner's output may precede the first.
        line = line[line.find('fit '):].split()
        if len(line) < 5 or line[0] != 'fit' or line[1].split('/')[0] in LEFT_OUT:
            continue
        if line[2] == 'found':
            pictures[line[1]]['found'] = line[4:]
            continue
        values = None if line[4] == 'none' else np.array([float(v) for v in line[4:]])
        pictures[line[1]][line[2], int(line[3])] = values
    return pictures


def learnt(photo):
    """Whether it is a training image."""
    return photo.startswith(('train_', 'extra_'))


def truth(cause, plane, bits):
    """Whether the plane has that grid."""
    cause = cause.removeprefix('smooth_')
    if plane == 'luma':
        return cause in LUMA
    if plane == 'blue' or plane == 'red':
        has = BLUE.get(cause) if plane == 'blue' and cause in BLUE else CHROMA.get(cause)
        return has == bits
    return CHANNELS.get(cause) == bits


def logistic(x, y, weights):
    """Weights of a logistic regression with a ridge penalty, by Newton's method."""
    w = np.zeros(x.shape[1])
    for _ in range(100):
        p = 1 / (1 + np.exp(-np.clip(x @ w, -30, 30)))
        slope = x.T @ (weights * (p - y)) + RIDGE * w
        curve = (x * (weights * p * (1 - p))[:, None]).T @ x + RIDGE * np.eye(len(w))
        move = np.linalg.solve(curve, slope)
        w -= move
        if np.abs(move).max() < 1e-6:
            break
    return w


def fit(pictures, planes, bits):
    """Fits on the informative training images; both classes have equal weight."""
    rows, labels = [], []
    for name, lines in pictures.items():
        cause, photo = name.split('/')
        for plane in planes:
            line = lines.get((plane, bits))
            if learnt(photo) and line is not None and line[0] > 0:
                rows.append(line[3:])
                labels.append(truth(cause, plane, bits))
    x, y = np.array(rows), np.array(labels, float)
    share = y.mean()
    weights = np.where(y > 0, .5 / share, .5 / (1 - share))
    w = logistic(x, y, weights)
    wrong = ((x @ w > 0) != (y > 0)) @ weights / weights.sum()
    print(f'// {"/".join(planes)} on {bits} bits: {int(y.sum())} with, {int(len(y) - y.sum())} without; {100 * wrong:.1f} % wrong at 0')
    return w


class Scores:
    """The sums that noisy/mod.rs compares with limits."""

    def __init__(self, lines, weights):
        def score(plane, bits):
            line = lines.get((plane, bits))
            if line is None:
                return -2.0
            value = float(line[3:] @ weights['chroma', bits])
            return min(value, 1.0) if line[0] == 0 else value
        # Only colours of coded planes are analysed channel by channel.
        self.coded = lines['picture', 0][4] > 0
        line = lines.get(('luma', 6))
        weak = -9.0 if line is None else float(line[3:] @ weights['luma', 6])
        self.luma = max(weak, -8.99) if line is not None and line[0] > 0 else -9.0
        # One conversion known to truncate, and steps between the levels.
        self.sure = line is not None and line[7] > 0 and line[2] >= .3 * line[1]

        def most(plane, bits):
            line = lines.get((plane, bits))
            one, flat, step = MOST[bits]
            return 0 if line is None else one + flat * (max(line[1], 1) - 1) + step * max(line[2] - 1, 0)
        self.six, self.five = ([score(p, bits) for p in ('blue', 'red')] for bits in (6, 5))
        self.capped_six, self.capped_five = ([min(score(p, bits), most(p, bits)) for p in ('blue', 'red')] for bits in (6, 5))
        self.channels = []
        for bits in (6, 5):
            told = []
            for p in range(3):
                line = lines.get((f'channel{p}', bits))
                told.append(np.clip(-2.0 if line is None or line[0] == 0 else float(line[3:] @ weights['channel', bits]), -3, 6))
            self.channels.append(sum(told))

    def sums(self):
        pair = lambda s, most: sum(np.clip(s, -3, most))
        side = np.clip(self.luma, -1, 4)
        return {
            'LUMA': self.luma if self.sure else -9.0, 'LUMA_UNSURE': -9.0 if self.sure else self.luma,
            'LUMA_AND_SIX': side + pair(self.capped_six, 4), 'SIX': pair(self.capped_six, 6), 'ONE_SIX': max(self.capped_six),
            'ONE_SIX_ANY': max(self.six),
            'LUMA_AND_FIVE': side + pair(self.capped_five, 4), 'FIVE': pair(self.capped_five, 6), 'ONE_FIVE': max(self.five),
            'CHANNELS_SIX': self.channels[0] if self.coded else -9.0, 'CHANNELS_FIVE': self.channels[1] if self.coded else -9.0,
        }


def limits(pictures, weights):
    """Prints the largest sums of images whose planes were never quantised: the limits are a half above them."""
    cut = LUMA | set(CHROMA) | set(BLUE) | set(CHANNELS)
    largest = collections.defaultdict(list)
    for name, lines in pictures.items():
        cause, photo = name.split('/')
        # Blocks of a JPEG are detected before any of these sums is computed.
        blocks = lines['picture', 0][4] > 0 and lines['found'][0] == 'Jpeg'
        if cause.removeprefix('smooth_') not in cut and not photo.startswith('test_') and not blocks:
            for key, value in Scores(lines, weights).sums().items():
                largest[key].append((value, photo.startswith('val_'), name))
    print('\nlimit: the largest sums of pictures that were not cut, in those for choosing and for learning')
    for key, values in largest.items():
        values.sort(reverse=True)
        val, train = ([(v, n) for v, chosen, n in values if chosen == part][:3] for part in (True, False))
        limit = np.ceil(10 * (max(val[0][0], train[0][0]) + .5)) / 10
        show = lambda part: ', '.join(f'{v:.2f} {n}' for v, n in part)
        print(f'  {key}: {limit:.1f}\n    {len(values)} pictures, choosing: {show(val)}\n    learning: {show(train)}')


def counts(pictures, part):
    """Results of `inspect` as built: a row for each degradation."""
    rows = collections.defaultdict(lambda: [0, 0, 0, 0])
    for name, lines in pictures.items():
        cause, photo = name.split('/')
        if photo.startswith(part) and 'found' in lines:
            _, space, *bits = lines['found']
            cause_of = cause.removeprefix('smooth_')
            bits = [int(b) for b in bits] + [int(bits[-1])] * (3 - len(bits))
            want = [6 if cause_of in LUMA else 8, *(CHROMA.get(cause_of, 8),) * 2]
            if cause_of in BLUE:
                want[1] = BLUE[cause_of]
            native = cause_of in CHANNELS
            if native:
                want = [CHANNELS[cause_of]] * 3
            fits = native == (space == 'native') and (space == '709') == cause.endswith('_709')
            any_found = bits != [8] * 3
            right = any_found and fits and all(b in (8, w) for b, w in zip(bits, want))
            row = rows[cause]
            for i, value in enumerate((True, any_found, right, right and bits == want)):
                row[i] += value
    print(f'\n{part}: what is found\n| cause | n | a grid found | right | all |\n|---|---:|---:|---:|---:|')
    for cause, row in sorted(rows.items()):
        print(f'| {cause} | ' + ' | '.join(map(str, row)) + ' |')


def main():
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument('pairs', type=pathlib.Path)
    ask.add_argument('--features', type=pathlib.Path)
    ask.add_argument('--count', metavar='SPLIT', help='only say what is found in pictures whose name begins so')
    asked = ask.parse_args()
    pictures = features(asked.pairs, asked.features)
    if asked.count:
        counts(pictures, asked.count)
        return
    coded = {name: lines for name, lines in pictures.items() if lines['picture', 0][4] > 0}
    channels = [f'channel{p}' for p in range(3)]
    weights = {
        # If quantised smooth windows are included, the agreement of levels gets a negative weight, and fewer frames are found.
        ('luma', 6): fit({n: p for n, p in pictures.items() if not (n.startswith('smooth_') and truth(n.split('/')[0], 'luma', 6))}, ['luma'], 6),
        **{('chroma', bits): fit(pictures, ['blue', 'red'], bits) for bits in (6, 5)},
        **{('channel', bits): fit(coded, channels, bits) for bits in (6, 5)},
    }
    for (name, bits), w in weights.items():
        print(f'{name} {bits}: [' + ', '.join(f'{v:.3f}' for v in w) + ']')
    limits(pictures, weights)
    counts(pictures, 'val')


if __name__ == '__main__':
    main()
