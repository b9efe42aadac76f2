#!/usr/bin/env python3
"""Writes the drawings of the documentation: docs/images/how-*.svg.

    tools/draw_book.py            writes them
    tools/draw_book.py --check    fails if a file differs
"""

import pathlib
import sys

OUT = pathlib.Path(__file__).resolve().parent.parent / "docs/images"
INK, GREY, BLUE, ORANGE, GREEN = "#1f2933", "#7b8794", "#2563ab", "#c2571a", "#2f7d4f"
PAPER = {"plain": "#eef2f6", "blue": "#dbe8f6", "orange": "#fbe6d6", "green": "#dcf0e3"}


class Drawing:
    """Shapes on white paper, so that both themes of a page show them alike."""

    def __init__(self, width, height, says):
        self.size, self.says, self.parts = (width, height), says, []

    def add(self, text):
        self.parts.append(text)

    def text(self, x, y, text, size=13, color=INK, anchor="middle", weight="normal"):
        self.add(f'<text x="{x}" y="{y}" font-size="{size}" fill="{color}" text-anchor="{anchor}" font-weight="{weight}">{text}</text>')

    def box(self, x, y, w, h, lines, paper="plain"):
        self.add(f'<rect x="{x}" y="{y}" width="{w}" height="{h}" rx="6" fill="{PAPER[paper]}" stroke="{GREY}"/>')
        first = y + h / 2 - 8 * (len(lines) - 1) + 4.5
        for i, line in enumerate(lines):
            self.text(x + w / 2, first + 16 * i, line, weight="bold" if i == 0 else "normal", size=13 if i == 0 else 12)

    def line(self, points, color=INK, width=1.5, arrow=False, dash=""):
        path = " ".join(f"{x:g},{y:g}" for x, y in points)
        end = ' marker-end="url(#a)"' if arrow else ""
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        self.add(f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="{width}"{dashes}{end}/>')

    def arrow(self, *points):
        self.line(points, arrow=True)

    def svg(self):
        w, h = self.size
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w} {h}" width="{w}" height="{h}" role="img" '
            f'font-family="system-ui, sans-serif"><title>{self.says}</title>\n'
            '<defs><marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
            f'<path d="M0,0 L8,4 L0,8 z" fill="{INK}"/></marker></defs>\n'
            f'<rect width="{w}" height="{h}" rx="8" fill="#fff"/>\n' + "\n".join(self.parts) + "\n</svg>\n"
        )


def job():
    """The main job, from file to file."""
    d = Drawing(720, 214, "Read, inspect, choose, restore, clamp, dither, write")
    names = [
        (("read", "pixels, metadata"), "plain"),
        (("inspect", "detector: which grid?"), "blue"),
        (("choose", "method and depth"), "plain"),
        (("restore", "smooth, network"), "green"),
    ]
    for i, (lines, paper) in enumerate(names):
        d.box(16 + 178 * i, 24, 154, 52, lines, paper)
        if i:
            d.arrow((170 + 178 * (i - 1), 50), (193 + 178 * (i - 1), 50))
    d.arrow((627, 76), (627, 128))
    for i, (lines, paper) in enumerate(
        [(("clamp", "quantisation intervals"), "orange"), (("dither", "round once"), "plain"), (("write", "metadata kept"), "plain")]
    ):
        x = 550 - 178 * i
        d.box(x, 130, 154, 52, lines, paper)
        if i:
            d.arrow((x + 178, 156), (x + 156, 156))
    d.line([(16 + 178 + 77, 76), (16 + 178 + 77, 104), (600, 104), (600, 128)], GREY, dash="4 3", arrow=True)
    d.text(430, 99, "findings: grid, steps, banded area", 12, GREY)
    d.text(100, 150, "no banding found:", 12, GREY)
    d.text(100, 166, "the file is copied", 12, GREY)
    return d


def interval():
    """A slope, its codes, the intervals and the result."""
    d = Drawing(640, 260, "Codes form a staircase; the result is a smooth slope inside the intervals")
    left, right, base, unit = 60, 600, 220, 46
    slope = lambda x: 0.55 + 3.3 * ((x - left) / (right - left)) ** 1.4
    xs = range(left, right + 1, 4)
    for code in range(5):
        run = [x for x in xs if round(slope(x)) == code]
        if not run:
            continue
        a, b, y = run[0], run[-1] + 4, base - unit * code
        d.add(f'<rect x="{a}" y="{y - unit / 2:g}" width="{min(b, right) - a}" height="{unit}" fill="{PAPER["orange"]}"/>')
        d.line([(a, y), (min(b, right), y)], ORANGE, 3)
        d.text(left - 12, y + 4, str(code), 12, GREY, "end")
    d.line([(x, base - unit * slope(x)) for x in xs], GREEN, 2.5)
    d.line([(left, 20), (left, base + 20), (right, base + 20)], GREY, 1)
    d.text(20, 20, "code", 12, GREY, "start")
    d.text(right, base + 36, "position", 12, GREY, "end")
    for x, color, words in [(90, ORANGE, "stored codes, and the intervals that round to them"), (90, GREEN, "result: the smoothest surface inside them")]:
        y = 36 if color == ORANGE else 56
        d.line([(x, y - 4), (x + 24, y - 4)], color, 3)
        d.text(x + 32, y, words, 12, INK, "start")
    return d


def detector():
    """Samples, evidence, rules, finding."""
    d = Drawing(720, 300, "Evidence is computed on first use; the first rule that applies gives the finding")
    d.box(16, 120, 110, 56, ("samples", "and file facts"))
    parts = ["levels of each channel", "histogram combs", "colours: palette, lattice", "JPEG blocks, tables", "noise of flat windows", "traces of codecs"]
    d.text(245, 22, "evidence, on first use", 12, GREY)
    for i, part in enumerate(parts):
        y = 34 + 42 * i
        d.add(f'<rect x="160" y="{y}" width="170" height="30" rx="5" fill="{PAPER["blue"]}" stroke="{GREY}"/>')
        d.text(245, y + 20, part, 12)
        d.line([(126, 148), (142, 148), (142, y + 15), (160, y + 15)], GREY, 1)
        d.line([(330, y + 15), (350, y + 15)], GREY, 1)
    d.line([(350, 49), (350, 259)], GREY, 1)
    rules = ["levels in a lossless file", "a grid below a fine JPEG", "JPEG with its tables", "…", "samples on their own grid"]
    d.text(462, 22, "rules, in order", 12, GREY)
    for i, rule in enumerate(rules):
        y = 40 + 48 * i
        d.add(f'<rect x="376" y="{y}" width="196" height="32" rx="5" fill="{PAPER["plain"]}" stroke="{GREY}"/>')
        d.text(474, y + 21, rule, 12)
        if i:
            d.arrow((474, y - 16), (474, y - 2))
    d.arrow((350, 148), (374, 148))
    d.text(482, 84, "no", 11, GREY, "start")
    d.arrow((572, 104), (604, 132))
    d.text(584, 100, "yes", 11, GREY, "start")
    d.box(600, 124, 108, 68, ("finding", "degradation,", "grid per plane"), "orange")
    return d


def network():
    """Inputs and outputs of the network."""
    d = Drawing(720, 230, "The image, its grid and the result of smooth go into the network; the sum is clamped to the intervals")
    d.box(16, 20, 150, 46, ("image", "in units of its grid"))
    d.box(16, 88, 150, 46, ("grid", "steps, found planes"), "blue")
    d.box(16, 156, 150, 46, ("smooth", "change of each sample"), "green")
    for y in (43, 111, 179):
        d.line([(166, y), (190, y), (190, 111)], GREY, 1)
    d.arrow((190, 111), (214, 111))
    d.box(216, 76, 150, 70, ("unband-lite", "4×4 squares,", "rows, no GPU"), "orange")
    d.arrow((366, 111), (398, 111))
    d.box(400, 88, 110, 46, ("sum", "with smooth"), "green")
    d.arrow((510, 111), (542, 111))
    d.box(544, 80, 160, 62, ("clamp", "no sample leaves its", "quantisation interval"), "plain")
    d.line([(91, 202), (91, 216), (455, 216), (455, 136)], GREY, 1, arrow=True, dash="4 3")
    return d


def video():
    """Shots, frames, neighbours, segments."""
    d = Drawing(720, 262, "A video is cut into shots; one finding per shot; frames in parallel; means along the motion; segments are joined")
    d.text(16, 30, "frames", 12, GREY, "start")
    for i in range(14):
        first = i < 6
        d.add(f'<rect x="{96 + 43 * i}" y="14" width="36" height="24" rx="3" fill="{PAPER["blue" if first else "green"]}" stroke="{GREY}"/>')
    d.line([(350, 8), (350, 86)], ORANGE, 2, dash="5 3")
    d.text(356, 50, "cut", 12, ORANGE, "start")
    d.text(16, 72, "shots", 12, GREY, "start")
    d.box(96, 56, 246, 26, ("one finding, one method",), "blue")
    d.box(354, 56, 337, 26, ("another finding",), "green")
    d.text(16, 124, "each frame", 12, GREY, "start")
    d.box(96, 100, 160, 44, ("restore", "frames in parallel"))
    d.arrow((256, 122), (284, 122))
    d.box(286, 100, 200, 44, ("mean over time", "neighbours along the motion"))
    d.arrow((486, 122), (514, 122))
    d.box(516, 100, 175, 44, ("clamp, dither", "pattern moves per frame"), "orange")
    d.text(16, 190, "encoder", 12, GREY, "start")
    for i, name in enumerate(["segment 0", "segment 1", "segment 2"]):
        d.box(96 + 130 * i, 172, 116, 28, (name,))
    d.line([(603, 144), (603, 160), (154, 160), (154, 170)], INK, 1.5, arrow=True)
    d.arrow((472, 186), (514, 186))
    d.box(516, 166, 175, 40, ("result", "audio, subtitles copied"), "plain")
    d.text(284, 226, "finished segments survive an interruption; the next run resumes after the last one", 12, GREY)
    d.text(284, 244, "no mean crosses a cut", 12, GREY)
    return d


def degrade():
    """A clean image becomes a pair."""
    d = Drawing(640, 130, "A recipe draws degradations; the result is a pair of a degraded and a clean image")
    d.box(16, 38, 120, 52, ("clean image", "16 bits"), "green")
    d.arrow((136, 64), (168, 64))
    d.box(170, 38, 190, 52, ("recipe", "draws steps and settings"), "blue")
    d.line([(360, 64), (392, 64)])
    d.arrow((392, 64), (392, 36), (424, 36))
    d.arrow((392, 64), (392, 94), (424, 94))
    d.box(426, 14, 198, 44, ("lq", "degraded: input"), "orange")
    d.box(426, 72, 198, 44, ("gt", "clean: result of a perfect repair"), "green")
    return d


def artwork():
    """Bands of a slope are repaired, flat shapes stay."""
    d = Drawing(640, 190, "A banded slope becomes smooth; flat shapes stay as they are")
    for i in range(8):
        shade = f"#{40 + 20 * i:02x}{90 + 16 * i:02x}{150 + 11 * i:02x}"
        d.add(f'<rect x="{16 + 16 * i}" y="34" width="16" height="100" fill="{shade}"/>')
    d.add('<defs><linearGradient id="s"><stop offset="0" stop-color="#285a96"/><stop offset="1" stop-color="#b4caf5"/></linearGradient></defs>')
    d.add('<rect x="182" y="34" width="128" height="100" fill="url(#s)"/>')
    d.arrow((148, 84), (178, 84))
    for x in (340, 506):
        for shape in (
            f'<rect x="{x}" y="34" width="118" height="100" fill="#f4d58d"/>',
            f'<rect x="{x}" y="94" width="118" height="40" fill="#8d99ae"/>',
            f'<circle cx="{x + 78}" cy="68" r="20" fill="#d9534f"/>',
        ):
            d.add(shape)
    d.arrow((462, 84), (502, 84))
    d.text(80, 24, "photo, 3 bits", 12, GREY)
    d.text(246, 24, "repaired", 12, GREY)
    d.text(399, 24, "drawing", 12, GREY)
    d.text(565, 24, "unchanged", 12, GREY)
    d.text(163, 160, "steps all along a slope: lost levels", 12)
    d.text(482, 160, "plateaus with sharp, equal borders: intended", 12)
    return d


def machines():
    """One job on several machines."""
    d = Drawing(640, 190, "The driver sends paths; each machine reads, repairs and writes its files; rows come back")
    d.box(16, 66, 130, 54, ("driver", "list, report, resume"), "blue")
    for i in range(3):
        y = 14 + 56 * i
        d.box(250, y, 150, 44, (f"machine {i + 1}", "unband, all threads"), "green")
        d.arrow((146, 93), (248, y + 22))
        d.arrow((400, y + 22), (498, 93))
    d.text(188, 60, "paths", 12, GREY)
    d.text(456, 52, "files, rows", 12, GREY)
    d.box(500, 66, 124, 54, ("storage", "results, run.jsonl"), "plain")
    return d


def formats():
    """Samples and metadata on their way between two files."""
    d = Drawing(640, 196, "Samples and metadata pass from one format to another; losses are reported")
    d.box(16, 48, 130, 64, ("file", "PNG, JPEG, TIFF, …"), "blue")
    d.box(236, 20, 168, 52, ("samples", "depth, alpha, colour"), "green")
    d.box(236, 88, 168, 52, ("metadata", "ICC, Exif, XMP, texts"), "green")
    d.box(494, 48, 130, 64, ("result", "format and depth"), "blue")
    for y in (46, 114):
        d.arrow((146, 80), (234, y))
        d.arrow((404, y), (492, 80))
    d.line([(320, 140), (320, 156)], GREY, dash="4 3", arrow=True)
    d.text(320, 174, "reported: whatever the result's format cannot hold", 12, GREY)
    d.text(187, 38, "read", 12, GREY)
    d.text(452, 38, "write", 12, GREY)
    return d


def json():
    """Results for scripts, messages for people."""
    d = Drawing(640, 150, "With --json, objects go to standard output, messages to standard error")
    d.box(16, 48, 150, 54, ("unband … --json", "any command"), "blue")
    d.box(274, 12, 186, 52, ("standard output", "objects with a schema"), "green")
    d.box(274, 86, 186, 52, ("standard error", "progress, errors, hints"), "orange")
    d.arrow((166, 75), (272, 38))
    d.arrow((166, 75), (272, 112))
    d.box(524, 12, 100, 52, ("script", "jq, Python"), "plain")
    d.box(524, 86, 100, 52, ("reader",), "plain")
    d.arrow((460, 38), (522, 38))
    d.arrow((460, 112), (522, 112))
    return d


def checkpoints():
    """A published checkpoint and its uses."""
    d = Drawing(640, 176, "A checkpoint is identified by its tensors and becomes a method, a model file or a training's start")
    d.box(16, 60, 140, 56, ("best.pth", "named tensors"), "plain")
    d.box(216, 60, 168, 56, ("identified", "architecture, settings"), "blue")
    d.arrow((156, 88), (214, 88))
    for y, lines in ((12, ("--weights", "images, video")), (64, ("eval", "table of methods")), (116, ("models export", "ONNX"))):
        d.box(456, y, 168, 46, lines, "green")
        d.arrow((384, 88), (454, y + 23))
    d.text(300, 138, "no code in the file is executed", 12, GREY)
    return d


def main():
    check, stale = sys.argv[1:] == ["--check"], []
    for draw in (job, interval, detector, network, video, degrade, artwork, machines, formats, json, checkpoints):
        path, text = OUT / f"how-{draw.__name__}.svg", draw().svg()
        if not check:
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            stale.append(path.name)
    if stale:
        sys.exit(f"stale: {', '.join(stale)}: tools/draw_book.py")


if __name__ == "__main__":
    main()
