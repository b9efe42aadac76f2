"""Videos: debanding and upscaling from file to file, and frames in order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from . import _unband
from ._call import Progress, job
from ._files import path_of
from ._image import Image

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator
    from pathlib import Path


class VideoReport(NamedTuple):
    """Report of `deband_video` and `upscale_video`."""

    output: Path | None
    """The file written; None if nothing was."""
    encoder: str
    """The encoder, such as "x265 10 bits CRF 16"."""
    depth: int
    """Bits of the result."""
    copied: bool
    """Were the coded frames copied because nothing needed repair?"""
    frames: int
    """Frames in the result."""
    changed: int
    """Frames that were changed."""
    shots: int
    """Shots."""
    methods: list[str]
    """Methods that changed something."""
    notes: list[str]
    """Losses and differences of the result."""
    bytes: int
    """Size of the result."""
    seconds: float
    """Time of the job."""
    size: tuple[int, int]
    """Width and height of its frames."""
    network_share: float | None
    """Mean share of the network in upscaled frames, 0 to 1."""


def deband_video(
    input: str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    method: str = "auto",
    strength: float | None = None,
    depth: int | None = None,
    dither: str | None = None,
    seed: int | None = None,
    everywhere: bool = False,
    treat_as: str | None = None,
    band_step: float | tuple[float, float, float] | None = None,
    band_bits: int | None = None,
    temporal: str | None = None,
    purpose: str | None = None,
    ffmpeg_args: list[str] | None = None,
    start: float | None = None,
    end: float | None = None,
    only: list[tuple[float | None, float | None]] | None = None,
    overwrite: bool = False,
    only_banded: bool = False,
    resume: bool = False,
    progressive: bool = False,
    keep_going: bool = False,
    keep_start: bool = False,
    threads: int | None = None,
    progress: Progress = None,
    **params: Any,
) -> VideoReport:
    """Debands a video file: frames are repaired and encoded again, everything else is copied. Needs FFmpeg
    5.1 or newer.

    `depth`: 8, 10 or 12 bits; by default 10, or that of the video where it is higher. `purpose`: "player",
    "web", "youtube", "edit" or "archive" selects codec and quality; `temporal`: "off", "still" or "motion", the use of
    neighbouring frames; `ffmpeg_args` are arguments of the encoder. `start` and `end`: a part, in seconds;
    `only`: ranges of time to repair, such as `[(60, 150), (300, None)]`, outside of which frames keep their
    samples. `resume` continues unfinished work; `keep_going` keeps what can be decoded from a damaged video;
    `progressive` ignores that it is marked as interlaced. Other arguments as for `deband`. Written completely
    or not at all.
    """
    with job(
        threads,
        progress,
        method=method,
        params=params,
        strength=strength,
        depth=depth,
        dither=dither,
        seed=seed,
        everywhere=everywhere,
        treat_as=treat_as,
        band_step=band_step,
        band_bits=band_bits,
        temporal=temporal,
        purpose=purpose,
        ffmpeg_args=ffmpeg_args,
        start=start,
        end=end,
        only=only,
        overwrite=overwrite,
        only_banded=only_banded,
        resume=resume,
        progressive=progressive,
        keep_going=keep_going,
        keep_start=keep_start,
    ) as options:
        return VideoReport(
            **_unband.deband_video(path_of(input, "input"), path_of(output, "output"), options)
        )


def upscale_video(
    input: str | os.PathLike[str],
    output: str | os.PathLike[str],
    scale: float | None = None,
    *,
    width: int | None = None,
    height: int | None = None,
    fit: tuple[int, int] | None = None,
    weights: str | os.PathLike[str] | None = None,
    denoise: float | None = None,
    deband: bool | None = None,
    depth: int | None = None,
    dither: str | None = None,
    locked: bool = False,
    seed: int | None = None,
    precision: str | None = None,
    max_memory: int | str | None = None,
    treat_as: str | None = None,
    temporal: str | None = None,
    purpose: str | None = None,
    ffmpeg_args: list[str] | None = None,
    start: float | None = None,
    end: float | None = None,
    overwrite: bool = False,
    resume: bool = False,
    progressive: bool = False,
    keep_going: bool = False,
    keep_start: bool = False,
    threads: int | None = None,
    progress: Progress = None,
) -> VideoReport:
    """Upscales a video file; streams, times and encoding as for `deband_video`.

    Size, `weights` and `denoise` as for `upscale`; sides are even, and those of a turned video are as players show it.
    All frames of a shot are upscaled the same way. `deband`: remove banding first; None does so for the
    built-in network. Other arguments as for `deband_video` and `upscale`.
    """
    with job(
        threads,
        progress,
        **upscaling(
            scale,
            width=width,
            height=height,
            fit=fit,
            weights=weights,
            denoise=denoise,
            deband=deband,
            depth=depth,
            dither=dither,
            locked=locked,
            seed=seed,
            precision=precision,
            max_memory=max_memory,
            treat_as=treat_as,
            temporal=temporal,
            purpose=purpose,
            ffmpeg_args=ffmpeg_args,
            start=start,
            end=end,
            overwrite=overwrite,
            progressive=progressive,
            keep_going=keep_going,
            keep_start=keep_start,
        ),
        resume=resume,
    ) as options:
        return VideoReport(
            **_unband.deband_video(path_of(input, "input"), path_of(output, "output"), options)
        )


def upscaling(scale: float | None, *, deband: bool | None, **options: Any) -> dict[str, Any]:
    """Options of a job that upscales."""
    first = options["weights"] is None if deband is None else deband
    return {"upscale": True, "scale": scale, "deband": first, "method": "auto", "params": {}, **options}


class Frame(NamedTuple):
    """A frame of a video."""

    image: Image
    """The frame at its full depth; `image.array` is RGB, with alpha where the video has it."""
    seconds: float
    """Its time, as players show it."""
    begins_shot: bool
    """Is it the first frame of a shot?"""


def frames(
    input: str | os.PathLike[str],
    *,
    deband: bool = False,
    method: str = "auto",
    strength: float | None = None,
    depth: int | None = None,
    dither: str | None = None,
    seed: int | None = None,
    everywhere: bool = False,
    treat_as: str | None = None,
    band_step: float | tuple[float, float, float] | None = None,
    band_bits: int | None = None,
    temporal: str | None = None,
    start: float | None = None,
    end: float | None = None,
    only: list[tuple[float | None, float | None]] | None = None,
    progressive: bool = False,
    keep_going: bool = False,
    threads: int | None = None,
    **params: Any,
) -> Iterator[Frame]:
    """The frames of a video, decoded as they are asked for. Needs FFmpeg 5.1 or newer.

    With `deband=True` they are those that `deband_video` encodes: each shot is inspected as a whole before
    its first frame comes. Other arguments as for `deband_video`; those of the method apply to debanded
    frames. Work ends with the iterator.
    """
    options_of = {
        "method": method,
        "params": params,
        "strength": strength,
        "depth": depth,
        "dither": dither,
        "seed": seed,
        "everywhere": everywhere,
        "treat_as": treat_as,
        "band_step": band_step,
        "band_bits": band_bits,
        "temporal": temporal,
        "start": start,
        "end": end,
        "only": only,
        "progressive": progressive,
        "keep_going": keep_going,
    }
    with job(threads, None, **options_of) as options:
        native = _unband.Frames(path_of(input, "input"), bool(deband), options)
    return _images(native)


def _images(native: _unband.Frames) -> Iterator[Frame]:
    try:
        for seconds, begins_shot, image in native:
            yield Frame(Image(image), seconds, begins_shot)
    finally:
        native.close()
