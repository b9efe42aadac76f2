"""The plug-in in VapourSynth, the program beside it, and clips of arrays.

UNBAND_PLUGIN names the library, UNBAND_PROGRAM the program; FFmpeg reads images and videos.
"""

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

import vapoursynth as vs

ROOT = Path(__file__).resolve().parents[3]
PLUGIN = os.environ.get("UNBAND_PLUGIN", str(ROOT / "target/release/libunband_hosts.so"))
PROGRAM = os.environ.get("UNBAND_PROGRAM", str(ROOT / "target/release/unband"))
EXAMPLES = ROOT / "examples"

core = vs.core
if not hasattr(core, "unband"):
    core.std.LoadPlugin(PLUGIN)


def sizes(form: vs.VideoFormat, width: int, height: int) -> list[tuple[int, int]]:
    """Rows and columns of the planes."""
    chroma = (-(-height >> form.subsampling_h), -(-width >> form.subsampling_w))
    return [(height, width)] + [chroma if form.color_family == vs.YUV else (height, width)] * (
        form.num_planes - 1
    )


def dtype(form: vs.VideoFormat):
    if form.sample_type == vs.FLOAT:
        return np.float32
    return np.uint8 if form.bits_per_sample == 8 else np.uint16


def clip_of(frames, form, properties=None):
    """A clip of frames, each a list of planes; every frame has the properties."""
    height, width = frames[0][0].shape
    blank = core.std.BlankClip(width=width, height=height, format=form, length=len(frames), keep=True)

    def fill(n, f):
        made = f.copy()
        for p, plane in enumerate(frames[n]):
            np.copyto(np.asarray(made[p]), plane)
        made.props.update(properties or {})
        return made

    return blank.std.ModifyFrame(blank, fill)


def planes(frame) -> list[np.ndarray]:
    return [np.array(frame[p]) for p in range(frame.format.num_planes)]


def same(got, want) -> bool:
    """Are all planes equal?"""
    return len(got) == len(want) and all(map(np.array_equal, got, want))


def decoded(path, pixels: str, form: vs.VideoFormat, width: int, height: int) -> list[list[np.ndarray]]:
    """The frames of a file, planes in VapourSynth's order."""
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-f", "rawvideo", "-pix_fmt", pixels, "-"]
    raw = np.frombuffer(subprocess.run(command, check=True, capture_output=True).stdout, dtype(form))
    shapes = sizes(form, width, height)
    ends = np.cumsum([rows * columns for rows, columns in shapes])
    frames = raw.reshape(-1, ends[-1])
    parts = [np.split(frame, ends[:-1]) for frame in frames]
    made = [[part.reshape(shape) for part, shape in zip(frame, shapes, strict=True)] for frame in parts]
    # FFmpeg stores green, blue, red.
    return [[g[2], g[0], g[1]] for g in made] if pixels.startswith("gbr") else made


def run_program(*arguments) -> None:
    subprocess.run([PROGRAM, *map(str, arguments)], check=True, capture_output=True)


def size_of(path) -> tuple[int, int]:
    """Width and height."""
    show = ["ffprobe", "-v", "error", "-show_entries", "stream=width,height", "-of", "csv=p=0", str(path)]
    width, height = subprocess.run(show, check=True, capture_output=True, text=True).stdout.split(",")[:2]
    return int(width), int(height)


@pytest.fixture(scope="session", params=["sunset.png", "dusk.jpg"])
def example(request, tmp_path_factory):
    """A PNG file of an example, and its planes."""
    path = EXAMPLES / request.param
    if path.suffix == ".jpg":
        # A host sees samples only.
        png = tmp_path_factory.mktemp("example") / "image.png"
        subprocess.run(["ffmpeg", "-v", "error", "-i", str(path), "-pix_fmt", "rgb24", str(png)], check=True)
        path = png
    return path, decoded(path, "gbrp", core.get_video_format(vs.RGB24), *size_of(path))[0]


@pytest.fixture(scope="session")
def video(tmp_path_factory):
    """A lossless video of one shot with steps of four codes, and its frames."""
    path = tmp_path_factory.mktemp("video") / "pan.mkv"
    steps = "geq=lum='floor(lum(X,Y)/4)*4':cb='floor(cb(X,Y)/4)*4':cr='floor(cr(X,Y)/4)*4'"
    pan = f"crop=320:240:n*3:100+n,format=yuv420p,{steps}"
    make = ["ffmpeg", "-v", "error", "-loop", "1", "-i", str(EXAMPLES / "sunset.png"), "-vf", pan]
    subprocess.run([*make, "-frames:v", "30", "-c:v", "ffv1", str(path)], check=True)
    return path, decoded(path, "yuv420p", core.get_video_format(vs.YUV420P8), 320, 240)
