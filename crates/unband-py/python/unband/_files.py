"""Debanding from file to file: images and videos."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NamedTuple

from . import _unband
from ._call import Progress, job
from ._report import Proof, Report
from .errors import OptionError


class FileReport(NamedTuple):
    """Report of `deband_file`."""

    report: Report
    """Report on the samples."""
    output: Path | None
    """The file written; None if nothing was."""
    format: str
    """Its format."""
    copied: bool
    """Was the file copied because nothing needed repair?"""
    dropped: list[str]
    """Properties that the format could not hold."""
    proof: Proof | None
    """The check of `prove=True`."""
    seconds: float
    """Time of the job."""


def deband_file(
    input: str | os.PathLike[str],
    output: str | os.PathLike[str] | None = None,
    *,
    method: str = "auto",
    strength: float | None = None,
    depth: int | str | None = None,
    dither: str | None = None,
    locked: bool = False,
    seed: int | None = None,
    everywhere: bool = False,
    faithful: bool | None = None,
    truncated: bool = False,
    treat_as: str | None = None,
    precision: str | None = None,
    max_memory: int | None = None,
    format: str | None = None,
    quality: int | None = None,
    effort: int | None = None,
    overwrite: bool = False,
    only_banded: bool = False,
    preserve_times: bool = False,
    prove: bool = False,
    threads: int | None = None,
    progress: Progress = None,
    **params: Any,
) -> FileReport:
    """Debands an image file, as the program does: metadata and the coefficients of JPEG files are used and kept.

    `output`: the file to write; by default the name of the input with `_unband`. `format`: by default that of `output`, or of
    the input if it is lossless, else PNG. `quality` 1 to 100 is for lossy formats, `effort` 0 to 9 for compression.
    `only_banded`: write nothing for an image that needs no repair. `prove`: read the result again and check every sample.
    Other arguments as for `deband`. Written completely or not at all, also after Ctrl-C.
    """
    with job(
        threads,
        progress,
        method=method,
        params=params,
        strength=strength,
        depth=depth,
        dither=dither,
        locked=locked,
        seed=seed,
        everywhere=everywhere,
        faithful=faithful,
        truncated=truncated,
        treat_as=treat_as,
        precision=precision,
        max_memory=max_memory,
        format=format,
        quality=quality,
        effort=effort,
        overwrite=overwrite,
        only_banded=only_banded,
        preserve_times=preserve_times,
        prove=prove,
    ) as options:
        done = _unband.deband_file(_path(input, "input"), output, options)
    done["report"] = Report.of(done["report"])
    done["proof"] = done["proof"] and Proof(**done["proof"])
    return FileReport(**done)


def _path(path: Any, name: str) -> str | os.PathLike[str]:
    if not isinstance(path, (str, os.PathLike)):
        raise OptionError(f"`{name}` must be the path of a file, got {type(path).__name__}", argument=name)
    return path


class VideoReport(NamedTuple):
    """Report of `deband_video`."""

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
    purpose: str | None = None,
    ffmpeg_args: list[str] | None = None,
    start: float | None = None,
    end: float | None = None,
    overwrite: bool = False,
    only_banded: bool = False,
    resume: bool = False,
    progressive: bool = False,
    keep_going: bool = False,
    start_at_zero: bool = False,
    threads: int | None = None,
    progress: Progress = None,
    **params: Any,
) -> VideoReport:
    """Debands a video file: frames are repaired and encoded again, everything else is copied. Needs FFmpeg 5.1 or newer.

    `depth`: 8, 10 or 12 bits; by default 10, or that of the video where it is higher. `purpose`: "player", "web" or
    "archive" selects codec and quality; `ffmpeg_args` are arguments of the encoder. `start` and `end`: a part, in seconds.
    `resume` continues unfinished work; `keep_going` keeps what can be decoded from a damaged video; `progressive` ignores
    that it is marked as interlaced. Other arguments as for `deband`. Written completely or not at all.
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
        purpose=purpose,
        ffmpeg_args=ffmpeg_args,
        start=start,
        end=end,
        overwrite=overwrite,
        only_banded=only_banded,
        resume=resume,
        progressive=progressive,
        keep_going=keep_going,
        start_at_zero=start_at_zero,
    ) as options:
        return VideoReport(**_unband.deband_video(_path(input, "input"), _path(output, "output"), options))
