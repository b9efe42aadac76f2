#!/usr/bin/env python3
"""Collects drawn images that other people made, from packages unpacked beforehand, with a manifest of sources and licences.

    tools/collect_drawings.py PACKAGES OUT

PACKAGES holds one folder for each Debian package of SETS (`apt-get download NAME; dpkg-deb -x FILE.deb PACKAGES/NAME`), and
for each of npm's (`npm install --prefix PACKAGES/npm flag-icons @twemoji/svg`). OUT gets PNG files and MANIFEST.csv. Which
files are taken follows from their names alone. They were inspected while limits were tuned. Needs Pillow and cairosvg."""

import csv
import hashlib
import io
import pathlib
import sys

import cairosvg
from PIL import Image

# Set, package, pattern, how many, words of which one must be in the name, least side, largest, upscaling, source, licence.
MAPS = 'legend map thematic plot hist choro contour basin slope aspect landuse geology zipcodes soils buffer v_ d_ watershed reclass color'
SETS = [
    ('tango', 'tango-icon-theme', '**/scalable/**/*.svg', 14, '', 0, 0, 1, 'public domain'),
    ('adwaita', 'adwaita-icon-theme', '**/*.png', 14, '', 48, 1600, 1, 'CC-BY-SA 3.0'),
    ('minetest', 'minetest-data', '**/textures/**/*.png', 14, '', 16, 1600, 1, 'CC-BY-SA 3.0'),
    ('minetest-8x', 'minetest-data', '**/textures/**/*.png', 14, '', 16, 32, 8, 'CC-BY-SA 3.0'),
    ('dialog', 'gimp-help-en', '**/*dialog*.png', 14, '', 120, 1600, 1, 'GFDL 1.2'),
    ('screen', 'gnome-user-docs', '**/C/**/*.png', 14, '', 100, 1600, 1, 'CC-BY 3.0'),
    ('grass', 'grass-doc', '**/html/*.png', 28, MAPS, 150, 1600, 1, 'GPL 2+'),
    ('pingus', 'pingus-data', '**/*.png', 14, '', 48, 1600, 1, 'GPL 3+'),
    ('flag', 'npm', '**/flag-icons/flags/4x3/*.svg', 28, '', 0, 0, 1, 'MIT'),
    ('emoji', 'npm', '**/@twemoji/svg/*.svg', 28, '', 0, 0, 1, 'CC-BY 4.0'),
]
# Photos among them.
PHOTOS = ('bird', 'robin', 'zoom')


def digest(text):
    return hashlib.md5(text.encode()).hexdigest()


def taken(path, least, most, factor):
    """The image, or None if its size is not accepted."""
    if path.suffix == '.svg':
        return Image.open(io.BytesIO(cairosvg.svg2png(url=str(path), output_width=320, background_color='white')))
    image = Image.open(path)
    if min(image.size) < least or max(image.size) > most:
        return None
    if factor > 1:
        return image.convert('RGBA').resize((image.width * factor, image.height * factor), Image.NEAREST)
    return image


def main():
    packages, out = map(pathlib.Path, sys.argv[1:3])
    out.mkdir(parents=True, exist_ok=True)
    rows = [('file', 'package', 'name', 'licence')]
    for name, package, pattern, wanted, words, least, most, factor, licence in SETS:
        files = [f for f in (packages / package).glob(pattern) if not any(p in f.name for p in PHOTOS)]
        files = [f for f in files if not words or any(w in f.name for w in words.split())]
        count = 0
        for path in sorted(files, key=lambda f: digest(f.name)):
            image = taken(path, least, most, factor) if count < wanted else None
            if image:
                file = f'{name}-{digest(path.name)[:6]}.png'
                image.save(out / file)
                rows.append((file, package, path.name, licence))
                count += 1
    with open(out / 'MANIFEST.csv', 'w', newline='') as file:
        csv.writer(file).writerows(rows)
    print(f'{len(rows) - 1} images')


if __name__ == '__main__':
    main()
