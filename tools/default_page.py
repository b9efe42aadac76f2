#!/usr/bin/env python3
"""Writes docs/results/default.md from results of `unband eval recipes/tables/unband.toml` on test and validation photos.

    unband eval recipes/tables/unband.toml --data PHOTOS/test --out TEST
    unband eval recipes/tables/unband.toml --data PHOTOS/val --out VAL
    tools/default_page.py TEST/table.csv VAL/table.csv
"""

import csv
import pathlib
import sys

OUT = pathlib.Path(__file__).parent.parent / "docs/results/default.md"
INPUT = "(input)"


def rows_of(path):
    """By degradation and method, in the order of the file."""
    table = {}
    for row in csv.DictReader(open(path)):
        table.setdefault(row["cause"], {})[row["method"]] = row
    return table


def number(row, measure, digits, sign=False, less=0.0):
    text = row.get(measure, "") if row else ""
    return f"{float(text) - less:{'+' if sign else ''}.{digits}f}".replace("-", "−") if text else "–"


# Degradations restored by the network have a second figure, from the photos used for its selection.
OURS = ("default", "default, 16 bits")


def page(table, other, title, text, cell):
    methods = [m for m in next(iter(table.values())) if m != INPUT]
    heads = [h for m in methods for h in ([m, f"{m}, val"] if m in OURS else [m])]
    lines = [f"## {title}", "", text, "", "| degradation | input | " + " | ".join(heads) + " |", "|---|" + "---:|" * (len(heads) + 1)]
    for cause, rows in table.items():
        cells = [cell(rows, rows[INPUT])]
        for m in methods:
            cells.append(cell(rows, rows.get(m)))
            if m in OURS:
                cells.append(cell(other[cause], other[cause].get(m)))
        lines.append(f"| {'**all**' if cause == 'all' else cause} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def gain(rows, row):
    """The input's value; the others' gain over it, and half of the width of the 95 % interval of its mean."""
    if row is rows[INPUT]:
        return number(row, "psnr", 2)
    if not row or not row.get("psnr"):
        return "–"
    spread = (float(row["psnr high"]) - float(row["psnr low"])) / 2
    return f"{number(row, 'psnr', 2, True, float(rows[INPUT]['psnr']))} ±{spread:.1f}"


def flat(rows, row):
    before = rows[INPUT].get("flat-psnr")
    if not before:
        return "–"
    return number(row, "flat-psnr", 2) if row is rows[INPUT] else number(row, "flat-psnr", 2, True, float(before))


def main():
    table, other = (rows_of(path) for path in sys.argv[1:3])
    pairs = next(iter(table.values()))[INPUT]["psnr images"]
    photos = int(pairs) // (len(table) - 1)
    seconds = {m: r["seconds"] for m, r in table["all"].items() if r.get("seconds")}
    parts = [
        "# The default method by degradation\n\n"
        f"{photos} clean 16-bit photos of the test set, the 512×512 window of each with the most smooth area, degraded in {len(table) - 1} "
        f"ways; {pairs} pairs.\n\n- **default** is the program's default output: 8 bits, dithered with blue noise, by "
        "[`unband-lite`](../how/network.md) where a grid is found, else by `smooth`. **16 bits**: the same with `--depth 16`.\n"
        "- **val**: the same for 35 other photos, on which weights and limits were chosen. Neither network nor detector was trained on `test`; "
        "some constants of `smooth` were chosen before the split.\n"
        "- Other programs' filters with their own defaults, at 8 bits; AdaDeband on 4:2:0 made from the photo.\n"
        "- Degradations: `crates/unband-data/src/degrade/fixed.rs`; `fhd-*` are made like the full-HD set, frames of an 8-bit video on both sides.\n"
        "- Seconds per window, detection included: " + ", ".join(f"{m} {float(s):.3f}" for m, s in seconds.items()) + ".\n",
        page(table, other, "PSNR", "dB; methods: gain over the input, and half of the 95 % interval of the mean PSNR over photos, which "
             "differ more from each other than methods.", gain),
        page(table, other, "PSNR of luma in smooth areas", "dB; methods: gain over the input.", flat),
        page(table, other, "False steps", "Per 1,000 samples of smooth areas.", lambda _, row: number(row, "false-steps", 1)),
    ]
    OUT.write_text("\n".join(parts))


if __name__ == "__main__":
    main()
