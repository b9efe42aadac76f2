#!/usr/bin/env python3
"""Makes crates/unband-image/src/dither/blue_noise_64.bin: the ranks 0..4095 of a 64x64 blue-noise matrix,
16-bit little endian, row by row.

Void and cluster (Ulichney, "The void-and-cluster method for dither array generation", 1993) on a torus with
a Gaussian of sigma 1.9. All sums are integers and ties go to the lowest index, so that every machine
makes the same matrix.  Usage: tools/make_blue_noise.py OUTPUT   (needs numpy)
"""
import sys

import numpy as np

SIDE, SIGMA = 64, 1.9
N = SIDE * SIDE


def mix(x):
    """lowbias32 (Wellons 2018)."""
    for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B)):
        x = ((x ^ (x >> shift)) * factor) & 0xFFFFFFFF
    return x ^ (x >> 16)


d = np.minimum(np.arange(SIDE), SIDE - np.arange(SIDE)).astype(np.float64)
kernel = np.rint(np.exp(-(d[:, None] ** 2 + d[None, :] ** 2) / (2 * SIGMA * SIGMA)) * 2**40).astype(np.int64)


def energy_of(index):
    return np.roll(kernel, (index // SIDE, index % SIDE), axis=(0, 1)).ravel()


LOW, HIGH = np.iinfo(np.int64).min, np.iinfo(np.int64).max


def tightest(energy, ones):
    return int(np.argmax(np.where(ones, energy, LOW)))


def largest_void(energy, ones):
    return int(np.argmin(np.where(ones, HIGH, energy)))


# A tenth of the positions; then the tightest cluster moves into the largest void until both are the same position.
ones = np.zeros(N, dtype=bool)
ones[sorted(range(N), key=lambda i: (mix(i + 1), i))[: N // 10]] = True
energy = sum(energy_of(int(i)) for i in np.flatnonzero(ones))
while True:
    cluster = tightest(energy, ones)
    ones[cluster] = False
    energy = energy - energy_of(cluster)
    void = largest_void(energy, ones)
    ones[void] = True
    energy = energy + energy_of(void)
    if void == cluster:
        break

ranks = np.full(N, -1)
start, start_energy = ones.copy(), energy.copy()
for rank in range(int(ones.sum()) - 1, -1, -1):  # the first tenth, in reverse
    place = tightest(energy, ones)
    ones[place] = False
    energy = energy - energy_of(place)
    ranks[place] = rank
ones, energy = start, start_energy
for rank in range(int(ones.sum()), N // 2):
    place = largest_void(energy, ones)
    ones[place] = True
    energy = energy + energy_of(place)
    ranks[place] = rank
# From here on the empty positions are the minority: their tightest cluster is filled next.
energy = sum(energy_of(int(i)) for i in np.flatnonzero(~ones))
for rank in range(N // 2, N):
    place = tightest(energy, ~ones)
    ones[place] = True
    energy = energy - energy_of(place)
    ranks[place] = rank

assert sorted(ranks) == list(range(N))
ranks.astype("<u2").tofile(sys.argv[1])
