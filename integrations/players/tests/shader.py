"""Compares the shaders in libplacebo with `smooth` of the program.

Usage: shader.py PROGRAM FOLDER [FFMPEG], with vapoursynth and vs-placebo, on any Vulkan device (lavapipe is enough).
FOLDER has unband-smooth.glsl and its variants; FFMPEG, with its libplacebo filter, runs them on RGB.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import vapoursynth as vs

FORMATS = {"420": vs.YUV420P16, "444": vs.YUV444P16}


def clip(frames, css="420", **tags):
    """A video of 16 bits of 8-bit codes, with frame properties."""
    height, width = frames[0][0].shape
    blank = vs.core.std.BlankClip(width=width, height=height, format=FORMATS[css], length=len(frames))

    def fill(n, f):
        f = f.copy()
        for plane, codes in enumerate(frames[n]):
            np.copyto(np.asarray(f[plane]), np.round(codes * 256).astype(np.uint16))
        return f

    video = vs.core.std.ModifyFrame(blank, blank, fill)
    return vs.core.std.SetFrameProps(video, **tags) if tags else video


def codes(video):
    """Planes of each frame as 8-bit codes."""
    return [[np.asarray(f[plane]) / 256.0 for plane in range(3)] for f in video.frames(close=True)]


def through(shader, frames, css="420", **tags):
    """Planes of each frame after the shader, as 8-bit codes; chroma has the size of luma."""
    return codes(vs.core.placebo.Shader(clip(frames, css, **tags), shader=str(shader)))


def deband(frames, threshold=4, css="420"):
    """Planes of each frame after libplacebo's own deband without grain."""
    return codes(vs.core.placebo.Deband(clip(frames, css), planes=7, grain=0, iterations=1, threshold=threshold, radius=16))


def smooth(program, frame, css="420"):
    """Planes of a frame of 8-bit codes after the program, as 8-bit codes."""
    height, width = frame[0].shape
    with tempfile.TemporaryDirectory() as folder:
        before, after = Path(folder, "in.y4m"), Path(folder, "out.y4m")
        name = "420mpeg2" if css == "420" else css
        head = f"YUV4MPEG2 W{width} H{height} F25:1 Ip A1:1 C{name} XCOLORRANGE=LIMITED\nFRAME\n"
        before.write_bytes(head.encode() + b"".join(plane.astype(np.uint8).tobytes() for plane in frame))
        command = [program, before, "-o", after, "--method", "smooth", "--depth", "16", "--quiet"]
        subprocess.run(command, check=True)
        data = after.read_bytes()
    data = data[data.index(b"FRAME\n") + 6 :]
    planes, at = [], 0
    for plane in frame:
        planes.append(np.frombuffer(data, "<u2", plane.size, at).reshape(plane.shape) / 256.0)
        at += 2 * plane.size
    return planes


def quantised(values, bits):
    """Luma of so many bits, as 8-bit codes."""
    step = 255 / (2**bits - 1)
    return np.round(np.round(values / step) * step)


def scenes(width=640, height=360):
    """Smooth luma with its name."""
    x, y = np.arange(width)[None, :], np.arange(height)[:, None]
    noise = np.random.default_rng(1).normal(0, 0.6, (height, width))
    radius = np.hypot(x - 0.4 * width, y - 0.3 * height)
    return {
        "ramp": 40 + 0.09 * x + 0.03 * y,
        "radial": 120 - 0.15 * radius,
        "noisy": 60 + 0.08 * x + 0.04 * y + noise,
        "dark": 18 + 12 * np.exp(-radius / 150),
    }


def psnr(a, b):
    return 10 * np.log10(255**2 / max(np.mean((a - b) ** 2), 1e-12))


def held(codes):
    """As the host's half floats hold 8-bit codes."""
    return np.float16(codes / 256).astype(float) * 256


def neutral(luma, css="420"):
    height, width = luma.shape
    size = (-(-height // 2), -(-width // 2)) if css == "420" else (height, width)
    return [luma, np.full(size, 128.0), np.full(size, 128.0)]


def equal(program, shaders):
    """Scenes by bits: distances from the program in steps, and the gains of both."""
    print(f"{'scene':8} bits  {'variant':8} mean   largest  gain of the program, of the shader, dB")
    for bits in 6, 7, 8:
        step = 255 / (2**bits - 1)
        for name, truth in scenes().items():
            frame = neutral(quantised(truth, bits))
            want = smooth(program, frame)[0]
            for variant, path in shaders.items():
                if variant == "compat" and bits < 8:
                    continue
                made = through(path, [frame] * 2)[1][0]
                apart = np.abs(made - held(want)) / step
                inside = np.abs(made - frame[0]).max() / step
                gains = [psnr(result, truth) - psnr(frame[0], truth) for result in (want, made)]
                figures = f"{apart.mean():.3f}  {apart.max():.3f}    {gains[0]:+.2f}  {gains[1]:+.2f}"
                print(f"{name:8} {bits}     {variant:8} {figures}")
                # Half a step, of coded video a little more, and the rounding to half floats.
                assert inside <= 0.6, f"{name}, {bits} bits, {variant}: {inside:.3f} steps from the code"
                if variant == "full" and name in ("ramp", "radial"):
                    assert apart.mean() <= 0.03 and apart.max() <= 0.25, (name, bits)
                least = 0.8 if variant == "full" else 0.65
                assert gains[1] >= least * gains[0] - 0.02, (name, bits, variant, gains)


def clean(shaders):
    """Clean 10-bit video stays within a code of 10 bits."""
    for name, truth in scenes().items():
        frame = neutral(np.round(truth * 4) / 4)
        for variant, path in shaders.items():
            moved = 4 * np.abs(through(path, [frame] * 2)[1][0] - frame[0]).max()
            print(f"clean 10 bits, {name}, {variant}: {moved:.2f} codes of 10 bits")
            assert moved <= 1.01, (name, variant)


def fresh(shaders):
    """A new instance does not begin with the memory of the last one."""
    truth = scenes()["ramp"]
    coarse, fine = neutral(quantised(truth, 6)), neutral(np.round(truth))
    for variant in "full", "fast":
        for _ in range(4):
            through(shaders[variant], [coarse] * 2)
            moved = np.abs(through(shaders[variant], [fine])[0][0] - fine[0]).max()
            assert moved <= 0.6, f"{variant}: the steps of another video, {moved:.2f} codes"
    print("new instances begin anew")


def tagged(shaders):
    """PQ, HLG and full range: the codes count, so the result is the same."""
    frames = [neutral(quantised(scenes()["radial"], 7))] * 2
    for variant, path in shaders.items():
        plain = through(path, frames)[1][0]
        for transfer in 16, 18:
            made = through(path, frames, _Transfer=transfer, _Matrix=9, _Primaries=9)[1][0]
            assert np.array_equal(made, plain), (variant, transfer)
        assert np.array_equal(through(path, frames, _Range=0)[1][0], plain), (variant, "full range")
    print("PQ, HLG and full range: as without tags")


def rgb(ffmpeg, shaders):
    """Red, green and blue through ffmpeg: each gains as luma does; before FFmpeg 7 the compat shader alone."""
    truth, (height, width) = scenes()["ramp"], scenes()["ramp"].shape
    codes = quantised(truth, 8)
    raw = np.stack([codes] * 3, -1).astype(np.uint8).tobytes() * 2
    version = subprocess.run([ffmpeg, "-version"], capture_output=True, text=True, check=True).stdout.split()[2]
    for variant, path in shaders.items():
        if variant != "compat" and int(version.split(".")[0].lstrip("n")) < 7:
            print(f"skipped: {variant} in ffmpeg {version}, which is older than 7")
            continue
        chain = f"format=gbrp,hwupload,libplacebo=custom_shader_path={path.resolve()}:format=rgba64le,hwdownload,format=rgba64le"
        command = [ffmpeg, "-v", "error", "-init_hw_device", "vulkan=v", "-filter_hw_device", "v", "-f", "rawvideo"]
        command += ["-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-i", "-", "-vf", chain, "-f", "rawvideo", "-"]
        made = np.frombuffer(subprocess.run(command, input=raw, capture_output=True, check=True).stdout, "<u2")
        made = made.reshape(-1, height, width, 4)[-1] / 257.0
        for channel in range(3):
            gain = psnr(made[..., channel], truth) - psnr(codes, truth)
            assert gain > 9, (variant, channel, gain)
        print(f"RGB, ffmpeg {version}, {variant}: {gain:+.2f} dB")


def odd(shaders):
    """Odd sizes, subsampling, extreme values."""
    rng = np.random.default_rng(2)
    for width, height in (1, 1), (2, 1), (1, 9), (3, 5), (17, 31), (127, 65):
        for css in FORMATS:
            if css == "420" and (width % 2 or height % 2):
                continue
            for values in (np.zeros, lambda s: np.full(s, 255.0), lambda s: np.floor(rng.uniform(0, 256, s))):
                frame = neutral(values((height, width)), css)
                for variant, path in shaders.items():
                    made = through(path, [frame] * 2, css)[1][0]
                    where = (width, height, css, variant)
                    assert np.isfinite(made).all() and np.abs(made - frame[0]).max() <= 0.6, where
    print("odd sizes: no sample moved by more than 0.6 codes")


def main(program, folder, ffmpeg=None):
    names = {"full": "unband-smooth", "fast": "unband-smooth-fast", "compat": "unband-smooth-compat"}
    shaders = {variant: Path(folder, f"{name}.glsl") for variant, name in names.items()}
    equal(program, shaders)
    clean(shaders)
    fresh(shaders)
    tagged(shaders)
    odd(shaders)
    if ffmpeg:
        rgb(ffmpeg, shaders)


if __name__ == "__main__":
    main(*sys.argv[1:])
