#!/usr/bin/env python3
"""Tables of docs/measures-for-*.md: typical values of the metrics for images with a known history.

    scripts/bench compare --photos every:1 --cause 8-bit,jpeg-90,rgb-6,luma-6,tone-curve,palette-64,jpeg-35,x264-34,av1-34
    tools/measure_ranges.py FOLDER [--program target/release/unband]

FOLDER is the output folder of the first command: clean/CAUSE and banded/CAUSE. Each table entry is the median, and the
range of the middle half of the photos in brackets. Needs only Python's standard library.
"""

import argparse
import csv
import pathlib
import statistics
import subprocess
import tempfile

COLUMNS = {
    "cambi": 2, "cambi-coarse": 2, "bband": 2,
    "psnr": 1, "psnr-y": 1, "ssim-gauss11-rgb": 3, "ms-ssim": 3, "ssimulacra2": 0, "ciede2000": 2,
    "flat-psnr": 1, "false-steps": 0, "contour-jump": 2, "texture-change": 2,
}


def measured(program, folder, cause, method):
    """The lines of one comparison: the output of `unband compare` for all photos of a degradation."""
    with tempfile.TemporaryDirectory() as scratch:
        table = pathlib.Path(scratch) / "table.csv"
        words = [program, "compare", f"clean/{cause}", f"banded/{cause}", "--method", method]
        subprocess.run([*words, "--metrics", ",".join(COLUMNS), "--csv", table], cwd=folder, check=True,
                       stdout=subprocess.DEVNULL)
        with open(table, newline="") as file:
            return list(csv.DictReader(file))


def cell(lines, name):
    """Median and interquartile range."""
    values = [float(line[name]) for line in lines if line[name] not in ("", "inf")]
    if len(values) < 4:
        return "–"
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    digits = COLUMNS[name]
    return f"{middle:.{digits}f} ({low:.{digits}f}–{high:.{digits}f})"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--program", default="target/release/unband")
    parser.add_argument("--method", default="smooth")
    args = parser.parse_args()
    program = str(pathlib.Path(args.program).resolve())
    rows, fixed, seen = [], [], 0
    for cause in sorted(path.name for path in (args.folder / "banded").iterdir()):
        lines = measured(program, args.folder, cause, args.method)
        of = {role: [line for line in lines if line["role"] == role] for role in ("reference", "input", args.method)}
        seen = len(of["input"])
        if cause == "8-bit":
            rows.insert(0, ("original, 16 bits", of["reference"]))
        rows.append((cause, of["input"]))
        fixed.append((f"{cause}, repaired", of[args.method]))
    print(f"{seen} photos\n")
    print("| pictures |", " | ".join(COLUMNS), "|")
    print("|---|" + "---:|" * len(COLUMNS))
    for name, lines in rows + fixed:
        print(f"| {name} |", " | ".join(cell(lines, column) for column in COLUMNS), "|")


main()
