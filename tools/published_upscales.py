"""Writes docs/results/published-upscales.md: NIQE of the images published by the authors of BSRGAN.

    python3 tools/published_upscales.py BSRGAN/testsets --program target/release/unband > docs/results/published-upscales.md

BSRGAN/testsets is a folder of a clone of github.com/cszn/BSRGAN. Needs Pillow, for the values without a border.
"""

import argparse
import json
import subprocess
import tempfile
from pathlib import Path

from PIL import Image

# Folders, and the suffixes of their image names.
METHODS = {"RealSRSet": "", "ESRGAN": "_ESRGAN", "RealSR_JPEG": "_RealSR_JPEG", "BSRGAN": "_BSRGAN"}
SHAVED = 4
# NIQE, NRQM and PI under the images of the repository's figs/comparison.png.
PUBLISHED = {
    "building": {"ESRGAN": (4.47, 3.15, 5.65), "RealSR_JPEG": (3.89, 4.39, 4.75), "BSRGAN": (4.52, 5.79, 4.36)},
    "chip": {"ESRGAN": (5.85, 4.66, 5.59), "RealSR_JPEG": (6.95, 4.32, 6.31), "BSRGAN": (5.07, 7.44, 3.82)},
    "oldphoto2": {"ESRGAN": (7.10, 3.92, 6.59), "RealSR_JPEG": (4.45, 7.14, 3.65), "BSRGAN": (5.83, 5.99, 4.92)},
}

HEAD = """# NIQE of published upscales

Made by `tools/published_upscales.py` with `unband score --metrics niqe` from the images in `testsets/` of
github.com/cszn/BSRGAN (commit 5ce1a9c): the 20 inputs of RealSRSet and the results of ESRGAN, RealSR (JPEG) and BSRGAN at ×4.
They are measured only; nothing was chosen or trained by them. Lower is meant to be better. It is not a ranking of
the methods: the authors of BSRGAN say of NIQE, NRQM and PI that they do not always agree with human perception, and these values
show it (noise left by a method is rated as natural).

- Inputs with a side below 192 samples have one block of 96×96, which gives no NIQE value (–).
- *missing*: the image is missing from the available copy of the repository. Means are over the {common} images that all
  three results have.
- NRQM and PI need the authors' model, which was not available: `unband models import model.mat`, then
  `unband score FOLDER --metrics niqe,nrqm,pi` gives all three and their means.
"""

COMPARED = """
## Compared with the authors' figure

`figs/comparison.png` of the repository prints NIQE/NRQM/PI under three of the images (their names are read off the figure).
NIQE of the whole picture has the digits of {same} of the {count} printed values when it is cut after two decimals, so no border was
taken off and nothing rounded; without 4 samples on each side, as the program of the PIRM challenge has it (*shaved*), it is
another value. PI there is half of (10 − NRQM) + NIQE of these same values, as in unband's `pi`.

| picture | method | NIQE published | here | difference | here, shaved | NRQM published | PI published |
|---|---|---:|---:|---:|---:|---:|---:|
"""


def scores(program, folder):
    """NIQE by file name of the images in a folder; None if there is no value."""
    command = [program, "score", str(folder), "--metrics", "niqe", "--json"]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return {Path(one["file"]).stem: one["values"]["niqe"] for one in json.loads(out)["files"]}


def shaved(program, folder):
    """The same without a border."""
    with tempfile.TemporaryDirectory() as small:
        for path in folder.glob("*.png"):
            picture = Image.open(path)
            width, height = picture.size
            picture.crop((SHAVED, SHAVED, width - SHAVED, height - SHAVED)).save(Path(small) / path.name)
        return scores(program, small)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("testsets", type=Path)
    parser.add_argument("--program", default="unband")
    args = parser.parse_args()
    niqe, inner = {}, {}
    for method in METHODS:
        niqe[method] = scores(args.program, args.testsets / method)
        if method != "RealSRSet":
            inner[method] = shaved(args.program, args.testsets / method)
    names = sorted(niqe["RealSRSet"])
    results = [method for method in METHODS if method != "RealSRSet"]
    of = lambda table, name, method: table[method].get(name + METHODS[method], "missing")
    common = [name for name in names if all(isinstance(of(niqe, name, m), float) for m in results)]
    text = lambda value: value if isinstance(value, str) else "–" if value is None else f"{value:.2f}"
    print(HEAD.format(common=len(common)))
    titles = ["input", "ESRGAN", "RealSR-JPEG", "BSRGAN"]
    print("| picture | " + " | ".join(titles) + " |\n|---|" + "---:|" * len(titles))
    for name in names:
        print(f"| {name} | " + " | ".join(text(of(niqe, name, method)) for method in METHODS) + " |")
    for label, table in [("mean", niqe), ("mean, shaved", inner)]:
        means = [sum(of(table, name, m) for name in common) / len(common) for m in results]
        print(f"| **{label}** | | " + " | ".join(f"{mean:.3f}" for mean in means) + " |")
    rows, same = [], 0
    for name, methods in PUBLISHED.items():
        for method, (published, nrqm, pi) in methods.items():
            here, inside = of(niqe, name, method), of(inner, name, method)
            same += int(here * 100) == round(published * 100)
            cells = [name, titles[list(METHODS).index(method)], f"{published:.2f}", f"{here:.3f}"]
            cells += [f"{here - published:+.3f}", f"{inside:.3f}", f"{nrqm:.2f}", f"{pi:.2f}"]
            rows.append("| " + " | ".join(cells) + " |")
    print(COMPARED.format(same=same, count=len(rows)), end="")
    print("\n".join(rows))


main()
