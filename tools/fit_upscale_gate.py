#!/usr/bin/env python3
"""Trains the gate of a built-in upscaling network: shares of its result in the blend with cubic interpolation.

    tools/fit_upscale_gate.py PROGRAM --network FILE --factor 2|4 --photos FOLDER --drawings FOLDER --out FILE
                              [--val-photos FOLDER] [--val-drawings FOLDER] [--steps N]

The features are those of crates/unband/src/jobs/upscale/blend.rs. For each sample of the small image the original is approached by
interpolation + a · (network − interpolation) + b · (image − network made smaller), where the gate gives a (0 to 1.1) and b (0 to 1). Its
loss is the mean over images of the logarithm of the squared error relative to interpolation, with more weight for images below
interpolation and for BSRGAN's degradations, and less for originals out of focus and drawings; L-BFGS, all images at once. Prints gains by
kind. Both built-in gates: `--factor 2`, and `--factor 4`, with the weights of WEIGHTS. Needs what tools/upscale_kinds.py needs, and scipy."""

import argparse
import json
import pathlib
import struct

import cv2
import numpy as np
from scipy.optimize import minimize

import upscale_kinds as kinds

UNITS = 12
MOST = np.array([1.1, 1.0], np.float32)
# Weights of kinds by factor; of images below interpolation, in addition.
WEIGHTS = {2: {'bsrgan': 4, 'soft': 0.2, 'drawn': 0.3}, 4: {'bsrgan': 8, 'soft': 0.12, 'drawn': 0.12}}
BELOW = 0.5
SAMPLES = 120


def level(energy):
    return 0.5 * np.log2(np.maximum(energy, 1 / 1024))


def around(plane, side=7):
    return cv2.blur(plane, (side, side), borderType=cv2.BORDER_REPLICATE)


def floor(energy):
    some = energy[energy > 1e-3]
    return level(np.percentile(some, 10)) if len(some) >= max(16, 0.02 * energy.size) else 0.0


def blockiness(small):
    grey = 255 * small.mean(-1)

    def excess(steps):
        phases = [steps[phase::8] for phase in range(8)]
        if any(len(phase) < 2 for phase in phases):
            return 0.0
        means = np.array([phase.mean() for phase in phases])
        usual = np.median(means)
        return float(np.clip(np.log2(means.max() / usual), 0, 2)) if usual > 1e-3 else 0.0
    return (excess(np.abs(np.diff(grey, axis=1)).mean(0)) + excess(np.abs(np.diff(grey, axis=0)).mean(1))) / 2


def features_of(small, network, original, factor, rng):
    """Features of some samples, and the parts of their squared error that depend on the shares."""
    size = small.shape[1::-1]

    def smaller(image):
        return cv2.resize(image, size, interpolation=cv2.INTER_AREA)

    def energy(difference):
        return (np.square(255 * difference)).mean(-1)
    cubic = kinds.cubic(small, factor)
    padded = np.pad(small, ((1, 1), (1, 1), (0, 0)), mode='edge')
    here, below, right, across = small, padded[2:, 1:-1], padded[1:-1, 2:], padded[2:, 2:]
    high = around(energy(here - (padded[:-2, 1:-1] + below + padded[1:-1, :-2] + right) / 4))
    diagonal = around(energy((here - below - right + across) / 2))
    local = [high, around(smaller(energy(network - cubic))), around(energy(smaller(network) - small)),
             around(energy(smaller(cubic) - small)), diagonal]
    whole = [floor(high), blockiness(small), floor(diagonal)]
    own = network - cubic
    missing = around(small - smaller(network), 3)
    back = cv2.resize(missing, (original.shape[1], original.shape[0]), interpolation=cv2.INTER_LINEAR)
    wanted = original - cubic
    pairs = [(own, own), (own, back), (back, back), (wanted, own), (wanted, back)]
    parts = np.stack([smaller((a * b).mean(-1)).ravel() for a, b in pairs], -1)
    chosen = rng.choice(len(parts), min(SAMPLES, len(parts)), replace=False)
    local = np.stack([level(plane).ravel()[chosen] for plane in local], -1)
    parts = parts[chosen] / max(np.mean(np.square(wanted)), 2e-7) / len(chosen)
    return np.concatenate([local, np.repeat([whole], len(chosen), 0)], 1).astype(np.float32), parts.astype(np.float32)


def gathered(asked, photos, drawings):
    """Features, parts and image of each sample, and the kind of each image."""
    rows, names = [], []
    for sort, name, original in kinds.originals(photos, drawings):
        for kind in kinds.KINDS[sort]:
            small = kinds.degraded(asked.program, original, asked.factor, kind, name)
            options = ['--weights', asked.network, '--depth', '16', '--dither', 'none']
            network = kinds.upscaled(asked.program, small, asked.factor, options)
            rng = kinds.random_of(f'samples {sort} {kind} {name}')
            rows.append(features_of(kinds.values(small), network, original, asked.factor, rng))
            names.append((sort, kind))
    features, parts = (np.concatenate(column) for column in zip(*rows))
    return features, parts, np.repeat(np.arange(len(rows)), [len(row[0]) for row in rows]), names


class Layers:
    """One hidden layer; parameters in one vector."""

    def __init__(self, inputs):
        self.shapes = [(inputs, UNITS), (UNITS,), (UNITS, 2), (2,)]

    def start(self):
        rng = np.random.default_rng(0)
        first, out = rng.normal(0, self.shapes[0][0] ** -0.5, self.shapes[0]), rng.normal(0, 0.1, self.shapes[2])
        return np.concatenate([first.ravel(), np.zeros(UNITS), out.ravel(), [2.0, -1.0]])

    def split(self, vector):
        ends = np.cumsum([int(np.prod(shape)) for shape in self.shapes])[:-1]
        return [part.reshape(shape).astype(np.float32) for part, shape in zip(np.split(vector, ends), self.shapes)]

    def shares(self, vector, inputs):
        first, bias, out, base = self.split(vector)
        hidden = np.maximum(inputs @ first + bias, 0)
        return hidden, MOST / (1 + np.exp(-np.clip(hidden @ out + base, -30, 30)))


def errors(shares, parts, image):
    """Squared error of each image relative to interpolation, minus 1."""
    a, b = shares.T
    return np.bincount(image, a * a * parts[:, 0] + 2 * a * b * parts[:, 1] + b * b * parts[:, 2]
                       - 2 * a * parts[:, 3] - 2 * b * parts[:, 4])


def trained(layers, inputs, parts, image, weights, steps):
    def loss(vector):
        hidden, shares = layers.shares(vector, inputs)
        relative = 1 + errors(shares, parts, image)
        error = np.maximum(relative, 0.05)
        logarithm = np.log(error)
        over = np.maximum(logarithm - 0.005, 0)
        slope = weights * (1 + BELOW * (logarithm > 0.005)) / error * (relative > 0.05) / len(weights)
        a, b = shares.T
        by_share = 2 * np.stack([a * parts[:, 0] + b * parts[:, 1] - parts[:, 3],
                                 a * parts[:, 1] + b * parts[:, 2] - parts[:, 4]], 1)
        by_sum = (by_share * slope[image][:, None] * shares * (1 - shares / MOST)).astype(np.float32)
        by_hidden = by_sum @ layers.split(vector)[2].T * (hidden > 0)
        gradient = [(inputs.T @ by_hidden).ravel(), by_hidden.sum(0), (hidden.T @ by_sum).ravel(), by_sum.sum(0)]
        decay = 1e-5
        value = float((weights * (logarithm + BELOW * over)).mean()) + decay * vector @ vector
        return value, np.concatenate(gradient).astype(np.float64) + 2 * decay * vector
    return minimize(loss, layers.start(), jac=True, method='L-BFGS-B', options={'maxiter': steps, 'maxcor': 20}).x


def report(title, layers, vector, inputs, parts, image, names):
    ones = np.zeros((len(parts), 2), np.float32) + np.array([1, 0], np.float32)
    of = lambda shares: -10 * np.log10(np.maximum(1 + errors(shares, parts, image), 1e-3))
    before, after = of(ones), of(layers.shares(vector, inputs)[1])
    for name in sorted(set(names)):
        chosen = np.array([other == name for other in names])
        print(f'{title} {" ".join(name)}: network {before[chosen].mean():+.2f} (lowest {before[chosen].min():+.2f}), '
              f'blend {after[chosen].mean():+.2f} ({after[chosen].min():+.2f})')


def write(path, tensors):
    """A safetensors file."""
    header, data = {}, b''
    for name, values in tensors.items():
        values = np.ascontiguousarray(values, '<f4')
        ends = [len(data), len(data) + values.nbytes]
        header[name] = {'dtype': 'F32', 'shape': list(values.shape), 'data_offsets': ends}
        data += values.tobytes()
    text = json.dumps(header).encode()
    text += b' ' * (-len(text) % 8)
    path.write_bytes(struct.pack('<Q', len(text)) + text + data)


def main():
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument('program')
    ask.add_argument('--network', required=True)
    ask.add_argument('--factor', type=int, choices=(2, 4), required=True)
    for name in '--photos', '--drawings', '--val-photos', '--val-drawings', '--out':
        ask.add_argument(name, type=pathlib.Path, required=name == '--out')
    ask.add_argument('--steps', type=int, default=700)
    asked = ask.parse_args()
    features, parts, image, names = gathered(asked, asked.photos, asked.drawings)
    mean, deviation = features.mean(0), features.std(0) + 1e-3
    chosen = WEIGHTS[asked.factor]
    weights = np.array([chosen.get(sort, 1) * chosen.get(kind, 1) for sort, kind in names])
    layers, inputs = Layers(features.shape[1]), (features - mean) / deviation
    vector = trained(layers, inputs, parts, image, weights / weights.mean(), asked.steps)
    report('train', layers, vector, inputs, parts, image, names)
    if asked.val_photos or asked.val_drawings:
        features, parts, image, names = gathered(asked, asked.val_photos, asked.val_drawings)
        report('val', layers, vector, (features - mean) / deviation, parts, image, names)
    first, bias, out, base = layers.split(vector)
    write(asked.out, {'mean': mean, 'deviation': deviation, 'hidden.weight': first.T, 'hidden.bias': bias,
                      'out.weight': out.T, 'out.bias': base})


if __name__ == '__main__':
    main()
