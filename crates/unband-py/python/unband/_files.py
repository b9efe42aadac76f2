"""Debanding from file to file."""

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
    frames: int | None = None
    """Number of frames, of an animation."""
    changed_frames: int | None = None
    """Those with changed samples."""


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
    alpha: bool = False,
    treat_as: str | None = None,
    wrap: str | None = None,
    band_step: float | tuple[float, float, float] | None = None,
    band_bits: int | None = None,
    precision: str | None = None,
    max_memory: int | str | None = None,
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
    """Debands an image file, as the program does: metadata and the coefficients of JPEG files are used and
    kept. Animations of GIF, PNG and WebP keep their times, loops and transparency; GIF becomes WebP.

    `output`: the file to write; by default the name of the input with `_unband`. `format`: by default that of
    `output`, or of the input if it is lossless, else PNG. `quality` 1 to 100 is for lossy formats, `effort` 0
    to 9 for compression.
    `only_banded`: write nothing for an image that needs no repair. `prove`: read the result again and check
    every sample. Other arguments as for `deband`. Written completely or not at all, also after Ctrl-C.
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
        alpha=alpha,
        treat_as=treat_as,
        wrap=wrap,
        band_step=band_step,
        band_bits=band_bits,
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
        done = _unband.deband_file(path_of(input, "input"), output, options)
    done["report"] = Report.of(done["report"])
    done["proof"] = done["proof"] and Proof(**done["proof"])
    return FileReport(**done)


def path_of(path: Any, name: str) -> str | os.PathLike[str]:
    if not isinstance(path, (str, os.PathLike)):
        raise OptionError(f"`{name}` must be the path of a file, got {type(path).__name__}", argument=name)
    return path
