"""Videos: files and frames. They need FFmpeg."""

from __future__ import annotations

import shutil
import subprocess

import numpy as np
import pytest

import unband

pytestmark = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="FFmpeg is not installed")


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """Twelve frames of a gradient with a colour shift, 8 bits, without loss."""
    path = tmp_path_factory.mktemp("clips") / "clip.mkv"
    source = (
        "gradients=s=320x180:c0=0x203040:c1=0x405060:x0=0:y0=0:x1=320:y1=180:n=2:d=0.5:r=24:speed=0.00001"
    )
    subprocess.run(
        [
            "ffmpeg",
            "-v",
            "error",
            "-f",
            "lavfi",
            "-i",
            source,
            "-frames:v",
            "12",
            "-pix_fmt",
            "yuv420p",
            "-c:v",
            "ffv1",
            path,
        ],
        check=True,
    )
    return path


def test_frames_are_decoded_in_order(clip):
    frames = list(unband.frames(clip))
    assert len(frames) == 12
    assert [round(frame.seconds * 24) for frame in frames] == list(range(12))
    assert frames[0].begins_shot and not frames[5].begins_shot
    assert frames[0].image.array.shape == (180, 320, 3)
    part = list(unband.frames(clip, start=0.25))
    assert len(part) == 6
    assert np.array_equal(part[0].image.array, frames[6].image.array)


def test_debanded_frames_are_those_of_the_video_job(clip, tmp_path):
    out = tmp_path / "out.mkv"
    unband.deband_video(clip, out, purpose="archive")
    made, frames = list(unband.frames(out)), list(unband.frames(clip, deband=True))
    assert len(made) == len(frames) == 12
    for one, other in zip(made, frames, strict=True):
        assert one.image.bits == other.image.bits == 10
        assert one.seconds == other.seconds
        assert np.array_equal(one.image.array, other.image.array)
    assert frames[0].begins_shot and not frames[5].begins_shot


def test_debanded_frames_keep_rgb_alpha_and_times(tmp_path):
    """Frames of RGB with alpha, two of them shown longer than the others."""
    path = tmp_path / "alpha.mkv"
    source = "gradients=s=160x96:c0=0x203040:c1=0x405060:n=2:d=0.5:r=12:speed=0.00001"
    chain = "format=gbrap,geq=r='floor(r(X,Y)/4)*4':g='g(X,Y)':b='b(X,Y)':a=200"
    times = "settb=1/1000,setpts='1000*(N+floor(N/3))/12'"
    filters = ["-vf", f"{chain},{times}", "-fps_mode", "vfr"]
    subprocess.run(
        ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", source, *filters, "-c:v", "ffv1", path], check=True
    )
    before, after = list(unband.frames(path)), list(unband.frames(path, deband=True, everywhere=True))
    assert len(before) == len(after) == 6
    assert [frame.seconds for frame in after] == [frame.seconds for frame in before]
    gaps = np.diff([frame.seconds for frame in after])
    assert gaps.max() > 1.5 * gaps.min()
    for old, new in zip(before, after, strict=True):
        assert new.image.array.shape == old.image.array.shape == (96, 160, 4)
        assert not np.array_equal(new.image.array[..., 0], old.image.array[..., 0] * 4)


def test_an_iterator_can_be_dropped(clip):
    for deband in (False, True):
        frames = unband.frames(clip, deband=deband)
        next(frames)
        frames.close()
        del frames


def test_a_video_is_debanded(clip, tmp_path):
    calls = []
    out = tmp_path / "out.mkv"
    report = unband.deband_video(
        clip, out, purpose="archive", overwrite=False, progress=lambda *parts: calls.append(parts)
    )
    assert report.output == out and out.stat().st_size == report.bytes
    assert report.frames == 12 and calls
    with pytest.raises(unband.FileError):
        unband.deband_video(clip, out)


def test_a_video_is_upscaled(clip, tmp_path):
    out = tmp_path / "large.mkv"
    small = next(unband.frames(clip)).image.array
    report = unband.upscale_video(clip, out, 2, purpose="archive")
    large = [frame for frame in unband.frames(out)]
    assert len(large) == report.frames == 12
    assert large[0].image.array.shape == (2 * small.shape[0], 2 * small.shape[1], 3)
    assert report.size == (2 * small.shape[1], 2 * small.shape[0])
    assert 0 <= report.network_share <= 1
    assert [frame.seconds for frame in large] == [frame.seconds for frame in unband.frames(clip)]
    joined = tmp_path / "joined.mkv"
    with unband.plan_video(clip, joined, upscale=True, scale=2, purpose="archive") as plan:
        rows = [segment() for segment in plan.segments]
        assert [row["error"] for row in rows] == [None]
        plan.join()
    for one, other in zip(unband.frames(joined), large, strict=True):
        assert np.array_equal(one.image.array, other.image.array)
    with pytest.raises(unband.OptionError):
        unband.upscale_video(clip, tmp_path / "no.mkv", 2, width=100)


def test_frames_outside_of_ranges_keep_their_samples(clip, tmp_path):
    whole = [frame.image.array for frame in unband.frames(clip, deband=True, everywhere=True)]
    some = unband.frames(clip, deband=True, everywhere=True, only=[(0.25, 0.375)])
    same = [np.array_equal(frame.image.array, other) for frame, other in zip(some, whole, strict=True)]
    assert same == [6 <= n < 9 for n in range(12)]
    out = tmp_path / "out.mkv"
    only = [(None, 0.25), (0.4, None)]
    report = unband.deband_video(clip, out, purpose="archive", everywhere=True, only=only)
    assert (report.frames, report.changed) == (12, 8)


def test_errors_name_the_argument(clip, tmp_path):
    for call, argument in [
        (lambda: unband.deband_video(clip, tmp_path / "a.mkv", purpose="cinema"), "purpose"),
        (lambda: unband.deband_video(clip, 3), "output"),
        (lambda: unband.deband_video(clip, tmp_path / "a.mkv", start="now"), "start"),
        (lambda: unband.deband_video(clip, tmp_path / "a.mkv", only="soon"), "only"),
        (lambda: unband.frames(None), "input"),
    ]:
        with pytest.raises(unband.OptionError) as caught:
            call()
        assert caught.value.argument == argument
    with pytest.raises(unband.UnbandError, match="none.mkv"):
        list(unband.frames(tmp_path / "none.mkv"))
    broken = tmp_path / "broken.mkv"
    broken.write_bytes(b"\x1aE\xdf\xa3" + bytes(100))
    for deband in (False, True):
        with pytest.raises(unband.UnbandError, match="broken.mkv"):
            list(unband.frames(broken, deband=deband))
