#!/usr/bin/env python3
"""Writes docs/images/sunset-split.webp: left half of examples/sunset.png as it is, right half repaired by unband.

    tools/make_split.py target/release/unband

Contrast is the image's own. Run from the repository root. Needs Pillow with WebP.
"""

import pathlib
import subprocess
import sys
import tempfile

from PIL import Image, ImageDraw

SOURCE = pathlib.Path("examples/sunset.png")
OUT = pathlib.Path("docs/images/sunset-split.webp")
LIMIT = 60_000


def split(before, after):
    """Both halves side by side, with a thin white divider."""
    middle = before.width // 2
    joined = before.copy()
    joined.paste(after.crop((middle, 0, after.width, after.height)), (middle, 0))
    ImageDraw.Draw(joined).line([(middle, 0), (middle, joined.height)], fill=(255, 255, 255), width=2)
    return joined


def main(program):
    with tempfile.TemporaryDirectory() as folder:
        result = pathlib.Path(folder) / "sunset.png"
        subprocess.run([program, SOURCE, "-o", result, "--quiet"], check=True)
        joined = split(Image.open(SOURCE).convert("RGB"), Image.open(result).convert("RGB"))
    # The highest quality within the limit: lossy coding brings steps back, so it must stay high.
    for quality in range(100, 60, -1):
        joined.save(OUT, quality=quality, method=6)
        if OUT.stat().st_size <= LIMIT:
            break
    print(f"{OUT}: quality {quality}, {OUT.stat().st_size} bytes")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "target/release/unband")
