#!/usr/bin/env python3
"""Names, paths, streams and videos of the program for Windows, compared with this system's; run by scripts/test-windows.

    tools/check_windows.py WINDOWS-PROGRAM PROGRAM FOLDER

WINDOWS-PROGRAM starts unband.exe, and FOLDER is empty. Videos are checked where ffmpeg.exe is on Wine's path.
"""

import json
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
WINDOWS, HERE, FOLDER = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3]).resolve()
SUNSET = ROOT / "examples/sunset.png"
CLIP = ROOT / "golden/film/sky_pan_h264.mkv"
faults = []


def run(*args, program=WINDOWS, cwd=FOLDER, code=0, says="", stdin=None):
    """Runs the program, and notes another exit code, or messages without a text."""
    ran = subprocess.run([program, *map(str, args)], cwd=cwd, capture_output=True, input=stdin, timeout=600)
    text = ran.stderr.decode(errors="replace")
    if ran.returncode != code:
        faults.append(f"{args}: exit code {ran.returncode} instead of {code}: {text}")
    if says not in text:
        faults.append(f"{args}: `{says}` is not in: {text}")
    return ran.stdout


def check(name, holds, shown=""):
    print(f"{'right' if holds else 'WRONG'}: {name}")
    if not holds:
        faults.append(f"{name} {shown}")


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def refused(output, code, says):
    before = files(FOLDER)
    run(SUNSET, "-o", output, code=code, says=says)
    check(f"{output} is refused", files(FOLDER) == before, files(FOLDER))


def names(expected):
    photos = FOLDER / "photos/Straße"
    photos.mkdir(parents=True)
    name = "日没 ü é́ 🌅.png"
    shutil.copy(SUNSET, photos / name)
    run(f"photos\\Straße\\{name}")
    result = photos / f"{name[:-4]}_unband.png"
    check("a Unicode name behind backslashes", result.exists() and result.read_bytes() == expected, files(FOLDER))
    result.unlink(missing_ok=True)
    run("photos", "-r", "-o", "out\\new\\")
    check("a folder to a new folder", files(FOLDER / "out") == [f"new/Straße/{name}"], files(FOLDER))
    run("photos/Straße/*.png", "-o", "out/pattern/")
    check("a pattern", files(FOLDER / "out/pattern") == [name], files(FOLDER))
    run("Z:" + str(photos / name).replace("/", "\\"), "-o", "whole.png")
    check("an absolute path", (FOLDER / "whole.png").read_bytes() == expected)
    long = FOLDER / "/".join(["a folder with a long name " * 3] * 5)
    long.mkdir(parents=True)
    shutil.copy(SUNSET, long / "sky.png")
    run(long / "sky.png")
    check("a path of 400 characters", (long / "sky_unband.png").exists(), files(long))
    # Devices, signs that Windows does not take, and a drive: refused by their name or their missing extension.
    for device in ("con.png", "aux.tar.png", "com1.png", "lpt³.png", "what?.png"):
        refused(device, 1, "Windows")
    for device in ("NUL", "ends."):
        refused(device, 2, "no file extension")
    refused("a:b.png", 2, "a:")
    shutil.copy(SUNSET, FOLDER / "con.png")
    run("con.png", "-o", "from-con.png", code=1)
    check("an input named con.png gives no result", not (FOLDER / "from-con.png").exists())
    (FOLDER / "con.png").unlink()


def streams(expected):
    data = SUNSET.read_bytes()
    check("an image through pipes", run("-", "-o", "-", stdin=data) == expected)
    run("sky.png", code=1, says="sky.png")
    run("--no-such-option", code=2)
    shutil.copy(SUNSET, FOLDER / "sky.png")
    run("sky.png")
    run("sky.png", code=1, says="--overwrite")
    (FOLDER / "sky_unband.png").write_bytes(b"old")
    run("sky.png", "--overwrite")
    check("a result is replaced", (FOLDER / "sky_unband.png").read_bytes() == expected)
    row = json.loads(run("sky.png", "-o", "row.png", "--json"))
    check("paths in JSON", row["output"].replace("\\", "/").endswith("row.png"), row)
    check("no temporary file is left", not [name for name in files(FOLDER) if "tmp" in name], files(FOLDER))


def frames(path):
    """Hashes of all frames of the first video stream, and kinds of all streams."""
    command = ["ffmpeg", "-v", "error", "-i", path, "-map", "0:v:0", "-f", "framemd5", "-"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    probe = ["ffprobe", "-v", "error", "-show_entries", "stream=codec_type", "-of", "csv=p=0", path]
    kinds = subprocess.run(probe, capture_output=True, text=True, check=True).stdout.split()
    return [line.split()[-1] for line in text.splitlines() if not line.startswith("#")], kinds


def videos():
    if not (pathlib.Path(WINDOWS).parent / "bin/ffmpeg.exe").exists():
        print("skipped: videos (no ffmpeg.exe)")
        return
    name = "Küste 海.mkv"
    shutil.copy(CLIP, FOLDER / name)
    run(name, "-o", "lossless.mkv", "--lossless")
    run(name, "-o", "here.mkv", "--lossless", program=HERE)
    there, here = frames(FOLDER / "lossless.mkv"), frames(FOLDER / "here.mkv")
    check("frames and streams of a lossless video", there == here and len(here[0]) > 10, (there, here))
    run(name)
    coded, kinds = frames(FOLDER / "Küste 海_unband.mkv")
    check("a video by the default encoder", len(coded) == len(here[0]) and kinds == here[1], kinds)
    run(name, "-o", "clip.mp4", "--for", "web")
    check("an mp4", len(frames(FOLDER / "clip.mp4")[0]) == len(here[0]))
    run(name, "--preview", "2")
    check("a preview", (FOLDER / "Küste 海_unband_preview.png").exists(), files(FOLDER))
    run(name, "-o", "frames\\%03d.png")
    check("numbered images", len(files(FOLDER / "frames")) == len(here[0]))
    run("frames\\%03d.png", "-o", "again.mkv")
    check("a video of numbered images", len(frames(FOLDER / "again.mkv")[0]) == len(here[0]))
    report = json.loads(run("score", name, "--json"))
    check("a score", report["videos"][0]["frames"] == len(here[0]), report)
    check("no unfinished work is left", not [n for n in files(FOLDER) if "unfinished" in n], files(FOLDER))


run(SUNSET, "-o", "expected.png", program=HERE)
expected = (FOLDER / "expected.png").read_bytes()
names(expected)
streams(expected)
videos()
for fault in faults:
    print(fault, file=sys.stderr)
sys.exit(1 if faults else 0)
