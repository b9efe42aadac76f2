#!/usr/bin/env python3
"""Writes a page and a plot of training curves, from the trainer's folders.

    tools/draw_curves.py --add TRAINING NAME        (a finished training to docs/results/curves/NAME, a row for ten steps)
    tools/draw_curves.py docs/results/curves/*      (writes docs/results/training-curves.md and docs/images/training-curves.svg)

The plot has a line per network: PSNR gain over the input on validation images, by step.
"""

import csv
import pathlib
import sys
import tomllib

ROOT = pathlib.Path(__file__).parent.parent
EVERY = 10  # steps of a row
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 360, 50, 130, 16, 34
COLOURS = ("#3366cc", "#dc3912", "#109618", "#ff9900", "#990099", "#0099c6", "#dd4477", "#66aa00", "#994499", "#8b5a2b", "#111111",
           "#bbaa00", "#5588bb", "#bb7788", "#447744", "#777777", "#cc5500", "#3b7a9e", "#aa3377", "#66ccaa")


def add(training, folder):
    """Copies recipe.toml, and curve.csv with the mean loss of EVERY steps."""
    rows = list(csv.DictReader((training / "curve.csv").open()))
    folder.mkdir(exist_ok=True)
    (folder / "recipe.toml").write_text((training / "recipe.toml").read_text())
    with (folder / "curve.csv").open("w", newline="") as file:
        out = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
        out.writeheader()
        for part in (rows[first:first + EVERY] for first in range(0, len(rows), EVERY)):
            tried = next((row for row in part if row["psnr_db"]), part[-1])
            out.writerow({**tried, "step": part[-1]["step"], "loss": f"{sum(float(row['loss']) for row in part) / len(part):.6g}"})


def read(folder):
    """Recipe; step, loss and gain of each validation; mean loss of the first and the last tenth of the steps."""
    recipe = tomllib.loads((folder / "recipe.toml").read_text())
    rows = [row for row in csv.DictReader((folder / "curve.csv").open())]
    losses = [float(row["loss"]) for row in rows]
    tried = [row for row in rows if row["psnr_db"]]
    points = [(int(row["step"]), float(row["psnr_db"]) - float(row["input_psnr_db"])) for row in tried]
    tenth = max(1, len(losses) // 10)
    ends = sum(losses[:tenth]) / tenth, sum(losses[-tenth:]) / tenth
    return {"name": folder.name, "recipe": recipe, "points": points, "ends": ends, "steps": int(rows[-1]["step"])}


def table(runs):
    lines = ["| network | steps | patches | loss, first tenth | loss, last tenth | best gain, dB | last gain, dB |",
             "|---|---:|---|---:|---:|---:|---:|"]
    for run in runs:
        recipe, gains = run["recipe"], [gain for _, gain in run["points"]]
        patches = f"{recipe['batch']} of {recipe['patch']}²"
        lines.append(f"| {run['name']} | {run['steps']} | {patches} | {run['ends'][0]:.4f} | {run['ends'][1]:.4f} "
                     f"| {max(gains):+.2f} | {gains[-1]:+.2f} |")
    return "\n".join(lines)


def drawing(runs):
    last = max(step for run in runs for step, _ in run["points"])
    gains = [gain for run in runs for _, gain in run["points"]] + [0.0]
    low, high = max(min(gains), -3.0) - 0.1, max(gains) + 0.1
    across = lambda step: LEFT + step / last * (WIDTH - LEFT - RIGHT)
    down = lambda gain: TOP + (high - max(gain, low)) / (high - low) * (HEIGHT - TOP - BOTTOM)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
             f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>']
    for n in range(5):
        gain = low + (high - low) * n / 4
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{down(gain):.1f}" y2="{down(gain):.1f}" stroke="#dddddd"/>'
                     f'<text x="{LEFT - 6}" y="{down(gain) + 4:.1f}" text-anchor="end">{gain:+.1f}</text>')
    parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{down(0):.1f}" y2="{down(0):.1f}" stroke="#888888"/>')
    for n in range(5):
        step = last * n // 4
        parts.append(f'<text x="{across(step):.1f}" y="{HEIGHT - 14}" text-anchor="middle">{step}</text>')
    for i, run in enumerate(runs):
        colour = COLOURS[i % len(COLOURS)]
        line = " ".join(f"{across(step):.1f},{down(gain):.1f}" for step, gain in run["points"])
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>'
                     f'<text x="{WIDTH - RIGHT + 10}" y="{TOP + 14 + 18 * i}" fill="{colour}">{run["name"]}</text>')
    return "\n".join([*parts, "</svg>\n"])


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    if sys.argv[1] == "--add":
        return add(pathlib.Path(sys.argv[2]), ROOT / "docs/results/curves" / sys.argv[3])
    runs = [read(pathlib.Path(folder)) for folder in sys.argv[1:]]
    (ROOT / "docs/images/training-curves.svg").write_text(drawing(runs))
    (ROOT / "docs/results/training-curves.md").write_text(f"""# How networks learn on a small machine

Made by `tools/draw_curves.py` from trainings by `unband train recipes/NAME.toml --small`, those of sr-lite and of unband-lite-* without
`--small`: clean photos with red, green and blue on 4 or 5 bits, validated on other photos. Gain: decibels over the input; for upscaling networks,
over cubic interpolation. All windows of all validation photos: [small networks](../../weights/small/README.md).

![gain by step](../images/training-curves.svg)

{table(runs)}

- All but deepdeband-f, unband-lite and sr-lite are narrow variants of 2026-11-26, from the start that [recipes/small.toml](../../recipes/small.toml) says.
  With the rules of their authors none gained anything in as many steps: earlier trainings of the published widths ended at -0.64 dB (adnet),
  -2.08 (bdinn), -0.26 (ggdbn), -1.96 (indi), +0.15 (bitnet), +0.27 (brdnet).
- Three changes made the difference. Windows of all kinds instead of banded ones alone: adnet stood at +0.5 dB after 400 steps with banded
  windows, at +1.5 dB after 300 with all. Channels in opposite pairs, which carry differences through rectifiers: without them adnet
  gained nothing. Shuffled colours: without them, ggdbn and indi moved saturated colours by several codes.
- indi: its full size passes one convolution and a layer of single samples. Rate 2e-3; spectra alone leave colours free, so the L1 of samples
  was added, as for bdinn.
- indi-48: three times the channels (`indi:channels=48,factor=48`), the same recipe, stopped after 1,622 of 3,000 steps:
  400 steps had gained 0.02 dB. Asked was +1 dB.
- bsrnet-x4, bsrgan-x4: RRDBNet with 16 channels and 4 blocks, on BSRGAN's degradations. bsrnet-x4 starts as the repetition of samples; from
  orthogonal kernels it had gained 0.10 dB in 2,000 steps. bsrgan-x4 continues from it against a discriminator, without the perceptual term
  (`weight = 0`), because VGG-19 cannot be shipped, and with a tenth of the adversarial one: with all of it, NIQE rose from 10.9 to 12.6.
- deepdeband-f: 500 steps of 3 seconds, published width. It has no path from its input to its output, and ends in a tanh. Loss (adversarial term
  included) 39.7 in the first 50 steps, 9.7 in the last 50; validation 12.5 dB at step 50, 23.6 dB at the end, where the input has 37.
  The narrow variant stood at 18.1 dB after 260 steps of two patches, at 23.6 dB after 400 and 580.
- deepdeband-f-residual: with a path from the input to the output (`deepdeband-f:small,residual=true`), the recipe's losses. It starts at the input,
  where the other variants are 14 dB below, and was 0.02 dB below it after 600 steps; stopped after 777 of 2,000.
- ggdbn-codecs: the same network on JPEG, x264, x265 and AV1 as pixels (input 36.97 dB). Better than `smooth` by 0.2 dB in five of
  nine codings, and [not built in](../../weights/wip/ggdbn-codecs/README.md).
- unband-lite: on top of the smooth surface, which is worth 3 dB here; windows of all validation names (input 38.24 dB).
- unband-lite-scenes: the recipe of the shipped weights with 271 computed scenes more, of 2026-11-28, stopped after 6,000 of 16,000 steps:
  below the shipped weights' curve throughout ([card](../../weights/unband-lite.md)). Input 39.38 dB.
- unband-lite-mixed: 7,000 of 8,000 steps from the shipped weights, which stand at +2.44 dB there, with fewer textured scenes and a rate
  that falls from 5e-4. By the program +0.02 dB (-0.03 to +0.06).
- sr-lite: unband-sr-lite of full width, 2026-11-28, in two stages (a, b) from the earlier weights of the program, on small images of
  all kinds. Stage a of x2 has half of the pairs by BSRGAN's model and a constant rate, that of x4 two thirds; stages b have a third. Loss: the
  logarithm of each patch's squared difference. Validation: `small-images-x2` (input 33.18 dB) and `small-images` (30.50). The
  program has x2-b of step 5,000 and x4-b of step 3,000, its best: [card](../../weights/unband-sr-lite.md).
- The page is drawn from the records in [curves](curves).
""")


if __name__ == "__main__":
    main()
