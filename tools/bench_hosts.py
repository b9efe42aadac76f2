"""Frames per second through hosts, in turns with the library and with other plug-ins: a table in Markdown.

Run with a Python that has vapoursynth and numpy, and if possible vapoursynth-vszip and vapoursynth-cambi:

    python tools/bench_hosts.py [--rounds 5] [--seconds 1] [--only F3kdb,Cambi] [--vszip PATH] [--neo PATH]

One frame of 1920 × 1080, 8-bit 4:2:0, again and again, one thread; frames per second of processor time. UNBAND_SIMD=avx2 limits unband to AVX2; a
plug-in of vszip for AVX2 (--vszip) is the fair peer then.
"""

import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import vapoursynth as vs

ROOT = Path(__file__).resolve().parent.parent
WIDTH, HEIGHT = 1920, 1080
C_LOOP = r"""
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unband.h>
static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec + t.tv_nsec * 1e-9; }
int main(int argc, char **argv) {
    int w = 1920, h = 1080; size_t size = (size_t)w * h * 3 / 2;
    unsigned char *bytes = malloc(size), *made = malloc(size);
    FILE *file = fopen(argv[1], "rb");
    if (argc < 5 || fread(bytes, 1, size, file) != size) return 1;
    double seconds = atof(argv[2]), start = 0; int video = argv[4][0] == 'v'; unsigned frames = 0;
    unband_options *options = unband_options_new();
    unband_options_set(options, "threads", "1"); unband_options_set(options, "method", argv[3]);
    unband_format format = UNBAND_FORMAT_INIT;
    format.width = w; format.height = h; format.model = UNBAND_YUV; format.subsampling_x = format.subsampling_y = 2;
    format.matrix = 1; format.lossy = 1;
    unband_session *session; if (unband_session_new(options, &format, &session)) return 2;
    unband_frame in = UNBAND_FRAME_INIT, out = UNBAND_FRAME_INIT;
    for (int p = 0; p < 3; p++) {
        size_t at = p ? (size_t)w * h * (p + 3) / 4 : 0;
        in.planes[p] = bytes + at; out.planes[p] = made + at; in.strides[p] = out.strides[p] = p ? w / 2 : w;
    }
    /* The first frames prepare tables. */
    for (int n = 0; n < 4; n++) if (video ? unband_push(session, &in, n, n == 0) : unband_process(session, &in, &out, 0)) return 3;
    clock_t began = clock();
    for (start = now(); now() - start < seconds; frames++) {
        int status = video ? unband_push(session, &in, 0, 0) : unband_process(session, &in, &out, frames);
        if (video) while (unband_pull(session, &out, NULL) == UNBAND_OK) {}
        if (status) return 4;
    }
    printf("%f\n", frames / ((double)(clock() - began) / CLOCKS_PER_SEC));
    return 0;
}
"""


def picture() -> list[np.ndarray]:
    """Slopes with faint noise, in steps of three codes: bands, texture, chroma."""
    draw = np.random.default_rng(1)
    planes = []
    for p, (h, w) in enumerate([(HEIGHT, WIDTH), (HEIGHT // 2, WIDTH // 2), (HEIGHT // 2, WIDTH // 2)]):
        y, x = np.mgrid[0:h, 0:w]
        level = 60 + 60 * x / w + 30 * y / h + 8 * np.sin(x / 90) + draw.normal(0, 0.3 * (p == 0), (h, w))
        planes.append((np.round(level / 3) * 3).astype(np.uint8))
    return planes


class Bench:
    """Clips, the library's program, and a program in C."""

    def __init__(self, args):
        self.seconds = args.seconds
        self.folder = tempfile.TemporaryDirectory()
        folder = Path(self.folder.name)
        planes = picture()
        self.frame = folder / "frame.yuv"
        self.frame.write_bytes(b"".join(plane.tobytes() for plane in planes))
        core = vs.core
        core.num_threads = 1
        library = ROOT / "target/release/libunband_hosts.so"
        core.std.LoadPlugin(str(library))
        if args.vszip:
            core.std.LoadPlugin(args.vszip)
        if args.neo:
            core.std.LoadPlugin(args.neo)
        blank = core.std.BlankClip(width=WIDTH, height=HEIGHT, format=vs.YUV420P8, length=1)

        def fill(n, f):
            made = f.copy()
            for p, plane in enumerate(planes):
                np.copyto(np.asarray(made[p]), plane)
            made.props["_Matrix"] = 1
            return made

        self.clip = core.std.Loop(core.std.ModifyFrame(blank, blank, fill), 1_000_000)
        build = ["cargo", "bench", "-q", "-p", "unband", "--bench", "frames", "--no-run", "--message-format=json"]
        lines = subprocess.run(build, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
        found = [json.loads(line) for line in lines if '"executable"' in line]
        self.program = next(a["executable"] for a in found if a["target"]["name"] == "frames" and a["executable"])
        (folder / "loop.c").write_text(C_LOOP)
        (folder / "libunband.so").symlink_to(library)
        header = ROOT / "crates/unband-hosts/include"
        link = ["-L" + str(folder), "-lunband", f"-Wl,-rpath,{folder}"]
        subprocess.run(["cc", "-O2", f"-I{header}", str(folder / "loop.c"), *link, "-o", str(folder / "loop")], check=True)
        self.loop = folder / "loop"

    def library(self, work: str) -> float:
        command = [self.program, str(self.frame), str(WIDTH), str(HEIGHT), str(self.seconds), work]
        return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1])

    def c(self, method: str, kind: str) -> float:
        command = [str(self.loop), str(self.frame), str(self.seconds), method, kind]
        return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    def host(self, make) -> float:
        frames, clip = 0, make(self.clip)
        for _ in zip(range(4), clip.frames(prefetch=1, backlog=1)):
            pass
        start, began = time.perf_counter(), time.process_time()
        for frame in clip.frames(prefetch=1, backlog=1):
            frame.close()
            frames += 1
            if time.perf_counter() - start > self.seconds:
                break
        return frames / (time.process_time() - began)


def deep(clip):
    return clip.resize.Point(format=vs.YUV420P10)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--only", default="")
    parser.add_argument("--vszip")
    parser.add_argument("--neo")
    args = parser.parse_args()
    bench = Bench(args)
    core = vs.core
    same = {"range": 15, "thr": [1.0] * 3, "grain": [1.0] * 2}
    # Function: the library's work, C's kind of call, VapourSynth, a peer and its name.
    rows = {
        "F3kdb": ("f3kdb", "f", lambda c: c.unband.F3kdb(), "vszip.Deband", lambda c: c.vszip.Deband(**same)),
        "F3kdb, dither_algo=1": ("f3kdb:dither_algo=1", "f", lambda c: c.unband.F3kdb(dither_algo=1), "vszip.Deband", lambda c: c.vszip.Deband(**same)),
        "F3kdb, sample_mode=4, dither_algo=1": ("f3kdb:sample_mode=4,dither_algo=1", "f", lambda c: c.unband.F3kdb(sample_mode=4, dither_algo=1), "vszip.Deband", lambda c: c.vszip.Deband(**same, sample_mode=4)),
        "F3kdb, neo": ("f3kdb", "f", lambda c: c.unband.F3kdb(), "neo_f3kdb.Deband", lambda c: c.neo_f3kdb.Deband()),
        "Gradfun": ("gradfun", "f", lambda c: c.unband.Gradfun(), None, None),
        "FFmpegDeband": ("ffmpeg-deband", "f", lambda c: c.unband.FFmpegDeband(), None, None),
        "Placebo": ("libplacebo", "f", lambda c: c.unband.Placebo(), None, None),
        "Deband, smooth": ("smooth", "v", lambda c: c.unband.Deband("smooth"), None, None),
        "Deband, smooth, temporal off": ("smooth@off", None, lambda c: c.unband.Deband("smooth", temporal="off"), None, None),
        "FCDR": ("fcdr", "f", lambda c: c.unband.FCDR(), None, None),
        "AdaDeband": ("adadeband", "f", lambda c: c.unband.AdaDeband(), None, None),
        "Cambi": ("cambi", None, lambda c: c.unband.Cambi(), "cambi.Cambi, 10 bits", lambda c: deep(c).cambi.Cambi()),
        "BBand": ("bband", None, lambda c: c.unband.BBand(), None, None),
    }  # fmt: skip
    only = [part for part in args.only.split(";") if part]
    print(f"UNBAND_SIMD={os.environ.get('UNBAND_SIMD', 'best')}, {args.rounds} rounds of {args.seconds} s\n")
    print("| function | library | VapourSynth | of library | C | of library | peer | fps | times |")
    print("|---|---:|---:|---:|---:|---:|---|---:|---:|")
    for name, (work, kind, make, peer, other) in rows.items():
        if only and name not in only:
            continue
        space = peer.split(".")[0] if peer else ""
        runs = {"library": lambda: bench.library(work), "host": lambda: bench.host(make)}
        if kind:
            runs["c"] = lambda: bench.c(work, kind)
        if peer and hasattr(core, space):
            runs["peer"] = lambda: bench.host(other)
        values = {run: [] for run in runs}
        for _ in range(args.rounds):
            for run, measure in runs.items():
                values[run].append(measure())
        ratio = lambda a, b: statistics.median(x / y for x, y in zip(values[a], values[b]))  # noqa: E731
        fps = {run: statistics.median(found) for run, found in values.items()}
        c = f"{fps['c']:.1f} | {ratio('c', 'library'):.2f}" if "c" in fps else "– | –"
        beside = f"{peer} | {fps['peer']:.1f} | {ratio('host', 'peer'):.2f}" if "peer" in fps else "– | – | –"
        print(f"| {name} | {fps['library']:.1f} | {fps['host']:.1f} | {ratio('host', 'library'):.2f} | {c} | {beside} |", flush=True)


if __name__ == "__main__":
    main()
