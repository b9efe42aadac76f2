#!/usr/bin/env python3
"""Writes weights/NOTICE.txt: the authors of images that built-in weights learned from, where a licence asks to name them.

    tools/make_notice.py MANIFEST.csv

The manifest lists the images: file, split, source_repo, source_path, author, licence. Images in the public domain and images that are
free to use without a name are not listed.
"""

import csv
import sys

HEAD = """Images that the built-in weights learned from or were chosen with, whose licences require their authors' names.
None of these images is in the program; weights/*.md describe what each network learned from.

The networks learned from images marked `train`. Images marked `val` were used to choose among weights.

The images were downscaled, converted to 16 bits and degraded. Licence texts: https://creativecommons.org/licenses/by/2.0/,
https://creativecommons.org/licenses/by/3.0/, https://creativecommons.org/licenses/by/4.0/,
https://creativecommons.org/licenses/by-sa/2.0/, https://creativecommons.org/licenses/by-sa/4.0/,
https://www.gnu.org/licenses/lgpl-3.0.html, https://www.gnu.org/licenses/old-licenses/gpl-2.0.html

"""


def main():
    with open(sys.argv[1], newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["licence"].startswith(("CC-BY", "LGPL", "GPL"))]
    groups = {}
    for row in rows:
        author = row["author"] or row["source_repo"]
        attribution_only = row["licence"].startswith("CC-BY-") and "-SA-" not in row["licence"]
        # Networks learn from images that ask for a name at most.
        if row["split"] == "val" or (row["split"] == "train" and attribution_only):
            name = f"{row['source_path']} ({row['split']})"
            groups.setdefault((row["licence"], author, row["source_repo"]), []).append(name)
    with open("weights/NOTICE.txt", "w") as out:
        out.write(HEAD)
        for (licence, author, repository), images in sorted(groups.items()):
            out.write(f"{author}, {licence}, https://github.com/{repository}\n")
            for image in sorted(images):
                out.write(f"  {image}\n")
    print(sum(map(len, groups.values())), "images")


main()
