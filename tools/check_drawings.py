#!/usr/bin/env python3
"""Counts how many images the default changes: a row for each kind, and all together.

    tools/check_drawings.py UNBAND FOLDER [ENDS]

UNBAND is the program, FOLDER holds PNG files called KIND-NUMBER.png (tools/make_drawings.py, tools/collect_drawings.py).
ENDS keeps the files whose name ends in one of these characters. Changed means that any sample differs. Needs Pillow."""

import collections
import json
import pathlib
import subprocess
import sys
import tempfile

from PIL import Image


def samples(path):
    image = Image.open(path)
    return image.convert('L' if image.mode in ('1', 'L') else 'RGBA').tobytes()


def main():
    program, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    ends = sys.argv[3] if len(sys.argv) > 3 else None
    files = sorted(f for f in folder.glob('*.png') if not ends or f.stem[-1] in ends)
    counts = collections.defaultdict(lambda: [0, 0, 0])
    with tempfile.TemporaryDirectory() as out:
        run = subprocess.run([program, *map(str, files), '-o', out, '--json', '--quiet'], stdout=subprocess.PIPE, text=True)
        for line in run.stdout.splitlines():
            record = json.loads(line)
            path = pathlib.Path(record['input'])
            row = counts[path.stem.rsplit('-', 1)[0]]
            changed = record['status'] == 'written' and samples(path) != samples(record['output'])
            for i, value in enumerate((1, changed, record.get('reason') == 'drawn')):
                row[i] += value
    counts = dict(sorted(counts.items()))
    counts['**all**'] = [sum(row[i] for row in counts.values()) for i in range(3)]
    print('| kind | images | changed | left because they are drawn |\n|---|---:|---:|---:|')
    for kind, row in counts.items():
        print(f'| {kind} | {row[0]} | {row[1]} | {row[2]} |')


if __name__ == '__main__':
    main()
