#!/usr/bin/env python3
"""Writes docs/results/default.md from what `unband eval recipes/tables/unband.toml --data PHOTOS --out RESULT` measured.

    tools/default_page.py RESULT/table.csv
"""

import csv
import pathlib
import sys

OUT = pathlib.Path(__file__).parent.parent / "docs/results/default.md"
INPUT = "(input)"


def rows_of(path):
    """By cause and method, in the order of the file."""
    table = {}
    for row in csv.DictReader(open(path)):
        table.setdefault(row["cause"], {})[row["method"]] = row
    return table


def number(row, measure, digits, sign=False, less=0.0):
    text = row.get(measure, "") if row else ""
    return f"{float(text) - less:{'+' if sign else ''}.{digits}f}".replace("-", "−") if text else "–"


def page(table, title, text, cell):
    methods = [m for m in next(iter(table.values())) if m != INPUT]
    lines = [f"## {title}", "", text, "", "| cause | input | " + " | ".join(methods) + " |", "|---|" + "---:|" * (len(methods) + 1)]
    for cause, rows in table.items():
        cells = [cell(rows, rows[INPUT])] + [cell(rows, rows.get(m)) for m in methods]
        lines.append(f"| {'**all**' if cause == 'all' else cause} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def gain(rows, row):
    """The input's value; what others have over it, and half of the width of the 95 % interval of their mean."""
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
    table = rows_of(sys.argv[1])
    pictures = next(iter(table.values()))[INPUT]["psnr pictures"]
    seconds = {m: r["seconds"] for m, r in table["all"].items() if r.get("seconds")}
    parts = [
        "# The default, cause by cause\n\nMade by `unband eval recipes/tables/unband.toml` and `tools/default_page.py`: "
        f"35 clean 16-bit photos that nothing was trained on, of each the 512×512 window with the most smooth area, harmed on the way; "
        f"{pictures} pairs in all.\n\n- When nothing is asked for, [`unband-lite`](../unband-lite.md) runs where a grid is found, else `smooth`. "
        "With 16 bits per sample, and with 8, dithered. Other programs' filters with their own "
        "defaults, at 8 bits; AdaDeband on 4:2:0 made of the picture.\n- Causes: `crates/unband-data/src/degrade/causes.rs`; `fhd-*` are made as "
        "the full-HD set is, frames of an 8-bit film on both sides.\n"
        "- Seconds a window, finding out about it included: " + ", ".join(f"{m} {float(s):.3f}" for m, s in seconds.items()) + ".\n",
        page(table, "PSNR", "dB; methods: gain over the input, and half of the 95 % interval of the mean PSNR over photos, which "
             "differ more from each other than methods do.", gain),
        page(table, "PSNR of luma in smooth areas", "dB; methods: gain over the input.", flat),
        page(table, "False steps", "Per 1,000 samples of smooth areas.", lambda _, row: number(row, "false-steps", 1)),
    ]
    OUT.write_text("\n".join(parts))


if __name__ == "__main__":
    main()
