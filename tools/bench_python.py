#!/usr/bin/env python3
"""Times the Python package: import, calls over the library's own time, memory, degradations.

    tools/bench_python.py [examples/sunset.png]

Needs the installed package. The library's time is that of its report; conversions of arrays are part of the call. The best of
five is shown, as other work on the machine only adds time.
"""

import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np

import unband


def best(call, times=5):
    """Least seconds of a call."""
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def over(image, times, **options):
    """Least time of a call, and of the library in calls that report it, in seconds; in turns."""
    calls, inside = [], []
    for _ in range(times):
        start = time.perf_counter()
        unband.deband(image, **options)
        calls.append(time.perf_counter() - start)
        inside.append(unband.deband(image, report=True, **options)[1].seconds)
    return min(calls), min(inside), min(calls) - min(inside)


def banded(height, width):
    """A gradient of 6 bits."""
    y, x = np.mgrid[0:height, 0:width]
    ramp = np.stack([0.2 + 0.6 * x / width, 0.3 + 0.5 * y / height, 0.5 + 0.2 * (x + y) / (width + height)], axis=-1)
    return (np.round(ramp * 63) * 255 // 63).astype(np.uint8)


def peak(command):
    """Greatest memory of a process, in MiB."""
    before = "import resource,subprocess,sys;subprocess.run(sys.argv[1:],check=True,stdout=subprocess.DEVNULL,stderr=subprocess.DEVNULL);"
    script = before + "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    done = subprocess.run([sys.executable, "-c", script, *command], check=True, capture_output=True, text=True)
    return int(done.stdout) / 1024


def main():
    alone = lambda code: best(lambda: subprocess.run([sys.executable, "-c", code], check=True), 10)
    print(f"import unband: {1000 * (alone('import unband') - alone('pass')):.1f} ms; numpy: {1000 * (alone('import numpy') - alone('pass')):.1f} ms")
    for side in [(64, 64), (1080, 1920)]:
        for method in ("auto", "smooth", "gradfun"):
            for planar in (False, True):
                image = banded(*side)
                image = np.ascontiguousarray(np.moveaxis(image, -1, 0)) if planar else image
                options = {"method": method, "channel_axis": 0 if planar else None}
                call, inside, more = over(image, 200 if side[0] == 64 else 5, **options)
                kind = "planar" if planar else "interleaved"
                print(f"{side[1]}×{side[0]} {method} {kind}: call {1000 * call:.3f} ms, library {1000 * inside:.3f} ms, over it {1e6 * more:.0f} µs ({100 * more / inside:.1f} %)")
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "large.png")
        source = unband.dither(banded(2160, 3840), 8)
        np.save(pathlib.Path(folder, "large.npy"), source)
        from_array = peak([sys.executable, "-c", f"import numpy,unband;unband.deband(numpy.load({str(folder)!r}+'/large.npy'))"])
        ppm = pathlib.Path(folder, "large.ppm")
        ppm.write_bytes(b"P6 3840 2160 255\n" + source.tobytes())
        program = peak([sys.executable, "-m", "unband", str(ppm), "-o", str(file)])
        print(f"4K uint8: peak of the array call {from_array:.0f} MiB, of the program {program:.0f} MiB, ratio {from_array / program:.2f}")


if __name__ == "__main__":
    main()
